"""What does an employer see of its case?

Every requirement and where it stands, the one next thing to do, and what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from employers.models import Member
from events.core.reasons import REASONS, Text
from events.models import Event
from verification.authority import vouches
from verification.cases import guards, wording
from verification.checks import CHECKS
from verification.intake import client_letters, document_reuse, early_reading
from verification.models import (
    Appeal,
    Attempt,
    Case,
    CheckRun,
    Decision,
    Document,
    DocumentKind,
    ProofKind,
)
from verification.pages import requirement_facts
from verification.pages.client_rows import client_line
from verification.pages.forms import ClientForm
from verification.rules import policy, states
from verification.rules.facts import RequirementState, Why
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import (
    CLIENTS,
    CURRENT,
    HOW,
    MAIL,
    REVERIFICATION,
    SUBMISSION,
    paper_of,
)
from verification.rules.requirements import Requirement, Way, next_of
from verification.rules.states import State

Word = str | Promise

TIMELINE_AT_MOST: Final = 60
IN_THE_TIMELINE: Final = ("case", "document", "proof", "clientauthorisation")
UNSAID: Final = frozenset({"case_not_submitted"})
"""What the page says by its buttons."""
WAITED_FOR: Final = frozenset(code for code in REASONS if code != "check_delayed")
"""What an attempt waits for only so long. A service that is down is waited for until it is back."""
APART: Final = frozenset({SUBMISSION, REVERIFICATION})
"""Shown above and below the list, not in it."""

PAGE_OF: Final[dict[str, str]] = {
    ProofKind.COMPANY_EMAIL: "verification:company_email",
    ProofKind.BANK_DEPOSIT: "verification:bank_deposit",
    ProofKind.E_LICENCE: "verification:e_licence",
    ProofKind.VOUCH: "verification:vouching",
    "declare": "verification:declare",
}
"""Where the ways that are no document are gone."""


# --- The parts of the page ------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One of the four steps at the head of the page; `state` is done, now or next."""

    name: Promise
    state: str


@dataclass
class Slot:
    """One kind of document: what is there of it, and what was taken out and can be brought back."""

    kind: str
    name: Promise | str
    documents: list[Document] = field(default_factory=list)
    removed: list[Document] = field(default_factory=list)
    kept: document_reuse.Kept | None = None
    """What was given of it with an earlier case."""

    @property
    def how(self) -> Text | None:
        """How it is photographed; of a letter its way says so."""
        return HOW.get(self.kind) if self.kind != DocumentKind.AUTHORIZATION_LETTER else None


@dataclass(frozen=True)
class CheckLine:
    """One check as a line: done, now or next; what it found, and whether anything needs a look."""

    code: str
    name: Promise | str
    state: str
    findings: Sequence[Finding] = ()
    seconds: float = 0.0

    @property
    def troubled(self) -> bool:
        return any(finding.severity > Severity.NOTE for finding in self.findings)


@dataclass(frozen=True)
class WayLine:
    """One way to meet a requirement: a document's slot, or a page of its own."""

    way: Way
    slot: Slot | None
    href: str

    @property
    def name(self) -> Word:
        return wording.WAYS.get(self.way.code, self.way.code)

    @property
    def strength(self) -> Word:
        return wording.STRENGTHS.get(self.way.strength, "") if self.way.strength else ""

    @property
    def begun(self) -> bool:
        return self.way.state in (RequirementState.PENDING_VERIFICATION, RequirementState.SATISFIED)

    @property
    def failed(self) -> Sequence[Why]:
        """Why this way did not succeed.

        Of a letter, which stands among the documents, the item itself says it.
        """
        return () if self.slot else self.way.reasons

    @property
    def state(self) -> Word:
        """In words, where something has been done already; a way not gone yet has none."""
        if self.begun:
            return wording.WAY_STATES[self.way.state]
        return wording.WAY_STATES["failed"] if self.failed else ""

    @property
    def look(self) -> str:
        return {
            RequirementState.SATISFIED: "done",
            RequirementState.PENDING_VERIFICATION: "checking",
        }.get(self.way.state, "again")

    @property
    def open(self) -> bool:
        """Whether there is anything to do on the way's own page."""
        return self.way.state is not RequirementState.SATISFIED

    @property
    def action(self) -> Word:
        if self.begun and self.way.expires_at is None:  # the address of the account itself
            return _("Use another address")
        return (
            _("Go on with it")
            if self.begun
            else _("Try again")
            if self.failed
            else _("Choose this")
        )


