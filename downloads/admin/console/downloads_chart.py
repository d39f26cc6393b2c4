"""Draws an employer's downloads over time as SVG without script or style.

The page shows the same numbers as a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from downloads.models import GateDecision
from employers.models import Employer

DAYS: Final = 30
REFUSED_AT_MOST: Final = 2000
"""The refusals that are read, the latest ones; a quota bounds the downloads."""
WIDTH: Final = 600
HEIGHT: Final = 120
_GAP: Final = 4


@dataclass(frozen=True)
class Day:
    day: date
    downloads: int
    refused: int | None
    """None if the refusals of that day were not read to their end."""


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawn:
    """The days, oldest first, and two bars for each."""

    days: Sequence[Day]
    downloads: Sequence[Bar]
    refused: Sequence[Bar]
    most: int

    width, height = WIDTH, HEIGHT

    @property
    def total(self) -> int:
        return sum(day.downloads for day in self.days)

    @property
    def total_refused(self) -> int:
        return sum(day.refused or 0 for day in self.days)

    @property
    def is_cut(self) -> bool:
        return any(day.refused is None for day in self.days)


def of_employer(employer: Employer, now: datetime) -> Drawn:
    """Return the chart of the company's downloads and the employer's refusals."""
    today = timezone.localtime(now).date()
    first = today - timedelta(days=DAYS - 1)
    since = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    allowed = (
        GateDecision.objects.of_company(employer.uscc, None)
        .filter(decided_at__gte=since)
        .annotate(day=TruncDate("decided_at"))
        .values_list("day")
        .order_by()
        .annotate(many=Count("pk"))
    )
    answers = GateDecision.objects.filter(employer_id=employer.pk, decided_at__gte=since)
    refusals = list(
        answers.filter(allowed=False, test=False)
        .order_by("-decided_at")
        .values_list("decided_at", flat=True)[: REFUSED_AT_MOST + 1]
    )
    return draw_downloads_chart(first, dict(allowed), refusals)


def draw_downloads_chart(
    first: date, downloads: dict[date, int], refusals: Sequence[datetime]
) -> Drawn:
    """Return the chart of `DAYS` days from `first` on."""
    by_day = Counter(timezone.localtime(at).date() for at in refusals)
    is_cut = len(refusals) > REFUSED_AT_MOST
    known_after = timezone.localtime(refusals[-1]).date() if is_cut else None
    days = [
        Day(day, downloads.get(day, 0), None if known_after and day <= known_after else by_day[day])
        for day in (first + timedelta(days=n) for n in range(DAYS))
    ]
    most = max((max(day.downloads, day.refused or 0) for day in days), default=0) or 1
    step = WIDTH / len(days)
    wide = (step - _GAP) / 2
    return Drawn(
        days,
        list(_bars((day.downloads for day in days), 0, step, wide, most)),
        list(_bars((day.refused or 0 for day in days), wide, step, wide, most)),
        most,
    )


def _bars(
    values: Iterable[int], offset: float, step: float, wide: float, most: int
) -> Iterable[Bar]:
    for n, value in enumerate(values):
        height = round(value / most * HEIGHT, 1)
        yield Bar(round(n * step + offset, 1), round(HEIGHT - height, 1), round(wide, 1), height)
