"""Does a relay number begin, last and end as it should, whatever comes twice, late, at once or
never?
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import signing
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from downloads import relay_providers, tasks
from downloads.models import Contact, GateDecision, RelayBinding, RelayCall, RelayTeam
from downloads.models.relays import RelayState
from downloads.relay_providers.base import Bound, CallRecord, Order, Outcome, UnknownBinding
from downloads.relay_providers.simulator import MAGIC, SimulatedRelays
from downloads.relays import bindings, call_records, callers, contact_reports, provider_sync
from downloads.retention import retire
from downloads.rules.ladder import Tier
from downloads.tiers import tier_changes
from employers.accounts import membership, registration
from employers.accounts.api_clients import create_api_client
from employers.accounts.sightings import seal_phone
from employers.models import ApiClient, Member, Scope, User
from events.core.actor import SYSTEM
from events.core.errors import ProviderUnavailable, Refused
from events.core.reasons import REASONS
from events.delivery import feed
from events.delivery.mail import letter
from events.models import Event, Mail, PlatformEvent
from tests.downloads.gate.test_quotas import approved
from tests.factories import make_member, make_reviewer
from verification.cases import operations
from verification.models import Case

PHONE, OTHER = "+8613900000001", "+8613900000002"
CALLERS = ("+8613800000001", "+8613800000002")


@pytest.fixture(autouse=True)
def provider(settings: Any, tmp_path: Path) -> SimulatedRelays:
    """The simulator, with books of this test's own."""
    settings.VAR_DIR, settings.RELAYS = tmp_path, "simulator"
    return relay_providers.simulator()


@pytest.fixture
def platform(db: None, now: datetime) -> ApiClient:
    return create_api_client("a platform", [Scope.GATE_DECIDE], now)[0]


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    """A recruiter of an approved employer, who gave a number."""
    made = approved(now, days=60)
    give_phone(made, CALLERS[0])
    return made


def give_phone(member: Member, phone: str) -> None:
    User.objects.filter(pk=member.user_id).update(phone_sealed=seal_phone(phone))
    member.user.refresh_from_db()


def allowed(member: Member, client: ApiClient, now: datetime, candidate: str = "c-1") -> UUID:
    """An answer of the gate that said yes."""
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
    return bindings.bind(allowed(member, client, now, candidate), client, phone, now)


def followed(binding: RelayBinding, now: datetime) -> RelayBinding:
    provider_sync.follow(binding.pk, lambda: now)
    return RelayBinding.objects.get(pk=binding.pk)


def bound(
    member: Member, client: ApiClient, now: datetime, phone: str = PHONE, candidate: str = "c-1"
) -> RelayBinding:
    made = followed(requested(member, client, now, phone, candidate), now)
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
        call_records.receive(provider.name, provider.verify_callback(push, now), now)
        for push in pushes
    )


# --- Beginning ------------------------------------------------------------------------------------


