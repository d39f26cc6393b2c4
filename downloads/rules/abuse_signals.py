"""Signals that a company's downloads do not look like hiring.

Pure functions over its recent downloads. A signal is never a verdict. Insiders and thieves download
many resumes, at night, quickly, in the order of their numbers, and contact nobody. The ladder's
version has the thresholds of each signal. A signal leads to a step that the employer can undo on
its own, or that a person reviews.
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
    """A signal. Stored; never renamed."""

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
    """One allowed download."""

    at: datetime
    candidate: str


@dataclass(frozen=True)
class Figures:
    """The figures for the signals, counted over the window."""

    night: int
    """The most downloads in one night."""
    burst: int
    """The most downloads within `Thresholds.burst_seconds`."""
    sequence: int
    """The longest sequence of consecutive references."""
    answerable: int
    """Downloads through platforms that report contacts."""
    contacts: int
    """The number of those that led to a contact."""
    overdue: int = 0
    """Orders to erase a resume that are unanswered after their due date; one is enough."""


OF_SIGNAL: Final = {
    Signal.NIGHT: ("night",),
    Signal.BURST: ("burst",),
    Signal.SEQUENCE: ("sequence",),
    Signal.UNANSWERED: ("answerable", "contacts"),
    Signal.UNERASED: ("overdue",),
}
"""The figures that each signal uses."""


def download_figures(
    left: Sequence[Taken],
    answerable: int,
    contacts: int,
    thresholds: Thresholds,
    zone: ZoneInfo,
    overdue: int = 0,
) -> Figures:
    """Count the downloads within the window, oldest first.

    `left` are the resumes known to have left; those with the same time were one request.
    `answerable` counts downloads through platforms that report contacts; `contacts` counts those
    that led to one.
    """
    return Figures(
        night=most_in_a_night(left, zone),
        burst=most_within(one_each_moment(left), timedelta(seconds=thresholds.burst_seconds)),
        sequence=longest_run(left),
        answerable=answerable,
        contacts=contacts,
        overdue=overdue,
    )


def signals_in(counted: Figures, thresholds: Thresholds) -> set[Signal]:
    """Return the signals in these figures."""
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
    """Whether this ratio of contacts to downloads is that of real hiring."""
    return taken >= thresholds.early_downloads and contacts >= thresholds.early_contacts * taken


def most_in_a_night(taken: Sequence[Taken], zone: ZoneInfo) -> int:
    """Return the most downloads in one night, from 23:00 to 06:00."""
    nights: dict[object, int] = {}
    for one in taken:
        local = one.at.astimezone(zone)
        if local.hour >= NIGHT_BEGINS or local.hour < NIGHT_ENDS:
            night = (local - timedelta(hours=NIGHT_ENDS)).date()
            nights[night] = nights.get(night, 0) + 1
    return max(nights.values(), default=0)


def one_each_moment(taken: Sequence[Taken]) -> list[Taken]:
    """Return one download for each time: a page of candidates in one request is one action, however
    long it is.
    """
    return list({one.at: one for one in taken}.values())


def most_within(taken: Sequence[Taken], span: timedelta) -> int:
    """Return the most downloads within any `span`."""
    most = begin = 0
    for end, one in enumerate(taken):
        while one.at - taken[begin].at > span:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def longest_run(taken: Sequence[Taken]) -> int:
    """Return the length of the longest sequence of downloads in which each reference is the
    previous one plus one.
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
