"""Tests of reading letters of authorisation, as sentences and as forms.

No identity number is kept.
"""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.page.boxes import Rotation, TextBox, rotate_boxes
from documents.page.text import to_simplified
from documents.papers.authorisation_letter import (
    FIELDS,
    AuthorizationLetterReading,
    authorization_letter_of,
)
from tests.documents.printed import letters, line
from tests.effort import examples

WIDTH, HEIGHT = 1000, 1400
IDENTITY = "99010119900101123"
IDENTITY += "10X98765432"[sum(int(digit) * 2 ** (17 - i) for i, digit in enumerate(IDENTITY)) % 11]


def read(*boxes: TextBox) -> AuthorizationLetterReading:
    return authorization_letter_of(boxes, WIDTH, HEIGHT)


def page(*rows: str, x: float = 100) -> tuple[TextBox, ...]:
    return tuple(line(x, 200 + 50 * i, text) for i, text in enumerate(rows))


SENTENCE = (
    line(400, 100, "授权委托书", 50),
    *page(
        "致云聘招聘网：",
        "兹有示例科技（云溪）有限公司委托王示例同志（身份证号码：99010119900",
        f"{IDENTITY[11:]}）为我公司代理人，在云聘招聘网办理发布招聘信息、下载简历等招",
        "聘相关事宜。代理人所做的行为，我公司均予以承认。",
        "本委托书有效期自2026年03月01日起至2026年12月31日止。",
    ),
    line(450, 700, "委托单位（盖章）：示例科技（云溪）有限公司"),
    line(450, 780, "法定代表人（签字）：李样本"),
    line(450, 860, "日期：2026年02月27日"),
)
EXPECTED = {
    "company": "示例科技（云溪）有限公司",
    "recruiter": "王示例",
    "id_last4": IDENTITY[-4:],
    "matter": "发布招聘信息、下载简历等招聘相关事宜",
    "platform": "云聘招聘网",
    "valid_from": "2026-03-01",
    "valid_until": "2026-12-31",
    "dated_on": "2026-02-27",
    "legal_representative": "李样本",
}
FORM = (
    line(400, 100, "企业授权书", 50),
    line(100, 200, "授权单位："), line(300, 200, "示例科技（云溪）有限公司"),
    line(100, 250, "法定代表人："), line(300, 250, "李样本"),
    line(100, 300, "被授权人："), line(300, 300, "王示例"),
    line(100, 350, "身份证号码："), line(300, 350, IDENTITY),
    line(100, 400, "招聘平台："), line(300, 400, "云聘招聘网"),
    line(100, 450, "授权事项："), line(300, 450, "发布招聘信息、下载简历等招聘相关事宜"),
    line(100, 500, "授权期限："), line(300, 500, "2026年03月01日至2026年12月31日"),
    line(100, 700, "法定代表人（签字）："),
    line(600, 760, "示例科技（云溪）有限公司"),
    line(620, 820, "2026年02月27日"),
)  # fmt: skip


def test_sentences_with_the_blanks_filled_in() -> None:
    reading = read(*SENTENCE)
    assert reading.fields == EXPECTED
    assert reading.titled and reading.signed
    assert set(reading.confidence) == set(reading.regions) == set(reading.fields)


def test_a_form() -> None:
    reading = read(*FORM)
    assert reading.fields == EXPECTED
    assert reading.titled
    assert reading.signed is None  # no text was read there, and the ink was not checked
    assert reading.signature_place is not None
    x0, y0, x1, y1 = reading.signature_place
    assert 300 < x0 < 345 and y0 < 700 < y1 and x1 > 480


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_on_its_side(rotation: Rotation) -> None:
    width, height = (WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH)
    assert (
        authorization_letter_of(
            rotate_boxes(SENTENCE, rotation, WIDTH, HEIGHT), width, height
        ).fields
        == EXPECTED
    )


