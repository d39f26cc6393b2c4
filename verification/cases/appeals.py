"""Appeals: an employer's objection to a decision, with evidence, for another reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from documents.upload.intake import Intake
from employers.models import Member
from events.core.errors import Refused
from verification.cases import decisions, documents, failed_uploads, operations
from verification.cases.notices import tell_employer
from verification.cases.storage import erase_unused
from verification.models import Appeal, Case, Document, DocumentKind
from verification.rules.states import State

WORDS_AT_MOST: Final = 4000
FILES_AT_MOST: Final = 4


@dataclass(frozen=True)
class Evidence:
    """A file sent with an appeal, opened by the intake, with the virus scanner's result."""

    taken_in: Intake
    scan: dict[str, Any]


def appeal_decision(
    case_id: UUID, member: Member, words: str, evidence: Sequence[Evidence], now: datetime
) -> Case:
    """Appeal against a rejection, suspension or revocation. A reviewer who did not decide it
    answers.

    A rejected case goes back into review; a suspended or revoked one does not change until the
    appeal is answered. Raises Refused; then nothing is kept.
    """
    return _speak("appeal", case_id, member, words, evidence, now)


def ask_person(
    case_id: UUID, member: Member, words: str, evidence: Sequence[Evidence], now: datetime
) -> Case:
    """Ask for a person to review the case as it is: after it was sent back repeatedly, or after
    uploads and proofs have failed.
    """
    return _speak("ask_person", case_id, member, words, evidence, now)


def _speak(
    verb: str,
    case_id: UUID,
    member: Member,
    words: str,
    evidence: Sequence[Evidence],
    now: datetime,
) -> Case:
    words = words.strip()[:WORDS_AT_MOST]
    if not words:
        raise Refused("words_missing", "words")
    evidence = list({each.taken_in.sha256: each for each in evidence}.values())
    if len(evidence) > FILES_AT_MOST:
        raise Refused("files_too_many", "evidence", expected=f"≤ {FILES_AT_MOST}")
    stored = [
        [default_storage.save("page.jpg", ContentFile(page.jpeg)) for page in each.taken_in.pages]
        for each in evidence
    ]
    is_stored = False
    try:
        with operations.moving_case(
            case_id, verb, member.as_actor(), now, why=_failed(case_id)
        ) as move:
            if move.case.state == State.REJECTED:
                move.case.appealed_at = now
            if move.case.state == State.DRAFT:
                move.case.submitted_at, move.case.submitted_by = now, member.user
            said = Appeal.objects.create(
                case=move.case, verb=verb, text=words, by=member.user, at=now
            )
            said.documents.set(
                _stored_once(move.case, each, names, member, now)
                for each, names in zip(evidence, stored, strict=True)
            )
            move.data["files"] = len(evidence)
            tell_employer(
                move.case,
                "case_appeal",
                {"path": reverse("verification:home")},
                now,
                by=member.user,
            )
        is_stored = True
        return move.case
    finally:
        if not is_stored:
            for each, names in zip(evidence, stored, strict=True):
                erase_unused(each.taken_in.sha256, names)


def _failed(case_id: UUID) -> decisions.Why:
    """For a draft, the failures that kept it from being submitted, which the reviewer sees."""
    case: Case | None = Case.objects.filter(pk=case_id, state=State.DRAFT).first()
    return (
        decisions.Why(
            [{"code": code} for code in dict.fromkeys(failed_uploads.early_failures(case))]
        )
        if case
        else decisions.NO_REASON
    )


def _stored_once(
    case: Case, evidence: Evidence, names: Sequence[str], member: Member, now: datetime
) -> Document:
    kind = DocumentKind.APPEAL_EVIDENCE
    same = case.documents.current().filter(kind=kind, sha256=evidence.taken_in.sha256).first()
    return same or documents.store_document(
        case, kind, evidence.taken_in, names, evidence.scan, member.user, now
    )
