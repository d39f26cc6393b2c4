"""Tests of the sync with the provider: what fails there, and what is given back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from downloads.models import RelayBinding
from downloads.models.relays import RelayState
from downloads.relay_providers.base import Bound, Order
from downloads.relay_providers.simulator import MAGIC, SimulatedRelays
from downloads.relays import bindings, provider_sync
from employers.models import ApiClient, Member
from events.core.actor import SYSTEM
from events.core.reasons import REASONS
from events.delivery.mail import mail_message
from events.models import Mail
from tests.downloads.relays.relay_numbers import at_provider, bound, requested, synced, verbs
from verification.cases import operations
from verification.models import Case


@pytest.mark.parametrize(
    ("digits", "seconds"),
    [("0002", 300), ("0004", 5), ("0005", 30), ("0006", 60), ("0007", 600), ("0008", 60)],
)
def test_what_passes_is_waited_for(
    digits: str, seconds: int, member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = synced(requested(member, platform, now, MAGIC + digits), now)
    assert (
        binding.state == RelayState.REQUESTED
        and binding.due_at == now + timedelta(seconds=seconds)
        and binding.lease is None
    )
    assert not provider_sync.sync_binding(binding.pk, lambda: binding.due_at - timedelta(seconds=1))
    binding = synced(binding, binding.due_at)
    assert binding.state == RelayState.BOUND and binding.last_error == ""


@pytest.mark.slow
def test_an_empty_pool_is_told_once_and_given_up_after_a_day(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now, f"{MAGIC}0001")
    moment = now
    while binding.state == RelayState.REQUESTED:
        binding = synced(binding, moment)
        moment = binding.due_at
    assert now + timedelta(days=1) <= moment <= now + timedelta(days=1, hours=1)
    assert (binding.state, binding.ended_why, binding.none_free_at) == (
        RelayState.FAILED,
        "relay_no_number",
        now,
    )
    assert verbs(binding) == ["request_relay", "wait_relay", "fail_relay"] and binding.finished_at
    (mail,) = Mail.objects.filter(template="relay_failed")
    assert (
        REASONS["relay_no_number"].fix.zh in mail_message(mail, "https://zizhi.example", now).body
    )
    assert requested(member, platform, moment, f"{MAGIC}0001").pk != binding.pk, (
        "it can be requested again"
    )


def test_a_number_that_cannot_be_called_is_told_at_once(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = synced(requested(member, platform, now, f"{MAGIC}0003"), now)
    assert (binding.state, binding.ended_why) == (RelayState.FAILED, "relay_number_illegal")


def test_a_provider_that_was_taken_away_blames_nobody(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now)
    RelayBinding.objects.update(provider="gone")
    binding = synced(binding, now)
    assert (
        binding.state == RelayState.REQUESTED
        and binding.due_at > now
        and binding.last_error == "KeyError"
    )


def test_what_the_provider_lost_is_lent_anew(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    first = bound(member, platform, now, f"{MAGIC}0015")
    assert first.due_at == now + timedelta(days=1)
    first = synced(first, now + timedelta(days=1))
    assert (first.state, first.ended_why) == (RelayState.ENDED, "relay_lost")
    second = RelayBinding.objects.open().get()
    assert synced(second, now + timedelta(days=1)).state == RelayState.BOUND


def test_a_worker_that_died_costs_a_lease(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now)
    assert RelayBinding.objects.claim(binding.pk, now, 60)
    assert not provider_sync.sync_binding(binding.pk, lambda: now + timedelta(seconds=59))
    assert synced(binding, now + timedelta(seconds=61)).state == RelayState.BOUND


def test_who_lost_its_lease_writes_nothing(
    member: Member, platform: ApiClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    binding = requested(member, platform, now)
    bind = SimulatedRelays.bind

    def slow(self: SimulatedRelays, order: Order, at: datetime) -> Bound:
        made = bind(self, order, at)
        RelayBinding.objects.filter(pk=binding.pk).update(lease=uuid4())
        return made

    monkeypatch.setattr(SimulatedRelays, "bind", slow)
    assert not provider_sync.sync_binding(binding.pk, lambda: now)
    assert RelayBinding.objects.get().state == RelayState.REQUESTED


@pytest.mark.parametrize("how", ["candidate", "suspended"])
def test_what_ended_while_it_was_lent_is_given_back(
    how: str,
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binding = requested(member, platform, now)
    bind = SimulatedRelays.bind

    def meanwhile(self: SimulatedRelays, order: Order, at: datetime) -> Bound:
        made = bind(self, order, at)
        if how == "candidate":
            bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
        else:
            operations.suspend_case(
                Case.objects.get(employer=member.employer_id).pk, SYSTEM, now, ["registry_revoked"]
            )
            assert bindings.close_those_not_allowed(now) == 1
        return made

    monkeypatch.setattr(SimulatedRelays, "bind", meanwhile)
    binding = synced(binding, now)
    assert binding.state == RelayState.ENDED and binding.reference and binding.finished_at is None
    assert at_provider(provider, binding, now) is not None
    binding = synced(binding, now)
    assert binding.finished_at == now and at_provider(provider, binding, now) is None
