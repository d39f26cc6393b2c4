"""Tests of uploads that are accepted, and of those refused before they are parsed."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from documents.upload import intake, sandbox
from documents.upload.intake import open_upload
from tests.conftest import require
from tests.documents.upload.made_files import (
    encoded,
    is_red,
    lab,
    opened,
    pdf,
    picture,
    print_like,
    refusal,
)

# --- Types by content, and limits before parsing -------- -----------------------------------------


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        pytest.fail("a child was started")

    monkeypatch.setattr(sandbox, "run_child", run)


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


# --- Accepted uploads ----- -----------------------------------------------------------------------


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
    taken = open_upload(upload)
    assert (taken.media_type, taken.size, len(taken.pages)) == (media_type, len(upload), 1)
    page = opened(taken.pages[0])
    assert (page.format, page.mode, page.size) == (
        "JPEG",
        "RGB",
        (taken.pages[0].width, taken.pages[0].height),
    )
    assert page.convert("L").getextrema()[0] < page.convert("L").getextrema()[1], "blank"


@pytest.mark.parametrize("isolation", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "PDF"])
def test_each_isolation_gives_the_same_pages(isolation: sandbox.Isolation, kind: str) -> None:
    works = sandbox._is_working(isolation)
    require(f"a working {isolation}", works)
    data = encoded(picture(), kind)
    confined, limited = (
        open_upload(data, isolation=isolation),
        open_upload(data, isolation="rlimits"),
    )
    assert confined.pages == limited.pages
    assert (confined.isolation, limited.isolation) == (isolation, "rlimits")


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
    taken = open_upload(data)
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
    page = opened(open_upload(encoded(image, "PNG")).pages[0])
    assert page.getpixel((200, 200)) == (255, 255, 255)


def test_sixteen_bits_keep_their_scale() -> None:
    image = Image.new("I;16", (400, 400), 32768)
    assert opened(open_upload(encoded(image, "PNG")).pages[0]).getpixel((200, 200)) in {
        (127, 127, 127),
        (128, 128, 128),
    }


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (400, 400), colour) for colour in ("red", "blue", "green")]
    taken = open_upload(
        encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40)
    )
    assert len(taken.pages) == 1
    assert is_red(opened(taken.pages[0]).getpixel((200, 200)))


def test_every_page_of_a_tiff() -> None:
    pages = [picture(500 + 10 * number, 400) for number in range(3)]
    taken = open_upload(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [(page.number, page.width) for page in taken.pages] == [(1, 500), (2, 510), (3, 520)]


def test_every_page_of_a_pdf() -> None:
    taken = open_upload(pdf(3))
    assert [page.number for page in taken.pages] == [1, 2, 3]
    assert (taken.pages[0].width, taken.pages[0].height) == (2339, 1653)
    assert is_red(opened(taken.pages[0]).getpixel((500, 1653 - 500)))


def test_pages_are_bounded_whatever_a_pdf_claims() -> None:
    page = open_upload(pdf(size=(14400, 14400))).pages[0]
    assert (page.width, page.height) == (4000, 4000)


def test_a_small_pdf_page_is_drawn_finer() -> None:
    assert open_upload(pdf(size=(120, 90))).pages[0].width in {2000, 2001}


def test_a_large_picture_shrinks() -> None:
    page = open_upload(encoded(picture(6000, 3000), "JPEG")).pages[0]
    assert (page.width, page.height) == (4000, 2000)


def test_the_noisiest_page_fits() -> None:
    image = Image.frombytes("RGB", (4000, 4000), os.urandom(4000 * 4000 * 3))
    page = open_upload(encoded(image, "JPEG", quality=70)).pages[0]
    assert len(page.jpeg) < intake.PAGE_BYTES


def tables_of(jpeg: bytes) -> tuple[list[list[int]], int]:
    """Return a JPEG's quantisation tables, and the subsampling of its colours."""
    image = JpegImageFile(io.BytesIO(jpeg))
    return [list(table) for _, table in sorted(image.quantization.items())], get_sampling(image)


def furthest(one: Image.Image, other: Image.Image) -> int:
    """Return the largest difference of two pictures, in shades."""
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
    page = open_upload(upload).pages[0]
    assert tables_of(page.jpeg) == tables_of(upload)
    assert len(page.jpeg) < (1.3 if progressive else 1.01) * len(upload)
    assert furthest(Image.open(io.BytesIO(upload)), opened(page)) <= 2


def test_a_turned_jpeg_keeps_its_tables_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = encoded(print_like(), "JPEG", quality=60, exif=exif.tobytes())
    page = open_upload(upload).pages[0]
    assert (page.width, page.height) == (1200, 1600)
    assert tables_of(page.jpeg) == tables_of(upload)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_what_was_no_jpeg_is_encoded_as_new(kind: str) -> None:
    assert tables_of(open_upload(encoded(picture(), kind)).pages[0].jpeg) == tables_of(
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
    assert tables_of(open_upload(upload()).pages[0].jpeg) == tables_of(
        encoded(picture(), "JPEG", quality=92)
    )


def test_the_finest_tables_do_not_make_a_page_too_large() -> None:
    """A page of noise quantised by steps of one takes 45 MB."""
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
    assert len(open_upload(bytes(tampered)).pages[0].jpeg) < intake.PAGE_BYTES


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
    taken = open_upload(data)
    assert taken.editor == "Adobe Photoshop 26.1 (Windows)"
    assert b"SECRET" not in taken.pages[0].jpeg


def test_a_phones_name_is_no_editor_if_it_gives_none() -> None:
    assert open_upload(encoded(picture(), "JPEG")).editor is None


def test_a_polyglots_tail_is_dropped() -> None:
    archive = b"PK\x03\x04" + b"SECRET" * 100 + b"PK\x05\x06" + bytes(18)
    taken = open_upload(pdf() + archive)
    assert taken.media_type == "application/pdf"
    assert b"SECRET" not in taken.pages[0].jpeg
    assert b"PK\x03\x04" not in taken.pages[0].jpeg
