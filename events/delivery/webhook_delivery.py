"""Sends webhooks: one worker per endpoint, retries for days, then a dead letter.

A worker leases the endpoint and sends what is due there, oldest first, for at most
`SENDING_SECONDS`. After a failure the endpoint rests with all of its deliveries, so one that hangs
costs at most `safe_http.TOTAL_SECONDS` of one worker at a time. Deliveries may overtake each other;
their sequence numbers give the order.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction

from events.core.actor import SYSTEM
from events.delivery import safe_http, webhooks
from events.jobs.runner import Clock, Lease, claim_row
from events.models import Outcome, PausedWhy, WebhookAttempt, WebhookDelivery, WebhookEndpoint

log = structlog.get_logger()

_SECONDS: Final = timedelta(seconds=1)
_MINUTES: Final = timedelta(minutes=1)
_HOURS: Final = timedelta(hours=1)
WAITS: Final = (
    5 * _SECONDS,
    5 * _MINUTES,
    30 * _MINUTES,
    2 * _HOURS,
    5 * _HOURS,
    10 * _HOURS,
    14 * _HOURS,
    20 * _HOURS,
    24 * _HOURS,
)
"""The wait after each failure. After the last one, a little over three days in all, the message is
a dead letter.
"""
JITTER: Final = 0.2
"""The fraction that each wait varies by, so that deliveries that failed together are not retried
together.
"""
RESTS_FROM: Final = timedelta(seconds=5)
"""How long an endpoint rests after its first failure. Each further failure doubles it."""
RESTS_AT_MOST: Final = timedelta(minutes=5)
"""The longest rest of an endpoint, apart from `JITTER`."""
GIVEN_UP_AFTER: Final = timedelta(days=5)
"""An endpoint is paused after failing without a success for this long."""
ASKED_AT_MOST: Final = timedelta(hours=24)
"""The longest wait that a receiver can ask for when it answers 429 or 503."""
SENDING_SECONDS: Final = 10.0
LEASE_SECONDS: Final = 60
"""Longer than `SENDING_SECONDS` plus one try and a slow resolver, so the lease need not be renewed.
"""
GONE: Final = 410
_POST: Final = partial(safe_http.post_safely, lines=safe_http.Lines())
"""Posts over connections that this process keeps between messages."""

Post = Callable[..., safe_http.Response]


# --- Pure -----------------------------------------------------------------------------------------


def wait_after(tries: int, chance: float) -> timedelta | None:
    """Return the wait after the failure of try `tries`, or None if it was the last. `chance` is
    from 0 to 1.
    """
    if tries > len(WAITS):
        return None
    return WAITS[tries - 1] * (1 + JITTER * (2 * chance - 1))


def rest_after(failures: int, chance: float) -> timedelta:
    """Return how long an endpoint rests after this number of failures in a row."""
    longest = RESTS_AT_MOST / RESTS_FROM
    return RESTS_FROM * min(longest, 2.0 ** min(failures - 1, 20)) * (1 + JITTER * (2 * chance - 1))


def asked_wait(response: safe_http.Response, now: datetime, chance: float) -> timedelta:
    """Return how long the endpoint asks us to wait, plus up to `JITTER`, so that requests do not
    all return at once.
    """
    seconds = safe_http.seconds_asked(response.retry_after, now)
    asked = min(timedelta(seconds=seconds or 0), ASKED_AT_MOST)
    return asked * (1 + JITTER * chance)


# --- Sending --------------------------------------------------------------------------------------


def send_waiting(
    endpoint_id: UUID, clock: Clock, *, local: bool = False, post: Post = _POST
) -> int:
    """Send what is due for the endpoint, unless it is leased, paused or at rest. Return the number
    of deliveries received.

    Notifies the worker again if anything is left after `SENDING_SECONDS`.
    """
    lease = claim_row(WebhookEndpoint.objects.all(), endpoint_id, clock, LEASE_SECONDS)
    if lease is None:
        return 0
    received, rests_until, ends = 0, None, clock() + timedelta(seconds=SENDING_SECONDS)
    while rests_until is None and clock() < ends and (delivery := _next(endpoint_id, clock)):
        rests_until = _send(delivery, local, post)
        received += rests_until is None
    if received:
        WebhookEndpoint.objects.filter(pk=endpoint_id).update(last_success_at=clock())
    lease.give_back(rests_until or clock())
    if WebhookEndpoint.objects.awaited(clock()).filter(pk=endpoint_id).exists():
        webhooks.notify_webhook_worker(endpoint_id)
    return received


def _next(endpoint_id: UUID, clock: Clock) -> Lease[WebhookDelivery] | None:
    """Claim the delivery that has been due longest. None if there is none, or if the endpoint was
    paused or deleted meanwhile.
    """
    due = (
        WebhookDelivery.objects.due(now := clock())
        .filter(endpoint=endpoint_id, endpoint__paused_at=None)
        .order_by("due_at", "id")
    )
    for delivery in due.select_related("endpoint", "told")[:1]:
        lease = WebhookDelivery.objects.claim(delivery.pk, now, LEASE_SECONDS)
        delivery.tries += 1
        jobs = WebhookDelivery.objects.all()
        return Lease(delivery, jobs, lease, clock, LEASE_SECONDS) if lease else None
    return None


def _send(lease: Lease[WebhookDelivery], local: bool, post: Post) -> datetime | None:
    """Make one attempt and store its result. If it failed, return until when the endpoint rests."""
    delivery = lease.row
    message, now = delivery.message(), lease.clock()
    body = webhooks.body_of(message)
    response = post(
        delivery.endpoint.url,
        webhooks.headers_for(delivery.endpoint, message["id"], body, now),
        body,
        local=local,
    )
    now = lease.clock()
    with transaction.atomic():
        if not _write_down(lease, response, now):
            return None  # another worker has it, or the endpoint was deleted meanwhile
        if response.received and not delivery.endpoint.failures:
            return None
        return _judge_endpoint(delivery.endpoint_id, response, now)


def _write_down(lease: Lease[WebhookDelivery], response: safe_http.Response, now: datetime) -> bool:
    delivery = lease.row
    WebhookAttempt.objects.create(
        delivery=delivery,
        at=now,
        status=response.status,
        error=response.error[:40],
        milliseconds=response.milliseconds,
        response_start=response.start,
    )
    if response.received:
        return lease.finish(outcome=Outcome.DELIVERED)
    what, wait = response.error or str(response.status), wait_after(delivery.tries, random.random())  # noqa: S311
    if wait is not None:
        due_at = now + max(wait, asked_wait(response, now, random.random()))  # noqa: S311
        return lease.give_back(due_at, what)
    log.warning(
        "webhook_given_up",
        delivery=delivery.pk,
        endpoint=str(delivery.endpoint_id),
        tries=delivery.tries,
        what=what,
    )
    return lease.finish(outcome=Outcome.DEAD)


def _judge_endpoint(
    endpoint_id: UUID, response: safe_http.Response, now: datetime
) -> datetime | None:
    """Update the endpoint's health. If the attempt failed, return until when the endpoint rests."""
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(
        pk=endpoint_id
    )
    health: dict[str, Any]
    if response.received:
        health = {"failures": 0, "failing_since": None}
    else:
        health = {"failures": endpoint.failures + 1, "failing_since": endpoint.failing_since or now}
    for name, value in health.items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=list(health))
    if response.received:
        return None
    if endpoint.paused_at is None and response.status == GONE:
        webhooks.stop_endpoint(endpoint, PausedWhy.GONE, SYSTEM, now)
    elif (
        endpoint.paused_at is None
        and endpoint.failing_since
        and now - endpoint.failing_since >= GIVEN_UP_AFTER
    ):
        webhooks.stop_endpoint(endpoint, PausedWhy.FAILING, SYSTEM, now)
    return now + max(rest_after(endpoint.failures, random.random()), asked_wait(response, now, 0))  # noqa: S311
