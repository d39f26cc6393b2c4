"""Tests of the second factor of employers' people: set up, asked for, lost, required."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from employers.accounts import api_clients
from employers.models import Member, RecoveryCode, SecondFactor, User
from employers.security import second_factor
from events.core.actor import SYSTEM
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.employers.security.staff_sign_in import Clock, code_at, enrolled, secret_on, wrong_at
from tests.factories import (
    PASSWORD,
    make_api_client,
    make_employer,
    make_link,
    make_member,
    make_reviewer,
    sign_in,
)

pytestmark = pytest.mark.django_db
PAGE, STEP, SIGN_IN = "/account/second-factor/", "/sign-in/second-factor/", "/sign-in/"


def password(browser: Client, member: Member, **more: str) -> Any:
    entry = {"username": member.user.email, "password": PASSWORD, **more}
    return browser.post(SIGN_IN, entry)


def stranger() -> Client:
    return Client(headers={"accept-language": "en"})


def is_in(browser: Client) -> bool:
    return bool(browser.get("/team/").status_code == 200)


def set_up(browser: Client, clock: Clock) -> list[str]:
    """Set a factor up as a person does, and return the recovery codes."""
    secret = secret_on(browser.get(PAGE).content.decode())
    sent = {"code": code_at(clock.now, secret), "current_password": PASSWORD}
    page = browser.post(PAGE, sent)
    assert page.status_code == 200, page
    return re.findall(r"<li>([a-z2-9]{4}(?:-[a-z2-9]{4}){5})</li>", page.content.decode())


# --- Setting up -----------------------------------------------------------------------------------


def test_it_is_set_up_with_password_and_code_and_other_sessions_end(
    mine: Client, member: Member, clock: Clock
) -> None:
    other = stranger()
    password(other, member)
    assert is_in(other)
    assert len(set_up(mine, clock)) == second_factor.RECOVERY_CODES
    assert is_in(mine) and not is_in(other)
    assert Event.objects.get(verb="enrol_second_factor").role == "owner"
    mail = Mail.objects.get()
    assert (mail.to, mail.template, mail.context["what"]) == (
        member.user.email,
        "second_factor",
        "set_up",
    )
    assert "for your account" in mail_message(mail, "https://s.example", clock.now).body


@pytest.mark.parametrize("wrong", ["code", "current_password"])
def test_it_is_not_set_up_with_one_of_them(
    mine: Client, member: Member, clock: Clock, wrong: str
) -> None:
    secret = secret_on(mine.get(PAGE).content.decode())
    sent = {"code": code_at(clock.now, secret), "current_password": PASSWORD, wrong: "123456"}
    assert mine.post(PAGE, sent).status_code == 422
    assert not SecondFactor.objects.exists()
    assert secret_on(mine.get(PAGE).content.decode()) == secret, "the scanned code stays valid"


def test_an_unconfirmed_address_comes_first(clock: Clock) -> None:
    member = make_member(clock.now, email_verified_at=None)
    page = sign_in(member.user).get(PAGE).content.decode()
    assert "Confirm your email address first" in page and "QR code" not in page


# --- Signing in -----------------------------------------------------------------------------------


@pytest.fixture
def codes(member: Member, now: datetime) -> list[str]:
    """Recovery codes of a factor that was set up some time ago."""
    return enrolled(member.user, now)[1]


def test_the_password_alone_opens_nothing(member: Member, clock: Clock, codes: list[str]) -> None:
    browser = stranger()
    assert password(browser, member)["Location"] == STEP
    assert "_auth_user_id" not in browser.session
    for path in ("/case/", "/team/", "/account/", PAGE):
        assert browser.get(path)["Location"].startswith(SIGN_IN)
    assert browser.post(STEP, {"code": wrong_at(clock.now)}).status_code == 422
    assert not is_in(browser)
    assert browser.post(STEP, {"code": code_at(clock.now)})["Location"] == "/case/"
    assert is_in(browser)


def test_a_code_is_accepted_once(member: Member, clock: Clock, codes: list[str]) -> None:
    for answer in (302, 422):
        browser = stranger()
        password(browser, member)
        assert browser.post(STEP, {"code": code_at(clock.now)}).status_code == answer


def test_the_way_on_is_kept(member: Member, clock: Clock, codes: list[str]) -> None:
    browser = stranger()
    password(browser, member, next="/team/")
    assert browser.post(STEP, {"code": code_at(clock.now)})["Location"] == "/team/"


def test_the_step_needs_a_fresh_password(member: Member, clock: Clock, codes: list[str]) -> None:
    assert stranger().post(STEP, {"code": code_at(clock.now)})["Location"] == SIGN_IN
    late, changed = stranger(), stranger()
    password(late, member)
    clock.forward(minutes=6)
    assert late.post(STEP, {"code": code_at(clock.now)})["Location"] == SIGN_IN
    password(changed, member)
    member.user.set_password("another sentence nobody knows")
    member.user.save()
    assert changed.post(STEP, {"code": code_at(clock.now)})["Location"] == SIGN_IN


def test_no_other_door_leads_past_it(member: Member, clock: Clock, codes: list[str]) -> None:
    """Registering again with the same password signs in, and a new password does not."""
    browser = stranger()
    member.user.email_verified_at = None
    member.user.save()
    again = {
        "email": member.user.email,
        "password": PASSWORD,
        "company": "云溪市示例科技有限公司",
        "uscc": member.employer.uscc,
        "account_class": "direct_employer",
    }
    assert browser.post("/register/", again)["Location"] == STEP
    assert not is_in(browser)


def test_many_wrong_codes_lock_and_are_told(member: Member, clock: Clock, codes: list[str]) -> None:
    browser = stranger()
    password(browser, member)
    answers = [browser.post(STEP, {"code": wrong_at(clock.now)}).status_code for _ in range(6)]
    assert answers == [422] * 4 + [429] * 2
    assert browser.post(STEP, {"code": code_at(clock.now)}).status_code == 429
    mail = Mail.objects.latest("pk")
    assert mail.template == "code_locked"
    assert "console" not in mail_message(mail, "https://s.example", clock.now).body


# --- Lost, renewed, turned off --------------------------------------------------------------------


def test_a_recovery_code_signs_in_once_and_is_told(
    member: Member, clock: Clock, codes: list[str]
) -> None:
    for answer in (302, 422):
        browser = stranger()
        password(browser, member)
        assert browser.post(f"{STEP}?recovery", {"code": codes[0]}).status_code == answer
    assert "9 codes left" in mail_message(Mail.objects.latest("pk"), "", clock.now).body


@pytest.mark.parametrize("by", ["app", "recovery code"])
def test_it_is_turned_off_with_password_and_code(
    mine: Client, member: Member, clock: Clock, codes: list[str], by: str
) -> None:
    code = code_at(clock.now) if by == "app" else codes[0]
    sent = {"code": code, "current_password": PASSWORD, "turn-off": "1"}
    assert mine.post(PAGE, sent | {"code": wrong_at(clock.now)}).status_code == 422
    assert mine.post(PAGE, sent | {"current_password": "wrong"}).status_code == 422
    assert SecondFactor.objects.exists()
    assert mine.post(PAGE, sent)["Location"] == "/account/"
    assert not SecondFactor.objects.exists() and not RecoveryCode.objects.exists()
    assert Mail.objects.latest("pk").context["what"] == "turned_off"
    assert password(stranger(), member)["Location"] == "/case/"


def test_new_recovery_codes_replace_the_old_ones(
    mine: Client, member: Member, clock: Clock, codes: list[str]
) -> None:
    sent = {"code": code_at(clock.now), "current_password": PASSWORD, "renew": "1"}
    new = re.findall(
        r"<li>([a-z2-9]{4}(?:-[a-z2-9]{4}){5})</li>", mine.post(PAGE, sent).content.decode()
    )
    assert len(new) == second_factor.RECOVERY_CODES
    for code, answer in ((codes[0], 422), (new[0], 302)):
        browser = stranger()
        password(browser, member)
        assert browser.post(f"{STEP}?recovery", {"code": code}).status_code == answer


def test_an_owner_resets_a_colleagues_and_tells_them(
    mine: Client, member: Member, clock: Clock
) -> None:
    colleague = make_member(clock.now, member.employer, role="recruiter", language="en")
    theirs = sign_in(colleague.user)
    set_up(theirs, clock)
    assert "Reset two-step verification" in mine.get("/team/").content.decode()
    path = f"/team/{colleague.pk}/reset-factor/"
    assert mine.post(path)["Location"] == "/team/"
    assert second_factor.second_factor_of(colleague.user), "an open session is not enough"
    assert mine.post(path, {"current_password": PASSWORD})["Location"] == "/team/"
    assert not SecondFactor.objects.exists() and not is_in(theirs)
    event = Event.objects.get(verb="reset_second_factor")
    assert (event.role, event.actor_id) == ("owner", str(member.user_id))
    told = mail_message(Mail.objects.latest("pk"), "https://s.example", clock.now)
    assert told.to == [colleague.user.email] and member.user.email in told.body
    assert password(stranger(), colleague)["Location"] == "/case/"


@pytest.mark.parametrize("who", ["recruiter", "owner elsewhere", "oneself", "former owner"])
def test_nobody_else_resets_it(member: Member, clock: Clock, codes: list[str], who: str) -> None:
    elsewhere = make_employer(clock.now)
    by = {
        "recruiter": lambda: make_member(clock.now, member.employer, role="recruiter"),
        "owner elsewhere": lambda: make_member(clock.now, elsewhere),
        "oneself": lambda: member,
        "former owner": lambda: make_member(clock.now, member.employer),
    }[who]()
    browser = sign_in(by.user)
    if who == "former owner":
        Member.objects.filter(pk=by.pk).update(left_at=clock.now)
    browser.post(f"/team/{member.pk}/reset-factor/", {"current_password": PASSWORD})
    assert second_factor.second_factor_of(member.user) is not None


def test_an_only_owner_is_helped_on_the_server(
    mine: Client, member: Member, codes: list[str]
) -> None:
    assert is_in(mine)
    call_command("reset_second_factor", member.user.email)
    assert second_factor.second_factor_of(member.user) is None and not is_in(mine)


def test_who_takes_an_unconfirmed_account_back_is_not_locked_out(
    member: Member, clock: Clock, codes: list[str]
) -> None:
    member.user.email_verified_at = None
    member.user.save()
    browser = stranger()
    browser.post("/password/", {"email": member.user.email})
    path = "/password/" + Mail.objects.latest("pk").context["link"].partition("/password/")[2]
    page = browser.get(path, follow=True)
    new = {"password": PASSWORD + "!"}
    assert browser.post(page.redirect_chain[-1][0], new).status_code == 302
    assert second_factor.second_factor_of(member.user) is None


# --- Required by the platform ---------------------------------------------------------------------


def required(now: datetime, **of_member: Any) -> Member:
    platform, _ = make_api_client(now)
    api_clients.require_second_factor(platform, True, SYSTEM, now)
    return make_member(now, make_employer(now, platform=platform), **of_member)


def test_who_lacks_it_is_led_to_set_it_up_and_then_goes_on(clock: Clock) -> None:
    member = required(clock.now)
    browser = sign_in(member.user)
    for path in ("/case/", "/team/", "/case/declare/", "/account/sessions/"):
        assert browser.get(path)["Location"] == PAGE
    fragment = browser.get("/case/status/", headers={"HX-Request": "true"})
    assert fragment.headers.get("HX-Refresh") == "true"
    assert "a platform requires this" in browser.get(PAGE).content.decode()
    assert browser.get("/account/").status_code == 200
    set_up(browser, clock)
    assert is_in(browser)


def test_who_cannot_set_it_up_yet_is_told_why(clock: Clock) -> None:
    browser = sign_in(required(clock.now, email_verified_at=None).user)
    page = browser.get("/case/", follow=True).content.decode()
    assert "Confirm your email address first" in page and "/account/email/" in page
    assert browser.get("/account/email/").status_code == 200


def test_a_platform_that_a_recruiter_linked_may_require_it_too(clock: Clock) -> None:
    member = make_member(clock.now)
    platform, _ = make_api_client(clock.now)
    link = make_link(member, platform.pk, clock.now)
    assert is_in(sign_in(member.user))
    api_clients.require_second_factor(platform, True, SYSTEM, clock.now)
    assert not is_in(sign_in(member.user))
    page = sign_in(member.user).get("/account/second-factor/", follow=True).content.decode()
    assert f"{platform.name} requires this" in page
    type(link).objects.update(ended_at=clock.now)
    assert is_in(sign_in(member.user))


def test_the_requirement_is_an_event_and_ends(clock: Clock) -> None:
    member = required(clock.now)
    platform = member.employer.platform
    assert platform is not None
    for wanted in (False, False, True):
        api_clients.require_second_factor(platform, wanted, SYSTEM, clock.now)
    said = Event.objects.filter(verb="require_second_factor").order_by("pk")
    assert [event.data["required"] for event in said] == [True, False, True]
    api_clients.require_second_factor(platform, False, SYSTEM, clock.now)
    assert is_in(sign_in(member.user))


def test_staff_set_it_in_the_console(clock: Clock, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    platform, _ = make_api_client(clock.now)
    page = f"/console/employers/apiclient/{platform.pk}/second-factor/"
    console = sign_in(make_reviewer(clock.now))
    assert "Recruiters need two-step verification" in console.get(page).content.decode()
    assert console.post(page, {"second_factor_required": "on"}).status_code == 302
    platform.refresh_from_db()
    assert platform.second_factor_required
    assert sign_in(make_member(clock.now).user).get(page).status_code == 302
    assert User.objects.filter(pk=Event.objects.latest("pk").actor_id, is_staff=True).exists()
