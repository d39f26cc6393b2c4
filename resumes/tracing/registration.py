"""Aligns a leaked picture with the clean page.

A leak may be rotated, cropped, photographed at an angle, or show paper that bulged. SIFT landmarks
at several scales are matched and give one homography. Then each block of the page searches the leak
for its ink (correlation), and the shifts of the blocks are smoothed. The leak is resampled only
once, with both together, so it is not blurred twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.tracing.clean import QUICK, CleanPage, Floats, Grey, Landmarks, find_landmarks

_LONGEST: Final = 1050
"""Longer side of a leak, in pixels, for the first search for landmarks; it gives a whole page the
scale at which clean pages are searched. At a larger size most landmarks would be outlines of the
visible mark.
"""
_SIZES: Final = (1.0, 1.7, 0.6)
"""Multiples of that size, tried in turn until enough landmarks agree."""
_RATIO: Final = 0.88
"""Maximum distance of a match, relative to the second best. Characters repeat on a page, so this
alone decides nothing.
"""
_SPREAD: Final = 5.0
"""Pixels of the page within which a landmark must agree with the others, because paper bulges."""
AGREED_AT_LEAST: Final = 9
ENOUGH: Final = 40
"""From this many agreeing landmarks on, no other size is tried."""
_BLOCK: Final = 128
_STEP: Final = 96
_FARTHEST: Final = 20
_BUSY: Final = 20.0
"""Minimum mean square of a block's ink for it to be located."""
_SURE: Final = 5.0
"""How far the best place of a block must be above the mean of all its places, in deviations."""

