"""Which characters of a page does a person read one after the other, whatever order its file keeps
them in?

Both sources give runs: the characters of a PDF cut into cells where they stand apart, and the lines
that a reader saw. A value may go on in the next cell, on the next line, or stand in the row beneath
its label; so a page is put into texts in each of these ways, and what is found in any of them
counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from documents.page.boxes import TextBox

Quad = npt.NDArray[np.float32]
"""4 × 2: corners in pixels of the page, from the text's own top left, clockwise as one reads."""

SPACE: Final = 0.18
GAP: Final = 1.5
"""Heights between two characters, from which on there is a space, or another cell."""
SEARCHED: Final = 200
"""Runs further down the page, among which the one beneath is looked for."""
ACROSS: Final = 160
"""Characters of a run that are read together with those of another: so much is the longest value
with its label.
"""
SHORT: Final = 8
MOST_DOWN: Final = 11
"""Characters of a line, and lines, in which a number may be written down a column."""
LEADING: Final = 1.37
"""Of a character with its leading, where that of its size alone is 1."""
NEAR: Final = 0.6
"""Heights between two runs that are one."""
_NARROW: Final = 0.55
"""The width of a Latin character or a digit, where that of a Chinese one is 1."""


@dataclass(frozen=True, eq=False)
class Run:
    """Characters in one line, and the corners of each; a space between two has those of the gap."""

    text: str
    quads: npt.NDArray[np.float32]
    seen: bool
    """Whether a reader saw it; otherwise the file says so."""

    @cached_property
    def middle(self) -> tuple[float, float]:
        x, y = self.quads.reshape(-1, 2).mean(axis=0)
        return float(x), float(y)

    @cached_property
    def height(self) -> float:
        return float(np.median(np.linalg.norm(self.quads[:, 3] - self.quads[:, 0], axis=1)))

    @cached_property
    def direction(self) -> tuple[float, float]:
        """Of reading: a vector as long as the run."""
        x, y = (self.quads[-1, 1] + self.quads[-1, 2] - self.quads[0, 0] - self.quads[0, 3]) / 2
        return float(x), float(y)


@dataclass(frozen=True, eq=False)
class Reading:
    """A text put together of runs: for each character its run and its index there, or None for what
    is between runs.
    """

    text: str
    sources: tuple[tuple[Run, int] | None, ...]
    only_across: bool = False
    """Whether only what begins behind the first line counts, since the rest is said elsewhere."""


# --- From the two sources -------------------------------------------------------------------------


def runs_of_letters(letters: npt.NDArray[Any]) -> list[Run]:
    """The characters of a PDF (`opening.LETTER`), those with ink, as cells: level lines, cut where
    they stand apart.
    """
    inked = letters[
        (letters["box"][:, 2] > letters["box"][:, 0])
        & (letters["height"] > 0)
        & (letters["code"] >= 32)
    ]
    runs: list[Run] = []
    for line in _levels(inked):
        height = float(np.median(line["height"])) / LEADING
        start = 0
        gaps = line["advance"][1:, 0] - line["advance"][:-1, 1]
        for end in [*(np.flatnonzero(gaps > GAP * height) + 1).tolist(), len(line)]:
            runs.append(_cell(line[start:end], height))
            start = end
    return runs


