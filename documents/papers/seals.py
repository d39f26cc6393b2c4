"""Is there a round red seal on this page, and what does its ring say?

Pixels only: ink is told by its colour, a seal by its shape. A grey copy has no red, and so no seal
that could be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture
from documents.page.boxes import Region

LONGEST_SIDE: Final = 1000
"""Pixels of the picture on which seals are looked for."""
SMALLEST: Final = 0.035
"""Least radius of a seal, as a share of the page's longer side; a company's seal on A4 has 0.07."""
LARGEST: Final = 0.2
ROUND: Final = 0.8
"""Least share of its smallest circle that the outline of a seal fills: a circle 1, one seen askew
0.85, a square 0.64.
"""
_RED_SHARES: Final = (0.06, 0.72)
"""Of a seal's disc: what a thin ring with a few letters covers, and what only a solid disc does."""
_RIM: Final = 0.72
"""Least share of the directions in which the rim has ink."""
_Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Seal:
    """A round red mark."""

    region: Region
    """In page pixels."""
    area: int
    """Of its disc, in square page pixels."""
    red_share: float
    """Of the disc, 0..1: how much of it is red."""
    roundness: float
    """0..1: how much of its smallest circle the outline fills."""


def find_seals(picture: Picture) -> tuple[Seal, ...]:
    """The round red seals on `picture`, largest first."""
    height, width = picture.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width, 1))
    small = (
        picture
        if scale == 1.0
        else cast(
            Picture, cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )
    )
    red = red_ink(small)
    longest = int(max(small.shape[0], small.shape[1]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, longest // 150),) * 2)
    closed = cv2.morphologyEx(red, cv2.MORPH_CLOSE, kernel)
    outlines, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    seals: list[Seal] = []
    for outline in outlines:
        _, radius = cv2.minEnclosingCircle(outline)
        if not SMALLEST * longest <= radius <= LARGEST * longest:
            continue
        hull = cv2.convexHull(outline)
        roundness = float(cv2.contourArea(hull) / (np.pi * radius**2))
        inside = np.zeros(red.shape, np.uint8)
        cv2.drawContours(inside, [hull], -1, 255, -1)
        share = float(np.count_nonzero(red[inside > 0]) / max(1, int(np.count_nonzero(inside))))
        if (
            roundness >= ROUND
            and _RED_SHARES[0] <= share <= _RED_SHARES[1]
            and _rim(red, hull) >= _RIM
        ):
            left, top, wide, high = cv2.boundingRect(hull)
            region = (
                max(0, int(left / scale)),
                max(0, int(top / scale)),
                min(width, round((left + wide) / scale)),
                min(height, round((top + high) / scale)),
            )
            seals.append(
                Seal(
                    region,
                    round(float(cv2.contourArea(hull)) / scale**2),
                    round(share, 3),
                    round(min(1.0, roundness), 3),
                )
            )
    return tuple(_outermost(seals))


def _outermost(seals: Iterable[Seal]) -> Iterator[Seal]:
    """`seals`, largest first, without those inside a larger one: a ring has an inner edge too."""
    by_field: list[Seal] = []
    for seal in sorted(seals, key=lambda seal: -seal.area):
        x, y = (seal.region[0] + seal.region[2]) / 2, (seal.region[1] + seal.region[3]) / 2
        if not any(
            other.region[0] < x < other.region[2] and other.region[1] < y < other.region[3]
            for other in by_field
        ):
            by_field.append(seal)
            yield seal


def red_ink(picture: Picture) -> _Mask:
    """255 where `picture` shows red ink, pale or dark; 0 elsewhere."""
    blue, green, red = (picture[..., i].astype(np.int16) for i in range(3))
    strength = red - np.maximum(blue, green)
    alike = np.abs(blue - green)  # orange, gold and purple differ here
    return cast(
        _Mask, ((strength > 28) & (alike < 0.75 * strength) & (red > 70)).astype(np.uint8) * 255
    )


def without_red(picture: Picture) -> Picture:
    """`picture` as it would be without its red ink: seen through a red glass, in grey."""
    return np.ascontiguousarray(np.repeat(picture[..., 2:3], 3, axis=2))


def with_seals_removed(picture: Picture, seals: Iterable[Seal]) -> Picture:
    """`picture` with what lies under `seals` laid open; all other colours stay."""
    result = picture
    for seal in seals:
        result = result.copy() if result is picture else result
        x0, y0, x1, y1 = seal.region
        result[y0:y1, x0:x1] = without_red(picture[y0:y1, x0:x1])
    return result


def only_red(picture: Picture) -> Picture:
    """The red ink of `picture`, black on white, without what was printed beneath.

    The colour tells which ink it is, but files keep colour at half the sharpness; the green
    channel, in which red is dark, tells where its edges are. Each is half of the answer.
    """
    colours = picture.astype(np.float32)
    strength = colours[..., 2] - colours[..., :2].max(axis=2)
    by_colour = np.clip(strength / max(40.0, float(np.percentile(strength, 97))), 0, 1)
    red = np.clip((cv2.GaussianBlur(strength, (0, 0), 1.2) - 12) / 25, 0, 1)
    green = colours[..., 1]
    paper = cv2.GaussianBlur(cv2.dilate(green, np.ones((31, 31), np.uint8)), (0, 0), 9)
    by_green = np.clip(1 - green / np.maximum(paper, 1), 0, 1) * red
    if (red > 0.5).any():
        by_green = np.clip(
            by_green / max(0.05, float(np.percentile(by_green[red > 0.5], 85))), 0, 1
        )
    ink = (by_colour + by_green) / 2
    return np.ascontiguousarray(np.repeat((255 * (1 - ink)).astype(np.uint8)[..., None], 3, axis=2))


def unrolled(picture: Picture, seal: Seal) -> Picture:
    """The writing of the seal's ring as one straight line: black on white, from the foot clockwise
    to the foot.
    """
    x0, y0, x1, y1 = seal.region
    disc = only_red(picture[y0:y1, x0:x1])
    side = 480
    disc = cast(Picture, cv2.resize(disc, (side, side), interpolation=cv2.INTER_CUBIC))
    middle, radius = side / 2, side / 2
    length, depth = round(2 * np.pi * radius * 0.78), round(radius * 0.4)
    angles = np.pi / 2 + np.linspace(0, 2 * np.pi, length)[None, :]
    reach = np.linspace(0.93, 0.53, depth)[:, None] * radius
    xs, ys = middle + reach * np.cos(angles), middle + reach * np.sin(angles)
    strip = cv2.remap(
        disc,
        xs.astype(np.float32),
        ys.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.ascontiguousarray(
        cv2.copyMakeBorder(strip, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    )


def dark_share(picture: Picture, region: Region) -> float:
    """How much of `region` (page pixels, cut to the page) is dark ink that is not red, 0..1."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (
        max(0, region[0]),
        max(0, region[1]),
        min(width, region[2]),
        min(height, region[3]),
    )
    if x1 - x0 < 4 or y1 - y0 < 4:
        return 0.0
    grey = without_red(picture[y0:y1, x0:x1])[..., 0]
    paper = float(np.percentile(grey, 90))
    return float(np.count_nonzero(grey < 0.62 * paper) / grey.size)


def _rim(red: _Mask, hull: npt.NDArray[np.int32] | cv2.typing.MatLike) -> float:
    """The share of 48 directions from the middle of `hull` in which there is red near its edge."""
    edge = np.zeros(red.shape, np.uint8)
    _, radius = cv2.minEnclosingCircle(hull)
    cv2.drawContours(edge, [hull], -1, 255, max(2, round(radius * 0.12)))
    ys, xs = np.nonzero((edge > 0) & (red > 0))
    moments = cv2.moments(hull)
    if not len(xs) or not moments["m00"]:
        return 0.0
    angles = np.arctan2(ys - moments["m01"] / moments["m00"], xs - moments["m10"] / moments["m00"])
    return len(np.unique(((angles + np.pi) / (2 * np.pi) * 48).astype(int) % 48)) / 48
