"""Tests of foreign telephone numbers: they are found in the forms that people write, and similar
text is kept.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from phonenumbers import PhoneNumberFormat, format_number, is_valid_number, parse

from resumes.redaction.contacts import contacts_in

NUMBERS = {
    "United Kingdom": "+442079460958",
    "United Kingdom, mobile": "+447911123456",
    "United States": "+14155552671",
    "Canada": "+16045551234",
    "Hong Kong": "+85291234567",
    "Macao": "+85366123456",
    "Taiwan": "+886912345678",
    "Singapore": "+6591234567",
    "Malaysia": "+60123456789",
    "Japan": "+819012345678",
    "South Korea": "+821012345678",
    "Vietnam": "+84912345678",
    "Thailand": "+66812345678",
    "India": "+919812345678",
    "Australia": "+61412345678",
    "Germany": "+4915112345678",
    "France": "+33612345678",
    "Italy, mobile": "+393123456789",
    "Russia": "+79161234567",
    "Brazil": "+5511912345678",
    "United Arab Emirates": "+971501234567",
}
Form = Callable[[str, str], str]
"""Formats a number from its country code and the rest, grouped as in its country."""
FORMS: dict[str, Form] = {
    "international": lambda code, rest: f"+{code} {rest}",
    "digits": lambda code, rest: f"+{code}{rest.replace(' ', '').replace('-', '')}",
    "hyphens": lambda code, rest: f"+{code}-{rest.replace(' ', '-')}",
    "dots": lambda code, rest: f"+{code}.{rest.replace(' ', '.').replace('-', '.')}",
    "gap": lambda code, rest: f"+ {code} {rest}",
    "brackets": lambda code, rest: f"(+{code}) {rest}",
    "brackets within": lambda code, rest: f"+({code}) {rest}",
    "trunk prefix": lambda code, rest: f"+{code} (0){rest}",
    "full width": lambda code, rest: f"＋{code} {rest}",
    "behind a word": lambda code, rest: f"英国+{code}{rest.replace(' ', '').replace('-', '')}",
    "behind a letter": lambda code, rest: f"T+{code} {rest}",
    "within a sentence": lambda code, rest: f"海外请拨+{code} {rest}联系我",
    "exit code": lambda code, rest: f"00{code} {rest}",
    "exit code apart": lambda code, rest: f"00 {code} {rest}",
    "exit code of America": lambda code, rest: f"011 {code} {rest}",
    "no plus": lambda code, rest: f"{code} {rest}",
    "no plus, brackets": lambda code, rest: f"({code}) {rest}",
    "no plus, hyphens": lambda code, rest: f"{code}-{rest.replace(' ', '-')}",
    "underscores": lambda code, rest: f"+{code} {rest}".replace(" ", "_"),
    "points": lambda code, rest: f"+{code} {rest}".replace(" ", "·"),
    "over a line's end": lambda code, rest: f"+{code} " + "\n".join(rest.rsplit(" ", 1)),
}


def written(number: str, form: str) -> str:
    parsed = parse(number)
    code, _, rest = format_number(parsed, PhoneNumberFormat.INTERNATIONAL)[1:].partition(" ")
    return FORMS[form](code, rest)


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def taken(text: str) -> str:
    """Return the digits of `text` that are found as telephone numbers."""
    return "".join(
        digits(text[each.start : each.end]) for each in contacts_in(text) if each.kind == "phone"
    )


@pytest.mark.parametrize("country", NUMBERS)
@pytest.mark.parametrize("form", FORMS)
def test_a_number_is_found_in_every_form(country: str, form: str) -> None:
    assert is_valid_number(parse(NUMBERS[country]))
    text = written(NUMBERS[country], form)
    assert taken(text) == digits(text), text
    resume = f"张三 软件工程师\n{text}\n2018.09-2022.06 某某科技有限公司"
    assert taken(resume) == digits(text), "nothing else on the page is found"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("852 9123 4567 138 0013 8000", ["852 9123 4567", "138 0013 8000"]),
        ("女 25 852 9123 4567 2018.09-2022.06", ["852 9123 4567"]),
        ("HK: 852 9123 4567 | 44 20 7946 0958", ["852 9123 4567", "44 20 7946 0958"]),
        ("+44 20 7946 0958 ext. 22", ["+44 20 7946 0958 ext. 22"]),
        ("+49 30 1234567\n2018.09-2022.06", ["+49 30 1234567"]),
        ("1 415 555 2671", ["1 415 555 2671"]),
    ],
)
def test_it_is_found_beside_what_is_left(text: str, values: list[str]) -> None:
    assert [text[each.start : each.end] for each in contacts_in(text)] == values


LEFT = [
    "C++17 2019.09-2022.06",
    "C++11 2014 2015 2017",
    "新增+4663942233 用户",
    "+35% 2019-2021 +120%",
    "5+ 2019 2020 2021",
    "620 130 120 140",
    "高考 625 118 132 140 235",
    "2019 2020 2021 2022",
    "2018 09 2022 06",
    "65 3000 4000",
    "852 1000 2000 300",
    "收入 44 207 946 万元, 成本 33 612 345 万元",
    "订单号 852-1234-567",
    "订单 20191234567890",
    "ISBN 978-7-111-21382-6",
    "ISSN 1234-5679",
    "专利号 ZL201910123456.7",
    "192.168.100.200",
    "22.543096, 114.057865",
    "GB/T 19001-2016/ISO 9001:2015",
    "2019-09-01 08:30:00",
    "1 234 567 890 元",
    "12,345,678.90 USD",
    "85 6000 7000 8000 9000",
    "7128 9854 1965 6917",
    "852\t9123\t4567",
]


@pytest.mark.parametrize("text", LEFT)
def test_it_is_left(text: str) -> None:
    assert contacts_in(text) == []


def test_numbers_of_every_day_are_left() -> None:
    """Dates, ranges, amounts, orders and identifiers, 200 of each kind."""
    rng = random.Random(20261127)
    number = lambda length: "".join(rng.choices("0123456789", k=length))  # noqa: E731
    month = lambda: f"{rng.randint(1985, 2026)}.{rng.randint(1, 12):02}"  # noqa: E731
    kinds: dict[str, Callable[[], str]] = {
        "span": lambda: f"{month()} - {month()}",
        "years": lambda: " ".join(str(rng.randint(2005, 2026)) for _ in range(rng.randint(2, 5))),
        "scores": lambda: " ".join(str(rng.randint(100, 150)) for _ in range(4)),
        "amount": lambda: f"{rng.randint(1, 999)},{number(3)},{number(3)}元",
        "thousands apart": lambda: f"{rng.randint(100, 999)} {number(3)} {number(3)}",
        "order": lambda: (
            f"订单号 {rng.randint(2010, 2026)}{rng.randint(10, 12)}{rng.randint(10, 28)}{number(rng.randint(2, 6))}"  # noqa: E501
        ),
        "certificate": lambda: f"证书编号 {number(rng.randint(7, 9))}",
        "place": lambda: f"{rng.randint(20, 40)}.{number(6)}, {rng.randint(100, 120)}.{number(6)}",
        "standard": lambda: f"ISO {number(4)}:{rng.randint(1990, 2026)}",
        "language": lambda: f"C++{rng.choice((11, 14, 17, 20))} {month()}-{month()}",
        "growth": lambda: (
            f"+{rng.randint(1, 99)}% {rng.randint(2010, 2026)} +{rng.randint(1, 99)}%"
        ),
    }
    wrong = [
        text for make in kinds.values() for text in (make() for _ in range(200)) if taken(text)
    ]
    assert wrong == []


HEAVY = {
    "plus signs": "+1 " * 6_600,
    "short numbers": "+44 20 7946 " * 1_600,
    "codes": "852 9123 456 " * 1_500,
    "codes and hyphens": "85-9123-4567-" * 1_500,
    "exit codes": "00 44 20 7946 0958 " * 1_000,
    "codes down a column": "+852\n9123\n" * 2_000,
}


@pytest.mark.parametrize("kind", HEAVY)
@pytest.mark.sampled(2)
def test_a_page_made_to_be_slow_is_not(kind: str) -> None:
    started = time.process_time()
    contacts_in(HEAVY[kind])
    assert time.process_time() - started < 3
