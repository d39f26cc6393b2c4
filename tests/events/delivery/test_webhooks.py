"""Tests of received webhooks, and of what a platform does with its endpoints."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from employers.accounts.api_clients import revoke_api_client
from employers.models import Employer
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery import safe_http, webhooks
from events.models import Outcome, PlatformEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tests.events.delivery.sent_webhooks import add, answering, happen, send
from tests.fakes.webhook_receiver import Receiver

pytestmark = pytest.mark.django_db

CLIENT = UUID("11111111-2222-4333-8444-555555555555")


@pytest.fixture
def now() -> datetime:
    """The real time, because signatures are verified with a real clock."""
    return timezone.now()


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
    with pytest.raises(Exception, match="changed, truncated or moved"):
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


# --- What a platform does with its endpoints ------------------------------------------------------


def test_what_happens_while_it_is_paused_waits(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, receiver.url, now)
    webhooks.pause_endpoint(endpoint.pk, employer.platform_id, SYSTEM, now)
    happen(employer, now, 3)
    assert send(endpoint, now) == 0 and not receiver.got
    with pytest.raises(Refused, match="webhook_paused"):
        webhooks.ping_endpoint(endpoint.pk, employer.platform_id, now)
    webhooks.resume_endpoint(endpoint.pk, employer.platform_id, SYSTEM, now)
    assert send(endpoint, now) == 3


def test_a_deleted_endpoint_gets_nothing_and_keeps_no_secret(
    receiver: Receiver, employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    endpoint, _ = add(employer.platform_id, receiver.url, now)
    happen(employer, now)
    webhooks.delete_endpoint(endpoint.pk, employer.platform_id, SYSTEM, now)
    assert send(endpoint, now) == 0 and not receiver.got
    endpoint.refresh_from_db()
    assert not endpoint.secret_sealed and WebhookDelivery.objects.get().outcome == Outcome.CANCELLED
    with pytest.raises(Refused, match="webhook_unknown"):
        webhooks.resume_endpoint(endpoint.pk, employer.platform_id, SYSTEM, now)


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
    webhooks.ping_endpoint(endpoint.pk, employer.platform_id, now)
    assert send(endpoint, now, post=post) == 1 and posted[0].startswith("ping_")


def test_deleted_while_it_is_being_sent_to(employer: Employer, now: datetime) -> None:
    client_id = employer.platform_id
    assert client_id
    endpoint, _ = add(client_id, "https://hr.example.com/", now)
    happen(employer, now, 2)

    def post(*_: Any, local: bool) -> safe_http.Response:
        webhooks.delete_endpoint(endpoint.pk, client_id, SYSTEM, now)
        return safe_http.Response(200, "", 1)

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
    assert webhooks.replay_feed(endpoint.pk, client_id, SYSTEM, now, first=3, last=5) == 3
    assert send(endpoint, timezone.now()) == 3
    assert sorted(message["sequence"] for message in receiver.verified(secret)[2:]) == [3, 4, 5]
    assert (
        webhooks.replay_feed(endpoint.pk, client_id, SYSTEM, now, since=now + timedelta(seconds=1))
        == 0
    )
    assert WebhookDelivery.objects.count() == 4, (
        "one row per message and endpoint, however often it is sent"
    )


def test_a_ping_arrives(receiver: Receiver, employer: Employer, now: datetime) -> None:
    assert employer.platform_id
    endpoint, secret = add(employer.platform_id, receiver.url, now)
    webhooks.ping_endpoint(endpoint.pk, employer.platform_id, now)
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
        webhooks.create_endpoint(CLIENT, url, types, "", SYSTEM, now, local=False)
    endpoint, _ = webhooks.create_endpoint(
        CLIENT, "https://hr.example.com/", [], "", SYSTEM, now, local=False
    )
    with pytest.raises(Refused, match=code):
        webhooks.change_endpoint(
            endpoint.pk, CLIENT, SYSTEM, now, local=False, url=url, types=types
        )


def test_not_more_endpoints_than_that(now: datetime) -> None:
    for _ in range(webhooks.AT_MOST):
        add(CLIENT, "https://hr.example.com/", now)
    with pytest.raises(Refused, match="webhook_too_many"):
        add(CLIENT, "https://hr.example.com/", now)


def test_a_pause_applies_in_the_middle_of_sending(employer: Employer, now: datetime) -> None:
    client_id = employer.platform_id
    assert client_id
    endpoint, _ = add(client_id, "https://hr.example.com/", now)
    happen(employer, now, 3)
    posted: list[str] = []

    def post(url: str, headers: dict[str, str], body: bytes, *, local: bool) -> safe_http.Response:
        posted.append(headers["webhook-id"])
        webhooks.pause_endpoint(endpoint.pk, client_id, SYSTEM, now)
        return safe_http.Response(200, "", 1)

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
    assert webhooks.forget_old_deliveries(now) == 2 and webhooks.forget_old_deliveries(now) == 0
    assert WebhookDelivery.objects.count() == WebhookAttempt.objects.count() == 2
    assert webhooks.replay_feed(endpoint.pk, employer.platform_id, SYSTEM, now) == 4
    assert WebhookDelivery.objects.due(now).count() == 4


def test_what_waits_for_a_paused_endpoint_is_let_go_after_a_month(
    employer: Employer, now: datetime
) -> None:
    assert employer.platform_id
    paused, _ = add(employer.platform_id, "https://hr.example.com/", now)
    add(employer.platform_id, "https://other.example.com/", now)
    happen(employer, now, 2)
    webhooks.pause_endpoint(paused.pk, employer.platform_id, SYSTEM, now)
    assert webhooks.let_go(now + timedelta(days=29)) == 0
    assert webhooks.let_go(now + timedelta(days=31)) == 2
    assert WebhookDelivery.objects.filter(endpoint=paused, outcome=Outcome.CANCELLED).count() == 2
    assert WebhookDelivery.objects.filter(finished_at=None).count() == 2, (
        "the other endpoint's deliveries stay"
    )
    webhooks.resume_endpoint(paused.pk, employer.platform_id, SYSTEM, now)
    assert webhooks.replay_feed(paused.pk, employer.platform_id, SYSTEM, now) == 2


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
