"""Tests that every cookie belongs to this host over TLS, and what a browser forgets afterwards."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from employers.models import SecondFactor, User
from tests.employers.security.staff_sign_in import Clock, browser, come_in, is_in
from tests.factories import PASSWORD, make_member

SET = """
import django
django.setup()
from importlib import import_module
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from employers.security.cookies import read_cookie, set_cookie
from downloads.pages.ledger.views import COOKIE
response = HttpResponse()
set_cookie(response, "device", "x", 5)
made = response.cookies["__Host-device"]
assert made["secure"] and made["httponly"] and made["path"] == "/" and not made["domain"]
assert made["samesite"] == "Lax"
request = RequestFactory().get("/", headers={"Cookie": "device=tossed"})
assert read_cookie(request, "device") == ""
from employers.accounts.views import device_cookie
assert device_cookie(request) == "tossed"  # from before; it counts only if it is signed
names = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME]
names += [COOKIE]
assert len(names) == 4 and all(name.startswith("__Host-") for name in names), names
"""


def test_a_deployments_cookies_are_of_this_host_and_for_tls_alone() -> None:
    deployed = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ZIZHI_SITE_URL": "https://zizhi.example",
        "ZIZHI_ALLOWED_HOSTS": "zizhi.example,testserver",
        "ZIZHI_EMAIL_URL": "smtp://localhost",
        "ZIZHI_STAFF_SECOND_FACTOR": "required",
    }
    done = subprocess.run(
        [sys.executable, "-c", SET],
        cwd=settings.BASE_DIR,
        env=os.environ | deployed,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.django_db
def test_scripts_read_no_cookie_of_a_session(now: datetime) -> None:
    make_member(now, email="hr@example.com")
    client = Client()
    client.post("/sign-in/", {"username": "hr@example.com", "password": PASSWORD})
    assert len(client.cookies) >= 3
    assert all(
        each["httponly"] and each["samesite"] == "Lax"
        for name, each in client.cookies.items()
        if name != settings.CSRF_COOKIE_NAME
    )


@pytest.mark.django_db
def test_a_browser_forgets_the_pages_when_its_user_signs_out(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    recruiter, client = Client(), come_in(browser(), colleague, clock)
    recruiter.force_login(make_member(clock.now).user)
    assert recruiter.post("/sign-out/")["Clear-Site-Data"] == '"cache", "storage"'
    assert client.post("/console/logout/")["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_in(client)


@pytest.mark.django_db
def test_a_session_is_new_after_each_sign_in(now: datetime) -> None:
    make_member(now, email="hr@example.com")
    client, seen = Client(), set()
    for _ in range(3):
        client.get("/sign-in/")
        client.post("/sign-in/", {"username": "hr@example.com", "password": PASSWORD})
        seen.add(client.cookies[settings.SESSION_COOKIE_NAME].value)
        client.post("/sign-out/")
    assert len(seen) == 3
    for key in seen:
        assert not Session.objects.filter(session_key=key).exists(), "it ended on the server"
        assert len(key) == 32 and set(key) <= set(string.ascii_lowercase + string.digits)


@pytest.mark.django_db
def test_messages_of_pages_are_not_kept_in_the_browser(now: datetime) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_member(now, email_verified_at=None).user)
    client.post("/verify-email/resend/")
    assert not {"messages"} & set(client.cookies)
    assert "We&#x27;ve sent the email" in client.get("/case/").content.decode()
