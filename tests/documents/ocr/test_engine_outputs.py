"""Tests that the parser finds every field in the engine's real output."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from documents.licence.extract import fields_of
from documents.page.boxes import rotate_boxes
from tests.documents.ocr.engine_outputs import Output, stored

OUTPUTS = stored()
FOUND = ("uscc", "name", "type", "legal_representative", "registered_capital", "established_on")
"""The fields that must be right in all of them.

In address and scope the engine sometimes loses a character.
"""


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).rstrip(".。")


@pytest.mark.parametrize(
    "output", [o for o in OUTPUTS if "hard" not in o.name], ids=lambda output: output.name
)
def test_every_field_that_decides(output: Output) -> None:
    found = fields_of(output.boxes, output.width, output.height)
    printed = [name for name in FOUND if name in output.printed]
    assert {name: plain(found.fields.get(name, "")) for name in printed} == {
        name: plain(output.printed[name]) for name in printed
    }
    assert found.titled and found.is_licence
    assert found.edition == ("landscape_2019" if "landscape" in output.name else "portrait_2015")


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.name)
def test_nothing_wrong_is_given_as_sure(output: Output) -> None:
    found = fields_of(output.boxes, output.width, output.height)
    sure = {name for name, confidence in found.confidence.items() if confidence >= 0.99}
    assert {name: plain(found.fields[name]) for name in sure} == {
        name: plain(output.printed[name]) for name in sure
    }


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("output", OUTPUTS[:3], ids=lambda output: output.name)
def test_a_turned_page_says_the_same(output: Output, rotation: int) -> None:
    upright = fields_of(output.boxes, output.width, output.height)
    size = (output.width, output.height) if rotation == 180 else (output.height, output.width)
    found = fields_of(rotate_boxes(output.boxes, rotation, output.width, output.height), *size)  # type: ignore[arg-type]
    assert (found.fields, found.edition) == (upright.fields, upright.edition)


@pytest.mark.parametrize("output", OUTPUTS[:6], ids=lambda output: output.name)
def test_the_order_of_boxes_does_not_matter(output: Output) -> None:
    upright = fields_of(output.boxes, output.width, output.height)
    assert fields_of(output.boxes[::-1], output.width, output.height).fields == upright.fields


@pytest.mark.parametrize("output", OUTPUTS[:6], ids=lambda output: output.name)
def test_a_lost_code_is_missed_and_not_made_up(output: Output) -> None:
    without = [
        replace(box, text="") if any(c.isdigit() for c in box.text[-6:]) else box
        for box in output.boxes
    ]
    assert "uscc" not in fields_of(without, output.width, output.height).fields
