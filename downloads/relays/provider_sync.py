"""Tells the provider what has changed about a relay number, and writes down its answer.

The provider is asked outside of any transaction. The row is the queue: the worker that leases it
compares what is wanted with what the provider was told. A provider that is down only costs time.
A change that comes while it is asked is told next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from downloads import relay_providers
from downloads.gate.current_tier import current_tier_of
from downloads.models import RelayBinding, RelayTeam
from downloads.models.relays import OPEN, RelayState
from downloads.relay_providers.base import (
    BindConflict,
    Bound,
    NoNumber,
    NumberIllegal,
    Order,
    Rejected,
    Relays,
    UnknownBinding,
)
from downloads.relays import bindings, callers, eligibility, notices
from events.core.actor import SYSTEM
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from events.jobs.runner import Clock, Failure, Lease, backoff, claim, run

log = structlog.get_logger()

LEASE_SECONDS: Final = 60.0
GIVEN_UP_AFTER: Final = timedelta(days=1)
"""A request for which no number could be lent for so long has failed."""
BROKEN_FOR: Final = timedelta(minutes=10)
CHECKED_EVERY: Final = timedelta(days=1)
"""How often a binding with which all is well is asked after."""
NOBODY_FOR: Final = timedelta(hours=1)
BROKEN: Final = (ProviderBroken, Rejected, KeyError)
"""KeyError: the deployment no longer has this provider."""
TEAM_FAILURES: Final = (
    Failure(ProviderUnavailable, backoff),
    Failure(BROKEN, BROKEN_FOR.total_seconds(), "team_not_told", broken=True),
)


class _NobodyToCall(Exception):
    """No member has given a number to call from: as soon as one does, `teams` makes the row due."""


@dataclass(frozen=True)
class Heard:
    """What was told and answered."""

    bound: Bound | None = None
    expires_at: datetime | None = None
    muted: bool | None = None
    unbound: bool = False
    lost: bool = False
    over: str = ""
    """Why it ends now: by our own clock, by the employer's tier or by what the candidate says."""


