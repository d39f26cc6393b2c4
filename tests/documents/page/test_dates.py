"""Tests of days in figures and in numerals."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.page.dates import days_in, parse_day, parse_numeral

DIGITS = "〇一二三四五六七八九"


def numeral(value: int) -> str:
    """Return 1..99 as spoken: 5 五, 10 十, 25 二十五."""
    tens, ones = divmod(value, 10)
    return ("" if tens == 0 else "十" if tens == 1 else DIGITS[tens] + "十") + (
        DIGITS[ones] if ones else ""
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016年08月22日", date(2016, 8, 22)),
        ("2016年8月2日", date(2016, 8, 2)),
        ("2016 年 08 月 22 日", date(2016, 8, 22)),
        ("2016-08-22", date(2016, 8, 22)),
        ("2016.8.22", date(2016, 8, 22)),
        ("二〇一六年八月二十二日", date(2016, 8, 22)),
        ("二○一四年七月廿五日", date(2014, 7, 25)),
        ("二零一二年十月卅一日", date(2012, 10, 31)),
        ("二〇一0年一月二十九日", date(2010, 1, 29)),
        ("一九九八年十二月三十日", date(1998, 12, 30)),
        ("2016年02月30日", None),
        ("二〇一六年十三月一日", None),
        ("年 月 日", None),
        ("长期", None),
        ("", None),
        ("13800138000", None),
        ("12016年08月22日", None),
    ],
)
def test_day(text: str, expected: date | None) -> None:
    assert parse_day(text) == expected


def test_every_day_of_a_term_in_order() -> None:
    assert days_in("自二〇一三年八月八日至2033年08月07日") == [date(2013, 8, 8), date(2033, 8, 7)]


@given(st.dates(min_value=date(1949, 10, 1), max_value=date(2099, 12, 31)))
def test_every_day_in_both_scripts(value: date) -> None:
    year = "".join(DIGITS[int(c)] for c in str(value.year))
    assert parse_day(f"{year}年{numeral(value.month)}月{numeral(value.day)}日") == value
    assert parse_day(f"{value.year}年{value.month:02}月{value.day:02}日") == value


@given(st.integers(1, 99))
def test_number_reads_numerals(value: int) -> None:
    assert parse_numeral(numeral(value)) == value


@pytest.mark.parametrize("text", ["", "二十十", "三百", "甲", "一二十"])
def test_number_refuses_what_is_none(text: str) -> None:
    assert parse_numeral(text) is None


@given(st.text(max_size=40))
def test_any_text_is_survived(text: str) -> None:
    assert isinstance(days_in(text), list)
