"""Tests of the morning digest: when it is sent, and its figures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from downloads.digest import digest_figures, send_digest
from downloads.relays.provider_watch import watch_services
from events.models import Alert, AlertKind
from tests.factories import make_reviewer
from tests.verification.reviewing.test_queue_figures import decided
from tests.verification.reviewing.test_queue_filters import waiting
from verification.rules.working_hours import Hours

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
HOURS = Hours.parse("mon-fri 09:00-18:00", "2026-12-02", "2026-12-05", "Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "covers"),
    [
        (1, ("2026-11-30", "2026-11-30")),  # Tuesday
        (2, None),  # a holiday
        (3, ("2026-12-01", "2026-12-02")),  # after the holiday
        (5, ("2026-12-04", "2026-12-04")),  # a Saturday that is worked
        (6, None),  # Sunday
        (7, ("2026-12-05", "2026-12-06")),  # Monday
    ],
)
def test_it_is_sent_once_each_working_morning(day: int, covers: tuple[str, str] | None) -> None:
    assert not send_digest(at(day, 8, 59), HOURS)
    assert send_digest(at(day, 9), HOURS) == (covers is not None)
    assert not send_digest(at(day, 9, 5), HOURS)
    if covers:
        told = Alert.objects.get(kind=AlertKind.DIGEST).params
        assert (told["first"], told["last"]) == covers


def test_a_digest_that_is_hours_late_is_left_out() -> None:
    assert not send_digest(at(1, 12), HOURS)


def test_its_figures() -> None:
    now, yesterday = at(1, 9), at(1, 9) - timedelta(days=1)
    reviewer, case = make_reviewer(now), waiting(now, review_due=now, review_since=yesterday)
    for waited in (2.0, 4.0, 40.0):
        decided(case, "reject", yesterday, decided_by=reviewer, waited=waited)
    decided(case, "approve", yesterday)
    decided(case, "approve", yesterday - timedelta(days=1))
    decided(case, "reject", now, decided_by=reviewer, waited=1.0)
    told = digest_figures(date(2026, 11, 30), date(2026, 11, 30), now, HOURS)
    assert (told["decided"], told["median"], told["kept"], told["automatic"]) == (3, 4.0, 67, 1)
    assert (told["waiting"], told["late"], told["allowed"], told["leaks"]) == (1, 1, 0, 0)
    assert datetime.fromisoformat(told["oldest"]) == yesterday


def test_the_watch_over_relays_leaves_other_services_alone() -> None:
    Alert.objects.create(kind=AlertKind.PROVIDER_DOWN, key="mail", since=at(1, 9), told_at=at(1, 9))
    watch_services(at(1, 10))
    assert Alert.objects.get().ended_at is None
