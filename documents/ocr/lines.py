"""Lines of text on a picture: their measures, their order, and cutting them out."""

from __future__ import annotations

import math
from typing import Final, cast

import cv2
import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture
from documents.page.boxes import Polygon

LONG_SIDE: Final = 1280
"""In pixels. A longer side finds no more text, and time grows with its square."""
STEP: Final = 320
LINE_STEP: Final = 80
LINE_HEIGHT: Final = 48
LONGEST_LINE: Final = 3200
PARAGRAPH: Final = 3
"""The number of tightly set lines that make a paragraph."""
LONG: Final = 14
"""In heights. A longer line is more often an address or a term than a name or a code."""
SMALL: Final = 0.66
"""As a share of the median line. Smaller print is beside a QR code, or the form's number."""
Corners = npt.NDArray[np.float32]
"""4 × 2: a line's corners in picture pixels, clockwise from the text's own top left."""


def by_width(lines: list[Corners]) -> list[Corners]:
    """Sort `lines` by width: a line as wide as the last takes a quarter less time."""
    return sorted(lines, key=lambda corners: line_length(corners) / max(1.0, line_height(corners)))


def small_print_last(lines: list[Corners]) -> tuple[list[Corners], list[Corners]]:
    """Return the lines above the paragraph of at least PARAGRAPH lines, and the paragraph and the
    rest.

    The paragraph is the 经营范围: most of the page's text, and nothing that a decision waits for.
    Its first line stays with those above, since it may be another field's. Both lists run from the
    top, but LONG and SMALL lines, which seldom decide, come last in the first one.
    """
    ordered = sorted(lines, key=line_top)
    best: list[int] = []
    for start in range(len(ordered)):
        run = [start]
        for i in range(start + 1, len(ordered)):
            a, b = ordered[run[-1]], ordered[i]
            down = float(b[:, 1].mean() - a[:, 1].mean())
            height = max(line_height(a), line_height(b))
            if down > 1.4 * height:
                break
            if (
                down > 0.5 * height
                and abs(float(b[0, 0] - a[0, 0])) < height
                and line_length(b) > 6 * height
            ):
                run.append(i)
        if len(run) > len(best):
            best = run
    if len(best) < PARAGRAPH:
        return _seldom_last(ordered), []
    paragraph = set(best[1:])
    top = float(ordered[best[1]][:, 1].mean())
    later = [
        c
        for i, c in enumerate(ordered)
        if i in paragraph or float(c[:, 1].mean()) > top + line_height(ordered[best[1]])
    ]
    return _seldom_last([c for c in ordered if not any(c is other for other in later)]), later


def _seldom_last(lines: list[Corners]) -> list[Corners]:
    """Return `lines` with LONG and SMALL ones last."""
    usual = float(np.median([line_height(c) for c in lines])) if lines else 0.0
    return sorted(
        lines,
        key=lambda c: line_length(c) >= LONG * line_height(c) or line_height(c) < SMALL * usual,
    )


def scaled_page(image: Picture) -> tuple[Picture, float]:
    """Return `image` with its long side at most LONG_SIDE, and the scale.

    The canvas has sides that are multiples of STEP.
    """
    height, width = image.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    small = (
        cv2.resize(
            image,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        if scale < 1
        else image
    )
    below, right = -small.shape[0] % STEP, -small.shape[1] % STEP
    return (
        cast(
            Picture,
            cv2.copyMakeBorder(
                small, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(127, 127, 127)
            ),
        ),
        scale,
    )


def line_top(corners: Corners) -> float:
    """Return how far down the middle of a line is."""
    return float(corners[:, 1].mean())


def line_length(corners: Corners) -> float:
    return float(np.linalg.norm(corners[1] - corners[0]))


def line_height(corners: Corners) -> float:
    return float(np.linalg.norm(corners[3] - corners[0]))


def mostly_sideways(lines: list[Corners]) -> bool:
    """Whether the text runs up or down the picture.

    Decided by length, as short lines have no direction.
    """
    tall = sum(line_height(c) for c in lines if line_height(c) > 1.5 * line_length(c))
    wide = sum(line_length(c) for c in lines if line_length(c) > 1.5 * line_height(c))
    return tall > wide


def cut_line(image: Picture, corners: Corners) -> Picture:
    """Return the line in `corners`, cut out and straightened, at most LINE_HEIGHT × 2 px high."""
    width, height = line_length(corners), line_height(corners)
    shrink = min(1.0, 2 * LINE_HEIGHT / max(height, 1.0), LONGEST_LINE / max(width, 1.0))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return cast(
        Picture,
        cv2.warpPerspective(
            image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
    )


def pad_strip(strip: Picture) -> Picture:
    """Return `strip`, lengthened with grey to a width of a multiple of STEP at LINE_HEIGHT."""
    height, width = strip.shape[:2]
    steps = math.ceil(width * LINE_HEIGHT / height / LINE_STEP)
    missing = max(0, round(steps * LINE_STEP * height / LINE_HEIGHT) - width)
    return cast(
        Picture,
        cv2.copyMakeBorder(strip, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=(127, 127, 127)),
    )


def polygon_of(corners: Corners) -> Polygon:
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d