@dataclass(frozen=True)
class Item:
    """One requirement as a row of the list: closed, it says its name and its state; opened,
    everything else.
    """

    requirement: Requirement
    tag: Word
    look: str
    """How the tag looks, besides what it says: `todo`, `again`, `under-way` or `done`."""
    ways: Sequence[WayLine]
    given: Sequence[Slot] = ()
    opened: bool = False

    @property
    def code(self) -> str:
        return self.requirement.code

    @property
    def title(self) -> Word:
        return wording.REQUIREMENTS.get(self.code, (self.code, ""))[0]

    @property
    def purpose(self) -> Word:
        """Why it is asked."""
        return wording.REQUIREMENTS.get(self.code, ("", ""))[1]

    @property
    def shown_reasons(self) -> Sequence[Why]:
        """That nothing is there yet is said by the tag and by what is asked for; other reasons are
        told in full.
        """
        return [
            why
            for why in self.requirement.reasons
            if self.look != "todo" and why.code not in UNSAID
        ]

    @property
    def lacking(self) -> Sequence[Why]:
        """Of what is not there yet: how it is given, who can, and how long that takes."""
        return self.requirement.reasons if self.look == "todo" else ()

    @property
    def by_letter(self) -> bool:
        """Whether each of its letters says for itself what is wrong with it."""
        letters = (document for slot in self.slots for document in slot.documents)
        return self.code == CLIENTS and any(
            line.judged for letter in letters if (line := getattr(letter, "of_client", None))
        )

    @property
    def unlocks(self) -> Word:
        return wording.UNLOCKS[self.requirement.unlocks]

    @property
    def slots(self) -> list[Slot]:
        """Its documents; of a case that takes nothing any more, those that were given."""
        return [line.slot for line in self.ways if line.slot] or list(self.given)

    @property
    def elsewhere(self) -> list[WayLine]:
        """The ways that have a page of their own."""
        return [line for line in self.ways if line.slot is None]


@dataclass(frozen=True)
class Next:
    """The one thing to do next, and where."""

    title: Word
    why: Word
    href: str
    label: Word
    code: str
    """Of the requirement."""

    @property
    def lead(self) -> Word:
        """What is left to do before a case that was not handed in yet can be."""
        return wording.LEADS.get(self.code, "")


_STEP_NAMES = (_("Company"), _("Documents"), _("Checks"), _("Decision"))
_STEP_AT = {
    State.DRAFT: 1,
    State.CHANGES_REQUESTED: 1,
    State.SUBMITTED: 2,
    State.CHECKING: 2,
    State.IN_REVIEW: 3,
}


def steps(state: str) -> list[Step]:
    """The four steps of a case in `state`; a decided case has done them all."""
    at = _STEP_AT.get(State(state), len(_STEP_NAMES))
    return [
        Step(name, "done" if i < at else "now" if i == at else "next")
        for i, name in enumerate(_STEP_NAMES)
    ]


def slots(documents: Sequence[Document], now: datetime) -> dict[str, Slot]:
    """A slot for each kind of document, with what is in it."""
    there = {(d.kind, d.sha256) for d in documents if d.superseded_at is None}
    made = {}
    for kind in DocumentKind:
        of_kind = [d for d in documents if d.kind == kind]
        current = [d for d in of_kind if d.superseded_at is None]
        removed = [
            d
            for d in of_kind
            if d.superseded_at
            and now - d.superseded_at < document_reuse.UNDO_FOR
            and (kind, d.sha256) not in there
        ]
        made[str(kind)] = Slot(kind, kind.label, current, removed)
    return made


