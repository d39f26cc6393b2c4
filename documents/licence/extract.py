"""Extracts the fields of a licence from the text on a page.

`layout` finds the value of each label; here each value is parsed. A value whose label was not read
is recognised by its form, with less confidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from documents.licence.doubts import Doubt, doubts_of
from documents.licence.editions import Edition, edition_of, is_other_title, is_title
from documents.licence.fields import FIELDS
from documents.page import values
from documents.page.boxes import (
    Region,
    Rotation,
    TextBox,
    opposite_rotation,
    region_of,
    rotate_boxes,
    rotated_back,
    rotation_of,
)
from documents.page.labels import OTHER
from documents.page.layout import (
    BODY,
    Cell,
    Entry,
    believable_labels,
    cells_of,
    entries_of,
    slope_of,
)
from documents.page.licence_fields import LICENCE_FIELDS
from documents.page.text import tidy_text

ENOUGH_LABELS: Final = 4
"""With a number and this many of the form's labels, a page without a title is a licence."""
MOST_LINES: Final = 500
"""The most lines of a page that are used, those with the best scores.

Several times the lines of a licence; the limit keeps any page from taking long.
"""
TWICE: Final = 3
"""The number of labels that appear twice if two licences are on one page.

One licence may repeat a word or two.
"""


@dataclass(frozen=True)
class Found:
    """The fields of one page. The attributes are those of LicenceReading."""

    fields: dict[str, str]
    confidence: dict[str, float]
    alternatives: dict[str, tuple[str, ...]]
    regions: dict[str, Region]
    lines: dict[str, tuple[Region, ...]]
    """The regions of the lines that each value was read from."""
    edition: Edition
    rotation: Rotation
    labels: int
    """How many different labels were recognised."""
    codes: tuple[str, ...]
    """Every sound code on the page, each once."""
    titled: bool
    """Whether the page has the title of a business licence."""
    titled_otherwise: bool
    """Whether the page has the title of another document."""
    doubts: tuple[Doubt, ...]
    """The places of values that are missing or may be incomplete."""
    several: bool = False
    """Whether there are two licences on the page."""
    read_again: bool = False
    """Whether a value was replaced by a second reading that agrees with the declared value."""

    @property
    def is_licence(self) -> bool:
        """Whether the page is a business licence.

        Decided by its title or, if that is not legible, by labels and a number.
        """
        numbered = "uscc" in self.fields or "registration_number" in self.fields
        return self.titled or (
            self.labels >= ENOUGH_LABELS and numbered and not self.titled_otherwise
        )


def fields_of(boxes: Sequence[TextBox], width: int, height: int) -> Found:
    """Read the fields from the `boxes` of one page of `width` × `height` pixels."""
    rotation = rotation_of(boxes)
    upright = rotate_boxes(
        sorted(boxes, key=lambda box: -box.score)[:MOST_LINES]
        if len(boxes) > MOST_LINES
        else boxes,
        rotation,
        width,
        height,
    )
    cells = cells_of(upright)
    entries = entries_of(cells, values.value_misfit)
    texts = [tidy_text(box.text) for box in upright]
    everywhere = [(box.text, box) for box in upright]

    taken = _read(entries, everywhere)
    doubts = doubts_of(entries, cells, taken, slope_of(upright))  # before anything is guessed
    _guess(taken, entries, cells)

    names = [name for name in FIELDS if name in taken]
    size = (width, height) if rotation in (0, 180) else (height, width)
    return Found(
        fields={name: taken[name].text for name in names},
        confidence={
            name: round(min(taken[name].confidence, LICENCE_FIELDS[name].ceiling), 3)
            for name in names
        },
        alternatives={name: taken[name].alternatives for name in names if taken[name].alternatives},
        regions={
            name: rotated_back(region_of(taken[name].boxes), rotation, width, height)
            for name in names
        },
        lines={
            name: tuple(
                rotated_back(region_of([box]), rotation, width, height) for box in taken[name].boxes
            )
            for name in names
        },
        rotation=rotation,
        labels=len({cell.label for cell in cells if cell.label} - {OTHER}),
        codes=values.codes_in(everywhere),
        titled=any(is_title(text) for text in texts),
        titled_otherwise=any(is_other_title(text) for text in texts),
        several=_are_several(
            [box for box, text in zip(upright, texts, strict=True) if is_title(text)], cells
        ),
        edition=edition_of(texts, cells),
        doubts=tuple(doubt.rotated(opposite_rotation(rotation), *size) for doubt in doubts),
    )


def _read(
    entries: dict[str, Entry], everywhere: list[tuple[str, TextBox]]
) -> dict[str, values.Value]:
    """Return the values beside their labels, and the numbers wherever they are."""
    beside = {
        name: [(line.text, line.piece.box) for line in entry.lines]
        for name, entry in entries.items()
    }
    taken = values.find_company_numbers(beside, everywhere)
    for name, lines in beside.items():
        if name != OTHER and (value := values.clean_value(name, lines)):
            taken[name] = value
    if "type" not in taken and (edition := values.clean_value("type", _legal_form(entries))):
        taken["type"] = edition
    return taken


def _guess(
    taken: dict[str, values.Value], entries: dict[str, Entry], cells: Sequence[Cell]
) -> None:
    """Add the values that lines without a label suggest."""
    claimed = {id(line) for entry in entries.values() for line in entry.lines}
    unclaimed = [
        (cell.text, cell.piece.box)
        for cell in cells
        if not (cell.label or cell.only_scope) and id(cell) not in claimed
    ]
    taken.update(values.guess_fields(unclaimed, taken))
    if "established_on" not in taken and (day := values.first_day(taken.get("term"))):
        taken["established_on"] = day


def _legal_form(entries: dict[str, Entry]) -> list[tuple[str, TextBox]]:
    """Return the value of 组成形式 (个人经营, 家庭经营).

    Sole traders' licences from before 2015 print it instead of a type.
    """
    other = entries.get(OTHER)
    return [
        (cell.text, cell.piece.box)
        for cell in (other.lines if other else ())
        if re.search("经营$", cell.text)
    ]


def _are_several(titles: Sequence[TextBox], cells: Sequence[Cell]) -> bool:
    """Whether a page with these `titles` shows two licences.

    It does if titles of one size are side by side, or most labels appear twice. One title above
    another is not enough: an app's screen may have the same heading as the licence that it shows.
    """
    beside = any(
        a.height < 1.6 * b.height < 2.56 * a.height
        and abs(a.middle[1] - b.middle[1]) < max(a.height, b.height)
        and (a.x1 < b.x0 or b.x1 < a.x0)
        for a, b in combinations(titles, 2)
    )
    labels = believable_labels(
        [cell for cell in cells if cell.label in BODY - {OTHER} and not cell.piece.half]
    )
    twice = {
        a.label
        for a, b in combinations(labels, 2)
        if a.label == b.label and not _is_one_print(a, b)
    }
    return beside or len(twice) >= TWICE


def _is_one_print(a: Cell, b: Cell) -> bool:
    """Whether two boxes hold the same print, read again by a closer look."""
    return a.level_with(b) and a.x0 < b.x1 and b.x0 < a.x1
