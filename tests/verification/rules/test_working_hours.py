"""Tests of working hours: exact counting by the week, the holidays and the make-up days."""

from __future__ import annotations

import runpy
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from verification.rules.working_hours import DAYS, FIRST_YEAR, Hours, NotHours

SETTINGS = Path(__file__).resolve().parents[3] / "config" / "settings.py"
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = "mon-fri 09:00-12:00 13:30-18:00"
USUAL = Hours.parse(WEEK, "2026-10-01..2026-10-07", "2026-09-20 2026-10-10", "Asia/Shanghai")
ROUND_THE_CLOCK = Hours.parse("mon-sun 00:00-24:00", "", "", "Asia/Shanghai")
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# --- Counting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-25 09:00", "2026-11-25 18:00", 7.5),  # a Wednesday
        ("2026-11-25 08:00", "2026-11-25 09:30", 0.5),
        ("2026-11-25 12:00", "2026-11-25 13:30", 0),  # noon
        ("2026-11-27 17:00", "2026-11-30 10:00", 2),  # over a weekend
        ("2026-09-30 17:00", "2026-10-08 10:00", 2),  # over the National Day holiday
        ("2026-10-10 00:00", "2026-10-11 00:00", 7.5),  # a make-up Saturday for it
        ("2026-10-17 00:00", "2026-10-18 00:00", 0),  # any other Saturday
        ("2026-11-25 10:00", "2026-11-25 09:00", -1),
        ("2026-12-31 17:00", "2027-01-01 10:00", 2),  # over the end of a year
    ],
)
def test_between(start: str, end: str, hours: float) -> None:
    assert USUAL.between(at(start), at(end)) == HOUR * hours
    assert USUAL.cumulative(at(end)) - USUAL.cumulative(at(start)) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-25 09:00", 3, "2026-11-25 12:00"),  # when work ends, not when it begins again
        ("2026-11-25 09:00", 3.5, "2026-11-25 14:00"),
        ("2026-11-25 20:00", 1, "2026-11-26 10:00"),
        ("2026-11-27 17:00", 16, "2026-12-01 18:00"),
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),
        ("2026-10-09 17:00", 2, "2026-10-10 10:00"),
        ("2026-11-28 03:00", 0, "2026-11-28 03:00"),
        ("2026-12-31 17:00", 2, "2027-01-01 10:00"),
    ],
)
def test_after(start: str, hours: float, end: str) -> None:
    assert USUAL.after(at(start), HOUR * hours) == at(end)


def test_a_make_up_day_is_as_long_as_the_first_day_with_hours() -> None:
    hours = Hours.parse("tue 10:00-12:00; wed-fri 09:00-17:00", "", "2026-11-29", "Asia/Shanghai")
    assert hours.between(at("2026-11-29 00:00"), at("2026-11-30 00:00")) == HOUR * 2


def test_the_zone_is_the_deployments_whatever_the_moment_is_given_in() -> None:
    start = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
    assert USUAL.between(start, start + HOUR) == HOUR
    assert USUAL.after(start, HOUR).tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-28", 24)]
)
def test_what_passes_is_counted_where_clocks_change(day: str, hours: int) -> None:
    berlin = Hours.parse("mon-sun 00:00-24:00", "", "", "Europe/Berlin")
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert (
        berlin.between(start, start + timedelta(days=1)) == HOUR * hours
    )  # a day later by wall-clock time


def test_nothing_is_counted_before_the_first_year() -> None:
    assert USUAL.cumulative(datetime(FIRST_YEAR, 1, 1, tzinfo=SHANGHAI)) == 0
    with pytest.raises(ValueError, match=f"from {FIRST_YEAR}, and this is 2019-12-31T23:00:00"):
        USUAL.cumulative(datetime(FIRST_YEAR - 1, 12, 31, 23, tzinfo=SHANGHAI))


def test_no_working_time_is_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        USUAL.after(at("2026-11-25 09:00"), -HOUR)


# --- Properties -----------------------------------------------------------------------------------


@st.composite
def weeks(draw: st.DrawFn) -> str:
    """A week in the configured format, with up to three spans a day and at least one day."""
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
    groups = []
    for day in days:
        edges = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        groups.append(
            f"{day} "
            + " ".join(f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}" for a, b in pairs)
        )
    return "; ".join(groups)


DATES = st.lists(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=12)
ZONES = st.sampled_from(
    [
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/Santiago",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "UTC",
    ]
)


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    holidays = draw(DATES)
    workdays = [day for day in draw(DATES) if day not in holidays]
    return Hours.parse(
        draw(weeks()), " ".join(map(str, holidays)), ",".join(map(str, workdays)), draw(ZONES)
    )


