"""Tests that every cookie belongs to this host over TLS, and what a browser forgets afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime

import pytest
from django.conf import settings
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
from config.for_pages import Notices
response = HttpResponse()
set_cookie(response, "device", "x", 5)
made = response.cookies["__Host-device"]
assert made["secure"] and made["httponly"] and made["path"] == "/" and not made["domain"]
assert made["samesite"] == "Lax"
request = RequestFactory().get("/", headers={"Cookie": "device=tossed"})
assert read_cookie(request, "device") == ""
names = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME]
names += [COOKIE, Notices.storage_classes[0].cookie_name]
assert len(names) == 5 and all(name.startswith("__Host-") for name in names), names
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
