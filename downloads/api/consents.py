"""API: requests for a candidate's consent, their answers, and consents that the platform obtained
itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Path, Query, Router, Schema, Status

from downloads.api.candidates import EVIDENCE, Reference
from downloads.api.gate import JobTitle, JobTitleOut
from downloads.api.text_messages import TEXT_MESSAGE, TextMessage, text_message_of
from downloads.candidates import consents, operations
from downloads.models import Consent, ConsentRequest
from downloads.test_mode.candidates import answer_at_once
from employers.clock import now_for
from employers.models import ApiClient, Employer, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.pagination import Page, PageQuery, page_of
from events.core.errors import Refused

router = Router(tags=["candidates"])
of_candidate = Router(tags=["candidates"])

KindIn = Literal["resume", "relay_number", "phone", "email"]


def _employer(client: ApiClient, employer_id: UUID) -> Employer:
    employer: Employer | None = Employer.objects.seen_by(client).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown", "employer_id")
    return employer


class ConsentOut(Schema):
    """A candidate's separate consent: who receives what, for what purpose, how, and until when."""

    id: UUID = Field(description="Unique identifier of the consent.")
    uscc: str = Field(description="The receiving company's unified social credit code.")
    receiver: str = Field(description="The company's name at the time of the consent.")
    contact: str = Field(description="The company's contact address.")
    purpose: str = Field(description="The purpose: hiring or for_client.", examples=["hiring"])
    method: str = Field(description="How the resume is released.", examples=["marked_copy"])
    kinds: list[str] = Field(
        description="The kinds of the candidate's data that are released.",
        examples=[["resume", "relay_number"]],
    )
    how: str = Field(
        description=("How it was given. page: on our page. platform: through you."),
        examples=["platform"],
    )
    evidence: str = Field(description="The reference to your evidence.")
    given_at: datetime = Field(description="When the consent was given.")
    until: datetime = Field(description="When the consent expires.")
    revoked_at: datetime | None = Field(description="When the consent was revoked.")

    @classmethod
    def of(cls, row: Consent) -> ConsentOut:
        return cls(
            id=row.pk,
            uscc=row.uscc,
            receiver=row.receiver,
            contact=row.contact,
            purpose=row.purpose,
            method=row.method,
            kinds=row.kinds,
            how=row.how,
            evidence=row.evidence,
            given_at=row.given_at,
            until=row.until,
            revoked_at=row.revoked_at,
        )


@of_candidate.get(
    "/{reference}/consents",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[ConsentOut],
    summary="List consents",
    operation_id="consents",
)
def list_consents(
    request: ApiRequest, reference: Path[Reference], asked: Query[PageQuery]
) -> dict[str, Any]:
    """Returns the candidate's consents, including those that have ended, the latest first."""
    found = operations.candidate_of(request.auth.client_id, reference)
    rows, following = page_of(
        Consent.objects.filter(candidate=found),
        asked,
        f"consents {found.pk}",
        by="given_at",
        newest_first=True,
    )
    return {"data": [ConsentOut.of(row) for row in rows], "next": following}


class ConsentIn(Schema):
    """A consent that you obtained: what the candidate agreed to, and your evidence."""

    employer_id: UUID = Field(
        description=("The employer that receives the resume."),
        examples=["0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"],
    )
    contact: str = Field(
        min_length=3,
        max_length=254,
        examples=["hr@company.example"],
        description="The receiver's contact address, as shown to the candidate.",
    )
    kinds: list[KindIn] = Field(
        max_length=10, description="The kinds of data to release. The resume is always included."
    )
    evidence: str = Field(
        min_length=1, max_length=200, examples=["consent-2026-118204"], description=EVIDENCE
    )
    given_at: datetime = Field(description="When the consent was given, with a time zone.")
    until: datetime = Field(
        description=("When the consent expires, at most a year after it was given.")
    )


@of_candidate.post(
    "/{reference}/consents",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={201: ConsentOut},
    summary="Record a consent",
    operation_id="give_consent",
)
def give(request: ApiRequest, reference: Path[Reference], body: ConsentIn) -> Status[ConsentOut]:
    """Records a consent that you obtained. It replaces a consent in force for the same company."""
    client = request.auth.client
    if body.given_at.tzinfo is None or body.until.tzinfo is None:
        raise Refused("consent_time_invalid", "given_at")
    employer = _employer(client, body.employer_id)
    given = consents.Given(
        employer, body.contact, body.kinds, body.evidence, body.given_at, body.until
    )
    return Status(
        201, ConsentOut.of(consents.give_consent(client, reference, given, now_for(client)))
    )


