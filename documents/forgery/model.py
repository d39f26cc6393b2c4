"""In which words does the picture speak of having been edited?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Picture: TypeAlias = npt.NDArray[np.uint8]
"""height × width × 3, blue green red."""
Grey: TypeAlias = npt.NDArray[np.float32]
Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in page pixels, x1 and y1 outside."""
Lines = Mapping[str, Sequence[Sequence[float]]]
"""Where the lines of each field's value stand, by the field's name."""


class Kind(StrEnum):
    """What a trace is of; stored."""

    COMPRESSION = "compression"
    """A place was compressed fewer times than the rest of the picture."""
    OVERLAY = "overlay"
    """Something was laid over the whole page, as an honest mark is: nothing can be said of single
    values.
    """
    GROUND = "ground"
    """The ground under a value is smooth where the paper around it is grainy."""
    GLYPH = "glyph"
    """A character is darker or crisper than the others of its line, or of another colour."""
    COPY = "copy"
    """Two places have the same grain, which no sensor gives twice."""
    SCREEN = "screen"
    """The grid of a screen stands in the spectrum."""


@dataclass(frozen=True)
class Trace:
    """One trace: how strong by its kind's own measure, where, and in which field's value
    ("document": in all).
    """

    kind: Kind
    score: float
    region: Region
    field: str = "document"

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "score": round(self.score, 3),
            "region": list(self.region),
            "field": self.field,
        }


def inside(region: Sequence[float], width: int, height: int) -> Region:
    """`region` in whole pixels, cut at the edges of a picture of `width` × `height`; may be
    empty.
    """
    x0, y0, x1, y1 = (round(side) for side in region)
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)


def windows(region: Region, step: float = 0.5, breadth: float = 1.0) -> list[Region]:
    """Places along the line `region`, as high as it is and `breadth` of that broad, each `step` of
    its height from the last.

    The line itself, if it is short.
    """
    x0, y0, x1, y1 = region
    across = x1 - x0 >= y1 - y0
    high, length = (y1 - y0, x1 - x0) if across else (x1 - x0, y1 - y0)
    size = max(1, round(high * breadth))
    starts = range(0, max(1, length - size + 1), max(1, round(high * step)))
    return [
        (
            (x0 + at, y0, min(x1, x0 + at + size), y1)
            if across
            else (x0, y0 + at, x1, min(y1, y0 + at + size))
        )
        for at in starts
    ]


def upright(picture: Picture, line: Region, rotation: int) -> Picture:
    """The part `line` of a page, turned upright: clockwise by `rotation` degrees."""
    return np.ascontiguousarray(
        np.rot90(picture[line[1] : line[3], line[0] : line[2]], -rotation // 90)
    )


def back(region: Region, line: Region, rotation: int) -> Region:
    """`region` on what `upright` gave for `line`, as a place on the page."""
    x0, y0, x1, y1 = region
    width, height = line[2] - line[0], line[3] - line[1]
    if rotation == 90:
        x0, y0, x1, y1 = y0, height - x1, y1, height - x0
    elif rotation == 180:
        x0, y0, x1, y1 = width - x1, height - y1, width - x0, height - y0
    elif rotation == 270:
        x0, y0, x1, y1 = width - y1, x0, width - y0, x1
    return line[0] + x0, line[1] + y0, line[0] + x1, line[1] + y1
