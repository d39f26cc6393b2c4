"""Is a webhook received, verified and retried as the specification has it, and does a bad endpoint
harm itself alone?
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import WebhookVerificationError

from employers.accounts.api_clients import create_api_client, revoke_api_client
from employers.models import Employer, Scope
from events import doorbell, tasks
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery import feed, safe_http, webhook_delivery, webhooks
from events.models import (
    Event,
    Outcome,
    PausedWhy,
    PlatformEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    record,
)
from tests.factories import make_employer
from tests.fakes.webhook_receiver import Receiver, receiving

pytestmark = pytest.mark.django_db

CLIENT = UUID("11111111-2222-4333-8444-555555555555")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


@pytest.fixture
def now() -> datetime:
    """The real time: who verifies a signature looks at a real clock."""
    return timezone.now()


@pytest.fixture
def employer(now: datetime) -> Employer:
    platform, _ = create_api_client("a platform", [Scope.EVENTS_READ], now)
    return make_employer(now, platform=platform, reference="r-1")


def add(client_id: UUID, url: str, now: datetime, *types: str) -> tuple[WebhookEndpoint, str]:
    return webhooks.create(client_id, url, types, "", SYSTEM, now, local=True)


def happen(employer: Employer, now: datetime, times: int = 1, verb: str = "register") -> None:
    for _ in range(times):
        record(verb, employer, SYSTEM, now, employer_id=employer.pk)
    feed.relay(now)


def send(endpoint: WebhookEndpoint, at: datetime, **more: Any) -> int:
    return webhook_delivery.send_waiting(endpoint.pk, lambda: at, local=True, **more)


def answering(*statuses: int | str) -> tuple[list[str], Callable[..., safe_http.Answer]]:
    """Posts that come to nobody, answered in turn; what was posted."""
    posted: list[str] = []

    def post(url: str, headers: dict[str, str], body: bytes, *, local: bool) -> safe_http.Answer:
        answer = statuses[min(len(posted), len(statuses) - 1)]
        posted.append(headers["webhook-id"])
        return (
            safe_http.Answer(answer, "", 3)
            if isinstance(answer, int)
            else safe_http.Answer(None, answer, 3)
        )

    return posted, post


# --- What arrives ---------------------------------------------------------------------------------


def test_a_webhook_arrives_and_is_verified(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, secret = add(employer.platform_id, receiver.url, now)
    receiver.body = b"thank you"
    happen(employer, now)
    assert send(endpoint, timezone.now()) == 1
    (message,) = receiver.verified(secret)
    told = PlatformEvent.objects.get()
    assert (
        message == told.as_message()
        and message["sequence"] == 1
        and message["type"] == "employer.created"
    )
    assert message["data"]["employer"] == {"id": str(employer.pk), "reference": "r-1"}
    (got,) = receiver.got
    assert got.headers["webhook-id"] == message["id"] and got.headers["content-type"].startswith(
        "application/json"
    )
    delivery = WebhookDelivery.objects.get()
    attempt = delivery.attempts.get()
    assert delivery.outcome == Outcome.DELIVERED and (attempt.status, attempt.response_start) == (
        200,
        "thank you",
    )
    assert send(endpoint, timezone.now()) == 0 and len(receiver.got) == 1
    with pytest.raises(WebhookVerificationError):
        got.verified(webhooks.new_secret())


def test_types_are_chosen(receiver: Receiver, employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, receiver.url, now, "member.joined")
    happen(employer, now)
    happen(employer, now, verb="join")
    assert send(endpoint, now) == 1 and WebhookDelivery.objects.count() == 1


def test_the_secret_rests_sealed_and_is_of_this_endpoint_alone(
    employer: Employer, now: datetime
) -> None:
    endpoint, secret = add(CLIENT, "https://hr.example.com/", now)
    other, _ = add(CLIENT, "https://hr.example.com/", now)
    assert secret.startswith("whsec_") and secret[6:] not in endpoint.secret_sealed
    other.secret_sealed = endpoint.secret_sealed
    with pytest.raises(Exception, match="changed, cut short or moved"):
        webhooks.headers_for(other, "m", b"{}", now)


def test_after_a_rotation_both_secrets_sign_for_a_day(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, old = add(employer.platform_id, receiver.url, now)
    endpoint, new = webhooks.rotate_secret(endpoint.pk, employer.platform_id, SYSTEM, now)
    happen(employer, now)
    send(endpoint, timezone.now())
    (got,) = receiver.got
    assert (
        got.verified(old) == got.verified(new)
        and len(got.headers["webhook-signature"].split(" ")) == 2
    )
    later = webhooks.headers_for(endpoint, "m", b"{}", now + webhooks.FORMER_SIGNS_FOR)
    assert len(later["webhook-signature"].split(" ")) == 1


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
    """A hundred messages wait; the worker is free again after one of them, and the others have lost
    no try.
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

    def post(*_: Any, local: bool) -> safe_http.Answer:
        assert (
            send(endpoint, now, post=lambda *_, **__: pytest.fail("two workers at one endpoint"))
            == 0
        )
        return safe_http.Answer(200, "", 1)

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


