"""Writes text, rules, tints and pictures to PDF pages with PDFium, and returns the place of the
text.

Coordinates are points from the top left. Only the bundled fonts and PDF's own Helvetica are used,
so that a resume looks the same on every machine.
"""

from __future__ import annotations

import ctypes
import io
import re
from pathlib import Path
from typing import Any, Final, Literal

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

Face = Literal["song", "kai", "helvetica"]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1."""
Colour = tuple[int, int, int]
A4: Final = (595.0, 842.0)
_FONTS: Final = Path(__file__).resolve().parents[2] / "documents" / "fonts"
_FILES: Final[dict[Face, str]] = {"song": "specimen-song.otf", "kai": "specimen-kai.ttf"}
_NOT_FIRST: Final = frozenset("，。；：、）！？》”’…)%,.;")


class Sheets:
    """A PDF under construction. `finished` closes it."""

    def __init__(self) -> None:
        self._pdf = pdfium.PdfDocument.new()
        self._fonts: dict[Face, Any] = {}
        self._kept: list[Any] = []  # PDFium reads fonts from this memory until it writes the file
        self._widths: dict[tuple[Face, str], float] = {}
        self._page: Any = None
        self.page = -1
        """The number of the current page, from 0."""

    def new_page(self) -> None:
        if self._page is not None:
            self._page.gen_content()
        self._page = self._pdf.new_page(*A4)
        self.page += 1

    def width(self, text: str, face: Face, size: float) -> float:
        """Return the width of `text` along its line, in points."""
        return sum(self._character(face, character) for character in text) * size

    def wrapped(self, text: str, face: Face, size: float, room: float) -> list[str]:
        """Return `text` in lines of at most `room` points, broken between words, or between
        characters if there are no spaces.
        """
        lines = [""]
        for word in _words(text):
            if (
                self.width((lines[-1] + word).rstrip(), face, size) > room
                and lines[-1]
                and word not in _NOT_FIRST
            ):
                lines.append("")
                word = word.lstrip()
            lines[-1] += word
        return [line.rstrip() for line in lines]

    def text(
        self, x: float, y: float, text: str, face: Face, size: float, colour: Colour = (30, 30, 34)
    ) -> Box:
        """Write `text` on the baseline `y` and return its box."""
        shown = raw.FPDFPageObj_CreateTextObj(self._pdf.raw, self._font(face), size)
        encoded = text.encode("utf-16-le") + b"\0\0"
        raw.FPDFText_SetText(
            shown, (ctypes.c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded)
        )
        raw.FPDFPageObj_SetFillColor(shown, *colour, 255)
        raw.FPDFPageObj_Transform(shown, 1, 0, 0, 1, x, A4[1] - y)
        raw.FPDFPage_InsertObject(self._page.raw, shown)
        return x, y - size * 0.88, x + self.width(text, face, size), y + size * 0.2

    def tint(self, box: Box, colour: Colour) -> None:
        """Draw a filled box."""
        x0, y0, x1, y1 = box
        shape = raw.FPDFPageObj_CreateNewRect(x0, A4[1] - y1, x1 - x0, y1 - y0)
        raw.FPDFPageObj_SetFillColor(shape, *colour, 255)
        raw.FPDFPath_SetDrawMode(shape, raw.FPDF_FILLMODE_WINDING, False)
        raw.FPDFPage_InsertObject(self._page.raw, shape)

    def frame(self, box: Box, colour: Colour = (90, 90, 96), width: float = 0.7) -> None:
        """Draw the outline of a box."""
        x0, y0, x1, y1 = box
        shape = raw.FPDFPageObj_CreateNewRect(x0, A4[1] - y1, x1 - x0, y1 - y0)
        raw.FPDFPageObj_SetStrokeColor(shape, *colour, 255)
        raw.FPDFPageObj_SetStrokeWidth(shape, width)
        raw.FPDFPath_SetDrawMode(shape, raw.FPDF_FILLMODE_NONE, True)
        raw.FPDFPage_InsertObject(self._page.raw, shape)

    def picture(self, box: Box, image: Image.Image, quality: int = 88) -> None:
        """Draw `image` as a JPEG that fills `box`."""
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        file.seek(0)
        shown = pdfium.PdfImage.new(self._pdf)
        shown.load_jpeg(file, inline=True)
        x0, y0, x1, y1 = box
        shown.set_matrix(pdfium.PdfMatrix().scale(x1 - x0, y1 - y0).translate(x0, A4[1] - y1))
        self._page.insert_obj(shown)

    def finished(self) -> bytes:
        """Return the file."""
        if self._page is not None:
            self._page.gen_content()
        file = io.BytesIO()
        self._pdf.save(file, flags=raw.FPDF_SUBSET_NEW_FONTS)
        self._pdf.close()
        return _undated(file.getvalue())

    def _font(self, face: Face) -> Any:
        if face not in self._fonts:
            if face == "helvetica":
                self._fonts[face] = raw.FPDFText_LoadStandardFont(self._pdf.raw, b"Helvetica")
            else:
                data = (_FONTS / _FILES[face]).read_bytes()
                memory = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
                self._kept.append(memory)
                self._fonts[face] = raw.FPDFText_LoadFont(
                    self._pdf.raw, memory, len(data), raw.FPDF_FONT_TRUETYPE, 1
                )
        return self._fonts[face]

    def _character(self, face: Face, character: str) -> float:
        if (face, character) not in self._widths:
            width = ctypes.c_float()
            raw.FPDFFont_GetGlyphWidth(self._font(face), ord(character), 1.0, width)
            self._widths[face, character] = width.value
        return self._widths[face, character]


def _undated(pdf: bytes) -> bytes:
    """Return `pdf` without the parts that differ each time: the time, the IDs derived from it, the
    font tags.

    The length stays the same.
    """
    for pattern, instead in (
        (rb"/CreationDate\(D:\d{14}", b"/CreationDate(D:20260101000000"),
        (rb"/ID\[<[0-9A-F]{32}><[0-9A-F]{32}>\]", b"/ID[<" + b"0" * 32 + b"><" + b"0" * 32 + b">]"),
        (rb"/[A-Z]{6}\+", b"/AAAAAA+"),
    ):
        pdf = re.sub(pattern, instead, pdf)
    return pdf


def _words(text: str) -> list[str]:
    """Return the unbreakable parts: a Latin word with the space before it, or one other
    character.
    """
    found: list[str] = []
    for character in text:
        latin = character.isascii() and character != " "
        if latin and found and found[-1][-1].isascii():
            found[-1] += character
        else:
            found.append(character)
    return found
