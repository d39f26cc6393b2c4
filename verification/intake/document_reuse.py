"""Reuses documents of an earlier case: creates rows over the same stored pages.

A good document never has to be uploaded again: after a rejection, a withdrawal, or when the
employer is verified again. Documents that have expired or were found wrong are not offered, and the
reason is shown. Reused documents are read and checked anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from employers.models import User
from events.core.actor import Actor
from events.core.errors import Refused
from events.core.reasons import REASONS
from events.models import record
from verification.cases import decisions, operations, wording
from verification.cases.documents import queue_reading, room_for, too_many
from verification.intake import client_letters
from verification.models import (
    Case,
    ClientAuthorisation,
    Decision,
    Document,
    DocumentKind,
    DocumentPage,
)
from verification.models.decisions import SENT_BACK, STOPS
from verification.rules import states
from verification.rules.facts import Why
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import AGENCY, LICENCE, OF_KIND, paper_of, requirement_of
from verification.rules.validity import end_of

UNDO_FOR: Final = timedelta(days=1)
"""A removed document can be restored in its place for this long."""
_LETTER: Final = DocumentKind.CLIENT_AUTHORIZATION
_ENDED: Final = {LICENCE: "document_expired", AGENCY: "agency_licence_expired"}
"""The reason for an expired document, by requirement."""


@dataclass(frozen=True)
class Reusable:
    """The documents of one kind from an employer's earlier case."""

    documents: tuple[Document, ...] = ()
    """Documents that can be reused."""
    why_not: Why | None = None
    """Why others cannot."""


NOTHING: Final[dict[str, Reusable]] = {}


def reusable_documents(case: Case, now: datetime) -> dict[str, Reusable]:
    """Return by kind the latest documents that the employer has not given with this case.

    Return nothing once the case is submitted.
    """
    if case.state not in states.EDITABLE:
        return NOTHING
    given = (
        Document.objects.current()
        .filter(case__in=Case.objects.beside(case))
        .exclude(kind=DocumentKind.APPEAL_EVIDENCE)
    )
    related = given.select_related("case", "reading", "client_authorisation").prefetch_related(
        "pages"
    )
    earlier: dict[str, list[Document]] = {}
    for document in related.order_by("-case__opened_at", "uploaded_at"):
        of_kind = earlier.setdefault(document.kind, [])
        if not of_kind or of_kind[0].case_id == document.case_id:
            of_kind.append(document)
    if not earlier:
        return NOTHING
    here = [
        document
        for document in case.documents.all()
        if document.superseded_at is None or _can_be_undone(document, now)
    ]
    due = paper_of(case.account_class, case.declared_uscc)
    found = {}
    for kind, documents in earlier.items():
        there = {document.sha256 for document in here if document.kind == kind}
        left = [
            document
            for document in documents
            if document.sha256 not in there and document.pages.all()
        ]
        if (
            (there and kind != _LETTER)
            or not left
            or (kind in (LICENCE, "approval_document") and kind != due)
        ):
            continue
        reusable = _letters(left, now) if kind == _LETTER else _papers(kind, left, now)
        if reusable.documents or reusable.why_not:
            found[kind] = reusable
    return found


def use_again(case_id: UUID, kind: str, user: User, actor: Actor, now: datetime) -> list[Document]:
    """Add the reusable documents of `kind` to this case; a second call adds nothing. Raise Refused.

    The earlier rows are locked first. An erasure of their pages either comes before, and then there
    are none to reuse, or finds the new rows next to them.
    """
    with operations.editing_case(case_id, actor, adding=kind, now=now) as case:
        reusable = reusable_documents(case, now).get(kind, Reusable())
        if not reusable.documents and reusable.why_not:
            raise Refused(
                reusable.why_not.code,
                reusable.why_not.field,
                seen=reusable.why_not.seen,
                expected=reusable.why_not.expected,
            )
        if reusable.documents and not (room := room_for(case, kind)):
            raise too_many(case, kind)
        chosen = [
            document.pk for document in reusable.documents[: room if reusable.documents else 0]
        ]
        locked = (
            Document.objects.select_for_update(of=("self",))
            .filter(pk__in=chosen)
            .select_related("client_authorisation")
        )
        return [
            _again(case, earlier, user, actor, now) for earlier in locked.order_by("uploaded_at")
        ]


