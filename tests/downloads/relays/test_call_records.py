"""Tests of call records, and of who receives them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from downloads.models import Contact, RelayBinding, RelayCall
from downloads.relay_providers.base import CallRecord, Outcome
from downloads.relay_providers.simulator import MAGIC, SimulatedRelays
from downloads.relays import bindings, call_records
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Member, Scope
from events.delivery import feed
from events.models import PlatformEvent
from tests.downloads.gate.test_quotas import approved
from tests.downloads.relays.relay_numbers import (
    CALLERS,
    PHONE,
    bound,
    called,
    give_phone,
    requested,
    synced,
    taken_in,
    verbs,
)
from verification.models import Case

# --- Calls ----------------------------------------------------------------------------------------


def test_a_call_that_came_through_lets_it_last(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    later = now + timedelta(days=5)
    assert taken_in(provider, called(provider, binding, later, seconds=42), later) == 1
    binding.refresh_from_db()
    call = binding.calls.get()
    assert (call.outcome, call.seconds, call.at) == ("connected", 42, later)
    assert binding.expires_at == later + timedelta(days=30)
    assert not Contact.objects.exists(), "platforms report contacts themselves"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM downloads_relaycall")
        assert all(number[3:] not in str(cursor.fetchall()) for number in (PHONE, *CALLERS))


def test_records_come_twice_late_and_in_any_order(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now, f"{MAGIC}0014")
    for minutes in (0, 5):
        provider.call(binding.number, "", CALLERS[0], now + timedelta(minutes=minutes))
    later = now + timedelta(minutes=20)
    pushes = provider.pushes(later)
    assert (
        len(pushes) == 4
        and taken_in(provider, pushes, later) == 2
        and taken_in(provider, pushes, later) == 0
    )
    binding.refresh_from_db()
    assert binding.expires_at == now + timedelta(days=30), (
        "a second call on the same day gains too little"
    )
    assert verbs(binding).count("call_relay") == 2 and "extend_relay" not in verbs(binding)
    days = [now + timedelta(days=each) for each in (3, 9)]
    for day in days:
        provider.call(binding.number, "", CALLERS[0], day)
    taken_in(provider, provider.pushes(now + timedelta(days=10)), now + timedelta(days=10))
    binding.refresh_from_db()
    assert binding.expires_at == days[1] + timedelta(days=30), (
        "an earlier call that arrives later shortens nothing"
    )
    assert verbs(binding).count("extend_relay") == 1


def test_the_list_finds_what_was_lost_on_the_way(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    called(provider, binding, now)
    assert (
        call_records.poll_call_records(provider, now + timedelta(minutes=5)) == 1
        and call_records.poll_call_records(provider, now + timedelta(minutes=10)) == 0
    )
    late = bound(member, platform, now, f"{MAGIC}0014", "c-2")
    called(provider, late, now + timedelta(minutes=11))
    assert call_records.poll_call_records(provider, now + timedelta(minutes=12)) == 0, (
        "the record is not there yet"
    )
    assert call_records.poll_call_records(provider, now + timedelta(minutes=25)) == 1, (
        "the list is read again from an earlier time"
    )


def test_other_outcomes_prove_no_hiring(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    later = now + timedelta(days=3)
    taken_in(provider, called(provider, binding, later, "+8613700000009"), later)
    binding.refresh_from_db()
    assert binding.calls.get().outcome == "stranger" and binding.expires_at == now + timedelta(
        days=30
    )


def test_a_call_after_the_end_is_found_by_its_number(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    synced(binding, now)
    later = now + timedelta(days=100)
    taken_in(provider, called(provider, binding, later), later)
    call = RelayCall.objects.get()
    assert (call.outcome, call.binding_id, call.client_id) == ("unbound", binding.pk, platform.pk)
    assert RelayBinding.objects.with_number(binding.number, "", later).first() == binding


def test_a_number_that_was_never_ours_is_put_down_all_the_same(
    now: datetime, db: None, provider: SimulatedRelays
) -> None:
    record = CallRecord("x-1", "", "+8617099999999", "", CALLERS[0], False, now, 0, Outcome.UNBOUND)
    assert (
        call_records.store_call_records("simulator", [record], now) == 1
        and RelayCall.objects.get().binding is None
    )


def test_calls_of_the_future_and_of_long_ago_are_nobodys(now: datetime, db: None) -> None:
    for away in (timedelta(hours=2), timedelta(days=-401)):
        record = CallRecord(
            "x-1", "", "+8617099999999", "", CALLERS[0], False, now + away, 0, Outcome.UNBOUND
        )
        assert call_records.store_call_records("simulator", [record], now) == 0


def test_lost_contact_is_counted(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    for caller in (CALLERS[0], CALLERS[0], "+8613700000009"):
        taken_in(provider, called(provider, binding, now, caller), now)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    synced(binding, now)
    taken_in(provider, called(provider, binding, now), now)
    blocked = bound(member, platform, now, f"{MAGIC}0010", "c-2")
    taken_in(provider, called(provider, blocked, now), now)
    synced(requested(member, platform, now, f"{MAGIC}0001", "c-3"), now)
    tries = RelayCall.objects.tries(now, now + timedelta(seconds=1))
    assert (tries.calls, tries.met_ended, tries.met_blocked, tries.found_none) == (4, 1, 1, 1)
    assert tries.share == 3 / 5
    assert RelayCall.objects.tries(now, now + timedelta(seconds=1), platform.pk) == tries
    assert RelayCall.objects.tries(now, now + timedelta(seconds=1), uuid4()).share is None


# --- Recipients -----------------------------------------------------------------------------------


def test_only_the_candidates_platform_hears(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    other = create_api_client("another", [Scope.GATE_DECIDE], now)[0]
    binding = bound(member, platform, now)
    taken_in(provider, called(provider, binding, now), now)
    bindings.mute_binding(binding.pk, True, platform.as_actor(), now)
    while feed.relay_outbox(now):
        pass
    told = [row for row in PlatformEvent.objects.of(platform.pk) if row.type.startswith("relay.")]
    assert [row.type for row in told] == ["relay.bound", "relay.called", "relay.muted"]
    assert not PlatformEvent.objects.of(other.pk).filter(type__startswith="relay.").exists()
    payload = told[0].payload
    assert (payload["relay"], payload["candidate"], payload["to_state"]) == (
        str(binding.pk),
        "c-1",
        "bound",
    )
    assert told[1].payload["outcome"] == "connected" and "only" not in told[1].payload
    assert all(
        PHONE[3:] not in str(row.payload) and binding.number[3:] not in str(row.payload)
        for row in told
    )


# --- The webhook ----------------------------------------------------------------------------------


def test_the_door_takes_signed_records_alone(
    member: Member, platform: ApiClient, provider: SimulatedRelays, settings: Any
) -> None:
    now = timezone.now()
    Case.objects.update(expires_at=now + timedelta(days=100))
    binding = bound(member, platform, now)
    (push,) = called(provider, binding, now)

    def post(headers: Any, name: str = "simulator") -> Any:
        return Client().post(
            f"/relays/calls/{name}/x", push.body, "application/json", headers=headers
        )

    assert post({**push.headers, "x-relay-signature": "0" * 64}).status_code == 404
    assert post(push.headers, "aliyun").status_code == 404 and not RelayCall.objects.exists()
    answers = [post(push.headers) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"code": 0, "msg": "OK"})
    ] * 2
    assert RelayCall.objects.count() == 1
    assert Client().get("/relays/calls/simulator/x").status_code == 405
    settings.RELAYS = ""
    assert post(push.headers).status_code == 404


# --- Concurrency, and the command -----------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_record_at_once_is_one_call(now: datetime, provider: SimulatedRelays) -> None:
    member = approved(now, days=60)
    give_phone(member, CALLERS[0])
    platform = create_api_client("a platform", [Scope.GATE_DECIDE], now)[0]
    binding = bound(member, platform, now)
    later = now + timedelta(days=5)
    (push,) = called(provider, binding, later)
    records = provider.verify_callback(push, later)
    barrier, new = threading.Barrier(6), list[int]()

    def take() -> None:
        barrier.wait()
        new.append(call_records.store_call_records("simulator", records, later))
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (
        sorted(new) == [0, 0, 0, 0, 0, 1]
        and verbs(binding).count("call_relay") == 1
        and verbs(binding).count("extend_relay") == 1
    )


def test_a_simulated_call_from_the_command_line(
    member: Member, platform: ApiClient, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    now = timezone.now()
    Case.objects.update(expires_at=now + timedelta(days=100))
    binding = bound(member, platform, now)
    call_command("simulated_call", binding.number, "--caller", "13800000001", "--seconds", "5")
    assert capsys.readouterr().out == "connected (5 s)\n" and binding.calls.get().seconds == 5
    with pytest.raises(CommandError):
        call_command("simulated_call", "12", "--caller", "13800000001")
    settings.RELAYS = ""
    with pytest.raises(CommandError):
        call_command("simulated_call", binding.number, "--caller", "13800000001")
