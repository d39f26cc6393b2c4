"""Tests of phone numbers in a real browser: registering and signing in with one, changing it, and
proving it before calling.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from downloads.relays import callers
from employers.accounts.membership import give_phone
from employers.models import User
from events.models import Sms
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.browser.test_pages import _screen, is_for_everybody
from tests.employers.accounts.phone_codes import (
    NUMBER,
    OTHER,
    again,
    by_phone_alone,
    code_to,
    messages,
    with_number,
)
from tests.factories import PASSWORD, make_case, make_employer, make_member
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)
SCREENS = ["phone-zh-light", "desk-en-dark"]
PICTURES = os.environ.get("PICTURES_OF_PHONES", "")


@pytest.fixture(autouse=True)
def text_messages(settings: Any, no_text_messages: None) -> None:
    settings.SMS_PROVIDER = "simulator"


def looked_at(visitor: Visit, name: str) -> None:
    """Check the page, and keep a picture of it if somebody wants to look."""
    is_for_everybody(visitor, name)
    if PICTURES:
        visitor.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def get_code(page: Page, number: str) -> str:
    page.locator("[name=phone]").fill(number)
    page.locator("button[name=send]").click()
    expect(page.locator("button[name=send]")).to_be_disabled()
    expect(page.locator("[name=code]")).to_be_focused()
    return code_to(f"+86{number.replace(' ', '')[-11:]}")


def test_register_by_phone(visit: Visitor) -> None:
    visitor = visit(**PHONE)
    page = visitor.go("/")
    page.get_by_role("link", name="注册企业").first.click()
    expect(page).to_have_url(re.compile("/register/phone/"))
    looked_at(visitor, "register-phone")
    code = get_code(page, "138 0013 8000")
    looked_at(visitor, "register-phone-sent")
    expect(page.locator("button[name=send]")).to_contain_text(re.compile(r"重新获取（\d+）"))
    page.locator("[name=code]").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="注册", exact=True).click()
    expect(page).to_have_url(re.compile("/register/company/"))
    looked_at(visitor, "register-phone-company")
    user = User.objects.get()
    assert (user.email, user.phone, user.is_proven) == ("", NUMBER, True)


@pytest.mark.parametrize("screen", SCREENS)
def test_sign_in_by_phone(visit: Visitor, screen: str) -> None:
    make_case(by_phone_alone(timezone.now()), timezone.now(), State.APPROVED)
    visitor = visit(**_screen(screen))
    page = visitor.go("/account/")
    page.locator(".tabs a").first.click()
    expect(page).to_have_url(re.compile(r"/sign-in/phone/\?next=/account/"))
    code = get_code(page, "13800138000")
    page.locator("[name=code]").fill(f"{(int(code) + 1) % 10**6:06d}")
    page.locator("main form .primary").click()
    expect(page.locator(".field.wrong")).to_have_count(1)
    expect(page.locator("[name=phone]")).to_have_value("13800138000")
    looked_at(visitor, f"sign-in-wrong-{screen}")
    page.locator("[name=code]").fill(code)
    page.locator("main form .primary").click()
    expect(page).to_have_url(re.compile("/account/$"))
    looked_at(visitor, f"account-{screen}")
    visitor.go("/case/")
    expect(page.locator(".tip a[href='/account/email/']")).to_be_visible()
    looked_at(visitor, f"case-{screen}")


def test_sign_in_by_phone_without_a_script(visit: Visitor) -> None:
    by_phone_alone(timezone.now())
    visitor = visit(java_script_enabled=False, **PHONE)
    page = visitor.go("/sign-in/")
    page.locator("[name=phone]").fill("13800138000")
    page.locator("[name=phone]").press("Enter")
    page.locator("[name=code]").fill(code_to())
    page.locator("[name=code]").press("Enter")
    expect(page).to_have_url(re.compile("/case/"))


@pytest.mark.parametrize("screen", SCREENS)
def test_change_the_number(visit: Visitor, screen: str) -> None:
    member = by_phone_alone(timezone.now())
    visitor = visit(**_screen(screen))
    visitor.sign_in(member.user)
    page = visitor.go("/account/")
    page.locator("a[href='/account/phone/']").click()
    expect(page).to_have_url(re.compile("/account/confirm/"))
    page.locator("button[name=send]").click()
    expect(page.locator("[name=code]")).to_be_focused()
    looked_at(visitor, f"confirm-{screen}")
    page.locator("[name=code]").fill(code_to())
    page.locator("main form .primary").click()
    expect(page).to_have_url(re.compile("/account/phone/"))
    Sms.objects.all().delete()
    code = get_code(page, OTHER[3:])
    looked_at(visitor, f"change-number-{screen}")
    page.locator("[name=code]").fill(code)
    page.locator("main form .primary").click()
    expect(page).to_have_url(re.compile("/account/$"))
    assert again(member.user).phone == OTHER


@pytest.mark.parametrize("screen", SCREENS)
def test_prove_the_number_before_calling(visit: Visitor, screen: str) -> None:
    member = make_member(timezone.now())
    give_phone(member, NUMBER, member.as_actor(), timezone.now())
    assert callers.callers_of(member.employer_id) == []
    visitor = visit(**_screen(screen))
    visitor.sign_in(member.user)
    page = visitor.go("/account/")
    looked_at(visitor, f"unproven-{screen}")
    page.locator("a[href='/account/phone/']").click()
    looked_at(visitor, f"prove-{screen}")
    page.locator("[name=code]").fill(get_code(page, "13800138000"))
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("main form .primary").click()
    expect(page).to_have_url(re.compile("/account/$"))
    assert callers.callers_of(member.employer_id) == [member]


def test_a_number_that_was_not_used_for_long(visit: Visitor) -> None:
    long_ago = timezone.now() - timedelta(days=100)
    with_number(make_member(timezone.now()), long_ago)
    visitor = visit(**PHONE)
    page = visitor.go("/sign-in/")
    page.locator("[name=code]").fill(get_code(page, "13800138000"))
    page.locator("main form .primary").click()
    expect(page).to_have_url(re.compile("/sign-in/phone/confirm/"))
    looked_at(visitor, "stale")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_colleague_is_invited_by_number_and_joins(visit: Visitor, screen: str) -> None:
    owner = make_member(timezone.now(), make_employer(timezone.now(), confirmed_at=timezone.now()))
    make_case(owner, timezone.now(), State.APPROVED)
    at_work = visit(**_screen(screen))
    at_work.sign_in(owner.user)
    page = at_work.go("/team/")
    looked_at(at_work, f"team-{screen}")
    page.locator("[name=contact]").fill("138 0013 8000")
    page.locator("form.panel button.primary").click()
    expect(page.locator(".people").last).to_contain_text("+86 138****8000")
    looked_at(at_work, f"team-invited-{screen}")
    (path,) = [said["path"] for _template, said in messages(NUMBER)]
    invited = visit(**_screen(screen))
    page = invited.go(f"/{path}")
    looked_at(invited, f"join-{screen}")
    page.locator("button[name=send]").click()
    expect(page.locator("button[name=send]")).to_be_disabled()
    expect(page.locator("[name=code]")).to_be_focused()
    looked_at(invited, f"join-sent-{screen}")
    page.locator("[name=code]").fill(code_to(NUMBER))
    page.locator("form.panel button.primary").click()
    expect(page).to_have_url(re.compile("/case/$"))
    looked_at(invited, f"joined-{screen}")
    assert owner.employer.members.active().count() == 2
