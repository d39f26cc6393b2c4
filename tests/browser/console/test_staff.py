"""Tests that staff set up a second factor and sign in with it, on phone and desktop, in both
languages, with and without scripts.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from employers.models import User
from employers.security import second_factor, totp
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.browser.test_pages import serious
from tests.factories import PASSWORD, make_reviewer, make_user

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SCREENS: dict[str, dict[str, Any]] = {
    "phone-zh-light": {**PHONE, "locale": "zh-CN"},
    "phone-en-dark": {**PHONE, "locale": "en", "color_scheme": "dark"},
    "desk-zh-dark": {"locale": "zh-CN", "color_scheme": "dark"},
    "desk-en-light": {"locale": "en"},
}


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"


@pytest.fixture
def colleague(now: datetime) -> User:
    return make_user(
        now, "li.na.with.a.long.address@staff.zizhi.example", is_staff=True, is_superuser=True
    )


def type_password(page: Page, user: User) -> None:
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("[type=submit]").click()


def type_code(page: Page, code: str) -> None:
    page.locator("#id_code").fill(code)
    page.locator("input[type=submit]").click()


def fits(visitor: Visit, name: str) -> None:
    """Check that the page has no errors, fits the screen, and is accessible."""
    visitor.is_calm()
    assert serious(Axe().run(visitor.page).response["violations"]) == [], name
    # axe tries to copy a stylesheet's imports into the page, which the policy forbids.
    visitor.complaints.clear()


def code_now(secret: str) -> str:
    return totp.code_of_step(secret, totp.step_at(datetime.now().astimezone()))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
def test_setting_up_and_coming_in(visit: Visitor, screen: str, colleague: User) -> None:
    visitor = visit(**SCREENS[screen])
    page = visitor.go("/console/verification/case/")
    fits(visitor, "password")
    type_password(page, colleague)
    expect(page.locator("img.qr")).to_have_js_property("complete", True)
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    page.locator("summary").click()
    secret = page.locator(".secret").inner_text().replace("-", "")
    fits(visitor, "set up")
    type_code(page, "000000")
    expect(page.locator(".errornote")).to_be_visible()
    fits(visitor, "a wrong code")
    used = code_now(secret)
    type_code(page, used)
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    fits(visitor, "recovery codes")
    recovery = page.locator(".recovery-codes li").first.inner_text()
    page.locator("a.button.default").click()
    expect(page).to_have_url(re.compile(r"/console/verification/case/$"))
    visitor.go("/console/second-factor/set-up/")
    fits(visitor, "it is set up")

    other = visit(**SCREENS[screen])
    page = other.go("/console/")
    type_password(page, colleague)
    expect(page.locator("#id_code")).to_be_visible()
    fits(other, "code")
    type_code(page, used)
    expect(page.locator(".errornote")).to_be_visible()
    fits(other, "a used code")
    page.locator("a[href$=recovery]").click()
    expect(page).to_have_url(re.compile(r"recovery$"))
    fits(other, "recovery code")
    type_code(page, recovery)
    expect(page).to_have_url(re.compile(r"/console/$"))


@pytest.mark.parametrize("screen", SCREENS)
def test_trying_it_out(visit: Visitor, screen: str, colleague: User, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    visitor = visit(**SCREENS[screen])
    page = visitor.go("/console/")
    expect(page.locator(".sign-in-hint")).to_be_visible()
    fits(visitor, "trying out")
    type_password(page, colleague)
    expect(page).to_have_url(re.compile(r"/console/$"))
    page.locator("#user-tools summary").click()
    page.locator("#user-tools a[href$='second-factor/set-up/']").click()
    expect(page.locator("img.qr")).to_be_visible()
    fits(visitor, "set up, by choice")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
def test_making_a_superuser(
    visit: Visitor, screen: str, colleague: User, now: datetime, settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    one, other = (make_reviewer(now, f"{name}@zizhi.example") for name in ("ann", "ben"))
    User.objects.filter(pk=colleague.pk).update(is_superuser=False)
    visitor, second = visit(**SCREENS[screen]), visit(**SCREENS[screen])
    visitor.sign_in(one)
    second.sign_in(other)
    at = f"/console/employers/user/{colleague.pk}/"
    for path in ("/console/employers/user/add/", f"{at}change/", f"{at}propose/"):
        page = visitor.go(path)
        fits(visitor, path)
    page.locator(".console-form [type=submit]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    page = visitor.go(f"{at}confirm/")
    page.locator(".console-form [type=submit]").click()
    refusal = page.locator(".messagelist .error")
    says, fix = refusal.locator(".says").bounding_box(), refusal.locator(".fix").bounding_box()
    assert says and fix and fix["y"] >= says["y"] + says["height"], "each sentence has its own line"
    fits(visitor, "a second superuser is needed")
    page = second.go(f"{at}change/")
    heading, buttons = (
        page.locator(name).bounding_box() for name in ("#content > h2", ".object-tools")
    )
    assert heading and buttons and buttons["y"] >= heading["y"] + heading["height"], "they overlap"
    for act in ("drop", "confirm"):
        page = second.go(f"{at}{act}/")
        fits(second, act)
    page.locator(".console-form [type=submit]").click()
    # Django writes the first letter of a message large, and an address is written as it is.
    expect(page.locator(".messagelist .success")).to_contain_text(re.compile(r".li\.na\."))
    fits(second, "confirmed")
    second.go(f"{at}end-superuser/")
    fits(second, "end")


def test_locked_out(visit: Visitor, colleague: User, now: datetime) -> None:
    then = now - timedelta(hours=1)
    second_factor.enrol_second_factor(
        colleague, SECRET, totp.code_of_step(SECRET, totp.step_at(then)), None, then
    )
    visitor = visit(**PHONE)
    page = visitor.go("/console/")
    type_password(page, colleague)
    for _ in range(6):
        type_code(page, "abcdef")
    expect(page.locator(".errornote .says")).to_have_text("验证码错误次数过多")
    fits(visitor, "locked")


def test_without_scripts(visit: Visitor, colleague: User) -> None:
    visitor = visit(java_script_enabled=False, locale="en")
    page = visitor.go("/console/")
    type_password(page, colleague)
    page.locator("summary").click()
    type_code(page, code_now(page.locator(".secret").inner_text().replace("-", "")))
    page.get_by_role("link", name="I have saved them").click()
    page.locator("#user-tools summary").click()
    expect(page.get_by_role("link", name="Two-step verification")).to_be_visible()


def test_resetting_a_colleagues(visit: Visitor, colleague: User, now: datetime) -> None:
    then = now - timedelta(hours=1)
    other = make_user(now, "colleague@zizhi.example", is_staff=True)
    for user in (colleague, other):
        second_factor.enrol_second_factor(
            user, SECRET, totp.code_of_step(SECRET, totp.step_at(then)), None, then
        )
    visitor = visit(locale="en")
    page = visitor.go(f"/console/employers/user/{other.pk}/change/")
    type_password(page, colleague)
    type_code(page, code_now(SECRET))
    page.get_by_role("link", name="Reset two-step verification").click()
    expect(page.get_by_role("button", name="Reset")).to_be_visible()
    fits(visitor, "reset")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".messagelist")).to_contain_text("Two-step verification is reset")
    assert second_factor.second_factor_of(other) is None
