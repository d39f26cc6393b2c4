"""Tests of what a phone shows: registration by a photo of the licence, whose typed fields, taps and
seconds are counted, and the case page, which is short whenever one thing is to be done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from documents.specimens import Company
from employers.models import Member
from events.models import Event, Mail
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.browser.hand import Hand
from tests.factories import make_case, make_document, make_employer, make_member
from verification.checks.base import Earlier, Subject
from verification.checks.reading import Reading
from verification.decision import pipeline
from verification.intake import licence_photos
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    Decision,
    LicencePhoto,
    LicencePhotoPage,
    Proof,
    Statement,
)
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "zizhi-2026-云溪"


def mailed(company: Company, what: str) -> str:
    mail = Mail.objects.filter(template="verify_email", to=f"hr@{company.domain}").latest("pk")
    return str(mail.context[what])


def link_to(visitor: Visit, company: Company) -> str:
    return visitor.base + mailed(company, "link").removeprefix(settings.SITE_URL)


def open_account(visitor: Visit, company: Company) -> Page:
    """Register and confirm the address with the code in the mail."""
    page = visitor.go("/register/")
    page.locator("#id_email").fill(f"hr@{company.domain}")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form .primary").click()
    page.locator("#id_code").fill(mailed(company, "code"))
    page.locator("main form .primary").click()
    return page


def read_the_photo() -> None:
    assert licence_photos.read_photo(LicencePhoto.objects.get().pk, timezone.now, 120)


def test_the_honest_way_on_a_phone_is_short(
    visit: Visitor, company: Company, photo: Path, record_property: Callable[[str, object], None]
) -> None:
    visitor = visit(**PHONE)
    page = visitor.go("/")
    hand = Hand()
    hand.tap(page.get_by_role("link", name="注册企业"))
    hand.type(page.get_by_label("邮箱"), f"hr@{company.domain}", focused=True)
    hand.type(page.get_by_label("密码"), PASSWORD)
    hand.tap(page.get_by_role("button", name="注册"))
    expect(page.get_by_role("heading", name="验证邮箱")).to_be_visible()
    visitor.is_calm()
    hand.open_link(page, link_to(visitor, company))
    hand.tap(page.get_by_role("button", name="是我本人，验证邮箱"))
    camera = page.locator("input[name=photo]")
    assert camera.get_attribute("capture") == "environment"
    visitor.is_calm()
    hand.photograph(camera, photo)
    expect(page.get_by_role("heading", name="正在识别营业执照")).to_be_visible()
    read_the_photo()
    expect(page.get_by_text(company.name)).to_be_visible()
    expect(page.get_by_text(company.uscc)).to_be_visible()
    expect(page.get_by_text(company.legal_representative, exact=True)).to_be_visible()
    visitor.is_calm()
    hand.tap(page.get_by_role("button", name="确认无误"))
    hand.tap(page.get_by_role("button", name="提交核验"))
    expect(page.get_by_role("heading", name="已提交，即将开始检查")).to_be_visible()
    assert pipeline.run_checks(Attempt.objects.get().pk, timezone.now, 60)
    expect(page.get_by_role("heading", name="已通过")).to_be_visible()
    assert hand.fields <= 2
    assert hand.taps <= 8
    assert hand.seconds <= 60
    record_property("counted", str(hand))
    case = Case.objects.get()
    assert case.declared_legal_representative == company.legal_representative
    reading = case.documents.get().reading
    assert reading.reading["declared"]["uscc"] == company.uscc, "it is not read a second time"
    assert not LicencePhoto.objects.exists()


# --- What else can happen -------------------------------------------------------------------------


class Said:
    """A reader that says the same of every photo, since these tests are about what follows."""

    code, version, lasting = "reading", Reading.version, True

    def __init__(self, kind: str | None = "business_licence", **fields: str) -> None:
        self.kind, self.fields = kind, fields

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        return {
            "document": subject.documents[0].id,
            "declared": {"uscc": "", "name": "", "legal_representative": ""},
            "fields": self.fields,
            "kind": self.kind,
            "looks_like_licence": self.kind == "business_licence",
            "regions": {},
        }

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return []


def licence_of(company: Company, **other: str) -> Said:
    read = {
        "name": company.name,
        "uscc": company.uscc,
        "legal_representative": company.legal_representative,
    }
    return Said(**(read | other))


def photograph(page: Page, photo: Path, check: Said) -> None:
    page.locator("input[name=files]").set_input_files(photo)
    expect(page.get_by_role("heading", name="正在识别营业执照")).to_be_visible()
    licence_photos.read_photo(LicencePhoto.objects.get().pk, timezone.now, 60, check)


def test_another_paper_is_named_at_once_and_not_kept(
    visit: Visitor, company: Company, photo: Path
) -> None:
    visitor = visit(**PHONE)
    page = open_account(visitor, company)
    photograph(page, photo, Said("identity_card"))
    expect(page.get_by_role("alert")).to_contain_text("个人证件")
    expect(page.get_by_role("alert")).to_contain_text("居民身份证")
    assert not LicencePhotoPage.objects.exists()
    expect(page.get_by_text("拍摄营业执照").last).to_be_visible()
    visitor.is_calm()
    photograph(page, photo, licence_of(company))
    expect(page.get_by_role("heading", name="识别结果")).to_be_visible()


def test_what_cannot_be_read_is_typed_and_the_register_names_the_company(
    visit: Visitor, company: Company, photo: Path
) -> None:
    visitor = visit(**PHONE)
    page = open_account(visitor, company)
    photograph(page, photo, Said(None))
    expect(page.get_by_text("有些内容没有识别出来")).to_be_visible()
    expect(page.get_by_label("统一社会信用代码")).to_be_visible()
    visitor.is_calm()
    page.get_by_role("button", name="重拍一张").click()
    page.get_by_role("link", name="改为手动填写").click()
    page.get_by_label("统一社会信用代码").fill(company.uscc)
    visitor.is_calm()
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text(company.name)).to_be_visible()
    assert Event.objects.filter(verb="look_up_company").count() == 1
    visitor.is_calm()
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("heading", name=company.name)).to_be_visible()
    expect(page.locator("#slot-business_licence input[name=photo]")).to_have_count(1)
    assert Case.objects.get().documents.count() == 0


def test_a_press_is_not_lost_when_the_state_of_the_code_appears_meanwhile(
    visit: Visitor, company: Company
) -> None:
    """The state comes from the server when the field is left: when the button is pressed."""
    page = open_account(visit(**PHONE), company)
    page.get_by_role("link", name="改为手动填写").click()
    page.route("**/register/code/**", lambda route: None)
    page.get_by_label("统一社会信用代码").press_sequentially(company.uscc)
    button = page.get_by_role("button", name="继续")
    button.hover()
    page.unroute_all()
    page.mouse.down()
    expect(page.get_by_text("校验位正确")).to_be_visible()
    page.mouse.up()
    expect(page.get_by_text(company.name)).to_be_visible()


def test_a_value_that_was_misread_is_corrected(
    visit: Visitor, company: Company, photo: Path
) -> None:
    visitor = visit(**PHONE)
    page = open_account(visitor, company)
    photograph(page, photo, licence_of(company, legal_representative="王一"))
    page.locator(".correct summary", has_text="法定代表人").click()
    page.locator("#id_legal_representative").fill(company.legal_representative)
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("heading", name=company.name)).to_be_visible()
    said = Statement.objects.get(field="legal_representative")
    assert (said.read, said.said) == ("王一", company.legal_representative)
    assert Case.objects.get().declared_legal_representative == company.legal_representative
    visitor.is_calm()


def test_a_code_that_another_company_holds_is_contested(
    visit: Visitor, company: Company, photo: Path, now: datetime
) -> None:
    make_employer(now, uscc=company.uscc, confirmed_at=now)
    visitor = visit(**PHONE)
    page = open_account(visitor, company)
    photograph(page, photo, licence_of(company))
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.is_calm()
    page.get_by_label("不是我公司注册的", exact=False).check()
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("heading", name=company.name)).to_be_visible()
    assert Case.objects.get().documents.count() == 1


def test_the_page_goes_on_when_the_link_is_opened_on_another_device(
    visit: Visitor, company: Company
) -> None:
    phone, desk = visit(**PHONE), visit()
    page = phone.go("/register/")
    page.get_by_label("邮箱").fill(f"hr@{company.domain}")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="注册").click()
    expect(page.get_by_label("六位验证码")).to_have_attribute("autocomplete", "one-time-code")
    other = desk.go("/sign-in/")
    other.get_by_label("邮箱").fill(f"hr@{company.domain}")
    other.get_by_label("密码").fill(PASSWORD)
    other.get_by_role("main").get_by_role("button", name="登录").click()
    expect(other.get_by_label("六位验证码")).to_be_visible()
    other.goto(link_to(desk, company))
    other.get_by_role("button", name="是我本人，验证邮箱").click()
    expect(page.get_by_role("heading", name="拍摄营业执照")).to_be_visible()
    phone.is_calm()


def test_all_of_it_works_without_a_script(visit: Visitor, company: Company, photo: Path) -> None:
    visitor = visit(java_script_enabled=False, **PHONE)
    page = open_account(visitor, company)
    page.locator("input[name=files]").set_input_files(photo)
    page.get_by_role("button", name="上传", exact=True).click()
    expect(page.get_by_role("heading", name="正在识别营业执照")).to_be_visible()
    licence_photos.read_photo(LicencePhoto.objects.get().pk, timezone.now, 60, licence_of(company))
    page.get_by_role("link", name="刷新").click()
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("heading", name=company.name)).to_be_visible()
    page.get_by_role("button", name="提交核验").click()
    expect(page.get_by_role("heading", name="已提交，即将开始检查")).to_be_visible()
    assert Case.objects.get().state == State.SUBMITTED


# --- The case page --------------------------------------------------------------------------------

SHORT = 1500
"""Pixels, at a width of 375."""


def member_of(company: Company, now: datetime, *, confirmed: bool = True) -> Member:
    employer = make_employer(now, name=company.name, uscc=company.uscc)
    at = now if confirmed else None
    return make_member(now, employer, email=f"hr{now:%f}@mail.example", email_verified_at=at)


def nothing_given(company: Company, now: datetime) -> Member:
    member = member_of(company, now)
    make_case(member, now)
    return member


def address_unconfirmed(company: Company, now: datetime) -> Member:
    member = member_of(company, now, confirmed=False)
    make_case(member, now)
    return member


def to_be_submitted(company: Company, now: datetime) -> Member:
    member = member_of(company, now)
    make_document(make_case(member, now), now)
    return member


def waits_for(member: Member, now: datetime, what: str) -> Case:
    case = make_case(member, now, State.CHECKING)
    make_document(case, now)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now + timedelta(hours=1), waiting_for=what
    )
    CheckRun.objects.create(
        attempt=attempt,
        code="authority",
        version="2",
        findings=[Finding("authority", what, Severity.WAIT).as_json()],
        started_at=now,
        finished_at=now,
    )
    return case


def authority_missing(company: Company, now: datetime) -> Member:
    member = member_of(company, now)
    waits_for(member, now, "authority_missing")
    return member


def code_of(kind: str) -> Callable[[Company, datetime], Member]:
    def waiting(company: Company, now: datetime) -> Member:
        member = member_of(company, now)
        waits_for(member, now, "authority_pending")
        Proof.objects.create(
            employer=member.employer,
            member=member,
            uscc=member.employer.uscc,
            kind=kind,
            started_at=now,
            due_at=now,
            expires_at=now + timedelta(days=10),
            shown="中国工商银行 ···· 6789",
            stage="sent",
        )
        return member

    return waiting


def photo_refused(company: Company, now: datetime) -> Member:
    member = member_of(company, now)
    case = make_case(member, now, State.CHANGES_REQUESTED)
    make_document(case, now)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="request_changes",
        reasons=[Finding("reading", "document_unreadable", Severity.UNABLE, "name").as_reason()],
        policy_version="1",
        decided_at=now,
    )
    return member


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(nothing_given, id="nothing given"),
        pytest.param(address_unconfirmed, id="address unconfirmed"),
        pytest.param(to_be_submitted, id="to be submitted"),
        pytest.param(authority_missing, id="authority missing"),
        pytest.param(code_of("bank_deposit"), id="code of the bank"),
        pytest.param(code_of("company_email"), id="code in the mail"),
        pytest.param(photo_refused, id="photo refused"),
    ],
)
def test_one_thing_to_do_is_a_short_page(
    visit: Visitor, company: Company, now: datetime, state: Callable[[Company, datetime], Member]
) -> None:
    visitor = visit(**PHONE)
    visitor.sign_in(state(company, now).user)
    page = visitor.go("/case/")
    visitor.is_calm()
    assert page.evaluate("document.documentElement.scrollHeight") <= SHORT
    address = page.get_by_text("@mail.example").all()
    assert len([each for each in address if each.is_visible()]) <= 1, "said once"


def approved(company: Company, now: datetime) -> Member:
    member = member_of(company, now)
    case = make_case(
        member, now, State.APPROVED, approved_at=now, expires_at=now + timedelta(days=180)
    )
    make_document(case, now)
    Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=member.employer.uscc,
        kind="bank_deposit",
        state="proven",
        proven_at=now,
        started_at=now,
        finished_at=now,
        due_at=now,
        expires_at=now + timedelta(days=10),
        holds_until=now + timedelta(days=180),
        shown="中国工商银行 ···· 6789",
    )
    return member


def test_an_approval_prints_as_a_record_on_one_sheet(
    visit: Visitor, company: Company, now: datetime
) -> None:
    visitor = visit()
    member = approved(company, now)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    page.emulate_media(media="print")
    record = page.locator(".record")
    for said in (
        company.name,
        company.uscc,
        "对公账户小额打款",
        str(Case.objects.get().pk),
        f"{timezone.localtime(now):%Y}",
    ):
        expect(record).to_contain_text(said)
    for gone in (".button", "nav", "#editor", ".side-column", "footer"):
        assert not any(each.is_visible() for each in page.locator(gone).all()), gone
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as sheets:
        assert len(sheets) == 1
        width, height = sheets[0].get_size()
        assert (round(width), round(height)) in {(595, 842), (596, 842), (595, 841)}, "A4"


@pytest.mark.parametrize("on_phone", [True, False])
def test_the_electronic_licence_opens_on_the_phone_and_is_scanned_at_the_desk(
    visit: Visitor, company: Company, now: datetime, on_phone: bool
) -> None:
    visitor = visit(**PHONE) if on_phone else visit()
    member = nothing_given(company, now)
    visitor.sign_in(member.user)
    page = visitor.go("/case/authority/e-licence/")
    page.get_by_role("button", name="显示二维码").click()
    shown = page.locator("#scan img.qr-code")
    link = page.get_by_role("link", name="打开电子营业执照")
    expect(page.locator("#scan")).to_contain_text("有效期至")
    if on_phone:
        assert (link.get_attribute("href") or "").startswith("https://e-licence.example/scan/")
        assert not any(each.is_visible() for each in shown.all())
        page.get_by_text("打不开，或电子营业执照在另一部手机上").click()
        expect(shown.first).to_be_visible()
    else:
        expect(link).to_have_count(0)
        expect(shown.last).to_be_visible()
    visitor.is_calm()
