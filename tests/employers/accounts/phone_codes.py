"""What tests need to read codes that were sent to numbers, and to make accounts that have one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from employers.accounts.phones import numbers
from employers.models import Member, User
from events.core.sealing import unseal_text
from events.models import Sms
from tests.factories import make_member

NUMBER = "+8613800138000"
OTHER = "+8613900139000"


def messages(number: str = NUMBER) -> list[tuple[str, dict[str, str]]]:
    """Return the messages to a number: their templates and parameters, the first first."""
    found = []
    for sms in Sms.objects.order_by("created_at", "pk"):
        to, params = json.loads(unseal_text(sms.content_sealed, sms.content_purpose))
        if to == number:
            found.append((sms.template, params))
    return found


def code_to(number: str = NUMBER) -> str:
    """Return the last code that was sent to a number."""
    return [params["code"] for _template, params in messages(number) if "code" in params][-1]


def with_number(member: Member, now: datetime, number: str = NUMBER) -> Member:
    """Make `number` the member's verified number."""
    numbers.take_number(member.user, number, now)
    return member


def by_phone_alone(now: datetime, number: str = NUMBER, **fields: Any) -> Member:
    """Return a member whose account has a number, and neither address nor password."""
    member = make_member(now, email_verified_at=None, **fields)
    member.user.email = ""
    member.user.set_unusable_password()
    member.user.save()
    return with_number(member, now, number)


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)
