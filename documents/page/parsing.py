"""Parsers, recognisers and misfits for the values of a licence's fields.

Parsers take the tidy, simplified text beside a label and return the value, or "" if there is none.
Recognisers find a value whose label was not read. Misfits return how unlike a field's values some
lines are. The table `licence_fields` says which field uses which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from documents.page import capital, dates
from documents.page.text import full_width, is_furniture

_LEGAL_FORMS: Final = (
    r"(?:法人商事主体|非法人商事主体)?[【\[(]?(?:其他|一人|外商投资)?(?:"
    r"有限责任公司|股份有限公司|有限公司|个体工商户|个体户|个人独资企业|(?:普通|有限|特殊普通)?合伙企业|农民专业合作(?:社|经济组织)|专业合作社"
    r"|集体所有制|全民所有制|股份合作制|个人经营|家庭经营|内资(?:分公司|企业法人|非法人)|外国(?:\(地区\))?企业)"
)
_TYPE: Final = re.compile(rf"^{_LEGAL_FORMS}")
WHOLE_TYPE: Final = re.compile(rf"{_LEGAL_FORMS}(?:\([^()]*\))?")
_NAME: Final = re.compile(
    r"^[一-鿿〇A-Za-z0-9()·&\-.《》\"“”]{2,60}?(?:公司|厂|店|部|行|社|中心|合伙\)|企业|工作室|商行|合作社|酒店|宾馆|饭店|事务所|经营部|门市部|超市|馆|坊|屋|城|场|院|所|园)(?:[一-鿿]{0,12}(?:分公司|分店|分厂|营业部|经营部))?$"
)
_ADDRESS: Final = re.compile(
    r"^[一-鿿]{2,30}?[省市区县州盟旗镇乡村街路道].{3,60}[号室楼层幢栋村组座屯园厦厅房铺内侧旁口)]$"
)
_PERSON: Final = re.compile(r"^[一-鿿·]{2,15}")
_AUTHORITY: Final = re.compile(
    r"[一-鿿]{2,30}(?:市场监督管理局|市场监督管理委员会|工商行政管理局|行政审批局|行政审批服务局|市场和质量监督管理委员会|政务服务管理局)(?:[一-鿿]{0,8}分局)?"
)
_STARS: Final = "*#※★☆☑√✓+=_~^"
_LOOSE: Final = ":;.,、·。，；：" + _STARS
_NOT_A_NAME: Final = re.compile(r"营业执照|监督|机关|公示|[年月日]$|^副本|^正本")


# --- Parsers --------------------------------------------------------------------------------------


def parse_name(text: str) -> str:
    """Return a company's name."""
    text = text.strip(_LOOSE)
    return "" if len(text) < 2 or _NOT_A_NAME.search(text) else full_width(text)


def parse_type(text: str) -> str:
    """Return a type of company, its brackets closed."""
    text = text.strip(_LOOSE)
    return full_width(_closed(text)) if re.search(r"[一-鿿]{2}", text) else ""


def _closed(text: str) -> str:
    """Return `text` with the closing brackets that the edge or a seal has covered."""
    return text + ")" * (text.count("(") - text.count(")"))


def parse_person(text: str) -> str:
    """Return a person's name, or the company or partnership that acts as representative."""
    text = text.strip(_LOOSE)
    if latin := re.fullmatch(r"[A-Za-z .·,\-]{3,}", text):
        return latin.group()
    if re.search(r"公司|合伙|企业|委派", text):
        return full_width(text)
    match = _PERSON.match(text)
    return match.group() if match and not is_furniture(match.group()) else ""


def parse_day(text: str) -> str:
    """Return a day in ISO format."""
    day = dates.parse_day(text)
    return day.isoformat() if day else ""


def parse_term(text: str) -> str:
    """Return a term, as printed."""
    text = text.strip(_LOOSE)
    return text if dates.days_in(text) or re.search(r"长期|永久|无固定|不约定", text) else ""


# The end of the label, its beginning misread, and microprint (SCJDGL, for 市场监督管理).
_ADDRESS_NEIGHBOURS: Final = re.compile(r"^[住佳往生]?所(?=[一-鿿]{2,}[省市区县])|[SCJDGL]{4,40}$")
# Numbers of a list in which a comma was read as a full stop: 160、161.162号.
_LISTED: Final = re.compile(r"、\d+(?:\.\d+)+")


def parse_address(text: str) -> str:
    """Return an address, without remains of the label before it or microprint after it."""
    text = _LISTED.sub(
        lambda numbers: numbers.group().replace(".", "、"),
        _ADDRESS_NEIGHBOURS.sub("", text.strip(_LOOSE)),
    )
    return full_width(text) if len(re.findall(r"[一-鿿]", text)) >= 3 else ""


