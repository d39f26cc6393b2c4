"""Assigns the lines of a column to its labels.

Print is set tight in one licence, wide in the next, and sometimes askew on the form: a value's
second line may be level with the label below. So no line is judged alone. Labels and lines keep
their order from top to bottom, and the cheapest of all assignments is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import fmean
from typing import Final, Protocol

LEFT: Final = 1.5
"""The cost of a line without a label."""
EMPTY: Final = 1.0
"""The cost of a label without lines."""
WRAP: Final = 0.3
"""The cost of each further line of a value. `SHORT_WRAP` is for values that seldom wrap."""
SHORT_WRAP: Final = 2.0
HEADLESS: Final = 0.5
"""The cost of a paragraph that begins right below a line that no label takes."""
MOST_LINES: Final = 5
"""The most lines of a value that is not a paragraph."""
MOST_STARTS: Final = 12
"""The number of lines near a label that may begin its value."""
MOST_NEXT: Final = 3
"""The number of lines that may be the next of a value. Text read twice overlaps itself."""
FARTHEST: Final = 1.4
"""The farthest that a value's middle may be from its label's, in heights of a line."""
LEVEL: Final = 0.6
"""The farthest that the middles of two texts in one row may be apart, in heights."""
APART: Final = 3
"""How far right of the nearest line in a label's row something else begins, in heights of a line.

It may be a stamp or another paper.
"""
REACH: Final = 12
"""How far right of its label a line may be something else, in heights of the line."""


class Extent(Protocol):
    """A text on a straightened page: its ends, middle and height, in pixels."""

    @property
    def x0(self) -> float: ...
    @property
    def x1(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def h(self) -> float: ...


@dataclass(frozen=True)
class Rule:
    """How a label's value is set: if it `wraps`, and if it is a `paragraph` of any length."""

    wraps: bool
    paragraph: bool = False


Run = tuple[int, ...]
"""The indices of the lines of one value, top to bottom."""
Misfit = Callable[[int, Run], float]
"""The cost of these lines as the value of the label of that index, judged by their text."""


@dataclass(frozen=True)
class _Shared:
    """One assignment of the lines down to `last` (-1 for none).

    `cost` is reduced by `LEFT` for each line taken.
    """

    cost: float
    runs: tuple[Run, ...]
    last: int


def shared_out(
    labels: Sequence[Extent], lines: Sequence[Extent], rules: Sequence[Rule], misfit: Misfit
) -> tuple[Run, ...]:
    """Return the indices of the `lines` of each of `labels`.

    Both are in one column and ordered from top to bottom. Time grows with labels × lines: only a
    few lines may begin a value, and only a few may continue it.
    """
    ways = {-1: _Shared(0.0, (), -1)}  # the cheapest, by the last line taken
    for number, (label, rule) in enumerate(zip(labels, rules, strict=True)):
        cheapest = _cheapest_until(ways, len(lines))
        then = {
            last: replace(way, cost=way.cost + EMPTY, runs=(*way.runs, ()))
            for last, way in ways.items()
        }
        for run in _runs(label, lines, rule):
            first, last = run[0], run[-1]
            cost = (
                _cost(label, [lines[i] for i in run], rule) + misfit(number, run) - LEFT * len(run)
            )
            headless = (
                rule.paragraph
                and first > 0
                and _goes_on(label, lines[first], lines[first - 1], lines[first], rule)
            )
            befores = [
                (cheapest[max(0, first - 1)], HEADLESS * headless),
                *([(ways[first - 1], 0.0)] if first - 1 in ways else []),
            ]
            before, more = min(befores, key=lambda way: way[0].cost + way[1])
            if last not in then or before.cost + more + cost < then[last].cost:
                then[last] = _Shared(before.cost + more + cost, (*before.runs, run), last)
        ways = then
    return min(ways.values(), key=lambda way: way.cost).runs


def _cheapest_until(ways: Mapping[int, _Shared], lines: int) -> list[_Shared]:
    """Return, for each index of a line, the cheapest of `ways` that takes only lines above it."""
    best = [ways[-1]]
    for line in range(lines):
        best.append(min(best[-1], ways.get(line, best[-1]), key=lambda way: way.cost))
    return best


def _runs(label: Extent, lines: Sequence[Extent], rule: Rule) -> Iterator[Run]:
    """Yield every possible value of `label`."""
    beside = [i for i, line in enumerate(lines) if _is_right_of(label, line)]
    level = (
        lines[i].x0 for i in beside if abs(lines[i].y - label.y) < LEVEL * max(lines[i].h, label.h)
    )
    nearest = min(level, default=math.inf)
    starts = sorted(
        (i for i in beside if lines[i].x0 < nearest + APART * lines[i].h),
        key=lambda i: abs(lines[i].y - label.y),
    )
    open_: list[Run] = [(i,) for i in starts[:MOST_STARTS]]
    while open_:
        run = open_.pop()
        if abs(_offset(label, [lines[i] for i in run], rule)) < FARTHEST:
            yield run
        if rule.paragraph or len(run) < MOST_LINES:
            following = (
                j
                for j in range(run[-1] + 1, len(lines))
                if _goes_on(label, lines[run[0]], lines[run[-1]], lines[j], rule)
            )
            open_ += [(*run, j) for j in islice(following, 1 if rule.paragraph else MOST_NEXT)]


def _is_right_of(label: Extent, line: Extent) -> bool:
    return line.x0 >= label.x1 - 0.8 * line.h and abs(line.y - label.y) < 3 * max(line.h, label.h)


def _goes_on(label: Extent, first: Extent, last: Extent, line: Extent, rule: Rule) -> bool:
    """Whether `line` may be the next of a value: close below, and aligned with its first line.

    Where a line is glued to its label, the position of its start is a guess.
    """
    if not 0.35 * last.h < line.y - last.y < (3.0 if rule.paragraph else 1.5) * max(last.h, line.h):
        return False
    glued = any(abs(each.x0 - label.x1) < 0.1 * each.h for each in (first, line))
    left, right = (3.0, 6.0) if rule.paragraph else (3.0, 3.0) if glued else (1.5, 1.5)
    return -left * line.h < line.x0 - first.x0 < right * line.h and 0.6 < line.h / first.h < 1.6


def _offset(label: Extent, run: Sequence[Extent], rule: Rule) -> float:
    """Return the distance of a value from its label, in heights.

    A label is level with its value's first line or with its middle.
    """
    height = max(fmean(line.h for line in run), 0.7 * label.h)
    middle = run[0].y if rule.paragraph else fmean(line.y for line in run)
    return min((run[0].y - label.y, middle - label.y), key=abs) / height


def _cost(label: Extent, run: Sequence[Extent], rule: Rule) -> float:
    cost = 2 * _offset(label, run, rule) ** 2
    cost += 1.5 * (run[0].x0 - label.x1 > REACH * run[0].h)
    if rule.paragraph:
        return cost
    cost += (len(run) - 1) * (WRAP if rule.wraps else SHORT_WRAP)
    for above, below in pairwise(run):
        cost += 2 * max(0.0, (below.y - above.y) / max(above.h, below.h) - 1.2)
    return cost
