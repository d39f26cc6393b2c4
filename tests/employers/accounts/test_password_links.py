"""Test of how long a link to choose a new password works."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from events.models import Mail
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
