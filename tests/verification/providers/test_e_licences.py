"""Tests of the contract of every e-licence service, and of the simulator.

To add an adapter, add an `Adapter` to `SERVICES`: how to build it, and how to act as the holder's
phone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.core.errors import ProviderBroken, ProviderUnavailable
from tests.factories import make_uscc
from verification.providers.e_licences.base import By, ELicence, ELicences, Stage
from verification.providers.e_licences.simulator import LAG, LASTS, SimulatedELicences

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LICENCE = ELicence(make_uscc(11), "云溪市示例科技有限公司", "林知白")


@dataclass(frozen=True)
class Adapter:
    build: Callable[[Path], Any]
    """An adapter that also has `scan`, `confirm` and `refuse`, which act as the holder's phone."""


SERVICES = {"simulator": Adapter(lambda folder: SimulatedELicences(folder / "e.sqlite3"))}


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return SERVICES[request.param].build(tmp_path)


# --- The contract ---------------------------------------------------------------------------------


def test_from_a_code_to_a_licence(service: Any) -> None:
    asked: ELicences = service
    begun = asked.begin("r-1", NOW)
    assert (
        begun.stage is Stage.PENDING
        and begun.qr
        and begun.expires_at > NOW
        and begun.licence is None
    )
    later = NOW + timedelta(seconds=20)
    assert service.scan(begun.qr, later)
    scanned = asked.ask(begun.reference, later + LAG)
    assert scanned.stage is Stage.SCANNED and scanned.licence is None
    assert service.confirm(begun.qr, LICENCE, By.AUTHORISED, later + LAG)
    confirmed = asked.ask(begun.reference, later + 2 * LAG)
    assert (confirmed.stage, confirmed.licence, confirmed.by) == (
        Stage.CONFIRMED,
        LICENCE,
        By.AUTHORISED,
    )


def test_the_same_id_is_the_same_scan(service: Any) -> None:
    one, again = service.begin("r-1", NOW), service.begin("r-1", NOW + timedelta(minutes=1))
    assert (one.reference, one.qr, one.expires_at) == (again.reference, again.qr, again.expires_at)
    assert service.begin("r-2", NOW).qr != one.qr


def test_a_code_expires(service: Any) -> None:
    begun = service.begin("r-1", NOW)
    late = begun.expires_at + timedelta(seconds=2)
    assert service.ask(begun.reference, late).stage is Stage.EXPIRED
    assert not service.confirm(begun.qr, LICENCE, By.LEGAL_REPRESENTATIVE, late)
    assert service.ask(begun.reference, late + LAG).licence is None


def test_the_holder_says_no_and_that_is_final(service: Any) -> None:
    begun = service.begin("r-1", NOW)
    assert service.refuse(begun.qr, NOW)
    assert service.ask(begun.reference, NOW + LAG).stage is Stage.REFUSED
    assert not service.confirm(begun.qr, LICENCE, By.LEGAL_REPRESENTATIVE, NOW + LAG)
    assert service.ask(begun.reference, NOW + 2 * LAG).stage is Stage.REFUSED


def test_an_unknown_scan_makes_no_sense(service: Any) -> None:
    with pytest.raises(ProviderBroken):
        service.ask("nobody's", NOW)


def test_a_licence_keeps_its_holder_out_of_logs() -> None:
    assert "林知白" not in repr(LICENCE)


# --- The simulator --------------------------------------------------------------------------------


@pytest.fixture
def simulator(tmp_path: Path) -> SimulatedELicences:
    return SimulatedELicences(tmp_path / "e.sqlite3")


def test_it_lags(simulator: SimulatedELicences) -> None:
    begun = simulator.begin("r-1", NOW)
    simulator.confirm(begun.qr, LICENCE, By.LEGAL_REPRESENTATIVE, NOW)
    assert simulator.ask(begun.reference, NOW).stage is Stage.PENDING


def test_it_remembers_between_processes(simulator: SimulatedELicences, tmp_path: Path) -> None:
    begun = simulator.begin("r-1", NOW)
    SimulatedELicences(tmp_path / "e.sqlite3").scan(begun.qr, NOW)
    assert (
        SimulatedELicences(tmp_path / "e.sqlite3").ask(begun.reference, NOW + LAG).stage
        is Stage.SCANNED
    )


def test_it_is_down_for_a_quarter_of_an_hour_each_night(simulator: SimulatedELicences) -> None:
    night = datetime(2026, 11, 24, 19, 40, tzinfo=UTC)  # twenty to four in Shanghai
    with pytest.raises(ProviderUnavailable) as down:
        simulator.begin("r-1", night)
    assert down.value.retry_after == 300
    assert (
        simulator.begin("r-1", night + timedelta(seconds=300)).expires_at
        == night + timedelta(seconds=300) + LASTS
    )
