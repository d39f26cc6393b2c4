"""Reminds an employer's people 30, 7 and 1 days before an approval ends, once each.

Each reminder is an Event, which prevents a second one. Employers that are already renewing get
none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from employers.models import AccountClass
from employers.notices import tell_user
from events.core.actor import SYSTEM
from events.models import Event, record
from verification.cases.notices import concerned_members
from verification.models import Case
from verification.monitoring import client_expiry
from verification.rules import states

DAYS_BEFORE: Final = (30, 7, 1)
REMINDED: Final = "remind"
_HANDED_IN: Final = states.IN_PROGRESS | states.REVIEWABLE
"""States in which a renewal waits for us, and the employer has nothing to do."""


def due_reminders(now: datetime) -> list[UUID]:
    """Return the cases to send reminders for now, the earliest end first.

    The approval of an agency also ends with its last client letter.
    """
    told = _told(now)
    soon = now + timedelta(days=DAYS_BEFORE[0])
    # Conditional approvals are confirmed without the employer, or end; there is nothing to renew.
    by_time, by_clients = Q(expires_at__lte=soon), Q(account_class=AccountClass.COMMERCIAL_AGENCY)
    ending = Case.objects.real().in_force(now).filter(by_time | by_clients, conditional=False)
    ending = ending.exclude(employer__cases__state__in=_HANDED_IN)
    ends_at = {case.pk: _ends(case, now)[0] for case in ending}
    first = sorted(
        (pk for pk, ends in ends_at.items() if now < ends <= soon), key=lambda pk: ends_at[pk]
    )
    return [
        pk
        for pk in first
        if (str(pk), _days(ends_at[pk], now), ends_at[pk].isoformat()) not in told
    ]


def remind_to_renew(case_id: UUID, now: datetime) -> bool:
    """Remind the employer's owners and the submitter that the approval ends soon.

    Return whether a reminder was due.
    """
    with transaction.atomic():
        case: Case = Case.objects.select_for_update().get(pk=case_id)
        if not case.is_in_force(now) or case.conditional:
            return False
        ends, template = _ends(case, now)
        if ends <= now or not (days := _days(ends, now)):
            return False
        key = (str(case.pk), days, ends.isoformat())
        if key in _told(now, case):
            return False
        record(
            REMINDED,
            case,
            SYSTEM,
            now,
            employer_id=case.employer_id,
            data={"days": days, "ends": ends.isoformat()},
        )
        context = {
            "name": case.declared_name,
            "days": (ends - now).days or 1,
            "path": reverse("verification:home"),
        }
        for member in concerned_members(case.employer_id, case.submitted_by_id):
            tell_user(member.user, template, context, now)
    return True


def _ends(case: Case, now: datetime) -> tuple[datetime, str]:
    """Return when the approval ends, by time or last client letter, and the mail for it."""
    assert case.expires_at is not None
    by_clients = (
        client_expiry.last_end(case, now)
        if case.account_class == AccountClass.COMMERCIAL_AGENCY
        else None
    )
    if by_clients is not None and by_clients < case.expires_at:
        return by_clients, "clients_end"
    return case.expires_at, "case_renew"


def _days(ends: datetime, now: datetime) -> int:
    """Return the applicable number of days from `DAYS_BEFORE`; 0 before the first."""
    return min((days for days in DAYS_BEFORE if ends - now <= timedelta(days=days)), default=0)


def _told(now: datetime, case: Case | None = None) -> set[tuple[str, int, str]]:
    """Return the reminders sent: case, days before, and the end they referred to.

    An end can move, for example when an approval is confirmed.
    """
    reminders = Event.objects.filter(
        verb=REMINDED, subject_type="case", at__gt=now - timedelta(days=DAYS_BEFORE[0] + 1)
    )
    if case is not None:
        reminders = reminders.filter(subject_id=str(case.pk))
    return {
        (case_id, data["days"], data["ends"])
        for case_id, data in reminders.values_list("subject_id", "data")
    }
