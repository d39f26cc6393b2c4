"""Webhook endpoints, their secrets, and their queued deliveries.

Follows https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp` and `webhook-signature`,
signed with a secret that is shown once. After a rotation both secrets sign for a day, so receivers
miss nothing while they change over.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from standardwebhooks import Webhook

from events.core import event_types
from events.core.actor import Actor
from events.core.errors import Refused
from events.core.sealing import seal_text, unseal_text
from events.delivery import safe_http
from events.doorbell import notify_worker
from events.models import (
    Feed,
    Outcome,
    PausedWhy,
    PlatformEvent,
    WebhookDelivery,
    WebhookEndpoint,
    record,
)

AT_MOST: Final = 10
"""Endpoints per platform."""
SECRET_BYTES: Final = 32
FORMER_SIGNS_FOR: Final = timedelta(hours=24)
REPLAYED_AT_ONCE: Final = 5000
KEPT_FOR: Final = {
    Outcome.DELIVERED: timedelta(days=30),
    Outcome.CANCELLED: timedelta(days=30),
    Outcome.DEAD: timedelta(days=90),
}
"""How long a finished delivery is kept, with the receivers' answers. The feed itself is kept."""
WAITS_WHILE_PAUSED: Final = timedelta(days=30)
_FORGOTTEN_AT_ONCE: Final = 1000


Told = Callable[[WebhookEndpoint, PausedWhy, datetime], None]
"""Called in the same transaction when an endpoint is paused without a request."""


class _Pauses:
    """The registered listener for pauses. `events` does not know platforms, so the package that
    does registers one at startup.
    """

    told: Told | None = None


def pauses_told_to(told: Told) -> None:
    """Register `told`, which is called for each pause that was not requested."""
    _Pauses.told = told


def new_secret() -> str:
    """Return a new secret in the format of the specification."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


# --- Endpoints ------------------------------------------------------------------------------------


def create_endpoint(
    client_id: UUID,
    url: str,
    types: Collection[str],
    description: str,
    actor: Actor,
    now: datetime,
    *,
    local: bool,
) -> tuple[WebhookEndpoint, str]:
    """Create an endpoint. Return it and its secret, which is not shown again.

    `local` allows this machine's own addresses.

    Raises Refused: `webhook_url_invalid`, `webhook_url_not_public`, `webhook_type_unknown`,
    `webhook_too_many`.
    """
    _check(url, types, local)
    with transaction.atomic():
        # A concurrent call waits for the lock on the platform's row and counts afterwards.
        Feed.objects.bulk_create([Feed(client_id=client_id)], ignore_conflicts=True)
        Feed.objects.select_for_update().get(pk=client_id)
        if WebhookEndpoint.objects.existing().filter(client_id=client_id).count() >= AT_MOST:
            raise Refused("webhook_too_many", expected=str(AT_MOST))
        endpoint = WebhookEndpoint(
            client_id=client_id,
            url=url,
            types=_sorted(types),
            description=description,
            created_at=now,
            due_at=now,
        )
        secret = new_secret()
        endpoint.secret_sealed = seal_text(secret, endpoint.secret_purpose)
        endpoint.save(force_insert=True)
        record("create_webhook", endpoint, actor, now, data={"client": str(client_id)})
    return endpoint, secret


def _check(url: str, types: Iterable[str], local: bool) -> None:
    safe_http.target_of(url, local=local)
    for kind in types:
        if kind not in event_types.EVENT_TYPES:
            raise Refused("webhook_type_unknown", "types", seen=kind[:60])


def _sorted(types: Iterable[str]) -> list[str]:
    return sorted(set(types))


def locked_endpoint(endpoint_id: UUID, client_id: UUID) -> WebhookEndpoint:
    """Return the platform's endpoint, locked. Raises Refused `webhook_unknown`."""
    found: WebhookEndpoint | None = (
        WebhookEndpoint.objects.existing()
        .select_for_update(no_key=True)
        .filter(pk=endpoint_id, client_id=client_id)
        .first()
    )
    if found is None:
        raise Refused("webhook_unknown")
    return found


