"""Bulk decisions: one person proposes a decision for many cases, another confirms it.

Each case gets its own ruling, which can be undone. Approvals are excluded: an approval grants
rights, so a reviewer looks at each one. Cases that changed, were claimed or were decided since the
proposal are left out, with the reason. Confirmation by a second person satisfies a second review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from employers.models import Employer, User
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import record, settle_by_second_person
from verification.cases import guards
from verification.models import Bulk, BulkItem, Case, Ruling, RulingStage, transitions
from verification.reviewing import claims, rulings

AT_MOST: Final = 50


def propose_bulk(
    case_ids: Iterable[UUID],
    verb: str,
    reviewer: User,
    now: datetime,
    codes: Sequence[str],
    note: str,
) -> Bulk:
    """Propose one decision for these cases to a second person.

    The reviewer's claims on them end, as they do with a decision. Cases that this reviewer may not
    decide are kept with the reason. Raise Refused, also if no case is left.
    """
    actor = reviewer.as_reviewer()
    chosen = set(case_ids)
    if refused := guards.may_bulk(verb, actor):
        raise refused
    if not codes:
        raise Refused("reason_required")
    if len(chosen) > AT_MOST:
        raise Refused("bulk_too_many", seen=str(len(chosen)), expected=f"≤ {AT_MOST}")
    with transaction.atomic():
        bulk: Bulk = Bulk.objects.create(
            verb=verb,
            reasons=list(dict.fromkeys(codes)),
            note=note,
            proposed_by=reviewer,
            proposed_at=now,
        )
        items = [
            _propose(bulk, case, actor, now)
            for case in Case.objects.filter(pk__in=chosen).order_by("pk").select_for_update()
        ]
        BulkItem.objects.bulk_create(items)
        if all(item.refusal for item in items):
            raise Refused(items[0].refusal if items else "state_conflict")
    return bulk


def _propose(bulk: Bulk, case: Case, actor: Actor, now: datetime) -> BulkItem:
    refused = guards.may_claim(case, actor, now)
    if refused is None and not transitions.is_possible(bulk.verb, case, actor):
        # the case waits for an answer to an appeal
        refused = Refused("state_conflict", "state", seen=case.state)
    if refused is None:
        if case.claimed_by_me(actor.id, now):
            claims.clear_claim(case, now)
            case.save()
        record(
            "propose_bulk",
            case,
            actor,
            now,
            employer_id=case.employer_id,
            data={"bulk": str(bulk.pk)},
        )
    return BulkItem(
        bulk=bulk, case=case, case_version=case.version, refusal=refused.code if refused else ""
    )


def confirm_bulk(bulk_id: UUID, other: User, now: datetime) -> Bulk:
    """Confirm a proposal: each case that still qualifies gets its ruling, the others a reason.

    Raise Refused.
    """
    actor = other.as_reviewer()
    with transaction.atomic():
        bulk = _settled(bulk_id, other, now, confirmed=True)
        bulk.save()
        items = list(bulk.items.filter(refusal="").select_related("case").order_by("case"))
        # Employers before cases, as everywhere, and each in one order, to avoid deadlocks.
        list(
            Employer.objects.filter(pk__in=[item.case.employer_id for item in items])
            .order_by("pk")
            .select_for_update(no_key=True)
        )
        locked = (
            Case.objects.filter(pk__in=[item.case_id for item in items])
            .order_by("pk")
            .select_for_update()
        )
        cases = {case.pk: case for case in locked}
        for item in items:
            if refused := _rule(bulk, item, cases[item.case_id], actor, now):
                item.refusal = refused.code
                item.save(update_fields=["refusal"])
    return bulk


def _rule(bulk: Bulk, item: BulkItem, case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Make the ruling of one case; return the reason if it gets none."""
    if case.version != item.case_version:
        return Refused("bulk_changed")
    if case.claimed_by_me(actor.id, now):  # the person who confirms has claimed the case
        claims.clear_claim(case, now)
        case.save()
    for person in (bulk.proposed_by.as_reviewer(), actor):
        if refused := guards.may_bulk(bulk.verb, person) or guards.may_claim(case, person, now):
            # A golden case is not for the second person. Its reviewer reads a reason that any case
            # can have.
            return Refused("bulk_changed") if case.golden else refused
    try:
        with transaction.atomic():
            ruling = Ruling.objects.create(
                case=case,
                attempt_number=case.attempt_number,
                case_version=case.version,
                stage=RulingStage.BULK,
                bulk=bulk,
                verb=bulk.verb,
                reasons=bulk.reasons,
                note=bulk.note,
                by=bulk.proposed_by,
                confirmed_by_id=UUID(actor.id),
                made_at=now,
                due_at=now + timedelta(seconds=settings.UNDO_SECONDS),
            )
    except IntegrityError:  # the constraint: one open ruling per case
        return Refused("decision_under_way")
    record(
        "rule",
        case,
        actor,
        now,
        employer_id=case.employer_id,
        data={"ruling": ruling.pk, "bulk": str(bulk.pk)},
    )
    return None


def drop_bulk(bulk_id: UUID, reviewer: User, now: datetime) -> Bulk:
    """Drop a proposal. Raise Refused."""
    with transaction.atomic():
        bulk = _settled(bulk_id, reviewer, now, confirmed=False)
        bulk.dropped_at = now
        bulk.save()
    return bulk


def undo_bulk(bulk_id: UUID, reviewer: User, now: datetime) -> int:
    """Undo the rulings of a bulk decision that can still be undone; return their number.

    Both people may do so. Raise Refused if none can be undone.
    """
    undone, refused = 0, Refused("undo_too_late")
    for ruling_id in (
        Ruling.objects.open().filter(bulk=bulk_id).order_by("pk").values_list("pk", flat=True)
    ):
        try:
            rulings.undo_ruling(ruling_id, reviewer, now)
            undone += 1
        except Refused as late:
            refused = late
    if not undone:
        raise refused
    return undone


def _settled(bulk_id: UUID, user: User, now: datetime, *, confirmed: bool) -> Bulk:
    """Return the proposal with `user` as the settler, locked and not yet saved. Raise Refused."""
    bulk: Bulk = settle_by_second_person(
        Bulk.objects.filter(pk=bulk_id), user.pk, now, confirmed=confirmed, settled="bulk_settled"
    )
    if refused := guards.may_bulk(bulk.verb, user.as_reviewer()):
        raise refused
    return bulk
