"""Changes of an employer's tier, by a rule or by two people, with the mails about them.

Each change is made under the company's lock (`downloads.locks`), so the gate sees it as soon as it
is acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.timezone import localtime

from downloads import locks
from downloads.gate import proposals
from downloads.models import Move, MoveAppeal, Outcome, Standing, StandingQuerySet
from downloads.rules.ladder import RESTRICTED, STEP_UP, Tier
from employers.clock import now_of
from employers.models import ApiClient, Employer, User
from employers.notices import tell_user
from employers.permissions import Power
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.models import Event, record
from verification.cases import notices
from verification.cases.authority_evidence import shown_anew
from verification.models import Proof, ProofState

OWN_MOVES: Final = ("step_up", "restrict", "demote", "promote", "release")
"""The verbs of the Events about a change of tier."""
VERBS: Final = {
    Tier.RESTRICTED: "restrict",
    Tier.PROVISIONAL: "demote",
    Tier.ESTABLISHED: "promote",
}


@dataclass(frozen=True)
class Seen:
    """The evidence of a rule: its signals, the figures behind them, and the start of the period
    counted.
    """

    signals: tuple[str, ...] = ()
    figures: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None

    def stored(self) -> dict[str, Any]:
        since = {"since": self.since.isoformat()} if self.since else {}
        return {"seen": list(self.signals), "figures": dict(self.figures)} | since


NOTHING: Final = Seen()


@dataclass(frozen=True)
class Basis:
    """The override that a rule saw when it decided, or None if there was none.

    If somebody else has changed it since, their change is kept.
    """

    override: Standing | None

    def matches(self, found: Standing | None) -> bool:
        """Return whether `found` is still the override that the rule saw."""
        return self._values(found) == self._values(self.override)

    @staticmethod
    def _values(override: Standing | None) -> tuple[object, ...] | None:
        return (
            (override.tier, override.reason, override.moved_at, override.until)
            if override
            else None
        )


def change_tier(
    employer_id: UUID,
    tier: Tier,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    until: datetime | None = None,
    seen: Seen = NOTHING,
    basis: Basis | None = None,
    note: str = "",
) -> bool:
    """Set the employer's tier until `until`, regardless of its case.

    `reason` is the gate's answer if the tier is `restricted`; `seen` is the evidence; `note` is a
    message to the owners. Returns False if `basis` no longer matches.
    """
    reason = reason or (RESTRICTED if tier is Tier.RESTRICTED else "")
    with transaction.atomic():
        locks.lock_company_of(employer_id)
        earlier = Standing.objects.select_for_update().in_force(now).filter(pk=employer_id).first()
        if basis and not basis.matches(earlier):
            return False
        values = {
            "tier": tier,
            "reason": reason,
            "moved_at": now,
            "until": until,
        } | _earlier_override(earlier, reason)
        override, _ = Standing.objects.update_or_create(pk=employer_id, defaults=values)
        verb = "step_up" if reason == STEP_UP else VERBS[tier]
        _noted(
            verb,
            override,
            earlier.tier if earlier else "",
            tier,
            [reason] if reason else [],
            actor,
            now,
            seen,
            note,
        )
    return True


def _earlier_override(earlier: Standing | None, reason: str) -> dict[str, Any]:
    """Return the override that a step-up restores: an earlier one by a rule or by two people, which
    a proof of authority does not lift.
    """
    if earlier is None or reason != STEP_UP:
        return {"earlier_tier": "", "earlier_until": None}
    if earlier.reason == STEP_UP:
        return {"earlier_tier": earlier.earlier_tier, "earlier_until": earlier.earlier_until}
    return {"earlier_tier": "" if earlier.reason else earlier.tier, "earlier_until": earlier.until}


def lift_override(
    employer_id: UUID, actor: Actor, now: datetime, *, basis: Basis | None = None, note: str = ""
) -> bool:
    """End the override, so that the employer's case decides its tier again.

    Returns False if there is no override, or `basis` no longer matches.
    """
    with transaction.atomic():
        locks.lock_company_of(employer_id)
        override = Standing.objects.select_for_update().filter(pk=employer_id).first()
        if override is None or (basis and not basis.matches(override)):
            return False
        _noted(
            "release",
            override,
            override.tier,
            "",
            [override.reason] if override.reason else [],
            actor,
            now,
            note=note,
        )
        override.delete()
    return True


def _noted(
    verb: str,
    override: Standing,
    earlier: str,
    later: str,
    reasons: list[str],
    actor: Actor,
    now: datetime,
    seen: Seen = NOTHING,
    note: str = "",
) -> None:
    """Record the change, and tell the owners about it and how to reverse it.

    It overtakes any appeal against the previous tier.
    """
    until = override.until.isoformat() if override.until else None
    data = {"until": until} | seen.stored()
    record(
        verb,
        override,
        actor,
        now,
        employer_id=override.pk,
        from_state=earlier,
        to_state=later,
        reasons=reasons,
        data=data,
    )
    MoveAppeal.objects.open().filter(employer=override.pk).update(
        answered_at=now, outcome=Outcome.OVERTAKEN
    )
    name = Employer.objects.values_list("name", flat=True).get(pk=override.pk)
    day = localtime(override.until).date().isoformat() if override.until else ""
    path = reverse(
        "verification:home" if verb in ("release", "promote") else "downloads:restriction"
    )
    for member in notices.concerned_members(override.pk, None):
        context = {
            "name": name,
            "verb": verb,
            "reasons": [] if verb == "release" else reasons,
            "note": note,
            "path": path,
            "until": day,
        }
        tell_user(member.user, "standing_moved", context, now)


def last_move(employer_id: UUID) -> Event | None:
    """Return the Event of the employer's last change of tier, including the end of an override."""
    moves = Event.objects.filter(
        subject_type="standing", subject_id=str(employer_id), verb__in=OWN_MOVES
    )
    return moves.order_by("-id").first()


