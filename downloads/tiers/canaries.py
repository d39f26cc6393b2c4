"""Canaries: resumes of fictitious people, and the response to calls to their numbers.

Employers see a canary as any other resume. Its copy has a relay number of its own, which only the
employer's team should call; another caller means that the copy was leaked. Machines dial at random,
so it takes several callers (`ZIZHI_CANARY_RINGS`) within a week to restrict the employer; staff see
each call at once. The employer gets the usual notice, without a word of the canary.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from downloads.models import Canary, CanaryRing, RelayBinding, RelayCall, Standing
from downloads.relay_providers.base import Outcome
from downloads.rules.ladder import STEP_UP, Tier
from downloads.tiers import tier_changes
from employers.models import ApiClient, Employer, User
from employers.permissions import Power
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.sealing import forms_of
from events.delivery.alerts import raise_alert
from events.doorbell import notify_worker
from events.models import AlertKind, record

log = structlog.get_logger()

TOGETHER: Final = timedelta(days=7)
"""Calls within this time count together."""


def plant_canary(
    client_id: UUID, candidate: str, employer_id: UUID | None, why: str, user: User, now: datetime
) -> Canary:
    """Make this candidate of this platform a canary.

    Raises Refused: `not_allowed`, `platform_unknown`, `employer_unknown`, `canary_known`.
    """
    if not user.as_reviewer().can(Power.TRACE):
        raise Refused("not_allowed")
    if not ApiClient.objects.filter(pk=client_id, revoked_at=None).exists():
        raise Refused("platform_unknown", "platform")
    if employer_id is not None and not Employer.objects.filter(pk=employer_id).exists():
        raise Refused("employer_unknown", "employer")
    new = {"employer_id": employer_id, "why": why, "planted_by": user, "planted_at": now}
    try:
        with transaction.atomic():
            canary = Canary.objects.create(client_id=client_id, candidate=candidate, **new)
            record("plant_canary", canary, user.as_reviewer(), now)
    except IntegrityError:
        raise Refused("canary_known", "candidate") from None
    return canary


def record_canary_call(binding: RelayBinding, call: RelayCall) -> None:
    """Record a call to a canary from outside the team, in the transaction that stores the call.

    A worker acts on it after the commit.
    """
    if call.outcome != Outcome.STRANGER or call.by_candidate:
        return
    canary = Canary.objects.filter(client_id=binding.client_id, candidate=binding.candidate).first()
    if canary is not None:
        ring = CanaryRing.objects.create(
            canary=canary, call=call, employer_id=binding.employer_id, at=call.at
        )
        _notify(ring)


def act_on_call(ring_id: int, now: datetime) -> None:
    """Act on a call, once: restrict its employer if there were enough callers, until people have
    reviewed it.
    """
    ring = CanaryRing.objects.filter(pk=ring_id, answered_at=None).select_related("call").first()
    if ring is None:
        return
    moment = ring.at - TOGETHER
    # Calls before the last lifted restriction do not count again.
    if (lifted := tier_changes.last_lifted(ring.employer_id)) is not None:
        moment = max(moment, lifted.at)
    span = {"at__gt": moment, "at__lte": ring.at + TOGETHER}
    lately = CanaryRing.objects.filter(employer=ring.employer_id, looked_at=None, **span)
    indexes = lately.values_list("call__caller_index", flat=True).distinct()
    # During a change of keys, one caller may have several forms of its index.
    callers = len({forms_of(index)[0] for index in indexes})
    with transaction.atomic():
        enough = callers >= settings.CANARY_RINGS
        # Lock the company first, then the row.
        if enough and not _rests(ring.employer_id, now):
            tier_changes.change_tier(
                ring.employer_id, Tier.RESTRICTED, SYSTEM, now, seen=tier_changes.Seen(("canary",))
            )
        if not CanaryRing.objects.filter(pk=ring_id, answered_at=None).update(
            answered_at=now, restricted=enough
        ):
            transaction.set_rollback(True)
            return
        # No platform receives it: the type is not listed in `events.core.event_types`.
        record(
            "ring_canary",
            ring,
            SYSTEM,
            now,
            employer_id=ring.employer_id,
            data={"restricted": enough, "callers": callers},
        )
        raise_alert(
            AlertKind.CANARY,
            str(ring_id),
            {"restricted": enough},
            now,
            path=reverse("admin:downloads_canaryring_change", args=[ring_id]),
        )
    log.warning("canary_rang", ring=ring_id, employer=str(ring.employer_id), restricted=enough)


def _rests(employer_id: UUID, now: datetime) -> bool:
    """Return whether the employer is restricted already.

    Another call then adds nothing, and must not overtake an appeal.
    """
    override = Standing.objects.in_force(now).filter(pk=employer_id).first()
    return override is not None and override.tier == Tier.RESTRICTED and override.reason != STEP_UP


def settle_canary(ring_id: int, outcome: str, user: User, now: datetime) -> None:
    """Record a person's finding about a call, which then no longer counts.

    Raises Refused: `not_allowed`, `state_conflict`.
    """
    if not user.as_reviewer().can(Power.TRACE):
        raise Refused("not_allowed")
    with transaction.atomic():
        ring = CanaryRing.objects.select_for_update().filter(pk=ring_id, looked_at=None).first()
        if ring is None:
            raise Refused("state_conflict")
        ring.looked_at, ring.looked_by, ring.outcome = now, user, outcome
        ring.save(update_fields=["looked_at", "looked_by", "outcome"])
        record("settle_canary", ring, user.as_reviewer(), now, employer_id=ring.employer_id)


def unanswered_canary_calls() -> list[int]:
    """Return the calls whose task was lost."""
    return list(
        CanaryRing.objects.filter(answered_at=None)
        .order_by("at")
        .values_list("pk", flat=True)[:200]
    )


def _notify(ring: CanaryRing) -> None:
    notify_worker("downloads.tasks.answer_canary", ring.pk)
