"""Reviewers' rulings: making, undoing and carrying them out.

A ruling is held for a short time and then carried out. Until then the case waits as before, no
right begins and nothing is sent. Carrying out checks every guard again. A decision that needs two
people is filed and goes to a second reviewer, who does not see the first ruling: its Events carry
its id and never its content. Locks are taken in the order employer, case, ruling, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from employers.models import Employer, User
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.jobs.queue import SWEEP_AT_MOST
from events.jobs.runner import Lease, LeaseLost, claim_row
from events.models import Mail, record
from verification.cases import guards, operations
from verification.models import (
    Case,
    CaseNote,
    GoldenTurn,
    NoteKind,
    ReviewDraft,
    ReviewStage,
    Ruling,
    RulingOutcome,
    RulingStage,
)
from verification.reviewing import claims

LEASE_SECONDS: Final = 60
DEATHS_AT_MOST: Final = 3
"""A ruling is returned after this many workers died on it, so that no case is stuck."""
NOTHING_BESIDES: Final[Mapping[str, Any]] = {}


@contextmanager
def _locked(case_id: UUID) -> Iterator[Case]:
    """Lock the case and its employer until the end; save nothing."""
    with transaction.atomic():
        Employer.objects.select_for_update(no_key=True).filter(cases=case_id).first()
        case: Case = Case.objects.select_for_update().get(pk=case_id)
        yield case


# --- Making and undoing a ruling ------------------------------------------------------------------


def rule_on_case(
    case_id: UUID,
    verb: str,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    note: str,
    *,
    seen_version: int,
    besides: Mapping[str, Any] = NOTHING_BESIDES,
) -> Ruling:
    """Rule on a claimed case; the ruling is carried out after `UNDO_SECONDS` unless it is undone.

    The claim ends and the draft is deleted. `seen_version` is the version of the case that the
    reviewer saw. `besides` contains further arguments for `operations.review_case`. Raise Refused.
    """
    actor = reviewer.as_reviewer()
    with _locked(case_id) as case:
        if seen_version != case.version or verb not in guards.NEEDS_CLAIM:
            raise Refused("state_conflict", "state", seen=case.state)
        if refused := guards.may_act(verb, case, actor, now) or _sure_to_be_refused(verb, case):
            raise refused
        if refused := guards.in_force_undecided(verb, case, now, besides.get("suspend_in_force")):
            raise refused
        if verb in guards.NEEDS_REASON and not codes:
            raise Refused("reason_required")
        try:
            with transaction.atomic():
                ruling: Ruling = Ruling.objects.create(
                    case=case,
                    attempt_number=case.attempt_number,
                    case_version=case.version,
                    stage=RulingStage(case.review_stage),
                    second_review=case.second_review,
                    verb=verb,
                    reasons=list(dict.fromkeys(codes)),
                    note=note,
                    besides=dict(besides),
                    by=reviewer,
                    made_at=now,
                    seconds=case.seconds_before(actor.id, now),
                    due_at=now + timedelta(seconds=settings.UNDO_SECONDS),
                )
        except IntegrityError as error:  # the constraint: one open ruling per case
            raise Refused("decision_under_way") from error
        claims.clear_claim(case, now)
        case.save()
        ReviewDraft.objects.filter(case=case, reviewer=reviewer).delete()
        record("rule", case, actor, now, employer_id=case.employer_id, data={"ruling": ruling.pk})
    return ruling


def _sure_to_be_refused(verb: str, case: Case) -> Refused | None:
    """Return why an approval is bound to be refused, so that the reviewer learns it at once."""
    if verb != "approve" or case.golden:
        return None
    if stopped := guards.rights_taken_away(case.employer_id):
        return stopped
    taken = (
        Employer.objects.filter(uscc=case.declared_uscc, confirmed_at__isnull=False, test=False)
        .exclude(pk=case.employer_id)
        .exists()
    )
    return Refused("duplicate_same_uscc_active", "uscc", seen=case.declared_uscc) if taken else None


def undo_ruling(ruling_id: int, reviewer: User, now: datetime) -> Ruling:
    """Undo a ruling while it is held; the claim comes back, and the input as a draft.

    Raise Refused.
    """
    actor = reviewer.as_reviewer()
    ruling: Ruling = Ruling.objects.get(pk=ruling_id)
    with _locked(ruling.case_id) as case:
        if not guards.may_undo(ruling, actor):
            raise Refused("not_allowed", seen=actor.role)
        undoable = Ruling.objects.open().filter(pk=ruling.pk, lease=None, due_at__gt=now)
        if not undoable.update(finished_at=now, outcome=RulingOutcome.UNDONE):
            raise Refused("undo_too_late")
        if ruling.bulk_id is None:
            _give_back(case, ruling, now)
        record("undo", case, actor, now, employer_id=case.employer_id, data={"ruling": ruling.pk})
    ruling.refresh_from_db()
    return ruling


def _give_back(case: Case, ruling: Ruling, now: datetime) -> None:
    """Restore the reviewer's claim, the time they had spent, and their input."""
    case.claimed_by, case.claimed_until = ruling.by, now + claims.CLAIM_FOR
    case.claimed_at = ruling.made_at - timedelta(seconds=ruling.seconds or 0)
    case.save()
    _save_draft(ruling, now)


def _save_draft(ruling: Ruling, now: datetime) -> None:
    about = ruling.besides.get("about", {})
    claims.save_draft(
        ruling.case_id,
        ruling.by,
        now,
        verb=ruling.verb,
        codes=ruling.reasons,
        note=ruling.note,
        about=about,
    )


