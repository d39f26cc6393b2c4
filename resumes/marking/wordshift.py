"""The word shift: moves words by a pixel to make copies different.

Each word stays where it is or moves a pixel to the right, and stays on its line or moves a pixel
down. Whitening the paper removes pale cells, but not the ink. The units are words, or a few
characters of a line without spaces, so that a page has some hundreds of them. They are found on the
clean page, which the service keeps, so that the tracer finds exactly the same units.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking.key import MarkKey, Signs

Boxes = npt.NDArray[np.int32]
"""One unit a row: x0, y0, x1, y1 in pixels, with a margin of one pixel."""
_Mask = npt.NDArray[np.uint8]
_NAME: Final = "words"
_INK_DEPTH: Final = 70
"""Grey levels below the surrounding paper; anything paler is a watermark, a tint or scan noise."""
_GAP: Final = 2
"""Minimum number of empty columns between units, so that a unit that moves by a pixel does not
touch its neighbour.
"""


def shift_units(grey: npt.NDArray[np.uint8], dpi: int) -> Boxes:
    """Return the units of a clean page, in an order that depends only on the page."""
    ink = _letters(grey, dpi)
    joined = cv2.dilate(ink, np.ones((_px(5, dpi), _px(9, dpi)), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found: list[tuple[int, int, int, int]] = []
    for x, y, width, height, area in stats[1:].tolist():
        if _px(8, dpi) <= height <= _px(70, dpi) and area > _px(60, dpi):
            found += _cut(ink, x, y, width, height, dpi)
    return np.array(found, np.int32).reshape(-1, 4)


def shift_signs(key: MarkKey, count: int) -> tuple[Signs, Signs]:
    """Return two signs for each of `count` units: right (+1) or not (−1), and down (+1) or not
    (−1).
    """
    drawn = key.signs(_NAME, 2 * count)
    return drawn[0::2], drawn[1::2]


def shift_words(page: npt.NDArray[np.uint8], boxes: Boxes, key: MarkKey) -> npt.NDArray[np.uint8]:
    """Return `page` with each of `boxes` moved according to `key`."""
    across, down = shift_signs(key, len(boxes))
    result = page.copy()
    height, width = page.shape[:2]
    moves = zip(
        boxes.tolist(), ((across + 1) // 2).tolist(), ((down + 1) // 2).tolist(), strict=True
    )
    for (x0, y0, x1, y1), right, below in moves:
        if x1 + right <= width and y1 + below <= height:
            result[y0 + below : y1 + below, x0 + right : x1 + right] = page[y0:y1, x0:x1]
    return result


def _px(at_150: int, dpi: int) -> int:
    return max(1, round(at_150 * dpi / 150))


def _letters(grey: npt.NDArray[np.uint8], dpi: int) -> _Mask:
    """Return a mask of the ink that is not part of a rule, frame or picture: 1, else 0."""
    small = (
        cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        if min(grey.shape) >= 8
        else grey
    )
    around = cv2.dilate(small, np.ones((_px(9, dpi), _px(9, dpi)), np.uint8))
    level = cv2.resize(around, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    ink = (cv2.subtract(level, grey) > _INK_DEPTH).astype(np.uint8)
    for shape in ((1, _px(90, dpi)), (_px(90, dpi), 1)):
        long = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
        ink = np.where(cv2.dilate(long, np.ones((3, 3), np.uint8)) > 0, 0, ink).astype(np.uint8)
    return ink


def _cut(
    ink: _Mask, x: int, y: int, width: int, height: int, dpi: int
) -> list[tuple[int, int, int, int]]:
    """Split a run of letters at empty columns into units that are at least as wide as high."""
    part = ink[y : y + height, x : x + width]
    columns = np.flatnonzero(part.any(axis=0))
    rows = np.flatnonzero(part.any(axis=1))
    if not len(columns):
        return []
    top, bottom = y + int(rows[0]) - 1, y + int(rows[-1]) + 2
    least = max(bottom - top - 2, _px(14, dpi))
    ends = np.flatnonzero(np.diff(columns) > _GAP)
    cuts, first = [], int(columns[0])
    for end in ends.tolist():
        last = int(columns[end])
        if last + 1 - first >= least:
            cuts.append((first, last))
            first = int(columns[end + 1])
    cuts.append((first, int(columns[-1])))
    return [
        (max(0, x + a - 1), max(0, top), min(ink.shape[1], x + b + 2), min(ink.shape[0], bottom))
        for a, b in cuts
    ]
