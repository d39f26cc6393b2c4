"""The table of the fields of a business licence.

Each field is one row, which says what to look for, where, and how to parse its value. A new field
needs a row here and its words in `verification/cases/wording.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from documents.page import capital, parsing


class Extent(Enum):
    """How many lines a value takes."""

    LINE = auto()
    WRAPPED = auto()
    """It may continue on a second line."""
    PARAGRAPH = auto()
    """It may fill the rest of the page."""


class SecondLook(Enum):
    """When a value is read a second time."""

    NEVER = auto()
    UNSURE = auto()
    """If it was read with little confidence."""
    LONGER = auto()
    """If part of it may be missing."""


@dataclass(frozen=True)
class Field:
    """A field of the licence. Its code is its key in `LICENCE_FIELDS`."""

    labels: tuple[str, ...]
    """Its printed labels, the usual one first."""
    parse: Callable[[str], str] | None
    """Returns the value in a tidy text, or "".

    None for the company's code and number, which are found by their check characters
    (`values.find_company_numbers`).
    """
    recognises: Callable[[str], bool] | None = None
    """Whether a text is a value of this field even without a label; None if that cannot be told."""
    misfit: Callable[[Sequence[str]], float] = parsing.anything_fits
    """How unlike a value of this field some lines are, in the costs of `columns`."""

    beheaded: tuple[str, ...] = ()
    """Ends of its labels that have lost more than the first character."""
    inside: tuple[str, ...] = ()
    """Labels that are found within a line, because no value contains these words."""
    first_half: tuple[str, ...] = ()
    """First halves of labels that are set so wide that they are read in two parts."""
    second_half: str = ""
    """The second half, one character."""

    in_columns: bool = True
    """Whether its label is in the form's columns; others are in its head or at its foot."""
    extent: Extent = Extent.LINE
    always_printed: bool = False
    """Whether every form prints it."""
    reach: int = 24
    """How far right of its label a missing value is searched for, in heights of the label.

    0 for no search.
    """
    second_look: SecondLook = SecondLook.NEVER
    ceiling: float = 1.0
    """The highest confidence; long values stay below `confidence.SURE`."""

    declared: bool = False
    """Whether employers declare it. Unsure values that differ from it are read again."""
    identifies: bool = False
    """Whether it identifies the company. For these fields a second reader is believed."""
    worth_forging: bool = False
    """Whether a forger gains by changing it, so that its print is examined closely."""
    characters: int = 0
    """Its number of characters of equal width, if known; they are checked for copies."""
    tencent: str = ""
    """Its key in the answers of Tencent Cloud."""


LICENCE_FIELDS: Final[dict[str, Field]] = {
    "uscc": Field(
        ("统一社会信用代码", "统一社会信用代码/注册号", "社会信用代码"),
        None,
        inside=("统一社会信用代码",),
        in_columns=False,
        reach=16,
        declared=True,
        identifies=True,
        worth_forging=True,
        characters=18,
        tencent="RegNum",
    ),
    "registration_number": Field(
        ("注册号", "营业执照注册号"),
        None,
        inside=("注册号",),
        in_columns=False,
        extent=Extent.WRAPPED,
        reach=14,
        identifies=True,
        worth_forging=True,
        characters=15,
        tencent="RegNum",
    ),
    "name": Field(
        ("名称", "企业名称", "公司名称", "字号名称", "商事主体名称", "字号"),
        parsing.parse_name,
        parsing.is_company_name,
        parsing.misfit_of_name,
        first_half=("名",),
        second_half="称",
        extent=Extent.WRAPPED,
        always_printed=True,
        second_look=SecondLook.UNSURE,
        declared=True,
        identifies=True,
        worth_forging=True,
        tencent="Name",
    ),
    "type": Field(
        ("类型", "商事主体类型", "主体类型", "公司类型", "企业类型", "经济性质", "经济类型"),
        parsing.parse_type,
        parsing.is_type,
        parsing.misfit_of_type,
        inside=("公司类型", "企业类型"),
        first_half=("类", "企业类", "公司类", "业类", "司类"),
        second_half="型",
        extent=Extent.WRAPPED,
        always_printed=True,
        second_look=SecondLook.UNSURE,
        tencent="Type",
    ),
    "legal_representative": Field(
        (
            "法定代表人", "法定代表人姓名", "法定代表人(负责人)", "负责人姓名", "负责人",
            "经营者姓名", "经营者", "营者", "投资人姓名", "投资人",
            "执行事务合伙人(委派代表)", "执行事务合伙人", "首席代表",
        ),
        parsing.parse_person,
        misfit=parsing.misfit_of_person,
        beheaded=("代表人", "表人"),
        inside=("法定代表人",),
        second_half="者",
        always_printed=True,
        reach=8,
        second_look=SecondLook.UNSURE,
        declared=True,
        worth_forging=True,
        tencent="Person",
    ),
    "registered_capital": Field(
        (
            "注册资本", "注册资本(万元)", "注册资金", "成员出资总额", "出资总额", "出资额",
            "资金数额",
        ),
        capital.printed_capital,
        misfit=parsing.misfit_of_amount,
        inside=("注册资本", "成员出资总额"),
        extent=Extent.WRAPPED,
        second_look=SecondLook.UNSURE,
        worth_forging=True,
        tencent="Capital",
    ),
    "established_on": Field(
        ("成立日期", "成立时间", "注册日期", "设立日期"),
        parsing.parse_day,
        misfit=parsing.misfit_of_day,
        inside=("成立日期",),
        always_printed=True,
        reach=12,
        second_look=SecondLook.UNSURE,
        worth_forging=True,
        tencent="SetDate",
    ),
    "term": Field(
        ("营业期限", "经营期限", "合伙期限", "执照有效期限", "执照有效期", "有效期限"),
        parsing.parse_term,
        misfit=parsing.misfit_of_term,
        inside=("营业期限", "合伙期限"),
        extent=Extent.WRAPPED,
        ceiling=0.98,
        worth_forging=True,
        tencent="Period",
    ),
    "address": Field(
        (
            "住所", "主要经营场所", "经营场所", "营业场所", "企业住所", "公司住所", "机构住所",
            "住所(经营场所)", "地址",
        ),
        parsing.parse_address,
        parsing.is_address,
        parsing.misfit_of_address,
        first_half=("住",),
        second_half="所",
        extent=Extent.WRAPPED,
        always_printed=True,
        second_look=SecondLook.LONGER,
        ceiling=0.98,
        worth_forging=True,
        tencent="Address",
    ),
    "business_scope": Field(
        ("经营范围", "经营范围及方式", "业务范围"),
        parsing.parse_scope,
        misfit=parsing.misfit_of_scope,
        extent=Extent.PARAGRAPH,
        always_printed=True,
        reach=0,
        second_look=SecondLook.LONGER,
        ceiling=0.95,
        tencent="Business",
    ),
    "registration_authority": Field(
        ("登记机关", "发照机关"),
        parsing.parse_authority,
        parsing.is_authority,
        in_columns=False,
        reach=0,
        ceiling=0.95,
        tencent="RegistrationAuthority",
    ),
}  # fmt: skip
"""By code, in the order of the print. Codes are stored and never renamed."""


def fields_with(holds: Callable[[Field], object]) -> tuple[str, ...]:
    """Return the codes of the fields for which `holds` is true, in the order of the print."""
    return tuple(code for code, field in LICENCE_FIELDS.items() if holds(field))
