"""Tests of turnaround times: computed from real decisions, and not from too few."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_case, make_member, make_reviewer
from verification.cases import turnaround
from verification.models import Attempt, Decision
from verification.rules.states import State

MINUTE = timedelta(minutes=1)


def test_the_median_and_nine_in_ten_are_times_that_somebody_waited() -> None:
    usual = turnaround.usual_turnaround(MINUTE * n for n in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1))
    assert usual == turnaround.Usual(MINUTE * 5, MINUTE * 9, 10)


def test_too_few_say_nothing() -> None:
    assert turnaround.usual_turnaround([MINUTE] * (turnaround.AT_LEAST - 1)) is None
    assert turnaround.usual_turnaround([MINUTE] * turnaround.AT_LEAST) is not None
    assert turnaround.usual_turnaround([-MINUTE] * 20) is None, "a clock that was set back"


@given(
    st.lists(
        st.timedeltas(min_value=timedelta(), max_value=timedelta(days=9)),
        min_size=turnaround.AT_LEAST,
        max_size=60,
    )
)
def test_holds_of_any_times(lasted: list[timedelta]) -> None:
    usual = turnaround.usual_turnaround(lasted)
    assert usual is not None
    assert usual.median <= usual.nine_in_ten
    assert sum(each <= usual.nine_in_ten for each in lasted) >= 0.9 * len(lasted)
    assert sum(each <= usual.median for each in lasted) >= 0.5 * len(lasted)


@pytest.mark.django_db
def test_the_machine_and_people_are_told_apart(now: datetime) -> None:
    reviewer = make_reviewer(now)
    for number in range(turnaround.AT_LEAST):
        case = make_case(make_member(now), now, State.APPROVED)
        Attempt.objects.create(
            case=case,
            number=1,
            submitted_at=now,
            due_at=now,
            finished_at=now + MINUTE * (number + 1),
            outcome="review",
        )
        for verb, by, after in (
            ("hold_for_review", None, MINUTE),
            ("approve", reviewer, timedelta(hours=number + 1)),
        ):
            Decision.objects.create(
                case=case,
                attempt_number=1,
                verb=verb,
                policy_version="1",
                decided_by=by,
                decided_at=now + after,
            )
    unfinished = make_case(make_member(now), now, State.CHECKING)
    Attempt.objects.create(case=unfinished, number=1, submitted_at=now, due_at=now)
    assert turnaround.of_the_machine() == turnaround.Usual(MINUTE * 3, MINUTE * 5, 5)
    assert turnaround.of_reviewers() == turnaround.Usual(timedelta(hours=3), timedelta(hours=5), 5)
