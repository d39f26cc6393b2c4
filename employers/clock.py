"""The current time of a platform. Entry points get it here and pass it on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from employers.models import ApiClient, Employer


def now_for(client: ApiClient) -> datetime:
    """Return the time of a request by `client`. Test platforms can move their clock."""
    return timezone.now() + timedelta(seconds=client.clock_seconds)


def now_of(employer: Employer, now: datetime | None = None) -> datetime:
    """Return the time for an employer when real time is `now`. For a test, it is the platform's."""
    now = now or timezone.now()
    platform = employer.platform if employer.test else None
    return now + timedelta(seconds=platform.clock_seconds) if platform else now


def clock_of(employer: Employer) -> Callable[[], datetime]:
    """Return the clock for work on `employer`."""
    return lambda: now_of(employer)
