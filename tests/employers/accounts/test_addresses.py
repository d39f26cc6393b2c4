"""Tests that unconfirmed accounts keep nobody from an address, and that no page or call tells which
addresses have an account.
"""

from __future__ import annotations

import difflib
import json
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from employers.accounts import invitations, registration
from employers.accounts.enrolling import add_member
from employers.accounts.views import site_links
from employers.models import ApiClient, Member, Scope, User
from employers.security import throttle
from events.core.errors import Refused
from events.models import Mail
from tests.employers.accounts.account_pages import form, invitation, text, verified_owner
from tests.factories import PASSWORD, make_api_client, make_employer, make_member, make_user

pytestmark = pytest.mark.django_db
ADDRESS = "hr@example.com"


@pytest.fixture
def now() -> datetime:
    """The pages use the real clock."""
    return timezone.now()


@pytest.fixture
def platform(now: datetime) -> Callable[..., Any]:
    """Adds recruiters through a platform's key."""
    client, key = make_api_client(now, Scope.EMPLOYERS_WRITE)
    employer = make_employer(now, platform=client, reference="co-1")

    def add(email: str = ADDRESS, reference: str = "hr-1", **more: Any) -> Any:
        return Client().post(
            f"/api/v1/employers/{employer.pk}/members",
            json.dumps({"reference": reference, "email": email} | more),
            "application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    add.employer = employer  # type: ignore[attr-defined]
    add.client = client  # type: ignore[attr-defined]
    return add


def confirm(browser: Client, email: str = ADDRESS) -> int:
    """Open the last link to confirm the address, and return the status."""
    mail = Mail.objects.filter(to=email, template="verify_email").latest("pk")
    return browser.post(mail.context["link"].removeprefix(settings.SITE_URL)).status_code


# --- Nobody is kept out ---------------------------------------------------------------------------


def test_an_address_that_a_platform_named_can_be_registered_and_confirmed(
    platform: Callable[..., Any],
) -> None:
    assert platform(role="owner").status_code == 201
    owner = Client(headers={"accept-language": "en"})
    assert owner.post("/register/", form())["Location"] == "/case/"
    assert confirm(owner) == 302
    holder = User.objects.holder(ADDRESS)
    assert holder is not None and holder.check_password(form()["password"])
    named = Member.objects.get(reference="hr-1")
    assert (named.left_at, named.user.email_verified_at) == (None, None), "but it gets nothing"
    again = Client()
    entry = {"username": ADDRESS, "password": form()["password"]}
    assert again.post("/sign-in/", entry)["Location"] == "/case/"
    assert again.session["_auth_user_id"] == str(holder.pk)


def test_the_first_to_confirm_holds_the_address(now: datetime) -> None:
    one, other = Client(), Client(headers={"accept-language": "en"})
    one.post("/register/", form())
    link = Mail.objects.get().context["link"].removeprefix(settings.SITE_URL)
    other.post("/register/", form(password="quite another sentence"))
    assert confirm(other) == 302
    refused = one.post(link)
    assert refused.status_code == 410
    assert User.objects.filter(email=ADDRESS, email_verified_at__isnull=False).count() == 1
    one.post("/verify-email/resend/")
    assert Mail.objects.filter(template="address_taken").count() == 1


def test_two_who_confirm_at_once_are_told_apart_by_the_database(now: datetime) -> None:
    make_user(now, ADDRESS, email_verified_at=now)
    make_user(now, ADDRESS)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(email=ADDRESS).update(email_verified_at=now)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_holds_the_address(now: datetime) -> None:
    users = [make_user(now, ADDRESS) for _ in range(2)]
    together, answers = threading.Barrier(2), []

    def press(user: User) -> None:
        together.wait()
        try:
            with transaction.atomic():
                registration.hold_address(user, now)
            answers.append("held")
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["email_taken", "held"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_same_form_at_once_is_one_account() -> None:
    sent, together = form(), threading.Barrier(4)

    def press() -> None:
        together.wait()
        try:
            Client().post("/register/", sent)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1


def test_each_unconfirmed_account_signs_in_with_its_own_password(now: datetime) -> None:
    """Whoever registers with an address later does not lock out who did before."""
    for number in range(3):
        Client().post("/register/", form(password=f"a long sentence {number}"))
    for number in range(3):
        browser = Client()
        entry = {"username": ADDRESS, "password": f"a long sentence {number}"}
        assert browser.post("/sign-in/", entry)["Location"] == "/case/"
        user = User.objects.get(pk=browser.session["_auth_user_id"])
        assert user.check_password(f"a long sentence {number}")


def test_a_closed_account_keeps_nobody_out(now: datetime) -> None:
    closed = make_member(now, email=ADDRESS)
    User.objects.filter(pk=closed.user_id).update(is_active=False)
    browser = Client()
    browser.post("/register/", form())
    assert confirm(browser) == 302
    closed.user.refresh_from_db()
    assert (closed.user.email_verified_at, closed.user.is_active) == (None, False)


def test_an_address_of_staff_stays_theirs(now: datetime) -> None:
    staff = make_user(now, ADDRESS, is_staff=True)
    browser = Client()
    browser.post("/register/", form())
    assert Mail.objects.get().template == "address_taken"
    with pytest.raises(Refused, match="email_taken"), transaction.atomic():
        registration.hold_address(User.objects.get(email=ADDRESS, is_staff=False), now)
    assert User.objects.get_by_natural_key(ADDRESS) == staff


# --- Nobody learns who has an account -------------------------------------------------------------


def _same(body: bytes) -> str:
    """Return a page or response without what differs between any two."""
    whole = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body.decode())
    whole = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", whole)
    moments = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+08:00)|\d\d:\d\d"
    return re.sub(rf"{moments}|person\d+@|9199\w{{14}}", "…", whole)


