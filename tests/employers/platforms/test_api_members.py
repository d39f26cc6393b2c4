"""Tests that platforms can only add and read their own recruiters, and that links work once, for
one recruiter.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import signing
from django.db import connections
from django.test import Client
from django.utils import timezone

from employers.accounts import membership, onboarding, return_urls
from employers.accounts.api_clients import add_key, create_api_client, revoke_api_client
from employers.models import AddressChange, ApiClient, Employer, Member, OnboardingLink, Scope, User
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import (
    make_api_client,
    make_case,
    make_employer,
    make_link,
    make_member,
    make_user,
    sign_in,
)
from verification.rules.states import State

pytestmark = pytest.mark.django_db
SCOPES = (Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE, Scope.ONBOARDING_MAKE)
BACK = "https://www.site-a.example/hr/"


class Caller:
    """A platform's system, and an employer that it created."""

    def __init__(self, client: ApiClient, key: str, now: datetime) -> None:
        self.client, self.key = client, key
        ApiClient.objects.filter(pk=client.pk).update(return_urls=BACK)
        self.employer = make_employer(now, platform=client, reference="co-1", test=client.test)

    def __call__(self, method: str, path: str, body: Any = None, employer: Any = None) -> Any:
        content = json.dumps(body) if body is not None else ""
        url = f"/api/v1/employers/{employer or self.employer.pk}{path}"
        return Client().generic(
            method,
            url,
            content,
            "application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )

    def add(self, **more: Any) -> Any:
        return self(
            "POST", "/members", {"reference": "hr-1", "email": "lin@company.example"} | more
        )

    def link(self, member: Any, **more: Any) -> Any:
        return self(
            "POST",
            "/onboarding-links",
            {"member_id": str(member), "return_url": f"{BACK}done?x=1"} | more,
        )

    def door(self, **more: Any) -> str:
        """Return the address of a new link for a new member."""
        answer = self.link(self.add().json()["id"], **more)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["url"]).removeprefix(settings.SITE_URL)


@pytest.fixture
def call(now: datetime) -> Caller:
    return Caller(*make_api_client(now, *SCOPES), now)


# --- Members --------------------------------------------------------------------------------------


def test_a_recruiter_is_added_and_told_nothing_of(call: Caller) -> None:
    made = call.add(role="owner", language="en")
    assert made.status_code == 201
    told = made.json()
    assert (told["reference"], told["role"], told["verified"], told["left_at"]) == (
        "hr-1",
        "owner",
        False,
        None,
    )
    assert "lin@" not in made.content.decode()
    member = Member.objects.get(pk=told["id"])
    assert (member.user.email, member.user.language, member.user.has_usable_password()) == (
        "lin@company.example",
        "en",
        False,
    )
    assert call("GET", f"/members/{member.pk}").json() == told
    assert call("GET", "/members").json() == {"data": [told], "next": None}
    assert Event.objects.get(verb="add_member").role == "platform" and "lin@" not in json.dumps(
        Event.objects.get(verb="add_member").data
    )
    assert not Mail.objects.exists(), "no unexpected mails"
    User.objects.update(email_verified_at=timezone.now())
    assert call("GET", f"/members/{member.pk}").json()["verified"] is True


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"email": "no address"}, 422, "email_invalid"),
        ({}, 422, "email_taken"),
        ({"email": "other@company.example"}, 409, "reference_taken"),
        ({"reference": "张"}, 422, "invalid_request"),
        ({"role": "root"}, 422, "invalid_request"),
        ({"language": "fr"}, 422, "invalid_request"),
    ],
)
def test_whom_it_cannot_add(
    call: Caller, now: datetime, more: dict[str, str], status: int, code: str
) -> None:
    call.add()
    refused = call.add(
        **({"reference": "hr-2"} if "other" not in more.get("email", "") else {}) | more
    )
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert Member.objects.count() == 1


def test_a_key_does_not_remove_an_owner(call: Caller) -> None:
    owner = call.add(role="owner").json()["id"]
    assert call("DELETE", f"/members/{owner}").status_code == 204, "nobody has confirmed it"
    again = call.add(reference="hr-9", role="owner").json()["id"]
    User.objects.filter(member=again).update(email_verified_at=timezone.now())
    refused = call("DELETE", f"/members/{again}")
    assert (refused.status_code, refused.json()["code"]) == (403, "member_is_owner")
    assert str(Member.objects.active().get().pk) == again and User.objects.get().is_active


