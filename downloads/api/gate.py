"""API: the gate, passes and contacts. Platforms ask the gate before every download."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import BaseModel, TypeAdapter

from downloads.gate import decide as gate_decide
from downloads.relays import contact_reports
from downloads.releases import explain as releases_explain
from downloads.releases import passes
from downloads.rules.job_titles import LONGEST
from downloads.rules.ladder import RESTRICTED, STEP_UP
from employers.clock import now_for
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey, checked_key_of
from employers.platforms.unlinked_askings import (
    NOT_LINKED,
    count_unlinked_asking,
    refuse_unlinked_asking,
)
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
            "Your own ID for the candidate. Don't use a name, phone number or email address."
        ),
    ),
]


JobTitle = Annotated[
    str,
    Field(
        max_length=LONGEST,
        examples=["前端工程师"],
        description=(
            "The title of the job that the recruiter hires for. The candidate sees it on their page"
            " and in messages. Titles with contact details, links or invitations to get in touch"
            " are refused with `job_title_not_allowed`; then send the call again without it."
        ),
    ),
]
JobTitleOut = Annotated[
    str,
    Field(description="The job, as you named it. Empty if you did not.", examples=["前端工程师"]),
]


class Asking(BaseModel):
    """A member of an employer, identified by our IDs."""

    employer_id: UUID = Field(
        description="The employer.", examples=["0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"]
    )
    member_id: UUID = Field(
        description=("The member who wants to download."),
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )


class Question(Asking):
    """A request to download a candidate's resume."""

    candidate: Candidate


class Questions(Asking):
    """A request to download several candidates' resumes."""

    candidates: list[Candidate] = Field(
        min_length=1,
        max_length=gate_decide.AT_ONCE,
        description="The candidates, in the order in which they use the quota.",
    )


def page_of(code: str) -> str:
    """Return the URL of the page where the employer sees a reason, resolves it, and can appeal."""
    return settings.SITE_URL + reverse(_PAGES.get(code, "verification:home"))


_PAGES: Final = {
    RESTRICTED: "downloads:restriction",
    STEP_UP: "downloads:restriction",
    NOT_LINKED: "member_links:sites",
}