def existing_endpoint(endpoint_id: UUID, client_id: UUID) -> WebhookEndpoint:
    """Return the platform's endpoint for reading. Raises Refused `webhook_unknown`."""
    found: WebhookEndpoint | None = (
        WebhookEndpoint.objects.existing().filter(pk=endpoint_id, client_id=client_id).first()
    )
    if found is None:
        raise Refused("webhook_unknown")
    return found


def change_endpoint(
    endpoint_id: UUID,
    client_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    local: bool,
    url: str | None = None,
    types: Collection[str] | None = None,
    description: str | None = None,
) -> WebhookEndpoint:
    """Change the given attributes: address, types, description.

    Raises the same Refused codes as `create_endpoint`, and `webhook_unknown`.
    """
    with transaction.atomic():
        endpoint = locked_endpoint(endpoint_id, client_id)
        _check(url or endpoint.url, types or (), local)
        given: Mapping[str, Any] = {
            "url": url,
            "types": None if types is None else _sorted(types),
            "description": description,
        }
        changed = [
            name
            for name, value in given.items()
            if value is not None and value != getattr(endpoint, name)
        ]
        for name in changed:
            setattr(endpoint, name, given[name])
        if changed:
            endpoint.save(update_fields=changed)
            record(
                "change_webhook",
                endpoint,
                actor,
                now,
                data={"client": str(client_id), "changed": changed},
            )
    return endpoint


def pause_endpoint(
    endpoint_id: UUID, client_id: UUID, actor: Actor, now: datetime
) -> WebhookEndpoint:
    """Stop sending until `resume_endpoint`. New deliveries wait.

    Raises Refused `webhook_unknown`.
    """
    with transaction.atomic():
        endpoint = locked_endpoint(endpoint_id, client_id)
        if endpoint.paused_at is None:
            stop_endpoint(endpoint, PausedWhy.ASKED, actor, now)
    return endpoint


def stop_endpoint(endpoint: WebhookEndpoint, why: PausedWhy, actor: Actor, now: datetime) -> None:
    """Pause a locked, active endpoint, record the event, and call the listener unless the pause was
    requested.
    """
    endpoint.paused_at, endpoint.paused_why = now, why
    endpoint.save(update_fields=["paused_at", "paused_why"])
    record(
        "pause_webhook",
        endpoint,
        actor,
        now,
        data={"client": str(endpoint.client_id), "why": why.value},
    )
    if why is not PausedWhy.ASKED and _Pauses.told is not None:
        _Pauses.told(endpoint, why, now)


def resume_endpoint(
    endpoint_id: UUID, client_id: UUID, actor: Actor, now: datetime
) -> WebhookEndpoint:
    """Start sending again, beginning with waiting deliveries. Failures are reset.

    Raises Refused `webhook_unknown`.
    """
    with transaction.atomic():
        endpoint = locked_endpoint(endpoint_id, client_id)
        endpoint.paused_at, endpoint.paused_why, endpoint.failures, endpoint.failing_since = (
            None,
            "",
            0,
            None,
        )
        endpoint.due_at = now
        endpoint.save(
            update_fields=["paused_at", "paused_why", "failures", "failing_since", "due_at"]
        )
        endpoint.deliveries.filter(finished_at=None, lease=None).update(due_at=now)
        record("resume_webhook", endpoint, actor, now, data={"client": str(client_id)})
        notify_webhook_worker(endpoint.pk)
    return endpoint


def delete_endpoint(endpoint_id: UUID, client_id: UUID, actor: Actor, now: datetime) -> None:
    """Stop sending for good and erase the secrets.

    Raises Refused `webhook_unknown`.
    """
    with transaction.atomic():
        _end(locked_endpoint(endpoint_id, client_id), actor, now)