def test_a_key_makes_no_owner_beside_one_who_has_confirmed(call: Caller) -> None:
    """Whoever steals a key would add an owner, have it remove the others, and hold the company."""
    first, thief = {"email": "lin@company.example"}, {"email": "evil@thief.example"}
    owner = Member.objects.get(pk=call.add(role="owner", **first).json()["id"])
    beside = call.add(reference="hr-2", role="owner", **thief).json()["id"]
    recruiter = call.add(reference="hr-3", email="zhang@company.example").json()["id"]
    call("DELETE", f"/members/{recruiter}")
    User.objects.filter(pk=owner.user_id).update(email_verified_at=timezone.now())
    for email in ("second@thief.example", "zhang@company.example"):
        refused = call.add(reference="hr-4", role="owner", email=email)
        assert (refused.status_code, refused.json()["code"]) == (422, "owner_by_key")
    assert call.add(reference="hr-4", email="second@thief.example").status_code == 201
    with pytest.raises(Refused, match="authority_email_unverified"):
        membership.remove_member(Member.objects.get(pk=beside), owner.pk, timezone.now())
    assert Member.objects.active().filter(pk=owner.pk).exists()


def test_nobody_learns_the_address_that_a_recruiter_changed_to(call: Caller) -> None:
    member = Member.objects.get(pk=call.add().json()["id"])
    now = timezone.now()
    AddressChange.objects.create(
        user=member.user,
        old=member.user.email,
        new="own@private.example",
        asked_at=now,
        confirmed_at=now,
    )
    User.objects.filter(pk=member.user_id).update(
        email="own@private.example", email_verified_at=now
    )
    for references in (("hr-1", "hr-1"), ("hr-2", "hr-3")):
        guesses = zip(references, ("own@private.example", "no@x.example"), strict=True)
        answers = [call.add(reference=reference, email=guess) for reference, guess in guesses]
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].json().get("code") == answers[1].json().get("code")


def test_a_membership_ends_at_once_and_begins_anew(call: Caller) -> None:
    member = Member.objects.get(pk=call.add().json()["id"])
    member.user.set_password("an old password")
    member.user.email_verified_at = timezone.now()
    member.user.save()
    browser = sign_in(member.user)
    for _ in range(2):
        assert call("DELETE", f"/members/{member.pk}").status_code == 204
    assert browser.get("/case/").status_code == 302, "and is signed out"
    assert call("GET", "/members").json()["data"] == []
    assert call("GET", f"/members/{member.pk}").json()["left_at"]
    assert (
        Mail.objects.filter(template="member_removed").count()
        == Event.objects.filter(verb="remove_member").count()
        == 1
    )
    again = call.add(reference="hr-9")
    assert (
        again.status_code == 201
        and again.json()["id"] == str(member.pk)
        and again.json()["verified"] is False
    )
    assert not User.objects.get(pk=member.user_id).has_usable_password()


def test_what_it_did_not_make_it_only_reads(call: Caller, now: datetime) -> None:
    theirs = make_member(now)
    colleague = make_member(now, theirs.employer)
    for path in ("/members", f"/members/{theirs.pk}", "/rights"):
        unseen = call("GET", path, employer=theirs.employer_id)
        assert (unseen.status_code, unseen.json()["code"]) == (404, "employer_unknown")
    make_link(theirs, call.client.pk, now)
    (seen,) = call("GET", "/members", employer=theirs.employer_id).json()["data"]
    assert seen["id"] == str(theirs.pk), "their colleague has not linked this platform"
    unseen = call("GET", f"/members/{colleague.pk}", employer=theirs.employer_id)
    assert unseen.json()["code"] == "member_unknown"
    for method, path, body in (
        ("POST", "/members", {"reference": "a", "email": "a@b.example"}),
        ("DELETE", f"/members/{theirs.pk}", None),
        ("POST", "/onboarding-links", {"member_id": str(theirs.pk), "return_url": BACK}),
    ):
        refused = call(method, path, body, employer=theirs.employer_id)
        assert (refused.status_code, refused.json()["code"]) == (403, "employer_not_yours")
        assert call(method, path, body, employer=uuid4()).json()["code"] == "employer_unknown"
    other = Caller(*make_api_client(now, *SCOPES), now)
    for path in ("/members", f"/members/{theirs.pk}", "/rights"):
        assert call("GET", path, employer=other.employer.pk).json()["code"] == "employer_unknown"
    assert call("GET", f"/members/{theirs.pk}").json()["code"] == "member_unknown"
    assert call("DELETE", f"/members/{theirs.pk}").json()["code"] == "member_unknown"
    theirs.refresh_from_db()
    assert theirs.left_at is None


