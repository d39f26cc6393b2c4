"""Relay numbers in each state, and calls to them, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from downloads.models import GateDecision, RelayBinding
from downloads.models.relays import RelayState
from downloads.relay_providers.base import Bound
from downloads.relay_providers.simulator import SimulatedRelays
from downloads.relays import bindings, call_records, provider_sync
from employers.accounts.sightings import seal_phone
from employers.models import ApiClient, Member, User
from events.core.actor import SYSTEM
from events.models import Event
from verification.cases import operations
from verification.models import Case

PHONE, OTHER = "+8613900000001", "+8613900000002"
CALLERS = ("+8613800000001", "+8613800000002")


def give_phone(member: Member, phone: str) -> None:
    User.objects.filter(pk=member.user_id).update(
        phone_sealed=seal_phone(phone), phone_vouched_at=timezone.now() if phone else None
    )
    member.user.refresh_from_db()


def allowed(member: Member, client: ApiClient, now: datetime, candidate: str = "c-1") -> UUID:
    """Return an allowed answer of the gate."""
    return GateDecision.objects.create(
        client_id=client.pk,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidate=candidate,
        uscc=member.employer.uscc,
        allowed=True,
        tier="established",
        ladder_version="x",
        decided_at=now,
        test=client.test,
    ).pk


def requested(
    member: Member, client: ApiClient, now: datetime, phone: str = PHONE, candidate: str = "c-1"
) -> RelayBinding:
    return bindings.request_binding(allowed(member, client, now, candidate), client, phone, now)


def synced(binding: RelayBinding, now: datetime) -> RelayBinding:
    provider_sync.sync_binding(binding.pk, lambda: now)
    return RelayBinding.objects.get(pk=binding.pk)


def bound(
    member: Member, client: ApiClient, now: datetime, phone: str = PHONE, candidate: str = "c-1"
) -> RelayBinding:
    made = synced(requested(member, client, now, phone, candidate), now)
    assert made.state == RelayState.BOUND, made.last_error
    return made


def verbs(binding: RelayBinding) -> list[str]:
    return list(Event.objects.about(binding).values_list("verb", flat=True))


def at_provider(provider: SimulatedRelays, binding: RelayBinding, now: datetime) -> Bound | None:
    return provider.get(binding.reference, binding.number, now)


def called(
    provider: SimulatedRelays,
    binding: RelayBinding,
    now: datetime,
    caller: str = CALLERS[0],
    **more: Any,
) -> list[Any]:
    provider.call(binding.number, binding.extension, caller, now, **more)
    return provider.pushes(now)


def taken_in(provider: SimulatedRelays, pushes: list[Any], now: datetime) -> int:
    return sum(
        call_records.store_call_records(provider.name, provider.verify_callback(push, now), now)
        for push in pushes
    )


def suspend(member: Member, now: datetime) -> None:
    operations.suspend_case(
        Case.objects.get(employer=member.employer_id).pk, SYSTEM, now, ["registry_revoked"]
    )
