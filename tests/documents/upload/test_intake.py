"""Does an upload of any kind come out as clean pages or as an answer, and never as harm?"""

from __future__ import annotations

import io
import os
import resource
import shutil
import sys
import textwrap
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageDraw
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from pillow_heif import register_heif_opener

from documents.upload import intake, sandbox
from documents.upload.intake import Intake, Limits, examine
from events.core.errors import ProviderBroken, Refused
from tests.conftest import require

TAKEN_OVER_IMPORTS = """
import os, signal, socket, time
from documents.upload import sandbox_child
from documents.upload.sandbox_child import Page, Refusal
"""
TAKEN_OVER_START = """
sandbox_child.TASKS["png"] = sandbox_child.TASKS["png"]._replace(work=work)
sandbox_child.main()
"""
register_heif_opener()  # so that the tests can write HEIC; the product never asks Pillow to guess
DEFAULT = Limits()
CHILD_FILES = (
    "__init__.py",
    "upload/__init__.py",
    "upload/sandbox_child.py",
    "similarity/__init__.py",
    "similarity/perceptual_hash.py",
)


def picture(width: int = 800, height: int = 600, mode: str = "RGB") -> Image.Image:
    """A picture whose upper left quarter is red, so that turns and colours can be told."""
    image = Image.new("RGB", (width, height), (230, 230, 220))
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=(200, 20, 20))
    return image.convert(mode)


def lab() -> Image.Image:
    """The same in CIELAB, as scanners for print make it."""
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
        examine(data, limits)
    assert caught.value.field == "document"
    return caught.value


