"""Tests of the reminders 30, 7 and 1 days before an approval ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from employers.models import Member
from events.models import Event, Mail
from tests.factories import make_case, make_member
from verification.models import Case
from verification.monitoring import renewal_reminders
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email="lin@shili.example")


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(member, now, State.APPROVED, expires_at=now + timedelta(days=180))


def remind_all(now: datetime) -> int:
    return sum(
        renewal_reminders.remind_to_renew(case_id, now)
        for case_id in renewal_reminders.due_reminders(now)
    )


@pytest.mark.slow
def test_each_time_is_once(case: Case, now: datetime) -> None:
    ends = now + timedelta(days=180)
    told = []
    for hours in range(35 * 24, -5, -1):  # the task runs every hour
        at = ends - timedelta(hours=hours)
        if remind_all(at):
            told.append(round(hours / 24))
            assert remind_all(at) == 0, "a second call does nothing"
    assert told == [30, 7, 1]
    assert [event.data["days"] for event in Event.objects.filter(verb="remind").order_by("id")] == [
        30,
        7,
        1,
    ]
    assert [mail.context["days"] for mail in Mail.objects.order_by("pk")] == [30, 7, 1]
    assert {(mail.to, mail.template, mail.context["path"]) for mail in Mail.objects.all()} == {
        ("lin@shili.example", "case_renew", "/case/")
    }


def test_a_worker_that_was_away_tells_the_last_alone(case: Case, now: datetime) -> None:
    assert remind_all(now + timedelta(days=174)) == 1
    assert Mail.objects.get().context["days"] == 6
    assert Event.objects.get(verb="remind").data["days"] == 7


def test_another_worker_at_the_same_moment_tells_nothing(case: Case, now: datetime) -> None:
    at = now + timedelta(days=151)
    (found,) = renewal_reminders.due_reminders(at)
    assert renewal_reminders.remind_to_renew(found, at)
    assert not renewal_reminders.remind_to_renew(found, at)
    assert Mail.objects.count() == 1


def test_who_is_told(case: Case, member: Member, now: datetime) -> None:
    """Owners and the submitter; no former members."""
    recruiter = make_member(now, member.employer, role="recruiter", email="wang@shili.example")
    make_member(now, member.employer, role="recruiter", email="other@shili.example")
    case.submitted_by = recruiter.user
    case.save()
    assert remind_all(now + timedelta(days=151)) == 1
    assert sorted(Mail.objects.values_list("to", flat=True)) == [
        "lin@shili.example",
        "wang@shili.example",
    ]
    recruiter.left_at = now
    recruiter.save()
    assert remind_all(now + timedelta(days=174)) == 1
    assert Mail.objects.filter(to="wang@shili.example").count() == 1


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.DRAFT, 1),
        (State.CHANGES_REQUESTED, 1),
        (State.SUBMITTED, 0),
        (State.CHECKING, 0),
        (State.IN_REVIEW, 0),
    ],
)
def test_whoever_waits_for_us_is_left_alone(
    case: Case, member: Member, now: datetime, state: State, told: int
) -> None:
    make_case(member, now, state)
    assert remind_all(now + timedelta(days=151)) == told


@pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED, State.EXPIRED])
def test_rights_that_are_not_held_do_not_end(member: Member, now: datetime, state: State) -> None:
    case = make_case(member, now, state)
    assert remind_all(now + timedelta(days=151)) == 0
    assert not renewal_reminders.remind_to_renew(case.pk, now + timedelta(days=151))


def test_a_condition_is_not_renewed_and_an_end_that_moved_is_told_anew(
    case: Case, now: datetime
) -> None:
    Case.objects.update(conditional=True, expires_at=now + timedelta(days=14))
    assert remind_all(now) == 0
    Case.objects.update(conditional=False)
    assert remind_all(now) == 1
    Case.objects.update(expires_at=now + timedelta(days=180))
    assert remind_all(now + timedelta(days=1)) == 0
    assert remind_all(now + timedelta(days=151)) == 1
