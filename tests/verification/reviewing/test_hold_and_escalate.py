"""Tests of postponing, escalating and undoing: permissions and records."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_member
from tests.verification.staff import SENIOR, claimed, make_staff
from verification.cases import operations
from verification.models import Case, CaseNote, CaseReason, Decision
from verification.reviewing import claims, hold_and_escalate, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def reopen(case_id: UUID, by: User, at: datetime, codes: tuple[str, ...], note: str) -> Case:
    return operations.review_case(case_id, "reopen", by.as_reviewer(), at, codes, note, None)


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_staff(now, Power.DECIDE)


@pytest.fixture
def senior(now: datetime) -> User:
    return make_staff(now, *SENIOR)


def test_held_until_then_and_ones_own_before(reviewer: User, senior: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    case = hold_and_escalate.postpone_case(case.pk, reviewer, now, now + DAY, "等登记机关回复")
    assert not case.claimed(now) and case.version == 0
    assert claims.claim_next(senior, now) is None and claims.claim_next(reviewer, now) is None
    with pytest.raises(Refused, match="case_held"):
        claims.claim_case(case.pk, senior, now)
    assert claims.claim_case(case.pk, reviewer, now).held_until is None
    hold_and_escalate.postpone_case(case.pk, reviewer, now, now + DAY, "还在等")
    assert claims.claim_next(senior, now + DAY) == case
    notes = [(note.kind, note.by, note.text) for note in CaseNote.objects.order_by("pk")]
    assert notes == [("hold", reviewer, "等登记机关回复"), ("hold", reviewer, "还在等")]
    events = Event.objects.about(case).filter(verb="hold")
    assert [event.data for event in events] == [{"until": (now + DAY).isoformat()}] * 2, (
        "free text stays out of Events, which cannot be erased"
    )


@pytest.mark.parametrize("until", [timedelta(0), -DAY, 7 * DAY + timedelta(seconds=1)])
def test_a_week_at_most(until: timedelta, reviewer: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    with pytest.raises(Refused, match="until_invalid"):
        hold_and_escalate.postpone_case(case.pk, reviewer, now, now + until, "x")
    hold_and_escalate.postpone_case(case.pk, reviewer, now, now + 7 * DAY, "x")


def test_handed_to_the_seniors(reviewer: User, senior: User, now: datetime) -> None:
    case = claimed(now, reviewer)
    hold_and_escalate.escalate_case(case.pk, reviewer, now, "像是同一伙人")
    with pytest.raises(Refused, match="senior_required"):
        claims.claim_case(case.pk, reviewer, now)
    assert claims.claim_next(reviewer, now) is None and claims.claim_next(senior, now) == case
    assert (
        CaseNote.objects.get().kind,
        Event.objects.about(case).filter(verb="escalate").count(),
    ) == ("escalate", 1)


def test_who_does_not_hold_it_sets_nothing_aside_and_says_why(
    reviewer: User, senior: User, now: datetime
) -> None:
    case = claimed(now, reviewer)
    for put_down in (
        lambda by, why: hold_and_escalate.escalate_case(case.pk, by, now, why),
        lambda by, why: hold_and_escalate.postpone_case(case.pk, by, now, now + DAY, why),
    ):
        with pytest.raises(Refused, match="claim_required"):
            put_down(senior, "x")
        with pytest.raises(Refused, match="words_missing"):
            put_down(reviewer, "  ")
    case.refresh_from_db()
    assert (
        case.claimed_by == reviewer
        and not case.for_senior
        and case.held_until is None
        and not CaseNote.objects.exists()
    )


@pytest.mark.parametrize("verb", ["reject", "request_changes"])
def test_a_senior_takes_a_decision_back(
    verb: str, reviewer: User, senior: User, now: datetime
) -> None:
    case = claimed(now, reviewer)
    rulings.rule_on_case(case.pk, verb, reviewer, now, ("name_mismatch",), "", seen_version=0)
    at = now + timedelta(seconds=31)
    rulings.carry_out_due(at)
    with pytest.raises(Refused, match="senior_required"):
        reopen(case.pk, reviewer, at, ("review_decided",), "看错了")
    with pytest.raises(Refused, match="reason_required"):
        reopen(case.pk, senior, at, (), "看错了")
    case = reopen(case.pk, senior, at, ("review_decided",), "看错了")
    assert (case.state, case.decided_at, case.review_since, case.review_stage) == (
        State.IN_REVIEW,
        None,
        at,
        "first",
    )
    assert [decision.verb for decision in Decision.objects.all()] == ["reopen", verb]
    assert Mail.objects.order_by("pk").last().template == "case_reopen"
    assert CaseReason.objects.get().code == "review_decided"
    event = Event.objects.about(case).last()
    assert (event.verb, event.from_state, event.to_state) == (
        "reopen",
        "rejected" if verb == "reject" else verb.replace("request_", "") + "_requested",
        "in_review",
    )
    assert claims.claim_next(reviewer, at) == case, "the reviewer who decided may look again"
    operations.approve_case(case.pk, reviewer, at)


def test_an_employer_that_began_anew_is_left_with_that(senior: User, now: datetime) -> None:
    member = make_member(now)
    old = make_case(member, now, State.REJECTED)
    make_case(member, now)
    with pytest.raises(Refused, match="other_case_open"):
        reopen(old.pk, senior, now, ("review_decided",), "")
    assert Case.objects.get(pk=old.pk).state == State.REJECTED
