"""Tests of work on a row: claimed once, given back, given up, never written through a lost
lease.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from structlog.testing import capture_logs

from events.core.errors import ProviderBroken, ProviderUnavailable
from events.jobs.runner import (
    Failure,
    Lease,
    LeaseLost,
    WorkersDied,
    claim_row,
    retry_delay,
    run_job,
)
from events.models import Mail

pytestmark = pytest.mark.django_db

SECONDS = 60.0
DOWN = Failure(ProviderUnavailable, wait=retry_delay, event="mail_delayed", tries=3)
BROKEN = Failure((ProviderBroken, KeyError), wait=600.0, event="mail_broken", broken=True)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def job(now: datetime) -> Mail:
    return Mail.objects.create(
        to="a@example.com", template="t", language="en", created_at=now, due_at=now
    )


def fails(error: BaseException) -> Callable[[Lease[Any]], bool]:
    def work(lease: Lease[Any]) -> bool:
        raise error

    return work


def done(lease: Lease[Mail]) -> bool:
    return lease.finish()


def work_on(job: Mail, clock: Callable[[], datetime], work: Any = done, **how: Any) -> bool:
    how = {"failures": (DOWN, BROKEN)} | how
    answer = run_job(claim_row(Mail.objects.all(), job.pk, clock, SECONDS), work, **how)
    job.refresh_from_db()
    return answer


class TestClaiming:
    def test_a_row_is_worked_on_once(self, job: Mail, clock: Clock) -> None:
        seen = list[Mail]()
        assert work_on(job, clock, lambda lease: seen.append(lease.row) or lease.finish())
        assert job.finished_at == clock.now and job.lease is None
        assert [(row.pk, row.tries) for row in seen] == [(job.pk, 1)]
        assert not work_on(job, clock, fails(AssertionError("worked on twice")))

    def test_the_second_at_once_does_nothing(self, job: Mail, clock: Clock) -> None:
        def work(lease: Lease[Mail]) -> bool:
            assert not work_on(job, clock, fails(AssertionError("held by another")))
            return lease.finish()

        assert work_on(job, clock, work)
        assert job.tries == 1

    def test_a_row_that_is_not_due_waits(self, job: Mail, clock: Clock) -> None:
        Mail.objects.filter(pk=job.pk).update(due_at=clock.now + timedelta(seconds=1))
        assert not work_on(job, clock, fails(AssertionError("too early")))
        clock.now += timedelta(seconds=1)
        assert work_on(job, clock)

    def test_a_row_that_is_gone_is_nobodys(self, clock: Clock) -> None:
        assert claim_row(Mail.objects.all(), 0, clock, SECONDS) is None

    def test_the_result_is_written_down(self, job: Mail, clock: Clock) -> None:
        def write_down(lease: Lease[Mail], result: str) -> bool:
            return lease.finish(to=result)

        assert work_on(job, clock, lambda lease: "b@example.com", write_down=write_down)
        assert job.to == "b@example.com" and job.finished_at == clock.now


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_works(job: Mail, now: datetime) -> None:
    start, answers, worked = threading.Barrier(4), list[bool](), list[int]()

    def work(lease: Lease[Mail]) -> bool:
        worked.append(lease.row.pk)
        time.sleep(0.2)
        return lease.finish()

    def worker() -> None:
        try:
            start.wait()
            lease = claim_row(Mail.objects.all(), job.pk, lambda: now, SECONDS)
            answers.append(run_job(lease, work, failures=()))
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worked == [job.pk] and sorted(answers) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_keeps_the_lease_while_the_work_goes_on(job: Mail) -> None:
    short, others = 0.6, list[Any]()

    def work(lease: Lease[Mail]) -> bool:
        time.sleep(short * 2)
        others.append(claim_row(Mail.objects.all(), job.pk, timezone.now, short))
        return lease.finish()

    lease = claim_row(Mail.objects.all(), job.pk, timezone.now, short)
    assert run_job(lease, work, failures=(), beats=True)
    assert others == [None]


class TestALostLease:
    @staticmethod
    def taken_over(clock: Clock, job: Mail) -> Lease[Mail]:
        """Return the lease of a slow worker, after another has claimed the row."""
        slow = claim_row(Mail.objects.all(), job.pk, clock, SECONDS)
        clock.now += timedelta(seconds=SECONDS + 1)
        assert slow and claim_row(Mail.objects.all(), job.pk, clock, SECONDS)
        return slow

    @pytest.mark.parametrize(
        "write",
        [
            lambda lease: lease.finish(to=""),
            lambda lease: lease.give_back(lease.clock(), "late"),
            lambda lease: lease.extend(),
            lambda lease: lease.update(to=""),
            lambda lease: lease.locked() is not None,
        ],
    )
    def test_nothing_is_written_through_it(
        self, job: Mail, clock: Clock, write: Callable[[Lease[Mail]], bool]
    ) -> None:
        slow = self.taken_over(clock, job)
        before = Mail.objects.values().get(pk=job.pk)
        assert not write(slow)
        assert Mail.objects.values().get(pk=job.pk) == before

    def test_a_failure_does_not_give_back_what_another_holds(self, job: Mail, clock: Clock) -> None:
        def work(lease: Lease[Mail]) -> bool:
            clock.now += timedelta(seconds=SECONDS + 1)
            assert claim_row(Mail.objects.all(), job.pk, clock, SECONDS)
            raise ProviderUnavailable("down")

        assert not work_on(job, clock, work)
        assert job.lease and job.last_error == "" and (job.tries, job.deaths) == (2, 1)

    def test_work_that_notices_it_stops(self, job: Mail, clock: Clock) -> None:
        with capture_logs() as logs:
            assert not work_on(job, clock, fails(LeaseLost()))
        assert [(each["event"], each["job"]) for each in logs] == [("lease_lost", str(job.pk))]


class TestWorkersThatDie:
    def test_each_death_is_counted_and_the_last_gives_the_row_up(
        self, job: Mail, clock: Clock
    ) -> None:
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                work_on(job, clock, fails(KeyboardInterrupt()), deaths=3)
            clock.now += timedelta(seconds=SECONDS)
        given_up = list[Exception]()

        def give_up(lease: Lease[Mail], error: Exception) -> bool:
            given_up.append(error)
            return lease.finish(to="")

        never = fails(AssertionError("a fourth worker would die"))
        assert work_on(job, clock, never, deaths=3, give_up=give_up)
        assert [type(error) for error in given_up] == [WorkersDied]
        assert job.deaths == 3 and job.finished_at == clock.now and job.to == ""

    def test_the_row_is_held_until_the_lease_of_the_dead_ends(
        self, job: Mail, clock: Clock
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            work_on(job, clock, fails(KeyboardInterrupt()))
        clock.now += timedelta(seconds=SECONDS - 1)
        assert not work_on(job, clock)
        clock.now += timedelta(seconds=1)
        assert work_on(job, clock, deaths=2)

    def test_an_unexpected_error_is_raised_and_counts_as_a_death(
        self, job: Mail, clock: Clock
    ) -> None:
        with pytest.raises(ZeroDivisionError):
            work_on(job, clock, fails(ZeroDivisionError()))
        job.refresh_from_db()
        assert job.lease and job.finished_at is None
        clock.now += timedelta(seconds=SECONDS)
        assert work_on(job, clock)
        assert job.deaths == 1


class TestFailures:
    def test_each_wait_is_longer_and_the_last_try_gives_up(self, job: Mail, clock: Clock) -> None:
        waits = list[timedelta]()
        with capture_logs() as logs:
            for _ in range(2):
                down = ProviderUnavailable("the server is down", retry_after=30)
                assert not work_on(job, clock, fails(down))
                assert job.lease is None and job.last_error == "the server is down"
                waits.append(job.due_at - clock.now)
                clock.now = job.due_at
            assert not work_on(job, clock, fails(ProviderUnavailable("down")))
        assert waits == [timedelta(seconds=30), timedelta(seconds=60)]
        assert (job.finished_at, job.tries, job.deaths) == (clock.now, 3, 0)
        assert [(each["event"], each["log_level"], each["tries"]) for each in logs] == [
            ("mail_delayed", "warning", 1),
            ("mail_delayed", "warning", 2),
        ]

    def test_what_is_broken_is_logged_with_its_traceback(self, job: Mail, clock: Clock) -> None:
        with capture_logs() as logs:
            assert not work_on(job, clock, fails(KeyError("13800000000")))
        assert job.last_error == "KeyError", "its text may be personal"
        assert job.due_at == clock.now + timedelta(minutes=10)
        assert [(each["event"], each["log_level"], each["exc_info"]) for each in logs] == [
            ("mail_broken", "error", True)
        ]

    def test_until_a_moment(self, job: Mail, clock: Clock) -> None:
        patient = Failure(
            ProviderUnavailable,
            wait=retry_delay,
            until=lambda mail: mail.created_at + timedelta(hours=1),
        )
        down = fails(ProviderUnavailable("down", retry_after=3600))
        assert not work_on(job, clock, down, failures=[patient]) and not job.finished_at
        clock.now = job.due_at
        assert not work_on(job, clock, down, failures=[patient]) and job.finished_at

    def test_at_once(self, job: Mail, clock: Clock) -> None:
        assert not work_on(job, clock, fails(KeyError()), failures=[Failure(KeyError, tries=1)])
        assert job.finished_at == clock.now

    def test_the_row_can_say_that_it_waits(self, job: Mail, clock: Clock) -> None:
        waits = Failure(KeyError, wait=5.0, changes={"language": "zh"})
        assert not work_on(job, clock, fails(KeyError()), failures=[waits])
        assert (job.language, job.due_at) == ("zh", clock.now + timedelta(seconds=5))

    @pytest.mark.parametrize(
        ("asked", "tries", "seconds"),
        [(30, 1, 30), (30, 3, 120), (0, 1, 1), (0, 3, 4), (60, 7, 3600), (1, 99, 64)],
    )
    def test_backoff(self, asked: float, tries: int, seconds: float) -> None:
        assert retry_delay(ProviderUnavailable("down", retry_after=asked), tries) == seconds
