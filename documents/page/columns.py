"""Which lines of a column belong to which label?

Print is set tight in one licence and wide in the next, and askew on the form: a value's second line
may stand level with the label below. So no line is judged by itself. Labels and lines keep their
order from top to bottom; of all ways to share the lines out among the labels, the one that costs
least is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import fmean
from typing import Final, Protocol

LEFT: Final = 1.5
"""What a line costs that no label takes."""
EMPTY: Final = 1.0
"""What a label costs that has no line."""
WRAP: Final = 0.3
"""What each line of a value after its first costs, and `SHORT_WRAP` where such values seldom have
one.
"""
SHORT_WRAP: Final = 2.0
HEADLESS: Final = 0.5
"""What a paragraph costs that begins below a line of its own which no label takes."""
MOST_LINES: Final = 5
"""Of a value that is no paragraph."""
MOST_STARTS: Final = 12
"""Lines about a label, the nearest, with which its value may begin."""
MOST_NEXT: Final = 3
"""Lines that may be the next of a value: what was read twice lies on itself."""
FARTHEST: Final = 1.4
"""Heights of a line between the middle of a label and that of its value."""
LEVEL: Final = 0.6
"""Heights between the middles of what stands in one row."""
APART: Final = 3
"""Heights of a line right of the nearest in a label's row, from which on it is something else: a
stamp, another paper.
"""
REACH: Final = 12
"""Heights of a line right of its label, beyond which it may be something else."""


class Extent(Protocol):
    """A text on a straightened page: its ends, its middle and its height, in pixels."""

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
    """How a label's value is set: whether it `wraps`, and whether it is a `paragraph`, as long as
    its lines go on.
    """

    wraps: bool
    paragraph: bool = False


Run = tuple[int, ...]
"""The numbers of the lines of one value, top to bottom."""
Misfit = Callable[[int, Run], float]
"""What it costs, by what they say, to take these lines for the value of the label of that number.
"""


@dataclass(frozen=True)
class _Shared:
    """One way to share out the lines down to `last` (-1 for none): who takes which, and what it
    costs, less `LEFT` for each taken.
    """

    cost: float
    runs: tuple[Run, ...]
    last: int


def shared_out(
    labels: Sequence[Extent], lines: Sequence[Extent], rules: Sequence[Rule], misfit: Misfit
) -> tuple[Run, ...]:
    """For each of `labels` the numbers of its `lines`; both are given from top to bottom, and share
    a column.

    Time grows with labels × lines, whatever they are: few lines may begin a value, and few may go
    on with it.
    """
    ways = {-1: _Shared(0.0, (), -1)}  # by the last line taken, the cheapest
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
    """For each number of a line, the cheapest of `ways` that takes neither it nor any below."""
    best = [ways[-1]]
    for line in range(lines):
        best.append(min(best[-1], ways.get(line, best[-1]), key=lambda way: way.cost))
    return best


def _runs(label: Extent, lines: Sequence[Extent], rule: Rule) -> Iterator[Run]:
    """Every value that `label` may have."""
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
    """Whether `line` may be the next of a value: close below, and begun where the first line
    begins.

    Where a line is glued to its label, it is a guess where it begins.
    """
    if not 0.35 * last.h < line.y - last.y < (3.0 if rule.paragraph else 1.5) * max(last.h, line.h):
        return False
    glued = any(abs(each.x0 - label.x1) < 0.1 * each.h for each in (first, line))
    left, right = (3.0, 6.0) if rule.paragraph else (3.0, 3.0) if glued else (1.5, 1.5)
    return -left * line.h < line.x0 - first.x0 < right * line.h and 0.6 < line.h / first.h < 1.6


def _offset(label: Extent, run: Sequence[Extent], rule: Rule) -> float:
    """How far, in heights, a value stands from its label, which is set level with its first line or
    with its middle.
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
