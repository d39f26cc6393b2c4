"""Tells telephone and identity numbers from dates, salaries and years.

It uses the number of digits, their beginning and their grouping: people group telephone numbers as
they say them, and ranges of years and amounts are grouped differently. Works on plain text
(`digits`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from phonenumbers import (
    Leniency,
    PhoneNumberMatch,
    PhoneNumberMatcher,
    PhoneNumberType,
    number_type,
)

NumberKind = Literal["phone", "id_number"]

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_AREA: Final = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}")
_ABROAD: Final = re.compile(r"0[1-9]\d{8,10}")
"""Numbers that are written with the trunk prefix 0, grouped."""
_SERVICE: Final = re.compile(r"[48]00\d{7}")
_NORTH_AMERICA: Final = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")
_GROUPS_OF_11: Final = frozenset(
    {
        (11,),
        (3, 8),
        (3, 4, 4),
        (3, 3, 5),
        (4, 3, 4),
        (4, 4, 3),
        (3, 5, 3),
        (7, 4),
        (3, 2, 2, 2, 2),
        (3, 2, 3, 3),
        (3, 3, 2, 3),
        (3, 3, 3, 2),
        (5, 3, 3),
        (1, 3, 3, 4),
        (1, 2, 4, 4),
        (1, 10),
    }
)
"""Groupings of the digits of a mobile number, whatever separates them."""
_DOTS: Final = "·•●∙‧⋅・"
_BETWEEN: Final = re.compile(
    rf"[ ]{{0,2}}[-._/()\[\]*+、,:={_DOTS}][ ]{{0,2}}|[ ]{{1,3}}|[ ]?\)[ ]?[-(]?[ ]?|[ ]?-?[ ]?\n["
    r" ]?|\t|[ ]?(?:[a-z点横杠]|横杠|空格)[ ]?"
)
_LETTER: Final = re.compile(r"[a-z点横杠空格*]+")
"""Separators between the digits of a mobile number only if somebody wants to hide it; also in sizes
(150x2000x3000).
"""
_OF_HIDDEN: Final = frozenset({(3, 4, 4), (3, 8), (7, 4), (1,) * 11})
_DOWN_A_COLUMN: Final = frozenset({(3, 4, 4), (1,) * 11})
"""Groupings of a mobile number over more than two lines. Other groups below each other are years
and amounts.
"""
_ROUND: Final = re.compile(r"1\d\d0{8}")
"""Numbers like 15,000,000,000: hardly anybody has one as a telephone number, and amounts are
grouped like it.
"""
_RUN: Final = re.compile(r"\d+")
_MONEY_BEFORE: Final = re.compile(r"[¥￥$€£][ ]?$")
_COUNTED: Final = re.compile(
    r"[ ]?(?:台|部|个|件|人|名|家|次|元|万|亿|千|%|customers|clients|users|people|stores|units|pcs)"
)
_MONEY_AFTER: Final = re.compile(
    r"[ ]?(?:元|万|亿|千|人|次|%|rmb|usd|cny|美元|用户|users\b|vnd|日元)"
)
_COUNTRY: Final = re.compile(r"(?:\(?\+?[ ]?(?:00)?86\)?[ ]?-?[ ]?|\()$")
_EXTENSION: Final = re.compile(r"[ ]?(?:转|分机|ext\.?|x|-|#)[ ]?\d{1,6}(?!\d)")
_LABELLED: Final = re.compile(r"[(+]?\d(?:[ ]{0,2}[-.()/*]{0,2}[ ]?[\d*]){5,16}")
_INTERNATIONAL: Final = re.compile(
    r"(?<![\w+.])(?:\+[ ]?|00(?=[1-9]))\(?\d(?:[ ]?[-.()/]?[ ]?\d){7,15}(?!\d)"
)
_PLUS: Final = re.compile(r"(?<![+\d])\+[^+]{8,47}")
"""A plus sign and as many characters as a number with a country code has, including separators."""
_LEAST_ABROAD: Final = 8
_LEAST_CODED: Final = 10
"""Minimum digits of a number with a country code: with a plus sign, and without one."""
_JOINED: Final = str.maketrans(dict.fromkeys(f"_{_DOTS}", " "))
_CODED: Final = re.compile(
    r"(?<![a-z0-9_+])(?<!\d[.,:/\-])(?=(?P<prefix>\(?(?:00|011)["
    r" \-]?)?(?P<number>\(?[1-9]\d{0,3}\)?(?:[ \-]\(?\d{1,8}\)?){2,5}))"
)
"""A country code without a plus sign, and two groups or more."""
_GOES_ON: Final = re.compile(
    r"\d|[.,:/]\d|%|[ \-]\(?(?!1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?!\d)|(?:19|20)\d\d[ ]?[-./年])\d"
)
"""Digits after a number that start neither a mobile number nor a date."""
_OF_PEOPLE: Final = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
)
_APART: Final = rf"[ ]{{0,2}}(?:[-/*._:{_DOTS}\t\n][ ]{{0,2}})?"
_IDENTITY: Final = re.compile(rf"(?=([1-9](?:{_APART}\d){{16}}{_APART}[\dx]))")
"""Eighteen characters, with any separators and any text before and after."""
_PLAINLY: Final = re.compile(r"[\dx \-]+")
_OLD_IDENTITY: Final = re.compile(
    r"(?<!\d)[1-8]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"
)
_BORN: Final = re.compile(
    r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]"
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_WORDS: Final = r"zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
_SPELLED: Final = re.compile(rf"\b(?:{_WORDS})(?:[ ,.\-]{{1,3}}(?:{_WORDS})\b){{6,15}}")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_DAY: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_DATE: Final = re.compile(
    r"(?:19|20)\d\d(?:[ ]?[-./年 ][ ]?\d{1,2}(?!\d)|[ ]?[-/至到 ][ ]?(?:19|20)\d\d|[01]\d[0-3]\d)"
)
"""At the start of the text: a year and a month, two years, or eight digits that are a day."""

MOST_TOKENS: Final = 13


@dataclass(frozen=True)
class Number:
    """A person's number from `start` to `end` (exclusive) of the plain text."""

    kind: NumberKind
    start: int
    end: int


