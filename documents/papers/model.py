"""The reading of a document other than a licence, and the text that it is read from.

Boxes become rows, and rows become running text that remembers the part of the box that each stretch
came from.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from documents.page.boxes import Point, Region, Rotation, TextBox, region_of, rotated_back
from documents.page.paper_kinds import PaperKind
from documents.page.text import tidy_text

GAP: Final = "\t"
"""Marks a gap wider than a character in running text: a blank, or the border of a column."""
BREAK: Final = "\n"
"""Separates paragraphs."""
_LABELLED: Final = re.compile(r"[一-鿿]{2,8}(?:\([^)]{1,8}\))?:")
"""A line that begins like this begins a paragraph."""


@dataclass(frozen=True)
class PaperReading:
    """The reading of one page.

    `fields`, `confidence` and `regions` have the same keys; a field that could not be read is
    absent.
    """

    fields: dict[str, str]
    confidence: dict[str, float]
    """Confidence in the characters (0..1); lower if the value's place had to be guessed."""
    regions: dict[str, Region]
    """The region of each value, in pixels of the page as submitted."""
    titled: bool
    """Whether the page has the title of this kind of document."""
    turn: Rotation = 0
    """Degrees clockwise to turn the page upright."""
    page: int = 1
    """The number of the page, from 1."""
    reader: str = ""
    kind: PaperKind | None = None
    """Which paper the page is by its own title or labels; None if that is unclear."""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the reading as JSON values, to be stored and shown to reviewers."""
        return asdict(self) | {
            "regions": {name: list(region) for name, region in self.regions.items()}
        }


@dataclass(frozen=True)
class Quote:
    """A value, the confidence in it (0..1), and its boxes or parts of boxes."""

    text: str
    confidence: float
    boxes: tuple[TextBox, ...]

    def doubted(self, factor: float) -> Quote:
        return replace(self, confidence=self.confidence * factor)


@dataclass(frozen=True)
class Row:
    """One line of the straightened page, left to right.

    `x0`, `x1`, `y` (its middle) and `h` are in pixels.
    """

    boxes: tuple[TextBox, ...]
    x0: float
    x1: float
    y: float
    h: float


class Running:
    """The text of a page in the order of reading. Its only white space is GAP and BREAK."""

    def __init__(self, rows: Sequence[Row], slope: float) -> None:
        """`rows` are from `rows_of` with the same `slope` (degrees)."""
        self._owners: list[tuple[TextBox, int] | None] = []
        letters: list[str] = []

        def add(text: str, box: TextBox | None) -> None:
            letters.append(text)
            self._owners.extend((box, i) if box else None for i in range(len(text)))

        margins = _margins(rows)
        for i, row in enumerate(rows):
            if i and not _goes_on(rows[i - 1], row, margins):
                add(BREAK, None)
            for j, box in enumerate(row.boxes):
                if (
                    j
                    and straightened_box(box, slope)[0]
                    - straightened_box(row.boxes[j - 1], slope)[1]
                    > 0.9 * row.h
                ):
                    add(GAP, None)
                add(box.text, box)
        self.text = "".join(letters)

    def quote(self, start: int, end: int) -> Quote:
        """Return characters `start` to `end`, as printed, without gaps and breaks."""
        runs: dict[int, tuple[TextBox, int, int]] = {}
        for owner in self._owners[start:end]:
            if owner:
                box, at = owner
                first = runs[id(box)][1] if id(box) in runs else at
                runs[id(box)] = (box, first, at + 1)
        text = "".join(c for c in self.text[start:end] if c not in (GAP, BREAK))
        weight = sum(b - a for _, a, b in runs.values())
        score = sum(box.score * (b - a) for box, a, b in runs.values()) / weight if weight else 0.0
        return Quote(text, score, tuple(box_part(box, a, b) for box, a, b in runs.values()))


def _margins(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the latest start of a line and the end of a full one, in straightened pixels."""
    left, right = (
        min((row.x0 for row in rows), default=0.0),
        max((row.x1 for row in rows), default=0.0),
    )
    latest = left + 0.25 * (right - left)
    return latest, max((row.x1 for row in rows if row.x0 <= latest), default=right)


