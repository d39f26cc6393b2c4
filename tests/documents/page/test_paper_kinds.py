"""Tests of which paper a page is: only what it says about itself counts."""

from __future__ import annotations

import pytest

from documents.page.boxes import Rotation, TextBox, rotate_boxes
from documents.page.paper_kinds import PERSONAL, PaperKind, kind_of, kind_of_best
from tests.documents.printed import line

WIDTH, HEIGHT = 1000, 1400
BACK = ("居民身份证", "签发机关云溪市公安局", "有效期限2015.01.01-2035.01.01")
CARD = (
    "姓名王示例",
    "性别女民族汉",
    "出生1985年13月32日",
    "住址云溪市样本路1号",
    "公民身份号码990101198513320123",
)
LICENCE = (
    "统一社会信用代码",
    "名称云溪市示例科技有限公司",
    "类型有限责任公司",
    "法定代表人王示例",
    "经营范围软件开发",
    "住所云溪市样本路1号",
)


def page(*rows: str) -> list[TextBox]:
    return [line(100, 200 + 50 * i, text) for i, text in enumerate(rows)]


def kind(*rows: str) -> PaperKind | None:
    return kind_of(page(*rows), WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (CARD, PaperKind.IDENTITY_CARD),
        (BACK, PaperKind.IDENTITY_CARD),
        (("营业执照", *LICENCE), PaperKind.BUSINESS_LICENCE),
        (LICENCE, PaperKind.BUSINESS_LICENCE),
        (("中华人民共和国机动车驾驶证", *CARD), PaperKind.DRIVING_LICENCE),
        (("准驾车型C1", "初次领证日期2009-01-01", "姓名王示例"), PaperKind.DRIVING_LICENCE),
        (("样本银行储蓄卡DEBIT", "6299000012345678000", "银联UnionPay"), PaperKind.BANK_CARD),
        (("护照PASSPORT", "POCHNWANG<<SHILI<<<<<<<<<<<"), PaperKind.PASSPORT),
        (("人力资源服务许可证（副本）", "许可证编号990101123456"), PaperKind.HR_SERVICE_LICENCE),
        (("食品经营许可证", "经营者名称示例小吃店", "法定代表人王示例"), PaperKind.OTHER_PERMIT),
        (("宫保鸡丁", "38.00", "米饭", "2.00", "汤", "9.00", "茶", "5.00"), PaperKind.PRICE_LIST),
        ((), PaperKind.NO_TEXT),
        (("A", "1"), PaperKind.NO_TEXT),
    ],
)  # fmt: skip
def test_a_paper_that_names_itself(rows: tuple[str, ...], expected: PaperKind) -> None:
    assert kind(*rows) == expected


@pytest.mark.parametrize(
    "rows",
    [
        ("授权委托书", "兹委托王示例（身份证号码990101198001010123）办理招聘", *CARD),
        (
            "单位介绍信",
            "附：居民身份证复印件",
            "签发机关云溪市公安局",
            "有效期限2015.01.01-2035.01.01",
        ),
    ],
)
def test_a_letter_with_a_copy_of_the_card_is_a_letter(rows: tuple[str, ...]) -> None:
    assert kind(*rows) == PaperKind.AUTHORIZATION_LETTER


@pytest.mark.parametrize(
    "rows",
    [
        ("请把营业执照和居民身份证一起发过来好吗", "好的，经营范围那一页也要拍"),
        ("关于办理人力资源服务许可证的通知", "各有关单位：请于月底前提交"),
        ("姓名王示例", "应聘岗位销售", "期望薪资8000元"),
        ("姓名王示例", "性别女", "民族汉", "出生年月1985.03", "住址云溪市", "工作经历"),
        ("被委托人", *CARD),
        (
            "兹授权我公司员工王示例办理招聘",
            "姓名王示例",
            "性别女",
            "公民身份号码990101198513320123",
        ),
    ],
)
def test_a_mention_is_no_kind(rows: tuple[str, ...]) -> None:
    assert kind(*rows) is None


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_pages_have_the_same_kind(rotation: Rotation) -> None:
    turned = rotate_boxes(page(*CARD), rotation, WIDTH, HEIGHT)
    size = (WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH)
    assert kind_of(turned, *size) == PaperKind.IDENTITY_CARD


def test_what_cannot_be_read_counts_for_nothing() -> None:
    faint = [TextBox(box.text, 0.2, box.polygon) for box in page(*CARD)]
    assert kind_of(faint, WIDTH, HEIGHT) == PaperKind.NO_TEXT


def test_one_personal_page_among_others_does_not_erase_them() -> None:
    card, letter = PaperKind.IDENTITY_CARD, PaperKind.AUTHORIZATION_LETTER
    assert kind_of_best(card, [card, card]) == card
    assert kind_of_best(card, [card, None]) is None
    assert kind_of_best(card, [letter, card]) is None
    assert kind_of_best(letter, [letter, card]) == letter
    assert PaperKind.BUSINESS_LICENCE not in PERSONAL
