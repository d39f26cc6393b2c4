"""Tests of extracting fields from lines on every form, however a reader split them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.licence.extract import fields_of
from documents.licence.fields import Problem
from documents.licence.problems import problems_of
from documents.page.boxes import Polygon, Rotation, TextBox, opposite_rotation, rotate_boxes
from documents.page.text import is_furniture, tidy_text, to_simplified
from documents.page.values import (
    clean_value,
    is_checked_number,
    is_sound_number,
    registration_check_digit,
    value_misfit,
)
from documents.uscc import check_character, is_valid, organisation_check_character
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


def test_landscape_of_2019() -> None:
    found = read(*LANDSCAPE)
    assert found.fields == EXPECTED
    assert found.titled
    assert found.labels == 9
    assert set(found.confidence) == set(found.regions) == set(found.fields)
    assert min(found.confidence.values()) > 0.9
    assert found.regions["name"] == (250, 408, 442, 432)
    assert [doubt for doubt in found.doubts if not doubt.clipped] == []
    assert found.edition == "landscape_2019"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_on_its_side(rotation: Rotation) -> None:
    lying = rotate_boxes(LANDSCAPE, rotation, WIDTH, HEIGHT)
    width, height = (WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH)
    found = fields_of(lying, width, height)
    assert found.fields == EXPECTED
    assert found.rotation == opposite_rotation(rotation)
    name = next(box for box in lying if box.text == EXPECTED["name"])
    assert found.regions["name"] == (round(name.x0), round(name.y0), round(name.x1), round(name.y1))


@settings(max_examples=examples(25))
@given(st.floats(-6, 6))
def test_a_page_that_leans(degrees: float) -> None:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def lean(box: TextBox) -> TextBox:
        a, b, c, d = ((x * cos - y * sin, x * sin + y * cos) for x, y in box.polygon)
        return replace(box, polygon=(a, b, c, d))

    assert read(*map(lean, LANDSCAPE)).fields == EXPECTED


def tall(x: float, y: float, text: str, pitch: float) -> TextBox:
    """A box with one character of each of several rows."""
    h = pitch * len(text)
    polygon: Polygon = (
        (x, y - pitch / 2),
        (x + 26, y - pitch / 2),
        (x + 26, y - pitch / 2 + h),
        (x, y - pitch / 2 + h),
    )
    return TextBox(text, 0.9, polygon)


@pytest.mark.parametrize("stack", ["名类住", "名类往", "各米住"])
def test_labels_stacked_and_glued(stack: str) -> None:
    found = read(
        tall(100, 420, stack, 50),
        line(180, 420, "称示例科技有限公司"),
        line(180, 470, "型有限责任公司"),
        line(180, 520, "所 北京市海淀区示例路1号"),
        line(100, 570, "法定代表人王示例"),
        line(100, 620, "注册资本500万元整"),
        line(100, 670, "成立日期 2016年08月22日"),
    )
    assert found.fields == {
        "name": "示例科技有限公司",
        "type": "有限责任公司",
        "legal_representative": "王示例",
        "registered_capital": "500万元整",
        "established_on": "2016-08-22",
        "address": "北京市海淀区示例路1号",
    }


def test_a_half_below_the_stack_is_told_by_those_above_it() -> None:
    """The first halves of two rows are stacked and misread; those of 经 营 are apart."""
    found = read(
        tall(100, 420, "名美", 50),
        line(240, 420, "称示例理发店"),
        line(240, 470, "型个体工商户"),
        line(100, 520, "经"),
        line(170, 520, "营"),
        line(240, 520, "者王示例"),
        line(
            100,
            570,
            "经营范围理发服务、日用百货零售。（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
        ),
        line(700, 420, "组成形式个人经营"),
        line(700, 470, "注册日期2016年08月22日"),
    )
    assert {name: found.fields[name] for name in ("name", "type", "legal_representative")} == {
        "name": "示例理发店",
        "type": "个体工商户",
        "legal_representative": "王示例",
    }


@pytest.mark.parametrize(
    ("lines", "one_name"),
    [
        (["鹤汀市知微理发店", "型个体工商户"], False),
        (["鹤汀市知微商贸有限公司", "型有限责任公司(自然人独资)"], False),
        (["鹤汀市知微造", "型有限公司"], True),  # a name that breaks within 造型
        (["鹤汀市知微商贸", "有限公司"], True),
    ],
)
def test_the_type_below_a_whole_name_is_no_part_of_it(lines: list[str], one_name: bool) -> None:
    assert (value_misfit("name", lines) == 0) is one_name


@pytest.mark.parametrize(
    ("lines", "type_"),
    [
        (["有限责任公司", "海陵区西郊九里新328国道东侧"], "有限责任公司"),
        (["有限责任公司(国内合资)", "奉贤区青村镇5089号"], "有限责任公司（国内合资）"),
        (["有限责任公司(自然人", "投资或控股)"], "有限责任公司（自然人投资或控股）"),
        (["有限责任公司", "(自然人独资)"], "有限责任公司（自然人独资）"),
        (["有限责任公司", "分公司"], "有限责任公司分公司"),
    ],
)
def test_a_neighbours_line_is_no_part_of_a_type(lines: list[str], type_: str) -> None:
    value = clean_value(
        "type", [(text, line(400, 100 + 40 * i, text)) for i, text in enumerate(lines)]
    )
    assert value is not None and value.text == type_


def test_two_columns_in_one_line() -> None:
    found = read(
        line(100, 420, "名称示例科技有限公司"),
        line(100, 470, "类型有限责任公司注册资本500万元整"),
        line(100, 520, "法定代表人王示例成立日期2016年08月22日"),
    )
    assert found.fields["type"] == "有限责任公司"
    assert found.fields["registered_capital"] == "500万元整"
    assert found.fields["legal_representative"] == "王示例"
    assert found.fields["established_on"] == "2016-08-22"
    x0, _, x1, _ = found.regions["registered_capital"]
    assert 330 < x0 < 480 and x1 > 480


def test_sole_trader_before_2015() -> None:
    found = read(
        line(400, 150, "个体工商户营业执照", 80),
        line(900, 250, "注册号"),
        line(1000, 250, NUMBER),
        line(100, 350, "字号名称"),
        line(300, 350, "示例小吃店"),
        line(100, 420, "经营者姓名"),
        line(300, 420, "王示例"),
        line(100, 490, "组成形式"),
        line(300, 490, "个人经营"),
        line(100, 560, "经营场所"),
        line(300, 560, "北京市海淀区示例路1号"),
        line(100, 630, "经营范围及方式"),
        line(300, 630, "零售：小吃。"),
    )
    assert found.fields == {
        "registration_number": NUMBER,
        "name": "示例小吃店",
        "type": "个人经营",
        "legal_representative": "王示例",
        "address": "北京市海淀区示例路1号",
        "business_scope": "零售：小吃。",
    }


def test_company_before_2015_keeps_paid_in_capital_apart() -> None:
    found = read(
        line(400, 150, "企业法人营业执照", 80),
        line(100, 350, "名称"),
        line(300, 350, "示例有限公司"),
        line(100, 420, "法定代表人姓名"),
        line(300, 420, "王示例"),
        line(700, 420, "注册资本"),
        line(850, 420, "伍拾万元"),
        line(100, 490, "公司类型"),
        line(300, 490, "有限责任公司"),
        line(700, 490, "实收资本"),
        line(850, 490, "贰拾万元"),
        line(100, 800, "成立日期"),
        line(300, 800, "二〇一三年八月八日"),
        line(100, 850, "营业期限"),
        line(300, 850, "自二〇一三年八月八日"),
        line(700, 850, "至二〇三三年八月七日"),
    )
    assert found.fields["registered_capital"] == "伍拾万元"
    assert found.fields["established_on"] == "2013-08-08"
    assert found.fields["type"] == "有限责任公司"


@pytest.mark.parametrize(
    "stamp",
    [
        line(240, 540, "仅供招聘使用严禁复制", 40, degrees=-25),
        line(400, 425, "仅供示例网站认证使用", 40),
        line(460, 520, "示例建材网", 30),
        line(460, 520, "www.example.com", 30),
        line(255, 540, "复印无效", 24),
    ],
)
def test_what_is_stamped_over_the_page_is_no_value(stamp: TextBox) -> None:
    assert read(*LANDSCAPE, stamp).fields == EXPECTED


def test_a_wrong_check_character_is_given_as_read_and_doubted() -> None:
    wrong = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
    found = read(*without(CODE), line(100, 340, wrong))
    assert found.fields["uscc"] == wrong
    assert found.confidence["uscc"] < 0.5
    assert {name for doubt in found.doubts for name in doubt.names} >= {"uscc"}


@given(st.integers(8, 16), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
@settings(max_examples=examples(50))
def test_no_code_is_ever_mended(index: int, character: str) -> None:
    misread = CODE[:index] + character + CODE[index + 1 :]
    found = read(*without(CODE), line(100, 340, misread))
    assert found.fields["uscc"] == misread
    assert is_valid(found.fields["uscc"]) == (misread == CODE)


def test_a_wrong_code_is_not_replaced_by_another_of_the_page() -> None:
    """A stamp, a footer or a forger's margin may show a valid code."""
    wrong = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
    found = read(*without(CODE), line(100, 340, wrong), line(60, 900, CODE))
    assert found.fields["uscc"] == wrong
    assert found.codes == (CODE,)
    assert (
        read(*without(CODE), line(100, 340, wrong), line(420, 340, CODE)).fields["uscc"] == wrong
    ), "nor by a code beside it"
    assert (
        read(*without(CODE), line(100, 340, wrong), line(96, 342, CODE)).fields["uscc"] == CODE
    ), "except one read in the same place"


