"""Tests of the second look: it adds only text that the first look missed and a reader saw."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.licence.extract import Found, fields_of
from documents.licence.second_look import (
    LARGEST_ZOOM,
    MOST_LINES,
    MOST_LOOKS,
    look_again,
    look_for,
    second_opinion,
)
from documents.page.boxes import Rotation, TextBox, rotate_boxes
from documents.page.values import is_checked_number
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.documents.licence.scripted_reader import (
    FIRST,
    PAGE,
    REPRESENTATIVE,
    ROOM,
    SECOND,
    SOUND,
    STREET,
    WRONG,
    ScriptedReader,
    again,
    alike_in_keys,
)
from tests.documents.printed import CODE, EXPECTED, HEIGHT, LANDSCAPE, NUMBER, WIDTH, line, without
from tests.effort import examples

# --- Places and ways of looking ----------- -------------------------------------------------------


def test_nothing_is_asked_when_nothing_is_in_doubt() -> None:
    reader = ScriptedReader(
        in_lines=[line(250, 420, "某某有限公司")], enlarged=LANDSCAPE, in_ink=LANDSCAPE
    )
    first = fields_of(SOUND, WIDTH, HEIGHT)
    assert look_again(PAGE, SOUND, first, reader) is first
    assert reader.asked == []


def test_a_missing_value_is_found_in_its_line() -> None:
    reader = ScriptedReader(in_lines=[REPRESENTATIVE])
    found = again([box for box in SOUND if box.text != "王示例"], reader)
    assert found.fields["legal_representative"] == "王示例"
    assert found.regions["legal_representative"] == (250, 508, 322, 532)
    assert reader.asked == ["lines"], "the cheapest look was enough"
    assert alike_in_keys(found)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_missing_value_is_found_on_a_page_that_lies_turned(rotation: Rotation) -> None:
    width, height = (WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH)
    page = rotate_boxes([box for box in SOUND if box.text != "王示例"], rotation, WIDTH, HEIGHT)
    (there,) = rotate_boxes([REPRESENTATIVE], rotation, WIDTH, HEIGHT)
    reader = ScriptedReader(in_lines=[there])
    picture = np.full((height, width, 3), 255, np.uint8)
    found = look_again(picture, page, fields_of(page, width, height), reader)
    assert found.fields["legal_representative"] == "王示例"
    assert found.regions["legal_representative"] == (
        round(there.x0),
        round(there.y0),
        round(there.x1),
        round(there.y1),
    )


def test_what_is_not_in_the_line_is_found_enlarged() -> None:
    reader = ScriptedReader(enlarged=[line(100, 520, "法定代表人"), REPRESENTATIVE])
    found = again([box for box in SOUND if box.text != "王示例"], reader)
    assert found.fields["legal_representative"] == "王示例"
    assert reader.asked == ["lines", "area"]
    assert reader.zooms == [pytest.approx(40 / 24, rel=0.05)]


def test_what_lies_under_a_stamp_is_found_in_the_dark_print() -> None:
    reader = ScriptedReader(in_ink=[REPRESENTATIVE])
    found = again([box for box in SOUND if box.text != "王示例"], reader)
    assert found.fields["legal_representative"] == "王示例"
    assert reader.asked[:3] == ["lines", "area", "ink"]


def test_a_code_that_was_missed_or_misread_is_found() -> None:
    for page in (
        [box for box in SOUND if box.text != CODE],
        [*(box for box in SOUND if box.text != CODE), line(100, 340, WRONG)],
    ):
        reader = ScriptedReader(enlarged=[line(100, 340, CODE)])
        found = again(page, reader)
        assert found.fields["uscc"] == CODE and found.confidence["uscc"] > 0.99
        assert "ink" not in reader.asked
        assert "uscc" not in found.alternatives, "a right code has no alternatives"
        assert alike_in_keys(found)


@pytest.mark.parametrize("up", [-4, 4])
def test_a_code_that_other_print_overlaps_is_found_in_a_tighter_cut(up: float) -> None:
    """Only the cut with the middle of its print finds it."""
    page = [*(box for box in SOUND if box.text != CODE), line(100, 340, WRONG)]
    reader = ScriptedReader(in_lines=[line(100, 340 + up, CODE, height=12)])
    assert again(page, reader).fields["uscc"] == CODE
    assert reader.asked == ["lines"]


def test_one_wrong_code_does_not_replace_another() -> None:
    other = WRONG[:-2] + "00"
    reader = ScriptedReader(
        in_lines=[line(100, 340, other)],
        enlarged=[line(100, 340, other)],
        in_ink=[line(100, 340, other)],
    )
    assert (
        again([*(box for box in SOUND if box.text != CODE), line(100, 340, WRONG)], reader).fields[
            "uscc"
        ]
        == WRONG
    )


def test_a_number_in_place_of_the_code_is_found() -> None:
    page = [box for box in SOUND if box.text not in (CODE, "统一社会信用代码")]
    reader = ScriptedReader(enlarged=[line(100, 300, "注册号"), line(250, 300, NUMBER)])
    assert again(page, reader).fields["registration_number"] == NUMBER


def test_a_row_that_was_lost_is_found_in_the_page_enlarged_by_halves() -> None:
    page = [
        line(500, 200, "营业执照", 100),
        line(100, 300, "统一社会信用代码"),
        line(100, 340, WRONG),
    ]
    reader = ScriptedReader(enlarged=LANDSCAPE)
    found = again(page, reader)
    assert found.fields == {
        name: value for name, value in EXPECTED.items() if name != "registered_capital"
    }, "which not every form has"
    assert reader.asked[-2:] == ["area", "area"] and max(reader.zooms) == LARGEST_ZOOM
    assert again([box for box in page if box.text != "营业执照"], reader).fields == {
        "uscc": CODE
    }, "no time is spent on what may be no licence"


def test_what_no_look_finds_stays_missing() -> None:
    page = [box for box in SOUND if box.text != "王示例"]
    found = again(page, ScriptedReader())
    assert found == fields_of(page, WIDTH, HEIGHT)


def test_what_is_not_in_doubt_stays_as_it_was_read() -> None:
    other = [
        line(250, 420, "某某有限公司"),
        line(950, 420, "壹佰万元整"),
        line(100, 340, CODE),
        REPRESENTATIVE,
    ]
    page = [box for box in SOUND if box.text != "王示例"]
    found = again(page, ScriptedReader(in_lines=other, enlarged=other, in_ink=other))
    first = fields_of(page, WIDTH, HEIGHT)
    assert found.fields == first.fields | {"legal_representative": "王示例"}
    assert {name: found.confidence[name] for name in first.fields} == first.confidence


# --- Unsure values ---------- ---------------------------------------------------------------------


def unsure(score: float, other: str = "王小例") -> list[TextBox]:
    """A page whose legal representative was read as `other`, with `score`."""
    return [
        *(box for box in SOUND if box.text != "王示例"),
        replace(line(250, 520, other), score=score),
    ]


def rows(score: float, text: str = "王示例") -> list[TextBox]:
    return [line(100, 520, "法定代表人"), replace(line(250, 520, text), score=score)]


def test_a_value_gives_way_to_a_surer_reading_of_it() -> None:
    found = again(unsure(0.6), ScriptedReader(enlarged=rows(0.98)))
    assert found.fields["legal_representative"] == "王示例"
    assert found.confidence["legal_representative"] == pytest.approx(0.98)
    found = again(unsure(0.6), ScriptedReader(enlarged=rows(0.5), in_ink=rows(0.9)))
    assert found.fields["legal_representative"] == "王示例", "the dark print had more confidence"


@pytest.mark.parametrize("score", [0.3, 0.6, 0.62])
def test_a_value_does_not_give_way_to_one_that_is_no_surer(score: float) -> None:
    first = fields_of(unsure(0.6), WIDTH, HEIGHT)
    found = again(unsure(0.6), ScriptedReader(enlarged=rows(score), in_ink=rows(score)))
    assert (found.fields, found.confidence) == (first.fields, first.confidence)


def test_a_sure_value_gives_way_to_none() -> None:
    reader = ScriptedReader(enlarged=rows(1.0), in_ink=rows(1.0))
    assert again(unsure(0.9), reader).fields["legal_representative"] == "王小例"
    assert reader.asked == []


@pytest.mark.parametrize("scrap", ["王示", "示例", "示"])
def test_a_part_of_what_was_read_is_no_better_reading(scrap: str) -> None:
    reader = ScriptedReader(enlarged=rows(0.99, scrap), in_ink=rows(0.99, scrap))
    assert again(unsure(0.6, "王示例"), reader).fields["legal_representative"] == "王示例"


# --- Registration numbers ----------- -------------------------------------------------------------


MISREAD_NUMBER = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
NUMBERED = [
    *without(ROOM, CODE, "统一社会信用代码"),
    line(100, 340, "注册号"),
    line(250, 340, MISREAD_NUMBER),
]


def test_a_number_that_is_not_proven_gives_way_to_one_that_is() -> None:
    reader = ScriptedReader(in_lines=[line(250, 340, NUMBER)])
    assert again(NUMBERED, reader).fields["registration_number"] == NUMBER
    assert reader.asked == ["lines"]


def test_a_number_that_crowded_into_fewer_digits_is_read_in_another_cut() -> None:
    page = [*NUMBERED[:-1], line(250, 340, NUMBER[:13])]
    assert (
        again(page, ScriptedReader(in_lines=[line(250, 342, NUMBER, height=14)])).fields[
            "registration_number"
        ]
        == NUMBER
    )


@given(st.integers(0, 10**15 - 1))
@settings(max_examples=examples(30))
def test_a_number_gives_way_to_no_other_that_is_not_proven(other: int) -> None:
    number = f"{other:015}"
    seen = [line(250, 340, number)]
    found = again(NUMBERED, ScriptedReader(in_lines=seen, enlarged=seen, in_ink=seen))
    assert found.fields["registration_number"] == (
        number if is_checked_number(number) else MISREAD_NUMBER
    )


# --- Addresses ------------------------------------------------------------------------------------


STREET_ENDS = next(box.x1 for box in LANDSCAPE if box.text == STREET)


def end(text: str, y: float = 520) -> TextBox:
    """The end of the address's first line, in a cut that reaches further right."""
    return line(STREET_ENDS - 50, y, text, width=64)


