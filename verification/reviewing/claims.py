"""Claims on cases, reviewers' drafts, and who has a case open.

A claim is a lease: it expires, and a colleague can ask for the case. It does not count as a change
of the case, so the case's version stays the same. A heartbeat writes no Event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from employers.accounts import staff_reads
from employers.models import User
from employers.permissions import Power
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import record
from verification.cases import guards
from verification.models import (
    Case,
    CaseNote,
    CaseQuerySet,
    NoteKind,
    Presence,
    ReviewDraft,
    TakeOver,
)
from verification.reviewing.queue_filters import NO_FILTERS, Filters

CLAIM_FOR: Final = timedelta(minutes=15)
"""Length of a claim if no script reports that the page is still open."""
BEAT_FOR: Final = timedelta(minutes=3)
"""Length of a claim after each heartbeat."""
THERE_FOR: Final = timedelta(seconds=45)
"""A reviewer counts as present for this long after a heartbeat."""
NOTE_AT_MOST: Final = 2000
ABOUT_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Beat:
    """The answer to a heartbeat of a reviewer's page."""

    mine: bool
    until: datetime | None = None
    """When the claim ends; None if it is not the reviewer's."""
    others: tuple[str, ...] = ()
    """Email addresses of colleagues who have the case open."""
    asked_by: str = ""
    """The colleague who asks for the case, or ""."""
    yours_now: bool = False
    """Whether a colleague has just handed the case over to this reviewer."""


@contextmanager
def _locked(case_id: UUID) -> Iterator[Case]:
    """Lock a case until the end, then save it. For changes of the claim only."""
    with transaction.atomic():
        case: Case = Case.objects.select_for_update().get(pk=case_id)
        yield case
        case.save()


@contextmanager
def claimed_case(case_id: UUID, actor: Actor, now: datetime) -> Iterator[Case]:
    """Lock a case that this reviewer has claimed until the end, then save it. Raise Refused."""
    with _locked(case_id) as case:
        if refused := guards.may_decide(actor):
            raise refused
        if not case.claimed_by_me(actor.id, now):
            raise Refused("claim_required")
        yield case


# --- Claims ---------------------------------------------------------------------------------------


def claim_case(case_id: UUID, reviewer: User, now: datetime) -> Case:
    """Claim a waiting case, or extend one's own claim. Raise Refused."""
    actor = reviewer.as_reviewer()
    with _locked(case_id) as case:
        if refused := guards.may_claim(case, actor, now):
            raise refused
        _take(case, reviewer, actor, now)
    return case


def claim_next(reviewer: User, now: datetime, filters: Filters = NO_FILTERS) -> Case | None:
    """Claim the most urgent case that this reviewer may claim; return None if there is none.

    Cases assigned to the reviewer come first. `filters` apply to the other cases.
    """
    actor = reviewer.as_reviewer()
    waiting = Case.objects.awaiting_review().free(now).open_to(actor)
    of_nobody = filters.apply(
        waiting.filter(Q(assigned_to=None) | Q(assigned_to__is_active=False)), actor, now
    )
    with transaction.atomic():
        for cases in (waiting.filter(assigned_to=reviewer), of_nobody):
            if case := _first(cases, actor, now):
                _take(case, reviewer, actor, now)
                case.save()
                return case
    return None


def _first(cases: CaseQuerySet, actor: Actor, now: datetime) -> Case | None:
    """Return the first case that may be claimed, locked.

    A case that another reviewer is claiming at this moment is skipped without waiting.
    """
    can = connection.features.has_select_for_update_skip_locked
    passed: list[UUID] = []
    while (
        case := cases.exclude(pk__in=passed)
        .select_for_update(skip_locked=can, of=("self",) if can else ())
        .first()
    ):
        if guards.may_claim(case, actor, now) is None:
            return case
        passed.append(case.pk)
    return None


def _take(case: Case, reviewer: User, actor: Actor, now: datetime) -> None:
    mine = case.claimed_by_me(actor.id, now)
    case.claimed_at = (case.claimed_at if mine else None) or now
    case.claimed_by, case.claimed_until = reviewer, now + CLAIM_FOR
    case.held_until = None
    if not mine:
        _answer_take_over(case, now)
    record("claim", case, actor, now, employer_id=case.employer_id)
    if not mine:
        staff_reads.report_if_many(reviewer, now)


def drop_claim(case_id: UUID, reviewer: User, now: datetime) -> Case:
    """Put a case back into the queue. Raise Refused."""
    actor = reviewer.as_reviewer()
    with claimed_case(case_id, actor, now) as case:
        clear_claim(case, now)
        record("release_claim", case, actor, now, employer_id=case.employer_id)
    return case


def clear_claim(case: Case, now: datetime) -> None:
    """End the claim, and a colleague's request for the case. The caller saves the case."""
    case.claimed_by = case.claimed_until = case.claimed_at = None
    _answer_take_over(case, now)