# --- Carrying out ---------------------------------------------------------------------------------


def carry_out(ruling_id: int, now: datetime) -> str:
    """Carry out a ruling if it is due and not leased; return its outcome, or "" if not."""
    rulings = Ruling.objects.select_related("by")
    lease: Lease[Ruling] | None = claim_row(rulings, ruling_id, lambda: now, LEASE_SECONDS)
    if lease is None:
        return RulingOutcome.WAITING
    ruling = lease.row
    try:
        with _locked(ruling.case_id) as case:
            try:
                with transaction.atomic():
                    outcome = _do(ruling, case, now)
                refusal = ""
            except Refused as refused:
                outcome, refusal = RulingOutcome.REFUSED, refused.code
                _return(ruling, case, refused, now)
            if not lease.finish(outcome=outcome, refusal=refusal):
                raise LeaseLost
    except LeaseLost:
        return RulingOutcome.WAITING
    return outcome


def carry_out_due(now: datetime, of: User | None = None, at_most: int = SWEEP_AT_MOST) -> int:
    """Carry out the due rulings of one reviewer or all, oldest first; return their number."""
    due = Ruling.objects.due(now).order_by("due_at", "pk")
    due = due.filter(Q(by=of) | Q(confirmed_by=of)) if of else due
    return sum(
        carry_out(ruling_id, now) != RulingOutcome.WAITING
        for ruling_id in list(due.values_list("pk", flat=True)[:at_most])
    )


def _do(ruling: Ruling, case: Case, now: datetime) -> RulingOutcome:
    """Carry out a ruling.

    Raise Refused, for example if the reviewer has left or the case has changed since.
    """
    actor = ruling.by.as_reviewer()
    if ruling.deaths >= DEATHS_AT_MOST:
        raise Refused("check_incomplete")
    if ruling.case_version != case.version:
        raise Refused(
            "bulk_changed" if ruling.bulk_id else "state_conflict", "state", seen=case.state
        )
    if refused := guards.may_act(ruling.verb, case, actor, now, ruling):
        raise refused
    if case.golden:
        _compare(ruling, case, now)
    if guards.by_one(ruling.verb, case, actor, ruling):
        return _file(ruling, case, now)
    operations.review_case(
        case.pk,
        ruling.verb,
        actor,
        now,
        ruling.reasons,
        ruling.note,
        ruling.case_version,
        ruling=ruling,
        **ruling.besides,
    )
    return RulingOutcome.CARRIED_OUT


def _compare(ruling: Ruling, case: Case, now: datetime) -> None:
    """Compare the ruling on a golden case with the right answer, once."""
    assignment = GoldenTurn.objects.select_related("golden").get(case=case)
    if assignment.answered_at is None:
        assignment.verb, assignment.reasons, assignment.answered_at = (
            ruling.verb,
            ruling.reasons,
            now,
        )
        assignment.right = assignment.golden.agrees(ruling.verb, ruling.reasons)
        assignment.save()


def _file(ruling: Ruling, case: Case, now: datetime) -> RulingOutcome:
    """File the ruling. A second reviewer gets the case, or a third if the two differ."""
    case.review_stage = (
        ReviewStage.SECOND if case.review_stage == ReviewStage.FIRST else ReviewStage.THIRD
    )
    case.assigned_to = None
    case.save()
    record(
        "file_ruling", case, SYSTEM, now, employer_id=case.employer_id, data={"ruling": ruling.pk}
    )
    return RulingOutcome.FILED


def _return(ruling: Ruling, case: Case, refused: Refused, now: datetime) -> None:
    """Return the case to the queue, with a note, and the reviewer's input as a draft."""
    CaseNote.objects.create(case=case, at=now, kind=NoteKind.RETURNED, text=refused.code)
    record(
        "return_ruling",
        case,
        SYSTEM,
        now,
        employer_id=case.employer_id,
        reasons=(refused.code,),
        data={"ruling": ruling.pk},
    )
    if ruling.bulk_id is None and guards.may_decide(ruling.by.as_reviewer()) is None:
        _save_draft(ruling, now)


# --- Previews -------------------------------------------------------------------------------------


def preview_mail(
    case_id: UUID,
    verb: str,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    note: str,
    *,
    besides: Mapping[str, Any] = NOTHING_BESIDES,
) -> dict[str, tuple[str, str]]:
    """Return subject and body of the mail that the employer would get, by language.

    The decision is made, its mail rendered, and everything rolled back, so the preview cannot
    differ from the mail. Raise Refused as the decision would.
    """
    actor = reviewer.as_reviewer()
    with _locked(case_id) as case:
        if refused := guards.may_act(verb, case, actor, now):
            raise refused
        if case.golden:  # inactive users get no mail, so activate them until the rollback
            User.objects.filter(member__employer=case.employer_id).update(is_active=True)
        as_if = Ruling(
            case=case, stage=RulingStage.THIRD, verb=verb, by=reviewer, made_at=now
        )  # the stage that decides
        operations.review_case(
            case.pk, verb, actor, now, codes, note, None, ruling=as_if, **besides
        )
        mail = (
            Mail.objects.filter(template=f"case_{verb}", created_at=now, context__case=str(case.pk))
            .order_by("-pk")
            .first()
        )
        told = (
            {language: _told(mail, language, now) for language, _ in settings.LANGUAGES}
            if mail
            else {}
        )
        transaction.set_rollback(True)
    return told


def _told(mail: Mail, language: str, now: datetime) -> tuple[str, str]:
    mail.language = language
    written = mail_message(mail, settings.SITE_URL, now)
    return str(written.subject), str(written.body)
