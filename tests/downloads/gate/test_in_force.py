"""Tests that all code that checks whether a case is in force agrees."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from downloads.gate.current_tier import employer_tier
from downloads.relays import bindings
from downloads.rules import ladder
from employers.models import ApiClient, Scope
from tests.downloads.gate.test_decide import CLIENT, ask
from tests.downloads.relays.test_bindings import requested
from tests.factories import make_api_client, make_case, make_link, make_member
from verification.models import Case
from verification.pages import requirement_facts
from verification.rules import validity
from verification.rules.states import State

SECOND = timedelta(seconds=1)
TABLE = [
    (state, left, golden, state is State.APPROVED and left == SECOND and not golden)
    for state in State
    for left in (-SECOND, timedelta(0), SECOND)
    for golden in (False, True)
]
"""State, time left, golden, and whether the case is in force."""


@pytest.fixture
def platform(db: None, now: datetime) -> ApiClient:
    return make_api_client(now, Scope.GATE_DECIDE)[0]


def test_one_row_of_the_table_is_in_force() -> None:
    assert [row[:3] for row in TABLE if row[3]] == [(State.APPROVED, SECOND, False)]


@pytest.mark.parametrize(("state", "left", "golden", "expected"), TABLE)
def test_all_code_agrees(
    state: State, left: timedelta, golden: bool, expected: bool, now: datetime, db: None
) -> None:
    member = make_member(now)
    case = make_case(
        member, now, state, golden=golden, approved_at=now - SECOND, expires_at=now + left
    )
    assert validity.in_force(case, now) == expected
    assert case.is_in_force(now) == expected
    assert Case.objects.in_force(now).exists() == expected
    assert requirement_facts.facts_of(case, member, now).in_force(now) == expected

    make_link(member, CLIENT, now)
    current = ladder.current_tier(case, None, now)
    assert (current.reason == "") == expected
    assert employer_tier(member.employer, now).current == current
    answer = ask(member, now)
    assert answer.allowed == expected and answer.tier is current.tier
    assert [reason.code for reason in answer.reasons] == [current.reason] * (not expected)


@pytest.mark.parametrize(("state", "left", "golden", "expected"), TABLE)
def test_relay_numbers_end_with_the_approval(
    state: State, left: timedelta, golden: bool, expected: bool, platform: ApiClient, now: datetime
) -> None:
    member = make_member(now)
    make_case(member, now, State.APPROVED)
    requested(member, platform, now)
    Case.objects.all().delete()
    make_case(member, now, state, golden=golden, approved_at=now, expires_at=now + left)
    assert bindings.close_those_not_allowed(now) == (not expected)


@pytest.mark.parametrize(("state", "left", "golden", "expected"), TABLE)
def test_what_has_ended_is_found_for_the_sweep(
    state: State, left: timedelta, golden: bool, expected: bool, now: datetime, db: None
) -> None:
    make_case(make_member(now), now, state, golden=golden, approved_at=now, expires_at=now + left)
    assert Case.objects.past_end(now).exists() == (state is State.APPROVED and left <= timedelta(0))
    assert not Case.objects.past_end(now).in_force(now).exists()
