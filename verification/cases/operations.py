"""The operations on a case, each in one transaction: lock, guard, transition, save, Event.

Nothing here uses the network, reads pictures or sends mail. Follow-up work is written as a row in a
queue, and a worker is notified after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse

from documents.uscc import is_of_test, normalise_uscc, uscc_problem
from employers.models import Employer, User
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.doorbell import notify_worker
from events.models import record
from verification.cases import guards, queue_placement
from verification.cases.decisions import NO_REASON, NOTHING_SAID, Why, findings_of, put_on_record
from verification.cases.notices import tell_admins, tell_employer
from verification.models import Appeal, Attempt, Case, DocumentKind, Ruling
from verification.rules import name_lookalikes, policy, required_documents, states
from verification.rules.findings import Finding
from verification.rules.states import State
from verification.rules.validity import rights_end


@dataclass
class Move:
    """A transition in progress: the locked case, and further data for the Event."""

    case: Case
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def moving_case(
    case_id: UUID,
    verb: str,
    actor: Actor,
    now: datetime,
    *,
    why: Why = NO_REASON,
    seen_version: int | None = None,
    ruling: Ruling | None = None,
) -> Iterator[Move]:
    """Change a case's state: lock, guard, transition, save and Event in one transaction. The only
    way to do so.

    The body may set other fields of `move.case` and write rows that belong to the move.
    `seen_version` is the version of the case that the person saw; if the case has changed since,
    the move is refused. `ruling` is the earlier ruling of a reviewer that this move carries out.

    Raises `Refused` (nothing is written) and `Case.DoesNotExist`.
    """
    with transaction.atomic():
        # As in the gate, the employer is locked first and then its cases, to avoid deadlocks.
        employer = Employer.objects.select_for_update(no_key=True).filter(cases=case_id).first()
        case = Case.objects.select_for_update().get(pk=case_id)
        if employer is not None:
            case.employer = employer
        if seen_version is not None and seen_version != case.version:
            raise Refused("state_conflict", "state", seen=case.state)
        if refused := guards.may_act(verb, case, actor, now, ruling) or guards.by_one(
            verb, case, actor, ruling
        ):
            raise refused
        if verb in guards.NEEDS_REASON and not why.reasons:
            raise Refused("reason_required")
        move = Move(case)
        from_state = case.state
        yield move
        getattr(case, verb)()
        queue_placement.place_after_move(case, State(from_state), why.codes, now)
        case.version += 1
        case.save()
        record(
            verb,
            case,
            actor,
            now,
            employer_id=case.employer_id,
            from_state=from_state,
            to_state=case.state,
            reasons=why.codes,
            policy_version=why.policy_version,
            data={"attempt": case.attempt_number} | case.told_end() | move.data,
        )


# --- The employer ---------------------------------------------------------------------------------


def open_case(employer: Employer, actor: Actor, now: datetime) -> Case:
    """Return the employer's open case. If there is none, create it from the declared facts.

    Raises Refused if the employer is suspended or revoked: that has to be settled first.
    """
    if actor.role not in states.EMPLOYER:
        raise Refused("not_allowed", seen=actor.role)
    with transaction.atomic():
        # The employer is locked, as by each move, so that no older case is appealed or reopened
        # while this one begins.
        Employer.objects.select_for_update(no_key=True).get(pk=employer.pk)
        if stopped := guards.rights_taken_away(employer.pk):
            raise stopped
        existing: Case | None = Case.objects.filter(employer=employer).open().first()
        if existing is not None:
            return existing
        case: Case = Case.objects.create(
            employer=employer,
            test=employer.test,
            declared_name=employer.name,
            name_key=name_lookalikes.lookalike_key(employer.name),
            declared_uscc=employer.uscc,
            account_class=employer.account_class,
            opened_at=now,
        )
        record("open", case, actor, now, employer_id=employer.pk, to_state=State.DRAFT)
        return case


@contextmanager
def editing_case(
    case_id: UUID, actor: Actor, adding: str = "", now: datetime | None = None
) -> Iterator[Case]:
    """Lock a case that the employer may still change, or to which it adds a document of the kind
    `adding` at `now`.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case_id)
        if refused := (
            guards.may_add(adding, case, actor, now) if now else guards.may_edit(case, actor)
        ):
            raise refused
        yield case
        case.version += 1
        case.save()


