"""Round red seals: finding them, removing them, and unrolling their rings.

This works on pixels only: the colour identifies the ink, the shape a seal. A grey copy has no red,
so no seal can be found on it.
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
"""The longest side of the picture on which seals are searched, in pixels."""
SMALLEST: Final = 0.035
"""The smallest radius of a seal, as a share of the page's longer side.

A company's seal on A4 has 0.07.
"""
LARGEST: Final = 0.2
ROUND: Final = 0.8
"""The smallest share of its enclosing circle that a seal's outline fills.

A circle has 1, one seen at an angle 0.85, a square 0.64.
"""
_RED_SHARES: Final = (0.06, 0.72)
"""The share of red in a seal's disc, between a thin ring with few letters and a solid disc."""
_RIM: Final = 0.72
"""The smallest share of directions in which the rim has ink."""
_Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Seal:
    """A round red mark."""

    region: Region
    """In page pixels."""
    area: int
    """The area of its disc, in square page pixels."""
    red_share: float
    """The share of the disc that is red, 0..1."""
    roundness: float
    """The share of its enclosing circle that the outline fills, 0..1."""


def find_seals(picture: Picture) -> tuple[Seal, ...]:
    """Return the round red seals on `picture`, largest first."""
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
    """Yield `seals`, largest first, without those inside a larger one, such as inner edges."""
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
    """Return 255 where `picture` has red ink, pale or dark; 0 elsewhere."""
    blue, green, red = (picture[..., i].astype(np.int16) for i in range(3))
    strength = red - np.maximum(blue, green)
    alike = np.abs(blue - green)  # orange, gold and purple differ here
    return cast(
        _Mask, ((strength > 28) & (alike < 0.75 * strength) & (red > 70)).astype(np.uint8) * 255
    )


def without_red(picture: Picture) -> Picture:
    """Return `picture` without its red ink, as seen through a red filter, in grey."""
    return np.ascontiguousarray(np.repeat(picture[..., 2:3], 3, axis=2))


def with_seals_removed(picture: Picture, seals: Iterable[Seal]) -> Picture:
    """Return `picture` with the print under `seals` exposed; all other colours stay."""
    result = picture
    for seal in seals:
        result = result.copy() if result is picture else result
        x0, y0, x1, y1 = seal.region
        result[y0:y1, x0:x1] = without_red(picture[y0:y1, x0:x1])
    return result


def only_red(picture: Picture) -> Picture:
    """Return the red ink of `picture`, black on white, without the print beneath.

    Colour identifies the ink, but files store colour at half the sharpness. The green channel, in
    which red is dark, has the edges. The two are combined.
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


def unroll_seal(picture: Picture, seal: Seal) -> Picture:
    """Return the writing in the seal's ring as one straight line, black on white.

    It runs clockwise from the foot to the foot.
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
    """Return the share (0..1) of `region`, in page pixels, with dark ink that is not red."""
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
    """Return the share of 48 directions from the middle of `hull` with red near its edge."""
    edge = np.zeros(red.shape, np.uint8)
    _, radius = cv2.minEnclosingCircle(hull)
    cv2.drawContours(edge, [hull], -1, 255, max(2, round(radius * 0.12)))
    ys, xs = np.nonzero((edge > 0) & (red > 0))
    moments = cv2.moments(hull)
    if not len(xs) or not moments["m00"]:
        return 0.0
    angles = np.arctan2(ys - moments["m01"] / moments["m00"], xs - moments["m10"] / moments["m00"])
    return len(np.unique(((angles + np.pi) / (2 * np.pi) * 48).astype(int) % 48)) / 48
