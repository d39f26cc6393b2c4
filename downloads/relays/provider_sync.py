"""Keeps the relay provider in sync with the bindings and teams.

The provider is called outside of transactions. The row is the queue: the worker that leases it
compares the wanted state with the told one. A provider that is down only delays. The next
call sends what changed during this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from downloads import relay_providers, text_queue
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
from events.jobs.runner import Clock, Failure, Lease, claim_row, retry_delay, run_job

log = structlog.get_logger()

LEASE_SECONDS: Final = 60.0
GIVEN_UP_AFTER: Final = timedelta(days=1)
"""A request that gets no number for this long fails."""
BROKEN_FOR: Final = timedelta(minutes=10)
CHECKED_EVERY: Final = timedelta(days=1)
"""How often an unchanged binding is checked with its provider."""
NOBODY_FOR: Final = timedelta(hours=1)
BROKEN: Final = (ProviderBroken, Rejected, KeyError)
"""KeyError: the provider is no longer configured in this deployment."""
TEAM_FAILURES: Final = (
    Failure(ProviderUnavailable, retry_delay),
    Failure(BROKEN, BROKEN_FOR.total_seconds(), "team_not_told", broken=True),
)


class _NobodyToCall(Exception):
    """No member has given a number to call from. `find_changed_teams` makes the row due when one
    does.
    """


@dataclass(frozen=True)
class Heard:
    """The provider's answers, and what follows from them."""

    bound: Bound | None = None
    expires_at: datetime | None = None
    muted: bool | None = None
    unbound: bool = False
    lost: bool = False
    over: str = ""
    """Why the binding ends now: it expired, or the employer's tier or the candidate ended it."""


def sync_binding(binding_id: UUID, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Bring the provider in sync with a binding, unless another worker holds it.

    Returns whether something was stored.
    """
    bindings_and_teams = RelayBinding.objects.select_related("team")
    lease: Lease[RelayBinding] | None = claim_row(
        bindings_and_teams, binding_id, clock, lease_seconds
    )
    if lease is None:
        return False
    binding = lease.row
    try:
        heard = _ask(lease, relay_providers.relay_provider(binding.provider), clock())
    except NoNumber as none:
        return _later(lease, none.retry_after, "relay_no_number")
    except ProviderUnavailable as unavailable:
        return _later(lease, retry_delay(unavailable, binding.tries))
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


# --- Requests -------------------------------------------------------------------------------------


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
    """Return why the candidate no longer wants to be reached, or "".

    Missing or expired consent stops a requested number, but does not end one that is lent.
    """
    why = eligibility.consent_refusal_of(binding, now)
    if why == "candidate_no_consent":
        return why if binding.state == RelayState.REQUESTED else ""
    return "relay_candidate_ended" if why else ""


def _bind(lease: Lease[RelayBinding], provider: Relays, now: datetime) -> Heard:
    """Lend a number, muted from the start where the binding is muted."""
    binding = lease.row
    if binding.reference:
        _give_back(lease, provider, now)
    try:
        team = callers.tell_provider(binding.team, provider, now)
    # A caller's number is at fault, not the candidate's.
    except NumberIllegal as illegal:
        raise ProviderBroken(f"a caller's number: {illegal}") from None
    if not team.callers:
        raise _NobodyToCall
    until = max(binding.expires_at, now + eligibility.relay_lifetime())
    bound = provider.bind(
        Order(str(binding.pk), bindings.candidate_phone(binding), team.group, until), now
    )
    if binding.muted:
        _mute_or_give_back(lease, provider, bound, now)
    return Heard(bound, expires_at=until, muted=binding.muted)


def _mute_or_give_back(
    lease: Lease[RelayBinding], provider: Relays, bound: Bound, now: datetime
) -> None:
    """Mute a new number, or give it back if that fails.

    It is stored first, so that it can be given back after any failure.
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
            )  # The next try gives it back.
        raise


def _give_back(lease: Lease[RelayBinding], provider: Relays, now: datetime) -> None:
    """Give back the number of an unfinished try, before another is lent."""
    binding = lease.row
    provider.unbind(binding.reference, binding.number, now)
    binding.reference = binding.number = binding.extension = ""
    lease.update(reference="", number="", extension="", told_expires_at=None)


def _refresh(binding: RelayBinding, provider: Relays, now: datetime) -> Heard:
    """Tell the provider what has changed; if nothing has, check that it still has the binding."""
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


# --- Storing the answer ---------------------------------------------------------------------------


def _write_down(lease: Lease[RelayBinding], heard: Heard) -> bool:
    """Store the answer, unless the lease was lost.

    Concurrent changes to the row are kept, and told next.
    """
    now = lease.clock()
    with transaction.atomic():
        # A lost binding may be replaced, which needs the locks that precede a binding's.
        if heard.lost:
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
    """Finish an ended binding, or make it due if a number was lent at the last moment."""
    if heard.unbound:
        binding.finished_at = now
    else:
        binding.due_at = now
        notices.notify_binding_worker(binding)
    binding.save()


def _over(binding: RelayBinding, heard: Heard, now: datetime) -> None:
    """End a binding that expired, is no longer wanted or was lost; replace a lost one at once."""
    # The binding was extended while the provider was being asked.
    if heard.over == "relay_expired" and binding.expires_at > now:
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
        text_queue.text_binding(binding, now)
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
    """Retry in `seconds`.

    The platform gets one event that says why there is no number yet. A request that has waited for
    `GIVEN_UP_AFTER` fails.
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
        # However long the wait, the binding ends on time.
        if binding.state in OPEN and binding.expires_at > now:
            binding.due_at = min(binding.due_at, binding.expires_at)
        if (
            binding.state not in OPEN
            and binding.told_expires_at is not None
            and binding.told_expires_at <= now
        ):
            # It has expired at the provider.
            binding.finished_at = now
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
    """Tell the provider who may call for a team, unless another worker does; return whether it was
    told.
    """
    return run_job(
        claim_row(RelayTeam.objects.all(), team_id, clock, lease_seconds),
        lambda lease: callers.tell_provider(
            lease.row, relay_providers.relay_provider(lease.row.provider), clock()
        ),
        lambda lease, told: lease.finish(tries=0),
        failures=TEAM_FAILURES,
    )
