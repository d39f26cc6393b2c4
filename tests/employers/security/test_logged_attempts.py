"""Tests that the log has each attempt to sign in, without addresses and passwords."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from structlog.testing import capture_logs

from employers.security import second_factor, throttle
from events.core.errors import Refused
from tests.employers.accounts.account_pages import form
from tests.employers.security.staff_sign_in import enrolled, wrong_at
from tests.factories import PASSWORD, make_member, make_reviewer

pytestmark = pytest.mark.django_db


def test_right_and_wrong_passwords_and_too_many(now: datetime) -> None:
    person = make_member(now, email="hr@example.com").user
    with capture_logs() as lines:
        entry = {"username": "hr@example.com", "password": PASSWORD}
        Client().post("/sign-in/", entry)
        for _ in range(throttle.PASSWORDS_OF_ADDRESS.tries + 1):
            Client().post("/sign-in/", entry | {"password": "guessed"})
        Client().post("/sign-in/", {"username": "nobody@example.com", "password": "guessed"})
        Client().post("/register/", form(email="nobody@example.com", password="a new sentence"))
    told = [line["event"] for line in lines]
    assert told[0] == "password_right" and lines[0]["user"] == str(person.pk)
    assert told.count("password_wrong") == throttle.PASSWORDS_OF_ADDRESS.tries + 1, (
        "a registration with a new address is no attempt"
    )
    assert told.count("too_many_tries") == 1
    wrong = {(line["account"], line["known"]) for line in lines if "account" in line}
    assert wrong == {
        (throttle.log_pseudonym("HR@example.com "), True),
        (throttle.log_pseudonym("nobody@example.com"), False),
    }
    for text in ("example.com", "guessed", PASSWORD, "sentence", "127.0.0.1"):
        assert text not in str(lines)


def test_codes_that_were_refused(now: datetime) -> None:
    person = make_reviewer(now)
    enrolled(person, now)
    with capture_logs() as lines, pytest.raises(Refused):
        second_factor.answer_second_factor(person, wrong_at(now), "", now)
    (line,) = lines
    assert (line["event"], line["why"]) == ("second_factor_refused", "second_factor_wrong")
    assert line["user"] == str(person.pk) and wrong_at(now) not in str(line)


def test_refused_pages(now: datetime, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.force_login(make_reviewer(now))
    assert client.get("/team/").status_code == 403
    said = [record.getMessage() for record in caplog.records if record.name == "django.request"]
    assert said == ["Forbidden: team/"]


def test_parameters_of_the_address_are_not_those_of_the_form(now: datetime) -> None:
    person = make_member(now, email="hr@example.com").user
    make_member(now, email="other@example.com")
    client = Client()
    entry = {"username": ["other@example.com", "hr@example.com"], "password": PASSWORD}
    client.post("/sign-in/?username=other@example.com&password=guessed", entry)
    assert client.session["_auth_user_id"] == str(person.pk)