def test_several_codes_are_told() -> None:
    other = "91310115MA1K3B2T" + organisation_check_character("MA1K3B2T")
    other += check_character(other)
    found = read(*LANDSCAPE, line(60, 900, f"{other} 1-1"), line(60, 930, CODE))
    assert found.fields["uscc"] == CODE
    assert set(found.codes) == {CODE, other} and len(found.codes) == 2


def test_impossible_letters_are_digits() -> None:
    found = read(*without(CODE), line(100, 340, CODE.replace("0", "O").replace("1", "I")))
    assert found.fields["uscc"] == CODE


@pytest.mark.parametrize(
    "text", [f"{CODE}(1-1)", f"{CODE} 1-1", f"{CODE[:4]} {CODE[4:]}", f"{CODE[:12]}.{CODE[12:]}"]
)
def test_a_code_with_print_around_it(text: str) -> None:
    assert read(*without(CODE), line(100, 340, text)).fields["uscc"] == CODE


def test_a_loose_number_needs_a_right_check_character() -> None:
    wrong = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
    assert read(*without("统一社会信用代码")).fields["uscc"] == CODE
    assert "uscc" not in read(*without("统一社会信用代码", CODE), line(100, 340, wrong)).fields
    assert (
        "uscc"
        not in read(
            *without("统一社会信用代码", CODE), line(1000, 200, "编号110108000201903050083")
        ).fields
    )


