"""Tests of the signals: they detect a thief's patterns but not honest recruiters, and lead to mild,
reversible steps.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloads.models import Contact, GateDecision, PassUse, Standing
from downloads.rules import abuse_signals
from downloads.rules.abuse_signals import Signal, Taken
from downloads.rules.ladder import FIRST, RESTRICTED, STEP_UP, Thresholds, Tier
from downloads.tiers import abuse_watch, tier_changes
from employers.models import Employer, Member
from events.core.actor import SYSTEM
from events.models import Event
from tests.databases import unguarded
from tests.downloads.gate.test_quotas import CLIENT, approved

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)
USUAL = Thresholds()


def every(
    step: timedelta, many: int, begin: datetime = MORNING, name: str = "c-{}", by: int = 7
) -> list[Taken]:
    return [Taken(begin + n * step, name.format(1000 + n * by)) for n in range(many)]


@pytest.mark.parametrize(
    ("taken", "contacts", "expected"),
    [
        ([], 0, set()),
        (every(timedelta(minutes=10), 40), 10, set()),
        (
            every(
                timedelta(minutes=10), USUAL.night, datetime(2026, 11, 24, 23, 0, tzinfo=SHANGHAI)
            ),
            0,
            {Signal.NIGHT},
        ),
        (
            every(
                timedelta(minutes=10),
                USUAL.night - 1,
                datetime(2026, 11, 24, 23, 0, tzinfo=SHANGHAI),
            ),
            0,
            set(),
        ),
        (every(timedelta(seconds=4), USUAL.burst), 0, {Signal.BURST}),
        (every(timedelta(seconds=5), USUAL.burst), 0, set()),
        (every(timedelta(minutes=10), USUAL.sequence, by=1), 0, {Signal.SEQUENCE}),
        (every(timedelta(minutes=10), USUAL.sequence, by=1, name="{}-x"), 0, set()),
        (every(timedelta(minutes=10), USUAL.unanswered_after), 1, {Signal.UNANSWERED}),
        (every(timedelta(minutes=10), USUAL.unanswered_after), 2, set()),
    ],
)
def test_what_is_seen(taken: list[Taken], contacts: int, expected: set[Signal]) -> None:
    assert (
        abuse_signals.signals_in(
            abuse_signals.download_figures(taken, len(taken), contacts, USUAL, SHANGHAI), USUAL
        )
        == expected
    )


def test_one_resume_that_was_to_be_erased_and_was_not_is_seen() -> None:
    taken = every(timedelta(minutes=10), 3)
    assert abuse_signals.signals_in(
        abuse_signals.download_figures(taken, 3, 1, USUAL, SHANGHAI, overdue=1), USUAL
    ) == {Signal.UNERASED}
    assert (
        abuse_signals.signals_in(
            abuse_signals.download_figures(taken, 3, 1, USUAL, SHANGHAI, overdue=0), USUAL
        )
        == set()
    )


def test_a_night_is_one_though_it_has_two_dates() -> None:
    late = every(timedelta(minutes=30), 4, datetime(2026, 11, 24, 23, 0, tzinfo=SHANGHAI))
    assert abuse_signals.most_in_a_night(late, SHANGHAI) == 4
    assert (
        abuse_signals.most_in_a_night(
            every(timedelta(hours=24), 4, datetime(2026, 11, 24, 23, 0, tzinfo=SHANGHAI)), SHANGHAI
        )
        == 1
    )
    assert abuse_signals.most_in_a_night([Taken(MORNING.replace(hour=6), "c")], SHANGHAI) == 0


@given(st.lists(st.integers(0, 200), max_size=40))
def test_the_window_counts_as_a_slow_count_does(minutes: list[int]) -> None:
    taken = [Taken(MORNING + timedelta(minutes=minute), "c") for minute in sorted(minutes)]
    span = timedelta(minutes=10)
    slowly = max(
        (sum(one.at <= other.at <= one.at + span for other in taken) for one in taken), default=0
    )
    assert abuse_signals.most_within(taken, span) == slowly


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    member = approved(now, days=20)
    Employer.objects.filter(pk=member.employer_id).update(registered_at=now - timedelta(days=20))
    return member


def take(member: Member, taken: list[Taken]) -> None:
    """Record the downloads as decisions."""
    GateDecision.objects.bulk_create(
        GateDecision(
            client_id=CLIENT,
            employer_id=member.employer_id,
            member_id=member.pk,
            candidate=one.candidate,
            uscc=member.employer.uscc,
            allowed=True,
            tier=Tier.PROVISIONAL,
            ladder_version=FIRST.version,
            decided_at=one.at,
        )
        for one in taken
    )


def watch(now: datetime) -> int:
    return abuse_watch.watch_downloads(now, now - timedelta(days=2), SHANGHAI)


def test_one_signal_asks_for_a_proof_and_is_not_held_against_anybody_twice(
    member: Member, now: datetime
) -> None:
    take(member, every(timedelta(minutes=1), USUAL.sequence, now - timedelta(hours=3), by=1))
    assert watch(now) == 1
    assert Standing.objects.get().reason == STEP_UP
    assert Event.objects.get(verb="step_up").data["seen"] == ["sequence"]
    assert watch(now) == 0
    tier_changes.lift_override(member.employer_id, SYSTEM, now + timedelta(minutes=1))
    assert watch(now + timedelta(minutes=2)) == 0


def test_a_page_asked_about_at_once_is_no_rush(member: Member, now: datetime) -> None:
    """Its references are consecutive if a platform lists its newest candidates, but no resume has
    left yet.
    """
    page = [Taken(now - timedelta(hours=3), f"c-{1000 + n}") for n in range(USUAL.burst)]
    take(member, page)
    assert (
        abuse_signals.most_within(abuse_signals.one_each_moment(page), timedelta(seconds=60)) == 1
    )
    spend(now - timedelta(hours=2), "c-1003", "c-1009")
    assert watch(now) == 0


def test_without_passes_a_page_is_no_burst(member: Member, now: datetime) -> None:
    take(member, [Taken(now - timedelta(hours=3), f"c-{1000 + 7 * n}") for n in range(USUAL.burst)])
    assert watch(now) == 0


def test_what_left_quickly_from_one_page_is_a_burst_and_a_sequence(
    member: Member, now: datetime
) -> None:
    page = [f"c-{1000 + n}" for n in range(USUAL.burst)]
    take(member, [Taken(now - timedelta(hours=3), candidate) for candidate in page])
    for n, candidate in enumerate(page):
        spend(now - timedelta(hours=3) + timedelta(seconds=n), candidate)
    assert watch(now) == 1
    assert Event.objects.get(verb="restrict").data["seen"] == ["burst", "sequence"]


def test_a_night_counts_what_left_and_not_what_was_asked_about(
    member: Member, now: datetime
) -> None:
    """The time of leaving counts: a download requested in the evening that leaves at night belongs
    to the night.
    """
    night = now.astimezone(SHANGHAI).replace(hour=0, minute=30) - timedelta(hours=24)
    asked = every(timedelta(minutes=2), USUAL.night, night)
    take(member, asked)
    spend(night + timedelta(hours=1), asked[0].candidate)
    assert watch(now) == 0, "all but one did not leave"
    for n, one in enumerate(asked[1:-1], start=1):
        spend(night + timedelta(hours=1, minutes=n), one.candidate)
    assert watch(now) == 0
    spend(night + timedelta(hours=3), asked[-1].candidate)
    assert watch(now) == 1
    assert Event.objects.get(verb="step_up").data["seen"] == ["night"]


def test_what_is_asked_by_day_and_leaves_at_night_is_the_nights(
    member: Member, now: datetime
) -> None:
    night = now.astimezone(SHANGHAI).replace(hour=1, minute=0)
    asked = every(timedelta(seconds=1), USUAL.night, night - timedelta(hours=6))
    take(member, asked)
    for n, one in enumerate(asked):
        spend(night + timedelta(minutes=5 * n), one.candidate)
    assert watch(now + timedelta(hours=2)) == 1
    assert Event.objects.get(verb="step_up").data["seen"] == ["night"]


def test_of_a_platform_that_spends_no_passes_a_nights_answers_count(
    member: Member, now: datetime
) -> None:
    take(
        member,
        every(
            timedelta(minutes=2),
            USUAL.night,
            now.astimezone(SHANGHAI).replace(hour=0, minute=30) - timedelta(hours=24),
        ),
    )
    assert watch(now) == 1
    assert Event.objects.get(verb="step_up").data["seen"] == ["night"]


def spend(at: datetime, *candidates: str) -> None:
    for decision_id in GateDecision.objects.filter(candidate__in=candidates).values_list(
        "pk", flat=True
    ):
        PassUse.objects.create(decision_id=decision_id, used_at=at, tier=Tier.PROVISIONAL)


def test_everybody_is_looked_at_and_who_took_most_first(
    now: datetime, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    took = {uuid4(): 1 + n // 200 * (1 + n % 2) for n in range(203)}
    GateDecision.objects.bulk_create(
        GateDecision(
            client_id=CLIENT,
            employer_id=employer_id,
            member_id=uuid4(),
            candidate=str(n),
            allowed=True,
            tier=Tier.PROVISIONAL,
            ladder_version=FIRST.version,
            decided_at=now,
        )
        for employer_id, many in took.items()
        for n in range(many)
    )
    looked: list[UUID] = []
    monkeypatch.setattr(
        abuse_watch, "watch_employer", lambda employer_id, *_: bool(looked.append(employer_id))
    )
    watch(now)
    assert sorted(looked) == sorted(took) and [took[one] for one in looked] == sorted(
        took.values(), reverse=True
    )


def test_several_signals_wait_for_a_person(member: Member, now: datetime) -> None:
    take(member, every(timedelta(seconds=1), USUAL.burst, now - timedelta(hours=3), by=1))
    assert watch(now) == 1
    assert Standing.objects.get().reason == RESTRICTED


def test_real_hiring_raises_the_quota_early(member: Member, now: datetime) -> None:
    take(member, every(timedelta(hours=2), USUAL.early_downloads, now - timedelta(hours=47)))
    assert watch(now) == 0, "no candidate was contacted"
    for _ in range(6):
        Contact.objects.create(
            decision_id=uuid4(), client_id=CLIENT, uscc=member.employer.uscc, at=now
        )
    assert watch(now) == 1
    assert Standing.objects.get().tier == Tier.ESTABLISHED
    assert watch(now) == 0


def test_no_one_rises_early_on_condition_or_too_young(member: Member, now: datetime) -> None:
    take(member, every(timedelta(hours=2), USUAL.early_downloads, now - timedelta(hours=47)))
    for _ in range(20):
        Contact.objects.create(
            decision_id=uuid4(), client_id=CLIENT, uscc=member.employer.uscc, at=now
        )
    member.employer.cases.update(conditional=True)
    assert watch(now) == 0
    member.employer.cases.update(conditional=False)
    Employer.objects.update(confirmed_at=now - timedelta(days=13))
    assert watch(now) == 0


def test_who_calls_nobody_has_a_smaller_quota_for_a_while(member: Member, now: datetime) -> None:
    take(member, every(timedelta(minutes=40), USUAL.unanswered_after, now - timedelta(hours=47)))
    taken_at_night = GateDecision.objects.filter(decided_at__hour__in=[15, *range(16, 22)])
    with unguarded(GateDecision):
        taken_at_night.delete()
    take(
        member,
        every(
            timedelta(minutes=3),
            USUAL.unanswered_after,
            now.astimezone(SHANGHAI).replace(hour=12) - timedelta(days=1),
        ),
    )
    assert watch(now) == 0, "the platform does not report contacts, so their absence means nothing"
    Contact.objects.create(decision_id=uuid4(), client_id=CLIENT, uscc="another", at=now)
    assert watch(now) == 1
    override = Standing.objects.get()
    assert (override.tier, override.until) == (
        Tier.PROVISIONAL,
        now + timedelta(days=USUAL.window_days),
    )
    assert Event.objects.get(verb="demote").data["seen"] == ["unanswered"]
