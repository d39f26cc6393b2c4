"""The API calls for webhooks: endpoints, secrets, deliveries and replays.

Workers use this machine's clock, so the times of sending and signing do not follow a test
platform's clock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import AfterValidator

from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.core.event_types import EVENT_TYPES
from events.delivery import webhooks
from events.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

router = Router(tags=["webhooks"], auth=BearerKey(Scope.WEBHOOKS_MANAGE))

PAGE = 50
PAGE_AT_MOST = 200
Limit = Annotated[int, Field(ge=1, le=PAGE_AT_MOST)]
ATTEMPTS_SHOWN = 20


class EndpointIn(Schema):
    """An endpoint to create. Without `types`, it receives all events."""

    url: str = Field(
        max_length=500,
        examples=["https://hr.example.com/zizhi"],
        description="An https URL on the public internet, on port 443 or on a port from 1024.",
    )
    types: list[str] = Field(
        [],
        max_length=60,
        examples=[["employer.approved", "employer.suspended"]],
        description=(
            "The event types to send. Empty means all, including future ones."
            f" {', '.join(EVENT_TYPES)}."
        ),
    )
    description: str = Field("", max_length=200, description="A description for your own use.")


class EndpointChange(Schema):
    """Changes to an endpoint. Omitted attributes stay unchanged."""

    url: str | None = Field(None, max_length=500, min_length=1, description="The new URL.")
    types: list[str] | None = Field(
        None, max_length=60, description="The new event types. An empty list means all."
    )
    description: str | None = Field(None, max_length=200, description="The new description.")


class EndpointOut(Schema):
    """An endpoint and its health."""

    id: UUID = Field(description="The endpoint's ID.")
    url: str = Field(description="The URL that events are sent to.")
    types: list[str] = Field(description="The event types that are sent. Empty means all.")
    description: str = Field(description="Your description.")
    created_at: datetime = Field(description="When the endpoint was created.")
    paused_at: datetime | None = Field(
        description="When the endpoint was paused; null if it is active."
    )
    paused_why: str | None = Field(
        description="asked, gone (the endpoint answered 410) or failing (only failures for days)."
    )
    failures: int = Field(description="The number of failed attempts in a row.")
    failing_since: datetime | None = Field(description="When the first of these attempts failed.")
    last_success_at: datetime | None = Field(
        description="When the endpoint last received an event."
    )

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> EndpointOut:
        return cls(**_shown(endpoint))


class SecretOut(EndpointOut):
    """An endpoint with its secret, which is shown only once."""

    secret: str = Field(
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        description="The signing secret. It is shown only once.",
    )

    @classmethod
    def shown(cls, endpoint: WebhookEndpoint, secret: str) -> SecretOut:
        return cls(secret=secret, **_shown(endpoint))


def _shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return the fields of an endpoint that its platform sees."""
    names = (
        "url",
        "types",
        "description",
        "created_at",
        "paused_at",
        "failures",
        "failing_since",
        "last_success_at",
    )
    return {"id": endpoint.pk, "paused_why": endpoint.paused_why or None} | {
        name: getattr(endpoint, name) for name in names
    }


class AttemptOut(Schema):
    """An attempt and its result."""

    at: datetime = Field(description="When the attempt ended.")
    status: int | None = Field(description="The HTTP status; null if there was no response.")
    error: str = Field(
        examples=["timeout"], description="Why there was no valid response; empty on success."
    )
    milliseconds: int = Field(description="The duration of the attempt, in milliseconds.")
    response_start: str = Field(description="The start of the response body.")


class DeliveryOut(Schema):
    """One message to one endpoint."""

    id: int = Field(description="The delivery's ID.")
    message_id: str = Field(description="The `webhook-id`, which is the same for all attempts.")
    type: str = Field(description="The event type.")
    sequence: int | None = Field(description="The event's number in your feed; null for a ping.")
    outcome: str | None = Field(
        description="delivered, dead or cancelled; null while attempts continue."
    )
    due_at: datetime | None = Field(
        description="When the next attempt is due; null if the delivery has ended."
    )
    tries: int = Field(description="The number of attempts since the delivery was last requested.")
    attempts: list[AttemptOut] = Field(description="The latest attempts, oldest first.")

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> DeliveryOut:
        message = delivery.message()
        tried: list[WebhookAttempt] = sorted(
            delivery.attempts.all(), key=lambda attempt: attempt.pk
        )[-ATTEMPTS_SHOWN:]
        return cls(
            id=delivery.pk,
            message_id=message["id"],
            type=message["type"],
            sequence=message["sequence"],
            outcome=delivery.outcome or None,
            due_at=None if delivery.finished_at else delivery.due_at,
            tries=delivery.tries,
            attempts=[
                AttemptOut(
                    at=a.at,
                    status=a.status,
                    error=a.error,
                    milliseconds=a.milliseconds,
                    response_start=a.response_start,
                )
                for a in tried
            ],
        )


