"""How does a platform read what happened? Its feed in order, from where it stopped reading."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field, Router, Schema

from employers.api import ApiRequest, BearerKey
from employers.models import Scope
from events.models import PlatformEvent

router = Router(tags=["events"])

PAGE = 100
PAGE_AT_MOST = 500
After = Annotated[int, Field(ge=0)]
Limit = Annotated[int, Field(ge=1, le=PAGE_AT_MOST)]


class EventOut(Schema):
    """One message, word for word the body of its webhook."""

    id: str = Field(examples=["evt_0b9c2d3e4f504a6b8c7d9e0f1a2b3c4d"], description="The webhook's `webhook-id`, too.")
    type: str = Field(examples=["employer.approved"])
    timestamp: str = Field(examples=["2026-11-24T10:00:00.000Z"], json_schema_extra={"format": "date-time"})
    sequence: int
    data: dict[str, Any]


class EventsOut(Schema):
    """A page of the feed. Ask on with `after=next_after`."""

    events: list[EventOut]
    next_after: int
    has_more: bool


@router.get("", auth=BearerKey(Scope.EVENTS_READ), response=EventsOut, summary="Read the feed", operation_id="events")
def events(request: ApiRequest, after: After = 0, limit: Limit = PAGE) -> dict[str, Any]:
    """Everything your platform is told, with sequence numbers that have no gap. `after=0` begins at the beginning."""
    rows = list(PlatformEvent.objects.of(request.auth.client_id).filter(sequence__gt=after)[: limit + 1])
    shown = rows[:limit]
    return {
        "events": [row.as_message() for row in shown],
        "next_after": shown[-1].sequence if shown else after,
        "has_more": len(rows) > limit,
    }
