"""Form data for the account pages, and the links in mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from employers.models import Member
from events.models import Mail
from tests.factories import make_employer, make_member


def form(**changes: str) -> dict[str, str]:
    filled = {"email": "hr@example.com", "password": "a sentence nobody knows"}
    return filled | changes


def text(response: Any) -> str:
    return str(response.content.decode())


def verified_owner(now: datetime) -> Member:
    return make_member(now, make_employer(now, confirmed_at=now), email_verified_at=now)


def invitation(email: str) -> str:
    """Return the address in the last invitation to `email`."""
    mail = Mail.objects.filter(template="invitation", to=email).order_by("-pk")[0]
    return str(mail.context["link"].removeprefix(settings.SITE_URL))
