"""What an employer is told about an upload before it submits: that it is another paper, has
expired, or names another company.

A remark never stops anyone, since the reader may be wrong. It says what was seen, what was expected
and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from documents.page.paper_kinds import PERSONAL, PaperKind
from documents.uscc import is_valid, normalise
from verification.checks.agency.hr_licence import licence_remarks
from verification.checks.authority_letter import letter_findings
from verification.checks.base import Subject
from verification.checks.reading import last_date, of_term
from verification.decision.pipeline import subject_of
from verification.models import Case, Document, DocumentKind
from verification.rules.findings import Finding, Observation, Severity

EXPECTED: Final[Mapping[str, PaperKind]] = {
    DocumentKind.BUSINESS_LICENCE: PaperKind.BUSINESS_LICENCE,
    DocumentKind.AUTHORIZATION_LETTER: PaperKind.AUTHORIZATION_LETTER,
    DocumentKind.HR_SERVICE_LICENCE: PaperKind.HR_SERVICE_LICENCE,
    DocumentKind.CLIENT_AUTHORIZATION: PaperKind.AUTHORIZATION_LETTER,
}
"""The paper that belongs to each kind of document. Founding documents have too many forms."""
_MAY_BE_FOUNDING: Final = frozenset({None, PaperKind.OTHER_PERMIT, PaperKind.TAX_CERTIFICATE})
CHECK: Final = "upload"


def personal_paper(reading: Observation | None) -> str:
    """Return the kind of the personal paper that was uploaded by mistake, or ""."""
    kind = str((reading or {}).get("kind") or "")
    titled = (reading or {}).get("titled") or (reading or {}).get("looks_like_licence")
    return kind if kind in PERSONAL and not titled else ""


def remarks(document: Document, case: Case, now: datetime) -> list[Finding]:
    """Return what speaks against a document that has been read, as its employer may know it."""
    row = getattr(document, "reading", None)
    reading: Observation | None = row.reading if row else None
    if not reading:
        return []
    if wrong := _wrong_paper(document.kind, reading):
        return [wrong]
    judge = _JUDGES.get(document.kind)
    return list(judge(reading, subject_of(case, now))) if judge else []


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


def _wrong_paper(slot: str, reading: Observation) -> Finding | None:
    if "kind" not in reading:  # read by an earlier version
        return None
    kind, expected = reading["kind"], EXPECTED.get(slot)
    if reading.get("titled") or reading.get("looks_like_licence") or kind == expected:
        return None
    if kind == PaperKind.NO_TEXT:
        return Finding(CHECK, "document_no_text", Severity.UNABLE, slot, expected=slot)
    if kind is None and expected is not None and not _says_something(slot, reading):
        return Finding(CHECK, "document_not_recognised", Severity.UNABLE, slot, expected=slot)
    if kind is None or (expected is None and kind in _MAY_BE_FOUNDING):
        return None
    return Finding(CHECK, "document_wrong_paper", Severity.UNABLE, slot, kind, slot)


def _says_something(slot: str, reading: Observation) -> bool:
    """Whether values of the expected paper were read although it was not recognised as a whole."""
    needed = {"uscc", "name"} if slot == DocumentKind.BUSINESS_LICENCE else {"company", "number"}
    return bool(needed & (reading.get("fields") or {}).keys())


def _of_licence(reading: Observation, subject: Subject) -> Iterator[Finding]:
    fields = reading.get("fields") or {}
    code = normalise(fields.get("uscc", ""))
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
