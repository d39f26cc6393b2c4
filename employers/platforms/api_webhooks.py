"""How does a platform say where it wants to be told, and see what became of it?

Workers send, and theirs is the time of this machine: what is sent, when and signed by which secret
does not follow the clock that a test platform can set.
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
    """Where to send. Without `types`, everything is sent."""

    url: str = Field(
        max_length=500,
        examples=["https://hr.example.com/zizhi"],
        description="https, on port 443 or on 1024 or above, on the internet.",
    )
    types: list[str] = Field(
        [],
        max_length=60,
        examples=[["employer.approved", "employer.suspended"]],
        description=(
            "Which messages; none: all, those too that there are not yet."
            f" {', '.join(EVENT_TYPES)}."
        ),
    )
    description: str = Field("", max_length=200, description="For yourself.")


class EndpointChange(Schema):
    """What is not given stays."""

    url: str | None = Field(None, max_length=500, min_length=1, description="Another address.")
    types: list[str] | None = Field(
        None, max_length=60, description="Other types; an empty list: all."
    )
    description: str | None = Field(None, max_length=200, description="Another description.")


class EndpointOut(Schema):
    """An endpoint and how it does."""

    id: UUID = Field(description="Of the endpoint.")
    url: str = Field(description="Where messages are sent.")
    types: list[str] = Field(description="Which messages; empty: all.")
    description: str = Field(description="What you wrote of it.")
    created_at: datetime = Field(description="When it was added.")
    paused_at: datetime | None = Field(description="Since when nothing is sent; null: it is.")
    paused_why: str | None = Field(
        description="asked, gone (it answered 410) or failing (nothing but failures for days)."
    )
    failures: int = Field(description="How many tries failed in a row.")
    failing_since: datetime | None = Field(description="When the first of them failed.")
    last_success_at: datetime | None = Field(description="When it last received anything.")

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> EndpointOut:
        return cls(**_shown(endpoint))


class SecretOut(EndpointOut):
    """An endpoint with its secret, which is shown this once."""

    secret: str = Field(
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        description="What messages are signed with. Shown this once.",
    )

    @classmethod
    def shown(cls, endpoint: WebhookEndpoint, secret: str) -> SecretOut:
        return cls(secret=secret, **_shown(endpoint))


def _shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The fields of an endpoint that its platform sees."""
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
    """One try, and what came back."""

    at: datetime = Field(description="When it ended.")
    status: int | None = Field(description="Of the answer; null where none came.")
    error: str = Field(
        examples=["timeout"],
        description="Why none came, or why it does not count; empty otherwise.",
    )
    milliseconds: int = Field(description="How long it took.")
    response_start: str = Field(description="How the answer's body begins.")


class DeliveryOut(Schema):
    """One message to one endpoint."""

    id: int = Field(description="Of the delivery.")
    message_id: str = Field(description="The `webhook-id`, the same each time.")
    type: str = Field(description="Of the message.")
    sequence: int | None = Field(description="Its number in your feed; null: a ping.")
    outcome: str | None = Field(description="delivered, dead or cancelled; null while it is tried.")
    due_at: datetime | None = Field(description="When it is tried next; null where it has ended.")
    tries: int = Field(description="How often it was tried, since it was last asked for.")
    attempts: list[AttemptOut] = Field(description="The latest tries, the oldest of them first.")

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
    """The latest first; ask on with `before=next_before`."""

    deliveries: list[DeliveryOut] = Field(description="In this page.")
    next_before: int | None = Field(description="Where the next page begins; null: there is none.")


def _in_utc(at: datetime) -> datetime:
    """PostgreSQL takes no offset of sixteen hours or more, which RFC 3339 allows."""
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("Input should be a time between the years 1 and 9999 in UTC") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Span(Schema):
    """By sequence, by time or by both; both ends belong to it."""

    first: int | None = Field(None, alias="from", ge=1, description="The first number.")
    last: int | None = Field(None, alias="to", ge=1, description="The last number.")
    since: Moment | None = Field(None, description="Put into the feed at this time or later.")
    until: Moment | None = Field(None, description="Put into the feed at this time or earlier.")


class Replayed(Schema):
    """What is sent again."""

    count: int = Field(description="How many messages.")


