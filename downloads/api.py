"""How does a platform ask the gate? One call before every download."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from ninja import Field, Router, Schema

from downloads import gate
from employers.api import ApiRequest, BearerKey
from employers.clock import now_for
from employers.models import Scope
from events.reasons import Reason, Text
from verification import durations

router = Router(tags=["gate"])


class Question(Schema):
    """May this member of this employer download this candidate's resume now?"""

    employer_id: UUID = Field(examples=["0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"])
    member_id: UUID = Field(examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"])
    candidate: str = Field(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:\-]+$", examples=["cand-20481"],
        description="Your own reference to the candidate. Not a name, phone number or e-mail address.",
    )  # fmt: skip


class TwoLanguages(Schema):
    zh: str
    en: str

    @classmethod
    def of(cls, text: Text) -> TwoLanguages:
        return cls(zh=text.zh, en=text.en)


class ReasonOut(Schema):
    """Why not, how to mend it, who can, and how long that takes."""

    code: str = Field(examples=["employer_not_approved"])
    says: TwoLanguages
    fix: TwoLanguages
    who: str
    takes: TwoLanguages
    appeal: bool

    @classmethod
    def of(cls, reason: Reason) -> ReasonOut:
        return cls(
            code=reason.code, says=TwoLanguages.of(reason.says), fix=TwoLanguages.of(reason.fix), who=reason.who,
            takes=TwoLanguages.of(durations.told(reason.takes)), appeal=reason.appeal,
        )  # fmt: skip


class GateDecisionOut(Schema):
    """The answer. It is on record under `id`, whether yes or no."""

    id: UUID
    allowed: bool
    reasons: list[ReasonOut]
    obligations: list[str] = Field(examples=[["mark", "relay_only", "notify_candidate"]])
    tier: str = Field(examples=["provisional"])
    decided_at: datetime


@router.post("/decisions", auth=BearerKey(Scope.GATE_DECIDE), response=GateDecisionOut, summary="Ask the gate", operation_id="decide")
def decide(request: ApiRequest, question: Question) -> GateDecisionOut:
    """Answers from the facts of this moment; an answer is never kept for later. Treat anything but `allowed: true` as no."""
    answer = gate.decide(
        client_id=request.auth.client_id,
        employer_id=question.employer_id,
        member_id=question.member_id,
        candidate=question.candidate,
        now=now_for(request.auth.client),
        zone=ZoneInfo(settings.TIME_ZONE),
    )
    return GateDecisionOut(
        id=answer.id, allowed=answer.allowed, reasons=[ReasonOut.of(reason) for reason in answer.reasons],
        obligations=list(answer.obligations), tier=answer.tier, decided_at=answer.decided_at,
    )  # fmt: skip
