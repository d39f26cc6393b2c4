"""How do an interval and a spread of times look? As an SVG that needs no script and no style; the same numbers stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verification.chart import Bar
from verification.kappa import Kappa

WIDTH: Final = 280
HEIGHT: Final = 72
STRIP: Final = 24
_EDGE: Final = 6
_GAP: Final = 4


@dataclass(frozen=True)
class Strip:
    """κ on the scale from -1 to 1, with its interval."""

    low: float
    high: float
    at: float
    chance: float
    """Where 0 is: what chance gives."""

    width, height, middle = WIDTH, STRIP, STRIP / 2
    start, end = _EDGE, WIDTH - _EDGE


def strip(told: Kappa) -> Strip | None:
    """The picture of a κ; None where there is none to tell."""
    if told.untold:
        return None
    return Strip(_x(told.low), _x(told.high), _x(told.value), _x(0))


def _x(value: float) -> float:
    return round(_EDGE + (value + 1) / 2 * (WIDTH - 2 * _EDGE), 1)


@dataclass(frozen=True)
class Spread:
    """How many cases took how long."""

    bars: Sequence[Bar]
    most: int

    width, height = WIDTH, HEIGHT


def spread(buckets: Sequence[int]) -> Spread | None:
    """The picture of how many cases fell into each span of time; None of no cases."""
    most = max(buckets, default=0)
    if not most:
        return None
    step = WIDTH / len(buckets)
    heights = [round(count / most * HEIGHT, 1) for count in buckets]
    bars = [
        Bar(round(place * step + _GAP / 2, 1), round(HEIGHT - height, 1), round(step - _GAP, 1), height)
        for place, height in enumerate(heights)
    ]
    return Spread(bars, most)
