"""What stands on a case's page, and what was sent back from it? Gathered for the templates; nothing is decided here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from employers import sightings
from employers.models import AccountClass, User
from events.errors import Refused
from events.models import Event, record
from verification import guards, related, review, states
from verification.findings import Finding, Severity
from verification.models import Attempt, Case, CheckRun, ClientAuthorisation, Document, DocumentKind, DocumentPage, Proof, Statement
from verification.states import State

VIEW_ONCE = timedelta(minutes=1)
"""A page looked at again within this time is one look: zooming, reloading and going back would bury the record."""

NEEDS_CONFIRMATION = frozenset({"reject", "suspend", "revoke"})
"""What hurts an employer at once is shown once more, as the employer will be told it, before it is done."""

BUTTONS = ("approve", "request_changes", "reject", "suspend", "reinstate", "revoke")
BUTTON_WORDS = {
    "approve": _("Approve"),
    "request_changes": _("Request changes"),
    "reject": _("Reject"),
    "suspend": _("Suspend"),
    "reinstate": _("Reinstate"),
    "revoke": _("Revoke"),
}
IN_FORCE = {
    "suspend": _("Suspend it too, for the same reasons: no resume can be downloaded from the moment that you confirm"),
    "keep": _("Leave it in force"),
}
"""What becomes of an approval in force when another case of its employer is refused. Nothing is chosen beforehand."""

DONE_WORDS = {
    "approve": _("Approved: %(name)s"),
    "request_changes": _("Changes requested: %(name)s"),
    "reject": _("Rejected: %(name)s"),
    "suspend": _("Suspended: %(name)s"),
    "reinstate": _("Reinstated: %(name)s"),
    "revoke": _("Revoked: %(name)s"),
}


def in_words(refused: Refused) -> str:
    """A refusal as one message: what it says, what was seen and expected, and what to do now."""
    language = get_language() or "zh-hans"
    said = [refused.reason.says.in_(language)]
    if refused.seen:
        seen = str(review.STATE_WORDS.get(State(refused.seen), "")) if refused.code == "state_conflict" else refused.seen
        said.append(f"({seen})")
    return f"{' '.join(said)}{'。' if language.startswith('zh') else '. '}{refused.reason.fix.in_(language)}"


# --- What is sent ---------------------------------------------------------------------------------------


class DecisionForm(forms.Form):
    """What a reviewer sends with a button."""

    seen_version = forms.IntegerField(min_value=0)
    reasons = forms.MultipleChoiceField(required=False)
    note = forms.CharField(required=False, max_length=2000)
    in_force = forms.ChoiceField(required=False, choices=list(IN_FORCE.items()))

    def __init__(self, verb: str, *args: Any) -> None:
        super().__init__(*args)
        offered = self.fields["reasons"]
        assert isinstance(offered, forms.MultipleChoiceField)
        offered.choices = [(code, code) for code in review.REASONS_FOR.get(verb, ())]

    @property
    def suspend_in_force(self) -> bool | None:
        """Whether what is in force by another case is suspended, too; None where nothing was chosen."""
        chosen = self.cleaned_data["in_force"]
        return chosen == "suspend" if chosen else None


@dataclass(frozen=True)
class Typed:
    """What a reviewer had ticked and written when a page had to be shown to them again."""

    verb: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""
    in_force: str = ""

    @classmethod
    def of(cls, verb: str, request: HttpRequest) -> Typed:
        sent = request.POST
        return cls(verb, tuple(sent.getlist("reasons")), sent.get("note", "")[:2000], sent.get("in_force", ""))


NOTHING_TYPED = Typed()


@dataclass(frozen=True)
class Button:
    """A decision that the guards allow now, with the reasons that it can be given for."""

    verb: str
    choices: list[review.Choice] = field(default_factory=list)
    note: str = ""
    opened: bool = False
    in_force: Case | None = None
    """What the employer has in force by another case, where the reviewer has to say what becomes of it."""
    in_force_choices: list[tuple[str, Any, bool]] = field(default_factory=list)
    """Each choice with its words, and whether it was chosen before the page had to be shown again."""

    @property
    def label(self) -> str:
        return str(BUTTON_WORDS[self.verb])

    @property
    def needs_reason(self) -> bool:
        return self.verb in guards.NEEDS_REASON

    @property
    def needs_confirmation(self) -> bool:
        return self.verb in NEEDS_CONFIRMATION


# --- What is shown ------------------------------------------------------------------------------------


def case_page(case: Case, reviewer: User | None, typed: Typed, now: datetime) -> dict[str, Any]:
    """Everything that stands on the page of `case`, in a number of queries that does not depend on how much there is.

    `reviewer` is None for those who may only look.
    """
    attempts = list(case.attempts.order_by("-number").prefetch_related("check_runs"))
    runs = latest_runs(attempts[0]) if attempts else {}
    findings = [finding for run in runs.values() for finding in run.as_findings()]
    observed = {code: run.observation for code, run in runs.items()}
    reading, registry = observed.get("reading", {}), observed.get("registry", {})
    declared = {"name": case.declared_name, "uscc": case.declared_uscc, "legal_representative": case.declared_legal_representative}
    rows = review.comparison(declared, reading, registry)
    documents = list(case.documents.order_by("superseded_at", "uploaded_at").select_related("uploaded_by").prefetch_related("pages"))
    marks = drawn(findings, observed, documents)
    return {
        "case": case,
        "now": now,
        "phone": shown_phone(case),
        "state": review.STATE_WORDS[State(case.state)],
        "account_class": review.CLASS_WORDS[AccountClass(case.account_class)],
        "rows": [row for row in rows if row.compares],
        "only_read": [row for row in rows if not row.compares],
        "reading": reading,
        "registry": registry,
        "findings": [said for said in review.strictest_first(findings) if said.severity != "pass"],
        "in_order": [said for said in review.strictest_first(findings) if said.severity == "pass"],
        "against": sum(finding.severity >= Severity.UNABLE for finding in findings),
        "documents": documents,
        "pages": [page for document in documents if document.superseded_at is None for page in shown_pages(document, reading, rows, marks)],
        "attempts": attempts,
        "decisions": [
            {
                "decision": decision,
                "words": review.VERB_WORDS.get(decision.verb, decision.verb),
                "reasons": review.told(decision.reasons),
            }
            for decision in case.decisions.select_related("decided_by")
        ],
        "statements": [
            {"statement": said, "label": review.FIELD_WORDS.get(said.field, said.field), "disputed": said.said != said.read}
            for said in Statement.objects.filter(document__case=case, document__superseded_at=None).order_by("pk")
        ],
        "appeals": case.appeals.select_related("by").prefetch_related("documents"),
        "proofs": Proof.objects.filter(employer=case.employer_id, uscc=case.declared_uscc)
        .select_related("member__user")
        .order_by("-started_at"),
        "cluster": related.around(case, reviewer, observed.get("duplicates", {})),
        **history(case, documents),
        **what_may_be_done(case, reviewer, findings, typed, now),
    }


def what_may_be_done(case: Case, reviewer: User | None, findings: list[Finding], typed: Typed, now: datetime) -> dict[str, Any]:
    """The buttons that the guards allow, and the claim."""
    if reviewer is None:
        return {"may_decide": False, "buttons": []}
    actor = reviewer.as_reviewer()
    allowed = [verb for verb in guards.available(case, actor, now) if verb in BUTTONS]
    in_force = Case.objects.beside(case).in_force(now).first() if "reject" in allowed else None
    is_mine = case.claimed_by_me(actor.id, now)
    refused = guards.may_claim(case, actor, now) if case.state in states.REVIEWABLE else None
    return {
        "may_decide": True,
        "buttons": [
            Button(
                verb,
                review.choices(verb, findings, typed.reasons if verb == typed.verb else ()),
                typed.note if verb == typed.verb else "",
                verb == typed.verb,
                in_force if verb == "reject" else None,
                [(value, words, verb == typed.verb and value == typed.in_force) for value, words in IN_FORCE.items()],
            )
            for verb in sorted(allowed, key=BUTTONS.index)
        ],
        "typed_elsewhere": typed if typed.note and typed.verb not in allowed else None,
        "is_mine": is_mine,
        "may_claim": case.state in states.REVIEWABLE and refused is None and not is_mine,
        "cannot_claim": in_words(refused) if refused else "",
        "taken": case.claimed_by_other(actor.id, now),
        "seconds_left": int((case.claimed_until - now).total_seconds()) if is_mine and case.claimed_until else 0,
    }


def history(case: Case, documents: list[Document]) -> dict[str, Any]:
    """The case's events with names in place of ids; looks at pages are many, and counted apart."""
    of_documents = Q(subject_type="document", subject_id__in=[str(document.pk) for document in documents])
    clients = ClientAuthorisation.objects.filter(document__case=case).values_list("pk", flat=True)
    of_clients = Q(subject_type="clientauthorisation", subject_id__in=[str(client) for client in clients])
    mine = Q(subject_type="case", subject_id=str(case.pk)) | of_documents | of_clients
    events = list(Event.objects.filter(mine).order_by("-id"))
    reviewers = {UUID(event.actor_id) for event in events if event.role == "reviewer"}
    names = dict(User.objects.filter(pk__in=reviewers).values_list("pk", "email"))
    timeline = [
        {
            "event": event,
            "words": review.VERB_WORDS.get(event.verb, event.verb),
            "who": names.get(UUID(event.actor_id), "") if event.role == "reviewer" else review.ROLE_WORDS.get(event.role, event.role),
            "to": review.STATE_WORDS.get(State(event.to_state), "") if event.to_state else "",
            "reasons": [review.code_in_words(code) for code in event.reasons],
        }
        for event in events
        if event.verb != "view_page"
    ]
    looks = Counter(names.get(UUID(event.actor_id), "") for event in events if event.verb == "view_page")
    return {"timeline": timeline, "looks": looks.most_common()}


