"""Guards: why an actor may not do something to a case now. Buttons and operations use the same
guards.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from employers.models import PROVEN, AccountClass, Member, User
from employers.permissions import Power
from events.core.actor import Actor, Role
from events.core.errors import Refused
from verification.cases import failed_uploads
from verification.cases.authority_evidence import can_vouch
from verification.models import (
    Appeal,
    Attempt,
    Case,
    CaseNote,
    Decision,
    DocumentKind,
    NoteKind,
    ReviewStage,
    Ruling,
    RulingQuerySet,
    RulingStage,
    SecondReview,
    transitions,
)
from verification.rules import states
from verification.rules.required_documents import CURRENT, PAPERS, founding_document_name, paper_of
from verification.rules.states import State

NEEDS_CLAIM = frozenset({"approve", "reject", "request_changes", "uphold"})
"""Decisions that require the reviewer's claim, so that two people never decide the same case."""

OF_SENIORS = frozenset({"reopen"})
"""Verbs that take back a colleague's decision."""

IN_BULK = ("request_changes", "reject")
"""Verbs that can decide many cases at once.

Approval is not among them: it opens rights and needs an individual review.
"""

SUBMISSIONS_PER_DAY = 10
SENT_BACK_UNTIL_A_PERSON = 3

ADDED_WHILE_CHECKING = frozenset(
    {DocumentKind.AUTHORIZATION_LETTER, DocumentKind.CLIENT_AUTHORIZATION}
)
"""Documents that can be added while the checks run. No reading depends on them, and the attempt
sees them in its next round.
"""

NEEDS_REASON = frozenset({"reject", "request_changes", "suspend", "uphold", "revoke", "reopen"})
"""Verbs that need a reason, because they take something from the employer, do not restore it, or
take back a decision.
"""

ENDS_A_HEARING = frozenset({"uphold", "revoke"})
"""Answers to an open appeal that deny it. They require the claim, so the reviewer whom the appeal
is against cannot give them. Lifting a suspension needs no second person: it is lifted as soon as
the matter is settled.
"""


def may_act(
    verb: str, case: Case, actor: Actor, now: datetime, ruling: Ruling | None = None
) -> Refused | None:
    """Return why `actor` may not `verb` the case, or None if they may.

    If `ruling` is being carried out, the claim under which it was made is no longer required.
    Everything else is checked again.
    """
    if not any(
        transitions.is_permitted(each, case, actor) for each in transitions.transitions_of(verb)
    ):
        return Refused("not_allowed", seen=actor.role)
    if not transitions.is_possible(verb, case, actor):
        return Refused(
            "state_conflict",
            "state",
            seen=case.state,
            expected=", ".join(sorted(transitions.source_states(verb))),
        )
    if actor.role is Role.REVIEWER:
        return _reviewer_may(verb, case, actor, now, ruling)
    if verb == "submit":
        return missing_for_submission(case, actor) or _too_often(case, now)
    if verb == "appeal" and case.state == State.REJECTED and case.appealed_at is not None:
        return Refused("appeal_used")
    if verb == "appeal" and case.heard():
        return Refused("appeal_open")
    if verb == "ask_person":
        return (
            failed_uploads.too_few(case, actor, now)
            if case.state == State.DRAFT
            else _not_yet(case)
        )
    return _begun_anew(verb, case)


def may_decide(actor: Actor) -> Refused | None:
    """Return why this actor may not act as a reviewer, or None if they are staff who decide.

    Auditors only read; former staff may do neither.
    """
    return (
        None
        if actor.role is Role.REVIEWER and actor.can(Power.DECIDE)
        else Refused("not_allowed", seen=actor.role)
    )


def _reviewer_may(
    verb: str, case: Case, actor: Actor, now: datetime, ruling: Ruling | None
) -> Refused | None:
    if refused := may_decide(actor):
        return refused
    if verb == "uphold" and not case.heard():
        return Refused("appeal_none")
    if ruling is None and (refused := _claim_missing(verb, case, actor, now)):
        return refused
    if verb in NEEDS_CLAIM and (refused := _not_for(case, actor)):
        return refused
    if verb == "approve" and failed_uploads.was_never_checked(case):
        return Refused("case_not_submitted")
    if verb in OF_SENIORS and not actor.can(Power.SECOND_REVIEW):
        return Refused("senior_required")
    return _begun_anew(verb, case)


def _begun_anew(verb: str, case: Case) -> Refused | None:
    """An employer has one open case. If it has begun one since a decision, that decision cannot be
    reopened or appealed.
    """
    state = State(case.state)
    if state in states.OPEN or transitions.target_state(verb, state) not in states.OPEN:
        return None
    return Refused("other_case_open") if Case.objects.beside(case).open().exists() else None


