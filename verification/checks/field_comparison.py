"""Comparison of the declaration, the licence, its QR code and the company register, field by field.

Pure: takes stored observations and returns a grid of rows, for the reviewer's page and the
employer's. A missing value is no mismatch. The only corrections are unambiguous ones: a code
contains no O, I, Z or S.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from documents.licence.witnesses import is_as_declared, same_name
from documents.page.capital import parse_capital
from documents.page.dates import parse_day
from documents.uscc import is_valid, normalise_uscc
from verification.providers.registries.base import Agrees, Status, status_of

FIELDS: Final = (
    "uscc",
    "name",
    "legal_representative",
    "established_on",
    "registered_capital",
    "address",
    "status",
)
SOURCES: Final = ("declared", "read", "qr", "registry")

_SUFFIXES: Final = (
    ("有限责任公司", "有限公司"),
    ("(个体工商户)", ""),
    ("(有限合伙)", ""),
    ("(普通合伙)", ""),
    ("(特殊普通合伙)", ""),
)
"""Words for the type of an organisation. Names with the same code that differ only in these belong
to the same organisation.
"""
_BAD_STATUSES: Final = frozenset(Status) - {Status.ACTIVE, Status.UNKNOWN}
_SHORTEST_ADDRESS: Final = 8


# --- Two values of one field ----------------------------------------------------------------------


def same_company_name(a: str, b: str) -> bool:
    """Whether two company names differ only in width, spaces, brackets and the words for the
    company type.
    """
    return same_name(a, b) or (bool(_without_type(a)) and _without_type(a) == _without_type(b))


def _without_type(name: str) -> str:
    folded = _folded(name)
    for suffix, instead in _SUFFIXES:
        if folded.endswith(suffix):
            return folded.removesuffix(suffix) + instead
    return folded


def is_one_of(name: str, names: Collection[str]) -> bool:
    """Whether `name` is one of these names of a company."""
    return any(same_company_name(name, other) for other in names)


def is_former(name: str, former_names: Collection[str]) -> bool:
    """Whether `name` is a former name of the company."""
    return is_one_of(name, former_names)


def registered_names(registry: Mapping[str, Any]) -> tuple[str, ...]:
    """The company's current names in the register: its record's name, and a name that the register
    has affirmed.
    """
    agreement = registry.get("agreement") or {}
    affirmed = agreement.get("known") and all(
        agreement.get(field) == Agrees.MATCH for field in ("uscc", "name")
    )
    asked = (agreement.get("asked") or {}).get("name", "") if affirmed else ""
    return tuple(
        dict.fromkeys(
            name for name in ((registry.get("record") or {}).get("name", ""), asked) if name
        )
    )


def _same_code(a: str, b: str) -> Agrees:
    return _as_agrees(normalise_uscc(a) == normalise_uscc(b))


def _same_company(a: str, b: str) -> Agrees:
    if not _letters(a) or not _letters(b):
        return Agrees.UNABLE  # there is no name, only punctuation
    return _as_agrees(same_company_name(a, b))


def _same_person(a: str, b: str) -> Agrees:
    return _as_agrees(
        is_as_declared("legal_representative", a, b) or is_as_declared("legal_representative", b, a)
    )


def _same_day(a: str, b: str) -> Agrees:
    first, second = parse_day(a), parse_day(b)
    return Agrees.UNABLE if first is None or second is None else _as_agrees(first == second)


def _same_capital(a: str, b: str) -> Agrees:
    first, second = parse_capital(a), parse_capital(b)
    return Agrees.UNABLE if first is None or second is None else _as_agrees(first == second)


def _same_address(a: str, b: str) -> Agrees:
    """Addresses often omit province and city, so the longer one may have more at the start."""
    long, short = sorted((_letters(a), _letters(b)), key=len, reverse=True)
    if not short:
        return Agrees.UNABLE
    before = long.removesuffix(short)
    within_a_number = before[-1:].isdigit() and short[0].isdigit()  # 11号 is not 1号
    return _as_agrees(
        long == short
        or (len(short) >= _SHORTEST_ADDRESS and before != long and not within_a_number)
    )


def _same_text(a: str, b: str) -> Agrees:
    return _as_agrees(_folded(a) == _folded(b))


_COMPARED: Final[Mapping[str, Callable[[str, str], Agrees]]] = {
    "uscc": _same_code,
    "name": _same_company,
    "legal_representative": _same_person,
    "established_on": _same_day,
    "registered_capital": _same_capital,
    "address": _same_address,
}


def compare_values(field: str, a: str, b: str) -> Agrees:
    """Whether `a` and `b` are the same value of `field`; UNABLE if one is missing or cannot be
    parsed.
    """
    if not a.strip() or not b.strip():
        return Agrees.UNABLE
    return _COMPARED.get(field, _same_text)(a, b)


def _as_agrees(same: bool) -> Agrees:
    return Agrees.MATCH if same else Agrees.MISMATCH


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("〔〕【】[]", "()()()"))
    return re.sub(r"[\s·•.]", "", text).upper()


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


# --- Codes as read --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Code:
    """A code as read, a suggested correction, and whether the correction was applied."""

    text: str
    suggestion: str = ""
    taken: bool = False
    """A second source has the suggested code, so it is `text`."""


def code_of(read: str, alternatives: Collection[str], others: Collection[str]) -> Code:
    """The code that was `read`, corrected if possible.

    A valid code is never corrected, whatever the `others` are: that would turn one company into
    another.

    For an invalid code, a look-alike among `alternatives` is suggested. It is applied only if one
    of `others` is the same.
    """
    text = normalise_uscc(read)
    if not text or is_valid(text):
        return Code(text)
    witnesses = {normalise_uscc(other) for other in others}
    valid = [code for code in map(normalise_uscc, alternatives) if is_valid(code)]
    for code in valid:
        if code in witnesses:
            return Code(code, code, taken=True)
    return Code(text, valid[0] if valid else "")


# --- The grid -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One field from up to four sources.

    `values` and `says` are by source (`SOURCES`). `says` compares each other source with the
    `reference`.
    """

    field: str
    values: Mapping[str, str]
    reference: str
    says: Mapping[str, Agrees]
    suggestion: str = ""
    """A suggested correction of the code that was read; empty for every other field."""
    taken: bool = False
    former: bool = False
    """The mismatch is a former name of the company."""

    @property
    def agrees(self) -> Agrees:
        """The result of the row: MISMATCH if any source differs. One source alone proves
        nothing.
        """
        if Agrees.MISMATCH in self.says.values():
            return Agrees.MISMATCH
        return Agrees.MATCH if Agrees.MATCH in self.says.values() else Agrees.UNABLE

    def for_employer(self) -> Row:
        """The row without the register's value, which a thief with another's licence must not
        learn.
        """
        return replace(
            self,
            values={source: value for source, value in self.values.items() if source != "registry"},
            suggestion="",
        )