def pdf(
    pages: int = 1,
    size: tuple[float, float] = (842, 595),
    content: bytes = b"1 0 0 rg 50 50 300 300 re f",
    extra: bytes = b"",
) -> bytes:
    """A PDF written by hand: each page shows `content`; `extra` is more of the trailer."""
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
    """A PNG whose header claims `width` × `height`, with next to nothing behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


# --- Told by content, bounded before it is parsed -------------------------------------------------


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        pytest.fail("a child was started")

    monkeypatch.setattr(sandbox, "run", run)


@pytest.mark.usefixtures("no_child")
class TestRefusedBeforeParsing:
    def test_empty(self) -> None:
        assert refusal(b"").code == "document_empty"

    def test_too_large(self) -> None:
        refused = refusal(bytes(200 * 1024 * 1024))
        assert (refused.code, refused.seen, refused.expected) == (
            "document_too_large",
            "200.0 MB",
            "≤ 20.0 MB",
        )

    @pytest.mark.parametrize(
        ("data", "seen"),
        [
            (b"a business licence, honestly\n" * 40, "text"),
            ("营业执照，名称：某某公司。".encode() * 500, "text"),
            ("营业执照，名称：某某公司。".encode("gb18030") * 500, "text"),
            (b"PK\x03\x04" + bytes(60), "ZIP"),
            (b"PK\x03\x04....OFD.xml" + bytes(60), "OFD"),
            (b"PK\x03\x04....[Content_Types].xml ... word/document.xml", "Word (DOCX)"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "Word/Excel 97–2003"),
            (b"\n <!DOCTYPE html><p>", "HTML"),
            (b"<html><!-- %PDF-1.4 -->", "HTML"),
            (b'<?xml version="1.0"?><svg onload="x()"/>', "SVG"),
            (b"GIF89a" + bytes(60), "GIF"),
            (b"MZ" + bytes(60), "EXE"),
            (bytes(4) + b"ftypisom" + bytes(60), "video (MP4)"),
            (bytes(4) + b"ftypavif" + bytes(60), "AVIF"),
            (bytes(4) + b"ftypmif1" + bytes(4) + b"mif1avif" + bytes(60), "AVIF"),
            (bytes(range(256)) * 4, "unknown"),
        ],
    )
    def test_another_type(self, data: bytes, seen: str) -> None:
        refused = refusal(data)
        assert (refused.code, refused.seen) == ("document_wrong_type", seen)
        assert "HEIC" in refused.expected


# --- What is accepted -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (lambda: encoded(picture(), "JPEG"), "image/jpeg"),
        (lambda: encoded(picture(mode="L"), "JPEG"), "image/jpeg"),
        (lambda: encoded(picture(mode="CMYK"), "JPEG"), "image/jpeg"),
        (lambda: encoded(picture(), "PNG"), "image/png"),
        (lambda: encoded(picture(mode="RGBA"), "PNG"), "image/png"),
        (lambda: encoded(picture(mode="LA"), "PNG"), "image/png"),
        (lambda: encoded(picture(mode="P"), "PNG"), "image/png"),
        (lambda: encoded(picture(mode="1"), "PNG"), "image/png"),
        (lambda: encoded(picture(), "WEBP"), "image/webp"),
        (lambda: encoded(picture(), "TIFF", compression="tiff_lzw"), "image/tiff"),
        (lambda: encoded(picture(), "TIFF", compression="jpeg"), "image/tiff"),
        (lambda: encoded(picture(), "TIFF", big_tiff=True), "image/tiff"),
        (lambda: encoded(picture(mode="F"), "TIFF"), "image/tiff"),
        (lambda: encoded(lab(), "TIFF"), "image/tiff"),
        (lambda: encoded(picture(), "HEIF"), "image/heic"),
        (pdf, "application/pdf"),
        (lambda: b"\xef\xbb\xbf\r\n" + pdf(), "application/pdf"),
    ],
    ids=[
        "jpeg",
        "grey",
        "cmyk",
        "png",
        "alpha",
        "grey-alpha",
        "palette",
        "bilevel",
        "webp",
        "lzw",
        "jpeg-tiff",
        "bigtiff",
        "float",
        "lab",
        "heic",
        "pdf",
        "pdf-bom",
    ],
)
def test_accepted(data: Callable[[], bytes], media_type: str) -> None:
    upload = data()
    taken = examine(upload)
    assert (taken.media_type, taken.size, len(taken.pages)) == (media_type, len(upload), 1)
    page = opened(taken.pages[0])
    assert (page.format, page.mode, page.size) == (
        "JPEG",
        "RGB",
        (taken.pages[0].width, taken.pages[0].height),
    )
    assert page.convert("L").getextrema()[0] < page.convert("L").getextrema()[1], "blank"


def test_both_isolations_give_the_same_pages() -> None:
    require("a working bubblewrap", sandbox.best_isolation() == "bubblewrap")
    data = encoded(picture(), "PNG")
    confined, limited = examine(data, isolation="bubblewrap"), examine(data, isolation="rlimits")
    assert confined.pages == limited.pages
    assert (confined.isolation, limited.isolation) == ("bubblewrap", "rlimits")


def test_without_bubblewrap_limits_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.best_isolation.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    try:
        assert examine(encoded(picture(), "PNG")).isolation == "rlimits"
    finally:
        sandbox.best_isolation.cache_clear()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [
        (1, (0.25, 0.25)),
        (3, (0.75, 0.75)),
        (6, (0.75, 0.25)),
        (8, (0.25, 0.75)),
        (2, (0.75, 0.25)),
        (5, (0.25, 0.25)),
    ],
)
def test_turned_upright_once(kind: str, orientation: int, red_at: tuple[float, float]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture(), kind, exif=exif.tobytes())
    taken = examine(data)
    upright = opened(taken.pages[0])
    assert upright.size == ((600, 800) if orientation >= 5 else (800, 600))
    for x in (0.25, 0.75):
        for y in (0.25, 0.75):
            assert is_red(upright.getpixel((int(x * upright.width), int(y * upright.height)))) == (
                (x, y) == red_at
            )
    assert upright.getexif().get(0x0112, 1) == 1


def test_transparent_becomes_white_paper() -> None:
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    page = opened(examine(encoded(image, "PNG")).pages[0])
    assert page.getpixel((200, 200)) == (255, 255, 255)


def test_sixteen_bits_keep_their_scale() -> None:
    image = Image.new("I;16", (400, 400), 32768)
    assert opened(examine(encoded(image, "PNG")).pages[0]).getpixel((200, 200)) in {
        (127, 127, 127),
        (128, 128, 128),
    }


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (400, 400), colour) for colour in ("red", "blue", "green")]
    taken = examine(
        encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40)
    )
    assert len(taken.pages) == 1
    assert is_red(opened(taken.pages[0]).getpixel((200, 200)))


def test_every_page_of_a_tiff() -> None:
    pages = [picture(500 + 10 * number, 400) for number in range(3)]
    taken = examine(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [(page.number, page.width) for page in taken.pages] == [(1, 500), (2, 510), (3, 520)]


def test_every_page_of_a_pdf() -> None:
    taken = examine(pdf(3))
    assert [page.number for page in taken.pages] == [1, 2, 3]
    assert (taken.pages[0].width, taken.pages[0].height) == (2339, 1653)
    assert is_red(opened(taken.pages[0]).getpixel((500, 1653 - 500)))


def test_pages_are_bounded_whatever_a_pdf_claims() -> None:
    page = examine(pdf(size=(14400, 14400))).pages[0]
    assert (page.width, page.height) == (4000, 4000)


def test_a_small_pdf_page_is_drawn_finer() -> None:
    assert examine(pdf(size=(120, 90))).pages[0].width in {2000, 2001}


def test_a_large_picture_shrinks() -> None:
    page = examine(encoded(picture(6000, 3000), "JPEG")).pages[0]
    assert (page.width, page.height) == (4000, 2000)


def test_the_noisiest_page_fits() -> None:
    image = Image.frombytes("RGB", (4000, 4000), os.urandom(4000 * 4000 * 3))
    page = examine(encoded(image, "JPEG", quality=70)).pages[0]
    assert len(page.jpeg) < intake.PAGE_BYTES


def tables_of(jpeg: bytes) -> tuple[list[list[int]], int]:
    """The steps by which a JPEG is rounded, and how coarse its colours are."""
    image = JpegImageFile(io.BytesIO(jpeg))
    return [list(table) for _, table in sorted(image.quantization.items())], get_sampling(image)


def furthest(one: Image.Image, other: Image.Image) -> int:
    """By how many shades two pictures differ where they differ most."""
    extremes: Any = ImageChops.difference(one.convert("RGB"), other).getextrema()
    return max(high for _, high in extremes)


@pytest.mark.parametrize("quality", [40, 60, 85, 98])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_rounded_by_its_own_tables_once_more(
    quality: int, subsampling: int, progressive: bool
) -> None:
    """Other tables would round its small print a second time, and differently."""
    upload = encoded(
        print_like(), "JPEG", quality=quality, subsampling=subsampling, progressive=progressive
    )
    page = examine(upload).pages[0]
    assert tables_of(page.jpeg) == tables_of(upload)
    assert len(page.jpeg) < (1.3 if progressive else 1.01) * len(upload)
    assert furthest(Image.open(io.BytesIO(upload)), opened(page)) <= 2


def test_a_turned_jpeg_keeps_its_tables_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = encoded(print_like(), "JPEG", quality=60, exif=exif.tobytes())
    page = examine(upload).pages[0]
    assert (page.width, page.height) == (1200, 1600)
    assert tables_of(page.jpeg) == tables_of(upload)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_what_was_no_jpeg_is_encoded_as_new(kind: str) -> None:
    assert tables_of(examine(encoded(picture(), kind)).pages[0].jpeg) == tables_of(
        encoded(picture(), "JPEG", quality=92)
    )


@pytest.mark.parametrize(
    "upload",
    [
        lambda: encoded(picture(mode="L"), "JPEG", quality=60),
        lambda: encoded(picture(mode="CMYK"), "JPEG", quality=60),
        lambda: encoded(picture(6000, 3000), "JPEG", quality=60),
        lambda: encoded(picture(), "JPEG", qtables=[[300] * 64, [400] * 64]),
    ],
    ids=["grey", "cmyk", "reduced", "16-bit steps"],
)
def test_a_jpeg_whose_tables_do_not_fit_the_page_is_encoded_as_new(
    upload: Callable[[], bytes],
) -> None:
    assert tables_of(examine(upload()).pages[0].jpeg) == tables_of(
        encoded(picture(), "JPEG", quality=92)
    )


def test_the_finest_tables_do_not_make_a_page_too_large() -> None:
    """A page of noise by steps of one takes 45 MB."""
    image = Image.frombytes("RGB", (4000, 4000), os.urandom(4000 * 4000 * 3)).resize(
        (3999, 3999), Image.Resampling.BILINEAR
    )
    upload = encoded(image, "JPEG", quality=70)
    fine = bytes([1]) * 64
    at = 2
    tampered = bytearray(upload)
    while tampered[at + 1] != 0xDA:
        length = int.from_bytes(tampered[at + 2 : at + 4], "big")
        if tampered[at + 1] == 0xDB:
            tampered[at + 5 : at + 69] = fine
        at += 2 + length
    assert tables_of(bytes(tampered))[0][0] == [1] * 64
    assert len(examine(bytes(tampered)).pages[0].jpeg) < intake.PAGE_BYTES


def test_metadata_and_tail_stay_behind_and_the_editor_is_noted() -> None:
    exif = Image.Exif()
    exif[0x0131] = "Adobe Photoshop 26.1 (Windows)\n"
    exif[0x010E] = "SECRET-PLACE"
    data = (
        encoded(
            picture(), "JPEG", exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE"
        )
        + b"PK\x03\x04SECRET-TAIL"
    )
    taken = examine(data)
    assert taken.editor == "Adobe Photoshop 26.1 (Windows)"
    assert b"SECRET" not in taken.pages[0].jpeg


def test_a_phones_name_is_no_editor_if_it_gives_none() -> None:
    assert examine(encoded(picture(), "JPEG")).editor is None


def test_a_polyglots_tail_is_dropped() -> None:
    archive = b"PK\x03\x04" + b"SECRET" * 100 + b"PK\x05\x06" + bytes(18)
    taken = examine(pdf() + archive)
    assert taken.media_type == "application/pdf"
    assert b"SECRET" not in taken.pages[0].jpeg
    assert b"PK\x03\x04" not in taken.pages[0].jpeg


# --- Torture --------------------------------------------------------------------------------------


def test_more_pixels_than_memory() -> None:
    data = huge_png(40_000, 40_000)
    assert len(data) < 200
    refused = refusal(data)
    assert (refused.code, refused.seen) == ("document_too_many_pixels", "40000 × 40000")
    assert "40,000,000" in refused.expected


def test_a_huge_webp_is_refused_by_its_header() -> None:
    vp8x = b"VP8X" + pack("<I", 10) + bytes(4) + (16382).to_bytes(3, "little") * 2
    assert refusal(b"RIFF" + pack("<I", 4 + len(vp8x)) + b"WEBP" + vp8x).code in {
        "document_too_many_pixels",
        "document_broken",
    }


def test_too_small() -> None:
    refused = refusal(encoded(picture(299, 900), "PNG"))
    assert (refused.code, refused.seen) == ("document_too_small", "299 × 900")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_cut_short(kind: str) -> None:
    data = encoded(picture(1600, 1200), kind)
    refused = refusal(data[: len(data) // 2])
    assert refused.code == "document_broken"
    assert "missing" in refused.seen or "decoded" in refused.seen
    assert refused.details["error"]


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
    """`jpeg` with another height in its frame's header."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC2):
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[: at + 5] + pack(">H", height) + jpeg[at + 7 :]