def _claim_missing(verb: str, case: Case, actor: Actor, now: datetime) -> Refused | None:
    if case.claimed_by_other(actor.id, now):
        return Refused("claimed_by_other")
    if not (verb in NEEDS_CLAIM or (verb in ENDS_A_HEARING and case.heard())) or case.claimed_by_me(
        actor.id, now
    ):
        return None
    return _under_way(case) or Refused("claim_required")


def _under_way(case: Case) -> Refused | None:
    """A claim ends with the ruling. No one can claim the case until the ruling is carried out or
    undone.
    """
    return (
        Refused("decision_under_way") if Ruling.objects.open().filter(case=case).exists() else None
    )


def _not_for(case: Case, actor: Actor) -> Refused | None:
    """Why this reviewer may not decide a case that waits for reviewers, or None."""
    if not case.awaits_review():
        return None
    if (case.for_senior or case.review_stage != ReviewStage.FIRST) and not actor.can(
        Power.SECOND_REVIEW
    ):
        return Refused("senior_required")
    if rulings_in_review(case).filter(by=UUID(actor.id)).exists():
        return Refused("second_person_required")
    return None


def in_force_undecided(
    verb: str, case: Case, now: datetime, suspend_in_force: bool | None
) -> Refused | None:
    """A rejection must state whether the employer keeps the rights that another case gives it.
    Refused if it does not.
    """
    if (
        verb == "reject"
        and suspend_in_force is None
        and Case.objects.beside(case).in_force(now).exists()
    ):
        return Refused("in_force_undecided", "in_force")
    return None


def may_undo(ruling: Ruling, actor: Actor) -> bool:
    """Whether this reviewer may undo the ruling. Either of its two people may undo a bulk
    decision.
    """
    return may_decide(actor) is None and UUID(actor.id) in (ruling.by_id, ruling.confirmed_by_id)


def rulings_in_review(case: Case) -> RulingQuerySet:
    """The rulings on the case since it came to the reviewers, kept while it waits for another
    reviewer.
    """
    return Ruling.objects.given().filter(
        case=case, made_at__gte=case.review_since or case.opened_at
    )


def by_one(verb: str, case: Case, actor: Actor, ruling: Ruling | None) -> Refused | None:
    """Return why this decision or the `ruling` to carry out needs a second reviewer, or None.

    Two reviewers have to agree if the case requires it; if they do not, a third one decides. A bulk
    decision already has two people.
    """
    if (
        actor.role is not Role.REVIEWER
        or verb not in NEEDS_CLAIM
        or case.state not in states.REVIEWABLE
    ):
        return None
    if ruling is not None and (
        ruling.stage == RulingStage.THIRD or ruling.confirmed_by_id is not None
    ):
        return None
    if case.review_stage == ReviewStage.FIRST and not needs_second(verb, case):
        return None
    if (
        ruling is not None
        and ruling.stage == RulingStage.SECOND
        and rulings_in_review(case).filter(stage=RulingStage.FIRST, verb=verb).exists()
    ):
        return None
    return Refused("second_review_required")


def needs_second(verb: str, case: Case) -> bool:
    """Whether two people have to agree on `verb`: on any decision in a sample, and on approval of a
    case with a high potential for harm.
    """
    return case.second_review == SecondReview.SAMPLE or (
        case.second_review == SecondReview.POLICY and verb == "approve"
    )


