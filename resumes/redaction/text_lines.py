"""Puts the characters of a page into the orders in which a person may read them.

Both sources give runs: the characters of a PDF, split into cells at gaps, and the lines of OCR. A
value may continue in the next cell or on the next line, or be below its label. So a page gives
several texts, one for each of these orders, and a finding in any of them counts.
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
"""4 × 2: corners in pixels of the page, clockwise from the text's top left."""

SPACE: Final = 0.18
GAP: Final = 1.5
"""Gaps between two characters, in heights, from which on there is a space, or a new cell."""
SEARCHED: Final = 200
"""Number of runs further down the page among which the run below is searched."""
ACROSS: Final = 160
"""Characters of a run that are read together with another run: the length of the longest value with
its label.
"""
SHORT: Final = 8
MOST_DOWN: Final = 11
"""Maximum characters of a line, and maximum lines, of a number written down a column."""
LEADING: Final = 1.37
"""Height of a character with leading, relative to its size."""
NEAR: Final = 0.6
"""Maximum gap, in heights, between two runs that are read as one."""
_NARROW: Final = 0.55
"""Width of a Latin character or a digit, relative to a Chinese character."""


@dataclass(frozen=True, eq=False)
class Run:
    """The characters of one line, and the corners of each; a space has the corners of its gap."""

    text: str
    quads: npt.NDArray[np.float32]
    seen: bool
    """Whether it comes from OCR; otherwise it comes from the file."""

    @cached_property
    def middle(self) -> tuple[float, float]:
        x, y = self.quads.reshape(-1, 2).mean(axis=0)
        return float(x), float(y)

    @cached_property
    def height(self) -> float:
        return float(np.median(np.linalg.norm(self.quads[:, 3] - self.quads[:, 0], axis=1)))

    @cached_property
    def direction(self) -> tuple[float, float]:
        """The reading direction: a vector as long as the run."""
        x, y = (self.quads[-1, 1] + self.quads[-1, 2] - self.quads[0, 0] - self.quads[0, 3]) / 2
        return float(x), float(y)


@dataclass(frozen=True, eq=False)
class Reading:
    """A text made of runs: for each character its run and its index there, or None between runs."""

    text: str
    sources: tuple[tuple[Run, int] | None, ...]
    only_across: bool = False
    """Whether only matches that end beyond the first run count, because other texts contain the
    rest.
    """


# --- Runs from the two sources --------------------------------------------------------------------


def runs_of_letters(letters: npt.NDArray[Any]) -> list[Run]:
    """Return the characters of a PDF (`opening.LETTER`) that have ink, as cells: level lines, split
    at gaps.
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
    """Yield `letters` grouped by baseline, each line from left to right."""
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
    """Return the corners of one character of a PDF, given as an array of length 1."""
    top, bottom = _reach(letters)
    return _upright(float(letters["box"][0, 0]), top, float(letters["box"][0, 2]), bottom)


def _reach(letters: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the top and bottom of `letters` on one line: their ink, extended to the usual height
    for their size.
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
    """Return an OCR line as a run, with its characters distributed along it; None if it is
    empty.
    """
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
    """Return the start and end of each character along its line, 0..1.

    If OCR reports the middles of the characters, the borders are halfway between them.
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


# --- Texts of a page ------------------------------------------------------------------------------


def reading_orders(runs: Sequence[Run]) -> Iterator[Reading]:
    """Yield the texts of one page: row by row, each run with the one below it, and columns of
    digits.
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
    """Return `piece`, or only the end of a long run: contacts that begin earlier do not reach the
    next run.
    """
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
    """Return the main reading direction of `runs`, in radians."""
    x, y = np.sum([run.direction for run in runs], axis=0)
    return math.atan2(float(y), float(x))


@dataclass(frozen=True, eq=False)
class _Level:
    """A run with its middle and its extent along the reading direction, and its middle
    across it.
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
    """Return the run below `upper`, within two and a half lines."""
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
    """Return the text of `rows`. Two runs close together are one cell that OCR has split."""
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
