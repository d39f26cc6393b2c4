"""Tests of titles and editions, decided by the print and its position."""

from __future__ import annotations

import pytest

from documents.licence.editions import Edition, is_other_title, is_title
from documents.licence.read import read_pages
from documents.ocr import READERS
from documents.page.boxes import TextBox
from documents.page.text import tidy_text
from documents.specimens import make_specimen
from documents.specimens.company import Company, Kind
from tests.documents.printed import CODE, LANDSCAPE, NUMBER, line, read, without

TITLES = [
    "营业执照", "营 业 执 照", "营业执照（副本）", "营业执照(副 本)", "营业执照（正本）", "营业执照副本", "营业执照（副本）1-1",
    "营业执照(副本)(1-1)", "企业法人营业执照", "企业法人营业执照（副本）", "合伙企业营业执照", "个人独资企业营业执照",
    "个体工商户营业执照", "个体工商户营业执照（副本）", "农民专业合作社法人营业执照", "外商投资企业分支机构营业执照",
    "中华人民共和国企业法人营业执照", "电子营业执照", "分公司营业执照", "营业执照·", "国有企业法人营业执照", "有限公司营业执照",
    "外国企业办事处营业执照",
]  # fmt: skip
ONLY_TALK = [
    "请出示营业执照", "请上传营业执照", "须先办理营业执照", "本营业执照", "有效的营业执照", "公司应当换发营业执照",
    "营业执照注册号110108000000000", "须凭营业执照和许可证经营", "本营业执照由登记机关颁发", "营业执照编号：A0012345",
    "营业执照签发日期，公司成立日期", "无营业执照不得经营", "附：营业执照复印件一份", "应当在营业执照记载的经营范围内从事经营活动",
    "持有有效的营业执照，方可开展招聘活动的单位名单", "根据公司提交的营业执照等材料审核", "营业执照遗失声明公告", "办理营业执照变更登记",
    "", "税务登记证", "食品经营许可证", "执照", "营业",
]  # fmt: skip
OTHER_TITLES = [
    "税务登记证", "税务登记证（副本）", "组织机构代码证登记证书", "人力资源服务许可证", "食品经营许可证（正本）", "开户许可证",
    "居民身份证", "劳动合同书", "劳动合同", "房屋租赁合同", "合作协议", "保密协议书", "收据", "法人授权委托书", "介绍信",
    "无线电台使用许可证", "事业单位法人登记证书",
]  # fmt: skip
NO_OTHER_TITLES = [
    "营业执照", "营业执照（副本）", "个体工商户营业执照", "凭有效许可证", "请出示身份证", "已取得食品经营许可证", "许可证经营的项目除外",
    "凭有效许可证开展经营活动", "合同能源管理", "登记机关",
    "依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以许可证为准以及合同", "身份证号码", "收据印刷", "",
    "示例合同科技有限公司",
]  # fmt: skip


@pytest.mark.parametrize("text", TITLES)
def test_a_title(text: str) -> None:
    assert is_title(tidy_text(text))
    assert not is_other_title(tidy_text(text))


@pytest.mark.parametrize("text", ONLY_TALK)
def test_what_only_speaks_of_a_licence_is_no_title(text: str) -> None:
    assert not is_title(tidy_text(text))


@pytest.mark.parametrize("text", OTHER_TITLES)
def test_the_title_of_another_paper(text: str) -> None:
    assert is_other_title(tidy_text(text))
    assert not is_title(tidy_text(text))


@pytest.mark.parametrize("text", NO_OTHER_TITLES)
def test_no_title_of_another_paper(text: str) -> None:
    assert not is_other_title(tidy_text(text))


# --- Titles ----------- ---------------------------------------------------------------------------

LETTER = [
    line(100, 100, "办理招聘资质须知"),
    line(100, 200, "一、请携带营业执照原件及复印件"),
    line(100, 250, "二、名称、住所应与营业执照一致"),
    line(100, 300, f"三、例：{CODE}"),
]