_NARROW: Final = 0.4
"""The share of a page's width or height over which landmarks must be spread to give the camera
angle.
"""
_STEEP: Final = 3.0
"""Maximum ratio of the distances of a sheet's far and near edge from the lens."""
_SMALLEST: Final = 0.05
"""Minimum pixels of a leak for one pixel of the page."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Position:
    """The position of a leak on a page."""

    homography: Matrix
    """Pixels of the page → pixels of the leak."""
    agreed: int
    """The number of landmarks that agree."""

    @property
    def scale(self) -> float:
        """Pixels of the leak for one pixel of the page."""
        return float(np.sqrt(abs(np.linalg.det(self.homography[:2, :2] / self.homography[2, 2]))))

    @property
    def rotation(self) -> int:
        """The clockwise rotation of the leak in degrees, rounded to 0, 90, 180 or 270."""
        a = self.homography / self.homography[2, 2]
        return round(float(np.degrees(np.arctan2(a[1, 0], a[0, 0]))) / 90) * 90 % 360


@dataclass(frozen=True)
class Aligned:
    """A leak, resampled to the pixels of the page."""

    picture: Floats
    inside: npt.NDArray[np.bool_]
    """The pixels that the leak covers."""


@dataclass(frozen=True)
class Leak:
    """A leaked picture in grey, with its landmarks at one size."""

    grey: Grey
    landmarks: Landmarks


def leak_sizes(leak: Grey) -> Iterator[Leak]:
    """Yield `leak` with the landmarks of one size after the other, in pixels of the leak."""
    first = min(1.0, _LONGEST / max(leak.shape))
    for by in _SIZES:
        scale = first * by
        small = cv2.resize(
            leak,
            None,
            fx=scale,
            fy=scale,
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
        )
        if max(small.shape) > 2 * _LONGEST or min(small.shape) < 16:
            continue
        found = find_landmarks(np.asarray(small, np.uint8))
        yield Leak(leak, Landmarks((found.points + 0.5) / scale - 0.5, found.described))


def count_matches(leak: Landmarks, page: CleanPage) -> int:
    """Return how many of the leak's strongest landmarks have a unique match on `page`.

    This is cheap and serves to choose among many pages.
    """
    return len(_matches(leak.strongest(QUICK), page.landmarks.strongest(3 * QUICK)))


def find_positions(leak: Landmarks, page: CleanPage) -> list[Position]:
    """Return the possible positions of the leak on `page`, the likeliest first; none if its
    landmarks do not agree.

    If they are all in one corner of the page, a position without perspective is a second guess,
    because a homography from three lines is unreliable elsewhere.
    """
    pairs = _matches(leak, page.landmarks)
    if len(pairs) < AGREED_AT_LEAST:
        return []
    on_leak, on_page = leak.points[pairs[:, 0]], page.landmarks.points[pairs[:, 1]]
    # From the leak to the page, so that the threshold is in pixels of the page.
    found, mask = cv2.findHomography(
        on_leak, on_page, cv2.USAC_MAGSAC, _SPREAD, maxIters=4000, confidence=0.999
    )
    guesses = [] if found is None or mask is None else [(found, mask.ravel() > 0)]
    agreed = on_page[guesses[0][1]] if guesses else on_page[:0]
    if (
        len(agreed) < ENOUGH
        or (np.ptp(agreed, axis=0) < _NARROW * np.array(page.grey.shape[::-1])).any()
    ):
        straight, mask = cv2.estimateAffinePartial2D(
            on_leak, on_page, method=cv2.RANSAC, ransacReprojThreshold=_SPREAD
        )
        if straight is not None:
            guesses.append((np.vstack((straight, (0.0, 0.0, 1.0))), mask.ravel() > 0))
    positions = [
        Position(np.linalg.inv(matrix.astype(np.float64)), int(inside.sum()))
        for matrix, inside in guesses
        if int(inside.sum()) >= AGREED_AT_LEAST and abs(np.linalg.det(matrix)) > 1e-9
    ]
    return [position for position in positions if _is_sane(position, page.grey.shape)]


def _is_sane(position: Position, shape: tuple[int, ...]) -> bool:
    """Whether a camera could see the sheet like this: from the front, not mirrored, not edge on."""
    corners = np.array([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], np.float64)
    depth = corners @ position.homography[2, :2] + position.homography[2, 2]
    if depth.min() * depth.max() <= 0 or np.abs(depth).max() > _STEEP * np.abs(depth).min():
        return False
    return bool(
        np.linalg.det(position.homography) / depth.mean() ** 3 > 0
        and _SMALLEST < position.scale < 1 / _SMALLEST
    )


def _matches(leak: Landmarks, page: Landmarks) -> npt.NDArray[np.int64]:
    """Return the pairs of landmarks whose match is clearly nearer than the second best."""
    if min(leak.count, page.count) < 2:
        return np.zeros((0, 2), np.int64)
    # The smaller set chooses: the lines of an almost empty page among the many letters of the
    # visible mark.
    if page.count < leak.count // 4:
        return _matches(page, leak)[:, ::-1]
    likeness = leak.described @ page.described.T
    best = likeness.argmax(axis=1)
    rows = np.arange(len(best))
    nearest = likeness[rows, best].copy()
    likeness[rows, best] = -1
    second = likeness.max(axis=1)
    # Both have length 1, so their distance is √(2 − 2 × likeness).
    clear = (1 - nearest) < _RATIO**2 * (1 - second)
    return np.stack((rows[clear], best[clear]), axis=1)


def align_leak(
    leak: Grey, position: Position, page: CleanPage, drift: Floats | None = None
) -> Aligned:
    """Return `leak` resampled at `position`, each pixel moved by `drift` (height × width × 2, in
    pixels of the page).
    """
    height, width = page.grey.shape
    homography = position.homography / position.homography[2, 2]
    if position.scale > 1.4:  # otherwise single pixels would be picked out of many
        scale = 1 / position.scale
        leak = np.asarray(
            cv2.resize(leak, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        homography = (
            np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1]])
            @ homography
        )
    if drift is None:
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        picture = cv2.warpPerspective(
            leak, homography, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        inside = cv2.warpPerspective(
            np.full(leak.shape, 255, np.uint8),
            homography,
            (width, height),
            flags=cv2.WARP_INVERSE_MAP,
        )
        return Aligned(np.asarray(picture, np.float32), np.asarray(inside) > 250)
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    xs, ys = xs + drift[..., 0], ys + drift[..., 1]
    a = homography.astype(np.float32)
    depth = a[2, 0] * xs + a[2, 1] * ys + a[2, 2]
    at_x, at_y = (
        (a[0, 0] * xs + a[0, 1] * ys + a[0, 2]) / depth,
        (a[1, 0] * xs + a[1, 1] * ys + a[1, 2]) / depth,
    )
    picture = cv2.remap(leak, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = (at_x >= 1) & (at_y >= 1) & (at_x <= leak.shape[1] - 2) & (at_y <= leak.shape[0] - 2)
    return Aligned(np.asarray(picture, np.float32), inside)


def estimate_drift(found: Aligned, page: CleanPage) -> Floats | None:
    """Return how far each place of the page is from its place in `found`, smoothed over blocks.

    Returns None if no block can be located.
    """
    height, width = page.grey.shape
    if height < _BLOCK or width < _BLOCK:
        return None
    ours, theirs = _blocks(ink_darkness(page.grey.astype(np.float32))), ink_darkness(found.picture)
    theirs[~found.inside] = 0
    tops, lefts = _starts(height), _starts(width)
    kept = np.flatnonzero((ours**2).mean(axis=(1, 2)) > _BUSY)
    if len(kept) < 3:
        return None
    spectrum = np.fft.rfft2(_blocks(theirs)[kept]) * np.conj(np.fft.rfft2(ours[kept]))
    # Half whitened: sharp enough to be exact, but not so sharp that noise decides.
    spectrum /= np.sqrt(np.abs(spectrum)) + 1e-3
    peaks = np.fft.fftshift(np.fft.irfft2(spectrum, s=(_BLOCK, _BLOCK)), axes=(1, 2))
    field = np.zeros((len(tops) * len(lefts), 2), np.float32)
    trust = np.zeros(len(field), np.float32)
    middle = _BLOCK // 2
    near = peaks[
        :, middle - _FARTHEST : middle + _FARTHEST + 1, middle - _FARTHEST : middle + _FARTHEST + 1
    ]
    for n, (at, surface) in enumerate(zip(kept.tolist(), near, strict=True)):
        y, x = divmod(int(surface.argmax()), surface.shape[1])
        sure = float((surface[y, x] - peaks[n].mean()) / (peaks[n].std() + 1e-6))
        if sure > _SURE and 0 < y < surface.shape[0] - 1 and 0 < x < surface.shape[1] - 1:
            field[at] = (
                x - _FARTHEST + _top(surface[y, x - 1 : x + 2]),
                y - _FARTHEST + _top(surface[y - 1 : y + 2, x]),
            )
            trust[at] = min(sure, 20.0)
    return _smoothed(
        field.reshape(len(tops), len(lefts), 2),
        trust.reshape(len(tops), len(lefts)),
        (height, width),
    )


def _blocks(picture: Floats) -> Floats:
    """Return the blocks of `picture`, row by row, faded out at their edges."""
    window = np.outer(np.hanning(_BLOCK), np.hanning(_BLOCK)).astype(np.float32)
    tops, lefts = _starts(picture.shape[0]), _starts(picture.shape[1])
    return np.stack(
        [
            picture[top : top + _BLOCK, left : left + _BLOCK] * window
            for top in tops
            for left in lefts
        ]
    )


def _starts(length: int) -> list[int]:
    return sorted({*range(0, length - _BLOCK + 1, _STEP), length - _BLOCK})


def ink_darkness(picture: Floats) -> Floats:
    """Return the darkness relative to the surrounding paper, smoothed and clipped."""
    around = cv2.blur(picture, (41, 41))
    return np.asarray(np.clip(cv2.GaussianBlur(around - picture, (0, 0), 1.2), -20, 90), np.float32)


def _top(three: npt.NDArray[np.floating]) -> float:
    """Return the maximum, between −½ and ½, of a parabola through `three` values."""
    before, at, after = (float(value) for value in three)
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))


def _smoothed(field: Floats, trust: Floats, shape: tuple[int, int]) -> Floats | None:
    """Return `field` at the size of the page, without blocks that deviate from their neighbours and
    with the holes filled.
    """
    if np.count_nonzero(trust) < 3:
        return None
    middle = np.median(field[trust > 0], axis=0)
    for reach in (8.0, 3.0):
        weight = cv2.GaussianBlur(trust, (0, 0), 1.2) + 1e-6
        around = (
            cv2.GaussianBlur((field - middle) * trust[..., None], (0, 0), 1.2) / weight[..., None]
            + middle
        )
        trust = np.where(np.abs(field - around).max(axis=2) < reach, trust, 0).astype(np.float32)
        if np.count_nonzero(trust) < 3:
            return None
    # Near blocks decide; where there are none, farther ones do.
    total, result = np.full(trust.shape, 1e-9, np.float32), np.zeros_like(field)
    for sigma, share in ((0.9, 1.0), (2.5, 1e-2), (8.0, 1e-4)):
        total += share * cv2.GaussianBlur(trust, (0, 0), sigma)
        result += share * np.asarray(
            cv2.GaussianBlur(field * trust[..., None], (0, 0), sigma), np.float32
        )
    result /= total[..., None]
    # The value of a block applies to its middle.
    tops, lefts = _starts(shape[0]), _starts(shape[1])
    ys = np.interp(np.arange(shape[0]), np.array(tops) + _BLOCK / 2, np.arange(len(tops))).astype(
        np.float32
    )
    xs = np.interp(np.arange(shape[1]), np.array(lefts) + _BLOCK / 2, np.arange(len(lefts))).astype(
        np.float32
    )
    at_x, at_y = np.meshgrid(xs, ys)
    return np.asarray(
        cv2.remap(result, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