def test_values_whose_labels_are_lost_are_found_by_their_form() -> None:
    found = read(*without("名称", "类型", "住所"))
    assert found.fields["name"] == EXPECTED["name"]
    assert found.fields["type"] == EXPECTED["type"]
    assert found.confidence["name"] < 0.7 < found.confidence["legal_representative"]


def test_a_label_without_a_value_asks_for_a_second_look() -> None:
    found = read(*without("王示例"))
    assert "legal_representative" not in found.fields
    (doubt,) = [doubt for doubt in found.doubts if not doubt.clipped]
    assert doubt.names == ("legal_representative",) and doubt.line is not None
    (x0, y0), (x1, y1) = doubt.line[0], doubt.line[2]
    assert x0 <= 250 and x1 >= 300 and y0 < 510 and y1 > 530


def test_what_is_no_licence_has_no_fields() -> None:
    found = read(
        line(100, 100, "会议纪要"),
        line(100, 150, "时间：周一上午"),
        line(100, 200, "参加的人都到了"),
    )
    assert found.fields == {}
    assert not found.titled and found.labels == 0
    assert read().fields == {}


FOLDED = [
    ("鄂爾多斯", "鄂尔多斯"),
    ("發展", "发展"),
    ("李昇", "李昇"),
    ("乾坤", "乾坤"),
    ("Abc1", "Abc1"),
]


