"""API: the tiers of the test mode: moves by rules, appeals, and reviewers' answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from ninja import Field, Router, Schema

from downloads.models import MoveAppeal, Standing
from downloads.rules.ladder import RESTRICTED, STEP_UP, Tier
from downloads.tiers import appeals, tier_changes
from employers.clock import now_for
from employers.models import Employer, Member, Scope
from employers.permissions import Power
from employers.platforms.api import ApiRequest, BearerKey
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from verification.api.test_mode import employer_of_test
from verification.test_mode import reviewer_of

router = Router(tags=["test mode"])

MOVES: Final = {
    RESTRICTED: (
        Tier.RESTRICTED,
        tier_changes.Seen(("night", "sequence"), {"night": 23, "sequence": 18}),
    ),
    STEP_UP: (Tier.RESTRICTED, tier_changes.Seen(("night",), {"night": 23})),
    "provisional": (
        Tier.PROVISIONAL,
        tier_changes.Seen(("unanswered",), {"answerable": 80, "contacts": 1}),
    ),
    "established": (Tier.ESTABLISHED, tier_changes.NOTHING),
}
"""The tier that a rule moves an employer to, and the evidence that it reports."""


class MoveIn(Schema):
    """A move like those of the watch over downloads."""

    to: str = Field(
        examples=[RESTRICTED],
        description=f"One of {', '.join(MOVES)}, or `case` to return to the tier of its case.",
    )
    until: datetime | None = Field(
        default=None,
        description=("When the move ends. Without it, the move applies until it is lifted."),
    )


class StandingOut(Schema):
    """The override of the employer's tier. `tier` is null if the case alone gives the tier."""

    tier: str | None = Field(description="The employer's tier.", examples=["restricted"])
    reason: str | None = Field(
        description=("The reason that the gate returns."), examples=[RESTRICTED]
    )
    since: datetime | None = Field(description="When the override began.")
    until: datetime | None = Field(description="When the override ends, if known.")

    @classmethod
    def of(cls, employer: Employer, now: datetime) -> StandingOut:
        override = Standing.objects.in_force(now).filter(pk=employer.pk).first()
        if override is None:
            return cls(tier=None, reason=None, since=None, until=None)
        return cls(
            tier=override.tier,
            reason=override.reason or None,
            since=override.moved_at,
            until=override.until,
        )


@router.post(
    "/employers/{employer_id}/move",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=StandingOut,
    summary="Move an employer on the ladder as a rule would",
    operation_id="test_move",
)
def move(request: ApiRequest, employer_id: UUID, given: MoveIn) -> StandingOut:
    """Moves an employer at once and notifies it by mail and webhook with the reason, as if its
    downloads had triggered a rule.
    """
    employer, now = employer_of_test(request, employer_id), now_for(request.auth.client)
    if given.to == "case":
        tier_changes.lift_override(employer.pk, SYSTEM, now)
    elif given.to in MOVES:
        tier, seen = MOVES[given.to]
        reason = given.to if tier is Tier.RESTRICTED else ""
        tier_changes.change_tier(
            employer.pk, tier, SYSTEM, now, reason=reason, until=given.until, seen=seen
        )
    else:
        raise Refused("not_allowed", "to", seen=given.to, expected=", ".join([*MOVES, "case"]))
    return StandingOut.of(employer, now)


class AppealIn(Schema):
    """An owner's appeal against a restriction."""

    member_id: UUID = Field(
        description="An owner of the employer.", examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"]
    )
    words: str = Field(
        max_length=appeals.WORDS_AT_MOST,
        examples=["我们在为夜班岗位招聘。"],
        description="The owner's text.",
    )


class AppealOut(Schema):
    """An appeal."""

    appeal_id: int = Field(description="Unique identifier of the appeal.")
    outcome: str | None = Field(
        description=("The outcome: lifted, kept or overtaken. Null while the appeal is open."),
        examples=["lifted"],
    )
    due_at: datetime = Field(description="When the answer is due.")
    answered_at: datetime | None = Field(description="When it was answered.")
    standing: StandingOut = Field(description="The override of the employer's tier now.")

    @classmethod
    def of(cls, said: MoveAppeal, now: datetime) -> AppealOut:
        return cls(
            appeal_id=said.pk,
            outcome=said.outcome or None,
            due_at=said.due_at,
            answered_at=said.answered_at,
            standing=StandingOut.of(said.employer, now),
        )


@router.post(
    "/employers/{employer_id}/appeal",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=AppealOut,
    summary="Appeal as an owner would",
    operation_id="test_appeal",
)
def appeal(request: ApiRequest, employer_id: UUID, given: AppealIn) -> AppealOut:
    """Appeals like the owner does on the page at the gate's `url`, with the same limits."""
    employer, now = employer_of_test(request, employer_id), now_for(request.auth.client)
    member = (
        Member.objects.active()
        .filter(pk=given.member_id, employer=employer)
        .select_related("user", "employer")
        .first()
    )
    if member is None:
        raise Refused("member_unknown")
    found = appeals.restriction_of(employer.pk, now)
    if found is None:
        raise Refused("restriction_none")
    return AppealOut.of(appeals.appeal_tier_change(member, found.move.pk, given.words, now), now)


class AnswerIn(Schema):
    """A reviewer's answer to an appeal."""

    lift: bool = Field(description="Whether to lift the restriction at once.")
    reply: str = Field(
        default="",
        max_length=appeals.REPLY_AT_MOST,
        description="The reply to the employer. Required if the restriction is kept.",
    )


@router.post(
    "/employers/{employer_id}/answer-appeal",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response=AppealOut,
    summary="Answer an appeal as a reviewer would",
    operation_id="test_answer_appeal",
)
def answer_appeal(request: ApiRequest, employer_id: UUID, given: AnswerIn) -> AppealOut:
    """Answers the open appeal against a restriction. For appeals in a case, use `decide`."""
    employer, now = employer_of_test(request, employer_id), now_for(request.auth.client)
    waiting = MoveAppeal.objects.open().filter(employer=employer).first()
    if waiting is None:
        raise Refused("appeal_none")
    reviewer = reviewer_of(employer, now)
    actor = Actor(Role.REVIEWER, str(reviewer.pk), frozenset(Power))
    return AppealOut.of(
        appeals.answer_appeal(waiting.pk, reviewer, actor, now, lift=given.lift, reply=given.reply),
        now,
    )
