"""Tests that a change of language loses nothing that was typed, and says what it cannot keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.cases import waiting
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import is_for_everybody
from tests.factories import make_case, make_member, make_reviewer

pytestmark = pytest.mark.django_db(transaction=True)
LOST = "密码和文件除外"


def test_what_was_typed_stays_and_a_password_does_not(visit: Visitor) -> None:
    visitor = visit(**PHONE, locale="en-US")
    page = visitor.go("/register/")
    page.get_by_label("Email").fill("hr@firma.example")
    page.get_by_label("Password").fill("a sentence nobody knows")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_label("邮箱")).to_have_value("hr@firma.example")
    expect(page.get_by_label("密码")).to_have_value("")
    expect(page.get_by_role("status").filter(has_text=LOST)).to_be_visible()
    is_for_everybody(visitor, "typed text was kept")
    kept = page.evaluate("sessionStorage.getItem('typed')")
    assert kept is None, "nothing is left in the browser"
    page.reload()
    expect(page.get_by_text(LOST)).to_have_count(0)


def test_text_and_choices_of_a_whole_form_stay(visit: Visitor, now: datetime) -> None:
    member = make_member(now)
    make_case(member, now)
    visitor = visit(**DESK)
    visitor.sign_in(member.user)
    page = visitor.go("/case/declare/")
    page.locator("[name=name]").fill("更正后的公司名称有限公司")
    page.locator("[name=account_class][value=commercial_agency]").check()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="中文")).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("更正后的公司名称有限公司")
    expect(page.locator("[name=account_class][value=commercial_agency]")).to_be_checked()
    expect(page.get_by_text("except", exact=False)).to_have_count(0)
    visitor.is_calm()


def test_it_stays_when_the_form_was_refused_before(
    visit: Visitor, now: datetime, settings: Any
) -> None:
    member = make_member(now)
    make_case(member, now)
    visitor = visit(**PHONE)
    visitor.sign_in(member.user)
    settings.BANK = "simulator"
    page = visitor.go("/case/authority/bank-deposit/")
    page.get_by_label("账号").fill("6222")
    page.get_by_label("开户银行").fill("示例银行")
    page.get_by_role("button", name="发起转账").click()
    expect(page.locator(".errors").first).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("Account number")).to_have_value("6222")
    expect(page.get_by_label("Bank", exact=True)).to_have_value("示例银行")


def test_a_reviewer_s_words_stay(visit: Visitor, now: datetime) -> None:
    case = waiting(now, 41, 1)
    visitor = visit(**DESK)
    visitor.sign_in(make_reviewer(now))
    page = visitor.go(f"/console/verification/case/{case.pk}/change/")
    page.get_by_role("button", name="领取", exact=False).first.click()
    page.locator(".decision-request_changes > summary").click()
    page.locator(".decision-request_changes textarea").first.fill("请重新拍摄")
    page.locator("#user-tools > summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator(".decision-request_changes textarea").first).to_have_value("请重新拍摄")
