"""Tests of passes: valid once, for a minute, for one receiver, and only while the decision would
still be yes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from downloads.gate import decide
from downloads.models import PassUse
from downloads.releases import passes
from employers.accounts.membership import remove_member
from employers.models import Employer, Member
from events.core.actor import SYSTEM
from events.core.errors import Refused
from tests.factories import make_api_client, make_case, make_link, make_linked_client, make_member
from verification.cases import operations
from verification.rules.states import State

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLIENT = uuid4()


def a_pass(member: Member, now: datetime, candidate: str = "c-1", client_id: UUID = CLIENT) -> str:
    """Return the pass of a yes."""
    make_link(member, client_id, now)
    answer = decide.decide_download(
        client_id=client_id,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidate=candidate,
        now=now,
        zone=SHANGHAI,
    )
    assert answer.allowed, answer.reasons
    return passes.issue_pass(answer.id, client_id, member.employer_id, member.pk)


def why_not(pass_: str, now: datetime, client_id: UUID = CLIENT, test: bool = False) -> str:
    """Return the code of the refusal, or "" if the pass is honoured."""
    try:
        passes.spend_pass(pass_, client_id=client_id, now=now, test=test)
    except Refused as refused:
        return refused.code
    return ""


@pytest.fixture
def approved(now: datetime, db: None) -> Member:
    member = make_member(now)
    make_case(member, now, State.APPROVED)
    return member


def test_a_pass_is_honoured_once(approved: Member, now: datetime) -> None:
    pass_ = a_pass(approved, now)
    spent = passes.spend_pass(pass_, client_id=CLIENT, now=now + timedelta(seconds=59))
    assert (spent.employer_id, spent.member_id, spent.candidate, spent.tier) == (
        approved.employer_id,
        approved.pk,
        "c-1",
        "provisional",
    )
    assert "relay_only" in spent.obligations
    assert why_not(pass_, now) == why_not(pass_, now + timedelta(hours=1)) == "pass_spent"
    assert list(PassUse.objects.values_list("reason", flat=True)) == [
        "",
        "pass_spent",
        "pass_spent",
    ], "each attempt is recorded"


def test_a_pass_lasts_a_minute(approved: Member, now: datetime) -> None:
    assert why_not(a_pass(approved, now), now + timedelta(seconds=60)) == "pass_expired"


def test_a_pass_is_the_platforms_that_asked(approved: Member, now: datetime) -> None:
    pass_ = a_pass(approved, now)
    assert why_not(pass_, now, client_id=uuid4()) == "pass_unknown"
    assert why_not(pass_, now, test=True) == "pass_unknown"
    assert why_not(pass_, now) == ""


FORGERIES = [
    lambda text: text[:-1],
    lambda text: "A" + text[1:],
    lambda text: "",
    lambda text: "x.y",
    lambda text: "é",
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_pass_is_none(
    forge: Callable[[str], str], approved: Member, now: datetime
) -> None:
    pass_ = a_pass(approved, now)
    forged = forge(pass_) if forge(pass_) != pass_ else "B" + pass_[1:]
    assert why_not(forged, now) == "pass_unknown"


def test_a_no_has_no_pass(approved: Member, now: datetime) -> None:
    a_pass(approved, now)
    no = decide.decide_download(
        client_id=CLIENT,
        employer_id=approved.employer_id,
        member_id=approved.pk,
        candidate="c-1",
        now=now,
        zone=SHANGHAI,
    )
    assert not no.allowed
    assert (
        why_not(passes.issue_pass(no.id, CLIENT, approved.employer_id, approved.pk), now)
        == "pass_unknown"
    )


def _suspend(member: Member, now: datetime) -> None:
    operations.suspend_case(member.employer.cases.get().pk, SYSTEM, now, ["forgery_suspected"])


def _leave(member: Member, now: datetime) -> None:
    remove_member(make_member(now, member.employer), member.pk, now)


def _end(member: Member, now: datetime) -> None:
    member.employer.cases.update(expires_at=now)


def _hide(member: Member, now: datetime) -> None:
    Employer.objects.filter(pk=member.employer_id).update(platform=make_api_client(now)[0])


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (_suspend, "employer_suspended"),
        (_leave, "member_not_linked"),
        (_end, "employer_expired"),
        (_hide, "member_not_linked"),
    ],
)
def test_what_has_happened_since_counts(
    happens: Callable[[Member, datetime], None], why: str, approved: Member, now: datetime
) -> None:
    who = make_member(now, approved.employer, role="recruiter") if happens is _leave else approved
    pass_ = a_pass(who, now)
    happens(who, now)
    assert why_not(pass_, now) == why


def test_the_last_of_a_quota_can_still_be_spent(approved: Member, now: datetime) -> None:
    all_five = [a_pass(approved, now, f"c-{n}") for n in range(5)]
    assert {why_not(pass_, now) for pass_ in all_five} == {""}


@pytest.mark.django_db
def test_the_api(client: Client) -> None:
    now = timezone.now()
    member = make_member(now)
    case = make_case(member, now, State.APPROVED)
    _, key = make_linked_client(now)

    def post(path: str, body: Any) -> Any:
        return client.post(
            f"/api/v1/gate/{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    asking = {"employer_id": str(member.employer_id), "member_id": str(member.pk)}
    first, second = (post("decisions", asking | {"candidate": who}).json() for who in ("a", "b"))
    assert first["gate_pass_expires_at"] > first["decided_at"]
    honoured = post("passes/spend", {"gate_pass": first["gate_pass"]})
    assert (
        honoured.status_code == 200
        and honoured.json()["decision_id"] == first["id"]
        and honoured.json()["candidate"] == "a"
    )
    again = post("passes/spend", {"gate_pass": first["gate_pass"]})
    assert (again.status_code, again.json()["code"]) == (409, "pass_spent") and again[
        "Content-Type"
    ].startswith("application/problem")
    operations.suspend_case(case.pk, SYSTEM, now, ["forgery_suspected"])
    assert (
        post("passes/spend", {"gate_pass": second["gate_pass"]}).json()["code"]
        == "employer_suspended"
    )
    assert post("passes/spend", {"gate_pass": "not one"}).status_code == 404
    no = post("decisions", asking | {"candidate": "c"}).json()
    assert no["gate_pass"] is None and no["gate_pass_expires_at"] is None


@pytest.mark.django_db(transaction=True)
def test_many_spend_the_same_at_once_and_one_is_honoured() -> None:
    now = timezone.now()
    member = make_member(now)
    make_case(member, now, State.APPROVED)
    pass_, honoured, start = a_pass(member, now), [], threading.Barrier(8)

    def spend() -> None:
        try:
            start.wait()
            honoured.append(why_not(pass_, now))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(honoured) == [""] + ["pass_spent"] * 7


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_pass_is_honoured_after_a_suspension_was_acknowledged() -> None:
    """Four threads keep spending passes while each employer is suspended; the test counts passes
    honoured after a suspension.
    """
    now = timezone.now()
    members = [make_member(now) for _ in range(12)]
    waiting: dict[UUID, list[str]] = {}
    for member in members:
        make_case(member, now, State.APPROVED)
        Employer.objects.filter(pk=member.employer_id).update(confirmed_at=now - timedelta(days=60))
        waiting[member.employer_id] = [a_pass(member, now, f"c-{n}") for n in range(40)]
    acknowledged: set[UUID] = set()
    late: list[str] = []
    ends: list[str] = []
    stop = threading.Event()

    def keep_spending() -> None:
        try:
            while not stop.is_set():
                for employer_id, left in waiting.items():
                    try:
                        pass_ = left.pop()
                    except IndexError:
                        continue
                    before = employer_id in acknowledged
                    why = why_not(pass_, now)
                    ends.append(why)
                    if before and not why:
                        late.append(pass_)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_spending) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for member in members:
            operations.suspend_case(
                member.employer.cases.get().pk, SYSTEM, now, ["forgery_suspected"]
            )
            acknowledged.add(member.employer_id)
        stop.wait(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert late == [] and set(ends) == {"", "employer_suspended"}, ends