def declare_facts(
    case_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    name: str,
    uscc: str,
    legal_representative: str,
    account_class: str,
) -> Case:
    """Correct the declared facts while the employer may edit the case.

    The code must be valid. A test code is valid only in a test.
    """
    uscc = normalise_uscc(uscc)
    if refused := uscc_problem(uscc):
        raise refused
    with editing_case(case_id, actor) as case:
        if is_of_test(uscc) is not case.test:
            raise Refused("test_code_required" if case.test else "uscc_invalid", "uscc", seen=uscc)
        if case.employer.confirmed_at is not None and uscc != case.employer.uscc:
            raise Refused("uscc_fixed", "uscc", seen=uscc, expected=case.employer.uscc)
        changed = [
            field_name
            for field_name, value in (
                ("declared_name", name),
                ("declared_uscc", uscc),
                ("declared_legal_representative", legal_representative),
                ("account_class", account_class),
            )
            if getattr(case, field_name) != value
        ]
        case.declared_name, case.name_key, case.declared_uscc = (
            name,
            name_lookalikes.lookalike_key(name),
            uscc,
        )
        case.declared_legal_representative, case.account_class = legal_representative, account_class
        if changed:
            record(
                "declare", case, actor, now, employer_id=case.employer_id, data={"changed": changed}
            )
    return case


def submit_case(
    case_id: UUID, user: User, actor: Actor, now: datetime, *, seen_version: int | None = None
) -> Attempt:
    """Submit the case.

    A worker is notified after the commit; if that message is lost, a sweep sends it again.
    """
    with moving_case(case_id, "submit", actor, now, seen_version=seen_version) as move:
        case = move.case
        if case.state == State.CHANGES_REQUESTED:
            case.attempt_number += 1
        case.submitted_at, case.submitted_by, case.decided_at = now, user, None
        attempt = Attempt.objects.create(
            case=case,
            number=case.attempt_number,
            submitted_at=now,
            due_at=now,
            rules_version=required_documents.CURRENT.version,
        )
        tell_admins(case.declared_uscc, user.member, DocumentKind.BUSINESS_LICENCE, now)
        tell_employer(case, "case_submit", {"path": reverse("verification:home")}, now)
        notify_worker("verification.tasks.check_attempt", attempt.pk)
    return attempt


def withdraw_case(case_id: UUID, actor: Actor, now: datetime) -> Case:
    """Withdraw the case. Its attempt is finished too, so that no worker picks it up."""
    with moving_case(case_id, "withdraw", actor, now) as move:
        Attempt.objects.filter(case=move.case, finished_at=None).update(
            finished_at=now, lease=None, leased_until=None
        )
        tell_employer(move.case, "case_withdraw", {"path": reverse("verification:home")}, now)
    return move.case


# --- The machine ----------------------------------------------------------------------------------


def notify_case_worker(case_id: UUID, now: datetime) -> None:
    """Make the case's attempt due now, because what it waits for has changed, and notify a worker
    after the commit.

    If a worker is running the checks, the changed `due_at` tells it to run them once more
    (`apply_verdict.wait_for`).
    """
    attempt = Attempt.objects.filter(case_id=case_id, finished_at=None).first()
    if attempt is not None:
        Attempt.objects.filter(pk=attempt.pk, finished_at=None).update(due_at=now)
        notify_worker("verification.tasks.check_attempt", attempt.pk)


def expire_case(case_id: UUID, now: datetime) -> None:
    """End an approval whose time is over or that a newer one replaces."""
    with moving_case(case_id, "expire", SYSTEM, now):
        pass


# --- The reviewer ---------------------------------------------------------------------------------


def approve_case(
    case_id: UUID, reviewer: User, now: datetime, *, note: str = "", seen_version: int | None = None
) -> Case:
    """Approve the employer as a reviewer."""
    return review_case(case_id, "approve", reviewer.as_reviewer(), now, (), note, seen_version)


def reject_case(
    case_id: UUID,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    *,
    note: str = "",
    seen_version: int | None = None,
    suspend_in_force: bool | None = None,
) -> Case:
    """Reject the case as a reviewer, for reasons that the employer sees.

    `suspend_in_force` tells whether the employer's other case in force is suspended too, for the
    same reasons. Required if there is one. Raises Refused.
    """
    return review_case(
        case_id, "reject", reviewer.as_reviewer(), now, codes, note, seen_version, suspend_in_force
    )


def request_changes(
    case_id: UUID,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    *,
    note: str = "",
    seen_version: int | None = None,
) -> Case:
    """Ask the employer to correct what the reasons name. Everything else is kept."""
    return review_case(
        case_id, "request_changes", reviewer.as_reviewer(), now, codes, note, seen_version
    )


def suspend_case(
    case_id: UUID,
    actor: Actor,
    now: datetime,
    codes: Sequence[str],
    *,
    note: str = "",
    seen_version: int | None = None,
) -> Case:
    """Suspend an employer's rights. Once this returns, every gate refuses."""
    return review_case(case_id, "suspend", actor, now, codes, note, seen_version)


