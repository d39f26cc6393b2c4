"""The human resources service licence: its contents, and whether they match the company and the
published lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from documents.ocr.base import Reader
from documents.page.confidence import SURE
from documents.papers.read import read_paper
from documents.uscc import is_valid, normalise_uscc
from verification.checks.agency import hr_licence_list
from verification.checks.agency.paper_findings import CODE, day_of, finding_about, mismatch_severity
from verification.checks.base import Earlier, Pages, Subject, SubjectDocument
from verification.checks.field_comparison import (
    is_former,
    is_one_of,
    registered_names,
    same_company_name,
)
from verification.checks.registry import FRESH
from verification.models import DocumentKind, DocumentReading
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.validity import ends_soon

PLACEMENT: Final = ("中介", "介绍", "推荐", "招聘", "寻访", "猎头", "供求信息")
"""Words for recruitment services in a licence's scope."""

_OF_LICENCE: Final = ("number", "name", "uscc", "scope", "valid_from", "valid_until")
_NEEDED: Final = ("number", "name", "scope", "valid_until")
"""Fields that must be readable before the machine relies on the licence."""


def read_licence(
    document: SubjectDocument, readers: Sequence[Reader], version: str
) -> dict[str, Any]:
    """Read the licence. If this version has read it at upload, return that reading."""
    before = (
        DocumentReading.objects.filter(document=UUID(document.id), version=version)
        .values_list("reading", flat=True)
        .first()
    )
    if before:
        read_before: dict[str, Any] = before
        return read_before
    reading = read_paper("hr_service_licence", Pages(document), readers)
    return {
        "document": document.id,
        "titled": reading.titled,
        "kind": reading.kind,
        "page": reading.page,
        "turn": reading.turn,
        "reader": reading.reader,
        "fields": {name: text for name, text in reading.fields.items() if name in _OF_LICENCE},
        "confidence": {
            name: sure for name, sure in reading.confidence.items() if name in _OF_LICENCE
        },
        "regions": {
            name: list(region) for name, region in reading.regions.items() if name in _OF_LICENCE
        },
    }


def licence_findings(
    subject: Subject, earlier: Earlier, observation: Observation
) -> Iterator[Finding]:
    """Yield the findings about the licence of a company that needs one."""
    licence = observation["licence"]
    if licence is None:
        words = "、".join(observation["agency_words"])
        field = "business_scope" if words else DocumentKind.HR_SERVICE_LICENCE
        yield Finding(CODE, "agency_licence_missing", Severity.CONCERN, field, words)
        return
    fields = licence["fields"]
    if not licence["titled"]:
        yield Finding(
            CODE, "agency_licence_unreadable", Severity.UNABLE, DocumentKind.HR_SERVICE_LICENCE
        )
        return
    until = _last_day(licence, observation["listed"])
    findings = [
        *_lacking(licence),
        *_name(subject, earlier, licence),
        *_code(subject, licence),
        *_in_force(subject, licence),
        *_listed(subject, licence, observation["listed"]),
    ]
    if "scope" in fields and not any(word in fields["scope"] for word in PLACEMENT):
        findings.append(
            finding_about(
                licence, "agency_licence_mismatch", Severity.UNABLE, "scope", fields["scope"][:60]
            )
        )
    if not findings and until and ends_soon(until, subject.now):
        findings.append(
            finding_about(
                licence,
                "agency_licence_ends_soon",
                Severity.CONCERN,
                "valid_until",
                until.isoformat(),
            )
        )
    findings = findings or [
        finding_about(licence, "agency_licence_agrees", Severity.PASS, "number", fields["number"])
    ]
    yield from (replace(finding, until=until.isoformat() if until else "") for finding in findings)


def licence_remarks(licence: Observation, subject: Subject) -> Iterator[Finding]:
    """Yield what a licence itself shows to be wrong, without register and lists."""
    if not licence.get("titled"):
        return
    wrong = [*_name(subject, {}, licence), *_code(subject, licence), *_in_force(subject, licence)]
    until = day_of(licence["fields"].get("valid_until", ""))
    if not wrong and until and ends_soon(until, subject.now):
        ends = until.isoformat()
        soon = "agency_licence_ends_soon"
        wrong = [finding_about(licence, soon, Severity.CONCERN, "valid_until", ends)]
    yield from wrong


