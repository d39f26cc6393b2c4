"""Is this the same picture as that one, though it was saved again?

All licences of one kind are printed on the same form, so the usual perceptual hash (coarse shapes, 64 bits) sees
the form and calls two companies' scans the same picture: measured, its distance between them is 0. This one leaves
the coarse shapes out and keeps the signs of the finer ones, where the text differs: a band of 16 × 16 coefficients
of the discrete cosine transform (DCT-II) of the picture at 64 × 64 greys. Without numpy, since the sandbox's child
computes it and would start three times as slowly.

Measured at NEAR = 24 of 256 bits. Of 79,800 pairs of different companies, drawn flat on the very same form with the
same framing, 2 are near (closest 21); photographs of different licences are never below 50. A copy stays near when it
is saved as JPEG 30 (at most 15 bits), made half as large (23) or a third with JPEG 50 (26), turned grey (0), blurred (13),
darkened or flattened (7), or when one field was painted over (median 10 flat, 16 on photographs); brightening until paper
clips moves it 10, at worst 34. A crop of 1 % moves it 35 and half a degree of turn 25: such copies are mostly missed.
So near means "worth a reviewer's look", and far means nothing.
"""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

BITS: Final = 256
"""A fingerprint has so many bits, written as BITS / 4 hexadecimal digits."""
NEAR: Final = 24
"""Fingerprints at most so many bits apart are taken to be of the same picture."""

_SIDE: Final = 64
_BAND: Final = range(10, 26)
_WAVES: Final = tuple(tuple(math.cos(math.pi * u * (2 * x + 1) / (2 * _SIDE)) for x in range(_SIDE)) for u in _BAND)
# A blank picture's coefficients are rounding errors, which must not decide its bits.
_NOTHING: Final = 1e-6


def fingerprint(image: Image) -> str:
    """The fingerprint of `image` (any mode, upright): BITS / 4 lower-case hexadecimal digits."""
    from PIL.Image import Resampling

    greys = image.convert("L").resize((_SIDE, _SIDE), Resampling.BOX).tobytes()
    rows = [greys[start : start + _SIDE] for start in range(0, _SIDE * _SIDE, _SIDE)]
    across = [[sum(map(mul, wave, row)) for row in rows] for wave in _WAVES]
    band = (sum(map(mul, down, column)) for down in _WAVES for column in across)
    bits = 0
    for coefficient in band:
        bits = bits << 1 | (coefficient > _NOTHING)
    return f"{bits:0{BITS // 4}x}"


def distance(a: str, b: str) -> int:
    """How many bits of two fingerprints differ: 0 to BITS, about BITS / 2 for unrelated pictures."""
    return (int(a, 16) ^ int(b, 16)).bit_count()
