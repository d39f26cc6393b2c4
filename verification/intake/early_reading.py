"""Reads uploads before the case is submitted, so that the employer can confirm or correct the
values.

A worker reads each upload at once. A client's letter is read in the same way as by the check, but
judged on demand (`verification.intake.client_letters`). The keypoints of a licence are computed in
the same run, once its values can be shown. A correction by the employer never changes the reading:
it is a statement, which the reviewer sees next to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from documents.uscc import normalise_uscc
from employers.models import Member
from events.core.errors import ProviderUnavailable, Refused
from events.jobs.runner import Clock, Failure, Lease, claim_row, run_job
from events.models import record
from verification.cases import draft_erasure, guards
from verification.checks import picture_index
from verification.checks.agency.check import ClientLetter, ServiceLicence
from verification.checks.authority_letter import AuthorityLetter, FoundingPaper
from verification.checks.base import Check
from verification.checks.reading import Reading
from verification.decision import pipeline
from verification.intake import client_letters
from verification.models import Case, Document, DocumentKind, DocumentReading, Statement
from verification.rules.findings import Observation
from verification.rules.wrong_paper import personal_paper

log = structlog.get_logger()

SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    DocumentKind.BUSINESS_LICENCE: (
        "name",
        "uscc",
        "legal_representative",
        "established_on",
        "term",
        "registered_capital",
        "registration_number",
    ),
    DocumentKind.HR_SERVICE_LICENCE: ("number", "name", "scope", "valid_from", "valid_until"),
    DocumentKind.AUTHORIZATION_LETTER: ("letter_company", "letter_recruiter", "valid_until"),
}
"""Values that the employer is asked to confirm, in the order of its page. The business scope is
left out, because it is too long to proofread.
"""
_CHECKS: Final[Mapping[str, Callable[[], Check]]] = {
    DocumentKind.AUTHORIZATION_LETTER: AuthorityLetter,
    DocumentKind.HR_SERVICE_LICENCE: ServiceLicence,
    DocumentKind.APPROVAL_DOCUMENT: FoundingPaper,
    DocumentKind.CLIENT_AUTHORIZATION: ClientLetter,
}
"""The checks that read documents other than business licences."""
TRIES: Final = 5
"""After this many tries, the check reads the document after submission instead."""
DEATHS: Final = 2
FAILURES: Final = (
    Failure(ProviderUnavailable, lambda down, tries: max(1.0, down.retry_after), tries=TRIES),
    # A bug, or a failure of a reader. The check will report it where staff see it.
    Failure(Exception, event="document_not_read", broken=True, tries=1),
)


@dataclass(frozen=True)
class Value:
    """A value that was read, and what the employer says about it."""

    field: str
    read: str
    has_region: bool
    """Whether its region on the page is known, so that a crop can be shown."""
    said: str | None = None

    @property
    def disputed(self) -> bool:
        return self.said is not None and self.said != self.read


def read_document(
    document_id: UUID, clock: Clock, lease_seconds: float, check: Check | None = None
) -> bool:
    """Read a document that is due; return whether it was read now.

    A document that cannot be read does not block the employer.
    """
    readings = DocumentReading.objects.select_related(
        "document__case__employer", "document__case__submitted_by"
    )
    return run_job(
        claim_row(readings, document_id, clock, lease_seconds),
        lambda lease: _read(lease, check),
        _write_down,
        failures=FAILURES,
        give_up=lambda lease, error: _write_down(lease, None),
        deaths=DEATHS,
    )


def _read(lease: Lease[DocumentReading], check: Check | None) -> tuple[str, Observation] | None:
    document = lease.row.document
    if document.superseded_at is not None:
        return None
    check = check or _CHECKS.get(document.kind, Reading)()
    return check.version, _observe(check, document.case, str(document.pk), lease.clock())


def _write_down(lease: Lease[DocumentReading], read: tuple[str, Observation] | None) -> bool:
    version, observation = read or ("", None)
    version = version if observation else ""
    document = lease.row.document
    paper = personal_paper(observation)
    if paper:
        observation = {"kind": paper}
    with transaction.atomic():
        # As in `draft_erasure`, the document is locked before its reading, to avoid deadlocks.
        Document.objects.select_for_update(of=("self",)).filter(pk=document.pk).first()
        if not lease.finish(reading=observation, version=version):
            return False
        if paper:
            draft_erasure.erase_personal_paper(document.pk, paper, lease.clock())
            return True
    if document.superseded_at is None and lease.row.deaths < DEATHS:
        _find_keypoints_ahead(document)
        if observation and document.kind == DocumentKind.CLIENT_AUTHORIZATION:
            client_letters.notify_of_letter(document.pk, lease.clock())
    return observation is not None


def _find_keypoints_ahead(document: Document) -> None:
    """Compute the keypoints now, to shorten the wait for the check `duplicates`.

    The check computes any that are missing.
    """
    if document.kind != DocumentKind.BUSINESS_LICENCE:
        return
    try:
        picture_index.prepare_landmarks(document.pages.all())
    except Exception:  # as above: the check will report it
        log.exception("landmarks_not_kept", document=str(document.pk))


def _observe(check: Check, case: Case, document_id: str, now: datetime) -> Observation:
    subject = pipeline.subject_of(case, now)
    return check.observe(
        replace(subject, documents=tuple(d for d in subject.documents if d.id == document_id)), {}
    )


def shown_values(kind: str, reading: Observation | None, said: Mapping[str, str]) -> list[Value]:
    """Return the values shown for this kind of document, each with the employer's statement."""
    if not reading:
        return []
    fields, regions = reading.get("fields") or {}, reading.get("regions") or {}
    return [
        Value(name, str(fields[name]), name in regions, said.get(name))
        for name in SHOWN.get(kind, ())
        if fields.get(name)
    ]


def save_statements(
    document_id: UUID, member: Member, corrections: Mapping[str, str], now: datetime
) -> list[Statement]:
    """Save the employer's statements on all values read: its corrections, and the rest as right.

    A later call replaces earlier statements. Raise Refused: `state_conflict` if the case can no
    longer be edited, and `document_unread` if nothing has been read.
    """
    with transaction.atomic():
        document = Document.objects.select_related("case").get(pk=document_id)
        case = Case.objects.select_for_update().get(pk=document.case_id)
        if refused := guards.may_edit(case, member.as_actor()):
            raise refused
        row = DocumentReading.objects.filter(document=document).first()
        shown = shown_values(document.kind, row.reading if row else None, {})
        if not shown:
            raise Refused("document_unread", "document")
        made = []
        for value in shown:
            said = _spelt(value.field, corrections.get(value.field, "")) or value.read
            statement, _ = Statement.objects.update_or_create(
                document=document,
                field=value.field,
                defaults={"read": value.read, "said": said, "by": member.user, "at": now},
            )
            made.append(statement)
        disputed = [statement.field for statement in made if statement.said != statement.read]
        told = {"case": str(case.pk), "confirmed": len(made) - len(disputed), "disputed": disputed}
        record(
            "state_values",
            document,
            member.as_actor(),
            now,
            employer_id=case.employer_id,
            data=told,
        )
    return made


def _spelt(field: str, typed: str) -> str:
    typed = " ".join(
        "".join(
            character for character in typed if character.isprintable() or character.isspace()
        ).split()
    )[:300]
    return normalise_uscc(typed) if field == "uscc" else typed
