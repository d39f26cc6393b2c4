"""The values of a licence's fields, found in lines of print.

`clean_value` parses the lines beside a label. `find_company_numbers` finds the company's code and
number. `guess_fields` finds values whose label was not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from documents import uscc
from documents.page import confidence as page_confidence
from documents.page import dates
from documents.page.boxes import TextBox
from documents.page.licence_fields import LICENCE_FIELDS
from documents.page.parsing import WHOLE_TYPE
from documents.page.text import tidy_text, to_simplified

GUESSED: Final = 0.6
"""The factor on the confidence in a value without a label."""
LONGEST: Final = 3000
"""The most characters of a value. The longest scopes have a third of this."""
DOUBTED: Final = 0.3
"""The factor on the confidence in a number with a wrong check character."""


@dataclass(frozen=True)
class Value:
    """A field's value, the confidence in it (0..1), and its boxes."""

    text: str
    confidence: float
    boxes: tuple[TextBox, ...]
    alternatives: tuple[str, ...] = ()


Line = tuple[str, TextBox]


def clean_value(name: str, lines: Sequence[Line]) -> Value | None:
    """Return the value of field `name` in the `lines` beside and below its label, or None."""
    field = LICENCE_FIELDS[name]

    def parse(text: str) -> str:
        return field.parse(to_simplified(tidy_text(text))) if field.parse else ""

    if name == "type":
        lines = _lines_of_type(lines)
    text = parse("".join(text for text, _ in lines)[:LONGEST])
    if not text:
        return None
    boxes = tuple(box for _, box in lines)
    others = (
        page_confidence.alternative_readings(text, boxes, parse) if field.ceiling == 1.0 else ()
    )
    return Value(text, page_confidence.reading_confidence(boxes), boxes, others)


def _lines_of_type(lines: Sequence[Line]) -> Sequence[Line]:
    """Return `lines` up to the end of a whole legal form.

    Later lines that do not continue it belong to a field whose label was not read.
    """
    for i in range(1, len(lines)):
        before, line = (
            to_simplified(tidy_text("".join(text for text, _ in lines[:i]))),
            to_simplified(tidy_text(lines[i][0])),
        )
        if WHOLE_TYPE.fullmatch(before) and not line.startswith(("(", "分公司", "分支机构")):
            return lines[:i]
    return lines


def find_company_numbers(
    beside: Mapping[str, Sequence[Line]], everywhere: Sequence[Line]
) -> dict[str, Value]:
    """Return the unified social credit code and the older registration number.

    `beside` has the lines next to their labels, by field. A code without a label must have a right
    check character and be alone in its line. A code beside its label is returned as read, with less
    confidence if it is wrong. Only a code read in the same place replaces it, never another code of
    the page (a stamp, a footer, a forger's margin).
    """
    found: dict[str, Value] = {}
    doubtful = _doubtful_code(beside.get("uscc", ()))
    loose = (
        code for code in _valid_codes(everywhere) if doubtful is None or _overlap(code, doubtful)
    )
    code = (
        next(_valid_codes(beside.get("uscc", ()), labelled=True), None)
        or next(loose, None)
        or doubtful
    )
    if code:
        found["uscc"] = code
    number = next(_registration_numbers(beside.get("registration_number", ())), None)
    if number and not is_checked_number(number.text):
        others = (
            other for other in _registration_numbers(everywhere) if is_checked_number(other.text)
        )
        number = next((other for other in others if _overlap(other, number)), number)
    if not number and not code:
        number = next(_registration_numbers(everywhere, factor=GUESSED), None)
    if number:
        found["registration_number"] = number
    return found


def guess_fields(free: Sequence[Line], taken: Iterable[str]) -> dict[str, Value]:
    """Return the fields not in `taken` whose values are recognised in lines without a label."""
    found: dict[str, Value] = {}
    lines = [(to_simplified(tidy_text(text)), box) for text, box in free]
    for name, field in LICENCE_FIELDS.items():
        if name in taken or not (field.recognises and field.parse):
            continue
        for text, box in lines:
            if field.recognises(text) and (value := field.parse(text)):
                found[name] = Value(value, box.score * GUESSED, (box,))
                break
    return found


