"""Tests of traces: a leak is traced to its copy, no copy is named by a guess, only those allowed
see the result, and each request is recorded.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pypdfium2 as pdfium
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from PIL import Image

from downloads import leaks, retention
from downloads.models import Copy, RelayBinding, Trace
from downloads.models.relays import RelayState
from employers.clock import now_for
from employers.models import ApiClient
from events.core.errors import Refused
from events.models import Alert, AlertKind, Event
from resumes.specimens.resume import make_resume as specimen
from tests.databases import unguarded
from tests.downloads.api.test_relays import Platform
from tests.downloads.releases.conftest import _read_once as _read_once
from tests.downloads.releases.shop import Shop, make, pdf
from tests.factories import make_colleague, make_employer, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS, settings.DOCUMENTS_DIR = tmp_path, "", tmp_path / "documents"


@pytest.fixture(autouse=True)
def _pictures_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip OCR: these tests are about marks; numbers in the text are tested with text."""
    monkeypatch.setattr("downloads.leaks._read", lambda picture: "")


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop(Platform())


def a_copy(shop: Shop, candidate: str = "c-1", resume: bytes | None = None) -> Copy:
    release = shop.post(shop.gate_pass(candidate), resume or pdf())
    assert make(release)
    return Copy.objects.select_related("binding").get(pk=release["id"])


def page_of(copy: Copy) -> Image.Image:
    with default_storage.open(str(copy.pdf.name)) as file:
        picture: Image.Image = (
            pdfium.PdfDocument(io.BytesIO(file.read()))[0]
            .render(scale=150 / 72)
            .to_pil()
            .convert("RGB")
        )
    return picture


def file_of(picture: Image.Image, quality: int = 70) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def asked(shop: Shop, file: bytes | None = None, **body: str) -> Any:
    form: dict[str, Any] = {"why": "found in a group"} | body
    if file is not None:
        form["leak"] = SimpleUploadedFile("leak.jpg", file, "image/jpeg")
    answer = Client().post(
        "/api/v1/traces", form, headers={"Authorization": f"Bearer {shop.platform.key}"}
    )
    return answer.json() | {"http": answer.status_code}


def traced(shop: Shop, file: bytes | None = None, **body: str) -> Any:
    begun = asked(shop, file, **body)
    assert (begun["http"], begun["state"]) == (202, "looking")
    client = ApiClient.objects.get(pk=shop.client.pk)  # its clock may have been moved
    assert leaks.trace_leak(begun["id"], lambda: now_for(client))
    return shop.platform.call("get", f"/traces/{begun['id']}")


WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "whole": lambda page: page,
    "smaller": lambda page: page.resize((page.width * 7 // 10, page.height * 7 // 10)),
    "cropped": lambda page: page.crop((60, 60, page.width - 40, page.height * 6 // 10)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sampled(1)
def test_a_picture_names_the_copy_that_it_is_of_and_no_other(way: str, shop: Shop) -> None:
    first = a_copy(shop)
    shop.platform.move("P2D")
    second = a_copy(shop)
    a_copy(shop, "c-2", specimen(4, "table", "zh").pdf)
    found = traced(shop, file_of(WAYS[way](page_of(second))))
    assert found["state"] == "done" and found["resumes"] == 2
    named = [each for each in found["findings"] if each["named"]]
    assert [(each["number"], each["by"]) for each in named] == [(second.number, "marks")]
    assert named[0]["z"] >= 6 and named[0]["chance"] < 1e-6
    other = next(each for each in found["findings"] if each["number"] == first.number)
    assert not other["named"] and other["z"] < 6
    events = list(
        Event.objects.filter(verb__in=("ask_trace", "trace_copy")).values_list("verb", "role")
    )
    assert events == [("ask_trace", "platform"), ("trace_copy", "system")]
    row = Trace.objects.get()
    assert row.evidence and not row.leak, "the leak is erased, and the evidence stays"
    retention.retire_copies(timezone.now() + timedelta(days=400), 365)
    row.refresh_from_db()
    assert not row.evidence and row.named, "as long as the clean pages; the finding stays longer"
    with unguarded(Copy, Trace):  # the database's clock is not ahead
        retention.retire_copies(timezone.now() + timedelta(days=1500), 365)
    assert not Trace.objects.exists()


def test_of_a_page_that_never_left_nobody_is_named(shop: Shop) -> None:
    a_copy(shop)
    stranger = (
        pdfium.PdfDocument(specimen(9, "columns", "en").pdf)[0]
        .render(scale=150 / 72)
        .to_pil()
        .convert("RGB")
    )
    found = traced(shop, file_of(stranger))
    assert found["state"] == "done" and not [each for each in found["findings"] if each["named"]]


def test_text_is_traced_by_the_numbers_in_it(shop: Shop) -> None:
    copy = a_copy(shop)
    local = copy.binding.number.removeprefix("+86")
    for text in (
        f"联系电话 {local[:3]}-{local[3:7]}-{local[7:]}",
        f"call +86{local}",
        f"电话{local}转1",
    ):
        found = traced(shop, text=text)["findings"]
        expected = [] if "转" in text else [(copy.number, "relay_number", True)]
        assert [(each["number"], each["by"], each["named"]) for each in found] == expected, text
    found = traced(shop, text=f"……{copy.number.lower()} · 2026")["findings"]
    assert [(each["number"], each["by"]) for each in found] == [(copy.number, "copy_number")]
    assert traced(shop, text="13800000000 and 5 years")["findings"] == []
    assert not Trace.objects.exclude(text_sealed="").exists()


def test_staff_are_alerted_to_a_leak_that_is_no_test(shop: Shop) -> None:
    copy = a_copy(shop)
    traced(shop, text=copy.number)
    assert not Alert.objects.exists()
    begun = asked(shop, text=copy.number)
    with unguarded(Trace):
        Trace.objects.update(test=False)
    assert leaks.trace_leak(begun["id"], timezone.now)
    alert = Alert.objects.get()
    assert (alert.kind, alert.key, alert.params) == (AlertKind.LEAK, begun["id"], {"count": 1})


def test_a_number_that_was_lent_to_two_names_neither(shop: Shop) -> None:
    copy = a_copy(shop)
    other = make_employer(timezone.now(), name="别家公司", uscc="91110105MA00000A1X")
    again = RelayBinding.objects.get(pk=copy.binding_id)
    again.pk, again.employer = uuid4(), other
    again.ended_at, again.ended_why, again.state = timezone.now(), "relay_expired", RelayState.ENDED
    again.decision_id, again.candidate = uuid4(), "c-9"
    again.save(force_insert=True)
    (found,) = traced(shop, text=copy.binding.number.removeprefix("+86"))["findings"]
    assert (found["number"], found["named"]) == (copy.number, False)


@pytest.mark.slow
def test_pages_that_are_gone_hide_no_others(shop: Shop) -> None:
    lost, copy = a_copy(shop, "c-2", specimen(9, "plain", "zh").pdf), a_copy(shop)
    assert lost.resume is not None
    default_storage.delete(str(lost.resume.pages.name))
    found = traced(shop, file_of(page_of(copy)))["findings"]
    assert [(each["number"], each["named"]) for each in found if each["by"] == "marks"][:1] == [
        (copy.number, True)
    ]


def test_a_platform_hears_of_its_own_releases_alone(shop: Shop) -> None:
    copy = a_copy(shop)
    stranger = Shop(Platform())
    assert traced(stranger, text=copy.number)["findings"] == []
    found = traced(stranger, file_of(page_of(copy)))
    assert found["findings"] == [] and found["resumes"] == 0
    mine = asked(shop, text=copy.number)
    assert stranger.platform.call("get", f"/traces/{mine['id']}")["code"] == "trace_unknown"


@pytest.mark.slow
def test_a_forged_number_does_not_name_another_where_marks_speak(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who leaks a copy could print a colleague's number on it."""
    mine, other = a_copy(shop), a_copy(shop, "c-2", specimen(4, "table", "zh").pdf)
    monkeypatch.setattr("downloads.leaks._read", lambda picture: other.number)
    found = traced(shop, file_of(page_of(mine)))["findings"]
    assert [each["number"] for each in found if each["named"]] == [mine.number]
    assert [(each["number"], each["by"]) for each in found if each["by"] == "copy_number"] == [
        (other.number, "copy_number")
    ]


def test_nothing_to_trace_and_nothing_that_opens(shop: Shop) -> None:
    assert asked(shop)["code"] == "leak_missing"
    assert asked(shop, text="x", why="")["http"] == 422
    failed = traced(shop, b"no picture at all")
    assert (failed["state"], failed["reasons"][0]["code"]) == (
        "failed",
        "resume_format_not_supported",
    )


def test_a_worker_that_died_over_a_leak_is_made_up_for(shop: Shop) -> None:
    begun = asked(shop, text="nothing")
    assert Trace.objects.claim(begun["id"], timezone.now(), 10)
    assert not leaks.trace_leak(begun["id"], timezone.now)
    assert leaks.trace_leak(begun["id"], lambda: timezone.now() + timedelta(seconds=11))


@pytest.mark.slow
def test_only_who_may_trace_asks_in_the_console_and_sees_what_is_found(shop: Shop) -> None:
    copy = a_copy(shop)
    with unguarded(Copy):
        Copy.objects.update(test=False)
    now = timezone.now()
    senior, reviewer = make_colleague(now, "Seniors"), make_colleague(now, "Reviewers")
    assert sign_in(reviewer).get("/console/downloads/trace/add/").status_code == 403
    with pytest.raises(Refused):
        leaks.request_trace(
            leaks.Asked("why", text="x"), reviewer.as_reviewer(), now, user=reviewer
        )
    browser = sign_in(senior)
    body = {
        "why": "a tip",
        "leak": SimpleUploadedFile("leak.jpg", file_of(page_of(copy)), "image/jpeg"),
    }
    page = browser.post("/console/downloads/trace/add/", body)
    row = Trace.objects.get()
    assert (
        page.status_code == 302
        and 'role="status"' in browser.get(page["Location"]).content.decode()
    ), "it says that the trace is running"
    leaks.trace_leak(row.pk, timezone.now)
    shown = browser.get(page["Location"]).content.decode()
    assert copy.number in shown and copy.receiver in shown and 'role="status"' not in shown
    assert browser.get(f"/console/downloads/trace/{row.pk}/evidence")["Content-Type"] == "image/png"
    assert sign_in(reviewer).get(f"/console/downloads/trace/{row.pk}/evidence").status_code == 403
    assert Event.objects.filter(verb="ask_trace", actor_id=str(senior.pk)).exists()


def test_the_command_names_the_copy(shop: Shop, tmp_path: Path) -> None:
    copy = a_copy(shop)
    with unguarded(Copy):
        Copy.objects.update(test=False)
    leak = tmp_path / "leak.jpg"
    leak.write_bytes(file_of(page_of(copy)))
    out = StringIO()
    call_command("trace", str(leak), why="a tip", stdout=out)
    assert out.getvalue().startswith("NAMED") and copy.number in out.getvalue()
    with pytest.raises(CommandError):
        call_command("trace", str(tmp_path / "none"), why="a tip")


def test_without_a_sandbox_a_leak_waits_and_is_traced_later(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SANDBOX_REQUIRED = True
    begun = asked(shop, pdf())
    at = timezone.now()
    with monkeypatch.context() as without:
        without.setattr("documents.upload.sandbox._is_working", lambda isolation: False)
        for minutes in range(2, 22, 2):
            later = at + timedelta(minutes=minutes)
            assert not leaks.trace_leak(begun["id"], lambda later=later: later)  # type: ignore[misc]
    waiting = Trace.objects.get()
    assert waiting.leak and waiting.finished_at is None and waiting.tries == 10
    assert leaks.trace_leak(begun["id"], lambda: at + timedelta(hours=1))
    assert not Trace.objects.get().refused
