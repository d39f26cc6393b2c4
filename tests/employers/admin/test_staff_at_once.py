"""Tests of superusers who act at the same moment, each on a connection of their own."""

from __future__ import annotations

from datetime import datetime

import pytest

from employers.accounts import staff
from employers.models import User
from events.models import Event
from tests.factories import make_reviewer, make_user
from tests.verification.reviewing.test_second_review import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.mark.parametrize(("many", "other"), [(2, "not_allowed"), (3, "not_allowed")])
def test_of_two_who_end_each_other_one_does(many: int, other: str, now: datetime) -> None:
    people = [make_reviewer(now) for _ in range(many)]

    def end(number: int) -> str:
        by = User.objects.get(pk=people[number].pk)
        staff.end_superuser(people[1 - number].pk, by, now)
        return "ended"

    assert at_once(end, 2) == {"ended": 1, other: 1}
    assert User.objects.superusers().count() == many - 1


def test_a_proposal_is_confirmed_once(now: datetime) -> None:
    proposer, *others = (make_reviewer(now) for _ in range(6))
    colleague = make_user(now, is_staff=True)
    staff.propose_superuser(colleague.pk, proposer, now)

    def confirm(number: int) -> str:
        by = User.objects.get(pk=others[number].pk)
        staff.settle_superuser(colleague.pk, by, now, confirmed=True)
        return "confirmed"

    assert at_once(confirm, 5) == {"confirmed": 1, "staff_changed": 4}
    assert Event.objects.filter(verb="make_superuser").count() == 1
