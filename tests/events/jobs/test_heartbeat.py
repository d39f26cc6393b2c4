"""Tests that a lease lasts as long as the work, and no longer."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from events.jobs import heartbeat
from events.models import Mail

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = 0.6


def a_job() -> Mail:
    now = timezone.now()
    return Mail.objects.create(
        to="a@example.com", template="t", language="en", created_at=now, due_at=now
    )


def test_work_longer_than_the_lease_keeps_the_row() -> None:
    job = a_job()
    lease = Mail.objects.claim(job.pk, timezone.now(), LEASE)
    assert lease is not None
    with heartbeat.keep_alive(Mail.objects.all(), job.pk, lease, timezone.now, LEASE):
        time.sleep(LEASE * 3)
        assert Mail.objects.claim(job.pk, timezone.now(), LEASE) is None
    assert Mail.objects.leased(job.pk, lease).exists()


def test_it_ends_with_the_work() -> None:
    job = a_job()
    lease = Mail.objects.claim(job.pk, timezone.now(), LEASE)
    assert lease is not None
    with heartbeat.keep_alive(Mail.objects.all(), job.pk, lease, timezone.now, LEASE):
        pass
    assert (
        Mail.objects.claim(job.pk, timezone.now() + timedelta(seconds=LEASE * 2), LEASE) is not None
    )


def test_it_ends_with_a_failure_too() -> None:
    job = a_job()
    lease = Mail.objects.claim(job.pk, timezone.now(), LEASE)
    assert lease is not None
    with (
        pytest.raises(ZeroDivisionError),
        heartbeat.keep_alive(Mail.objects.all(), job.pk, lease, timezone.now, LEASE),
    ):
        raise ZeroDivisionError
    time.sleep(LEASE * 1.5)
    assert Mail.objects.claim(job.pk, timezone.now(), LEASE) is not None


def test_it_never_takes_back_what_another_holds() -> None:
    job = a_job()
    stale, theirs = uuid4(), Mail.objects.claim(job.pk, timezone.now(), 60)
    with heartbeat.keep_alive(Mail.objects.all(), job.pk, stale, timezone.now, 0.3):
        time.sleep(0.5)
    job.refresh_from_db()
    assert job.lease == theirs and job.leased_until > timezone.now() + timedelta(seconds=50)
