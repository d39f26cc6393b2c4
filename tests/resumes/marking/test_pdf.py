"""Tests of the PDF that leaves: it contains its pages' pixels and their text, and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from documents.typesetting import load_font
from resumes.marking.pdf import Sheet, released_pdf
from resumes.opening.open import Pixels
from resumes.redaction.redact import Line


def page(colour: str = "white", ink: str = "black", size: tuple[int, int] = (620, 877)) -> Pixels:
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).text((50, 80), "李四 2018.09-2022.06", ink, load_font("song", 30))
    return np.asarray(image)


def noisy() -> Pixels:
    return np.clip(
        page() + np.random.default_rng(1).integers(0, 9, (877, 620, 3)) - 8, 0, 255
    ).astype(np.uint8)


def line(text: str, x: float = 50, y: float = 80, wide: float = 300, high: float = 36) -> Line:
    return Line(
        text, np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]], np.float32)
    )


def drawn(data: bytes, number: int = 0) -> Pixels:
    """Return the page as a PDF viewer shows it."""
    return np.asarray(
        pypdfium2.PdfDocument(data)[number].render(scale=75 / 72).to_pil().convert("RGB")
    )


def pixels_of(data: bytes) -> Pixels:
    """Return the image of the first page, pixel by pixel."""
    (image,) = pypdfium2.PdfDocument(data)[0].get_objects()
    return np.asarray(image.get_bitmap().to_pil().convert("RGB"))


def image_of(data: bytes) -> pikepdf.Object:
    with pikepdf.open(io.BytesIO(data)) as file:
        found = file.pages[0].Resources.XObject.Page
        return pikepdf.Dictionary(Filter=found.Filter, Space=str(found.ColorSpace)[:14])


def test_the_pixels_come_out_as_they_went_in() -> None:
    assert (pixels_of(released_pdf([Sheet(page(), 75)])) == page()).all()
    assert np.abs(pixels_of(released_pdf([Sheet(noisy(), 75)])).astype(int) - noisy()).mean() < 4
    assert np.abs(drawn(released_pdf([Sheet(page(), 75)]))[:, :620].astype(int) - page()).mean() < 3


def test_a_page_has_the_size_of_its_paper() -> None:
    width, height = pypdfium2.PdfDocument(released_pdf([Sheet(page(size=(1240, 1754)), 150)]))[
        0
    ].get_size()
    assert (round(width), round(height)) == (595, 842)


@pytest.mark.parametrize(
    ("pixels", "kind"),
    [
        (page(), "/FlateDecode"),
        (page("#203040", "#ff0000"), "/FlateDecode"),
        (noisy(), "/DCTDecode"),
    ],
    ids=["grey", "few colours", "many"],
)
def test_each_page_takes_the_smaller_form(pixels: Pixels, kind: str) -> None:
    data = released_pdf([Sheet(pixels, 75)])
    assert image_of(data).Filter == kind
    tolerance = 0 if kind == "/FlateDecode" else 40
    assert np.abs(pixels_of(data).astype(int) - pixels).max() <= tolerance


def test_the_text_can_be_searched_where_it_stands_and_is_not_seen() -> None:
    data = released_pdf(
        [Sheet(page(), 75, [line("李四 2018.09-2022.06"), line("中文 𠮷 text", y=200)])]
    )
    text = pypdfium2.PdfDocument(data)[0].get_textpage()
    assert (
        text.get_text_bounded(left=40, bottom=842 - 130, right=360, top=842 - 70).strip()
        == "李四 2018.09-2022.06"
    )
    assert "中文 \ufffd text" in text.get_text_range()
    assert (drawn(data) == drawn(released_pdf([Sheet(page(), 75)]))).all()


def test_a_slanted_line_lies_over_its_print() -> None:
    quad = np.array([[50, 200], [250, 300], [240, 320], [40, 220]], np.float32)
    text = pypdfium2.PdfDocument(released_pdf([Sheet(page(), 75, [Line("slanted", quad)])]))[
        0
    ].get_textpage()
    left, bottom, right, top = text.get_charbox(6)
    assert 200 < (left + right) / 2 * 75 / 72 < 260
    assert 270 < 877 - (bottom + top) / 2 * 75 / 72 < 330


def test_it_says_nothing_of_itself() -> None:
    data = released_pdf([Sheet(page(), 75, [line("text")])])
    with pikepdf.open(io.BytesIO(data)) as file:
        assert dict(file.docinfo) == {}
        assert set(file.Root.keys()) == {"/Type", "/Pages"}
        assert file.get_warnings() == []
    for word in (b"pikepdf", b"qpdf", b"Producer", b"CreationDate", b"Pillow", b"Exif"):
        assert word not in data


def test_a_title_is_all_that_may_be_said() -> None:
    with pikepdf.open(io.BytesIO(released_pdf([Sheet(page(), 75)], title="简历"))) as file:
        assert {key: str(value) for key, value in file.docinfo.items()} == {"/Title": "简历"}


def test_the_same_pages_make_the_same_bytes() -> None:
    sheets = [Sheet(page(), 75, [line("text")]), Sheet(noisy(), 75)]
    assert released_pdf(sheets) == released_pdf(sheets)
    assert released_pdf(sheets) != released_pdf(sheets[::-1])


def test_pages_keep_their_order() -> None:
    data = released_pdf([Sheet(page(colour), 75) for colour in ("#ff0000", "#00ff00", "#0000ff")])
    assert [tuple(drawn(data, number)[0, 0]) for number in range(3)] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
    ]
