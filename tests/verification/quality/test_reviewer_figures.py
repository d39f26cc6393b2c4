"""Tests of the quality figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.models import User
from employers.permissions import Power
from tests.databases import unguarded
from tests.factories import make_case, make_member
from tests.verification.staff import make_staff, waiting
from verification.admin.quality_chart import kappa_strip, time_spread
from verification.models import (
    Appeal,
    Case,
    Decision,
    GoldenCase,
    GoldenTurn,
    Ruling,
    RulingOutcome,
    RulingStage,
    SecondReview,
)
from verification.quality import reviewer_figures
from verification.quality.kappa import AT_LEAST
from verification.quality.reviewer_figures import Share, Times
from verification.rules.states import State

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def anna(now: datetime) -> User:
    return make_staff(now, Power.DECIDE)


@pytest.fixture
def bert(now: datetime) -> User:
    return make_staff(now, Power.DECIDE, Power.SECOND_REVIEW)


def ruling(
    case: Case,
    by: User,
    at: datetime,
    verb: str = "approve",
    stage: str = RulingStage.FIRST,
    **fields: Any,
) -> Ruling:
    made: dict[str, Any] = {
        "outcome": RulingOutcome.CARRIED_OUT,
        "finished_at": at,
        "case_version": case.version,
        "attempt_number": 1,
    }
    row: Ruling = Ruling.objects.create(
        case=case, by=by, made_at=at, due_at=at, verb=verb, stage=stage, **made | fields
    )
    return row


def pair(
    one: User, said: str, other: User, answered: str, at: datetime, why: str = SecondReview.SAMPLE
) -> Case:
    case = waiting(at)
    ruling(case, one, at, said, outcome=RulingOutcome.FILED, second_review=why)
    ruling(case, other, at, answered, RulingStage.SECOND, second_review=why)
    return case


def decision(case: Case, by: User | None, verb: str, at: datetime) -> Decision:
    row: Decision = Decision.objects.create(
        case=case, attempt_number=1, verb=verb, decided_by=by, policy_version="1", decided_at=at
    )
    return row


# --- Without a database ---------------------------------------------------------------------------


def test_wilsons_interval_holds_at_the_ends() -> None:
    all_right, none = Share(20, 20), Share(0, 0)
    assert all_right.is_told and (all_right.percent, all_right.high) == (100.0, 100.0)
    assert round(all_right.low, 1) == 83.9
    assert not none.is_told and (none.low, none.high, none.percent) == (0.0, 100.0, 0.0)
    assert [round(end, 1) for end in (Share(5, 50).low, Share(5, 50).high)] == [4.3, 21.4]


def test_times_are_told_by_the_least_that_so_many_do_not_exceed() -> None:
    times = Times({10: 10, 20: 8, 700: 2}, total=10 * 10 + 8 * 20 + 2 * 700)
    assert (times.n, times.median, times.p90, times.is_told) == (20, 10, 20, True)
    assert round(times.per_hour, 1) == round(3600 * 20 / 1660, 1)
    assert times.buckets == [10, 8, 0, 0, 0, 0, 2]
    assert Times({}).per_hour == 0.0 and Times({}).median == 0


def test_nothing_is_drawn_of_nothing() -> None:
    from verification.quality.kappa import kappa

    assert time_spread([("a", 0), ("b", 0)]) == time_spread([]) == []
    assert kappa_strip(kappa({("a", "a"): 3})) is None
    drawn = kappa_strip(kappa({("a", "a"): 15, ("b", "b"): 10, ("a", "b"): 2}))
    assert (
        drawn
        and drawn.start <= drawn.low < drawn.at < drawn.high <= drawn.end
        and drawn.chance == drawn.width / 2
    )
    assert [(bar.n, bar.length) for bar in time_spread([("a", 1), ("b", 4)])] == [
        (1, 25.0),
        (4, 100.0),
    ]


# --- Agreement of two reviewers -------------------------------------------------------------------


class TestAgreement:
    def test_pairs_by_verb_and_by_category(self, now: datetime, anna: User, bert: User) -> None:
        for said, answered, times in (
            ("approve", "approve", 12),
            ("reject", "reject", 6),
            ("reject", "request_changes", 4),
        ):
            for _ in range(times):
                pair(anna, said, bert, answered, now)
        told = reviewer_figures.reviewer_quality(None)
        both = told.everybody
        assert (both.by_verb.n, round(both.by_verb.agreed, 3), both.by_verb.untold) == (
            22,
            round(18 / 22, 3),
            "",
        )
        assert (both.by_category.agreed, both.by_category.value) == (1.0, 1.0), (
            "neither lets the employer through"
        )
        assert both.by_verb.value < 1
        assert [person for person, _ in told.reviewers] == sorted(
            [anna, bert], key=lambda person: person.email
        )
        for _, figures in told.reviewers:
            assert figures.by_verb.n == 22

    def test_per_reviewer_against_whoever_it_was(
        self, now: datetime, anna: User, bert: User
    ) -> None:
        third = make_staff(now, Power.DECIDE, Power.SECOND_REVIEW)
        pair(anna, "approve", bert, "approve", now)
        pair(bert, "reject", third, "approve", now)
        told = dict(reviewer_figures.reviewer_quality(None).reviewers)
        assert [told[person].by_verb.n for person in (anna, bert, third)] == [1, 2, 1]
        assert told[bert].by_verb.untold == "too_few" and told[bert].by_verb.agreed == 0.5

    def test_what_the_policy_asks_stands_apart(self, now: datetime, anna: User, bert: User) -> None:
        pair(anna, "approve", bert, "approve", now, SecondReview.POLICY)
        pair(anna, "approve", bert, "reject", now, SecondReview.POLICY)
        told = reviewer_figures.reviewer_quality(None).everybody
        assert told.by_verb.n == 0 and told.by_policy == Share(1, 2)

    @pytest.mark.parametrize(
        "outcome", [RulingOutcome.UNDONE, RulingOutcome.REFUSED, RulingOutcome.WAITING]
    )
    def test_what_was_undone_counts_for_neither(
        self, outcome: str, now: datetime, anna: User, bert: User
    ) -> None:
        case = pair(anna, "approve", bert, "reject", now)
        other = pair(anna, "approve", bert, "reject", now)
        with unguarded(Ruling):
            Ruling.objects.filter(case=case, stage=RulingStage.SECOND).update(outcome=outcome)
            Ruling.objects.filter(case=other, stage=RulingStage.FIRST).update(
                outcome=RulingOutcome.UNDONE
            )
        assert reviewer_figures.reviewer_quality(None).everybody.by_verb.n == 0

    def test_a_case_that_came_back_is_another_pair(
        self, now: datetime, anna: User, bert: User
    ) -> None:
        case = pair(anna, "approve", bert, "approve", now)
        ruling(
            case,
            anna,
            now,
            "reject",
            outcome=RulingOutcome.FILED,
            second_review="sample",
            case_version=5,
        )
        ruling(
            case, bert, now, "approve", RulingStage.SECOND, second_review="sample", case_version=5
        )
        told = reviewer_figures.reviewer_quality(None).everybody.by_verb
        assert (told.n, told.agreed) == (2, 0.5)


# --- Times and undone rulings ---------------------------------------------------------------------


def test_time_undone_and_refused(now: datetime, anna: User) -> None:
    for seconds, outcome in (
        (10, "carried_out"),
        (20, "filed"),
        (30, "refused"),
        (999, "undone"),
        (None, "carried_out"),
    ):
        ruling(waiting(now), anna, now, outcome=outcome, seconds=seconds)
    figures = reviewer_figures.reviewer_quality(None).everybody
    assert dict(figures.times.counts) == {10: 1, 20: 1, 30: 1}, "an undone one is reviewed again"
    assert (figures.undone, figures.refused, figures.rulings) == (Share(1, 5), Share(1, 5), 5)
    assert figures.times.per_hour == 3 * 3600 / 60


def test_of_a_period_alone(now: datetime, anna: User) -> None:
    ruling(waiting(now), anna, now - 40 * DAY, seconds=5)
    ruling(waiting(now), anna, now - 20 * DAY, seconds=5)
    assert reviewer_figures.reviewer_quality(now - 30 * DAY).everybody.rulings == 1
    assert reviewer_figures.reviewer_quality(None).everybody.rulings == 2


# --- Appeals --------------------------------------------------------------------------------------


class TestOverturned:
    @pytest.mark.parametrize(
        ("verb", "answer", "changed"),
        [
            ("reject", "approve", 1),
            ("reject", "reject", 0),
            ("suspend", "reinstate", 1),
            ("revoke", "reinstate", 1),
            ("suspend", "uphold", 0),
        ],
    )
    def test_the_answer_is_counted_for_whom_it_was_against(
        self, verb: str, answer: str, changed: int, now: datetime, anna: User, bert: User
    ) -> None:
        case = make_case(make_member(now), now, State.REJECTED)
        decision(case, anna, verb, now)
        Appeal.objects.create(
            case=case,
            verb="appeal",
            text="不对",
            by=case.submitted_by,
            at=now + DAY,
            answered_at=now + 2 * DAY,
        )
        decision(case, bert, answer, now + 2 * DAY)
        told = dict(reviewer_figures.reviewer_quality(None).reviewers)
        assert told[anna].changed_of_appealed == Share(changed, 1) and told[
            anna
        ].changed_of_all == Share(changed, 1)
        assert told[bert].changed_of_appealed == Share(0, 0)

    def test_an_appeal_is_against_the_last_that_hurt(
        self, now: datetime, anna: User, bert: User
    ) -> None:
        case = make_case(make_member(now), now, State.REJECTED)
        decision(case, anna, "request_changes", now)
        decision(case, anna, "reject", now + DAY)
        decision(case, bert, "reject", now + 2 * DAY)
        Appeal.objects.create(
            case=case,
            verb="appeal",
            text="不对",
            by=case.submitted_by,
            at=now + 3 * DAY,
            answered_at=now + 4 * DAY,
        )
        decision(case, make_staff(now, Power.DECIDE), "approve", now + 4 * DAY)
        told = dict(reviewer_figures.reviewer_quality(None).reviewers)
        assert (told[anna].changed_of_appealed, told[bert].changed_of_appealed) == (
            Share(0, 0),
            Share(1, 1),
        )

    def test_not_while_it_waits_nor_where_a_person_was_asked_for(
        self, now: datetime, anna: User
    ) -> None:
        for verb, answered in (("appeal", None), ("ask_person", now + DAY)):
            case = make_case(make_member(now), now, State.REJECTED)
            decision(case, anna, "reject", now)
            Appeal.objects.create(
                case=case,
                verb=verb,
                text="不对",
                by=case.submitted_by,
                at=now,
                answered_at=answered,
            )
        assert reviewer_figures.reviewer_quality(None).everybody.changed_of_appealed == Share(0, 0)

    def test_reopened_by_a_colleague(self, now: datetime, anna: User, bert: User) -> None:
        case = make_case(make_member(now), now, State.REJECTED)
        decision(case, anna, "reject", now)
        decision(case, bert, "reopen", now + DAY)
        decision(case, bert, "approve", now + 2 * DAY)
        told = dict(reviewer_figures.reviewer_quality(None).reviewers)
        assert (told[anna].reopened, told[bert].reopened) == (Share(1, 1), Share(0, 1))


# --- Golden cases ---------------------------------------------------------------------------------


def golden_answer(by: User, at: datetime, verb: str, right: bool, kind: str = "name") -> GoldenTurn:
    golden = GoldenCase.objects.create(
        kind=kind, name="云溪", right_verb="reject", right_reasons=["name_mismatch"], made_at=at
    )
    row: GoldenTurn = GoldenTurn.objects.create(
        golden=golden,
        reviewer=by,
        case=waiting(at, golden=True),
        given_at=at,
        answered_at=at,
        verb=verb,
        right=right,
    )
    return row


def test_what_was_answered_to_which_kind(now: datetime, anna: User) -> None:
    for verb, right in (("reject", True), ("reject", False), ("approve", False)):
        golden_answer(anna, now, verb, right)
    figures = reviewer_figures.reviewer_quality(None).everybody
    assert figures.golden == Share(1, 3)
    (line,) = figures.answers
    assert (line.kind, line.right_verb, dict(line.by_verb), line.right, line.n) == (
        "name",
        "reject",
        {"reject": 2, "approve": 1},
        1,
        3,
    )


def test_golden_cases_are_in_nothing_else(now: datetime, anna: User, bert: User) -> None:
    case = pair(anna, "approve", bert, "approve", now)
    decision(case, anna, "approve", now)
    Case.objects.filter(pk=case.pk).update(golden=True)
    figures = reviewer_figures.reviewer_quality(None).everybody
    assert figures.by_verb.n == 0 and figures.changed_of_all == Share(0, 0)


def test_ones_own_figures_tell_no_golden_case_apart(now: datetime, anna: User, bert: User) -> None:
    """Whatever the decision, all counts grow alike; answers count from the next month on."""
    before = reviewer_figures.of_one(anna, None, now)
    case = golden_answer(anna, now, "reject", False).case
    ruling(case, anna, now, "reject", seconds=9)
    decision(case, anna, "reject", now)
    after_golden = reviewer_figures.of_one(anna, None, now)
    real = make_case(make_member(now), now, State.REJECTED)
    ruling(real, anna, now, "reject", seconds=9)
    decision(real, anna, "reject", now)
    after_real = reviewer_figures.of_one(anna, None, now)
    grew = [
        (told.rulings, told.times.n, told.changed_of_all.of, told.golden.of)
        for told in (before, after_golden, after_real)
    ]
    assert grew == [(0, 0, 0, 0), (1, 1, 1, 0), (2, 2, 2, 0)]
    assert reviewer_figures.of_one(anna, None, now + DAY).golden == Share(0, 1)
    assert reviewer_figures.of_one(bert, None, now + DAY).is_empty


def test_five_queries_however_many_there_are(
    now: datetime, anna: User, bert: User, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        pair(anna, "approve", bert, "reject", now)
        golden_answer((anna, bert)[number % 2], now, "reject", True)
        decision(waiting(now), bert, "approve", now)
    with django_assert_num_queries(5):
        list(reviewer_figures.reviewer_quality(now - DAY).reviewers)
    for _ in range(4):
        pair(
            make_staff(now, Power.DECIDE), "approve", make_staff(now, Power.DECIDE), "approve", now
        )
    with django_assert_num_queries(5):
        assert len(reviewer_figures.reviewer_quality(now - DAY).reviewers) == 10
    assert AT_LEAST == 20
