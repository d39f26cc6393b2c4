"""How does an employer come to another rung of the ladder?

By a rule, or by two people; always with a reason, and told.

Each move is made in the company's turn (`downloads.locks`), so that the gate sees it from the
moment that it is acknowledged.
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
from employers.permissions import Power
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.delivery.mail import queue_mail
from events.models import Event, record
from verification.cases import notices
from verification.cases.authority_evidence import shown_anew
from verification.models import Proof, ProofState

OWN_MOVES: Final = ("step_up", "restrict", "demote", "promote", "release")
"""The verbs of the Events that tell of a move."""
VERBS: Final = {
    Tier.RESTRICTED: "restrict",
    Tier.PROVISIONAL: "demote",
    Tier.ESTABLISHED: "promote",
}


@dataclass(frozen=True)
class Seen:
    """What a rule saw: its signals, the figures by which it judged them, and from when on it had
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
    """The place on the ladder on which a rule decided (None: its case alone said it).

    What others made of it meanwhile stays.
    """

    standing: Standing | None

    def holds(self, found: Standing | None) -> bool:
        return self._place(found) == self._place(self.standing)

    @staticmethod
    def _place(standing: Standing | None) -> tuple[object, ...] | None:
        return (
            (standing.tier, standing.reason, standing.moved_at, standing.until)
            if standing
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
    """Put the employer on `tier`, whatever its case would say, until `until`.

    `reason` is what the gate answers to the restricted; `seen` is what led to it; `note` is what
    whoever moved it writes to the owners. False where `basis` no longer holds.
    """
    reason = reason or (RESTRICTED if tier is Tier.RESTRICTED else "")
    with transaction.atomic():
        locks.lock_company_of(employer_id)
        earlier = Standing.objects.select_for_update().in_force(now).filter(pk=employer_id).first()
        if basis and not basis.holds(earlier):
            return False
        values = {"tier": tier, "reason": reason, "moved_at": now, "until": until} | _kept(
            earlier, reason
        )
        standing, _ = Standing.objects.update_or_create(pk=employer_id, defaults=values)
        verb = "step_up" if reason == STEP_UP else VERBS[tier]
        _noted(
            verb,
            standing,
            earlier.tier if earlier else "",
            tier,
            [reason] if reason else [],
            actor,
            now,
            seen,
            note,
        )
    return True


def _kept(earlier: Standing | None, reason: str) -> dict[str, Any]:
    """What a step-up goes back to: the place that a rule or two people gave before, which a proof
    of authority does not answer for.
    """
    if earlier is None or reason != STEP_UP:
        return {"earlier_tier": "", "earlier_until": None}
    if earlier.reason == STEP_UP:
        return {"earlier_tier": earlier.earlier_tier, "earlier_until": earlier.earlier_until}
    return {"earlier_tier": "" if earlier.reason else earlier.tier, "earlier_until": earlier.until}


def lift_override(
    employer_id: UUID, actor: Actor, now: datetime, *, basis: Basis | None = None, note: str = ""
) -> bool:
    """Let the employer's case say again where it stands; False where it did already, or `basis` no
    longer holds.
    """
    with transaction.atomic():
        locks.lock_company_of(employer_id)
        standing = Standing.objects.select_for_update().filter(pk=employer_id).first()
        if standing is None or (basis and not basis.holds(standing)):
            return False
        _noted(
            "release",
            standing,
            standing.tier,
            "",
            [standing.reason] if standing.reason else [],
            actor,
            now,
            note=note,
        )
        standing.delete()
    return True


def _noted(
    verb: str,
    standing: Standing,
    earlier: str,
    later: str,
    reasons: list[str],
    actor: Actor,
    now: datetime,
    seen: Seen = NOTHING,
    note: str = "",
) -> None:
    """Put it down, and tell the employer's owners, with the way back.

    An appeal against the place before is overtaken by it.
    """
    until = standing.until.isoformat() if standing.until else None
    data = {"until": until} | seen.stored()
    record(
        verb,
        standing,
        actor,
        now,
        employer_id=standing.pk,
        from_state=earlier,
        to_state=later,
        reasons=reasons,
        data=data,
    )
    MoveAppeal.objects.open().filter(employer=standing.pk).update(
        answered_at=now, outcome=Outcome.OVERTAKEN
    )
    name = Employer.objects.values_list("name", flat=True).get(pk=standing.pk)
    day = localtime(standing.until).date().isoformat() if standing.until else ""
    path = reverse(
        "verification:home" if verb in ("release", "promote") else "downloads:restriction"
    )
    for member in notices.concerned(standing.pk, None):
        context = {
            "name": name,
            "verb": verb,
            "reasons": [] if verb == "release" else reasons,
            "note": note,
            "path": path,
            "until": day,
        }
        queue_mail(member.user.email, "standing_moved", member.user.language, context, now)


def last_move(employer_id: UUID) -> Event | None:
    """The Event of the employer's last move, back to what its case says included."""
    moves = Event.objects.filter(
        subject_type="standing", subject_id=str(employer_id), verb__in=OWN_MOVES
    )
    return moves.order_by("-id").first()


def last_lifted(employer_id: UUID) -> Event | None:
    """The Event of the employer's last move that restricted nothing."""
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
    """Propose a move to `tier`, or "" for what the case says.

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
    """Carry out a proposed move, or drop it. Raises Refused as `proposals.settled`."""
    with transaction.atomic():
        proposed = proposals.settled(
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
    """Release those who have proven their authority since it was asked for, by more than a weak
    proof; how many.
    """
    return _lift_step_ups(Standing.objects.all(), now)


def lift_step_ups_of_test(client: ApiClient, now: datetime) -> int:
    """As `lift_step_ups`, in the test of one platform, whose clock shows `now`."""
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
    for standing in list(asked):
        moment = now_of(standing.employer, now)
        if shown_anew(standing.employer, standing.moved_at, moment):
            lifted += lift_step_up(standing, SYSTEM, moment)
    return lifted


def lift_step_up(standing: Standing, actor: Actor, now: datetime, note: str = "") -> bool:
    """Back to where it was moved to before a step-up, if that would still be in force; else as its
    case says.
    """
    basis = Basis(standing)
    if standing.earlier_tier and (standing.earlier_until is None or standing.earlier_until > now):
        return change_tier(
            standing.pk,
            Tier(standing.earlier_tier),
            actor,
            now,
            until=standing.earlier_until,
            basis=basis,
            note=note,
        )
    return lift_override(standing.pk, actor, now, basis=basis, note=note)
