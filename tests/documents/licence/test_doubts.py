"""Tests of the doubts: a second look is requested where the page leaves a doubt, and only there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.licence.doubts import Doubt
from documents.licence.extract import fields_of
from documents.page.boxes import Point, Polygon, Rotation, TextBox, Weak, rotate_boxes
from tests.documents.printed import (
    CODE,
    EXPECTED,
    HEIGHT,
    LANDSCAPE,
    NUMBER,
    WIDTH,
    line,
    read,
    without,
)
from tests.effort import examples

WRONG = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
CODES = ("uscc", "registration_number")
MISREAD_NUMBER = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
REPRESENTATIVE, DAY, ISSUED = (
    line(250, 520, "王示例"),
    line(950, 470, "2019年03月05日"),
    line(1000, 860, "2019年03月05日"),
)
FIRST, SECOND = (
    "软件开发；技术咨询；货物进出口。",
    "名称翻译服务；住所安保服务。（依法须经批准的项目）**",
)
STREET, ROOM = "北京市海淀区示例路1号", "2号楼301室"


@dataclass(frozen=True)
class Case:
    """A page with a flaw, and the place that the reader should read again."""

    page: Sequence[TextBox]
    names: tuple[str, ...]
    there: TextBox
    """The text that a closer look would read."""
    line: bool = False
    """Whether the line that must hold the value is known."""


DOUBTFUL = {
    "no code": Case(without(CODE), CODES, line(100, 340, CODE)),
    "neither code nor its label": Case(
        without(CODE, "统一社会信用代码"), CODES, line(100, 340, CODE)
    ),
    "wrong check character": Case(
        [*without(CODE), line(100, 340, WRONG)], CODES, line(100, 340, WRONG), line=True
    ),
    "a loose code that is wrong": Case(
        [*without(CODE, "统一社会信用代码"), line(100, 340, WRONG)],
        CODES,
        line(100, 340, WRONG),
        line=True,
    ),
    "code cut short": Case(
        [*without(CODE), line(100, 340, CODE[:14])], CODES, line(100, 340, CODE[:14]), line=True
    ),
    "empty row": Case(without("王示例"), ("legal_representative",), REPRESENTATIVE, line=True),
    "empty row on the right": Case(
        [*without(DAY.text), ISSUED], ("established_on",), DAY, line=True
    ),
    "a value that is none": Case(
        [*without(DAY.text), ISSUED, line(950, 470, "2O1g·月")],
        ("established_on",),
        line(950, 470, "2O1g·月"),
        line=True,
    ),
    "lost row": Case(without("法定代表人", "王示例"), ("legal_representative",), REPRESENTATIVE),
    "lost scope": Case(
        without("经营范围", FIRST, SECOND), ("business_scope",), line(250, 600, SECOND)
    ),
    "a value that is but guessed": Case(without("住所"), ("address",), line(950, 520, STREET)),
    "address broken off": Case(
        [*without(STREET, ROOM), line(950, 520, "北京市海淀区示例路")],
        ("address",),
        line(950, 550, "1号2号楼301室"),
    ),
    "ragged scope": Case(
        [*without(FIRST), line(250, 570, "软件开发；技术")],
        ("business_scope",),
        line(440, 570, "咨询；货物进出口。"),
    ),
    "a number whose check digit is wrong": Case(
        [
            *without(CODE, "统一社会信用代码"),
            line(100, 340, "注册号"),
            line(250, 340, MISREAD_NUMBER),
        ],
        ("registration_number",),
        line(250, 340, MISREAD_NUMBER),
        line=True,
    ),
    "a number too old for a check digit": Case(
        [*without(CODE, "统一社会信用代码"), line(100, 340, "注册号"), line(250, 340, NUMBER[:13])],
        ("registration_number",),
        line(250, 340, NUMBER[:13]),
        line=True,
    ),
    "scope torn in the middle of a line": Case(
        [*without(FIRST), line(250, 570, FIRST[:8]), line(520, 570, FIRST[8:] + "仓储。")],
        ("business_scope",),
        line(455, 570, "某某", 20),
    ),
    "a line of the scope that was not found": Case(
        [*without(SECOND), line(250, 616, SECOND)], ("business_scope",), line(250, 593, SECOND, 12)
    ),
    "lines of the scope apart": Case(
        [*without(SECOND), line(250, 640, SECOND)], ("business_scope",), line(250, 605, SECOND)
    ),
    "scope without its first line": Case(
        without(FIRST), ("business_scope",), line(250, 570, FIRST)
    ),
    "scope with an unreadable line": Case(
        [*without(FIRST), replace(line(250, 570, FIRST), score=0.5)],
        ("business_scope",),
        line(250, 570, FIRST),
    ),
    "two lines in one box": Case(
        [*LANDSCAPE, line(250, 642, FIRST, height=46, width=600), line(250, 685, SECOND)],
        ("business_scope",),
        line(250, 642, SECOND),
    ),
    "empty scope": Case(without(FIRST, SECOND), ("business_scope",), line(250, 600, FIRST)),
}


def kept(doubts: Sequence[Doubt]) -> list[Doubt]:
    """Return the doubts except those of lines' last characters, which most addresses have."""
    return [doubt for doubt in doubts if not doubt.clipped]