def sync_binding(binding_id: UUID, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Do what is due of a binding, unless another does; whether something was written down."""
    bindings_and_teams = RelayBinding.objects.select_related("team")
    lease: Lease[RelayBinding] | None = claim(bindings_and_teams, binding_id, clock, lease_seconds)
    if lease is None:
        return False
    binding = lease.row
    try:
        heard = _ask(lease, relay_providers.relay_provider(binding.provider), clock())
    except NoNumber as none:
        return _later(lease, none.retry_after, "relay_no_number")
    except ProviderUnavailable as unavailable:
        return _later(lease, backoff(unavailable, binding.tries))
    except _NobodyToCall:
        return _later(lease, NOBODY_FOR.total_seconds(), "relay_no_caller")
    except NumberIllegal:
        return _no_number(lease, "relay_number_illegal")
    except BindConflict:
        return _later(lease, 60.0 * binding.tries)
    except BROKEN as broken:
        log.exception("relay_not_followed", job=str(binding_id), provider=binding.provider)
        return _later(lease, BROKEN_FOR.total_seconds(), error=type(broken).__name__)
    return _write_down(lease, heard)


# --- Asking ---------------------------------------------------------------------------------------


def _ask(lease: Lease[RelayBinding], provider: Relays, now: datetime) -> Heard:
    binding = lease.row
    if binding.state not in OPEN:
        if binding.reference:
            provider.unbind(binding.reference, binding.number, now)
        return Heard(unbound=True)
    current = current_tier_of(binding.employer_id, now)
    if current.tier not in eligibility.MAY_KEEP_NUMBERS:
        return Heard(over=current.reason or "employer_not_approved")
    if why := _not_wanted(binding, now):
        return Heard(over=why)
    if binding.expires_at <= now:
        return Heard(over="relay_expired")
    if binding.state == RelayState.REQUESTED:
        return _bind(lease, provider, now)
    try:
        return _refresh(binding, provider, now)
    except UnknownBinding:
        return Heard(lost=True)


def _not_wanted(binding: RelayBinding, now: datetime) -> str:
    """Why the candidate is not to be reached any more: what a platform declares of those whom it
    has not told us of ends no number by itself, and what was closed before there was this end did
    not either. A consent that has run out ends none that is lent.
    """
    why = eligibility.unwilling(binding, now)
    if why == "candidate_no_consent":
        return why if binding.state == RelayState.REQUESTED else ""
    return "relay_candidate_ended" if why else ""


def _bind(lease: Lease[RelayBinding], provider: Relays, now: datetime) -> Heard:
    """A number, mute from its first moment where it is to be."""
    binding = lease.row
    if binding.reference:
        _give_back(lease, provider, now)
    try:
        team = callers.tell_provider(binding.team, provider, now)
    except NumberIllegal as illegal:  # not the candidate's fault
        raise ProviderBroken(f"a caller's number: {illegal}") from None
    if not team.callers:
        raise _NobodyToCall
    until = max(binding.expires_at, now + eligibility.lasts())
    bound = provider.bind(
        Order(str(binding.pk), bindings.candidate_phone(binding), team.group, until), now
    )
    if binding.muted:
        _mute_or_give_back(lease, provider, bound, now)
    return Heard(bound, expires_at=until, muted=binding.muted)


def _mute_or_give_back(
    lease: Lease[RelayBinding], provider: Relays, bound: Bound, now: datetime
) -> None:
    """A number that is not mute yet is put down before it is muted: whatever fails from here on, it
    can be given back.
    """
    binding = lease.row
    lease.update(
        reference=bound.reference,
        number=bound.number,
        extension=bound.extension,
        told_expires_at=bound.expires_at,
    )
    try:
        provider.mute(bound.reference, bound.number, True, now)
    except ProviderError:
        binding.reference, binding.number = bound.reference, bound.number
        try:
            _give_back(lease, provider, now)
        except ProviderError:
            log.exception(
                "relay_not_given_back", relay=str(binding.pk), provider=binding.provider
            )  # at the next try, then
        raise


def _give_back(lease: Lease[RelayBinding], provider: Relays, now: datetime) -> None:
    """What was lent at a try that went no further, before another is lent."""
    binding = lease.row
    provider.unbind(binding.reference, binding.number, now)
    binding.reference = binding.number = binding.extension = ""
    lease.update(reference="", number="", extension="", told_expires_at=None)


def _refresh(binding: RelayBinding, provider: Relays, now: datetime) -> Heard:
    """Whatever the provider was not told yet; else whether it still has the binding."""
    muted = binding.muted or not binding.team.callers
    expires_at = binding.told_expires_at
    asked = False
    if muted is not binding.told_muted:
        provider.mute(binding.reference, binding.number, muted, now)
        asked = True
    if expires_at is None or binding.expires_at > expires_at:
        expires_at = binding.expires_at
        provider.extend(binding.reference, binding.number, expires_at, now)
        asked = True
    if not asked and provider.get(binding.reference, binding.number, now) is None:
        return Heard(lost=True)
    return Heard(expires_at=expires_at, muted=muted)


# --- Writing down ---------------------------------------------------------------------------------


def _write_down(lease: Lease[RelayBinding], heard: Heard) -> bool:
    """Write down what was answered, unless the lease was lost.

    What others did to the row meanwhile stays, and is told next.
    """
    now = lease.clock()
    with transaction.atomic():
        if heard.lost:  # another may begin, for which all that is locked before a binding is
            eligibility.lock_consent(lease.row)
        binding = lease.locked()
        if binding is None:
            return False
        binding.lease = binding.leased_until = None
        binding.tries, binding.last_error = 0, ""
        if heard.bound is not None:
            binding.reference, binding.number = heard.bound.reference, heard.bound.number
            binding.extension, binding.bound_at = heard.bound.extension, now
        binding.told_expires_at = heard.expires_at or binding.told_expires_at
        binding.told_muted = binding.told_muted if heard.muted is None else heard.muted
        if binding.state not in OPEN:
            _gone(binding, heard, now)
        elif heard.over or heard.lost:
            _over(binding, heard, now)
        else:
            _going_on(binding, heard, now)
    return True


def _gone(binding: RelayBinding, heard: Heard, now: datetime) -> None:
    """It has ended: its provider knows, or is told next of what it lent at the last moment."""
    if heard.unbound:
        binding.finished_at = now
    else:
        binding.due_at = now
        notices.notify_binding_worker(binding)
    binding.save()


def _over(binding: RelayBinding, heard: Heard, now: datetime) -> None:
    """Its time is over, or its employer's; or the provider has lost it, and then another is asked
    for at once.
    """
    if heard.over == "relay_expired" and binding.expires_at > now:  # extended at the last moment
        binding.due_at = now
        binding.save()
        notices.notify_binding_worker(binding)
        return
    bindings.end_binding(binding, heard.over or "relay_lost", SYSTEM, now)
    if heard.lost:
        bindings.begin_again(binding, now)


def _going_on(binding: RelayBinding, heard: Heard, now: datetime) -> None:
    if binding.state == RelayState.REQUESTED:
        binding.state = RelayState.BOUND
        binding.expires_at = max(binding.expires_at, heard.expires_at or binding.expires_at)
        binding.save()
        notices.record_binding_event(
            "bind_relay", binding, SYSTEM, now, earlier=RelayState.REQUESTED
        )
        notices.notify_waiting_copies(binding, now)
    else:
        bindings.remind_of_end(binding, now)
    wanted = binding.muted or not binding.team.callers
    untold = (
        wanted is not binding.told_muted
        or binding.told_expires_at is None
        or binding.expires_at > binding.told_expires_at
    )
    binding.due_at = now if untold else min(bindings.next_due(binding, now), now + CHECKED_EVERY)
    binding.save()
    if untold:
        notices.notify_binding_worker(binding)


def _later(lease: Lease[RelayBinding], seconds: float, why: str = "", error: str = "") -> bool:
    """Come again later.

    Why a number is not there yet is told once; a request that waited for too long has failed.
    """
    now = lease.clock()
    with transaction.atomic():
        binding = lease.locked()
        if binding is None:
            return False
        if (
            binding.state == RelayState.REQUESTED
            and now >= binding.requested_at + GIVEN_UP_AFTER
            and why != "relay_no_caller"
        ):
            bindings.fail_binding(binding, why or "relay_failed", now)
            return True
        told_before = binding.last_error == why or (
            why == "relay_no_number" and binding.none_free_at is not None
        )
        if why and binding.state == RelayState.REQUESTED and not told_before:
            notices.record_binding_event("wait_relay", binding, SYSTEM, now, reasons=[why])
        if why == "relay_no_number" and binding.none_free_at is None:
            binding.none_free_at = now
        binding.lease = binding.leased_until = None
        binding.last_error = why or error or "unavailable"
        binding.due_at = now + timedelta(seconds=min(3600.0, max(1.0, seconds)))
        if (
            binding.state in OPEN and binding.expires_at > now
        ):  # it ends when it is to end, however long the wait
            binding.due_at = min(binding.due_at, binding.expires_at)
        if (
            binding.state not in OPEN
            and binding.told_expires_at is not None
            and binding.told_expires_at <= now
        ):
            binding.finished_at = now  # it has ended there by its own time
        binding.save()
    return False


def _no_number(lease: Lease[RelayBinding], why: str) -> bool:
    now = lease.clock()
    with transaction.atomic():
        binding = lease.locked()
        if binding is None:
            return False
        if binding.state == RelayState.REQUESTED:
            bindings.fail_binding(binding, why, now)
        else:
            lease.give_back(now + BROKEN_FOR, why)
    return True


# --- Teams ----------------------------------------------------------------------------------------


def tell_team(team_id: int, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Tell the provider who of a team may call now, unless another does; whether it was told."""
    return run(
        claim(RelayTeam.objects.all(), team_id, clock, lease_seconds),
        lambda lease: callers.tell_provider(
            lease.row, relay_providers.relay_provider(lease.row.provider), clock()
        ),
        lambda lease, told: lease.finish(tries=0),
        failures=TEAM_FAILURES,
    )