def latest_runs(attempt: Attempt) -> dict[str, CheckRun]:
    """Each check's last run: a check that was asked again after a wait counts as it answered last."""
    return {run.code: run for run in sorted(attempt.check_runs.all(), key=lambda run: run.round)}


def shown_phone(case: Case) -> str:
    """The number of whoever handed the case in, masked: enough to tell it from another."""
    return sightings.masked_phone(sightings.phone_of(case.submitted_by)) if case.submitted_by else ""


Marks = dict[tuple[str, int], list[review.Box]]
"""Boxes that are no field's, by document and page."""


def drawn(findings: list[Finding], observed: dict[str, Any], documents: list[Document]) -> Marks:
    """The places of traces of editing, and of pictures that were seen elsewhere, on the pages that they are on."""
    marks: Marks = {}
    for finding in findings:
        if finding.check == "forgery" and finding.region:
            at = (finding.document or observed.get("forgery", {}).get("document", ""), finding.page)
            marks.setdefault(at, []).extend(review.traces([finding], "forgery", finding.page))
    same = [finding for finding in findings if finding.check == "duplicates" and finding.region]
    for place, region in _seen_elsewhere(observed.get("duplicates", {}), documents).items() if same else ():
        of_it = next((finding for finding in same if finding.document == place[0]), same[0])
        marks.setdefault(place, []).extend(review.traces([replace(of_it, region=region)], "duplicates", of_it.page))
    return marks


