"""The places on a licence that deserve a second look.

Most pages are read completely at first look. A doubt marks the place where a value is missing
beside its label, a code fails its check character, an address breaks off or a paragraph has holes,
so that a reader can read that place again, enlarged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final

from documents import uscc
from documents.page import values
from documents.page.boxes import Polygon, Rotation, TextBox, rotate_boxes
from documents.page.labels import OTHER
from documents.page.layout import BODY, Cell, Entry
from documents.page.licence_fields import LICENCE_FIELDS, SecondLook, fields_with

HEAD_HEIGHT: Final = 14
"""The height above the company's name that may hold its code, in heights of a label."""
SCOPE_HEIGHT: Final = 16
"""The height of the area for a scope that was not read at all, in heights of a label."""
ALWAYS_PRINTED: Final = fields_with(lambda field: field.always_printed)
SHORT: Final = fields_with(lambda field: field.second_look is SecondLook.UNSURE)
UNSURE: Final = 0.75
"""Short values with less confidence are read again."""
_ENDS: Final = re.compile(
    r"(?:[号室楼层幢栋村组座屯园厦厅房铺内侧旁处口场院站社委山)）]|[村路街号园]口?[东西南北]|.{9}[市区]|\d{3,}|[A-Z]\d+|[-—#]\d+)\W*$"
)


def ends_like_address(text: str) -> bool:
    """Whether `text` ends as addresses do.

    An address that does not may continue on a line that was not found, or on none.
    """
    return bool(_ENDS.search(text))


SHORT_CUT: Final = 2.2
"""How much of a line is read again if only its end is in doubt, in heights of the line."""
CLOSE: Final = 0.5
"""The distance between a label and a value that is set close to it, in heights of a line."""
UNREADABLE: Final = 0.6
"""A line with a lower score is two lines in one box, or none."""
MOST_CODES: Final = 3
_CUTS: Final = ((-0.35, 0.65), (-0.65, 0.35), (-0.45, 0.45), (-0.9, 0.9))
"""Tops and bottoms of other cuts of a line, in its heights from its middle."""
_TIGHT_CUTS: Final = ((-0.5, 0.0), (-0.35, 0.15), (-0.25, 0.25), (-0.15, 0.35), (0.0, 0.5))
"""The same for a line whose box also holds (副本), which is printed higher or lower, and larger."""
_BESIDE_COPY: Final = (0.35, 0.5)
"""Where the code may begin in a line that begins with (副本), as shares of the line."""
_SCRAP_OF_CODE: Final = re.compile(r"副.*\d{5,}")
_CLOSES: Final = re.compile(r"[.。;；:：)）\]】无*]$")
"""How a line of a paragraph may end before the right edge."""


@dataclass(frozen=True)
class Doubt:
    """A part of the page to read again."""

    names: tuple[str, ...]
    """The fields whose values are missing or incomplete."""
    area: Polygon
    line_height: float
    """The height of its print, in pixels."""
    line: Polygon | None = None
    """The line that must hold the value, if known."""
    other_cuts: tuple[Polygon, ...] = ()
    """The same line cut tighter and wider, which may exclude print that overlaps it."""
    clipped: bool = False
    """Whether `line` is an end of a line whose outermost character may have been cut off."""

    def rotated(self, rotation: Rotation, width: int, height: int) -> Doubt:
        """Return this doubt after its page (`width` × `height` pixels) was turned by `rotation`."""

        def move(polygon: Polygon) -> Polygon:
            return rotate_boxes([TextBox("", 0.0, polygon)], rotation, width, height)[0].polygon

        return replace(
            self,
            area=move(self.area),
            line=move(self.line) if self.line else None,
            other_cuts=tuple(move(cut) for cut in self.other_cuts),
        )


def doubts_of(
    entries: Mapping[str, Entry],
    cells: Sequence[Cell],
    taken: Mapping[str, values.Value],
    slope: float,
) -> list[Doubt]:
    """Return the doubts that a first look leaves on the upright page.

    `slope` is the angle of the page's lines, in degrees.
    """
    return [] if not cells else list(_Page(entries, cells, taken, slope).doubts())


