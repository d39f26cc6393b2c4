"""Erase orders: what an employer must erase after a candidate's revocation, by when, and its
answer.

个人信息保护法 47 requires erasure when a consent is revoked. We cannot see whether a file is gone:
the answer is the employer's statement, recorded with its name, and no answer by the due date is a
signal (`downloads.rules.abuse_signals`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from downloads.candidates import notices as candidates_notices
from downloads.models import Candidate, EraseOrder, Release
from downloads.models.candidates import EraseOrderQuerySet
from employers.models import ApiClient, Employer, Member
from employers.notices import tell_user
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from verification.cases import notices

AT_ONCE: Final = 200


def last_releases(candidate: Candidate, uscc: str) -> list[Release]:
    """Return the last release to each account of the company that took this candidate's resume."""
    last: dict[UUID, Release] = {}
    for release in Release.objects.about(candidate).filter(uscc=uscc):
        last.setdefault(release.employer_id, release)
    return list(last.values())


def order_erasure(
    candidate: Candidate, last: Release, actor: Actor, now: datetime
) -> EraseOrder | None:
    """Order an account to erase its copies, and return the order.

    Returns None if it has erased them since, or has an open order. Call it under the company's
    lock.
    """
    earlier = EraseOrder.objects.filter(candidate=candidate, employer=last.employer_id)
    if (
        earlier.open().exists()
        or earlier.filter(
            answered_at__gte=last.released_at, answer=EraseOrder.Answer.ERASED
        ).exists()
    ):
        return None
    due_at = now + timedelta(days=settings.ERASE_DAYS)
    made = EraseOrder.objects.create(
        candidate=candidate,
        employer_id=last.employer_id,
        uscc=last.uscc,
        ordered_at=now,
        due_at=due_at,
    )
    candidates_notices.record_candidate_event(
        "order_erasure",
        made,
        candidate,
        last.employer_id,
        actor,
        now,
        order=str(made.pk),
        due_at=due_at.isoformat(),
    )
    _write(made, "erase_ordered", last.member_id, now)
    return made


def answer_erase_order(
    order_id: UUID,
    of: QuerySet[EraseOrder],
    result: str,
    why: str,
    member: Member | None,
    actor: Actor,
    now: datetime,
) -> EraseOrder:
    """Record the employer's answer to one of its orders: erased, or why not. The first answer
    counts.

    Raises Refused: `erase_order_unknown`, `erase_order_answered`, `erase_why_missing`.
    """
    why = why.strip()
    if result == EraseOrder.Answer.KEPT and not why:
        raise Refused("erase_why_missing", "why")
    with transaction.atomic():
        row = of.select_for_update(of=("self",)).filter(pk=order_id).first()
        if row is None:
            raise Refused("erase_order_unknown")
        if row.answered_at is not None or row.withdrawn_at is not None:
            raise Refused("erase_order_answered")
        row.answered_at, row.answer, row.answered_by = now, result, member
        row.why = why if result == EraseOrder.Answer.KEPT else ""
        row.save()
        candidate = Candidate.objects.get(pk=row.candidate_id)
        candidates_notices.record_candidate_event(
            "answer_erasure",
            row,
            candidate,
            row.employer_id,
            actor,
            now,
            order=str(row.pk),
            answer=result,
        )
    return row


def withdraw_erase_orders(candidate: Candidate, uscc: str, actor: Actor, now: datetime) -> None:
    """Withdraw the open orders: the company may keep what it has not erased yet."""
    for row in candidate.erase_orders.open().filter(uscc=uscc).select_for_update(of=("self",)):
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        candidates_notices.record_candidate_event(
            "withdraw_erasure", row, candidate, row.employer_id, actor, now, order=str(row.pk)
        )


def remind_of_erasure(now: datetime, client: ApiClient | None = None) -> int:
    """Remind, once, the employers whose orders are overdue; return how many.

    Orders of a test are reminded for their `client` and by its clock.
    """
    late = EraseOrder.objects.overdue(now).filter(
        reminded_at=None, candidate__test=client is not None
    )
    if client is not None:
        late = late.filter(candidate__client_id=client.pk)
    return sum(
        _remind(order_id, now)
        for order_id in list(late.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE])
    )


def _remind(order_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        row = (
            EraseOrder.objects.overdue(now)
            .select_for_update(of=("self",))
            .filter(pk=order_id, reminded_at=None)
            .first()
        )
        if row is None:
            return False
        row.reminded_at = now
        row.save(update_fields=["reminded_at"])
        candidate = Candidate.objects.get(pk=row.candidate_id)
        candidates_notices.record_candidate_event(
            "miss_erasure", row, candidate, row.employer_id, SYSTEM, now, order=str(row.pk)
        )
        _write(row, "erase_overdue", None, now)
    return True


def _write(row: EraseOrder, template: str, member_id: UUID | None, now: datetime) -> None:
    """Send a mail to the employer's owners, and to the member who took the resume.

    It names the candidate only by the platform's reference.
    """
    candidate = Candidate.objects.get(pk=row.candidate_id)
    company = Employer.objects.values_list("name", flat=True).get(pk=row.employer_id)
    took = (
        Member.objects.values_list("user_id", flat=True).filter(pk=member_id).first()
        if member_id
        else None
    )
    due = localtime(row.due_at).date().isoformat()
    context = {
        "candidate": candidate.reference,
        "company": company,
        "due": due,
        "path": reverse("erasures:list"),
    }
    for user in dict.fromkeys(
        member.user for member in notices.concerned_members(row.employer_id, took)
    ):
        tell_user(user, template, context, now)


def erase_orders_of(employer: Employer) -> EraseOrderQuerySet:
    """Return every order to this employer."""
    return EraseOrder.objects.filter(employer=employer).select_related(
        "candidate", "answered_by__user"
    )