def items(
    requirements: Sequence[Requirement],
    case_state: str,
    slot_of: Mapping[str, Slot],
    opened: frozenset[str] = frozenset(),
) -> list[Item]:
    """The requirements as rows.

    Open are the next one, whatever has to be done again, and what `opened` names.
    """
    following = next_of(
        [requirement for requirement in requirements if requirement.code != MAIL]
    ) or next_of(requirements)
    made = []
    for requirement in requirements:
        ways = [
            WayLine(
                way,
                slot_of.get(way.code),
                reverse(PAGE_OF[way.code]) if way.code in PAGE_OF else "",
            )
            for way in requirement.ways
        ]
        words, look = tag_of(requirement, case_state)
        opens = requirement is following or look == "again" or requirement.code in opened
        given = [
            slot_of[kind]
            for kind in CURRENT.items[requirement.code].ways
            if kind in slot_of and slot_of[kind].documents
        ]
        made.append(Item(requirement, words, look, ways, given, opens))
    return made


def tag_of(requirement: Requirement, case_state: str) -> tuple[Word, str]:
    """The state of a requirement in one or two words (`wording.TAGS`), and how they look."""
    match requirement.state:
        case RequirementState.SATISFIED:
            tag = "done"
        case RequirementState.PAST_DUE:
            tag = "overdue"
        case RequirementState.PENDING_VERIFICATION if case_state in states.EDITABLE:
            tag = "ready" if requirement.ways else "ours"
        case RequirementState.PENDING_VERIFICATION:
            tag = "reviewing" if case_state in states.REVIEWABLE | states.STOPPED else "checking"
        case _ if not requirement.ways:
            tag = "open"
        case _:
            tag = (
                "again"
                if any(
                    not why.code.endswith(("_missing", "_unverified"))
                    for why in requirement.reasons
                )
                else "todo"
            )
    return wording.TAGS[tag], tag


def next_step(made: Sequence[Item]) -> Next | None:
    """The one next thing; None where the employer has nothing to do."""
    following = next_of([item.requirement for item in made])
    item = next((item for item in made if item.requirement is following), None)
    ways = {line.way.code for line in item.ways} if item else set()
    if (
        item is None or not ways or ways & {"start", "appeal"}
    ):  # what comes after a decision stands with the decision
        return None
    if item.code == SUBMISSION:
        return Next(
            _("Look it over and submit"),
            _("Everything that is needed is here."),
            "#submit",
            _("Go to the button"),
            item.code,
        )
    return Next(
        item.title, item.purpose, f"#requirement-{item.code}", _("Go to this item"), item.code
    )


# --- What stands in them --------------------------------------------------------------------------


def check_lines(
    attempt: Attempt | None, runs: Sequence[CheckRun], now: datetime
) -> list[CheckLine]:
    """Every check in the order in which they run, with what the last round of each found."""
    done = {run.code: run for run in runs}
    at_work = (
        attempt is not None
        and attempt.finished_at is None
        and attempt.leased_until is not None
        and attempt.leased_until > now
    )
    lines = []
    for check in CHECKS:
        name = wording.CHECKS[check.code].employer
        if run := done.get(check.code):
            lines.append(
                CheckLine(
                    check.code,
                    name,
                    "done",
                    [wording.told(f) for f in run.as_findings()],
                    run.seconds,
                )
            )
        else:
            lines.append(CheckLine(check.code, name, "now" if at_work else "next"))
            at_work = False
    return lines


def current_case(member: Member) -> Case | None:
    """The employer's open case, else its last one if that was refused, else the one by which its
    rights were taken away, else the last.

    One that was taken back is passed over, unless it is all there is: it hides neither what is in
    force nor a refusal to appeal.
    """
    cases = Case.objects.filter(employer=member.employer).order_by("-opened_at")
    last: Case | None = (
        cases.open().first() or cases.exclude(state=State.WITHDRAWN).first() or cases.first()
    )
    if last is None or last.state in states.OPEN or last.state == State.REJECTED:
        return last
    case: Case = cases.stopped().first() or last
    return case