class _Page:
    def __init__(
        self,
        entries: Mapping[str, Entry],
        cells: Sequence[Cell],
        taken: Mapping[str, values.Value],
        slope: float,
    ) -> None:
        self.entries, self.cells, self.taken, self.slope = entries, cells, taken, slope
        self.left, self.right = min(cell.x0 for cell in cells), max(cell.x1 for cell in cells)
        self.body = sorted((cell for cell in cells if cell.label in BODY), key=lambda cell: cell.y)
        self.h = median(cell.h for cell in self.body or cells)

    def doubts(self) -> Iterator[Doubt]:
        yield from self._codes()
        yield from self._empty_rows()
        yield from self._lost_labels()
        yield from self._unsure()
        yield from self._broken_off()
        yield from self._clipped()
        yield from self._holes()

    def _codes(self) -> Iterator[Doubt]:
        """The places of the code, if no valid one was read.

        They are an unverified number's line or, without a number, everything like a code, and the
        head.
        """
        if uscc.is_valid(self.taken["uscc"].text if "uscc" in self.taken else ""):
            return
        if number := self.taken.get("registration_number"):
            if not values.is_checked_number(number.text):
                yield from (
                    self._around_number(cell)
                    for cell in self.cells
                    if number.boxes[0] is cell.piece.box
                )
            return
        names = ("uscc", "registration_number")
        likely = sorted(
            (cell for cell in self.cells if self._may_contain_code(cell)),
            key=lambda cell: cell.x0 - cell.x1,
        )
        for cell in likely[:MOST_CODES]:
            x0, x1, h = cell.x0 - cell.h, cell.x1 + cell.h, cell.h
            cuts = [(x0, a, b) for a, b in _CUTS]
            if "副" in cell.text:
                cuts = [
                    (x0 + share * (x1 - x0), a, b) for share in _BESIDE_COPY for a, b in _TIGHT_CUTS
                ]
            polygons = tuple(
                self._polygon(begin, x1, cell.y + a * h, cell.y + b * h) for begin, a, b in cuts
            )
            yield replace(self._around(names, x0, x1, cell.y, h), other_cuts=polygons)
        if self.body:
            first = self.body[0]
            yield self._area(
                names, self.left, self.right, first.y - HEAD_HEIGHT * self.h, first.y - 0.6 * self.h
            )

    def _around_number(self, cell: Cell) -> Doubt:
        """The line of an unverified number: two crowded digits may have been read as one."""
        x0, x1, h = cell.x0 - cell.h, cell.x1 + cell.h, cell.h
        cuts = tuple(self._polygon(x0, x1, cell.y + a * h, cell.y + b * h) for a, b in _CUTS)
        return replace(self._around(("registration_number",), x0, x1, cell.y, h), other_cuts=cuts)

    def _may_contain_code(self, cell: Cell) -> bool:
        """Whether `cell` may contain a code.

        In the head, scraps count too: (副本), printed into the code's line, may have left no more.
        """
        in_head = bool(self.body) and cell.y < self.body[0].y - 0.6 * self.h
        return values.might_be_code(cell.text) or (
            in_head and bool(_SCRAP_OF_CODE.search(cell.text))
        )

    def _empty_rows(self) -> Iterator[Doubt]:
        """Labels whose value is missing."""
        for name, entry in self.entries.items():
            if name in self.taken or name == OTHER or not LICENCE_FIELDS[name].reach:
                continue
            if name in ("uscc", "registration_number") and self.taken.keys() & {
                "uscc",
                "registration_number",
            }:
                continue
            label = entry.label
            for cell in (
                entry.lines
            ):  # print that is not a value of the field: try a tight cut, without its neighbours
                tight = self._polygon(
                    cell.x0 - 0.1 * cell.h,
                    cell.x1 + 0.3 * cell.h,
                    cell.y - 0.45 * cell.h,
                    cell.y + 0.45 * cell.h,
                )
                yield replace(
                    self._around((name,), cell.x0 - cell.h, cell.x1 + cell.h, cell.y, cell.h),
                    other_cuts=(tight,),
                )
            if not entry.lines and (end := self._end_of_row(name, label)) - label.x1 > label.h:
                yield self._around((name,), label.x1, end, label.y, label.h)

    def _end_of_row(self, name: str, label: Cell) -> float:
        others = (entry.label for entry in self.entries.values())
        beyond = [other.x0 for other in others if other.x0 > label.x1 and other.level_with(label)]
        return min([self.right, label.x1 + LICENCE_FIELDS[name].reach * label.h, *beyond])

    def _lost_labels(self) -> Iterator[Doubt]:
        """Fields of every edition without a label or a value: somewhere in the body."""
        lost = tuple(
            name for name in ALWAYS_PRINTED if name not in self.taken and name not in self.entries
        )
        if lost and len(self.body) >= 2:
            bottom = (
                max(cell.y for cell in self.body)
                + (SCOPE_HEIGHT if "business_scope" in lost else 3) * self.h
            )
            yield self._area(lost, self.left, self.right, self.body[0].y - 3 * self.h, bottom)

    def _unsure(self) -> Iterator[Doubt]:
        """Short values that were read with little confidence: a stamp may cover them."""
        for name in SHORT:
            entry = self.entries.get(name)
            if (
                entry
                and entry.lines
                and name in self.taken
                and self.taken[name].confidence < UNSURE
            ):
                h = median(cell.h for cell in entry.lines)
                top, bottom = entry.lines[0].y - 1.6 * h, entry.lines[-1].y + 1.6 * h
                yield self._area(
                    (name,),
                    entry.label.x0 - h,
                    max(cell.x1 for cell in entry.lines) + 2 * h,
                    top,
                    bottom,
                )

    def _broken_off(self) -> Iterator[Doubt]:
        """An address that ends in the middle."""
        entry = self.entries.get("address")
        if (
            entry
            and entry.lines
            and "address" in self.taken
            and not ends_like_address(self.taken["address"].text)
        ):
            last = entry.lines[-1]
            yield self._area(
                ("address",),
                entry.label.x0 - last.h,
                self._column_end(entry.label),
                last.y - 1.5 * last.h,
                last.y + 2.2 * last.h,
            )

    def _clipped(self) -> Iterator[Doubt]:
        """The ends of an address that are easily cut off.

        These are a thin last character (一, 1) of a line that continues below, and the first
        character where it is set close to the label. A short cut shows characters that a cut of the
        whole line misses.
        """
        entry = self.entries.get("address")
        rows = _rows(entry.lines) if entry else []
        for cell in (row[-1] for row in rows[:-1]):
            yield self._end(
                cell, max(cell.x0, cell.x1 - SHORT_CUT * cell.h), cell.x1 + 0.6 * cell.h
            )
        if entry and rows and 0 < rows[0][0].x0 - entry.label.x1 < CLOSE * rows[0][0].h:
            cell = rows[0][0]
            yield self._end(
                cell, cell.x0 - 0.5 * cell.h, min(cell.x1, cell.x0 + 2 * SHORT_CUT * cell.h)
            )

    def _end(self, cell: Cell, x0: float, x1: float) -> Doubt:
        line = self._polygon(x0, x1, cell.y - cell.h / 2, cell.y + cell.h / 2)
        return Doubt(("address",), line, cell.h, line, clipped=True)

    def _holes(self) -> Iterator[Doubt]:
        """A scope whose lines are missing, ragged, far apart or begin below their label."""
        entry = self.entries.get("business_scope")
        if entry is None or (entry.lines and not self._is_ragged(entry)):
            return
        label, lines = entry.label, entry.lines
        h = median(cell.h for cell in lines or [label])
        top = min(cell.y for cell in (label, *lines)) - 1.2 * h
        bottom = lines[-1].y + 2 * h if lines else label.y + SCOPE_HEIGHT * h
        right = max(self._column_end(label), *(cell.x1 + h for cell in (label, *lines)))
        yield replace(
            self._area(("business_scope",), label.x0 - h, right, top, bottom), line_height=h
        )

    def _is_ragged(self, entry: Entry) -> bool:
        rows = _rows(entry.lines)
        h = median(cell.h for cell in entry.lines)
        if rows[0][0].y - entry.label.y > 0.8 * entry.label.h:
            return True
        left, right = entry.lines[0].x0 - h, self._column_end(entry.label)
        among = [
            cell
            for cell in self.cells
            if rows[0][0].y < cell.y < rows[-1][0].y and left < cell.x0 < right
        ]
        if any(
            cell.piece.box.score < UNREADABLE or cell.h > 1.7 * h for cell in (*entry.lines, *among)
        ):
            return True
        width = max(cell.x1 for cell in entry.lines) - min(cell.x0 for cell in entry.lines)
        short = any(
            sum(cell.x1 - cell.x0 for cell in row) < 0.8 * width
            and not _CLOSES.search(row[-1].text)
            for row in rows[:-1]
        )
        apart = any(b[0].y - a[0].y > 1.8 * h for a, b in pairwise(rows))
        torn = any(b.x0 - a.x1 > 2 * h for row in rows for a, b in pairwise(row))
        return short or apart or torn

    def _column_end(self, label: Cell) -> float:
        """Return the end of the column of `label`: the next labels, or the page's right edge."""
        beyond = [cell.x0 - cell.h for cell in self.body if cell.x0 > label.x1 + 8 * label.h]
        return min([self.right + self.h, *beyond])

    def _around(self, names: tuple[str, ...], x0: float, x1: float, y: float, h: float) -> Doubt:
        """A line and the areas just above and below it."""
        return replace(
            self._area(names, x0 - 2 * h, x1 + 2 * h, y - 1.6 * h, y + 1.6 * h),
            line=self._polygon(x0, x1, y - 0.65 * h, y + 0.65 * h),
            line_height=h,
        )

    def _area(self, names: tuple[str, ...], x0: float, x1: float, y0: float, y1: float) -> Doubt:
        return Doubt(names, self._polygon(x0, x1, y0, y1), self.h)

    def _polygon(self, x0: float, x1: float, y0: float, y1: float) -> Polygon:
        """Return a region of the straightened page as a polygon on the page."""
        cos, sin = math.cos(math.radians(self.slope)), math.sin(math.radians(self.slope))
        a, b, c, d = (
            (x * cos - y * sin, y * cos + x * sin)
            for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        )
        return a, b, c, d


def _rows(lines: Sequence[Cell]) -> list[list[Cell]]:
    """Group `lines` by height on the page."""
    rows: list[list[Cell]] = []
    for cell in lines:
        if rows and abs(cell.y - rows[-1][0].y) < 0.5 * cell.h:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return rows
