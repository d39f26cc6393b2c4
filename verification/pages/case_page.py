"""Builds the template context of the page on which an employer sees its case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from employers.member_links.operations import may_link
from employers.models import Member, MemberLink
from verification.authority import vouches
from verification.cases import guards, wording
from verification.cases.proof_ways import CODE_TYPED
from verification.intake import client_letters, document_reuse, early_reading, remarks
from verification.models import Appeal, Case, Decision, Document, DocumentKind, HeldUpload, Proof
from verification.pages import requirement_facts
from verification.pages.case_progress import CheckLine, progress, steps, timeline, to_come
from verification.pages.client_rows import client_line
from verification.pages.forms import ClientForm, CodeForm
from verification.pages.requirement_rows import (
    PAGE_OF,
    Item,
    Next,
    item_of_kind,
    items,
    next_step,
    slots,
)
from verification.rules import states
from verification.rules.facts import RequirementState
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import (
    AUTHORITY,
    CURRENT,
    MAIL,
    REVERIFICATION,
    SUBMISSION,
    paper_of,
)
from verification.rules.requirements import Requirement, due_requirements
from verification.rules.states import State
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


def current_case(member: Member) -> Case | None:
    """Return the case to show: the open one, else the last if it was rejected, else the stopped
    one, else the last.

    A withdrawn case is skipped unless it is the only one: it must not hide an approval in force or
    a rejection that can be appealed.
    """
    cases = Case.objects.filter(employer=member.employer).order_by("-opened_at")
    last: Case | None = (
        cases.open().first() or cases.exclude(state=State.WITHDRAWN).first() or cases.first()
    )
    if last is None or last.state in states.OPEN or last.state == State.REJECTED:
        return last
    case: Case = cases.stopped().first() or last
    return case


def editor(
    member: Member,
    case: Case,
    now: datetime,
    opened: frozenset[str] = frozenset(),
    client_form: tuple[UUID, ClientForm] | None = None,
) -> dict[str, Any]:
    """Return the requirements with their documents, and the submit button.

    `client_form` is a client form that was sent and refused, with its document.
    """
    related = case.documents.select_related("reading", "client_authorisation")
    documents = list(related.order_by("uploaded_at").prefetch_related("pages", "statements"))
    of_clients = (
        {status.document.pk: status for status in client_letters.letter_statuses(case, now)}
        if _has_letters(documents)
        else {}
    )
    shared = remarks.shared_files(documents) if case.state in states.EDITABLE else {}
    for document in documents:
        document.read_values = reading_of(document)  # type: ignore[attr-defined]
        document.remarks = remarks_on(document, case, now, shared)  # type: ignore[attr-defined]
        if document.kind == DocumentKind.CLIENT_AUTHORIZATION:
            sent = client_form[1] if client_form and client_form[0] == document.pk else None
            document.of_client = client_line(document, of_clients.get(document.pk), sent)  # type: ignore[attr-defined]
    prefetch_related_objects([case], "held_uploads__uploaded_by")
    held = sorted(case.held_uploads.all(), key=lambda upload: upload.uploaded_at)
    slot_of = slots(documents, now, held)
    reusable = document_reuse.reusable_documents(case, now)
    for kind, papers in reusable.items():
        slot_of[kind].reusable = papers
    if case.state in states.EDITABLE:
        opened |= {
            document.kind
            for document in documents
            if document.superseded_at is None and _awaits_employer(document)
        }
        opened |= {slot.kind for slot in slot_of.values() if slot.held or slot.erased}
    facts = requirement_facts.facts_of(case, member, now, reusable)
    requirements = due_requirements(facts, CURRENT, now)
    turn = turn_of(facts, requirements, now)
    under_way = any(proof.under_way(now) for proof in facts.proofs)
    code = code_proof(member, case, now) if under_way else None
    made = items(requirements, case.state, slot_of, frozenset(map(item_of_kind, opened)))
    if not member.user.is_proven and case.state in states.EDITABLE:
        made = [replace(item, opened=item.opened or item.code == MAIL) for item in made]
    if code:  # its field is above the list
        made = [replace(item, opened=False) if item.code == AUTHORITY else item for item in made]
    listed = [item for item in made if item.code not in APART]
    rows = sorted(listed, key=lambda item: item.tag_style not in FAILED)
    in_rows = {slot.kind for item in rows for slot in item.slots} | {DocumentKind.APPEAL_EVIDENCE}
    return {
        "case": case,
        "member": member,
        "items": rows,
        "finished": _finished(rows, case),
        "submission": next((item for item in made if item.code == SUBMISSION), None),
        "others": [
            slot for kind, slot in slot_of.items() if slot.documents and kind not in in_rows
        ],
        "met": sum(_met(item.requirement, case) for item in rows),
        "next": _following(rows, made) if turn is Turn.EMPLOYER else None,
        "turn": turn,
        "badge": wording.badge(case.state, turn, case.is_in_force(now)),
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
        "asks_person": any(
            line.way.code == "ask_person"
            for item in made
            if item.code == SUBMISSION
            for line in item.ways
        ),
        "address_verified": member.user.is_proven,
        "may_submit": bool(slot_of[paper_of(case.account_class, case.declared_uscc)].documents),
        "held": any(not upload.refused for upload in held),
        "opening": sum(upload.is_opening for upload in held),
        "too_late": [
            upload
            for upload in held
            if upload.refused == HeldUpload.TOO_LATE and case.state not in states.EDITABLE
        ],
        "remarked": [
            slot.name
            for slot in slot_of.values()
            if any(document.remarks for document in slot.documents)  # type: ignore[attr-defined]
        ],
        "page_count": sum(
            len(d.pages.all())
            for d in documents
            if d.superseded_at is None and d.kind != DocumentKind.APPEAL_EVIDENCE
        ),
        "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
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


def _met(requirement: Requirement, case: Case) -> bool:
    """Whether the employer's part is done; once the case is submitted, whether it was accepted."""
    return (
        not requirement.open and not requirement.only_begun
        if case.state in states.EDITABLE
        else requirement.state is RequirementState.SATISFIED
    )


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
    return [*remarks.remarks(document, case, now), *([same] if same else [])]