@router.get("", response=list[EndpointOut], summary="Your endpoints", operation_id="webhooks")
def endpoints(request: ApiRequest) -> list[EndpointOut]:
    """All that were not deleted, with their health."""
    found = (
        WebhookEndpoint.objects.existing()
        .filter(client_id=request.auth.client_id)
        .order_by("created_at")
    )
    return [EndpointOut.of(endpoint) for endpoint in found]


@router.post(
    "", response={201: SecretOut}, summary="Add an endpoint", operation_id="create_webhook"
)
def create(request: ApiRequest, wanted: EndpointIn) -> Status[SecretOut]:
    """Keep the secret: it is shown this once, and every message is signed with it."""
    client, local = request.auth.client, settings.WEBHOOKS_LOCAL
    endpoint, secret = webhooks.create(
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
    summary="What was given up",
    operation_id="dead_letters",
)
def dead_letters(
    request: ApiRequest, before: int | None = None, limit: Limit = PAGE
) -> DeliveriesOut:
    """Messages to any of your endpoints that were tried for three days and never received."""
    return _page(WebhookDelivery.objects.of(request.auth.client_id).dead(), before, limit)


@router.get("/{endpoint_id}", response=EndpointOut, summary="One endpoint", operation_id="webhook")
def endpoint(request: ApiRequest, endpoint_id: UUID) -> EndpointOut:
    """How it does, and whether it is paused."""
    return EndpointOut.of(webhooks.existing(endpoint_id, request.auth.client_id))


@router.patch(
    "/{endpoint_id}",
    response=EndpointOut,
    summary="Change an endpoint",
    operation_id="change_webhook",
)
def change(request: ApiRequest, endpoint_id: UUID, wanted: EndpointChange) -> EndpointOut:
    """What waits already is sent to the new address; new types hold for what happens from now
    on.
    """
    client = request.auth.client
    changed = webhooks.change(
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
    """What waits for it is not sent any more."""
    client = request.auth.client
    webhooks.delete(endpoint_id, client.pk, client.as_actor(), timezone.now())
    return Status(204, None)


@router.post(
    "/{endpoint_id}/pause",
    response=EndpointOut,
    summary="Pause an endpoint",
    operation_id="pause_webhook",
)
def pause(request: ApiRequest, endpoint_id: UUID) -> EndpointOut:
    """What happens meanwhile waits for it."""
    client = request.auth.client
    return EndpointOut.of(webhooks.pause(endpoint_id, client.pk, client.as_actor(), timezone.now()))


@router.post(
    "/{endpoint_id}/resume",
    response=EndpointOut,
    summary="Resume an endpoint",
    operation_id="resume_webhook",
)
def resume(request: ApiRequest, endpoint_id: UUID) -> EndpointOut:
    """What waited is sent now."""
    client = request.auth.client
    return EndpointOut.of(
        webhooks.resume(endpoint_id, client.pk, client.as_actor(), timezone.now())
    )


@router.post(
    "/{endpoint_id}/secret",
    response=SecretOut,
    summary="A new secret",
    operation_id="rotate_webhook_secret",
)
def rotate(request: ApiRequest, endpoint_id: UUID) -> SecretOut:
    """For 24 hours messages carry two signatures, one by the new secret and one by the former."""
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
    """A message of type `webhook.ping`; what came of it stands among the deliveries."""
    return Status(
        202, DeliveryOut.of(webhooks.ping(endpoint_id, request.auth.client_id, timezone.now()))
    )


@router.get(
    "/{endpoint_id}/deliveries",
    response=DeliveriesOut,
    summary="What was sent",
    operation_id="webhook_deliveries",
)
def deliveries(
    request: ApiRequest, endpoint_id: UUID, before: int | None = None, limit: Limit = PAGE
) -> DeliveriesOut:
    """Deliveries with their attempts."""
    found = webhooks.existing(endpoint_id, request.auth.client_id)
    return _page(WebhookDelivery.objects.filter(endpoint=found), before, limit)


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/replay",
    response={202: DeliveryOut},
    summary="Send one again",
    operation_id="replay_delivery",
)
def send_again(request: ApiRequest, endpoint_id: UUID, delivery_id: int) -> Status[DeliveryOut]:
    """With the same `webhook-id`: a receiver that had it knows it again."""
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
    summary="Send a span again",
    operation_id="replay_webhook",
)
def replay(request: ApiRequest, endpoint_id: UUID, span: Span) -> Status[Replayed]:
    """Everything of the span that the endpoint wants, from before it was added too; at most 5,000
    messages a call.
    """
    client = request.auth.client
    count = webhooks.replay(
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
