"""Tests that only views that ask for files receive them, and only in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from downloads.admin import leaks as leak_pages
from downloads.models import Trace
from employers.permissions import Power
from tests.factories import make_colleague, make_member, sign_in

pytestmark = pytest.mark.django_db
MB = 1024**2
TRACE = "/console/downloads/trace/add/"
TAKES_FILES = {TRACE, "/case/documents/", "/case/appeal/", "/register/company/photo/"}


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever would write an upload to disk."""

    def refused(*_args: object, **_given: object) -> None:
        raise AssertionError("an upload went to disk")

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", refused)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refused)


class Counted(BytesIO):
    """A body that counts what is read of it."""

    taken = 0

    def read(self, *args: Any) -> bytes:
        data = super().read(*args)
        self.taken += len(data)
        return data


def form(size: int) -> bytes:
    start = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.bin"\r\n\r\n'
    return start + b"a" * size + b"\r\n--x--\r\n"


def post(client: Client, path: str, size: int) -> tuple[int, int]:
    """Send a file of `size`. Return the status, and how much was read."""
    text = form(size)
    body = Counted(text)
    answer = client.generic(
        "POST",
        path,
        CONTENT_TYPE="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(len(text)),
        **{"wsgi.input": body},
    )
    return answer.status_code, body.taken


def pages() -> Iterator[tuple[str, Any]]:
    """Yield all pages that need no argument, and their views."""

    def walk(part: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
        for each in part.url_patterns:
            path = prefix + str(each.pattern).removeprefix("^").removesuffix("$")
            if isinstance(each, URLPattern):
                yield f"/{path}", each.callback
            else:
                yield from walk(each, path)

    yield from walk(get_resolver(), "")


def test_the_views_that_take_files() -> None:
    """No other view has a larger limit, or a handler that keeps files."""
    found = {path for path, view in pages() if getattr(view, "takes_files", False)}
    assert found == TAKES_FILES


def test_a_stranger_sends_no_files() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["csrftoken"] = "a" * 32
    for path in ("/sign-in/", reverse("admin:login"), "/relays/calls/a/b", *TAKES_FILES):
        status, taken = post(strict, path, 20 * MB)
        assert status in (302, 413) and taken == 0, path
    assert post(strict, "/api/v1/traces", 20 * MB) == (401, 0)


def test_a_small_file_is_refused_where_none_is_expected(client: Client, now: datetime) -> None:
    member = sign_in(make_member(now).user)
    for visitor, path in (
        (client, "/sign-in/"),
        (client, reverse("admin:login")),
        (member, "/language/"),
    ):
        assert post(visitor, path, 10)[0] == 400, path


def test_the_file_of_a_trace_is_kept_in_memory(
    now: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    senior = sign_in(make_colleague(now, "Seniors"))
    seen: list[Any] = []
    clean = leak_pages.TraceForm.clean

    def spied(self: leak_pages.TraceForm) -> Any:
        seen.append(self.files["leak"])
        return clean(self)

    monkeypatch.setattr(leak_pages.TraceForm, "clean", spied)
    leak = SimpleUploadedFile("leak.jpg", b"\xff\xd8\xff" + b"a" * 5 * MB, "image/jpeg")
    assert senior.post(TRACE, {"why": "a tip", "leak": leak}).status_code == 302
    assert isinstance(seen[0], InMemoryUploadedFile) and Trace.objects.count() == 1


def test_a_file_of_a_trace_that_is_too_large_is_refused_by_name(
    now: datetime, settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 2 * MB
    senior = sign_in(make_colleague(now, "Seniors"))
    leak = SimpleUploadedFile("leak.jpg", b"a" * 3 * MB, "image/jpeg")
    page = senior.post(TRACE, {"why": "a tip", "leak": leak})
    assert page.status_code == 200 and "2 MB" in page.content.decode()
    assert not Trace.objects.exists()


def test_the_form_of_a_trace_needs_its_token(now: datetime) -> None:
    senior = make_colleague(now, "Seniors")
    assert senior.as_reviewer().can(Power.TRACE)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(senior)
    browser.cookies["csrftoken"] = "a" * 32
    assert browser.post(TRACE, {"why": "a tip", "text": "x"}).status_code in (302, 403)
    assert not Trace.objects.exists()