def progress(case: Case, now: datetime) -> dict[str, Any]:
    """What is under way: each check, what is waited for, and how long that usually takes."""
    attempt = case.attempts.order_by("-number").first()
    runs = list(attempt.check_runs.all()) if attempt else []
    lines = check_lines(attempt, runs, now)
    waiting_for = attempt.waiting_for if attempt else ""
    waits_for_employer = _waits_for_employer(case, attempt)
    return {
        "case": case,
        "waits_until": policy.waits_until(attempt.waits, attempt.due_at, policy.CURRENT)
        if attempt and waiting_for in WAITED_FOR
        else None,
        "attempt": attempt,
        "checks": lines,
        "done_count": sum(line.state == "done" for line in lines),
        "in_progress": case.state in states.IN_PROGRESS,
        "waits_for_employer": waits_for_employer,
        "shown_state": State.CHANGES_REQUESTED if waits_for_employer else case.state,
        # What the browser shows already, so that an unchanged progress need not be sent and shown
        # again.
        "have": "-".join(
            [
                turn(waits_for_employer),
                f"v{case.version}",
                *(f"{line.code}.{line.state}" for line in lines),
                waiting_for,
            ]
        ),
    }


def _waits_for_employer(case: Case, attempt: Attempt | None = None) -> bool:
    """Whether the checks rest until the employer has done something."""
    if case.state not in states.IN_PROGRESS:
        return False
    attempt = attempt or case.attempts.order_by("-number").first()
    return attempt is not None and attempt.waiting_for in wording.WAITS_FOR_EMPLOYER


def meanwhile(member: Member, case: Case, now: datetime) -> Next | None:
    """What the employer can do while its case is under way."""
    return next_step(items(requirement_facts.requirements_of(case, member, now), case.state, {}))


def turn(waits_for_employer: bool) -> str:
    """Whose turn it is, as the browser tells us what it shows already."""
    return "yours" if waits_for_employer else "ours"


def editor(
    member: Member,
    case: Case,
    now: datetime,
    opened: frozenset[str] = frozenset(),
    client_form: tuple[UUID, ClientForm] | None = None,
) -> dict[str, Any]:
    """The list of what is asked, with the documents, and the button to submit.

    `client_form`: one that was sent and refused.
    """
    related = case.documents.select_related("reading", "client_authorisation")
    documents = list(related.order_by("uploaded_at").prefetch_related("pages", "statements"))
    of_clients = (
        {standing.document.pk: standing for standing in client_letters.standings(case, now)}
        if _has_letters(documents)
        else {}
    )
    for document in documents:
        document.read_values = reading_of(document)  # type: ignore[attr-defined]
        if document.kind == DocumentKind.CLIENT_AUTHORIZATION:
            sent = client_form[1] if client_form and client_form[0] == document.pk else None
            document.of_client = client_line(document, of_clients.get(document.pk), sent)  # type: ignore[attr-defined]
    slot_of = slots(documents, now)
    kept = document_reuse.kept_before(case, now)
    for kind, papers in kept.items():
        slot_of[kind].kept = papers
    if case.state in states.EDITABLE:
        opened |= {
            document.kind
            for document in documents
            if document.superseded_at is None and _to_look_at(document)
        }
    made = items(
        requirement_facts.requirements_of(case, member, now, kept),
        case.state,
        slot_of,
        frozenset(map(item_of_kind, opened)),
    )
    rows = [item for item in made if item.code not in APART]
    in_rows = {slot.kind for item in rows for slot in item.slots} | {DocumentKind.APPEAL_EVIDENCE}
    return {
        "case": case,
        "member": member,
        "items": rows,
        "submission": next((item for item in made if item.code == SUBMISSION), None),
        "others": [
            slot for kind, slot in slot_of.items() if slot.documents and kind not in in_rows
        ],
        "met": sum(_met(item.requirement, case) for item in rows),
        "next": next_step(made),
        # While it is the employer's turn, the next step stands above the checks, and not here once
        # more.
        "waits_for_employer": _waits_for_employer(case),
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
        "address_verified": member.user.email_verified_at is not None,
        "may_submit": bool(slot_of[paper_of(case.account_class, case.declared_uscc)].documents),
        "page_count": sum(
            len(d.pages.all())
            for d in documents
            if d.superseded_at is None and d.kind != DocumentKind.APPEAL_EVIDENCE
        ),
        "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
    }


def _met(requirement: Requirement, case: Case) -> bool:
    """Whether the employer's part is done; once the case is handed in, whether it was accepted."""
    return (
        not requirement.open
        if case.state in states.EDITABLE
        else requirement.state is RequirementState.SATISFIED
    )


def _to_look_at(document: Any) -> bool:
    """Whether something was read of the document, or is about to be, of which its employer has said
    nothing.
    """
    read = document.read_values
    return read is not None and (read["pending"] or bool(read["values"])) and not read["said"]


