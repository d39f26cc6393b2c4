"""What time is it for a platform? A door asks here, and hands the answer on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from employers.models import ApiClient, Employer


def now_for(client: ApiClient) -> datetime:
    """The moment at which a request of `client` is answered: a test platform can have moved its
    clock.
    """
    return timezone.now() + timedelta(seconds=client.clock_seconds)


def now_of(employer: Employer, now: datetime | None = None) -> datetime:
    """The moment at which something of `employer` is shown or done, where it is `now` in the world:
    a test's is its platform's.
    """
    now = now or timezone.now()
    platform = employer.platform if employer.test else None
    return now + timedelta(seconds=platform.clock_seconds) if platform else now


def clock_of(employer: Employer) -> Callable[[], datetime]:
    """The clock by which work for `employer` is done."""
    return lambda: now_of(employer)
