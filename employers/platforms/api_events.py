"""How does a platform read what happened? Its feed in order, from where it stopped reading."""

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
    """One message, word for word the body of its webhook."""

    id: str = Field(
        examples=["evt_0b9c2d3e4f504a6b8c7d9e0f1a2b3c4d"],
        description="Of the message; its webhook's `webhook-id`, too.",
    )
    type: str = Field(
        examples=["employer.approved"],
        description=f"One of: {', '.join(EVENT_TYPES)}. There may be more one day.",
    )
    timestamp: str = Field(
        examples=["2026-11-24T10:00:00.000Z"],
        json_schema_extra={"format": "date-time"},
        description="When it happened, in UTC.",
    )
    sequence: int = Field(
        examples=[42], description="Its number in your feed, where none is left out."
    )
    data: dict[str, Any] = Field(
        description=(
            "Whom it is about, the states, and reasons with what to do:"
            " docs/integrating/webhooks.md."
        )
    )


class EventsOut(Schema):
    """A page of the feed. Ask on with `after=next_after`."""

    events: list[EventOut] = Field(description="In the order of their numbers.")
    next_after: int = Field(
        description=(
            "The number of the last one here, or `after` where there is none: where to read on."
        )
    )
    has_more: bool = Field(description="Whether more is there already.")


@router.get(
    "",
    auth=BearerKey(Scope.EVENTS_READ),
    response=EventsOut,
    summary="Read the feed",
    operation_id="events",
)
def events(request: ApiRequest, after: After = 0, limit: Limit = PAGE) -> dict[str, Any]:
    """Everything your platform is told, with sequence numbers that have no gap.

    `after=0` begins at the beginning.
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
