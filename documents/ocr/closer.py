"""Enlarged views of parts of a page, and positions in them mapped back to the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import cv2
import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture
from documents.page.boxes import Polygon, TextBox

LARGEST_SIDE: Final = 1280
"""The longest side of an enlarged part, in pixels."""
_DARK: Final = 0.25
"""As a share of the paper's lightness. Print is darker than this, and becomes black."""
_PALE: Final = 0.7
"""As a share of the paper's lightness. Stamps and watermarks are paler, and become white."""


@dataclass(frozen=True)
class View:
    """A part of a page, straightened and enlarged."""

    picture: Picture
    _back: npt.NDArray[np.float64]

    def on_page(self, boxes: Sequence[TextBox]) -> list[TextBox]:
        """Return `boxes` of this view in pixels of the page."""
        return [replace(box, polygon=self._polygon_on_page(box.polygon)) for box in boxes]

    def _polygon_on_page(self, polygon: Polygon) -> Polygon:
        a, b, c, d = cv2.perspectiveTransform(np.array([polygon], dtype=np.float64), self._back)[0]
        return (
            (float(a[0]), float(a[1])),
            (float(b[0]), float(b[1])),
            (float(c[0]), float(c[1])),
            (float(d[0]), float(d[1])),
        )


def enlarged_view(image: Picture, area: Polygon, zoom: float, *, ink: bool = False) -> View:
    """Return `area` of `image`, enlarged `zoom` times, with sides of at most LARGEST_SIDE.

    The corners of `area` are in the direction of reading. With `ink`, anything coloured or paler
    than print becomes paper.
    """
    width, height = math.dist(area[0], area[1]), math.dist(area[0], area[3])
    zoom = min(zoom, LARGEST_SIDE / max(width, height, 1.0))
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    corners = np.array(area, dtype=np.float32)
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float32)
    there, back = (
        cv2.getPerspectiveTransform(corners, target),
        cv2.getPerspectiveTransform(target, corners),
    )
    nearer = cast(
        Picture,
        cv2.warpPerspective(
            image, there, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
    )
    return View(_ink(nearer) if ink else nearer, cast(npt.NDArray[np.float64], back))


def _ink(picture: Picture) -> Picture:
    """Return `picture` with even white paper, on which only dark print is left."""
    light = picture.max(axis=2)  # a colour is bright in one channel; black is dark in all
    window = min(255, max(15, min(light.shape) // 4) | 1)
    paper = cv2.medianBlur(cv2.dilate(light, np.ones((7, 7), np.uint8)), window)
    share = light.astype(np.float32) / np.maximum(paper, 1)
    grey = np.clip((share - _DARK) / (_PALE - _DARK), 0, 1) * 255
    return cast(Picture, cv2.cvtColor(grey.astype(np.uint8), cv2.COLOR_GRAY2BGR))
