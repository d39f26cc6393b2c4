"""Does a closer look add what the first one missed, and never what was not seen?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from documents.licence.extract import Found, fields_of
from documents.licence.read import picture_of
from documents.licence.second_look import (
    CONFIRMED,
    LARGEST_ZOOM,
    MOST_LINES,
    MOST_LOOKS,
    look_again,
    look_for,
    second_opinion,
)
from documents.ocr import READERS
from documents.ocr.base import CloseReader, Picture
from documents.ocr.rapid import RapidReader
from documents.page.boxes import Polygon, Region, TextBox, Turn, turned
from documents.page.values import is_checked_number
from documents.specimens import make
from documents.typesetting import font
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.documents.printed import CODE, EXPECTED, HEIGHT, LANDSCAPE, NUMBER, WIDTH, line, without

PAGE = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
WRONG = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
STREET, ROOM = "北京市海淀区示例路1号", "2号楼301室"
FIRST, SECOND = (
    "软件开发；技术咨询；货物进出口。",
    "名称翻译服务；住所安保服务。（依法须经批准的项目）**",
)
SOUND = without(ROOM)
"""A page that leaves no doubt: its address is of one line."""
REPRESENTATIVE = line(250, 520, "王示例")


@dataclass
class ScriptedReader:
    """A reader that sees what it was told to, where it is asked to look, and keeps what it was
    asked.
    """

    in_lines: Sequence[TextBox] = ()
    enlarged: Sequence[TextBox] = ()
    in_ink: Sequence[TextBox] = ()
    fails: ProviderError | None = None
    name: str = "scripted"
    asked: list[str] = field(default_factory=list)
    zooms: list[float] = field(default_factory=list)
    most_places: int = 0

    def read_places(self, image: Picture, places: Sequence[Polygon]) -> list[TextBox]:
        self._note("lines")
        self.most_places = max(self.most_places, len(places))
        return [box for box in self.in_lines if any(_holds(place, box) for place in places)]

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        self._note("ink" if ink else "area")
        self.zooms.append(zoom)
        return [box for box in (self.in_ink if ink else self.enlarged) if _holds(area, box)]

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise self.fails


def _holds(area: Polygon, box: TextBox) -> bool:
    return cv2.pointPolygonTest(np.array(area, np.float32), box.middle, measureDist=False) >= 0


def again(page: Sequence[TextBox], reader: ScriptedReader) -> Found:
    """`page` after a second look by `reader`."""
    assert isinstance(reader, CloseReader)
    return look_again(PAGE, page, fields_of(page, WIDTH, HEIGHT), reader)


def alike_in_keys(found: Found) -> bool:
    return (
        found.fields.keys()
        == found.confidence.keys()
        == found.regions.keys()
        == found.lines.keys()
        >= found.alternatives.keys()
    )


# --- Where and how it looks -----------------------------------------------------------------------


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


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_missing_value_is_found_on_a_page_that_lies_turned(turn: Turn) -> None:
    width, height = (WIDTH, HEIGHT) if turn == 180 else (HEIGHT, WIDTH)
    page = turned([box for box in SOUND if box.text != "王示例"], turn, WIDTH, HEIGHT)
    (there,) = turned([REPRESENTATIVE], turn, WIDTH, HEIGHT)
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
        assert "uscc" not in found.alternatives, "a right code is nothing else"
        assert alike_in_keys(found)


@pytest.mark.parametrize("up", [-4, 4])
def test_a_code_that_other_print_overlaps_is_found_in_a_tighter_cut(up: float) -> None:
    """The cut that holds the middle of its print alone."""
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


# --- Values of which the reader is not sure -------------------------------------------------------


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
    assert found.fields["legal_representative"] == "王示例", "the dark print alone was surer"


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


# --- Numbers from before the code -----------------------------------------------------------------

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
@settings(max_examples=30)
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
    assert (x0, x1) == (950, math.ceil(STREET_ENDS + 14)), "its place is as much wider"


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
    ), "less is not better"


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
"""A scope of which a line was not found."""


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


@settings(max_examples=25)
@given(st.sets(st.sampled_from([box.text for box in LANDSCAPE])), st.integers(0, 20))
def test_the_number_of_looks_is_bounded(lost: set[str], codes: int) -> None:
    page = [*without(*lost), *(line(40 + 15 * i, 640 + 15 * i, WRONG) for i in range(codes))]
    reader = ScriptedReader()
    again(page, reader)
    assert reader.asked.count("lines") <= 2 and reader.most_places <= MOST_LINES
    assert reader.asked.count("ink") <= MOST_LOOKS
    assert reader.asked.count("area") <= MOST_LOOKS + 2, "and two halves"
    assert all(1 <= zoom <= LARGEST_ZOOM for zoom in reader.zooms)


def test_all_cuts_of_two_codes_printed_into_another_word_are_read() -> None:
    """Eleven places each; with fewer, those that help would be left out."""
    page = [*without(CODE), *(line(400, 240 + 50 * i, f"(副A{WRONG}", width=500) for i in range(3))]
    reader = ScriptedReader()
    again(page, reader)
    assert reader.most_places == MOST_LINES >= 22


def test_a_page_of_labels_alone_keeps_the_bound() -> None:
    reader = ScriptedReader()
    again([box for box in LANDSCAPE if box.text in LABELS], reader)
    assert reader.asked.count("area") == MOST_LOOKS + 2 and reader.asked.count("ink") == MOST_LOOKS


@settings(max_examples=30)
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


# --- Another reader's opinion ---------------------------------------------------------------------


def test_a_second_opinion_is_asked_of_the_code_only() -> None:
    """Of a name no other engine's reading can be proven right; of a code its check character proves
    it.
    """
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


# --- Looking for what was declared ----------------------------------------------------------------

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
    assert found.confidence["name"] <= CONFIRMED and found.read_again, "which is told"
    assert found.alternatives["name"][0] == "示例科枝有限公司", (
        "and the first reading is kept beside it"
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


@settings(max_examples=40)
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


# --- With an engine -------------------------------------------------------------------------------

RAPID = next(reader for reader in READERS if isinstance(reader, RapidReader))


def both_looks(image: Image.Image) -> tuple[Found, Found]:
    """What the engine reads at the first look, and after the second."""
    require("rapid", RAPID.available())
    picture = picture_of(image)
    boxes = RAPID.read(picture)
    first = fields_of(boxes, image.width, image.height)
    return first, look_again(picture, boxes, first, RAPID)


def place_of(image: Image.Image, name: str) -> Region:
    return both_looks(image)[0].regions[name]


def overlaid(image: Image.Image, layer: Image.Image, place: Region) -> Image.Image:
    """`image` with the middle of `layer` on the middle of `place`."""
    page = image.convert("RGBA")
    left, top = (place[0] + place[2] - layer.width) // 2, (place[1] + place[3] - layer.height) // 2
    page.alpha_composite(layer, (max(0, left), max(0, top)))
    return page.convert("RGB")


def stamp(text: str) -> Image.Image:
    """`text` in translucent grey, leaning, as an applicant's own program writes it over the
    page.
    """
    face = font("hei", 60)
    layer = Image.new("RGBA", (int(face.getlength(text)) + 20, 120), (128, 128, 128, 0))
    ImageDraw.Draw(layer).text((layer.width / 2, 60), text, (128, 128, 128, 120), face, "mm")
    return layer.rotate(20, expand=True, resample=Image.Resampling.BICUBIC)


def logo(radius: float) -> Image.Image:
    """Three coloured discs, one in another, half transparent."""
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


@pytest.mark.reading
def test_a_day_under_a_grey_stamp_is_found_by_the_second_look() -> None:
    specimen = make(78)
    page = overlaid(
        specimen.image, stamp("仅供招聘使用"), place_of(specimen.image, "established_on")
    )
    first, second = both_looks(page)
    assert first.fields.get("established_on") != specimen.fields["established_on"]
    assert second.fields["established_on"] == specimen.fields["established_on"]


@pytest.mark.reading
def test_a_name_under_a_coloured_logo_is_found_by_the_second_look() -> None:
    specimen = make(61)
    place = place_of(specimen.image, "legal_representative")
    first, second = both_looks(overlaid(specimen.image, logo(2.6 * (place[3] - place[1])), place))
    assert first.fields.get("legal_representative") != specimen.fields["legal_representative"]
    assert second.fields["legal_representative"] == specimen.fields["legal_representative"]
    assert replace(second, fields={}) != replace(first, fields={})
