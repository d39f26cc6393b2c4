"""Tests with twenty concurrent reviewers, each on a connection of its own: one decides a case."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_member
from tests.verification.cases.test_appeals import file, files_kept
from tests.verification.staff import claimed, make_staff, waiting
from verification.cases import appeals, operations
from verification.models import Appeal, Case, Decision, Document, Ruling
from verification.reviewing import claims, rulings
from verification.rules.states import State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
TWENTY = 20


def at_once(work: Callable[[int], str], many: int = TWENTY) -> Counter[str]:
    """Return the results of `many` threads that start at the same moment."""
    start, said = threading.Barrier(many), []

    def run(number: int) -> None:
        try:
            start.wait()
            said.append(work(number))
        except Refused as refused:
            said.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(said)


def test_twenty_claim_and_decide_one_case(now: datetime) -> None:
    case = waiting(now)
    people = [make_staff(now, Power.DECIDE) for _ in range(TWENTY)]

    def claim_and_decide(number: int) -> str:
        claims.claim_case(case.pk, people[number], now)
        rulings.rule_on_case(case.pk, "approve", people[number], now, (), "", seen_version=0)
        return "ruled"

    said = at_once(claim_and_decide)
    assert said["ruled"] == 1 and set(said) <= {"ruled", "claimed_by_other", "decision_under_way"}
    assert Ruling.objects.count() == 1 and Event.objects.filter(verb="rule").count() == 1
    rulings.carry_out_due(now + timedelta(seconds=30))
    assert Decision.objects.count() == 1


def test_one_persons_twenty_clicks_are_one_ruling(now: datetime) -> None:
    reviewer = make_staff(now, Power.DECIDE)
    case = claimed(now, reviewer)
    said = at_once(
        lambda _: (
            rulings.rule_on_case(case.pk, "approve", reviewer, now, (), "", seen_version=0)
            and "ruled"
        )
    )
    assert said == {"ruled": 1, "decision_under_way": TWENTY - 1}


def test_twenty_who_ask_for_the_next_get_twenty(now: datetime) -> None:
    """None waits for another's lock, gets another's case, or is told that there is no case."""
    cases = [waiting(now, urgency=float(number)) for number in range(TWENTY)]
    people = [make_staff(now, Power.DECIDE) for _ in range(TWENTY)]
    said = at_once(lambda number: str(getattr(claims.claim_next(people[number], now), "pk", None)))
    assert set(said) == {str(case.pk) for case in cases}


def test_who_begins_anew_and_who_appeals_in_the_same_moment_leave_one_open_case(
    now: datetime,
) -> None:
    member = make_member(now)
    refused, kept = make_case(member, now, State.REJECTED), files_kept()

    def either(number: int) -> str:
        if number % 2:
            return str(operations.open_case(member.employer, member.as_actor(), now).pk)
        return str(appeals.appeal_decision(refused.pk, member, "登记有误", [file()], now).pk)

    said = at_once(either)
    (case,) = Case.objects.open()
    appealed = case.pk == refused.pk
    assert said[str(case.pk)] == TWENTY // 2 + appealed
    assert set(said) == {str(case.pk), "state_conflict" if appealed else "other_case_open"}
    assert (
        Appeal.objects.count() == Document.objects.count() == len(files_kept() - kept) == appealed
    )


def test_twenty_workers_carry_out_once(now: datetime) -> None:
    reviewer = make_staff(now, Power.DECIDE)
    case = claimed(now, reviewer)
    ruling = rulings.rule_on_case(case.pk, "approve", reviewer, now, (), "", seen_version=0)
    said = at_once(
        lambda _: rulings.carry_out(ruling.pk, now + timedelta(seconds=30)) or "nothing to do"
    )
    assert said == {"carried_out": 1, "nothing to do": TWENTY - 1}
    assert Decision.objects.count() == Mail.objects.count() == 1


def test_undone_or_carried_out_never_both(now: datetime) -> None:
    """Even if the reviewer who undoes has a clock behind the worker's."""
    for _ in range(5):
        reviewer: User = make_staff(now, Power.DECIDE)
        case = claimed(now, reviewer)
        ruling = rulings.rule_on_case(case.pk, "approve", reviewer, now, (), "", seen_version=0)

        def undo_or_carry_out(
            number: int, ruling: Ruling = ruling, reviewer: User = reviewer
        ) -> str:
            if number % 2:
                return rulings.carry_out(ruling.pk, now + timedelta(seconds=30)) or "nothing to do"
            rulings.undo_ruling(ruling.pk, reviewer, now + timedelta(seconds=29))
            return "undone"

        said = at_once(undo_or_carry_out, 4)
        assert said["undone"] + said["carried_out"] == 1
        assert (Case.objects.get(pk=case.pk).state == "approved") == bool(said["carried_out"])
