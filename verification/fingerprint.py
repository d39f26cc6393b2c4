"""Is this the same picture as that one, though it was saved again?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE: Final = 16
BITS: Final = SIDE * SIDE


def fingerprint(image: Image) -> str:
    """The fingerprint of `image` as BITS / 4 hexadecimal digits."""
    from PIL.Image import Resampling

    grey = image.convert("L").resize((SIDE + 1, SIDE), Resampling.BOX).tobytes()
    rows = [grey[row * (SIDE + 1) : (row + 1) * (SIDE + 1)] for row in range(SIDE)]
    bits = "".join("1" if left > right else "0" for row in rows for left, right in zip(row, row[1:], strict=False))
    return f"{int(bits, 2):0{BITS // 4}x}"


def distance(a: str, b: str) -> int:
    """How many of the BITS bits of two fingerprints differ."""
    return (int(a, 16) ^ int(b, 16)).bit_count()
