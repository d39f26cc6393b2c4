"""Tests that the API skips the middleware for pages, and that pages, including the API's own, have
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import ERROR
from django.core.checks import run_checks as check_all
from django.http import HttpRequest, JsonResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import translation
from django.utils.module_loading import import_string

from tests.factories import make_api_client, make_member, make_reviewer, sign_in

pytestmark = pytest.mark.django_db
ME, DOCS = "/api/v1/me", "/api/v1/docs"


def tells(request: HttpRequest) -> JsonResponse:
    given = [
        name for name in ("session", "user", "_messages", "csp_nonce") if hasattr(request, name)
    ]
    return JsonResponse({"given": given, "language": translation.get_language()})


urlpatterns = [path("api/v1/tells", tells), path("api/v1/docs", tells), path("tells", tells)]


@pytest.fixture
def _telling() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.usefixtures("_telling")
def test_only_pages_are_given_what_pages_need(now: datetime) -> None:
    browser = sign_in(make_member(now).user)
    for page in ("/tells", "/api/v1/docs"):
        assert browser.get(page).json() == {
            "given": ["session", "user", "_messages", "csp_nonce"],
            "language": "en",
        }
    # The same browser, in the same thread: the API takes neither its user nor its language.
    assert browser.get("/api/v1/tells").json() == {"given": [], "language": settings.LANGUAGE_CODE}


def test_a_page_of_the_api_is_under_the_pages_policy_and_an_answer_shows_nothing(
    now: datetime, client: Client
) -> None:
    _, key = make_api_client(now)
    page, answer = client.get(DOCS), client.get(ME, headers={"Authorization": f"Bearer {key}"})
    assert (
        "script-src 'self'" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"
    )
    for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in page["Content-Security-Policy"]
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    for each in (page, answer, client.get("/api/v1/nothing")):
        assert (
            each["X-Content-Type-Options"] == "nosniff" and each["Referrer-Policy"] == "same-origin"
        )
    assert not answer.cookies and int(answer["Content-Length"]) == len(answer.content)


@override_settings(SECURE_SSL_REDIRECT=True)
def test_without_tls_pages_lead_to_it_and_the_api_refuses(now: datetime, client: Client) -> None:
    """A redirect would hide from a platform that its key travels in the clear."""
    _, key = make_api_client(now)
    for address in (DOCS, "/"):
        answer = client.get(address, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 301 and answer["Location"].startswith("https://")
    for address in (ME, "/api/v1/nothing", "/api/v1/docs/x"):
        answer = client.get(address, headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "https_required")
    over_tls = client.get(ME, headers={"Authorization": f"Bearer {key}"}, secure=True)
    assert over_tls.status_code == 200


def test_each_stands_for_one_of_the_frameworks() -> None:
    """The console's checks look for subclasses of the framework's middleware. Checks that look for
    names are silenced and asserted here.
    """
    ours = [
        import_string(name)
        for name in settings.MIDDLEWARE
        if name.startswith("config.for_pages.")
        and name not in ("config.for_pages.BodyLimit", "config.for_pages.RequestId")
    ]
    assert len(ours) == 8
    assert settings.SESSION_COOKIE_SECURE == settings.CSRF_COOKIE_SECURE == settings.HTTPS
    assert settings.SESSION_COOKIE_HTTPONLY and settings.X_FRAME_OPTIONS == "DENY"
    assert [error for error in check_all() if error.level >= ERROR] == []
    for each in ours:
        assert each.__mro__[1].__name__ == "_ForPages" and each.__mro__[2].__module__.split(".")[
            0
        ] in ("django", "csp", "whitenoise")


@pytest.mark.parametrize(
    "path", ["/static/", "/static/site/", "/.git/config", "/.env", "/static/../.env", "/manage.py"]
)
def test_folders_are_not_listed_and_other_files_not_served(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_error_page_shows_the_id_of_the_request(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.browser.error_urls"
    client.raise_request_exception = False
    first, second = client.get("/error/500/"), client.get("/error/500/")
    assert first.status_code == 500
    assert first["X-Request-Id"] in first.content.decode()
    assert first["X-Request-Id"] != second["X-Request-Id"]


def test_staff_miss_a_page_of_the_console_in_the_console(now: datetime) -> None:
    reviewer, recruiter = sign_in(make_reviewer(now)), sign_in(make_member(now).user)
    for path_of_console in ("/console/nowhere/", "/console/verification/nothing/"):
        missing = reviewer.get(path_of_console)
        assert missing.status_code == 404
        assert b'id="site-name"' in missing.content, "the console's header"
    assert b'id="site-name"' not in reviewer.get("/nowhere/").content
    hidden = recruiter.get("/console/nowhere/", follow=True)
    assert b'class="console-nav"' not in hidden.content
