"""Tests that a recruiter gets through with a phone, without scripts, and after every possible
mistake.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from documents.specimens import Company
from employers.models import User
from events.models import Mail
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.factories import make_case, make_employer, make_member, make_uscc, make_user
from verification.cases import documents
from verification.models import Appeal, Case, Decision, Document
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)


def open_account(page: Page, company: Company) -> None:
    page.get_by_label("邮箱").fill(f"hr@{company.domain}")
    page.get_by_label("密码").fill("一句只有我自己知道的话")
    page.get_by_role("button", name="注册").click()


def register(visitor: Visit, company: Company) -> Page:
    """Register by typing, and return the page of the case."""
    page = visitor.go("/register/")
    open_account(page, company)
    page.get_by_label("六位验证码").fill(
        Mail.objects.filter(template="verify_email").latest("pk").context["code"]
    )
    page.get_by_role("button", name="继续").click()
    page.get_by_role("link", name="改为手动填写").click()
    page.get_by_label("统一社会信用代码").fill(company.uscc)
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text(company.name)).to_be_visible()
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("heading", name=company.name)).to_be_visible()
    return page


def test_everything_works_without_a_script(visit: Visitor, company: Company, photo: Path) -> None:
    visitor = visit(java_script_enabled=False, **PHONE)
    page = register(visitor, company)
    licence = page.locator("#slot-business_licence")
    licence.locator("input[name=files]").set_input_files(photo)
    licence.get_by_role("button", name="上传", exact=True).click()
    expect(licence.get_by_role("img", name="营业执照，第 1 页")).to_be_visible()
    licence.get_by_role("button", name="移除").click()
    licence.get_by_role("button", name="撤销").click()
    page.get_by_role("button", name="提交核验").click()
    expect(page.get_by_role("heading", name="已提交，即将开始检查")).to_be_visible()
    page.get_by_role("link", name="刷新").click()
    page.get_by_role("button", name="English").click()
    expect(
        page.get_by_role("heading", name="Submitted: the checks start in a moment")
    ).to_be_visible()
    assert Case.objects.get().state == State.SUBMITTED


def test_wrong_files_are_named_and_the_good_one_is_kept(
    visit: Visitor, now: datetime, photo: Path, tmp_path: Path
) -> None:
    member = make_member(now, email_verified_at=now)
    make_case(member, now)
    renamed, empty, large = tmp_path / "renamed.jpg", tmp_path / "empty.jpg", tmp_path / "large.jpg"
    renamed.write_text("not a picture")
    empty.write_bytes(b"")
    with large.open("wb") as file:
        file.truncate(settings.UPLOAD_MAX_BYTES + 1)
    visitor = visit(locale="en")
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    licence = page.locator("#slot-business_licence")
    licence.locator("input[name=files]").set_input_files([renamed, photo, empty, large])
    told = licence.locator(".refusals")
    expect(told).to_contain_text("renamed.jpg")
    expect(told).to_contain_text("cannot accept this type of file")
    expect(told).to_contain_text("empty.jpg")
    expect(told).to_contain_text("The file is empty")
    expect(told).to_be_focused()
    expect(licence.locator(".sending")).to_contain_text("larger than 20 MB")
    expect(licence.get_by_role("img")).to_have_count(1)
    expect(page.get_by_role("button", name="Submit for verification")).to_be_enabled()
    assert Document.objects.count() == 1
    visitor.is_calm()


def test_a_dropped_file_is_taken(visit: Visitor, now: datetime, photo: Path) -> None:
    member = make_member(now, email_verified_at=now)
    make_case(member, now)
    visitor = visit(locale="en")
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    expect(page.locator("#slot-business_licence").get_by_text("or drop files here")).to_be_visible()
    page.evaluate(
        """async ([name, bytes]) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(bytes)], name, {type: "image/jpeg"}));
            const slot = document.querySelector("#slot-business_licence");
            for (const kind of ["dragover", "drop"])
                slot.dispatchEvent(new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true}));
        }""",  # noqa: E501
        [photo.name, list(photo.read_bytes())],
    )
    expect(page.locator("#slot-business_licence").get_by_role("img")).to_be_visible()
    visitor.is_calm()


def test_a_broken_connection_can_be_tried_again(visit: Visitor, now: datetime, photo: Path) -> None:
    member = make_member(now, email_verified_at=now)
    make_case(member, now)
    visitor = visit(locale="en")
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    sent = list[str]()
    page.on("request", lambda request: sent.append(request.url))
    visitor.context.set_offline(True)
    licence = page.locator("#slot-business_licence")
    licence.locator("input[name=files]").set_input_files(photo)
    expect(licence.get_by_text("connection lost")).to_be_visible()
    assert sum(url.endswith("/case/documents/") for url in sent) == 3, "it is not tried for ever"
    visitor.context.set_offline(False)
    licence.get_by_role("button", name="Try again").click()
    expect(licence.get_by_role("img")).to_be_visible()


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_an_error_of_ours_is_not_blamed_on_the_network(
    visit: Visitor, now: datetime, photo: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    def broken(*given: Any) -> None:
        raise RuntimeError

    member = make_member(now, email_verified_at=now)
    make_case(member, now)
    visitor = visit(locale=locale, **PHONE)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    sent = list[str]()
    page.on("request", lambda request: sent.append(request.url))
    monkeypatch.setattr(documents, "add_document", broken)
    licence = page.locator("#slot-business_licence")
    with page.expect_response("**/case/documents/") as answered:
        licence.locator("input[name=files]").set_input_files(photo)
    told = licence.locator(".sending .failed")
    expect(told).to_contain_text("我们的系统出错" if locale == "zh-CN" else "our side")
    expect(told).to_contain_text(answered.value.headers["x-request-id"])
    expect(licence.locator(".sending button")).to_have_count(0)
    assert sum(url.endswith("/case/documents/") for url in sent) == 1


def test_a_link_that_another_finds_in_the_mailbox_confirms_nothing(
    visit: Visitor, company: Company
) -> None:
    thief, address_owner = visit(**PHONE), visit(**PHONE)
    open_account(thief.go("/register/"), company)
    expect(thief.page.get_by_role("heading", name="验证邮箱")).to_be_visible()
    page = address_owner.go(
        Mail.objects.get(template="verify_email").context["link"].removeprefix(settings.SITE_URL)
    )
    expect(page.get_by_role("heading", name="请先登录，再验证邮箱")).to_be_visible()
    expect(page.get_by_text("如果你没有在此注册，请忽略")).to_be_visible()
    address_owner.is_calm()
    page.get_by_role("main").get_by_role("link", name="登录").click()
    page.get_by_label("邮箱").fill(f"hr@{company.domain}")
    page.get_by_label("密码").fill("一句只有我自己知道的话")
    page.get_by_role("main").get_by_role(
        "button", name="登录"
    ).click()  # whoever knows both comes back to the question
    expect(page.get_by_role("button", name="是我本人，验证邮箱")).to_be_visible()
    address_owner.is_calm()
    assert User.objects.get().email_verified_at is None


def test_mistakes_at_registration(visit: Visitor, now: datetime) -> None:
    taken = make_employer(now, confirmed_at=now)
    visitor = visit(locale="en", **PHONE)
    visitor.sign_in(make_user(now, "hr@example.com", email_verified_at=now))
    page = visitor.go("/register/company/type/")
    code = make_uscc()
    wrong = code[:-1] + ("1" if code[-1] != "1" else "2")
    page.get_by_label("Unified social credit code").fill(wrong)
    expect(page.locator("#code-state")).to_contain_text("One character of this code is wrong")
    page.get_by_label("Unified social credit code").fill(taken.uscc)
    expect(page.locator("#code-state")).to_contain_text("This company is already registered")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Company name").fill("云溪市示例科技有限公司")
    page.locator("summary", has_text="Type of employer").click()
    page.get_by_label("We are an HR service agency").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#id_uscc_error")).to_contain_text(
        "Ask the account owner at your company to invite you"
    )
    expect(page.get_by_text("云溪市示例科技有限公司")).to_be_visible()
    assert (
        page.locator("#id_account_class input:checked, [name=account_class]:checked").evaluate(
            "input => input.value"
        )
        == "commercial_agency"
    )
    expect(page.get_by_role("alert")).to_be_focused()
    visitor.is_calm()


def test_a_button_pressed_twice_registers_once(visit: Visitor, company: Company) -> None:
    visitor = visit()
    page = visitor.go("/register/")
    page.get_by_label("邮箱").fill("hr@example.com")
    page.get_by_label("密码").fill("一句只有我自己知道的话")
    page.get_by_role("button", name="注册").dblclick()
    expect(page.get_by_role("heading", name="验证邮箱")).to_be_visible()
    assert User.objects.count() == 1


def test_by_keyboard_alone(visit: Visitor, company: Company) -> None:
    visitor = visit(locale="en")
    page = visitor.go("/register/")
    expect(page.get_by_label("Email")).to_be_focused()
    for typed in (f"hr@{company.domain}", "a sentence nobody knows"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Six-digit code")).to_be_focused()
    page.keyboard.type(Mail.objects.get(template="verify_email").context["code"])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Type it instead").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Unified social credit code").focus()
    page.keyboard.type(company.uscc)
    page.keyboard.press("Enter")
    page.locator("summary", has_text="Type of employer").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("We are an HR service agency")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#item-agency_licence summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#slot-hr_service_licence")).to_be_visible()


def tab_to(page: Page, name: str, role: str = "button", within: str = "main") -> None:
    """Press Tab until the control of this name has the focus."""
    wanted = page.locator(within).get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate_all("found => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"no Tab leads to {name}")


def choose(page: Page, file: Path, scripted: bool) -> None:
    """Choose a file in the field that has the focus.

    Without scripts Playwright cannot see a chooser open, but it can see that the field has the
    focus.
    """
    if not scripted:
        page.locator("input[type=file]:focus").set_input_files(file)
        return
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)


@pytest.mark.parametrize("scripted", [True, False])
def test_from_upload_to_appeal_by_keyboard_alone(
    visit: Visitor, now: datetime, company: Company, photo: Path, scripted: bool
) -> None:
    member = make_member(
        now, make_employer(now, name=company.name, uscc=company.uscc), email=f"hr@{company.domain}"
    )
    make_case(member, now)
    visitor = visit(locale="en", java_script_enabled=scripted)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    page.on(
        "filechooser",
        lambda _: None,
        # From now on they are intercepted: if this waited until one is due, the key might come
        # first.
    )
    tab_to(page, "Do this now", "link")
    page.keyboard.press("Enter")
    tab_to(page, "Choose files", within="#slot-business_licence")
    choose(page, photo, scripted)
    if not scripted:
        tab_to(page, "Upload", within="#slot-business_licence")
        page.keyboard.press("Enter")
    expect(page.locator("#slot-business_licence").get_by_role("img")).to_be_visible()
    tab_to(page, "Remove Business licence")
    page.keyboard.press("Enter")
    expect(page.locator("#slot-business_licence .undo")).to_be_visible()
    if not scripted:
        tab_to(page, "Undo")
    else:
        expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#slot-business_licence").get_by_role("img")).to_be_visible()
    tab_to(page, "Submit for verification")
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("heading", name="Submitted: the checks start in a moment")
    ).to_be_visible()

    case = Case.objects.get()
    Case.objects.filter(pk=case.pk).update(state=State.REJECTED)
    reasons = [{"code": "document_blurred", "field": "document", "seen": "", "expected": ""}]
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="reject",
        reasons=reasons,
        policy_version="1",
        decided_at=timezone.now(),
    )
    page = visitor.go("/case/")
    tab_to(page, "Appeal", "link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Appeal", exact=True)).to_be_visible()
    tab_to(page, "What should the reviewer know?", "textbox")
    page.keyboard.type("The photo is sharp. Please look again.")
    page.keyboard.press("Tab")
    expect(page.locator("#id_files")).to_be_focused()
    choose(page, photo, scripted)
    tab_to(page, "Send appeal")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your appeal is with another reviewer")).to_be_visible()
    assert Appeal.objects.get().documents.count() == 1
    visitor.is_calm()
