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
from events.core.errors import ProviderUnavailable, Refused
from events.models import Event
from tests.factories import make_case, make_document, make_member, sign_in
from tests.verification.pages.case_pages import HTMX, SCRIPT, picture, text, upload
from verification import tasks
from verification.cases import documents, operations
from verification.intake import held_uploads
from verification.models import Case, Document, DocumentKind, DocumentReading, HeldUpload
from verification.pages.views import documents as documents_view
from verification.rules.states import State

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

    monkeypatch.setattr("verification.intake.examination.open_upload", opened)
    monkeypatch.setattr("verification.intake.examination.scan", opened)
    monkeypatch.setattr("verification.intake.examination.judge_page", opened)


def confirm(member: Member) -> None:
    hold_address(member.user, timezone.now())


def open_all() -> None:
    for held in held_uploads.of_confirmed().filter(finished_at=None):
        held_uploads.open_held(held.pk, timezone.now, 60)


def stored() -> list[Path]:
    return list(Path(configured.DOCUMENTS_DIR).glob("??/*"))


class SeesNothing:
    """The module of documents, before another request's upload can be seen."""

    def __getattr__(self, name: str) -> Any:
        return getattr(documents, name)

    def added_just_now(self, *args: Any) -> None:
        return None


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

    def test_the_same_file_twice_is_one(
        self, visitor: Client, case: Case, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.UNCONFIRMED_UPLOADS = 2
        upload(visitor, picture())
        with monkeypatch.context() as patched:
            # Both tries of one upload are on their way: the second sees the first under the lock.
            patched.setattr(documents_view, "documents", SeesNothing())
            for _ in range(3):
                assert upload(visitor, picture(), **SCRIPT).status_code == 200
        assert upload(visitor, picture(), **SCRIPT).status_code == 200
        HeldUpload.objects.update(uploaded_at=timezone.now() - timedelta(minutes=2))
        assert "already added this file" in text(upload(visitor, picture(), **SCRIPT))
        assert HeldUpload.objects.count() == 1
        assert upload(visitor, picture(7)).status_code == 302, "one of two was spent"
        assert "follow its link" in text(upload(visitor, picture(8)))

    def test_a_replacement_leaves_the_document_until_it_is_opened(
        self, visitor: Client, case: Case
    ) -> None:
        there = make_document(case, timezone.now())
        sent = {"kind": there.kind, "files": [picture()], "replaces": str(there.pk)}
        assert visitor.post("/case/documents/", sent).status_code == 302
        assert HeldUpload.objects.count() == 1
        assert case.documents.current().get() == there

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
            patched.setattr("verification.intake.examination.open_upload", down)
            open_all()
        held = HeldUpload.objects.get()
        assert (held.refused, held.finished_at) == ("", None)
        assert held_uploads.open_held(held.pk, lambda: timezone.now() + timedelta(minutes=2), 60)
        assert Document.objects.count() == 1

    def test_a_withdrawn_case_takes_nothing_more(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        upload(visitor, picture())
        operations.withdraw_case(case.pk, member.as_actor(), timezone.now())
        confirm(member)
        open_all()
        assert not Document.objects.exists()
        assert not HeldUpload.objects.exists()

    def test_nothing_is_submitted_while_files_are_being_opened(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        letter = DocumentKind.AUTHORIZATION_LETTER
        upload(visitor, picture())
        upload(visitor, picture(90), kind=letter)
        confirm(member)
        assert "opening 2 files" in text(visitor.get("/case/"))
        licence = HeldUpload.objects.get(kind="business_licence")
        held_uploads.open_held(licence.pk, timezone.now, 60)
        page = text(visitor.get("/case/"))
        assert "opening 1 file." in page
        assert "Submit for verification" not in page
        sent = {"version": Case.objects.get().version}
        page = text(visitor.post("/case/submit/", sent, follow=True))
        for said in ("still opening your files", "Files: <b>1</b>", "Wait a few seconds"):
            assert said in page
        assert Case.objects.get().state == State.DRAFT
        open_all()
        assert "Submit for verification" in text(visitor.get("/case/"))
        visitor.post("/case/submit/", {"version": Case.objects.get().version})
        assert Case.objects.get().state == State.SUBMITTED
        assert case.documents.filter(kind=letter).exists()

    def test_a_colleague_who_never_confirms_keeps_nobody_from_submitting(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        upload(visitor, picture())
        make_document(case, timezone.now())
        colleague = make_member(timezone.now(), member.employer)
        page = text(sign_in(colleague.user).get("/case/"))
        assert "as soon as your colleague who uploaded it confirms" in page
        assert f'/case/documents/held/{HeldUpload.objects.get().pk}/"' not in page, "no polling"
        operations.submit_case(case.pk, colleague.user, colleague.as_actor(), timezone.now())

    def test_what_comes_after_submission_is_kept_named_and_added_later(
        self, visitor: Client, member: Member, case: Case, django_capture_on_commit_callbacks: Any
    ) -> None:
        upload(visitor, picture())
        make_document(case, timezone.now())
        colleague = make_member(timezone.now(), member.employer)
        operations.submit_case(case.pk, colleague.user, colleague.as_actor(), timezone.now())
        confirm(member)
        with django_capture_on_commit_callbacks(execute=True):
            open_all()
        held = HeldUpload.objects.get()
        assert held.refused == HeldUpload.TOO_LATE
        assert Path(configured.DOCUMENTS_DIR, held.file.name).exists()
        event = Event.objects.about(case).last()
        assert (event.verb, event.reasons) == ("refuse_upload", [HeldUpload.TOO_LATE])
        assert "We opened it after you had submitted" in text(visitor.get("/case/"))
        tasks.sweep_held_uploads()
        assert HeldUpload.objects.get().refused, "the case is still with us"

        Case.objects.update(state=State.CHANGES_REQUESTED)
        polled = visitor.get(f"/case/documents/held/{held.pk}/", headers=HTMX)
        assert polled.status_code == 204
        assert "opening 1 file." in text(visitor.get("/case/"))
        with pytest.raises(Refused, match="uploads_opening"):
            operations.submit_case(case.pk, member.user, member.as_actor(), timezone.now())
        tasks.sweep_held_uploads()
        open_all()
        assert not HeldUpload.objects.exists()
        assert case.documents.current().count() == 2

    def test_what_came_too_late_can_be_removed(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        upload(visitor, picture())
        Case.objects.update(state=State.SUBMITTED)
        confirm(member)
        open_all()
        assert 'id="held-' in text(visitor.get("/case/"))
        visitor.post(f"/case/documents/held/{HeldUpload.objects.get().pk}/remove/")
        assert not HeldUpload.objects.exists()
        assert 'id="held-' not in text(visitor.get("/case/"))

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