def _die(*_: Any, **__: Any) -> safe_http.Answer:
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
        "nothing more is put down for it"
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
    webhooks.resume(endpoint.pk, employer.platform_id, SYSTEM, at)
    assert send(endpoint, at, post=well) == 7


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("600", 600), ("a date", 599), ("1", 4), ("99999999", 86400), ("soon", 4)],
)
def test_who_is_busy_is_not_come_to_before_it_says(
    employer: Employer, now: datetime, asked: str, seconds: float
) -> None:
    """Nor what waits behind it; but not left alone for longer than a day, and not come to sooner
    than otherwise.
    """
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 2)
    text = (
        format_datetime(now.astimezone(UTC) + timedelta(minutes=10), usegmt=True)
        if asked == "a date"
        else asked
    )

    def post(*_: Any, **__: Any) -> safe_http.Answer:
        return safe_http.Answer(429, "", 1, retry_after=text)

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
        monkeypatch.setattr(
            safe_http, limit, 3600.0
        )  # a machine that does much else takes its time
    assert employer.platform_id
    endpoint, secret = add(employer.platform_id, receiver.url, now)
    happen(employer, now, 5)
    assert send(endpoint, now) == 5
    happen(employer, now, 5)
    assert send(endpoint, now) == 5, "and from one turn to the next"
    assert (
        len(receiver.lines) == 1
        and len({message["id"] for message in receiver.verified(secret)}) == 10
    )


# --- What a platform does with its endpoints ------------------------------------------------------


def test_what_happens_while_it_is_paused_waits(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, receiver.url, now)
    webhooks.pause(endpoint.pk, employer.platform_id, SYSTEM, now)
    happen(employer, now, 3)
    assert send(endpoint, now) == 0 and not receiver.got
    with pytest.raises(Refused, match="webhook_paused"):
        webhooks.ping(endpoint.pk, employer.platform_id, now)
    webhooks.resume(endpoint.pk, employer.platform_id, SYSTEM, now)
    assert send(endpoint, now) == 3


def test_a_deleted_endpoint_gets_nothing_and_keeps_no_secret(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, receiver.url, now)
    happen(employer, now)
    webhooks.delete(endpoint.pk, employer.platform_id, SYSTEM, now)
    assert send(endpoint, now) == 0 and not receiver.got
    endpoint.refresh_from_db()
    assert not endpoint.secret_sealed and WebhookDelivery.objects.get().outcome == Outcome.CANCELLED
    with pytest.raises(Refused, match="webhook_unknown"):
        webhooks.resume(endpoint.pk, employer.platform_id, SYSTEM, now)


