"""Tests of urgency: one stored number gives the same order as harm × waiting × deadline at every
moment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from events.core.reasons import REASONS
from verification.rules.urgency import (
    CURRENT,
    FRAUD,
    RULES,
    Factors,
    Kind,
    Level,
    QueuePosition,
    queue_position,
    urgency_kinds,
)
from verification.rules.working_hours import Hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = Hours.parse(
    "mon-fri 09:00-12:00 13:30-18:00", "2026-10-01..2026-10-07", "2026-10-10", "Asia/Shanghai"
)
MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=SHANGHAI)  # a Wednesday


# --- Kinds of a case ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reasons", "account_class", "appealed", "lapsing", "expected"),
    [
        ((), "direct_employer", False, False, {Kind.ORDINARY}),
        (("uscc_mismatch",), "public_service", False, False, {Kind.ORDINARY}),
        (("name_mismatch", "forgery_retyped_field"), "direct_employer", False, False, {Kind.FRAUD}),
        (
            ("duplicate_same_image",),
            "direct_employer",
            False,
            False,
            {Kind.ORDINARY},
        ),  # usually an honest mistake
        ((), "commercial_agency", False, False, {Kind.AGENCY}),
        ((), "direct_employer", True, False, {Kind.APPEAL}),
        ((), "direct_employer", False, True, {Kind.LAPSING}),
        (("duplicate_excluded",), "commercial_agency", True, True, set(Kind) - {Kind.ORDINARY}),
    ],
)
def test_kinds(
    reasons: tuple[str, ...], account_class: str, appealed: bool, lapsing: bool, expected: set[Kind]
) -> None:
    assert urgency_kinds(reasons, account_class, appealed=appealed, lapsing=lapsing) == expected


def test_every_trace_of_editing_weighs() -> None:
    assert set(REASONS) >= FRAUD >= {code for code in REASONS if code.startswith("forgery_")}


# --- Positions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "weighs", "due"),
    [
        ({Kind.ORDINARY}, Kind.ORDINARY, "2026-11-27 10:00"),  # 7.5 + 7.5 + 1 hours
        ({Kind.FRAUD}, Kind.FRAUD, "2026-11-27 10:00"),
        ({Kind.APPEAL}, Kind.APPEAL, "2026-11-26 09:30"),
        ({Kind.LAPSING}, Kind.LAPSING, "2026-11-25 14:30"),
        (
            {Kind.AGENCY, Kind.APPEAL},
            Kind.AGENCY,
            "2026-11-26 09:30",
        ),  # the heaviest kind weighs, the shortest target applies
        ({Kind.APPEAL, Kind.LAPSING, Kind.FRAUD}, Kind.FRAUD, "2026-11-25 14:30"),
    ],
)
def test_position(of: set[Kind], weighs: Kind, due: str) -> None:
    assert queue_position(of, MORNING, HOURS) == QueuePosition(
        weighs, MORNING, datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-25 09:00", Factors(8, 1, 2**-4, 0, 16)),
        ("2026-11-26 09:30", Factors(8, 2, 2**-2, 8, 8)),  # a working day of 7.5 h and half an hour
        ("2026-11-27 10:00", Factors(8, 4, 1, 16, 0)),
        (
            "2026-11-28 23:00",
            Factors(8, 2 ** (22.5 / 8), 2 ** (6.5 / 4), 22.5, -6.5),
        ),  # late, outside working hours
    ],
)
def test_factors(now: str, expected: Factors) -> None:
    found = queue_position({Kind.FRAUD}, MORNING, HOURS).factors(
        datetime.fromisoformat(now).replace(tzinfo=SHANGHAI), HOURS
    )
    assert found == expected
    assert found.score == expected.harm * expected.waiting * expected.deadline


def test_the_weekend_makes_nothing_more_urgent() -> None:
    one = queue_position({Kind.ORDINARY}, MORNING, HOURS)
    friday, monday = (
        datetime(2026, 11, 27, 18, 0, tzinfo=SHANGHAI),
        datetime(2026, 11, 30, 9, 0, tzinfo=SHANGHAI),
    )
    assert one.factors(friday, HOURS) == one.factors(monday, HOURS)


def test_a_case_that_was_forgotten_for_years_can_still_be_shown() -> None:
    forgotten = queue_position({Kind.FRAUD}, datetime(2020, 1, 2, tzinfo=UTC), HOURS)
    now = datetime(2040, 1, 2, tzinfo=UTC)
    assert 0 < forgotten.factors(now, HOURS).score < inf
    assert forgotten.key(HOURS) > queue_position(
        {Kind.FRAUD}, datetime(2021, 1, 2, tzinfo=UTC), HOURS
    ).key(HOURS)


def test_the_rules_are_whole() -> None:
    assert RULES[CURRENT.version] is CURRENT
    assert set(CURRENT.harm) == set(Kind) and min(CURRENT.harm.values()) > 0
    assert Kind.ORDINARY in CURRENT.target and min(CURRENT.target.values()) > timedelta()


# --- The stored number ----------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 8, 1), datetime(2026, 12, 1), timezones=st.just(SHANGHAI))
POSITIONS = st.builds(QueuePosition, st.sampled_from(Kind), MOMENTS, MOMENTS) | st.builds(
    queue_position, st.sets(st.sampled_from(Kind), min_size=1), MOMENTS, st.just(HOURS)
)


@given(POSITIONS, POSITIONS, MOMENTS)
def test_the_order_by_key_is_the_order_by_score_at_every_moment(
    a: QueuePosition, b: QueuePosition, now: datetime
) -> None:
    ahead = a.key(HOURS) - b.key(HOURS)
    assume(abs(ahead) > 1e-9)  # closer than float precision
    assert (a.factors(now, HOURS).score > b.factors(now, HOURS).score) is (ahead > 0)


@given(POSITIONS, MOMENTS, st.timedeltas(timedelta(), timedelta(days=30)))
def test_waiting_never_makes_less_urgent(
    one: QueuePosition, now: datetime, later: timedelta
) -> None:
    assert one.factors(now + later, HOURS).score >= one.factors(now, HOURS).score


@given(st.sets(st.sampled_from(Kind), min_size=1), st.sets(st.sampled_from(Kind)), MOMENTS)
def test_being_more_at_once_never_comes_later(
    of: set[Kind], more: set[Kind], entered: datetime
) -> None:
    one, other = queue_position(of, entered, HOURS), queue_position(of | more, entered, HOURS)
    assert other.due <= one.due and other.key(HOURS) >= one.key(HOURS)


# --- Levels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "waited", "expected"),
    [
        (Kind.ORDINARY, 0, Level.LOW),
        (Kind.ORDINARY, 7, Level.LOW),
        (Kind.ORDINARY, 8, Level.MIDDLE),
        (Kind.ORDINARY, 16, Level.HIGH),
        (Kind.FRAUD, 0, Level.MIDDLE),
        (Kind.FRAUD, 8, Level.HIGH),
        (Kind.AGENCY, 0, Level.LOW),
        (Kind.LAPSING, 4, Level.HIGH),
        (Kind.APPEAL, 8, Level.HIGH),
    ],
)
def test_the_level_of_a_case(kind: Kind, waited: int, expected: Level) -> None:
    found = queue_position({kind}, MORNING, HOURS)
    later = HOURS.after(MORNING, timedelta(hours=waited))
    assert found.factors(later, HOURS).level is expected


@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 60)), min_size=2, max_size=8))
def test_levels_follow_the_order_of_the_queue(cases: list[tuple[Kind, int]]) -> None:
    now = HOURS.after(MORNING, timedelta(hours=60))
    placed = [
        queue_position({kind}, HOURS.after(MORNING, timedelta(hours=hours)), HOURS)
        for kind, hours in cases
    ]
    placed.sort(key=lambda position: position.factors(now, HOURS).score)
    levels = [list(Level).index(position.factors(now, HOURS).level) for position in placed]
    assert levels == sorted(levels)
