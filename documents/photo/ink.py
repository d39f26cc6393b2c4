"""Paper, ink and lines of print on a photograph, for judging it before it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture
from documents.photo.flaws import Area

Grey: TypeAlias = npt.NDArray[np.uint8]
_STROKE: Final = 15
"""In pixels of `coarse`. Only the title's strokes are broader."""
_ABOVE_GRAIN: Final = 5.5
"""In deviations, from the brightest pixel near a stroke to the darkest grain. Print is darker."""


def box_kernel(width: int, height: int) -> Grey:
    return np.ones((height, width), np.uint8)


def grey_of(picture: Picture) -> Grey:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def resize_picture(picture: Picture, scale: float) -> Picture:
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR),
        np.uint8,
    )


def grain_of(grey: Grey) -> float:
    """Return the deviation of the noise, in shades: the difference of neighbours without print."""
    return (
        float(np.median(cv2.absdiff(grey[:, 1:], grey[:, :-1]))) / 0.954
        if grey.shape[1] > 1
        else 0.0
    )


@dataclass(frozen=True)
class Ink:
    """The sheet without its print (`paper`), and the positions of the print (`mask`, 0 or 1)."""

    paper: Grey
    mask: Grey

    @classmethod
    def on(cls, grey: Grey) -> Ink:
        paper = cv2.morphologyEx(
            grey, cv2.MORPH_CLOSE, box_kernel(_STROKE, _STROKE), borderType=cv2.BORDER_REPLICATE
        )
        least = np.maximum(
            cv2.convertScaleAbs(paper, alpha=0.16),
            min(255, round(max(12.0, _ABOVE_GRAIN * grain_of(grey)))),
        )
        return cls(
            np.asarray(paper, np.uint8), (cv2.subtract(paper, grey) > least).astype(np.uint8)
        )

    @property
    def level(self) -> float:
        """The brightness of the page, 0..255."""
        return float(np.median(self.paper))


@dataclass(frozen=True)
class Lines:
    """Lines of print on even paper, in pixels of the picture that they were found on.

    They run in the direction that has more of them.
    """

    count: int
    height: float
    """The height of the median line, weighted by area; 0 without lines."""
    hull: Area
    even: float
    """The share of the hull that is as even as paper, 0..1."""

    @classmethod
    def in_(cls, ink: Ink) -> Lines:
        uneven = cv2.absdiff(ink.paper, cv2.blur(ink.paper, (31, 31)))
        ground = ((uneven <= cv2.convertScaleAbs(ink.paper, alpha=0.05)) & (ink.paper > 60)).astype(
            np.uint8
        )
        ways = [cls._along(ink.mask, ground, horizontal) for horizontal in (True, False)]
        return max(ways, key=lambda way: way.count * way.height)

    @classmethod
    def _along(cls, mask: Grey, ground: Grey, horizontal: bool) -> Lines:
        joined = cv2.morphologyEx(
            mask, cv2.MORPH_CLOSE, box_kernel(9, 1) if horizontal else box_kernel(1, 9)
        )
        _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=4)
        long, high = (stats[:, 2], stats[:, 3]) if horizontal else (stats[:, 3], stats[:, 2])
        longest = max(mask.shape)
        shaped = (
            (long >= 2.5 * high) & (high >= 3) & (high <= 0.05 * longest) & (long <= 0.8 * longest)
        )
        shaped &= stats[:, 4] > 0.35 * long * high
        shaped[0] = False
        kept = [i for i in np.flatnonzero(shaped) if _share(ground, stats[i]) > 0.6]
        if not kept:
            return cls(0, 0.0, (0, 0, mask.shape[1], mask.shape[0]), 0.0)
        found = stats[kept]
        left, top = int(found[:, 0].min()), int(found[:, 1].min())
        right, bottom = (
            int((found[:, 0] + found[:, 2]).max()),
            int((found[:, 1] + found[:, 3]).max()),
        )
        even = float(ground[top:bottom, left:right].mean())
        return cls(
            len(kept),
            _weighted_median(high[kept], (long * high)[kept]),
            (left, top, right, bottom),
            even,
        )


def _share(mask: Grey, stat: npt.NDArray[np.int32]) -> float:
    x, y, width, height = (int(value) for value in stat[:4])
    return float(mask[y : y + height, x : x + width].mean())


def _weighted_median(values: npt.NDArray[Any], weights: npt.NDArray[Any]) -> float:
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])