def reinstate_case(
    case_id: UUID, reviewer: User, now: datetime, *, note: str = "", seen_version: int | None = None
) -> Case:
    """Restore the rights that a suspension or a revocation took. The end of the approval does not
    change.
    """
    return review_case(case_id, "reinstate", reviewer.as_reviewer(), now, (), note, seen_version)


def uphold_decision(
    case_id: UUID,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    *,
    note: str = "",
    seen_version: int | None = None,
) -> Case:
    """Deny an appeal against a suspension or a revocation, for reasons that the employer is
    told.
    """
    return review_case(case_id, "uphold", reviewer.as_reviewer(), now, codes, note, seen_version)


def revoke_case(
    case_id: UUID,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    *,
    note: str = "",
    seen_version: int | None = None,
) -> Case:
    """End a suspended approval permanently."""
    return review_case(case_id, "revoke", reviewer.as_reviewer(), now, codes, note, seen_version)


def review_case(
    case_id: UUID,
    verb: str,
    actor: Actor,
    now: datetime,
    codes: Sequence[str],
    note: str,
    seen_version: int | None,
    suspend_in_force: bool | None = None,
    about: Mapping[str, str] = NOTHING_SAID,
    *,
    ruling: Ruling | None = None,
) -> Case:
    """Make a decision other than the policy's, by one of the verbs above: move the case, end the
    claim, record the Decision and queue the mail.

    `about` is as in `Why.of`. Takes effect at once. A reviewer's ruling in the console is held
    first so that it can be undone (`deciding`), and then carried out by this function.
    """
    findings = findings_of(case_id)
    why = Why.of(codes, note, findings, about)
    with moving_case(
        case_id, verb, actor, now, why=why, seen_version=seen_version, ruling=ruling
    ) as move:
        if refused := guards.in_force_undecided(verb, move.case, now, suspend_in_force):
            raise refused
        seconds = ruling.seconds if ruling else move.case.seconds_before(actor.id, now)
        if (
            verb == "reject"
            and suspend_in_force
            and (suspended := _suspend_beside(move.case, why, actor, now))
        ):
            move.data["suspended"] = suspended
        if verb == "approve":
            begin_rights(move.case, now, policy.CURRENT.valid_for, findings)
        if verb == "revoke":  # the code is released, so that the real company can claim it
            move.case.employer.confirmed_at = None
            move.case.employer.save(update_fields=["confirmed_at"])
        if verb == "reinstate":
            take_code(move.case, now)
        waited = (
            queue_placement.hours_waited(move.case, now)
            if actor.role is Role.REVIEWER and move.case.awaits_review()
            else None
        )
        Appeal.objects.open().filter(case=move.case).update(answered_at=now)
        move.case.claimed_by = move.case.claimed_until = move.case.claimed_at = None
        put_on_record(
            move.case,
            verb,
            why,
            actor,
            now,
            seconds=seconds,
            waited=waited,
            suspended="suspended" in move.data,
        )
    return move.case


def _suspend_beside(case: Case, why: Why, actor: Actor, now: datetime) -> list[str]:
    """Suspend the employer's other cases in force because `case` is rejected. Returns their ids."""
    others = list(Case.objects.beside(case).in_force(now))
    for other in others:
        with moving_case(other.pk, "suspend", actor, now, why=why) as move:
            move.data["because_of"] = str(case.pk)
            put_on_record(move.case, "suspend", why, actor, now)
    return [str(other.pk) for other in others]


def begin_rights(
    case: Case,
    now: datetime,
    valid_for: timedelta,
    findings: Iterable[Finding],
    *,
    conditional: bool = False,
) -> None:
    """Give rights for `valid_for`, or until the first document that `findings` name ends.

    The declared facts become the employer's, no other employer can use its code any more, and its
    previous approval ends.

    Raises Refused while another case of the employer is suspended or revoked: that has to be
    settled first.
    """
    employer = case.employer
    if stopped := guards.rights_taken_away(employer.pk):
        raise stopped
    for replaced in Case.objects.filter(employer=employer, state=State.APPROVED):
        expire_case(replaced.pk, now)
    employer.name, employer.uscc, employer.account_class = (
        case.declared_name,
        case.declared_uscc,
        case.account_class,
    )
    take_code(case, now)
    case.approved_at, case.expires_at, case.conditional = (
        now,
        rights_end(now, valid_for, findings, now),
        conditional,
    )


def take_code(case: Case, now: datetime) -> None:
    """Assign the code to the case's employer. Raises Refused if another employer owns it
    already.
    """
    if case.golden:
        return
    employer = case.employer
    employer.confirmed_at = employer.confirmed_at or now
    try:
        with transaction.atomic():
            employer.save()
    except IntegrityError as error:  # the constraint: a confirmed code belongs to one employer
        raise Refused("duplicate_same_uscc_active", "uscc", seen=case.declared_uscc) from error