def last_lifted(employer_id: UUID) -> Event | None:
    """Return the Event of the employer's last change that was not a restriction."""
    moves = Event.objects.filter(
        subject_type="standing",
        subject_id=str(employer_id),
        verb__in=("release", "promote", "demote"),
    )
    return moves.order_by("-id").first()


# --- By two people --------------------------------------------------------------------------------


def propose_tier_change(
    employer_id: UUID, tier: str, why: str, until: datetime | None, user: User, now: datetime
) -> Move:
    """Propose a change to `tier`; "" for the tier of the case.

    Raises Refused: `not_allowed`, `employer_unknown`.
    """
    if not user.as_reviewer().can(Power.DECIDE):
        raise Refused("not_allowed")
    with transaction.atomic():
        employer = Employer.objects.shown_to(user.pk).filter(pk=employer_id).first()
        if employer is None:
            raise Refused("employer_unknown", "employer")
        proposed = Move.objects.create(
            employer=employer, tier=tier, why=why, until=until, proposed_by=user, proposed_at=now
        )
        record(
            "propose_move",
            proposed,
            user.as_reviewer(),
            now,
            employer_id=employer.pk,
            to_state=tier,
        )
    return proposed


def settle_tier_change(move_id: int, user: User, now: datetime, *, confirmed: bool) -> None:
    """Carry out a proposed change, or drop it; raises the errors of `settle_proposal`."""
    with transaction.atomic():
        proposed = proposals.settle_proposal(
            Move, move_id, user, Power.SECOND_REVIEW, now, confirmed=confirmed
        )
        proposed.confirmed = confirmed
        proposed.save()
        verb = "confirm_move" if confirmed else "drop_move"
        record(
            verb,
            proposed,
            user.as_reviewer(),
            now,
            employer_id=proposed.employer_id,
            to_state=proposed.tier,
        )
        if confirmed and proposed.tier:
            change_tier(
                proposed.employer_id,
                Tier(proposed.tier),
                user.as_reviewer(),
                now,
                until=proposed.until,
            )
        elif confirmed:
            lift_override(proposed.employer_id, user.as_reviewer(), now)


# --- By a rule ------------------------------------------------------------------------------------


def lift_step_ups(now: datetime) -> int:
    """Lift the step-up of each employer that has since proven its authority by more than a weak
    proof; return how many.
    """
    return _lift_step_ups(Standing.objects.all(), now)


def lift_step_ups_of_test(client: ApiClient, now: datetime) -> int:
    """Lift step-ups in the test of one platform, by its clock, which shows `now`."""
    ahead = timedelta(seconds=client.clock_seconds)
    return _lift_step_ups(
        Standing.objects.filter(employer__platform=client, employer__test=True), now - ahead
    )


def _lift_step_ups(among: StandingQuerySet, now: datetime) -> int:
    lifted = 0
    proven = Proof.objects.filter(
        employer=OuterRef("pk"), state=ProofState.PROVEN, started_at__gt=OuterRef("moved_at")
    )
    asked = (
        among.filter(Exists(proven), reason=STEP_UP)
        .select_related("employer__platform")
        .order_by("moved_at")
    )
    for override in list(asked):
        moment = now_of(override.employer, now)
        if shown_anew(override.employer, override.moved_at, moment):
            lifted += lift_step_up(override, SYSTEM, moment)
    return lifted


def lift_step_up(override: Standing, actor: Actor, now: datetime, note: str = "") -> bool:
    """Restore the override from before the step-up if it is still valid; otherwise end the
    override.
    """
    basis = Basis(override)
    if override.earlier_tier and (override.earlier_until is None or override.earlier_until > now):
        return change_tier(
            override.pk,
            Tier(override.earlier_tier),
            actor,
            now,
            until=override.earlier_until,
            basis=basis,
            note=note,
        )
    return lift_override(override.pk, actor, now, basis=basis, note=note)
