"""The text of a page: normalising it, and recognising the form's own print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

# Text that is printed on every form, for any company.
_FURNITURE: Final = re.compile(
    r"https?[:/]|www\.|\.(?:com|net|cn)\b|信用信息公示|监督管理总局监制|行政管理总局|总局(?:监)?制|扫描二维码|二维码|了解更多|备案.{0,3}许可.{0,3}监管"
    r"|^[(]?(?:正|副)本[)]?(?:[(]?\d{1,3}(?!\d)|$)|^[(]?副本号|^编号|^证照编号|^\d-\d$|^[(]?\d+[-/]\d+[)]?$"
    r"|^.{0,9}网$|复印|仅供|仅用于|无效|备案之用|年度检验"
    r"|重要提示|^须知|每年1月1日|年度报告|^企业法人营业执照$|^个体工商户营业执照$|^营业执照$",
    re.IGNORECASE,
)
# A scope may contain these as well: it refers to a city's own website (商事主体信息公示平台).
_ALSO_IN_SCOPES: Final = re.compile(
    r"https?[:/]|www\.|gov\.cn|信用信息公示|备案.{0,3}许可.{0,3}监管", re.IGNORECASE
)


def tidy_text(text: str) -> str:
    """Return `text` without white space, and with digits, letters and marks in half width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def is_furniture(text: str) -> bool:
    """Whether `text` (tidy) is the form's own print, such as its title, web address or notices."""
    return bool(_FURNITURE.search(text))


def may_be_scope(text: str) -> bool:
    """Whether `text` (tidy) may be a line of the business scope although it is furniture."""
    return bool(_ALSO_IN_SCOPES.search(text)) and len(text) > 12


@lru_cache(maxsize=1)
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


# Characters that names use today although a converter would replace them (通用规范汉字表, 2013).
_KEPT: Final = frozenset("昇乾甯甦祕邨堃喆淼仝迺")


def to_simplified(text: str) -> str:
    """Return `text` with simplified characters instead of traditional ones.

    By law names are registered in standard characters (企业名称登记管理规定 8), so a traditional
    character is the reader's mistake. Characters of GB 2312 are standard already and are kept.
    """
    return "".join(c if c in _KEPT or _in_gb2312(c) else _converter()(c) for c in text)


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


_FULL_WIDTH: Final = str.maketrans("(),;:", "（），；：")


def full_width(text: str) -> str:
    """Return `text` with the full-width brackets and marks of Chinese print."""
    return text.translate(_FULL_WIDTH)
