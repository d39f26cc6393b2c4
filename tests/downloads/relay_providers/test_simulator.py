"""Tests of what is specific to the simulated provider."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from downloads.relay_providers.base import Bound, CallbackForged, Outcome
from downloads.relay_providers.simulator import HOSTS, MAGIC, SimulatedRelays, number_at
from events.core.errors import ProviderUnavailable
from tests.downloads.relay_providers.orders import (
    CALLER,
    CANDIDATE,
    IN_A_MONTH,
    NOW,
    OTHER,
    bound,
    order,
)


@pytest.fixture
def simulator(tmp_path: Path) -> SimulatedRelays:
    return SimulatedRelays(tmp_path / "relays.sqlite3", "a key")


def test_the_same_request_is_the_same_binding(simulator: SimulatedRelays) -> None:
    group = simulator.set_callers("", "a team", [CALLER], NOW)
    assert simulator.bind(order(group), NOW) == simulator.bind(order(group), NOW)


def test_a_lost_answer_costs_no_number(simulator: SimulatedRelays) -> None:
    group = simulator.set_callers("", "a team", [CALLER], NOW)
    lost = order(group, candidate=f"{MAGIC}0005")
    with pytest.raises(ProviderUnavailable):
        simulator.bind(lost, NOW)
    made = simulator.bind(lost, NOW)
    assert made.number == number_at(HOSTS)
    assert simulator.bind(order(group, "r-2", OTHER), NOW).number == number_at(HOSTS + 1)


@pytest.mark.parametrize("how", ["unbound", "expired"])
def test_a_number_rests_for_half_a_year_for_all_but_its_candidate(
    simulator: SimulatedRelays, how: str
) -> None:
    group = simulator.set_callers("", "a team", [CALLER], NOW)
    first = simulator.bind(order(group), NOW)
    ended = IN_A_MONTH if how == "expired" else NOW
    if how == "unbound":
        simulator.unbind(first.reference, first.number, NOW)

    def lent(candidate: str, at: datetime) -> str:
        made = simulator.bind(
            order(group, f"{candidate} {at}", candidate, at + timedelta(days=30)), at
        )
        simulator.unbind(made.reference, made.number, at)
        return made.number

    soon = ended + timedelta(days=179)
    assert lent(OTHER, soon) != first.number
    assert lent(CANDIDATE, soon) == first.number
    assert lent(OTHER, soon + timedelta(days=181)) == first.number


def test_a_number_that_leads_nowhere_says_so(simulator: SimulatedRelays) -> None:
    made = bound(simulator)
    simulator.unbind(made.reference, made.number, NOW)
    record = simulator.call(made.number, "", CALLER, NOW)
    assert (record.outcome, record.reference, record.seconds) == (Outcome.UNBOUND, "", 0)


def test_late_records_come_twice_and_the_last_one_first(simulator: SimulatedRelays) -> None:
    made = bound(simulator, f"{MAGIC}0014")
    calls = [
        simulator.call(made.number, "", CALLER, NOW + timedelta(seconds=each)).record_id
        for each in (0, 30)
    ]
    assert simulator.pushes(NOW) == [] and simulator.calls(NOW, IN_A_MONTH, NOW) == []
    later = NOW + timedelta(minutes=15)
    told = [
        record.record_id
        for push in simulator.pushes(later)
        for record in simulator.verify_callback(push, later)
    ]
    assert told == [calls[1], calls[1], calls[0], calls[0]]
    assert simulator.pushes(later) == []
    assert [record.record_id for record in simulator.calls(NOW, IN_A_MONTH, later)] == calls
    assert [
        record.record_id
        for record in simulator.calls(NOW + timedelta(seconds=30), IN_A_MONTH, later)
    ] == calls[1:]


def test_an_old_callback_is_no_longer_believed(simulator: SimulatedRelays) -> None:
    made = bound(simulator)
    simulator.call(made.number, "", CALLER, NOW)
    (push,) = simulator.pushes(NOW)
    with pytest.raises(CallbackForged):
        simulator.verify_callback(push, NOW + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [("0010", Outcome.BLOCKED), ("0011", Outcome.UNREACHABLE), ("0012", Outcome.BUSY)],
)
def test_fates_of_calls(simulator: SimulatedRelays, digits: str, outcome: Outcome) -> None:
    made = bound(simulator, f"{MAGIC}{digits}")
    assert simulator.call(made.number, "", CALLER, NOW).outcome is outcome


def test_many_at_once_share_no_number(tmp_path: Path) -> None:
    path = tmp_path / "relays.sqlite3"
    group = SimulatedRelays(path, "a key").set_callers("", "a team", [CALLER], NOW)
    numbers: list[Bound] = []

    def ask(first: int) -> None:
        relays = SimulatedRelays(path, "a key")
        for each in range(first, first + 5):
            numbers.append(
                relays.bind(
                    order(group, f"r-{each}", f"+86139000{each:05d}"), NOW + timedelta(seconds=each)
                )
            )

    threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 5, 10, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(numbers) == 20 and len({each.number for each in numbers}) == 20
