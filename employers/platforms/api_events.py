"""The API call that returns a platform's feed."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field, Router, Schema

from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.core.event_types import EVENT_TYPES
from events.models import PlatformEvent

router = Router(tags=["events"])

PAGE = 100
PAGE_AT_MOST = 500
After = Annotated[int, Field(ge=0)]
Limit = Annotated[int, Field(ge=1, le=PAGE_AT_MOST)]


class EventOut(Schema):
    """An event, identical to the body of its webhook."""

    id: str = Field(
        examples=["evt_0b9c2d3e4f504a6b8c7d9e0f1a2b3c4d"],
        description="Unique ID of the event. It is also the webhook's `webhook-id`.",
    )
    type: str = Field(
        examples=["employer.approved"],
        description=f"One of: {', '.join(EVENT_TYPES)}. More may be added.",
    )
    timestamp: str = Field(
        examples=["2026-11-24T10:00:00.000Z"],
        json_schema_extra={"format": "date-time"},
        description="When the event happened, in UTC.",
    )
    sequence: int = Field(
        examples=[42], description="The event's number in your feed. Numbers have no gaps."
    )
    data: dict[str, Any] = Field(
        description=(
            "The subject, its states, and the reasons with what to do. See "
            "docs/integrating/webhooks.md."
        )
    )


class EventsOut(Schema):
    """A page of the feed. Get the next one with `after=next_after`."""

    events: list[EventOut] = Field(description="The events, ordered by sequence number.")
    next_after: int = Field(
        description=("The last sequence number on this page, or `after` if the page is empty.")
    )
    has_more: bool = Field(description="Whether more events are available now.")


@router.get(
    "",
    auth=BearerKey(Scope.EVENTS_READ),
    response=EventsOut,
    summary="List events",
    operation_id="events",
)
def events(request: ApiRequest, after: After = 0, limit: Limit = PAGE) -> dict[str, Any]:
    """Returns your platform's events. Sequence numbers have no gaps.

    Start from the beginning with `after=0`.
    """
    rows = list(
        PlatformEvent.objects.of(request.auth.client_id).filter(sequence__gt=after)[: limit + 1]
    )
    shown = rows[:limit]
    return {
        "events": [row.as_message() for row in shown],
        "next_after": shown[-1].sequence if shown else after,
        "has_more": len(rows) > limit,
    }