# --- Where back to --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://www.site-a.example/hr", True),
        ("https://www.site-a.example/hr/", True),
        ("https://www.site-a.example/hr/done?x=1", True),
        ("https://www.site-a.example:443/hr/done", True),
        ("https://WWW.site-a.example/hr/done", True),
        ("https://www.site-a.example/hrx", False),
        ("https://www.site-a.example/", False),
        ("https://www.site-a.example:8443/hr/", False),
        ("http://www.site-a.example/hr/", False),
        ("https://www.site-a.example.evil.example/hr/", False),
        ("https://www.site-a.example@evil.example/hr/", False),
        ("https://evil.example/https://www.site-a.example/hr/", False),
        ("https://www.site-a.example/hr/../admin", False),
        ("https://www.site-a.example/hr/%2e%2e/admin", False),
        ("https://www.site-a.example/hr/%2Fevil", False),
        ("https://www.site-a.example\\@evil.example/hr/", False),
        ("https://www.site-a.example//evil.example/hr/", False),
        ("https://www.site-a.example/hr/#part", False),
        ("https://www.site-a.example/hr/\n", False),
        ("https://www.site-a.example/hr/ x", False),
        ("https://www.site-a.example/hr/招聘", False),
        ("//www.site-a.example/hr/", False),
        ("javascript:alert(1)", False),
        ("https:www.site-a.example/hr/", False),
        ("https://[::1/hr/", False),
        ("", False),
        ("https://www.site-a.example/hr/" + "x" * 500, False),
        ("https://www.site-a.example/hr/?about=zizhi&my_zizhi_code=1", True),
        *(
            (f"https://www.site-a.example/hr/?{query}", False)
            for query in (
                "zizhi_code=x",
                "a=1&zizhi_employer=x",
                "a=1;zizhi_code=x",
                "%7Aizhi_code=x",
                "ZIZHI_CODE=x",
                "+zizhi_code=x",
                "zizhi.code=x",
                "zizhi_code[]=x",
            )
        ),
    ],
)
def test_only_below_a_registered_address(url: str, is_allowed: bool) -> None:
    assert (
        return_urls.is_registered_return_url(f"https://other.example/\n{BACK}", url) is is_allowed
    )


def test_what_can_be_registered() -> None:
    assert return_urls.parse_return_urls(f" {BACK} \n\n{BACK}\nhttps://b.example") == [
        BACK,
        "https://b.example",
    ]
    for wrong in (
        "http://a.example/",
        "https://a.example/?x=1",
        "a.example",
        "http://localhost:3000/",
    ):
        with pytest.raises(Refused, match="return_url_invalid"):
            return_urls.parse_return_urls(wrong)
    assert return_urls.parse_return_urls("http://localhost:3000/", local=True) == [
        "http://localhost:3000/"
    ]
    assert return_urls.is_registered_return_url(
        "http://localhost:3000/", "http://localhost:3000/a", local=True
    )
    assert not return_urls.is_registered_return_url(
        "http://localhost:3000/", "http://localhost:3000/a"
    )


# --- Links ----------------------------------------------------------------------------------------


def test_a_link_is_for_a_recruiter_whom_it_added(call: Caller, now: datetime) -> None:
    invited = make_member(now, call.employer)
    assert call.link(invited.pk).json()["code"] == "member_not_added"
    assert call.link(uuid4()).json()["code"] == "member_unknown"
    mine = call.add().json()["id"]
    wrong = call.link(mine, return_url="https://evil.example/")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "return_url_unknown")
    User.objects.filter(member=mine).update(is_staff=True)
    assert call.link(mine).json()["code"] == "member_not_added"
    User.objects.filter(member=mine).update(is_staff=False)
    call("DELETE", f"/members/{mine}")
    assert call.link(mine).json()["code"] == "member_unknown"
    assert not OnboardingLink.objects.exists()


