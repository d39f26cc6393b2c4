"""Builds the template context of the list of requirements, in which an employer provides its
documents and submits its case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from employers.models import Member
from verification.cases import guards, wording
from verification.cases.proof_ways import CODE_TYPED
from verification.intake import client_letters, document_reuse, early_reading, remarks
from verification.models import Case, Document, DocumentKind, HeldUpload, Proof
from verification.pages import requirement_facts
from verification.pages.client_rows import client_line
from verification.pages.forms import ClientForm, CodeForm
from verification.pages.requirement_rows import (
    PAGE_OF,
    Item,
    Next,
    Slot,
    document_slots,
    item_of_kind,
    item_rows,
    next_step,
)
from verification.rules import states
from verification.rules.findings import Finding
from verification.rules.required_documents import (
    AUTHORITY,
    CURRENT,
    MAIL,
    REVERIFICATION,
    SUBMISSION,
    paper_of,
)
from verification.rules.requirements import due_requirements
from verification.rules.turn import Turn, turn_of

APART: Final = frozenset({SUBMISSION, REVERIFICATION})
"""Shown above and below the list instead of in it."""
NOTHING_SHARED: Final[Mapping[str, Finding]] = {}
FAILED: Final = frozenset({"again", "overdue"})
"""Styles of the tags of items that come first."""
FINISHED: Final = frozenset({"done", "ready", "ours"})
"""Styles of the tags of items that are folded away while there is something to do."""
WITH_US: Final = FINISHED | {"checking"}
"""The same once the case is submitted."""


SentForm = tuple[UUID, ClientForm]
"""A client form that was sent and refused, with its document."""


@dataclass(frozen=True)
class Papers:
    """What the employer has given for a case."""

    documents: Sequence[Document]
    held: Sequence[HeldUpload]
    slot_of: Mapping[str, Slot]
    """The slots, by kind of document."""
    reusable: Mapping[str, document_reuse.Reusable]


def editor_context(
    member: Member,
    case: Case,
    now: datetime,
    opened: frozenset[str] = frozenset(),
    client_form: SentForm | None = None,
) -> dict[str, Any]:
    """Return the requirements with their documents, and the submit button. Items of the kinds in
    `opened` are shown open.
    """
    papers = _papers(case, now, client_form)
    facts = requirement_facts.facts_of(case, member, now, papers.reusable)
    requirements = due_requirements(facts, CURRENT, now)
    turn = turn_of(facts, requirements, now)
    under_way = any(proof.under_way(now) for proof in facts.proofs)
    code = code_proof(member, case, now) if under_way else None
    if case.state in states.EDITABLE:
        opened |= _awaited(papers)
    made = item_rows(requirements, case.state, papers.slot_of, frozenset(map(item_of_kind, opened)))
    if not member.user.is_proven and case.state in states.EDITABLE:
        made = [replace(item, opened=item.opened or item.code == MAIL) for item in made]
    if code:  # its field is above the list
        made = [replace(item, opened=False) if item.code == AUTHORITY else item for item in made]
    listed = [item for item in made if item.code not in APART]
    rows = sorted(listed, key=lambda item: item.tag_style not in FAILED)
    submission = next((item for item in made if item.code == SUBMISSION), None)
    return _of_papers(papers, rows, case) | {
        "case": case,
        "member": member,
        "items": rows,
        "finished": _finished(rows, case),
        "submission": submission,
        **_counts(rows),
        "next": _following(rows, made) if turn is Turn.EMPLOYER else None,
        "turn": turn,
        "badge": wording.state_badge(case.state, turn, case.is_in_force(now)),
        "code_proof": code,
        "code_href": reverse(PAGE_OF[code.kind]) if code else "",
        "code_form": CodeForm(),
        "editable": case.state in states.EDITABLE,
        "addable": {
            kind
            for kind in DocumentKind.values
            if guards.may_add(kind, case, member.as_actor(), now) is None
        },
        "lacking": [
            item.title
            for item in rows
            if item.requirement.open and item.slots and len(item.ways) == 1
        ],
        "asks_person": submission is not None
        and any(line.way.code == "ask_person" for line in submission.ways),
        "address_verified": member.user.is_proven,
        "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
    }


def _papers(case: Case, now: datetime, client_form: SentForm | None) -> Papers:
    documents = _documents(case, now, client_form)
    prefetch_related_objects([case], "held_uploads__uploaded_by")
    held = sorted(case.held_uploads.all(), key=lambda upload: upload.uploaded_at)
    slot_of = document_slots(documents, now, held)
    reusable = document_reuse.reusable_documents(case, now)
    for kind, papers in reusable.items():
        slot_of[kind].reusable = papers
    return Papers(documents, held, slot_of, reusable)


def _documents(case: Case, now: datetime, client_form: SentForm | None) -> list[Document]:
    """Return the documents of the case, with what the page shows beside each of them."""
    related = case.documents.select_related("reading", "client_authorisation")
    documents = list(related.order_by("uploaded_at").prefetch_related("pages", "statements"))
    of_clients = (
        {status.document.pk: status for status in client_letters.letter_statuses(case, now)}
        if any(document.kind == DocumentKind.CLIENT_AUTHORIZATION for document in documents)
        else {}
    )
    shared = remarks.shared_files(documents) if case.state in states.EDITABLE else {}
    for document in documents:
        document.read_values = reading_of(document)  # type: ignore[attr-defined]
        document.remarks = remarks_on(document, case, now, shared)  # type: ignore[attr-defined]
        if document.kind == DocumentKind.CLIENT_AUTHORIZATION:
            sent = client_form[1] if client_form and client_form[0] == document.pk else None
            document.of_client = client_line(document, of_clients.get(document.pk), sent)  # type: ignore[attr-defined]
    return documents


def _awaited(papers: Papers) -> frozenset[str]:
    """Return the kinds of documents at which something awaits the employer."""
    awaiting = {
        document.kind
        for document in papers.documents
        if document.superseded_at is None and _awaits_employer(document)
    }
    return frozenset(awaiting) | {
        slot.kind for slot in papers.slot_of.values() if slot.held or slot.erased
    }


def _of_papers(papers: Papers, rows: Sequence[Item], case: Case) -> dict[str, Any]:
    """Return what the page says about the documents as a whole."""
    in_rows = {slot.kind for item in rows for slot in item.slots} | {DocumentKind.APPEAL_EVIDENCE}
    licence = paper_of(case.account_class, case.declared_uscc)
    return {
        "others": [
            slot for kind, slot in papers.slot_of.items() if slot.documents and kind not in in_rows
        ],
        "may_submit": bool(papers.slot_of[licence].documents),
        "held": any(not upload.refused for upload in papers.held),
        "opening": sum(upload.is_opening for upload in papers.held),
        "too_late": [
            upload
            for upload in papers.held
            if upload.refused == HeldUpload.TOO_LATE and case.state not in states.EDITABLE
        ],
        "remarked": [
            slot.name
            for slot in papers.slot_of.values()
            if any(document.remarks for document in slot.documents)  # type: ignore[attr-defined]
        ],
        "page_count": sum(
            len(document.pages.all())
            for document in papers.documents
            if document.superseded_at is None and document.kind != DocumentKind.APPEAL_EVIDENCE
        ),
    }


def _counts(rows: Sequence[Item]) -> dict[str, int]:
    """Return how many items the employer provides, and how many of them it has."""
    return {
        "asked": sum(not item.is_ours for item in rows),
        "met": sum(item.is_provided for item in rows),
    }


def _finished(rows: Sequence[Item], case: Case) -> list[Item]:
    """Return the items to fold away: those that need nothing from the employer."""
    if case.state in states.EDITABLE:
        styles = FINISHED
    elif case.state in states.IN_PROGRESS:
        styles = WITH_US
    else:
        return []
    return [item for item in rows if item.tag_style in styles and not item.opened]


def _following(rows: Sequence[Item], made: Sequence[Item]) -> Next | None:
    """Return the next step, unless it is the failed item that is open at the top of the list."""
    following = next_step(made)
    first = rows[0] if rows else None
    if following and first and first.tag_style in FAILED and first.code == following.code:
        return None
    return following


def code_proof(member: Member, case: Case, now: datetime) -> Proof | None:
    """Return the member's latest proof under way whose code is still to be entered."""
    if case.state not in states.OPEN:
        return None
    under_way = Proof.objects.of(member, case.declared_uscc).under_way()
    typed = under_way.filter(kind__in=CODE_TYPED, expires_at__gt=now)
    return next((proof for proof in typed if "code_given_at" not in proof.observed), None)


