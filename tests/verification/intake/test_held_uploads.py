"""Tests of uploads before the address of the account is confirmed: stored, and not opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from employers.accounts.registration import hold_address
from employers.models import Member
from events.core.errors import ProviderUnavailable
from events.models import Event
from tests.factories import make_case, make_member, sign_in
from tests.verification.pages.case_pages import HTMX, SCRIPT, picture, text, upload
from verification import tasks
from verification.cases import operations
from verification.intake import held_uploads
from verification.models import Case, Document, DocumentKind, DocumentReading, HeldUpload

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return make_member(timezone.now(), email_verified_at=None)


@pytest.fixture
def case(member: Member) -> Case:
    return make_case(member, timezone.now())


@pytest.fixture
def visitor(member: Member, case: Case) -> Client:
    return sign_in(member.user)


@pytest.fixture
def nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr("verification.intake.examination.examine", opened)
    monkeypatch.setattr("verification.intake.examination.scan", opened)
    monkeypatch.setattr("verification.intake.examination.judge_page", opened)


def confirm(member: Member) -> None:
    hold_address(member.user, timezone.now())


def open_all() -> None:
    for held in held_uploads.of_confirmed().filter(finished_at=None):
        held_uploads.open_held(held.pk, timezone.now, 60)


def stored() -> list[Path]:
    return list(Path(configured.DOCUMENTS_DIR).glob("??/*"))


@pytest.mark.usefixtures("nothing_is_opened")
class TestBefore:
    def test_an_upload_is_kept_unopened_and_the_page_says_so(
        self, visitor: Client, case: Case
    ) -> None:
        before = len(stored())
        assert upload(visitor, picture())["Location"] == "/case/"
        held = HeldUpload.objects.get()
        assert (held.case, held.kind, held.refused) == (case, "business_licence", "")
        assert not Document.objects.exists()
        assert not DocumentReading.objects.exists()
        (new,) = (
            stored()[before:] if before == 0 else [Path(configured.DOCUMENTS_DIR, held.file.name)]
        )
        assert b"JFIF" not in new.read_bytes(), "encrypted"
        page = text(visitor.get("/case/"))
        assert "as soon as you confirm your email address" in page
        assert "Confirm your email address first" in page
        assert Event.objects.about(held).get().verb == "hold_upload"

    def test_no_worker_opens_it(self, visitor: Client, case: Case) -> None:
        upload(visitor, picture())
        held = HeldUpload.objects.get()
        tasks.open_held_upload(str(held.pk))
        assert not held_uploads.open_held(held.pk, timezone.now, 60)
        tasks.sweep_held_uploads()
        assert not Document.objects.exists()

    def test_a_wrong_type_is_named_at_once(self, visitor: Client, case: Case) -> None:
        for bad, said in ((b"", "The file is empty"), ("文字".encode(), "plain text")):
            page = text(upload(visitor, SimpleUploadedFile("x.jpg", bad, "image/jpeg")))
            assert said in page
        assert not HeldUpload.objects.exists()

    def test_number_and_size_are_bounded(
        self, visitor: Client, case: Case, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for shade in range(5):
            response = upload(visitor, picture(10 * shade))
        assert response.status_code == 422
        assert HeldUpload.objects.count() == 4
        monkeypatch.setattr(held_uploads, "BYTES_AT_MOST", 1)
        page = text(upload(visitor, picture(77), kind=DocumentKind.AUTHORIZATION_LETTER))
        assert "Before you confirm your email address" in page
        settings.UNCONFIRMED_UPLOADS = 1
        page = text(upload(visitor, picture(78), kind=DocumentKind.AUTHORIZATION_LETTER))
        assert "follow its link" in page
        assert HeldUpload.objects.count() == 4

    def test_the_same_file_twice_is_one(self, visitor: Client, case: Case) -> None:
        upload(visitor, picture())
        assert "already added this file" in text(upload(visitor, picture(), **SCRIPT))
        assert HeldUpload.objects.count() == 1

    def test_it_can_be_removed_and_its_file_is_gone(
        self, visitor: Client, case: Case, django_capture_on_commit_callbacks: Any
    ) -> None:
        upload(visitor, picture())
        held = HeldUpload.objects.get()
        file = Path(configured.DOCUMENTS_DIR, held.file.name)
        assert file.exists()
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(2):
                visitor.post(f"/case/documents/held/{held.pk}/remove/")
        assert not file.exists()
        assert not HeldUpload.objects.exists()

    def test_others_can_neither_remove_nor_follow_it(self, visitor: Client, case: Case) -> None:
        upload(visitor, picture())
        held = HeldUpload.objects.get()
        stranger = sign_in(
            make_case(make_member(timezone.now()), timezone.now()).employer.members.get().user
        )
        stranger.post(f"/case/documents/held/{held.pk}/remove/")
        assert HeldUpload.objects.exists()
        seen = text(stranger.get(f"/case/documents/held/{held.pk}/", headers=HTMX))
        assert str(held.pk) not in seen


class TestAfter:
    def test_confirming_opens_and_reads_it(
        self,
        visitor: Client,
        member: Member,
        case: Case,
        notified: list[Any],
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        upload(visitor, picture())
        held = HeldUpload.objects.get()
        polled = visitor.get(f"/case/documents/held/{held.pk}/", headers=HTMX)
        assert polled.status_code == 204
        with django_capture_on_commit_callbacks(execute=True):
            confirm(member)
        assert ("verification.tasks.open_held_uploads_of", str(member.user_id)) in notified
        assert "Opening your file" in text(visitor.get("/case/"))
        file = Path(configured.DOCUMENTS_DIR, held.file.name)
        with django_capture_on_commit_callbacks(execute=True):
            open_all()
        document = Document.objects.get()
        assert (document.kind, document.uploaded_by) == ("business_licence", member.user)
        assert DocumentReading.objects.filter(document=document).exists()
        assert not file.exists()
        assert not HeldUpload.objects.exists()
        polled = visitor.get(f"/case/documents/held/{held.pk}/", headers=HTMX)
        assert polled["HX-Retarget"] == "#editor"
        assert str(document.pk) in text(polled)

    def test_what_cannot_be_opened_is_named_and_gone(
        self, visitor: Client, member: Member, case: Case, django_capture_on_commit_callbacks: Any
    ) -> None:
        broken = SimpleUploadedFile("x.jpg", b"\xff\xd8\xff" + b"x" * 2000, "image/jpeg")
        assert upload(visitor, broken).status_code == 302
        file = Path(configured.DOCUMENTS_DIR, HeldUpload.objects.get().file.name)
        confirm(member)
        with django_capture_on_commit_callbacks(execute=True):
            open_all()
        held = HeldUpload.objects.get()
        assert (held.refused, str(held.file)) == ("document_broken", "")
        assert not file.exists()
        assert "damaged" in text(visitor.get("/case/")).lower()
        visitor.post(f"/case/documents/held/{held.pk}/remove/")
        assert not HeldUpload.objects.exists()

    def test_a_scanner_that_is_down_is_asked_again(
        self, visitor: Client, member: Member, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload(visitor, picture())
        confirm(member)

        def down(*args: Any, **kwargs: Any) -> None:
            raise ProviderUnavailable("no child")

        with monkeypatch.context() as patched:
            patched.setattr("verification.intake.examination.examine", down)
            open_all()
        held = HeldUpload.objects.get()
        assert (held.refused, held.finished_at) == ("", None)
        assert held_uploads.open_held(held.pk, lambda: timezone.now() + timedelta(minutes=2), 60)
        assert Document.objects.count() == 1

    def test_a_withdrawn_case_takes_nothing_more(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        upload(visitor, picture())
        operations.withdraw(case.pk, member.as_actor(), timezone.now())
        confirm(member)
        open_all()
        assert not Document.objects.exists()
        assert not HeldUpload.objects.exists()

    def test_what_is_never_confirmed_is_erased(
        self, visitor: Client, case: Case, now: datetime, django_capture_on_commit_callbacks: Any
    ) -> None:
        upload(visitor, picture())
        file = Path(configured.DOCUMENTS_DIR, HeldUpload.objects.get().file.name)
        week, soon = timedelta(days=7), timezone.now() + timedelta(days=6)
        assert held_uploads.erase_abandoned(soon, week, 10) == 0
        with django_capture_on_commit_callbacks(execute=True):
            assert held_uploads.erase_abandoned(soon + timedelta(days=2), week, 10) == 1
        assert not file.exists()
        assert not HeldUpload.objects.exists()
