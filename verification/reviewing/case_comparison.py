"""The reviewer's comparison: a case's fields from all sources, and the findings of its checks.

It turns stored facts into rows with wording, and reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from documents.licence.fields import FIELDS
from verification.cases import wording
from verification.cases.wording import Word
from verification.checks import field_comparison
from verification.providers.registries.base import Agrees, status_of
from verification.rules.findings import Finding, Observation

# --- A field from four sources --------------------------------------------------------------------

Agreement = Literal["agrees", "differs", "alone", "absent"]
AGREEMENT_WORDS: Final[dict[str, Word]] = {
    "agrees": _("Agrees"),
    "differs": _("Differs"),
    "alone": _("Nothing to compare"),
    "absent": _("Not given"),
}
STATUS_WORDS: Final[dict[str, Word]] = {"agrees": _("In order"), "differs": _("Concern")}
"""For a field that only the register has, which is judged rather than compared."""
_SAID: Final[dict[Agrees, Word]] = {
    Agrees.MATCH: AGREEMENT_WORDS["agrees"],
    Agrees.MISMATCH: AGREEMENT_WORDS["differs"],
}


@dataclass(frozen=True)
class Part:
    """A part of a value, and whether it differs from the reference value."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Cell:
    """One source's value for one field."""

    parts: tuple[Part, ...] = ()
    differs: bool = False
    note: Word = ""
    """A remark on the value. It can come without a value, from a register that only says whether a
    declared value agrees.
    """

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Row:
    """One field as declared, as read from the licence, from its QR code, and from the register."""

    field: str
    declared: Cell
    read: Cell
    qr: Cell
    registry: Cell
    agreement: Agreement
    former: bool = False
    """Whether it differs because it is a former name of the company."""

    @property
    def label(self) -> Word:
        return wording.FIELDS.get(self.field, self.field)

    @property
    def agreement_in_words(self) -> Word:
        if self.former:
            return _("Former name")
        if self.field == "status" and self.agreement in STATUS_WORDS:
            return STATUS_WORDS[self.agreement]
        return AGREEMENT_WORDS[self.agreement]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.declared, self.read, self.qr, self.registry)

    @property
    def compares(self) -> bool:
        """Whether the field is shown among those compared, not among those only read."""
        return self.field in _ALWAYS_SHOWN or self.agreement in ("agrees", "differs")


_ALWAYS_SHOWN: Final = ("name", "uscc", "legal_representative", "status", "established_on")
_NUMBER: Final = "registration_number"
_IN_ORDER: Final = tuple(
    dict.fromkeys((*_ALWAYS_SHOWN, "term", "type", *(f for f in FIELDS if f != _NUMBER), _NUMBER))
)


def comparison_rows(
    declared: Mapping[str, str], reading: Observation, registry: Observation
) -> list[Row]:
    """Return a row for every field with a value in any source, declared fields first.

    `reading` and `registry` are the observations of the checks of those names; either may be empty.
    """
    rows = field_comparison.compare_fields(declared, reading, registry, _IN_ORDER)
    return [_row(row) for row in rows if row.field in _ALWAYS_SHOWN or row.values["read"]]


def _row(row: field_comparison.Row) -> Row:
    told: Agreement = "absent" if not any(row.values.values()) else "alone"
    if row.agrees is not Agrees.UNABLE:
        told = "agrees" if row.agrees is Agrees.MATCH else "differs"
    declared, read, qr, registry = (_cell(row, source) for source in field_comparison.SOURCES)
    return Row(row.field, declared, read, qr, registry, told, row.former)


def _cell(row: field_comparison.Row, source: str) -> Cell:
    says, value = row.says.get(source), row.values[source]
    if not value:
        return Cell(differs=says is Agrees.MISMATCH, note=_SAID.get(says, "") if says else "")
    if row.field == "status":
        return Cell((Part(str(wording.SEEN[status_of(value)])),), differs=says is Agrees.MISMATCH)
    shown, reference = written_out(value), written_out(row.values[row.reference])
    parts = mark_differences(shown, reference) if says is Agrees.MISMATCH else (Part(shown),)
    return Cell(
        parts, says is Agrees.MISMATCH, _of_code(row) if source == "read" and row.suggestion else ""
    )


