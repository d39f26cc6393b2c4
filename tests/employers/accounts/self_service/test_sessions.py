"""Tests of one's own sessions: listed, limited and ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from employers.models import Member, SignIn
from employers.security import devices, sign_ins
from employers.tasks import sweep_accounts
from events.models import Event
from tests.employers.security.staff_sign_in import Clock
from tests.factories import PASSWORD, make_member, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/account/sessions/"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


def enter(member: Member, agent: str = EDGE, address: str = "203.0.113.7") -> Client:
    browser = Client(headers={"accept-language": "en", "user-agent": agent}, REMOTE_ADDR=address)
    entry = {"username": member.user.email, "password": PASSWORD}
    assert browser.post("/sign-in/", entry).status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return bool(browser.get(PAGE).status_code == 200)


def test_each_browser_is_listed_in_words(member: Member, clock: Clock) -> None:
    enter(member, PHONE, "198.51.100.9")
    clock.forward(minutes=10)
    here = enter(member)
    page = here.get(PAGE).content.decode()
    assert "Edge, Windows computer" in page and "Safari, iPhone" in page
    assert "203.0.113…" in page and "198.51.100…" in page and "198.51.100.9" not in page
    assert page.index("this browser") < page.index("Safari, iPhone")
    row = SignIn.objects.earliest("begun_at")
    assert "198.51" not in row.near_sealed
    keys = Session.objects.values_list("session_key", flat=True)
    assert not any(key in str(row) for row in SignIn.objects.values() for key in keys)


def test_one_is_ended_at_its_next_request(member: Member, clock: Clock) -> None:
    here, other, third = enter(member), enter(member, PHONE), enter(member, PHONE)
    row = SignIn.objects.order_by("begun_at").exclude(pk=here.session[sign_ins.KEY])
    ended = other.session[sign_ins.KEY]
    here.post(f"{PAGE}{ended}/end/")
    assert row.count() == 1
    page = other.get("/account/", follow=True)
    assert page.redirect_chain[0][0].startswith("/sign-in/")
    assert "This session was ended" in page.content.decode()
    assert is_in(here) and is_in(third)
    assert here.post(f"{PAGE}{ended}/end/").status_code == 302, "twice is as good as once"
    assert Event.objects.filter(verb="end_sign_in").count() == 1


def test_all_others_are_ended(member: Member, clock: Clock) -> None:
    here, *others = [enter(member) for _ in range(4)]
    here.post(f"{PAGE}others/end/")
    assert is_in(here) and not any(is_in(other) for other in others)
    assert Event.objects.get(verb="end_sign_ins").data == {"ended": 3}


def test_nobody_ends_anothers(member: Member, clock: Clock) -> None:
    victim = enter(member)
    thief = enter(make_member(clock.now, member.employer, role="recruiter"))
    thief.post(f"{PAGE}{victim.session[sign_ins.KEY]}/end/")
    thief.post(f"{PAGE}others/end/")
    assert is_in(victim)
    assert thief.get(PAGE).content.decode().count("<li>") == 1


def test_a_fragment_of_an_ended_session_reloads_the_page(member: Member, clock: Clock) -> None:
    browser = enter(member)
    SignIn.objects.all().delete()
    answer = browser.get("/case/status/", headers={"HX-Request": "true"})
    assert answer.headers.get("HX-Refresh") == "true"


def test_signing_out_leaves_no_row_and_signing_in_again_makes_one(
    member: Member, clock: Clock
) -> None:
    browser = enter(member)
    browser.post("/sign-out/")
    assert not SignIn.objects.exists()
    enter(member)
    assert SignIn.objects.count() == 1


def test_idle_and_long_sessions_end(member: Member, clock: Clock, settings: Any) -> None:
    idle, busy, polls = enter(member), enter(member), enter(member)
    for _ in range(7):
        clock.forward(minutes=100)
        assert is_in(busy)
        polls.get("/case/status/", headers={"HX-Request": "true"})
    assert not is_in(idle) and not is_in(polls), "an open page that fetches fragments is idle"
    clock.forward(minutes=30)
    page = busy.get(PAGE, follow=True).content.decode()
    assert "your session reached its time limit" in page
    assert "you were inactive" in enter_and_wait(member, clock)


def enter_and_wait(member: Member, clock: Clock) -> str:
    browser = enter(member)
    clock.forward(minutes=120)
    return str(browser.get(PAGE, follow=True).content.decode())


def test_the_limits_are_settings(member: Member, clock: Clock, settings: Any) -> None:
    settings.SESSION_IDLE *= 3
    browser = enter(member)
    clock.forward(hours=5)
    assert is_in(browser)


def test_a_session_from_before_gets_a_row(member: Member, clock: Clock) -> None:
    browser = Client()
    browser.force_login(member.user)
    assert not SignIn.objects.exists()
    assert is_in(browser)
    assert SignIn.objects.get().user == member.user


def test_short_limits_of_recruiters_are_not_those_of_staff(
    member: Member, clock: Clock, settings: Any
) -> None:
    settings.SESSION_LONGEST = settings.SESSION_IDLE = timedelta(hours=1)
    browser = enter(member)
    clock.forward(hours=10)
    sweep_accounts()
    assert SignIn.objects.exists(), "a member of staff may still be in, and people read why"
    assert "your session reached its time limit" in browser.get(PAGE, follow=True).content.decode()


def test_rows_of_sessions_that_are_over_are_deleted(member: Member, clock: Clock) -> None:
    enter(member)
    clock.forward(hours=25)
    sweep_accounts()
    assert not SignIn.objects.exists()


@pytest.mark.parametrize(
    ("agent", "codes"),
    [
        (PHONE, ("safari", "iphone")),
        (EDGE, ("edge", "windows")),
        (PHONE + " MicroMessenger/8.0.40", ("wechat", "iphone")),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("firefox", "linux"),
        ),
        (
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit ArkWeb Mobile HuaweiBrowser/5",
            ("huawei", "harmony"),
        ),
        ("", ("", "")),
        ("<script>" * 5000, ("", "")),
    ],
)
def test_devices(agent: str, codes: tuple[str, str]) -> None:
    assert devices.named_in(agent) == codes
    assert devices.in_words(*codes)


def test_two_of_a_user_are_told_apart_after_a_link_and_a_password(
    member: Member, clock: Clock
) -> None:
    browser = enter(member)
    first = browser.session[sign_ins.KEY]
    sign_in(member.user)
    clock.forward(hours=1)
    browser.post("/sign-out/")
    entry = {"username": member.user.email, "password": PASSWORD}
    browser.post("/sign-in/", entry)
    assert browser.session[sign_ins.KEY] != first
    assert not SignIn.objects.filter(pk=first).exists()
