"""What can a platform do in its test that people and time do otherwise? Hand in, review, and move the clock.

All of it goes the way that everything goes: the same operations, pipeline and policy. What differs is that no person and no outside
company takes part. Each verb refuses what is not of a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from employers.models import ApiClient, Employer, Member, User
from employers.powers import Power
from events.actor import Actor, Role
from events.errors import Refused
from verification import guards, operations, pipeline, renewing, settling
from verification.models import Attempt, Case
from verification.states import IN_PROGRESS, State

Clock = Callable[[], datetime]

_falls_due_too: list[Callable[[ApiClient, Clock], None]] = []
"""What other rooms do when a test's clock was moved, or something was decided in it: they say so when they start."""

VERBS: Final = ("approve", "reject", "request_changes", "suspend", "reinstate", "revoke")
"""What a reviewer of a test can decide."""
LEASE_SECONDS: Final = 30.0
CLAIMED_FOR: Final = timedelta(minutes=1)
FARTHEST: Final = timedelta(days=10 * 365)
"""How far ahead of the world's a test's clock can be."""


def also(falls_due: Callable[[ApiClient, Clock], None]) -> None:
    """From now on `falls_due` is done too, whenever something of a test may be due."""
    _falls_due_too.append(falls_due)


def hand_in(employer: Employer, member: Member, clock: Clock) -> Case:
    """Open the employer's case if need be, hand it in and check it, all at once; the case as it stands then. Raises Refused."""
    _only_test(employer)
    case = operations.open_case(employer, member.as_actor(), clock())
    attempt = operations.submit(case.pk, member.user, member.as_actor(), clock())
    pipeline.run(attempt.pk, clock, LEASE_SECONDS)
    case.refresh_from_db()
    return case


def decide(employer: Employer, verb: str, codes: Sequence[str], note: str, now: datetime) -> Case:
    """Decide the employer's case that is open, else the one that counts, as a reviewer would. Raises Refused."""
    _only_test(employer)
    if verb not in VERBS:
        raise Refused("not_allowed", "verb", seen=verb, expected=", ".join(VERBS))
    case = Case.objects.filter(employer=employer).open().first() or Case.objects.of(employer).first()
    if case is None:
        raise Refused("case_not_submitted")
    reviewer = _reviewer(employer, now)
    if verb in guards.NEEDS_CLAIM:
        claimed = {"claimed_by": reviewer, "claimed_at": now, "claimed_until": now + CLAIMED_FOR}
        Case.objects.filter(pk=case.pk).update(**claimed)
    actor = Actor(Role.REVIEWER, str(reviewer.pk), frozenset(Power))
    decided = operations.review(case.pk, verb, actor, now, codes, note, None, suspend_in_force=verb == "reject")
    if employer.platform is not None:
        for falls_due in _falls_due_too:
            falls_due(employer.platform, lambda: now)
    return decided


def _reviewer(employer: Employer, now: datetime) -> User:
    """Who decides in this platform's test: an account that nobody can sign in with."""
    email = f"reviewer@{employer.platform_id}.test"
    existing: User | None = User.objects.filter(email=email).first()
    return existing or User.objects.create_user(email, None, joined_at=now, is_active=False)


def move_clock(client: ApiClient, ahead: timedelta, clock: Clock) -> datetime:
    """Set a test's clock `ahead` of the world's, never back, and do what falls due by it; the time that it shows then.

    Raises Refused: `not_of_test`, `clock_backwards`, `clock_too_far`.
    """
    if not client.test:
        raise Refused("not_of_test")
    if ahead > FARTHEST:
        raise Refused("clock_too_far", "ahead", expected=f"≤ {FARTHEST.days} d")
    with transaction.atomic():
        locked = ApiClient.objects.select_for_update().get(pk=client.pk)
        if ahead < timedelta(seconds=locked.clock_seconds):
            raise Refused("clock_backwards", "ahead")
        locked.clock_seconds = int(ahead.total_seconds())
        locked.save(update_fields=["clock_seconds"])
    client.clock_seconds = locked.clock_seconds
    catch_up(client, lambda: clock() + ahead)
    return clock() + ahead


def catch_up(client: ApiClient, clock: Clock) -> None:
    """Do what has fallen due in this platform's test: checks that waited, ends of approvals, reminders."""
    cases = Case.objects.filter(employer__platform=client, test=True)
    waiting = Attempt.objects.filter(case__in=cases.filter(state__in=IN_PROGRESS)).due(clock())
    for attempt_id in waiting.order_by("due_at").values_list("pk", flat=True):
        pipeline.run(attempt_id, clock, LEASE_SECONDS)
    for case_id in list(cases.filter(state=State.APPROVED, expires_at__lte=clock()).values_list("pk", flat=True)):
        settling.end(case_id, clock())
    for case_id in list(cases.in_force(clock()).values_list("pk", flat=True)):
        renewing.remind(case_id, clock())
    for falls_due in _falls_due_too:
        falls_due(client, clock)


def _only_test(employer: Employer) -> None:
    if not employer.test:
        raise Refused("not_of_test")
