"""Counts how often a platform asks the gate for recruiters who are not linked with it.

Such questions use no quota of an employer, so they are limited on the platform. An honest platform
asks only for those who came back from the link page; more than the limit in an hour is a fault of
its system, or a stolen key that tries employers. Its other questions are still answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from employers.models import ApiClient
from employers.security import throttle
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import record

NOT_LINKED: Final = "member_not_linked"


def count_unlinked_asking(client: ApiClient, now: datetime) -> None:
    """Count one request.

    Above the limit, raises Refused `rate_limited` and records it for the staff, once in an hour.
    """
    try:
        throttle.count_call(throttle.UNLINKED_ASKED_BY_PLATFORM, str(client.pk), now)
    except Refused:
        try:
            throttle.count_call(throttle.UNLINKED_REPORTED, str(client.pk), now)
        except Refused:
            pass
        else:
            data = {"limit": throttle.UNLINKED_ASKED_BY_PLATFORM.tries}
            record("ask_unlinked", client, SYSTEM, now, data=data)
        raise
