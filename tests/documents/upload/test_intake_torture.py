"""Tests of uploads that are broken, oversized or harmful."""

from __future__ import annotations

import os
import resource
from struct import pack
from typing import Any

import pytest
from PIL import Image

from documents.upload.intake import Limits, open_upload
from events.core.errors import Refused
from tests.documents.upload.made_files import (
    bomb,
    claiming,
    encoded,
    huge_png,
    pdf,
    picture,
    print_like,
    refusal,
)


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


@pytest.mark.parametrize(
    "how",
    [{}, {"progressive": True}, {"restart_marker_rows": 2}, {"mode": "L"}],
    ids=["plain", "progressive", "restarts", "grey"],
)
@pytest.mark.parametrize("tail", [b"", b"\xff\xd9PK\x03\x04"])
def test_a_jpeg_that_has_less_rows_than_it_claims(how: dict[str, Any], tail: bytes) -> None:
    """The decoder paints missing rows in grey, without an error."""
    image = print_like().convert(how.get("mode", "RGB"))
    whole = (
        encoded(image, "JPEG", **{name: value for name, value in how.items() if name != "mode"})
        + tail
    )
    assert len(open_upload(whole).pages) == 1
    assert len(open_upload(claiming(whole, 1220)).pages) == 1, "a few missing rows are accepted"
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
    assert len(open_upload(encoded(print_like(grey_foot=400), "JPEG", **how)).pages) == 1
    assert (
        len(
            open_upload(encoded(Image.new("RGB", (800, 600), (128, 128, 128)), "JPEG", **how)).pages
        )
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


def test_a_pdf_that_inflates_leaves_the_parent_unmoved() -> None:
    data = bomb()
    assert len(data) < 4000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        open_upload(data, Limits(memory_bytes=512 * 1024 * 1024))
    except Refused as refused:
        assert refused.code == "document_broken"  # noqa: PT017 - either outcome is right; what matters is the parent
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_memory_of_the_parent_stays_flat() -> None:
    data = encoded(
        Image.effect_noise((700, 500), 40).convert("RGB").resize((7000, 5000)), "JPEG", quality=60
    )
    open_upload(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        open_upload(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_too_little_memory_is_said() -> None:
    refused = refusal(
        encoded(Image.new("RGB", (7000, 5000)), "PNG"), Limits(memory_bytes=256 * 1024 * 1024)
    )
    assert refused.code == "document_broken"
    assert "memory" in refused.seen
