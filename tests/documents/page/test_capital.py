"""Tests of amounts in figures and in capital numerals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.page.capital import Capital, parse_capital, printed_capital

DIGITS = "零壹贰叁肆伍陆柒捌玖"


def in_numerals(wan: int) -> str:
    """Return `wan` × 10,000 yuan, 1 ≤ wan ≤ 9999, as written on a cheque."""
    out, pending_zero = "", False
    for place, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = wan // place % 10
        if digit:
            out += ("零" if pending_zero and out else "") + DIGITS[digit] + unit
            pending_zero = False
        else:
            pending_zero = True
    return out + "万元整"


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("600万元整", "6000000", "CNY"),
        ("人民币35.0000万元整", "350000", "CNY"),
        ("1,000万元", "10000000", "CNY"),
        ("伍拾万元整", "500000", "CNY"),
        ("伍仟零伍拾万元整", "50500000", "CNY"),
        ("叁佰贰拾陆万玖仟陆佰元整", "3269600", "CNY"),
        ("壹亿贰仟万圆", "120000000", "CNY"),
        ("(人民币)伍仟万元", "50000000", "CNY"),
        ("伍仟万元人民币", "50000000", "CNY"),
        ("200万美元", "2000000", "USD"),
        ("港币壹佰万元", "1000000", "HKD"),
        ("1.5亿元", "150000000", "CNY"),
    ],
)
def test_amounts(text: str, amount: str, currency: str) -> None:
    assert parse_capital(text) == Capital(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["", "长期", "元", "有限责任公司", "零元"])
def test_what_is_no_amount(text: str) -> None:
    assert parse_capital(text) is None


def test_printed_drops_the_print_around_it() -> None:
    assert printed_capital("注册资本:伍佰万元整★") == "伍佰万元整"
    assert printed_capital("有限责任公司") == ""


def test_a_bracket_that_closes_was_opened() -> None:
    assert printed_capital("伍佰万元人民币）") == "伍佰万元(人民币)"
    assert printed_capital("伍佰万元人民币") == "伍佰万元人民币"


@given(st.integers(1, 9999))
def test_numerals_and_figures_agree(wan: int) -> None:
    numerals = parse_capital(in_numerals(wan))
    assert numerals is not None
    assert numerals == parse_capital(f"{wan}万元整") == Capital(Decimal(wan * 10_000), "CNY")


@given(st.text(max_size=40))
def test_any_text_is_survived(text: str) -> None:
    assert parse_capital(text) is None or parse_capital(text).amount > 0  # type: ignore[union-attr]
