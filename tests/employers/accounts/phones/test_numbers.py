"""Tests of whose number is proven, and of what an account without address and password does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.relays import callers
from employers.accounts.membership import give_phone
from employers.accounts.phones import numbers
from employers.accounts.phones.reminders import remind_idle_owners
from employers.models import Member, OneTimeCode, User
from employers.notices import NEWS, PROOF, STATUS, tell_user
from employers.security.one_time_codes import Purpose
from events.core.errors import Refused
from events.core.sealing import blind_index, unseal_text
from events.delivery import sms as delivery
from events.models import Event, Mail, Sms
from events.sms.texts import TEXTS
from tests.employers.accounts.phone_codes import (
    NUMBER,
    OTHER,
    again,
    by_phone_alone,
    code_to,
    messages,
    with_number,
)
from tests.factories import (
    PASSWORD,
    make_api_client,
    make_case,
    make_employer,
    make_member,
    sign_in,
)
from tests.keys import rekey_all, rotate
from verification.rules.states import State

pytestmark = pytest.mark.django_db
PAGE, CONFIRM = "/account/phone/", "/account/confirm/"
ASKER = numbers.Asker("a session")


def prove(member: Member, number: str, now: datetime) -> User:
    numbers.send_code(Purpose.OWN_PHONE, number, "en", ASKER, now)
    return numbers.prove_number(member, number, code_to(number), ASKER, now)


# --- Whose number it is ---------------------------------------------------------------------------


def test_a_number_is_sealed_and_found_and_told(now: datetime) -> None:
    member = make_member(now)
    user = prove(member, NUMBER, now)
    assert User.objects.holder_of_phone(NUMBER) == user and user.phone_verified_at == now
    stored = str(User.objects.filter(pk=user.pk).values().get()) + str(Event.objects.values())
    assert "13800138000" not in stored
    assert Mail.objects.get().template == "phone_changed"
    prove(member, NUMBER, now + timedelta(minutes=1))
    assert Mail.objects.count() == 1, "the same number once more is no news"


@pytest.mark.parametrize("page", ["/account/", "/case/"])
def test_who_has_no_address_is_told_that_candidates_need_one(page: str) -> None:
    now = timezone.now()
    owner = by_phone_alone(now, employer=make_employer(now, confirmed_at=now))
    make_case(owner, now, State.APPROVED)
    words = "Add an email address to your account"
    assert words in sign_in(owner.user).get(page, follow=True).content.decode()
    colleague = make_member(now, owner.employer)
    assert words not in sign_in(owner.user).get(page, follow=True).content.decode()
    assert words not in sign_in(colleague.user).get(page, follow=True).content.decode()


def test_who_proves_a_number_takes_it_from_an_account_with_another_way_in(now: datetime) -> None:
    before, member = with_number(make_member(now), now), make_member(now)
    prove(member, NUMBER, now)
    assert (again(before.user).phone, again(before.user).phone_index) == ("", "")
    assert Mail.objects.get(template="phone_lost").to == before.user.email
    assert Event.objects.get(verb="lose_phone").employer_id == before.employer_id


def test_an_account_does_not_lose_its_only_way_in_while_the_number_is_used(now: datetime) -> None:
    before, member = by_phone_alone(now), make_member(now)
    with pytest.raises(Refused, match="phone_taken"):
        prove(member, NUMBER, now + numbers.STALE_AFTER)
    assert again(before.user).phone_index and not again(member.user).phone_index
    prove(member, NUMBER, now + numbers.STALE_AFTER + timedelta(minutes=2))
    assert not again(before.user).phone_index, "a carrier may have sold it again by now"


def test_an_account_without_a_company_yields_its_number(now: datetime) -> None:
    empty, member = numbers.open_account(NUMBER, "en", now), make_member(now)
    browser = sign_in(empty)
    prove(member, NUMBER, now)
    assert again(member.user).phone_index and not again(empty).phone_index
    assert browser.get("/account/").status_code == 403, "it has no way in any more"


def test_who_lost_a_number_takes_it_back_within_a_month(now: datetime) -> None:
    owner, thief = with_number(make_member(now), now), by_phone_alone(now, OTHER)
    prove(thief, NUMBER, now)
    prove(owner, NUMBER, now + timedelta(days=29))
    assert again(owner.user).phone_index and not again(thief.user).phone_index


def test_later_the_number_is_whose_only_way_in_it_is(now: datetime) -> None:
    owner, other = with_number(make_member(now), now), by_phone_alone(now, OTHER)
    prove(other, NUMBER, now)
    with pytest.raises(Refused, match="phone_taken"):
        prove(owner, NUMBER, now + timedelta(days=31))


def test_staff_have_no_proven_number(now: datetime) -> None:
    with pytest.raises(Refused, match="not_allowed"):
        numbers.take_number(make_member(now, is_staff=True).user, NUMBER, now)


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_number_is_found_during_and_after_a_change_of_keys(
    now: datetime, settings: Any, is_moved: bool
) -> None:
    member = with_number(make_member(now), now)
    rotate(settings)
    if is_moved:
        rekey_all()
    assert User.objects.holder_of_phone(NUMBER) == member.user
    other = make_member(now)
    prove(other, NUMBER, now)
    assert User.objects.holder_of_phone(NUMBER) == other.user
    rekey_all()
    assert not again(member.user).phone_index


# --- Calls ----------------------------------------------------------------------------------------


def test_only_a_proven_number_may_call(now: datetime) -> None:
    member = make_member(now)
    give_phone(member, NUMBER, member.as_actor(), now)
    assert callers.callers_of(member.employer_id) == []
    prove(member, NUMBER, now)
    assert callers.callers_of(member.employer_id) == [member]


def test_a_platform_vouches_and_its_word_is_recorded(now: datetime) -> None:
    member, platform = make_member(now), make_api_client(now)[0]
    give_phone(member, NUMBER, platform.as_actor(), now)
    assert callers.callers_of(member.employer_id) == []
    give_phone(member, NUMBER, platform.as_actor(), now, vouched=True)
    assert callers.callers_of(member.employer_id) == [member]
    assert [event.data["vouched"] for event in Event.objects.filter(verb="set_phone")] == [
        False,
        True,
    ]
    assert not again(member.user).phone_index, "it does not sign in"


def test_a_platform_does_not_replace_a_number_that_its_owner_proved(now: datetime) -> None:
    member = with_number(make_member(now), now)
    platform = make_api_client(now)[0]
    for number in (OTHER, ""):
        with pytest.raises(Refused, match="phone_proven"):
            give_phone(member, number, platform.as_actor(), now, vouched=True)
    give_phone(member, NUMBER, platform.as_actor(), now)
    assert again(member.user).phone_index


def test_who_is_added_again_proves_the_number_again(now: datetime) -> None:
    member = by_phone_alone(now)
    assert callers.callers_of(member.employer_id) == [member], "without an address too"
    numbers.forget_number(member.user)
    assert callers.callers_of(member.employer_id) == []


# --- Being told -----------------------------------------------------------------------------------


def test_who_has_no_address_is_told_by_a_message(now: datetime) -> None:
    member = by_phone_alone(now, language="zh-hans")
    tell_user(member.user, "password_changed", {"path": "/password/"}, now)
    assert not Mail.objects.exists()
    assert messages() == [("account_notice", {"what": "你的密码已修改", "path": "password/"})]


def deliver(now: datetime) -> list[str]:
    """Send what is due. Return the statuses and subjects that are sent, in order."""
    told = []
    for row in Sms.objects.due(now).order_by("due_at"):
        filled = row_params(row)
        if delivery.send_sms(row.pk, now):
            told.append(filled.get("status") or filled["what"])
    return told


def row_params(row: Sms) -> dict[str, str]:
    params: dict[str, str] = json.loads(unseal_text(row.content_sealed, row.content_purpose))[1]
    return params


def test_news_of_one_minute_all_reach_the_phone(now: datetime) -> None:
    member = by_phone_alone(now, "+8613700137001", language="zh-hans")
    tell_user(member.user, "proof_ended", {"proven": True, "company": "某某公司"}, now)
    tell_user(member.user, "case_submit", {"name": "某某公司"}, now)
    tell_user(member.user, "case_approve", {"name": "某某公司"}, now + timedelta(seconds=20))
    assert deliver(now) == ["授权已证明"]
    later = now + timedelta(seconds=61)
    assert deliver(later) == ["已通过"], "which replaces that it was submitted"
    assert deliver(later) == [] and not Sms.objects.filter(finished_at=None).exists()
    assert Sms.objects.get(handed_at=later).cost > 0, "counted when it is sent"


def test_held_news_neither_stops_a_code_nor_goes_before_its_time(now: datetime) -> None:
    number = "+8613700137002"
    member = by_phone_alone(now, number)
    for template in ("proof_ended", "case_approve", "relay_ended"):
        tell_user(member.user, template, {}, now)
    minute = timedelta(seconds=61)
    numbers.send_code(Purpose.ENTER, number, "en", numbers.Asker("a browser"), now + minute)
    assert deliver(now) == ["授权未证明"]
    later = now + minute + timedelta(seconds=1)
    codes = Sms.objects.filter(template="verification_code")
    assert delivery.send_sms(codes.get().pk, later)
    assert deliver(later) == [], "the code was the message of this minute"
    told = [each for step in range(1, 6) for each in deliver(later + step * minute)]
    assert len(told) == 2, "one in a minute, and none is lost"


def test_a_warning_does_not_wait_for_a_minute(now: datetime) -> None:
    member = by_phone_alone(now, "+8613700137003", language="zh-hans")
    tell_user(member.user, "case_submit", {}, now)
    tell_user(member.user, "password_changed", {"path": "/password/"}, now)
    assert Sms.objects.due(now).count() == 2 and not Sms.objects.exclude(held_as="").exists()
    assert len(deliver(now)) == 1, "the provider has a quota of its own"
    assert len(deliver(now + timedelta(seconds=61))) == 1, "so the other is tried again"


def test_what_could_not_be_sent_in_a_day_is_given_up_for_all_to_see(now: datetime) -> None:
    member = by_phone_alone(now)
    for _ in range(2):
        tell_user(member.user, "case_submit", {}, now)
    delivery.send_sms(Sms.objects.get(held_as="case").pk, now + timedelta(days=1))
    late = Sms.objects.get(held_as="case")
    assert (late.outcome, late.cost) == ("late", 0)


def test_each_status_is_short_and_names_nobody() -> None:
    for text in (*STATUS.values(), *PROOF.values(), NEWS):
        assert len(text.zh) <= 10 and len(text.en) <= 20
    said = TEXTS["case_notice"].text
    assert "company}" not in said.zh + said.en and "本人" not in said.zh


@pytest.fixture
def sms(settings: Any) -> None:
    settings.SMS_PROVIDER = "simulator"


def test_an_owner_without_an_address_is_reminded_once_before_the_number_is_stale(
    now: datetime, sms: None
) -> None:
    idle, _recruiter = by_phone_alone(now), by_phone_alone(now, OTHER, role="recruiter")
    with_number(make_member(now), now, "+8613700137000")
    for days, reminded in ((59, 0), (60, 1), (61, 0), (90, 0)):
        assert remind_idle_owners(now + timedelta(days=days)) == reminded, days
    ((template, params),) = messages()
    assert (template, params["path"]) == ("account_notice", "account/email/")
    later = now + timedelta(days=89)
    numbers.note_proof(idle.user, later)
    assert remind_idle_owners(later + timedelta(days=60)) == 1, "again after the next long while"


def test_a_reminder_beside_another_message_is_sent_once(now: datetime, sms: None) -> None:
    member, later = by_phone_alone(now), now + timedelta(days=60)
    tell_user(member.user, "password_changed", {"path": "/x/"}, later)
    assert remind_idle_owners(later) == 1, "a warning does not wait"
    assert Sms.objects.count() == 2 and not Sms.objects.exclude(held_as="").exists()
    assert remind_idle_owners(later + timedelta(hours=6)) == 0


def test_who_signs_in_with_a_number_alone_is_asked_for_an_address(
    mine: tuple[Member, Client],
) -> None:
    member, browser = mine
    make_case(member, timezone.now(), State.APPROVED)
    says = "You sign in only with your mobile number"
    english = {"accept-language": "en"}
    alone = browser.get("/case/", headers=english).content.decode()
    assert "Add an email address" in alone and says not in alone, "asked once, for the candidates"
    make_member(timezone.now(), member.employer)
    for page in ("/case/", "/account/"):
        assert says in browser.get(page, headers=english).content.decode()
    User.objects.filter(pk=member.user_id).update(
        email="hr@example.com", email_verified_at=timezone.now()
    )
    for page in ("/case/", "/account/"):
        assert says not in browser.get(page, headers=english).content.decode()


def test_an_address_that_nobody_confirmed_is_told_nothing_of_a_proven_number(now: datetime) -> None:
    member = with_number(make_member(now, email_verified_at=None), now)
    tell_user(member.user, "password_changed", {"path": "/password/"}, now)
    assert not Mail.objects.exists() and len(messages()) == 1


# --- The account's page ---------------------------------------------------------------------------


@pytest.fixture
def mine(now: datetime) -> tuple[Member, Client]:
    """An account without address and password, and a browser that is signed in to it."""
    member = by_phone_alone(timezone.now())
    return member, sign_in(member.user)


def confirm(browser: Client, number: str = NUMBER) -> Any:
    browser.post(CONFIRM, {"send": "1"})
    return browser.post(f"{CONFIRM}?next={PAGE}", {"code": code_to(number)})


@pytest.mark.parametrize(
    "path",
    [
        "/account/phone/",
        "/account/email/",
        "/account/password/",
        "/account/second-factor/",
        "/account/passkeys/add/",
        "/account/delete/",
    ],
)
def test_without_a_password_a_fresh_code_comes_first(
    mine: tuple[Member, Client], path: str
) -> None:
    _member, browser = mine
    assert browser.get(path)["Location"].startswith(f"{CONFIRM}?next=")
    assert browser.post(path, {"delete": "1"})["Location"].startswith(CONFIRM)
    assert confirm(browser)["Location"] == PAGE
    assert "current_password" not in browser.get(path, follow=True).content.decode()


def test_the_code_goes_to_a_confirmed_address_and_not_to_the_number_that_opened_the_session(
    mine: tuple[Member, Client],
) -> None:
    member, browser = mine
    User.objects.filter(pk=member.user_id).update(
        email="hr@example.com", email_verified_at=timezone.now()
    )
    browser.post(CONFIRM, {"send": "1"})
    mail = Mail.objects.get(template="one_time_code")
    assert mail.to == "hr@example.com" and not messages()
    assert browser.post(CONFIRM, {"code": mail.context["code"]}).status_code == 302


def test_a_fresh_code_lasts_ten_minutes_and_for_one_account(
    mine: tuple[Member, Client], now: datetime
) -> None:
    member, browser = mine
    confirm(browser)
    assert browser.get(PAGE).status_code == 200
    session = browser.session
    session["fresh_code"][1] = (timezone.now() - timedelta(minutes=11)).isoformat()
    session.save()
    assert browser.get(PAGE).status_code == 302
    session["fresh_code"] = [str(make_member(now).user_id), timezone.now().isoformat()]
    session.save()
    assert browser.get(PAGE).status_code == 302 and member


def test_a_code_that_signs_in_does_not_confirm(mine: tuple[Member, Client]) -> None:
    _member, browser = mine
    visitor = Client()
    visitor.post("/sign-in/phone/", {"phone": NUMBER, "send": "1"})
    assert browser.post(CONFIRM, {"code": code_to()}).status_code == 422


def test_the_number_is_changed_with_a_code_to_each(mine: tuple[Member, Client]) -> None:
    member, browser = mine
    confirm(browser)
    browser.post(PAGE, {"phone": OTHER, "send": "1"})
    assert browser.post(PAGE, {"phone": OTHER, "code": code_to(OTHER)})["Location"] == "/account/"
    assert again(member.user).phone == OTHER
    told = Sms.objects.get(template="account_notice")
    assert told.number_index == blind_index(NUMBER, delivery.PURPOSES["number"]), "until now"
    assert not told.held_as, "within the minute of the code too"


def test_the_only_way_in_is_not_deleted(mine: tuple[Member, Client]) -> None:
    member, browser = mine
    confirm(browser)
    assert browser.post(PAGE, {"delete": "1"}).status_code == 422
    assert again(member.user).phone_index


def test_a_code_for_another_number_proves_nothing(mine: tuple[Member, Client]) -> None:
    member, browser = mine
    confirm(browser)
    browser.post(PAGE, {"phone": OTHER, "send": "1"})
    third = "13700137000"
    assert browser.post(PAGE, {"phone": third, "code": code_to(OTHER)}).status_code == 422
    assert again(member.user).phone == NUMBER


def test_a_stolen_session_does_not_change_the_number_without_the_password(now: datetime) -> None:
    member = with_number(make_member(timezone.now()), timezone.now())
    browser = sign_in(member.user)
    browser.post(PAGE, {"phone": OTHER, "send": "1"})
    for password in ("", "wrong"):
        typed = {"phone": OTHER, "code": code_to(OTHER), "current_password": password}
        assert browser.post(PAGE, typed).status_code == 422
    assert again(member.user).phone == NUMBER
    typed["current_password"] = PASSWORD
    assert browser.post(PAGE, typed).status_code == 302 and again(member.user).phone == OTHER


def test_a_password_needs_an_address(mine: tuple[Member, Client]) -> None:
    member, browser = mine
    confirm(browser)
    new = {"password": "another sentence that nobody knows"}
    assert "Add an email address" in browser.post("/account/password/", new).content.decode()
    assert not again(member.user).has_usable_password()
    User.objects.filter(pk=member.user_id).update(
        email="hr@example.com", email_verified_at=timezone.now()
    )
    assert browser.post("/account/password/", new)["Location"] == "/account/"
    assert again(member.user).check_password(new["password"])


def test_an_owner_without_password_removes_another_after_a_code(
    mine: tuple[Member, Client], now: datetime
) -> None:
    member, browser = mine
    path = f"/team/{make_member(now, member.employer).pk}/remove/"
    assert browser.post(path)["Location"] == f"{CONFIRM}?next=%2Fteam%2F"
    confirm(browser)
    assert browser.post(path)["Location"] == "/team/"
    assert Member.objects.active().count() == 1


def test_no_mail_goes_to_an_account_without_address(mine: tuple[Member, Client]) -> None:
    _member, browser = mine
    for answer in (browser.post("/verify-email/resend/"), browser.get("/register/address/")):
        assert answer["Location"] == "/case/"
    assert not Mail.objects.exists()


def test_an_owner_without_password_makes_another_owner(
    mine: tuple[Member, Client], now: datetime
) -> None:
    member, browser = mine
    colleague = make_member(now, member.employer, role="recruiter")
    path = f"/team/{colleague.pk}/make-owner/"
    assert browser.post(path)["Location"] == f"{CONFIRM}?next=%2Fteam%2F"
    assert not Member.objects.filter(pk=colleague.pk, role="owner").exists()
    confirm(browser)
    browser.post(path)
    assert Member.objects.filter(pk=colleague.pk, role="owner").exists()


def test_the_reader_of_an_address_gets_no_link_to_an_account_with_a_proven_number(
    now: datetime,
) -> None:
    member = with_number(make_member(now, email_verified_at=None), now)
    Client().post("/password/", {"email": member.user.email})
    assert Mail.objects.get().template == "no_account"
    OneTimeCode.objects.all().delete()


def test_the_case_of_an_account_by_phone_names_its_number_not_an_address(now: datetime) -> None:
    member = by_phone_alone(timezone.now())
    make_case(member, timezone.now())
    page = sign_in(member.user).get("/case/").content.decode()
    assert "Your mobile number" in page and "Your email address" not in page


def test_without_an_address_one_is_added_not_changed(mine: tuple[Member, Client]) -> None:
    _member, browser = mine
    confirm(browser)
    page = browser.get("/account/email/").content.decode()
    assert "Add an email address" in page and "Change your email address" not in page
    assert "present address" not in page
    assert "It needs an email address first." in browser.get("/account/").content.decode()
