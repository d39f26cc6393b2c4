"""The reminder to owners who sign in with a number alone and have not for long: once the number is
stale, nothing else opens their account.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from employers.accounts.phones.numbers import STALE_AFTER
from employers.models import Member, User
from employers.notices import tell_user
from events.core.actor import SYSTEM
from events.models import Event, record

REMINDED_AFTER: Final = timedelta(days=60)


def remind_idle_owners(now: datetime) -> int:
    """Send a message to each owner without a confirmed address whose number becomes stale within a
    month, once. Return their number. Who may not be sent one today is tried again.
    """
    idle = Member.objects.active().filter(
        role=Member.MemberRole.OWNER,
        user__is_active=True,
        user__email_verified_at=None,
        user__phone_verified_at__lte=now - REMINDED_AFTER,
        user__phone_verified_at__gt=now - STALE_AFTER,
    )
    idle = idle.exclude(user__phone_index="").order_by("user__phone_verified_at")
    return sum(_remind(member, now) for member in idle)


def _remind(member: Member, now: datetime) -> bool:
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=member.user_id)
        reminded = Event.objects.about(user).filter(verb="remind_idle_owner")
        if reminded.filter(at__gt=user.phone_verified_at).exists():
            return False
        path = {"path": reverse("employers:own_address")}
        if not tell_user(user, "phone_unused", path, now):
            return False
        record("remind_idle_owner", user, SYSTEM, now, employer_id=member.employer_id)
    return True