def _awaits_employer(document: Any) -> bool:
    """Whether the document has remarks, or values, or soon will have, that the employer has not
    confirmed.
    """
    read = document.read_values
    return bool(document.remarks) or (
        read is not None and (read["pending"] or bool(read["values"])) and not read["said"]
    )


def remarks_on(
    document: Document, case: Case, now: datetime, shared: Mapping[str, Finding] = NOTHING_SHARED
) -> list[Finding]:
    """Return what the employer should know about a document while it may still change it."""
    if document.superseded_at is not None or case.state not in states.EDITABLE:
        return []
    same = shared.get(str(document.pk))
    return [*remarks.upload_remarks(document, case, now), *([same] if same else [])]


def reading_of(document: Document) -> dict[str, Any] | None:
    """Return a document's values with the employer's statements on them.

    Return None for documents that are not read early, and for clients' letters (`client_line`).
    """
    row = getattr(document, "reading", None)
    if row is None or document.kind == DocumentKind.CLIENT_AUTHORIZATION:
        return None
    shown = early_reading.shown_values(
        document.kind,
        row.reading,
        {statement.field: statement.said for statement in document.statements.all()},
    )
    return {
        "pending": row.finished_at is None,
        "read": bool(row.reading),
        "values": shown,
        "said": any(value.said is not None for value in shown),
        "disputed": [value for value in shown if value.disputed],
    }