class Door:
    """A way to name an address: what it answers, and how much work that is."""

    def __init__(self, knock: Callable[[], Any]) -> None:
        hashed: list[int] = []
        queries = CaptureQueriesContext(connection)
        with pytest.MonkeyPatch.context() as patch, queries:
            encode = User.set_password
            check = User.check_password
            patch.setattr(
                User, "set_password", lambda user, raw: (hashed.append(1), encode(user, raw))[1]
            )
            patch.setattr(
                User, "check_password", lambda user, raw: (hashed.append(1), check(user, raw))[1]
            )
            self.answers = [
                [
                    str(answer.status_code),
                    answer.get("Location", ""),
                    *_same(answer.content).splitlines(),
                ]
                for answer in knock()
            ]
        self.queries, self.hashed = len(queries), len(hashed)
        self.mails = Mail.objects.filter(to=ADDRESS).count()


def _register(now: datetime) -> list[Any]:
    browser = Client(headers={"accept-language": "en"})
    sent = form(password="a sentence nobody knows")
    return [
        browser.post("/register/", sent),
        browser.get("/case/"),
        browser.post("/verify-email/resend/", follow=True),
    ]


def _reset(now: datetime) -> list[Any]:
    return [Client(headers={"accept-language": "en"}).post("/password/", {"email": ADDRESS})]


def _sign_in(now: datetime) -> list[Any]:
    browser = Client(headers={"accept-language": "en"})
    return [browser.post("/sign-in/", {"username": ADDRESS, "password": "not the password"})]


def _console(now: datetime) -> list[Any]:
    browser = Client(headers={"accept-language": "en"})
    return [browser.post("/console/login/", {"username": ADDRESS, "password": "not the password"})]


def _invite(now: datetime) -> list[Any]:
    owner = Member.objects.get(employer__name="the inviting company")
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner.user)
    return [
        browser.post("/team/", {"contact": ADDRESS}),
        browser.get("/team/"),
        browser.post(f"/team/invitations/{owner.employer.invitations.get().pk}/again/"),
    ]


