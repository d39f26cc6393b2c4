"""Tests that the worst uploads end as clean pages or coded refusals, and odd pages as readings.

Ordinary and hostile uploads are in `test_intake`. `python -m benchmarks.torture` does the same with
the files that Pillow, pypdf and pikepdf use in their own tests.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from struct import pack

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from documents.licence.read import read_pages
from documents.ocr import READERS
from documents.upload.intake import LONG_SIDE, Intake, open_upload
from events.core.errors import Refused
from tests.documents.upload.made_files import encoded, huge_png, opened, pdf, picture

PAGES = "pages"
CODES = {
    "document_broken",
    "document_empty",
    "document_encrypted",
    "document_too_large",
    "document_too_many_pages",
    "document_too_many_pixels",
    "document_too_small",
    "document_wrong_type",
}


def outcome(data: bytes) -> str:
    """Return PAGES or the refusal's code. Any other error of `open_upload` fails the test."""
    try:
        return checked(open_upload(data))
    except Refused as refused:
        return refused.code if refused.seen else "refused without a word"


def checked(taken: Intake) -> str:
    """Return PAGES, after checking each page."""
    assert taken.pages
    for page in taken.pages:
        image = opened(page)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (page.width, page.height))
        assert max(image.size) <= LONG_SIDE
    return PAGES


# --- Files built by hand ------ -------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes) -> bytes:
    """A valid PNG with `chunks` between its header and its data."""
    data = encoded(picture(), "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def with_text_bomb() -> bytes:
    """Text that inflates to 300 MB."""
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(300)), packer.flush()])
    return png_with(chunk(b"zTXt", b"Comment\0\0" + packed))


def with_profile_bomb() -> bytes:
    return png_with(chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(60 << 20), 9)))