def value_misfit(name: str, lines: Sequence[str]) -> float:
    """Return how unlike a value of field `name` the `lines` (tidy) are; 0 if they look like one."""
    field = LICENCE_FIELDS.get(name)
    return field.misfit(lines) if field else 0.0


def first_day(term: Value | None) -> Value | None:
    """Return the first day of `term` as a guess at the day of establishment.

    They are the same for nearly every company.
    """
    begins = dates.parse_day(term.text.partition("至")[0]) if term and "至" in term.text else None
    return (
        Value(begins.isoformat(), term.confidence * GUESSED, term.boxes)
        if term and begins
        else None
    )


def registration_check_digit(first14: str) -> str:
    """Return the 15th digit of a registration number (GS 15-2006: MOD 11,10)."""
    rest = 10
    for digit in first14:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return str((11 - rest) % 10)


def is_sound_number(number: str) -> bool:
    """Whether a registration number is plausible: 13 digits, or 15 with a right check digit."""
    return (number.isdigit() and len(number) == 13) or is_checked_number(number)


def is_checked_number(number: str) -> bool:
    """Whether a registration number has a right check digit. Those of 13 digits have none."""
    return (
        number.isdigit()
        and len(number) == 15
        and registration_check_digit(number[:14]) == number[14]
    )


# --- Codes ----------------------------------------------------------------------------------------


def _valid_codes(lines: Iterable[Line], *, labelled: bool = False) -> Iterator[Value]:
    for text, box in lines:
        for run in _runs(text, 18, 24 if labelled else 18):
            code = uscc.normalise_uscc(run)[
                : uscc.LENGTH
            ]  # the number of the copy (1-1) may follow
            if uscc.is_valid(code):
                yield Value(
                    code,
                    page_confidence.of_code(code, page_confidence.reading_confidence([box])),
                    (box,),
                )


def _overlap(a: Value, b: Value) -> bool:
    first, second = a.boxes[0], b.boxes[0]
    level = abs(first.middle[1] - second.middle[1]) < 0.8 * min(first.height, second.height)
    return level and first.x0 < second.x1 and second.x0 < first.x1


def codes_in(lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the different sound codes in `lines`, labelled or not."""
    return tuple(
        dict.fromkeys(
            code.text for code in _valid_codes(lines, labelled=True) if uscc.is_sound(code.text)
        )
    )


def might_be_code(text: str) -> bool:
    """Whether `text` looks like a company's code or number with some characters lost or added."""
    return bool(re.search(r"[0-9A-Z]{11,21}", tidy_text(text).upper())) and not re.search(
        "编号|标识", text
    )


def _doubtful_code(lines: Sequence[Line]) -> Value | None:
    for text, box in lines:
        for run in _runs(text, 16, 20):
            code, start = uscc.normalise_uscc(run), tidy_text(text).upper().find(run)
            unsure = {weak.at - start for weak in box.weak} if start >= 0 else set()
            return Value(
                code, box.score * DOUBTED, (box,), page_confidence.like_codes(code, unsure)
            )
    return None


def _registration_numbers(lines: Iterable[Line], factor: float = 1.0) -> Iterator[Value]:
    for text, box in lines:
        if re.search("编号|标识|电话", text):
            continue
        for number in _runs(text, 13, 15):
            sound = is_checked_number(number)
            if re.fullmatch(r"\d{13}|\d{15}", number) and (factor == 1.0 or sound):
                read = page_confidence.reading_confidence([box])
                sure = (
                    page_confidence.of_checked(read)
                    if sound
                    else read
                    if len(number) == 13
                    else read * DOUBTED
                )
                yield Value(number, sure * factor, (box,))


def _runs(text: str, shortest: int, longest: int) -> list[str]:
    """Return the runs of digits and letters in `text` of the given lengths.

    If there are none as printed, spaces and dots are removed first.
    """
    text = unicodedata.normalize("NFKC", text).upper()
    pattern = rf"(?<![0-9A-Z])[0-9A-Z]{{{shortest},{longest}}}(?![0-9A-Z])"
    return re.findall(pattern, text) or re.findall(pattern, re.sub(r"[\s.·]", "", text))