MOMENTS = st.datetimes(datetime(2025, 1, 2), datetime(2027, 12, 30), timezones=ZONES.map(ZoneInfo))
AMOUNTS = st.timedeltas(timedelta(), timedelta(hours=120))


@settings(max_examples=examples(60))  # new hours are counted from their first year
@given(any_hours(), MOMENTS, MOMENTS, MOMENTS)
def test_additive(hours: Hours, a: datetime, b: datetime, c: datetime) -> None:
    assert hours.between(a, b) + hours.between(b, c) == hours.between(a, c)
    assert hours.between(a, b) == -hours.between(b, a)


@settings(max_examples=examples(60))  # new hours are counted from their first year
@given(any_hours(), MOMENTS, st.timedeltas(timedelta(), timedelta(days=400)))
@example(
    Hours.parse("sun 01:00-02:45 03:00-05:00", "", "", "Europe/Berlin"),
    datetime(2026, 3, 29, 1, 20, tzinfo=UTC),
    timedelta(minutes=20),
)
def test_monotone_and_never_faster_than_the_clock(
    hours: Hours, start: datetime, passed: timedelta
) -> None:
    worked = hours.between(start, start.astimezone(UTC) + passed)
    assert timedelta() <= worked <= passed


@settings(max_examples=examples(60))  # new hours are counted from their first year
@given(any_hours(), MOMENTS, AMOUNTS)
def test_after_is_the_first_moment_by_which_that_much_was_worked(
    hours: Hours, start: datetime, amount: timedelta
) -> None:
    end = hours.after(start, amount)
    assert hours.between(start, end) == amount
    if amount:
        assert hours.between(start, end.astimezone(UTC) - timedelta(microseconds=1)) < amount


@given(MOMENTS, AMOUNTS)
def test_round_the_clock_is_the_clock(start: datetime, amount: timedelta) -> None:
    assert ROUND_THE_CLOCK.after(start, amount).astimezone(UTC) == start.astimezone(UTC) + amount


@settings(max_examples=examples(60))  # new hours are counted from their first year
@given(any_hours(), st.dates(date(2025, 1, 2), date(2027, 12, 30)))
def test_a_holiday_is_not_worked_and_a_make_up_day_is(hours: Hours, day: date) -> None:
    spans = list(hours.spans(day))
    assert not (day in hours.holidays and spans)
    assert bool(spans) or day not in hours.workdays
    assert all(opens <= closes for opens, closes in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


# --- Parsing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "text", "seen"),
    [
        ("week", "", ""),
        ("week", " ; ", " ; "),
        ("week", "mon-fri", "mon-fri"),
        ("week", "09:00-12:00", "09:00-12:00"),
        ("week", "monday 09:00-12:00", "monday"),
        ("week", "fri-mon 09:00-12:00", "fri-mon"),
        ("week", "mon- 09:00-12:00", "mon-"),
        ("week", "mon 09:00-12:00 x", "mon 09:00-12:00 x"),
        ("week", "mon 09:00-12:00 tue", "mon 09:00-12:00 tue"),
        ("week", "mon-fri 09:00-12:00; wed 13:00-14:00", "wed 13:00-14:00"),
        ("week", "mon mon 09:00-12:00", "mon mon 09:00-12:00"),
        ("week", "mon 12:00-09:00", "12:00-09:00"),
        ("week", "mon 09:00-09:00", "09:00-09:00"),
        ("week", "mon 9-12", "9-12"),
        ("week", "mon 09:00-24:30", "09:00-24:30"),
        ("week", "mon 09:00-25:00", "09:00-25:00"),
        ("week", "mon 13:30-18:00 09:00-12:00", "09:00-12:00"),
        ("week", "mon 09:00-12:00 11:00-18:00", "11:00-18:00"),
        ("holidays", "2026-02-30", "2026-02-30"),
        ("holidays", "2026-1-1", "2026-1-1"),
        ("holidays", "01-01", "01-01"),
        ("holidays", "2026-10-07..2026-10-01", "2026-10-07..2026-10-01"),
        ("holidays", "2026-10-01..2062-10-07", "2026-10-01..2062-10-07"),
        ("workdays", "tomorrow", "tomorrow"),
        ("zone", "Beijing", "Beijing"),
        ("zone", "", ""),
        ("zone", "Asia", "Asia"),
        ("zone", "../etc", "../etc"),
    ],
)
def test_what_says_no_hours_is_named(part: str, text: str, seen: str) -> None:
    parts = {"week": WEEK, "holidays": "", "workdays": "", "zone": "Asia/Shanghai"} | {part: text}
    with pytest.raises(NotHours) as caught:
        Hours.parse(**parts)
    assert (caught.value.part, caught.value.seen) == (part, seen)
    assert repr(seen) in str(caught.value) and caught.value.expected in str(caught.value)


