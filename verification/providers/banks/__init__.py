"""Which bank makes the transfers?

`ZIZHI_BANK` names it; where it is empty, the way is not offered. Another bank is another adapter of
`banks.base.Bank`, a line here, and a line in the contract suite of its tests.
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
    """The bank in platforms' tests (`verification.providers.scripted_providers`)."""
    return SimulatedBank(
        Path(settings.VAR_DIR) / "simulators" / "rehearsed_bank.sqlite3",
        fates=scripted_providers.FATES,
        otherwise=scripted_providers.ELSE,
    )


BANKS: Final[dict[str, Callable[[], Bank]]] = {"simulator": _simulator, "rehearsal": _in_test_mode}


def bank(name: str) -> Bank:
    """The bank of this name. Raises KeyError for one that is not there."""
    return BANKS[name]()
