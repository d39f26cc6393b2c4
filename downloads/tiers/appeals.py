"""Owners' appeals against changes of tier, and the staff's answers.

Somebody who did not make the change reviews the evidence and the owner's statement, and lifts the
restriction at once or upholds it with a reply. A later change, or the end of the restriction,
overtakes the appeal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from downloads import locks
from downloads.models import Move, MoveAppeal, Outcome, Standing
from downloads.rules.ladder import Tier
from downloads.tiers import tier_changes
from employers.models import Employer, Member, User
from employers.notices import tell_user
from employers.permissions import Power
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import Event, record
from verification.cases import notices, turnaround
from verification.cases.authority_evidence import shown_anew
from verification.cases.queue_placement import configured_hours
from verification.rules.urgency import CURRENT, Kind

WORDS_AT_MOST: Final = 4000
REPLY_AT_MOST: Final = 2000
AGAIN_AFTER: Final = timedelta(days=7)
"""The wait after an upheld appeal, unless authority has been proven again since."""


@dataclass(frozen=True)
class Restriction:
    """An override that restricts an employer, the Event that made it, and its appeals, latest
    first.
    """

    override: Standing
    move: Event
    appeals: tuple[MoveAppeal, ...]

    @property
    def open_appeal(self) -> MoveAppeal | None:
        return next((appeal for appeal in self.appeals if appeal.answered_at is None), None)

    @property
    def upheld(self) -> MoveAppeal | None:
        """Return the last appeal that was upheld."""
        return next((appeal for appeal in self.appeals if appeal.outcome == Outcome.KEPT), None)


def restriction_of(employer_id: UUID, now: datetime) -> Restriction | None:
    """Return the employer's restriction beyond its case, or None."""
    override = (
        Standing.objects.in_force(now).filter(pk=employer_id).exclude(tier=Tier.ESTABLISHED).first()
    )
    move = tier_changes.last_move(employer_id) if override else None
    if override is None or move is None:
        return None
    return Restriction(
        override,
        move,
        tuple(MoveAppeal.objects.filter(employer=employer_id, move=move).order_by("-at")),
    )


def overtaken_before(restriction: Restriction) -> MoveAppeal | None:
    """Return the employer's last appeal if this change overtook it."""
    last = MoveAppeal.objects.filter(employer=restriction.override.pk).order_by("-at").first()
    return (
        last
        if last and last.outcome == Outcome.OVERTAKEN and last.move_id != restriction.move.pk
        else None
    )


# --- The employer ---------------------------------------------------------------------------------


def may_appeal(member: Member, restriction: Restriction | None, now: datetime) -> Refused | None:
    """Return why this member may not appeal, or None if they may."""
    if restriction is None:
        return Refused("restriction_none")
    if member.role != Member.MemberRole.OWNER or member.left_at is not None:
        return Refused("restriction_owner_only", seen=member.role)
    if restriction.open_appeal:
        return Refused("appeal_open")
    if (again := again_at(member.employer, restriction, now)) and again > now:
        return Refused("appeal_again_later", expected=again.isoformat(timespec="minutes"))
    return None


def again_at(employer: Employer, restriction: Restriction, now: datetime) -> datetime | None:
    """Return when an upheld restriction can be appealed again; None if there is no need to wait.

    There is no wait if no appeal was upheld, or if authority has been proven again since.
    """
    upheld = restriction.upheld
    if (
        upheld is None
        or upheld.answered_at is None
        or shown_anew(employer, upheld.answered_at, now)
    ):
        return None
    return upheld.answered_at + AGAIN_AFTER


def appeal_tier_change(member: Member, move_id: int, words: str, now: datetime) -> MoveAppeal:
    """File an appeal against the change `move_id`, which the page showed, and tell the owners.

    Raises Refused: `words_missing`, `state_conflict` if the tier has changed since, and the
    refusals of `may_appeal`.
    """
    words = words.strip()[:WORDS_AT_MOST]
    if not words:
        raise Refused("words_missing", "words")
    with transaction.atomic():
        locks.lock_company_of(member.employer_id)
        Standing.objects.select_for_update().filter(pk=member.employer_id).first()
        restriction = restriction_of(member.employer_id, now)
        if refused := may_appeal(member, restriction, now):
            raise refused
        assert restriction is not None
        if restriction.move.pk != move_id:
            raise Refused("state_conflict")
        due_at = configured_hours().after(now, CURRENT.target[Kind.APPEAL])
        said = MoveAppeal.objects.create(
            employer=member.employer,
            move=restriction.move,
            text=words,
            by=member.user,
            at=now,
            due_at=due_at,
        )
        _note("appeal", said, restriction.override, member.as_actor(), now)
        _tell("restriction_appealed", said, now)
    return said


# --- Staff ----------------------------------------------------------------------------------------


