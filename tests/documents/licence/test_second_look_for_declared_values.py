"""Tests of the second look for declared values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.licence.extract import Found, fields_of
from documents.licence.second_look import CONFIRMED, look_for
from documents.page.boxes import TextBox
from tests.documents.licence.scripted_reader import (
    PAGE,
    REPRESENTATIVE,
    SOUND,
    WRONG,
    ScriptedReader,
)
from tests.documents.printed import CODE, EXPECTED, HEIGHT, LANDSCAPE, WIDTH, line
from tests.effort import examples

MISREAD = [
    *(box for box in SOUND if box.text != EXPECTED["name"]),
    replace(line(250, 420, "示例科枝有限公司"), score=0.9),
]
NAME = line(250, 420, EXPECTED["name"])


def looked_for(page: Sequence[TextBox], reader: ScriptedReader, declared: dict[str, str]) -> Found:
    return look_for(PAGE, page, fields_of(page, WIDTH, HEIGHT), reader, declared)


@pytest.mark.parametrize(
    ("reader", "asked"),
    [(ScriptedReader(enlarged=[NAME]), ["area"]), (ScriptedReader(in_ink=[NAME]), ["area", "ink"])],
)
def test_what_was_declared_is_taken_where_the_reader_saw_it(
    reader: ScriptedReader, asked: list[str]
) -> None:
    found = looked_for(MISREAD, reader, {"name": EXPECTED["name"]})
    assert found.fields == fields_of(SOUND, WIDTH, HEIGHT).fields
    assert found.regions["name"] == (250, 408, 442, 432)
    assert found.confidence["name"] <= CONFIRMED and found.read_again, (
        "the second reading is reported"
    )
    assert found.alternatives["name"][0] == "示例科枝有限公司", (
        "the first reading is an alternative"
    )
    assert reader.asked == asked


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [line(250, 420, "示例科技有限公")],
        [line(250, 420, "示例科扶有限公司")],
        [line(250, 620, EXPECTED["name"])],
    ],
)
def test_what_was_declared_but_not_seen_is_never_taken(seen: list[TextBox]) -> None:
    reader = ScriptedReader(enlarged=seen, in_ink=seen)
    found = looked_for(MISREAD, reader, {"name": EXPECTED["name"]})
    assert found == fields_of(MISREAD, WIDTH, HEIGHT)
    assert reader.asked == ["area", "ink"]


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"name": ""},
        {"name": EXPECTED["name"]},
        {"name": "示例科技 有限公司", "uscc": CODE.lower()},
        {"address": "别处"},
        {"unknown": "x"},
    ],
)
def test_nothing_is_looked_for_where_nothing_differs(declared: dict[str, str]) -> None:
    reader = ScriptedReader(enlarged=LANDSCAPE)
    looked_for(SOUND, reader, declared)
    assert reader.asked == []


def test_what_was_read_surely_stands_though_the_declared_can_be_read_too() -> None:
    page = [replace(box, score=1.0) for box in MISREAD]
    reader = ScriptedReader(enlarged=[NAME], in_ink=[NAME])
    found = looked_for(page, reader, {"name": EXPECTED["name"]})
    assert found.fields["name"] == "示例科枝有限公司" and not found.read_again
    assert reader.asked == []


def test_what_was_not_read_at_all_is_not_looked_for() -> None:
    reader = ScriptedReader(enlarged=[REPRESENTATIVE])
    page = [box for box in SOUND if box.text != "王示例"]
    assert (
        "legal_representative"
        not in looked_for(page, reader, {"legal_representative": "王示例"}).fields
    )


def test_a_declared_code_is_taken_only_as_it_stands_on_the_page() -> None:
    page = [*(box for box in SOUND if box.text != CODE), line(100, 340, WRONG)]
    seen = ScriptedReader(enlarged=[line(100, 340, CODE)])
    assert looked_for(page, seen, {"uscc": CODE}).fields["uscc"] == CODE
    unseen = ScriptedReader(enlarged=[line(100, 340, WRONG)], in_ink=[line(100, 340, WRONG)])
    assert looked_for(page, unseen, {"uscc": CODE}).fields["uscc"] == WRONG


@settings(max_examples=examples(40))
@given(
    st.dictionaries(
        st.sampled_from(["uscc", "name", "legal_representative"]),
        st.sampled_from([CODE, "示例科技有限公司", "王示例", "李四"]),
    ),
    st.lists(
        st.sampled_from([NAME, REPRESENTATIVE, line(250, 520, "王小例"), line(100, 340, CODE)]),
        max_size=3,
    ),
)
def test_no_declaration_becomes_a_reading_unseen(
    declared: dict[str, str], seen: list[TextBox]
) -> None:
    page = [
        *(box for box in MISREAD if box.text not in ("王示例", CODE)),
        line(250, 520, "王不例"),
        line(100, 340, WRONG),
    ]
    first = fields_of(page, WIDTH, HEIGHT)
    found = looked_for(page, ScriptedReader(enlarged=seen), declared)
    on_page = {box.text for box in (*page, *seen)}
    assert all(value in on_page for name, value in found.fields.items() if name in declared)
    assert all(
        found.fields[name] == first.fields[name] for name in first.fields.keys() - declared.keys()
    )
