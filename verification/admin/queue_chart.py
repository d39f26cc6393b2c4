"""Draws two weeks of the queue as SVG without script or style.

The page shows the same numbers as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verification.reviewing.queue_figures import Day

WIDTH: Final = 280
HEIGHT: Final = 72
_GAP: Final = 2


@dataclass(frozen=True)
class Bar:
    """One bar."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawn:
    """Two small charts over the same days."""

    days: Sequence[Day]
    backlog: Sequence[Bar]
    decided: Sequence[Bar]
    """Next to the bars of the backlog, on the same scale."""
    median: str
    """The points of a polyline."""
    p90: str
    most: int
    """The top of the bars, in cases."""
    longest: float
    """The top of the lines, in working hours."""

    @property
    def today(self) -> Day:
        return self.days[-1]

    width, height = WIDTH, HEIGHT


def draw_queue_chart(days: Sequence[Day]) -> Drawn:
    """Return the charts of at least one day."""
    most = max(max(day.backlog, day.decided) for day in days) or 1
    longest = max((day.p90 for day in days if day.p90 is not None), default=0.0) or 1.0
    step = WIDTH / len(days)
    wide = (step - _GAP) / 2
    return Drawn(
        days=days,
        backlog=[_bar(n * step, wide, day.backlog / most) for n, day in enumerate(days)],
        decided=[_bar(n * step + wide, wide, day.decided / most) for n, day in enumerate(days)],
        median=_line([(n * step + wide, day.median) for n, day in enumerate(days)], longest),
        p90=_line([(n * step + wide, day.p90) for n, day in enumerate(days)], longest),
        most=most,
        longest=longest,
    )


def _bar(x: float, width: float, share: float) -> Bar:
    height = round(share * HEIGHT, 1)
    return Bar(round(x, 1), round(HEIGHT - height, 1), round(width, 1), height)


def _line(points: Sequence[tuple[float, float | None]], longest: float) -> str:
    """Return the points; a day without a decision is skipped, and the line continues after it."""
    return " ".join(
        f"{x:.1f},{HEIGHT - (value / longest) * (HEIGHT - 2) - 1:.1f}"
        for x, value in points
        if value is not None
    )
