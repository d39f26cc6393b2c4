"""Finds values whose ground is less grainy than the paper around them.

Painting over a value with the colour of its ground leaves an area without grain. Grain is compared
only between a value and the paper right above and below it, because light, focus and the encoder
change from place to place.

After Mahdian and Saic, "Using noise inconsistencies for blind image forensics" (2009), who compare
the noise of neighbouring blocks.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.forgery.model import Kind, Lines, Picture, Region, Trace, clip_region, line_windows

FLAT: Final = 1
"""The largest difference, in shades, of a pixel's eight neighbours where there is no grain."""
LEAST_GROUND: Final = 0.2
"""The share of a window that must be free of ink for its ground to be judged."""


def smoother_than_around(picture: Picture, lines: Lines) -> list[Trace]:
    """Return one trace per line: how much flatter its flattest window is than the paper around.

    The score is the difference of the flat shares, 0..1.
    """
    height, width = picture.shape[:2]
    traces = []
    for field, regions in lines.items():
        for region in regions:
            line = clip_region(region, width, height)
            if min(line[2] - line[0], line[3] - line[1]) < 8:
                continue
            score, window = max((_excess(picture, window), window) for window in line_windows(line))
            traces.append(Trace(Kind.GROUND, score, window, field))
    return traces


def _excess(picture: Picture, window: Region) -> float:
    x0, y0, x1, y1 = window
    size = max(x1 - x0, y1 - y0)
    left, top, right, bottom = clip_region(
        (x0 - size, y0 - size, x1 + size, y1 + size), picture.shape[1], picture.shape[0]
    )
    grey = np.asarray(cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_BGR2GRAY), np.uint8)
    flat, ground = without_grain(grey), _ground(grey)
    within = np.zeros(grey.shape, bool)
    within[y0 - top : y1 - top, x0 - left : x1 - left] = True
    here, around = within & ground, ~within & ground
    if here.sum() < LEAST_GROUND * within.sum() or around.sum() < LEAST_GROUND * (~within).sum():
        return 0.0
    return float(flat[here].mean()) - float(flat[around].mean())


def without_grain(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return the pixels whose neighbours are all of one shade, or nearly."""
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.subtract(cv2.dilate(grey, kernel), cv2.erode(grey, kernel)) <= FLAT)


def _ground(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return where there is no ink, nor ink right beside it."""
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    ink = (cv2.subtract(paper, grey) > 24).astype(np.uint8)
    return np.asarray(cv2.dilate(ink, np.ones((3, 3), np.uint8)) == 0)