@pytest.mark.parametrize("more", ["一", "1", "一1", "甲"])
def test_an_address_is_completed_by_the_character_at_the_edge(more: str) -> None:
    reader = ScriptedReader(in_lines=[end(STREET[-3:] + more)])
    found = again(LANDSCAPE, reader)
    assert found.fields["address"] == STREET + more + ROOM
    assert found.fields == EXPECTED | {"address": STREET + more + ROOM}
    assert reader.asked[0] == "lines"
    x0, _, x1, _ = found.lines["address"][0]
    assert (x0, x1) == (950, math.ceil(STREET_ENDS + 14)), "its region is wider by the same amount"


@pytest.mark.parametrize(
    "seen",
    [
        end("路1号"),
        end("路1号，"),
        end("路1号."),
        end("路1号|"),
        end("路1号一，"),
        end("路1号一二三"),
        end("路9号一"),
        end("1号一"),
        end("路1号一", y=550),
    ],
    ids=[
        "the same",
        "a comma",
        "a stop",
        "a stroke",
        "a mark behind",
        "three more",
        "another",
        "a scrap",
        "another line",
    ],
)
def test_an_address_is_completed_by_nothing_else(seen: TextBox) -> None:
    assert again(LANDSCAPE, ScriptedReader(in_lines=[seen])).fields == EXPECTED