def delete_all(client_id: UUID, actor: Actor, now: datetime) -> None:
    """Delete all endpoints of a client that is no longer a platform. Waiting deliveries are
    dropped.

    Runs in the caller's transaction.
    """
    for endpoint in (
        WebhookEndpoint.objects.existing()
        .select_for_update(no_key=True)
        .filter(client_id=client_id)
        .order_by("pk")
    ):
        _end(endpoint, actor, now)


def _end(endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> None:
    endpoint.finished_at, endpoint.lease, endpoint.leased_until = now, None, None
    endpoint.secret_sealed = endpoint.former_secret_sealed = ""
    endpoint.save(
        update_fields=[
            "finished_at",
            "lease",
            "leased_until",
            "secret_sealed",
            "former_secret_sealed",
        ]
    )
    endpoint.deliveries.filter(finished_at=None).update(
        finished_at=now, outcome=Outcome.CANCELLED, lease=None, leased_until=None
    )
    record("delete_webhook", endpoint, actor, now, data={"client": str(endpoint.client_id)})


def rotate_secret(
    endpoint_id: UUID, client_id: UUID, actor: Actor, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Return the endpoint and a new secret, shown once. The old one also signs for
    `FORMER_SIGNS_FOR`.

    Raises Refused `webhook_unknown`.
    """
    with transaction.atomic():
        endpoint = locked_endpoint(endpoint_id, client_id)
        secret = new_secret()
        endpoint.former_secret_sealed, endpoint.former_secret_until = (
            endpoint.secret_sealed,
            now + FORMER_SIGNS_FOR,
        )
        endpoint.secret_sealed = seal_text(secret, endpoint.secret_purpose)
        endpoint.save(
            update_fields=["former_secret_sealed", "former_secret_until", "secret_sealed"]
        )
        record("rotate_webhook_secret", endpoint, actor, now, data={"client": str(client_id)})
    return endpoint, secret


# --- What waits for them --------------------------------------------------------------------------


def queue_deliveries(rows: Sequence[PlatformEvent], now: datetime) -> None:
    """Queue these feed rows for each subscribed endpoint, in the caller's transaction. Workers are
    notified after the commit.
    """
    clients = {row.client_id for row in rows}
    endpoints = list(
        WebhookEndpoint.objects.existing()
        .filter(client_id__in=clients)
        .exclude(paused_why=PausedWhy.GONE)
    )
    waiting = [
        WebhookDelivery(endpoint=endpoint, told=row, created_at=now, due_at=now)
        for row in rows
        for endpoint in endpoints
        if endpoint.client_id == row.client_id and endpoint.wants(row.type)
    ]
    WebhookDelivery.objects.bulk_create(waiting)
    for endpoint_id in {delivery.endpoint_id for delivery in waiting}:
        notify_webhook_worker(endpoint_id)


def notify_webhook_worker(endpoint_id: UUID) -> None:
    """Notify a worker, after the commit, that deliveries wait for this endpoint."""
    notify_worker("events.tasks.send_webhooks", endpoint_id)


def ping_endpoint(endpoint_id: UUID, client_id: UUID, now: datetime) -> WebhookDelivery:
    """Send an empty message to test the endpoint.

    Raises Refused `webhook_unknown`, `webhook_paused`.
    """
    with transaction.atomic():
        endpoint = _sending(endpoint_id, client_id, now)
        delivery: WebhookDelivery = WebhookDelivery.objects.create(
            endpoint=endpoint, created_at=now, due_at=now
        )
        notify_webhook_worker(endpoint.pk)
    return delivery


def _sending(endpoint_id: UUID, client_id: UUID, now: datetime) -> WebhookEndpoint:
    """Return the platform's endpoint and end its rest: a requested delivery is sent at once."""
    endpoint = locked_endpoint(endpoint_id, client_id)
    if endpoint.paused_at is not None:
        raise Refused("webhook_paused")
    endpoint.due_at = now
    endpoint.save(update_fields=["due_at"])
    return endpoint


def send_again(
    delivery_id: int, endpoint_id: UUID, client_id: UUID, actor: Actor, now: datetime
) -> WebhookDelivery:
    """Send a delivery again, whatever its outcome, with the same `webhook-id`.

    Raises Refused: `webhook_unknown`, `webhook_delivery_unknown`, `webhook_paused`.
    """
    with transaction.atomic():
        endpoint = _sending(endpoint_id, client_id, now)
        found = endpoint.deliveries.filter(pk=delivery_id)
        if not found.exists():
            raise Refused("webhook_delivery_unknown")
        _open_again(found, now)
        record(
            "replay_webhook",
            endpoint,
            actor,
            now,
            data={"client": str(client_id), "delivery": delivery_id},
        )
        notify_webhook_worker(endpoint.pk)
    again: WebhookDelivery = found.get()
    return again


def replay_feed(
    endpoint_id: UUID,
    client_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    first: int | None = None,
    last: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Send a range of the feed again, at most `REPLAYED_AT_ONCE` rows, including rows older than
    the endpoint. Return the number of rows.

    Raises Refused: `webhook_unknown`, `webhook_paused`.
    """
    with transaction.atomic():
        endpoint = _sending(endpoint_id, client_id, now)
        span = PlatformEvent.objects.of(client_id).between(first, last, since, until)
        if endpoint.types:
            span = span.filter(type__in=endpoint.types)
        told = [row.pk for row in span.only("pk")[:REPLAYED_AT_ONCE]]
        _open_again(endpoint.deliveries.filter(told__in=told), now)
        WebhookDelivery.objects.bulk_create(
            [
                WebhookDelivery(endpoint=endpoint, told_id=pk, created_at=now, due_at=now)
                for pk in told
            ],
            ignore_conflicts=True,
        )
        record(
            "replay_webhook",
            endpoint,
            actor,
            now,
            data={"client": str(client_id), "count": len(told)},
        )
        notify_webhook_worker(endpoint.pk)
    return len(told)


def _open_again(deliveries: Any, now: datetime) -> None:
    """Reset deliveries as if they had never been tried. Those being sent now are left alone."""
    deliveries.filter(lease=None).update(
        finished_at=None, outcome="", due_at=now, tries=0, last_error=""
    )


def let_go(now: datetime) -> int:
    """Cancel deliveries that have waited too long for a paused endpoint. Return their number.

    They remain in the feed and can be replayed.
    """
    paused = WebhookEndpoint.objects.existing().filter(paused_at__lt=now - WAITS_WHILE_PAUSED)
    old = WebhookDelivery.objects.filter(
        endpoint__in=paused, finished_at=None, lease=None, created_at__lt=now - WAITS_WHILE_PAUSED
    )
    return old.update(finished_at=now, outcome=Outcome.CANCELLED)


def forget_old_deliveries(now: datetime) -> int:
    """Remove deliveries that ended long ago, with their attempts. Return their number.

    Their events can still be replayed from the feed.
    """
    gone = 0
    for outcome, kept_for in KEPT_FOR.items():
        old = WebhookDelivery.objects.filter(outcome=outcome, finished_at__lt=now - kept_for)
        while pks := list(old.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]):
            _, by_model = WebhookDelivery.objects.filter(pk__in=pks, outcome=outcome).delete()
            gone += by_model.get(WebhookDelivery._meta.label, 0)
    return gone


# --- What is sent ---------------------------------------------------------------------------------


def body_of(message: Mapping[str, Any]) -> bytes:
    """Return the body. It must be the same bytes each time, because they are signed."""
    return json.dumps(message, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def headers_for(
    endpoint: WebhookEndpoint, message_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """Return an attempt's headers, signed with the secret and, after a rotation, the old one."""
    at = now.astimezone(UTC)
    sealed = [endpoint.secret_sealed]
    if (
        endpoint.former_secret_sealed
        and endpoint.former_secret_until
        and endpoint.former_secret_until > now
    ):
        sealed.append(endpoint.former_secret_sealed)
    secrets_ = [unseal_text(one, endpoint.secret_purpose) for one in sealed]
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zizhi-Webhooks/1",
        "Accept-Encoding": "identity",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, at, body.decode()) for secret in secrets_
        ),
    }
