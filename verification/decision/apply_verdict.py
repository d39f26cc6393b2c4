"""Carries out the policy's verdict on an attempt: wait, send to review, approve or reject.

Like a reviewer's decision, a verdict changes the case through `operations.moving_case`. People who
can resolve what an attempt waits for are notified; once they have acted,
`operations.notify_case_worker` makes the attempt due at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from employers.models import Employer
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.reasons import REASONS
from events.doorbell import notify_worker
from events.jobs.runner import Lease, LeaseLost
from events.models import Event, record
from verification.cases.decisions import Why, findings_of, put_on_record
from verification.cases.notices import tell_employer
from verification.cases.operations import begin_rights, moving_case, suspend_case
from verification.models import Attempt, Case
from verification.rules import policy
from verification.rules.findings import OUTCOME_VERB, Finding, Outcome, Verdict
from verification.rules.states import EVER_APPROVED, State
from verification.rules.validity import has_ended, rights_end

OF_THE_EMPLOYER = frozenset({"recruiter", "company"})
"""People on the employer's side who can resolve a reason. An attempt that waits for one of them
shows that reason before any other.
"""

NOT_CONFIRMED = "registry_not_confirmed"


def start_checks(case_id: UUID, now: datetime) -> None:
    """Move the case to checking; do nothing if it is already there."""
    if Case.objects.filter(pk=case_id, state=State.CHECKING).exists():
        return
    with moving_case(case_id, "start_checks", SYSTEM, now):
        pass


def apply_verdict(
    lease: Lease[Attempt], verdict: Verdict, findings: Sequence[Finding], now: datetime
) -> bool:
    """Carry out the policy's verdict on an attempt.

    Return False, and write nothing, if the lease was lost.
    """
    if verdict.outcome is Outcome.WAIT:
        return wait_for(lease, verdict, now)
    try:
        return _carry_out(lease, verdict, findings, now)
    except _CaseChanged:
        return _check_again(lease, now)
    except Refused as refused:
        if verdict.outcome is not Outcome.APPROVE:
            raise
        # Another employer with the same code was approved after the checks ran: a person decides.
        for_review = Verdict(Outcome.REVIEW, (refused.code,), verdict.policy_version)
        return _carry_out(lease, for_review, findings, now)


def _carry_out(
    lease: Lease[Attempt], verdict: Verdict, findings: Sequence[Finding], now: datetime
) -> bool:
    verb = OUTCOME_VERB[verdict.outcome]
    why = Why.from_verdict(verdict, findings)
    try:
        with moving_case(lease.row.case_id, verb, SYSTEM, now, why=why) as move:
            if verdict.outcome is Outcome.APPROVE and _has_changed(lease):
                raise _CaseChanged
            if not lease.finish(outcome=verdict.outcome, waiting_for=""):
                raise LeaseLost
            if verdict.outcome is Outcome.APPROVE:
                _approve(move.case, verdict, findings, now)
                move.data["conditional"] = verdict.conditional
            if verdict.outcome is Outcome.REJECT:
                _stop_what_is_in_force(move.case, why, now)
            put_on_record(move.case, verb, why, SYSTEM, now)
    except LeaseLost:
        return False
    return True


class _CaseChanged(Exception):
    """The case changed while the checks ran. Rolls back the approval."""


def _has_changed(lease: Lease[Attempt]) -> bool:
    locked = lease.locked()
    return locked is not None and locked.due_at != lease.row.due_at


def _check_again(lease: Lease[Attempt], now: datetime) -> bool:
    """Run another round at once: nothing is approved that the checks have not seen."""
    with transaction.atomic():
        notify_worker("verification.tasks.check_attempt", lease.row.pk)
        return lease.give_back(now, waits=lease.row.waits + 1)


def _approve(case: Case, verdict: Verdict, findings: Sequence[Finding], now: datetime) -> None:
    """Begin the rights of the case.

    Raise Refused if a document has expired since it was checked. Also raise Refused for a second
    conditional approval of this employer or this code: it would get around the end of the first.
    """
    rules = policy.POLICIES.get(verdict.policy_version, policy.CURRENT)
    before = Case.objects.filter(
        Q(employer=case.employer) | Q(declared_uscc=case.declared_uscc),
        conditional=True,
        state__in=EVER_APPROVED,
    )
    if verdict.conditional and before.exclude(pk=case.pk).exists():
        raise Refused(NOT_CONFIRMED, "uscc", seen=case.declared_uscc)
    if ended := has_ended(findings, now):
        raise Refused("document_expired", ended.field, seen=ended.until)
    valid_for = rules.conditional_for if verdict.conditional else rules.valid_for
    begin_rights(case, now, valid_for, findings, conditional=verdict.conditional)


def _stop_what_is_in_force(case: Case, why: Why, now: datetime) -> None:
    """Suspend the employer's approval in force for this code.

    The policy rejects only on what the company register says, which applies to that approval too.
    """
    for pk in (
        Case.objects.in_force(now)
        .filter(employer=case.employer, declared_uscc=case.declared_uscc)
        .values_list("pk", flat=True)
    ):
        suspend_case(pk, SYSTEM, now, why.codes)


def wait_for(lease: Lease[Attempt], verdict: Verdict, now: datetime) -> bool:
    """Let the attempt wait. Notify the employer the first time, and again when the reason changes.

    If `operations.notify_case_worker` changed `due_at` while the checks ran, they may have missed
    something, so the attempt is due again at once.
    """
    assert verdict.wait_until is not None
    attempt, waiting_for = lease.row, _waits_for(verdict.reasons)
    with transaction.atomic():
        locked = lease.locked()
        if locked is None:
            return False
        due_at = now if locked.due_at != attempt.due_at else verdict.wait_until
        lease.give_back(due_at, waits=attempt.waits + 1, waiting_for=waiting_for)
        before = (
            Event.objects.about(attempt.case)
            .filter(verb="wait", data__attempt=attempt.number)
            .order_by("-id")
            .first()
        )
        record(
            "wait",
            attempt.case,
            SYSTEM,
            now,
            employer_id=attempt.case.employer_id,
            reasons=verdict.reasons,
            policy_version=verdict.policy_version,
            data={"attempt": attempt.number},
        )
        if before is None or _waits_for(before.reasons) != waiting_for:
            tell_employer(
                attempt.case,
                "case_wait",
                {"reasons": list(verdict.reasons), "path": reverse("verification:home")},
                now,
            )
    return True


def _waits_for(reasons: Sequence[str]) -> str:
    """Return the reason to show: the first that the employer can resolve, else the first."""
    return next(
        (code for code in reasons if code in REASONS and REASONS[code].who in OF_THE_EMPLOYER),
        reasons[0],
    )


# --- Conditional approvals ------------------------------------------------------------------------


def confirm_approval(case_id: UUID, now: datetime) -> bool:
    """Lift the condition of an approval, after the register has confirmed the company.

    Return whether the approval is now unconditional.
    """
    with transaction.atomic():
        Employer.objects.select_for_update(no_key=True).filter(cases=case_id).first()
        case: Case = Case.objects.select_for_update().get(pk=case_id)
        if not case.conditional or not case.is_in_force(now):
            return False
        assert case.approved_at is not None
        case.conditional = False
        case.expires_at = rights_end(
            case.approved_at, policy.CURRENT.valid_for, findings_of(case_id), now
        )
        case.version += 1
        case.save()
        record(
            "confirm",
            case,
            SYSTEM,
            now,
            employer_id=case.employer_id,
            policy_version=policy.CURRENT.version,
            data=case.told_end(),
        )
        tell_employer(case, "case_confirm", {"path": reverse("verification:home")}, now)
    return True


def end_approval(case_id: UUID, now: datetime) -> None:
    """Record that the time of an approval is over. Its rights have already ended.

    An approval that the register never confirmed is withdrawn entirely: the employer gets a
    mail, and another employer may claim the code.
    """
    conditional = Case.objects.filter(pk=case_id, conditional=True).exists()
    why = Why([{"code": NOT_CONFIRMED, "field": "uscc"}]) if conditional else Why()
    with moving_case(case_id, "expire", SYSTEM, now, why=why) as move:
        if move.case.is_in_force(now):  # confirmed at the same moment
            raise Refused("state_conflict", "state", seen=move.case.state)
        if not move.case.conditional:
            _tell_end(move.case, "employer_expired", now)
            return
        employer = move.case.employer
        if not Case.objects.filter(
            employer=employer, conditional=False, state__in=EVER_APPROVED
        ).exists():
            employer.confirmed_at = None
            employer.save(update_fields=["confirmed_at"])
        _tell_end(move.case, NOT_CONFIRMED, now)


def end_without_clients(case_id: UUID, now: datetime) -> None:
    """End the approval of an agency that has no client left to recruit for.

    It can apply again with a letter from a client.
    """
    why = Why([{"code": "agency_client_expired", "field": "valid_until"}])
    with moving_case(case_id, "expire", SYSTEM, now, why=why) as move:
        move.case.expires_at = min(move.case.expires_at or now, now)
        _tell_end(move.case, "agency_client_expired", now)


def _tell_end(case: Case, code: str, now: datetime) -> None:
    tell_employer(
        case,
        "case_expire",
        {"reasons": [code], "verb": "expire", "note": "", "path": reverse("verification:home")},
        now,
    )