def test_what_is_cut_through_at_the_inner_end_of_a_cut_counts_for_nothing() -> None:
    assert (
        again(LANDSCAPE, ScriptedReader(in_lines=[end("踏1号一")])).fields["address"]
        == STREET + "一" + ROOM
    )


def test_an_address_set_close_to_its_label_is_completed_by_its_first_character() -> None:
    close = [*without(STREET, ROOM, "住所"), line(800, 520, "住所"), line(853, 520, STREET[1:])]
    seen = line(841, 520, STREET[:4], width=96)
    assert again(close, ScriptedReader(in_lines=[seen])).fields["address"] == STREET
    assert (
        again(close, ScriptedReader(in_lines=[line(841, 520, "南京市海", width=96)])).fields[
            "address"
        ]
        == "南" + STREET[1:]
    )
    assert (
        again(close, ScriptedReader(in_lines=[line(841, 520, "上海市浦", width=96)])).fields[
            "address"
        ]
        == STREET[1:]
    )


def test_an_address_gives_way_to_no_longer_one_that_is_less_sure_or_ends_in_another_print() -> None:
    half = "北京市海淀区示例路1号"
    page = [*without(STREET, ROOM), line(950, 520, half[:-1])]
    with_stamp = [line(800, 520, "住所"), line(950, 520, half[:-1] + "国玻璃网上商城")]
    assert (
        again(page, ScriptedReader(enlarged=[line(800, 520, "住所"), line(950, 520, half)])).fields[
            "address"
        ]
        == half
    )
    unsure = [replace(box, score=0.6) for box in with_stamp]
    assert again(page, ScriptedReader(enlarged=unsure)).fields["address"] == half[:-1]


