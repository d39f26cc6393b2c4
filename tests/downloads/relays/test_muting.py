"""Tests of muted numbers, also when the provider fails to mute them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from downloads.models.relays import RelayState
from downloads.relay_providers.base import Outcome, UnknownBinding
from downloads.relay_providers.simulator import SimulatedRelays
from downloads.relays import bindings
from employers.models import ApiClient, Member
from events.core.errors import ProviderUnavailable
from events.models import Event
from tests.downloads.relays.relay_numbers import (
    CALLERS,
    at_provider,
    bound,
    give_phone,
    requested,
    synced,
    verbs,
)


def test_a_muted_number_lets_no_call_through_until_unmuted(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    outcomes = []
    for muted in (True, True, False):
        bindings.mute_binding(binding.pk, muted, platform.as_actor(), now)
        binding = synced(binding, now)
        outcomes.append(provider.call(binding.number, "", CALLERS[0], now).outcome)
    assert outcomes == [Outcome.MUTED, Outcome.MUTED, Outcome.CONNECTED]
    assert verbs(binding).count("mute_relay") == 1


def test_muted_before_it_was_lent_it_is_mute_from_its_first_moment(
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binding = requested(member, platform, now)
    bindings.mute_binding(binding.pk, True, platform.as_actor(), now)
    mute = SimulatedRelays.mute
    monkeypatch.setattr(
        SimulatedRelays, "mute", lambda *args: (_ for _ in ()).throw(UnknownBinding("gone"))
    )
    binding = synced(binding, now)
    assert binding.state == RelayState.REQUESTED, (
        "a number that could not be muted is told to nobody"
    )
    monkeypatch.setattr(SimulatedRelays, "mute", mute)
    binding = synced(binding, binding.due_at)
    there = at_provider(provider, binding, now)
    assert there is not None and there.muted and binding.told_muted


def fails_once(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Make the provider's next call of this method fail."""
    real, left = getattr(SimulatedRelays, name), [error]

    def asked(*args: Any) -> Any:
        if left:
            raise left.pop()
        return real(*args)

    monkeypatch.setattr(SimulatedRelays, name, asked)


def bound_at_provider(provider: SimulatedRelays, now: datetime) -> list[str]:
    """Return the references of all bindings at the provider, known to us or not."""
    with provider._books.writing() as books:
        return [
            row["reference"]
            for row in books.execute("SELECT * FROM bindings")
            if provider._open(row, now)
        ]


def test_where_muting_fails_the_number_is_given_back(
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binding = requested(member, platform, now)
    bindings.mute_binding(binding.pk, True, platform.as_actor(), now)
    fails_once(monkeypatch, "mute", ProviderUnavailable("down", 60.0))
    binding = synced(binding, now)
    assert (binding.state, binding.reference, binding.number) == (
        RelayState.REQUESTED,
        "",
        "",
    ) and bound_at_provider(provider, now) == []
    binding = synced(binding, binding.due_at)
    assert (
        binding.state == RelayState.BOUND
        and binding.told_muted
        and bound_at_provider(provider, now) == [binding.reference]
    )


@pytest.mark.parametrize("then", ["goes on", "ended", "given up", "nobody calls"])
def test_a_number_that_could_be_neither_muted_nor_given_back_is_known(
    then: str,
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binding = requested(member, platform, now)
    bindings.mute_binding(binding.pk, True, platform.as_actor(), now)
    fails_once(monkeypatch, "mute", ProviderUnavailable("down", 60.0))
    fails_once(monkeypatch, "unbind", ProviderUnavailable("down", 60.0))
    binding = synced(binding, now)
    (left,) = bound_at_provider(provider, now)
    assert (binding.state, binding.reference, binding.due_at) == (
        RelayState.REQUESTED,
        left,
        now + timedelta(seconds=60),
    )
    assert Event.objects.about(binding).filter(verb="bind_relay").count() == 0, (
        "it is told to nobody"
    )
    moment = binding.due_at
    if then == "ended":
        bindings.end_for_candidate(binding.pk, platform.as_actor(), moment)
    elif then == "given up":
        moment = now + timedelta(days=1)
        provider.fail_next("unavailable")
        binding = synced(binding, moment)
        assert binding.state == RelayState.FAILED and binding.finished_at is None
    elif then == "nobody calls":
        give_phone(member, "")
    binding = synced(binding, moment)
    if then == "goes on":
        assert binding.state == RelayState.BOUND and bound_at_provider(provider, moment) == [
            binding.reference
        ] != [left]
    else:
        assert bound_at_provider(provider, moment) == []
        assert (binding.finished_at is None) is (then == "nobody calls")


def test_a_worker_that_dies_before_it_has_muted_leaves_a_number_that_is_known(
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binding = requested(member, platform, now)
    bindings.mute_binding(binding.pk, True, platform.as_actor(), now)
    fails_once(monkeypatch, "mute", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        synced(binding, now)
    binding.refresh_from_db()
    assert (
        bound_at_provider(provider, now) == [binding.reference]
        and binding.state == RelayState.REQUESTED
    )
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    assert (
        synced(binding, now + timedelta(minutes=2)).finished_at
        and bound_at_provider(provider, now) == []
    )


def test_muting_outlasts_the_number(member: Member, platform: ApiClient, now: datetime) -> None:
    first = bound(member, platform, now)
    bindings.mute_binding(first.pk, True, platform.as_actor(), now)
    over = now + timedelta(days=31)
    synced(first, over)
    assert synced(requested(member, platform, over), over).muted
