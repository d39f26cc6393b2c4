"""The layout of a licence: finds the value of each label.

Lines are cut into labels and values (`labels`), straightened, and put into rows and columns. Each
label takes the text beside it and the lines that continue it below.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import Final

from documents.page.boxes import TextBox
from documents.page.columns import Rule, Run, shared_out
from documents.page.labels import OTHER, Piece, pieces_of
from documents.page.licence_fields import Extent, fields_with
from documents.page.text import is_furniture, may_be_scope, tidy_text

LARGEST_TILT: Final = 9.0
"""Degrees from the page's own lines. Text that leans more was written or stamped over it."""
WRAPPING: Final = fields_with(lambda field: field.extent is not Extent.LINE)
PARAGRAPHS: Final = fields_with(lambda field: field.extent is Extent.PARAGRAPH)
BODY: Final = {*fields_with(lambda field: field.in_columns), OTHER}
"""Labels in the form's columns; the others are in its head or at its foot."""
_NUMBER: Final = re.compile(r"\d{13}|\d{15}")
_DATE_PIECES: Final = re.compile(r"^[\d年月日〇○零一二三四五六七八九十]{1,11}$")


@dataclass
class Cell:
    """A piece on the straightened page.

    `x0` and `x1` are its ends, `y` its middle and `h` its height, in pixels.
    """

    piece: Piece
    x0: float
    x1: float
    y: float
    h: float
    only_scope: bool = False
    """Whether it is print of the form unless it is in the middle of the scope."""

    @property
    def text(self) -> str:
        return self.piece.text

    @property
    def label(self) -> str:
        return self.piece.label

    def level_with(self, other: Cell, share: float = 0.6) -> bool:
        return abs(self.y - other.y) <= share * max(
            min(self.h, other.h * 1.5), min(other.h, self.h * 1.5)
        )


@dataclass
class Entry:
    """A label and the lines of its value, top to bottom."""

    label: Cell
    lines: list[Cell] = field(default_factory=list)