def phone_numbers(text: str) -> Iterator[Number]:
    """Yield the telephone numbers in `text` that need no label."""
    yield from _abroad(text)
    for found in _INTERNATIONAL.finditer(text):
        yield Number("phone", found.start(), _with_extension(text, found.end()))
    for found in _SPELLED.finditer(text):
        yield Number("phone", found.start(), found.end())
    runs = [(found.start(), found.end()) for found in _RUN.finditer(text)]
    for first in range(len(runs)):
        if (last := _phone_from(text, runs, first)) is not None:
            yield Number(
                "phone", _with_country(text, runs[first][0]), _with_extension(text, runs[last][1])
            )


def _abroad(text: str) -> Iterator[Number]:
    """Yield the numbers with a country code, according to the numbering plans of phonenumbers.

    With a plus sign, a valid number is enough. If a line end, dots or underscores divide the
    number, or if there is no plus sign, the digits must also be grouped as in that country, because
    amounts and scores are not.
    """
    for plus in _PLUS.finditer(text):
        start = plus.start()
        line, _, below = plus[0].partition("\n")
        both = line + " " + below.partition("\n")[0]
        match = _match(line, Leniency.VALID)
        for divided in (line.translate(_JOINED), both.translate(_JOINED)):
            match = match or _match(divided, Leniency.EXACT_GROUPING)
        if match is None:
            continue
        end = start + match.end
        counted = text[start - 1 : start].isalpha() and (
            _COUNTED.match(text, end) or _MONEY_AFTER.match(text, end)
        )
        if not counted and not text[end : end + 1].isdigit():
            yield Number("phone", start, _with_extension(text, end))
    for found in _CODED.finditer(text):
        start, first = found.start(), found.start("number")
        if len(re.sub(r"\D", "", found["number"])) < _LEAST_CODED or (
            not found["prefix"] and is_date(text, start)
        ):
            continue
        groups = list(re.finditer(r"(\d+)\)?", found["number"]))
        for last in range(len(groups) - 1, 1, -1):
            end = first + groups[last].end()
            amounts = not found["prefix"] and all(
                group[1].endswith("00") for group in groups[1 : last + 1]
            )
            if not amounts and not _GOES_ON.match(text, end) and _is_coded(text[first:end]):
                yield Number("phone", start, _with_extension(text, end))
                break


