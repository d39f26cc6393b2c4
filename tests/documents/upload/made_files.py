"""Pictures and PDFs to upload, valid and harmful, and helpers for checking the results."""

from __future__ import annotations

import io
import zlib
from struct import pack
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw
from pillow_heif import register_heif_opener

from documents.upload import intake
from documents.upload.intake import Limits, open_upload
from events.core.errors import Refused

register_heif_opener()  # so that the tests can write HEIC; the product never lets Pillow guess
DEFAULT = Limits()


def picture(width: int = 800, height: int = 600, mode: str = "RGB") -> Image.Image:
    """A picture whose upper left quarter is red, to show rotations and colours."""
    image = Image.new("RGB", (width, height), (230, 230, 220))
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=(200, 20, 20))
    return image.convert(mode)


def lab() -> Image.Image:
    """The same in CIELAB, as produced by scanners for print."""
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.applyTransform(picture(), ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    assert converted is not None
    return converted


def encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def opened(page: intake.CleanPage) -> Image.Image:
    image = Image.open(io.BytesIO(page.jpeg))
    image.load()
    return image


def is_red(pixel: Any) -> bool:
    return bool(pixel[0] > 150 and pixel[1] < 80 and pixel[2] < 80)


def refusal(data: bytes, limits: Limits = DEFAULT) -> Refused:
    with pytest.raises(Refused) as caught:
        open_upload(data, limits)
    assert caught.value.field == "document"
    return caught.value


def pdf(
    pages: int = 1,
    size: tuple[float, float] = (842, 595),
    content: bytes = b"1 0 0 rg 50 50 300 300 re f",
    extra: bytes = b"",
) -> bytes:
    """A PDF written by hand. Each page shows `content`; `extra` is appended to the trailer."""
    kids = b" ".join(b"%d 0 R" % (4 + number) for number in range(pages))
    stream = (
        content
        if content.startswith(b"<<")
        else b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)
    )
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
        stream,
    ]
    bodies += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %f %f]/Contents 3 0 R>>" % size] * pages
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(bodies) + 1,
        extra,
        start,
    )
    return bytes(out)


def huge_png(width: int, height: int) -> bytes:
    """A PNG whose header claims `width` × `height`, with almost no data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def print_like(width: int = 1600, height: int = 1200, grey_foot: int = 0) -> Image.Image:
    """Fine strokes all over, and `grey_foot` rows of middle grey below."""
    image = (
        Image.effect_noise((width // 4, height // 4), 30)
        .resize((width, height), Image.Resampling.BICUBIC)
        .convert("RGB")
    )
    ImageDraw.Draw(image).rectangle(
        (0, height - grey_foot, width, height), fill=(128, 128, 128) if grey_foot else None
    )
    return image


def claiming(jpeg: bytes, height: int) -> bytes:
    """Return `jpeg` with another height in its frame's header."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC2):
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[: at + 5] + pack(">H", height) + jpeg[at + 7 :]


def bomb() -> bytes:
    """A PDF of some 2 KB whose page inflates, twice over, to 400 MB."""
    packer = zlib.compressobj(9)
    once = b"".join([*(packer.compress(b" " * 1024 * 1024) for _ in range(400)), packer.flush()])
    twice = zlib.compress(once, 9)
    return pdf(
        content=b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream"
        % (len(twice), twice)
    )
