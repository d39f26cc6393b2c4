"""Gathers what a case's page shows, for its templates. Nothing is decided here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language

from employers.accounts import sightings
from employers.masking import mask_email, masked_phone
from employers.models import AccountClass, User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event, record
from verification.admin.decision_form import (
    BUTTONS,
    IN_FORCE,
    KEYS,
    NEEDS_CONFIRMATION,
    NOTHING_TYPED,
    POSTPONE_FOR,
    SET_ASIDE,
    Typed,
)
from verification.cases import guards, wording
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    ClientAuthorisation,
    Document,
    DocumentKind,
    DocumentPage,
    Proof,
    SavedReply,
    Statement,
)
from verification.reviewing import case_comparison, reason_choices, related_cases
from verification.rules import required_documents
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

VIEW_ONCE = timedelta(minutes=1)
"""Views of a page within this time are recorded as one; zooming, reloading and going back would
flood the record.
"""


def in_words(refused: Refused) -> str:
    """Return a refusal as one message: reason, values seen and expected, and how to fix it."""
    language = get_language() or "zh-hans"
    said = [refused.reason.says.in_(language)]
    if refused.seen:
        seen = (
            str(wording.STATES[State(refused.seen)].staff)
            if refused.code == "state_conflict"
            else refused.seen
        )
        said.append(f"({seen})")
    return f"{' '.join(said)}{'。' if language.startswith('zh') else '. '}{refused.reason.fix.in_(language)}"  # noqa: E501


@dataclass(frozen=True)
class Button:
    """A decision that the guards allow now, with the reasons that fit it."""

    verb: str
    items: list[reason_choices.OfItem] = field(default_factory=list)
    """The reasons to tick, by requirement."""
    note: str = ""
    opened: bool = False
    in_force: Case | None = None
    """The employer's approval in force from another case, if the reviewer has to say what becomes
    of it.
    """
    in_force_choices: list[tuple[str, Any, bool]] = field(default_factory=list)
    """Each choice with its words, and whether it was selected before the page was shown again."""
    replies: list[tuple[str, str]] = field(default_factory=list)
    """Saved replies, each with its title."""

    @property
    def label(self) -> str:
        return str(wording.DECISIONS[self.verb].button)

    @property
    def key(self) -> str:
        return KEYS.get(self.verb, "")

    @property
    def can_be_undone(self) -> bool:
        """Whether it is held for a short time before it is carried out."""
        return self.verb in guards.NEEDS_CLAIM

    @property
    def needs_reason(self) -> bool:
        return self.verb in guards.NEEDS_REASON

    @property
    def needs_confirmation(self) -> bool:
        return self.verb in NEEDS_CONFIRMATION


# --- Context --------------------------------------------------------------------------------------


def case_page(case: Case, reviewer: User | None, typed: Typed, now: datetime) -> dict[str, Any]:
    """Return everything on the page of `case`, in a fixed number of queries.

    `reviewer` is None for staff who may only view.
    """
    attempts = list(case.attempts.order_by("-number").prefetch_related("check_runs"))
    runs = latest_runs(attempts[0]) if attempts else {}
    findings = [finding for run in runs.values() for finding in run.as_findings()]
    observed = {code: run.observation for code, run in runs.items()}
    reading, registry = observed.get("reading", {}), observed.get("registry", {})
    declared = {
        "name": case.declared_name,
        "uscc": case.declared_uscc,
        "legal_representative": case.declared_legal_representative,
    }
    rows = case_comparison.comparison_rows(declared, reading, registry)
    documents = list(
        case.documents.order_by("superseded_at", "uploaded_at")
        .select_related("uploaded_by")
        .prefetch_related("pages")
    )
    marks = regions_by_page(findings, observed, documents)
    return {
        "case": case,
        "now": now,
        "phone": shown_phone(case),
        "email": mask_email(case.submitted_by.email) if case.submitted_by else "",
        "state": wording.STATES[State(case.state)].staff,
        "account_class": wording.ACCOUNT_CLASSES[AccountClass(case.account_class)],
        "rows": [row for row in rows if row.compares],
        "only_read": [row for row in rows if not row.compares],
        "reading": reading,
        "registry": registry,
        "findings": [
            said for said in case_comparison.strictest_first(findings) if said.severity != "pass"
        ],
        "in_order": [
            said for said in case_comparison.strictest_first(findings) if said.severity == "pass"
        ],
        "against": sum(finding.severity >= Severity.UNABLE for finding in findings),
        "documents": documents,
        "pages": [
            page
            for document in documents
            if document.superseded_at is None
            for page in shown_pages(document, reading, rows, marks)
        ],
        "attempts": attempts,
        **what_people_said(case),
        "cluster": related_cases.cluster_around(case, reviewer, observed.get("duplicates", {})),
        **case_history(case, documents),
        **what_may_be_done(case, reviewer, findings, documents, typed, now),
    }


def what_people_said(case: Case) -> dict[str, Any]:
    """Return what reviewers decided, and what the employer stated, appealed and proved."""
    appeals = list(case.appeals.select_related("by").prefetch_related("documents"))
    return {
        "decisions": [
            {
                "decision": decision,
                "words": wording.HAPPENED_FOR_STAFF.get(decision.verb, decision.verb),
                "reasons": case_comparison.reasons_in_words(decision.reasons),
            }
            for decision in case.decisions.select_related("decided_by")
        ],
        "statements": [
            {
                "statement": said,
                "label": wording.FIELDS.get(said.field, said.field),
                "disputed": said.said != said.read,
            }
            for said in Statement.objects.filter(
                document__case=case, document__superseded_at=None
            ).order_by("pk")
        ],
        "appeals": [
            {"appeal": appeal, "text": masked_in(appeal.text), "who": appeal.by.contact_masked}
            for appeal in appeals
        ],
        "open_appeal": next((appeal for appeal in appeals if appeal.answered_at is None), None),
        "proofs": [
            {
                "proof": proof,
                "who": proof.member.user.contact_masked,
                "shown": mask_email(proof.shown) if "@" in proof.shown else proof.shown,
            }
            for proof in (
                Proof.objects.filter(employer=case.employer_id, uscc=case.declared_uscc)
                .select_related("member__user")
                .order_by("-started_at")
            )
        ],
    }


def what_may_be_done(
    case: Case,
    reviewer: User | None,
    findings: list[Finding],
    documents: list[Document],
    typed: Typed,
    now: datetime,
) -> dict[str, Any]:
    """Return the buttons that the guards allow."""
    if reviewer is None:
        return {"may_decide": False, "buttons": []}
    actor = reviewer.as_reviewer()
    allowed = sorted(
        (verb for verb in guards.available_verbs(case, actor, now) if verb in BUTTONS),
        key=BUTTONS.index,
    )
    in_force = Case.objects.beside(case).in_force(now).first() if "reject" in allowed else None
    paper = required_documents.paper_of(case.account_class, case.declared_uscc)
    given = {
        document.kind
        for document in documents
        if document.kind in required_documents.OF_KIND and document.superseded_at is None
    }
    replies = saved_replies() if allowed else {}
    buttons = []
    for verb in allowed:
        kept = typed if verb == typed.verb else NOTHING_TYPED
        buttons.append(
            Button(
                verb,
                reason_choices.by_item(
                    reason_choices.choices_for(verb, findings, kept.reasons, kept.about, paper),
                    paper,
                ),
                kept.note,
                verb == typed.verb,
                in_force if verb == "reject" else None,
                [(value, words, value == kept.in_force) for value, words in IN_FORCE.items()],
                replies.get(verb, []),
            )
        )
    put_down = [
        Button(verb, note=typed.note, opened=True) if verb == typed.verb else Button(verb)
        for verb in SET_ASIDE
        if case.claimed_by_me(actor.id, now) and case.awaits_review()
        if verb != "escalate"
        or not actor.can(Power.SECOND_REVIEW)  # a senior would get the same case back
    ]
    shown = {*allowed, *(button.verb for button in put_down)}
    return {
        "may_decide": True,
        "buttons": buttons,
        "kinds": [
            (kind, DocumentKind(kind).label) for kind in dict.fromkeys([paper, *sorted(given)])
        ],
        "put_down": put_down,
        "hold_for": list(POSTPONE_FOR.items()),
        "typed_elsewhere": typed if typed.note and typed.verb not in shown else None,
    }


def saved_replies() -> dict[str, list[tuple[str, str]]]:
    """Return the saved replies in use, by decision, each with its title."""
    in_chinese = (get_language() or "zh-hans").startswith("zh")
    of_verb: dict[str, list[tuple[str, str]]] = {}
    for reply in SavedReply.objects.filter(retired_at=None).order_by("code"):
        of_verb.setdefault(reply.verb, []).append(
            (reply.code, reply.title_zh if in_chinese else reply.title_en)
        )
    return of_verb


def case_history(case: Case, documents: list[Document]) -> dict[str, Any]:
    """Return the case's events with names instead of ids. Reads are many: those of
    pages are counted separately, others are left to the list of events.
    """
    of_documents = Q(
        subject_type="document", subject_id__in=[str(document.pk) for document in documents]
    )
    clients = ClientAuthorisation.objects.filter(document__case=case).values_list("pk", flat=True)
    of_clients = Q(
        subject_type="clientauthorisation", subject_id__in=[str(client) for client in clients]
    )
    mine = Q(subject_type="case", subject_id=str(case.pk)) | of_documents | of_clients
    events = list(Event.objects.filter(mine).exclude(verb="read").order_by("-id"))
    reviewers = {UUID(event.actor_id) for event in events if event.role == "reviewer"}
    names = dict(User.objects.filter(pk__in=reviewers).values_list("pk", "email"))
    timeline = [
        {
            "event": event,
            "words": wording.HAPPENED_FOR_STAFF.get(event.verb, event.verb),
            "who": (
                names.get(UUID(event.actor_id), "")
                if event.role == "reviewer"
                else wording.ROLES.get(event.role, event.role)
            ),
            "to": (wording.STATES[State(event.to_state)].staff if event.to_state else ""),
            "reasons": [wording.code_for_staff(code) for code in event.reasons],
        }
        for event in events
        if event.verb != "view_page"
    ]
    page_views = Counter(
        names.get(UUID(event.actor_id), "") for event in events if event.verb == "view_page"
    )
    return {"timeline": timeline, "page_views": page_views.most_common()}


def latest_runs(attempt: Attempt) -> dict[str, CheckRun]:
    """Return the last run of each check; a run after a wait replaces the earlier one."""
    return {run.code: run for run in sorted(attempt.check_runs.all(), key=lambda run: run.round)}


_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_MOBILE: Final = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")


def masked_in(text: str) -> str:
    """Return a text with its email addresses and mobile numbers masked."""
    return _MOBILE.sub(r"\1****\2", _ADDRESS.sub(lambda found: mask_email(found[0]), text))


def shown_phone(case: Case) -> str:
    """Return the submitter's masked phone number, enough to tell it from another."""
    return masked_phone(sightings.phone_of(case.submitted_by)) if case.submitted_by else ""


