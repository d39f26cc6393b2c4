"""Tests of the length of a console session, and its binding to browser and network."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from employers.accounts.sightings import DEVICE_COOKIE, new_device
from employers.models import SecondFactor, User
from employers.security.console_session import Origin, Stay
from events.models import Event
from tests.employers.security.staff_sign_in import (
    CODE_PAGE,
    CONSOLE,
    SIGN_IN,
    Clock,
    browser,
    code_at,
    come_in,
    is_in,
    password,
)

pytestmark = pytest.mark.django_db


def test_idle_for_half_an_hour(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = come_in(browser(), colleague, clock)
    for _ in range(3):
        clock.forward(minutes=28)
        assert is_in(client), "asking keeps it"
    clock.forward(minutes=31)
    response = client.get(CONSOLE, follow=True)
    assert "after 30 minutes of inactivity" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_ten_hours_at_most(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = come_in(browser(), colleague, clock)
    for _ in range(23):
        clock.forward(minutes=26)
        assert is_in(client)
    clock.forward(minutes=3)
    assert "a sign-in lasts ten hours" in client.get(CONSOLE, follow=True).content.decode()


@pytest.mark.parametrize("thief", ["agent", "device", "no device", "network"])
def test_a_stolen_cookie_is_signed_out(
    thief: str, colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = come_in(browser(), colleague, clock)
    stolen = browser()
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    if thief != "no device":
        stolen.cookies[DEVICE_COOKIE] = (
            new_device() if thief == "device" else client.cookies[DEVICE_COOKIE].value
        )
    asked = {
        "agent": {"headers": {"user-agent": "Chrome"}},
        "network": {"REMOTE_ADDR": "203.0.113.9"},
    }.get(thief, {})
    assert stolen.get(CONSOLE, **asked)["Location"] == f"{SIGN_IN}?next={CONSOLE}"
    assert not is_in(client), "and so is the session that was stolen"
    assert (
        Event.objects.about(colleague)
        .filter(verb="shut_console", data={"why": "elsewhere"})
        .count()
        == 1
    )


def test_a_neighbouring_address_is_the_same_place(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser(REMOTE_ADDR="203.0.113.9")
    password(client, colleague)
    client.post(CODE_PAGE, {"code": code_at(clock.now)})
    assert client.get(CONSOLE, REMOTE_ADDR="203.0.113.200").status_code == 200


def test_a_session_holds_neither_address_nor_browser(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser(REMOTE_ADDR="203.0.113.9")
    password(client, colleague)
    client.post(CODE_PAGE, {"code": code_at(clock.now)})
    assert not re.search(r"Firefox|203\.0\.113", str(dict(client.session)))


def test_what_is_no_stay(now: datetime) -> None:
    stay = Stay.begin(3, Origin("d", "a", "n"), now)
    assert Stay.of(stay.stored()) == stay
    assert [Stay.of(stored) for stored in (None, {}, {"factor": 1}, "x")] == [None] * 4