@pytest.mark.parametrize(
    "how",
    [{}, {"progressive": True}, {"restart_marker_rows": 2}, {"mode": "L"}],
    ids=["plain", "progressive", "restarts", "grey"],
)
@pytest.mark.parametrize("tail", [b"", b"\xff\xd9PK\x03\x04"])
def test_a_jpeg_that_has_less_rows_than_it_claims(how: dict[str, Any], tail: bytes) -> None:
    """Its decoder paints what is missing in grey, and says nothing."""
    image = print_like().convert(how.get("mode", "RGB"))
    whole = (
        encoded(image, "JPEG", **{name: value for name, value in how.items() if name != "mode"})
        + tail
    )
    assert len(examine(whole).pages) == 1
    assert len(examine(claiming(whole, 1220)).pages) == 1, "a few rows are not worth a new photo"
    refused = refusal(claiming(whole, 1800))
    assert refused.code == "document_broken" and refused.seen in {
        f"下方 {share} 缺失 / the lower {share} is missing" for share in ("32%", "33%")
    }


def test_a_jpeg_that_was_cut_short_and_closed() -> None:
    exif = Image.Exif()
    exif[0x010E] = "\xff\xd9 as in a thumbnail"
    whole = encoded(print_like(), "JPEG", exif=exif)
    assert "the lower " in refusal(whole[: len(whole) // 2] + b"\xff\xd9").seen


@pytest.mark.parametrize(
    "how",
    [{}, {"progressive": True}, {"restart_marker_rows": 2}, {"quality": 100, "subsampling": 0}],
)
def test_a_grey_margin_is_not_missing(how: dict[str, Any]) -> None:
    assert len(examine(encoded(print_like(grey_foot=400), "JPEG", **how)).pages) == 1
    assert (
        len(examine(encoded(Image.new("RGB", (800, 600), (128, 128, 128)), "JPEG", **how)).pages)
        == 1
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff" + os.urandom(4000),
        b"%PDF-1.7\n" + b"rubbish " * 500,
        b"%PDF-1.4",
        b"II*\0" + b"\xff" * 400,
        b"RIFF\0\0\0\0WEBP",
        bytes(4) + b"ftypheic" + bytes(400),
    ],
    ids=[
        "jpeg-head",
        "jpeg-noise",
        "pdf-rubbish",
        "pdf-head",
        "tiff-noise",
        "webp-head",
        "heic-head",
    ],
)
def test_broken(data: bytes) -> None:
    refused = refusal(data)
    assert refused.code == "document_broken"
    assert refused.seen


def test_a_password() -> None:
    encrypt = (
        b"/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]/Encrypt<</Filter/Standard/V"
        b" 1/R 2/P -4/O<%s>/U<%s>>>"
    )
    assert refusal(pdf(extra=encrypt % (b"11" * 32, b"22" * 32))).code == "document_encrypted"


def test_too_many_pages() -> None:
    refused = refusal(pdf(9))
    assert (refused.code, refused.seen) == ("document_too_many_pages", "9 页 / pages")
    pages = [picture(400, 400)] * 3
    assert (
        refusal(
            encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), Limits(pages=2)
        ).code
        == "document_too_many_pages"
    )


