"""Tests that only views that ask for files receive them, and only in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from downloads.admin import leaks as leak_pages
from downloads.models import Trace
from employers.accounts.api_clients import create_api_client
from employers.models import Scope
from employers.permissions import Power
from tests.factories import make_case, make_colleague, make_member, sign_in
from verification.intake import upload_handler
from verification.intake.upload_handler import BoundedUploadHandler
from verification.models import DocumentKind

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


# --- Memory ---------------------------------------------------------------------------------------


def body(*sizes: int) -> BytesIO:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="files"; filename="{n}.bin"\r\n\r\n'.encode()
        + bytes(size)
        + b"\r\n"
        for n, size in enumerate(sizes)
    ]
    return BytesIO(b"".join(parts) + b"--x--\r\n")


def receiving(*sizes: int) -> tuple[HttpRequest, BoundedUploadHandler]:
    """Receive a body of files, and keep them."""
    text = body(*sizes)
    request = RequestFactory().generic(
        "POST", "/", text.getvalue(), content_type="multipart/form-data; boundary=x"
    )
    handler = BoundedUploadHandler(request, MB)
    request.upload_handlers = [handler]
    assert request.FILES is not None
    return request, handler


def test_bodies_of_many_files_share_a_bounded_memory_and_leave_room_for_one() -> None:
    """Sixteen such bodies at once are one body in memory, and a file of each other thread."""
    before = upload_handler.ROOM.taken
    with ExitStack() as at_once:
        many = []
        for _ in range(3):  # the other threads
            request, handler = receiving(MB, MB, MB, MB)
            at_once.enter_context(upload_handler.releasing_uploads(request))
            many.append(handler)
        assert [len(each.no_room) for each in many] == [0, 3, 3]
        assert many[1].no_room == ["1.bin", "2.bin", "3.bin"]
        assert upload_handler.ROOM.taken - before == 6 * MB
        request, honest = receiving(MB)
        at_once.enter_context(upload_handler.releasing_uploads(request))
        assert honest.no_room == [] and len(request.FILES.getlist("files")[0].read()) == MB
        request, one_more = receiving(MB)
        at_once.enter_context(upload_handler.releasing_uploads(request))
        assert one_more.no_room == ["0.bin"] and "files" not in request.FILES
        assert upload_handler.ROOM.taken - before == upload_handler.ROOM_FILES * MB
    assert upload_handler.ROOM.taken == before


def test_what_is_dropped_takes_no_room() -> None:
    before = upload_handler.ROOM.taken
    request, handler = receiving(3 * MB, 10)
    with upload_handler.releasing_uploads(request):
        assert handler.too_large == ["0.bin"] and upload_handler.ROOM.taken - before == 10
    assert upload_handler.ROOM.taken == before


@pytest.mark.parametrize("strict", [True, False])
def test_a_request_lets_go_of_its_files_whatever_becomes_of_it(strict: bool, now: datetime) -> None:
    """Without the token, a body that is cut, and one that is taken."""
    browser = Client(enforce_csrf_checks=strict)
    browser.force_login(make_member(now).user)
    before = upload_handler.ROOM.taken
    text = form(3 * MB)
    for sent in (text, text[: 2 * MB]):
        browser.generic(
            "POST",
            "/case/documents/",
            CONTENT_TYPE="multipart/form-data; boundary=x",
            CONTENT_LENGTH=str(len(text)),
            **{"wsgi.input": BytesIO(sent)},
        )
        assert upload_handler.ROOM.taken == before


def test_without_room_nothing_is_lost_and_all_doors_say_so(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages name the file and ask to try again; the API answers 503 with Retry-After."""
    member, senior = make_member(now), make_colleague(now, "Seniors")
    monkeypatch.setattr(upload_handler.ROOM, "taken", upload_handler.ROOM_FILES * 20 * MB)
    paper = SimpleUploadedFile("paper.jpg", b"a" * 100, "image/jpeg")
    make_case(member, now)
    sent = {"kind": DocumentKind.BUSINESS_LICENCE, "files": paper}
    answer = sign_in(member.user).post("/case/documents/", sent)
    assert answer.status_code == 422 and "paper.jpg" in answer.content.decode()
    assert "Try again in a moment" in answer.content.decode()
    leak = SimpleUploadedFile("leak.jpg", b"a" * 100, "image/jpeg")
    answer = sign_in(senior).post(TRACE, {"why": "a tip", "leak": leak})
    assert "Try again in a moment" in answer.content.decode() and not Trace.objects.exists()
    _platform, key = create_api_client("某招聘网", list(Scope), now, test=True)
    trace = SimpleUploadedFile("leak.jpg", b"a" * 100, "image/jpeg")
    answer = Client().post(
        "/api/v1/traces",
        {"why": "a tip", "file": trace},
        headers={"authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 503 and answer["Retry-After"]


def test_the_form_of_a_trace_needs_its_token(now: datetime) -> None:
    senior = make_colleague(now, "Seniors")
    assert senior.as_reviewer().can(Power.TRACE)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(senior)
    browser.cookies["csrftoken"] = "a" * 32
    assert browser.post(TRACE, {"why": "a tip", "text": "x"}).status_code in (302, 403)
    assert not Trace.objects.exists()
