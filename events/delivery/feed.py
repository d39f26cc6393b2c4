"""How does what happened come into the platforms' feeds?

From the outbox, in one transaction, by one relay at a time.

`record` puts each public event into the outbox. A relay takes what is there, numbers it for each
platform that hears of it, writes the feed rows and what webhooks are to send, and empties the
outbox: all of it or nothing, whenever it is killed.

Relays wait for each other. Two that shared the outbox between them could number a suspension before
the approval that it ended; by one, and by the order in which the outbox was filled, what happened
to one employer stands in its order: its moves lock the employer, so the later one is not written
before the earlier one is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from events.core import event_types
from events.db.dialect import current_dialect
from events.delivery import webhooks
from events.models import Event, Feed, Outgoing, PlatformEvent

AT_ONCE: Final = 500
"""Outbox rows of one transaction."""
_LOCK: Final = 0x7A697A6869
"""The number of the advisory lock that a relay holds."""


@dataclass(frozen=True)
class Heard:
    """Which platforms hear of an employer, and what the one that made it calls it."""

    clients: frozenset[UUID]
    reference: str = ""


Audience = Callable[[Collection[UUID]], Mapping[UUID, Heard]]
"""Of these employers, who hears; an employer that is not in the answer is told of to nobody."""


class _Told:
    """By whom the audience is known: events know no platforms, so the room that does says so once,
    when it starts.
    """

    audience: Audience | None = None


def told_to(audience: Audience) -> None:
    """From now on `audience` says who hears."""
    _Told.audience = audience


def relay(now: datetime, audience: Audience | None = None) -> int:
    """Move what is in the outbox, at most `AT_ONCE` rows, into the feeds; how many rows it was."""
    audience = audience or _Told.audience
    if audience is None:
        raise RuntimeError("nobody has said who hears: events.delivery.feed.told_to")
    with transaction.atomic():
        current_dialect().advisory_lock(_LOCK)
        taken = list(Outgoing.objects.select_related("event").order_by("id")[:AT_ONCE])
        rows = _numbered([outgoing.event for outgoing in taken], audience, now)
        PlatformEvent.objects.bulk_create(rows)
        webhooks.queue(rows, now)
        Outgoing.objects.filter(pk__in=[outgoing.pk for outgoing in taken]).delete()
    return len(taken)


def _numbered(events: Sequence[Event], audience: Audience, now: datetime) -> list[PlatformEvent]:
    heard = audience({event.employer_id for event in events if event.employer_id})
    nobody = Heard(frozenset())
    feeds = _locked_feeds({client for one in heard.values() for client in one.clients})
    rows = []
    for event in events:
        hears = heard.get(event.employer_id, nobody) if event.employer_id else nobody
        kind = event_types.type_of(event.verb, event.subject_type)
        clients = _told_of(event, hears)
        if kind is None or not clients:  # a type that an earlier version had
            continue
        told = event_types.payload(_happened(event, kind, hears))
        for client_id in sorted(clients):
            feeds[client_id].last_sequence += 1
            rows.append(
                PlatformEvent(
                    client_id=client_id,
                    sequence=feeds[client_id].last_sequence,
                    event=event,
                    type=kind,
                    at=event.at,
                    told_at=now,
                    payload=told,
                )
            )
    Feed.objects.bulk_update(feeds.values(), ["last_sequence"])
    return rows


def _told_of(event: Event, hears: Heard) -> frozenset[UUID]:
    """Of those who hear of the employer, the one whom it concerns, where it concerns one: its own
    candidate, say.
    """
    only = event.data.get(event_types.ONLY)
    return hears.clients & {UUID(only)} if only else hears.clients


def _locked_feeds(client_ids: Iterable[UUID]) -> dict[UUID, Feed]:
    wanted = sorted(client_ids)
    Feed.objects.bulk_create(
        [Feed(client_id=client_id) for client_id in wanted], ignore_conflicts=True
    )
    return {
        feed.client_id: feed
        for feed in Feed.objects.select_for_update().filter(pk__in=wanted).order_by("client_id")
    }


def _happened(event: Event, kind: str, hears: Heard) -> event_types.Happened:
    return event_types.Happened(
        type=kind,
        employer_id=str(event.employer_id),
        reference=hears.reference,
        case_id=event.subject_id if event.subject_type == "case" else None,
        from_state=event.from_state,
        to_state=event.to_state,
        reasons=event.reasons,
        data=event.data,
    )
