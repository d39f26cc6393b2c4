"""The kinds of traces of editing, and the trace itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Picture: TypeAlias = npt.NDArray[np.uint8]
"""height × width × 3, in the order blue, green, red."""
Grey: TypeAlias = npt.NDArray[np.float32]
Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in page pixels; x1 and y1 are exclusive."""
Lines = Mapping[str, Sequence[Sequence[float]]]
"""The regions of the lines of each field's value, by the field's name."""


class Kind(StrEnum):
    """The kinds of traces. Stored."""

    COMPRESSION = "compression"
    """A place was compressed fewer times than the rest of the picture."""
    OVERLAY = "overlay"
    """Something was laid over the whole page, as honest marks are, so values cannot be judged."""
    GROUND = "ground"
    """The ground under a value is smooth where the paper around it is grainy."""
    GLYPH = "glyph"
    """A character is darker or crisper than the others of its line, or of another colour."""
    COPY = "copy"
    """Two places have the same grain, which no sensor produces twice."""
    SCREEN = "screen"
    """The spectrum shows the grid of a screen."""


@dataclass(frozen=True)
class Trace:
    """One trace: its strength by its kind's own measure, its region, and the field.

    The field is "document" for the whole page.
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


def clip_region(region: Sequence[float], width: int, height: int) -> Region:
    """Return `region` in whole pixels, cut to a picture of `width` × `height`; it may be empty."""
    x0, y0, x1, y1 = (round(side) for side in region)
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)


def line_windows(region: Region, step: float = 0.5, breadth: float = 1.0) -> list[Region]:
    """Return windows along the line `region`, `step` of its height apart.

    They are as high as the line and `breadth` of that wide. A short line is returned whole.
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


def upright_line(picture: Picture, line: Region, rotation: int) -> Picture:
    """Return the part `line` of a page, turned clockwise by `rotation` degrees."""
    return np.ascontiguousarray(
        np.rot90(picture[line[1] : line[3], line[0] : line[2]], -rotation // 90)
    )


def region_on_page(region: Region, line: Region, rotation: int) -> Region:
    """Return `region` of the result of `upright_line` for `line` as a region of the page."""
    x0, y0, x1, y1 = region
    width, height = line[2] - line[0], line[3] - line[1]
    if rotation == 90:
        x0, y0, x1, y1 = y0, height - x1, y1, height - x0
    elif rotation == 180:
        x0, y0, x1, y1 = width - x1, height - y1, width - x0, height - y0
    elif rotation == 270:
        x0, y0, x1, y1 = width - y1, x0, width - y0, x1
    return line[0] + x0, line[1] + y0, line[0] + x1, line[1] + y1