def test_a_page_is_a_licence_by_its_title_or_by_its_labels() -> None:
    assert read(*LANDSCAPE).is_licence
    assert read(*without("营业执照")).is_licence, "the title is not always legible"
    assert not read(*without("营业执照", CODE)).is_licence, (
        "labels without a number may be any form"
    )
    assert not read(*without("营业执照"), line(400, 200, "税务登记证", 100)).is_licence
    assert not read(*LETTER).is_licence


# --- Editions ---------- --------------------------------------------------------------------------


def column(title: str, number: tuple[str, str], *labels: str) -> list[TextBox]:
    """A sheet with one column."""
    rows = [line(140, 500 + 60 * i, text) for i, text in enumerate(labels)]
    return [line(400, 200, title, 80), line(300, 350, number[0]), line(560, 350, number[1]), *rows]


BODY = (
    "名称示例科技有限公司",
    "类型有限责任公司",
    "住所北京市海淀区示例路1号",
    "法定代表人王示例",
    "成立日期2015年12月01日",
)
SHEETS = {
    "two columns and a code": (LANDSCAPE, Edition.LANDSCAPE_2019),
    "one column and a code": (
        column("营业执照", ("统一社会信用代码", CODE), *BODY),
        Edition.PORTRAIT_2015,
    ),
    "one column and a number": (
        column("营业执照", ("注册号", NUMBER), *BODY),
        Edition.PORTRAIT_2014,
    ),
    "a company's, before 2014": (
        column("企业法人营业执照", ("注册号", NUMBER), *BODY),
        Edition.BEFORE_2014,
    ),
    "a copy of a company's": (
        column("企业法人营业执照（副本）", ("注册号", NUMBER), *BODY),
        Edition.BEFORE_2014,
    ),
    "a sheet that speaks of itself": (
        [*column("营业执照", ("统一社会信用代码", CODE), *BODY), line(140, 900, "请出示营业执照")],
        Edition.PORTRAIT_2015,
    ),
    "a sole trader's, before 2014": (
        column("个体工商户营业执照", ("注册号", NUMBER), *BODY),
        Edition.BEFORE_2014,
    ),
    "two columns and a number": (
        [*without("统一社会信用代码", CODE), line(100, 300, "注册号"), line(100, 340, NUMBER)],
        Edition.BEFORE_2014,
    ),
    "electronic": ([*LANDSCAPE, line(100, 60, "电子营业执照")], Edition.ELECTRONIC),
    "a corner of a licence": (
        column("营业执照", ("统一社会信用代码", CODE), *BODY[:2]),
        Edition.UNKNOWN,
    ),
    "no licence": (LETTER, Edition.UNKNOWN),
    "nothing": ([], Edition.UNKNOWN),
}


@pytest.mark.parametrize(("boxes", "edition"), SHEETS.values(), ids=SHEETS)
def test_the_edition_is_recognised(boxes: list[TextBox], edition: Edition) -> None:
    assert read(*boxes).edition == edition


@pytest.mark.reading
@pytest.mark.accuracy
@pytest.mark.parametrize("kind", ["company", "individual", "cooperative"])
@pytest.mark.parametrize(
    ("printed", "edition"),
    [("landscape", Edition.LANDSCAPE_2019), ("portrait", Edition.PORTRAIT_2015)],
)
def test_the_edition_of_specimens(printed: str, edition: Edition, kind: Kind) -> None:
    specimen = make_specimen(31, edition=printed, company=Company.fictitious(31, kind))
    reading = read_pages([specimen.image], READERS[:1])
    assert reading.form == edition
    assert reading.looks_like_licence and "title_missing" not in reading.problems


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["登记证", "营业执照", "!", "登记证!", "(", "正本", "一"])
def test_a_line_without_end_is_soon_judged(part: str) -> None:
    """A pattern that tries every split of these lines would take more than an hour."""
    for text in (part * 50_000, "登记证" + part * 100_000, "营业执照" + part * 100_000):
        assert not is_title(text) and not is_other_title(text)