def contains(area: Polygon, box: TextBox) -> bool:
    outline = np.array(area, np.float32)
    return all(
        cv2.pointPolygonTest(outline, corner, measureDist=True) >= -1 for corner in box.polygon
    )


def lean(box: TextBox, degrees: float) -> TextBox:
    """Return `box` on the page turned around its top left corner."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b, c, d = ((x * cos - y * sin, x * sin + y * cos) for x, y in box.polygon)
    return replace(box, polygon=(a, b, c, d))


def direction(polygon: Polygon) -> float:
    return TextBox("", 0.0, polygon).angle


def looked_at(case: Case, doubts: Sequence[Doubt], there: TextBox) -> Doubt:
    """Return the doubt of the right fields that covers the missing text."""
    found = [
        doubt for doubt in kept(doubts) if doubt.names == case.names and contains(doubt.area, there)
    ]
    assert found, doubts
    return found[0]


@pytest.mark.parametrize("case", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_is_amiss_is_doubted_in_its_place(case: Case) -> None:
    found = read(*case.page)
    doubt = looked_at(case, found.doubts, case.there)
    assert (doubt.line is not None) == case.line
    assert doubt.line_height == pytest.approx(24, abs=1)
    assert {name for doubt in kept(found.doubts) for name in doubt.names} == set(case.names), (
        "there is no other doubt"
    )


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("case", DOUBTFUL.values(), ids=DOUBTFUL)
def test_on_a_page_that_lies_turned(case: Case, rotation: Rotation) -> None:
    width, height = (WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH)
    page = rotate_boxes(case.page, rotation, WIDTH, HEIGHT)
    (there,) = rotate_boxes([case.there], rotation, WIDTH, HEIGHT)
    doubt = looked_at(case, fields_of(page, width, height).doubts, there)
    for polygon in (doubt.area, doubt.line or doubt.area):
        assert math.isclose(abs(direction(polygon)), abs(there.angle), abs_tol=0.5), (
            "the corners begin at the text's start"
        )
    level = looked_at(case, read(*case.page).doubts, case.there)
    assert np.allclose(doubt.area, level.rotated(rotation, WIDTH, HEIGHT).area)


@settings(max_examples=examples(40))
@given(st.sampled_from([*DOUBTFUL]), st.floats(-6, 6))
def test_on_a_page_that_leans(which: str, degrees: float) -> None:
    case = DOUBTFUL[which]
    there = lean(case.there, degrees)
    doubt = looked_at(case, read(*(lean(box, degrees) for box in case.page)).doubts, there)
    assert direction(doubt.area) == pytest.approx(degrees, abs=0.5)


def inner(box: TextBox) -> TextBox:
    """Return the middle of `box`, two thirds of its height."""
    (x0, y0), (x1, y1) = box.polygon[0], box.polygon[2]
    y0, y1 = y0 + (y1 - y0) / 6, y1 - (y1 - y0) / 6
    return replace(box, polygon=((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


@pytest.mark.parametrize("which", [name for name, case in DOUBTFUL.items() if case.line])
def test_the_line_is_told_where_it_is_known(which: str) -> None:
    case = DOUBTFUL[which]
    doubt = looked_at(case, read(*case.page).doubts, case.there)
    assert doubt.line and contains(doubt.line, inner(case.there))
    assert TextBox("", 0.0, doubt.line).height < 1.6 * case.there.height


@pytest.mark.parametrize("degrees", [0.0, 4.0])
def test_a_line_like_a_code_is_told_in_other_cuts_too(degrees: float) -> None:
    """One of the cuts may exclude print that overlaps the line above or below."""
    case = DOUBTFUL["wrong check character"]
    code = lean(case.there, degrees)
    doubt = looked_at(case, read(*(lean(box, degrees) for box in case.page)).doubts, code)
    assert len({doubt.line, *doubt.other_cuts}) > 3
    for cut in doubt.other_cuts:
        assert cv2.pointPolygonTest(np.array(cut, np.float32), code.middle, measureDist=False) > 0
        assert direction(cut) == pytest.approx(degrees, abs=0.5)


@pytest.mark.parametrize("up", [-12, -5, 0, 5, 12])
def test_a_code_beside_a_larger_word_is_told_in_cuts_without_it(up: float) -> None:
    """(副本) precedes the code, is twice as large, and the finder put both into one box."""
    copy, code = line(100, 340, "（副本）", height=48), line(310, 340 + up, CODE, height=22)
    both = line(100, 340, f"(副A{WRONG}", height=48, width=code.x1 - copy.x0)
    found = read(*without(CODE, "统一社会信用代码"), both)
    cuts = [
        cut
        for doubt in found.doubts
        if doubt.names == CODES and doubt.line
        for cut in doubt.other_cuts
    ]
    y = code.middle[1]
    clean = [
        c
        for c in cuts
        if copy.x1 - 48 <= c[0][0] <= code.x0 + 11
        and c[0][1] < y < c[2][1]
        and c[2][1] - c[0][1] <= 1.2 * 22
        and c[1][0] >= code.x1
    ]
    assert clean


@pytest.mark.parametrize(
    ("text", "y", "there"),
    [
        ("(副A91110", 250, True),
        ("(副本)A9111011", 250, True),
        ("(副本)(1-1)", 250, False),
        ("91110", 250, False),
        ("(副A91110", 700, False),
    ],
)
def test_what_a_larger_word_left_of_a_code_is_a_place_for_one_in_the_head_alone(
    text: str, y: float, there: bool
) -> None:
    scrap = line(600, y, text)
    doubts = read(*without(CODE, "统一社会信用代码"), scrap).doubts
    assert (
        any(
            doubt.names == CODES and doubt.line and contains(doubt.line, inner(scrap))
            for doubt in doubts
        )
        is there
    )


def test_the_last_character_of_an_address_is_doubted_where_it_goes_on_below() -> None:
    (doubt,) = read(*LANDSCAPE).doubts
    street = next(box for box in LANDSCAPE if box.text == STREET)
    assert doubt.names == ("address",) and doubt.clipped and doubt.area == doubt.line
    assert contains(doubt.area, line(street.x1, 520, "一", width=0.55 * 24))
    assert not contains(doubt.area, line(street.x1, 520, "一二三")), (
        "two more characters are other print"
    )
    assert (
        contains(doubt.area, line(street.x1 - 48, 520, "1号"))
        and doubt.area[0][0] > street.x0 + 100
    ), "a short cut shows more than one of the whole line"
    assert [doubt for doubt in read(*without(ROOM)).doubts if doubt.clipped] == []


def test_the_first_character_of_an_address_is_doubted_where_it_is_set_close_to_its_label() -> None:
    label = line(800, 520, "住所")
    close = [*without(STREET, ROOM, "住所"), label, line(label.x1 + 5, 520, STREET)]
    (doubt,) = [doubt for doubt in read(*close).doubts if doubt.clipped]
    assert doubt.names == ("address",) and label.x1 - 10 < doubt.area[0][0] < label.x1


@pytest.mark.parametrize(
    ("score", "doubted"), [(0.99, False), (0.8, False), (0.7, True), (0.4, True)]
)
@pytest.mark.parametrize(
    "name", ["name", "type", "legal_representative", "registered_capital", "established_on"]
)
def test_a_short_value_of_which_the_reader_is_not_sure_is_doubted(
    name: str, score: float, doubted: bool
) -> None:
    printed = EXPECTED | {"type": "有限责任公司(自然人独资)", "established_on": DAY.text}
    (box,) = (box for box in LANDSCAPE if box.text == printed[name] and box.x0 in (250, 950))
    found = read(*(replace(other, score=score) if other is box else other for other in LANDSCAPE))
    assert [doubt.names for doubt in kept(found.doubts)] == ([(name,)] if doubted else [])
    assert all(contains(doubt.area, box) for doubt in kept(found.doubts))


def test_one_weak_character_in_a_short_value_is_enough() -> None:
    page = [
        replace(box, weak=(Weak(1, 0.4, "不"),)) if box.text == "王示例" else box
        for box in LANDSCAPE
    ]
    assert [doubt.names for doubt in kept(read(*page).doubts)] == [("legal_representative",)]


def test_a_long_value_of_which_the_reader_is_not_sure_is_not_looked_at_for_that() -> None:
    page = [
        replace(box, score=0.7) if box.text in (ROOM, STREET, SECOND) else box for box in LANDSCAPE
    ]
    assert kept(read(*page).doubts) == []


def test_a_sound_page_leaves_none() -> None:
    assert kept(read(*LANDSCAPE).doubts) == []
    assert read(*without(ROOM)).doubts == ()
    assert read().doubts == ()


SOUND = {
    "an older number in place of the code": [
        *without(CODE, "统一社会信用代码"),
        line(100, 340, "注册号"),
        line(250, 340, NUMBER),
    ],
    "code and number in one row": [
        *without("统一社会信用代码"),
        line(100, 300, "统一社会信用代码/注册号"),
    ],
    "a code that no label names": without("统一社会信用代码"),
    "no authority in its row": without("登记机关"),
    "a label that bounds": [*LANDSCAPE, line(800, 620, "实收资本")],
    "a last line that is short": [*LANDSCAPE, line(250, 630, "会议服务。")],
    "a short line that ends a sentence": [
        *LANDSCAPE,
        line(250, 630, "会议服务。"),
        line(250, 660, SECOND),
    ],
    "no capital: it is not on every form": without("注册资本", "伍佰万元整"),
}


@pytest.mark.parametrize("boxes", SOUND.values(), ids=SOUND)
def test_what_is_sound_is_left_alone(boxes: list[TextBox]) -> None:
    assert kept(read(*boxes).doubts) == []


@pytest.mark.parametrize(
    "end", ["1号", "3层", "2号楼", "301室", "科技园", "A座", "（仅限办公）", "601铺"]
)
def test_an_address_that_ends_as_addresses_do_is_whole(end: str) -> None:
    page = [*without(STREET, ROOM), line(950, 520, f"北京市海淀区示例路{end}")]
    assert kept(read(*page).doubts) == []


@pytest.mark.parametrize("end", ["", "1", "12-", "与示例街交叉口东北"])
def test_an_address_that_ends_otherwise_may_go_on(end: str) -> None:
    page = [*without(STREET, ROOM), line(950, 520, f"北京市海淀区示例路{end}")]
    assert [doubt.names for doubt in kept(read(*page).doubts)] == [("address",)]


def test_where_few_labels_are_seen_none_is_missed() -> None:
    """One label says too little about the places of the others."""
    found = read(line(100, 420, "名称"), line(250, 420, "示例科技有限公司"), line(100, 340, CODE))
    assert kept(found.doubts) == []


def test_a_row_reaches_to_the_next_label() -> None:
    page = [*without("王示例"), line(500, 520, "注册资本"), line(650, 520, "伍佰万元整")]
    (doubt,) = [
        doubt for doubt in kept(read(*page).doubts) if doubt.names == ("legal_representative",)
    ]
    assert doubt.line
    (x0, _), (x1, _) = doubt.line[:2]
    assert x0 <= 250 and x1 <= 500


@given(st.sampled_from([90, 180, 270]), st.tuples(st.floats(0, 900), st.floats(0, 900)))
def test_a_doubt_is_turned_with_its_page(rotation: Rotation, corner: Point) -> None:
    x, y = corner
    area: Polygon = (x, y), (x + 90, y), (x + 90, y + 30), (x, y + 30)
    doubt = Doubt(("name",), area, 24.0, area, (area,))
    (box,) = rotate_boxes([TextBox("", 0.0, area)], rotation, WIDTH, HEIGHT)
    assert doubt.rotated(rotation, WIDTH, HEIGHT) == replace(
        doubt, area=box.polygon, line=box.polygon, other_cuts=(box.polygon,)
    )
    assert replace(doubt, line=None).rotated(rotation, WIDTH, HEIGHT).line is None
