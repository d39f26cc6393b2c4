"""Tests that an attempt gets its verdict exactly once, despite crashes, waits and retries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import InterfaceError, OperationalError

from events.core.errors import ProviderBroken, ProviderUnavailable
from events.models import Event, Mail
from tests.factories import make_case, make_document, make_member
from verification.cases import operations
from verification.checks import CHECKS
from verification.checks.base import Check, Earlier, Subject
from verification.decision import pipeline
from verification.models import Attempt, Case, CheckRun
from verification.rules import policy
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class Recorded:
    """A scripted check that counts its runs."""

    version = "1"

    def __init__(
        self,
        code: str,
        severity: Severity = Severity.PASS,
        reason: str = "fine",
        lasting: bool = True,
        on_observe: Callable[[], None] | None = None,
    ) -> None:
        self.code, self.severity, self.reason, self.lasting, self.on_observe = (
            code,
            severity,
            reason,
            lasting,
            on_observe,
        )
        self.observed: list[dict[str, Observation]] = []

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        self.observed.append(dict(earlier))
        if self.on_observe:
            self.on_observe()
        return {"code": self.code, "uscc": subject.uscc}

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [Finding(self.code, self.reason, self.severity)]


def all_checks(**changed: Recorded) -> tuple[Check, ...]:
    return tuple(changed.get(check.code) or Recorded(check.code) for check in CHECKS)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def attempt(now: datetime) -> Attempt:
    member = make_member(now, email_verified_at=now)
    case = make_case(member, now)
    make_document(case, now)
    return operations.submit_case(case.pk, member.user, member.as_actor(), now)


def case_of(attempt: Attempt) -> Case:
    return Case.objects.get(pk=attempt.case_id)


def test_checks_run_in_order_and_see_only_what_came_before(attempt: Attempt, clock: Clock) -> None:
    checks = all_checks()
    assert pipeline.run_checks(attempt.pk, clock, 60, checks)
    for index, check in enumerate(checks):
        assert [list(earlier) for earlier in check.observed] == [
            [before.code for before in checks[:index]]
        ]  # type: ignore[attr-defined]
    case = case_of(attempt)
    assert case.state == State.APPROVED and case.expires_at == clock.now + policy.CURRENT.valid_for
    assert [event.verb for event in Event.objects.about(case)] == [
        "submit",
        "start_checks",
        "approve",
    ]
    case.employer.refresh_from_db()
    assert case.employer.confirmed_at == clock.now
    assert case.decisions.get().policy_version == policy.CURRENT.version
    assert Mail.objects.filter(template="case_approve").count() == 1


def test_notified_twice_decided_once(attempt: Attempt, clock: Clock) -> None:
    checks = all_checks()
    assert pipeline.run_checks(attempt.pk, clock, 60, checks)
    assert not pipeline.run_checks(attempt.pk, clock, 60, checks)
    assert Event.objects.filter(verb="approve").count() == 1


def test_a_worker_that_died_costs_only_the_check_it_died_in(attempt: Attempt, clock: Clock) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    first, dying = Recorded("scan"), Recorded("reading", on_observe=die)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run_checks(attempt.pk, clock, 60, all_checks(scan=first, reading=dying))
    again = Recorded("reading")
    assert not pipeline.run_checks(attempt.pk, clock, 60, all_checks(scan=first, reading=again)), (
        "still leased to the dead one"
    )
    clock.now += timedelta(seconds=61)
    assert pipeline.run_checks(attempt.pk, clock, 60, all_checks(scan=first, reading=again))
    assert len(first.observed) == 1 and len(again.observed) == 1
    assert case_of(attempt).state == State.APPROVED


def test_what_kills_every_worker_goes_to_a_person(attempt: Attempt, clock: Clock) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    concerned = Recorded("scan", Severity.CONCERN, "document_infected")
    for _ in range(pipeline.DEATHS_AT_MOST):
        with pytest.raises(KeyboardInterrupt):
            pipeline.run_checks(
                attempt.pk,
                clock,
                60,
                all_checks(scan=concerned, reading=Recorded("reading", on_observe=die)),
            )
        clock.now += timedelta(seconds=61)
    assert pipeline.run_checks(
        attempt.pk,
        clock,
        60,
        all_checks(scan=concerned, reading=Recorded("reading", on_observe=die)),
    )
    assert case_of(attempt).state == State.IN_REVIEW
    told = [reason["code"] for reason in case_of(attempt).decisions.get().reasons]
    assert told == ["document_infected", "check_incomplete"], "the reported results still count"


@pytest.mark.parametrize("lost", [OperationalError, InterfaceError])
def test_a_database_that_is_lost_for_a_moment_blames_no_check(
    attempt: Attempt, clock: Clock, lost: type[Exception]
) -> None:
    def gone() -> None:
        raise lost("the connection is closed")

    assert not pipeline.run_checks(
        attempt.pk, clock, 60, all_checks(duplicates=Recorded("duplicates", on_observe=gone))
    )
    attempt.refresh_from_db()
    assert attempt.lease is None and attempt.deaths == 0 and attempt.due_at > clock.now
    assert not CheckRun.objects.filter(code="duplicates").exists()
    clock.now = attempt.due_at
    assert pipeline.run_checks(attempt.pk, clock, 60, all_checks())
    assert case_of(attempt).state == State.APPROVED


def test_a_lease_that_was_lost_settles_nothing(attempt: Attempt, clock: Clock) -> None:
    """A worker sleeps past its lease inside a check; another takes over and decides; the first
    wakes up.
    """

    def other_worker() -> None:
        clock.now += timedelta(seconds=61)
        assert pipeline.run_checks(attempt.pk, clock, 60, all_checks())

    assert not pipeline.run_checks(
        attempt.pk, clock, 60, all_checks(authority=Recorded("authority", on_observe=other_worker))
    )
    assert Event.objects.filter(verb="approve").count() == 1
    assert CheckRun.objects.filter(code="authority").count() == 1


def test_a_provider_that_is_down_blames_nobody(attempt: Attempt, clock: Clock) -> None:
    def down() -> None:
        raise ProviderUnavailable("registry", retry_after=30)

    assert not pipeline.run_checks(
        attempt.pk, clock, 60, all_checks(registry=Recorded("registry", on_observe=down))
    )
    attempt.refresh_from_db()
    assert case_of(attempt).state == State.CHECKING and attempt.waiting_for == "check_delayed"
    assert attempt.due_at == clock.now + timedelta(seconds=30) and attempt.deaths == 0
    clock.now = attempt.due_at
    assert pipeline.run_checks(attempt.pk, clock, 60, all_checks())
    assert case_of(attempt).state == State.APPROVED


@pytest.mark.parametrize("error", [ProviderBroken("not JSON"), ZeroDivisionError()])
def test_a_provider_that_makes_no_sense_means_review(
    error: Exception, attempt: Attempt, clock: Clock
) -> None:
    """So does a bug: the case is not retried forever, and the bug is logged."""

    def nonsense() -> None:
        raise error

    assert pipeline.run_checks(
        attempt.pk, clock, 60, all_checks(registry=Recorded("registry", on_observe=nonsense))
    )
    assert case_of(attempt).state == State.IN_REVIEW
    assert case_of(attempt).decisions.get().reasons[0]["code"] == "check_incomplete"


def test_pending_waits_and_asks_again_only_what_may_have_changed(
    attempt: Attempt, clock: Clock
) -> None:
    reading = Recorded("reading")
    pending = Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)
    assert pipeline.run_checks(attempt.pk, clock, 60, all_checks(reading=reading, registry=pending))
    attempt.refresh_from_db()
    assert case_of(attempt).state == State.CHECKING
    assert (attempt.waits, attempt.waiting_for, attempt.due_at) == (
        1,
        "registry_pending",
        clock.now + policy.CURRENT.retry_after[0],
    )
    clock.now = attempt.due_at
    listed = Recorded("registry", lasting=False)
    assert pipeline.run_checks(attempt.pk, clock, 60, all_checks(reading=reading, registry=listed))
    assert case_of(attempt).state == State.APPROVED
    assert len(reading.observed) == 1 and len(listed.observed) == 1
    assert CheckRun.objects.filter(attempt=attempt, code="registry").count() == 2, (
        "both rounds stay on record"
    )


def test_withdrawn_meanwhile(attempt: Attempt, clock: Clock) -> None:
    case = case_of(attempt)
    operations.withdraw_case(case.pk, case.employer.members.get().as_actor(), clock.now)
    assert not pipeline.run_checks(attempt.pk, clock, 60, all_checks())
    assert case_of(attempt).state == State.WITHDRAWN and not CheckRun.objects.exists()


def test_of_two_with_one_code_the_second_goes_to_a_person(attempt: Attempt, clock: Clock) -> None:
    """The first is approved between the second one's duplicate check and its verdict."""
    case = case_of(attempt)
    rival = make_member(clock.now)

    def rival_is_approved() -> None:
        rival.employer.uscc, rival.employer.confirmed_at = case.declared_uscc, clock.now
        rival.employer.save()

    assert pipeline.run_checks(
        attempt.pk,
        clock,
        60,
        all_checks(authority=Recorded("authority", on_observe=rival_is_approved)),
    )
    assert case_of(attempt).state == State.IN_REVIEW
    assert case_of(attempt).decisions.get().reasons[0]["code"] == "duplicate_same_uscc_active"


@pytest.mark.parametrize(
    ("severity", "reason", "state"),
    [
        (Severity.UNABLE, "document_unreadable", State.IN_REVIEW),
        (Severity.CONCERN, "name_mismatch", State.IN_REVIEW),
        (Severity.BLOCK, "registry_revoked", State.REJECTED),
    ],
)
def test_verdicts(
    severity: Severity, reason: str, state: State, attempt: Attempt, clock: Clock
) -> None:
    assert pipeline.run_checks(
        attempt.pk, clock, 60, all_checks(registry=Recorded("registry", severity, reason))
    )
    assert case_of(attempt).state == state
    assert case_of(attempt).decisions.get().reasons[0]["code"] == reason


def test_the_machine_does_not_lift_a_suspension(attempt: Attempt, clock: Clock) -> None:
    case = case_of(attempt)
    make_case(case.employer.members.get(), clock.now, State.SUSPENDED)
    assert pipeline.run_checks(attempt.pk, clock, 60, all_checks())
    assert case_of(attempt).state == State.IN_REVIEW
    assert case_of(attempt).decisions.get().reasons[0]["code"] == "employer_suspended"
