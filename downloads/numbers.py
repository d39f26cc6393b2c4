"""Which digits in a text are a telephone number or an identity number, and which a date, a salary, a year?

By how many they are, how they begin, and how they are set apart: numbers that somebody can be called at are grouped as
people say them, and ranges of years and of money are not. Works on plain text (`spellings`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

NumberKind = Literal["phone", "id_number"]

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_AREA: Final = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}")
_ABROAD: Final = re.compile(r"0[1-9]\d{8,10}")
"""Where numbers are said with the trunk prefix 0 before them, grouped."""
_SERVICE: Final = re.compile(r"[48]00\d{7}")
_NORTH_AMERICA: Final = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")
_GROUPS_OF_11: Final = frozenset(
    {
        (11,), (3, 8), (3, 4, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (3, 5, 3), (7, 4), (3, 2, 2, 2, 2), (3, 2, 3, 3), (3, 3, 2, 3),
        (3, 3, 3, 2), (5, 3, 3), (1, 3, 3, 4), (1, 2, 4, 4), (1, 10),
    }
)  # fmt: skip
"""How the digits of a mobile number are set apart, whatever stands between them."""
_BETWEEN: Final = re.compile(r"[ ]{0,2}[-.·_/()\[\]*+、,][ ]{0,2}|[ ]{1,3}|[ ]?\)[ ]?-?[ ]?|[ ]?-?[ ]?\n[ ]?|\t")
_RUN: Final = re.compile(r"\d+")
_MONEY_BEFORE: Final = re.compile(r"[¥￥$€£][ ]?$")
_MONEY_AFTER: Final = re.compile(r"[ ]?(?:元|万|亿|千|人|次|%|rmb|usd|cny|美元|用户|users\b|vnd|日元)")
_COUNTRY: Final = re.compile(r"(?:\(?\+?[ ]?(?:00)?86\)?[ ]?-?[ ]?|\()$")
_EXTENSION: Final = re.compile(r"[ ]?(?:转|分机|ext\.?|x|-|#)[ ]?\d{1,6}(?!\d)")
_LABELLED: Final = re.compile(r"[(+]?\d(?:[ ]{0,2}[-.()/*]{0,2}[ ]?[\d*]){5,16}")
_INTERNATIONAL: Final = re.compile(r"(?<![\w+.])(?:\+[ ]?|00(?=[1-9]))\(?\d(?:[ ]?[-.()/]?[ ]?\d){7,15}(?!\d)")
_IDENTITY: Final = re.compile(r"(?<!\d)(?=((?:\d[ -]?){17}[\dx](?![\da-z])))")
_OLD_IDENTITY: Final = re.compile(r"(?<!\d)[1-8]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_BORN: Final = re.compile(r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_WORDS: Final = r"zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
_SPELLED: Final = re.compile(rf"\b(?:{_WORDS})(?:[ ,.\-]{{1,3}}(?:{_WORDS})\b){{6,15}}")
_DATE: Final = re.compile(r"(?:19|20)\d\d(?:[ ]?[-./年 ][ ]?\d{1,2}(?!\d)|[ ]?[-/至到 ][ ]?(?:19|20)\d\d|[01]\d[0-3]\d)")
"""A year and a month, two years, or eight digits that are a day, at the start of what is looked at."""

MOST_TOKENS: Final = 13


@dataclass(frozen=True)
class Number:
    """A number that belongs to a person, at `start` to `end` (outside) of the plain text."""

    kind: NumberKind
    start: int
    end: int


def phones(text: str) -> Iterator[Number]:
    """The telephone numbers in `text` that show by themselves what they are."""
    for found in _INTERNATIONAL.finditer(text):
        yield Number("phone", found.start(), _with_extension(text, found.end()))
    for found in _SPELLED.finditer(text):
        yield Number("phone", found.start(), found.end())
    runs = [(found.start(), found.end()) for found in _RUN.finditer(text)]
    for first in range(len(runs)):
        if (last := _phone_from(text, runs, first)) is not None:
            yield Number("phone", _with_country(text, runs[first][0]), _with_extension(text, runs[last][1]))


def _phone_from(text: str, runs: list[tuple[int, int]], first: int) -> int | None:
    """The last of the `runs` of digits that together with the `first` make a telephone number, or None."""
    groups: list[int] = []
    digits = ""
    between: list[str] = []
    for last in range(first, min(first + MOST_TOKENS, len(runs))):
        start, end = runs[last]
        if last > first:
            gap = text[runs[last - 1][1] : start]
            if not _BETWEEN.fullmatch(gap):
                return None
            between.append(gap)
        digits += text[start:end]
        groups.append(end - start)
        if len(digits) > 16:
            return None
        if len(digits) >= 10 and _is_phone(digits, tuple(groups), between):
            whole = len(groups) == 1 and (_MONEY_BEFORE.search(_just_before(text, runs[first][0])) or _MONEY_AFTER.match(text, end))
            return None if whole else last
    return None


def _is_phone(digits: str, groups: tuple[int, ...], between: list[str]) -> bool:
    kinds = {gap.strip(" ") or " " for gap in between}
    if sum(gap.count("\n") for gap in between) > 1:
        return False
    for prefix in ("0086", "86", "0"):
        rest = digits.removeprefix(prefix)
        if len(rest) == 11 and rest != digits and _MOBILE.fullmatch(rest):
            if groups[0] == len(prefix):
                return _mobile_groups(groups[1:], kinds)
            return _mobile_groups((groups[0] - len(prefix), *groups[1:]), kinds) if groups[0] > len(prefix) else False
    if _MOBILE.fullmatch(digits):
        return _mobile_groups(groups, kinds)
    if len(groups) == 1 and 12 <= len(digits) <= 14 and _MOBILE.match(digits):
        return True  # with what a reader has run into it
    if kinds & {"\t", ",", "、", "*", "_"} or "\n" in "".join(kinds):
        return False
    if _AREA.fullmatch(digits) and (len(groups) <= 2 or (len(groups) == 3 and groups[0] in (3, 4))) and not kinds & {".", "/"}:
        return groups[0] >= 3
    if _SERVICE.fullmatch(digits):
        return groups in {(10,), (3, 7), (3, 3, 4), (3, 4, 3), (4, 3, 3)}
    if digits.startswith("86") and len(groups) >= 3 and groups[0] == 2 and _AREA.fullmatch("0" + digits[2:]):
        return True
    if _ABROAD.fullmatch(digits) and 2 <= len(groups) <= 4 and 2 <= groups[0] <= 5 and not kinds & {".", "/"}:
        return min(groups[1:]) >= 3
    return bool(_NORTH_AMERICA.fullmatch(digits)) and groups[-3:] == (3, 3, 4) and kinds != {" "}


def _mobile_groups(groups: tuple[int, ...], kinds: set[str]) -> bool:
    """Whether eleven digits in such `groups` are set as a mobile number is. Numbers in the cells of a table are not."""
    if set(groups) == {1}:
        return True
    if kinds & {"\t", "*", "、"}:
        return False
    if groups in _GROUPS_OF_11:
        return True
    return kinds <= {" "} and (len(groups) == 2 or groups == (2, 3, 3, 3) or (len(groups) > 5 and max(groups) <= 2))


def _with_extension(text: str, end: int) -> int:
    found = _EXTENSION.match(text, end)
    return found.end() if found else end


def _with_country(text: str, start: int) -> int:
    """`start`, or where the +86 before it begins."""
    before = _just_before(text, start)
    found = _COUNTRY.search(before)
    return start - len(before) + found.start() if found else start


def _just_before(text: str, start: int) -> str:
    return text[max(0, start - 12) : start]


def labelled_phone(text: str, start: int) -> int | None:
    """The end of the telephone number that stands at `start`, where a label says that one does; None for a date."""
    found = _LABELLED.match(text, start)
    if not found or _DATE.match(text, start):
        return None
    if not 6 <= sum(character.isdigit() for character in found[0]) <= 16:
        return None
    return _with_extension(text, found.end())


def is_date(text: str, start: int) -> bool:
    """Whether a date, or a span of years, begins at `start`."""
    return bool(_DATE.match(text, start))


def identities(text: str) -> Iterator[Number]:
    """The identity numbers in `text`: of 18 characters with a day of birth or the right check digit, and the old ones of 15."""
    for found in _IDENTITY.finditer(text):
        number = re.sub(r"[ -]", "", found[1])
        if _BORN.fullmatch(number) or (number[0] != "0" and _checked(number) and not found[1].count(" ") > 12):
            yield Number("id_number", found.start(1), found.end(1))
    for found in _OLD_IDENTITY.finditer(text):
        yield Number("id_number", found.start(), found.end())


def _checked(number: str) -> bool:
    """Whether the last of 18 characters is the check digit of the others (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "10x98765432"[total % 11] == number[17]
