"""Tests of how a relay number begins, is extended and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from downloads import tasks
from downloads.models import GateDecision, RelayBinding, RelayCall, RelayTeam
from downloads.models.relays import RelayState
from downloads.relay_providers.simulator import SimulatedRelays
from downloads.relays import bindings, contact_reports, provider_sync
from downloads.retention import delete_old_rows
from downloads.rules.ladder import Tier
from downloads.tiers import tier_changes
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Member, Scope
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.databases import unguarded
from tests.downloads.gate.test_quotas import approved
from tests.downloads.relays.relay_numbers import (
    CALLERS,
    OTHER,
    PHONE,
    allowed,
    at_provider,
    bound,
    called,
    give_phone,
    requested,
    suspend,
    synced,
    taken_in,
    verbs,
)
from tests.factories import make_member, make_reviewer
from tests.keys import at_each_stage, change_keys
from verification.cases import operations
from verification.models import Case

# --- Beginning ------------------------------------------------------------------------------------


def test_a_number_is_lent_and_nothing_of_the_candidates_is_readable(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    asked = requested(member, platform, now)
    assert asked.state == RelayState.REQUESTED and not asked.number
    binding = synced(asked, now)
    assert (
        binding.state == RelayState.BOUND
        and binding.number.startswith("+861700")
        and binding.expires_at == now + timedelta(days=30)
    )
    there = at_provider(provider, binding, now)
    assert there is not None and there.expires_at == binding.expires_at
    assert verbs(binding) == ["request_relay", "bind_relay"]
    with connection.cursor() as cursor:
        for table in ("downloads_relaybinding", "events_event", "downloads_relayteam"):
            cursor.execute(f"SELECT * FROM {table}")
            assert all(number[3:] not in str(cursor.fetchall()) for number in (PHONE, *CALLERS))
    assert bindings.candidate_phone(binding) == PHONE


def test_asking_twice_is_once_also_in_other_words(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    first = bound(member, platform, now)
    for phone in ("139 0000 0001", "8613900000001", PHONE):
        assert (
            bindings.request_binding(allowed(member, platform, now), platform, phone, now).pk
            == first.pk
        )
    assert RelayBinding.objects.count() == 1


def test_another_employer_or_platform_has_another_number(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    neighbour = approved(now, days=60)
    give_phone(neighbour, CALLERS[1])
    elsewhere = create_api_client("another", [Scope.GATE_DECIDE], now)[0]
    made = [
        bound(member, platform, now),
        bound(neighbour, platform, now),
        bound(member, elsewhere, now),
    ]
    assert len({each.number for each in made}) == 3


def test_the_worker_is_notified_after_the_commit_alone(
    member: Member,
    platform: ApiClient,
    now: datetime,
    django_capture_on_commit_callbacks: Callable[..., Any],
    notified: list[tuple[Any, ...]],
) -> None:
    with django_capture_on_commit_callbacks(execute=False) as waiting:
        binding = requested(member, platform, now)
    assert notified == []
    for callback in waiting:
        callback()
    assert notified == [("downloads.tasks.follow_relay", str(binding.pk))]


def test_a_changed_number_is_another_binding_and_the_old_one_ends(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    old = bound(member, platform, now)
    new = bound(member, platform, now, OTHER)
    old = synced(old, now)
    assert (old.state, old.ended_why) == (
        RelayState.ENDED,
        "relay_number_changed",
    ) and new.number != old.number
    assert at_provider(provider, old, now) is None and at_provider(provider, new, now) is not None


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"decision_id": uuid4()}, "decision_unknown"),
        ({"candidate_phone": "12345"}, "phone_invalid"),
        ({"candidate_phone": ""}, "phone_invalid"),
    ],
)
def test_what_is_not_right_is_refused(
    spoil: dict[str, Any], code: str, member: Member, platform: ApiClient, now: datetime
) -> None:
    right = {
        "decision_id": allowed(member, platform, now),
        "client": platform,
        "candidate_phone": PHONE,
        "now": now,
    }
    with pytest.raises(Refused, match=code):
        bindings.request_binding(**(right | spoil))
    assert not RelayBinding.objects.exists()


def test_nothing_is_lent_for_anothers_answer_or_for_a_no(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    anothers = create_api_client("another", [Scope.GATE_DECIDE], now)[0]
    denied = allowed(member, platform, now)
    with unguarded(GateDecision):
        GateDecision.objects.filter(pk=denied).update(allowed=False)
    for decision, client in ((allowed(member, platform, now), anothers), (denied, platform)):
        with pytest.raises(Refused, match="decision_unknown"):
            bindings.request_binding(decision, client, PHONE, now)


def test_without_a_provider_none_are_lent(
    member: Member, platform: ApiClient, now: datetime, settings: Any
) -> None:
    settings.RELAYS = ""
    with pytest.raises(Refused, match="relay_not_offered"):
        requested(member, platform, now)


# --- Extending ------------------------------------------------------------------------------------


def test_extending_counts_from_now_and_the_provider_is_told(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    later = now + timedelta(days=10)
    for _ in range(2):
        bindings.extend_binding(binding.pk, platform.as_actor(), later)
    binding = synced(binding, later)
    there = at_provider(provider, binding, later)
    assert there is not None and there.expires_at == binding.expires_at == later + timedelta(
        days=30
    )
    assert verbs(binding).count("extend_relay") == 1


def test_nothing_lasts_longer_than_a_year(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    Case.objects.update(expires_at=now + timedelta(days=900))
    binding = bound(member, platform, now)
    moment = now
    while binding.expires_at < now + bindings.LONGEST:
        moment += timedelta(days=20)
        binding = bindings.extend_binding(binding.pk, platform.as_actor(), moment)
    assert binding.expires_at == now + bindings.LONGEST
    with pytest.raises(Refused, match="relay_longest"):
        bindings.extend_binding(binding.pk, platform.as_actor(), moment + timedelta(days=10))


def test_reminders_seven_days_and_one_day_before_once_each(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    for days in range(1, 30):
        binding = synced(binding, now + timedelta(days=days))
        binding = synced(binding, now + timedelta(days=days))
    told = Event.objects.about(binding).filter(verb="remind_relay")
    assert [(event.data["days"], event.at) for event in told] == [
        (7, now + timedelta(days=23)),
        (1, now + timedelta(days=29)),
    ]
    letters = [
        mail_message(mail, "https://zizhi.example", now)
        for mail in Mail.objects.filter(template="relay_expiring").order_by("pk")
    ]
    assert len(letters) == 2 and all(
        binding.number in mail.body and PHONE not in mail.body for mail in letters
    )


def test_a_reminder_that_was_late_says_what_is_left(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = synced(bound(member, platform, now), now + timedelta(days=29, hours=12))
    assert [
        event.data["days"] for event in Event.objects.about(binding).filter(verb="remind_relay")
    ] == [1]


def test_after_an_extension_the_reminders_begin_anew(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = synced(bound(member, platform, now), now + timedelta(days=24))
    bindings.extend_binding(binding.pk, platform.as_actor(), now + timedelta(days=24))
    binding = synced(binding, now + timedelta(days=24))
    assert binding.reminded == 0 and synced(binding, now + timedelta(days=48)).reminded == 7


def test_a_contact_that_is_reported_lets_it_last(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    later = now + timedelta(days=20)
    for _ in range(2):
        contact_reports.report_contact(binding.decision_id, platform.pk, later)
    binding.refresh_from_db()
    assert binding.expires_at == later + timedelta(days=30)
    contact_reports.report_contact(
        allowed(member, platform, now, "c-without-a-number"), platform.pk, later
    )


def test_its_time_ends_it_and_the_recruiter_is_told(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    over = binding.expires_at
    binding = synced(binding, over)
    assert (binding.state, binding.ended_why, binding.ended_at) == (
        RelayState.ENDED,
        "relay_expired",
        over,
    )
    assert synced(binding, over).finished_at == over
    assert Mail.objects.filter(template="relay_ended").count() == 1
    for verb in (
        lambda: bindings.extend_binding(binding.pk, SYSTEM, over),
        lambda: bindings.mute_binding(binding.pk, True, SYSTEM, over),
    ):
        with pytest.raises(Refused, match="relay_ended"):
            verb()


def test_an_extension_in_the_last_moment_wins(
    member: Member, platform: ApiClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    binding = bound(member, platform, now)
    over, ask = binding.expires_at, provider_sync._ask

    def meanwhile(*args: Any) -> provider_sync.Heard:
        heard = ask(*args)
        bindings.extend_binding(binding.pk, SYSTEM, over - timedelta(seconds=1))
        return heard

    monkeypatch.setattr(provider_sync, "_ask", meanwhile)
    binding = synced(binding, over)
    assert (
        binding.state == RelayState.BOUND and binding.expires_at > over and binding.due_at == over
    )


# --- The candidate's wishes -----------------------------------------------------------------------


def test_asking_for_contact_is_answered_by_the_candidate(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    with pytest.raises(Refused, match="relay_still_open"):
        bindings.ask_for_contact(binding.pk, member.pk, now)
    over = now + timedelta(days=31)
    binding = synced(binding, over)
    with pytest.raises(Refused, match="relay_not_asked"):
        bindings.answer_contact_request(binding.pk, True, platform, over)
    bindings.ask_for_contact(binding.pk, member.pk, over)
    with pytest.raises(Refused, match="relay_asked_already"):
        bindings.ask_for_contact(binding.pk, member.pk, over + timedelta(days=6))
    opened = bindings.answer_contact_request(binding.pk, True, platform, over)
    assert opened.pk != binding.pk and synced(opened, over).state == RelayState.BOUND
    assert bindings.answer_contact_request(binding.pk, True, platform, over).pk == opened.pk, (
        "repeated"
    )
    assert bindings.candidate_phone(opened) == PHONE


@pytest.mark.parametrize("how", ["refused", "ended"])
def test_after_a_no_nobody_asks_again(
    how: str, member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    if how == "ended":
        for _ in range(2):
            bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    else:
        binding = synced(binding, now + timedelta(days=31))
        bindings.ask_for_contact(binding.pk, member.pk, now + timedelta(days=31))
        assert (
            bindings.answer_contact_request(
                binding.pk, False, platform, now + timedelta(days=31)
            ).pk
            == binding.pk
        )
    with pytest.raises(
        Refused, match="relay_contact_refused" if how == "refused" else "relay_candidate_ended"
    ):
        bindings.ask_for_contact(binding.pk, member.pk, now + timedelta(days=90))


def test_a_stranger_asks_nobody(member: Member, platform: ApiClient, now: datetime) -> None:
    binding = synced(bound(member, platform, now), now + timedelta(days=31))
    with pytest.raises(Refused, match="member_unknown"):
        bindings.ask_for_contact(binding.pk, make_member(now).pk, now + timedelta(days=31))


def test_a_recruiter_who_is_in_review_asks_nobody(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = synced(bound(member, platform, now), now + timedelta(days=31))
    Member.objects.filter(pk=member.pk).update(held_at=now)
    with pytest.raises(Refused, match="member_in_review"):
        bindings.ask_for_contact(binding.pk, member.pk, now + timedelta(days=31))


# --- The employer's tier --------------------------------------------------------------------------


def _revoke(member: Member, now: datetime) -> None:
    suspend(member, now)
    operations.revoke_case(
        Case.objects.get(employer=member.employer_id).pk,
        make_reviewer(now),
        now,
        ["registry_revoked"],
    )


def _expire(member: Member, now: datetime) -> None:
    Case.objects.filter(employer=member.employer_id).update(expires_at=now)


CLOSING = {"employer_suspended": suspend, "employer_revoked": _revoke, "employer_expired": _expire}


@pytest.mark.parametrize("why", CLOSING)
def test_who_may_no_longer_reach_anybody_reaches_nobody(
    why: str, member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding, other = bound(member, platform, now), bound(member, platform, now, OTHER, "c-2")
    neighbour = approved(now, days=60)
    give_phone(neighbour, CALLERS[1])
    stays = bound(neighbour, platform, now)
    CLOSING[why](member, now)
    assert bindings.close_those_not_allowed(now) == 2 and bindings.close_those_not_allowed(now) == 0
    for each in (binding, other):
        each = synced(each, now)
        assert (each.state, each.ended_why) == (RelayState.ENDED, why) and at_provider(
            provider, each, now
        ) is None
    assert synced(stays, now).state == RelayState.BOUND
    with pytest.raises(Refused, match=why):
        requested(member, platform, now, candidate="c-3")


def test_the_worker_looks_again_before_it_asks(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now)
    suspend(member, now)
    binding = synced(binding, now)
    assert (binding.state, binding.ended_why, binding.number) == (
        RelayState.ENDED,
        "employer_suspended",
        "",
    )


def test_who_is_looked_into_keeps_the_numbers_and_gets_no_new_ones(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, now)
    assert bindings.close_those_not_allowed(now) == 0
    assert synced(binding, now + timedelta(days=1)).state == RelayState.BOUND
    for verb in (
        lambda: requested(member, platform, now, candidate="c-9"),
        lambda: bindings.extend_binding(binding.pk, SYSTEM, now),
    ):
        with pytest.raises(Refused, match="relay_not_for_tier"):
            verb()


# --- Periodic tasks, retention, concurrency -------------------------------------------------------


def test_sweeps_send_what_was_lost(
    member: Member, platform: ApiClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    binding = requested(member, platform, now)
    notified: list[Any] = []
    monkeypatch.setattr(tasks.follow_relay, "delay", notified.append)
    tasks.sweep_relays()
    assert notified == [str(binding.pk)]
    tasks.follow_relay(str(binding.pk))
    tasks.follow_relay(str(uuid4()))
    notified.clear()
    tasks.sweep_relays()
    tasks.sweep_teams()
    tasks.close_relays()
    tasks.poll_calls()
    assert notified == [] and RelayTeam.objects.get().callers == 1


def test_the_candidates_number_goes_after_half_a_year_and_the_row_after_three(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    taken_in(provider, called(provider, binding, now), now)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    synced(binding, now)
    for days, sealed in ((179, True), (181, False)):
        delete_old_rows(now + timedelta(days=days), 0)
        assert bool(RelayBinding.objects.get().candidate_sealed) is sealed
    with unguarded(GateDecision):  # the database's clock is not ahead
        delete_old_rows(now + timedelta(days=1100), 0)
    assert not RelayBinding.objects.exists() and not RelayCall.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_at_once_there_is_one_binding(now: datetime, settings: Any) -> None:
    member = approved(now, days=60)
    give_phone(member, CALLERS[0])
    platform = create_api_client("a platform", [Scope.GATE_DECIDE], now)[0]
    decision = allowed(member, platform, now)
    made: list[UUID] = []
    barrier = threading.Barrier(6)

    def ask() -> None:
        barrier.wait()
        binding = bindings.request_binding(decision, platform, PHONE, now)
        provider_sync.sync_binding(binding.pk, lambda: now)
        made.append(binding.pk)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (
        len(made) == 6
        and len(set(made)) == 1
        and RelayBinding.objects.get().state == RelayState.BOUND
    )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_number_outlives_a_suspension_beside_it(
    now: datetime, provider: SimulatedRelays
) -> None:
    """One thread asks for numbers and lends them while another suspends; after the next run, no
    number is open.
    """
    for _ in range(8):
        member = approved(now, days=60)
        give_phone(member, CALLERS[0])
        platform = create_api_client("a platform", [Scope.GATE_DECIDE], now)[0]
        decisions = [allowed(member, platform, now, f"c-{each}") for each in range(4)]
        barrier = threading.Barrier(2)

        def ask(
            decisions: list[UUID] = decisions,
            platform: ApiClient = platform,
            barrier: threading.Barrier = barrier,
        ) -> None:
            barrier.wait()
            for decision in decisions:
                with suppress(Refused):
                    provider_sync.sync_binding(
                        bindings.request_binding(decision, platform, PHONE, now).pk, lambda: now
                    )
            connections.close_all()

        thread = threading.Thread(target=ask)
        thread.start()
        barrier.wait()
        suspend(member, now)
        thread.join(60)
        bindings.close_those_not_allowed(now)
        for binding in RelayBinding.objects.filter(employer_id=member.employer_id):
            while provider_sync.sync_binding(binding.pk, lambda: now):
                pass
            binding.refresh_from_db()
            assert binding.state == RelayState.ENDED and binding.finished_at
            assert not binding.number or at_provider(provider, binding, now) is None


@at_each_stage
def test_a_relay_number_outlasts_a_change_of_keys(
    stage: str, member: Member, platform: ApiClient, now: datetime, settings: Any
) -> None:
    first = bound(member, platform, now)
    change_keys(settings, stage)
    again = bindings.request_binding(allowed(member, platform, now), platform, PHONE, now)
    assert again.pk == first.pk and again.state == RelayState.BOUND
    assert bindings.candidate_phone(again) == PHONE
