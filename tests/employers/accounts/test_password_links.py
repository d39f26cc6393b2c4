"""Tests of how long a link to choose a new password works, and of what it secures."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from employers.accounts.phones import numbers
from employers.models import User
from events.models import Mail
from tests.employers.accounts.phone_codes import NUMBER
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def test_it_works_for_an_hour(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    make_member(now, email="hr@example.com")
    browser = Client(headers={"accept-language": "en"})
    browser.post("/password/", {"email": "hr@example.com"})
    path = "/password/" + Mail.objects.get().context["link"].partition("/password/")[2]
    asked = datetime.now()
    for minutes, says in ((58, "Choose a new password"), (62, "expire after an hour")):
        later = asked + timedelta(minutes=minutes)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _self, at=later: at)
        page = Client(headers={"accept-language": "en"}).get(path, follow=True)
        assert says in page.content.decode(), minutes


def test_afterwards_the_number_alone_does_not_sign_in(now: datetime) -> None:
    member = make_member(now, email="hr@example.com")
    numbers.take_number(member.user, NUMBER, now)
    assert not numbers.needs_more(member.user, now)
    browser = Client(headers={"accept-language": "en"})
    browser.post("/password/", {"email": "hr@example.com"})
    path = "/password/" + Mail.objects.get().context["link"].partition("/password/")[2]
    form, new = browser.get(path)["Location"], "another sentence that nobody knows"
    assert browser.post(form, {"password": new}).status_code == 302
    user = User.objects.get(pk=member.user_id)
    assert user.check_password(new) and user.phone_index and numbers.needs_more(user, now)


@pytest.mark.django_db
@pytest.mark.parametrize("link", ["/password/x/y/", "/password/MQ/set-password/"])
def test_a_link_that_is_no_link_says_so(link: str) -> None:
    for method in ("get", "post"):
        page = getattr(Client(headers={"accept-language": "en"}), method)(link)
        assert page.status_code == 200
        assert "This link no longer works" in page.content.decode()
