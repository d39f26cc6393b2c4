"""How does a platform ask the gate? One call before every download."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, Router, Schema, Status
from pydantic import BaseModel, TypeAdapter

from downloads.gate import decide as gate_decide
from downloads.relays import contact_reports
from downloads.releases import explain as releases_explain
from downloads.releases import passes
from downloads.rules.ladder import RESTRICTED, STEP_UP
from employers.clock import now_for
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.texts import REFERENCE, REFERENCE_LONGEST, Words
from events.core.reasons import Reason
from verification.cases import turnaround

router = Router(tags=["gate"])


Candidate = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REFERENCE_LONGEST,
        pattern=REFERENCE,
        examples=["cand-20481"],
        description=(
            "Your own reference to the candidate. Not a name, phone number or e-mail address."
        ),
    ),
]


class Asking(BaseModel):
    """Who asks: a member of an employer, by our ids."""

    employer_id: UUID = Field(
        description="The employer.", examples=["0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"]
    )
    member_id: UUID = Field(
        description="Who of it asks.", examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"]
    )


class Question(Asking):
    """May this member of this employer download this candidate's resume now?"""

    candidate: Candidate


class Questions(Asking):
    """May this member of this employer download these candidates' resumes now?"""

    candidates: list[Candidate] = Field(
        min_length=1,
        max_length=gate_decide.AT_ONCE,
        description="In the order in which the quota counts them.",
    )


def page_of(code: str) -> str:
    """The address of the page on which the employer sees a reason, mends it, and appeals."""
    return settings.SITE_URL + reverse(
        "downloads:restriction" if code in (RESTRICTED, STEP_UP) else "verification:home"
    )


class ReasonOut(BaseModel):
    """Why not, how to mend it, who can, and how long that takes."""

    code: str = Field(description="Never changes its meaning.", examples=["employer_not_approved"])
    says: Words = Field(description="What is wrong.")
    fix: Words = Field(description="How it is mended.")
    who: str = Field(description="Who can.", examples=["recruiter"])
    takes: Words = Field(description="How long that takes.")
    url: str = Field(
        description=(
            "Where the employer's recruiter sees it and mends it, and appeals where that can be."
        )
    )
    appeal: bool = Field(description="Whether the employer can appeal.")

    @classmethod
    def of(cls, reason: Reason) -> ReasonOut:
        return cls(
            code=reason.code,
            says=Words.of(reason.says),
            fix=Words.of(reason.fix),
            who=reason.who,
            takes=Words.of(turnaround.told(reason.takes)),
            url=page_of(reason.code),
            appeal=reason.appeal,
        )


class GateDecisionOut(BaseModel):
    """The answer. It is on record under `id`, whether yes or no."""

    id: UUID = Field(description="Of the answer, on record.")
    allowed: bool = Field(description="Anything but true is no.")
    reasons: list[ReasonOut] = Field(description="Why not; empty with a yes.")
    obligations: list[str] = Field(
        description="What you have to do with a yes.",
        examples=[["mark", "relay_only", "notify_candidate"]],
    )
    tier: str = Field(description="The employer's tier.", examples=["provisional"])
    decided_at: datetime = Field(description="The moment of which the answer speaks.")
    retry_at: datetime | None = Field(description="With a quota that is used up: when it frees.")
    gate_pass: str | None = Field(
        description=(
            "With a yes: good once, until `gate_pass_expires_at`. Spend it as the resume leaves."
        )
    )
    gate_pass_expires_at: datetime | None = Field(description="A minute after the answer.")

    @classmethod
    def of(cls, answer: gate_decide.Answer, gate_pass: str | None) -> GateDecisionOut:
        return cls(
            gate_pass=gate_pass,
            gate_pass_expires_at=answer.decided_at + passes.GOOD_FOR if gate_pass else None,
            id=answer.id,
            allowed=answer.allowed,
            reasons=[ReasonOut.of(reason) for reason in answer.reasons],
            obligations=list(answer.obligations),
            tier=answer.tier,
            decided_at=answer.decided_at,
            retry_at=answer.retry_at,
        )


_ANSWERS: Final = TypeAdapter(list[GateDecisionOut])


_ASKED_BY: Final = BearerKey(Scope.GATE_DECIDE, confirmed=True)


@router.post(
    "/decisions",
    auth=_ASKED_BY,
    response=GateDecisionOut,
    summary="Ask the gate",
    operation_id="decide",
)
def decide(request: ApiRequest, question: Question) -> HttpResponse:
    """Answers from the facts of this moment; an answer is never kept for later.

    Treat anything but `allowed: true` as no.
    """
    (answer,) = _answers(request, question, [question.candidate])
    return _written(answer.model_dump_json().encode())


@router.post(
    "/decisions/batch",
    auth=_ASKED_BY,
    response=list[GateDecisionOut],
    summary="Ask about many",
    operation_id="decide_all",
)
def decide_all(request: ApiRequest, questions: Questions) -> HttpResponse:
    """As if the candidates had been asked about one after the other: an answer each, in their
    order, and the quota counts each.
    """
    return _written(_ANSWERS.dump_json(_answers(request, questions, questions.candidates)))


def _written(answer: bytes) -> HttpResponse:
    """Our own answer needs no second look at its form, which the framework would take, and which
    costs more than to write it.
    """
    return HttpResponse(answer, content_type="application/json; charset=utf-8")


