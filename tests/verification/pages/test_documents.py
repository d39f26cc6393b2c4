"""Tests of the pages for documents, and of access to other employers' documents."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from documents.upload.antivirus import ScanResult
from employers.models import Member
from events.core.errors import ProviderUnavailable
from tests.factories import make_case, make_document, make_member
from tests.verification.pages.case_pages import HTMX, SCRIPT, picture, text, upload
from verification.intake import upload_handler
from verification.models import Case, Document, DocumentPage
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class TestUpload:
    def test_a_picture_becomes_pages_that_can_be_seen(self, visitor: Client, case: Case) -> None:
        assert upload(visitor, picture())["Location"] == "/case/"
        document = Document.objects.get()
        assert (document.kind, document.scan) == ("business_licence", {"clean": None})
        address = f"/case/documents/{document.pk}/pages/1/"
        assert f'src="{address}?size=small"' in text(visitor.get("/case/"))
        page, small = visitor.get(address), visitor.get(address, {"size": "small"})
        for shown in (page, small):
            assert shown["Content-Type"] == "image/jpeg"
            assert shown["Cache-Control"] == "private, no-store"
            assert shown["X-Content-Type-Options"] == "nosniff"
        assert Image.open(BytesIO(page.content)).size == (1200, 850)
        assert max(Image.open(BytesIO(small.content)).size) == 480

    def test_the_camera_and_the_files_of_one_form_are_both_taken(
        self, visitor: Client, case: Case
    ) -> None:
        visitor.post(
            "/case/documents/",
            {
                "kind": "business_licence",
                "photo": picture(10),
                "files": [picture(90), picture(170)],
            },
        )
        assert Document.objects.count() == 3

    def test_the_first_four_of_many_are_kept_and_the_others_are_named(
        self, visitor: Client, case: Case
    ) -> None:
        response = upload(
            visitor,
            *(
                picture(10 + 20 * number, name=f"page{number}.jpg")
                for number in range(upload_handler.FILES_AT_ONCE + 2)
            ),
        )
        page = text(response)
        assert response.status_code == 422
        assert Document.objects.count() == upload_handler.FILES_AT_ONCE
        assert page.count("You uploaded too many files at once") == 2
        assert ("page3.jpg" in page, "page4.jpg" in page, "page5.jpg" in page) == (
            False,
            True,
            True,
        )

    def test_a_full_house_says_so_and_lets_in_again(
        self, visitor: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload_handler, "CHILD_WAIT_SECONDS", 0.05)
        with ExitStack() as others:
            for _ in range(upload_handler.CHILDREN_AT_ONCE):
                others.enter_context(upload_handler.room_for_a_child())
            page = text(upload(visitor, picture()))
            assert "Try again in a moment" in page
            assert not Document.objects.exists()
        assert upload(visitor, picture())["Location"] == "/case/"

    def test_a_refused_file_gives_its_place_back(
        self, visitor: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload_handler, "CHILD_WAIT_SECONDS", 0.05)
        for _ in range(upload_handler.CHILDREN_AT_ONCE + 1):
            assert "The file is empty" in text(
                upload(visitor, SimpleUploadedFile("x.jpg", b"", "image/jpeg"))
            )

    def test_the_same_file_twice_is_one_document(self, visitor: Client, case: Case) -> None:
        for _ in range(2):
            upload(visitor, picture())
        assert Document.objects.count() == 1

    def test_the_good_ones_are_kept_and_each_bad_one_is_named(
        self, visitor: Client, case: Case
    ) -> None:
        text_file = SimpleUploadedFile("renamed.jpg", "这不是图片".encode(), "image/jpeg")
        response = upload(
            visitor, text_file, picture(), SimpleUploadedFile("nothing.jpg", b"", "image/jpeg")
        )
        page = text(response)
        assert response.status_code == 422
        assert Document.objects.count() == 1
        for said in (
            "renamed.jpg",
            "cannot accept this type of file",
            "plain text",
            "nothing.jpg",
            "The file is empty",
        ):
            assert said in page

    def test_one_file_over_the_limit_is_let_go_and_the_next_is_kept(
        self, visitor: Client, case: Case, settings: Any
    ) -> None:
        settings.UPLOAD_MAX_BYTES = 100_000
        large = SimpleUploadedFile("large.jpg", b"\xff\xd8\xff" + b"x" * 200_000, "image/jpeg")
        page = text(upload(visitor, large, picture()))
        assert "large.jpg" in page
        assert "The file is too large" in page
        assert Document.objects.count() == 1

    def test_an_announced_flood_is_not_read(self, visitor: Client, case: Case) -> None:
        class Unread(BytesIO):
            def read(self, *args: Any) -> bytes:
                raise AssertionError("read")

        flood = str(
            upload_handler.FILES_AT_ONCE * settings.UPLOAD_MAX_BYTES + upload_handler.FORM_BYTES + 1
        )
        response = visitor.generic(
            "POST",
            "/case/documents/",
            content_type="multipart/form-data; boundary=x",
            CONTENT_LENGTH=flood,
            **{"wsgi.input": Unread()},
        )
        assert response.status_code == 413
        assert "upload is too large" in text(response)

    def test_a_script_gets_the_editor_alone(self, visitor: Client, case: Case) -> None:
        good, bad = (
            upload(visitor, picture(), **SCRIPT),
            upload(visitor, SimpleUploadedFile("x.pdf", b"", "application/pdf"), **SCRIPT),
        )
        assert (good.status_code, bad.status_code) == (200, 422)
        assert text(good).startswith('<section id="editor"')
        assert "Submit for verification" in text(good)
        assert "The file is empty" in text(bad)

    def test_no_file_and_no_kind(self, visitor: Client, case: Case) -> None:
        assert upload(visitor).status_code == 422
        assert (
            visitor.post("/case/documents/", {"kind": "passport", "files": picture()})["Location"]
            == "/case/"
        )
        assert not Document.objects.exists()

    def test_needs_the_forms_token(self, member: Member, case: Case) -> None:
        visitor = Client(enforce_csrf_checks=True)
        visitor.force_login(member.user)
        assert upload(visitor, picture()).status_code == 403
        assert not Document.objects.exists()

    def test_infected_or_unscanned_is_not_kept(
        self, visitor: Client, case: Case, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.CLAMD_ADDRESS = "tcp:127.0.0.1:9"
        assert "could not scan the file for viruses" in text(upload(visitor, picture()))
        monkeypatch.setattr(
            "verification.intake.examination.scan", lambda *args: ScanResult(False, "Eicar-Test")
        )
        page = text(upload(visitor, picture()))
        assert "did not pass the security scan" in page
        assert "Eicar" not in page
        assert not Document.objects.exists()
        monkeypatch.setattr("verification.intake.examination.scan", lambda *args: ScanResult(True))
        upload(visitor, picture())
        assert Document.objects.get().scan == {"clean": True}

    def test_a_sandbox_that_does_not_start_stores_nothing(
        self, visitor: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*args: Any, **kwargs: Any) -> None:
            raise ProviderUnavailable("no child")

        monkeypatch.setattr("verification.intake.examination.open_upload", down)
        assert upload(visitor, picture()).status_code == 422
        assert not Document.objects.exists()

    def test_without_a_sandbox_they_are_asked_to_come_back(
        self,
        visitor: Client,
        case: Case,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
        now: datetime,
    ) -> None:
        settings.SANDBOX_REQUIRED = True
        kept = make_document(case, now)
        monkeypatch.setattr("documents.upload.sandbox._is_working", lambda isolation: False)
        refused = upload(visitor, picture())
        assert refused.status_code == 422
        assert "We cannot open files safely at the moment" in text(refused)
        assert list(Document.objects.all()) == [kept]
        settings.SANDBOX_REQUIRED = False
        upload(visitor, picture())
        assert Document.objects.count() == 2

    def test_a_submitted_case_takes_nothing(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.IN_REVIEW)
        response = upload(visitor, picture())
        assert response.status_code == 422
        assert not Document.objects.exists()

    def test_remove_and_undo(self, visitor: Client, case: Case, now: datetime) -> None:
        document = make_document(case, datetime.now(tz=now.tzinfo))
        for _ in range(2):
            removed = visitor.post(f"/case/documents/{document.pk}/remove/", headers=HTMX)
        assert "Undo" in text(removed)
        assert "autofocus" in text(removed)
        assert "Upload a document before" in text(removed)
        assert visitor.post(f"/case/documents/{document.pk}/restore/")["Location"] == "/case/"
        document.refresh_from_db()
        assert document.superseded_at is None


class TestOthers:
    def test_another_employers_documents_are_not_there(
        self, visitor: Client, now: datetime
    ) -> None:
        document = make_document(make_case(make_member(now), now), now)
        assert visitor.get(f"/case/documents/{document.pk}/pages/1/").status_code == 404
        for verb in ("remove", "restore"):
            assert visitor.post(f"/case/documents/{document.pk}/{verb}/").status_code == 404
        document.refresh_from_db()
        assert document.superseded_at is None

    def test_strangers_see_no_page_and_upload_nothing(self, case: Case, now: datetime) -> None:
        document = make_document(case, now)
        stranger = Client()
        assert stranger.get(f"/case/documents/{document.pk}/pages/1/")["Location"].startswith(
            "/sign-in/"
        )
        assert upload(stranger, picture())["Location"].startswith("/sign-in/")
        assert Document.objects.count() == 1

    def test_a_page_whose_file_is_gone(self, visitor: Client, case: Case, now: datetime) -> None:
        document = make_document(case, now)
        assert DocumentPage.objects.filter(document=document).exists()
        assert visitor.get(f"/case/documents/{document.pk}/pages/1/").status_code == 404

    @pytest.mark.parametrize("form", ["documents", "submit", "withdraw", "appeal", "start"])
    def test_a_forms_address_opened_without_the_form(
        self, visitor: Client, case: Case, form: str
    ) -> None:
        assert visitor.get(f"/case/{form}/")["Location"] == "/case/"

    def test_help_is_open_to_all(self) -> None:
        assert Client().get("/case/help/").status_code == 200
