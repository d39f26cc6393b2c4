"""Lookup of an HR service licence number in the published lists and in earlier cases.

A licence can be forged in the forger's own name, with a plausible number, so its picture is weak
evidence. Provinces publish the agencies that they have licensed (`manage.py import_hr_licences`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from documents.papers.hr_service import number_key
from verification.checks.base import Subject
from verification.models import HrLicenceRecord, HrLicenceShown
from verification.rules.states import EVER_APPROVED


def look_up(number: str, subject: Subject) -> dict[str, Any]:
    """Return `{"number", "record", "approved_with"}`: the list's entry or None, and the other
    employers that were approved with the number.

    The number is recorded for this case first, so that of two cases checked at the same time at
    least one sees the other.
    """
    key = number_key(number)
    HrLicenceShown.objects.get_or_create(number=key, case_id=UUID(subject.case_id))
    record: HrLicenceRecord | None = HrLicenceRecord.objects.filter(pk=key).first()
    approved = HrLicenceShown.objects.filter(number=key, case__state__in=EVER_APPROVED)
    others = approved.exclude(case__employer_id=subject.employer_id).exclude(
        case__declared_uscc=subject.uscc
    )
    return {
        "number": key,
        "record": _stored(record) if record else None,
        "approved_with": sorted(
            {str(employer) for employer in others.values_list("case__employer_id", flat=True)}
        ),
    }


def _stored(record: HrLicenceRecord) -> dict[str, Any]:
    until = record.valid_until.isoformat() if record.valid_until else None
    return {
        "name": record.name,
        "uscc": record.uscc,
        "valid_until": until,
        "as_of": record.as_of.isoformat(),
    }


def last_day(record: Mapping[str, Any]) -> date | None:
    """The last day according to the list; None if there is no end, or the list does not state
    it.
    """
    return date.fromisoformat(record["valid_until"]) if record["valid_until"] else None