def _platform(now: datetime) -> list[Any]:
    client, key = make_api_client(
        now, Scope.EMPLOYERS_WRITE, Scope.EMPLOYERS_READ, Scope.ONBOARDING_MAKE
    )
    back = "https://www.site-a.example/hr"
    ApiClient.objects.filter(pk=client.pk).update(return_urls=back)
    employer = make_employer(now, platform=client, reference="co-1")

    def call(method: str, path: str, body: Any = None) -> Any:
        return Client().generic(
            method,
            f"/api/v1/employers/{employer.pk}{path}",
            json.dumps(body),
            "application/json",
            headers={"Authorization": f"Bearer {key}", "X-Request-Id": "same"},
        )

    added = call("POST", "/members", {"reference": "hr-1", "email": ADDRESS})
    link = call(
        "POST", "/onboarding-links", {"member_id": added.json()["id"], "return_url": back}
    ).json()["url"]
    browser = Client(headers={"accept-language": "en"})
    entered = browser.post(link.removeprefix(settings.SITE_URL))
    return [
        added,
        call("POST", "/members", {"reference": "hr-2", "email": ADDRESS}),
        call("GET", "/members"),
        entered,
        browser.get("/case/"),
        browser.post("/prove/", follow=True),
    ]


@pytest.mark.parametrize("taken_by", ["owner", "recruiter of a company", "staff"])
@pytest.mark.parametrize(
    "knock", [_register, _reset, _sign_in, _console, _invite, _platform], ids=lambda k: k.__name__
)
def test_no_door_tells_whether_an_address_has_an_account(
    knock: Callable[[datetime], list[Any]], taken_by: str, now: datetime
) -> None:
    make_member(now, make_employer(now, "the inviting company", confirmed_at=now))

    def measured() -> Door:
        cache.clear()
        point = transaction.savepoint()
        door = Door(lambda: knock(now))
        transaction.savepoint_rollback(point)
        return door

    measured()  # what is loaded once
    free = measured()
    if taken_by == "staff":
        make_user(now, ADDRESS, is_staff=True)
    else:
        make_member(now, role="owner" if taken_by == "owner" else "recruiter", email=ADDRESS)
    taken = measured()
    for seen, expected in zip(taken.answers, free.answers, strict=True):
        assert "\n".join(difflib.unified_diff(expected, seen, lineterm="", n=0)) == ""
    assert taken.hashed == free.hashed
    assert taken.mails == free.mails
    assert abs(taken.queries - free.queries) <= 2 * taken.mails, (
        "the mail to the holder is recorded"
    )


def test_the_holder_of_an_address_is_told_and_the_mail_opens_nothing(
    platform: Callable[..., Any], now: datetime
) -> None:
    make_member(now, email=ADDRESS)
    owner = verified_owner(now)
    Client().post("/register/", form())
    invitations.invite_colleague(owner, ADDRESS, site_links(), now)
    for mail in Mail.objects.filter(to=ADDRESS):
        assert (mail.template, list(mail.context)) == ("address_taken", ["company"])
    assert Mail.objects.filter(to=ADDRESS).count() == 2