def _levels(letters: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """`letters` by the line they stand on, each from left to right."""
    order = np.argsort(letters["at"][:, 1], kind="stable")
    letters = letters[order]
    start = 0
    for end in range(1, len(letters) + 1):
        if (
            end == len(letters)
            or letters["at"][end, 1] - letters["at"][start, 1] > 0.3 * letters["height"][start]
        ):
            line = letters[start:end]
            yield line[np.argsort(line["box"][:, 0], kind="stable")]
            start = end


def _cell(line: npt.NDArray[Any], height: float) -> Run:
    text: list[str] = []
    quads: list[Quad] = []
    inked = line[line["code"] > 32] if (line["code"] > 32).any() else line
    top, bottom = _reach(inked)
    before: float | None = None
    for letter in line:
        x0, _, x1, _ = (float(edge) for edge in letter["box"])
        start, end = (float(edge) for edge in letter["advance"])
        if before is not None and start - before > SPACE * height:
            text.append(" ")
            quads.append(_upright(before, top, start, bottom))
        text.append(chr(int(letter["code"])))
        quads.append(_upright(x0, top, x1, bottom))
        before = end
    return Run("".join(text), np.stack(quads), seen=False)


def quad_of_letter(letters: npt.NDArray[Any]) -> Quad:
    """The corners of one character of a PDF, given as an array of one."""
    top, bottom = _reach(letters)
    return _upright(float(letters["box"][0, 0]), top, float(letters["box"][0, 2]), bottom)


def _reach(letters: npt.NDArray[Any]) -> tuple[float, float]:
    """How far up and down `letters` of one line reach: their ink, and at least as far as letters of
    their size usually do.
    """
    boxes = letters["box"]
    size = min(
        float(np.median(letters["height"])) / LEADING,
        1.7 * float((boxes[:, 3] - boxes[:, 1]).max()),
    )
    line = float(np.median(letters["at"][:, 1]))
    return min(float(boxes[:, 1].min()), line - 0.74 * size), max(
        float(boxes[:, 3].max()), line + 0.14 * size
    )


def _upright(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)


def run_of_box(box: TextBox) -> Run | None:
    """What a reader saw in one line, its characters shared out along it; None for nothing."""
    if not box.text:
        return None
    edges = _edges(box)
    a, b, c, d = (np.array(corner, dtype=np.float32) for corner in box.polygon)
    quads = [
        np.stack([a + (b - a) * s, a + (b - a) * e, d + (c - d) * e, d + (c - d) * s])
        for s, e in edges
    ]
    return Run(box.text, np.stack(quads), seen=True)


def _edges(box: TextBox) -> list[tuple[float, float]]:
    """Where each character begins and ends along its line, 0..1: half way to its neighbours, where
    the reader told their middles.
    """
    if len(box.at) == len(box.text):
        middles = np.maximum.accumulate(np.array(box.at))
        between = (middles[1:] + middles[:-1]) / 2
        half = box.height / max(box.length, 1.0) / 2
        ends = [
            max(0.0, float(middles[0]) - half),
            *between.tolist(),
            min(1.0, float(middles[-1]) + half),
        ]
        return list(pairwise(ends))
    widths = [1.0 if ord(character) > 0x2E80 else _NARROW for character in box.text]
    ends = [0.0, *np.cumsum(widths).tolist()]
    return [(start / ends[-1], end / ends[-1]) for start, end in pairwise(ends)]


# --- Put together ---------------------------------------------------------------------------------


def readings(runs: Sequence[Run]) -> Iterator[Reading]:
    """`runs` of one page as a person may read them: row by row, each with what stands beneath it,
    and down a column of digits.
    """
    if not runs:
        return
    level = [
        _Level(run, *_rotated(run.middle, angle), _extent(run, angle))
        for angle in [_angle(runs)]
        for run in runs
    ]
    yield _joined(_rows(level))
    down = sorted(level, key=lambda piece: piece.across)
    beneath: dict[_Level, _Level] = {}
    for number, upper in enumerate(down):
        if (lower := _beneath(upper, down[number + 1 : number + 1 + SEARCHED])) is not None:
            beneath[upper] = lower
    for upper, lower in beneath.items():
        yield _joined([[_end(upper)], [_begin(lower)]], only_across=True)
        yield _joined([[_end(upper), _begin(lower)]], only_across=True)
        column = [_end(upper)]
        while (
            (next_down := beneath.get(column[-1] if len(column) > 1 else upper))
            and _is_digits(next_down)
            and len(column) < MOST_DOWN
        ):
            column.append(next_down)
        if len(column) > 2:
            yield _joined([[piece] for piece in column], only_across=True)


def _end(piece: _Level) -> _Level:
    """`piece`, of a long run its end: what begins further before does not reach into the next."""
    run = piece.run
    return (
        replace(piece, run=Run(run.text[-ACROSS:], run.quads[-ACROSS:], run.seen))
        if len(run.text) > ACROSS
        else piece
    )


def _begin(piece: _Level) -> _Level:
    run = piece.run
    return (
        replace(piece, run=Run(run.text[:ACROSS], run.quads[:ACROSS], run.seen))
        if len(run.text) > ACROSS
        else piece
    )


def _is_digits(piece: _Level) -> bool:
    return len(piece.run.text) <= SHORT and all(
        character.isnumeric() or character == " " for character in piece.run.text
    )


def _angle(runs: Sequence[Run]) -> float:
    """The direction in which most of `runs` are read, in radians."""
    x, y = np.sum([run.direction for run in runs], axis=0)
    return math.atan2(float(y), float(x))


@dataclass(frozen=True, eq=False)
class _Level:
    """A run, its middle along and across the direction of reading, and from where to where it
    reaches along it.
    """

    run: Run
    along: float
    across: float
    extent: tuple[float, float]


def _rotated(point: tuple[float, float], angle: float) -> tuple[float, float]:
    x, y = point
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def _extent(run: Run, angle: float) -> tuple[float, float]:
    along = [_rotated((float(x), float(y)), angle)[0] for x, y in run.quads.reshape(-1, 2)]
    return min(along), max(along)


def _rows(level: Iterable[_Level]) -> list[list[_Level]]:
    rows: list[list[_Level]] = []
    for piece in sorted(level, key=lambda piece: piece.across):
        if rows and piece.across - rows[-1][-1].across < 0.5 * min(
            piece.run.height, rows[-1][-1].run.height
        ):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.along) for row in rows]


def _beneath(upper: _Level, level: Iterable[_Level]) -> _Level | None:
    """What stands under `upper`, within two and a half lines."""
    below = [
        piece
        for piece in level
        if 0.6 * upper.run.height
        < piece.across - upper.across
        < 3.2 * max(upper.run.height, piece.run.height)
        and min(piece.extent[1], upper.extent[1]) - max(piece.extent[0], upper.extent[0])
        > 0.3 * min(_length(piece), _length(upper))
    ]
    return min(below, key=lambda piece: piece.across, default=None)


def _length(piece: _Level) -> float:
    return piece.extent[1] - piece.extent[0]


def _joined(rows: Sequence[Sequence[_Level]], *, only_across: bool = False) -> Reading:
    """The text of `rows`. Two runs close together are one cell that a reader has broken."""
    text: list[str] = []
    sources: list[tuple[Run, int] | None] = []
    for row in rows:
        before: _Level | None = None
        for piece in row:
            if text:
                near = (
                    before is not None
                    and abs(piece.extent[0] - before.extent[1]) < NEAR * piece.run.height
                )
                text.append("\n" if before is None else " " if near else "\t")
                sources.append(None)
            before = piece
            text += piece.run.text
            sources += [(piece.run, index) for index in range(len(piece.run.text))]
    return Reading("".join(text), tuple(sources), only_across)
