"""Tests of what an employer is told about a wrong paper, before it submits."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image

from documents.specimens import make_decoy, make_specimen
from documents.specimens.company import Company
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import make_letter
from employers.models import AccountClass, Member
from events.models import Event
from tests.factories import make_case, make_document, make_employer, make_member, sign_in
from tests.verification.pages.case_pages import HTMX, text
from verification.cases import documents
from verification.checks.authority import Authority
from verification.decision import pipeline
from verification.intake import early_reading
from verification.models import Case, Document, DocumentPage, DocumentReading, Statement
from verification.rules.findings import Severity

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    now, company = timezone.now(), Company.fictitious(41)
    employer = make_employer(
        now, name=company.name, uscc=company.uscc, account_class=AccountClass.COMMERCIAL_AGENCY
    )
    return make_member(now, employer)


@pytest.fixture
def case(member: Member) -> Case:
    return make_case(member, timezone.now())


@pytest.fixture
def visitor(member: Member, case: Case) -> Client:
    return sign_in(member.user)


def added(case: Case, kind: str, picture: Image.Image) -> Document:
    """Add `picture` as its clean page, and read it with the real reader."""
    now, out = timezone.now(), io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    document = make_document(case, now, kind)
    name = default_storage.save("page.jpg", ContentFile(out.getvalue()))
    DocumentPage.objects.filter(document=document).update(image=name)
    DocumentReading.objects.create(document=document, due_at=now)
    early_reading.read_document(document.pk, timezone.now, 120)
    document.refresh_from_db()
    return document


@pytest.mark.reading
class TestPersonalPapers:
    @pytest.mark.parametrize("slot", ["business_licence", "authorization_letter"])
    @pytest.mark.sampled(1)
    def test_an_identity_card_is_named_and_nothing_of_it_is_kept(
        self, visitor: Client, case: Case, slot: str, django_capture_on_commit_callbacks: Any
    ) -> None:
        before = set(Path(configured.DOCUMENTS_DIR).glob("??/*"))
        with django_capture_on_commit_callbacks(execute=True):
            document = added(case, slot, make_decoy(41, "id_card"))
        assert document.erased_as == "identity_card"
        assert not DocumentPage.objects.filter(document=document).exists()
        assert set(Path(configured.DOCUMENTS_DIR).glob("??/*")) == before
        assert DocumentReading.objects.get().reading == {"kind": "identity_card"}
        assert not Statement.objects.exists()
        event = Event.objects.about(document).get(verb="erase_personal_paper")
        assert set(event.data) == {"case", "kind", "paper"}

        polled = visitor.get(f"/case/documents/{document.pk}/reading/", headers=HTMX)
        assert polled["HX-Retarget"] == "#editor"
        page = text(visitor.get("/case/"))
        for said in ("personal document", "We erased the picture", "Identity card"):
            assert said in page
        assert "Submit for verification" not in page
        assert "your fault" not in page
        assert visitor.get(f"/case/documents/{document.pk}/pages/1/").status_code == 404
        refused = visitor.post(f"/case/documents/{document.pk}/restore/", follow=True)
        assert "personal document" in text(refused)
        document.refresh_from_db()
        assert document.superseded_at is not None

    @pytest.mark.slow
    def test_a_licence_beside_a_card_is_kept(self, case: Case) -> None:
        licence, card = make_specimen(41).image, make_decoy(41, "id_card", "none")
        both = Image.new("RGB", (licence.width, licence.height + card.height), "white")
        both.paste(licence, (0, 0))
        both.paste(card, (0, licence.height))
        document = added(case, "business_licence", both)
        assert document.erased_as == ""
        assert document.pages.exists()


@pytest.mark.reading
class TestWrongPapers:
    @pytest.mark.parametrize(
        ("slot", "picture", "said"),
        [
            ("business_licence", lambda: make_decoy(7, "menu"), "Menu or price list"),
            ("business_licence", lambda: make_letter(7, damage="light").image, "letter of"),
            (
                "authorization_letter",
                lambda: make_specimen(7, damage="phone").image,
                "Business licence",
            ),
            (
                "hr_service_licence",
                lambda: make_specimen(7, damage="phone").image,
                "Business licence",
            ),
            ("approval_document", lambda: make_decoy(7, "contract"), "Contract or agreement"),
            ("authorization_letter", lambda: make_decoy(7, "lookup"), "Screenshot of an app"),
            ("client_authorization", lambda: make_decoy(7, "receipt"), "Receipt or invoice"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    @pytest.mark.sampled(1)
    def test_it_is_named_and_can_be_removed(
        self, visitor: Client, case: Case, slot: str, picture: Any, said: str
    ) -> None:
        if slot == "approval_document":
            case.account_class = AccountClass.PUBLIC_SERVICE
            case.save()
        document = added(case, slot, picture())
        page = text(visitor.get("/case/"))
        assert "not the document we asked for" in page
        assert f"We saw: <b>{said}" in page or said in page.partition("We saw: ")[2][:60]
        assert "We expected" in page
        assert "your fault" not in page
        visitor.post(f"/case/documents/{document.pk}/remove/")
        assert "not the document we asked for" not in text(visitor.get("/case/"))

    @pytest.mark.parametrize("kind", ["blank", "selfie", "landscape"])
    @pytest.mark.sampled(1)
    def test_a_picture_without_text_says_so(self, visitor: Client, case: Case, kind: str) -> None:
        added(case, "business_licence", make_decoy(7, kind))
        assert "no text in this picture" in text(visitor.get("/case/"))

    @pytest.mark.slow
    def test_what_is_unclear_is_only_asked_about(self, visitor: Client, case: Case) -> None:
        added(case, "business_licence", make_decoy(7, "chat"))
        page = text(visitor.get("/case/"))
        assert "could not recognise this document" in page
        assert "If it is, keep it" in page
        assert "Submit for verification" in page

    @pytest.mark.slow
    def test_the_right_papers_are_left_alone(self, visitor: Client, case: Case) -> None:
        company, later = Company.fictitious(41), "2031-05-01"
        added(case, "business_licence", make_specimen(41, company=company, damage="light").image)
        added(
            case, "authorization_letter", make_letter(41, company=company, valid_until=later).image
        )
        added(
            case,
            "hr_service_licence",
            make_hr_service(41, company=company, valid_from="2026-05-02", valid_until=later).image,
        )
        page = text(visitor.get("/case/"))
        assert "Check this document" not in page
        assert "Person with the authority (you)" in page


@pytest.mark.reading
class TestWhatTheyDoNotProve:
    def test_an_expired_hr_licence_is_named_at_once(self, visitor: Client, case: Case) -> None:
        company = Company.fictitious(41)
        made = make_hr_service(
            41, company=company, valid_from="2021-04-01", valid_until="2024-03-31"
        )
        added(case, "hr_service_licence", made.image)
        page = text(visitor.get("/case/"))
        assert "Check this document" in page
        assert "not valid today" in page
        assert "31 March 2024" in page or "2024" in page.partition("We saw")[2][:60]

    def test_a_letter_of_another_company_is_named_to_the_employer(
        self, visitor: Client, case: Case
    ) -> None:
        other = Company.fictitious(77)
        added(case, "authorization_letter", make_letter(77, company=other).image)
        page = text(visitor.get("/case/"))
        assert "names another company" in page
        assert other.name in page
        assert f"We expected: <b>{case.declared_name}</b>" in page

    def test_an_expired_letter_is_named(self, visitor: Client, case: Case) -> None:
        made = make_letter(
            41, company=Company.fictitious(41), valid_from="2024-01-01", valid_until="2024-06-30"
        )
        added(case, "authorization_letter", made.image)
        assert "letter of authorisation has expired" in text(visitor.get("/case/"))

    def test_the_person_it_names_is_shown_to_be_confirmed(
        self, visitor: Client, case: Case
    ) -> None:
        made = make_letter(41, company=Company.fictitious(41), valid_until="2031-05-01")
        document = added(case, "authorization_letter", made.image)
        assert made.fields["recruiter"] in text(visitor.get("/case/"))
        visitor.post(
            f"/case/documents/{document.pk}/reading/said/", {"letter_recruiter": "另一个人"}
        )
        said = Statement.objects.get(field="letter_recruiter")
        assert (said.read, said.said) == (made.fields["recruiter"], "另一个人")


@pytest.mark.reading
class TestTheReviewer:
    def test_sees_what_speaks_against_a_letter(self, case: Case, member: Member) -> None:
        other = Company.fictitious(77)
        added(case, "authorization_letter", make_letter(77, company=other).image)
        case.submitted_by = member.user
        subject = pipeline.subject_of(case, timezone.now())
        check = Authority()
        found = check.judge(subject, {}, check.observe(subject, {}))
        told = next(each for each in found if each.code == "authority_letter_mismatch")
        assert (told.check, told.seen, told.expected) == (
            "authority",
            other.name,
            case.declared_name,
        )
        assert told.severity > Severity.NOTE
        old = {
            name: value
            for name, value in check.observe(subject, {}).items()
            if name != "letter_read"
        }
        assert [each.code for each in check.judge(subject, {}, old)] == ["authority_unproven"]


class TestTheSameFile:
    def test_under_two_items_it_is_pointed_out(
        self, visitor: Client, case: Case, now: datetime
    ) -> None:
        for kind in ("business_licence", "authorization_letter"):
            make_document(case, now, kind, sha256="7" * 64)
        page = text(visitor.get("/case/"))
        assert page.count("The same file is also under another item") == 2


class TestUndo:
    def test_each_removed_file_is_named_and_can_be_restored(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        given = [make_document(case, timezone.now()) for _ in range(3)]
        for document in given:
            documents.remove_document(document.pk, member.as_actor(), timezone.now())
        page = text(visitor.get("/case/"))
        assert page.count("Removed: Business licence") == 3
        for document in given:
            assert f"/case/documents/{document.pk}/pages/1/?size=small" in page
            visitor.post(f"/case/documents/{document.pk}/restore/")
        assert case.documents.current().count() == 3

    def test_the_same_file_removed_twice_is_listed_once(
        self, visitor: Client, member: Member, case: Case
    ) -> None:
        for _ in range(2):
            document = make_document(case, timezone.now(), sha256="5" * 64)
            documents.remove_document(document.pk, member.as_actor(), timezone.now())
        assert text(visitor.get("/case/")).count("Removed: Business licence") == 1