def _last_day(licence: Mapping[str, Any], listed: Mapping[str, Any] | None) -> date | None:
    """The earlier of the licence's end and the list's. Anyone can print a later date on a
    licence.
    """
    on_list = hr_licence_list.last_day(listed["record"]) if listed and listed["record"] else None
    return min(
        (day for day in (day_of(licence["fields"].get("valid_until", "")), on_list) if day),
        default=None,
    )


def _lacking(licence: Mapping[str, Any]) -> list[Finding]:
    """If only a part of the licence was read, a person reads the rest."""
    lacking = [name for name in _NEEDED if not licence["fields"].get(name)]
    return [
        finding_about(licence, "agency_licence_unreadable", Severity.UNABLE, name)
        for name in lacking[:1]
    ]


def _name(subject: Subject, earlier: Earlier, licence: Mapping[str, Any]) -> list[Finding]:
    """Whether the licence names the company: as declared and as registered, or, without a register
    entry, as on its business licence.

    If the register has the licence's name but not the declared one, the licence is not at fault;
    the check `registry` reports that.
    """
    name, severity = licence["fields"].get("name", ""), mismatch_severity(licence, "name")
    registry, reading = earlier.get("registry", {}), earlier.get("reading", {})
    registered = registered_names(registry)
    is_registered = is_one_of(name, registered)
    if not name or (is_registered and not is_one_of(subject.name, registered)):
        return []
    if not is_registered and is_former(
        name, (registry.get("record") or {}).get("former_names") or ()
    ):
        return [
            finding_about(licence, "agency_licence_former_name", Severity.CONCERN, "name", name)
        ]
    if not same_company_name(name, subject.name):
        return [
            finding_about(licence, "agency_licence_mismatch", severity, "name", name, subject.name)
        ]
    if registered:  # only the reviewer may see the registered name
        return (
            []
            if is_registered
            else [finding_about(licence, "agency_licence_mismatch", severity, "name", name)]
        )
    read = reading.get("fields", {}).get("name", "")
    if not read or is_one_of(name, (read, *reading.get("alternatives", {}).get("name", ()))):
        return []
    sure = reading.get("confidence", {}).get("name", 1.0) >= SURE
    return [
        finding_about(
            licence,
            "agency_licence_mismatch",
            severity if sure else Severity.UNABLE,
            "name",
            name,
            read,
        )
    ]


def _code(subject: Subject, licence: Mapping[str, Any]) -> list[Finding]:
    code = normalise_uscc(licence["fields"].get("uscc", ""))
    if not is_valid(code) or code == subject.uscc:
        return []
    return [
        finding_about(
            licence,
            "agency_licence_mismatch",
            mismatch_severity(licence, "uscc"),
            "uscc",
            code,
            subject.uscc,
        )
    ]


def _in_force(subject: Subject, licence: Mapping[str, Any]) -> list[Finding]:
    today = subject.today
    first, last = (
        day_of(licence["fields"].get(name, "")) for name in ("valid_from", "valid_until")
    )
    if (last and last < today) or (first and first > today):
        name = "valid_until" if last and last < today else "valid_from"
        return [
            finding_about(
                licence, "agency_licence_expired", Severity.CONCERN, name, licence["fields"][name]
            )
        ]
    return []


def _listed(
    subject: Subject, licence: Mapping[str, Any], listed: Mapping[str, Any] | None
) -> list[Finding]:
    """The findings from the published lists about the number.

    A picture alone proves nothing: without a list entry, a person reviews it.
    """
    if listed is None:  # an unreadable number is already reported
        return []
    number, record = licence["fields"]["number"], listed["record"]
    found = (
        [finding_about(licence, "duplicate_agency_licence", Severity.CONCERN, "number", number)]
        if listed["approved_with"]
        else []
    )
    if record is None:
        return [
            *found,
            finding_about(licence, "agency_licence_unconfirmed", Severity.UNABLE, "number", number),
        ]
    if (record["uscc"] and record["uscc"] != subject.uscc) or (
        record["name"] and not same_company_name(record["name"], subject.name)
    ):
        found.append(
            finding_about(
                licence,
                "agency_licence_listed_otherwise",
                mismatch_severity(licence, "number"),
                "number",
                number,
            )
        )
    last, today = hr_licence_list.last_day(record), subject.today
    if last and last < today:
        found.append(
            finding_about(
                licence, "agency_licence_expired", Severity.CONCERN, "valid_until", last.isoformat()
            )
        )
    if (
        today - date.fromisoformat(record["as_of"]) > FRESH
    ):  # old bad news still counts, old good news does not
        found.append(
            finding_about(licence, "agency_licence_unconfirmed", Severity.UNABLE, "number", number)
        )
    return found
