"""A PDF page with selectable text and the place of each character."""

from __future__ import annotations

import ctypes
import io
from dataclasses import dataclass
from typing import Final

import pypdfium2
import pypdfium2.raw as raw
from PIL import Image

from documents.typesetting import _FILES, _FOLDER, text_width

A4: Final = (595.0, 842.0)


@dataclass(frozen=True)
class Truth:
    """One character of a page, its box as shares of the page's width and height, and whether it was
    planted.
    """

    character: str
    box: tuple[float, float, float, float]
    planted: bool


@dataclass(frozen=True)
class Cv:
    """A file: its kind, the values that must not leave (kind and value), and its characters by
    page, if known.
    """

    name: str
    data: bytes
    planted: tuple[tuple[str, str], ...]
    truth: tuple[tuple[Truth, ...], ...] | None = None
    written: tuple[str, ...] = ()
    """The planted values as written in the file."""


_LOADED: Final[dict[str, bytes]] = {}


class Sheet:
    """One A4 page of a PDF with selectable text, written from the top."""

    def __init__(self, face: str = "kai") -> None:
        self.pdf = pypdfium2.PdfDocument.new()
        self.page = self.pdf.new_page(*A4)
        self.face = face
        data = _LOADED.setdefault(face, (_FOLDER / _FILES[face]).read_bytes())  # type: ignore[index]
        self._kept = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        self.font = raw.FPDFText_LoadFont(
            self.pdf, self._kept, len(data), raw.FPDF_FONT_TRUETYPE, True
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 11,
        colour: tuple[int, int, int] = (20, 20, 20),
        *,
        hidden: bool = False,
    ) -> float:
        """Write `text` with its baseline `y` points from the top; return its right end."""
        piece = raw.FPDFPageObj_CreateTextObj(self.pdf, self.font, size)
        coded = (text + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(
            piece, ctypes.cast(ctypes.c_char_p(coded), ctypes.POINTER(ctypes.c_ushort))
        )
        raw.FPDFPageObj_SetFillColor(piece, *colour, 255)
        if hidden:
            raw.FPDFTextObj_SetTextRenderMode(piece, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
        raw.FPDFPageObj_Transform(piece, 1, 0, 0, 1, x, A4[1] - y)
        raw.FPDFPage_InsertObject(self.page, piece)
        return x + text_width(text, self.face, 100) * size / 100  # type: ignore[arg-type]

    def rectangle(
        self, x: float, y: float, w: float, h: float, colour: tuple[int, int, int]
    ) -> None:
        piece = raw.FPDFPageObj_CreateNewRect(x, A4[1] - y - h, w, h)
        raw.FPDFPageObj_SetFillColor(piece, *colour, 255)
        raw.FPDFPath_SetDrawMode(piece, raw.FPDF_FILLMODE_ALTERNATE, False)
        raw.FPDFPage_InsertObject(self.page, piece)

    def picture(self, x: float, y: float, w: float, h: float, image: Image.Image) -> None:
        jpeg = io.BytesIO()
        image.convert("RGB").save(jpeg, "JPEG", quality=90)
        piece = pypdfium2.PdfImage.new(self.pdf)
        piece.load_jpeg(jpeg, inline=True)
        piece.set_matrix(pypdfium2.PdfMatrix(w, 0, 0, h, x, A4[1] - y - h))
        self.page.insert_obj(piece)

    def lines(
        self, lines: list[str], x: float, y: float, size: float = 11, room: float = 520
    ) -> float:
        """Write `lines` below each other, wrapped to `room`; return where they end."""
        for line in lines:
            for part in broken(line, size, room, self.face):
                self.text(x, y, part, size)
                y += size * 1.7
        return y

    def saved(self) -> bytes:
        self.page.gen_content()
        out = io.BytesIO()
        self.pdf.save(out)
        return out.getvalue()


def broken(line: str, size: float, room: float, face: str) -> list[str]:
    parts, words = (
        [""],
        [*line] if any(ord(c) > 0x2E80 for c in line) else [word + " " for word in line.split(" ")],
    )
    for word in words:
        if text_width(parts[-1] + word, face, 100) * size / 100 > room and parts[-1]:  # type: ignore[arg-type]
            # Numbers are not split, as in other programs.
            held = ""
            while (
                parts[-1]
                and parts[-1][-1].isascii()
                and parts[-1][-1] not in " "
                and word.isascii()
                and len(word) == 1
            ):
                held, parts[-1] = parts[-1][-1] + held, parts[-1][:-1]
            parts.append(held)
        parts[-1] += word
    return [part.strip() for part in parts if part.strip()]


def truth_of(pdf: bytes, written: tuple[str, ...]) -> tuple[tuple[Truth, ...], ...]:
    """Return the characters of `pdf` and their places; those of `written` are planted."""
    pages = []
    for page in pypdfium2.PdfDocument(pdf):
        wide, high = page.get_size()
        text = page.get_textpage()
        found = []
        for index in range(text.count_chars()):
            character = chr(raw.FPDFText_GetUnicode(text, index))
            left, bottom, right, top = text.get_charbox(index)
            if not character.isspace() and right > left:
                found.append(
                    (character, (left / wide, 1 - top / high, right / wide, 1 - bottom / high))
                )
        whole = "".join(character for character, _ in found)
        planted = set()
        for value in written:
            bare = "".join(value.split())
            start = whole.find(bare)
            while start >= 0:
                planted.update(range(start, start + len(bare)))
                start = whole.find(bare, start + 1)
        pages.append(
            tuple(
                Truth(character, box, index in planted)
                for index, (character, box) in enumerate(found)
            )
        )
    return tuple(pages)


def rendered(pdf: bytes, dpi: float) -> Image.Image:
    return pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil().convert("RGB")
