"""Tests of the circuit breaker and the rate limiter of a register."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.core.errors import ProviderUnavailable
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import TencentServer
from tests.verification.providers.registered import NAME, PERSON, USCC, raised_by, tencent_at
from verification.providers.registries.breaker import Breaker, BreakerState, Pace


def test_a_provider_that_is_down_is_left_alone_and_tried_again(server: TencentServer) -> None:
    clock = [0.0]
    registry = tencent_at(
        server, breaker=Breaker("tencent", failures=3, rest=30), clock=lambda: clock[0]
    )
    hits = []

    def down(exchange: Any) -> None:
        hits.append(1)
        cloud.status(503, Retry_After="1")(exchange)

    server.behave = down
    for _ in range(6):
        assert isinstance(raised_by(registry), ProviderUnavailable)
    assert len(hits) == 3
    clock[0] = 30.0
    raised_by(registry)
    raised_by(registry)
    assert len(hits) == 4, "one trial, and it failed"
    clock[0], server.behave = 60.0, None
    assert registry.verify(USCC, NAME, PERSON).known
    assert registry.verify(USCC, NAME, PERSON).known


def test_a_provider_that_refuses_us_is_there(server: TencentServer) -> None:
    breaker = Breaker("tencent", failures=1)
    server.behave = cloud.failing("AuthFailure.SignatureFailure")
    raised_by(tencent_at(server, breaker=breaker))
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_it_rests_as_long_as_the_provider_asks() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    breaker.failed(breaker.enter(0.0), 0.0, retry_after=600)
    assert breaker.state(599) is BreakerState.OPEN
    with pytest.raises(ProviderUnavailable) as caught:
        breaker.enter(100.0)
    assert caught.value.retry_after == 500


def test_a_success_between_failures_begins_anew() -> None:
    breaker = Breaker("it", failures=2)
    for _ in range(5):
        breaker.failed(breaker.enter(0.0), 0.0)
        breaker.succeeded(breaker.enter(0.0))
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_an_answer_from_before_it_opened_does_not_close_it() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    slow, failing = breaker.enter(0.0), breaker.enter(0.0)
    breaker.failed(failing, 1.0)
    breaker.succeeded(slow)
    assert breaker.state(2.0) is BreakerState.OPEN
    breaker.failed(slow, 20.0)
    assert breaker.state(31.0) is BreakerState.HALF_OPEN, (
        "nor does a failure from then lengthen its rest"
    )


def test_one_trial_at_a_time_and_a_lost_one_does_not_shut_it_for_ever() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    breaker.failed(breaker.enter(0.0), 0.0)
    breaker.enter(30.0)
    with pytest.raises(ProviderUnavailable):
        breaker.enter(31.0)
    breaker.succeeded(breaker.enter(60.0))
    assert breaker.state(60.0) is BreakerState.CLOSED


def test_of_many_threads_one_is_the_trial() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    breaker.failed(breaker.enter(0.0), 0.0)
    start, let_in = threading.Barrier(8), []

    def try_it() -> None:
        start.wait(10)
        with contextlib.suppress(ProviderUnavailable):
            let_in.append(breaker.enter(30.0))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(let_in) == 1


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=200), st.floats(0.5, 50))
def test_no_second_holds_more_than_the_rate(gaps: list[float], per_second: float) -> None:
    """For any spacing of requests, and in the first second too. Below one request a second, at most
    one.
    """
    pace, now, starts = Pace(per_second), 0.0, []
    for gap in gaps:
        now += gap
        with contextlib.suppress(ProviderUnavailable):
            starts.append(round(now + pace.wait(now, longest=2.0), 6))
    for begin in starts:
        assert sum(begin <= start < begin + 1 - 1e-5 for start in starts) <= max(1.0, per_second)


def test_twenty_a_second_are_twenty_from_the_first_second_on() -> None:
    pace = Pace(20)
    slots = [pace.wait(0.0, 60.0) for _ in range(100)]
    assert [
        sum(second <= round(slot, 6) < second + 1 for slot in slots) for second in range(5)
    ] == [20] * 5


def test_a_wait_that_is_too_long_is_not_waited_for_nor_counted() -> None:
    pace = Pace(2)
    assert [pace.wait(0.0, 1.0) for _ in range(3)] == [0, 0.5, 1.0]
    with pytest.raises(ProviderUnavailable):
        pace.wait(0.0, 1.0)
    assert pace.wait(0.0, 2.0) == 1.5


def test_the_registry_waits_for_its_slot(server: TencentServer) -> None:
    slept: list[float] = []
    registry = tencent_at(server, pace=Pace(1), clock=lambda: 0.0, sleep=slept.append)
    for _ in range(3):
        registry.verify(USCC, NAME, PERSON)
    assert slept == [1.0, 2.0]
    assert isinstance(raised_by(registry), ProviderUnavailable) and len(server.asked) == 3
