"""The steps of staff who sign in to the console."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from employers.models import SecondFactor, User
from employers.security import second_factor, totp
from events.models import Mail
from tests.factories import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CONSOLE, SIGN_IN = "/console/", "/console/login/"
CODE_PAGE, SET_UP = "/console/second-factor/", "/console/second-factor/set-up/"


class Clock:
    """The entry points' clock, which tests can move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def forward(self, **of: float) -> datetime:
        self.now += timedelta(**of)
        return self.now


def enrolled(user: User, now: datetime) -> tuple[SecondFactor, list[str]]:
    then = now - timedelta(hours=1)
    return second_factor.enrol_second_factor(user, SECRET, code_at(then), None, then)


def code_at(now: datetime, secret: str = SECRET) -> str:
    return totp.code_of_step(secret, totp.step_at(now))


def wrong_at(now: datetime) -> str:
    """Return six digits that match no step around `now`."""
    near = {totp.code_of_step(SECRET, totp.step_at(now) + away) for away in range(-3, 4)}
    return next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in near)


def browser(**more: Any) -> Client:
    return Client(headers={"accept-language": "en", "user-agent": "Firefox"}, **more)


def password(client: Client, user: User, **more: str) -> Any:
    return client.post(
        SIGN_IN, {"username": user.email, "password": PASSWORD, "next": CONSOLE, **more}
    )


def come_in(client: Client, user: User, clock: Clock) -> Client:
    """Sign in with both factors and an unused code."""
    clock.forward(seconds=60)
    password(client, user)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return bool(client.get(CONSOLE).status_code == 200)


def mails() -> list[tuple[str, Any]]:
    return [(mail.template, mail.context.get("what")) for mail in Mail.objects.order_by("pk")]


def secret_on(page: str) -> str:
    found = re.search(r'class="code secret">([A-Z2-7-]+)<', page)
    assert found
    return found[1].replace("-", "")


def guess(client: Client, user: User, clock: Clock, times: int) -> Any:
    password(client, user)
    for _ in range(times):
        response = client.post(CODE_PAGE, {"code": wrong_at(clock.now)})
    return response