def test_an_address_that_breaks_off_is_read_to_its_end() -> None:
    half = "北京市海淀区示例路"
    page = [*without(STREET, ROOM), line(950, 520, half)]
    whole = [line(800, 520, "住所"), line(950, 520, half), line(950, 550, "1号2号楼301室")]
    assert again(page, ScriptedReader(enlarged=whole)).fields["address"] == half + "1号2号楼301室"
    assert (
        again(page, ScriptedReader(enlarged=[line(950, 520, "北京市海淀")])).fields["address"]
        == half
    ), "a shorter reading is not better"


# --- The scope ------------------------------------------------------------------------------------


RAGGED = [*(box for box in SOUND if box.text != FIRST), line(250, 570, "软件开发；技术")]


def test_a_scope_with_holes_gives_way_to_the_longer_one() -> None:
    whole = [line(100, 570, "经营范围"), line(250, 570, FIRST), line(250, 600, SECOND, width=500)]
    reader = ScriptedReader(enlarged=whole)
    found = again(RAGGED, reader)
    assert found.fields["business_scope"] == EXPECTED["business_scope"]
    assert found.lines["business_scope"][0] == (250, 558, 634, 582)


def test_a_whole_paragraph_is_not_looked_at_for_its_ink() -> None:
    whole = [line(100, 570, "经营范围"), line(250, 570, FIRST), line(250, 600, SECOND, width=500)]
    assert (
        again(RAGGED, ScriptedReader(in_ink=whole)).fields
        == fields_of(RAGGED, WIDTH, HEIGHT).fields
    )


def test_a_scope_does_not_give_way_to_a_shorter_one() -> None:
    less = [line(100, 570, "经营范围"), line(250, 570, "软件开发；")]
    first = fields_of(RAGGED, WIDTH, HEIGHT)
    assert again(RAGGED, ScriptedReader(enlarged=less, in_ink=less)).fields == first.fields


THIRD = "会议服务；市场调查；仓储服务；包装服务；翻译服务；摄影服务。"
TORN = [
    *(box for box in SOUND if box.text not in (FIRST, SECOND)),
    line(250, 570, FIRST),
    line(250, 630, SECOND),
]
"""A scope with a missing line."""


@pytest.mark.parametrize(("score", "kept"), [(0.99, True), (0.91, True), (0.8, False)])
def test_what_only_the_first_look_saw_of_a_scope_is_kept_if_it_was_sure(
    score: float, kept: bool
) -> None:
    page = [replace(box, score=score) if box.text == SECOND else box for box in TORN]
    seen = [line(100, 570, "经营范围"), line(250, 570, FIRST), line(250, 600, THIRD)]
    scope = again(page, ScriptedReader(enlarged=seen)).fields["business_scope"]
    assert scope == FIRST + THIRD + (SECOND.rstrip("*") if kept else "")


def test_what_both_looks_saw_is_there_once() -> None:
    seen = [
        line(100, 570, "经营范围"),
        line(252, 571, FIRST),
        line(250, 600, THIRD),
        line(249, 629, SECOND),
    ]
    assert again(TORN, ScriptedReader(enlarged=seen)).fields[
        "business_scope"
    ] == FIRST + THIRD + SECOND.rstrip("*")


def test_an_empty_scope_is_looked_for() -> None:
    page = [box for box in SOUND if box.text not in (FIRST, SECOND)]
    seen = [line(100, 570, "经营范围"), line(250, 570, FIRST), line(250, 600, SECOND, width=500)]
    assert (
        again(page, ScriptedReader(enlarged=seen)).fields["business_scope"]
        == EXPECTED["business_scope"]
    )


