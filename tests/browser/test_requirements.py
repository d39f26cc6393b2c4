"""Tests that a recruiter works through the list: proves authority, confirms the reading, appeals;
on a phone, with and without scripts.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from playwright.sync_api import Page, expect

from documents.specimens import Company
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import make_letter
from employers.models import Member
from events.models import Mail
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import is_for_everybody
from tests.factories import make_case, make_document, make_employer, make_member
from verification.decision import pipeline
from verification.intake import early_reading
from verification.models import (
    Appeal,
    Attempt,
    Case,
    CheckRun,
    Decision,
    Document,
    DocumentReading,
    Proof,
    ProofState,
    Statement,
)
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)

SCREENS = [
    pytest.param({**PHONE, "locale": "zh-CN", "color_scheme": "light"}, id="phone-zh-light"),
    pytest.param({**DESK, "locale": "en", "color_scheme": "dark"}, id="desk-en-dark"),
]


@pytest.fixture
def member(company: Company, now: datetime) -> Member:
    """A person who registered with a private address, which proves nothing."""
    return make_member(
        now, make_employer(now, name=company.name, uscc=company.uscc), email="lin@qq.com"
    )


def opened(page: Page, code: str) -> Any:
    """Open an item of the list by its own name, as a keyboard would, and return it."""
    item = page.locator(f"#item-{code}")
    finished = page.locator("details#finished:not([open])").filter(has=item)
    if finished.count():
        finished.locator("summary").first.focus()
        page.keyboard.press("Enter")
    if item.get_attribute("open") is None:
        item.locator("summary").first.focus()
        page.keyboard.press("Enter")
    expect(page.locator(f"#requirement-{code}")).to_be_visible()
    return item


def code_of(template: str = "company_code") -> str:
    code: str = Mail.objects.filter(template=template).order_by("-pk")[0].context["code"]
    return code


@pytest.mark.parametrize("scripted", [True, False])
def test_from_a_free_mailbox_to_rights_with_a_code_to_the_company(
    visit: Visitor, member: Member, company: Company, photo: Path, scripted: bool
) -> None:
    visitor = visit(**PHONE, java_script_enabled=scripted)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    expect(page.get_by_role("heading", name="下一步 营业执照")).to_be_visible()
    page.locator("#slot-business_licence input[name=files]").set_input_files(photo)
    if not scripted:
        page.locator("#slot-business_licence .send").first.click()
    expect(page.get_by_role("heading", name="下一步 公司对你的招聘授权")).to_be_visible()
    is_for_everybody(visitor)

    page.get_by_role("link", name="去办理").click()
    expect(page.locator("#requirement-authority")).to_be_visible()
    is_for_everybody(visitor)
    page.locator("#way-company_email").get_by_role("link", name="选择这种方式").click()
    page.get_by_label("你的公司邮箱").fill("lin@qq.com")
    page.get_by_role("button", name="发送验证码").click()
    expect(page.locator("#id_address_error")).to_be_visible()
    expect(page.get_by_label("你的公司邮箱")).to_have_value("lin@qq.com")
    is_for_everybody(visitor)
    page.get_by_label("你的公司邮箱").fill(f"lin@{company.domain}")
    page.get_by_role("button", name="发送验证码").click()
    right = code_of()
    page.get_by_label("六位验证码").fill("000000" if right != "000000" else "000001")
    page.get_by_role("button", name="提交验证码").click()
    expect(page.locator("#id_code_error")).to_contain_text("剩余次数：4")
    is_for_everybody(visitor)
    page.get_by_label("六位验证码").fill(right)
    page.get_by_role("button", name="提交验证码").click()
    expect(page.get_by_role("heading", name="已完成")).to_be_visible()
    is_for_everybody(visitor)

    page.get_by_role("link", name="继续办理我的申请").click()
    expect(page.get_by_role("heading", name="下一步 核对并提交")).to_be_visible()
    page.get_by_role("button", name="提交核验").click()
    expect(page.get_by_role("heading", name="已提交，即将开始检查")).to_be_visible()
    assert pipeline.run_checks(Attempt.objects.get().pk, timezone.now, 60)
    visitor.goes_on("/case/")
    expect(page.get_by_role("heading", name="已通过")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_of_authority_is_for_everybody(
    visit: Visitor, member: Member, now: datetime, screen: dict[str, Any]
) -> None:
    make_case(member, now)
    visitor = visit(**screen)
    visitor.sign_in(member.user)
    for path in ("company-email", "bank-deposit", "e-licence", "vouch", "asked"):
        visitor.go(f"/case/authority/{path}/")
        is_for_everybody(visitor)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scripted", [True, False])
def test_a_transfer_is_followed(
    visit: Visitor, member: Member, now: datetime, screen: dict[str, Any], scripted: bool
) -> None:
    make_case(member, now)
    visitor = visit(**screen, java_script_enabled=scripted)
    visitor.sign_in(member.user)
    page = visitor.go("/case/authority/bank-deposit/")
    expect(page.locator("#id_account_holder")).to_have_value(member.employer.name)
    page.locator("#id_account_number").fill("12")
    page.locator("#id_bank_name").fill("工商银行")
    page.locator("form.panel button").click()
    expect(page.locator("#id_account_number_error")).to_be_visible()
    page.locator("#id_account_number").fill("6222 0210 0112 3456 789")
    page.locator("form.panel button").click()
    expect(page.locator(".stages [aria-current=step]")).to_be_visible()
    expect(page.locator("#id_code")).to_be_visible()
    visitor.is_calm()
    if scripted:
        is_for_everybody(visitor)
    visitor.go("/case/#requirement-authority")
    item = page.locator("#item-authority")
    if scripted:
        expect(item).to_have_attribute("open", "")
        is_for_everybody(visitor)
    expect(item.locator("#way-bank_deposit .tag")).to_have_count(1)


@pytest.mark.parametrize("scripted", [True, False])
def test_the_electronic_licence_shows_a_code_and_asks_again(
    visit: Visitor, member: Member, now: datetime, scripted: bool
) -> None:
    make_case(member, now)
    visitor = visit(locale="en", java_script_enabled=scripted, **PHONE)
    visitor.sign_in(member.user)
    page = visitor.go("/case/authority/e-licence/")
    page.get_by_role("button", name="Show code").click()
    expect(page.get_by_role("link", name="Open the electronic licence")).to_be_visible()
    if scripted:
        page.get_by_text("It does not open, or the licence is on another phone").click()
    code = page.get_by_role("img", name="Code for the electronic licence")
    expect(code).to_be_visible()
    expect(code).not_to_have_js_property("naturalWidth", 0)
    is_for_everybody(visitor)
    if scripted:
        with page.expect_response(re.compile("/authority/e-licence/$")) as asked:
            pass
        assert asked.value.status == 200
    Proof.objects.update(state=ProofState.FAILED, failure="e_licence_refused", finished_at=now)
    visitor.goes_on("/case/authority/e-licence/")
    expect(page.get_by_role("button", name="Show code")).to_be_visible()
    is_for_everybody(visitor)


@pytest.mark.parametrize("scripted", [True, False])
def test_a_colleague_vouches(
    visit: Visitor, member: Member, company: Company, now: datetime, scripted: bool
) -> None:
    make_case(member, now)
    colleague = make_member(now, member.employer, "recruiter", email=f"wang@{company.domain}")
    asking = visit(locale="en", java_script_enabled=scripted, **PHONE)
    answering = visit(locale="zh-CN", java_script_enabled=scripted)
    asking.sign_in(member.user)
    page = asking.go("/case/authority/vouch/")
    page.get_by_label(colleague.user.email).check()
    page.get_by_role("button", name="Ask this colleague").click()
    expect(page.get_by_role("heading", name="Your colleague has been asked")).to_be_visible()
    is_for_everybody(asking)
    answering.sign_in(colleague.user)
    page = answering.go("/case/")
    page.get_by_role("link", name="去答复").click()
    is_for_everybody(answering)
    page.get_by_role("button", name="我担保").click()
    expect(page.get_by_text("已担保")).to_be_visible()
    asking.go("/case/authority/vouch/")
    expect(asking.page.get_by_role("heading", name="Done")).to_be_visible()
    is_for_everybody(asking)


@pytest.mark.parametrize("scripted", [True, False])
def test_what_was_read_is_looked_at(
    visit: Visitor, member: Member, company: Company, photo: Path, scripted: bool
) -> None:
    visitor = visit(locale="en", java_script_enabled=scripted, **PHONE)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    page.locator("#slot-business_licence input[name=files]").set_input_files(photo)
    if not scripted:
        page.locator("#slot-business_licence .send").first.click()
    expect(page.get_by_text("We're reading the document")).to_be_visible()
    assert early_reading.read_document(Document.objects.get().pk, timezone.now, 60)
    if not scripted:
        visitor.go("/case/")
    values = page.locator(".values")
    expect(values).to_contain_text(company.uscc)
    crop = page.get_by_role("img", name="Company name, cropped from the image")
    crop.scroll_into_view_if_needed()
    expect(crop).to_be_visible()
    if scripted:
        page.wait_for_function(
            "picture => picture.complete && picture.naturalWidth > 20", arg=crop.element_handle()
        )
        is_for_everybody(visitor)
    page.get_by_text("Correct this: Legal representative").click()
    page.get_by_label("Legal representative as on the licence").fill("林小雨")
    page.get_by_role("button", name="Looks right").click()
    expect(page.get_by_text("You entered: 林小雨")).to_be_attached()
    assert dict(Statement.objects.values_list("field", "said"))["uscc"] == company.uscc
    stored = DocumentReading.objects.get().reading or {}
    assert stored["fields"]["legal_representative"] == company.legal_representative, (
        "the reading stays"
    )
    visitor.is_calm()


@pytest.mark.parametrize("screen", SCREENS)
def test_what_was_read_of_a_service_licence_is_looked_at(
    visit: Visitor, now: datetime, screen: dict[str, Any]
) -> None:
    member = make_member(now, make_employer(now, account_class="commercial_agency"))
    document = make_document(make_case(member, now), now, "hr_service_licence")
    document.pages.update(
        image=default_storage.save("page.jpg", ContentFile(make_hr_service(7).jpeg()))
    )
    values = {
        "number": "990108230123",
        "name": member.employer.name,
        "scope": "为求职者提供职业介绍；" * 12,
        "valid_until": "2028-05-09",
    }
    read = {
        "document": str(document.pk),
        "page": 1,
        "turn": 0,
        "fields": values,
        "regions": {"number": [300, 300, 700, 340]},
    }
    DocumentReading.objects.create(document=document, due_at=now, finished_at=now, reading=read)
    visitor = visit(**screen)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    # Nobody has commented on it yet.
    expect(page.locator("#item-agency_licence")).to_have_attribute("open", "")
    crop = page.locator("#slot-hr_service_licence .crop")
    crop.scroll_into_view_if_needed()
    expect(crop).to_have_count(1)
    page.locator("#slot-hr_service_licence details.correct summary").last.click()
    is_for_everybody(visitor)
    page.locator("[name=valid_until]").last.fill("2028-06-09")
    page.locator("#slot-hr_service_licence .reading form button").click()
    expect(page.locator("#slot-hr_service_licence .disputed")).to_have_count(1)
    is_for_everybody(visitor)


def sent_back(member: Member, now: datetime, state: State, verb: str, times: int = 1) -> Case:
    case = make_case(member, now, state)
    make_document(case, now)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, finished_at=now
    )
    CheckRun.objects.create(
        attempt=attempt, code="reading", version="1", findings=[], started_at=now, finished_at=now
    )
    reasons = [{"code": "document_blurred", "field": "document", "seen": "", "expected": ""}]
    for _ in range(times):
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb=verb,
            reasons=reasons,
            policy_version="1",
            decided_at=now,
        )
    return case


@pytest.mark.parametrize("screen", SCREENS)
def test_only_what_failed_is_done_again(
    visit: Visitor, member: Member, now: datetime, screen: dict[str, Any]
) -> None:
    sent_back(member, now, State.CHANGES_REQUESTED, "request_changes")
    visitor = visit(**screen)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    again = page.locator(".tag.again")
    expect(again).to_have_count(1)
    expect(page.locator("#item-business_licence")).to_have_attribute("open", "")
    expect(page.locator("#item-business_licence .reason")).to_have_count(1)
    assert page.locator("#item-company_facts").get_attribute("open") is None
    is_for_everybody(visitor)
    for code in ("mail_address", "company_facts", "registration", "authority"):
        opened(page, code)
    is_for_everybody(visitor)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scripted", [True, False])
def test_an_appeal_with_evidence(
    visit: Visitor,
    member: Member,
    now: datetime,
    photo: Path,
    screen: dict[str, Any],
    scripted: bool,
) -> None:
    case = sent_back(member, now, State.REJECTED, "reject")
    visitor = visit(**screen, java_script_enabled=scripted)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    page.locator(".decision .actions a").first.click()
    page.locator("#id_words").fill("照片是清楚的，请再看一次。")
    page.locator("#id_files").set_input_files(photo)
    if scripted:
        is_for_everybody(visitor)
    page.locator("form.panel .primary").click()
    expect(page.locator(".decision")).to_contain_text("照片是清楚的")
    visitor.is_calm()
    case.refresh_from_db()
    assert (case.state, Appeal.objects.get().documents.count()) == (State.IN_REVIEW, 1)


def test_after_the_third_time_a_person_is_asked(
    visit: Visitor, member: Member, now: datetime
) -> None:
    case = sent_back(member, now, State.CHANGES_REQUESTED, "request_changes", times=3)
    visitor = visit(**PHONE)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    page.get_by_role("link", name="申请人工审核").click()
    page.get_by_role(
        "button", name="提交给审核员"
    ).click()  # nothing written yet: the browser or the page says so
    page.get_by_label("情况说明").fill("已经拍了三次，不知道还差什么。")
    is_for_everybody(visitor)
    page.get_by_role("button", name="提交给审核员").click()
    expect(page.get_by_role("heading", name="将由审核员人工审核")).to_be_visible()
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
    is_for_everybody(visitor)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_recruiters_next_step_comes_first(
    visit: Visitor, member: Member, now: datetime, screen: dict[str, Any]
) -> None:
    case = make_case(member, now, State.CHECKING)
    make_document(case, now)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, leased_until=now + timedelta(hours=1)
    )
    visitor = visit(**screen)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    expect(page.locator(".pill.checking")).to_be_visible()
    lacks = Finding("authority", "authority_missing", Severity.WAIT).as_json()
    CheckRun.objects.create(
        attempt=attempt,
        code="authority",
        version="2",
        findings=[lacks],
        started_at=now,
        finished_at=now,
    )
    Attempt.objects.update(
        waiting_for="authority_missing", leased_until=None, due_at=now + timedelta(hours=1)
    )
    # The page was not reloaded.
    expect(page.locator(".pill.changes_requested")).to_be_visible()
    step = page.locator("section.next")
    expect(step).to_have_count(1)
    below, checks = step.bounding_box(), page.locator(".progress details").bounding_box()
    assert below is not None and checks is not None
    assert below["y"] + below["height"] <= checks["y"], "above the list of checks"
    expect(step.get_by_role("link")).to_be_in_viewport()
    is_for_everybody(visitor)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scripted", [True, False])
def test_an_agency_adds_a_client(
    visit: Visitor, now: datetime, tmp_path: Path, screen: dict[str, Any], scripted: bool
) -> None:
    agency = make_employer(
        now, name="云溪市示例人力资源有限公司", account_class="commercial_agency"
    )
    member = make_member(now, agency)
    make_case(
        member,
        now,
        State.APPROVED,
        approved_at=now - timedelta(days=3),
        expires_at=now + timedelta(days=150),
    )
    path, client = tmp_path / "授权书.jpg", Company.fictitious(411)
    path.write_bytes(make_letter(31, company=client).jpeg())
    visitor = visit(**screen | {"locale": "en"}, java_script_enabled=scripted)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    item = opened(page, "client_authorization")
    item.locator("input[name=files]").set_input_files(path)
    if not scripted:
        item.locator(".send").click()
    expect(item.get_by_text("We're reading the letter")).to_be_visible()
    is_for_everybody(visitor)
    item.get_by_label("Client", exact=True).fill(client.name)
    item.get_by_label("unified social credit code").fill("91")
    item.get_by_role("button", name="Save").click()
    expect(page.locator(".wrong")).to_be_visible()
    expect(item.get_by_label("Client", exact=True)).to_have_value(client.name)
    is_for_everybody(visitor)
    item.get_by_label("unified social credit code").fill(client.uscc)
    item.get_by_role("button", name="Save").click()
    expect(item.locator(".client .tag.checking")).to_be_visible()
    letter = Document.objects.get(kind="client_authorization")
    read = {
        "titled": True,
        "sealed": True,
        "page": 1,
        "fields": {"company": client.name},
        "confidence": {"company": 1.0},
        "regions": {},
    }
    told = read | {"names_agency": True, "declared": "", "declared_until": ""}
    DocumentReading.objects.filter(document=letter).update(reading=told, finished_at=now)
    visitor.goes_on("/case/")
    opened(page, "client_authorization")
    expect(item.locator(".client .tag.done")).to_be_visible()  # asked for by itself
    item.get_by_text("Stop recruiting for this client").click()
    item.get_by_role("button", name="End").click()
    expect(page.locator(".client .tag.ended")).to_have_count(1)
    is_for_everybody(visitor)
