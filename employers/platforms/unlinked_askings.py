"""Counts for how many candidates a platform asks the gate in the name of recruiters who are not
linked with it.

Such questions use no quota of an employer, so they are limited on the platform. An honest platform
asks only for those who came back from the link page; more than the limit in an hour is a fault of
its system, or a stolen key that tries employers. Its other questions are still answered.

Whether a recruiter is linked is known only from the answer, which is on record by then. So a
process that has seen a platform exceed the limit asks first for the rest of the hour, and records
no more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from employers.models import ApiClient, Employer, MemberLink
from employers.security import throttle
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import record

NOT_LINKED: Final = "member_not_linked"
_exceeded: dict[UUID, datetime] = {}
"""The platforms that exceed the limit, as far as this process knows, and since when."""


def refuse_unlinked_asking(
    client: ApiClient, employer_id: UUID, member_id: UUID, now: datetime
) -> None:
    """Raise Refused `rate_limited` if this process knows that the platform exceeds the limit, and
    the member is not linked with it. Costs nothing for all other platforms.
    """
    if client.pk not in _exceeded:
        return
    try:
        throttle.count_call(throttle.UNLINKED_ASKED_BY_PLATFORM, str(client.pk), now, 0)
    except Refused:
        own = Employer.objects.filter(pk=employer_id, platform=client)
        links = MemberLink.objects.in_force().filter(
            member=member_id, employer=employer_id, client=client
        )
        if not own.exists() and not links.exists():
            raise
    else:
        _exceeded.pop(client.pk, None)


def count_unlinked_asking(client: ApiClient, candidates: int, now: datetime) -> None:
    """Count the candidates of one request.

    Above the limit, raises Refused `rate_limited` and records it for the staff, once in an hour.
    """
    try:
        throttle.count_call(
            throttle.UNLINKED_ASKED_BY_PLATFORM, str(client.pk), now, times=candidates
        )
    except Refused:
        _exceeded[client.pk] = now
        try:
            throttle.count_call(throttle.UNLINKED_REPORTED, str(client.pk), now)
        except Refused:
            pass
        else:
            data = {"limit": throttle.UNLINKED_ASKED_BY_PLATFORM.tries}
            record("ask_unlinked", client, SYSTEM, now, data=data)
        raise