@pytest.mark.parametrize(("text", "expected"), FOLDED)
def test_traditional_characters_are_folded_but_names_kept(text: str, expected: str) -> None:
    assert to_simplified(text) == expected


def aside(boxes: Sequence[TextBox], right: float, down: float = 0.0) -> list[TextBox]:
    """Move `boxes` right and down on the page."""
    moved = []
    for box in boxes:
        a, b, c, d = ((x + right, y + down) for x, y in box.polygon)
        moved.append(replace(box, polygon=(a, b, c, d)))
    return moved


@pytest.mark.parametrize(
    ("right", "down"), [(WIDTH, 0), (0, HEIGHT), (WIDTH, 300)], ids=["beside", "below", "askew"]
)
@pytest.mark.parametrize("rotation", [0, 90])
def test_two_licences_on_a_page_are_told(right: float, down: float, rotation: Rotation) -> None:
    width, height = WIDTH + int(right), HEIGHT + int(down)
    both = rotate_boxes([*LANDSCAPE, *aside(LANDSCAPE, right, down)], rotation, width, height)
    found = fields_of(both, *((width, height) if rotation == 0 else (height, width)))
    assert found.several and Problem.SEVERAL_LICENCES in problems_of(found)
    assert found.codes == (CODE,), "two licences of one company are reported too"


@pytest.mark.parametrize("copy", ["（副本）", "(副本)", "副本", "（正本）"])
def test_a_code_in_one_box_with_the_word_for_a_copy_is_read(copy: str) -> None:
    box = line(100, 340, copy + CODE)
    assert not is_furniture(tidy_text(box.text))
    assert fields_of([*without(CODE), box], WIDTH, HEIGHT).fields["uscc"] == CODE


@pytest.mark.parametrize(
    "text", ["(副本)", "副本", "(副本)1-1", "(副本)(1-1)", "副本(12)", "(副本)123", "(正本)"]
)
def test_the_number_of_a_copy_is_print_of_the_form(text: str) -> None:
    assert is_furniture(text)


def test_two_titles_side_by_side_are_told_though_little_else_was_read() -> None:
    page = (*LANDSCAPE, line(1500, 220, "营业执照", 110), line(1500, 320, "（副本）", 40))
    assert fields_of(page, 2 * WIDTH, HEIGHT).several


@pytest.mark.parametrize(
    "more",
    [
        [line(520, 40, "营业执照", 90)],
        [line(560, 40, "营业执照", 40)],
        [line(900, 200, "营业执照", 24)],
        [line(505, 203, "营业执照", 96)],
        [line(250, 630, "住所安保服务"), line(250, 660, "名称翻译"), line(250, 690, "类型研究")],
        [
            line(102, 422, "名称"),
            line(98, 469, "类型"),
            line(100, 521, "法定代表人"),
            line(801, 421, "注册资本"),
        ],
        [line(800, 630, "经营场所"), line(800, 680, "负责人")],
    ],
    ids=[
        "an app's head",
        "a small head",
        "small print beside it",
        "the title once more",
        "a scope like labels",
        "labels once more",
        "two words",
    ],
)
def test_one_licence_is_not_taken_for_two(more: list[TextBox]) -> None:
    assert not read(*LANDSCAPE, *more).several