def bomb() -> bytes:
    """A PDF of some 2 KB whose page inflates, twice over, to 400 MB."""
    packer = zlib.compressobj(9)
    once = b"".join([*(packer.compress(b" " * 1024 * 1024) for _ in range(400)), packer.flush()])
    twice = zlib.compress(once, 9)
    return pdf(
        content=b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream"
        % (len(twice), twice)
    )


def test_a_pdf_that_inflates_leaves_the_parent_unmoved() -> None:
    data = bomb()
    assert len(data) < 4000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        examine(data, Limits(memory_bytes=512 * 1024 * 1024))
    except Refused as refused:
        assert refused.code == "document_broken"  # noqa: PT017 - either outcome is right; what matters is the parent
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_memory_of_the_parent_stays_flat() -> None:
    data = encoded(
        Image.effect_noise((700, 500), 40).convert("RGB").resize((7000, 5000)), "JPEG", quality=60
    )
    examine(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        examine(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_too_little_memory_is_said() -> None:
    refused = refusal(
        encoded(Image.new("RGB", (7000, 5000)), "PNG"), Limits(memory_bytes=256 * 1024 * 1024)
    )
    assert refused.code == "document_broken"
    assert "memory" in refused.seen


# --- A child that the upload has taken over -------------------------------------------------------


@pytest.fixture
def taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts in the child's place one that does its work with the given body of `work(data, limits)`,
    inside the real limits.
    """
    room = tmp_path / "documents"
    for name in CHILD_FILES:
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sandbox.CHILD.parents[1] / name, room / name)

    def put(body: str) -> None:
        work = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        script = (
            f"import sys\nsys.path.append({str(tmp_path)!r})\n{TAKEN_OVER_IMPORTS}\ndef work(data,"
            f" limits):\n{work}\n{TAKEN_OVER_START}"
        )
        (room / "child.py").write_text(script)
        monkeypatch.setattr(sandbox, "CHILD", room / "child.py")

    sandbox.best_isolation()
    return put


GOOD = "return None, [Page(data, 400, 400, '0' * 64)]"
PNG = encoded(picture(400, 400), "PNG")


def answer_of(isolation: sandbox.Isolation = "rlimits", limits: Limits = DEFAULT) -> Intake:
    return examine(PNG, limits, isolation)


@pytest.mark.parametrize("isolation", ["rlimits", "bubblewrap"])
def test_it_can_open_nothing(
    taken_over: Callable[[str], None], isolation: sandbox.Isolation
) -> None:
    if isolation == "bubblewrap":
        require("a working bubblewrap", sandbox.best_isolation() == "bubblewrap")
    taken_over("""
        done = []
        for name, deed in {
            "read": lambda: open("/etc/passwd").read(1),
            "write": lambda: open("/tmp/left-behind", "w"),
            "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
            "socket": lambda: socket.socket(),
            "environment": lambda: os.environ["PATH"],
        }.items():
            try:
                deed()
                done.append(name)
            except (OSError, KeyError):
                pass
        raise Refusal("document_broken", "could: " + ",".join(done))
        """)
    with pytest.raises(Refused) as caught:
        answer_of(isolation)
    assert caught.value.seen == "could: "


def test_it_cannot_start_processes(taken_over: Callable[[str], None]) -> None:
    """Linux exempts root from the limit on processes, so a test run by root steps down first."""
    taken_over("if os.getuid() == 0:\n    os.setuid(65534)\nos.fork()")
    with pytest.raises(Refused) as caught:
        answer_of()
    assert caught.value.details["error"].startswith("BlockingIOError")


def test_bubblewrap_hides_files_even_where_a_pdf_may_open_some(
    taken_over: Callable[[str], None],
) -> None:
    """A PDF's child may open files, for fonts: of ours it must not see any but its own code."""
    require("a working bubblewrap", sandbox.best_isolation() == "bubblewrap")
    taken_over(f"""
        hidden = [{__file__!r}, "/etc/passwd", "/proc/self/environ", "/home", "/root/.ssh", "/var", "/sys"]
        raise Refusal("document_broken", "sees: " + ",".join(path for path in hidden if os.path.exists(path)))
        """)  # noqa: E501
    with pytest.raises(Refused) as caught:
        examine(PNG, isolation="bubblewrap")
    assert caught.value.seen == "sees: "


@pytest.mark.parametrize(
    "body",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.abort()",
        "os._exit(0)",
        "os._exit(3)",
        "sys.stdout.buffer.write(b'\\xff' * 1000); sys.stdout.flush(); os._exit(0)",
        "sys.stdout.buffer.write((1 << 31).to_bytes(4, 'big')); sys.stdout.flush(); os._exit(0)",
        "while True: sys.stdout.buffer.write(bytes(1 << 20))",
        "return None, [Page(data, 400, 400, '0' * 64)]",
        "return None, []",
        "return None, [Page(b'', 1, 1, '')] * 9",
        "raise Refusal('employer_suspended')",
        "raise Refusal(['document_broken'])",
        "import ctypes; ctypes.string_at(0)",
        "bytearray(4 << 30)",
        "work(data, limits)",
    ],
)
def test_a_child_gone_wrong_is_a_broken_document(
    taken_over: Callable[[str], None], body: str
) -> None:
    taken_over(body)
    with pytest.raises(Refused) as caught:
        answer_of(limits=Limits(pages=2))
    assert caught.value.code == "document_broken"
    assert caught.value.seen


@pytest.mark.parametrize(
    "lie",
    [
        "page._replace(width=page.width + 1)",
        "page._replace(width='400')",
        "page._replace(width=True)",
        "page._replace(fingerprint='0' * 63 + 'g')",
        "page._replace(fingerprint=None)",
        "page._replace(jpeg=page.jpeg + b'PK')",
        "page._replace(jpeg=b'\\xff\\xd8\\xff\\xe1' + page.jpeg[4:])",
        "page._replace(jpeg=page.jpeg[:200])",
    ],
)
def test_a_page_that_lies_is_not_believed(taken_over: Callable[[str], None], lie: str) -> None:
    honest = "page = sandbox_child.picture('PIL.PngImagePlugin:PngImageFile')(data, limits)[1][0]\n"
    taken_over(honest + "return None, [page]")
    assert len(answer_of().pages) == 1
    taken_over(honest + f"return None, [{lie}]")
    with pytest.raises(Refused, match="document_broken"):
        answer_of()


@pytest.mark.parametrize("isolation", ["rlimits", "bubblewrap"])
@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(60)",
        "while True: pass",
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
    ],
)
def test_a_child_that_hangs_is_ended(
    taken_over: Callable[[str], None], body: str, isolation: sandbox.Isolation
) -> None:
    if isolation == "bubblewrap":
        require("a working bubblewrap", sandbox.best_isolation() == "bubblewrap")
    taken_over(body)
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        answer_of(isolation, Limits(seconds=3))  # of which a busy machine needs one to start it
    assert caught.value.code == "document_broken"
    assert time.monotonic() - began < 20


def test_what_it_says_is_shortened(taken_over: Callable[[str], None]) -> None:
    taken_over("raise Refusal('document_broken', 'x\\x1b[31m\\u202e' + 'y' * 5000)")
    with pytest.raises(Refused) as caught:
        answer_of()
    assert len(caught.value.seen) == 120
    assert caught.value.seen.isprintable()


def test_a_sandbox_that_does_not_start_blames_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "child.py").write_text("import no_such_library")
    monkeypatch.setattr(sandbox, "CHILD", tmp_path / "child.py")
    with pytest.raises(ProviderBroken, match="did not start"):
        examine(PNG, isolation="rlimits")


def test_no_descriptor_is_left_open() -> None:
    examine(PNG)
    before = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
    for _ in range(3):
        examine(PNG)
        refusal(b"\xff\xd8\xff\xe0")
    assert (len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0) == before


def test_the_limits_reach_the_child() -> None:
    assert refusal(PNG, Limits(pixels=100_000)).code == "document_too_many_pixels"
