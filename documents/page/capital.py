"""Registered capital: finding and parsing amounts of money.

Registered capital is printed in figures (600万元整, 35.0000万元) or in the capital numerals of
cheques (伍仟零伍拾万元整). The currency comes before or after, or is left out when it is yuan.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

_DIGITS: Final = {
    c: i
    for i, row in enumerate(
        ("零〇", "壹一", "贰二貳", "叁三", "肆四", "伍五", "陆六", "柒七", "捌八", "玖九")
    )
    for c in row
}
_SMALL: Final = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
_LARGE: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8}
_CURRENCIES: Final = {
    "人民币": "CNY",
    "美元": "USD",
    "美金": "USD",
    "港元": "HKD",
    "港币": "HKD",
    "欧元": "EUR",
    "日元": "JPY",
    "英镑": "GBP",
}
_NUMERALS: Final = "".join({**_DIGITS, **_SMALL, **_LARGE})
_PRINT: Final = re.compile(
    rf"(?:[(]?人民币[)]?|美元|美金|港元|港币|欧元|日元|英镑)?:?(?:\d[\d,]*(?:\.\d+)?|[{_NUMERALS}])[{_NUMERALS}]*"
    r"(?:元|圆)?(?:人民币|美元|美金|港元|港币|欧元|日元|英镑)?(?:[零壹贰叁肆伍陆柒捌玖]角)?(?:[零壹贰叁肆伍陆柒捌玖]分)?(?:整|正)?(?:[(](?:人民币|美元|港元|港币|欧元)[)])?"
)

_OPENING_LOST: Final = re.compile(r"(?<=[元圆])(人民币|美元|港元|港币|欧元)[)]")

# No amount begins with a unit, except 拾万 for 壹拾万: the digit before it was not read.
_BEHEADED: Final = re.compile(r"(?:[(]?人民币[)]?|美元|美金|港元|港币|欧元|日元|英镑)?[佰仟万萬亿]")


@dataclass(frozen=True)
class Capital:
    """An amount in units of `currency` (ISO 4217), with decimals."""

    amount: Decimal
    currency: str


def printed_capital(text: str) -> str:
    """Return the amount in `text`, as printed; "" if there is none or its first digit was lost."""
    text = _OPENING_LOST.sub(r"(\1)", _half_width(text))
    amount = max(
        (match.group().lstrip(":") for match in _PRINT.finditer(text)), key=len, default=""
    )
    return "" if len(amount) < 2 or _BEHEADED.match(amount) else amount


def _half_width(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def parse_capital(text: str) -> Capital | None:
    """Return the amount in `text`, or None.

    Without a currency it is in yuan (条例实施细则: 注册资本以人民币表示).
    """
    text = printed_capital(text)
    currency = next((code for word, code in _CURRENCIES.items() if word in text), "CNY")
    figures = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    try:
        amount = (
            _in_figures(figures.group(), text[figures.end() :]) if figures else _in_numerals(text)
        )
    except (InvalidOperation, ValueError):
        return None
    return Capital(amount, currency) if amount > 0 else None


def _in_figures(figures: str, after: str) -> Decimal:
    amount = Decimal(re.sub("[,]", "", figures))
    for character in after:
        scale = _LARGE.get(character) or _SMALL.get(character)
        if scale is None:
            break
        amount *= scale
    return amount


def _in_numerals(text: str) -> Decimal:
    total, section, digit = 0, 0, 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _SMALL:
            section, digit = section + (digit or 1) * _SMALL[character], 0
        elif character == "亿":
            total, section, digit = (total + section + digit) * _LARGE[character], 0, 0
        elif character in _LARGE:
            total, section, digit = total + (section + digit) * _LARGE[character], 0, 0
        elif character in "元圆":
            break
    return Decimal(total + section + digit)