def record_presence(case_id: UUID, reviewer: User, now: datetime, *, active: bool) -> Beat:
    """Record that the reviewer has the case open, and extend their claim if they are `active`."""
    mine = Q(claimed_by=reviewer, claimed_until__gt=now)
    Presence.objects.update_or_create(case_id=case_id, user=reviewer, defaults={"seen_at": now})
    if active:
        Case.objects.filter(mine, pk=case_id).update(claimed_until=now + BEAT_FOR)
    others = (
        Presence.objects.filter(case_id=case_id, seen_at__gt=now - THERE_FOR)
        .exclude(user=reviewer)
        .order_by("user__email")
    )
    there = tuple(others.values_list("user__email", flat=True))
    case: Case | None = Case.objects.filter(mine, pk=case_id).first()
    if case is None:
        return Beat(mine=False, others=there)
    asked = (
        TakeOver.objects.filter(case=case, asked_of=reviewer, answered_at=None)
        .values_list("asked_by__email", flat=True)
        .first()
    )
    given = TakeOver.objects.filter(
        case=case, asked_by=reviewer, given=True, answered_at=case.claimed_at
    ).exists()
    return Beat(True, case.claimed_until, there, asked or "", given)


# --- Assigning and handing over -------------------------------------------------------------------


def assign_case(case_id: UUID, to: User, lead: User, now: datetime) -> Case:
    """Assign a case to a colleague, so that it is offered only to them. Raise Refused."""
    actor = lead.as_reviewer()
    with _locked(case_id) as case:
        if not actor.can(Power.ASSIGN):
            raise Refused("not_allowed", seen=actor.role)
        if refused := guards.may_claim(case, to.as_reviewer(), now):
            raise refused
        case.assigned_to = to
        CaseNote.objects.create(case=case, by=lead, at=now, kind=NoteKind.ASSIGN)
        record("assign", case, actor, now, employer_id=case.employer_id, data={"to": str(to.pk)})
    return case


def ask_take_over(case_id: UUID, reviewer: User, now: datetime) -> TakeOver:
    """Ask for a case that a colleague has claimed; asking twice changes nothing. Raise Refused."""
    actor = reviewer.as_reviewer()
    with _locked(case_id) as case:
        if refused := guards.may_ask_for(case, actor, now):
            raise refused
        if (
            not case.claimed_by_other(actor.id, now) or case.claimed_by is None
        ):  # free or already theirs: they can claim it
            raise Refused("claim_required")
        try:
            with transaction.atomic():
                asked, new = TakeOver.objects.get_or_create(
                    case=case,
                    asked_by=reviewer,
                    answered_at=None,
                    defaults={"asked_of": case.claimed_by, "asked_at": now},
                )
        except IntegrityError as error:  # somebody else has already asked for it
            raise Refused("claimed_by_other") from error
        if new:
            record("ask_take_over", case, actor, now, employer_id=case.employer_id)
    return asked


def give_case(case_id: UUID, reviewer: User, now: datetime) -> Case:
    """Hand a case over to the colleague who asked for it. Raise Refused."""
    actor = reviewer.as_reviewer()
    with claimed_case(case_id, actor, now) as case:
        asked = _asked_of(case, reviewer)
        # The colleague needs permission to take it, not the reviewer who gives it.
        if refused := guards.may_ask_for(case, asked.asked_by.as_reviewer(), now):
            raise refused
        _answer_take_over(case, now, given=True)
        case.claimed_by, case.claimed_until, case.claimed_at = asked.asked_by, now + CLAIM_FOR, now
        record(
            "give_claim",
            case,
            actor,
            now,
            employer_id=case.employer_id,
            data={"to": str(asked.asked_by_id)},
        )
    return case


def decline_take_over(case_id: UUID, reviewer: User, now: datetime) -> None:
    """Keep a case that a colleague asked for. Raise Refused."""
    actor = reviewer.as_reviewer()
    with claimed_case(case_id, actor, now) as case:
        _asked_of(case, reviewer)
        _answer_take_over(case, now)
        record("keep_claim", case, actor, now, employer_id=case.employer_id)


def _asked_of(case: Case, reviewer: User) -> TakeOver:
    asked: TakeOver | None = (
        TakeOver.objects.filter(case=case, asked_of=reviewer, answered_at=None)
        .select_related("asked_by")
        .first()
    )
    if asked is None:
        raise Refused("state_conflict", "state", seen=case.state)  # answered at the same moment
    return asked


def _answer_take_over(case: Case, now: datetime, *, given: bool = False) -> None:
    TakeOver.objects.filter(case=case, answered_at=None).update(answered_at=now, given=given)


# --- Drafts ---------------------------------------------------------------------------------------


def save_draft(
    case_id: UUID,
    reviewer: User,
    now: datetime,
    *,
    verb: str,
    codes: Sequence[str],
    note: str,
    about: Mapping[str, str] = ABOUT_NOTHING,
) -> ReviewDraft:
    """Save a reviewer's draft, also without a claim, so that an expired claim loses no work.

    `about` is as for `operations.review_case`. Raise Refused.
    """
    if refused := guards.may_decide(reviewer.as_reviewer()):
        raise refused
    typed = {
        "verb": verb,
        "reasons": list(codes),
        "about": dict(about),
        "note": note[:NOTE_AT_MOST],
        "at": now,
    }
    draft, _ = ReviewDraft.objects.update_or_create(
        case_id=case_id, reviewer=reviewer, defaults=typed
    )
    return draft