def test_looking_spends_nothing_and_pressing_spends_it(call: Caller) -> None:
    door, browser = call.door(), Client(headers={"accept-language": "en"})
    for _ in range(3):
        page = browser.get(door)
        assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    assert "_auth_user_id" not in browser.session and call.employer.name in page.content.decode()
    entered = browser.post(door)
    assert entered.status_code == 302 and entered["Location"] == "/case/"
    assert browser.session["_auth_user_id"] == str(User.objects.get(email="lin@company.example").pk)
    assert Event.objects.filter(verb="onboard").count() == 1
    assert Mail.objects.get().template == "verify_email"
    for again in (Client(), browser):
        for method in (again.get, again.post):
            gone = method(door)
            assert gone.status_code == 410
    assert Event.objects.filter(verb="onboard").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_press_at_once_one_gets_in(call: Caller) -> None:
    door, together = call.door(), threading.Barrier(20)
    answers: list[int] = []

    def press() -> None:
        together.wait()
        try:
            answers.append(Client().post(door).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302] + [410] * 19
    assert Event.objects.filter(verb="onboard").count() == 1


def test_a_form_of_another_site_cannot_press_it(call: Caller) -> None:
    door = call.door()
    assert Client(enforce_csrf_checks=True).post(door).status_code == 403
    assert OnboardingLink.objects.get().used_at is None


def _expire(call: Caller) -> None:
    OnboardingLink.objects.update(expires_at=timezone.now())


def _end(call: Caller) -> None:
    Member.objects.update(left_at=timezone.now())


def _promote(call: Caller) -> None:
    User.objects.update(is_staff=True)


def _disable(call: Caller) -> None:
    User.objects.update(is_active=False)


def _revoke(call: Caller) -> None:
    revoke_api_client(call.client, SYSTEM, timezone.now())


@pytest.mark.parametrize("change", [_expire, _end, _promote, _disable, _revoke])
def test_what_opens_no_more(call: Caller, change: Any) -> None:
    door = call.door()
    change(call)
    browser = Client()
    assert browser.get(door).status_code == browser.post(door).status_code == 410
    assert "_auth_user_id" not in browser.session and OnboardingLink.objects.get().used_at is None


def test_a_link_is_made_by_us(call: Caller) -> None:
    door = call.door()
    token = door.split("/")[-2]
    for forged in (
        token[:-1],
        "x",
        signing.dumps(str(OnboardingLink.objects.get().pk)),
        signing.dumps("x", salt=onboarding.SALT),
    ):
        assert Client().get(f"/case/from/{forged}/").status_code == 410
    assert (
        OnboardingLink.objects.get().expires_at - OnboardingLink.objects.get().created_at
        <= timedelta(minutes=15)
    )


def test_whoever_was_signed_in_is_signed_out_first(call: Caller, now: datetime) -> None:
    staff = make_user(now, is_staff=True, is_superuser=True)
    browser = sign_in(staff)
    browser.get("/console/")
    session = browser.session
    session["left_behind"] = "x"
    session.save()
    before = session.session_key
    browser.post(call.door())
    assert (
        browser.session["_auth_user_id"] != str(staff.pk) and browser.session.session_key != before
    )
    assert "left_behind" not in browser.session
    assert browser.get("/console/").status_code == 302


def back_of(browser: Client) -> dict[str, list[str]]:
    answer = browser.get("/case/back/")
    assert answer.status_code == 302 and answer["Location"].startswith(f"{BACK}done?x=1&")
    return parse_qs(urlsplit(answer["Location"]).query)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "draft"),
        (State.CHECKING, "submitted"),
        (State.IN_REVIEW, "in_review"),
        (State.APPROVED, "approved"),
    ],
)
def test_the_way_back_tells_the_state_and_nothing_personal(
    call: Caller, state: State | None, told: str
) -> None:
    browser = Client()
    browser.post(call.door(language="en"))
    if state:
        make_case(Member.objects.get(), timezone.now(), state)
    page = browser.get("/case/").content.decode()
    assert "Back to a platform" in page
    assert ("handed-in" in page) == (state is not None)
    assert back_of(browser) == {
        "x": ["1"],
        "zizhi_employer": [str(call.employer.pk)],
        "state": [told],
    }


