"""The bank that makes the transfers.

`ZIZHI_BANK` selects it; if it is empty, deposits are not offered. To add a bank, write an adapter
of `banks.base.Bank` and add a line here and in the contract suite of its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings

from verification.providers import scripted_providers
from verification.providers.banks.base import Bank
from verification.providers.banks.simulator import SimulatedBank


def _simulator() -> Bank:
    return SimulatedBank(Path(settings.VAR_DIR) / "simulators" / "bank.sqlite3")


def _in_test_mode() -> Bank:
    """The bank of test mode (`verification.providers.scripted_providers`)."""
    return SimulatedBank(
        Path(settings.VAR_DIR) / "simulators" / "rehearsed_bank.sqlite3",
        fates=scripted_providers.FATES,
        otherwise=scripted_providers.ELSE,
    )


BANKS: Final[dict[str, Callable[[], Bank]]] = {"simulator": _simulator, "rehearsal": _in_test_mode}


def bank_named(name: str) -> Bank:
    """The bank of this name. Raises KeyError if there is none."""
    return BANKS[name]()
