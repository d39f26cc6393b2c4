"""Makes the PDF that leaves from the pages of a resume.

The PDF contains only the pixels of the pages: no layers, links, scripts or program names, so
scripts that remove watermarks from PDF files find nothing to remove. An invisible text layer for
searching and copying may lie over the pixels; it contains the text that redaction left. The same
pages give the same bytes.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pikepdf
from PIL import Image

from resumes.opening.open import Pixels
from resumes.redaction.redact import Line

JPEG_QUALITY: Final = 80
"""JPEG quality: small print stays sharp, and a page at 150 dpi takes about 250 KB."""
FEW_COLOURS: Final = 256
"""A page with at most this many colours is stored losslessly if that is smaller."""
_TO_UNICODE: Final = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""  # noqa: E501
"""Maps each code to the character with that number."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page to release: its pixels, their resolution, and the searchable lines, if any."""

    pixels: Pixels
    dpi: float
    lines: Sequence[Line] = ()


def released_pdf(sheets: Iterable[Sheet], title: str = "") -> bytes:
    """Return the PDF of `sheets`. Its only metadata is the `title`, if there is one."""
    pdf = pikepdf.new()
    font: pikepdf.Object | None = None
    for sheet in sheets:
        height, width = sheet.pixels.shape[:2]
        across, down = width * 72 / sheet.dpi, height * 72 / sheet.dpi
        content = b"q %s 0 0 %s 0 0 cm /Page Do Q" % (_number(across), _number(down))
        resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=_image(pdf, sheet.pixels)))
        if sheet.lines:
            font = font or _font(pdf)
            resources.Font = pikepdf.Dictionary(Text=font)
            content += b"\n" + _text(sheet, down)
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, round(across, 3), round(down, 3)],
            Resources=resources,
            Contents=pdf.make_stream(content),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    if title:
        pdf.docinfo["/Title"] = title
    out = io.BytesIO()
    pdf.save(
        out,
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        compress_streams=True,
    )
    return out.getvalue()


# --- Pixels ---------------------------------------------------------------------------------------


def _image(pdf: pikepdf.Pdf, pixels: Pixels) -> pikepdf.Object:
    """Return `pixels` as an image of `pdf`, in the smallest format that keeps print legible."""
    height, width = pixels.shape[:2]
    grey = bool(
        (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    )
    picture = Image.fromarray(pixels[..., 0] if grey else pixels)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=JPEG_QUALITY, optimize=True, subsampling=0)
    common = {
        "Type": pikepdf.Name.XObject,
        "Subtype": pikepdf.Name.Image,
        "Width": width,
        "Height": height,
        "BitsPerComponent": 8,
    }
    exact = _exact(picture)
    if exact and len(exact[0]) <= len(jpeg.getvalue()):
        data, space = exact
        predictor = pikepdf.Dictionary(Predictor=15, Colors=1, BitsPerComponent=8, Columns=width)
        return _stream(
            pdf,
            data,
            **common,
            ColorSpace=space,
            Filter=pikepdf.Name.FlateDecode,
            DecodeParms=predictor,
        )
    space = pikepdf.Name.DeviceGray if grey else pikepdf.Name.DeviceRGB
    return _stream(pdf, jpeg.getvalue(), **common, ColorSpace=space, Filter=pikepdf.Name.DCTDecode)


def _stream(pdf: pikepdf.Pdf, data: bytes, **entries: object) -> pikepdf.Object:
    stream = pikepdf.Stream(pdf, data)
    for name, value in entries.items():
        stream[f"/{name}"] = value
    return pdf.make_indirect(stream)


def _exact(picture: Image.Image) -> tuple[bytes, pikepdf.Object] | None:
    """Return the lossless data of `picture`, filtered row by row with PNG's filter Up, and its
    colour space.

    Returns None if the picture has too many colours.
    """
    if picture.mode == "L":
        return _deflated(np.asarray(picture)), pikepdf.Name.DeviceGray
    if picture.getcolors(FEW_COLOURS) is None:
        return None
    indexed = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=FEW_COLOURS)
    palette = bytes(indexed.getpalette() or [])[: FEW_COLOURS * 3]
    if (np.asarray(indexed.convert("RGB")) != np.asarray(picture)).any():
        return None
    space = pikepdf.Array(
        [
            pikepdf.Name.Indexed,
            pikepdf.Name.DeviceRGB,
            len(palette) // 3 - 1,
            pikepdf.String(palette),
        ]
    )
    return _deflated(np.asarray(indexed)), space


def _deflated(rows: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """Return `rows`, each prefixed with the number of PNG's filter Up, compressed."""
    above = np.zeros_like(rows)
    above[1:] = rows[:-1]
    led = np.concatenate([np.full((rows.shape[0], 1), 2, np.uint8), rows - above], axis=1)
    return zlib.compress(led.tobytes(), 6)


# --- Text -----------------------------------------------------------------------------------------


def _font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """Return an invisible font in which every character is as wide as it is high."""
    below = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.CIDFontType2,
        BaseFont=pikepdf.Name.Invisible,
        CIDSystemInfo=pikepdf.Dictionary(
            Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
        ),
        CIDToGIDMap=pikepdf.Name.Identity,
        DW=1000,
        FontDescriptor=pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.FontDescriptor,
                FontName=pikepdf.Name.Invisible,
                Flags=4,
                FontBBox=[0, -200, 1000, 800],
                ItalicAngle=0,
                Ascent=800,
                Descent=-200,
                CapHeight=800,
                StemV=80,
            )
        ),
    )
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type0,
            BaseFont=pikepdf.Name.Invisible,
            Encoding=pikepdf.Name("/Identity-H"),
            DescendantFonts=[pdf.make_indirect(below)],
            ToUnicode=pdf.make_stream(_TO_UNICODE),
        )
    )


def _text(sheet: Sheet, down: float) -> bytes:
    """Return the lines of `sheet` as invisible text, each stretched to its position."""
    scale = 72 / sheet.dpi
    parts = [b"BT 3 Tr"]
    for line in sheet.lines:
        text = "".join(
            character if " " <= character < "\uffff" else "\ufffd" for character in line.text
        )
        start, end = line.quad[3] * scale, line.quad[2] * scale
        along = np.array([end[0] - start[0], start[1] - end[1]])
        length = max(float(np.linalg.norm(along)), 0.1)
        cos, sin = along / length
        size = max(float(np.linalg.norm(line.quad[3] - line.quad[0])) * scale * 0.8, 1.0)
        stretch = 100 * length / (size * len(text))
        codes = text.encode("utf-16-be").hex().encode()
        matrix = b" ".join(
            _number(value)
            for value in (cos, sin, -sin, cos, start[0], down - start[1] + 0.2 * size)
        )
        parts.append(
            b"/Text %s Tf %s Tz %s Tm <%s> Tj" % (_number(size), _number(stretch), matrix, codes)
        )
    return b"\n".join([*parts, b"ET"])


def _number(value: float) -> bytes:
    return f"{value:.3f}".rstrip("0").rstrip(".").encode() or b"0"