def may_claim(case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Return why this reviewer may not claim the case, or None if they may."""
    if refused := may_ask_for(case, actor, now):
        return refused
    return Refused("claimed_by_other") if case.claimed_by_other(actor.id, now) else None


def may_ask_for(case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Return why this reviewer could not claim the case even if it were unclaimed, or None if they
    could.
    """
    if refused := may_decide(actor):
        return refused
    if case.golden and not Case.objects.shown_to(actor.id).filter(pk=case.pk).exists():
        return Refused("not_allowed", seen=actor.role)
    if not case.awaits_review():
        return Refused(
            "state_conflict", "state", seen=case.state, expected=", ".join(states.REVIEWABLE)
        )
    if under_way := _under_way(case):
        return under_way
    if case.held_until is not None and case.held_until > now and not _postponed_by(case, actor):
        return Refused("case_held")
    if Appeal.objects.open().against(actor.id).filter(case=case).exists():
        return Refused("another_reviewer_required")
    return _not_for(case, actor)


def _postponed_by(case: Case, actor: Actor) -> bool:
    note = CaseNote.objects.filter(case=case, kind=NoteKind.HOLD).first()
    return note is not None and str(note.by_id) == actor.id


def may_bulk(verb: str, actor: Actor) -> Refused | None:
    """Return why this reviewer may not propose or confirm `verb` for many cases, or None if they
    may.
    """
    if refused := may_decide(actor):
        return refused
    if verb not in IN_BULK:
        return Refused("not_allowed", "verb", seen=verb, expected=", ".join(IN_BULK))
    return None if actor.can(Power.BULK) else Refused("senior_required")


def may_edit(case: Case, actor: Actor) -> Refused | None:
    """Return why the employer may not change its declaration or documents, or None if it may."""
    if actor.role not in states.EMPLOYER:
        return Refused("not_allowed", seen=actor.role)
    if case.state not in states.EDITABLE:
        return Refused(
            "state_conflict", "state", seen=case.state, expected=", ".join(sorted(states.EDITABLE))
        )
    return None


def may_add(kind: str, case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Return why the employer may not add a document of this kind, or None if it may.

    Letters can also be added while the checks wait for them. An agency with an approval in force
    may add the letters of new clients.
    """
    if (
        actor.role in states.EMPLOYER
        and kind == DocumentKind.CLIENT_AUTHORIZATION
        and case.is_in_force(now)
    ):
        return (
            None if case.account_class == AccountClass.COMMERCIAL_AGENCY else may_edit(case, actor)
        )
    if (
        actor.role in states.EMPLOYER
        and kind in ADDED_WHILE_CHECKING
        and case.state == State.CHECKING
    ):
        return None
    return may_edit(case, actor) or _another_paper(kind, case)


def _another_paper(kind: str, case: Case) -> Refused | None:
    """Refuse a founding document of the wrong kind. The account class and the code determine which
    one is due.
    """
    paper = paper_of(case.account_class, case.declared_uscc)
    return _lacks(paper, case) if kind in PAPERS and kind != paper else None


def rights_taken_away(employer_id: UUID) -> Refused | None:
    """Return why this employer's rights are taken away, or None if they are not."""
    case: Case | None = (
        Case.objects.filter(employer_id=employer_id).stopped().order_by("state").last()
    )
    return Refused(f"employer_{case.state}") if case else None


def may_prove(member: Member) -> Refused | None:
    """Return why this recruiter may not begin a proof of authority, or None if they may."""
    if member.left_at is not None:
        return Refused("not_allowed", seen=member.role)
    if not member.user.is_proven:
        return Refused("authority_email_unverified", "email")
    return rights_taken_away(member.employer_id)


def may_vouch(colleague: Member, member: Member, uscc: str, now: datetime) -> Refused | None:
    """Return why this colleague may not vouch for the recruiter, or None.

    A vouch never relies on another vouch alone. A member of another account with the same code is
    not a colleague: no one has admitted them.
    """
    if (
        colleague.pk == member.pk
        or colleague.employer_id != member.employer_id
        or not can_vouch(colleague, uscc, now)
    ):
        return Refused("vouch_not_possible", "colleague")
    return rights_taken_away(colleague.employer_id)


def missing_for_submission(case: Case, actor: Actor) -> Refused | None:
    """Return what is missing before this member can submit the case, or None."""
    if not User.objects.filter(PROVEN, pk=UUID(actor.id)).exists():
        return Refused("authority_email_unverified", "email")
    held = case.held_uploads.select_related("uploaded_by")
    if opening := sum(upload.is_opening for upload in held):
        return Refused("uploads_opening", "document", details={"files": str(opening)})
    if case.test:  # its code determines what its documents would show
        return None
    paper = paper_of(case.account_class, case.declared_uscc)
    if not case.documents.current().filter(kind=paper).exists():
        return _lacks(paper, case)
    return None


def _lacks(paper: str, case: Case) -> Refused:
    """Return the refusal that names the founding document of this kind of employer."""
    named = founding_document_name(paper, case.declared_uscc)
    return Refused(CURRENT.items[paper].missing, "document", expected=named)


def _not_yet(case: Case) -> Refused | None:
    """After this many returns, the employer can ask for a person to explain what is needed."""
    if Decision.objects.sent_back(case.employer_id).count() < SENT_BACK_UNTIL_A_PERSON:
        return Refused("person_not_yet", expected=f"≥ {SENT_BACK_UNTIL_A_PERSON}")
    return None


def _too_often(case: Case, now: datetime) -> Refused | None:
    """Each submission costs machine time, and perhaps a reviewer's. Withdrawing and starting again
    does not reset the count.
    """
    since = now - timedelta(days=1)
    if (
        Attempt.objects.filter(case__employer_id=case.employer_id, submitted_at__gt=since).count()
        >= SUBMISSIONS_PER_DAY
    ):
        return Refused("submitted_too_often", expected=f"≤ {SUBMISSIONS_PER_DAY}")
    return None


def available_verbs(case: Case, actor: Actor, now: datetime) -> list[str]:
    """The verbs that the guards allow `actor` now, in the order of the model's methods."""
    return [
        verb for verb in transitions.transition_verbs() if may_act(verb, case, actor, now) is None
    ]
