"""The relay: moves events from the outbox into the platforms' feeds.

`record` puts each public event into the outbox. A relay numbers the events there for each platform
that receives them, writes the feed rows, queues the webhooks and empties the outbox. It does this
in one transaction, so it can be killed at any time.

Only one relay runs at a time. Two that shared the outbox could number a suspension before the
approval that it ended. With one relay, an employer's events keep their order: each transition locks
the employer, so a later event is not written before the earlier one is committed.
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
"""Maximum number of outbox rows per transaction."""
_LOCK: Final = 0x7A697A6869
"""The number of the advisory lock that the relay holds."""


@dataclass(frozen=True)
class Heard:
    """The platforms that receive an employer's events, and its reference at the platform that
    created it.
    """

    clients: frozenset[UUID]
    reference: str = ""
    of_their_own: frozenset[UUID] = frozenset()
    """Platforms that only receive events about their own candidates and resumes."""


Audience = Callable[[Collection[UUID | None]], Mapping[UUID | None, Heard]]
"""Returns the recipients for each of the given employers, and with None for events about platforms
themselves. No platform receives the events of an employer that is missing from the result.
"""


class _Told:
    """The registered audience. `events` does not know platforms, so the package that does registers
    one at startup.
    """

    audience: Audience | None = None


def told_to(audience: Audience) -> None:
    """Register `audience` as the function that names the recipients."""
    _Told.audience = audience


def relay_outbox(now: datetime, audience: Audience | None = None) -> int:
    """Move up to `AT_ONCE` rows from the outbox into the feeds, and return their number."""
    audience = audience or _Told.audience
    if audience is None:
        raise RuntimeError("No audience is registered: call events.delivery.feed.told_to.")
    with transaction.atomic():
        current_dialect().advisory_lock(_LOCK)
        taken = list(Outgoing.objects.select_related("event").order_by("id")[:AT_ONCE])
        rows = _numbered([outgoing.event for outgoing in taken], audience, now)
        PlatformEvent.objects.bulk_create(rows)
        webhooks.queue_deliveries(rows, now)
        Outgoing.objects.filter(pk__in=[outgoing.pk for outgoing in taken]).delete()
    return len(taken)


def _numbered(events: Sequence[Event], audience: Audience, now: datetime) -> list[PlatformEvent]:
    heard = audience({event.employer_id for event in events})
    recipients = [_told_of(event, _hears(event, heard)) for event in events]
    feeds = _locked_feeds(frozenset[UUID]().union(*recipients))
    rows = []
    for event, clients in zip(events, recipients, strict=True):
        hears = _hears(event, heard)
        kind = event_types.type_of(event.verb, event.subject_type)
        if kind is None or not clients:  # an event type of an earlier version
            continue
        told = event_types.message_payload(_happened(event, kind, hears))
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


def _hears(event: Event, heard: Mapping[UUID | None, Heard]) -> Heard:
    return heard.get(event.employer_id, Heard(frozenset()))


def _told_of(event: Event, hears: Heard) -> frozenset[UUID]:
    """Return the recipients of an event: all of them, or only the one that the event concerns, for
    instance if it is about that platform's candidate.
    """
    only = event.data.get(event_types.ONLY)
    return (hears.clients | hears.of_their_own) & {UUID(only)} if only else hears.clients


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
        employer_id=str(event.employer_id or ""),
        reference=hears.reference,
        case_id=event.subject_id if event.subject_type == "case" else None,
        from_state=event.from_state,
        to_state=event.to_state,
        reasons=event.reasons,
        data=event.data,
    )