def reading_of(document: Document) -> dict[str, Any] | None:
    """Return a document's values with the employer's statements on them.

    Return None for documents that are not read early, and for clients' letters (`client_line`).
    """
    row = getattr(document, "reading", None)
    if row is None or document.kind == DocumentKind.CLIENT_AUTHORIZATION:
        return None
    shown = early_reading.values(
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


def _has_letters(documents: Sequence[Document]) -> bool:
    return any(document.kind == DocumentKind.CLIENT_AUTHORIZATION for document in documents)


def page(
    member: Member,
    case: Case,
    now: datetime,
    opened: frozenset[str] = frozenset(),
    client_form: tuple[UUID, ClientForm] | None = None,
) -> dict[str, Any]:
    """Return the context of the case page. Items of the kinds in `opened` are shown open."""
    edited = editor(member, case, now, opened, client_form)
    context = progress(case, now, edited["turn"]) | edited
    decision: Decision | None = case.decisions.first()
    actor = member.as_actor()
    in_force = (
        case
        if case.is_in_force(now)
        else Case.objects.filter(employer=member.employer).in_force(now).first()
    )
    heard = case.state in states.REVIEWABLE | states.STOPPED
    said: Appeal | None = Appeal.objects.open().filter(case=case).first() if heard else None
    return context | {
        "steps": steps(case.state, context["turn"]),
        "decision": decision,
        "reasons": [wording.told_reason(reason) for reason in decision.reasons] if decision else [],
        "suspended_beside": case.state == State.REJECTED
        and Case.objects.beside(case).filter(state=State.SUSPENDED).exists(),
        "appealed": said is not None and said.verb == "appeal",
        "appealable": guards.may("appeal", case, actor, now) is None,
        "own_words": said,
        "contact_missing": member.user.is_proven and not Member.objects.contact_of(member),
        "asked_to_vouch": vouches.asked_of(member, now),
        "links_no_site": case.state == State.APPROVED
        and may_link(member)
        and not MemberLink.objects.filter(member=member, ended_at=None).exists(),
        "proved_by": _proved_by(case, context["checks"], now)
        if case.state == State.APPROVED
        else [],
        "withdrawable": guards.may("withdraw", case, actor, now) is None,
        "lapsed": case.state == State.APPROVED and not case.is_in_force(now),
        "renew_soon": case.is_in_force(now)
        and case.expires_at is not None
        and case.expires_at - now <= CURRENT.renew_before,
        "in_force": in_force,
        "timeline": timeline(case),
        "to_come": to_come(case, context["turn"], context["waits_until"], said),
    }


PROVED_BY: Final = {"authority_email_at_company_domain": _("Email address at the company's domain")}
"""What a record of an approval calls a finding that proved authority."""


def _proved_by(case: Case, checks: Sequence[CheckLine], now: datetime) -> list[Any]:
    """Return the proofs of authority in force, for the record of an approval; without any, what the
    check of authority found in order.
    """
    proofs = Proof.objects.filter(employer=case.employer_id, uscc=case.declared_uscc)
    if kinds := dict.fromkeys(proofs.in_force(now).values_list("kind", flat=True)):
        return [wording.WAYS[kind] for kind in kinds]
    return [
        PROVED_BY.get(finding.code, wording.FOUND[finding.code].employer)
        for line in checks
        if line.code == AUTHORITY
        for finding in line.findings
        if finding.severity is Severity.PASS and finding.code in wording.FOUND
    ]
