"""Tests that a candidate who has closed, blocked, revoked or been erased cannot be called, by an
existing number or a new one.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from downloads import relay_providers
from downloads.candidates import consents, operations
from downloads.models import Candidate, CandidateDefault, Consent, Mode, RelayBinding
from downloads.models.relays import RelayState
from downloads.relay_providers.simulator import MAGIC, SimulatedRelays
from downloads.relays import bindings, provider_sync
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Member, Scope
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.delivery import feed
from events.models import Event, PlatformEvent
from tests.downloads.gate.test_quotas import approved
from tests.downloads.relays.relay_numbers import (
    CALLERS,
    OTHER,
    PHONE,
    allowed,
    at_provider,
    bound,
    give_phone,
    requested,
    synced,
)
from verification.models import Case

ONE = Actor(Role.CANDIDATE, "one")
ENDED = "relay_candidate_ended"


def put(
    client: ApiClient,
    now: datetime,
    mode: str = Mode.TELL_AFTER,
    reference: str = "c-1",
    **more: Any,
) -> Candidate:
    return operations.put_candidate(client, reference, operations.Told(mode, **more), now)[0]


def _close(client: ApiClient, member: Member, now: datetime) -> None:
    put(client, now, Mode.CLOSED)


def _erase(client: ApiClient, member: Member, now: datetime) -> None:
    operations.erase_candidate(client, "c-1", now)


def _block(client: ApiClient, member: Member, now: datetime) -> None:
    operations.block_employer(
        Candidate.objects.get(reference="c-1").pk, member.employer.uscc, "", ONE, now
    )


def _block_as_told(client: ApiClient, member: Member, now: datetime) -> None:
    put(client, now, blocked={member.employer.uscc: ""})


def _revoke(client: ApiClient, member: Member, now: datetime) -> None:
    consents.revoke_consent(
        Candidate.objects.get(reference="c-1").pk, member.employer.uscc, ONE, now
    )


Says = Callable[[ApiClient, Member, datetime], None]
OF_ALL: dict[str, Says] = {"close": _close, "erase": _erase}
OF_ONE: dict[str, Says] = {"block": _block, "block_as_told": _block_as_told, "revoke": _revoke}
SAYS = OF_ALL | OF_ONE
WHY = {
    name: "candidate_closed" if name in OF_ALL else "candidate_blocked_employer" for name in SAYS
}


def second(now: datetime) -> Member:
    made = approved(now, days=60)
    give_phone(made, CALLERS[1])
    return made


# --- Existing numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", SAYS)
def test_the_numbers_in_its_scope_end_with_the_word(
    how: str, member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    put(platform, now)
    other, elsewhere = second(now), create_api_client("another", [Scope.GATE_DECIDE], now)[0]
    own, neighbours = bound(member, platform, now), bound(other, platform, now)
    asked = requested(member, elsewhere, now)
    others = bound(member, platform, now, OTHER, "c-2")
    SAYS[how](platform, member, now)
    mine, theirs = synced(own, now), synced(neighbours, now)
    assert (mine.state, mine.ended_why) == (RelayState.ENDED, ENDED) and at_provider(
        provider, mine, now
    ) is None
    assert theirs.state == (RelayState.ENDED if how in OF_ALL else RelayState.BOUND)
    assert (at_provider(provider, theirs, now) is None) is (how in OF_ALL)
    assert synced(others, now).state == RelayState.BOUND, "another candidate's"
    assert synced(asked, now).state == RelayState.BOUND, "a candidate of another platform"


@pytest.mark.parametrize("how", SAYS)
def test_one_that_is_asked_for_is_lent_to_nobody(
    how: str,
    member: Member,
    platform: ApiClient,
    now: datetime,
    provider: SimulatedRelays,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The candidate refuses while the provider is being asked."""
    put(platform, now)
    binding = requested(member, platform, now)
    bind = SimulatedRelays.bind

    def meanwhile(self: SimulatedRelays, *args: Any) -> Any:
        made = bind(self, *args)
        SAYS[how](platform, member, now)
        return made

    monkeypatch.setattr(SimulatedRelays, "bind", meanwhile)
    binding = synced(binding, now)
    assert (binding.state, binding.ended_why) == (RelayState.ENDED, ENDED)
    binding = synced(binding, now)
    assert binding.finished_at == now and at_provider(provider, binding, now) is None