def _seen_elsewhere(duplicates: dict[str, Any], documents: list[Document]) -> dict[tuple[str, int], tuple[float, float, float, float]]:
    """By document and page, where the picture lies that somebody else has shown: as it agrees best.

    Earlier observations do not name the document; where there is but one licence, it is that.
    """
    licences = [str(document.pk) for document in documents if document.kind == DocumentKind.BUSINESS_LICENCE and not document.superseded_at]
    only = licences[0] if len(licences) == 1 else ""
    places: dict[tuple[str, int], tuple[float, float, float, float]] = {}
    for near in duplicates.get("near_same", ()):
        if near.get("region") and (document := near.get("of_document") or only):
            places.setdefault((document, near["of_page"]), tuple(near["region"]))
    return places


def shown_pages(document: Document, reading: dict[str, Any], rows: list[review.Row], marks: Marks) -> list[dict[str, Any]]:
    """A document's pages, the one that was read with the boxes of its fields and turned as it was found to lie."""
    pages = []
    for page in document.pages.all():
        is_read = reading.get("document") == str(document.pk) and reading.get("page", 1) == page.number
        pages.append(
            {
                "document": document,
                "page": page,
                "url": reverse("admin:verification_case_page", args=[document.case_id, document.pk, page.number]),
                "boxes": (review.boxes(reading, rows) if is_read else []) + marks.get((str(document.pk), page.number), []),
                "turn": reading.get("turn", 0) if is_read else 0,
                "quality": [review.code_in_words(code) for code in page.judged.codes],
            }
        )
    return pages


def record_phone(case: Case, user: User, now: datetime) -> None:
    """Put on record that `user` has seen the whole number of whoever handed the case in."""
    record("view_phone", case, user.as_reviewer(), now, employer_id=case.employer_id)


def record_look(page: DocumentPage, user: User, now: datetime) -> None:
    """Put on record that `user` looked at `page`, unless they did within `VIEW_ONCE`."""
    actor, document = user.as_reviewer(), page.document
    looks = Event.objects.about(document).filter(verb="view_page", actor_id=actor.id, at__gt=now - VIEW_ONCE)
    if any(look.data.get("page") == page.number for look in looks):
        return
    data = {"case": str(document.case_id), "page": page.number}
    record("view_page", document, actor, now, employer_id=document.case.employer_id, data=data)
