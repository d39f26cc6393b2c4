"""Tests of webhook delivery: retries, failing endpoints, and when workers are notified."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from employers.models import Employer
from events import doorbell, tasks
from events.core.actor import SYSTEM
from events.delivery import safe_http, webhook_delivery, webhooks
from events.models import (
    Event,
    Outcome,
    PausedWhy,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    record,
)
from tests.events.delivery.sent_webhooks import add, answering, happen, send
from tests.fakes.webhook_receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    """The real time, because signatures are verified with a real clock."""
    return timezone.now()


# --- Failures -------------------------------------------------------------------------------------


def test_a_flaky_receiver_gets_everything_once_it_answers(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, receiver.url, now)
    receiver.answers = lambda number: 503 if number % 3 else 200
    happen(employer, now, 5)
    at = now
    while waiting := WebhookDelivery.objects.filter(finished_at=None).order_by("due_at").first():
        at = max(at, waiting.due_at, WebhookEndpoint.objects.get().due_at)
        send(endpoint, at)
    assert set(WebhookDelivery.objects.values_list("outcome", flat=True)) == {Outcome.DELIVERED}
    assert {json.loads(got.body)["sequence"] for got in receiver.got} == {1, 2, 3, 4, 5}
    assert WebhookAttempt.objects.filter(status=503).count() == len(receiver.got) - 5 > 0
    endpoint.refresh_from_db()
    assert endpoint.last_success_at


def test_retries_for_three_days_and_then_a_dead_letter(employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now)
    at, moments = now, []
    posted, post = answering(500)
    while not WebhookDelivery.objects.dead().exists():
        delivery = WebhookDelivery.objects.get()
        at = max(at, delivery.due_at, WebhookEndpoint.objects.get().due_at)
        send(endpoint, at, post=post)
        moments.append(at)
    assert len(posted) == len(webhook_delivery.WAITS) + 1 == 10 and len(set(posted)) == 1, (
        "the same webhook-id each time"
    )
    assert timedelta(days=2.5) < moments[-1] - moments[0] < timedelta(days=4)
    assert timedelta(seconds=4) <= moments[1] - moments[0] <= timedelta(seconds=6)
    assert WebhookDelivery.objects.due(at + timedelta(days=30)).count() == 0


@given(st.integers(1, 9), st.floats(0, 1))
def test_waits_are_spread_and_in_their_range(tries: int, chance: float) -> None:
    wait = webhook_delivery.wait_after(tries, chance)
    assert (
        wait is not None
        and abs(wait / webhook_delivery.WAITS[tries - 1] - 1) <= webhook_delivery.JITTER + 1e-6
    )
    assert webhook_delivery.wait_after(10, chance) is None


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_rests_grow_to_an_end(failures: int, chance: float) -> None:
    rest = webhook_delivery.rest_after(failures, chance)
    assert webhook_delivery.RESTS_FROM * 0.79 <= rest <= webhook_delivery.RESTS_AT_MOST * 1.21


def test_a_dead_endpoint_costs_one_try_and_then_rests(employer: Employer, now: datetime) -> None:
    """A hundred messages wait. The worker is free after one, and the others have not used up an
    attempt.
    """
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 100)
    posted, post = answering("timeout")
    assert send(endpoint, now, post=post) == 0 and send(endpoint, now, post=post) == 0
    assert len(posted) == 1 and WebhookDelivery.objects.filter(tries=0).count() == 99
    assert not WebhookEndpoint.objects.awaited(now).exists()
    endpoint.refresh_from_db()
    assert WebhookEndpoint.objects.awaited(endpoint.due_at).exists() and endpoint.failures == 1
    _, post = answering(200)
    assert send(endpoint, endpoint.due_at + timedelta(seconds=1), post=post) >= 99
    endpoint.refresh_from_db()
    assert endpoint.failures == 0 and endpoint.failing_since is None


def test_one_endpoint_takes_one_worker(employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 2)

    def post(*_: Any, local: bool) -> safe_http.Response:
        assert (
            send(endpoint, now, post=lambda *_, **__: pytest.fail("two workers at one endpoint"))
            == 0
        )
        return safe_http.Response(200, "", 1)

    assert send(endpoint, now, post=post) == 2


def test_a_worker_that_died_holds_nothing_for_ever(employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now)
    with pytest.raises(KeyboardInterrupt):
        send(endpoint, now, post=_die)
    later = now + timedelta(seconds=webhook_delivery.LEASE_SECONDS + 1)
    _, post = answering(200)
    assert send(endpoint, now, post=post) == 0 and send(endpoint, later, post=post) == 1


def _die(*_: Any, **__: Any) -> safe_http.Response:
    raise KeyboardInterrupt


def test_gone_means_gone(employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 2)
    posted, post = answering(410)
    send(endpoint, now, post=post)
    endpoint.refresh_from_db()
    assert (
        endpoint.paused_why == PausedWhy.GONE
        and Event.objects.filter(verb="pause_webhook").exists()
    )
    happen(employer, now)
    assert len(posted) == 1 and WebhookDelivery.objects.count() == 2, (
        "it gets no further deliveries"
    )


def test_an_endpoint_that_only_fails_is_paused_and_what_waits_is_kept(
    employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    _, post = answering("connection_refused")
    at = now
    for _ in range(7):
        happen(employer, at)
        send(endpoint, at, post=post)
        at += timedelta(days=1)
    endpoint.refresh_from_db()
    assert endpoint.paused_why == PausedWhy.FAILING and endpoint.paused_at
    assert endpoint.paused_at - now >= webhook_delivery.GIVEN_UP_AFTER
    _, well = answering(200)
    webhooks.resume_endpoint(endpoint.pk, employer.platform_id, SYSTEM, at)
    assert send(endpoint, at, post=well) == 7


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("600", 600), ("a date", 599), ("1", 4), ("99999999", 86400), ("soon", 4)],
)
def test_who_is_busy_is_not_come_to_before_it_says(
    employer: Employer, now: datetime, asked: str, seconds: float
) -> None:
    """Nor the messages behind it. But the wait is at most a day, and not shorter than usual."""
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 2)
    text = (
        format_datetime(now.astimezone(UTC) + timedelta(minutes=10), usegmt=True)
        if asked == "a date"
        else asked
    )

    def post(*_: Any, **__: Any) -> safe_http.Response:
        return safe_http.Response(429, "", 1, retry_after=text)

    assert send(endpoint, now, post=post) == 0
    endpoint.refresh_from_db()
    tried = WebhookDelivery.objects.get(tries=1)
    asked_for = timedelta(seconds=seconds)
    assert (
        asked_for
        <= endpoint.due_at - now
        <= max(asked_for + timedelta(seconds=1), timedelta(seconds=6))
    )
    assert (
        asked_for
        <= tried.due_at - now
        <= max(asked_for * (1 + webhook_delivery.JITTER), timedelta(seconds=6))
    )
    _, well = answering(200)
    assert send(endpoint, endpoint.due_at - timedelta(seconds=1), post=well) == 0
    assert send(endpoint, now + 2 * asked_for + timedelta(seconds=6), post=well) == 2


def test_a_worker_keeps_its_connection_from_one_message_to_the_next(
    receiver: Receiver, employer: Employer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("IDLE_SECONDS", "OLDEST_SECONDS"):
        monkeypatch.setattr(safe_http, limit, 3600.0)  # a busy machine takes longer
    assert employer.platform_id
    endpoint, secret = add(employer.platform_id, receiver.url, now)
    happen(employer, now, 5)
    assert send(endpoint, now) == 5
    happen(employer, now, 5)
    assert send(endpoint, now) == 5, "and from one call to the next"
    assert (
        len(receiver.lines) == 1
        and len({message["id"] for message in receiver.verified(secret)}) == 10
    )


# --- Notified workers -----------------------------------------------------------------------------


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(tasks.send_webhooks, "delay", heard.append)
    monkeypatch.setattr(
        doorbell,
        "_send",
        lambda task, *key: heard.append(key[0] if key else task.rpartition(".")[2]),
    )
    return heard


def test_workers_are_notified_after_the_commit_and_by_the_sweep(
    notified: list[str], employer: Employer, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    with django_capture_on_commit_callbacks(execute=True):
        record("register", employer, SYSTEM, now, employer_id=employer.pk)
        record("view_page", employer, SYSTEM, now, employer_id=employer.pk)
        assert notified == []
    assert notified == ["relay"]
    with django_capture_on_commit_callbacks(execute=True):
        tasks.relay()
    assert notified == ["relay", str(endpoint.pk)]
    tasks.sweep_webhooks()
    assert notified == ["relay", str(endpoint.pk), str(endpoint.pk)]
    WebhookEndpoint.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    tasks.sweep_webhooks()
    assert len(notified) == 3, "it rests"


def test_the_worker_is_notified_of_what_comes_at_the_end(
    notified: list[str],
    employer: Employer,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now)
    _, post = answering(200)
    looked = webhook_delivery._next

    def look(endpoint_id: UUID, at: datetime) -> WebhookDelivery | None:
        found = looked(endpoint_id, at)
        if found is None:  # and now
            happen(employer, now)
        return found

    monkeypatch.setattr(webhook_delivery, "_next", look)
    with django_capture_on_commit_callbacks(execute=True):
        assert send(endpoint, now, post=post) == 1
    assert notified.count(str(endpoint.pk)) >= 1 and WebhookDelivery.objects.due(now).count() == 1


def test_sending_ends_after_its_time(
    notified: list[str], employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 10)
    passed = [0.0]

    def post(*_: Any, local: bool) -> safe_http.Response:
        passed[0] += 3
        return safe_http.Response(200, "", 3000)

    done = webhook_delivery.send_waiting(
        endpoint.pk, lambda: now + timedelta(seconds=passed[0]), local=True, post=post
    )
    assert done == 4 and WebhookDelivery.objects.due(now + timedelta(seconds=20)).count() == 6
