"""Working time between two moments, by the deployment's week, holidays and make-up days (调休).

A deadline of "16 working hours" means the same before a weekend, within the Spring Festival and on
a working Saturday. Amounts are exact `timedelta`s and moments are aware datetimes. When clocks
change, the time that actually passes counts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Final, Literal
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_YEAR: Final = 2020
"""Working time is counted from the start of this year; no case is older."""
LONGEST_RANGE: Final = timedelta(days=92)
"""No holiday is longer. A longer range means a mistyped year."""

_WEEK_EXPECTED: Final = "days, then times, as in 'mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00'"
_DATES_EXPECTED: Final = "dates and ranges, as in '2026-01-01..2026-01-03 2026-04-06'"

Span = tuple[timedelta, timedelta]
"""When work begins and ends, as wall-clock time since midnight."""
Part = Literal["week", "holidays", "workdays", "zone"]


class NotHours(ValueError):
    """A text does not describe working hours. States the `part`, the value `seen` and what was
    `expected`.
    """

    def __init__(self, part: Part, seen: str, expected: str) -> None:
        super().__init__(f"has {seen!r}, and should have {expected}.")
        self.part, self.seen, self.expected = part, seen, expected


@dataclass(frozen=True)
class Hours:
    """The working hours of a deployment."""

    week: tuple[tuple[Span, ...], ...]
    """Monday to Sunday; the spans of each day are in order and do not overlap."""
    holidays: frozenset[date]
    workdays: frozenset[date]
    """Make-up days, worked whatever their day of the week, with the hours of the week's first
    working day.
    """
    zone: ZoneInfo

    @classmethod
    def parse(cls, week: str, holidays: str, workdays: str, zone: str) -> Hours:
        """Parse the working hours that a deployment configures. Raises NotHours.

        `week` holds days and their times, in groups separated by semicolons. `holidays` and
        `workdays` hold dates and ranges of dates, separated by spaces or commas. `zone` is a name
        of the IANA time zone database.
        """
        free, made_up = _dates("holidays", holidays), _dates("workdays", workdays)
        if both := free & made_up:
            raise NotHours("workdays", min(both).isoformat(), "no day that is a holiday too")
        spans = _week(week)
        try:
            return cls(spans, free, made_up, ZoneInfo(zone))
        except (
            KeyError,
            ValueError,
            OSError,
        ) as error:  # unknown; a path; a folder, such as 'Asia'
            raise NotHours(
                "zone", zone, "the name of a time zone, as in 'Asia/Shanghai'"
            ) from error

    def cumulative(self, at: datetime) -> float:
        """Hours worked from the beginning of `FIRST_YEAR` until `at`.

        Raises ValueError for earlier times.
        """
        return self._worked(at) / timedelta(hours=1)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; negative if `end` is earlier.

        Raises ValueError for times before `FIRST_YEAR`.
        """
        return self._worked(end) - self._worked(start)

    def after(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment at which `amount` has been worked since `start`, in `start`'s time zone.

        Raises ValueError for a negative amount, and for times before `FIRST_YEAR`.
        """
        if amount <= timedelta():
            if amount:
                raise ValueError(f"the amount must not be negative, and is {amount}")
            return start
        wanted = self._worked(start) + amount
        year = start.astimezone(self.zone).year
        while _worked_by_day(self, year)[-1] < wanted:
            year += 1
        by_day = _worked_by_day(self, year)
        ordinal = bisect_left(by_day, wanted) - 1
        left = wanted - by_day[ordinal]
        for opens, closes in self.spans(date(year, 1, 1) + timedelta(days=ordinal)):
            if left <= closes - opens:
                return (opens + left).astimezone(start.tzinfo)
            left -= closes - opens
        raise AssertionError("the spans of a day add up to its length")

    def lists(self, year: int) -> bool:
        """Whether the holidays of `year` are known. If not, every working day of the week counts.

        A deployment without any holidays has them all known.
        """
        return not self.holidays or any(day.year == year for day in self.holidays)

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """When work begins and ends on `day`, in UTC, in order.

        If clocks skip an hour, no span begins before the previous one ended.
        """
        last = datetime.min.replace(tzinfo=UTC)
        for opens, closes in self._on(day):
            start = max(self._moment(day, opens), last)
            last = max(self._moment(day, closes), start)
            yield start, last

    def _on(self, day: date) -> tuple[Span, ...]:
        if day in self.holidays:
            return ()
        return next(filter(None, self.week)) if day in self.workdays else self.week[day.weekday()]

    def _moment(self, day: date, clock: timedelta) -> datetime:
        """The moment of a wall-clock time, in UTC. Subtraction of aware datetimes in one zone uses
        wall-clock time; in UTC it uses the time that passes.
        """
        return (datetime.combine(day, time()) + clock).replace(tzinfo=self.zone).astimezone(UTC)

    def _worked(self, at: datetime) -> timedelta:
        day = at.astimezone(self.zone).date()
        if day.year < FIRST_YEAR:
            raise ValueError(
                f"working time is counted from {FIRST_YEAR}, and this is {at.isoformat()}"
            )
        today = sum(
            (min(max(at, opens), closes) - opens for opens, closes in self.spans(day)), timedelta()
        )
        return _worked_by_day(self, day.year)[day.timetuple().tm_yday - 1] + today


@lru_cache(maxsize=256)
def _worked_by_day(hours: Hours, year: int) -> tuple[timedelta, ...]:
    """The time worked before each day of `year`; the last entry is the time before the next
    year.
    """
    before = _worked_by_day(hours, year - 1)[-1] if year > FIRST_YEAR else timedelta()
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
    lengths = (
        sum((closes - opens for opens, closes in hours.spans(day)), timedelta()) for day in days
    )
    return tuple(accumulate(lengths, initial=before))


# --- Parsing --------------------------------------------------------------------------------------


def _week(text: str) -> tuple[tuple[Span, ...], ...]:
    week: dict[int, tuple[Span, ...]] = {}
    for group in filter(str.strip, re.split("[;；]", text)):
        written = re.fullmatch(r"\s*([a-z-]+(?:\s+[a-z-]+)*)((?:\s+\d\S*)+)\s*", group.lower())
        if not written:
            raise NotHours("week", group.strip(), _WEEK_EXPECTED)
        days = [day for token in written[1].split() for day in _days(token)]
        if len(set(days)) < len(days) or week.keys() & set(days):
            raise NotHours("week", group.strip(), f"each day once: {_WEEK_EXPECTED}")
        week |= dict.fromkeys(days, _spans(written[2].split()))
    if not week:
        raise NotHours("week", text, _WEEK_EXPECTED)
    return tuple(week.get(day, ()) for day in range(7))


def _days(token: str) -> range:
    first, dash, last = token.partition("-")
    last = last if dash else first
    if first not in DAYS or last not in DAYS or DAYS.index(last) < DAYS.index(first):
        raise NotHours("week", token, f"a day or a range of days among {' '.join(DAYS)}")
    return range(DAYS.index(first), DAYS.index(last) + 1)


def _spans(tokens: list[str]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for token in tokens:
        written = re.fullmatch(
            r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)", token, re.ASCII
        )
        hour, minute, to_hour, to_minute = map(int, written.groups()) if written else (0, 0, 0, 0)
        opens, closes = (
            timedelta(hours=hour, minutes=minute),
            timedelta(hours=to_hour, minutes=to_minute),
        )
        if not (spans[-1][1] if spans else timedelta()) <= opens < closes <= timedelta(hours=24):
            raise NotHours(
                "week",
                token,
                "times within one day, in order and apart, as in '09:00-12:00 13:30-18:00'",
            )
        spans.append((opens, closes))
    return tuple(spans)


def _dates(part: Part, text: str) -> frozenset[date]:
    dates: set[date] = set()
    for token in filter(None, re.split(r"[\s,，、;；]+", text)):
        written = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?", token, re.ASCII)
        try:
            first, last = (
                (date.fromisoformat(day) for day in (written[1], written[2] or written[1]))
                if written
                else (date.max, date.min)
            )
        except ValueError:  # such as 30 February
            first, last = date.max, date.min
        if not timedelta() <= last - first <= LONGEST_RANGE:
            raise NotHours(
                part, token, f"{_DATES_EXPECTED}, none longer than {LONGEST_RANGE.days} days"
            )
        dates |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return frozenset(dates)