class ReasonOut(BaseModel):
    """Why the gate said no, how to fix it, who can, and how long it takes."""

    code: str = Field(description="A stable code.", examples=["employer_not_approved"])
    says: Words = Field(description="What is wrong.")
    fix: Words = Field(description="How to fix it.")
    who: str = Field(description="Who can fix it.", examples=["recruiter"])
    takes: Words = Field(description="How long it takes.")
    url: str = Field(
        description=(
            "The page where the employer's recruiter sees the reason, fixes it, and can appeal if"
            " an appeal is possible."
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
            takes=Words.of(turnaround.turnaround_text(reason.takes)),
            url=page_of(reason.code),
            appeal=reason.appeal,
        )


class GateDecisionOut(BaseModel):
    """A decision of the gate. It is recorded under its `id`, whether it is yes or no."""

    id: UUID = Field(description="Unique identifier of the decision.")
    allowed: bool = Field(
        description=("Whether the download is allowed. Treat anything but true as no.")
    )
    reasons: list[ReasonOut] = Field(description="Why the download is not allowed. Empty if it is.")
    obligations: list[str] = Field(
        description="What you must do with an allowed download.",
        examples=[["mark", "relay_only", "notify_candidate"]],
    )
    tier: str = Field(description="The employer's tier.", examples=["provisional"])
    decided_at: datetime = Field(description="When the gate decided.")
    retry_at: datetime | None = Field(description="When the quota is free again, if it is used up.")
    gate_pass: str | None = Field(
        description=(
            "A pass for an allowed download. It is valid once, until `gate_pass_expires_at`. Spend"
            " it when the resume leaves."
        )
    )
    gate_pass_expires_at: datetime | None = Field(
        description=("When the pass expires: a minute after the decision.")
    )

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
    """Decides whether a download is allowed, from the facts at this moment. Do not cache the
    decision.

    Treat anything but `allowed: true` as no.
    """
    (answer,) = _answers(request, question, [question.candidate])
    return _written(answer.model_dump_json().encode())


@router.post(
    "/decisions/batch",
    auth=_ASKED_BY,
    response=list[GateDecisionOut],
    summary="Ask the gate about several candidates",
    operation_id="decide_all",
)
def decide_all(request: ApiRequest, questions: Questions) -> HttpResponse:
    """Decides about each candidate in order, as separate requests would. Each allowed download uses
    the quota.
    """
    return _written(_ANSWERS.dump_json(_answers(request, questions, questions.candidates)))


def _written(answer: bytes) -> HttpResponse:
    """Return the response without the framework's validation, which would take longer than writing
    it.
    """
    return HttpResponse(answer, content_type="application/json; charset=utf-8")


def _answers(request: ApiRequest, asking: Asking, candidates: list[str]) -> list[GateDecisionOut]:
    """Decide. Questions about recruiters who are not linked count against the platform alone."""
    client = request.auth.client
    refuse_unlinked_asking(client, asking.employer_id, asking.member_id, timezone.now())
    answers = gate_decide.decide_all(
        client_id=client.pk,
        test=client.test,
        employer_id=asking.employer_id,
        member_id=asking.member_id,
        candidates=candidates,
        now=now_for(client),
        zone=ZoneInfo(settings.TIME_ZONE),
        # A test's clock cannot be used to check a key; its key was looked up.
        under=None if client.test else checked_key_of(request),
    )
    if any(reason.code == NOT_LINKED for answer in answers for reason in answer.reasons):
        count_unlinked_asking(client, len(candidates), timezone.now())
    return [
        GateDecisionOut.of(
            answer,
            (
                passes.issue_pass(answer.id, client.pk, asking.employer_id, asking.member_id)
                if answer.allowed
                else None
            ),
        )
        for answer in answers
    ]


class QuotaUsedOut(Schema):
    """The company's use of its quotas after this decision, and the limits of its tier.

    The use is null if the decision did not use the quotas.
    """

    used_day: int | None = Field(description="Downloads since midnight.")
    per_day: int | None = Field(description="The daily limit.")
    used_hour: int | None = Field(description="Downloads in the last sixty minutes.")
    per_hour: int | None = Field(description="The hourly limit.")
    per_candidate: int | None = Field(description="The daily limit for one candidate's resume.")


class ExplanationOut(Schema):
    """A decision with the facts that it used, as they were at that moment."""

    id: UUID = Field(description="Unique identifier of the decision.")
    employer_id: UUID = Field(description="The employer.")
    member_id: UUID = Field(description="The member who wanted to download.")
    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    allowed: bool = Field(description="Whether the download was allowed.")
    reasons: list[ReasonOut] = Field(
        description=("Why the download was not allowed. Empty if it was.")
    )
    tier: str = Field(description="The employer's tier at that time.", examples=["provisional"])
    ladder_version: str = Field(
        description="The version of the ladder that was used.", examples=["2026-12.1"]
    )
    case_state: str | None = Field(
        description="The state of the employer's case at that time.", examples=["approved"]
    )
    case_version: int | None = Field(description="The version of that case.")
    quota: QuotaUsedOut = Field(description="The quotas and their use.")
    decided_at: datetime = Field(description="When the gate decided.")
    retry_at: datetime | None = Field(
        description=("When the quota was free again, if it was used up.")
    )
    pass_state: str = Field(
        description="The state of the pass: none, unspent, spent or expired.", examples=["spent"]
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
    summary="Retrieve a decision",
    operation_id="explain",
)
def explain(request: ApiRequest, decision_id: UUID) -> ExplanationOut:
    """Returns one of your decisions with the facts that it used."""
    client = request.auth.client
    return ExplanationOut.of(
        releases_explain.explain_decision(
            decision_id, client.pk, now_for(client), ZoneInfo(settings.TIME_ZONE)
        )
    )


class PassIn(Schema):
    """The pass of an allowed download."""

    gate_pass: str = Field(
        min_length=1, max_length=200, description="The decision's `gate_pass`, unchanged."
    )
    job_title: JobTitle = ""


class SpentOut(Schema):
    """An honoured pass. Release this candidate's resume to this member now, under these
    obligations.
    """

    decision_id: UUID = Field(description="The decision that the pass belongs to.")
    employer_id: UUID = Field(description="The employer that receives the resume.")
    member_id: UUID = Field(description="The member who receives it.")
    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    tier: str = Field(description="The employer's tier now.", examples=["provisional"])
    obligations: list[str] = Field(
        description="What you must do.", examples=[["mark", "relay_only", "notify_candidate"]]
    )
    spent_at: datetime = Field(description="When the pass was spent.")


@router.post(
    "/passes/spend",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=SpentOut,
    summary="Spend a pass",
    operation_id="spend_pass",
)
def spend_pass(request: ApiRequest, body: PassIn) -> passes.Spent:
    """Spends a pass. Call it right before the first byte of the resume leaves.

    The facts are checked again. Treat anything but 200 as no.
    """
    client = request.auth.client
    return passes.spend_pass(
        body.gate_pass,
        client_id=client.pk,
        now=now_for(client),
        test=client.test,
        job_title=body.job_title,
    )


class ContactIn(Schema):
    """A contact between an employer and a candidate."""

    decision_id: UUID = Field(
        description=("The decision that allowed the download before the contact.")
    )


@router.post(
    "/contacts",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={204: None},
    summary="Report a contact",
    operation_id="report_contact",
)
def report_contact(request: ApiRequest, body: ContactIn) -> Status[None]:
    """Reports that an employer contacted a candidate after a download. Contacts are a sign of real
    hiring, and raise the employer's quota sooner. Idempotent.
    """
    client = request.auth.client
    contact_reports.report_contact(body.decision_id, client.pk, now_for(client))
    return Status(204, None)
