"""Tests of the pages for proofs of authority: actions, preserved input and access."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from employers.models import Member
from events.models import Mail
from tests.factories import make_case, make_document, make_member, make_uscc
from verification.authority import deposits, email_codes, proof_polling
from verification.models import (
    Appeal,
    Case,
    Decision,
    DocumentReading,
    Proof,
    ProofKind,
    ProofState,
    RegistryRecord,
    Statement,
)
from verification.rules.states import State

pytestmark = pytest.mark.django_db
AUTHORITY = "/case/authority"


@pytest.fixture
def now() -> datetime:
    """Pages use the real clock."""
    return timezone.now()


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(member, now)


@pytest.fixture
def visitor(member: Member, case: Case) -> Client:
    return signed_in(member)


def signed_in(member: Member) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def picture(name: str = "proof.jpg") -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", (1200, 850), (200, 190, 180)).save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")


class TestCompanyEmail:
    def test_an_address_then_its_code(self, visitor: Client, member: Member) -> None:
        page = text(
            visitor.post(
                f"{AUTHORITY}/company-email/", {"address": "LI@firma.example"}, follow=True
            )
        )
        assert "We emailed a code to <b>li@firma.example</b>" in page
        proof = Proof.objects.get()
        code = Mail.objects.get(template="company_code").context["code"]
        wrong = "000000" if code != "000000" else "000001"
        response = visitor.post(f"{AUTHORITY}/{proof.pk}/confirm/", {"code": wrong})
        assert response.status_code == 422
        assert "Attempts left: <b>4</b>" in text(response)
        spaced = "".join(chr(ord(digit) + 0xFEE0) for digit in code[:3]) + " " + code[3:]
        page = text(visitor.post(f"{AUTHORITY}/{proof.pk}/confirm/", {"code": spaced}, follow=True))
        assert "You have proved that you recruit for" in page
        assert Proof.objects.get().state == ProofState.PROVEN

    def test_free_mail_is_refused_beside_the_field_with_what_was_typed(
        self, visitor: Client
    ) -> None:
        response = visitor.post(f"{AUTHORITY}/company-email/", {"address": "li@qq.com"})
        assert response.status_code == 422
        assert 'value="li@qq.com"' in text(response)
        assert 'id="id_address_error"' in text(response)
        assert not Proof.objects.exists()

    def test_what_is_no_code_costs_no_try(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        proof = email_codes.send_code(member, "li@firma.example", now)
        page = text(visitor.post(f"{AUTHORITY}/{proof.pk}/confirm/", {"code": "12345"}))
        assert "This did not count as an attempt" in page
        assert Proof.objects.get().guesses == 0

    def test_used_up_offers_a_new_one(self, visitor: Client, member: Member, now: datetime) -> None:
        proof = email_codes.send_code(member, "li@firma.example", now)
        Proof.objects.update(guesses=4)
        code = Mail.objects.get(template="company_code").context["code"]
        wrong = "000000" if code != "000000" else "000001"
        page = text(visitor.post(f"{AUTHORITY}/{proof.pk}/confirm/", {"code": wrong}, follow=True))
        assert 'name="address"' in page
        assert 'role="alert"' in page

    def test_a_second_code_too_soon_leaves_the_first_where_it_is(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        email_codes.send_code(member, "li@firma.example", now)
        page = text(
            visitor.post(
                f"{AUTHORITY}/company-email/", {"address": "li@firma.example"}, follow=True
            )
        )
        assert 'role="alert"' in page
        assert 'name="code"' in page

    def test_another_persons_proof_is_nobody_elses(self, visitor: Client, now: datetime) -> None:
        proof = email_codes.send_code(make_member(now), "li@firma.example", now)
        for path in ("confirm", "cancel"):
            assert (
                visitor.post(f"{AUTHORITY}/{proof.pk}/{path}/", {"code": "123456"}).status_code
                == 404
            )


class TestBankDeposit:
    FIELDS = {"account_number": "6222 0210 0112 3456 789", "bank_name": "工商银行"}

    def test_shows_where_it_is_and_what_is_left(self, visitor: Client, case: Case) -> None:
        page = text(
            visitor.post(
                f"{AUTHORITY}/bank-deposit/",
                self.FIELDS | {"account_holder": case.declared_name},
                follow=True,
            )
        )
        assert "Transfer status" in page
        assert "6789" in page
        assert "0112 3456" not in page and "011234" not in page
        assert "3 attempts left" in page
        assert "10 days left" in page or "9 days left" in page

    def test_the_holder_is_the_company(self, visitor: Client) -> None:
        response = visitor.post(
            f"{AUTHORITY}/bank-deposit/", self.FIELDS | {"account_holder": "另一家公司"}
        )
        assert response.status_code == 422
        page = text(response)
        assert 'id="id_account_holder_error"' in page
        assert 'value="另一家公司"' in page
        assert 'value="工商银行"' in page
        assert not Proof.objects.exists()

    def test_cancelled_it_can_be_begun_again(
        self, visitor: Client, member: Member, case: Case, now: datetime
    ) -> None:
        proof = deposits.start_deposit(
            member, case.declared_name, "6222021001123456789", "工商银行", now
        )
        assert (
            visitor.post(f"{AUTHORITY}/{proof.pk}/cancel/")["Location"]
            == "/case/#requirement-authority"
        )
        assert 'name="account_number"' in text(visitor.get(f"{AUTHORITY}/bank-deposit/"))

    def test_no_bank_no_page(self, visitor: Client, settings: Any) -> None:
        settings.BANK = ""
        assert visitor.get(f"{AUTHORITY}/bank-deposit/").status_code == 404
        assert "bank-deposit" not in text(visitor.get("/case/"))


class TestELicence:
    def test_a_code_to_scan_that_only_its_owner_sees(self, visitor: Client, now: datetime) -> None:
        page = text(visitor.post(f"{AUTHORITY}/e-licence/", follow=True))
        proof = Proof.objects.get(kind=ProofKind.E_LICENCE)
        assert f"{AUTHORITY}/e-licence/{proof.pk}/code/" in page
        assert 'http-equiv="refresh"' in page, "without a script it polls too"
        drawn = visitor.get(f"{AUTHORITY}/e-licence/{proof.pk}/code/")
        assert (drawn["Content-Type"], drawn["Cache-Control"]) == (
            "image/svg+xml",
            "private, no-store",
        )
        assert b"<svg" in drawn.content
        other = signed_in(make_member(now))
        assert other.get(f"{AUTHORITY}/e-licence/{proof.pk}/code/").status_code == 404

    def test_the_script_is_told_to_reload_when_it_is_over(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        proof_polling.start_scan(member, now)
        waiting = visitor.get(f"{AUTHORITY}/e-licence/", headers={"hx-request": "true"})
        assert (waiting.status_code, "<html" in text(waiting)) == (200, False)
        Proof.objects.update(expires_at=now - timedelta(seconds=1))
        over = visitor.get(f"{AUTHORITY}/e-licence/", headers={"hx-request": "true"})
        assert (over.status_code, over["HX-Refresh"]) == (204, "true")


class TestVouch:
    @pytest.fixture
    def colleague(self, member: Member, now: datetime) -> Member:
        """Return a member of the employer with an address at the domain that the register names."""
        employer = member.employer
        RegistryRecord.objects.create(
            uscc=employer.uscc,
            name=employer.name,
            status="存续",
            email_domain="firma.example",
            as_of=now.date(),
        )
        return make_member(now, employer, "recruiter", email="wang@firma.example")

    @pytest.mark.parametrize(
        ("answer", "state"), [("yes", ProofState.PROVEN), ("no", ProofState.FAILED)]
    )
    def test_asked_and_answered(
        self, visitor: Client, colleague: Member, answer: str, state: ProofState
    ) -> None:
        assert "wang@firma.example" in text(visitor.get(f"{AUTHORITY}/vouch/"))
        page = text(
            visitor.post(f"{AUTHORITY}/vouch/", {"colleague": str(colleague.pk)}, follow=True)
        )
        assert "Your colleague has been asked" in page
        theirs = signed_in(colleague)
        assert "A colleague has asked you to vouch" in text(theirs.get("/case/"))
        proof = Proof.objects.get()
        assert f"/case/authority/asked/{proof.pk}/" in text(theirs.get(f"{AUTHORITY}/asked/"))
        theirs.post(f"{AUTHORITY}/asked/{proof.pk}/", {"answer": answer})
        assert Proof.objects.get().state == state
        assert "No one is waiting for your answer" in text(theirs.get(f"{AUTHORITY}/asked/"))

    def test_nobody_there_says_what_it_takes(self, visitor: Client) -> None:
        assert "Nobody at your company can vouch yet" in text(visitor.get(f"{AUTHORITY}/vouch/"))

    def test_strangers_cannot_be_asked_nor_answer(
        self, visitor: Client, colleague: Member, now: datetime
    ) -> None:
        stranger = make_member(now)
        assert (
            visitor.post(f"{AUTHORITY}/vouch/", {"colleague": str(stranger.pk)}).status_code == 422
        )
        visitor.post(f"{AUTHORITY}/vouch/", {"colleague": str(colleague.pk)})
        proof = Proof.objects.get()
        signed_in(stranger).post(f"{AUTHORITY}/asked/{proof.pk}/", {"answer": "yes"})
        assert Proof.objects.get().state == ProofState.PENDING


class TestWords:
    def test_an_appeal_with_a_file(
        self, visitor: Client, member: Member, case: Case, now: datetime
    ) -> None:
        Case.objects.filter(pk=case.pk).delete()
        case = make_case(member, now, State.REJECTED)
        assert 'name="words"' in text(visitor.get("/case/appeal/"))
        page = text(
            visitor.post("/case/appeal/", {"words": "登记有误", "files": [picture()]}, follow=True)
        )
        assert "Your appeal is with another reviewer" in page
        assert "登记有误" in page
        assert Appeal.objects.get().documents.count() == 1

    def test_a_bad_file_keeps_the_words(
        self, visitor: Client, member: Member, case: Case, now: datetime
    ) -> None:
        Case.objects.filter(pk=case.pk).delete()
        make_case(member, now, State.REJECTED)
        response = visitor.post(
            "/case/appeal/",
            {
                "words": "登记有误",
                "files": [SimpleUploadedFile("x.jpg", b"no picture", "image/jpeg")],
            },
        )
        page = text(response)
        assert response.status_code == 422
        assert "登记有误</textarea>" in page
        assert "x.jpg" in page
        assert "cannot accept this type of file" in page
        assert not Appeal.objects.exists()

    def test_a_form_without_its_token_is_refused(self, member: Member, now: datetime) -> None:
        make_case(member, now, State.REJECTED)
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(member.user)
        assert strict.post("/case/appeal/", {"words": "x"}).status_code == 403

    def test_the_human_lane_opens_after_the_third_time(
        self, visitor: Client, member: Member, case: Case, now: datetime
    ) -> None:
        Case.objects.filter(pk=case.pk).delete()
        case = make_case(member, now, State.CHANGES_REQUESTED)
        for number in range(3):
            assert "Ask a reviewer" not in text(visitor.get("/case/"))
            Decision.objects.create(
                case=case,
                attempt_number=number,
                verb="request_changes",
                policy_version="1",
                decided_at=now,
            )
        assert "Ask a reviewer" in text(visitor.get("/case/"))
        visitor.post("/case/appeal/", {"words": "我不明白"})
        case.refresh_from_db()
        assert (case.state, Appeal.objects.get().text) == (State.IN_REVIEW, "我不明白")


class TestWhatWasRead:
    READ = {
        "fields": {"name": "云溪市示例科技有限公司", "uscc": "91990101000000108N"},
        "regions": {},
        "page": 1,
    }

    def test_is_shown_confirmed_and_disputed(
        self, visitor: Client, case: Case, now: datetime
    ) -> None:
        document = make_document(case, now)
        row = DocumentReading.objects.create(document=document, due_at=now)
        page = text(visitor.get("/case/"))
        assert "We're reading the document" in page
        DocumentReading.objects.filter(pk=row.pk).update(finished_at=now, reading=self.READ)
        part = visitor.get(
            f"/case/documents/{document.pk}/reading/", headers={"hx-request": "true"}
        )
        assert "91990101000000108N" in text(part)
        assert "hx-get" not in text(part), "the polling stops"
        page = text(
            visitor.post(
                f"/case/documents/{document.pk}/reading/said/",
                {"name": "云溪市另一公司"},
                follow=True,
            )
        )
        assert "You entered: <b>云溪市另一公司</b>" in page
        assert Statement.objects.count() == 2

    def test_is_not_for_others(self, case: Case, now: datetime) -> None:
        document = make_document(case, now)
        DocumentReading.objects.create(
            document=document, due_at=now, finished_at=now, reading=self.READ
        )
        other = signed_in(make_member(now))
        for path in ("reading/", "reading/name/", "pages/1/"):
            assert other.get(f"/case/documents/{document.pk}/{path}").status_code == 404
        assert other.post(f"/case/documents/{document.pk}/reading/said/", {}).status_code == 404

    def test_a_crop_is_the_place_on_the_page(self, visitor: Client, case: Case) -> None:
        visitor.post("/case/documents/", {"kind": "business_licence", "files": [picture()]})
        document = case.documents.get()
        reading = self.READ | {
            "regions": {"name": [100, 100, 500, 140], "uscc": [5000, 0, 6000, 10]},
            "turn": 90,
        }
        DocumentReading.objects.update(finished_at=timezone.now(), reading=reading)
        cut = visitor.get(f"/case/documents/{document.pk}/reading/name/")
        assert cut["Content-Type"] == "image/jpeg"
        with Image.open(BytesIO(cut.content)) as image:
            assert image.size == (80, 440), "upright, with a margin"
        for field in ("uscc", "legal_representative", "business_scope"):
            assert visitor.get(f"/case/documents/{document.pk}/reading/{field}/").status_code == 404


def test_a_changed_company_takes_no_proof_with_it(
    visitor: Client, member: Member, case: Case, now: datetime
) -> None:
    email_codes.send_code(member, "li@firma.example", now)
    facts = {
        "name": "云溪市另一公司",
        "uscc": make_uscc(),
        "legal_representative": "",
        "account_class": "direct_employer",
    }
    visitor.post("/case/declare/", facts)
    assert 'name="address"' in text(visitor.get(f"{AUTHORITY}/company-email/"))


def test_after_three_refused_uploads_the_page_offers_a_person_and_what_cannot_be_opened_stays_outside(  # noqa: E501
    visitor: Client, case: Case
) -> None:
    for number in range(3):
        page = text(visitor.get("/case/"))
        assert "Ask a reviewer" not in page, number
        sent = [SimpleUploadedFile(f"{n}.jpg", b"no picture", "image/jpeg") for n in range(2)]
        response = visitor.post(
            "/case/documents/",
            {"kind": "business_licence", "files": sent},
            headers={"x-requested-with": "XMLHttpRequest"},
        )
    assert "Ask a reviewer" in text(response), "at once, beside what was refused"
    broken = SimpleUploadedFile("licence.jpg", b"no picture", "image/jpeg")
    response = visitor.post("/case/appeal/", {"words": "it will not open", "files": [broken]})
    assert response.status_code == 422 and "it will not open" in text(response), "the input stays"
    assert not Appeal.objects.exists()
    page = text(
        visitor.post(
            "/case/appeal/", {"words": "it will not open", "files": [picture()]}, follow=True
        )
    )
    assert "A reviewer will read it" in page
    case.refresh_from_db()
    assert (case.state, Appeal.objects.get().documents.count()) == (State.IN_REVIEW, 1)
