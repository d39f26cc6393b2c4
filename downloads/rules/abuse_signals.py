"""Does the pattern of a company's downloads look like hiring?

Pure functions over what it took lately; a signal is never a verdict.

Insiders and thieves take many resumes, at night, quickly, in the order of their numbers, and call
nobody. Each signal has its thresholds in the ladder's version, and leads to a step that the
employer can undo by itself, or that a person looks at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from downloads.rules.ladder import Thresholds


class Signal(StrEnum):
    """What was seen. Stored; never renamed."""

    NIGHT = "night"
    BURST = "burst"
    SEQUENCE = "sequence"
    UNANSWERED = "unanswered"
    UNERASED = "unerased"


NIGHT_BEGINS: Final = 23
NIGHT_ENDS: Final = 6
_NUMBER = re.compile(r"^(.*?)(\d{1,18})$")


@dataclass(frozen=True)
class Taken:
    """One download that was allowed."""

    at: datetime
    candidate: str


@dataclass(frozen=True)
class Figures:
    """What the signals are judged by, counted over the window."""

    night: int
    """The most that left in one night."""
    burst: int
    """The most that left within `Thresholds.burst_seconds`."""
    sequence: int
    """The longest stretch of references that run up by one."""
    answerable: int
    """How many were asked for by platforms that report contacts at all."""
    contacts: int
    """How many of them led to a contact."""
    overdue: int = 0
    """Orders to erase a resume whose day has passed without an answer: one is enough."""


OF_SIGNAL: Final = {
    Signal.NIGHT: ("night",),
    Signal.BURST: ("burst",),
    Signal.SEQUENCE: ("sequence",),
    Signal.UNANSWERED: ("answerable", "contacts"),
    Signal.UNERASED: ("overdue",),
}
"""By which of the figures each signal is judged."""


def figures(
    left: Sequence[Taken],
    answerable: int,
    contacts: int,
    thresholds: Thresholds,
    zone: ZoneInfo,
    overdue: int = 0,
) -> Figures:
    """Count what was taken within the window, oldest first.

    `left` are the resumes that did leave, as far as that is known; what bears one moment there was
    one question. `answerable` answers were asked for by platforms that report contacts at all;
    `contacts` are those that led to one.
    """
    return Figures(
        night=most_in_a_night(left, zone),
        burst=most_within(one_each_moment(left), timedelta(seconds=thresholds.burst_seconds)),
        sequence=longest_run(left),
        answerable=answerable,
        contacts=contacts,
        overdue=overdue,
    )


def seen(counted: Figures, thresholds: Thresholds) -> set[Signal]:
    """The signals in these figures."""
    found = {
        Signal.NIGHT: counted.night >= thresholds.night,
        Signal.BURST: counted.burst >= thresholds.burst,
        Signal.SEQUENCE: counted.sequence >= thresholds.sequence,
        Signal.UNANSWERED: counted.answerable >= thresholds.unanswered_after
        and counted.contacts < thresholds.unanswered_below * counted.answerable,
        Signal.UNERASED: counted.overdue > 0,
    }
    return {signal for signal, is_seen in found.items() if is_seen}


def shows_hiring(taken: int, contacts: int, thresholds: Thresholds) -> bool:
    """Whether so many contacts after so many downloads are what real hiring looks like."""
    return taken >= thresholds.early_downloads and contacts >= thresholds.early_contacts * taken


def most_in_a_night(taken: Sequence[Taken], zone: ZoneInfo) -> int:
    """The most that were taken in one night, which begins at 23:00 and ends at 06:00."""
    nights: dict[object, int] = {}
    for one in taken:
        local = one.at.astimezone(zone)
        if local.hour >= NIGHT_BEGINS or local.hour < NIGHT_ENDS:
            night = (local - timedelta(hours=NIGHT_ENDS)).date()
            nights[night] = nights.get(night, 0) + 1
    return max(nights.values(), default=0)


def one_each_moment(taken: Sequence[Taken]) -> list[Taken]:
    """A page of candidates that is asked about at once is one act of its reader, however long it
    is.
    """
    return list({one.at: one for one in taken}.values())


def most_within(taken: Sequence[Taken], span: timedelta) -> int:
    """The most that were taken within any `span`."""
    most = begin = 0
    for end, one in enumerate(taken):
        while one.at - taken[begin].at > span:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def longest_run(taken: Sequence[Taken]) -> int:
    """The longest stretch of downloads, one after the other, in which each reference is the one
    before it plus one.
    """
    longest = run = 0
    before: tuple[str, int] | None = None
    for one in taken:
        match = _NUMBER.match(one.candidate)
        number = (match[1], int(match[2])) if match else None
        follows = number is not None and before is not None and number == (before[0], before[1] + 1)
        run = run + 1 if follows else int(number is not None)
        longest, before = max(longest, run), number
    return longest
