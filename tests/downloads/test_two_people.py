"""Tests that one person is never both halves of a decision of two, superuser or not.

Each decision of two people in the product is a row of `DECISIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from downloads.gate import ladder_versions, release_stops
from downloads.models import LadderVersion, Move, MoveAppeal, ReleaseStop
from downloads.rules.ladder import Tier
from downloads.tiers import appeals as tier_appeals
from downloads.tiers import tier_changes
from employers.accounts import staff
from employers.models import SuperuserProposal, User
from events.core.errors import Refused
from events.models import Proposal
from tests.factories import make_case, make_colleague, make_member, make_reviewer, make_user
from tests.verification.staff import waiting
from verification.cases import appeals
from verification.models import Bulk, Case, SecondReview
from verification.reviewing import bulk_decisions, claims, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)
Act = Callable[[User], Any]


def superuser(now: datetime) -> tuple[Act, Act]:
    colleague = make_user(now, is_staff=True)
    return (
        lambda user: staff.propose_superuser(colleague.pk, user, now),
        lambda user: staff.settle_superuser(colleague.pk, user, now, confirmed=True),
    )


def move(now: datetime) -> tuple[Act, Act]:
    employer, made = make_member(now).employer, []
    return (
        lambda user: made.append(
            tier_changes.propose_tier_change(employer.pk, "restricted", "x", None, user, now)
        ),
        lambda user: tier_changes.settle_tier_change(made[0].pk, user, now, confirmed=True),
    )


def ladder(now: datetime) -> tuple[Act, Act]:
    data, made = ladder_versions.as_data(ladder_versions.in_force()), []
    return (
        lambda user: made.append(ladder_versions.propose_ladder(data, "x", user, now)),
        lambda user: ladder_versions.settle_ladder_version(made[0].pk, user, now, activate=True),
    )


def stop_of_releases(now: datetime) -> tuple[Act, Act]:
    made, stop = [], ReleaseStop.Act.STOP
    return (
        lambda user: made.append(release_stops.propose_release_stop(None, stop, "x", user, now)),
        lambda user: release_stops.settle_release_stop(made[0].pk, user, now, confirmed=True),
    )


def bulk(now: datetime) -> tuple[Act, Act]:
    case, made = waiting(now), []
    return (
        lambda user: made.append(
            bulk_decisions.propose_bulk([case.pk], "reject", user, now, ["name_mismatch"], "")
        ),
        lambda user: bulk_decisions.confirm_bulk(made[0].pk, user, now),
    )


def ruled(case: Case, user: User, now: datetime) -> None:
    claimed = claims.claim_case(case.pk, user, now)
    ruling = rulings.rule_on_case(
        case.pk, "reject", user, now, ["name_mismatch"], "", seen_version=claimed.version
    )
    rulings.carry_out(ruling.pk, now + LATER)


def second_review(now: datetime) -> tuple[Act, Act]:
    case = waiting(now, second_review=SecondReview.SAMPLE)
    return (lambda user: ruled(case, user, now), lambda user: ruled(case, user, now + 2 * LATER))


def appeal_to(case: Case, now: datetime) -> Act:
    """Return the claim of the appeal against a rejection."""

    def claim(user: User) -> Any:
        case.refresh_from_db()
        if case.state == State.REJECTED:
            member = case.employer.members.get()
            appeals.appeal_decision(case.pk, member, "请再看一次", [], now + 4 * LATER)
        return claims.claim_case(case.pk, user, now + 5 * LATER)

    return claim


def appeal_after_second_review(now: datetime) -> tuple[Act, Act]:
    case = waiting(now, second_review=SecondReview.SAMPLE)

    def first_of_two(user: User) -> None:
        ruled(case, user, now)
        ruled(case, make_reviewer(now), now + 2 * LATER)

    return first_of_two, appeal_to(case, now)


def appeal_after_bulk(now: datetime) -> tuple[Act, Act]:
    case = waiting(now)

    def second_of_two(user: User) -> None:
        proposer = make_reviewer(now)
        made = bulk_decisions.propose_bulk(
            [case.pk], "reject", proposer, now, ["name_mismatch"], ""
        )
        bulk_decisions.confirm_bulk(made.pk, user, now)
        rulings.carry_out_due(now + LATER)

    return second_of_two, appeal_to(case, now)


def appeal_after_a_move(now: datetime) -> tuple[Act, Act]:
    member = make_member(now)
    make_case(member, now, State.APPROVED)

    def second_of_two(user: User) -> None:
        made = tier_changes.propose_tier_change(
            member.employer_id, Tier.RESTRICTED, "x", None, make_reviewer(now), now
        )
        tier_changes.settle_tier_change(made.pk, user, now, confirmed=True)
        restriction = tier_appeals.restriction_of(member.employer_id, now)
        assert restriction
        tier_appeals.appeal_tier_change(member, restriction.move.pk, "请再看一次", now)

    return second_of_two, lambda user: tier_appeals.answer_appeal(
        MoveAppeal.objects.get().pk, user, user.as_reviewer(), now, lift=False, reply="x"
    )


DECISIONS = (
    superuser,
    move,
    ladder,
    stop_of_releases,
    bulk,
    second_review,
    appeal_after_second_review,
    appeal_after_bulk,
    appeal_after_a_move,
)


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("who", ["superuser", "Leads"])
def test_one_person_is_not_both(
    decision: Callable[[datetime], tuple[Act, Act]], who: str, now: datetime
) -> None:
    one = make_reviewer(now) if who == "superuser" else make_colleague(now, who)
    if decision is superuser and who != "superuser":
        pytest.skip("only superusers propose superusers")
    first, second = decision(now)
    first(one)
    with pytest.raises(Refused) as refused:
        second(one)
    assert refused.value.code in {
        "second_person_required",
        "another_reviewer_required",
        "staff_second_superuser",
    }
    second(make_reviewer(now))


PROPOSALS: tuple[tuple[type[Any], Callable[[datetime], tuple[Act, Act]], str], ...] = (
    (SuperuserProposal, superuser, "confirmed"),
    (Move, move, "confirmed"),
    (LadderVersion, ladder, "active_from"),
    (ReleaseStop, stop_of_releases, "confirmed"),
    (Bulk, bulk, ""),
)
"""The models of proposals, a proposal of each, and the column that gives it effect."""


def test_all_proposals_are_tested() -> None:
    assert set(Proposal.__subclasses__()) == {model for model, _, _ in PROPOSALS}


@pytest.mark.parametrize(
    ("model", "decision", "column"), PROPOSALS, ids=lambda value: getattr(value, "__name__", "")
)
def test_database_refuses_effect_without_a_second_person(
    model: type[Any], decision: Callable[[datetime], tuple[Act, Act]], column: str, now: datetime
) -> None:
    one, other = make_reviewer(now), make_reviewer(now)
    decision(now)[0](one)
    effect = {column: now if column == "active_from" else True} if column else {}
    waiting = model.objects.waiting_for
    assert waiting(other.pk).count() == 1 and not waiting(one.pk).exists()
    for settled_by in (one, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(settled_by=settled_by, settled_at=now, **effect)
    model.objects.update(settled_by=other, settled_at=now, **effect)
    assert not model.objects.open().exists() and not model.objects.get().is_open
