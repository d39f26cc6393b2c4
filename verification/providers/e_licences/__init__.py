"""The service whose codes the electronic licence scans.

`ZIZHI_E_LICENCES` selects it; if it is empty, this way is not offered. To add a service, write an
adapter of `e_licences.base.ELicences` and add a line here and in the contract suite of its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings

from verification.providers.e_licences.base import ELicences
from verification.providers.e_licences.simulator import SimulatedELicences


def _simulator() -> ELicences:
    return SimulatedELicences(Path(settings.VAR_DIR) / "simulators" / "e_licences.sqlite3")


def licences_in_test_mode() -> SimulatedELicences:
    """The service of test mode (`verification.providers.scripted_providers`)."""
    return SimulatedELicences(
        Path(settings.VAR_DIR) / "simulators" / "rehearsed_e_licences.sqlite3", prompt=True
    )


SERVICES: Final[dict[str, Callable[[], ELicences]]] = {
    "simulator": _simulator,
    "rehearsal": licences_in_test_mode,
}


def e_licence_service(name: str) -> ELicences:
    """The service of this name. Raises KeyError if there is none."""
    return SERVICES[name]()
