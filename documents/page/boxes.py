"""Text boxes: pieces of text with their position and direction on the page.

Readers return `TextBox`es. The polygon gives the direction of reading as well as the position, so a
page photographed sideways is turned by arithmetic and not read twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

Point = tuple[float, float]
Polygon = tuple[Point, Point, Point, Point]
Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in page pixels; x1 and y1 are exclusive."""
Rotation = Literal[0, 90, 180, 270]
"""Degrees clockwise to turn a page upright."""
_ROTATIONS: Final[tuple[Rotation, ...]] = (0, 90, 180, 270)


@dataclass(frozen=True)
class Weak:
    """A character that the reader is unsure of."""

    at: int
    """Its index in the text."""
    probability: float
    instead: str
    """The other reading; empty for no character."""


@dataclass(frozen=True)
class TextBox:
    """One run of text, with the reader's score (0..1) and its corners in page pixels.

    The corners start at the text's own top left and go clockwise as one reads it: the first edge is
    the direction of reading.
    """

    text: str
    score: float
    polygon: Polygon
    weak: tuple[Weak, ...] = ()
    at: tuple[float, ...] = ()
    """The middle of each character along the direction of reading (0..1); empty if unknown."""

    @cached_property
    def x0(self) -> float:
        return min(x for x, _ in self.polygon)

    @cached_property
    def x1(self) -> float:
        return max(x for x, _ in self.polygon)

    @cached_property
    def y0(self) -> float:
        return min(y for _, y in self.polygon)

    @cached_property
    def y1(self) -> float:
        return max(y for _, y in self.polygon)

    @cached_property
    def length(self) -> float:
        """Pixels along the direction of reading."""
        return math.dist(self.polygon[0], self.polygon[1])

    @cached_property
    def height(self) -> float:
        """Pixels across the direction of reading: about 1.3 times the height of its characters."""
        return math.dist(self.polygon[0], self.polygon[3])

    @cached_property
    def middle(self) -> Point:
        return sum(x for x, _ in self.polygon) / 4, sum(y for _, y in self.polygon) / 4

    @cached_property
    def angle(self) -> float:
        """Degrees (-180..180, clockwise positive) from the page's x axis to the direction of
        reading.
        """
        (ax, ay), (bx, by) = self.polygon[:2]
        return math.degrees(math.atan2(by - ay, bx - ax))


def region_of(boxes: Iterable[TextBox]) -> Region:
    """Return the smallest upright rectangle around `boxes` (at least one)."""
    boxes = list(boxes)
    return (
        math.floor(min(box.x0 for box in boxes)),
        math.floor(min(box.y0 for box in boxes)),
        math.ceil(max(box.x1 for box in boxes)),
        math.ceil(max(box.y1 for box in boxes)),
    )


def rotation_of(boxes: Sequence[TextBox]) -> Rotation:
    """Return the rotation that makes the page with `boxes` upright; 0 without boxes.

    Longer lines count for more.
    """
    votes: dict[Rotation, float] = {0: 0.0, 90: 0.0, 180: 0.0, 270: 0.0}
    for box in boxes:
        votes[_ROTATIONS[round(-box.angle / 90) % 4]] += box.length
    return max(_ROTATIONS, key=lambda rotation: votes[rotation])


def opposite_rotation(rotation: Rotation) -> Rotation:
    """Return the rotation that undoes `rotation`."""
    return _ROTATIONS[-rotation // 90 % 4]


def rotate_boxes(
    boxes: Iterable[TextBox], rotation: Rotation, width: int, height: int
) -> list[TextBox]:
    """Return `boxes` after their page (`width` × `height` pixels) has been turned by `rotation`."""
    if rotation == 0:
        return list(boxes)

    def move(point: Point) -> Point:
        x, y = point
        if rotation == 90:
            return height - y, x
        if rotation == 180:
            return width - x, height - y
        return y, width - x

    return [replace(box, polygon=_polygon([move(p) for p in box.polygon])) for box in boxes]


def rotated_back(region: Region, rotation: Rotation, width: int, height: int) -> Region:
    """Return `region` of the upright page in pixels of the page before `rotation`.

    `width` and `height` are those of the page before the rotation.
    """
    x0, y0, x1, y1 = region
    if rotation == 90:
        return y0, height - x1, y1, height - x0
    if rotation == 180:
        return width - x1, height - y1, width - x0, height - y0
    if rotation == 270:
        return width - y1, x0, width - y0, x1
    return region


def _polygon(points: Sequence[Point]) -> Polygon:
    a, b, c, d = points
    return a, b, c, d
