"""Tests of one's own account in a real browser: data, sessions, second factor, losing the phone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from employers.models import Member, SecondFactor, User
from employers.security import totp
from events.models import Mail
from tests.browser.conftest import Visit, Visitor
from tests.browser.test_pages import _screen, is_for_everybody
from tests.employers.security.staff_sign_in import SECRET, enrolled
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db(transaction=True)
NEW_PASSWORD = "三只乌龟 在月台 晒橙汁"
SCREENS = ["phone-zh-light", "desk-en-dark"]


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email="hr@yunxi.example")


def come_in(visitor: Visit, email: str, password: str = PASSWORD) -> Page:
    page = visitor.go("/sign-in/")
    page.locator("[name=username]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("main form button").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in/"))
    return page


def link(template: str) -> str:
    mail = Mail.objects.filter(template=template).latest("pk")
    return str(mail.context["link"].removeprefix(settings.SITE_URL))


@pytest.mark.parametrize("screen", SCREENS)
def test_data_and_sessions(visit: Visitor, screen: str, member: Member) -> None:
    here, other = visit(**_screen(screen)), visit(**_screen("desk-en-dark"))
    come_in(other, member.user.email)
    page = come_in(here, member.user.email)
    page.locator("header a[href='/account/']").click()
    is_for_everybody(here)
    page.locator("a[href='/account/phone/']").click()
    is_for_everybody(here)
    page.locator("[name=phone]").fill("138 0013 8000")
    page.locator("[name=current_password]").fill("not my password")
    page.locator("main form button").first.click()
    expect(page.locator(".field.wrong")).to_have_count(1)
    is_for_everybody(here)
    expect(page.locator("[name=phone]")).to_have_value("138 0013 8000")
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    expect(page.locator("main dl").first).to_contain_text("138****8000")
    page.locator("a[href='/account/sessions/']").click()
    expect(page.locator(".people li")).to_have_count(2)
    is_for_everybody(here)
    page.locator(".people li form button").click()
    expect(page.locator(".people li")).to_have_count(1)
    is_for_everybody(here)
    other.go("/case/")
    expect(other.page).to_have_url(re.compile("/sign-in/"))
    expect(other.page.locator(".notice")).to_be_visible()
    is_for_everybody(other)
    here.go("/account/password/")
    is_for_everybody(here)
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("[name=password]").fill("password2024!")
    page.locator("main form button").click()
    expect(page.locator(".field.wrong")).to_have_count(1)
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("[name=password]").fill(NEW_PASSWORD)
    page.locator("main form button").click()
    expect(page).to_have_url(re.compile("/account/$"))
    come_in(other, member.user.email, NEW_PASSWORD)


@pytest.mark.parametrize("screen", SCREENS)
def test_another_address(visit: Visitor, screen: str, member: Member) -> None:
    here, old_mailbox = visit(**_screen(screen)), visit(**_screen(screen))
    page = come_in(here, member.user.email)
    here.go("/account/email/")
    is_for_everybody(here)
    page.locator("[name=email]").fill("hr@elsewhere.example")
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator(".notice.info")).to_contain_text("hr@elsewhere.example")
    is_for_everybody(here)
    here.go(link("address_confirm"))
    is_for_everybody(here)
    page.locator("main form button").click()
    expect(page.locator("main dl").first).to_contain_text("hr@elsewhere.example")
    stopped = old_mailbox.go(link("address_changed"))
    is_for_everybody(old_mailbox)
    stopped.locator("main form button").click()
    expect(stopped.locator("main h1 + p")).to_contain_text("hr@yunxi.example")
    is_for_everybody(old_mailbox)
    assert User.objects.get(pk=member.user_id).email == "hr@yunxi.example"
    here.go("/account/")
    expect(page).to_have_url(re.compile("/sign-in/"))


@pytest.mark.parametrize("screen", SCREENS)
def test_two_step_verification(visit: Visitor, screen: str, member: Member) -> None:
    here, elsewhere = visit(**_screen(screen)), visit(**_screen(screen))
    page = come_in(here, member.user.email)
    here.go("/account/second-factor/")
    is_for_everybody(here)
    page.locator("summary").click()
    is_for_everybody(here)
    secret = page.locator(".secret").inner_text().replace("-", "")
    used = totp.step_at(datetime.now())
    page.locator("[name=code]").fill(totp.code_of_step(secret, used))
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("main form button").click()
    codes = page.locator(".recovery-codes li")
    expect(codes).to_have_count(10)
    is_for_everybody(here)
    first, second = codes.nth(0).inner_text(), codes.nth(1).inner_text()
    page.locator("main a.button").click()
    is_for_everybody(here)
    step = come_in(elsewhere, member.user.email)
    is_for_everybody(elsewhere)
    step.locator("[name=code]").fill(totp.code_of_step(secret, used))
    step.locator("main form button").click()
    expect(step.locator(".field.wrong")).to_have_count(1)
    is_for_everybody(elsewhere)
    step.locator("a[href='?recovery']").click()
    step.locator("[name=code]").fill(first.upper())
    step.locator("main form button").click()
    expect(step).to_have_url(re.compile("/case/"))
    here.go("/account/second-factor/")
    is_for_everybody(here)
    page.locator("[name=code]").fill(second)
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("[name=turn-off]").click()
    expect(page).to_have_url(re.compile("/account/$"))
    assert not SecondFactor.objects.exists()


@pytest.mark.parametrize("screen", SCREENS)
def test_an_owner_helps_a_colleague(
    visit: Visitor, screen: str, member: Member, now: datetime, settings: Any
) -> None:
    colleague = make_member(now, member.employer, role="recruiter", email="zhou@yunxi.example")
    SecondFactor.objects.create(
        user=colleague.user, secret_sealed="sealed", last_step=0, confirmed_at=now
    )
    owner = visit(**_screen(screen))
    page = come_in(owner, member.user.email)
    owner.go("/team/")
    page.locator(".people details summary").last.click()
    is_for_everybody(owner)
    page.locator("form[action$='reset-factor/'] [name=current_password]").fill(PASSWORD)
    page.locator("form[action$='reset-factor/'] button").click()
    expect(page.locator(".notice")).to_be_visible()
    is_for_everybody(owner)
    assert not SecondFactor.objects.exists()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_passkey(
    visit: Visitor, screen: str, member: Member, now: datetime, settings: Any, live_server: Any
) -> None:
    """Chromium's own virtual authenticator, which speaks WebAuthn as a phone does."""
    settings.SITE_URL = live_server.url
    _, recovery_codes = enrolled(member.user, now)
    here = visit(**_screen(screen))
    devices = here.context.new_cdp_session(here.page)
    devices.send("WebAuthn.enable")
    made = devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page = come_in(here, member.user.email)
    page.locator("[name=code]").fill(totp.code_of_step(SECRET, totp.step_at(datetime.now())))
    page.locator("form:not([hidden]) button.primary").click()
    page.wait_for_url("**/case/**")
    here.go("/account/second-factor/")
    page.locator("a[href='/account/passkeys/add/']").click()
    is_for_everybody(here)
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("[name=code]").fill(recovery_codes[0])  # a code of the app counts once
    page.locator("[data-passkey] button").click()
    expect(page.locator("main .people li")).to_have_count(1)
    is_for_everybody(here)
    page.locator("header form[action='/sign-out/'] button").click()
    page = come_in(here, member.user.email)
    is_for_everybody(here)
    page.locator("[data-passkey] button").click()
    expect(page).to_have_url(re.compile("/case/"))
    page.locator("header form[action='/sign-out/'] button").click()
    devices.send("WebAuthn.setUserVerified", {**made, "isUserVerified": False})
    devices.send("WebAuthn.clearCredentials", made)
    page = come_in(here, member.user.email)
    page.locator("[data-passkey] button").click()
    expect(page.locator("[data-failed]")).to_be_visible()
    is_for_everybody(here)


@pytest.mark.parametrize("screen", SCREENS)
def test_leaving(visit: Visitor, screen: str, member: Member, now: datetime) -> None:
    make_member(now, member.employer, role="recruiter", email="zhou@yunxi.example")
    owner = visit(**_screen(screen))
    page = come_in(owner, member.user.email)
    owner.go("/account/leave/")
    expect(page.locator("[name=current_password]")).to_have_count(0)
    is_for_everybody(owner)
    page.locator("main form a.button").click()
    page.locator(".people details summary").nth(1).click()
    is_for_everybody(owner)
    page.locator("form[action$='make-owner/'] [name=current_password]").fill(PASSWORD)
    page.locator("form[action$='make-owner/'] button").click()
    expect(page.locator(".notice").last).to_be_visible()
    owner.go("/account/")
    page.locator("a[href='/account/delete/']").click()
    is_for_everybody(owner)
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator(".notice")).to_be_visible()
    is_for_everybody(owner)
    assert [each.user.email for each in Member.objects.active()] == ["zhou@yunxi.example"]