Marks = dict[tuple[str, int], list[case_comparison.Box]]
"""Boxes that belong to no field, by document and page."""


def regions_by_page(
    findings: list[Finding], observed: dict[str, Any], documents: list[Document]
) -> Marks:
    """Return the regions of traces of editing and of reused pictures, by page."""
    marks: Marks = {}
    for finding in findings:
        if finding.check == "forgery" and finding.region:
            at = (finding.document or observed.get("forgery", {}).get("document", ""), finding.page)
            marks.setdefault(at, []).extend(
                case_comparison.trace_boxes([finding], "forgery", finding.page)
            )
    same = [finding for finding in findings if finding.check == "duplicates" and finding.region]
    for page_key, region in (
        _seen_elsewhere(observed.get("duplicates", {}), documents).items() if same else ()
    ):
        of_it = next((finding for finding in same if finding.document == page_key[0]), same[0])
        marks.setdefault(page_key, []).extend(
            case_comparison.trace_boxes([replace(of_it, region=region)], "duplicates", of_it.page)
        )
    return marks


def _seen_elsewhere(
    duplicates: dict[str, Any], documents: list[Document]
) -> dict[tuple[str, int], tuple[float, float, float, float]]:
    """Return by document and page the region of the best match with another employer's picture.

    Older observations do not name the document; if there is only one licence, it is that one.
    """
    licences = [
        str(document.pk)
        for document in documents
        if document.kind == DocumentKind.BUSINESS_LICENCE and not document.superseded_at
    ]
    only = licences[0] if len(licences) == 1 else ""
    regions: dict[tuple[str, int], tuple[float, float, float, float]] = {}
    for near in duplicates.get("near_same", ()):
        if near.get("region") and (document := near.get("of_document") or only):
            regions.setdefault((document, near["of_page"]), tuple(near["region"]))
    return regions


