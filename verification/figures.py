"""How long is the queue, what is in it, and how did it come to this? Counted by the database, and kept for a few seconds.

In a number of queries that does not depend on how many cases wait.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Final, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce, Floor, Substr, TruncDate
from django.utils import timezone

from verification import guards
from verification.models import Appeal, Case, CaseReason, Decision, Ruling

DAYS: Final = 14
CHART_KEEPS: Final = 20
"""The chart is kept this many times as long as the figures: days change slowly."""
_TENTHS: Final = 10
"""Waiting is told to a tenth of an hour."""

Kept = TypeVar("Kept")


def _kept(name: str, seconds: int, made: Callable[[], Kept]) -> Kept:
    kept: Any = cache.get_or_set(f"verification.figures.{name}", made, seconds)
    found: Kept = kept
    return found


# --- What waits now --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """What waits for a reviewer at one moment."""

    waiting: int = 0
    free: int = 0
    late: int = 0
    held: int = 0
    oldest: datetime | None = None
    """When the one came that has waited longest."""
    by_reason: Mapping[str, int] = field(default_factory=dict)
    by_class: Mapping[str, int] = field(default_factory=dict)
    by_tier: Mapping[str, int] = field(default_factory=dict)
    by_province: Mapping[str, int] = field(default_factory=dict)


def of_queue(now: datetime) -> Figures:
    """The queue in figures, as it was at most `QUEUE_FIGURES_SECONDS` ago."""
    return _kept("queue", settings.QUEUE_FIGURES_SECONDS, lambda: count(now))


def count(now: datetime) -> Figures:
    """The queue in figures: four queries, which look at each case that waits twice."""
    waiting = Case.objects.awaiting_review().order_by()
    not_held = Q(held_until=None) | Q(held_until__lte=now)
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    groups = list(
        waiting.values("account_class", "rights_now").annotate(
            n=Count("*"),
            loose=Count("pk", filter=unclaimed & not_held),
            late=Count("pk", filter=Q(review_due__lte=now)),
            held=Count("pk", filter=~not_held),
            oldest=Min(Coalesce("review_since", "submitted_at")),
        )
    )
    # Those of which a decision is under way are few, and asked for each case they would cost more than all the rest.
    under_way = waiting.unclaimed(now).not_held(now).filter(pk__in=Ruling.objects.open().values("case")).count()
    reasons = CaseReason.objects.values_list("code").annotate(n=Count("*")).order_by("-n", "code")
    # Apart from the others: PostgreSQL takes the parts of a code for many, and would sort all cases to group by them with the rest.
    provinces = waiting.values_list(Substr("declared_uscc", 3, 2)).annotate(n=Count("*")).order_by("-n")
    return Figures(
        waiting=sum(group["n"] for group in groups),
        free=sum(group["loose"] for group in groups) - under_way,
        late=sum(group["late"] for group in groups),
        held=sum(group["held"] for group in groups),
        oldest=min((group["oldest"] for group in groups if group["oldest"]), default=None),
        by_reason=dict(reasons),
        by_class=_summed(groups, "account_class"),
        by_tier=_summed(groups, "rights_now"),
        by_province=dict(provinces),
    )


def _summed(groups: list[dict[str, Any]], by: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for group in groups:
        sums[group[by]] += group["n"]
    return dict(sums.most_common())


# --- The last two weeks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """One day of the queue; of today, what has been of it."""

    day: date
    came: int
    decided: int
    backlog: int
    """What waited when the day ended."""
    median: float | None
    """Working hours that those which were decided had waited: half of them no longer than this. None where none was decided."""
    p90: float | None


def lately(now: datetime) -> list[Day]:
    """The last `DAYS` days, today at the end, as they were at most a few minutes ago."""
    return _kept("lately", settings.QUEUE_FIGURES_SECONDS * CHART_KEEPS, lambda: look_back(now))


def look_back(now: datetime) -> list[Day]:
    """The last `DAYS` days from the decisions on record: four queries. The backlog is reckoned back from what waits now."""
    today = timezone.localdate(now)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    since = timezone.make_aware(datetime.combine(days[0], datetime.min.time()))
    decisions = Decision.objects.filter(decided_at__gte=since).order_by()
    # Rights that were given back on an appeal took it from the queue as well, and have waited; others never were in it.
    by_person = decisions.filter(Q(verb__in=guards.NEEDS_CLAIM) | Q(waited__isnull=False), decided_by__isnull=False)
    came = _by_day(decisions.filter(verb__in=("hold_for_review", "reopen")), "decided_at")
    came += _by_day(Appeal.objects.filter(at__gte=since).order_by(), "at")
    decided: Counter[date] = Counter()
    waited: dict[date, Counter[int]] = defaultdict(Counter)
    rows = by_person.annotate(day=TruncDate("decided_at"), tenths=Floor(F("waited") * _TENTHS)).values_list("day", "tenths")
    for day, tenths, n in rows.annotate(n=Count("pk")):
        decided[day] += n
        if tenths is not None:
            waited[day][int(tenths)] += n
    grown = [came[day] - decided[day] for day in days]
    # What waited at the end of a day is what waits now, less what it has grown by since.
    since_then = list(accumulate(reversed(grown[1:]), initial=0))[::-1]
    waiting = Case.objects.awaiting_review().count()
    return [
        Day(day, came[day], decided[day], max(0, waiting - later), _percentile(waited[day], 0.5), _percentile(waited[day], 0.9))
        for day, later in zip(days, since_then, strict=True)
    ]


def _by_day(rows: Any, moment: str) -> Counter[date]:
    return Counter(dict(rows.annotate(day=TruncDate(moment)).values_list("day").annotate(n=Count("pk"))))


def _percentile(tenths: Counter[int], share: float) -> float | None:
    """The least value that at least this share of them do not exceed."""
    wanted = share * tenths.total()
    reached = 0
    for value in sorted(tenths):
        reached += tenths[value]
        if reached >= wanted:
            return value / _TENTHS
    return None