def jpeg_claiming(width: int, height: int) -> bytes:
    """A valid JPEG whose frame header claims another size."""
    data = bytearray(encoded(picture(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = pack(">HH", height, width)
    return bytes(data)


def with_transparency() -> bytes:
    image = picture().quantize(4, dither=Image.Dither.NONE)
    return encoded(image, "PNG", transparency=image.getpixel((700, 500)))


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (400, 400), colour) for colour in ("red", "blue", "green")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=40)


def multi_picture() -> bytes:
    return encoded(picture(), "MPO", save_all=True, append_images=[picture(400, 400)])


def many_page_tiff(count: int) -> bytes:
    pages = [Image.new("1", (300, 300))] * count
    return encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def looping_tiff() -> bytes:
    """Its second directory is its first again, endlessly."""
    data = bytearray(encoded(Image.new("L", (400, 400)), "TIFF"))
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    at = first + 2 + 12 * entries
    data[at : at + 4] = data[4:8]
    return bytes(data)


def pdf_with(old: bytes, new: bytes, pages: int = 1) -> bytes:
    """A PDF altered after it was written, so that its offsets may be wrong."""
    data = pdf(pages)
    assert old in data
    return data.replace(old, new)


def pdf_of(image: bytes, width: int, height: int) -> bytes:
    """A page that shows `image`, a JPEG or something claimed to be one, of claimed size."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 400]/Contents 4 0"
            b" R/Resources<</XObject<</I 5 0 R>>>>>>"
        ),
        b"<</Length 24>>stream\n600 0 0 400 0 0 cm /I Do\nendstream",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent"
        b" 8/Filter/DCTDecode/Length %d>>stream\n"
        % (width, height, len(image))
        + image
        + b"\nendstream",
    ]
    body = b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, start=1)
    )
    return b"%PDF-1.7\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF\n"


def nested_pdf() -> bytes:
    """A page tree that is its own child."""
    return pdf_with(b"/Kids[4 0 R]", b"/Kids[2 0 R]")


def turned_by(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture(), "JPEG", exif=exif.tobytes())


def flipped(data: bytes, seed: int) -> bytes:
    """Return `data` with one byte in three hundred, after the first sixteen, changed."""
    rng, changed = random.Random(seed), bytearray(data)
    for _ in range(max(1, len(data) // 300)):
        changed[rng.randrange(16, len(data))] = rng.randrange(256)
    return bytes(changed)


BROKEN = {"document_broken"}
NASTY: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    # the wrong beginning
    "png called jpeg": (lambda: b"\xff\xd8\xff\xe0" + encoded(picture(), "PNG"), BROKEN),
    "jpeg called png": (lambda: b"\x89PNG\r\n\x1a\n" + encoded(picture(), "JPEG"), BROKEN),
    "jpeg called pdf": (lambda: b"%PDF-1.7\n" + encoded(picture(), "JPEG"), BROKEN),
    "webp of nothing": (lambda: b"RIFF" + pack("<I", 12) + b"WEBPVP8 " + bytes(4), BROKEN),
    "bytes before a jpeg": (lambda: b"\0\0" + encoded(picture(), "JPEG"), {"document_wrong_type"}),
    "ppm": (lambda: encoded(picture(), "PPM"), {"document_wrong_type"}),
    "ico": (lambda: encoded(picture(256, 256), "ICO"), {"document_wrong_type"}),
    "one byte": (lambda: b"\xff", {"document_wrong_type"}),
    # impossible sizes
    "png of no width": (lambda: huge_png(0, 400), BROKEN),
    "png of all bits": (
        lambda: huge_png(2**31 - 1, 2**31 - 1),
        {"document_too_many_pixels", "document_broken"},
    ),
    "png with next to no data": (lambda: huge_png(600, 400), BROKEN),
    "jpeg of no height": (lambda: jpeg_claiming(800, 0), BROKEN),
    "jpeg of 65,500": (lambda: jpeg_claiming(65500, 65500), {"document_too_many_pixels"}),
    "jpeg taller than its data": (lambda: jpeg_claiming(800, 5000), {PAGES, "document_broken"}),
    "thin as a thread": (
        lambda: encoded(Image.new("L", (60_000, 3)), "PNG"),
        {"document_too_small"},
    ),
    "a long strip": (lambda: encoded(picture(300, 40_000), "PNG"), {PAGES, "document_too_small"}),
    # bombs
    "text that inflates": (with_text_bomb, {PAGES, "document_broken"}),
    "profile that inflates": (with_profile_bomb, {PAGES, "document_broken"}),
    "pdf of a jpeg of 65,500": (
        lambda: pdf_of(jpeg_claiming(65500, 65500), 65500, 65500),
        {PAGES, "document_broken"},
    ),
    # valid and rare pictures
    "progressive": (lambda: encoded(picture(), "JPEG", progressive=True), {PAGES}),
    "cmyk tiff": (lambda: encoded(picture(mode="CMYK"), "TIFF"), {PAGES}),
    "lab tiff": (lambda: encoded(Image.new("LAB", (400, 400)), "TIFF"), {PAGES, "document_broken"}),
    "ycbcr tiff": (lambda: encoded(picture(mode="YCbCr"), "TIFF"), {PAGES}),
    "32-bit tiff": (lambda: encoded(Image.new("I", (400, 400), 70_000), "TIFF"), {PAGES}),
    "fax": (lambda: encoded(picture(mode="1"), "TIFF", compression="group4"), {PAGES}),
    "palette with transparency": (with_transparency, {PAGES}),
    "animated png": (lambda: animated("PNG"), {PAGES}),
    "animated gif": (lambda: animated("GIF"), {"document_wrong_type"}),
    "two pictures in one jpeg": (multi_picture, {PAGES}),
    "orientation 99": (lambda: turned_by(99), {PAGES}),
    "orientation 0": (lambda: turned_by(0), {PAGES}),
    "exif of noise": (
        lambda: encoded(picture(), "JPEG", exif=b"Exif\0\0" + random.Random(1).randbytes(500)),
        {PAGES},
    ),
    "a thousand texts": (lambda: encoded(picture(), "PNG", pnginfo=texts(1000)), {PAGES}),
    # TIFF
    "tiff of 200 pages": (lambda: many_page_tiff(200), {"document_too_many_pages"}),
    "tiff that loops": (looping_tiff, {PAGES, "document_broken", "document_too_many_pages"}),
    # PDF
    "pdf of no pages": (lambda: pdf_with(b"/Kids[4 0 R]/Count 1", b"/Kids[]/Count 0"), BROKEN),
    "pdf of 1,000 pages": (lambda: pdf(1000), {"document_too_many_pages"}),
    "pdf that counts 2 billion": (
        lambda: pdf_with(b"/Count 1", b"/Count 2147483647"),
        {PAGES, "document_too_many_pages"},
    ),
    "pdf that counts below zero": (
        lambda: pdf_with(b"/Count 1", b"/Count -5"),
        {PAGES, "document_broken"},
    ),
    "pdf in a circle": (nested_pdf, BROKEN),
    "pdf without a root": (
        lambda: pdf_with(b"/Root 1 0 R", b"/Root 9 0 R"),
        {PAGES, "document_broken"},
    ),
    "pdf page of no size": (lambda: pdf(size=(0, 0)), {PAGES, "document_broken"}),
    "pdf page of 1e30": (
        lambda: pdf_with(b"842.000000 595.000000", b"1e30 99999999999"),
        {PAGES, "document_broken"},
    ),
    "pdf page inside out": (
        lambda: pdf_with(b"[0 0 842.000000 595.000000]", b"[842 595 0 0]"),
        {PAGES},
    ),
    "pdf page one point high": (lambda: pdf(size=(10_000, 1)), {"document_too_small"}),
    "pdf of a broken jpeg": (
        lambda: pdf_of(encoded(picture(), "JPEG")[:300], 800, 600),
        {PAGES, "document_broken"},
    ),
    "pdf with a huge xref": (
        lambda: pdf_with(b"xref\n0 5", b"xref\n0 999999999"),
        {PAGES, "document_broken"},
    ),
}


def texts(count: int) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for number in range(count):
        info.add_text(f"key{number}", "x" * 50, zip=number % 2 == 0)
    return info


@pytest.mark.parametrize("kind", NASTY)
def test_pages_or_a_coded_refusal(kind: str) -> None:
    build, expected = NASTY[kind]
    assert outcome(build()) in expected


WHOLE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(picture(), "JPEG"),
    "progressive jpeg": lambda: encoded(picture(), "JPEG", progressive=True),
    "png": lambda: encoded(picture(), "PNG"),
    "webp": lambda: encoded(picture(), "WEBP", lossless=True),
    "tiff": lambda: encoded(picture(), "TIFF", compression="tiff_lzw"),
    "heic": lambda: encoded(picture(), "HEIF"),
    "pdf": pdf,
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.35, 0.9, 0.995])
def test_cut_anywhere(kind: str, share: float) -> None:
    """The first part of a file: never an error, and never a page if hardly anything is there."""
    data = WHOLE[kind]()
    ended = outcome(data[: int(len(data) * share)])
    assert ended in CODES or (ended == PAGES and share > 0.3)


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("seed", range(3))
def test_bytes_changed(kind: str, seed: int) -> None:
    assert outcome(flipped(WHOLE[kind](), seed)) in CODES | {PAGES}


def test_a_progressive_jpeg_keeps_its_colours() -> None:
    page = opened(open_upload(encoded(picture(), "JPEG", progressive=True)).pages[0])
    assert page.getpixel((100, 100))[0] > 150  # type: ignore[index]


def test_what_a_palette_calls_transparent_becomes_white_paper() -> None:
    assert opened(open_upload(with_transparency()).pages[0]).getpixel((700, 500)) == (255, 255, 255)


# --- Reading odd pages ------ ---------------------------------------------------------------------


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(
        np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    )


def stripes(width: int, height: int) -> Image.Image:
    return Image.fromarray(
        np.where(np.arange(height * width).reshape(height, width) % 8 < 4, 0, 255).astype(np.uint8)
    ).convert("RGB")


@pytest.mark.parametrize(
    "build",
    [
        lambda: Image.new("RGB", (300, 300), "white"),
        lambda: Image.new("RGB", (1200, 900)),
        lambda: Image.new("RGB", (300, LONG_SIDE), "white"),
        lambda: Image.new("RGB", (LONG_SIDE, 30), "white"),
        lambda: noise(700, 500),
        lambda: stripes(800, 600),
    ],
    ids=["white", "black", "tall", "a thread", "noise", "stripes"],
)
def test_an_odd_page_is_read_as_no_licence(build: Callable[[], Image.Image]) -> None:
    """With the first reader only: the second may take all of its time for noise."""
    reading = read_pages([build()], READERS[:1])
    assert not reading.looks_like_licence
    assert "uscc" not in reading.fields