class DeliveriesOut(Schema):
    """A page of deliveries, latest first. Get the next one with `before=next_before`."""

    deliveries: list[DeliveryOut] = Field(description="The deliveries on this page.")
    next_before: int | None = Field(
        description="The cursor for the next page; null on the last page."
    )


def _in_utc(at: datetime) -> datetime:
    """Convert to UTC, because PostgreSQL rejects offsets of sixteen hours or more, which RFC 3339
    allows.
    """
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("Input should be a time between the years 1 and 9999 in UTC") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Span(Schema):
    """A range of events, by sequence, by time or by both. Both ends are included."""

    first: int | None = Field(None, alias="from", ge=1, description="The first sequence number.")
    last: int | None = Field(None, alias="to", ge=1, description="The last sequence number.")
    since: Moment | None = Field(
        None, description="Only events added to the feed at or after this time."
    )
    until: Moment | None = Field(
        None, description="Only events added to the feed at or before this time."
    )


class Replayed(Schema):
    """The number of events to send again."""

    count: int = Field(description="The number of messages.")


@router.get("", response=list[EndpointOut], summary="List endpoints", operation_id="webhooks")
def endpoints(request: ApiRequest) -> list[EndpointOut]:
    """Returns your endpoints, with their health."""
    found = (
        WebhookEndpoint.objects.existing()
        .filter(client_id=request.auth.client_id)
        .order_by("created_at")
    )
    return [EndpointOut.of(endpoint) for endpoint in found]


@router.post(
    "", response={201: SecretOut}, summary="Create an endpoint", operation_id="create_webhook"
)
def create(request: ApiRequest, wanted: EndpointIn) -> Status[SecretOut]:
    """Creates an endpoint. Store the secret: it signs every message and is shown only once."""
    client, local = request.auth.client, settings.WEBHOOKS_LOCAL
    endpoint, secret = webhooks.create_endpoint(
        client.pk,
        wanted.url,
        wanted.types,
        wanted.description,
        client.as_actor(),
        timezone.now(),
        local=local,
    )
    return Status(201, SecretOut.shown(endpoint, secret))


@router.get(
    "/dead-letters",
    response=DeliveriesOut,
    summary="List undelivered messages",
    operation_id="dead_letters",
)
def dead_letters(
    request: ApiRequest, before: int | None = None, limit: Limit = PAGE
) -> DeliveriesOut:
    """Returns messages to your endpoints that were never received, after three days of attempts."""
    return _page(WebhookDelivery.objects.of(request.auth.client_id).dead(), before, limit)


@router.get(
    "/{endpoint_id}", response=EndpointOut, summary="Retrieve an endpoint", operation_id="webhook"
)
def endpoint(request: ApiRequest, endpoint_id: UUID) -> EndpointOut:
    """Returns an endpoint, with its health."""
    return EndpointOut.of(webhooks.existing_endpoint(endpoint_id, request.auth.client_id))


@router.patch(
    "/{endpoint_id}",
    response=EndpointOut,
    summary="Update an endpoint",
    operation_id="change_webhook",
)
def change(request: ApiRequest, endpoint_id: UUID, wanted: EndpointChange) -> EndpointOut:
    """Changes an endpoint. Waiting deliveries go to the new URL. New types apply to future
    events.
    """
    client = request.auth.client
    changed = webhooks.change_endpoint(
        endpoint_id,
        client.pk,
        client.as_actor(),
        timezone.now(),
        local=settings.WEBHOOKS_LOCAL,
        url=wanted.url,
        types=wanted.types,
        description=wanted.description,
    )
    return EndpointOut.of(changed)


@router.delete(
    "/{endpoint_id}",
    response={204: None},
    summary="Delete an endpoint",
    operation_id="delete_webhook",
)
def delete(request: ApiRequest, endpoint_id: UUID) -> Status[None]:
    """Deletes an endpoint. Its waiting deliveries are not sent."""
    client = request.auth.client
    webhooks.delete_endpoint(endpoint_id, client.pk, client.as_actor(), timezone.now())
    return Status(204, None)


