"""How do marked pages leave? As one PDF of JPEG pictures, grey where a page has no colour."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name

from downloads.marks.page import DPI, Picture

QUALITY: Final = 75
"""Of the JPEG: it decides how large a page is, and the marks are measured after it."""
_HAIR: Final = 0.01
"""Points by which a page is smaller than its pixels, so that a viewer that rounds up does not draw it one pixel larger, and blurred."""
_COLOURFUL: Final = 12
"""Grey levels between a pixel's channels, from which on it has a colour."""


def bound(pages: Sequence[Picture], dpi: int = DPI, quality: int = QUALITY) -> bytes:
    """`pages` (grey, or red green blue) in order as a PDF, each as large as it is at `dpi`. The same pages give the same bytes."""
    pdf = pikepdf.Pdf.new()
    for page in pages:
        _add(pdf, page, 72 / dpi, quality)
    file = io.BytesIO()
    pdf.save(file, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    pdf.close()
    return file.getvalue()


def encoded(page: Picture, quality: int = QUALITY) -> tuple[bytes, bool]:
    """`page` as a JPEG, and whether that has colour."""
    coloured = page.ndim == 3 and _has_colour(page)
    plain = page[..., ::-1] if coloured else page[..., 1] if page.ndim == 3 else page
    _, file = cv2.imencode(".jpg", np.ascontiguousarray(plain), [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    return file.tobytes(), coloured


def _has_colour(page: Picture) -> bool:
    red, green, blue = cv2.split(page)
    return int(cv2.absdiff(red, green).max()) > _COLOURFUL or int(cv2.absdiff(green, blue).max()) > _COLOURFUL


def _add(pdf: pikepdf.Pdf, page: Picture, scale: float, quality: int) -> None:
    height, width = page.shape[:2]
    jpeg, coloured = encoded(page, quality)
    picture = pikepdf.Stream(
        pdf, jpeg, Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, BitsPerComponent=8,
        ColorSpace=Name.DeviceRGB if coloured else Name.DeviceGray, Filter=Name.DCTDecode,
    )  # fmt: skip
    points = width * scale - _HAIR, height * scale - _HAIR
    leaf = pdf.make_indirect(
        Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, *(round(side, 3) for side in points)]),
            Resources=Dictionary(XObject=Dictionary(Page=picture)),
            Contents=pdf.make_stream(f"{points[0]:.3f} 0 0 {points[1]:.3f} 0 0 cm /Page Do".encode()),
        )
    )
    pdf.pages.append(pikepdf.Page(leaf))