_VERB: Final = (
    "生产|制造|加工|销售|批发|零售|研发|设计|开发|安装|维修|租赁|经营|兼营|主营|进出口|服务"
)
_HEADING: Final = re.compile(
    rf".{{0,12}}(?:项目|范围)|(?:(?:{_VERB})[及和与、,兼]?)+|.{{0,4}}以下.*"
)
"""The headings that a colon may follow in a scope: 许可项目：, 生产、销售：."""


def parse_scope(text: str) -> str:
    """Return a business scope with full-width marks."""
    text = text.strip(_STARS + ":;、·：；")
    return full_width(_with_semicolons(text)) if len(text) >= 2 else ""


def _with_semicolons(text: str) -> str:
    """Replace each colon that follows no heading by a semicolon: readers confuse the two."""
    *parts, last = re.split(r"(?<=[:;。)])", text)
    return (
        "".join(
            part[:-1] + ";" if part.endswith(":") and not _HEADING.fullmatch(part[:-1]) else part
            for part in parts
        )
        + last
    )


def parse_authority(text: str) -> str:
    """Return a registration authority."""
    match = _AUTHORITY.search(text)
    return match.group() if match and not text.endswith("监制") else ""


# --- Recognisers ----------------------------------------------------------------------------------


def is_type(text: str) -> bool:
    """Whether `text` begins with a legal form."""
    return bool(_TYPE.match(text.strip(_LOOSE)))


def is_address(text: str) -> bool:
    """Whether `text` is an address."""
    return bool(_ADDRESS.match(text)) and not _NAME.match(text) and len(text) < 60


def is_company_name(text: str) -> bool:
    """Whether `text` is a company's name."""
    return (
        bool(_NAME.match(text))
        and not _TYPE.match(text)
        and not _NOT_A_NAME.search(text)
        and not _AUTHORITY.search(text)
    )


def is_authority(text: str) -> bool:
    """Whether `text` contains the name of a registration authority."""
    return bool(_AUTHORITY.search(text))


# --- Misfits --------------------------------------------------------------------------------------

MISFIT: Final = 2.0
"""The cost of a value that does not look like one.

More than the cost of a line without a label (`columns.LEFT`).
"""
_TERM_CONTINUES: Final = re.compile(
    r"[\d年月日至自止到长期永久无固定限不约〇○零一二三四五六七八九十./*()\-]+"
)


def anything_fits(lines: Sequence[str]) -> float:
    """Return 0: the misfit of fields whose values have no form of their own."""
    return 0.0


def misfit_of_type(lines: Sequence[str]) -> float:
    """Each line after the first must continue a bracket."""
    continues = (
        line.startswith("(") or "".join(lines[:i]).count("(") > "".join(lines[:i]).count(")")
        for i, line in enumerate(lines)
    )
    return MISFIT * sum(not each for each in list(continues)[1:])


def misfit_of_person(lines: Sequence[str]) -> float:
    """The lines must be a person's name, or a company that has delegated one."""
    text = "".join(lines)
    named = r"[一-鿿·]{2,6}|[A-Za-z .·,\-]{3,}|.*(?:公司|合伙|企业|委派).*"
    return 0.0 if re.fullmatch(named, text) else MISFIT


def misfit_of_amount(lines: Sequence[str]) -> float:
    """The lines must contain an amount of money."""
    return 0.0 if capital.printed_capital("".join(lines)) else MISFIT


def misfit_of_day(lines: Sequence[str]) -> float:
    """The lines must name a day."""
    return 0.0 if parse_day("".join(lines)) else MISFIT


def misfit_of_term(lines: Sequence[str]) -> float:
    """The lines must contain a term, and each of them must be part of it."""
    return MISFIT * (not parse_term("".join(lines))) + MISFIT * sum(
        not _TERM_CONTINUES.fullmatch(line) for line in lines[1:]
    )


def misfit_of_scope(lines: Sequence[str]) -> float:
    """The first line must not be a legal form."""
    return MISFIT if re.fullmatch(_LEGAL_FORMS, lines[0]) else 0.0


def misfit_of_address(lines: Sequence[str]) -> float:
    """The lines must have two Chinese characters in a row and no day."""
    text = "".join(lines)
    return MISFIT if dates.days_in(text) or not re.search("[一-鿿]{2}", text) else 0.0


def misfit_of_name(lines: Sequence[str]) -> float:
    """As for an address, and no type may follow a whole name.

    A type there still has half of its label 类型 glued to it.
    """
    followed_by_type = any(
        _NAME.match("".join(lines[:i])) and re.match(f"型{_LEGAL_FORMS}", lines[i])
        for i in range(1, len(lines))
    )
    return MISFIT if followed_by_type else misfit_of_address(lines)
