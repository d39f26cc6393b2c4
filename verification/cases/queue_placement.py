"""Places cases in the reviewers' queue: when each came and is due, how urgent it is, and whether
two people decide.

The position is written when a case comes to the reviewers, and again when time changes it: when the
approval that the case would renew is about to end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from events.core.sealing import keyed_hash
from events.jobs.queue import SWEEP_AT_MOST
from verification.models import (
    Case,
    CaseQuerySet,
    CaseReason,
    Decision,
    ReviewStage,
    RightsNow,
    SecondReview,
)
from verification.rules import name_lookalikes, states, urgency
from verification.rules.states import State
from verification.rules.working_hours import Hours

LAPSES_WITHIN: Final = timedelta(days=7)
"""An approval that ends within this time is about to lapse: its employer would lose rights while
waiting for us.
"""


def place_after_move(case: Case, from_state: State, codes: Sequence[str], now: datetime) -> None:
    """Place a case that has come to the reviewers, or clear the position of one that has left them.
    The caller saves it.
    """
    before = from_state in states.REVIEWABLE or case.hearing
    case.hearing = case.state in states.STOPPED and case.heard()
    if case.awaits_review() and not before:
        place_in_queue(case, codes, now)
    if before and not case.awaits_review():
        _leave(case)


def place_in_queue(case: Case, codes: Sequence[str], now: datetime) -> None:
    """Place a case that comes to the reviewers at `now` for these reasons. The caller saves it.

    Without codes, the reasons are those of the case's last decision.
    """
    case.review_since, case.review_stage = now, ReviewStage.FIRST
    codes = codes or _decided_last(case)
    _write_reasons(case, codes)
    _reckon(case, codes, now)
    case.second_review = _second_review(case)


def hours_waited(case: Case, now: datetime) -> float | None:
    """Working hours since the case came to the reviewers; None if it never did."""
    return (
        None
        if case.review_since is None
        else configured_hours().between(case.review_since, now) / timedelta(hours=1)
    )


def urgency_factors(case: Case, now: datetime) -> urgency.Factors | None:
    """The factors of a case's position in the queue, for display; None if it is not in the
    queue.
    """
    if case.review_since is None or case.review_due is None:
        return None
    kinds = (kind for kind, harm in urgency.CURRENT.harm.items() if harm == case.harm)
    weighs = next(
        kinds, urgency.Kind.ORDINARY
    )  # none if the rules have changed: it is placed again within minutes
    return urgency.QueuePosition(weighs, case.review_since, case.review_due).factors(
        now, configured_hours()
    )


def configured_hours() -> Hours:
    """The deployment's working hours."""
    given: Hours = settings.WORKING_HOURS
    return given


# --- Changes over time ----------------------------------------------------------------------------


def place_due(now: datetime, at_most: int = SWEEP_AT_MOST) -> int:
    """Place the cases that have no position yet or whose position has changed with time, the most
    urgent first. Returns how many.
    """
    return _each(_misplaced(now).order_by("-urgency", "submitted_at", "pk")[:at_most], now)


def place_all(now: datetime) -> int:
    """Place every waiting case again, after a change of the rules, the working hours or the key.
    Returns how many.
    """
    return _each(Case.objects.awaiting_review(), now)


def _misplaced(now: datetime) -> CaseQuerySet:
    others = (
        Case.objects.in_force(now).filter(employer=OuterRef("employer")).exclude(pk=OuterRef("pk"))
    )
    ended, lapsing = ~Exists(others), Exists(others.filter(expires_at__lte=now + LAPSES_WITHIN))
    moved = Q(ended) | Q(lapsing, harm__lt=urgency.CURRENT.harm[urgency.Kind.LAPSING])
    confirmed = Q(Exists(others.filter(conditional=False)), rights_now=RightsNow.CONDITIONAL)
    waiting: CaseQuerySet = Case.objects.queued()
    return waiting.filter(
        Q(review_due=None) | (~Q(rights_now=RightsNow.NONE) & (moved | confirmed))
    )


def _each(cases: CaseQuerySet, now: datetime) -> int:
    keys = list(cases.values_list("pk", flat=True))
    for key in keys:
        _place_again(key, now)
    return len(keys)


def _place_again(case_id: UUID, now: datetime) -> None:
    with transaction.atomic():
        case: Case | None = Case.objects.queued().select_for_update().filter(pk=case_id).first()
        if case is None:
            return
        fresh = case.review_due is None
        case.review_since = case.review_since or case.submitted_at or now
        codes = list(case.review_reasons.values_list("code", flat=True)) or _decided_last(case)
        if fresh:
            _write_reasons(case, codes)
        _reckon(case, codes, now)
        if fresh:
            case.second_review = _second_review(case)
        case.save()


# --- The parts of a position ----------------------------------------------------------------------


def _reckon(case: Case, codes: Collection[str], now: datetime) -> None:
    assert case.review_since is not None
    rights = _rights(case, now)
    kinds = urgency.urgency_kinds(
        codes, case.account_class, appealed=case.heard(), lapsing=rights.lapsing
    )
    position = urgency.queue_position(kinds, case.review_since, configured_hours())
    case.review_due, case.harm, case.urgency = (
        position.due,
        urgency.CURRENT.harm[position.weighs],
        position.key(configured_hours()),
    )
    case.rights_now, case.name_key = rights.now, name_lookalikes.lookalike_key(case.declared_name)


@dataclass(frozen=True)
class _Rights:
    now: RightsNow
    lapsing: bool


def _rights(case: Case, now: datetime) -> _Rights:
    """The rights that another case gives the employer, and whether they end soon."""
    other: Case | None = (
        Case.objects.in_force(now).filter(employer=case.employer_id).exclude(pk=case.pk).first()
    )
    if other is None or other.expires_at is None:
        return _Rights(RightsNow.NONE, lapsing=False)
    return _Rights(
        RightsNow.CONDITIONAL if other.conditional else RightsNow.IN_FORCE,
        other.expires_at <= now + LAPSES_WITHIN,
    )


def _second_review(case: Case) -> SecondReview:
    """Whether a case needs two reviewers: because of its potential for harm, or drawn at random by
    a key that keeps the draw unpredictable.

    A reviewer who answers an appeal already is the second person.
    """
    if case.hearing or case.test:
        return SecondReview.NONE
    if case.harm >= settings.SECOND_REVIEW_FROM_HARM:
        return SecondReview.POLICY
    if case.golden:  # it is a sample itself
        return SecondReview.NONE
    drawn = int(keyed_hash(f"{case.pk}:{case.attempt_number}", "review.sample")[:8], 16) / 16**8
    return SecondReview.SAMPLE if drawn < settings.SECOND_REVIEW_SAMPLE else SecondReview.NONE


def _decided_last(case: Case) -> list[str]:
    last: list[dict[str, Any]] | None = (
        Decision.objects.filter(case=case).order_by("-pk").values_list("reasons", flat=True).first()
    )
    return list(dict.fromkeys(reason["code"] for reason in last or ()))


def _write_reasons(case: Case, codes: Collection[str]) -> None:
    CaseReason.objects.filter(case=case).exclude(code__in=codes).delete()
    CaseReason.objects.bulk_create(
        [CaseReason(case=case, code=code) for code in dict.fromkeys(codes)], ignore_conflicts=True
    )


def _leave(case: Case) -> None:
    CaseReason.objects.filter(case=case).delete()
    case.held_until = case.assigned_to = None
    case.for_senior = False
