"""Tests of signing in with a number and a code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client
from django.utils import timezone

from employers.accounts import membership
from employers.accounts.membership import give_phone
from employers.accounts.phones import numbers
from employers.models import PHONE_PURPOSE, OneTimeCode, SignIn, User
from employers.security import second_factor, throttle, totp
from employers.security.one_time_codes import Purpose
from events.core.sealing import blind_index
from events.models import Event, Mail, Sms
from tests.employers.accounts.phone_codes import (
    NUMBER,
    OTHER,
    again,
    by_phone_alone,
    code_to,
    messages,
    with_number,
)
from tests.factories import PASSWORD, make_member, make_reviewer

pytestmark = pytest.mark.django_db
PAGE, STALE = "/sign-in/phone/", "/sign-in/phone/confirm/"


def browser(**more: Any) -> Client:
    return Client(headers={"accept-language": "en"}, **more)


def ask(visitor: Client, number: str = NUMBER) -> Any:
    return visitor.post(PAGE, {"phone": number, "send": "1"}, follow=True)


def enter(visitor: Client, code: str, number: str = NUMBER, **more: str) -> Any:
    return visitor.post(PAGE, {"phone": number, "code": code, **more})


def come_in(visitor: Client, number: str = NUMBER, **more: str) -> Any:
    ask(visitor, number)
    return enter(visitor, code_to(number), number, **more)


def who(visitor: Client) -> User:
    """Return who is signed in."""
    return User.objects.get(pk=visitor.session["_auth_user_id"])


def is_in(visitor: Client) -> bool:
    return "_auth_user_id" in visitor.session


@pytest.fixture(autouse=True)
def afresh(settings: Any) -> None:
    settings.SMS_PROVIDER = "simulator"


def test_a_number_and_its_code_sign_in() -> None:
    member = by_phone_alone(timezone.now() - timedelta(days=30))
    visitor = browser()
    page = ask(visitor, "138 0013 8000").content.decode()
    assert 'value="138 0013 8000"' in page and "data-wait" in page
    answer = enter(visitor, f" {code_to()[:3]} {code_to()[3:]}", "138-0013-8000", next="/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert visitor.get("/account/").status_code == 200
    assert SignIn.objects.get().user == member.user
    verified_at = again(member.user).phone_verified_at
    assert verified_at and timezone.now() - verified_at < timedelta(minutes=1)


@pytest.mark.parametrize("path", [PAGE, "/register/phone/"])
def test_loading_the_page_again_sends_nothing_and_keeps_the_number(path: str) -> None:
    visitor = browser()
    answer = visitor.post(f"{path}?next=/team/", {"phone": NUMBER, "send": "1"})
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, path)
    for _ in range(2):
        page = visitor.get(answer["Location"]).content.decode()
        assert f'value="{NUMBER}"' in page and "data-wait" in page
    assert "next=%2Fteam%2F" in answer["Location"] and Sms.objects.count() == 1
    assert "13800138000" not in str(dict(visitor.session)), "sealed"
    assert NUMBER not in browser().get(path).content.decode()


def test_a_wait_is_told_in_seconds_beside_the_code() -> None:
    visitor = browser()
    ask(visitor)
    answer = ask(visitor)
    page = answer.content.decode()
    assert "You can get a new code in" in page and "There is a problem" not in page
    assert "Try again after" not in page and f'value="{NUMBER}"' in page


def test_the_session_is_another_one_than_before() -> None:
    by_phone_alone(timezone.now())
    visitor = browser()
    ask(visitor)
    before = visitor.session.session_key
    enter(visitor, code_to())
    assert is_in(visitor) and visitor.session.session_key != before


def test_a_redirect_leads_to_no_other_site() -> None:
    by_phone_alone(timezone.now())
    assert come_in(browser(), next="https://evil.example/")["Location"] == "/case/"


def test_a_wrong_code_keeps_the_number_and_signs_nobody_in() -> None:
    by_phone_alone(timezone.now())
    visitor = browser()
    ask(visitor)
    wrong = f"{(int(code_to()) + 1) % 10**6:06d}"
    answer = enter(visitor, wrong)
    assert answer.status_code == 422 and f'value="{NUMBER}"' in answer.content.decode()
    assert "Attempts left: <b>4</b>" in answer.content.decode() and not is_in(visitor)


def test_a_code_signs_in_only_the_browser_that_asked_for_it() -> None:
    by_phone_alone(timezone.now())
    ask(browser())
    thief = browser()
    assert enter(thief, code_to()).status_code == 422 and not is_in(thief)


def test_a_code_for_another_purpose_does_not_sign_in() -> None:
    by_phone_alone(timezone.now())
    visitor = browser()
    visitor.post(PAGE, {"phone": "1", "send": "1"})  # names the browser
    asker = numbers.Asker(f"browser {visitor.session['code_holder']}")
    numbers.send_code(Purpose.OWN_PHONE, NUMBER, "en", asker, timezone.now())
    assert enter(visitor, code_to()).status_code == 422 and not is_in(visitor)


def test_the_page_does_not_tell_whether_a_number_has_an_account() -> None:
    by_phone_alone(timezone.now())
    pages = [ask(browser(), number) for number in (NUMBER, OTHER)]
    texts = [
        page.content.decode().replace(number, "").split("csrfmiddlewaretoken")
        for page, number in zip(pages, (NUMBER, OTHER), strict=True)
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert [len(text) for text in texts[0]] == [len(text) for text in texts[1]]
    assert len(messages(NUMBER)) == len(messages(OTHER)) == 1


def guess(thief: Client, last: int) -> int:
    """Ask for a code to one of many numbers, and type a wrong one."""
    number = f"+86138001390{last:02d}"
    ask(thief, number)
    wrong = f"{(int(code_to(number)) + 1) % 10**6:06d}"
    status: int = enter(thief, wrong, number).status_code
    Sms.objects.all().delete()
    return status


def test_guesses_over_many_numbers_are_counted_by_browser() -> None:
    thief = browser()
    answers = [guess(thief, last) for last in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert come_in(browser()).status_code == 302


def test_guesses_of_many_browsers_are_counted_by_network(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = throttle.Limit("typed-code-network", 3)
    monkeypatch.setattr(throttle, "TYPED_CODES_FROM_NETWORK", limit)
    assert [guess(browser(), last) for last in range(4)] == [422, 422, 422, 429]
    other = browser(REMOTE_ADDR="203.0.113.9")
    assert come_in(other).status_code == 302


def test_codes_that_were_never_sent_count_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TYPED_CODES_FROM_NETWORK", "TYPED_CODES_OF_BROWSER"):
        monkeypatch.setattr(throttle, name, throttle.Limit(name, 1))
    visitor = browser()
    for _ in range(5):
        assert enter(visitor, "123456", OTHER).status_code == 422
    assert come_in(visitor).status_code == 302


# --- Quotas of messages ---------------------------------------------------------------------------


def test_a_household_with_many_networks_is_one_neighbourhood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = (throttle.Limit("hour", 3, 3600), throttle.Limit("day", 6, 24 * 3600))
    monkeypatch.setattr(throttle, "SMS_FROM_NEIGHBOURHOOD", limits)

    def at(address: str, last: int) -> int:
        visitor = browser(REMOTE_ADDR=address)
        status: int = ask(visitor, f"+86138001390{last:02d}").status_code
        return status

    assert [at(f"2001:db8:0:{last}::1", last) for last in range(4)] == [200, 200, 200, 429]
    assert at("2001:db8:1::1", 5) == 200
    assert [at("203.0.113.9", 6) for _ in range(3)] == [200, 422, 422]
    # Refusals by another quota are not counted.
    assert [at(f"203.0.113.{last}", last) for last in range(10, 13)] == [200, 200, 429]


def test_strangers_do_not_use_up_the_codes_of_a_known_browser() -> None:
    by_phone_alone(timezone.now())
    own = browser()
    come_in(own)
    own.post("/sign-out/")
    earlier = timezone.now() - timedelta(hours=20)
    Sms.objects.update(created_at=earlier)
    OneTimeCode.objects.update(sent_at=earlier)
    answers = []
    for hour in range(8):
        answers.append(ask(browser()).status_code)
        newest = Sms.objects.order_by("-created_at").first()
        if newest and newest.created_at > timezone.now() - timedelta(minutes=1):
            Sms.objects.filter(pk=newest.pk).update(created_at=earlier + timedelta(hours=1 + hour))
    assert answers == [200] * 5 + [422] * 3
    assert ask(own).status_code == 200
    assert Sms.objects.filter(known=True).count() == 1


def test_knowing_ones_own_account_is_no_help_with_numbers_of_others() -> None:
    thief = numbers.Asker("browser 1", "203.0.113.9", known="a browser")
    numbers.send_code(Purpose.OWN_PHONE, NUMBER, "en", thief, timezone.now())
    assert not Sms.objects.get().known
    signed_in = numbers.Asker("sign-in 1", "203.0.113.9")
    numbers.send_code(Purpose.REAUTHENTICATE, OTHER, "en", signed_in, timezone.now())
    assert Sms.objects.filter(known=True).count() == 1


def test_staff_never_sign_in_by_phone() -> None:
    reviewer = make_reviewer(timezone.now())
    User.objects.filter(pk=reviewer.pk).update(phone_index=with_index())
    visitor = browser()
    assert come_in(visitor).status_code == 302 and who(visitor) != reviewer


def with_index() -> str:
    return blind_index(NUMBER, PHONE_PURPOSE)


def test_a_number_without_account_gets_one_and_goes_on_to_its_company() -> None:
    visitor = browser()
    assert come_in(visitor)["Location"] == "/case/"
    user = who(visitor)
    assert (user.email, user.phone, user.has_usable_password()) == ("", NUMBER, False)
    assert Event.objects.get(verb="open_account").subject_id == str(user.pk)
    assert visitor.get("/case/")["Location"] == "/register/company/"
    assert visitor.get("/register/company/").status_code == 200


def test_a_number_that_nobody_proved_does_not_sign_in() -> None:
    """Its account only says that it has this number."""
    member = make_member(timezone.now())
    give_phone(member, NUMBER, member.as_actor(), timezone.now(), vouched=True)
    visitor = browser()
    come_in(visitor)
    assert who(visitor) != member.user


def test_the_owner_is_told_of_a_new_browser_by_mail_and_not_of_a_known_one() -> None:
    member = with_number(make_member(timezone.now()), timezone.now())
    visitor = browser()
    come_in(visitor)
    assert is_in(visitor)
    told = Mail.objects.get()
    assert (told.to, told.template) == (member.user.email, "phone_sign_in")
    visitor.post("/sign-out/")
    Sms.objects.all().delete()
    OneTimeCode.objects.all().delete()
    come_in(visitor)
    assert is_in(visitor) and Mail.objects.count() == 1


class TestRecycledNumber:
    """A number that was not used for 90 days may have been given to somebody else."""

    LONG_AGO = timedelta(days=91)

    def test_it_needs_a_code_by_mail_too(self) -> None:
        member = with_number(make_member(timezone.now()), timezone.now() - self.LONG_AGO)
        visitor = browser()
        assert come_in(visitor)["Location"] == STALE and not is_in(visitor)
        assert again(member.user).phone_verified_at == member.user.phone_verified_at
        assert visitor.post(STALE, {"send": "1"}).status_code == 200
        mail = Mail.objects.get(template="one_time_code")
        assert mail.to == member.user.email
        assert visitor.post(STALE, {"code": "000000x"}).status_code == 422
        assert visitor.post(STALE, {"code": mail.context["code"]})["Location"] == "/case/"
        assert is_in(visitor)

    def test_without_an_address_it_does_not_sign_in(self) -> None:
        member = by_phone_alone(timezone.now() - self.LONG_AGO)
        visitor = browser()
        assert come_in(visitor)["Location"] == STALE
        page = visitor.get(STALE).content.decode()
        assert "138****8000" in page and "no email address" in page
        assert visitor.post(STALE, {"code": "123456"}).status_code == 200 and not is_in(visitor)
        assert not Mail.objects.exists() and again(member.user).phone_index

    def test_who_has_it_now_gets_an_account_of_their_own(self) -> None:
        member = with_number(make_member(timezone.now()), timezone.now() - self.LONG_AGO)
        visitor = browser()
        come_in(visitor)
        assert visitor.post(STALE, {"register": "1"})["Location"] == "/case/"
        assert who(visitor) != member.user and who(visitor).phone == NUMBER
        assert (again(member.user).phone_index, again(member.user).phone) == ("", "")
        assert Mail.objects.get().template == "phone_lost"
        assert Event.objects.get(verb="lose_phone").employer_id == member.employer_id

    def test_a_stranger_takes_no_number_without_its_code(self) -> None:
        member = with_number(make_member(timezone.now()), timezone.now() - self.LONG_AGO)
        visitor = browser()
        assert visitor.post(STALE, {"register": "1"})["Location"] == PAGE
        assert again(member.user).phone_index and not is_in(visitor)

    def test_the_page_is_for_who_entered_the_code(self) -> None:
        with_number(make_member(timezone.now()), timezone.now() - self.LONG_AGO)
        assert browser().get(STALE)["Location"] == PAGE


def test_a_second_factor_is_still_asked() -> None:
    member = make_member(timezone.now())
    second_factor.enrol_second_factor(
        member.user,
        secret := totp.new_secret(),
        pyotp.TOTP(secret).at(timezone.now()),
        None,
        timezone.now(),
    )
    with_number(member, timezone.now() - timedelta(days=200))
    visitor, before = browser(), again(member.user).phone_verified_at
    assert come_in(visitor)["Location"] == "/sign-in/second-factor/" and not is_in(visitor)
    assert again(member.user).phone_verified_at == before, "the number alone proves nothing"
    left = second_factor.renew_recovery_codes(member.user, timezone.now())
    visitor.post("/sign-in/second-factor/?recovery", {"code": left[0]})
    assert is_in(visitor) and not numbers.is_stale(again(member.user), timezone.now())


def test_an_account_that_was_closed_does_not_sign_in() -> None:
    member = by_phone_alone(timezone.now())
    User.objects.filter(pk=member.user_id).update(is_active=False)
    visitor = browser()
    come_in(visitor)
    assert who(visitor) != member.user and not again(member.user).phone_index


def test_who_loses_the_only_way_in_is_signed_out() -> None:
    visitor = browser()
    come_in(visitor)
    member = make_member(timezone.now())
    numbers.take_number(member.user, NUMBER, timezone.now())
    assert visitor.get("/case/")["Location"].startswith("/sign-in/")


def test_who_was_removed_reads_so_and_may_register_another_company() -> None:
    now = timezone.now()
    member = by_phone_alone(now, role="recruiter")
    membership.remove_member(make_member(now, member.employer), member.pk, now)
    visitor, other = browser(), browser()
    Sms.objects.all().delete()
    answer = come_in(visitor)
    assert answer.status_code == 403 and "no longer have access" in answer.content.decode()
    assert not is_in(visitor) and again(member.user).phone_index
    other.post(PAGE, {"register": "1"})
    assert not is_in(other), "not without the code"
    assert visitor.post(PAGE, {"register": "1"})["Location"] == "/case/"
    assert who(visitor) != member.user and who(visitor).phone == NUMBER


@pytest.mark.parametrize("number", ["", "12345", "+1 202 555 0100"])
def test_what_is_no_number_of_ours_gets_no_message(number: str) -> None:
    assert ask(browser(), number).status_code == 422 and not Sms.objects.exists()


def test_without_a_provider_there_is_no_such_page(settings: Any) -> None:
    settings.SMS_PROVIDER = ""
    assert browser().get(PAGE)["Location"] == "/sign-in/"
    assert PAGE not in browser().get("/sign-in/").content.decode()


def test_in_chinese_the_phone_comes_first_and_elsewhere_the_address() -> None:
    chinese = Client(headers={"accept-language": "zh-CN"})
    assert chinese.get("/sign-in/?next=/team/")["Location"] == f"{PAGE}?next=/team/"
    assert chinese.get("/sign-in/?by=email").status_code == 200
    english = browser().get("/sign-in/")
    assert english.status_code == 200 and PAGE in english.content.decode()
    member = make_member(timezone.now())
    chinese.post("/sign-in/", {"username": member.user.email, "password": PASSWORD})
    chinese.post("/sign-out/")
    assert chinese.get("/sign-in/").status_code == 200, "this browser signs in by address"
