"""Finds the same patch twice within a code.

Two 3s of one print are alike, but a camera never gives both the same pixels: they fall differently
on the grid, and each has its own grain. A copied 3 differs from its source only by the encoder's
later changes, which are smaller. So each place of the line is compared with the places after it,
and the two most similar are scored by how much more alike they are than is usual in this line.
Screenshots and drawn pages are skipped, because there equal digits have equal pixels.

After Fridrich, Soukal and Lukáš, "Detection of copy-move forgery in digital images" (2003), and
Christlein et al., "An evaluation of popular copy-move forgery detection approaches" (2012);
searched exhaustively, within one line.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.forgery.ground import without_grain
from documents.forgery.model import (
    Grey,
    Kind,
    Lines,
    Picture,
    Region,
    Trace,
    clip_region,
    region_on_page,
    upright_line,
)
from documents.page.licence_fields import LICENCE_FIELDS

LEAST_SIZE: Final = 10
"""The smallest height of a line, in pixels."""
LARGEST_SIZE: Final = 40
"""Higher lines are scaled down: equal patches stay equal, and time grows with the fourth power."""
LEAST_CONTRAST: Final = 10.0
"""The deviation of a patch, in shades, below which it shows no character."""
FEWEST_OFFSETS: Final = 20
DRAWN: Final = 0.4
"""The share of pixels without any grain around them from which on a picture was drawn.

In drawn pictures equal patches are usual.
"""
USUAL: Final = 10
"""The percentile of all patches' likeness that counts as usual."""
_FLOOR: Final = 0.005
"""The difference that rounding to whole shades leaves."""


def same_patches(picture: Picture, lines: Lines, rotation: int = 0) -> list[Trace]:
    """Return one trace per code: how much more alike than usual its most similar patches are."""
    height, width = picture.shape[:2]
    traces = []
    for name, field in LICENCE_FIELDS.items():
        for region in lines.get(name, ()) if field.characters else ():
            line = clip_region(region, width, height)
            strip = upright_line(picture, line, rotation)
            if (
                min(strip.shape[:2]) < LEAST_SIZE
                or strip.shape[0] > strip.shape[1]
                or _is_drawn(picture, line)
            ):
                continue
            scale = min(1.0, LARGEST_SIZE / strip.shape[0])
            grey = np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), np.float32)
            if scale < 1:
                grey = np.asarray(
                    cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
                    np.float32,
                )
            if told := _most_alike(grey, field.characters):
                score, left, right = told
                patch = round(left / scale), 0, round(right / scale), strip.shape[0]
                traces.append(Trace(Kind.COPY, score, region_on_page(patch, line, rotation), name))
    return traces


def _is_drawn(picture: Picture, line: Region) -> bool:
    x0, y0, x1, y1 = line
    beside = min(x1 - x0, y1 - y0)
    left, top, right, bottom = clip_region(
        (x0 - beside, y0 - beside, x1 + beside, y1 + beside), picture.shape[1], picture.shape[0]
    )
    grey = np.asarray(cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_BGR2GRAY), np.uint8)
    return float(without_grain(grey).mean()) > DRAWN


def _most_alike(grey: Grey, characters: int) -> tuple[float, int, int] | None:
    """Return how much more alike than usual the two most similar patches are, and their extent."""
    dark = grey < (float(np.median(grey)) + float(grey.min())) / 2
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not len(rows):
        return None
    top, bottom = max(1, int(rows[0])), min(grey.shape[0] - 1, int(rows[-1]) + 1)
    left, right = int(columns[0]), int(columns[-1]) + 1
    size = max(5, round((right - left) / characters * 0.85))
    if bottom - top < 5:
        return None
    unlike: list[tuple[float, int, int]] = []
    for at in range(left, right - 2 * size):
        piece = grey[top:bottom, at : at + size]
        if piece.std() >= LEAST_CONTRAST:
            difference = cv2.matchTemplate(
                grey[top - 1 : bottom + 1, at + size : right], piece, cv2.TM_SQDIFF
            ).min(axis=0)
            other = int(difference.argmin())
            unlike.append(
                (float(difference[other]) / piece.size / float(piece.var()), at, at + size + other)
            )
    if len(unlike) < FEWEST_OFFSETS:
        return None
    usual = float(np.percentile(_root([told for told, _, _ in unlike]), USUAL))
    least, at, other = min(unlike)
    return usual / (float(_root([least])[0]) + _FLOOR), at, other + size


def _root(values: list[float]) -> npt.NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(np.array(values), 0)))