SENTENCES = [
    ("现委托张示例（身份证号略）全权办理招聘事宜。", "recruiter", "张示例"),
    ("兹介绍我公司员工欧阳示例同志前往你处办理招聘事宜。", "recruiter", "欧阳示例"),
    ("兹授权阿依古丽·买买提女士负责招聘工作。", "recruiter", "阿依古丽·买买提"),
    (
        "我公司（示例餐饮管理有限公司）现授权张示例同志办理招聘事宜。",
        "company",
        "示例餐饮管理有限公司",
    ),
    ("示例餐饮管理有限公司现授权张示例同志办理招聘事宜。", "company", "示例餐饮管理有限公司"),
    ("委托单位：示例餐饮管理有限公司云溪分公司", "company", "示例餐饮管理有限公司云溪分公司"),
    ("授权其在星桥直聘发布招聘信息。", "platform", "星桥直聘"),
    ("授权有效期：长期", "valid_until", "长期"),
    ("本授权书自签署之日起至2026年12月31日止。", "valid_until", "2026-12-31"),
    ("（有效期：30天）", "valid_for", "30天"),
    ("二〇二六年三月一日", "dated_on", "2026-03-01"),
    ("兹委托下列人员办理招聘事宜。", "recruiter", None),
    ("兹授权我公司人事办理招聘事宜。", "recruiter", None),
]


@pytest.mark.parametrize(("text", "name", "expected"), SENTENCES)
def test_sentences(text: str, name: str, expected: str | None) -> None:
    assert read(*page(text)).fields.get(name) == expected


def test_a_wrong_check_character_is_doubted() -> None:
    wrong = IDENTITY[:-1] + ("1" if IDENTITY[-1] != "1" else "2")
    sound, doubted = (read(*page(f"身份证号：{number}")) for number in (IDENTITY, wrong))
    assert doubted.fields["id_last4"] == wrong[-4:]
    assert doubted.confidence["id_last4"] < 0.5 < sound.confidence["id_last4"]


@pytest.mark.parametrize(
    "text", ["身份证号：9901", "身份证号：", "电话：13900000000", "身份证号：990101"]
)
def test_what_is_no_identity_number_gives_no_last_four(text: str) -> None:
    assert "id_last4" not in read(*page(text)).fields


def test_a_number_that_hides_its_middle_already() -> None:
    assert read(*page("身份证号：9901**********1234")).fields["id_last4"] == "1234"


@settings(max_examples=examples(60))
@given(
    st.integers(0, 10**17 - 1),
    st.sampled_from(
        [
            "兹委托{n}王示例同志办理招聘事宜。",
            "授权事项：代{n}办理招聘事宜",
            "办理{n}招聘事宜。",
            "招聘平台：云聘{n}网",
            "身份证号：{n}",
            "{n}",
            "授权单位：示例{n}有限公司",
            "被授权人：王示例{n}",
        ]
    ),
)
def test_no_identity_number_is_kept_wherever_it_stands(number: int, text: str) -> None:
    first17 = f"{number:017}"
    whole = (
        first17
        + "10X98765432"[sum(int(digit) * 2 ** (17 - i) for i, digit in enumerate(first17)) % 11]
    )
    told = json.dumps(read(*page(text.format(n=whole))).as_json(), ensure_ascii=False)
    assert whole not in told and whole[:14] not in told


def test_other_papers_are_none() -> None:
    assert not read(
        line(300, 100, "营业执照", 60),
        *page("名称：示例科技有限公司", "经营范围：受托办理授权委托书代写服务"),
    ).titled
    assert not read(line(300, 100, "劳动合同", 60), *page("甲方：示例科技有限公司")).titled
    assert read().fields == {}


@pytest.mark.parametrize(
    "title",
    [
        "授权委托书",
        "法人授权委托书",
        "介绍信",
        "委托书",
        "招聘授权书",
        "单位介绍信",
        "授权委托书（招聘专用）",
    ],
)
def test_titles(title: str) -> None:
    assert read(line(300, 100, title, 60)).titled


@settings(max_examples=examples(150))
@given(
    st.lists(
        st.tuples(
            st.integers(0, 900),
            st.integers(0, 1390),
            st.one_of(
                st.text(max_size=30),
                st.sampled_from([box.text for box in (*SENTENCE, *FORM)]),
                st.text(
                    "授权委托有效期自至2年月日()0:身份证号公司王签字法定代表人在网办理", max_size=24
                ),
            ),
            st.floats(-180, 180),
        ),
        max_size=14,
    )
)
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
    )
    for name in ("company", "recruiter", "id_last4", "matter", "platform", "legal_representative"):
        assert letters(reading.fields.get(name, "")) <= there
    json.dumps(reading.as_json())
