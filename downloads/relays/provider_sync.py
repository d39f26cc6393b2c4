"""What has its provider to be told of a relay number, and what does it answer?

Asked outside of any transaction, from the row.

The row is the queue: whoever holds its lease tells the difference between what is wanted and what
was told. A provider that is down costs time and blames nobody. What was changed while it was asked
is told next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from downloads import relay_providers
from downloads.gate.current_tier import place_of
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
from downloads.relays import bindings, callers
from events.core.actor import SYSTEM
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable

log = structlog.get_logger()

LEASE_SECONDS: Final = 60.0
GIVEN_UP_AFTER: Final = timedelta(days=1)
"""A request for which no number could be lent for so long has failed."""
BROKEN_FOR: Final = timedelta(minutes=10)
LOOKED_AT: Final = timedelta(days=1)
"""How often a binding with which all is well is asked after."""
NOBODY_FOR: Final = timedelta(hours=1)

Clock = Callable[[], datetime]


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
    """Why it ends now, by our own clock, by the employer's place or by the candidate's word."""


def follow(binding_id: UUID, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Do what is due of a binding, unless another does; whether something was written down."""
    lease = RelayBinding.objects.claim(binding_id, clock(), lease_seconds)
    if lease is None:
        return False
    binding = RelayBinding.objects.select_related("team").get(pk=binding_id)
    try:
        heard = _ask(binding, lease, relay_providers.named(binding.provider), clock())
    except NoNumber as none:
        return _later(binding, lease, clock(), none.retry_after, "relay_no_number")
    except ProviderUnavailable as unavailable:
        return _later(
            binding, lease, clock(), unavailable.retry_after * 2 ** min(binding.tries - 1, 6)
        )
    except _NobodyToCall:
        return _later(binding, lease, clock(), NOBODY_FOR.total_seconds(), "relay_no_caller")
    except NumberIllegal:
        return _no_number(binding_id, lease, "relay_number_illegal", clock())
    except BindConflict:
        return _later(binding, lease, clock(), 60.0 * binding.tries)
    except (
        ProviderBroken,
        Rejected,
        KeyError,
    ) as broken:  # KeyError: the deployment has this provider no more
        log.exception("relay_not_followed", relay=str(binding_id), provider=binding.provider)
        return _later(
            binding, lease, clock(), BROKEN_FOR.total_seconds(), error=type(broken).__name__
        )
    return _write_down(binding_id, lease, heard, clock())


# --- Asking ---------------------------------------------------------------------------------------


def _ask(binding: RelayBinding, lease: UUID, provider: Relays, now: datetime) -> Heard:
    if binding.state not in OPEN:
        if binding.reference:
            provider.unbind(binding.reference, binding.number, now)
        return Heard(unbound=True)
    place = place_of(binding.employer_id, now)
    if place.tier not in bindings.KEEPS_THEM:
        return Heard(over=place.reason or "employer_not_approved")
    if why := _not_wanted(binding, now):
        return Heard(over=why)
    if binding.expires_at <= now:
        return Heard(over="relay_expired")
    if binding.state == RelayState.REQUESTED:
        return _lend(binding, lease, provider, now)
    try:
        return _keep(binding, provider, now)
    except UnknownBinding:
        return Heard(lost=True)


def _not_wanted(binding: RelayBinding, now: datetime) -> str:
    """Why the candidate is not to be reached any more: what a platform declares of those whom it
    has not told us of ends no number by itself, and what was closed before there was this end did
    not either. A consent that has run out ends none that is lent.
    """
    why = bindings.unwilling(binding, now)
    if why == "candidate_no_consent":
        return why if binding.state == RelayState.REQUESTED else ""
    return "relay_candidate_ended" if why else ""


def _lend(binding: RelayBinding, lease: UUID, provider: Relays, now: datetime) -> Heard:
    """A number, mute from its first moment where it is to be."""
    if binding.reference:
        _give_back(binding, lease, provider, now)
    try:
        team = callers.tell(binding.team, provider, now)
    except NumberIllegal as illegal:  # not the candidate's fault
        raise ProviderBroken(f"a caller's number: {illegal}") from None
    if not team.callers:
        raise _NobodyToCall
    until = max(binding.expires_at, now + bindings.lasts())
    bound = provider.bind(
        Order(str(binding.pk), bindings.candidate_phone(binding), team.group, until), now
    )
    if binding.muted:
        _mute_or_give_back(binding, lease, provider, bound, now)
    return Heard(bound, expires_at=until, muted=binding.muted)


def _mute_or_give_back(
    binding: RelayBinding, lease: UUID, provider: Relays, bound: Bound, now: datetime
) -> None:
    """A number that is not mute yet is put down before it is muted: whatever fails from here on, it
    can be given back.
    """
    there = {
        "reference": bound.reference,
        "number": bound.number,
        "extension": bound.extension,
        "told_expires_at": bound.expires_at,
    }
    RelayBinding.objects.held(binding.pk, lease).update(**there)
    try:
        provider.mute(bound.reference, bound.number, True, now)
    except ProviderError:
        binding.reference, binding.number = bound.reference, bound.number
        try:
            _give_back(binding, lease, provider, now)
        except ProviderError:
            log.exception(
                "relay_not_given_back", relay=str(binding.pk), provider=binding.provider
            )  # at the next try, then
        raise


