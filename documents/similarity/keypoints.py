"""Finds copies of a known picture that were cut, rotated or saved again, and compares the details.

`perceptual_hash` covers a whole page and fails if an edge is cut off. So a page is also identified
by its keypoints: spots with much detail (SIFT: Lowe 2004; its patent has expired), each described
by its surroundings, independent of scale, rotation and light. A description becomes two short words
made of the signs of differences, so that an ordinary index finds equal ones. Pages that share rare
words are candidates.

All licences of one kind are printed on the same form and share its title, labels and border. So a
candidate counts only after one picture was laid over the other and the ink was compared block by
block. In a copy nearly all blocks agree; in another company's licence on the same form only the
print of the form agrees.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

SIDE: Final = 1000
"""The longer side of pages when they are compared, in pixels."""
LANDMARKS: Final = 64
"""The number of landmarks used to find a page: the strongest, none near another."""
WORDS: Final = 2
"""Words per landmark."""
WORD_BITS: Final = 20

_SIZES: Final = (10.0, 60.0)
"""Diameters at SIDE, from a character to a few lines. Smaller ones are lost in rescaling."""
_APART: Final = 8.0
_TO_ALIGN: Final = 900
"""The number of landmarks that are kept, the strongest ones."""
_RATIO: Final = 0.8
"""A match must be nearer than this share of the distance of the next best (Lowe's ratio test)."""
_ALIGNED_AT_LEAST: Final = 24
"""The number of matches that an alignment needs."""
_BLOCK: Final = 28
_SLACK: Final = 4
"""How far a block may be off after the alignment, in pixels: paper and lenses bend."""
_TEXT_DEPTH: Final = 0.5
"""The depth of text, as a share of the page's deepest ink; borders and watermarks are paler."""
_STROKE: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_TEXT_SHARE: Final = 0.1
"""The share of a block that text must cover."""
_BLOCK_AGREES: Final = 0.7
_COMPARED_AT_LEAST: Final = 40

_PACKED: Final = 1
"""The version of the packed format. Change it with the results of `find_keypoints`."""
_HEAD: Final = struct.Struct("<Bd")
_POINT_BYTES: Final = 12
_FIGURES: Final = 128


@dataclass(frozen=True)
class Agreement:
    """How well two pictures agree where one lies over the other."""

    share: float
    """The share of the blocks with ink that agree."""
    blocks: int
    region: tuple[int, int, int, int]
    """The other picture's area on this one: x0, y0, x1, y1 in pixels of this one."""


@dataclass(frozen=True)
class Landmarks:
    """A page's spots of detail at SIDE, the strongest first."""

    scale: float
    """The factor from the page's own pixels to SIDE."""
    points: Floats
    """x, y, diameter."""
    described: Grey
    """The surroundings of each spot: SIFT's 128 figures, whole numbers below 256."""

    @cached_property
    def descriptions(self) -> Floats:
        """The descriptions for comparing: Hellinger (Arandjelović and Zisserman 2012)."""
        return np.asarray(np.sqrt(self.described.astype(np.float32) / 512), np.float32)

    def packed(self) -> bytes:
        """Return all landmarks, without loss, in 140 bytes each."""
        return (
            _HEAD.pack(_PACKED, self.scale)
            + self.points.astype("<f4").tobytes()
            + self.described.tobytes()
        )

    @classmethod
    def unpacked(cls, packed: bytes) -> Landmarks | None:
        """Return landmarks from `packed`; None if another version of the program packed them."""
        count, rest = divmod(len(packed) - _HEAD.size, _POINT_BYTES + _FIGURES)
        if rest or count < 0 or packed[0] != _PACKED:
            return None
        _version, scale = _HEAD.unpack_from(packed)
        points = (
            np.frombuffer(packed, "<f4", 3 * count, _HEAD.size).reshape(-1, 3).astype(np.float32)
        )
        described = np.frombuffer(
            packed, np.uint8, _FIGURES * count, _HEAD.size + _POINT_BYTES * count
        ).reshape(-1, _FIGURES)
        return cls(scale, points, described)


@dataclass(frozen=True)
class Seen:
    """A page ready to be compared."""

    landmarks: Landmarks
    picture: Callable[[], Grey]
    """Returns the page at SIDE; called only if the landmarks agree."""


def at_side(picture: Grey) -> tuple[Grey, float]:
    """Return `picture` (grey, any size) at SIDE, and the factor."""
    scale = SIDE / max(picture.shape)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    grey = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.asarray(grey, np.uint8), scale


def find_keypoints(grey: Grey, scale: float) -> Landmarks:
    """Return the landmarks of a picture at SIDE.

    This takes most of the time that a page costs.
    """
    keypoints, described = cv2.SIFT.create(nfeatures=0, contrastThreshold=0.03).detectAndCompute(
        grey, None
    )
    if described is None:
        return Landmarks(scale, np.zeros((0, 3), np.float32), np.zeros((0, _FIGURES), np.uint8))
    fit = [i for i, point in enumerate(keypoints) if _SIZES[0] <= point.size <= _SIZES[1]]
    fit.sort(key=lambda i: -keypoints[i].response)
    del fit[_TO_ALIGN:]
    points = np.array([(*keypoints[i].pt, keypoints[i].size) for i in fit], np.float32).reshape(
        -1, 3
    )
    return Landmarks(scale, points, np.clip(described[fit], 0, 255).astype(np.uint8))


def prepare_picture(picture: Grey) -> Seen:
    """Return `picture` (grey, any size) ready to be compared."""
    grey, scale = at_side(picture)
    return Seen(find_keypoints(grey, scale), lambda: grey)


# --- Finding --------------------------------------------------------------------------------------


def landmark_words(landmarks: Landmarks) -> list[tuple[str, ...]]:
    """Return WORDS words, of WORD_BITS / 4 hexadecimal digits, per landmark used."""
    kept: list[int] = []
    points = landmarks.points
    for i in range(len(points)):
        if all(math.dist(points[i, :2], points[j, :2]) > _APART for j in kept):
            kept.append(i)
            if len(kept) == LANDMARKS:
                break
    signs = landmarks.descriptions[kept] @ _DIFFERENCES.T > 0
    return [
        tuple(_hex(row[n * WORD_BITS : (n + 1) * WORD_BITS]) for n in range(WORDS)) for row in signs
    ]


def _hex(signs: npt.NDArray[np.bool_]) -> str:
    return f"{int(''.join('1' if sign else '0' for sign in signs), 2):0{WORD_BITS // 4}x}"


def _differences() -> Floats:
    """Return one row of ±1 for each bit.

    Cells at the same distance from the middle are compared, orientation by orientation. So anything
    that descriptions have in common cancels out, and each sign is about as often + as −.
    """
    middle = (5, 6, 9, 10)
    corners = (0, 3, 12, 15)
    zones = (middle, corners, tuple(cell for cell in range(16) if cell not in middle + corners))
    rows = np.zeros((WORDS * WORD_BITS, 16, 8), np.float32)
    for bit in range(len(rows)):
        for orientation in range(8):
            for zone in zones:
                order = sorted(
                    zone,
                    key=lambda cell: hashlib.sha256(
                        f"{bit} {orientation} {cell}".encode()
                    ).digest(),
                )
                rows[bit, order[::2], orientation], rows[bit, order[1::2], orientation] = 1, -1
    return rows.reshape(len(rows), 128)


_DIFFERENCES: Final = _differences()


# --- Comparing ------------------------------------------------------------------------------------


def compare_pictures(mine: Seen, theirs: Seen) -> Agreement | None:
    """Return how well `theirs` agrees with `mine`; None if it cannot be laid over it."""
    matrix = _laid_over(mine.landmarks, theirs.landmarks)
    if matrix is None:
        return None
    here, other = mine.picture(), theirs.picture()
    height, width = here.shape
    moved = cv2.warpPerspective(
        other, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    covered = cv2.warpPerspective(
        np.full(other.shape, 255, np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST
    )
    there = np.asarray(moved, np.uint8)
    agreeing, compared = _blocks(
        _detail(here), _detail(there), _text(here) | _text(there), np.asarray(covered, np.uint8)
    )
    if compared < _COMPARED_AT_LEAST:
        return None
    ys, xs = np.nonzero(covered)
    corners = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    x0, y0, x1, y1 = (round(float(at) / mine.landmarks.scale) for at in corners)
    return Agreement(agreeing / compared, compared, (x0, y0, x1, y1))


def _laid_over(mine: Landmarks, theirs: Landmarks) -> Floats | None:
    """Return the homography from `theirs` to `mine`, or None if too few matches agree on one."""
    a, b = mine.descriptions, theirs.descriptions
    if min(len(a), len(b)) < _ALIGNED_AT_LEAST:
        return None
    pairs = [two for two in cv2.BFMatcher(cv2.NORM_L2).knnMatch(b, a, k=2) if len(two) == 2]
    good = [first for first, second in pairs if first.distance < _RATIO * second.distance]
    if len(good) < _ALIGNED_AT_LEAST:
        return None
    source = np.array([theirs.points[match.queryIdx, :2] for match in good], np.float32)
    target = np.array([mine.points[match.trainIdx, :2] for match in good], np.float32)
    matrix, inliers = cv2.findHomography(
        source, target, cv2.RANSAC, 4.0, maxIters=2000, confidence=0.999
    )
    if matrix is None or int(inliers.sum()) < _ALIGNED_AT_LEAST:
        return None
    # One sheet over another is neither mirrored nor much larger: such a match is chance.
    grown = float(np.linalg.det(matrix[:2, :2]))
    return np.asarray(matrix, np.float32) if 1 / 16 < grown < 16 else None


def _detail(grey: Grey) -> Floats:
    """Return the fine differences, without the page's lighting and contrast."""
    fine = grey.astype(np.float32) - cv2.GaussianBlur(grey, (0, 0), 10).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.8), np.float32)


def _text(grey: Grey) -> npt.NDArray[np.bool_]:
    """Return where thin dark strokes are, which is text: labels, values, codes.

    The title, edges and pale patterns are not.
    """
    depth = cv2.morphologyEx(cv2.GaussianBlur(grey, (0, 0), 0.6), cv2.MORPH_BLACKHAT, _STROKE)
    return np.asarray(depth > max(12.0, _TEXT_DEPTH * float(np.percentile(depth, 99))), np.bool_)


def _blocks(
    mine: Floats, theirs: Floats, text: npt.NDArray[np.bool_], covered: Grey
) -> tuple[int, int]:
    """Return how many blocks agree, and how many were compared.

    Compared are blocks with text in either picture that lie within both.
    """
    height, width = mine.shape
    step, pad = _BLOCK, _SLACK
    agreeing = compared = 0
    for y in range(pad, height - step - pad, step):
        for x in range(pad, width - step - pad, step):
            if (
                text[y : y + step, x : x + step].mean() < _TEXT_SHARE
                or not covered[y - pad : y + step + pad, x - pad : x + step + pad].all()
            ):
                continue
            compared += 1
            here, there = (
                mine[y : y + step, x : x + step],
                theirs[y - pad : y + step + pad, x - pad : x + step + pad],
            )
            agreeing += (
                float(cv2.matchTemplate(there, here, cv2.TM_CCOEFF_NORMED).max()) >= _BLOCK_AGREES
            )
    return agreeing, compared
