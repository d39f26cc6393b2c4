"""Draws intervals and distributions of times as SVG without script or style.

The page shows the same numbers as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verification.quality.kappa import Kappa

WIDTH: Final = 280
HEIGHT: Final = 24
_EDGE: Final = 6


@dataclass(frozen=True)
class Strip:
    """κ on the scale from -1 to 1, with its interval."""

    low: float
    high: float
    at: float
    chance: float
    """Where 0 is: the agreement expected by chance."""

    width, height, middle = WIDTH, HEIGHT, HEIGHT / 2
    start, end = _EDGE, WIDTH - _EDGE


def kappa_strip(told: Kappa) -> Strip | None:
    """Return the chart of a κ; None if there is none."""
    if told.untold:
        return None
    return Strip(_x(told.low), _x(told.high), _x(told.value), _x(0))


def _x(value: float) -> float:
    return round(_EDGE + (value + 1) / 2 * (WIDTH - 2 * _EDGE), 1)


@dataclass(frozen=True)
class Bar:
    """One bar of a distribution, and its length in per cent of the longest."""

    words: str
    n: int
    length: float


def time_spread(buckets: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return the number of cases in each span of time; empty if there are none."""
    most = max((n for _, n in buckets), default=0)
    return [Bar(words, n, round(100 * n / most, 1)) for words, n in buckets] if most else []