def shown_pages(
    document: Document, reading: dict[str, Any], rows: list[case_comparison.Row], marks: Marks
) -> list[dict[str, Any]]:
    """Return a document's pages; the page that was read has its fields' boxes and its rotation."""
    pages = []
    for page in document.pages.all():
        is_read = (
            reading.get("document") == str(document.pk) and reading.get("page", 1) == page.number
        )
        pages.append(
            {
                "document": document,
                "page": page,
                "url": reverse(
                    "admin:verification_case_page",
                    args=[document.case_id, document.pk, page.number],
                ),
                "boxes": (
                    (case_comparison.field_boxes(reading, rows) if is_read else [])
                    + marks.get((str(document.pk), page.number), [])
                ),
                "turn": reading.get("turn", 0) if is_read else 0,
                "quality": [wording.code_for_staff(code) for code in page.judged.codes],
            }
        )
    return pages


def record_page_view(page: DocumentPage, user: User, now: datetime) -> None:
    """Record that `user` viewed `page`, unless they did so within `VIEW_ONCE`."""
    actor, document = user.as_reviewer(), page.document
    page_views = Event.objects.about(document).filter(
        verb="view_page", actor_id=actor.id, at__gt=now - VIEW_ONCE
    )
    if any(view.data.get("page") == page.number for view in page_views):
        return
    data = {"case": str(document.case_id), "page": page.number}
    record("view_page", document, actor, now, employer_id=document.case.employer_id, data=data)