def may_answer_appeal(appeal: MoveAppeal, actor: Actor) -> Refused | None:
    """Return why this member of staff may not answer, or None if they may.

    A rule's change has had no review, so anyone who decides cases may answer. People's changes took
    two; the answer needs the power to confirm changes, and comes from neither.
    """
    if not actor.can(Power.SECOND_REVIEW if appeal.move.role == Role.REVIEWER else Power.DECIDE):
        return Refused("not_allowed")
    if actor.id in people_behind_move(appeal.move):
        return Refused("another_reviewer_required")
    return None


def people_behind_move(move: Event) -> set[str]:
    """Return the ids of the people who proposed or confirmed a change; empty if a rule made it."""
    if move.role != Role.REVIEWER:
        return set()
    return {move.actor_id} | {str(row.proposed_by_id) for row in proposals_behind_move(move)}


def proposals_behind_move(move: Event) -> list[Move]:
    """Return the proposal behind this change, if two people made it."""
    if move.role != Role.REVIEWER:
        return []
    confirmed = Move.objects.filter(
        employer=move.employer_id,
        confirmed=True,
        settled_at=move.at,
        settled_by=UUID(move.actor_id),
    )
    return list(confirmed.select_related("proposed_by", "settled_by"))


def answer_appeal(
    appeal_id: int, reviewer: User, actor: Actor, now: datetime, *, lift: bool, reply: str
) -> MoveAppeal:
    """Lift the restriction at once, or uphold it, and mail the reply to the owners.

    Raises Refused: `words_missing` for upholding without a reply, `appeal_none` if the appeal is
    answered or overtaken, `restriction_none` if the restriction has ended, which also overtakes the
    appeal, and the refusals of `may_answer_appeal`.
    """
    reply = reply.strip()[:REPLY_AT_MOST]
    if not lift and not reply:
        raise Refused("words_missing", "reply")
    employer_id = MoveAppeal.objects.values_list("employer_id", flat=True).get(pk=appeal_id)
    with transaction.atomic():
        locks.lock_company_of(employer_id)
        override = Standing.objects.select_for_update().in_force(now).filter(pk=employer_id).first()
        said = (
            MoveAppeal.objects.select_for_update(of=("self",))
            .open()
            .select_related("move", "employer")
            .filter(pk=appeal_id)
            .first()
        )
        if said is None:
            raise Refused("appeal_none")
        if refused := may_answer_appeal(said, actor):
            raise refused
        said.answered_at = now
        if override is None:
            said.outcome = Outcome.OVERTAKEN
            said.save()
        else:
            _write_answer(said, override, reviewer, actor, now, lift=lift, reply=reply)
    if override is None:
        raise Refused("restriction_none")
    return said


def _write_answer(
    said: MoveAppeal,
    override: Standing,
    reviewer: User,
    actor: Actor,
    now: datetime,
    *,
    lift: bool,
    reply: str,
) -> None:
    said.answered_by, said.reply, said.outcome = (
        reviewer,
        reply,
        Outcome.LIFTED if lift else Outcome.KEPT,
    )
    said.save()
    _note("lift" if lift else "uphold", said, override, actor, now)
    if lift:
        tier_changes.lift_step_up(override, actor, now, reply)
    else:
        _tell("restriction_kept", said, now)


@dataclass(frozen=True)
class Waiting:
    """How many appeals are open, and how many of them are late."""

    many: int
    late: int


def count_open_appeals(now: datetime) -> Waiting:
    """Count the open appeals of real employers; a platform answers those of its test."""
    waits = MoveAppeal.objects.open().filter(employer__test=False)
    return Waiting(**waits.aggregate(many=Count("pk"), late=Count("pk", filter=Q(due_at__lte=now))))


def end_overtaken(now: datetime) -> int:
    """Close the appeals against restrictions that have expired; return how many."""
    ended = Standing.objects.filter(until__lte=now, employer__test=False).values("pk")
    return (
        MoveAppeal.objects.open()
        .filter(employer__in=ended)
        .update(answered_at=now, outcome=Outcome.OVERTAKEN)
    )


def appeal_turnaround() -> turnaround.Usual | None:
    """Return the usual time from an appeal to a person's answer, from recent appeals."""
    answered = (
        MoveAppeal.objects.answered_by_people()
        .filter(employer__test=False)
        .order_by("-pk")
        .values_list("at", "answered_at")
    )
    return turnaround.usual_turnaround(
        end - said for said, end in answered[: turnaround.OF_THE_LAST] if end
    )


def _note(verb: str, said: MoveAppeal, override: Standing, actor: Actor, now: datetime) -> None:
    until = override.until.isoformat() if override.until else None
    record(
        verb,
        said,
        actor,
        now,
        employer_id=said.employer_id,
        from_state=override.tier,
        to_state=override.tier,
        reasons=[override.reason] if override.reason else [],
        data={"until": until, "move": said.move_id},
    )


def _tell(template: str, said: MoveAppeal, now: datetime) -> None:
    """Send the mail to the owners and to the member who appealed."""
    path = reverse("downloads:restriction")
    for member in notices.concerned_members(said.employer_id, said.by_id):
        context = {
            "name": said.employer.name,
            "reply": said.reply,
            "days": AGAIN_AFTER.days,
            "path": path,
        }
        tell_user(member.user, template, context, now)