def test_a_platform_that_is_revoked_is_told_nothing_more(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform
    endpoint, _ = add(employer.platform.pk, receiver.url, now)
    happen(employer, now)
    revoke_api_client(employer.platform, SYSTEM, now)
    happen(employer, now)
    assert send(endpoint, now) == 0 and not receiver.got
    assert not WebhookEndpoint.objects.existing().exists() and PlatformEvent.objects.count() == 1


def test_a_ping_does_not_wait_until_the_rest_is_over(employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now)
    send(endpoint, now, post=answering(500)[1])
    posted, post = answering(200)
    assert send(endpoint, now, post=post) == 0, "it rests"
    webhooks.ping(endpoint.pk, employer.platform_id, now)
    assert send(endpoint, now, post=post) == 1 and posted[0].startswith("ping_")


def test_deleted_while_it_is_being_sent_to(employer: Employer, now: datetime) -> None:
    client_id = employer.platform_id
    assert client_id
    endpoint, _ = add(client_id, "https://hr.example.com/", now)
    happen(employer, now, 2)

    def post(*_: Any, local: bool) -> safe_http.Answer:
        webhooks.delete(endpoint.pk, client_id, SYSTEM, now)
        return safe_http.Answer(200, "", 1)

    send(endpoint, now, post=post)
    assert set(WebhookDelivery.objects.values_list("outcome", flat=True)) == {Outcome.CANCELLED}


def test_a_dead_letter_is_sent_again_under_its_own_id(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, secret = add(employer.platform_id, receiver.url, now)
    happen(employer, now)
    WebhookDelivery.objects.update(finished_at=now, outcome=Outcome.DEAD, tries=10)
    delivery = WebhookDelivery.objects.get()
    webhooks.send_again(delivery.pk, endpoint.pk, employer.platform_id, SYSTEM, now)
    assert send(endpoint, now) == 1
    assert [message["id"] for message in receiver.verified(secret)] == [
        PlatformEvent.objects.get().message_id
    ]
    with pytest.raises(Refused, match="webhook_unknown"):
        webhooks.send_again(delivery.pk, endpoint.pk, uuid4(), SYSTEM, now)
    other, _ = add(employer.platform_id, receiver.url, now)
    with pytest.raises(Refused, match="webhook_delivery_unknown"):
        webhooks.send_again(delivery.pk, other.pk, employer.platform_id, SYSTEM, now)


def test_a_span_is_sent_again_from_before_the_endpoint_too(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    client_id = employer.platform_id
    assert client_id
    happen(employer, now, 4)
    endpoint, secret = add(client_id, receiver.url, now)
    happen(employer, now, 2)
    assert send(endpoint, now) == 2
    assert webhooks.replay(endpoint.pk, client_id, SYSTEM, now, first=3, last=5) == 3
    assert send(endpoint, timezone.now()) == 3
    assert sorted(message["sequence"] for message in receiver.verified(secret)[2:]) == [3, 4, 5]
    assert (
        webhooks.replay(endpoint.pk, client_id, SYSTEM, now, since=now + timedelta(seconds=1)) == 0
    )
    assert WebhookDelivery.objects.count() == 4, (
        "one row for a message and an endpoint, however often it is sent"
    )


def test_a_ping_arrives(receiver: Receiver, employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, secret = add(employer.platform_id, receiver.url, now)
    webhooks.ping(endpoint.pk, employer.platform_id, now)
    assert send(endpoint, now) == 1
    (message,) = receiver.verified(secret)
    assert message["type"] == "webhook.ping" and message["sequence"] is None


@pytest.mark.parametrize(
    ("url", "types", "code"),
    [
        ("http://hr.example.com/", [], "webhook_url_invalid"),
        ("https://10.0.0.1/", [], "webhook_url_not_public"),
        ("https://hr.example.com/", ["employer.unknown"], "webhook_type_unknown"),
        ("https://hr.example.com/", ["webhook.ping"], "webhook_type_unknown"),
    ],
)
def test_endpoints_that_are_refused(url: str, types: list[str], code: str, now: datetime) -> None:
    with pytest.raises(Refused, match=code):
        webhooks.create(CLIENT, url, types, "", SYSTEM, now, local=False)
    endpoint, _ = webhooks.create(
        CLIENT, "https://hr.example.com/", [], "", SYSTEM, now, local=False
    )
    with pytest.raises(Refused, match=code):
        webhooks.change(endpoint.pk, CLIENT, SYSTEM, now, local=False, url=url, types=types)


def test_not_more_endpoints_than_that(now: datetime) -> None:
    for _ in range(webhooks.AT_MOST):
        add(CLIENT, "https://hr.example.com/", now)
    with pytest.raises(Refused, match="webhook_too_many"):
        add(CLIENT, "https://hr.example.com/", now)


def test_a_pause_holds_in_the_middle_of_a_turn(employer: Employer, now: datetime) -> None:
    client_id = employer.platform_id
    assert client_id
    endpoint, _ = add(client_id, "https://hr.example.com/", now)
    happen(employer, now, 3)
    posted: list[str] = []

    def post(url: str, headers: dict[str, str], body: bytes, *, local: bool) -> safe_http.Answer:
        posted.append(headers["webhook-id"])
        webhooks.pause(endpoint.pk, client_id, SYSTEM, now)
        return safe_http.Answer(200, "", 1)

    assert send(endpoint, now, post=post) == 1 and len(posted) == 1
    assert WebhookDelivery.objects.filter(finished_at=None).count() == 2


def test_what_ended_long_ago_is_forgotten_and_can_be_told_again_from_the_feed(
    employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 4)
    ended = [
        (Outcome.DELIVERED, 31),
        (Outcome.DELIVERED, 29),
        (Outcome.DEAD, 31),
        (Outcome.DEAD, 91),
    ]
    for delivery, (outcome, days) in zip(
        WebhookDelivery.objects.order_by("pk"), ended, strict=True
    ):
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            outcome=outcome, finished_at=now - timedelta(days=days)
        )
        WebhookAttempt.objects.create(delivery=delivery, at=now, status=200, milliseconds=1)
    assert webhooks.forget(now) == 2 and webhooks.forget(now) == 0
    assert WebhookDelivery.objects.count() == WebhookAttempt.objects.count() == 2
    assert webhooks.replay(endpoint.pk, employer.platform_id, SYSTEM, now) == 4
    assert WebhookDelivery.objects.due(now).count() == 4


def test_what_waits_for_a_paused_endpoint_is_let_go_after_a_month(
    employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    paused, _ = add(employer.platform_id, "https://hr.example.com/", now)
    add(employer.platform_id, "https://other.example.com/", now)
    happen(employer, now, 2)
    webhooks.pause(paused.pk, employer.platform_id, SYSTEM, now)
    assert webhooks.let_go(now + timedelta(days=29)) == 0
    assert webhooks.let_go(now + timedelta(days=31)) == 2
    assert WebhookDelivery.objects.filter(endpoint=paused, outcome=Outcome.CANCELLED).count() == 2
    assert WebhookDelivery.objects.filter(finished_at=None).count() == 2, (
        "what the other one waits for stays"
    )
    webhooks.resume(paused.pk, employer.platform_id, SYSTEM, now)
    assert webhooks.replay(paused.pk, employer.platform_id, SYSTEM, now) == 2


# --- Doorbells ------------------------------------------------------------------------------------


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(tasks.send_webhooks, "delay", heard.append)
    monkeypatch.setattr(
        doorbell,
        "_send",
        lambda task, *key: heard.append(key[0] if key else task.rpartition(".")[2]),
    )
    return heard


def test_bells_ring_after_the_commit_and_the_sweeper_rings_for_what_is_due(
    rung: list[str], employer: Employer, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    with django_capture_on_commit_callbacks(execute=True):
        record("register", employer, SYSTEM, now, employer_id=employer.pk)
        record("view_page", employer, SYSTEM, now, employer_id=employer.pk)
        assert rung == []
    assert rung == ["relay"]
    with django_capture_on_commit_callbacks(execute=True):
        tasks.relay()
    assert rung == ["relay", str(endpoint.pk)]
    tasks.sweep_webhooks()
    assert rung == ["relay", str(endpoint.pk), str(endpoint.pk)]
    WebhookEndpoint.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    tasks.sweep_webhooks()
    assert len(rung) == 3, "it rests"


def test_what_comes_while_a_turn_ends_is_rung_for(
    rung: list[str],
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
        if found is None:  # and in this moment
            happen(employer, now)
        return found

    monkeypatch.setattr(webhook_delivery, "_next", look)
    with django_capture_on_commit_callbacks(execute=True):
        assert send(endpoint, now, post=post) == 1
    assert rung.count(str(endpoint.pk)) >= 1 and WebhookDelivery.objects.due(now).count() == 1


def test_a_turn_ends_after_its_time(rung: list[str], employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, "https://hr.example.com/", now)
    happen(employer, now, 10)
    passed = [0.0]

    def post(*_: Any, local: bool) -> safe_http.Answer:
        passed[0] += 3
        return safe_http.Answer(200, "", 3000)

    done = webhook_delivery.send_waiting(
        endpoint.pk, lambda: now + timedelta(seconds=passed[0]), local=True, post=post
    )
    assert done == 4 and WebhookDelivery.objects.due(now + timedelta(seconds=20)).count() == 6


def test_the_clock_of_signatures_is_utc(now: datetime) -> None:
    endpoint, _ = add(CLIENT, "https://hr.example.com/", now)
    at = datetime(2026, 11, 24, 18, 0, 0, 999_999, tzinfo=timezone.get_fixed_timezone(480))
    told = webhooks.headers_for(endpoint, "m", b"{}", at)["webhook-timestamp"]
    assert datetime.fromtimestamp(int(told), UTC) == datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_add_more_than_there_may_be(employer: Employer, now: datetime) -> None:
    client_id = employer.platform_id
    assert client_id
    for number in range(webhooks.AT_MOST - 2):
        add(client_id, f"https://hr.example.com/{number}", now)
    started, told = threading.Barrier(8), list[str]()

    def press() -> None:
        started.wait()
        try:
            add(client_id, "https://hr.example.com/more", now)
            told.append("added")
        except Refused as refused:
            told.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["added"] * 2 + ["webhook_too_many"] * 6
    assert (
        WebhookEndpoint.objects.existing().filter(client_id=client_id).count() == webhooks.AT_MOST
    )
