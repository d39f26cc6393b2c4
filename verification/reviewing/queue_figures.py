"""Figures of the review queue: its length, its contents and the last two weeks.

The database counts them, in a fixed number of queries, and they are cached for a few seconds.
Golden cases count only for the reviewer they were made for: a figure that is off by one would
reveal them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce, Floor, Substr, TruncDate
from django.utils import timezone

from verification.cases import guards
from verification.models import Appeal, Case, CaseQuerySet, CaseReason, Decision, Ruling

DAYS: Final = 14
CHART_CACHED_TIMES: Final = 20
"""The chart is cached this many times as long as the figures, because days change slowly."""
_TENTHS: Final = 10
"""Waiting times are rounded down to a tenth of an hour."""

Cached = TypeVar("Cached")


def _cached(name: str, seconds: int, made: Callable[[], Cached]) -> Cached:
    cached: Any = cache.get_or_set(f"verification.figures.{name}", made, seconds)
    found: Cached = cached
    return found


# --- The queue now --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """The cases that wait for a reviewer at one moment."""

    waiting: int = 0
    free: int = 0
    late: int = 0
    postponed: int = 0
    oldest: datetime | None = None
    """When the case that has waited longest came in."""
    by_reason: Mapping[str, int] = field(default_factory=dict)
    by_class: Mapping[str, int] = field(default_factory=dict)
    by_tier: Mapping[str, int] = field(default_factory=dict)
    by_province: Mapping[str, int] = field(default_factory=dict)

    def and_also(self, other: Figures) -> Figures:
        """Return the sum of these figures and `other`."""
        oldest = min(filter(None, (self.oldest, other.oldest)), default=None)
        summed: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("waiting", "free", "late", "postponed")
        }
        by: dict[str, Any] = {
            name: _added(getattr(self, name), getattr(other, name))
            for name in ("by_reason", "by_class", "by_tier", "by_province")
        }
        return Figures(oldest=oldest, **summed, **by)


def _added(some: Mapping[str, int], others: Mapping[str, int]) -> Mapping[str, int]:
    return dict((Counter(some) + Counter(others)).most_common()) if others else some


def of_queue(now: datetime, reviewer: UUID) -> Figures:
    """Return the figures of the queue, at most `QUEUE_FIGURES_SECONDS` old, as this reviewer sees
    it.
    """
    cached = _cached("waiting", settings.QUEUE_FIGURES_SECONDS, lambda: count_queue(now))
    own = _made_for(reviewer)
    return cached.and_also(count_queue(now, own)) if own.exists() else cached


def _made_for(reviewer: UUID) -> CaseQuerySet:
    own: CaseQuerySet = Case.objects.filter(
        golden=True, golden_turn__reviewer=reviewer, golden_turn__lapsed_at=None
    )
    return own


def count_queue(now: datetime, among: CaseQuerySet | None = None) -> Figures:
    """Count the queue in four queries, which read each waiting case twice.

    `among` counts the given golden cases; without it, all real cases count.
    """
    waiting = (Case.objects.real() if among is None else among).queued().order_by()
    not_postponed = Q(held_until=None) | Q(held_until__lte=now)
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    groups = list(
        waiting.values("account_class", "rights_now").annotate(
            n=Count("*"),
            loose=Count("pk", filter=unclaimed & not_postponed),
            late=Count("pk", filter=Q(review_due__lte=now)),
            postponed=Count("pk", filter=~not_postponed),
            oldest=Min(Coalesce("review_since", "submitted_at")),
        )
    )
    # Few cases have a ruling under way. A subquery for each case would cost more than the rest.
    under_way = (
        waiting.unclaimed(now)
        .not_postponed(now)
        .filter(pk__in=Ruling.objects.open().values("case"))
        .count()
    )
    # Golden cases are few and indexed. A join with their cases would look up every reason by
    # itself.
    those: Any = (Case.objects.filter(golden=True) if among is None else waiting).values("pk")
    of_cases = (
        CaseReason.objects.exclude(case__in=those)
        if among is None
        else CaseReason.objects.filter(case__in=those)
    )
    reasons = of_cases.values_list("code").annotate(n=Count("*")).order_by("-n", "code")
    # A query of its own: PostgreSQL expects many distinct substrings, and would sort all cases to
    # group by them together with the rest.
    provinces = (
        waiting.values_list(Substr("declared_uscc", 3, 2)).annotate(n=Count("*")).order_by("-n")
    )
    return Figures(
        waiting=sum(group["n"] for group in groups),
        free=sum(group["loose"] for group in groups) - under_way,
        late=sum(group["late"] for group in groups),
        postponed=sum(group["postponed"] for group in groups),
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


# --- The last two weeks ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """One day of the queue; for today, the figures so far."""

    day: date
    came: int
    decided: int
    backlog: int
    """The number of cases waiting at the end of the day."""
    median: float | None
    """Median working hours that the decided cases had waited; None if none was decided."""
    p90: float | None


@dataclass
class _Fortnight:
    """Counts from which the last days are calculated. Two of them can be added."""

    came: Counter[date]
    decided: Counter[date]
    waited: dict[date, Counter[int]]
    """The decided cases by waiting time, in tenths of an hour."""
    waiting: int

    def and_also(self, other: _Fortnight) -> _Fortnight:
        days = {*self.waited, *other.waited}
        waited = {
            day: self.waited.get(day, Counter()) + other.waited.get(day, Counter()) for day in days
        }
        return _Fortnight(
            self.came + other.came,
            self.decided + other.decided,
            waited,
            self.waiting + other.waiting,
        )

    def days(self, now: datetime) -> list[Day]:
        """Return each day, today last, with backlogs calculated back from the present one."""
        days = _days(now)
        grown = [self.came[day] - self.decided[day] for day in days]
        # The backlog at the end of a day is the present one, less its growth since.
        since_then = list(accumulate(reversed(grown[1:]), initial=0))[::-1]
        return [
            Day(
                day,
                self.came[day],
                self.decided[day],
                max(0, self.waiting - later),
                _percentile(self.waited.get(day, Counter()), 0.5),
                _percentile(self.waited.get(day, Counter()), 0.9),
            )
            for day, later in zip(days, since_then, strict=True)
        ]


def recent_days(now: datetime, reviewer: UUID) -> list[Day]:
    """Return the last `DAYS` days, today last, as this reviewer sees them, at most minutes old."""
    cached = _cached(
        "lately", settings.QUEUE_FIGURES_SECONDS * CHART_CACHED_TIMES, lambda: _count_fortnight(now)
    )
    own = _made_for(reviewer)
    return (cached.and_also(_count_fortnight(now, own)) if own.exists() else cached).days(now)


def days_on_record(now: datetime) -> list[Day]:
    """Return the last `DAYS` days from the decisions on record, in four queries."""
    return _count_fortnight(now).days(now)


def _days(now: datetime) -> list[date]:
    today = timezone.localdate(now)
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def _count_fortnight(now: datetime, among: CaseQuerySet | None = None) -> _Fortnight:
    since = timezone.make_aware(datetime.combine(_days(now)[0], datetime.min.time()))
    decisions = Decision.objects.filter(decided_at__gte=since).order_by()
    decisions = (
        decisions.filter(case__golden=False)
        if among is None
        else decisions.filter(case__in=among.values("pk"))
    )
    # An appeal that restores rights also leaves the queue, and has a waiting time. Other decisions
    # without a claim were never in the queue.
    by_person = decisions.filter(
        Q(verb__in=guards.NEEDS_CLAIM) | Q(waited__isnull=False), decided_by__isnull=False
    )
    came = _by_day(decisions.filter(verb__in=("hold_for_review", "reopen")), "decided_at")
    if among is None:  # no one appeals in a golden case
        came += _by_day(Appeal.objects.filter(at__gte=since).order_by(), "at")
    decided: Counter[date] = Counter()
    waited: dict[date, Counter[int]] = defaultdict(Counter)
    rows = by_person.annotate(
        day=TruncDate("decided_at"), tenths=Floor(F("waited") * _TENTHS)
    ).values_list("day", "tenths")
    for day, tenths, n in rows.annotate(n=Count("pk")):
        decided[day] += n
        if tenths is not None:
            waited[day][int(tenths)] += n
    return _Fortnight(
        came,
        decided,
        dict(waited),
        (Case.objects.real() if among is None else among).queued().count(),
    )


def _by_day(rows: Any, moment: str) -> Counter[date]:
    return Counter(
        dict(rows.annotate(day=TruncDate(moment)).values_list("day").annotate(n=Count("pk")))
    )


def _percentile(tenths: Counter[int], share: float) -> float | None:
    """Return the smallest value that at least this share of the counted values do not exceed."""
    wanted = share * tenths.total()
    reached = 0
    for value in sorted(tenths):
        reached += tenths[value]
        if reached >= wanted:
            return value / _TENTHS
    return None
