"""What time is it for a platform? A door asks here, and hands the answer on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from employers.models import ApiClient


def now_for(client: ApiClient) -> datetime:
    """The moment at which a request of `client` is answered: a test platform can have moved its clock."""
    return timezone.now() + timedelta(seconds=client.clock_seconds)
