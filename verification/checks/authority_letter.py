"""The recruiter's letter of authorisation: what it says, and whether it names the company.

A letter proves little, and a person reviews it. But a letter of another company, or one that has
ended, is worth nothing, and the employer should know that before it submits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from documents.licence.witnesses import same_name
from documents.page.paper_kinds import PaperKind
from documents.papers.read import read_paper
from verification.checks.agency.paper_findings import day_of, finding_about, mismatch_severity
from verification.checks.base import Earlier, Pages, Subject, SubjectDocument
from verification.models import DocumentKind, DocumentReading
from verification.rules.findings import Finding, Observation, Severity

CODE = "authority"
"""The code of the check that these findings belong to."""
VERSION = "1"
_KEPT = {
    "company": "letter_company",
    "recruiter": "letter_recruiter",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
}
"""The fields that are kept, with the names under which they are shown. Identity numbers are not."""


class AuthorityLetter:
    """Reads one letter alone, when it is uploaded."""

    code = CODE
    version = VERSION
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return _read(subject.documents[0])

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return list(letter_findings(observation, subject))


class FoundingPaper(AuthorityLetter):
    """Recognises one founding document other than a business licence, when it is uploaded. Its
    contents are for a person.
    """

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        read = _read(subject.documents[0])
        return read | {"fields": {}, "confidence": {}, "regions": {}}

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return []


def letter_reading(document: SubjectDocument) -> Observation | None:
    """Return the reading of a letter that was made at upload, or make it now if it is still due.
    None if it could not be read, or was uploaded before letters were read.
    """
    row = DocumentReading.objects.filter(document=UUID(document.id)).first()
    if row is None:
        return None
    if row.finished_at is None:
        return _read(document)
    reading: Observation | None = row.reading
    return reading


def letter_findings(letter: Observation, subject: Subject) -> Iterator[Finding]:
    """Yield what speaks against a letter that was read."""
    fields = letter["fields"]
    if letter.get("kind") not in (None, PaperKind.AUTHORIZATION_LETTER) and not letter["titled"]:
        wrong = finding_about(
            letter,
            "document_wrong_paper",
            Severity.UNABLE,
            DocumentKind.AUTHORIZATION_LETTER,
            letter["kind"],
            DocumentKind.AUTHORIZATION_LETTER,
        )
        yield replace(wrong, check=CODE)
        return
    company = fields.get("letter_company", "")
    if company and not same_name(company, subject.name):
        code, field = "authority_letter_mismatch", "letter_company"
        other = finding_about(
            letter, code, mismatch_severity(letter, field), field, company, subject.name
        )
        yield replace(other, check=CODE)
    until = day_of(fields.get("valid_until", ""))
    if until and until < subject.today:
        ended = finding_about(
            letter, "authority_letter_expired", Severity.CONCERN, "valid_until", until.isoformat()
        )
        yield replace(ended, check=CODE)


def _read(document: SubjectDocument) -> Observation:
    letter = read_paper("authorization_letter", Pages(document))
    kept = {shown: name for name, shown in _KEPT.items() if name in letter.fields}
    return {
        "document": document.id,
        "titled": letter.titled,
        "kind": letter.kind,
        "sealed": letter.sealed,
        "page": letter.page,
        "turn": letter.turn,
        "reader": letter.reader,
        "fields": {shown: letter.fields[name] for shown, name in kept.items()},
        "confidence": {shown: letter.confidence[name] for shown, name in kept.items()},
        "regions": {shown: list(letter.regions[name]) for shown, name in kept.items()},
    }
