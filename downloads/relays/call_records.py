"""Stores call records, each once, whatever their order.

Records come by callback, and, where the provider lists calls, from re-reading that list, which
finds lost callbacks. A connected call extends the number, because hiring goes on. It does not count
as a contact: on a platform that reports none, employers who hire by chat would seem to contact few
candidates.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from downloads import relay_providers
from downloads.models import RelayBinding, RelayCall, RelayPoll
from downloads.models.relays import OPEN
from downloads.relay_providers.base import CallRecord, Outcome, Relays
from downloads.relays import bindings, notices
from downloads.tiers import canaries
from events.core.actor import SYSTEM
from events.core.sealing import blind_index

OVERLAP: Final = timedelta(hours=2)
"""Each read of the list starts this much earlier, because records come late."""
FIRST_READ: Final = timedelta(days=1)
_OLDEST: Final = timedelta(days=400)


def store_call_records(provider: str, records: Iterable[CallRecord], now: datetime) -> int:
    """Store the records that are new; return how many there were.

    Records from the future, or older than `_OLDEST`, are ignored.
    """
    new = 0
    for each in records:
        if now - _OLDEST < each.at <= now + timedelta(hours=1):
            new += _put_down(provider, each, now)
    return new


def _put_down(provider: str, record: CallRecord, now: datetime) -> bool:
    if RelayCall.objects.filter(provider=provider, record_id=record.record_id).exists():
        return False
    with transaction.atomic():
        binding = _binding_of(provider, record)
        call = RelayCall(
            provider=provider,
            record_id=record.record_id,
            binding=binding,
            client_id=binding.client_id if binding else None,
            test=binding.test if binding else provider not in relay_providers.RELAYS,
            number=record.number,
            extension=record.extension,
            caller_index=blind_index(record.caller, "relay.caller")
            if record.caller and not record.by_candidate
            else "",
            by_candidate=record.by_candidate,
            at=record.at,
            seconds=record.seconds,
            outcome=record.outcome,
            received_at=now,
        )
        try:
            with transaction.atomic():
                call.save(force_insert=True)
        except IntegrityError:  # The same record arrived concurrently.
            return False
        if binding is not None:
            canaries.record_canary_call(binding, call)
            _act_on_call(binding, record, call, now)
    return True


def _binding_of(provider: str, record: CallRecord) -> RelayBinding | None:
    """Return the locked binding of a call, by the provider's reference or by the number at that
    time.

    The lock makes extensions by calls sequential.
    """
    of = RelayBinding.objects.filter(provider=provider).select_for_update(of=("self",))
    found: RelayBinding | None = None
    if record.reference:
        found = of.filter(reference=record.reference).first()
    elif record.number:
        found = of.with_number(record.number, record.extension, record.at).first()
    return found


def _act_on_call(binding: RelayBinding, record: CallRecord, call: RelayCall, now: datetime) -> None:
    notices.record_binding_event(
        "call_relay",
        binding,
        SYSTEM,
        now,
        by_candidate=record.by_candidate,
        call=str(call.pk),
        outcome=str(record.outcome),
        seconds=record.seconds,
        called_at=record.at.isoformat(),
    )
    if record.outcome is Outcome.CONNECTED and binding.state in OPEN and binding.expires_at > now:
        bindings.lengthen_binding(binding, min(record.at, now), SYSTEM)


def poll_call_records(provider: Relays, now: datetime) -> int:
    """Read the provider's list of calls again; return how many were new.

    Raises the provider's errors. The next read then starts where the last successful one ended.
    """
    if not provider.lists_calls:
        return 0
    row = RelayPoll.objects.filter(pk=provider.name).first()
    since = (row.read_until if row else now - FIRST_READ) - OVERLAP
    new = store_call_records(provider.name, provider.calls(since, now, now), now)
    RelayPoll.objects.update_or_create(pk=provider.name, defaults={"read_until": now})
    return new
