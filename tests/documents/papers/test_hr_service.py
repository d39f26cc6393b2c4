"""Tests of parsing human resources service licences, in the forms of all provinces."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.page.boxes import Rotation, TextBox, opposite_rotation, rotate_boxes
from documents.page.text import to_simplified
from documents.papers.hr_service import FIELDS, HrServiceLicenceReading, hr_service_licence_of
from tests.documents.printed import CODE, HEIGHT, WIDTH, letters, line
from tests.effort import examples


def read(*boxes: TextBox) -> HrServiceLicenceReading:
    return hr_service_licence_of(boxes, WIDTH, HEIGHT)


WIDE = (
    line(300, 120, "人力资源服务许可证", 80), line(600, 200, "（副本）"),
    line(900, 250, "许可证编号："), line(1060, 250, "990108230123"),
    line(100, 330, "名"), line(220, 330, "称"), line(300, 330, "示例人力资源有限公司"),
    line(100, 390, "统一社会信用代码"), line(320, 390, CODE),
    line(100, 450, "法定代表人"), line(300, 450, "王示例"),
    line(100, 510, "住所"), line(300, 510, "云溪市月湖区示例路1号2楼301室"),
    line(760, 330, "服务范围"), line(900, 330, "职业中介活动：为劳动者介绍用人单位，"),
    line(900, 362, "开展网络招聘服务，人力资源供求信息的"), line(900, 394, "收集和发布。"),
    line(760, 510, "有效期限"), line(900, 510, "2023年05月10日至2028年05月09日"),
    line(800, 800, "发证机关："), line(930, 800, "云溪市人力资源和社会保障局"),
    line(800, 860, "发证日期："), line(930, 860, "2023年05月10日"),
)  # fmt: skip
EXPECTED = {
    "number": "990108230123",
    "name": "示例人力资源有限公司",
    "uscc": CODE,
    "legal_representative": "王示例",
    "address": "云溪市月湖区示例路1号2楼301室",
    "scope": "职业中介活动：为劳动者介绍用人单位，开展网络招聘服务，人力资源供求信息的收集和发布。",
    "valid_from": "2023-05-10",
    "valid_until": "2028-05-09",
    "authority": "云溪市人力资源和社会保障局",
    "issued_on": "2023-05-10",
}
UPRIGHT = (
    line(300, 120, "人力资源服务许可证", 60),
    line(420, 200, "（澜）人服证字〔2023〕第0100123号"),
    line(100, 260, "根据《人力资源市场暂行条例》，准予从事下列服务。"),
    line(100, 330, "单位名称：示例人力资源有限公司"),
    line(100, 390, "负责人：王示例"),
    line(100, 450, "地址：云溪市月湖区示例路1号2楼301室"),
    line(100, 510, "许可范围：人力资源供求信息的收集和发布"),
    line(100, 570, "有效期限：2023年05月10日至2028年05月09日"),
    line(500, 760, "发证机关（章）：云溪市行政审批局"),
    line(600, 830, "2023年05月12日"),
)


def test_the_wide_form() -> None:
    reading = read(*WIDE)
    assert reading.fields == EXPECTED
    assert reading.titled and reading.copy == "副本"
    assert set(reading.confidence) == set(reading.regions) == set(reading.fields)
    assert min(reading.confidence.values()) > 0.85
    assert reading.regions["name"] == (300, 318, 540, 342)


def test_the_upright_form_with_the_older_number_and_no_label_for_the_day() -> None:
    reading = read(*UPRIGHT)
    assert reading.fields == {
        "number": "（澜）人服证字〔2023〕第0100123号",
        "name": "示例人力资源有限公司",
        "legal_representative": "王示例",
        "address": "云溪市月湖区示例路1号2楼301室",
        "scope": "人力资源供求信息的收集和发布",
        "valid_from": "2023-05-10",
        "valid_until": "2028-05-09",
        "authority": "云溪市行政审批局",
        "issued_on": "2023-05-12",
    }


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_on_its_side(rotation: Rotation) -> None:
    lying = rotate_boxes(WIDE, rotation, WIDTH, HEIGHT)
    width, height = (WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH)
    reading = hr_service_licence_of(lying, width, height)
    assert reading.fields == EXPECTED
    assert reading.turn == opposite_rotation(rotation)


def without(*texts: str) -> list[TextBox]:
    return [box for box in WIDE if box.text not in texts]


TERMS = [
    ("2023年05月10日至长期", "2023-05-10", "长期"),
    ("长期有效", None, "长期"),
    ("至2028年05月09日", None, "2028-05-09"),
    ("自2023-05-10至2028-05-09", "2023-05-10", "2028-05-09"),
    ("二〇二三年五月十日至二〇二八年五月九日", "2023-05-10", "2028-05-09"),
    ("五年", None, None),
]


@pytest.mark.parametrize(("printed", "first", "last"), TERMS)
def test_terms(printed: str, first: str | None, last: str | None) -> None:
    reading = read(*without("2023年05月10日至2028年05月09日"), line(900, 510, printed))
    assert (reading.fields.get("valid_from"), reading.fields.get("valid_until")) == (first, last)


@pytest.mark.parametrize(
    "printed",
    [
        "(京)人服证字[2023]第0100123号",
        "（京）人服证字（2023）第0100123号",
        "(京)人服证字〔2023〕第0100123号",
    ],
)
def test_the_older_number_however_its_brackets_were_read(printed: str) -> None:
    reading = read(*without("许可证编号：", "990108230123"), line(500, 250, printed))
    assert reading.fields["number"] == "（京）人服证字〔2023〕第0100123号"


@pytest.mark.parametrize(
    "title",
    [
        "人力资源服务许可证",
        "人力资源服务许可证（副本）",
        "中华人民共和国人力资源服务许可证",
        "人才中介服务许可证",
    ],
)
def test_titles(title: str) -> None:
    assert read(line(300, 120, title, 60)).titled


def test_a_business_licence_is_none_even_where_it_speaks_of_one() -> None:
    reading = read(
        line(500, 200, "营业执照", 100),
        line(100, 420, "名称"),
        line(250, 420, "示例人力资源有限公司"),
        line(100, 570, "经营范围"),
        line(250, 570, "人力资源服务（凭人力资源服务许可证经营）"),
    )
    assert not reading.titled


def test_an_authority_whose_last_character_the_seal_took_is_given_as_read_and_doubted() -> None:
    reading = read(
        *without("云溪市人力资源和社会保障局"), line(930, 800, "云溪市人力资源和社会保障")
    )
    assert reading.fields["authority"] == "云溪市人力资源和社会保障"
    assert reading.confidence["authority"] < 0.7


LINES = st.lists(
    st.tuples(
        st.integers(0, 1300),
        st.integers(0, 990),
        st.one_of(
            st.text(max_size=30),
            st.sampled_from([box.text for box in (*WIDE, *UPRIGHT)]),
            st.text("名称住所有效期至发证机关2年月日()0:", max_size=20),
        ),
        st.floats(-180, 180),
    ),
    max_size=14,
)


@settings(max_examples=examples(150))
@given(LINES)
def test_any_page_is_survived_and_nothing_is_invented(
    lines: list[tuple[int, int, str, float]],
) -> None:
    lines = [(x, y, text or "x", degrees) for x, y, text, degrees in lines]
    reading = read(*(line(x, y, text, degrees=degrees) for x, y, text, degrees in lines))
    assert set(reading.fields) == set(reading.confidence) == set(reading.regions) <= set(FIELDS)
    assert all(0 <= sure <= 1 for sure in reading.confidence.values())
    there = letters(
        "".join(
            to_simplified(unicodedata.normalize("NFKC", text)) + text for _, _, text, _ in lines
        )
    ) | set("0125")
    for name in ("number", "name", "legal_representative", "address", "scope", "authority"):
        assert letters(reading.fields.get(name, "")) <= there


def test_a_label_set_wide_is_joined_whichever_half_was_read_first() -> None:
    halves = [box for box in WIDE if box.text not in ("名", "称", "示例人力资源有限公司")]
    reading = read(line(220, 330, "称 示例人力资源有限公司"), line(100, 332, "名"), *halves)
    assert reading.fields["name"] == "示例人力资源有限公司"
