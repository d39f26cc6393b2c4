"""Tests of console sign-in with required and optional second factors."""

from __future__ import annotations

import runpy
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.management.commands.serve import process_environment
from employers.models import SecondFactor, User
from events.models import Event
from tests.employers.security.staff_sign_in import (
    CODE_PAGE,
    CONSOLE,
    SET_UP,
    SIGN_IN,
    Clock,
    browser,
    code_at,
    come_in,
    is_in,
    password,
    secret_on,
)
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db


# --- The way in -----------------------------------------------------------------------------------


def test_a_password_alone_opens_nothing(colleague: User, factor: SecondFactor) -> None:
    client = browser()
    response = password(client, colleague)
    assert (response.status_code, response["Location"]) == (302, CODE_PAGE)
    assert not is_in(client)
    assert "_auth_user_id" not in client.session


def test_a_password_and_a_code_do(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = browser()
    assert (
        client.get("/console/verification/case/")["Location"]
        == "/console/login/?next=/console/verification/case/"
    )
    password(client, colleague, next="/console/password_change/")
    before = client.session.session_key
    response = client.post(
        CODE_PAGE, {"code": f" {code_at(clock.now)[:3]} {code_at(clock.now)[3:]}"}
    )
    assert response["Location"] == "/console/password_change/"
    assert client.session.session_key != before, "the session id changes at sign-in"
    assert is_in(client)
    assert (
        Event.objects.about(colleague).filter(verb="enter_console", data={"by": "app"}).count() == 1
    )


def test_who_signed_in_elsewhere_by_a_password_is_asked_for_both(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    client.force_login(colleague)
    assert client.session["_auth_user_id"] == str(colleague.pk)
    assert not is_in(client)
    assert "not authorized" not in client.get(SIGN_IN).content.decode()
    come_in(client, colleague, clock)
    assert is_in(client)


@pytest.mark.parametrize(
    "outside", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_nobody_is_led_outside(
    outside: str, colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague, next=outside)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)})["Location"] == CONSOLE


def test_a_right_password_is_good_for_five_minutes(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    clock.forward(minutes=5, seconds=1)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)})["Location"] == SIGN_IN
    assert not is_in(client)


def test_a_password_that_was_changed_meanwhile_is_good_for_nothing(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    colleague.set_password("another horse battery staple")
    colleague.save()
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)})["Location"] == SIGN_IN


def test_recruiters_and_inactive_staff_have_no_way_in(
    colleague: User, factor: SecondFactor, now: datetime
) -> None:
    client, recruiter = browser(), make_member(now).user
    assert password(client, recruiter).status_code == 200
    assert client.get(CODE_PAGE)["Location"] == SIGN_IN
    password(client, colleague)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert client.get(CODE_PAGE)["Location"] == SIGN_IN
    assert client.get(SET_UP)["Location"] == SIGN_IN


# --- Where it is optional -------------------------------------------------------------------------


def test_to_try_it_out_a_password_is_enough(colleague: User, settings: Any, clock: Clock) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    client = browser()
    assert "a password is enough" in client.get(SIGN_IN).content.decode()
    assert password(client, colleague)["Location"] == CONSOLE
    assert is_in(client)
    clock.forward(minutes=31)
    assert not is_in(client), "the stay is equally short"


def test_who_has_one_is_asked_for_it_there_too(
    colleague: User, settings: Any, clock: Clock
) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    client = browser()
    password(client, colleague)
    secret = secret_on(client.get(SET_UP).content.decode())
    client.post(SET_UP, {"code": code_at(clock.now, secret)})
    assert is_in(client)
    other = browser()
    assert password(other, colleague)["Location"] == CODE_PAGE
    assert not is_in(other)
    other.post("/sign-in/", {"username": colleague.email, "password": PASSWORD})
    assert not is_in(other)


def test_a_session_from_before_it_was_required_ends(
    colleague: User, settings: Any, clock: Clock
) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    client = browser()
    password(client, colleague)
    assert is_in(client)
    settings.STAFF_SECOND_FACTOR = "required"
    assert not is_in(client)
    assert password(client, colleague)["Location"] == SET_UP


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, "optional"),
        ({"ZIZHI_STAFF_SECOND_FACTOR": "required"}, "required"),
        ({"ZIZHI_SITE_URL": "https://hr.example"}, None),
        ({"ZIZHI_SITE_URL": "http://127.0.0.1:9000"}, "optional"),
    ],
)
def test_what_the_first_start_chooses(
    given: dict[str, str], chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ZIZHI_STAFF_SECOND_FACTOR", "ZIZHI_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert process_environment(8000).get("ZIZHI_STAFF_SECOND_FACTOR") == chosen


def settings_with(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
    """Return the settings for an environment with these values."""
    for name in ("ZIZHI_STAFF_SECOND_FACTOR", "ZIZHI_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))


def test_a_deployment_requires_it_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_with(monkeypatch)["STAFF_SECOND_FACTOR"] == "required"
    assert (
        settings_with(monkeypatch, ZIZHI_STAFF_SECOND_FACTOR="optional")["STAFF_SECOND_FACTOR"]
        == "optional"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"ZIZHI_STAFF_SECOND_FACTOR": "no"},
            "ZIZHI_STAFF_SECOND_FACTOR is 'no'; it can be: required, optional",
        ),
        (
            {
                "ZIZHI_STAFF_SECOND_FACTOR": "optional",
                "ZIZHI_SITE_URL": "https://hr.example",
                "ZIZHI_BANK": "",
                "ZIZHI_E_LICENCES": "",
            },
            "ZIZHI_STAFF_SECOND_FACTOR is optional. This is not allowed with ZIZHI_SITE_URL https://hr.example",
        ),
    ],
)
def test_what_stops_the_start(
    given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        settings_with(monkeypatch, **given)
