"""Finds codes on a page that a phone could read.

QR codes and barcodes of every kind, including those too damaged to be decoded here: a WeChat
contact is often a QR code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias, cast

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

Quad: TypeAlias = npt.NDArray[np.float32]
Grey: TypeAlias = npt.NDArray[np.uint8]

QUIET: Final = 0.08
"""The share of a code's side that is covered beyond its edges."""
SCALES: Final = (1.0, 0.5, 2.0)
LARGEST: Final = 4000
"""Maximum length of the longer side, in pixels, of a picture that is searched."""
LEAST: Final = 36
"""Minimum side, in pixels, of a code that could not be decoded: a QR code has at least 21 modules,
and print contains small squares too.
"""
DAMAGED: Final = zxingcpp.BarcodeFormats(
    (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Aztec)
)
"""Codes with a finder pattern, which are found even if they cannot be decoded. Linear barcodes
count only if they are decoded.
"""


def codes_on(pixels: npt.NDArray[np.uint8]) -> list[Quad]:
    """Return the corners of every code on `pixels` (RGB), with the margin to cover around it."""
    grey = cast(Grey, cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    found: list[Quad] = []
    for scale in SCALES:
        if scale * max(grey.shape) <= LARGEST:
            found += [
                quad
                for quad in _read(_scaled(grey, scale), scale)
                if not any(_near(quad, other) for other in found)
            ]
    return found


def _scaled(grey: Grey, scale: float) -> Grey:
    if scale == 1:
        return grey
    return cast(
        Grey,
        cv2.resize(
            grey,
            None,
            fx=scale,
            fy=scale,
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
        ),
    )


def _read(grey: Grey, scale: float) -> Iterator[Quad]:
    for code in zxingcpp.read_barcodes(grey):
        yield _with_quiet(_corners(code)) / np.float32(scale)
    for code in zxingcpp.read_barcodes(grey, formats=DAMAGED, return_errors=True):
        corners = _corners(code) / np.float32(scale)
        if (
            min(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0]))
            >= LEAST
        ):
            yield _with_quiet(corners)


def _corners(code: zxingcpp.Barcode) -> Quad:
    at = code.position
    return np.array(
        [(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)],
        dtype=np.float32,
    )


def _with_quiet(corners: Quad) -> Quad:
    """Return `corners`, enlarged. A linear barcode is reported as a line; it gets a height."""
    middle = corners.mean(axis=0)
    x0, y0 = corners.min(axis=0)
    x1, y1 = corners.max(axis=0)
    if min(x1 - x0, y1 - y0) < 0.12 * max(x1 - x0, y1 - y0):
        reach = 0.25 * max(x1 - x0, y1 - y0)
        wide = (x1 - x0) >= (y1 - y0)
        dx, dy = (reach / 4, reach) if wide else (reach, reach / 4)
        return np.array(
            [(x0 - dx, y0 - dy), (x1 + dx, y0 - dy), (x1 + dx, y1 + dy), (x0 - dx, y1 + dy)],
            dtype=np.float32,
        )
    return np.asarray(middle + (corners - middle) * (1 + 2 * QUIET), dtype=np.float32)


def _near(one: Quad, other: Quad) -> bool:
    return bool(
        np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
        < 0.3 * np.linalg.norm(other[2] - other[0])
    )
