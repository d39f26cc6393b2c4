"""Tests of second factors: setup, single use and reset."""

from __future__ import annotations

import re
import threading
from datetime import datetime

import pytest
from django.core import mail as outbox
from django.db import connection

from employers.models import Lockout, RecoveryCode, SecondFactor, User
from employers.security import second_factor, totp
from events.core.errors import Refused
from events.models import Event, Mail
from tests.employers.security.staff_sign_in import (
    CODE_PAGE,
    SECRET,
    SET_UP,
    Clock,
    browser,
    code_at,
    come_in,
    enrolled,
    guess,
    is_in,
    mails,
    password,
    secret_on,
    wrong_at,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


# --- Setting up -----------------------------------------------------------------------------------


def test_the_first_time_a_second_factor_is_set_up(colleague: User, clock: Clock) -> None:
    client = browser()
    assert password(client, colleague)["Location"] == SET_UP
    page = client.get(SET_UP)
    secret = secret_on(page.content.decode())
    assert "data:image/svg+xml;base64," in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert secret_on(client.get(SET_UP).content.decode()) == secret, "the page can be opened again"
    assert (
        client.post(
            SET_UP, {"code": "000000" if code_at(clock.now, secret) != "000000" else "111111"}
        ).status_code
        == 422
    )
    assert second_factor.second_factor_of(colleague) is None
    done = client.post(SET_UP, {"code": code_at(clock.now, secret)})
    codes = re.findall(r"<li>([a-z2-9]{4}(?:-[a-z2-9]{4}){5})</li>", done.content.decode())
    assert (len(codes), len(set(codes))) == (10, 10)
    assert is_in(client)
    assert codes[0] not in client.get(SET_UP).content.decode()
    factor = SecondFactor.objects.get(user=colleague)
    assert secret not in factor.secret_sealed
    assert {codes[0].replace("-", ""), codes[0]}.isdisjoint(
        RecoveryCode.objects.values_list("code_hash", flat=True)
    )
    assert mails() == [("staff_second_factor", "set_up")]
    assert Event.objects.about(colleague).filter(verb="enrol_second_factor").count() == 1
    again = browser()
    password(again, colleague)
    assert again.post(CODE_PAGE, {"code": code_at(clock.now, secret)}).status_code == 422, (
        "the code that set it up is used"
    )


def test_who_knows_the_password_sets_up_no_other(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    assert client.get(SET_UP)["Location"] == CODE_PAGE
    assert client.post(SET_UP, {"code": code_at(clock.now)})["Location"] == CODE_PAGE


def test_of_two_who_set_one_up_at_once_one_does(colleague: User, now: datetime) -> None:
    enrolled(colleague, now)
    with pytest.raises(Refused, match="second_factor_exists"):
        second_factor.enrol_second_factor(colleague, SECRET, code_at(now), None, now)


def test_another_phone_right_after_coming_in(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client, other = come_in(browser(), colleague, clock), come_in(browser(), colleague, clock)
    secret = secret_on(other.get(SET_UP).content.decode())
    assert (
        "Recovery codes"
        in other.post(SET_UP, {"code": code_at(clock.now, secret)}).content.decode()
    )
    assert is_in(other)
    assert not is_in(client), "sessions with the old factor have ended"
    assert SecondFactor.objects.get(user=colleague).pk != factor.pk
    assert RecoveryCode.objects.filter(user=colleague).count() == 10


def test_another_phone_makes_the_stay_no_longer(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = come_in(browser(), colleague, clock)
    for minutes in (4, 2):
        clock.forward(minutes=minutes)
        page = client.get(SET_UP).content.decode()
        if minutes == 4:
            assert (
                client.post(SET_UP, {"code": code_at(clock.now, secret_on(page))}).status_code
                == 200
            )
    assert "within five minutes" in page


def test_not_later(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = come_in(browser(), colleague, clock)
    clock.forward(minutes=6)
    page = client.get(SET_UP).content.decode()
    assert "within five minutes" in page
    assert "data:image" not in page
    assert "data:image" not in client.post(SET_UP, {"code": "123456"}).content.decode()
    assert SecondFactor.objects.get(user=colleague).pk == factor.pk


# --- Codes ----------------------------------------------------------------------------------------


def test_a_code_is_taken_once(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    code = code_at(clock.now)
    assert second_factor.answer_second_factor(colleague, code, "", clock.now)[1] == "app"
    with pytest.raises(Refused, match="second_factor_used"):
        second_factor.answer_second_factor(colleague, code, "", clock.now)
    earlier = totp.code_of_step(SECRET, totp.step_at(clock.now) - 1)
    with pytest.raises(Refused, match="second_factor_used"):
        second_factor.answer_second_factor(colleague, earlier, "", clock.now)
    assert second_factor.answer_second_factor(
        colleague, code_at(clock.forward(seconds=30)), "", clock.now
    )


@pytest.mark.django_db(transaction=True)
def test_a_code_sent_ten_times_at_once_is_taken_once(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    at_once(colleague, [code_at(clock.now)] * 10, clock.now, taken=1)


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_sent_ten_times_at_once_is_taken_once(
    colleague: User, now: datetime
) -> None:
    _, codes = enrolled(colleague, now)
    at_once(colleague, codes[:1] * 10, now, taken=1)
    assert second_factor.recovery_codes_left(colleague) == 9


@pytest.mark.django_db(transaction=True)
def test_ten_guesses_at_once_are_five(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    at_once(colleague, [wrong_at(clock.now)] * 10, clock.now, taken=0)
    assert Lockout.objects.get().failures == 5


def at_once(user: User, codes: list[str], now: datetime, taken: int) -> None:
    """Ten answers in ten threads. `taken` of them are accepted, and the others refused."""
    good, refused = list[str](), list[str]()
    start = threading.Barrier(len(codes))

    def send(code: str) -> None:
        start.wait()
        try:
            good.append(second_factor.answer_second_factor(user, code, "", now)[1])
        except Refused as why:
            refused.append(why.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(good), len(refused)) == (taken, len(codes) - taken)


def test_a_recovery_code_lets_in_once(colleague: User, clock: Clock) -> None:
    _, codes = enrolled(colleague, clock.now)
    client = browser()
    password(client, colleague)
    typed = second_factor.in_groups(codes[3]).upper().replace("-", " – ")
    assert client.post(f"{CODE_PAGE}?recovery", {"code": typed}).status_code == 302
    assert is_in(client)
    assert second_factor.recovery_codes_left(colleague) == 9
    assert mails()[-1] == ("staff_second_factor", "recovery_code")
    assert (
        Event.objects.about(colleague).filter(verb="use_recovery_code", data={"left": 9}).count()
        == 1
    )
    again = browser()
    password(again, colleague)
    assert again.post(f"{CODE_PAGE}?recovery", {"code": codes[3]}).status_code == 422


def test_a_recovery_code_is_its_owners(colleague: User, now: datetime) -> None:
    other = make_user(now, is_staff=True)
    _, codes = enrolled(colleague, now)
    enrolled(other, now)
    with pytest.raises(Refused, match="second_factor_wrong"):
        second_factor.answer_second_factor(other, codes[0], "", now)


# --- A reset --------------------------------------------------------------------------------------


def reset_page(user: User) -> str:
    return f"/console/employers/user/{user.pk}/second-factor/"


def test_a_superuser_resets_a_colleagues(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    root = make_user(clock.now, is_staff=True, is_superuser=True)
    enrolled(root, clock.now)
    boss, client = come_in(browser(), root, clock), come_in(browser(), colleague, clock)
    guess(browser(), colleague, clock, 5)
    assert (
        reset_page(colleague)
        in boss.get(f"/console/employers/user/{colleague.pk}/change/").content.decode()
    )
    assert boss.get(reset_page(colleague)).status_code == 200
    assert second_factor.second_factor_of(colleague) is not None, "GET changes nothing"
    for _ in range(2):
        assert boss.post(reset_page(colleague)).status_code == 302
    event = Event.objects.about(colleague).get(verb="reset_second_factor")
    assert event.actor_id == str(root.pk)
    assert mails()[-1] == ("staff_second_factor", "reset")
    assert not is_in(client)
    assert not Lockout.objects.exists()
    assert not RecoveryCode.objects.filter(user=colleague).exists()
    assert password(client, colleague)["Location"] == SET_UP
    assert (
        reset_page(colleague)
        not in boss.get(f"/console/employers/user/{colleague.pk}/change/").content.decode()
    )


def test_nobody_else_does(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    root, editor = (
        make_user(clock.now, is_staff=True, is_superuser=True),
        make_user(clock.now, is_staff=True),
    )
    for user in (root, editor):
        enrolled(user, clock.now)
    assert come_in(browser(), editor, clock).post(reset_page(colleague)).status_code == 403
    assert come_in(browser(), root, clock).post(reset_page(root)).status_code == 403, (
        "users replace their own factor instead"
    )
    for by, whose in ((editor, colleague), (colleague, colleague), (root, root)):
        with pytest.raises(Refused, match="not_allowed"):
            second_factor.reset_second_factor(whose, by, clock.now)
    root.is_active = False
    with pytest.raises(Refused, match="not_allowed"):
        second_factor.reset_second_factor(colleague, root, clock.now)
    assert SecondFactor.objects.count() == 3


def test_mails_are_sent_in_their_readers_language(colleague: User, factor: SecondFactor) -> None:
    assert {mail.language for mail in Mail.objects.all()} == {"en"}
    assert outbox.outbox == [], "the worker sends it, not the page"