def _is_coded(number: str) -> bool:
    """Whether `number` starts with a country code as its own group, and its digits are grouped as
    in that country.
    """
    number = "+" + (number[1:].replace(")", "", 1) if number.startswith("(") else number)
    match = _match(number, Leniency.EXACT_GROUPING)
    if (
        match is None
        or match.end < len(number.rstrip(")"))
        or number_type(match.number) not in _OF_PEOPLE
    ):
        return False
    return re.match(rf"\+{match.number.country_code}(?!\d)", number) is not None


def _match(text: str, leniency: int) -> PhoneNumberMatch | None:
    """Return the telephone number with a country code at the start of `text`."""
    if sum(character.isdigit() for character in text) < _LEAST_ABROAD:
        return None
    return next(
        (match for match in PhoneNumberMatcher(text, None, leniency=leniency) if match.start == 0),
        None,
    )


def _phone_from(text: str, runs: list[tuple[int, int]], first: int) -> int | None:
    """Return the last of the `runs` of digits that form a telephone number with the `first`, or
    None.
    """
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
            # The eleven digits of a mobile number are one, whatever unit follows: thousands of
            # millions would be written as 138 亿.
            whole = len(groups) == 1 and not _MOBILE.match(digits)
            money = whole and (
                _MONEY_BEFORE.search(_just_before(text, runs[first][0]))
                or _MONEY_AFTER.match(text, end)
            )
            return None if money else last
    return None


def _is_phone(digits: str, groups: tuple[int, ...], between: list[str]) -> bool:
    kinds = {gap.strip(" ") or " " for gap in between}
    if sum(gap.count("\n") for gap in between) > 1 and groups not in _DOWN_A_COLUMN:
        return False
    if _ROUND.fullmatch(digits) and groups == (3, 4, 4) and kinds == {" "}:
        return False
    if any(_LETTER.fullmatch(kind) for kind in kinds):
        return bool(_MOBILE.fullmatch(digits)) and _is_hidden(digits, groups, kinds)
    for prefix in ("0086", "86", "0"):
        rest = digits.removeprefix(prefix)
        if len(rest) == 11 and rest != digits and _MOBILE.fullmatch(rest):
            if groups[0] == len(prefix):
                return _mobile_groups(groups[1:], kinds)
            return (
                _mobile_groups((groups[0] - len(prefix), *groups[1:]), kinds)
                if groups[0] > len(prefix)
                else False
            )
    if _MOBILE.fullmatch(digits):
        return _mobile_groups(groups, kinds)
    if len(groups) == 1 and 12 <= len(digits) <= 14:
        # Extra digits come from OCR, or from somebody who hides the number. Order and certificate
        # numbers begin with a year, and every 13-digit number that begins with 2013 to 2019 would
        # end like a mobile number.
        return bool(
            _MOBILE.match(digits) or (_MOBILE.fullmatch(digits[-11:]) and not _YEAR.match(digits))
        )
    if any("\n" in kind or kind in "\t,、_:=" for kind in kinds):
        return False
    if (
        _AREA.fullmatch(digits)
        and (len(groups) <= 2 or (len(groups) == 3 and groups[0] in (3, 4)))
        and not kinds & {".", "/"}
    ):
        return groups[0] >= 3
    if _SERVICE.fullmatch(digits):
        return groups in {(10,), (3, 7), (3, 3, 4), (3, 4, 3), (4, 3, 3)}
    if (
        digits.startswith("86")
        and len(groups) >= 3
        and groups[0] == 2
        and _AREA.fullmatch("0" + digits[2:])
    ):
        return True
    if (
        _ABROAD.fullmatch(digits)
        and 2 <= len(groups) <= 4
        and 2 <= groups[0] <= 5
        and not kinds & {".", "/"}
    ):
        return min(groups[1:]) >= 3
    return bool(_NORTH_AMERICA.fullmatch(digits)) and groups[-3:] == (3, 3, 4) and kinds != {" "}


