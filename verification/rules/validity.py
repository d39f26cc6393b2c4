"""Until when do the papers hold on which an approval rests? Pure: days in, a moment out.

Every finding that speaks of a paper with an end names its last day (`Finding.until`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from verification.rules.findings import Finding, Severity

CHINA: Final = timezone(timedelta(hours=8))
"""A paper's day is the day of the place where it was issued."""
ENDS_SOON: Final = timedelta(days=7)
"""Whoever shows a paper that ends within so many days is asked for the renewed one: an approval of
two days helps nobody.
"""


def day_of(moment: datetime) -> date:
    """Which day it is then where papers are issued."""
    return moment.astimezone(CHINA).date()


def end_of(last_day: date) -> datetime:
    """The moment from which a paper with this last day holds no more."""
    return datetime.combine(last_day + timedelta(days=1), time(), CHINA)


def ends_soon(last_day: date, now: datetime) -> bool:
    """Whether a paper that still holds ends within a few days."""
    return timedelta(0) < end_of(last_day) - now <= ENDS_SOON


def has_ended(findings: Iterable[Finding], now: datetime) -> Finding | None:
    """Of what was found in order the first that has ended since, as while an attempt waited."""
    ended = (
        f
        for f in findings
        if f.until and f.severity is Severity.PASS and end_of(date.fromisoformat(f.until)) <= now
    )
    return next(ended, None)


def end_of_papers(findings: Iterable[Finding], now: datetime) -> datetime | None:
    """When the first of the papers ends of which `findings` speak; None where none has an end.

    One that has ended already was before the eyes of whoever approves all the same, and ends
    nothing any more.
    """
    ends = (end_of(date.fromisoformat(finding.until)) for finding in findings if finding.until)
    return min((end for end in ends if end > now), default=None)


def rights_end(
    began_at: datetime, valid_for: timedelta, findings: Iterable[Finding], now: datetime
) -> datetime:
    """An approval outlives nothing that it rests on."""
    by_papers = end_of_papers(findings, now)
    return min(began_at + valid_for, by_papers) if by_papers else began_at + valid_for