class Row:
    """Cells side by side, left to right: one line of print, positioned like a cell."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        self.text = "".join(cell.text for cell in cells)
        self.x0, self.x1 = cells[0].x0, cells[-1].x1
        self.y, self.h = fmean(cell.y for cell in cells), fmean(cell.h for cell in cells)


# --- From boxes to cells --------------------------------------------------------------------------


def cells_of(upright: Sequence[TextBox]) -> list[Cell]:
    """Return the labels and values of an upright page, straightened.

    The form's own print and stamps on it are left out.
    """
    slope = slope_of(upright)
    groups: list[list[Cell]] = []
    loose: list[Cell] = []
    for box in upright:
        leans = abs(box.angle - slope) > LARGEST_TILT and box.length > 2 * box.height
        if leans:
            continue
        if is_furniture(text := tidy_text(box.text)):
            loose.extend(
                [replace(_cell(Piece(replace(box, text=text)), slope), only_scope=True)]
                if may_be_scope(text)
                else []
            )
            continue
        if pieces := pieces_of(box):
            groups.append([_cell(piece, slope) for piece in pieces])
    return _joined_halves(groups) + loose


def slope_of(boxes: Sequence[TextBox]) -> float:
    """Return the median angle of the lines, in degrees. Short lines have no direction."""
    angles = [box.angle for box in boxes if box.length > 3 * box.height and abs(box.angle) < 30]
    return median(angles) if len(angles) >= 3 else 0.0


def _cell(piece: Piece, slope: float) -> Cell:
    cos, sin = math.cos(math.radians(slope)), math.sin(math.radians(slope))
    points = [(x * cos + y * sin, y * cos - x * sin) for x, y in piece.box.polygon]
    return Cell(
        piece,
        x0=(points[0][0] + points[3][0]) / 2,
        x1=(points[1][0] + points[2][0]) / 2,
        y=sum(y for _, y in points) / 4,
        h=max(1.0, (points[3][1] + points[2][1] - points[0][1] - points[1][1]) / 2),
    )


def _joined_halves(groups: list[list[Cell]]) -> list[Cell]:
    """Return the cells of all `groups` (one per box), with halves of labels resolved.

    Each half is joined to the other, accepted alone, or read as text.
    """
    cells = [cell for group in groups for cell in group]
    firsts = [cell for cell in cells if cell.piece.half == "first"]
    kept: list[Cell] = []
    joined: list[Cell] = []
    for group in groups:
        head = group[0]
        if head.piece.half != "second" or sum(bool(cell.piece.half) for cell in group) > 1:
            kept.extend(cell for cell in group if cell.piece.half != "first")
            continue
        first = next(
            (
                f
                for f in firsts
                if f.label == head.label and f.x0 < head.x0 and f.level_with(head, 0.9)
            ),
            None,
        )
        if first is not None:
            joined.append(first)
            kept.extend([Cell(head.piece, first.x0, head.x1, head.y, head.h), *group[1:]])
        elif _believed(group, cells):
            kept.extend(group)
        else:
            kept.append(_whole(group))
    labelled = {cell.label for cell in kept if cell.label}
    kept.extend(f for f in firsts if f not in joined and f.label not in labelled)
    return [cell for cell in kept if cell.piece.half != "stack"]


def _believed(group: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether the first cell of `group` is the second half of a label whose first half was lost.

    It is only a common character. So its label must not appear elsewhere, and it must be flush with
    the labels above and below it, or with second halves of two of them, beside a stack of first
    halves, or above the scope, where no running text begins with it.
    """
    head = group[0]
    full = [cell for cell in cells if cell.label in BODY and not cell.piece.half]
    if head.label in {cell.label for cell in full}:
        return False
    flush = any(abs(head.x1 - cell.x1) < head.h for cell in full)
    halves = {
        cell.label
        for cell in cells
        if cell.piece.half == "second" and abs(head.x0 - cell.x0) < head.h / 2
    } - {head.label}
    stacked = any(
        cell.piece.half == "stack" and cell.x0 < head.x0 and abs(cell.y - head.y) < cell.h / 2
        for cell in cells
    )
    scope = min((cell.y for cell in full if cell.label == "business_scope"), default=math.inf)
    return (
        flush
        or len(halves) > 1
        or stacked
        or (head.label == "name" and len(group) > 1 and head.y < scope - head.h)
    )


def _whole(group: list[Cell]) -> Cell:
    """Return the cells of one box as one value again."""
    first, last = group[0], group[-1]
    a, b = first.piece.box, last.piece.box
    text = "".join(cell.text for cell in group)
    box = TextBox(text, a.score, (a.polygon[0], b.polygon[1], b.polygon[2], a.polygon[3]))
    return Cell(Piece(box), first.x0, last.x1, first.y, first.h)


Misfit = Callable[[str, Sequence[str]], float]
"""How unlike a value of the label of that name these lines are, in the costs of `columns`."""


def _anything_fits(label: str, lines: Sequence[str]) -> float:
    return 0.0


# --- From cells to entries ------------------------------------------------------------------------


def entries_of(cells: Sequence[Cell], misfit: Misfit = _anything_fits) -> dict[str, Entry]:
    """Return, for each label on the page, the cells of its value.

    For a label that appears twice, the one with a value is kept.
    """
    labels = believable_labels([cell for cell in cells if cell.label])
    told = {id(cell) for cell in labels}
    free = sorted(
        (cell for cell in cells if id(cell) not in told and not cell.only_scope),
        key=lambda cell: (cell.y, cell.x0),
    )
    edges = _columns([cell for cell in labels if cell.label in BODY])
    entries = [Entry(label) for label in sorted(labels, key=lambda cell: cell.y)]
    free = _take_heads([entry for entry in entries if entry.label.label not in BODY], free, labels)
    free = _take_columns(
        [entry for entry in entries if entry.label.label in BODY], free, edges, misfit
    )
    loose = [cell for cell in cells if cell.only_scope]
    _take_wraps(entries, sorted([*free, *loose], key=lambda cell: (cell.y, cell.x0)), edges)
    best: dict[str, Entry] = {}
    for entry in entries:
        entry.lines = _in_lines(entry.lines)
        if entry.label.label not in best or not best[entry.label.label].lines:
            best[entry.label.label] = entry
    return best


