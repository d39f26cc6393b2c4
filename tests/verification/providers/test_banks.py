"""Tests of the contract of every bank, and of the simulator's own behaviour.

To add an adapter of `verification.providers.banks.base.Bank`, add an `Adapter` to `BANKS`: how to
build it, which accounts lead to which result, and how long that takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.core.errors import ProviderBroken, ProviderUnavailable
from verification.providers.banks.base import Bank, Order, Return, Stage, Transfer
from verification.providers.banks.simulator import SimulatedBank, next_opening

TUESDAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""

NAME = "云溪市示例科技有限公司"


@dataclass(frozen=True)
class Adapter:
    build: Callable[[Path], Bank]
    good: str
    wrong: str
    of_another_name: str
    lost_but_made: str
    lost_and_not_made: str
    ends_within: timedelta = timedelta(days=3)


BANKS = {
    "simulator": Adapter(
        build=lambda folder: SimulatedBank(folder / "bank.sqlite3"),
        good="622200001111",
        wrong="12",
        of_another_name="100000000002",
        lost_but_made="100000000003",
        lost_and_not_made="100000000004",
    )
}


@pytest.fixture(params=sorted(BANKS))
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return BANKS[request.param]


@pytest.fixture
def bank(adapter: Adapter, tmp_path: Path) -> Bank:
    return adapter.build(tmp_path)


def order(number: str, request_id: str = "r-1", **changed: object) -> Order:
    return replace(Order(request_id, NAME, number, "示例银行", 1, "123456"), **changed)  # type: ignore[arg-type]


def sent(bank: Bank, what: Order, now: datetime) -> Transfer:
    """The transfer, sent again with the same id as often as the bank asks."""
    for _ in range(10):
        try:
            return bank.send(what, now)
        except ProviderUnavailable as unavailable:
            now += timedelta(seconds=unavailable.retry_after)
    raise AssertionError("the bank never answered")


def ended(bank: Bank, request_id: str, now: datetime, within: timedelta) -> Transfer:
    """The final state of a transfer, polled every quarter of an hour."""
    until = now + within
    while now < until:
        try:
            transfer = bank.find(request_id, now)
        except ProviderUnavailable as unavailable:
            now += timedelta(seconds=unavailable.retry_after)
            continue
        assert transfer is not None
        if transfer.stage in (Stage.ARRIVED, Stage.RETURNED):
            return transfer
        now += timedelta(minutes=15)
    raise AssertionError("the transfer never ended")


# --- The contract ---------------------------------------------------------------------------------


def test_a_transfer_arrives_and_not_at_once(bank: Bank, adapter: Adapter) -> None:
    transfer = sent(bank, order(adapter.good), TUESDAY)
    assert (
        transfer.stage in (Stage.ACCEPTED, Stage.SENT)
        and transfer.reference
        and transfer.returned is None
    )
    end = ended(bank, "r-1", TUESDAY, adapter.ends_within)
    assert (
        end.stage is Stage.ARRIVED and end.returned is None and end.reference == transfer.reference
    )


def test_the_same_id_is_the_same_transfer(bank: Bank, adapter: Adapter) -> None:
    first = sent(bank, order(adapter.good), TUESDAY)
    later = sent(bank, order(adapter.good), TUESDAY + timedelta(minutes=1))
    assert (later.request_id, later.reference) == (first.request_id, first.reference)
    other = sent(bank, order(adapter.good, "r-2"), TUESDAY)
    assert other.reference != first.reference


def test_an_id_does_not_change_hands(bank: Bank, adapter: Adapter) -> None:
    sent(bank, order(adapter.good), TUESDAY)
    with pytest.raises(ProviderBroken):
        bank.send(order(adapter.good, memo="654321"), TUESDAY)


def test_a_number_that_cannot_be_is_returned(bank: Bank, adapter: Adapter) -> None:
    transfer = sent(bank, order(adapter.wrong), TUESDAY)
    end = (
        transfer
        if transfer.stage is Stage.RETURNED
        else ended(bank, "r-1", TUESDAY, adapter.ends_within)
    )
    assert end.returned is Return.ACCOUNT_INVALID


def test_another_name_is_told_late_and_never_arrives(bank: Bank, adapter: Adapter) -> None:
    assert sent(bank, order(adapter.of_another_name), TUESDAY).stage is not Stage.RETURNED
    assert ended(bank, "r-1", TUESDAY, adapter.ends_within).returned is Return.NAME_MISMATCH


@pytest.mark.parametrize("made", [True, False])
def test_where_the_answer_was_lost_the_same_id_makes_it_one_transfer(
    made: bool, bank: Bank, adapter: Adapter
) -> None:
    what = order(adapter.lost_but_made if made else adapter.lost_and_not_made)
    with pytest.raises(ProviderUnavailable) as lost:
        bank.send(what, TUESDAY)
    assert lost.value.retry_after > 0
    assert (bank.find("r-1", TUESDAY) is not None) is made
    first, second = sent(bank, what, TUESDAY), sent(bank, what, TUESDAY)
    assert first.reference == second.reference
    assert ended(bank, "r-1", TUESDAY, adapter.ends_within).stage is Stage.ARRIVED


def test_a_transfer_that_was_never_asked_for(bank: Bank) -> None:
    assert bank.find("nobody's", TUESDAY) is None


def test_an_order_keeps_its_secrets() -> None:
    assert not {"622200001111", "123456", NAME} & set(
        repr(order("622200001111")).replace("'", " ").split()
    )


# --- The simulator --------------------------------------------------------------------------------


@pytest.fixture
def simulator(tmp_path: Path) -> SimulatedBank:
    return SimulatedBank(tmp_path / "bank.sqlite3")


def test_it_remembers_between_processes(simulator: SimulatedBank, tmp_path: Path) -> None:
    simulator.send(order("100000000088"), TUESDAY)
    again = SimulatedBank(tmp_path / "bank.sqlite3")
    assert again.statement("100000000088", TUESDAY) == []
    assert again.statement("100000000088", TUESDAY + timedelta(minutes=1)) == [(1, "123456")]
    assert (tmp_path / "bank.sqlite3").stat().st_mode & 0o077 == 0


def test_many_at_once_make_one_transfer(simulator: SimulatedBank) -> None:
    told: list[Transfer] = []
    threads = [
        threading.Thread(target=lambda: told.append(simulator.send(order("100000000010"), TUESDAY)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({transfer.reference for transfer in told}) == 1 and simulator.transfers() == 1


def test_it_is_down_on_sunday_nights(simulator: SimulatedBank) -> None:
    sunday = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)  # half past two on Sunday in Shanghai
    with pytest.raises(ProviderUnavailable) as down:
        simulator.send(order("100000000010"), sunday)
    assert down.value.retry_after == 5400
    simulator.send(order("100000000010"), sunday + timedelta(seconds=5400))


def test_the_first_call_may_be_put_off(simulator: SimulatedBank) -> None:
    with pytest.raises(ProviderUnavailable):
        simulator.send(order("100000000005"), TUESDAY)
    assert simulator.transfers() == 0
    assert simulator.send(order("100000000005"), TUESDAY).stage is Stage.ACCEPTED


def test_statuses_can_come_out_of_order(simulator: SimulatedBank) -> None:
    simulator.send(order("100000000006"), TUESDAY)
    seen = [simulator.find("r-1", TUESDAY + timedelta(minutes=minutes)) for minutes in range(120)]
    stages = [transfer.stage for transfer in seen if transfer]
    changes = [
        stage for index, stage in enumerate(stages) if index == 0 or stage is not stages[index - 1]
    ]
    assert changes == [Stage.ACCEPTED, Stage.SENT, Stage.ARRIVED, Stage.SENT, Stage.ARRIVED]


def test_nothing_moves_outside_of_business_hours(simulator: SimulatedBank) -> None:
    friday_evening = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    simulator.send(order("100000000010"), friday_evening)
    sunday = simulator.find("r-1", friday_evening + timedelta(days=2))
    monday = simulator.find("r-1", datetime(2026, 11, 30, 3, 0, tzinfo=UTC))
    assert sunday and sunday.stage is Stage.ACCEPTED
    assert monday and monday.stage is Stage.ARRIVED


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-24T10:00+08:00", "2026-11-24T10:00+08:00"),
        ("2026-11-24T08:00+08:00", "2026-11-24T09:00+08:00"),
        ("2026-11-24T17:00+08:00", "2026-11-25T09:00+08:00"),
        ("2026-11-27T18:00+08:00", "2026-11-30T09:00+08:00"),
        ("2026-11-29T12:00+08:00", "2026-11-30T09:00+08:00"),
    ],
)
def test_next_opening(moment: str, opens: str) -> None:
    assert next_opening(datetime.fromisoformat(moment)) == datetime.fromisoformat(opens)


def test_an_opened_account_is_compared_by_name(simulator: SimulatedBank) -> None:
    simulator.open_account("100000000010", "云溪另一家有限公司")
    simulator.open_account("100000000011", NAME)
    for number in ("100000000010", "100000000011"):
        simulator.send(order(number, number), TUESDAY)
    ends = [
        ended(simulator, number, TUESDAY, timedelta(days=1))
        for number in ("100000000010", "100000000011")
    ]
    assert [end.returned for end in ends] == [Return.NAME_MISMATCH, None]
    assert simulator.statement("100000000010", TUESDAY + timedelta(days=3)) == []
