"""Tests of the second look with a real engine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from documents.licence.extract import Found, fields_of
from documents.licence.read import picture_of
from documents.licence.second_look import look_again
from documents.ocr import READERS
from documents.ocr.rapid import RapidReader
from documents.page.boxes import Region
from documents.page.confidence import SURE
from documents.specimens import make_specimen
from documents.typesetting import load_font
from tests.conftest import require

RAPID = next(reader for reader in READERS if isinstance(reader, RapidReader))


def both_looks(image: Image.Image) -> tuple[Found, Found]:
    """Return the engine's first reading, and the one after the second look."""
    require("rapid", RAPID.available())
    picture = picture_of(image)
    boxes = RAPID.read(picture)
    first = fields_of(boxes, image.width, image.height)
    return first, look_again(picture, boxes, first, RAPID)


def region_of(image: Image.Image, name: str) -> Region:
    return both_looks(image)[0].regions[name]


def overlaid(image: Image.Image, layer: Image.Image, region: Region) -> Image.Image:
    """Return `image` with the middle of `layer` on the middle of `region`."""
    page = image.convert("RGBA")
    left, top = (
        (region[0] + region[2] - layer.width) // 2,
        (region[1] + region[3] - layer.height) // 2,
    )
    page.alpha_composite(layer, (max(0, left), max(0, top)))
    return page.convert("RGB")


def stamp(text: str) -> Image.Image:
    """Return `text` in leaning, translucent grey, as an applicant's app writes it over the page."""
    face = load_font("hei", 60)
    layer = Image.new("RGBA", (int(face.getlength(text)) + 20, 120), (128, 128, 128, 0))
    ImageDraw.Draw(layer).text((layer.width / 2, 60), text, (128, 128, 128, 120), face, "mm")
    return layer.rotate(20, expand=True, resample=Image.Resampling.BICUBIC)


def logo(radius: float) -> Image.Image:
    """Three nested coloured discs, half transparent."""
    side = round(2 * radius) + 2
    layer = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    for share, colour in (
        (1.0, (20, 120, 230, 150)),
        (0.62, (250, 150, 20, 150)),
        (0.3, (40, 180, 90, 150)),
    ):
        a, b = side / 2 - share * radius, side / 2 + share * radius
        ImageDraw.Draw(layer).ellipse((a, a, b, b), fill=colour)
    return layer


@pytest.mark.accuracy
def test_a_day_under_a_grey_stamp_is_found_by_the_second_look() -> None:
    specimen = make_specimen(78)
    page = overlaid(
        specimen.image, stamp("仅供招聘使用"), region_of(specimen.image, "established_on")
    )
    first, second = both_looks(page)
    assert first.fields.get("established_on") != specimen.fields["established_on"]
    assert second.fields["established_on"] == specimen.fields["established_on"]


@pytest.mark.accuracy
def test_a_name_under_a_coloured_logo_is_found_by_the_second_look() -> None:
    """The logo hides half a character, and the engine is unsure of it.

    Processors round differently, so either the character or its double comes first. The right name
    is among the alternatives, and a wrong one is not given as sure.
    """
    specimen, name = make_specimen(61), "legal_representative"
    region = region_of(specimen.image, name)
    first, second = both_looks(
        overlaid(specimen.image, logo(2.6 * (region[3] - region[1])), region)
    )
    assert first.fields.get(name) != specimen.fields[name]
    assert specimen.fields[name] in (second.fields[name], *second.alternatives.get(name, ()))
    assert second.fields[name] == specimen.fields[name] or second.confidence[name] < SURE
    assert replace(second, fields={}) != replace(first, fields={})