@router.post(
    "/{endpoint_id}/pause",
    response=EndpointOut,
    summary="Pause an endpoint",
    operation_id="pause_webhook",
)
def pause(request: ApiRequest, endpoint_id: UUID) -> EndpointOut:
    """Pauses an endpoint. New deliveries wait."""
    client = request.auth.client
    return EndpointOut.of(
        webhooks.pause_endpoint(endpoint_id, client.pk, client.as_actor(), timezone.now())
    )


@router.post(
    "/{endpoint_id}/resume",
    response=EndpointOut,
    summary="Resume an endpoint",
    operation_id="resume_webhook",
)
def resume(request: ApiRequest, endpoint_id: UUID) -> EndpointOut:
    """Resumes an endpoint. Waiting deliveries are sent now."""
    client = request.auth.client
    return EndpointOut.of(
        webhooks.resume_endpoint(endpoint_id, client.pk, client.as_actor(), timezone.now())
    )


@router.post(
    "/{endpoint_id}/secret",
    response=SecretOut,
    summary="Rotate an endpoint's secret",
    operation_id="rotate_webhook_secret",
)
def rotate(request: ApiRequest, endpoint_id: UUID) -> SecretOut:
    """Creates a new secret. For 24 hours, messages carry two signatures: of the new secret and of
    the old.
    """
    client = request.auth.client
    return SecretOut.shown(
        *webhooks.rotate_secret(endpoint_id, client.pk, client.as_actor(), timezone.now())
    )


@router.post(
    "/{endpoint_id}/ping",
    response={202: DeliveryOut},
    summary="Send a ping",
    operation_id="ping_webhook",
)
def ping(request: ApiRequest, endpoint_id: UUID) -> Status[DeliveryOut]:
    """Sends a message of type `webhook.ping`. The result is listed with the deliveries."""
    return Status(
        202,
        DeliveryOut.of(webhooks.ping_endpoint(endpoint_id, request.auth.client_id, timezone.now())),
    )


@router.get(
    "/{endpoint_id}/deliveries",
    response=DeliveriesOut,
    summary="List an endpoint's deliveries",
    operation_id="webhook_deliveries",
)
def deliveries(
    request: ApiRequest, endpoint_id: UUID, before: int | None = None, limit: Limit = PAGE
) -> DeliveriesOut:
    """Returns an endpoint's deliveries with their attempts."""
    found = webhooks.existing_endpoint(endpoint_id, request.auth.client_id)
    return _page(WebhookDelivery.objects.filter(endpoint=found), before, limit)


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/replay",
    response={202: DeliveryOut},
    summary="Resend a delivery",
    operation_id="replay_delivery",
)
def send_again(request: ApiRequest, endpoint_id: UUID, delivery_id: int) -> Status[DeliveryOut]:
    """Sends a delivery again with the same `webhook-id`, so that receivers can recognise
    duplicates.
    """
    client = request.auth.client
    return Status(
        202,
        DeliveryOut.of(
            webhooks.send_again(
                delivery_id, endpoint_id, client.pk, client.as_actor(), timezone.now()
            )
        ),
    )


@router.post(
    "/{endpoint_id}/replay",
    response={202: Replayed},
    summary="Resend a range of events",
    operation_id="replay_webhook",
)
def replay(request: ApiRequest, endpoint_id: UUID, span: Span) -> Status[Replayed]:
    """Sends the subscribed events of a range again, including events older than the endpoint. At
    most 5,000 messages per call.
    """
    client = request.auth.client
    count = webhooks.replay_feed(
        endpoint_id,
        client.pk,
        client.as_actor(),
        timezone.now(),
        first=span.first,
        last=span.last,
        since=span.since,
        until=span.until,
    )
    return Status(202, Replayed(count=count))


def _page(found: Any, before: int | None, limit: int) -> DeliveriesOut:
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(
        found.select_related("told", "endpoint")
        .prefetch_related("attempts")
        .order_by("-id")[: limit + 1]
    )
    shown = rows[:limit]
    return DeliveriesOut(
        deliveries=[DeliveryOut.of(row) for row in shown],
        next_before=shown[-1].pk if len(rows) > limit else None,
    )