# --- Requests -------------------------------------------------------------------------------------


class ConsentRequestOut(Schema):
    """An employer's request for a candidate's consent, and the answer."""

    id: UUID = Field(description="Unique identifier of the request.")
    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    employer_id: UUID = Field(description="The employer that asks.")
    purpose: str = Field(description="The purpose: hiring or for_client.", examples=["hiring"])
    kinds: list[str] = Field(
        description="The kinds of the candidate's data to be released.",
        examples=[["resume", "relay_number"]],
    )
    job_title: JobTitleOut
    state: str = Field(description="open, agreed, refused or expired.", examples=["open"])
    asked_at: datetime = Field(description="When the candidate was asked.")
    expires_at: datetime = Field(description="When the request expires.")
    answered_at: datetime | None = Field(description="When it was answered.")
    consent_id: UUID | None = Field(description="The consent, if the candidate agreed.")
    text_message: TextMessage = Field(
        description=TEXT_MESSAGE.format("request"), examples=["delivered"]
    )

    @classmethod
    def of(cls, row: ConsentRequest, now: datetime) -> ConsentRequestOut:
        waiting = "open" if row.expires_at > now else "expired"
        return cls(
            id=row.pk,
            candidate=row.candidate.reference,
            employer_id=row.employer_id,
            purpose=row.purpose,
            kinds=row.kinds,
            job_title=row.job_title,
            state={None: waiting, True: "agreed", False: "refused"}[row.agreed],
            asked_at=row.asked_at,
            expires_at=row.expires_at,
            answered_at=row.answered_at,
            consent_id=row.consent_id,
            text_message=text_message_of(row),
        )


class ConsentAskIn(Schema):
    """Who asks, and for which data."""

    employer_id: UUID = Field(
        description="The employer that asks.", examples=["0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"]
    )
    member_id: UUID = Field(
        description=("The member of the employer who asks."),
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    kinds: list[KindIn] = Field(
        ["resume", "relay_number"],
        max_length=10,
        description="The kinds of data to be released. The resume is always included.",
    )
    job_title: JobTitle = ""


@of_candidate.post(
    "/{reference}/consent-requests",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=ConsentRequestOut,
    summary="Ask for consent",
    operation_id="ask_consent",
)
def ask(request: ApiRequest, reference: Path[Reference], body: ConsentAskIn) -> ConsentRequestOut:
    """Asks the candidate by mail or text message, and sends you `consent.asked`, so that you can
    ask in your own app.

    A repeated call returns the same request. For 90 days after a refusal, it fails with
    `consent_refused`.
    """
    client, now = request.auth.client, now_for(request.auth.client)
    row = consents.ask_consent(
        client,
        reference,
        _employer(client, body.employer_id),
        body.member_id,
        body.kinds,
        now,
        job_title=body.job_title,
    )
    return ConsentRequestOut.of(answer_at_once(row, client, now), now)


def _seen(client: ApiClient, request_id: UUID) -> ConsentRequest:
    row: ConsentRequest | None = (
        ConsentRequest.objects.select_related("candidate", "text")
        .filter(pk=request_id, candidate__client_id=client.pk)
        .first()
    )
    if row is None:
        raise Refused("consent_request_unknown")
    return row


@router.get(
    "/{request_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=ConsentRequestOut,
    summary="Retrieve a consent request",
    operation_id="consent_request",
)
def consent_request(request: ApiRequest, request_id: UUID) -> ConsentRequestOut:
    """Returns a request and its state."""
    client = request.auth.client
    return ConsentRequestOut.of(_seen(client, request_id), now_for(client))


class ConsentAnswerIn(Schema):
    """The candidate's answer to you."""

    agrees: bool = Field(description="Whether the candidate agrees.")
    evidence: str = Field(
        min_length=1, max_length=200, examples=["consent-2026-118204"], description=EVIDENCE
    )


@router.post(
    "/{request_id}/answer",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=ConsentRequestOut,
    summary="Answer a consent request",
    operation_id="answer_consent",
)
def answer(request: ApiRequest, request_id: UUID, body: ConsentAnswerIn) -> ConsentRequestOut:
    """Records the candidate's answer. Call it only when the candidate has answered you.

    A no can become a yes until the request expires. Use `revoke` to withdraw a yes.
    """
    client, now = request.auth.client, now_for(request.auth.client)
    _seen(client, request_id)
    row = consents.answer_consent_request(
        request_id, body.agrees, client.as_actor(), now, evidence=body.evidence
    )
    return ConsentRequestOut.of(row, now)
