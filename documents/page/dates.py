"""Parsing of days in Chinese text.

Licences print days as 2016年08月22日, as 二〇一六年八月廿二日 and, on electronic ones, as
2016-08-22.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_DIGITS: Final = {
    c: i
    for i, row in enumerate(
        (
            "0〇零○Oo",
            "1一壹",
            "2二贰",
            "3三叁",
            "4四肆",
            "5五伍",
            "6六陆",
            "7七柒",
            "8八捌",
            "9九玖",
        )
    )
    for c in row
}
_TENS: Final = str.maketrans({"拾": "十", "廿": "二十", "卅": "三十"})
_NUMERAL: Final = "0123456789〇零○Oo一二三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖拾"
_PRINTED: Final = re.compile(r"(?<!\d)(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})(?!\d)")
_WRITTEN: Final = re.compile(
    rf"([{_NUMERAL}]{{4}})年([{_NUMERAL}]{{1,3}})月([{_NUMERAL}]{{1,4}})日"
)


def parse_numeral(numeral: str) -> int | None:
    """Return the value of a numeral: 廿五 → 25, 十 → 10, 二〇一六 → 2016; None for anything else.

    Counts to 99, or reads digit by digit.
    """
    text = numeral.translate(_TENS)
    if not text:
        return None
    if "十" not in text:
        return (
            int("".join(str(_DIGITS[c]) for c in text)) if all(c in _DIGITS for c in text) else None
        )
    tens, _, ones = text.partition("十")
    if any(len(part) > 1 or part not in _DIGITS for part in (tens, ones) if part):
        return None
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def days_in(text: str) -> list[date]:
    """Return every day in `text`, in order.

    Impossible days (2月30日) are left out.
    """
    text = re.sub(r"\s", "", text)
    found: list[tuple[int, date]] = []
    for match in _PRINTED.finditer(text):
        _add(found, match.start(), *(int(part) for part in match.groups()))
    for match in _WRITTEN.finditer(text):
        if match.group().isascii() or _PRINTED.match(match.group()):
            continue
        _add(found, match.start(), *(parse_numeral(part) for part in match.groups()))
    return [day for _, day in sorted(found)]


def parse_day(text: str) -> date | None:
    """Return the first day in `text`, or None."""
    return next(iter(days_in(text)), None)


def _add(
    found: list[tuple[int, date]],
    at: int,
    year: int | None,
    month: int | None,
    day_of_month: int | None,
) -> None:
    if year is None or month is None or day_of_month is None:
        return
    try:
        found.append((at, date(year, month, day_of_month)))
    except ValueError:
        return
