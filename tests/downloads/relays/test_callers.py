"""Tests of who may call: the team of an employer, as members join and leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing

from downloads.models import RelayTeam
from downloads.models.relays import RelayState
from downloads.relay_providers.base import Outcome
from downloads.relay_providers.simulator import SimulatedRelays
from downloads.relays import callers, provider_sync
from employers.accounts import membership, registration
from employers.accounts.sightings import seal_phone
from employers.models import ApiClient, Member, User
from events.core.actor import SYSTEM
from events.core.reasons import REASONS
from events.delivery.mail import mail_message
from events.models import Mail
from tests.downloads.gate.test_quotas import approved
from tests.downloads.relays.relay_numbers import (
    CALLERS,
    PHONE,
    bound,
    give_phone,
    requested,
    synced,
    verbs,
)
from tests.factories import make_member


def test_joining_and_leaving_change_who_gets_through(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)

    def gets_through(phone: str) -> bool:
        return provider.call(binding.number, "", phone, now).outcome is Outcome.CONNECTED

    assert gets_through(CALLERS[0]) and not gets_through(CALLERS[1])
    colleague = make_member(now, member.employer, role="recruiter")
    membership.give_phone(colleague, CALLERS[1], SYSTEM, now, vouched=True)
    assert callers.find_changed_teams(now, now) == [member.employer_id]
    assert provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    assert gets_through(CALLERS[0]) and gets_through(CALLERS[1])
    assert callers.find_changed_teams(now, now) == []
    membership.remove_member(member, colleague.pk, now)
    callers.find_changed_teams(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    assert gets_through(CALLERS[0]) and not gets_through(CALLERS[1])


def test_with_nobody_left_to_call_it_is_mute_until_somebody_is(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    membership.give_phone(member, "", SYSTEM, now)
    callers.find_changed_teams(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    binding = synced(binding, now)
    assert (
        binding.state == RelayState.BOUND
        and provider.call(binding.number, "", CALLERS[0], now).outcome is Outcome.MUTED
    )
    membership.give_phone(member, CALLERS[1], SYSTEM, now, vouched=True)
    callers.find_changed_teams(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    binding = synced(binding, now)
    assert [provider.call(binding.number, "", caller, now).outcome for caller in CALLERS] == [
        Outcome.STRANGER,
        Outcome.CONNECTED,
    ]


def test_without_a_caller_it_waits_for_one(platform: ApiClient, now: datetime, db: None) -> None:
    silent = approved(now, days=60)
    binding = synced(requested(silent, platform, now), now)
    assert binding.state == RelayState.REQUESTED and binding.last_error == "relay_no_caller"
    binding = synced(binding, binding.due_at)
    assert verbs(binding) == ["request_relay", "wait_relay"]
    membership.give_phone(silent, CALLERS[0], SYSTEM, now, vouched=True)
    callers.find_changed_teams(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    assert synced(binding, now).state == RelayState.BOUND


def test_where_nobody_ever_calls_it_ends_by_its_time(
    platform: ApiClient, now: datetime, db: None
) -> None:
    silent = approved(now, days=60)
    binding = synced(requested(silent, platform, now), now)
    over = binding.expires_at
    assert over == now + timedelta(days=30)
    for moment in (now + timedelta(days=2), over - timedelta(minutes=20), over):
        assert binding.state == RelayState.REQUESTED and binding.due_at <= moment
        binding = synced(binding, moment)
    assert (binding.state, binding.ended_why, binding.ended_at) == (
        RelayState.ENDED,
        "relay_expired",
        over,
    )
    assert binding.finished_at == over and verbs(binding) == [
        "request_relay",
        "wait_relay",
        "end_relay",
    ]
    (mail,) = Mail.objects.all()
    assert (
        REASONS["relay_no_caller"].fix.zh in mail_message(mail, "https://zizhi.example", now).body
    )
    assert requested(silent, platform, over).pk != binding.pk, "it can be requested again"


def test_a_provider_that_is_down_is_told_of_the_team_later(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    membership.give_phone(member, CALLERS[1], SYSTEM, now, vouched=True)
    callers.find_changed_teams(now, now)
    team = RelayTeam.objects.get()
    provider.fail_next("unavailable")
    assert not provider_sync.tell_team(team.pk, lambda: now)
    team.refresh_from_db()
    assert team.finished_at is None and team.due_at > now
    assert provider_sync.tell_team(team.pk, lambda: team.due_at)
    assert provider.call(binding.number, "", CALLERS[1], now).outcome is Outcome.CONNECTED


def test_looking_over_the_teams_costs_the_same_for_many(
    platform: ApiClient, now: datetime, db: None, django_assert_max_num_queries: Any
) -> None:
    for each in range(8):
        made = approved(now, days=60)
        give_phone(made, f"+86138000000{each:02d}")
        bound(made, platform, now, PHONE, f"c-{each}")
    with django_assert_max_num_queries(6):
        assert callers.find_changed_teams(now, now) == []


def test_a_round_in_which_nothing_changed_writes_nothing(
    platform: ApiClient, now: datetime, db: None, django_assert_max_num_queries: Any
) -> None:
    for each in range(3):
        made = approved(now, days=60)
        give_phone(made, f"+86138000000{each:02d}")
        bound(made, platform, now, PHONE, f"c-{each}")
    with django_assert_max_num_queries(14) as asked:
        for seconds in range(30, 3600, 600):
            assert callers.find_changed_teams(now + timedelta(seconds=seconds), now) == []
        assert callers.find_changed_teams(now + timedelta(seconds=3599), now) == []
    assert not [query for query in asked.captured_queries if query["sql"].startswith("UPDATE")]


def test_whose_change_left_no_trace_is_found_within_the_hour(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    bound(member, platform, now)
    other = approved(now, days=60)
    give_phone(other, CALLERS[1])
    bound(other, platform, now)
    RelayTeam.objects.filter(employer=other.employer_id).update(
        looked_at=now + timedelta(minutes=30)
    )
    give_phone(member, "+8613800000009")
    assert callers.find_changed_teams(now + timedelta(minutes=59), now) == []
    assert callers.find_changed_teams(now + timedelta(minutes=60), now) == [member.employer_id]
    looked = dict(RelayTeam.objects.values_list("employer_id", "looked_at"))
    assert looked == {
        member.employer_id: now + timedelta(minutes=60),
        other.employer_id: now + timedelta(minutes=30),
    }


@pytest.mark.parametrize("how", ["confirms", "joins"])
def test_every_way_to_become_a_caller_is_seen_in_the_next_round(
    how: str, member: Member, platform: ApiClient, now: datetime
) -> None:
    bound(member, platform, now)
    colleague = make_member(
        now, member.employer, role="recruiter", email_verified_at=now if how == "joins" else None
    )
    if how == "joins":
        membership.give_phone(colleague, CALLERS[1], SYSTEM, now, vouched=True)
    else:
        give_phone(colleague, CALLERS[1])
        assert callers.find_changed_teams(now, now) == []
        token = signing.dumps(
            [str(colleague.user.pk), colleague.user.email], salt=registration.VERIFY_SALT
        )
        registration.verify_email(token, colleague.user, 3600, now)
    assert callers.find_changed_teams(now, now) == [member.employer_id]


def test_no_more_than_two_hundred_call(member: Member, platform: ApiClient, now: datetime) -> None:
    seal = seal_phone(CALLERS[1])
    users = [
        User(
            email=f"p{each}@team.example",
            phone_sealed=seal,
            phone_vouched_at=now,
            joined_at=now,
            email_verified_at=now,
        )
        for each in range(205)
    ]
    User.objects.bulk_create(users)
    Member.objects.bulk_create(
        [
            Member(user=user, employer=member.employer, role="recruiter", joined_at=now)
            for user in users
        ]
    )
    assert len(callers.callers_of(member.employer_id)) == 200
    assert bound(member, platform, now).state == RelayState.BOUND