def believable_labels(labels: list[Cell]) -> list[Cell]:
    """Return `labels` without those that are only words at the start of a line of the scope."""
    scope = min(
        (cell for cell in labels if cell.label == "business_scope"),
        key=lambda cell: cell.y,
        default=None,
    )
    if scope is None:
        return labels

    def begins_a_line(cell: Cell) -> bool:
        short = len(cell.text) == 2 or cell.label == "business_scope"
        return (
            cell.label in BODY
            and short
            and cell.y > scope.y + 0.5 * scope.h
            and 0 < cell.x0 - scope.x1 + 0.5 * scope.h < 4 * scope.h
        )

    return [cell for cell in labels if not begins_a_line(cell)]


def _columns(labels: Sequence[Cell]) -> list[float]:
    """Return the left edges of the form's columns, one or two."""
    if not labels:
        return []
    edges = sorted(cell.x0 for cell in labels)
    width = max(median(cell.h for cell in labels) * 8, 1.0)
    columns = [edges[0]]
    for edge in edges[1:]:
        if edge - columns[-1] > width:
            columns.append(edge)
    return columns


def _column(columns: Sequence[float], x: float, slack: float) -> int:
    """Return the index of the last column that begins left of `x`; -1 if there is none."""
    return max((i for i, edge in enumerate(columns) if edge <= x + slack), default=-1)


def _take_heads(heads: Sequence[Entry], free: Sequence[Cell], labels: Sequence[Cell]) -> list[Cell]:
    """Give each label outside the columns the cells right of it in its row, or else below it.

    Returns the remaining cells.
    """
    left: list[Cell] = []
    for cell in free:
        between = [
            label for label in labels if label.x0 < cell.x0 + cell.h and cell.level_with(label)
        ]
        nearest = max(between, key=lambda label: label.x1, default=None)
        head = next(
            (e for e in heads if e.label is nearest and nearest.x1 - 0.8 * cell.h <= cell.x0), None
        )
        (head.lines if head else left).append(cell)
    for head in heads:
        label = head.label
        if not head.lines and label.label in ("uscc", "registration_number"):
            below = [
                c
                for c in left
                if 0 < c.y - label.y < 2.5 * label.h and c.x0 < label.x1 and c.x1 > label.x0
            ]
            head.lines = below[:1]
            left = [c for c in left if not any(c is taken for taken in below[:1])]
    return left


def _take_columns(
    entries: Sequence[Entry], free: Sequence[Cell], edges: Sequence[float], misfit: Misfit
) -> list[Cell]:
    """Assign the cells of each of the form's columns to its labels. Returns the remaining cells."""
    left: list[Cell] = []
    for column in range(-1, len(edges)):
        own = [
            entry for entry in entries if _column(edges, entry.label.x0, entry.label.h) == column
        ]
        rows = _rows(
            [cell for cell in free if _column(edges, cell.x0, cell.h) == column],
            [entry.label for entry in own],
        )
        rules = [
            Rule(e.label.label in WRAPPING, paragraph=e.label.label in PARAGRAPHS) for e in own
        ]

        def unlike(
            number: int, run: Run, own: Sequence[Entry] = own, rows: Sequence[Row] = rows
        ) -> float:
            return misfit(own[number].label.label, [rows[i].text for i in run])

        runs = shared_out([e.label for e in own], rows, rules, unlike)
        taken: set[int] = set()
        for entry, rule, run in zip(own, rules, runs, strict=True):
            kept = (
                run[:1] if rule.paragraph else run
            )  # the cells beside its lines show how a paragraph continues
            entry.lines = [cell for i in kept for cell in rows[i].cells]
            taken.update(kept)
        left += [cell for i, row in enumerate(rows) if i not in taken for cell in row.cells]
    return left


