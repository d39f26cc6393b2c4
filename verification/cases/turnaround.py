"""Usual turnaround times, measured from recent decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext, ngettext, override

from events.core.reasons import HEARD, RESTRICTION_REVIEWED, REVIEWED, Text
from verification.models import Appeal, Attempt, Decision

OF_THE_LAST: Final = 200
AT_LEAST: Final = 5
"""Decisions needed: fewer are not representative."""


@dataclass(frozen=True)
class Usual:
    """Half took at most `median`, nine in ten at most `nine_in_ten`, of `of` measured ones."""

    median: timedelta
    nine_in_ten: timedelta
    of: int


def usual_turnaround(lasted: Iterable[timedelta]) -> Usual | None:
    """The usual duration among `lasted`, or None if there are too few."""
    in_order = sorted(each for each in lasted if each >= timedelta())
    if len(in_order) < AT_LEAST:
        return None
    return Usual(_rank(in_order, 0.5), _rank(in_order, 0.9), len(in_order))


def _rank(in_order: list[timedelta], part: float) -> timedelta:
    """The nearest rank: a duration that really occurred."""
    return in_order[ceil(len(in_order) * part) - 1]


def of_the_machine() -> Usual | None:
    """From submission to the machine's result: a decision or a referral to a reviewer."""
    done = (
        Attempt.objects.exclude(outcome="")
        .filter(finished_at__gte=F("submitted_at"), case__golden=False)
        .order_by("-pk")
    )
    return usual_turnaround(
        finished - submitted
        for finished, submitted in done.values_list("finished_at", "submitted_at")[:OF_THE_LAST]
    )


def of_appeals() -> Usual | None:
    """From an appeal, or a request for a person, to a reviewer's answer."""
    answered = (
        Appeal.objects.filter(answered_at__isnull=False)
        .order_by("-pk")
        .values_list("at", "answered_at")
    )
    return usual_turnaround(answer - said for said, answer in answered[:OF_THE_LAST] if answer)


def of_reviewers() -> Usual | None:
    """From submission to a reviewer's decision."""
    submitted = Attempt.objects.filter(
        case=OuterRef("case"), number=OuterRef("attempt_number")
    ).values("submitted_at")[:1]
    by_people = Decision.objects.filter(
        decided_by__isnull=False,
        verb__in=("approve", "reject", "request_changes"),
        case__golden=False,
    )
    rows = (
        by_people.annotate(submitted=Subquery(submitted))
        .filter(submitted__isnull=False)
        .order_by("-pk")
    )
    return usual_turnaround(
        decided - began
        for decided, began in rows.values_list("decided_at", "submitted")[:OF_THE_LAST]
    )


_OF: Final[dict[str, Callable[[], Usual | None]]] = {
    "machine": of_the_machine,
    "reviewers": of_reviewers,
    "appeals": of_appeals,
}


def measured_by(whose: str, measure: Callable[[], Usual | None]) -> None:
    """Register `measure` for the duration of `whose` work. For packages above this one
    (`restrictions`).
    """
    _OF[whose] = measure


_CACHED_TIMES: Final = 20
"""The figures change slowly, so they are cached this many times as long as the queue's figures."""


def recent_turnaround(whose: str) -> Usual | None:
    """The recent usual duration of the `machine`, the `reviewers`, or the answer to an appeal
    (`appeals`, `restrictions`).

    At most a few minutes old.
    """
    cached: Any = cache.get_or_set(
        f"verification.durations.{whose}",
        _OF[whose],
        settings.QUEUE_FIGURES_SECONDS * _CACHED_TIMES,
    )
    usually: Usual | None = cached
    return usually


# --- Wording --------------------------------------------------------------------------------------


def turnaround_text(takes: Text) -> Text:
    """How long something takes, for pages, mails and the API. If it needs a person, the recent
    usual duration.

    If too few cases have been decided to tell, `takes` itself.
    """
    whose = {REVIEWED: "reviewers", HEARD: "appeals", RESTRICTION_REVIEWED: "restrictions"}.get(
        takes
    )
    usually = recent_turnaround(whose) if whose else None
    return Text(_in("zh-hans", usually), _in("en", usually)) if usually else takes


def _in(language: str, usually: Usual) -> str:
    with override(language):
        times = {
            "half": duration_in_words(usually.median),
            "most": duration_in_words(usually.nine_in_ten),
        }
        return gettext("usually %(half)s, nine in ten within %(most)s") % times


def duration_in_words(time: timedelta) -> str:
    """A duration in the most suitable unit, in the current language."""
    seconds = max(1, round(time.total_seconds()))
    if seconds < 90:
        return ngettext("%(number)d second", "%(number)d seconds", seconds) % {"number": seconds}
    if (minutes := round(seconds / 60)) < 90:
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    if (hours := round(seconds / 3600)) < 48:
        return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    days = round(seconds / 86400)
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}