@pytest.mark.parametrize("how", SAYS)
def test_the_platform_hears_of_the_end_as_of_any_other(
    how: str, member: Member, platform: ApiClient, now: datetime
) -> None:
    put(platform, now)
    binding = bound(member, platform, now)
    for _ in range(2):
        SAYS[how](platform, member, now)
    while feed.relay_outbox(now):
        pass
    (told,) = PlatformEvent.objects.of(platform.pk).filter(type="relay.ended")
    assert (told.payload["relay"], told.payload["reasons"][0]["code"]) == (str(binding.pk), ENDED)
    by = Event.objects.about(binding).get(verb="end_relay")
    assert by.role == (Role.CANDIDATE if how in ("block", "revoke") else platform.as_actor().role)


def test_the_number_of_whom_was_erased_is_gone_wherever_it_was_kept(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    put(platform, now)
    before = bound(member, platform, now)
    later = before.expires_at
    synced(before, later)
    bound(member, platform, later)
    kept = bound(member, platform, later, candidate="c-2")
    _erase(platform, member, later)
    sealed = dict(
        RelayBinding.objects.values_list("candidate", "candidate_sealed").order_by("candidate")
    )
    assert RelayBinding.objects.filter(candidate="c-1").count() == 2 and sealed["c-1"] == ""
    assert not RelayBinding.objects.filter(candidate="c-1").exclude(candidate_sealed="").exists()
    assert bindings.candidate_phone(RelayBinding.objects.get(pk=kept.pk)) == PHONE


def test_what_was_closed_before_there_was_this_end_ends_when_it_is_looked_at(
    member: Member, platform: ApiClient, now: datetime, provider: SimulatedRelays
) -> None:
    """A platform's default for undeclared candidates behaves the same, and ends no number."""
    known, unknown = bound(member, platform, now), bound(member, platform, now, OTHER, "c-2")
    Candidate.objects.create(
        client_id=platform.pk, reference="c-1", mode=Mode.CLOSED, told_at=now, changed_at=now
    )
    operations.declare_default(platform, Mode.CLOSED, "nobody of ours", now)
    tomorrow = max(known.due_at, unknown.due_at)
    assert tomorrow <= now + timedelta(days=1)
    for binding in (known, unknown):
        binding = synced(synced(binding, tomorrow), tomorrow)
        assert (binding.state, binding.ended_why) == (RelayState.ENDED, ENDED) and at_provider(
            provider, binding, tomorrow
        ) is None


def test_a_word_that_comes_late_ends_the_number_that_has_taken_the_first_ones_place(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    first = bound(member, platform, now)
    latest = bound(member, platform, now, OTHER)
    assert RelayBinding.objects.get(pk=first.pk).ended_why == "relay_number_changed"
    for _ in range(2):
        bindings.end_for_candidate(first.pk, platform.as_actor(), now)
    assert RelayBinding.objects.get(pk=latest.pk).ended_why == ENDED
    assert RelayBinding.objects.get(pk=first.pk).ended_why == "relay_number_changed"


# --- New numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", SAYS)
def test_an_answer_from_before_opens_no_number_after(
    how: str, member: Member, platform: ApiClient, now: datetime
) -> None:
    put(platform, now)
    decision, later = allowed(member, platform, now), now + timedelta(hours=1)
    SAYS[how](platform, member, later)
    with pytest.raises(Refused) as refused:
        bindings.request_binding(decision, platform, PHONE, later)
    assert refused.value.code == WHY[how], "the gate's reason"
    assert not RelayBinding.objects.exists()


def test_a_declared_default_counts_as_at_the_gate(
    member: Member, platform: ApiClient, now: datetime, settings: Any
) -> None:
    decision = allowed(member, platform, now)
    operations.declare_default(platform, Mode.CLOSED, "nobody of ours", now)
    with pytest.raises(Refused, match="candidate_closed"):
        bindings.request_binding(decision, platform, PHONE, now)
    CandidateDefault.objects.all().delete()
    settings.CANDIDATES_DEFAULT = Mode.ASK_FIRST
    with pytest.raises(Refused, match="candidate_no_consent"):
        bindings.request_binding(decision, platform, PHONE, now)


def consented(client: ApiClient, member: Member, now: datetime, days: int) -> Candidate:
    candidate = put(client, now, Mode.ASK_FIRST)
    until = now + timedelta(days=days)
    consents.give_consent(
        client, "c-1", consents.Given(member.employer, "hr@x.example", [], "e-1", now, until), now
    )
    return candidate


def test_a_consent_that_has_run_out_lets_no_number_begin_or_last_on(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    consented(platform, member, now, 10)
    binding = bound(member, platform, now)
    over = now + timedelta(days=10)
    until = binding.expires_at
    with pytest.raises(Refused, match="candidate_no_consent"):
        bindings.extend_binding(binding.pk, platform.as_actor(), over)
    bindings.after_contact(binding.decision_id, over)
    binding = synced(binding, over)
    assert (binding.state, binding.expires_at) == (RelayState.BOUND, until), (
        "a lent number lasts until its end"
    )
    with pytest.raises(Refused, match="candidate_no_consent"):
        requested(member, platform, over)
    consents.give_consent(
        platform,
        "c-1",
        consents.Given(member.employer, "hr@x.example", [], "e-2", over, over + timedelta(days=30)),
        over,
    )
    assert bindings.extend_binding(
        binding.pk, platform.as_actor(), over
    ).expires_at == over + timedelta(days=30)


def test_a_consent_that_runs_out_while_a_number_is_waited_for_lends_none(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    consented(platform, member, now, 1)
    binding = synced(requested(member, platform, now, f"{MAGIC}0002"), now)
    assert binding.state == RelayState.REQUESTED
    binding = synced(binding, now + timedelta(days=1))
    assert (binding.state, binding.ended_why, binding.number) == (
        RelayState.ENDED,
        "candidate_no_consent",
        "",
    )


def test_after_the_candidate_ended_calls_only_a_later_answer_opens_a_number(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    earlier = allowed(member, platform, now)
    binding = bound(member, platform, now)
    later = now + timedelta(hours=1)
    bindings.end_for_candidate(binding.pk, platform.as_actor(), later)
    with pytest.raises(Refused, match=ENDED):
        bindings.request_binding(earlier, platform, PHONE, later)
    with pytest.raises(Refused, match=ENDED):
        bindings.request_binding(allowed(member, platform, later), platform, OTHER, later)
    assert bound(member, platform, later + timedelta(hours=1)).pk != binding.pk
    assert bound(second(now), platform, now).state == RelayState.BOUND, (
        "it applied to one employer only"
    )


def test_after_a_no_to_contact_only_a_later_answer_opens_a_number(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    over = now + timedelta(days=31)
    binding = synced(bound(member, platform, now), over)
    bindings.ask_for_contact(binding.pk, member.pk, over)
    bindings.answer_contact_request(binding.pk, False, platform, over)
    with pytest.raises(Refused, match="relay_contact_refused"):
        bindings.request_binding(binding.decision_id, platform, PHONE, over)
    assert bound(member, platform, over + timedelta(hours=1)).state == RelayState.BOUND


def test_what_the_provider_lost_is_not_lent_anew_to_whom_has_closed(
    member: Member, platform: ApiClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The candidate refuses after the worker has checked, and before it stores that the number is
    lent.
    """
    put(platform, now)
    binding = bound(member, platform, now, f"{MAGIC}0015")
    ask = provider_sync._ask

    def meanwhile(*args: Any) -> provider_sync.Heard:
        heard = ask(*args)
        assert heard.lost
        Candidate.objects.filter(reference="c-1").update(mode=Mode.CLOSED)
        return heard

    monkeypatch.setattr(provider_sync, "_ask", meanwhile)
    synced(binding, now + timedelta(days=1))
    assert not RelayBinding.objects.open().exists() and RelayBinding.objects.count() == 1


@pytest.mark.parametrize("how", SAYS)
def test_nobody_is_asked_for_contact_who_does_not_want_it(
    how: str, member: Member, platform: ApiClient, now: datetime
) -> None:
    put(platform, now)
    over = now + timedelta(days=31)
    binding = synced(bound(member, platform, now), over)
    asked = bindings.ask_for_contact(binding.pk, member.pk, over)
    SAYS[how](platform, member, over)
    with pytest.raises(Refused, match=WHY[how]):
        bindings.ask_for_contact(binding.pk, member.pk, over + timedelta(days=8))
    # The number of an erased candidate is gone, so nobody can be asked.
    with pytest.raises(Refused, match="relay_not_asked" if how == "erase" else WHY[how]):
        bindings.answer_contact_request(asked.pk, True, platform, over)
    assert not RelayBinding.objects.open().exists()


def test_a_yes_that_comes_after_a_later_no_opens_nothing(
    member: Member, platform: ApiClient, now: datetime
) -> None:
    over = now + timedelta(days=31)
    first = synced(bound(member, platform, now), over)
    bindings.ask_for_contact(first.pk, member.pk, over)
    again = bound(member, platform, over + timedelta(hours=1))
    bindings.end_for_candidate(again.pk, platform.as_actor(), over + timedelta(hours=2))
    with pytest.raises(Refused, match=ENDED):
        bindings.answer_contact_request(first.pk, True, platform, over + timedelta(hours=3))


# --- Concurrency ----------------------------------------------------------------------------------


@pytest.fixture
def at_once(transactional_db: None) -> tuple[Member, ApiClient]:
    now = timezone.now()
    made = approved(now, days=60)
    Case.objects.update(expires_at=now + timedelta(days=100))
    give_phone(made, CALLERS[0])
    return made, create_api_client("a platform", [Scope.GATE_DECIDE], now)[0]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", SAYS)
def test_a_number_that_is_asked_for_meanwhile_waits_and_is_refused(
    how: str, at_once: tuple[Member, ApiClient]
) -> None:
    """This also holds for the candidate's first row, which could not be locked before."""
    member, client = at_once
    now = timezone.now()
    if how in ("block", "revoke", "erase"):
        put(client, now)
    decision, heard = allowed(member, client, now), list[str]()

    def ask() -> None:
        try:
            bindings.request_binding(decision, client, PHONE, timezone.now())
            heard.append("lent")
        except Refused as refused:
            heard.append(refused.code)
        finally:
            connections.close_all()

    thread = threading.Thread(target=ask)
    with transaction.atomic():
        SAYS[how](client, member, timezone.now())
        thread.start()
        thread.join(0.5)
        assert thread.is_alive() and heard == []
    thread.join(20)
    assert heard == [WHY[how]] and not RelayBinding.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", SAYS)
def test_a_word_that_is_said_meanwhile_waits_and_finds_the_number(
    how: str, at_once: tuple[Member, ApiClient]
) -> None:
    """The other way round: the number exists, but is not committed yet."""
    member, client = at_once
    now = timezone.now()
    if how in ("block", "revoke", "erase"):
        put(client, now)
    said = list[str]()

    def say() -> None:
        SAYS[how](client, member, timezone.now())
        said.append(how)
        connections.close_all()

    thread = threading.Thread(target=say)
    with transaction.atomic():
        binding = bindings.request_binding(allowed(member, client, now), client, PHONE, now)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive() and said == []
    thread.join(20)
    binding.refresh_from_db()
    assert said == [how] and (binding.state, binding.ended_why) == (RelayState.ENDED, ENDED)


def _keep_binding(
    member: Member,
    client: ApiClient,
    references: list[str],
    acknowledged: set[str],
    stop: threading.Event,
    log: dict[str, list[Any]],
) -> None:
    """Request, lend and extend numbers for earlier answers until `stop`; one after an
    acknowledgement is late.
    """
    for n in itertools.count():
        if stop.is_set():
            break
        reference = references[n % len(references)]
        known = reference in acknowledged
        try:
            now = timezone.now()
            binding = bindings.request_binding(
                allowed(member, client, now, reference), client, PHONE, now
            )
            if n % 3 == 0:
                provider_sync.sync_binding(binding.pk, timezone.now)
                bindings.extend_binding(binding.pk, SYSTEM, timezone.now())
            log["late" if known else "lent"].append(reference)
        except Refused as refused:
            log["refused"].append(refused.code)
        # Above all, a deadlock.
        except Exception as error:
            log["errors"].append(error)
    connections.close_all()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_nobody_is_reached_after_the_acknowledgement(
    at_once: tuple[Member, ApiClient],
) -> None:
    """Two companies ask for the same candidates, who meanwhile close, block, revoke and are erased;
    there must be no deadlock.
    """
    member, client = at_once
    now = timezone.now()
    other = approved(now, days=60)
    Case.objects.update(expires_at=now + timedelta(days=100))
    give_phone(other, CALLERS[1])
    references = [f"c-{n}" for n in range(24)]
    rows = {reference: put(client, now, reference=reference) for reference in references[::2]}
    acknowledged, stop = set[str](), threading.Event()
    log: dict[str, list[Any]] = {"late": [], "lent": [], "refused": [], "errors": []}
    who = [
        (member, references),
        (member, references[::-1]),
        (other, references),
        (other, references[::-1]),
    ]
    threads = [
        threading.Thread(target=_keep_binding, args=(each, client, of, acknowledged, stop, log))
        for each, of in who
    ]
    for thread in threads:
        thread.start()
    codes = sorted([member.employer.uscc, other.employer.uscc])
    try:
        _wait_for(log, "lent", 30)
        for n, reference in enumerate(references):
            at = timezone.now()
            if reference not in rows:
                put(client, at, Mode.CLOSED, reference)
            elif n % 8 == 0:
                operations.erase_candidate(client, reference, at)
            elif n % 8 == 2:
                put(client, at, Mode.CLOSED, reference)
            elif n % 8 == 4:
                put(client, at, reference=reference, blocked=dict.fromkeys(codes, ""))
            else:
                for code in codes:
                    consents.revoke_consent(rows[reference].pk, code, ONE, at)
            acknowledged.add(reference)
        _wait_for(log, "refused", 40)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert log["errors"] == [] and log["late"] == []
    assert not RelayBinding.objects.open().exists()
    for binding in RelayBinding.objects.filter(finished_at=None):
        while provider_sync.sync_binding(binding.pk, timezone.now):
            pass
    lent = RelayBinding.objects.exclude(number="")
    assert lent.exists() and all(
        relay_providers.simulated_relays().get(each.reference, each.number, timezone.now()) is None
        for each in lent
    )
    assert set(log["refused"]) <= {
        "candidate_closed",
        "candidate_blocked_employer",
        "relay_ended",
        ENDED,
    }


def _wait_for(log: dict[str, list[Any]], what: str, times: int) -> None:
    for _ in range(600):
        if len(log[what]) >= times or log["errors"]:
            return
        threading.Event().wait(0.05)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_spent_passes_of_one_candidate_do_not_wait_for_each_other(
    at_once: tuple[Member, ApiClient],
) -> None:
    """Both hold the candidate's row `FOR SHARE` when they ask for a number, so neither may need an
    exclusive lock on it.
    """
    member, client = at_once
    now = timezone.now()
    other = approved(now, days=60)
    Case.objects.update(expires_at=now + timedelta(days=100))
    put(client, now)
    decisions = {each.pk: allowed(each, client, now) for each in (member, other)}
    barrier, made = threading.Barrier(2), list[UUID]()

    def ask(decision: UUID) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM downloads_candidate WHERE reference = 'c-1' FOR SHARE")
            barrier.wait()
            made.append(bindings.request_binding(decision, client, PHONE, now).pk)
        connections.close_all()

    threads = [threading.Thread(target=ask, args=(decision,)) for decision in decisions.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(made)) == 2 and Consent.objects.count() == 0
