"""Does staff come in by two factors, is guessing locked out, is a stay short and bound, and is a
reset on record?
"""

from __future__ import annotations

import re
import runpy
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.management.commands.serve import environment
from employers.accounts.sightings import DEVICE_COOKIE, new_device
from employers.models import Lockout, RecoveryCode, SecondFactor, User
from employers.security import lockout, second_factor, totp
from employers.security.console_session import Place, Stay
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CONSOLE, SIGN_IN = "/console/", "/console/login/"
CODE_PAGE, SET_UP = "/console/second-factor/", "/console/second-factor/set-up/"


class Clock:
    """The doors' clock, which tests move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def forward(self, **of: float) -> datetime:
        self.now += timedelta(**of)
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def now(clock: Clock) -> datetime:
    return clock.now


@pytest.fixture(autouse=True)
def required(settings: Any) -> Iterator[None]:
    settings.STAFF_SECOND_FACTOR = "required"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def colleague(now: datetime) -> User:
    return make_user(now, "li.na@zizhi.example", is_staff=True, language="en")


@pytest.fixture
def factor(colleague: User, now: datetime) -> SecondFactor:
    """Set up a while ago, so that the codes of now are unused."""
    return enrolled(colleague, now)[0]


def enrolled(user: User, now: datetime) -> tuple[SecondFactor, list[str]]:
    then = now - timedelta(hours=1)
    return second_factor.enrol(user, SECRET, code_at(then), None, then)


def code_at(now: datetime, secret: str = SECRET) -> str:
    return totp.code(secret, totp.step_at(now))


def wrong_at(now: datetime) -> str:
    """Six digits that are not the code of any step around `now`."""
    near = {totp.code(SECRET, totp.step_at(now) + away) for away in range(-3, 4)}
    return next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in near)


def browser(**more: Any) -> Client:
    return Client(headers={"accept-language": "en", "user-agent": "Firefox"}, **more)


def password(client: Client, user: User, **more: str) -> Any:
    return client.post(
        SIGN_IN, {"username": user.email, "password": PASSWORD, "next": CONSOLE, **more}
    )


def come_in(client: Client, user: User, clock: Clock) -> Client:
    """Sign in by both factors, by a code that was not used yet."""
    clock.forward(seconds=60)
    password(client, user)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return bool(client.get(CONSOLE).status_code == 200)


def mails() -> list[tuple[str, Any]]:
    return [(mail.template, mail.context.get("what")) for mail in Mail.objects.order_by("pk")]


# --- The way in -----------------------------------------------------------------------------------


def test_a_password_alone_opens_nothing(colleague: User, factor: SecondFactor) -> None:
    client = browser()
    response = password(client, colleague)
    assert (response.status_code, response["Location"]) == (302, CODE_PAGE)
    assert not is_in(client)
    assert "_auth_user_id" not in client.session


def test_a_password_and_a_code_do(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = browser()
    assert (
        client.get("/console/verification/case/")["Location"]
        == "/console/login/?next=/console/verification/case/"
    )
    password(client, colleague, next="/console/password_change/")
    before = client.session.session_key
    response = client.post(
        CODE_PAGE, {"code": f" {code_at(clock.now)[:3]} {code_at(clock.now)[3:]}"}
    )
    assert response["Location"] == "/console/password_change/"
    assert client.session.session_key != before, (
        "a session that somebody planted is not the one that is in"
    )
    assert is_in(client)
    assert (
        Event.objects.about(colleague).filter(verb="enter_console", data={"by": "app"}).count() == 1
    )


def test_who_signed_in_elsewhere_by_a_password_is_asked_for_both(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    client.post("/sign-in/", {"username": colleague.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(colleague.pk)
    assert not is_in(client)
    assert "not authorized" not in client.get(SIGN_IN).content.decode()
    come_in(client, colleague, clock)
    assert is_in(client)


@pytest.mark.parametrize(
    "outside", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_nobody_is_led_outside(
    outside: str, colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague, next=outside)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)})["Location"] == CONSOLE


def test_a_right_password_is_good_for_five_minutes(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    clock.forward(minutes=5, seconds=1)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)})["Location"] == SIGN_IN
    assert not is_in(client)


def test_a_password_that_was_changed_meanwhile_is_good_for_nothing(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    colleague.set_password("another horse battery staple")
    colleague.save()
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)})["Location"] == SIGN_IN


def test_recruiters_and_inactive_staff_have_no_way_in(
    colleague: User, factor: SecondFactor, now: datetime
) -> None:
    client, recruiter = browser(), make_member(now).user
    assert password(client, recruiter).status_code == 200
    assert client.get(CODE_PAGE)["Location"] == SIGN_IN
    password(client, colleague)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert client.get(CODE_PAGE)["Location"] == SIGN_IN
    assert client.get(SET_UP)["Location"] == SIGN_IN


# --- Setting up -----------------------------------------------------------------------------------


def secret_on(page: str) -> str:
    found = re.search(r'class="code secret">([A-Z2-7-]+)<', page)
    assert found
    return found[1].replace("-", "")


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
    assert second_factor.of(colleague) is None
    done = client.post(SET_UP, {"code": code_at(clock.now, secret)})
    codes = re.findall(r"<li>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</li>", done.content.decode())
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
        second_factor.enrol(colleague, SECRET, code_at(now), None, now)


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
    assert not is_in(client), "who came in by the old one is signed out"
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
    assert second_factor.answer(colleague, code, "", clock.now)[1] == "app"
    with pytest.raises(Refused, match="second_factor_used"):
        second_factor.answer(colleague, code, "", clock.now)
    earlier = totp.code(SECRET, totp.step_at(clock.now) - 1)
    with pytest.raises(Refused, match="second_factor_used"):
        second_factor.answer(colleague, earlier, "", clock.now)
    assert second_factor.answer(colleague, code_at(clock.forward(seconds=30)), "", clock.now)


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
    """Ten answers in ten threads; so many of them are taken, and the others refused."""
    good, refused = list[str](), list[str]()
    start = threading.Barrier(len(codes))

    def send(code: str) -> None:
        start.wait()
        try:
            good.append(second_factor.answer(user, code, "", now)[1])
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
        second_factor.answer(other, codes[0], "", now)


# --- Locked out -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [
        (0, 0),
        (1, 0),
        (4, 0),
        (5, 15),
        (6, 0),
        (10, 30),
        (15, 60),
        (30, 480),
        (35, 960),
        (40, 1440),
        (500, 1440),
    ],
)
def test_how_long(failures: int, minutes: int) -> None:
    assert lockout.lasts(failures) == timedelta(minutes=minutes)


def guess(client: Client, user: User, clock: Clock, times: int) -> Any:
    password(client, user)
    for _ in range(times):
        response = client.post(CODE_PAGE, {"code": wrong_at(clock.now)})
    return response


def test_five_wrong_codes_lock(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = browser()
    response = guess(client, colleague, clock, 4)
    assert response.status_code == 422
    assert "Tries left: <b>1</b>" in response.content.decode()
    assert not Event.objects.filter(verb="lock").exists(), "a wrong code by itself is no event"
    assert guess(client, colleague, clock, 1).status_code == 429
    event = Event.objects.about(colleague).get(verb="lock")
    assert (event.role, event.data) == ("system", {"kind": "code", "failures": 5, "minutes": 15})
    assert mails()[-1][0] == "staff_locked"
    clock.forward(minutes=14)
    password(client, colleague)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 429, (
        "not even a right one"
    )
    assert Lockout.objects.get().failures == 5, "which is not counted"
    clock.forward(minutes=1)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 302
    assert not Lockout.objects.exists()


def test_the_second_lock_is_twice_as_long(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    guess(client, colleague, clock, 5)
    clock.forward(minutes=16)
    guess(client, colleague, clock, 5)
    assert [event.data["minutes"] for event in Event.objects.filter(verb="lock")] == [15, 30]


def test_a_lock_survives_a_restart(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    """What a process remembers is gone; a new browser, too, asks in vain."""
    guess(browser(), colleague, clock, 5)
    cache.clear()
    client = browser()
    password(client, colleague)
    assert client.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 429


def test_strangers_failures_do_not_lock_a_known_browser(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = come_in(browser(), colleague, clock)
    client.post("/console/logout/")
    assert guess(browser(), colleague, clock, 5).status_code == 429
    come_in(client, colleague, clock)
    assert is_in(client)
    stranger = browser()
    password(stranger, colleague)
    assert stranger.post(CODE_PAGE, {"code": code_at(clock.now)}).status_code == 429, (
        "the stranger still waits"
    )


def test_a_password_makes_no_browser_known(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    """Whoever has it could else have as many counts as they like."""
    client = browser()
    guess(client, colleague, clock, 5)
    client.cookies.pop(lockout.BROWSER_COOKIE, None)
    client.post("/sign-in/", {"username": colleague.email, "password": PASSWORD})
    assert guess(client, colleague, clock, 1).status_code == 429


def test_wrong_recovery_codes_count_too(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser()
    password(client, colleague)
    answers = [
        client.post(f"{CODE_PAGE}?recovery", {"code": "abcd-efgh-ijkm-npqr"}).status_code
        for _ in range(5)
    ]
    assert answers == [422] * 4 + [429]


# --- How long, and where --------------------------------------------------------------------------


def test_idle_for_half_an_hour(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = come_in(browser(), colleague, clock)
    for _ in range(3):
        clock.forward(minutes=28)
        assert is_in(client), "asking keeps it"
    clock.forward(minutes=31)
    response = client.get(CONSOLE, follow=True)
    assert "after half an hour without a request" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_ten_hours_at_most(colleague: User, factor: SecondFactor, clock: Clock) -> None:
    client = come_in(browser(), colleague, clock)
    for _ in range(23):
        clock.forward(minutes=26)
        assert is_in(client)
    clock.forward(minutes=3)
    assert "a sign-in holds for ten hours" in client.get(CONSOLE, follow=True).content.decode()


@pytest.mark.parametrize("thief", ["agent", "device", "no device", "network"])
def test_a_stolen_cookie_is_signed_out(
    thief: str, colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = come_in(browser(), colleague, clock)
    stolen = browser()
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    if thief != "no device":
        stolen.cookies[DEVICE_COOKIE] = (
            new_device() if thief == "device" else client.cookies[DEVICE_COOKIE].value
        )
    asked = {
        "agent": {"headers": {"user-agent": "Chrome"}},
        "network": {"REMOTE_ADDR": "203.0.113.9"},
    }.get(thief, {})
    assert stolen.get(CONSOLE, **asked)["Location"] == f"{SIGN_IN}?next={CONSOLE}"
    assert not is_in(client), "and so is the session that was stolen"
    assert (
        Event.objects.about(colleague)
        .filter(verb="shut_console", data={"why": "elsewhere"})
        .count()
        == 1
    )


def test_a_neighbouring_address_is_the_same_place(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser(REMOTE_ADDR="203.0.113.9")
    password(client, colleague)
    client.post(CODE_PAGE, {"code": code_at(clock.now)})
    assert client.get(CONSOLE, REMOTE_ADDR="203.0.113.200").status_code == 200


def test_a_session_holds_neither_address_nor_browser(
    colleague: User, factor: SecondFactor, clock: Clock
) -> None:
    client = browser(REMOTE_ADDR="203.0.113.9")
    password(client, colleague)
    client.post(CODE_PAGE, {"code": code_at(clock.now)})
    assert not re.search(r"Firefox|203\.0\.113", str(dict(client.session)))


def test_what_is_no_stay(now: datetime) -> None:
    stay = Stay.begin(3, Place("d", "a", "n"), now)
    assert Stay.of(stay.stored()) == stay
    assert [Stay.of(stored) for stored in (None, {}, {"factor": 1}, "x")] == [None] * 4


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
    assert second_factor.of(colleague) is not None, "looking at the page does nothing"
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
        "one's own is replaced, not reset"
    )
    for by, whose in ((editor, colleague), (colleague, colleague), (root, root)):
        with pytest.raises(Refused, match="not_allowed"):
            second_factor.reset(whose, by, clock.now)
    root.is_active = False
    with pytest.raises(Refused, match="not_allowed"):
        second_factor.reset(colleague, root, clock.now)
    assert SecondFactor.objects.count() == 3


# --- Where it is optional -------------------------------------------------------------------------


def test_to_try_it_out_a_password_is_enough(colleague: User, settings: Any, clock: Clock) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    client = browser()
    assert "the password is enough" in client.get(SIGN_IN).content.decode()
    assert password(client, colleague)["Location"] == CONSOLE
    assert is_in(client)
    clock.forward(minutes=31)
    assert not is_in(client), "the stay is as short"


def test_who_has_one_is_asked_for_it_there_too(
    colleague: User, settings: Any, clock: Clock
) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    client = browser()
    password(client, colleague)
    secret = secret_on(client.get(SET_UP).content.decode())
    client.post(SET_UP, {"code": code_at(clock.now, secret)})
    assert is_in(client)
    other = browser()
    assert password(other, colleague)["Location"] == CODE_PAGE
    assert not is_in(other)
    other.post("/sign-in/", {"username": colleague.email, "password": PASSWORD})
    assert not is_in(other)


def test_a_session_from_before_it_was_required_ends(
    colleague: User, settings: Any, clock: Clock
) -> None:
    settings.STAFF_SECOND_FACTOR = "optional"
    client = browser()
    password(client, colleague)
    assert is_in(client)
    settings.STAFF_SECOND_FACTOR = "required"
    assert not is_in(client)
    assert password(client, colleague)["Location"] == SET_UP


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, "optional"),
        ({"ZIZHI_STAFF_SECOND_FACTOR": "required"}, "required"),
        ({"ZIZHI_SITE_URL": "https://hr.example"}, None),
        ({"ZIZHI_SITE_URL": "http://127.0.0.1:9000"}, "optional"),
    ],
)
def test_what_the_first_start_chooses(
    given: dict[str, str], chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ZIZHI_STAFF_SECOND_FACTOR", "ZIZHI_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert environment(8000).get("ZIZHI_STAFF_SECOND_FACTOR") == chosen


def test_mails_are_sent_in_their_readers_language(colleague: User, factor: SecondFactor) -> None:
    assert {mail.language for mail in Mail.objects.all()} == {"en"}
    assert outbox.outbox == [], "by the worker, not by the page"


def settings_with(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
    """The settings of a deployment whose environment has these."""
    for name in ("ZIZHI_STAFF_SECOND_FACTOR", "ZIZHI_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))


def test_a_deployment_requires_it_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_with(monkeypatch)["STAFF_SECOND_FACTOR"] == "required"
    assert (
        settings_with(monkeypatch, ZIZHI_STAFF_SECOND_FACTOR="optional")["STAFF_SECOND_FACTOR"]
        == "optional"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"ZIZHI_STAFF_SECOND_FACTOR": "no"},
            "ZIZHI_STAFF_SECOND_FACTOR is 'no'; it can be: required, optional",
        ),
        (
            {
                "ZIZHI_STAFF_SECOND_FACTOR": "optional",
                "ZIZHI_SITE_URL": "https://hr.example",
                "ZIZHI_BANK": "",
                "ZIZHI_E_LICENCES": "",
            },
            "ZIZHI_STAFF_SECOND_FACTOR is optional, which may not be at ZIZHI_SITE_URL https://hr.example",
        ),
    ],
)
def test_what_stops_the_start(
    given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        settings_with(monkeypatch, **given)
