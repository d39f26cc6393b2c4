"""What an employer is told about an upload before it submits: that it is another paper, has
expired, or names another company.

A remark never stops anyone, since the reader may be wrong. It says what was seen, what was expected
and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from documents.uscc import is_valid, normalise_uscc
from verification.checks.agency.hr_licence import licence_remarks
from verification.checks.authority_letter import letter_findings
from verification.checks.base import Subject
from verification.checks.reading import last_date, of_term
from verification.models import Case, Document, DocumentKind
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.wrong_paper import CHECK, wrong_paper


def upload_remarks(document: Document, case: Case, now: datetime) -> list[Finding]:
    """Return what speaks against a document that has been read, as its employer may know it."""
    row = getattr(document, "reading", None)
    reading: Observation | None = row.reading if row else None
    if not reading:
        return []
    if wrong := wrong_paper(document.kind, reading):
        return [wrong]
    judge = _JUDGES.get(document.kind)
    return list(judge(reading, _subject(case, now))) if judge else []


def _subject(case: Case, now: datetime) -> Subject:
    """Return what the employer declares. Remarks need nothing else."""
    return Subject(
        case_id=str(case.pk),
        employer_id=str(case.employer_id),
        name=case.declared_name,
        uscc=case.declared_uscc,
        legal_representative=case.declared_legal_representative,
        account_class=case.account_class,
        recruiter_email="",
        recruiter_email_verified=False,
        documents=(),
        now=now,
    )


def shared_files(documents: Iterable[Document]) -> dict[str, Finding]:
    """Return a remark for each current document whose file is also under another kind, by id."""
    kinds: dict[str, list[Document]] = {}
    for document in documents:
        if document.superseded_at is None and document.kind != DocumentKind.APPEAL_EVIDENCE:
            kinds.setdefault(document.sha256, []).append(document)
    return {
        str(one.pk): Finding(
            CHECK, "document_same_file_elsewhere", Severity.NOTE, one.kind, seen=other.kind
        )
        for same in kinds.values()
        for one in same
        if (other := next((each for each in same if each.kind != one.kind), None))
    }


def _of_licence(reading: Observation, subject: Subject) -> Iterator[Finding]:
    fields = reading.get("fields") or {}
    code = normalise_uscc(fields.get("uscc", ""))
    if is_valid(code) and code != subject.uscc:
        yield Finding(CHECK, "uscc_mismatch", Severity.CONCERN, "uscc", code, subject.uscc)
    if ends_on := last_date(fields.get("term", "")):
        told, severity = of_term(ends_on, subject.now)
        if severity is not Severity.PASS:
            yield Finding(CHECK, told, severity, "term", ends_on)


_JUDGES: Final[Mapping[str, Callable[[Observation, Subject], Iterable[Finding]]]] = {
    DocumentKind.BUSINESS_LICENCE: _of_licence,
    DocumentKind.AUTHORIZATION_LETTER: letter_findings,
    DocumentKind.HR_SERVICE_LICENCE: licence_remarks,
}