# --- Bounds ---------------------------------------------------------------------------------------


LABELS = (
    "统一社会信用代码",
    "名称",
    "类型",
    "法定代表人",
    "经营范围",
    "注册资本",
    "成立日期",
    "住所",
    "营业执照",
)


@settings(max_examples=examples(25))
@given(st.sets(st.sampled_from([box.text for box in LANDSCAPE])), st.integers(0, 20))
def test_the_number_of_looks_is_bounded(lost: set[str], codes: int) -> None:
    page = [*without(*lost), *(line(40 + 15 * i, 640 + 15 * i, WRONG) for i in range(codes))]
    reader = ScriptedReader()
    again(page, reader)
    assert reader.asked.count("lines") <= 2 and reader.most_regions <= MOST_LINES
    assert reader.asked.count("ink") <= MOST_LOOKS
    assert reader.asked.count("area") <= MOST_LOOKS + 2, "plus the two halves"
    assert all(1 <= zoom <= LARGEST_ZOOM for zoom in reader.zooms)


def test_all_cuts_of_two_codes_printed_into_another_word_are_read() -> None:
    """Eleven cuts each; with fewer, those that help would be left out."""
    page = [*without(CODE), *(line(400, 240 + 50 * i, f"(副A{WRONG}", width=500) for i in range(3))]
    reader = ScriptedReader()
    again(page, reader)
    assert reader.most_regions == MOST_LINES >= 22


def test_a_page_of_labels_alone_keeps_the_bound() -> None:
    reader = ScriptedReader()
    again([box for box in LANDSCAPE if box.text in LABELS], reader)
    assert reader.asked.count("area") == MOST_LOOKS + 2 and reader.asked.count("ink") == MOST_LOOKS


@settings(max_examples=examples(30))
@given(
    st.sets(st.sampled_from([box.text for box in LANDSCAPE])),
    st.lists(st.sampled_from(LANDSCAPE), max_size=8),
)
def test_a_second_look_loses_nothing(lost: set[str], seen: list[TextBox]) -> None:
    page = without(*lost)
    first = fields_of(page, WIDTH, HEIGHT)
    found = look_again(PAGE, page, first, ScriptedReader(in_lines=seen, enlarged=seen, in_ink=seen))
    assert found.fields.keys() >= first.fields.keys()
    assert alike_in_keys(found)


@pytest.mark.parametrize("failure", [ProviderBroken("x"), ProviderUnavailable("x")])
def test_what_the_reader_raises_goes_through(failure: ProviderError) -> None:
    page = [*(box for box in LANDSCAPE if box.text != CODE), line(100, 340, WRONG)]
    first = fields_of(page, WIDTH, HEIGHT)
    looks: list[Callable[[ScriptedReader], Found]] = [
        lambda reader: look_again(PAGE, page, first, reader),
        lambda reader: second_opinion(PAGE, page, first, reader),
        lambda reader: look_for(PAGE, page, first, reader, {"uscc": CODE}),
    ]
    for look in looks:
        with pytest.raises(type(failure)):
            look(ScriptedReader(fails=failure))


# --- A second reader ------ -----------------------------------------------------------------------


def test_a_second_opinion_is_asked_of_the_code_only() -> None:
    """Only a code can be proven right in another engine's reading, by its check character."""
    page = [box for box in LANDSCAPE if box.text not in ("王示例", CODE)]
    told = [
        line(100, 340, CODE),
        REPRESENTATIVE,
        line(250, 420, "某某有限公司"),
        end(STREET[-3:] + "一"),
    ]
    reader = ScriptedReader(in_lines=told, enlarged=told, in_ink=told)
    first = fields_of(page, WIDTH, HEIGHT)
    found = second_opinion(PAGE, page, first, reader)
    assert found.fields == first.fields | {"uscc": CODE}


def test_no_second_opinion_is_asked_of_a_page_whose_code_is_right() -> None:
    reader = ScriptedReader()
    page = [box for box in LANDSCAPE if box.text != "王示例"]
    first = fields_of(page, WIDTH, HEIGHT)
    assert second_opinion(PAGE, page, first, reader) is first
    assert reader.asked == []