def test_there_is_no_way_back_to_what_is_no_longer_registered(call: Caller) -> None:
    browser = Client()
    browser.post(call.door())
    ApiClient.objects.update(return_urls="https://moved.example/")
    assert browser.get("/case/back/")["Location"] == "/case/"


def test_who_did_not_come_by_a_link_has_no_way_back(now: datetime) -> None:
    browser = sign_in(make_member(now).user)
    assert browser.get("/case/back/")["Location"] == "/case/"
    assert "from-platform" not in browser.get("/case/").content.decode()
    assert Client().get("/case/back/")["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("state", "path"),
    [
        (None, "/case/"),
        (State.APPROVED, "/case/"),
        (State.REJECTED, "/case/appeal/"),
        (State.SUSPENDED, "/case/appeal/"),
    ],
)
def test_an_appeal_leads_to_its_page_where_there_is_one(
    call: Caller, state: State | None, path: str
) -> None:
    door = call.door(purpose="appeal")
    if state:
        make_case(Member.objects.get(), timezone.now(), state)
    assert Client().post(door, follow=True).request["PATH_INFO"] == path, (
        "through the restriction page if necessary"
    )


@pytest.mark.parametrize(("language", "shown"), [("zh-hans", "继续"), ("en", "Continue")])
def test_it_greets_in_the_language_that_was_asked_for(
    call: Caller, language: str, shown: str
) -> None:
    browser, door = Client(headers={"accept-language": "fr"}), call.door(language=language)
    assert re.search(rf"<button[^>]*>{shown}</button>", browser.get(door).content.decode())
    browser.post(door)
    assert browser.cookies[settings.LANGUAGE_COOKIE_NAME].value == language


def test_a_test_platform_is_apart_and_may_stand_on_its_own_machine(now: datetime) -> None:
    trial = Caller(*create_api_client("trial", list(SCOPES), now, test=True), now)
    ApiClient.objects.filter(pk=trial.client.pk).update(return_urls="http://localhost:3000/")
    member = trial.add(email="lin@company.test").json()["id"]
    assert trial.link(member, return_url="http://localhost:3000/back").status_code == 201
    assert Employer.objects.get().test


# --- Rights ---------------------------------------------------------------------------------------


def test_what_an_employer_may(call: Caller) -> None:
    held = call("GET", "/rights").json()
    assert (held["tier"], held["download"], held["reason"]["code"]) == (
        "held",
        False,
        "employer_not_approved",
    )
    assert held["day"] == {"limit": 0, "left": 0} and held["obligations"] == []
    member = Member.objects.get(pk=call.add().json()["id"])
    User.objects.update(email_verified_at=timezone.now())
    make_case(member, timezone.now(), State.APPROVED, expires_at=timezone.now() + timedelta(days=9))
    asked = {"employer_id": str(call.employer.pk), "member_id": str(member.pk), "candidate": "c-1"}
    gate = add_key(call.client, [Scope.GATE_DECIDE], call.client.as_actor(), timezone.now())[1]
    Client().post(
        "/api/v1/gate/decisions",
        asked,
        content_type="application/json",
        headers={"Authorization": f"Bearer {gate}"},
    )
    may = call("GET", "/rights").json()
    assert (may["tier"], may["download"], may["reason"]) == ("provisional", True, None)
    assert may["day"] == {"limit": 20, "left": 19} and may["hour"] == {"limit": 5, "left": 4}
    assert "mark" in may["obligations"] and may["expires_at"]


def test_links_are_let_go_after_a_week(call: Caller, now: datetime) -> None:
    call.door()
    link = OnboardingLink.objects.get()
    assert onboarding.delete_old_onboarding_links(link.expires_at + onboarding.KEPT_FOR) == 0
    assert (
        onboarding.delete_old_onboarding_links(
            link.expires_at + onboarding.KEPT_FOR + timedelta(seconds=1)
        )
        == 1
        and not OnboardingLink.objects.exists()
    )
