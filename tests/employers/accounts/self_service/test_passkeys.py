"""Tests of passkeys: added with the password, used in place of a code, removed, and not forged."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from employers.models import Member, Passkey
from employers.security import second_factor
from events.models import Event, Mail
from tests.employers.security.staff_sign_in import Clock, code_at, enrolled
from tests.factories import PASSWORD, make_member, sign_in
from tests.fakes.authenticator import Authenticator

pytestmark = pytest.mark.django_db
ADD, STEP = "/account/passkeys/add/", "/sign-in/second-factor/"
SITE = "https://zizhi.example"


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.SITE_URL = SITE


@pytest.fixture
def factor(member: Member, clock: Clock) -> None:
    enrolled(member.user, clock.now)


def key() -> Authenticator:
    return Authenticator(SITE, "zizhi.example")


def options_on(page: Any) -> dict[str, Any]:
    found = re.search(r'<script type="application/json">(.*?)</script>', page.content.decode())
    assert found
    options: dict[str, Any] = json.loads(found[1])
    return options


def add(
    browser: Client, own: Authenticator, clock: Clock, password: str = PASSWORD, code: str = ""
) -> Any:
    clock.forward(minutes=1)  # a code is accepted once
    answer = own.create(options_on(browser.get(ADD)))
    sent = {"current_password": password, "code": code or code_at(clock.now)}
    return browser.post(ADD, sent | {"credential": answer})


def at_step(member: Member) -> tuple[Client, dict[str, Any]]:
    browser = Client(headers={"accept-language": "en"})
    browser.post("/sign-in/", {"username": member.user.email, "password": PASSWORD})
    return browser, options_on(browser.get(STEP))


def is_in(browser: Client) -> bool:
    return bool(browser.get("/team/").status_code == 200)


def test_it_is_added_told_and_used_in_place_of_a_code(
    mine: Client, member: Member, clock: Clock, factor: None
) -> None:
    own = key()
    assert add(mine, own, clock)["Location"] == "/account/second-factor/"
    assert Event.objects.get(verb="add_passkey").role == "owner"
    assert Mail.objects.latest("pk").context["what"] == "passkey_added"
    for _ in range(2):
        browser, options = at_step(member)
        assert browser.post(STEP, {"credential": own.get(options)})["Location"] == "/case/"
        assert is_in(browser)
    assert Passkey.objects.get().used_at == clock.now


def test_a_code_still_works(mine: Client, member: Member, clock: Clock, factor: None) -> None:
    add(mine, key(), clock)
    clock.forward(minutes=1)
    browser, _ = at_step(member)
    assert browser.post(STEP, {"code": code_at(clock.now)}).status_code == 302


def test_it_needs_password_and_second_factor(mine: Client, member: Member, clock: Clock) -> None:
    assert mine.get(ADD)["Location"] == "/account/second-factor/"
    enrolled(member.user, clock.now)
    assert add(mine, key(), clock, "wrong").status_code == 422
    for code in ("000000", "nonsense", "https://"):
        assert add(mine, key(), clock, code=code).status_code == 422
    assert not Passkey.objects.exists(), "a stolen session and the password are not enough"


def other_site(own: Authenticator) -> None:
    own.origin = "https://zizhi.example.evil.example"


def other_host(own: Authenticator) -> None:
    own.host = "evil.example"


@pytest.mark.parametrize("wrong", [other_site, other_host])
def test_a_page_of_another_site_gets_nowhere(
    mine: Client, member: Member, clock: Clock, factor: None, wrong: Any
) -> None:
    own = key()
    wrong(own)
    assert add(mine, own, clock).status_code == 422
    assert not Passkey.objects.exists()
    good = key()
    add(mine, good, clock)
    wrong(good)
    browser, options = at_step(member)
    assert browser.post(STEP, {"credential": good.get(options)}).status_code == 200
    assert not is_in(browser)


def test_forged_answers_are_refused(
    mine: Client, member: Member, clock: Clock, factor: None
) -> None:
    own, thief = key(), key()
    add(mine, own, clock)
    thief.id = own.id
    for typed in ("", "{}", "[]", "null", "nonsense", '{"id": 1}', "x" * 30_000):
        browser, _ = at_step(member)
        assert browser.post(STEP, {"credential": typed}).status_code == 200
        assert not is_in(browser)
    browser, options = at_step(member)
    browser.post(STEP, {"credential": thief.get(options)})
    assert not is_in(browser)


def test_an_answer_is_used_once_and_a_copy_is_noticed(
    mine: Client, member: Member, clock: Clock, factor: None
) -> None:
    own = key()
    add(mine, own, clock)
    browser, options = at_step(member)
    answer = own.get(options)
    browser.post(STEP, {"credential": answer})
    replayed, _ = at_step(member)
    replayed.post(STEP, {"credential": answer})
    assert is_in(browser) and not is_in(replayed)
    own.uses = 0  # a copy counts on its own
    copied, options = at_step(member)
    copied.post(STEP, {"credential": own.get(options)})
    assert not is_in(copied)


def test_a_colleagues_passkey_is_not_mine(
    mine: Client, member: Member, clock: Clock, factor: None
) -> None:
    own, theirs = key(), key()
    add(mine, own, clock)
    colleague = make_member(clock.now, member.employer, role="recruiter")
    enrolled(colleague.user, clock.now)
    other = sign_in(colleague.user)
    add(other, theirs, clock)
    theirs_id = Passkey.objects.get(user=colleague.user).pk
    browser, options = at_step(member)
    browser.post(STEP, {"credential": theirs.get(options)})
    assert not is_in(browser)
    mine.post(f"/account/passkeys/{theirs_id}/remove/", {"current_password": PASSWORD})
    assert Passkey.objects.count() == 2
    assert add(other, own, clock).status_code == 422, "a passkey belongs to one account"


def test_a_removed_one_does_not_sign_in(
    mine: Client, member: Member, clock: Clock, factor: None
) -> None:
    own = key()
    add(mine, own, clock)
    browser, options = at_step(member)
    path = f"/account/passkeys/{Passkey.objects.get().pk}/remove/"
    mine.post(path, {"current_password": "wrong"})
    assert Passkey.objects.exists(), "a session left open is not enough"
    typed = {"current_password": PASSWORD}
    assert [mine.post(path, typed).status_code for _ in range(2)] == [302, 302]
    browser.post(STEP, {"credential": own.get(options)})
    assert not is_in(browser)
    assert Event.objects.filter(verb="remove_passkey").count() == 1


def test_one_of_a_thief_goes_when_the_owner_secures_the_account(
    mine: Client, member: Member, clock: Clock, factor: None
) -> None:
    add(mine, key(), clock)
    since = clock.now
    clock.forward(hours=1)
    thiefs = key()
    add(mine, thiefs, clock)
    second_factor.forget_newer(member.user, since)
    assert second_factor.second_factor_of(member.user), "the owner's own factor stays"
    assert Passkey.objects.get().added_at == since


def test_they_go_with_the_factor(mine: Client, member: Member, clock: Clock, factor: None) -> None:
    add(mine, key(), clock)
    second_factor.turn_off(member.user, clock.now)
    assert not Passkey.objects.exists()
