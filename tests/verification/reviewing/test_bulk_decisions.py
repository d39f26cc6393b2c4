"""Tests of bulk decisions: two people, no approvals, no changed cases, separate undo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event, Mail
from tests.verification.staff import SENIOR, claimed, make_staff, waiting
from verification.cases import guards
from verification.models import (
    Appeal,
    Bulk,
    Case,
    Decision,
    ReviewStage,
    Ruling,
    RulingOutcome,
    SecondReview,
)
from verification.reviewing import bulk_decisions, claims
from verification.reviewing import rulings as reviewing_rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = timedelta(seconds=31)


@pytest.fixture
def senior(now: datetime) -> User:
    return make_staff(now, *SENIOR)


@pytest.fixture
def other(now: datetime) -> User:
    return make_staff(now, *SENIOR)


def propose(
    cases: list[Case],
    by: User,
    now: datetime,
    verb: str = "reject",
    codes: tuple[str, ...] = ("duplicate_same_image",),
) -> Bulk:
    return bulk_decisions.propose_bulk(
        [case.pk for case in cases], verb, by, now, codes, "同一图片"
    )


def refusals(bulk: Bulk) -> dict[UUID, str]:
    return {item.case_id: item.refusal for item in bulk.items.all()}


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=code)


def test_nothing_happens_until_a_second_person_agrees_and_half_a_minute_has_passed(
    senior: User, other: User, now: datetime
) -> None:
    cases = [waiting(now) for _ in range(3)]
    bulk = propose(cases, senior, now)
    assert not Ruling.objects.exists() and refusals(bulk) == {case.pk: "" for case in cases}
    bulk_decisions.confirm_bulk(bulk.pk, other, now)
    rulings = Ruling.objects.filter(bulk=bulk)
    assert {(ruling.by, ruling.confirmed_by, ruling.stage, ruling.verb) for ruling in rulings} == {
        (senior, other, "bulk", "reject")
    }
    assert not Decision.objects.exists() and not Mail.objects.exists()
    assert reviewing_rulings.carry_out_due(now + LATER) == 3
    for case in cases:
        case.refresh_from_db()
        assert case.state == State.REJECTED
    assert Decision.objects.filter(verb="reject", decided_by=senior, note="同一图片").count() == 3
    assert Mail.objects.filter(template="case_reject").count() == 3


def test_two_people_are_needed(senior: User, other: User, now: datetime) -> None:
    bulk = propose([waiting(now), waiting(now)], senior, now)
    with refused("second_person_required"):
        bulk_decisions.confirm_bulk(bulk.pk, senior, now)
    for powers, code in (
        ((Power.DECIDE,), "senior_required"),
        ((Power.BULK,), "not_allowed"),
        ((), "not_allowed"),
    ):
        for attempt in (
            lambda who: bulk_decisions.confirm_bulk(bulk.pk, who, now),
            lambda who: bulk_decisions.drop_bulk(bulk.pk, who, now),
            lambda who: propose([waiting(now)], who, now),
        ):
            with refused(code):
                attempt(make_staff(now, *powers))
    assert not Ruling.objects.exists()
    bulk_decisions.confirm_bulk(bulk.pk, other, now)
    with refused("bulk_settled"):
        bulk_decisions.confirm_bulk(bulk.pk, make_staff(now, *SENIOR), now)


@pytest.mark.parametrize("verb", ["approve", "suspend", "revoke", "submit", ""])
def test_nobody_is_let_through_that_way(senior: User, now: datetime, verb: str) -> None:
    with refused("not_allowed"):
        propose([waiting(now)], senior, now, verb)
    assert guards.IN_BULK == ("request_changes", "reject")


def test_it_needs_a_reason_and_not_too_many_cases(senior: User, now: datetime) -> None:
    case = waiting(now)
    with refused("reason_required"):
        propose([case], senior, now, codes=())
    with refused("bulk_too_many"):
        bulk_decisions.propose_bulk(
            [UUID(int=n) for n in range(bulk_decisions.AT_MOST + 1)],
            "reject",
            senior,
            now,
            ("review_decided",),
            "",
        )
    with refused("state_conflict"):
        propose([], senior, now)
    assert not Bulk.objects.exists()


def test_what_cannot_be_decided_is_kept_with_its_reason(senior: User, now: datetime) -> None:
    free, taken, postponed = (
        waiting(now),
        claimed(now, make_staff(now, Power.DECIDE)),
        waiting(now, held_until=now + HOUR),
    )
    under_way = claimed(now, make_staff(now, *SENIOR))
    reviewing_rulings.rule_on_case(
        under_way.pk,
        "reject",
        under_way.claimed_by,
        now,
        ("review_decided",),
        "",
        seen_version=under_way.version,
    )  # type: ignore[arg-type]
    bulk = propose([free, taken, postponed, under_way], senior, now)
    assert refusals(bulk) == {
        free.pk: "",
        taken.pk: "claimed_by_other",
        postponed.pk: "case_held",
        under_way.pk: "decision_under_way",
    }
    with refused("claimed_by_other"):
        propose([taken], senior, now)


def test_what_has_changed_since_is_left_out_and_told(
    senior: User, other: User, now: datetime
) -> None:
    same, changed, taken, postponed = (waiting(now) for _ in range(4))
    mine = claimed(now, senior)
    bulk = propose([same, changed, taken, postponed, mine], senior, now)
    mine.refresh_from_db()
    assert mine.claimed_by is None, "as with a decision, the claim ends"
    Case.objects.filter(pk=changed.pk).update(version=changed.version + 1)
    claims.claim_case(taken.pk, make_staff(now, Power.DECIDE), now)
    Case.objects.filter(pk=postponed.pk).update(held_until=now + HOUR)
    claims.claim_case(mine.pk, other, now)  # the person who confirms has claimed it before
    bulk = bulk_decisions.confirm_bulk(bulk.pk, other, now)
    assert refusals(bulk) == {
        same.pk: "",
        changed.pk: "bulk_changed",
        taken.pk: "claimed_by_other",
        postponed.pk: "case_held",
        mine.pk: "",
    }
    assert set(bulk.rulings.values_list("case", flat=True)) == {same.pk, mine.pk}


def test_an_appeal_is_not_heard_by_who_refused_even_as_one_of_two(
    senior: User, other: User, now: datetime
) -> None:
    case, plain = waiting(now), waiting(now)
    Appeal.objects.create(case=case, verb="appeal", text="x", by=case.submitted_by, at=now)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="reject",
        decided_by=other,
        policy_version="1",
        decided_at=now,
    )
    bulk = propose([case, plain], senior, now)
    bulk = bulk_decisions.confirm_bulk(bulk.pk, other, now)
    assert refusals(bulk) == {case.pk: "another_reviewer_required", plain.pk: ""}


def test_whoever_proposed_and_may_no_longer_decides_nothing(
    senior: User, other: User, now: datetime
) -> None:
    case = waiting(now)
    bulk = propose([case], senior, now)
    senior.is_active = False
    senior.save()
    assert refusals(bulk_decisions.confirm_bulk(bulk.pk, other, now)) == {case.pk: "not_allowed"}


def test_two_people_are_a_second_review(senior: User, other: User, now: datetime) -> None:
    case = waiting(now, second_review=SecondReview.SAMPLE)
    bulk_decisions.confirm_bulk(propose([case], senior, now).pk, other, now)
    reviewing_rulings.carry_out_due(now + LATER)
    case.refresh_from_db()
    assert (case.state, case.review_stage) == (State.REJECTED, ReviewStage.FIRST)


def test_a_golden_case_is_in_no_crowd(senior: User, now: datetime) -> None:
    with refused("not_allowed"):
        propose([waiting(now, golden=True)], senior, now)


def test_a_proposal_can_be_dropped(senior: User, other: User, now: datetime) -> None:
    bulk = propose([waiting(now)], senior, now)
    bulk_decisions.drop_bulk(bulk.pk, other, now)
    for attempt in (bulk_decisions.confirm_bulk, bulk_decisions.drop_bulk):
        with refused("bulk_settled"):
            attempt(bulk.pk, other, now)
    assert not Ruling.objects.exists()
    dropped = Bulk.objects.get()
    assert (dropped.settled_by, dropped.settled_at, dropped.dropped_at) == (other, now, now)


def test_who_proposed_it_can_drop_it(senior: User, now: datetime) -> None:
    bulk_decisions.drop_bulk(propose([waiting(now)], senior, now).pk, senior, now)
    assert Bulk.objects.get().settled_by == senior


class TestUndo:
    def test_either_of_the_two_takes_all_of_it_back(
        self, senior: User, other: User, now: datetime
    ) -> None:
        cases = [waiting(now), waiting(now)]
        bulk = bulk_decisions.confirm_bulk(propose(cases, senior, now).pk, other, now)
        stranger = make_staff(now, *SENIOR)
        with refused("not_allowed"):
            bulk_decisions.undo_bulk(bulk.pk, stranger, now)
        assert bulk_decisions.undo_bulk(bulk.pk, other, now + timedelta(seconds=29)) == 2
        assert set(bulk.rulings.values_list("outcome", flat=True)) == {RulingOutcome.UNDONE}
        with refused("undo_too_late"):
            bulk_decisions.undo_bulk(bulk.pk, senior, now + timedelta(seconds=29))
        assert reviewing_rulings.carry_out_due(now + LATER) == 0

    def test_too_late(self, senior: User, other: User, now: datetime) -> None:
        bulk = bulk_decisions.confirm_bulk(propose([waiting(now)], senior, now).pk, other, now)
        with refused("undo_too_late"):
            bulk_decisions.undo_bulk(bulk.pk, senior, now + LATER)


def test_what_is_decided_alone_meanwhile_is_carried_out_once(
    senior: User, other: User, now: datetime
) -> None:
    """Between confirming and carrying out, a new document changes the case."""
    case = waiting(now)
    bulk = bulk_decisions.confirm_bulk(propose([case], senior, now).pk, other, now)
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    reviewing_rulings.carry_out_due(now + LATER)
    ruling = bulk.rulings.get()
    assert (ruling.outcome, ruling.refusal) == (RulingOutcome.REFUSED, "bulk_changed")


def test_no_event_says_what_was_proposed(senior: User, other: User, now: datetime) -> None:
    case = waiting(now)
    bulk = bulk_decisions.confirm_bulk(propose([case], senior, now).pk, other, now)
    events = list(Event.objects.filter(subject_id=str(case.pk)).order_by("pk"))
    assert [event.verb for event in events] == ["propose_bulk", "rule"]
    assert events[0].data == {"bulk": str(bulk.pk)} and events[1].actor_id == str(other.pk)
    assert all(not event.reasons for event in events)
