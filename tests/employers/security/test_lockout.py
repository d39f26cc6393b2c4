"""Tests of lockouts after wrong codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.models import Lockout, SecondFactor, User
from employers.security import lockout
from events.models import Event
from tests.employers.security.staff_sign_in import (
    CODE_PAGE,
    Clock,
    browser,
    code_at,
    come_in,
    guess,
    is_in,
    mails,
    password,
)
from tests.factories import PASSWORD
from tests.keys import at_each_stage, change_keys

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [
        (0, 0),
        (1, 0),
        (4, 0),
        (5, 15),
        (6, 0),
        (10, 30),
        (15, 60),
        (30, 480),
        (35, 960),
        (40, 1440),
        (500, 1440),
    ],
)
def test_how_long(failures: int, minutes: int) -> None:
    assert lockout.lockout_duration(failures) == timedelta(minutes=minutes)


def test_five_wrong_codes_lock(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = browser()
    response = guess(client, colleague, clock, 4)
    assert response.status_code == 422
    assert "Attempts left: <b>1</b>" in response.content.decode()
    assert not Event.objects.filter(verb="lock").exists(), "wrong codes alone are no event"
    assert guess(client, colleague, clock, 1).status_code == 429
    event = Event.objects.about(colleague).get(verb="lock")
    assert (event.role, event.data) == ("system", {"kind": "code", "failures": 5, "minutes": 15})
    assert mails()[-1][0] == "staff_locked"
    clock.forward(minutes=14)
    password(client, colleague)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 429, (
        "a correct code is refused too"
    )
    assert Lockout.objects.get().failures == 5, "an attempt during the lockout is not counted"
    clock.forward(minutes=1)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 302
    assert not Lockout.objects.exists()


def test_the_second_lock_is_twice_as_long(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    guess(client, colleague, clock, 5)
    clock.forward(minutes=16)
    guess(client, colleague, clock, 5)
    assert [event.data["minutes"] for event in Event.objects.filter(verb="lock")] == [15, 30]


def test_a_lock_survives_a_restart(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    """The process's memory is lost, and a new browser is refused too."""
    guess(browser(), colleague, clock, 5)
    client = browser()
    password(client, colleague)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 429


def test_strangers_failures_do_not_lock_a_known_browser(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = come_in(browser(), colleague, clock)
    client.post("/console/logout/")
    assert guess(browser(), colleague, clock, 5).status_code == 429
    come_in(client, colleague, clock)
    assert is_in(client)
    stranger = browser()
    password(stranger, colleague)
    assert stranger.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 429, (
        "the stranger is still locked out"
    )


def test_a_password_makes_no_browser_known(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    """Otherwise its owner could get any number of counts."""
    client = browser()
    guess(client, colleague, clock, 5)
    client.cookies.pop(lockout.BROWSER_COOKIE, None)
    client.post("/sign-in/", {"username": colleague.email, "password": PASSWORD})
    assert guess(client, colleague, clock, 1).status_code == 429


def test_wrong_recovery_codes_count_too(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    answers = [
        client.post(f"{CODE_PAGE}?recovery", {"code": "abcd-efgh-ijkm-npqr"}).status_code
        for _ in range(5)
    ]
    assert answers == [422] * 4 + [429]


@at_each_stage
def test_a_change_of_keys_neither_ends_a_lockout_nor_the_count(
    stage: str, factor: SecondFactor, now: datetime, settings: Any
) -> None:
    for _ in range(lockout.TRIES - 1):
        lockout.count_failure(lockout.lockout_subject(factor), now)
    change_keys(settings, stage)
    count = lockout.count_failure(lockout.lockout_subject(factor), now)
    assert lockout.tries_left(count) == lockout.TRIES and Lockout.objects.count() == 1
    assert lockout.closed_until(lockout.lockout_subject(factor), now)
    lockout.clear_failures(lockout.lockout_subject(factor))
    assert not Lockout.objects.exists()