def test_a_day_is_not_both_a_holiday_and_worked() -> None:
    with pytest.raises(NotHours) as caught:
        Hours.parse(WEEK, "2026-10-01..2026-10-07", "2026-10-03", "Asia/Shanghai")
    assert (caught.value.part, caught.value.seen) == ("workdays", "2026-10-03")


@given(st.sampled_from(["week", "holidays", "workdays", "zone"]), st.text(max_size=40))
def test_any_text_says_hours_or_is_refused_by_its_part(part: str, text: str) -> None:
    parts = {"week": WEEK, "holidays": "", "workdays": "", "zone": "UTC"} | {part: text}
    wrong = ""
    try:
        assert any(Hours.parse(**parts).week)
    except NotHours as error:
        wrong = error.part
    assert wrong in ("", part)


def test_small_differences_in_writing_are_none() -> None:
    one = Hours.parse(
        " Mon-Fri  9:00-12:00 13:30-18:00；SAT 09:00-12:00;",
        "2026-10-01，2026-10-02、2026-10-03",
        "",
        "Asia/Shanghai",
    )
    assert one == Hours.parse(
        f"{WEEK}; sat 09:00-12:00", "2026-10-01..2026-10-03", "", "Asia/Shanghai"
    )


# --- Settings -------------------------------------------------------------------------------------


def settings_with(monkeypatch: pytest.MonkeyPatch, **told: str) -> dict[str, object]:
    for name in ("WORKING_HOURS", "HOLIDAYS", "WORKDAYS", "TIME_ZONE"):
        monkeypatch.delenv(f"ZIZHI_{name}", raising=False)
    for name, value in told.items():
        monkeypatch.setenv(f"ZIZHI_{name}", value)
    return runpy.run_path(str(SETTINGS))


def test_the_default_is_a_chinese_office(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = settings_with(monkeypatch)["WORKING_HOURS"]
    assert isinstance(hours, Hours) and hours.zone.key == "Asia/Shanghai"
    assert hours.between(at("2026-11-23 00:00"), at("2026-11-30 00:00")) == HOUR * 37.5
    holidays, workdays = (
        {day for day in days if day.year == 2026} for days in (hours.holidays, hours.workdays)
    )
    assert len(holidays) == 33 and len(workdays) == 6, (
        "3 + 9 + 3 + 5 + 3 + 3 + 7 days, as the notice has them"
    )
    assert all(day.weekday() > 4 for day in hours.workdays), "only weekend days are make-up days"


NOTICE_OF_2026 = (
    "2026-01-01..2026-01-03 2026-02-15..2026-02-23 2026-04-04..2026-04-06 2026-05-01..2026-05-05 "
    "2026-06-19..2026-06-21 2026-09-25..2026-09-27 2026-10-01..2026-10-07",
    "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10",
)
"""国务院办公厅关于2026年部分节假日安排的通知, 4 November 2025: the holidays and make-up days."""


def test_the_days_of_2026_are_those_of_the_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = settings_with(monkeypatch)["WORKING_HOURS"]
    assert isinstance(hours, Hours)
    notice = Hours.parse(WEEK, *NOTICE_OF_2026, "Asia/Shanghai")
    for days, published in ((hours.holidays, notice.holidays), (hours.workdays, notice.workdays)):
        assert {day for day in days if day.year <= 2026} == published, "and none of an earlier year"


def test_a_year_that_is_not_published_counts_each_day_by_the_week(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hours = settings_with(monkeypatch)["WORKING_HOURS"]
    assert isinstance(hours, Hours)
    unknown = max(hours.holidays).year + 1
    assert hours.lists(unknown - 1) and not hours.lists(unknown)
    new_year = datetime(unknown, 1, 1, tzinfo=SHANGHAI)
    days = [new_year + timedelta(days=n) for n in range(365)]
    worked = [hours.between(day, day + timedelta(days=1)) for day in days]
    assert worked == [HOUR * (7.5 if day.weekday() < 5 else 0) for day in days]


def test_a_deployment_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "WORKING_HOURS": "mon-sun 00:00-24:00",
        "HOLIDAYS": "",
        "WORKDAYS": "",
        "TIME_ZONE": "Asia/Singapore",
    }
    hours = settings_with(monkeypatch, **told)["WORKING_HOURS"]
    assert hours == Hours.parse("mon-sun 00:00-24:00", "", "", "Asia/Singapore")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKING_HOURS", "weekdays"),
        ("HOLIDAYS", "10-01"),
        ("WORKDAYS", "2026-10-01"),
        ("TIME_ZONE", "Shanghai"),
    ],
)
def test_hours_that_say_nothing_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=f"^ZIZHI_{name} has '{value}', and should have "
    ):
        settings_with(monkeypatch, **{name: value})