def _give_back(binding: RelayBinding, lease: UUID, provider: Relays, now: datetime) -> None:
    """What was lent at a try that went no further, before another is lent."""
    provider.unbind(binding.reference, binding.number, now)
    binding.reference = binding.number = binding.extension = ""
    RelayBinding.objects.held(binding.pk, lease).update(
        reference="", number="", extension="", told_expires_at=None
    )


def _keep(binding: RelayBinding, provider: Relays, now: datetime) -> Heard:
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


def _held(binding_id: UUID, lease: UUID) -> RelayBinding | None:
    found: RelayBinding | None = (
        RelayBinding.objects.held(binding_id, lease)
        .select_related("team")
        .select_for_update(of=("self",))
        .first()
    )
    return found


def _write_down(binding_id: UUID, lease: UUID, heard: Heard, now: datetime) -> bool:
    """What was answered, provided that the lease holds.

    What others did to the row meanwhile stays, and is told next.
    """
    with transaction.atomic():
        if heard.lost:  # another may begin, for which all that is locked before a binding is
            bindings.hold_word(RelayBinding.objects.get(pk=binding_id))
        binding = _held(binding_id, lease)
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
        bindings.ring(binding)
    binding.save()


def _over(binding: RelayBinding, heard: Heard, now: datetime) -> None:
    """Its time is over, or its employer's; or the provider has lost it, and then another is asked
    for at once.
    """
    if heard.over == "relay_expired" and binding.expires_at > now:  # extended at the last moment
        binding.due_at = now
        binding.save()
        bindings.ring(binding)
        return
    bindings.end(binding, heard.over or "relay_lost", SYSTEM, now)
    if heard.lost:
        bindings.begin_again(binding, now)


def _going_on(binding: RelayBinding, heard: Heard, now: datetime) -> None:
    if binding.state == RelayState.REQUESTED:
        binding.state = RelayState.BOUND
        binding.expires_at = max(binding.expires_at, heard.expires_at or binding.expires_at)
        binding.save()
        bindings.note("bind_relay", binding, SYSTEM, now, earlier=RelayState.REQUESTED)
        bindings.ring_copies(binding, now)
    else:
        bindings.remind(binding, now)
    wanted = binding.muted or not binding.team.callers
    untold = (
        wanted is not binding.told_muted
        or binding.told_expires_at is None
        or binding.expires_at > binding.told_expires_at
    )
    binding.due_at = now if untold else min(bindings.next_due(binding, now), now + LOOKED_AT)
    binding.save()
    if untold:
        bindings.ring(binding)


def _later(
    binding: RelayBinding,
    lease: UUID,
    now: datetime,
    seconds: float,
    why: str = "",
    error: str = "",
) -> bool:
    """Come again later.

    Why a number is not there yet is told once; a request that waited for too long has failed.
    """
    with transaction.atomic():
        held = _held(binding.pk, lease)
        if held is None:
            return False
        if (
            held.state == RelayState.REQUESTED
            and now >= held.requested_at + GIVEN_UP_AFTER
            and why != "relay_no_caller"
        ):
            bindings.fail(held, why or "relay_failed", now)
            return True
        told_before = held.last_error == why or (
            why == "relay_no_number" and held.none_free_at is not None
        )
        if why and held.state == RelayState.REQUESTED and not told_before:
            bindings.note("wait_relay", held, SYSTEM, now, reasons=[why])
        if why == "relay_no_number" and held.none_free_at is None:
            held.none_free_at = now
        held.lease = held.leased_until = None
        held.last_error = why or error or "unavailable"
        held.due_at = now + timedelta(seconds=min(3600.0, max(1.0, seconds)))
        if (
            held.state in OPEN and held.expires_at > now
        ):  # it ends when it is to end, however long the wait
            held.due_at = min(held.due_at, held.expires_at)
        if (
            held.state not in OPEN
            and held.told_expires_at is not None
            and held.told_expires_at <= now
        ):
            held.finished_at = now  # it has ended there by its own time
        held.save()
    return False


def _no_number(binding_id: UUID, lease: UUID, why: str, now: datetime) -> bool:
    with transaction.atomic():
        binding = _held(binding_id, lease)
        if binding is None:
            return False
        if binding.state == RelayState.REQUESTED:
            bindings.fail(binding, why, now)
        else:
            RelayBinding.objects.give_back(binding_id, lease, now + BROKEN_FOR, why)
    return True


# --- Teams ----------------------------------------------------------------------------------------


def tell_team(team_id: int, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Tell the provider who of a team may call now, unless another does; whether it was told."""
    lease = RelayTeam.objects.claim(team_id, clock(), lease_seconds)
    if lease is None:
        return False
    team = RelayTeam.objects.get(pk=team_id)
    try:
        callers.tell(team, relay_providers.named(team.provider), clock())
    except ProviderUnavailable as unavailable:
        wait = timedelta(
            seconds=min(3600.0, max(1.0, unavailable.retry_after) * 2 ** min(team.tries - 1, 6))
        )
        RelayTeam.objects.give_back(team_id, lease, clock() + wait, "unavailable")
        return False
    except (ProviderBroken, Rejected, KeyError) as broken:
        log.exception("team_not_told", team=team_id, provider=team.provider)
        RelayTeam.objects.give_back(team_id, lease, clock() + BROKEN_FOR, type(broken).__name__)
        return False
    RelayTeam.objects.finish(team_id, lease, clock(), tries=0)
    return True
