"""Tests of making copies, and of the checks that keep a resume from leaving."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from downloads.models import CleanResume, Copy, CopyState, PassUse
from downloads.relays import provider_sync
from downloads.releases import make_copy, mark_keys
from employers.clock import now_for
from events.core.errors import Refused
from resumes.marking import Words, mark_page, marked_copy
from resumes.redaction.redact import Language, Line, RedactedPage
from resumes.specimens.person import Contact
from resumes.specimens.resume import make_resume as specimen
from tests.downloads.releases.shop import REAL_REDACT, Shop, make, pdf, stored_files

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_the_copy_bears_this_releases_marks_over_the_clean_page(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    copy = Copy.objects.get()
    assert copy.resume is not None
    pages = make_copy.stored_pages(copy.resume)
    keys = mark_keys.keys_of(copy.number, copy.mark_key, len(pages))
    other = mark_keys.keys_of("ZR-22222-22222", copy.mark_key, len(pages))
    words = Words(copy.receiver, copy.number, copy.ready_at)  # type: ignore[arg-type]
    mine, others = (
        mark_page(pages[0].pixels, key[0], words, marked_copy.marking_resolution(pages[0]))
        for key in (keys, other)
    )
    assert (mine != others).any()
    with default_storage.open(copy.pdf.name) as file:
        image = (
            pdfium.PdfDocument(io.BytesIO(file.read()))[0]
            .render(scale=pages[0].dpi / 72)
            .to_numpy()[..., :3]
            .astype(int)
        )
    size = min(image.shape[0], mine.shape[0]), min(image.shape[1], mine.shape[1])
    grey = image[: size[0], : size[1]].mean(axis=2)
    away = [
        np.abs(grey - page[: size[0], : size[1]].mean(axis=2)).mean()
        for page in (mine.astype(int), others.astype(int))
    ]
    assert away[0] < away[1], "the pages that left match this release's marks better than another's"


@pytest.mark.slow
def test_a_second_copy_of_a_resume_is_made_of_the_same_pages(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.post(shop.gate_pass(), pdf())
    make(first)
    monkeypatch.setattr("resumes.redaction.redact.redact", lambda *_: pytest.fail("read again"))
    # A candidate's quota is one a day.
    shop.platform.move("P2D")
    second = shop.post(shop.gate_pass(), pdf())
    assert second["http"] == 202 and second["number"] != first["number"]
    assert make(second) and CleanResume.objects.count() == 1
    one, two = (releasing_bytes(release) for release in (first, second))
    assert one != two, "every copy is unique"


def releasing_bytes(release: Any) -> bytes:
    with default_storage.open(Copy.objects.get(pk=release["id"]).pdf.name) as file:
        return bytes(file.read())


def test_a_file_that_does_not_open_fails_and_the_pass_is_good_for_another(shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    release = shop.post(gate_pass, b"%PDF-1.7\nnothing of it is true")
    make(release)
    failed = shop.read(release["id"])
    assert (failed["state"], failed["reasons"][0]["code"]) == ("failed", "resume_unreadable")
    assert shop.link(release["id"])["code"] == "release_not_ready"
    shop.platform.move("PT10M")
    retried = shop.post(gate_pass, pdf())
    assert (retried["http"], retried["id"], retried["state"]) == (202, release["id"], "preparing")
    assert make_copy.make_copy(release["id"], lambda: timezone.now() + timedelta(minutes=10))
    assert shop.read(release["id"])["state"] == "ready" and PassUse.objects.count() == 1, (
        "it used no further pass"
    )


def test_a_contact_that_would_be_left_holds_the_resume_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if nothing had been found.
    monkeypatch.setattr("resumes.redaction.redact.contacts_in", lambda text: [])
    monkeypatch.setattr("resumes.redaction.redact.redact", REAL_REDACT)
    person = specimen(3, "plain", "zh")
    phone = next(part.text for _, part in person.contacts if part.contact is Contact.PHONE)
    release = shop.post(shop.gate_pass(), pdf(), phone=phone)
    make(release)
    assert shop.read(release["id"])["reasons"][0]["code"] == "resume_contact_left"
    assert not Copy.objects.get().pdf


@pytest.mark.parametrize(
    "left",
    [
        "138•0001•8000",
        "138a0001b8000",
        "一三八零零零一八零零零",
        "么三八洞洞洞么八洞洞洞",
        "１３８ 0001 8000",
        "l38OOO18OOO",
        "13800018000元",
        "138\n0001\n8000",
    ],
)
def test_the_last_look_reads_a_number_as_the_finder_does(left: str) -> None:
    quad = np.zeros((4, 2), np.float32)
    page = RedactedPage(
        1,
        np.zeros((1, 1, 3), np.uint8),
        150.0,
        (Line("2018.09-2022.06 本科", quad), Line(left, quad)),
    )
    with pytest.raises(Refused, match="resume_contact_left"):
        make_copy._let_nothing_through([page], ("+86 138 0001 8000", ""))
    make_copy._let_nothing_through([page], ("+86 139 0001 8000", "zhangsan@qq.com"))


def test_the_last_look_reads_an_address_as_the_finder_does() -> None:
    page = RedactedPage(
        1,
        np.zeros((1, 1, 3), np.uint8),
        150.0,
        (Line("ｚhang San＠ＱＱ.com", np.zeros((4, 2), np.float32)),),
    )
    with pytest.raises(Refused, match="resume_contact_left"):
        make_copy._let_nothing_through([page], ("", "ZhangSan@qq.com"))


def test_the_lease_is_held_for_as_long_as_it_takes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, happened, made = shop.post(shop.gate_pass(), pdf()), [], marked_copy.make_marked_copy

    @contextmanager
    def alive(jobs: Any, pk: Any, lease: Any, clock: Any, seconds: float) -> Iterator[None]:
        happened.append(("held", Copy.objects.leased(pk, lease).count()))
        yield
        happened.append(("let go", Copy.objects.leased(pk, lease).count()))

    def copy(*arguments: Any) -> bytes:
        happened.append(("made", 1))
        return made(*arguments)

    monkeypatch.setattr("events.jobs.heartbeat.keep_alive", alive)
    monkeypatch.setattr("resumes.marking.marked_copy.make_marked_copy", copy)
    assert make(release)
    assert happened == [("held", 1), ("made", 1), ("let go", 1)]


def test_it_waits_for_a_number_and_goes_on_when_one_is_lent(shop: Shop) -> None:
    release = shop.post(
        shop.gate_pass(), pdf(), phone="15400000006"
    )  # the carrier answers only after a minute
    assert not make(release)
    copy = Copy.objects.get()
    assert copy.state == CopyState.PREPARING and copy.lease is None and copy.resume is not None, (
        "its clean pages are stored already"
    )
    later = timezone.now() + timedelta(minutes=2)
    provider_sync.sync_binding(copy.binding_id, lambda: later)
    copy.refresh_from_db()
    assert copy.due_at == later, "it is due again"
    assert make_copy.make_copy(copy.pk, lambda: later)
    assert shop.read(release["id"])["state"] == "ready"


def test_where_no_number_comes_in_time_the_resume_does_not_leave(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf(), phone="15400000001")
    assert not make(release)
    later = timezone.now() + timedelta(minutes=11)
    assert make_copy.make_copy(release["id"], lambda: later)
    assert shop.read(release["id"])["reasons"][0]["code"] == "release_no_relay"


def test_a_worker_that_died_is_made_up_for(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    assert Copy.objects.claim(release["id"], timezone.now(), 240)
    assert not make(release), "another worker has it"
    later = timezone.now() + timedelta(minutes=5)
    assert make_copy.make_copy(release["id"], lambda: later)
    assert Copy.objects.get().deaths == 1 and Copy.objects.get().state == CopyState.READY


def test_a_file_that_kills_every_worker_does_not_go_round_for_ever(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    Copy.objects.filter(pk=release["id"]).update(deaths=make_copy.DEATHS)
    assert make(release) and shop.read(release["id"])["state"] == "failed"


def test_who_lost_the_lease_writes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    made = marked_copy.make_marked_copy

    def slow(*arguments: Any) -> bytes:
        Copy.objects.filter(pk=release["id"]).update(lease=None, leased_until=None)
        return made(*arguments)

    monkeypatch.setattr("resumes.marking.marked_copy.make_marked_copy", slow)
    assert not make(release)
    assert Copy.objects.get().state == CopyState.PREPARING and len(stored_files()) == 2, (
        "the original and its clean pages"
    )


@pytest.mark.parametrize(
    ("extension", "language", "first"),
    [
        ("", "zh", "17000000010"),
        ("104", "zh", "17000000010 转 104"),
        ("104", "en", "17000000010 ext. 104"),
        ("", "en", "17000000010"),
    ],
)
def test_a_relay_number_is_written_as_it_is_dialled(
    extension: str, language: Language, first: str
) -> None:
    assert marked_copy.dialled_forms("+8617000000010", extension, language)[0] == first


def test_without_a_sandbox_a_copy_waits_and_is_made_later(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SANDBOX_REQUIRED = True
    release = shop.post(shop.gate_pass(), pdf())
    clock = [now_for(shop.client)]
    with monkeypatch.context() as without:
        without.setattr("documents.upload.sandbox._is_working", lambda isolation: False)
        for _ in range(20):
            assert not make_copy.make_copy(release["id"], lambda: clock[0])
            clock[0] += timedelta(minutes=2)
    waiting = Copy.objects.get()
    assert (waiting.state, waiting.tries, waiting.finished_at) == (CopyState.PREPARING, 20, None)
    assert waiting.original and waiting.given_sealed, "nothing is lost"
    assert make_copy.make_copy(release["id"], lambda: clock[0])
    assert Copy.objects.get().state == CopyState.READY
