"""Tests of the reviewers' queue: every case gets its position, and the queue follows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from employers.models import AccountClass, Member
from events.core.actor import SYSTEM
from tests.factories import make_case, make_document, make_employer, make_member, make_reviewer
from verification import tasks
from verification.cases import appeals, operations, queue_placement
from verification.cases.decisions import Why, put_on_record
from verification.cases.operations import moving_case
from verification.models import Case, CaseReason, Decision, SecondReview
from verification.reviewing import claims
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def for_review(member: Member, now: datetime, *codes: str, **fields: Any) -> Case:
    """A case held for review by the regular operation."""
    case = make_case(member, now, State.CHECKING, **fields)
    why = Why.of(codes)
    with moving_case(case.pk, "hold_for_review", SYSTEM, now, why=why) as move:
        put_on_record(move.case, "hold_for_review", why, SYSTEM, now)
    return Case.objects.get(pk=case.pk)


def codes_of(case: Case) -> set[str]:
    return set(CaseReason.objects.filter(case=case).values_list("code", flat=True))


def test_placed_as_it_comes(now: datetime) -> None:
    case = for_review(make_member(now), now, "name_mismatch", "registry_not_found", "name_mismatch")
    assert (case.review_since, case.harm, case.rights_now, case.second_review) == (
        now,
        1,
        "none",
        "",
    )
    assert case.review_due is not None and queue_placement.configured_hours().between(
        now, case.review_due
    ) == timedelta(hours=16)
    assert codes_of(case) == {"name_mismatch", "registry_not_found"}
    assert case.name_key and case.urgency != 0


@pytest.mark.parametrize(
    ("codes", "account_class", "harm", "second"),
    [
        (("forgery_suspected",), AccountClass.DIRECT_EMPLOYER, 8, "policy"),
        (("name_mismatch",), AccountClass.COMMERCIAL_AGENCY, 4, "policy"),
        (("name_mismatch",), AccountClass.PUBLIC_SERVICE, 1, ""),
    ],
)
def test_what_weighs_and_whether_two_look(
    codes: tuple[str, ...], account_class: str, harm: float, second: str, now: datetime
) -> None:
    case = for_review(
        make_member(now, make_employer(now, account_class=account_class)), now, *codes
    )
    assert (case.harm, case.second_review) == (harm, second)


@pytest.mark.parametrize(
    ("left", "conditional", "rights", "harm"),
    [(30, False, "in_force", 1), (3, False, "in_force", 4), (3, True, "conditional", 4)],
)
def test_what_its_employer_would_lose(
    left: int, conditional: bool, rights: str, harm: float, now: datetime
) -> None:
    member = make_member(now)
    make_case(
        member, now, State.APPROVED, expires_at=now + timedelta(days=left), conditional=conditional
    )
    case = for_review(member, now, "name_mismatch")
    assert (case.rights_now, case.harm) == (rights, harm)


def test_the_queue_stands_by_it(now: datetime) -> None:
    ordinary = for_review(make_member(now), now, "name_mismatch")
    forged = for_review(make_member(now), now, "forgery_suspected")
    later = for_review(make_member(now), now + timedelta(days=1), "name_mismatch")
    assert list(Case.objects.awaiting_review()) == [forged, ordinary, later]
    seen = [
        queue_placement.urgency_factors(case, now + timedelta(days=2))
        for case in (forged, ordinary, later)
    ]
    assert [one.harm for one in seen if one] == [8, 1, 1]
    assert sorted((one.score for one in seen if one), reverse=True) == [
        one.score for one in seen if one
    ]


def test_an_appeal_waits_for_what_was_refused(now: datetime) -> None:
    member, reviewer = make_member(now), make_reviewer(now)
    case = for_review(member, now, "registry_not_found")
    claims.claim_case(case.pk, reviewer, now)
    operations.reject_case(case.pk, reviewer, now, ["uscc_mismatch"])
    assert codes_of(case) == set(), "it no longer waits"
    appeals.appeal_decision(case.pk, member, "登记有误", [], now + timedelta(days=1))
    case.refresh_from_db()
    assert (case.harm, case.review_since, codes_of(case)) == (
        3,
        now + timedelta(days=1),
        {"uscc_mismatch"},
    )
    assert Decision.objects.filter(verb="reject").get().waited == pytest.approx(0)


def test_what_was_arranged_ends_as_it_leaves(now: datetime) -> None:
    reviewer = make_reviewer(now)
    case = for_review(make_member(now), now, "name_mismatch")
    Case.objects.update(assigned_to=reviewer, for_senior=True)
    claims.claim_case(case.pk, reviewer, now)
    operations.request_changes(case.pk, reviewer, now, ["name_mismatch"])
    case.refresh_from_db()
    assert (case.assigned_to, case.for_senior, case.held_until) == (None, False, None)


def test_a_share_of_all_others_is_looked_at_twice(now: datetime, settings: Any) -> None:
    settings.SECOND_REVIEW_SAMPLE = 0.5
    drawn = [for_review(make_member(now), now, "name_mismatch") for _ in range(60)]
    share = sum(case.second_review == SecondReview.SAMPLE for case in drawn) / 60
    assert 0.2 < share < 0.8
    settings.SECOND_REVIEW_SAMPLE = 0.0
    assert for_review(make_member(now), now, "name_mismatch").second_review == ""
    settings.SECOND_REVIEW_SAMPLE, settings.SECOND_REVIEW_FROM_HARM = 1.0, 99
    assert (
        for_review(make_member(now), now, "forgery_suspected").second_review == SecondReview.SAMPLE
    )


# --- Changes over time ----------------------------------------------------------------------------


def unplaced(now: datetime) -> Case:
    """A case from before positions were stored: only the start of its wait is known."""
    case = make_case(make_member(now), now, State.IN_REVIEW, review_since=now)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="hold_for_review",
        reasons=[{"code": "forgery_suspected"}],
        policy_version="1",
        decided_at=now,
    )
    return case


def test_the_sweep_places_what_has_no_position(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = unplaced(now)
    monkeypatch.setattr(tasks.timezone, "now", lambda: now + timedelta(days=1))
    tasks.place_queue()
    case.refresh_from_db()
    assert (case.harm, case.review_since, case.second_review, codes_of(case)) == (
        8,
        now,
        "policy",
        {"forgery_suspected"},
    )
    assert case.version == 0 and queue_placement.place_due(now) == 0, "once"


def test_an_approval_comes_to_its_end_while_its_renewal_waits(now: datetime) -> None:
    member = make_member(now)
    make_case(member, now, State.APPROVED, expires_at=now + timedelta(days=8))
    case = for_review(member, now, "name_mismatch")
    for days, moved, (harm, rights) in (
        (0, 0, (1, "in_force")),
        (2, 1, (4, "in_force")),
        (9, 1, (1, "none")),
        (9, 0, (1, "none")),
    ):
        assert queue_placement.place_due(now + timedelta(days=days)) == moved
        case.refresh_from_db()
        assert (case.harm, case.rights_now, case.review_since) == (harm, rights, now)


def test_a_condition_is_confirmed_while_its_renewal_waits(now: datetime) -> None:
    member = make_member(now)
    approved = make_case(
        member, now, State.APPROVED, expires_at=now + timedelta(days=90), conditional=True
    )
    case = for_review(member, now, "name_mismatch")
    Case.objects.filter(pk=approved.pk).update(conditional=False)
    assert (queue_placement.place_due(now), queue_placement.place_due(now)) == (1, 0)
    case.refresh_from_db()
    assert case.rights_now == "in_force"


def test_all_can_be_placed_anew(now: datetime) -> None:
    case = for_review(make_member(now), now, "name_mismatch")
    make_document(case, now)
    Case.objects.update(urgency=77)
    out = StringIO()
    call_command("place_queue", stdout=out)
    assert out.getvalue() == "1 cases placed\n" and Case.objects.get(pk=case.pk).urgency != 77


@pytest.mark.parametrize("answer", ["uphold", "reinstate", "revoke"])
def test_an_appeal_of_who_was_suspended_has_its_place_until_it_is_answered(
    answer: str, now: datetime
) -> None:
    member, at = make_member(now), now + timedelta(hours=3)
    case = make_case(member, now, State.APPROVED)
    operations.suspend_case(
        case.pk, make_reviewer(now).as_reviewer(), now, ["registry_abnormal_list"]
    )
    ordinary = for_review(make_member(now), now, "name_mismatch")
    assert list(Case.objects.awaiting_review()) == [ordinary]
    appeals.appeal_decision(case.pk, member, "已移出名录", [], at)
    case.refresh_from_db()
    assert (case.state, case.hearing, case.review_since, case.harm) == (
        State.SUSPENDED,
        True,
        at,
        3,
    )
    assert case.second_review == SecondReview.NONE and codes_of(case) == {"registry_abnormal_list"}
    assert set(Case.objects.awaiting_review()) == {case, ordinary}
    assert queue_placement.place_all(at) == 2
    other = make_reviewer(now)
    claims.claim_case(case.pk, other, at)
    codes = () if answer == "reinstate" else ("registry_abnormal_list",)
    operations.review_case(
        case.pk, answer, other.as_reviewer(), at + timedelta(minutes=9), codes, "", None
    )
    case.refresh_from_db()
    assert (
        not case.hearing
        and codes_of(case) == set()
        and list(Case.objects.awaiting_review()) == [ordinary]
    )
    assert Decision.objects.latest("pk").waited is not None, "it had waited, whatever the decision"