def compare_fields(
    declared: Mapping[str, str],
    reading: Mapping[str, Any],
    registry: Mapping[str, Any],
    fields: Sequence[str] = FIELDS,
) -> list[Row]:
    """Return the grid, a row for each of `fields`.

    `reading` and `registry` are those checks' observations; either may be empty.
    """
    read = dict(reading.get("fields") or {})
    record = registry.get("record") or {}
    agreement = registry.get("agreement") or {}
    qr = str(reading.get("qr_uscc") or "")
    others = [value for value in (declared.get("uscc", ""), qr, record.get("uscc", "")) if value]
    alternatives: Mapping[str, Collection[str]] = reading.get("alternatives") or {}
    code = code_of(str(read.get("uscc") or ""), alternatives.get("uscc", ()), others)
    read["uscc"] = code.text
    rows = []
    for name in fields:
        values = {
            "declared": str(declared.get(name) or ""),
            "read": str(read.get(name) or ""),
            "qr": qr if name == "uscc" else "",
            "registry": str(record.get(name) or ""),
        }
        row = _row(name, values, agreement)
        if name == "uscc":
            row = replace(row, suggestion=code.suggestion, taken=code.taken)
        if name == "name" and row.agrees is Agrees.MISMATCH:
            row = replace(row, former=_has_former(values, record.get("former_names") or ()))
        rows.append(row)
    return rows


def _row(name: str, values: Mapping[str, str], agreement: Mapping[str, Any]) -> Row:
    if name == "status":
        return Row(
            name,
            values,
            "",
            {"registry": _of_status(values["registry"])} if values["registry"] else {},
        )
    reference = next((source for source in SOURCES if values[source].strip()), "")
    says = {
        source: compare_values(name, values[reference], values[source])
        for source in SOURCES
        if reference and source != reference
    }
    if says.get("registry") is Agrees.UNABLE and agreement.get("known") and reference:
        # A register that shows no values was asked about the declared value, or about the value
        # read.
        said = Agrees(agreement.get(name, Agrees.UNABLE))
        asked = str((agreement.get("asked") or {}).get(name) or "")
        if (
            said is not Agrees.UNABLE
            and compare_values(name, values[reference], asked) is Agrees.MATCH
        ):
            says["registry"] = said
    return Row(name, values, reference, says)


def _of_status(word: str) -> Agrees:
    status = status_of(word)
    if status is Status.ACTIVE:
        return Agrees.MATCH
    return Agrees.MISMATCH if status in _BAD_STATUSES else Agrees.UNABLE


def _has_former(values: Mapping[str, str], former_names: Collection[str]) -> bool:
    return any(
        values[source] and is_former(values[source], former_names)
        for source in ("declared", "read")
    )
