"""Tests of assigning golden cases to reviewers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from employers.models import User
from employers.permissions import Power
from tests.databases import unguarded
from tests.verification.quality.golden import LATER, Made, decided, ruled
from tests.verification.reviewing.test_second_review import at_once
from tests.verification.staff import LEAD, make_staff, waiting
from verification.models import Case, GoldenCase, GoldenTurn, Ruling
from verification.quality import golden_assignment, golden_cases
from verification.reviewing import claims, rulings

pytestmark = pytest.mark.django_db


def without_rulings() -> None:
    with unguarded(Ruling):
        Ruling.objects.all().delete()


class TestGiving:
    @pytest.fixture(autouse=True)
    def always(self, settings: Any) -> None:
        settings.GOLDEN_SHARE = 1.0

    def test_after_a_ruling_one_that_they_do_not_know(
        self, now: datetime, make_golden: Made, reviewer: User
    ) -> None:
        made = make_golden()
        without_rulings()
        assert golden_assignment.give_due(now) == 0, "there is no ruling yet"
        ruled(waiting(now), reviewer, now, "approve")
        assert golden_assignment.give_due(now) == 1
        assert golden_assignment.give_due(now) == 0, "one for a ruling"
        assignment = GoldenTurn.objects.get()
        assert (assignment.golden, assignment.reviewer, assignment.case.golden) == (
            made,
            reviewer,
            True,
        )
        ruled(waiting(now), reviewer, now + timedelta(minutes=1), "approve")
        assert golden_assignment.give_due(now + timedelta(minutes=2)) == 0, (
            "they have had all of them"
        )

    def test_a_golden_one_draws_no_other_and_an_undone_ruling_none(
        self, now: datetime, make_golden: Made, reviewer: User
    ) -> None:
        make_golden(3)
        make_golden(4)
        without_rulings()
        case = claims.claim_case(waiting(now).pk, reviewer, now)
        ruling = rulings.rule_on_case(case.pk, "approve", reviewer, now, (), "", seen_version=0)
        rulings.undo_ruling(ruling.pk, reviewer, now)
        assert golden_assignment.give_due(now) == 0
        ruled(
            golden_assignment.plant_golden_case(GoldenCase.objects.earliest("pk"), reviewer, now),
            reviewer,
            now + LATER,
        )
        assert golden_assignment.give_due(now + LATER) == 0

    def test_one_that_is_no_case_any_more_keeps_nobody_from_theirs(
        self, now: datetime, make_golden: Made, reviewer: User
    ) -> None:
        made, other = make_golden(3), make_staff(now, Power.DECIDE)
        without_rulings()
        recipe = made.recipe | {"documents": []}
        GoldenCase.objects.filter(pk=made.pk).update(recipe=recipe, known_to=[str(other.pk)])
        golden_cases.put_golden_case(
            make_golden(4).recipe, "kept", "reject", [], now, known_to=[str(reviewer.pk)]
        )
        GoldenCase.objects.filter(kept_from__isnull=False).exclude(pk=made.pk).delete()
        without_rulings()
        for person in (reviewer, other):
            ruled(waiting(now), person, now, "approve")
        assert golden_assignment.give_due(now) == 1 and GoldenTurn.objects.get().reviewer == other
        assert Case.objects.filter(golden=True).count() == 1, "the other one leaves nothing behind"

    def test_not_to_those_who_read_the_answers(
        self, now: datetime, make_golden: Made, lead: User
    ) -> None:
        make_golden()
        other = make_staff(now, *LEAD)
        ruled(waiting(now), other, now, "approve")
        assert golden_assignment.give_due(now) == 0

    def test_the_share_is_what_it_says(self, settings: Any) -> None:
        settings.GOLDEN_SHARE = 0.2
        drawn = sum(golden_assignment.draws_golden_case(number) for number in range(4000))
        assert 0.17 < drawn / (4000 + drawn) < 0.23
        settings.GOLDEN_SHARE = 0.0
        assert not any(golden_assignment.draws_golden_case(number) for number in range(4000))

    def test_nobody_foresees_it_without_the_key(self, settings: Any) -> None:
        settings.GOLDEN_SHARE = 0.3
        drawn = [golden_assignment.draws_golden_case(number) for number in range(200)]
        settings.DATA_KEY = "A" * 43 + "="
        assert drawn != [golden_assignment.draws_golden_case(number) for number in range(200)]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_sweeps_give_one(now: datetime, settings: Any) -> None:
    settings.GOLDEN_SHARE = 1.0
    lead, reviewer = make_staff(now, *LEAD), make_staff(now, Power.DECIDE)
    for seed in (3, 4, 5):
        golden_cases.save_golden_case(decided(now, seed).pk, "reject", [], lead, now)
    ruled(waiting(now), reviewer, now, "approve")
    said = at_once(lambda _: str(golden_assignment.give_golden_case(reviewer, now) is not None))
    assert said == {"True": 1, "False": 19}
    assert GoldenTurn.objects.count() == Case.objects.filter(golden=True).count() == 1