def _answers(request: ApiRequest, asking: Asking, candidates: list[str]) -> list[GateDecisionOut]:
    client = request.auth.client
    answers = gate_decide.decide_all(
        client_id=client.pk,
        test=client.test,
        employer_id=asking.employer_id,
        member_id=asking.member_id,
        candidates=candidates,
        now=now_for(client),
        zone=ZoneInfo(settings.TIME_ZONE),
        # A test's clock is none to judge a key by; its key was looked up.
        under=None if client.test else request.auth.pk,
    )
    return [
        GateDecisionOut.of(
            answer,
            (
                passes.issue(answer.id, client.pk, asking.employer_id, asking.member_id)
                if answer.allowed
                else None
            ),
        )
        for answer in answers
    ]


class QuotaUsedOut(Schema):
    """What the company had used of its quotas after this answer, where it rested on them, and how
    much its tier held.
    """

    used_day: int | None = Field(description="Downloads since midnight.")
    per_day: int | None = Field(description="Their limit.")
    used_hour: int | None = Field(description="Downloads in the last sixty minutes.")
    per_hour: int | None = Field(description="Their limit.")
    per_candidate: int | None = Field(
        description="Downloads of one candidate's resume in a day, at most."
    )


class ExplanationOut(Schema):
    """An answer with the facts that it rested on, as they were at that moment."""

    id: UUID = Field(description="Of the answer.")
    employer_id: UUID = Field(description="The employer that was asked about.")
    member_id: UUID = Field(description="Who of it asked.")
    candidate: str = Field(description="Your reference to the candidate.", examples=["cand-20481"])
    allowed: bool = Field(description="What was answered.")
    reasons: list[ReasonOut] = Field(description="Why not; empty with a yes.")
    tier: str = Field(description="The employer's tier then.", examples=["provisional"])
    ladder_version: str = Field(
        description="The version of the ladder by which it was decided.", examples=["2026-11.1"]
    )
    case_state: str | None = Field(
        description="Where the case that counted stood.", examples=["approved"]
    )
    case_version: int | None = Field(description="The version of that case.")
    quota: QuotaUsedOut = Field(description="What had been used, and how much there was.")
    decided_at: datetime = Field(description="When it was answered.")
    retry_at: datetime | None = Field(description="With a quota that was used up: when it frees.")
    pass_state: str = Field(
        description="What became of the pass: none, unspent, spent or expired.", examples=["spent"]
    )
    spent_at: datetime | None = Field(description="When the pass was spent.")

    @classmethod
    def of(cls, told: releases_explain.Explanation) -> ExplanationOut:
        row, rights = told.row, told.rights
        return cls(
            id=row.pk,
            employer_id=row.employer_id,
            member_id=row.member_id,
            candidate=row.candidate,
            allowed=row.allowed,
            reasons=[ReasonOut.of(reason) for reason in told.reasons],
            tier=row.tier,
            ladder_version=row.ladder_version,
            case_state=row.case_state or None,
            case_version=row.case_version,
            decided_at=row.decided_at,
            retry_at=told.retry_at,
            pass_state=told.pass_state,
            spent_at=told.spent_at,
            quota=QuotaUsedOut(
                used_day=row.used_day if row.tells_use else None,
                used_hour=row.used_hour if row.tells_use else None,
                per_day=rights.per_day if rights else None,
                per_hour=rights.per_hour if rights else None,
                per_candidate=rights.per_candidate if rights else None,
            ),
        )


@router.get(
    "/decisions/{decision_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=ExplanationOut,
    summary="Explain an answer",
    operation_id="explain",
)
def explain(request: ApiRequest, decision_id: UUID) -> ExplanationOut:
    """Any answer that was given to you, with what it rested on."""
    client = request.auth.client
    return ExplanationOut.of(
        releases_explain.explain(
            decision_id, client.pk, now_for(client), ZoneInfo(settings.TIME_ZONE)
        )
    )


class PassIn(Schema):
    """A pass, as a yes carried it."""

    gate_pass: str = Field(
        min_length=1, max_length=200, description="`gate_pass` of the answer, unchanged."
    )


class SpentOut(Schema):
    """The pass was honoured: hand over this candidate's resume to this member now, under these
    obligations.
    """

    decision_id: UUID = Field(description="The answer that the pass came with.")
    employer_id: UUID = Field(description="Who receives the resume.")
    member_id: UUID = Field(description="Who of it receives it.")
    candidate: str = Field(
        description="Whose resume it is, by your reference.", examples=["cand-20481"]
    )
    tier: str = Field(description="The employer's tier now.", examples=["provisional"])
    obligations: list[str] = Field(
        description="What you have to do.", examples=[["mark", "relay_only", "notify_candidate"]]
    )
    spent_at: datetime = Field(description="The moment of which this speaks.")


@router.post(
    "/passes/spend",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=SpentOut,
    summary="Spend a pass",
    operation_id="spend_pass",
)
def spend_pass(request: ApiRequest, body: PassIn) -> passes.Spent:
    """The last question before the first byte leaves.

    The facts are looked at again; anything but 200 is no.
    """
    client = request.auth.client
    return passes.spend(body.gate_pass, client_id=client.pk, now=now_for(client), test=client.test)


class ContactIn(Schema):
    """That an employer and a candidate were in contact."""

    decision_id: UUID = Field(
        description=(
            "The answer that allowed the download after which the employer and the candidate were"
            " in contact."
        )
    )


@router.post(
    "/contacts",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={204: None},
    summary="Report a contact",
    operation_id="report_contact",
)
def report_contact(request: ApiRequest, body: ContactIn) -> Status[None]:
    """An employer that speaks with those whose resumes it takes is one that hires: its quota rises
    sooner. Telling it twice is once.
    """
    client = request.auth.client
    contact_reports.report_contact(body.decision_id, client.pk, now_for(client))
    return Status(204, None)