def _again(case: Case, earlier: Document, user: User, actor: Actor, now: datetime) -> Document:
    pages = list(earlier.pages.all())
    if not pages:  # erased since
        raise Refused("state_conflict", "document")
    document: Document = Document.objects.create(
        case=case,
        kind=earlier.kind,
        sha256=earlier.sha256,
        size=earlier.size,
        media_type=earlier.media_type,
        editor=earlier.editor,
        scan=earlier.scan,
        uploaded_by=user,
        uploaded_at=now,
    )
    for page in pages:
        page.pk, page.document = None, document
        page._state.adding = True
    DocumentPage.objects.bulk_create(pages)
    client: ClientAuthorisation | None = getattr(earlier, "client_authorisation", None)
    if client is not None:
        said = {
            "client_name": client.client_name,
            "client_uscc": client.client_uscc,
            "valid_until": client.valid_until,
        }
        ClientAuthorisation.objects.create(
            employer_id=case.employer_id, document=document, added_at=now, **said
        )
    queue_reading(document, now)
    told = {
        "case": str(case.pk),
        "kind": earlier.kind,
        "pages": len(pages),
        "from": str(earlier.pk),
    }
    record("reuse_document", document, actor, now, employer_id=case.employer_id, data=told)
    return document


def _can_be_undone(document: Document, now: datetime) -> bool:
    return document.superseded_at is not None and now - document.superseded_at < UNDO_FOR


# --- Reasons against reuse ------------------------------------------------------------------------


def _papers(kind: str, documents: Sequence[Document], now: datetime) -> Reusable:
    """Return the reusable documents of one kind.

    A finding about one document of a kind counts for all of them, except those uploaded later.
    """
    case, item = documents[0].case, OF_KIND[kind]
    paper = paper_of(case.account_class, case.declared_uscc)
    findings = [
        f for f in decisions.findings_of(case.pk) if requirement_of(f.code, f.field, paper) == item
    ]
    if ended := _ended(item, findings, now):
        return Reusable((), ended)
    decision: Decision | None = case.decisions.first()
    if decision is None:  # withdrawn before a decision
        told = (
            wording.finding_for_employer(finding)
            for finding in findings
            if finding.severity >= Severity.CONCERN
        )
        wrong = next((Why(f.code, f.field, f.seen, f.expected, f.check) for f in told), None)
        return Reusable((), wrong) if wrong else Reusable(tuple(documents))
    if decision.verb not in (*SENT_BACK, *STOPS, "uphold"):
        return Reusable(tuple(documents))
    reasons = [reason for reason in decision.reasons if reason.get("code") in REASONS]
    wrongs = [
        reason
        for reason in reasons
        if requirement_of(reason["code"], reason.get("field") or "", paper) == item
    ]
    if not wrongs:
        return Reusable(tuple(documents))
    code, *rest = (
        str(wording.told_reason(wrongs[0]).get(key) or "")
        for key in ("code", "field", "seen", "expected", "check")
    )
    return Reusable(
        tuple(document for document in documents if document.uploaded_at > decision.decided_at),
        Why(code, *rest),
    )


def _ended(item: str, findings: Iterable[Finding], now: datetime) -> Why | None:
    ends = sorted(finding.until for finding in findings if finding.until)
    over = bool(ends) and end_of(date.fromisoformat(ends[0])) <= now
    return (
        Why(_ENDED[item], "term" if item == LICENCE else "valid_until", ends[0])
        if over and item in _ENDED
        else None
    )


def _letters(documents: Sequence[Document], now: datetime) -> Reusable:
    """Return the reusable letters, each judged on its own; those of ended clients are left out."""
    letters = Document.objects.filter(pk__in=[document.pk for document in documents])
    good, wrong = [], []
    for status in client_letters.letter_statuses_of(letters, now):
        if status.client is not None and status.client.ended_at is not None:
            continue
        found = status.finding
        if found is None or status.agrees or found.severity < Severity.CONCERN:
            good.append(status.document)
        else:
            wrong.append(Why(found.code, found.field, found.seen, found.expected, found.check))
    return Reusable(tuple(good), wrong[0] if wrong else None)