def written_out(value: str) -> str:
    """Return an ISO date as the current language writes dates; any other value unchanged."""
    try:
        return str(date_format(date.fromisoformat(value), "DATE_FORMAT"))
    except ValueError:
        return value


def _of_code(row: field_comparison.Row) -> Word:
    """Return the remark on a misread code: a suggested code, or that another source supplied it."""
    return (
        _("Read as a similar character; another source has this one")
        if row.taken
        else format_lazy(_("Possibly {code}"), code=row.suggestion)
    )


def mark_differences(value: str, reference: str) -> tuple[Part, ...]:
    """Return `value` in parts, with those that differ from `reference` marked."""
    changes = SequenceMatcher(None, reference, value, autojunk=False).get_opcodes()
    return tuple(
        Part(value[start:end], kind != "equal")
        for kind, _a, _b, start, end in changes
        if start < end
    )


# --- Regions on the page --------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the page, around a field's value."""

    field: str
    x: float
    y: float
    width: float
    height: float
    agreement: Agreement | Literal["trace"]
    says: Word = ""
    """The label of a box that belongs to no field."""

    @property
    def label(self) -> Word:
        return self.says or wording.FIELDS.get(self.field, self.field)


def field_boxes(reading: Observation, rows: Iterable[Row]) -> list[Box]:
    """Return a box for each field that was read, in the colour of its row."""
    agreements = {row.field: row.agreement for row in rows}
    return [
        Box(field, x0, y0, x1 - x0, y1 - y0, agreements.get(field, "alone"))
        for field, (x0, y0, x1, y1) in (reading.get("regions") or {}).items()
        if x1 > x0 and y1 > y0
    ]


def mark_of(finding: Finding) -> str:
    """Return the id that links a finding to its own box; "" if it has none."""
    return (
        f"{finding.check}-{finding.code}-{finding.field}"
        if finding.region and finding.check in MARKED
        else ""
    )


MARKED: Final = frozenset({"forgery", "duplicates"})
"""Checks whose findings have their own region, apart from the fields."""


def trace_boxes(findings: Iterable[Finding], check: str, page: int) -> list[Box]:
    """Return the boxes on `page` for the findings of `check`."""
    return [
        Box(
            mark_of(finding),
            x0,
            y0,
            x1 - x0,
            y1 - y0,
            "trace",
            wording.code_for_staff(finding.code),
        )
        for finding in findings
        if finding.check == check and finding.page == page and finding.region
        for x0, y0, x1, y1 in [finding.region]
        if x1 > x0 and y1 > y0
    ]


# --- Findings -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """A finding as a sentence."""

    finding: Finding

    @property
    def severity(self) -> str:
        return self.finding.severity.name.lower()

    @property
    def points_at(self) -> str:
        """The box on the page that this finding highlights."""
        return mark_of(self.finding) or self.finding.field

    @property
    def severity_in_words(self) -> Word:
        return wording.SEVERITIES[self.finding.severity]

    @property
    def sentence(self) -> Word:
        return wording.code_for_staff(self.finding.code)

    @property
    def check(self) -> Word:
        words = wording.CHECKS.get(self.finding.check)
        return words.staff if words else self.finding.check

    @property
    def field(self) -> Word:
        return wording.FIELDS.get(self.finding.field, self.finding.field)

    @property
    def seen(self) -> Word:
        """The value seen; empty if the sentence already says it."""
        return (
            ""
            if self.finding.code == "re_encoded_only"
            else wording.SEEN.get(self.finding.seen, self.finding.seen)
        )

    @property
    def expected(self) -> Word:
        """The value expected; empty if the finding holds the strength of a proof instead."""
        if self.finding.code == "authority_proven":
            return ""
        return wording.SEEN.get(self.finding.expected, self.finding.expected)


def strictest_first(findings: Iterable[Finding]) -> list[Said]:
    """Return the findings as sentences, the strictest first."""
    return [Said(finding) for finding in sorted(findings, key=lambda finding: -finding.severity)]


def reasons_in_words(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return stored reasons (`[{"code", "seen", "expected"}]`) with their sentence added."""
    return [{"sentence": wording.code_for_staff(reason["code"]), **reason} for reason in reasons]
