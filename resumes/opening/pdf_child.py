"""The child process that draws the pages of a resume and lists their characters.

`sandbox.run_child` starts it in place of `documents.upload.sandbox_child` and with the same limits
and protocol. A page is returned as bare pixels: the parent decodes nothing, so a crafted file
cannot attack a decoder there. The characters of a PDF's text are returned with it, as records of
LETTER; a picture has none.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[2]))

from documents.upload.sandbox_child import (
    _UPRIGHT,
    Limits,
    Refusal,
    Task,
    attempt_work,
    check_pages,
    confine_child,
    load_modules,
    missing_rows,
    open_as,
    open_pdf,
    orientation_of,
    report_ready,
    to_rgb,
    write_reply,
)

if TYPE_CHECKING:
    from PIL.Image import Image

LETTER: Final = struct.Struct("<I9f")
"""A character's code; its ink's left, top, right, bottom; the start and end of its advance; its
origin, x and y; its height with leading. All in pixels of the page.
"""
DPI: Final = 150
FINE_DPI: Final = 200
"""For small print, and for pages without text, which are mostly scans."""
SMALL_PRINT: Final = 9.5
"""Points, with leading; the print itself is about 7.5 points."""
PIXELS: Final = 9_000_000
"""Maximum for one page, whatever size it declares: A4 at FINE_DPI takes 3.9 million, a long phone
screenshot 8 million.
"""
SHORT_SIDE: Final = 1700
"""Maximum short side of a picture: A4 at FINE_DPI is 1654 wide, and OCR gains nothing from more."""
LEAST_SIDE: Final = 200
LETTERS: Final = 20_000
"""Maximum for one page; a full page of the smallest print has about 10,000."""
LAST_CODE: Final = 0x10FFFF


class Drawn(NamedTuple):
    """A page: its pixels (RGB, row by row), size, resolution, and records of LETTER."""

    pixels: bytes
    width: int
    height: int
    dpi: float
    letters: bytes = b""


def draw_pdf(data: bytes, limits: Limits) -> list[Drawn]:
    """Return every page of a PDF as rendered, with annotations."""
    document = open_pdf(data)
    check_pages(len(document), limits)
    if not len(document):
        raise Refusal("document_broken", "0 页 / pages")
    return [_drawn(document[number]) for number in range(len(document))]


def _drawn(page: Any) -> Drawn:
    width, height = page.get_size()
    if not 0 < min(width, height) <= max(width, height) < float("inf"):
        raise Refusal("document_broken", f"{width:.0f} × {height:.0f} pt")
    text = page.get_textpage()
    if (count := text.count_chars()) > LETTERS:
        raise Refusal(
            "document_broken",
            f"一页 {count:,} 个字符 / {count:,} characters on a page",
            f"≤ {LETTERS:,}",
        )
    dpi = min(_dpi(text), 72 * (PIXELS / (width * height)) ** 0.5)
    if min(width, height) * dpi / 72 < 1:
        raise Refusal("document_broken", f"{width:.0f} × {height:.0f} pt")
    image = page.render(scale=dpi / 72, rev_byteorder=True).to_pil().convert("RGB")
    letters = b"".join(_letters(page, text, image.width, image.height))
    text.close()
    page.close()
    return Drawn(image.tobytes(), image.width, image.height, dpi, letters)


def _dpi(text: Any) -> float:
    """Return FINE_DPI if a tenth of the characters are small print, or if there are none; otherwise
    DPI.
    """
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    heights = sorted(
        abs(box.top - box.bottom)
        for index in range(0, text.count_chars(), 3)
        if raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box)) and box.right > box.left
    )
    return FINE_DPI if not heights or heights[len(heights) // 10] < SMALL_PRINT else DPI


def _letters(page: Any, text: Any, width: int, height: int) -> Iterator[bytes]:
    """Yield the records of the characters of `page` in the order of its text.

    The spaces that PDFium inserts have no size.
    """
    import pypdfium2.raw as raw

    left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
    loose = raw.FS_RECTF()
    across, down = ctypes.c_int(), ctypes.c_int()
    fine = 64
    """PDFium returns whole pixels; at this scale they are precise enough."""

    def to_pixels(px: float, py: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(
            page,
            0,
            0,
            width * fine,
            height * fine,
            0,
            px,
            py,
            ctypes.byref(across),
            ctypes.byref(down),
        )
        return across.value / fine, down.value / fine

    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        code = code if code <= LAST_CODE and not 0xD800 <= code < 0xE000 else 0xFFFD
        box, advance, origin, size = (0.0,) * 4, (0.0, 0.0), (0.0, 0.0), 0.0
        edges = [ctypes.byref(edge) for edge in (left, right, bottom, top)]
        if raw.FPDFText_GetCharBox(text, index, *edges) and (
            right.value > left.value or top.value > bottom.value
        ):
            corners = [to_pixels(left.value, top.value), to_pixels(right.value, bottom.value)]
            (ax, ay), (bx, by) = corners
            box = min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
            if raw.FPDFText_GetCharOrigin(text, index, ctypes.byref(x), ctypes.byref(y)):
                origin = to_pixels(x.value, y.value)
            advance = box[0], box[2]
            if raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(loose)):
                (ax, ay), (bx, by) = (
                    to_pixels(loose.left, loose.top),
                    to_pixels(loose.right, loose.bottom),
                )
                size = min(abs(ay - by), 4 * (abs(ax - bx) + 1))
                advance = min(ax, bx, box[0]), max(ax, bx, box[2])
        yield LETTER.pack(code, *box, *advance, *origin, size)


def picture_task(opener: str) -> Callable[[bytes, Limits], list[Drawn]]:
    """Return the task for a picture format. `opener` is `module:class`."""

    def work(data: bytes, limits: Limits) -> list[Drawn]:
        image = open_as(opener, data, limits)
        width, height = image.size
        if width * height > limits.pixels:
            raise Refusal(
                "document_too_many_pixels",
                f"{width} × {height}",
                f"≤ {limits.pixels:,} 像素 / pixels",
            )
        if min(width, height) < LEAST_SIDE:
            raise Refusal(
                "document_too_small", f"{width} × {height}", f"≥ {LEAST_SIDE} × {LEAST_SIDE}"
            )
        if missing := missing_rows(image, data):
            share = f"{missing / height:.0%}"
            raise Refusal("document_broken", f"下方 {share} 缺失 / the lower {share} is missing")
        orientation = orientation_of(image)
        return [_upright(to_rgb(image), orientation)]

    return work


def _upright(image: Image, orientation: int) -> Drawn:
    from PIL.Image import Resampling, Transpose

    scale = min(1.0, SHORT_SIDE / min(image.size), (PIXELS / (image.width * image.height)) ** 0.5)
    if scale < 1:
        image = image.resize(
            (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
            Resampling.LANCZOS,
        )
    if orientation in _UPRIGHT:
        image = image.transpose(Transpose(_UPRIGHT[orientation]))
    return Drawn(image.tobytes(), image.width, image.height, min(image.size) / 8.27)


_PICTURES: Final = ("PIL.JpegImagePlugin", "PIL.TiffImagePlugin", "PIL.ImageFilter")


TASKS: Final[
    Mapping[str, tuple[tuple[str, ...], int, Callable[[bytes, Limits], list[Drawn]], bool]]
] = {
    "jpeg": (_PICTURES, 0, picture_task("PIL.JpegImagePlugin:JpegImageFile"), False),
    "png": (
        (*_PICTURES, "PIL.PngImagePlugin"),
        0,
        picture_task("PIL.PngImagePlugin:PngImageFile"),
        False,
    ),
    "webp": (
        (*_PICTURES, "PIL.WebPImagePlugin"),
        0,
        picture_task("PIL.WebPImagePlugin:WebPImageFile"),
        False,
    ),
    "heif": ((*_PICTURES, "pillow_heif"), 0, picture_task("pillow_heif:HeifImageFile"), True),
    "pdf": ((*_PICTURES, "pypdfium2", "pypdfium2.raw"), 16, draw_pdf, False),
}
"""For each task: the modules it loads, how many files it may open (PDFium looks for fonts), its
function, and whether it uses threads.
"""


def main() -> None:
    """Load, apply the limits, report readiness, draw, reply."""
    modules, open_files, do, threads = TASKS[sys.argv[1]]
    limits = Limits(**json.loads(sys.argv[2]))
    load_modules(modules)
    confine_child(limits, Task(modules, open_files, lambda _data, _limits: (None, []), threads))
    report_ready()

    def work(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
        pages = do(data, limits)
        described = [
            {"width": page.width, "height": page.height, "dpi": page.dpi} for page in pages
        ]
        return {"pages": described}, [
            blob for page in pages for blob in (page.pixels, page.letters)
        ]

    write_reply(*attempt_work(work))


if __name__ == "__main__":
    main()
