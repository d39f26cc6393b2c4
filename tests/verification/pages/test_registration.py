"""Tests of the pages on which a new account registers its company, by photo or by typing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from employers.models import Employer, Member, User
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_employer, make_member, make_uscc, make_user, sign_in
from tests.verification.pages.case_pages import HTMX, picture, text
from verification import tasks
from verification.checks.reading import Reading
from verification.decision import pipeline
from verification.intake import licence_photos, upload_limits
from verification.models import (
    Case,
    Document,
    DocumentPage,
    DocumentReading,
    LicencePhoto,
    LicencePhotoPage,
    RegistryRecord,
    Statement,
)

pytestmark = pytest.mark.django_db
PAGE = "/register/company/"
NAME = "云溪市示例科技有限公司"


class Said:
    """A reader that says the same of every photo."""

    code, version, lasting = "reading", Reading.version, True

    def __init__(self, kind: str | None = "business_licence", **fields: str) -> None:
        self.kind, self.fields, self.asked = kind, fields, 0

    def observe(self, subject: Any, earlier: Any) -> dict[str, Any]:
        self.asked += 1
        return {
            "document": subject.documents[0].id,
            "declared": {"uscc": "", "name": "", "legal_representative": ""},
            "fields": self.fields,
            "kind": self.kind,
            "looks_like_licence": self.kind == "business_licence",
            "regions": {},
        }

    def judge(self, subject: Any, earlier: Any, observation: Any) -> list[Any]:
        return []


@pytest.fixture
def user() -> User:
    return make_user(timezone.now(), "hr@example.com", email_verified_at=timezone.now())


@pytest.fixture
def mine(user: User) -> Client:
    return sign_in(user)


def send(mine: Client, data: bytes | None = None) -> Any:
    file = SimpleUploadedFile("licence.jpg", data or picture().read(), "image/jpeg")
    return mine.post(PAGE + "photo/", {"photo": file})


def read(said: Said) -> None:
    licence_photos.read_photo(LicencePhoto.objects.get().pk, timezone.now, 60, said)


def typed(**changes: str) -> dict[str, str]:
    return {"company": NAME, "uscc": make_uscc(1), "account_class": "direct_employer"} | changes


def posted(**changes: str) -> dict[str, str]:
    """What the page sends: the values, and the photo that they were read from."""
    photo = LicencePhoto.objects.filter(refused="").first()
    return typed(**changes) | ({"photo": str(photo.pk)} if photo else {})


class TestWhoMay:
    def test_nothing_is_taken_in_before_the_address_is_confirmed(self) -> None:
        mine = sign_in(make_user(timezone.now(), "new@example.com"))
        for answer in (mine.get(PAGE), send(mine), mine.post(PAGE, posted())):
            assert answer["Location"] == "/register/address/"
        assert not LicencePhoto.objects.exists()
        assert not Employer.objects.exists()
        with pytest.raises(Refused, match="authority_email_unverified"):
            licence_photos.register_company(User.objects.get(), timezone.now(), **typed())

    def test_strangers_sign_in_and_members_have_their_case(self, now: datetime) -> None:
        assert Client().get(PAGE)["Location"] == f"/sign-in/?next={PAGE}"
        assert Client().post(PAGE + "photo/").status_code == 302
        assert sign_in(make_member(now).user).get(PAGE)["Location"] == "/case/"

    def test_staff_have_no_company(self, now: datetime) -> None:
        assert sign_in(make_user(now, is_staff=True)).get(PAGE).status_code == 403

    def test_pictures_are_their_owners(self, mine: Client, now: datetime) -> None:
        send(mine)
        assert mine.get(PAGE + "photo/picture/").status_code == 200
        other = sign_in(make_user(now, "other@example.com", email_verified_at=now))
        assert other.get(PAGE + "photo/picture/").status_code == 404


class TestPhoto:
    def test_is_read_by_a_worker_and_the_page_goes_on(self, mine: Client) -> None:
        assert send(mine)["Location"] == PAGE
        assert "Reading your licence" in text(mine.get(PAGE))
        assert mine.get(PAGE, headers=HTMX).get("HX-Refresh") is None
        read(Said(name=NAME, uscc=make_uscc(1), legal_representative="李四", address="云溪路 1 号"))
        assert mine.get(PAGE, headers=HTMX)["HX-Refresh"] == "true"
        page = text(mine.get(PAGE))
        for said in ("Looks right", NAME, make_uscc(1), "李四", "云溪路 1 号"):
            assert said in page

    def test_accounts_of_one_network_together_upload_a_number_a_day(
        self, now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.UNCONFIRMED_UPLOADS = 1
        monkeypatch.setattr(upload_limits, "PHOTOS_FROM_NETWORK", 2)

        def other(number: int, network: str = "203.0.113.9") -> str:
            address = f"other{number}@example.com"
            theirs = sign_in(make_user(now, address, email_verified_at=now))
            theirs.defaults["REMOTE_ADDR"] = network
            send(theirs)
            return text(theirs.get(PAGE))

        refused = "Too many licence photos were uploaded from your network today"
        pages = [other(number) for number in range(3)]
        assert [refused in page for page in pages] == [False, False, True]
        assert "Type" in pages[-1] and LicencePhoto.objects.count() == 2
        assert refused not in other(3, "203.0.114.9")

    def test_the_same_photo_again_is_read_once(self, mine: Client) -> None:
        data = picture().read()
        send(mine, data)
        read(said := Said(name=NAME, uscc=make_uscc(1)))
        send(mine, data)
        read(said)
        assert said.asked == 1

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("identity_card", "document_personal"),
            ("contract", "photo_not_a_licence"),
            ("no_text", "photo_not_a_licence"),
        ],
    )
    def test_another_paper_is_erased_and_named(
        self, mine: Client, kind: str, code: str, django_capture_on_commit_callbacks: Any
    ) -> None:
        data = picture().read()
        send(mine, data)
        stored = LicencePhotoPage.objects.get().image.name
        with django_capture_on_commit_callbacks(execute=True):
            read(Said(kind, name="somebody"))
        photo = LicencePhoto.objects.get()
        assert (photo.refused, photo.reading) == (code, {"kind": kind})
        assert not LicencePhotoPage.objects.exists()
        assert not default_storage.exists(stored)
        assert "We erased the picture" in text(mine.get(PAGE))
        assert Event.objects.get(verb="refuse_licence_photo").reasons == [code]
        send(mine, data)
        assert LicencePhoto.objects.get().refused == ""

    def test_the_certificate_of_an_institution_is_kept(self, mine: Client) -> None:
        send(mine)
        read(Said("other_permit", name="云溪市第一医院", uscc=make_uscc(1, "12")))
        assert LicencePhoto.objects.get().refused == ""
        assert "Public institution" in text(mine.get(PAGE))

    def test_a_file_that_is_none(self, mine: Client) -> None:
        send(mine, b"not a picture")
        assert "cannot accept this type of file" in text(mine.get(PAGE))
        assert not LicencePhoto.objects.exists()

    def test_so_many_a_day(self, mine: Client, settings: Any) -> None:
        settings.UPLOADS_PER_DAY = 1
        send(mine)
        first = LicencePhoto.objects.get().sha256
        send(mine, picture(2).read())
        assert LicencePhoto.objects.get().sha256 == first

    def test_is_erased_if_the_registration_is_not_finished(
        self, mine: Client, settings: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        send(mine)
        stored = LicencePhotoPage.objects.get().image.name
        tasks.erase_withdrawn()
        assert LicencePhoto.objects.exists()
        old = timezone.now() - timedelta(days=settings.WITHDRAWN_KEPT_DAYS)
        LicencePhoto.objects.update(uploaded_at=old)
        with django_capture_on_commit_callbacks(execute=True):
            tasks.erase_withdrawn()
        assert not LicencePhoto.objects.exists()
        assert not default_storage.exists(stored)

    def test_a_reader_that_breaks_does_not_stop_anyone(self, mine: Client) -> None:
        class Broken(Said):
            def observe(self, subject: Any, earlier: Any) -> dict[str, Any]:
                raise RuntimeError

        send(mine)
        read(Broken())
        assert "Type what is missing" in text(mine.get(PAGE))
        assert mine.post(PAGE, posted())["Location"] == "/case/"
        document = Document.objects.get()
        assert document.reading.finished_at is None, "it is read with the case"


class TestCompany:
    def test_another_photo_in_another_window_is_looked_at_first(self, mine: Client) -> None:
        send(mine)
        read(Said(name=NAME, uscc=make_uscc(1)))
        seen = posted()
        send(mine, picture(shade=120).read())
        assert mine.post(PAGE, seen)["Location"] == PAGE
        assert "another window" in text(mine.get(PAGE)) and not Employer.objects.exists()
        mine.post(PAGE + "again/")
        assert mine.post(PAGE, seen)["Location"] == PAGE, "nor is one that was erased"
        assert mine.post(PAGE, posted())["Location"] == "/case/"

    def test_the_photo_is_the_case_s_document_and_is_not_read_again(
        self, mine: Client, user: User
    ) -> None:
        send(mine)
        stored = LicencePhotoPage.objects.get().image.name
        values = {"name": NAME, "uscc": make_uscc(1), "legal_representative": "李四"}
        read(Said(**values))
        sent = posted(legal_representative="李四")
        assert mine.post(PAGE, sent)["Location"] == "/case/"
        member = Member.objects.get(user=user)
        case = Case.objects.get(employer=member.employer)
        assert (member.role, case.declared_name, case.declared_uscc) == (
            "owner",
            NAME,
            make_uscc(1),
        )
        assert case.declared_legal_representative == "李四"
        assert DocumentPage.objects.get(document__case=case).image.name == stored
        assert default_storage.exists(stored)
        assert not LicencePhoto.objects.exists()
        subject = pipeline.subject_of(case, timezone.now())
        again = Reading().observe(subject, {})
        assert again["fields"] == values, "the photo's reading is used"
        assert {s.field: s.said for s in Statement.objects.all()} == values
        assert mine.post(PAGE, sent)["Location"] == "/case/", "a second press"
        assert Employer.objects.count() == Document.objects.count() == 1

    def test_a_correction_is_a_statement_and_the_check_reads_again(self, mine: Client) -> None:
        send(mine)
        read(Said(name=NAME, uscc=make_uscc(1), legal_representative="李四"))
        mine.post(PAGE, posted(legal_representative="李思"))
        said = Statement.objects.get(field="legal_representative")
        assert (said.read, said.said) == ("李四", "李思")
        reading = DocumentReading.objects.get().reading
        assert reading["declared"]["name"] == "", "read without what is declared now"

    def test_what_is_wrong_is_said_and_what_was_typed_stays(self, mine: Client) -> None:
        code = make_uscc(1)
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        answer = mine.post(PAGE, posted(uscc=wrong))
        assert answer.status_code == 422
        page = text(answer)
        assert "One character of this code is wrong" in page
        assert f'value="{wrong}"' in page
        assert f'value="{NAME}"' in page
        assert not Employer.objects.exists()

    @pytest.mark.parametrize(
        "company",
        [
            "中奖 https://evil.example",
            "WWW.evil.example 公司",
            "ｗｗｗ．evil.example",
            "【银行】公司",
            "公司\u202e",
            "公\u200b司",
            "公\x1b司",
        ],
    )
    def test_a_name_that_is_more_than_a_name(self, mine: Client, user: User, company: str) -> None:
        response = mine.post(PAGE, posted(company=company))
        assert (response.status_code, "invisible characters" in text(response)) == (422, True)
        with pytest.raises(Refused, match="name_not_plain"):
            licence_photos.register_company(user, timezone.now(), **typed(company=company))

    def test_a_company_that_is_registered_already(self, mine: Client, now: datetime) -> None:
        taken = make_employer(now, uscc=make_uscc(1), confirmed_at=now)
        page = text(mine.post(PAGE, posted(uscc=taken.uscc)))
        assert "This company is already registered" in page
        assert "account owner at your company to invite you" in page
        assert 'name="contest"' in page
        assert mine.post(PAGE, posted(contest="on")).status_code == 302
        assert Event.objects.get(verb="register").data == {"contest": True}


class TestTyping:
    def test_the_register_names_the_company_and_the_look_up_is_recorded(
        self, mine: Client, user: User
    ) -> None:
        RegistryRecord.objects.create(
            uscc=make_uscc(1), name=NAME, status="存续", as_of=timezone.localdate()
        )
        page = text(mine.post(PAGE + "type/", {"uscc": make_uscc(1).lower()}))
        assert f'value="{NAME}"' in page
        assert Event.objects.about(user).get(verb="look_up_company").data == {"uscc": make_uscc(1)}
        assert not Employer.objects.exists()

    def test_a_code_that_it_does_not_know(self, mine: Client) -> None:
        page = text(mine.post(PAGE + "type/", {"uscc": make_uscc(1)}))
        assert 'name="company" value' not in page
        assert make_uscc(1) in page

    def test_look_ups_are_few_and_then_the_name_is_typed(self, mine: Client) -> None:
        RegistryRecord.objects.create(
            uscc=make_uscc(1), name=NAME, status="存续", as_of=timezone.localdate()
        )
        answers = [mine.post(PAGE + "type/", {"uscc": make_uscc(1)}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 11
        assert [f'value="{NAME}"' in text(answer) for answer in answers] == [True] * 10 + [False]
        assert mine.post(PAGE, posted())["Location"] == "/case/"
        assert Event.objects.filter(verb="look_up_company").count() == 10

    def test_a_wrong_code_is_not_looked_up(self, mine: Client) -> None:
        assert mine.post(PAGE + "type/", {"uscc": "91"}).status_code == 422
        assert not Event.objects.filter(verb="look_up_company").exists()