def test_one_password_is_hashed_for_an_unknown_address(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(User, "set_password", lambda user, raw: hashed.append(raw))
    assert authenticate(username="nobody@example.com", password="x") is None
    assert hashed == ["x"]


def test_a_former_member_of_our_own_pages_is_not_told_by_their_id(
    platform: Callable[..., Any], now: datetime
) -> None:
    former = make_member(now, platform.employer, email=ADDRESS)  # type: ignore[attr-defined]
    Member.objects.filter(pk=former.pk).update(left_at=now)
    User.objects.filter(pk=former.user_id).update(is_active=False)
    assert platform().json()["id"] != str(former.pk)


def test_a_platform_adds_so_many_in_an_hour(
    platform: Callable[..., Any], settings: Any, now: datetime
) -> None:
    settings.PLATFORM_ADDRESSES_PER_HOUR = 2
    codes = [platform(f"hr{number}@example.com", f"hr-{number}").status_code for number in range(2)]
    refused = platform("hr3@example.com", "hr-3")
    assert (codes, refused.status_code, refused.json()["code"]) == ([201] * 2, 429, "rate_limited")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert Member.objects.count() == 2
    other, _key = make_api_client(now, Scope.EMPLOYERS_WRITE)
    add_member(
        other,
        make_employer(now, platform=other, reference="co-1"),
        reference="hr-1",
        email="hr4@example.com",
        role="owner",
        language="en",
        now=now,
    )


# --- Passwords by mail ----------------------------------------------------------------------------


def test_who_resets_an_unconfirmed_account_reads_whose_it_is(now: datetime) -> None:
    """Accounts of before the company came second, and those that a platform added, have one."""
    for number in range(2):
        employer = make_employer(now, f"company {number}")
        make_member(now, employer, email=ADDRESS, email_verified_at=None)
    Client().post("/password/", {"email": ADDRESS})
    told = Mail.objects.filter(template="password_reset")
    assert {mail.context["company"] for mail in told} == {"company 0", "company 1"}
    assert len({mail.context["link"] for mail in told}) == 2


def test_the_holder_alone_gets_the_mail(now: datetime) -> None:
    make_member(now, email=ADDRESS)
    make_member(now, email=ADDRESS, email_verified_at=None)
    Client().post("/password/", {"email": ADDRESS})
    mail = Mail.objects.get()
    assert (mail.template, mail.context["company"]) == ("password_reset", "")


@pytest.mark.parametrize("is_staff", [True, False])
def test_who_has_no_password_yet_sets_one_by_mail(is_staff: bool, now: datetime) -> None:
    user = User.objects.create_user(ADDRESS, None, email_verified_at=now, is_staff=is_staff)
    Client().post("/password/", {"email": ADDRESS})
    link = Mail.objects.get().context["link"].removeprefix(settings.SITE_URL)
    browser = Client()
    page = browser.get(link, follow=True)
    new = {"password": "another long sentence"}
    assert browser.post(page.redirect_chain[-1][0], new).status_code == 302
    user.refresh_from_db()
    assert user.check_password("another long sentence")


def test_who_was_invited_meanwhile_joins_and_no_unconfirmed_account_changes(
    platform: Callable[..., Any], now: datetime
) -> None:
    platform()
    owner = verified_owner(now)
    invitations.invite_colleague(owner, ADDRESS, site_links(), now)
    browser = Client(headers={"accept-language": "en"})
    assert browser.post(invitation(ADDRESS), {"password": PASSWORD})["Location"] == "/case/"
    assert owner.employer.name in text(browser.get("/team/"))
    assert Member.objects.get(reference="hr-1").left_at is None


def test_the_holder_is_told_a_few_times_a_day(now: datetime) -> None:
    holder = make_member(now, email=ADDRESS).user
    for _ in range(registration.TOLD_PER_DAY + 2):
        registration.tell_holder(holder, "a company", now)
    assert Mail.objects.count() == registration.TOLD_PER_DAY
    registration.tell_holder(holder, "a company", now + timedelta(days=1, seconds=1))
    assert Mail.objects.count() == registration.TOLD_PER_DAY + 1


def test_strangers_who_name_an_address_use_up_nobody_elses_mails(now: datetime) -> None:
    thief, owner = Client(), Client()
    thief.post("/register/", form(password="a thief's sentence"))
    for _ in range(throttle.MAILS_TO_ADDRESS.tries + 1):
        session = thief.session
        session["verification_sent_at"] = 0.0
        session.save()
        thief.post("/verify-email/resend/")
    owner.post("/register/", form())
    before = Mail.objects.count()
    owner.post("/verify-email/resend/")
    assert Mail.objects.count() == before + 1
