"""Tests that no quota is ever exceeded: by concurrent requests, by many candidates in one request,
or by a test platform.
"""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from downloads.gate import decide
from downloads.models import GateDecision
from downloads.rules.ladder import FIRST, Tier
from employers.models import ApiClient, Employer, Member
from tests.factories import make_case, make_employer, make_link, make_member
from verification.rules.states import State

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLIENT = uuid4()


def approved(now: datetime, employer: Employer | None = None, days: int = 0) -> Member:
    """Return a recruiter of an employer that was approved `days` ago."""
    member = make_member(now, employer)
    if employer is None:
        make_link(member, CLIENT, now)
    Employer.objects.filter(pk=member.employer_id).update(confirmed_at=now - timedelta(days=days))
    make_case(member, now, State.APPROVED)
    return member


def ask_all(
    member: Member,
    candidates: list[str],
    now: datetime,
    client_id: UUID = CLIENT,
    test: bool = False,
) -> list[str]:
    """Return the reason of each decision, in order; "" for a yes."""
    answers = decide.decide_all(
        client_id=client_id,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidates=candidates,
        now=now,
        zone=SHANGHAI,
        test=test,
    )
    return [answer.reasons[0].code if answer.reasons else "" for answer in answers]


def at_once(threads: int, each: int, member: Member, now: datetime, candidate: str = "c-{}") -> int:
    """Let several threads ask several times at the same moment; return how many decisions
    were yes.
    """
    start, numbers, granted = threading.Barrier(threads), itertools.count(), []

    def ask() -> None:
        try:
            start.wait()
            for _ in range(each):
                granted.extend(
                    why
                    for why in ask_all(member, [candidate.format(next(numbers))], now)
                    if not why
                )
        finally:
            connections.close_all()

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return len(granted)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("days", "left"), [(60, 20), (1, 5)])
def test_two_hundred_at_once_take_exactly_what_is_left(days: int, left: int) -> None:
    now = timezone.now()
    member = approved(now, days=days)
    held = FIRST.rights[Tier.ESTABLISHED if days > 30 else Tier.PROVISIONAL]
    used = [f"used-{n}" for n in range(held.per_hour - left)]
    if used:
        assert set(ask_all(member, used, now)) == {""}
    assert at_once(20, 10, member, now) == left
    assert GateDecision.objects.allowed().count() == held.per_hour
    assert GateDecision.objects.count() == 200 + len(used), "every decision is recorded"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_candidate_is_had_once_however_many_ask() -> None:
    now = timezone.now()
    assert at_once(10, 5, approved(now, days=60), now, "the same") == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_counting_that_was_in_use_would_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the company's lock the same threads exceed the quota, so the test above can fail."""
    from downloads import locks

    monkeypatch.setattr(locks, "LOCK_COMPANY", "SELECT %(employer)s::uuid")
    now = timezone.now()
    taken = max(at_once(20, 10, approved(now, days=60), now) for _ in range(5))
    assert taken > FIRST.rights[Tier.ESTABLISHED].per_hour


def test_many_in_one_question_share_the_quota_in_their_order(now: datetime, db: None) -> None:
    member = approved(now)
    assert ask_all(member, ["a", "b", "a", "c", "d", "e", "f", "b"], now) == [
        "",
        "",
        "quota_candidate",
        "",
        "",
        "",
        "quota_hour",
        "quota_candidate",
    ]
    used = GateDecision.objects.order_by("candidate").values_list(
        "candidate", "allowed", "used_hour"
    )
    assert (("e", True, 5) in used) and (("f", False, 5) in used)


def test_many_in_one_question_are_answered_as_one_after_the_other(now: datetime, db: None) -> None:
    questions = [f"c-{n % 17}" for n in range(60)]
    together, singly = approved(now, days=60), approved(now, days=60)
    assert ask_all(together, questions, now) == [
        why for one in questions for why in ask_all(singly, [one], now)
    ]


def test_the_days_quota_runs_out_over_the_hours(db: None) -> None:
    begin = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)
    member = approved(begin)
    for hour in range(4):
        asked = [f"{hour}-{n}" for n in range(6)]
        assert ask_all(member, asked, begin + timedelta(hours=hour)) == [""] * 5 + [
            "quota_day" if hour == 3 else "quota_hour"
        ]
    assert ask_all(member, ["next day"], begin + timedelta(days=1)) == [""]


def make_client(now: datetime, test: bool = False) -> ApiClient:
    return ApiClient.objects.create(name="a platform", test=test, created_at=now)


def test_a_platform_sees_its_own_and_those_who_linked_it(now: datetime, db: None) -> None:
    one, other = make_client(now), make_client(now)
    by_itself, of_one = approved(now), approved(now, make_employer(now, platform=one))
    make_link(by_itself, one.pk, now)
    for member, client, why in (
        (by_itself, one, ""),
        (by_itself, other, "member_not_linked"),
        (of_one, one, ""),
        (of_one, other, "member_not_linked"),
    ):
        assert ask_all(member, [f"c-{client.pk}"], now, client.pk) == [why]
    for unseen in GateDecision.objects.filter(reason="member_not_linked"):
        told = (unseen.uscc, unseen.case_id, unseen.case_state, unseen.tier)
        assert told == ("", None, "", "held"), "nothing about the employer is recorded"


def test_a_test_is_a_world_apart(now: datetime, db: None) -> None:
    live, test, other = make_client(now), make_client(now, test=True), make_client(now, test=True)
    real = approved(now)
    made, made_too = (
        approved(now, make_employer(now, uscc=real.employer.uscc, platform=who, test=True))
        for who in (test, other)
    )
    for member, client in ((real, test), (made, other), (made, live)):
        assert ask_all(member, ["c"], now, client.pk, client.test) == ["member_not_linked"]
    make_link(real, live.pk, now)
    three = [f"c-{n}" for n in range(3)]
    for member, client in ((made, test), (made_too, other), (real, live)):
        assert ask_all(member, three, now, client.pk, client.test) == [""] * 3, (
            "no platform has used another one's quota"
        )