def _rows(cells: Sequence[Cell], labels: Sequence[Cell]) -> list[Row]:
    """Join those of `cells` that are level and close into lines, ordered from top to bottom.

    Cells with one of `labels` between them are not joined.
    """
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda cell: cell.x0):
        row = next((row for row in rows if _are_one_line(row[-1], cell, labels)), None)
        if row is None:
            rows.append([cell])
        else:
            row.append(cell)
    return sorted((Row(row) for row in rows), key=lambda row: row.y)


def _are_one_line(last: Cell, cell: Cell, labels: Sequence[Cell]) -> bool:
    return (
        -0.5 * cell.h < cell.x0 - last.x1 < 3 * cell.h
        and cell.level_with(last, 0.4)
        and 0.6 < cell.h / last.h < 1.6
        and not any(
            last.x0 < label.x1 - 0.5 * label.h < cell.x0 and label.level_with(cell)
            for label in labels
        )
    )


def _take_wraps(entries: Sequence[Entry], free: Iterable[Cell], columns: Sequence[float]) -> None:
    """Give each remaining cell to the value that it continues: the line above it in its column."""
    foot = min(
        (e.label.y - e.label.h for e in entries if e.label.label == "registration_authority"),
        default=math.inf,
    )
    for cell in free:
        if _DATE_PIECES.match(cell.text) or (cell.y > foot and not columns[1:]):
            continue
        column = _column(columns, cell.x0, cell.h)
        above = [
            e
            for e in entries
            if e.label.label in WRAPPING
            and e.lines
            and (not cell.only_scope or e.label.label == "business_scope")
            and _goes_on(e, cell)
            and (e.label.label not in BODY or _column(columns, e.label.x0, e.label.h) == column)
        ]
        if above:
            min(above, key=lambda e: cell.y - e.lines[-1].y).lines.append(cell)


def _goes_on(entry: Entry, cell: Cell) -> bool:
    """Whether `cell` continues the entry's value: close below, and aligned with its first line."""
    last, first = entry.lines[-1], entry.lines[0]
    down = cell.y - last.y
    if entry.label.label == "registration_number":  # 大工商企法字 above, the number below
        return (
            bool(_NUMBER.search(cell.text))
            and not _NUMBER.search(last.text)
            and 0 < down < 3 * last.h
            and abs(cell.x0 - first.x0) < 3 * last.h
        )
    if entry.label.label == "business_scope":
        # Where a label is glued to its value, the position of the value's start is a guess.
        begins = (
            min(entry.label.x1 - cell.h, first.x0 - 2 * cell.h) < cell.x0 < first.x0 + 6 * cell.h
        )
        beside = any(cell.level_with(line) for line in entry.lines)
        return (
            -0.4 * last.h < down < 3 * max(last.h, cell.h)
            and (begins or beside)
            and 0.5 < cell.h / first.h < 2
        )
    return (
        0.4 * last.h < down < 1.35 * max(last.h, cell.h)
        and abs(cell.x0 - first.x0) < 1.5 * cell.h
        and 0.6 < cell.h / first.h < 1.6
    )


def _over(cell: Cell, other: Cell) -> bool:
    """Whether one of the cells is above the other."""
    return min(cell.x1, other.x1) - max(cell.x0, other.x0) > 0.5 * min(
        cell.x1 - cell.x0, other.x1 - other.x0
    )


def _in_lines(cells: Sequence[Cell]) -> list[Cell]:
    """Return `cells` in reading order: line after line, each from left to right."""
    ordered: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda c: c.y):
        level = ordered and abs(cell.y - ordered[-1][0].y) < 0.5 * min(cell.h, ordered[-1][0].h)
        if level and not any(_over(cell, other) for other in ordered[-1]):
            ordered[-1].append(cell)
        else:
            ordered.append([cell])
    return [cell for line in ordered for cell in sorted(line, key=lambda c: c.x0)]
