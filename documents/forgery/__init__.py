"""Traces of editing in a picture.

A page and the regions of its values go in; traces come out, each with its strength and its region.
Each module uses one published method. LEVELS has the strengths from which on a trace is noted or
sent to review. No trace proves a forgery: messengers, scanners and honest marks leave traces too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from documents.forgery.compression import unlike_the_rest
from documents.forgery.copies import same_patches
from documents.forgery.glyphs import out_of_line
from documents.forgery.ground import smoother_than_around
from documents.forgery.model import Kind, Lines, Picture, Trace
from documents.forgery.screen import of_screen
from documents.page.licence_fields import fields_with

__all__ = ["CLOSELY", "LEVELS", "Kind", "Level", "Lines", "Picture", "Trace", "traces_of"]


class Level(NamedTuple):
    """The strengths from which on a trace is noted, and needs review."""

    note: float
    review: float


LEVELS: Final[Mapping[Kind, Level]] = {
    Kind.COMPRESSION: Level(6.5, 10.0),
    Kind.OVERLAY: Level(2.0, float("inf")),
    Kind.GROUND: Level(0.6, 0.72),
    Kind.GLYPH: Level(8.0, 13.0),
    Kind.COPY: Level(3.2, 4.5),
    Kind.SCREEN: Level(1.3, 2.3),
}
"""Chosen on specimens of one seed and on honest photographs of documents.

`python -m benchmarks.forgery` measures them on others.
"""
CLOSELY: Final = fields_with(lambda field: field.worth_forging)
"""The fields that are examined in every way.

Others, such as a scope of a hundred small lines, are only compared by compression.
"""


def traces_of(picture: Picture, lines: Lines, rotation: int = 0) -> list[Trace]:
    """Return every notable trace, the strongest of its kind first.

    `rotation` is the degrees clockwise to turn the page upright.
    """
    close = {field: lines[field] for field in CLOSELY if lines.get(field)}
    found = [
        *unlike_the_rest(picture, lines),
        *smoother_than_around(picture, close),
        *out_of_line(picture, close, rotation),
        *same_patches(picture, close, rotation),
        of_screen(picture),
    ]
    worth = [trace for trace in found if trace.score >= LEVELS[trace.kind].note]
    return sorted(worth, key=lambda trace: (trace.kind, -trace.score))