def item_of_kind(kind: str) -> str:
    """The requirement under which documents of `kind` stand."""
    return next((item.code for item in CURRENT.items.values() if kind in item.ways), "")


def reading_of(document: Document) -> dict[str, Any] | None:
    """What was read of a licence and said of it; None of what is not read before it is handed in,
    and of letters (`client_line`).
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
        "values": shown,
        "said": any(value.said is not None for value in shown),
        "disputed": [value for value in shown if value.disputed],
    }


def _has_letters(documents: Sequence[Document]) -> bool:
    return any(document.kind == DocumentKind.CLIENT_AUTHORIZATION for document in documents)


@dataclass(frozen=True)
class ToCome:
    """What comes next, and whose time tells when: the `machine`'s, `reviewers`' or that of
    `appeals`; else until when it is waited for.
    """

    words: Word
    whose: str = ""
    until: datetime | None = None


def to_come(
    case: Case, waiting_for: str, until: datetime | None, own_words: Appeal | None
) -> ToCome | None:
    """The row before what happened; None where nothing comes by itself."""
    if case.state in states.EDITABLE:
        return ToCome(_("Next: you hand it in. Then the checks:"), "machine")
    if case.state in states.IN_PROGRESS:
        if waiting_for in wording.WAITS_FOR_EMPLOYER:
            return ToCome(_("Next: what the checks wait for from you."), until=until)
        return (
            ToCome(_("Next: what is waited for is asked again."), until=until)
            if until
            else ToCome(_("Next: the checks."), "machine")
        )
    if own_words is not None:
        return ToCome(_("Next: a reviewer answers you."), "appeals")
    return (
        ToCome(_("Next: a reviewer decides."), "reviewers")
        if case.state in states.REVIEWABLE
        else None
    )


def _timeline(case: Case) -> list[Event]:
    """What happened to the case, its documents and proofs, the latest first."""
    events = Event.objects.filter(
        employer_id=case.employer_id, verb__in=wording.HAPPENED, subject_type__in=IN_THE_TIMELINE
    )
    return [
        event for event in events.order_by("-id")[: 4 * TIMELINE_AT_MOST] if _is_of(event, case)
    ][:TIMELINE_AT_MOST]


def _is_of(event: Event, case: Case) -> bool:
    return event.subject_type == "proof" or str(case.pk) in (
        event.subject_id,
        event.data.get("case"),
        event.data.get("because_of"),
    )


def page(
    member: Member,
    case: Case,
    now: datetime,
    opened: frozenset[str] = frozenset(),
    client_form: tuple[UUID, ClientForm] | None = None,
) -> dict[str, Any]:
    """All that the case page shows. `opened` are kinds of documents whose items are shown open."""
    context = progress(case, now) | editor(member, case, now, opened, client_form)
    decision: Decision | None = case.decisions.first()
    actor = member.as_actor()
    in_force = (
        case
        if case.holds_rights(now)
        else Case.objects.filter(employer=member.employer).in_force(now).first()
    )
    heard = case.state in states.REVIEWABLE | states.STOPPED
    said: Appeal | None = Appeal.objects.open().filter(case=case).first() if heard else None
    return context | {
        "steps": steps(case.state),
        "decision": decision,
        "reasons": [wording.told_reason(reason) for reason in decision.reasons] if decision else [],
        "suspended_beside": case.state == State.REJECTED
        and Case.objects.beside(case).filter(state=State.SUSPENDED).exists(),
        "appealed": said is not None and said.verb == "appeal",
        "appealable": guards.may("appeal", case, actor, now) is None,
        "own_words": said,
        "asked_to_vouch": vouches.asked_of(member, now),
        "withdrawable": guards.may("withdraw", case, actor, now) is None,
        "lapsed": case.state == State.APPROVED and not case.holds_rights(now),
        "renew_soon": case.holds_rights(now)
        and case.expires_at is not None
        and case.expires_at - now <= CURRENT.renew_before,
        "in_force": in_force,
        "timeline": _timeline(case),
        "to_come": to_come(
            case,
            context["attempt"].waiting_for if context["attempt"] else "",
            context["waits_until"],
            said,
        ),
    }