def test_a_number_is_lent_and_nothing_of_the_candidates_is_readable(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    asked = requested(member, platform, now)
    assert asked.state == RelayState.REQUESTED and not asked.number
    binding = followed(asked, now)
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
        assert bindings.bind(allowed(member, platform, now), platform, phone, now).pk == first.pk
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


def test_the_doorbell_rings_after_the_commit_alone(
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
    old = followed(old, now)
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
        bindings.bind(**(right | spoil))
    assert not RelayBinding.objects.exists()


def test_nothing_is_lent_for_anothers_answer_or_for_a_no(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    anothers = create_api_client("another", [Scope.GATE_DECIDE], now)[0]
    denied = allowed(member, platform, now)
    GateDecision.objects.filter(pk=denied).update(allowed=False)
    for decision, client in ((allowed(member, platform, now), anothers), (denied, platform)):
        with pytest.raises(Refused, match="decision_unknown"):
            bindings.bind(decision, client, PHONE, now)


def test_without_a_provider_none_are_lent(
    member: Member, platform: ApiClient, now: datetime, settings: Any
) -> None:
    settings.RELAYS = ""
    with pytest.raises(Refused, match="relay_not_offered"):
        requested(member, platform, now)


# --- What goes wrong at the provider --------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "seconds"),
    [("0002", 300), ("0004", 5), ("0005", 30), ("0006", 60), ("0007", 600), ("0008", 60)],
)
def test_what_passes_is_waited_for(
    digits: str, seconds: int, member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = followed(requested(member, platform, now, MAGIC + digits), now)
    assert (
        binding.state == RelayState.REQUESTED
        and binding.due_at == now + timedelta(seconds=seconds)
        and binding.lease is None
    )
    assert not provider_sync.follow(binding.pk, lambda: binding.due_at - timedelta(seconds=1))
    binding = followed(binding, binding.due_at)
    assert binding.state == RelayState.BOUND and binding.last_error == ""


def test_an_empty_pool_is_told_once_and_given_up_after_a_day(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now, f"{MAGIC}0001")
    moment = now
    while binding.state == RelayState.REQUESTED:
        binding = followed(binding, moment)
        moment = binding.due_at
    assert now + timedelta(days=1) <= moment <= now + timedelta(days=1, hours=1)
    assert (binding.state, binding.ended_why, binding.none_free_at) == (
        RelayState.FAILED,
        "relay_no_number",
        now,
    )
    assert verbs(binding) == ["request_relay", "wait_relay", "fail_relay"] and binding.finished_at
    (mail,) = Mail.objects.filter(template="relay_failed")
    assert REASONS["relay_no_number"].fix.zh in letter(mail, "https://zizhi.example", now).body
    assert requested(member, platform, moment, f"{MAGIC}0001").pk != binding.pk, (
        "it can be asked for again"
    )


def test_a_number_that_cannot_be_called_is_told_at_once(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = followed(requested(member, platform, now, f"{MAGIC}0003"), now)
    assert (binding.state, binding.ended_why) == (RelayState.FAILED, "relay_number_illegal")


def test_a_provider_that_was_taken_away_blames_nobody(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now)
    RelayBinding.objects.update(provider="gone")
    binding = followed(binding, now)
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
    first = followed(first, now + timedelta(days=1))
    assert (first.state, first.ended_why) == (RelayState.ENDED, "relay_lost")
    second = RelayBinding.objects.open().get()
    assert followed(second, now + timedelta(days=1)).state == RelayState.BOUND


def test_a_worker_that_died_costs_a_lease(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now)
    assert RelayBinding.objects.claim(binding.pk, now, 60)
    assert not provider_sync.follow(binding.pk, lambda: now + timedelta(seconds=59))
    assert followed(binding, now + timedelta(seconds=61)).state == RelayState.BOUND


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
    assert not provider_sync.follow(binding.pk, lambda: now)
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
            operations.suspend(
                Case.objects.get(employer=member.employer_id).pk, SYSTEM, now, ["registry_revoked"]
            )
            assert bindings.close_those_not_allowed(now) == 1
        return made

    monkeypatch.setattr(SimulatedRelays, "bind", meanwhile)
    binding = followed(binding, now)
    assert binding.state == RelayState.ENDED and binding.reference and binding.finished_at is None
    assert at_provider(provider, binding, now) is not None
    binding = followed(binding, now)
    assert binding.finished_at == now and at_provider(provider, binding, now) is None


# --- Lasting --------------------------------------------------------------------------------------


def test_extending_counts_from_now_and_the_provider_is_told(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    later = now + timedelta(days=10)
    for _ in range(2):
        bindings.extend(binding.pk, platform.as_actor(), later)
    binding = followed(binding, later)
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
        binding = bindings.extend(binding.pk, platform.as_actor(), moment)
    assert binding.expires_at == now + bindings.LONGEST
    with pytest.raises(Refused, match="relay_longest"):
        bindings.extend(binding.pk, platform.as_actor(), moment + timedelta(days=10))


def test_reminders_seven_days_and_one_day_before_once_each(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    for days in range(1, 30):
        binding = followed(binding, now + timedelta(days=days))
        binding = followed(binding, now + timedelta(days=days))
    told = Event.objects.about(binding).filter(verb="remind_relay")
    assert [(event.data["days"], event.at) for event in told] == [
        (7, now + timedelta(days=23)),
        (1, now + timedelta(days=29)),
    ]
    letters = [
        letter(mail, "https://zizhi.example", now)
        for mail in Mail.objects.filter(template="relay_expiring").order_by("pk")
    ]
    assert len(letters) == 2 and all(
        binding.number in mail.body and PHONE not in mail.body for mail in letters
    )


def test_a_reminder_that_was_late_says_what_is_left(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = followed(bound(member, platform, now), now + timedelta(days=29, hours=12))
    assert [
        event.data["days"] for event in Event.objects.about(binding).filter(verb="remind_relay")
    ] == [1]


def test_after_an_extension_the_reminders_begin_anew(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = followed(bound(member, platform, now), now + timedelta(days=24))
    bindings.extend(binding.pk, platform.as_actor(), now + timedelta(days=24))
    binding = followed(binding, now + timedelta(days=24))
    assert binding.reminded == 0 and followed(binding, now + timedelta(days=48)).reminded == 7


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
    binding = followed(binding, over)
    assert (binding.state, binding.ended_why, binding.ended_at) == (
        RelayState.ENDED,
        "relay_expired",
        over,
    )
    assert followed(binding, over).finished_at == over
    assert Mail.objects.filter(template="relay_ended").count() == 1
    for verb in (
        lambda: bindings.extend(binding.pk, SYSTEM, over),
        lambda: bindings.mute(binding.pk, True, SYSTEM, over),
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
        bindings.extend(binding.pk, SYSTEM, over - timedelta(seconds=1))
        return heard

    monkeypatch.setattr(provider_sync, "_ask", meanwhile)
    binding = followed(binding, over)
    assert (
        binding.state == RelayState.BOUND and binding.expires_at > over and binding.due_at == over
    )


# --- The candidate's word -------------------------------------------------------------------------


def test_a_muted_number_lets_no_call_through_until_unmuted(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    outcomes = []
    for muted in (True, True, False):
        bindings.mute(binding.pk, muted, platform.as_actor(), now)
        binding = followed(binding, now)
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
    bindings.mute(binding.pk, True, platform.as_actor(), now)
    mute = SimulatedRelays.mute
    monkeypatch.setattr(
        SimulatedRelays, "mute", lambda *args: (_ for _ in ()).throw(UnknownBinding("gone"))
    )
    binding = followed(binding, now)
    assert binding.state == RelayState.REQUESTED, (
        "a number that could not be muted is told to nobody"
    )
    monkeypatch.setattr(SimulatedRelays, "mute", mute)
    binding = followed(binding, binding.due_at)
    there = at_provider(provider, binding, now)
    assert there is not None and there.muted and binding.told_muted


def fails_once(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Let the provider fail the next time that it is asked this, and answer from then on."""
    real, left = getattr(SimulatedRelays, name), [error]

    def asked(*args: Any) -> Any:
        if left:
            raise left.pop()
        return real(*args)

    monkeypatch.setattr(SimulatedRelays, name, asked)


def lent_at(provider: SimulatedRelays, now: datetime) -> list[str]:
    """The references of what is lent at the provider, whoever knows of it."""
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
    bindings.mute(binding.pk, True, platform.as_actor(), now)
    fails_once(monkeypatch, "mute", ProviderUnavailable("down", 60.0))
    binding = followed(binding, now)
    assert (binding.state, binding.reference, binding.number) == (
        RelayState.REQUESTED,
        "",
        "",
    ) and lent_at(provider, now) == []
    binding = followed(binding, binding.due_at)
    assert (
        binding.state == RelayState.BOUND
        and binding.told_muted
        and lent_at(provider, now) == [binding.reference]
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
    bindings.mute(binding.pk, True, platform.as_actor(), now)
    fails_once(monkeypatch, "mute", ProviderUnavailable("down", 60.0))
    fails_once(monkeypatch, "unbind", ProviderUnavailable("down", 60.0))
    binding = followed(binding, now)
    (left,) = lent_at(provider, now)
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
        binding = followed(binding, moment)
        assert binding.state == RelayState.FAILED and binding.finished_at is None
    elif then == "nobody calls":
        give_phone(member, "")
    binding = followed(binding, moment)
    if then == "goes on":
        assert binding.state == RelayState.BOUND and lent_at(provider, moment) == [
            binding.reference
        ] != [left]
    else:
        assert lent_at(provider, moment) == []
        assert (binding.finished_at is None) is (then == "nobody calls")


def test_a_worker_that_dies_before_it_has_muted_leaves_a_number_that_is_known(
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binding = requested(member, platform, now)
    bindings.mute(binding.pk, True, platform.as_actor(), now)
    fails_once(monkeypatch, "mute", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        followed(binding, now)
    binding.refresh_from_db()
    assert lent_at(provider, now) == [binding.reference] and binding.state == RelayState.REQUESTED
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    assert (
        followed(binding, now + timedelta(minutes=2)).finished_at and lent_at(provider, now) == []
    )


def test_muting_outlasts_the_number(member: Member, platform: ApiClient, now: datetime) -> None:
    first = bound(member, platform, now)
    bindings.mute(first.pk, True, platform.as_actor(), now)
    over = now + timedelta(days=31)
    followed(first, over)
    assert followed(requested(member, platform, over), over).muted


def test_asking_for_contact_is_answered_by_the_candidate(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    with pytest.raises(Refused, match="relay_still_open"):
        bindings.ask_for_contact(binding.pk, member.pk, now)
    over = now + timedelta(days=31)
    binding = followed(binding, over)
    with pytest.raises(Refused, match="relay_not_asked"):
        bindings.answer(binding.pk, True, platform, over)
    bindings.ask_for_contact(binding.pk, member.pk, over)
    with pytest.raises(Refused, match="relay_asked_already"):
        bindings.ask_for_contact(binding.pk, member.pk, over + timedelta(days=6))
    opened = bindings.answer(binding.pk, True, platform, over)
    assert opened.pk != binding.pk and followed(opened, over).state == RelayState.BOUND
    assert bindings.answer(binding.pk, True, platform, over).pk == opened.pk, "answered twice"
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
        binding = followed(binding, now + timedelta(days=31))
        bindings.ask_for_contact(binding.pk, member.pk, now + timedelta(days=31))
        assert (
            bindings.answer(binding.pk, False, platform, now + timedelta(days=31)).pk == binding.pk
        )
    with pytest.raises(
        Refused, match="relay_contact_refused" if how == "refused" else "relay_candidate_ended"
    ):
        bindings.ask_for_contact(binding.pk, member.pk, now + timedelta(days=90))


def test_a_stranger_asks_nobody(member: Member, platform: ApiClient, now: datetime) -> None:
    binding = followed(bound(member, platform, now), now + timedelta(days=31))
    with pytest.raises(Refused, match="member_unknown"):
        bindings.ask_for_contact(binding.pk, make_member(now).pk, now + timedelta(days=31))


# --- The employer's place -------------------------------------------------------------------------


def _suspend(member: Member, now: datetime) -> None:
    operations.suspend(
        Case.objects.get(employer=member.employer_id).pk, SYSTEM, now, ["registry_revoked"]
    )


def _revoke(member: Member, now: datetime) -> None:
    _suspend(member, now)
    operations.revoke(
        Case.objects.get(employer=member.employer_id).pk,
        make_reviewer(now),
        now,
        ["registry_revoked"],
    )


def _expire(member: Member, now: datetime) -> None:
    Case.objects.filter(employer=member.employer_id).update(expires_at=now)


CLOSING = {"employer_suspended": _suspend, "employer_revoked": _revoke, "employer_expired": _expire}


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
        each = followed(each, now)
        assert (each.state, each.ended_why) == (RelayState.ENDED, why) and at_provider(
            provider, each, now
        ) is None
    assert followed(stays, now).state == RelayState.BOUND
    with pytest.raises(Refused, match=why):
        requested(member, platform, now, candidate="c-3")


def test_the_worker_looks_again_before_it_asks(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = requested(member, platform, now)
    _suspend(member, now)
    binding = followed(binding, now)
    assert (binding.state, binding.ended_why, binding.number) == (
        RelayState.ENDED,
        "employer_suspended",
        "",
    )


def test_who_is_looked_into_keeps_the_numbers_and_gets_no_new_ones(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    binding = bound(member, platform, now)
    tier_changes.move(member.employer_id, Tier.RESTRICTED, SYSTEM, now)
    assert bindings.close_those_not_allowed(now) == 0
    assert followed(binding, now + timedelta(days=1)).state == RelayState.BOUND
    for verb in (
        lambda: requested(member, platform, now, candidate="c-9"),
        lambda: bindings.extend(binding.pk, SYSTEM, now),
    ):
        with pytest.raises(Refused, match="relay_not_for_tier"):
            verb()


# --- The team -------------------------------------------------------------------------------------


def test_joining_and_leaving_change_who_gets_through(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)

    def gets_through(phone: str) -> bool:
        return provider.call(binding.number, "", phone, now).outcome is Outcome.CONNECTED

    assert gets_through(CALLERS[0]) and not gets_through(CALLERS[1])
    colleague = make_member(now, member.employer, role="recruiter")
    membership.give_phone(colleague, CALLERS[1], SYSTEM, now)
    assert callers.look(now, now) == [member.employer_id]
    assert provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    assert gets_through(CALLERS[0]) and gets_through(CALLERS[1])
    assert callers.look(now, now) == []
    membership.remove_member(member, colleague.pk, now)
    callers.look(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    assert gets_through(CALLERS[0]) and not gets_through(CALLERS[1])


def test_with_nobody_left_to_call_it_is_mute_until_somebody_is(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    membership.give_phone(member, "", SYSTEM, now)
    callers.look(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    binding = followed(binding, now)
    assert (
        binding.state == RelayState.BOUND
        and provider.call(binding.number, "", CALLERS[0], now).outcome is Outcome.MUTED
    )
    membership.give_phone(member, CALLERS[1], SYSTEM, now)
    callers.look(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    binding = followed(binding, now)
    assert [provider.call(binding.number, "", caller, now).outcome for caller in CALLERS] == [
        Outcome.STRANGER,
        Outcome.CONNECTED,
    ]


def test_without_a_caller_it_waits_for_one(platform: ApiClient, now: datetime, db: None) -> None:
    silent = approved(now, days=60)
    binding = followed(requested(silent, platform, now), now)
    assert binding.state == RelayState.REQUESTED and binding.last_error == "relay_no_caller"
    binding = followed(binding, binding.due_at)
    assert verbs(binding) == ["request_relay", "wait_relay"]
    membership.give_phone(silent, CALLERS[0], SYSTEM, now)
    callers.look(now, now)
    provider_sync.tell_team(RelayTeam.objects.get().pk, lambda: now)
    assert followed(binding, now).state == RelayState.BOUND


def test_where_nobody_ever_calls_it_ends_by_its_time(
    platform: ApiClient, now: datetime, db: None
) -> None:
    silent = approved(now, days=60)
    binding = followed(requested(silent, platform, now), now)
    over = binding.expires_at
    assert over == now + timedelta(days=30)
    for moment in (now + timedelta(days=2), over - timedelta(minutes=20), over):
        assert binding.state == RelayState.REQUESTED and binding.due_at <= moment
        binding = followed(binding, moment)
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
    assert REASONS["relay_no_caller"].fix.zh in letter(mail, "https://zizhi.example", now).body
    assert requested(silent, platform, over).pk != binding.pk, "it can be asked for again"


def test_a_provider_that_is_down_is_told_of_the_team_later(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    membership.give_phone(member, CALLERS[1], SYSTEM, now)
    callers.look(now, now)
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
        assert callers.look(now, now) == []


def test_a_round_in_which_nothing_changed_writes_nothing(
    platform: ApiClient, now: datetime, db: None, django_assert_max_num_queries: Any
) -> None:
    for each in range(3):
        made = approved(now, days=60)
        give_phone(made, f"+86138000000{each:02d}")
        bound(made, platform, now, PHONE, f"c-{each}")
    with django_assert_max_num_queries(14) as asked:
        for seconds in range(30, 3600, 600):
            assert callers.look(now + timedelta(seconds=seconds), now) == []
        assert callers.look(now + timedelta(seconds=3599), now) == []
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
    assert callers.look(now + timedelta(minutes=59), now) == []
    assert callers.look(now + timedelta(minutes=60), now) == [member.employer_id]
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
        membership.give_phone(colleague, CALLERS[1], SYSTEM, now)
    else:
        give_phone(colleague, CALLERS[1])
        assert callers.look(now, now) == []
        token = signing.dumps(
            [str(colleague.user.pk), colleague.user.email], salt=registration.VERIFY_SALT
        )
        registration.verify_email(token, colleague.user, 3600, now)
    assert callers.look(now, now) == [member.employer_id]


def test_no_more_than_two_hundred_call(member: Member, platform: ApiClient, now: datetime) -> None:
    seal = seal_phone(CALLERS[1])
    users = [
        User(email=f"p{each}@team.example", phone_sealed=seal, joined_at=now, email_verified_at=now)
        for each in range(205)
    ]
    User.objects.bulk_create(users)
    Member.objects.bulk_create(
        [
            Member(user=user, employer=member.employer, role="recruiter", joined_at=now)
            for user in users
        ]
    )
    assert len(callers.callers(member.employer_id)) == 200
    assert bound(member, platform, now).state == RelayState.BOUND


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
    assert not Contact.objects.exists(), "a platform reports those"
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
        "a call of the same day gains nothing worth telling"
    )
    assert verbs(binding).count("call_relay") == 2 and "extend_relay" not in verbs(binding)
    days = [now + timedelta(days=each) for each in (3, 9)]
    for day in days:
        provider.call(binding.number, "", CALLERS[0], day)
    taken_in(provider, provider.pushes(now + timedelta(days=10)), now + timedelta(days=10))
    binding.refresh_from_db()
    assert binding.expires_at == days[1] + timedelta(days=30), (
        "the earlier one, which came last, shortens nothing"
    )
    assert verbs(binding).count("extend_relay") == 1


def test_the_list_finds_what_was_lost_on_the_way(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    called(provider, binding, now)
    assert (
        call_records.poll(provider, now + timedelta(minutes=5)) == 1
        and call_records.poll(provider, now + timedelta(minutes=10)) == 0
    )
    late = bound(member, platform, now, f"{MAGIC}0014", "c-2")
    called(provider, late, now + timedelta(minutes=11))
    assert call_records.poll(provider, now + timedelta(minutes=12)) == 0, "it is not there yet"
    assert call_records.poll(provider, now + timedelta(minutes=25)) == 1, "read again from before"


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
    followed(binding, now)
    later = now + timedelta(days=100)
    taken_in(provider, called(provider, binding, later), later)
    call = RelayCall.objects.get()
    assert (call.outcome, call.binding_id, call.client_id) == ("unbound", binding.pk, platform.pk)
    assert RelayBinding.objects.holding(binding.number, "", later).first() == binding


def test_a_number_that_was_never_ours_is_put_down_all_the_same(
    now: datetime, db: None, provider: SimulatedRelays
) -> None:
    record = CallRecord("x-1", "", "+8617099999999", "", CALLERS[0], False, now, 0, Outcome.UNBOUND)
    assert (
        call_records.receive("simulator", [record], now) == 1
        and RelayCall.objects.get().binding is None
    )


def test_calls_of_the_future_and_of_long_ago_are_nobodys(now: datetime, db: None) -> None:
    for away in (timedelta(hours=2), timedelta(days=-401)):
        record = CallRecord(
            "x-1", "", "+8617099999999", "", CALLERS[0], False, now + away, 0, Outcome.UNBOUND
        )
        assert call_records.receive("simulator", [record], now) == 0


def test_lost_contact_is_counted(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    for caller in (CALLERS[0], CALLERS[0], "+8613700000009"):
        taken_in(provider, called(provider, binding, now, caller), now)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    followed(binding, now)
    taken_in(provider, called(provider, binding, now), now)
    blocked = bound(member, platform, now, f"{MAGIC}0010", "c-2")
    taken_in(provider, called(provider, blocked, now), now)
    followed(requested(member, platform, now, f"{MAGIC}0001", "c-3"), now)
    tries = RelayCall.objects.tries(now, now + timedelta(seconds=1))
    assert (tries.calls, tries.met_ended, tries.met_blocked, tries.found_none) == (4, 1, 1, 1)
    assert tries.share == 3 / 5
    assert RelayCall.objects.tries(now, now + timedelta(seconds=1), platform.pk) == tries
    assert RelayCall.objects.tries(now, now + timedelta(seconds=1), uuid4()).share is None


# --- Who is told ----------------------------------------------------------------------------------


def test_only_the_candidates_platform_hears(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    other = create_api_client("another", [Scope.GATE_DECIDE], now)[0]
    binding = bound(member, platform, now)
    taken_in(provider, called(provider, binding, now), now)
    bindings.mute(binding.pk, True, platform.as_actor(), now)
    while feed.relay(now):
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


# --- The callback's door --------------------------------------------------------------------------


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


# --- Rounds, keeping, at once ---------------------------------------------------------------------


def test_sweepers_ring_for_what_was_lost(
    member: Member, platform: ApiClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    binding = requested(member, platform, now)
    rung: list[Any] = []
    monkeypatch.setattr(tasks.follow_relay, "delay", rung.append)
    tasks.sweep_relays()
    assert rung == [str(binding.pk)]
    tasks.follow_relay(str(binding.pk))
    tasks.follow_relay(str(uuid4()))
    rung.clear()
    tasks.sweep_relays()
    tasks.sweep_teams()
    tasks.close_relays()
    tasks.poll_calls()
    assert rung == [] and RelayTeam.objects.get().callers == 1


def test_the_candidates_number_goes_after_half_a_year_and_the_row_after_three(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    binding = bound(member, platform, now)
    taken_in(provider, called(provider, binding, now), now)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), now)
    followed(binding, now)
    for days, sealed in ((179, True), (181, False)):
        retire(now + timedelta(days=days), 0)
        assert bool(RelayBinding.objects.get().candidate_sealed) is sealed
    retire(now + timedelta(days=1100), 0)
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
        binding = bindings.bind(decision, platform, PHONE, now)
        provider_sync.follow(binding.pk, lambda: now)
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
        new.append(call_records.receive("simulator", records, later))
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


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_number_outlives_a_suspension_beside_it(
    now: datetime, provider: SimulatedRelays
) -> None:
    """While one thread asks for numbers and lends them, another suspends: once the round after it
    has ended, none leads anywhere.
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
                    provider_sync.follow(
                        bindings.bind(decision, platform, PHONE, now).pk, lambda: now
                    )
            connections.close_all()

        thread = threading.Thread(target=ask)
        thread.start()
        barrier.wait()
        _suspend(member, now)
        thread.join(60)
        bindings.close_those_not_allowed(now)
        for binding in RelayBinding.objects.filter(employer_id=member.employer_id):
            while provider_sync.follow(binding.pk, lambda: now):
                pass
            binding.refresh_from_db()
            assert binding.state == RelayState.ENDED and binding.finished_at
            assert not binding.number or at_provider(provider, binding, now) is None


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