def _is_hidden(digits: str, groups: tuple[int, ...], kinds: set[str]) -> bool:
    """Whether letters or stars separate the digits of a mobile number to hide it.

    The sides of a size are round numbers; a day is a group of its own.
    """
    if groups not in _OF_HIDDEN or "\t" in kinds or any("\n" in kind for kind in kinds):
        return False
    size = (
        groups == (3, 4, 4)
        and kinds <= {"x", "*"}
        and digits[6] == digits[10] == "0"
        and digits[3] != "0" != digits[7]
    )
    return not size and not (groups == (3, 8) and _DAY.match(digits[3:]))


def _mobile_groups(groups: tuple[int, ...], kinds: set[str]) -> bool:
    """Whether eleven digits in `groups` are grouped like a mobile number.

    Numbers in the cells of a table are not.
    """
    if set(groups) == {1}:
        return True
    if kinds & {"\t", "、"}:
        return False
    if groups in _GROUPS_OF_11:
        return True
    return kinds <= {" "} and (
        len(groups) == 2 or groups == (2, 3, 3, 3) or (len(groups) > 5 and max(groups) <= 2)
    )


def _with_extension(text: str, end: int) -> int:
    found = _EXTENSION.match(text, end)
    return found.end() if found else end


def _with_country(text: str, start: int) -> int:
    """Return `start`, or the start of the +86 before it."""
    before = _just_before(text, start)
    found = _COUNTRY.search(before)
    return start - len(before) + found.start() if found else start


def _just_before(text: str, start: int) -> str:
    return text[max(0, start - 12) : start]


def labelled_phone(text: str, start: int, promised: bool) -> int | None:
    """Return the end of the telephone number at `start` after a label.

    Returns None for a date, and for a quantity if only a space came before it (not `promised`).
    """
    found = _LABELLED.match(text, start)
    if not found or _DATE.match(text, start):
        return None
    digits = re.sub(r"\D", "", found[0])
    if not 6 <= len(digits) <= 16:
        return None
    if not promised and (
        len(digits) == 6
        or digits.endswith("000")
        or (len(digits) < 11 and _COUNTED.match(text, found.end()))
    ):
        return None
    return _with_extension(text, found.end())


def is_date(text: str, start: int) -> bool:
    """Whether a date or a range of years begins at `start`."""
    return bool(_DATE.match(text, start))


def identity_numbers(text: str) -> Iterator[Number]:
    """Yield the identity numbers in `text`: 18 characters with a day of birth or a valid check
    digit, and the old ones with 15.

    Both are required if more than spaces and hyphens separate the digits, or if more digits come
    before or after.
    """
    for found in _IDENTITY.finditer(text):
        start, end = found.span(1)
        number = re.sub(r"[^\dx]", "", found[1])
        born, checked = bool(_BORN.fullmatch(number)), check_digit(number[:17]) == number[17]
        alone = not (text[start - 1 : start].isdigit() or text[end : end + 1].isdigit())
        if (born and checked and _as_an_identity(found[1])) or (
            alone
            and _PLAINLY.fullmatch(found[1])
            and (born or (checked and found[1].count(" ") <= 12))
        ):
            yield Number("id_number", start, end)
    for found in _OLD_IDENTITY.finditer(text):
        yield Number("id_number", found.start(), found.end())


def _as_an_identity(text: str) -> bool:
    """Whether an identity number is grouped evenly, or as people group it: place, day of birth,
    rest.

    Ranges of months below each other have as many digits, and are not identity numbers.
    """
    groups = [len(group) for group in re.findall(r"[\dx]+", text)]
    ends = set(accumulate(groups))
    return {6, 14} <= ends or len(set(groups[:-1])) <= 1


def check_digit(body: str) -> str:
    """Return the check digit of an 18-character identity number (GB 11643, ISO 7064 MOD 11-2)."""
    return "10x98765432"[
        sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11
    ]
