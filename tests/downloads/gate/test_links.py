"""Tests that a platform acts only for recruiters who linked their accounts with it, and uses only
its share of their company's quota.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections
from django.test import Client
from django.utils import timezone

from downloads.gate import decide
from downloads.gate.first_askings import tell_first_askings
from downloads.models import GateDecision
from downloads.rules import ladder
from downloads.rules.ladder import FIRST, Tier
from employers.accounts.api_clients import create_api_client
from employers.accounts.membership import remove_member
from employers.member_links.operations import end_link
from employers.models import ApiClient, Member, MemberLink, Scope
from employers.security import throttle
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.databases import database_at, migrate_to
from tests.downloads.gate.test_quotas import approved, ask_all
from tests.factories import make_api_client, make_employer, make_link, make_member, make_uscc

KEEPING = FIRST.rights[Tier.ESTABLISHED]


def platform(now: datetime) -> UUID:
    return make_api_client(now)[0].pk


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    """A recruiter of an established employer, who linked one platform."""
    return approved(now, days=60)


# --- A stranger's key -----------------------------------------------------------------------------


@pytest.fixture
def stranger(db: None) -> tuple[ApiClient, str]:
    return create_api_client("a stranger", list(Scope), timezone.now())


def call(key: str, method: str, path: str, body: Any = None) -> Any:
    return getattr(Client(), method)(
        f"/api/v1{path}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )


def test_a_strangers_batch_learns_nothing_and_uses_no_quota(
    stranger: tuple[ApiClient, str], member: Member, now: datetime
) -> None:
    client, key = stranger
    colleague = make_member(now, member.employer, role="recruiter")
    gone = make_member(now, member.employer, role="recruiter")
    remove_member(member, gone.pk, now)
    of_another = approved(now, make_employer(now, platform=make_api_client(now)[0]))
    asked = [
        (member.employer_id, member.pk),
        (member.employer_id, colleague.pk),
        (member.employer_id, gone.pk),
        (member.employer_id, uuid4()),
        (of_another.employer_id, of_another.pk),
        (uuid4(), member.pk),
        (uuid4(), uuid4()),
    ]
    told = set()
    for employer_id, member_id in asked:
        body = {
            "employer_id": str(employer_id),
            "member_id": str(member_id),
            "candidates": [f"c-{n}" for n in range(100)],
        }
        for answer in call(key, "post", "/gate/decisions/batch", body).json():
            (reason,) = answer["reasons"]
            explained = call(key, "get", f"/gate/decisions/{answer['id']}").json()
            told.add((answer["tier"], reason["code"], explained["case_state"]))
            assert answer["gate_pass"] is None and explained["quota"]["used_day"] is None
            break
    assert told == {("held", "member_not_linked", None)}, "all look the same"
    assert not GateDecision.objects.filter(client_id=client.pk).exclude(uscc="").exists()
    for path in ("", "/members", f"/members/{member.pk}", "/rights", "/requirements"):
        unseen = call(key, "get", f"/employers/{member.employer_id}{path}")
        assert (unseen.status_code, unseen.json()["code"]) == (404, "employer_unknown")
    found = call(key, "get", f"/employers?uscc={member.employer.uscc}").json()
    assert found["data"] == []
    assert ask_all(member, [f"c-{n}" for n in range(KEEPING.per_hour)], timezone.now()) == (
        [""] * KEEPING.per_hour
    ), "the company's own site still has the whole quota"


def test_one_recruiters_link_opens_neither_colleagues_nor_other_employers(
    member: Member, now: datetime
) -> None:
    colleague, other = make_member(now, member.employer), approved(now, days=60)
    client = make_api_client(now)[0]
    make_link(member, client.pk, now)
    assert ask_all(member, ["a"], now, client.pk) == [""]
    assert ask_all(colleague, ["a"], now, client.pk) == ["member_not_linked"]
    member.employer_id = other.employer_id
    assert ask_all(member, ["a"], now, client.pk) == ["member_not_linked"]


def test_the_platform_is_limited_and_reported_not_the_employer(
    stranger: tuple[ApiClient, str], member: Member, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    client, key = stranger
    few = throttle.Limit("platform-unlinked", 2)
    monkeypatch.setattr(throttle, "UNLINKED_ASKED_BY_PLATFORM", few)
    linked = approved(timezone.now(), days=60)
    make_link(linked, client.pk, now)

    def status(who: Member) -> int:
        asked = {"employer_id": str(who.employer_id), "member_id": str(who.pk), "candidate": "c"}
        return int(call(key, "post", "/gate/decisions", asked).status_code)

    def status_of_batch(who: Member) -> int:
        asked = {"employer_id": str(who.employer_id), "member_id": str(who.pk)}
        asked |= {"candidates": ["a", "b"]}
        return int(call(key, "post", "/gate/decisions/batch", asked).status_code)

    assert [status(member) for _ in range(4)] == [200, 200, 429, 429]
    assert status_of_batch(member) == 429
    assert GateDecision.objects.filter(client_id=client.pk).count() == 3, "no more is recorded"
    assert status(linked) == 200, "its own recruiters are still answered"
    reported = Event.objects.get(verb="ask_unlinked")
    assert (reported.subject_id, reported.employer_id) == (str(client.pk), None)


# --- The share of a platform ----------------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 60])
def test_no_platform_uses_up_what_the_others_need(days: int, db: None) -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=timezone.get_default_timezone())
    member = approved(now, days=days)
    one, other = platform(now), platform(now)
    for client in (one, other):
        make_link(member, client, now)
    MemberLink.objects.exclude(client__in=(one, other)).update(ended_at=now)
    rights = FIRST.rights[Tier.ESTABLISHED if days > 30 else Tier.PROVISIONAL]
    here = ladder.share_of_limit(rights.per_hour, FIRST.platform_percent)
    answers = ask_all(member, [f"c-{n}" for n in range(rights.per_hour)], now, one)
    assert answers == [""] * here + ["quota_platform_hour"] * (rights.per_hour - here)
    left = rights.per_hour - here
    answers = ask_all(member, [f"d-{n}" for n in range(left + 1)], now, other)
    assert answers == [""] * left + ["quota_hour"], "all platforms together have one quota"
    granted = 0
    for hour in range(1, 12):
        answers = ask_all(member, [f"{hour}-{n}" for n in range(here)], now + hour * HOUR, one)
        granted += answers.count("")
    assert here + granted == ladder.share_of_limit(rights.per_day, FIRST.platform_percent)
    assert set(answers) == {"quota_platform_day"}


HOUR = timedelta(hours=1)


def test_a_platform_that_is_gone_needs_no_share(member: Member, now: datetime) -> None:
    gone = platform(now)
    make_link(member, gone, now)
    asked = [f"c-{n}" for n in range(KEEPING.per_hour)]
    assert "quota_platform_hour" in ask_all(member, asked, now)
    ApiClient.objects.filter(pk=gone).update(revoked_at=now)
    assert ask_all(member, [f"d-{n}" for n in range(KEEPING.per_hour)], now + 2 * HOUR) == (
        [""] * KEEPING.per_hour
    )


def test_the_only_platform_has_the_whole_quota(member: Member, now: datetime) -> None:
    asked = [f"c-{n}" for n in range(KEEPING.per_hour + 1)]
    assert ask_all(member, asked, now) == [""] * KEEPING.per_hour + ["quota_hour"]


def test_when_the_share_is_free_again_is_said(member: Member, now: datetime) -> None:
    client = platform(now)
    make_link(member, client, now)
    here = ladder.share_of_limit(KEEPING.per_hour, FIRST.platform_percent)
    ask_all(member, [f"c-{n}" for n in range(here)], now, client)
    answers = decide.decide_all(
        client_id=client,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidates=["more"],
        now=now + HOUR / 2,
        zone=timezone.get_default_timezone(),  # type: ignore[arg-type]
    )
    assert answers[0].reasons[0].code == "quota_platform_hour"
    assert answers[0].retry_at == now + HOUR


# --- The first asking -----------------------------------------------------------------------------


def test_owners_hear_once_of_a_platform_that_asks(member: Member, now: datetime) -> None:
    colleague = make_member(now, member.employer, role="recruiter")
    unconfirmed = make_member(now, member.employer, email_verified_at=None)
    client = ApiClient.objects.get()
    make_link(colleague, client.pk, now)
    tell_first_askings(now)
    assert not Mail.objects.exists(), "a link alone is no asking"
    for who in (colleague, member):
        ask_all(who, ["a"], now)
        for _ in range(2):
            tell_first_askings(now)
    (mail,) = Mail.objects.filter(template="platform_first_asked")
    assert mail.to == member.user.email != unconfirmed.user.email
    text = str(mail_message(mail, "https://zizhi.example", now).body)
    assert client.name in text and colleague.user.email in text and "/sites/" in text
    link = MemberLink.objects.get(member=colleague)
    end_link(colleague, link.pk, now)
    make_link(colleague, client.pk, now)
    ask_all(colleague, ["b"], now)
    tell_first_askings(now)
    assert Mail.objects.count() == 1, "a new link with a known platform is no news"


def test_owners_hear_of_a_link_that_was_used_and_ended_in_between(
    member: Member, now: datetime
) -> None:
    colleague = make_member(now, member.employer, role="recruiter")
    link = make_link(colleague, ApiClient.objects.get().pk, now)
    ask_all(colleague, ["a"], now)
    end_link(colleague, link.pk, now)
    tell_first_askings(now)
    assert Mail.objects.filter(template="platform_first_asked", to=member.user.email).exists()


# --- At the same moment ---------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_answer_allows_after_a_link_was_ended_and_none_deadlocks() -> None:
    """Threads ask while links are ended by recruiters and with memberships."""
    now = timezone.now()
    owner = approved(now, days=60)
    client = ApiClient.objects.get().pk
    members = [make_member(now, owner.employer, role="recruiter") for _ in range(30)]
    links = [make_link(member, client, now) for member in members]
    ended: set[UUID] = set()
    late: list[UUID] = []
    errors: list[DatabaseError] = []
    stop = threading.Event()

    def keep_asking(number: int) -> None:
        try:
            asked = 0
            while not stop.is_set():
                member, asked = members[asked % len(members)], asked + 1
                before = member.pk in ended
                why = ask_all(member, [f"{number}-{asked}"], timezone.now(), client)
                if before and why != ["member_not_linked"]:
                    late.append(member.pk)
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_asking, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for n, (member, link) in enumerate(zip(members, links, strict=True)):
            if n % 2:
                end_link(member, link.pk, timezone.now())
            else:
                remove_member(owner, member.pk, timezone.now())
            ended.add(member.pk)
        stop.wait(0.3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert late == [] and errors == []


# --- Installations from before --------------------------------------------------------------------


@pytest.fixture
def before() -> Iterator[Any]:
    with database_at(
        [("employers", "0015_member_links"), ("downloads", "0019_guards_of_links_and_contacts")]
    ) as apps:
        yield apps


@pytest.mark.django_db(transaction=True)
def test_who_was_asked_for_lately_keeps_working(before: Any) -> None:
    now = timezone.now()
    models = {name: before.get_model("employers", name).objects for name in TABLES}
    decisions = before.get_model("downloads", "GateDecision").objects
    live, dead, trying = (
        models["ApiClient"].create(name="p", created_at=now, **more)
        for more in ({}, {"revoked_at": now}, {"test": True})
    )

    def recruiter(left: bool = False, of: Any = None, **employer: Any) -> Any:
        employer = of or models["Employer"].create(
            name="x", uscc=make_uscc(), registered_at=now, **employer
        )
        user = models["User"].create(email=f"{uuid4()}@x.example", joined_at=now)
        left_at = now if left else None
        return models["Member"].create(
            user=user, employer=employer, role="owner", joined_at=now, left_at=left_at
        )

    def ask(member: Any, client: Any = live, days: int = 1, reason: str = "", **more: Any) -> None:
        decisions.create(
            client_id=client.pk,
            employer_id=more.get("employer", member.employer_id),
            member_id=member.pk,
            candidate="c",
            allowed=not reason,
            reason=reason,
            tier="held",
            ladder_version="x",
            decided_at=now - timedelta(days=days),
        )

    kept, denied, old, gone, never = (recruiter(left=n == 3) for n in range(5))
    theirs, unknown = recruiter(platform=live), recruiter()
    for _ in range(3):
        ask(kept)
    ask(denied, days=89, reason="quota_day")
    ask(old, days=91)
    ask(gone)
    ask(theirs)
    ask(unknown, reason="member_unknown", employer=kept.employer_id)
    ask(unknown, client=dead)
    ask(unknown, client=trying)
    for _ in range(2):  # a migration that was interrupted is run again
        migrate_to([("downloads", "0019_guards_of_links_and_contacts")])
        migrate_to([("downloads", "0020_links_of_those_asked_before")])
    links = MemberLink.objects.all()
    assert {link.member_id for link in links} == {kept.pk} and never.pk and denied.pk
    assert {(link.client_id, link.origin) for link in links} == {(live.pk, "asked_before")}
    assert not any(link.first_asked_at for link in links), "owners are told at the next asking"


TABLES = ("ApiClient", "Employer", "Member", "User")
