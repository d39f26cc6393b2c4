"""A perceptual hash of licences, which finds a picture that was saved again.

All licences of one kind are printed on the same form, so the usual perceptual hash (coarse shapes,
64 bits) sees the form and takes two companies' scans for the same picture: the measured distance
can be 0. So this one uses the places where the text differs. The border is cut off, the ink is
measured against the paper around it, and from its discrete cosine transform (DCT-II, 64 × 64) the
signs of a band of 16 × 16 finer coefficients are kept, without the coarse ones. It does without
numpy, because the sandbox's child computes it and would take twice as long to start.

Measured at NEAR = 24 of 256 bits. Pairs of different companies that are near: clean scans on the
very same form 1 of 44,850 (landscape) and 0 of 4,950 (portrait), on a plainer form 16 of 44,850;
photographs none, the closest 48. Copies of one picture, median (worst) distance over 70 pictures:
JPEG 30 5 (18), half as large 15 (25), a third with JPEG 50 20 (38), 30 % darker 12 (24), 30 %
brighter 12 (24), contrast 0.6 15 (26), grey 0 (0), blurred 11 (21). Missed more often than found:
one field painted over 27 (64), rotated by half a degree 23 (44), a crop of 1 % 34 (62). So near
means "a reviewer should compare them", and far means nothing: pictures that were cut or turned are
found by their landmarks (`documents.similarity.keypoints`).
"""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

BITS: Final = 256
"""The number of bits in a fingerprint, which has BITS / 4 hexadecimal digits."""
NEAR: Final = 24
"""Fingerprints at most this many bits apart are taken to be of the same picture."""

_SIDE: Final = 64
_BAND: Final = range(10, 26)
_WAVES: Final = tuple(
    tuple(math.cos(math.pi * u * (2 * x + 1) / (2 * _SIDE)) for x in range(_SIDE)) for u in _BAND
)
_WORKING_SIDE: Final = 512
_MARGIN: Final = 77
"""15 % at the working size: the form's ornate border, or the desk around a photographed licence."""
_PAPER_RADIUS: Final = 16
_INK_DEPTH: Final = 60
# A blank picture's coefficients are rounding errors, which must not decide its bits.
_NOTHING: Final = 1e-6


def fingerprint(image: Image) -> str:
    """Return the fingerprint of `image` (any mode, upright), in lower-case hexadecimal digits."""
    ink = _ink(image)
    rows = [ink[start : start + _SIDE] for start in range(0, _SIDE * _SIDE, _SIDE)]
    across = [[sum(map(mul, wave, row)) for row in rows] for wave in _WAVES]
    bits = 0
    for coefficient in (sum(map(mul, down, column)) for down in _WAVES for column in across):
        bits = bits << 1 | (coefficient > _NOTHING)
    return f"{bits:0{BITS // 4}x}"


def _ink(image: Image) -> bytes:
    """Return how much darker than the paper around it each pixel inside the margin is.

    _SIDE × _SIDE values, row by row.
    """
    from PIL import ImageChops, ImageFilter
    from PIL.Image import Resampling

    inner = (_MARGIN, _MARGIN, _WORKING_SIDE - _MARGIN, _WORKING_SIDE - _MARGIN)
    greys = image.convert("L").resize((_WORKING_SIDE, _WORKING_SIDE), Resampling.BOX).crop(inner)
    paper = greys.filter(ImageFilter.BoxBlur(_PAPER_RADIUS))
    ink = ImageChops.subtract(paper, greys).point([min(depth, _INK_DEPTH) for depth in range(256)])
    return ink.resize((_SIDE, _SIDE), Resampling.BOX).tobytes()


def hash_distance(a: str, b: str) -> int:
    """Return how many bits of two fingerprints differ.

    0 to BITS; about BITS / 2 for unrelated pictures.
    """
    return (int(a, 16) ^ int(b, 16)).bit_count()