def test_the_end_of_a_value_set_tight_above_the_next_row_belongs_to_its_beginning() -> None:
    page = [
        line(500, 200, "营业执照", 100),
        line(100, 300, "统一社会信用代码"),
        line(300, 300, CODE),
        line(100, 420, "住所"),
        line(250, 420, "北京市海淀区示例街道示范路与样本西"),
        line(250, 446, "路交叉口"),
        line(100, 460, "法定代表人"),
        line(250, 463, "王示例"),
        line(100, 520, "成立日期"),
        line(250, 520, "2019年03月05日"),
    ]
    found = read(*page)
    assert found.fields["address"] == "北京市海淀区示例街道示范路与样本西路交叉口"
    assert found.fields["legal_representative"] == "王示例"


@given(st.text("0123456789", min_size=14, max_size=14), st.integers(0, 14), st.integers(1, 9))
def test_the_check_digit_of_a_number_proves_it(first14: str, at: int, more: int) -> None:
    number = first14 + registration_check_digit(first14)
    assert is_checked_number(number) and is_sound_number(number)
    misread = number[:at] + str((int(number[at]) + more) % 10) + number[at + 1 :]
    assert not is_checked_number(misread) and not is_sound_number(misread), (
        "one wrong digit is always detected"
    )
    assert is_sound_number(number[:13]) and not is_checked_number(number[:13]), (
        "older numbers have no check digit"
    )


MISREAD = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)


@pytest.mark.parametrize(
    ("x", "y", "taken"),
    [(300, 340, NUMBER), (260, 346, NUMBER), (900, 340, MISREAD), (250, 380, MISREAD)],
    ids=["there", "near", "beside", "below"],
)
def test_a_number_gives_way_to_a_proven_one_in_its_own_place_alone(
    x: float, y: float, taken: str
) -> None:
    page = [*without(CODE, "统一社会信用代码"), line(100, 340, "注册号"), line(250, 340, MISREAD)]
    assert read(*page, line(x, y, NUMBER)).fields["registration_number"] == taken
    assert read(*page, line(300, 340, NUMBER[:13])).fields["registration_number"] == MISREAD, (
        "an unverified number replaces none"
    )


@pytest.mark.parametrize(
    ("read_as", "printed"),
    [
        ("示例路160、161.162号", "示例路160、161、162号"),
        ("示例路160、161.162.163号", "示例路160、161、162、163号"),
        ("示例路1.2号", "示例路1.2号"),
        ("示例路160、161号2.5层", "示例路160、161号2.5层"),
    ],
)
def test_the_mark_between_numbers_of_a_list(read_as: str, printed: str) -> None:
    page = [
        *without("北京市海淀区示例路1号", "2号楼301室"),
        line(950, 520, f"云溪市月湖区{read_as}"),
    ]
    assert read(*page).fields["address"] == f"云溪市月湖区{printed}"


SCOPE = ("软件开发；技术咨询；货物进出口。", "名称翻译服务；住所安保服务。（依法须经批准的项目）**")


@pytest.mark.parametrize("x", [190, 200, 250, 270])
@pytest.mark.parametrize("begins", ["住所", "经营范围"])
def test_a_line_of_the_scope_may_be_a_label_word_and_begin_left_of_the_first(
    begins: str, x: float
) -> None:
    """The label is glued to the first line, so others may begin left of where it seems to end."""
    page = [
        *without("经营范围", *SCOPE),
        line(100, 570, f"经营范围{SCOPE[0]}"),
        line(x, 600, begins),
        line(x + 24 * len(begins), 600, "安保服务。"),
    ]
    assert read(*page).fields["business_scope"] == f"{SCOPE[0]}{begins}安保服务。"
    assert read(*page).fields["address"] == EXPECTED["address"]


@pytest.mark.parametrize(("right", "taken"), [(0, True), (3, True), (5.5, True), (7, False)])
def test_lines_of_a_scope_glued_to_its_label_may_begin_further_right(
    right: float, taken: bool
) -> None:
    first = line(100, 570, f"经营范围{SCOPE[0]}")
    page = [*without("经营范围", *SCOPE), first, line(196 + right * 24, 600, "仓储服务。")]
    assert (read(*page).fields["business_scope"] == f"{SCOPE[0]}仓储服务。") is taken