def _goes_on(above: Row, row: Row, margins: tuple[float, float]) -> bool:
    """Whether the paragraph of `above` continues in `row`, the next one: `above` fills its line."""
    latest, right = margins
    begun = above.x0 <= latest and row.x0 <= latest
    return (
        begun
        and not _LABELLED.match(row.boxes[0].text)
        and above.x1 >= right - 2.5 * above.h
        and row.y - above.y <= 3.5 * max(row.h, above.h)
    )


def rows_of(upright: Iterable[TextBox], slope: float, largest_tilt: float) -> list[Row]:
    """Return the rows of an upright page whose lines lean by `slope` degrees, top to bottom.

    Text that leans by more than `largest_tilt` degrees from that, or is vertical, was stamped over
    the page and is left out.
    """
    level = []
    for box in upright:
        box = replace(box, text=tidy_text(box.text))
        leans = abs(box.angle - slope) > largest_tilt and box.length > 2 * box.height
        if box.text and not leans and (len(box.text) == 1 or box.length > 0.8 * box.height):
            level.append((box, *straightened_box(box, slope)))
    groups: list[list[tuple[TextBox, float, float, float, float]]] = []
    for item in sorted(level, key=lambda item: item[3]):
        same = next(
            (
                g
                for g in reversed(groups[-3:])
                if abs(item[3] - g[0][3]) < 0.5 * min(item[4], g[0][4] * 1.3)
            ),
            None,
        )
        if same is None:
            groups.append([item])
        else:
            same.append(item)
    rows = []
    for group in groups:
        group.sort(key=lambda item: item[1])
        rows.append(
            Row(
                tuple(item[0] for item in group),
                x0=group[0][1],
                x1=max(item[2] for item in group),
                y=sum(item[3] for item in group) / len(group),
                h=max(item[4] for item in group),
            )
        )
    return rows


def straightened_box(box: TextBox, slope: float) -> tuple[float, float, float, float]:
    """Return x0, x1, y (the middle) and height of `box` on the page straightened by `slope`
    degrees.

    All are in pixels.
    """
    cos, sin = math.cos(math.radians(slope)), math.sin(math.radians(slope))
    p, q, r, s = ((x * cos + y * sin, y * cos - x * sin) for x, y in box.polygon)
    return (
        (p[0] + s[0]) / 2,
        (q[0] + r[0]) / 2,
        (p[1] + q[1] + r[1] + s[1]) / 4,
        max(1.0, (s[1] + r[1] - p[1] - q[1]) / 2),
    )


def box_part(box: TextBox, start: int, end: int) -> TextBox:
    """Return characters `start` to `end` of `box`, its polygon cut in proportion to widths."""
    if start == 0 and end == len(box.text):
        return box
    whole = _advance(box.text) or 1.0
    a, b = _advance(box.text[:start]) / whole, _advance(box.text[:end]) / whole
    p, q, r, s = box.polygon
    return TextBox(
        box.text[start:end],
        box.score,
        (_between(p, q, a), _between(p, q, b), _between(s, r, b), _between(s, r, a)),
    )


def is_title(text: str, titles: Iterable[str]) -> bool:
    """Whether `text` (tidy) is one of `titles`; a long one may have one wrong character."""
    return any(
        text == title
        or (
            len(title) == len(text) >= 5
            and sum(a != b for a, b in zip(title, text, strict=True)) == 1
            and text[-1] == title[-1]
        )
        for title in titles
    )


def by_field(
    taken: dict[str, Quote], names: Sequence[str], rotation: Rotation, width: int, height: int
) -> tuple[dict[str, str], dict[str, float], dict[str, Region]]:
    """Return fields, confidence and regions of the values `taken` from the upright page.

    Regions are on the page as submitted, `width` × `height` pixels.
    """
    present = [name for name in names if name in taken and taken[name].text and taken[name].boxes]
    return (
        {name: taken[name].text for name in present},
        {name: round(min(1.0, max(0.0, taken[name].confidence)), 3) for name in present},
        {
            name: rotated_back(region_of(taken[name].boxes), rotation, width, height)
            for name in present
        },
    )


def _advance(text: str) -> float:
    """Return the width of `text` in full-width characters."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.55 for c in text)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
