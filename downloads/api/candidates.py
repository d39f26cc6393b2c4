"""API: candidates and their settings, and erase orders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from downloads.candidates import consents, erasure, operations, page_links
from downloads.models import Candidate, CandidateDefault, EraseOrder, Mode
from employers.clock import now_for
from employers.models import Employer, Scope
from employers.platforms.api import ApiRequest, BearerKey
from employers.platforms.api_members import Language
from events.api.pagination import Page, PageQuery, page_of
from events.api.texts import REFERENCE, REFERENCE_LONGEST
from events.core.errors import Refused

router = Router(tags=["candidates"])
default_router = Router(tags=["candidates"])
erase_router = Router(tags=["candidates"])

Reference = Annotated[
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
EVIDENCE: Final = (
    "A reference to your evidence, such as the number of a record in your own system. Must not"
    " contain personal data."
)

EXAMPLE: Final[dict[str, Any]] = {
    "reference": "cand-20481",
    "mode": "ask_first",
    "reachable": True,
    "textable": False,
    "language": "zh-hans",
    "blocked": [{"uscc": "91990101000000106E", "name": "云溪市示例科技有限公司", "own": False}],
    "told_at": "2026-11-20T02:00:00Z",
    "erased_at": None,
}


class CompanyIn(Schema):
    """A company, identified by an employer ID or by its unified social credit code."""

    employer_id: UUID | None = Field(None, description="The ID of the employer.", examples=[None])
    uscc: str = Field(
        "",
        max_length=40,
        description="The company's unified social credit code. Required without `employer_id`.",
        examples=["91990101000000106E"],
    )


class CandidateIn(Schema):
    """A candidate's settings: how they want to be asked, and the companies they block."""

    mode: Mode = Field(
        description=(
            "ask_first: nothing is released without a consent. tell_after: the candidate is"
            " notified after each release. closed: nothing is released."
        )
    )
    email: str = Field(
        "",
        max_length=254,
        examples=[""],
        description=(
            "The candidate's email address, used to notify them. It is stored encrypted and never"
            " returned. Leave it empty if your own app notifies them."
        ),
    )
    phone: str = Field(
        "",
        max_length=40,
        examples=[""],
        description=(
            "The candidate's mobile number in mainland China, for text messages if your operator"
            " has switched them on: which relay number will call, and without an email address"
            " all notices. It is stored encrypted and never returned."
        ),
    )
    language: Language = Field(
        "zh-hans", description="The language of our messages to the candidate."
    )
    blocked: list[CompanyIn] = Field(
        [],
        max_length=operations.MOST_BLOCKED,
        description=("Companies that may not receive the candidate's resume."),
    )


class BlockedOut(Schema):
    """A company that the candidate blocks."""

    uscc: str = Field(description="The company's unified social credit code.")
    name: str = Field(description="The company's name, if known.")
    own: bool = Field(
        description=(
            "Whether the candidate blocked the company on our page. Your updates do not remove"
            " these blocks."
        )
    )


class CandidateOut(Schema):
    """A candidate. Their email address and mobile number are never returned."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    reference: str = Field(description="Your ID for the candidate.")
    mode: Mode = Field(description="How the candidate wants to be asked.")
    reachable: bool = Field(description="Whether we have an email address for the candidate.")
    textable: bool = Field(description="Whether we have a mobile number for the candidate.")
    language: str = Field(description="The language of our messages to the candidate.")
    blocked: list[BlockedOut] = Field(description="The companies that the candidate blocks.")
    told_at: datetime = Field(description="When you first told us about the candidate.")
    erased_at: datetime | None = Field(description="When the candidate's contact data was erased.")

    @classmethod
    def of(cls, candidate: Candidate) -> CandidateOut:
        rows = candidate.blocked.order_by("at", "pk")
        return cls(
            reference=candidate.reference,
            mode=Mode(candidate.mode),
            reachable=bool(candidate.email_sealed),
            textable=bool(candidate.phone_sealed),
            language=candidate.language,
            told_at=candidate.told_at,
            erased_at=candidate.erased_at,
            blocked=[BlockedOut(uscc=row.uscc, name=row.name, own=row.own) for row in rows],
        )


@router.put(
    "/{reference}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={200: CandidateOut, 201: CandidateOut},
    summary="Create or update a candidate",
    operation_id="put_candidate",
)
def put(request: ApiRequest, reference: Path[Reference], body: CandidateIn) -> Status[CandidateOut]:
    """Creates or updates a candidate. Idempotent.

    The gate applies the change from the response on.
    """
    client = request.auth.client
    ids = [company.employer_id for company in body.blocked if company.employer_id is not None]
    codes = [company.uscc for company in body.blocked if company.employer_id is None]
    told = operations.Told(
        body.mode,
        body.email,
        body.phone,
        body.language,
        operations.candidate_named(client, ids, codes),
    )
    candidate, is_new = operations.put_candidate(client, reference, told, now_for(client))
    return Status(201 if is_new else 200, CandidateOut.of(candidate))


@router.get(
    "/{reference}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateOut,
    summary="Retrieve a candidate",
    operation_id="candidate",
)
def candidate(request: ApiRequest, reference: Path[Reference]) -> CandidateOut:
    """Returns the candidate's settings and the companies they block."""
    return CandidateOut.of(operations.candidate_of(request.auth.client_id, reference))


@router.delete(
    "/{reference}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={204: None},
    summary="Erase contact data",
    operation_id="erase_candidate",
)
def erase(request: ApiRequest, reference: Path[Reference]) -> Status[None]:
    """Erases the candidate's address and number, invalidates their links, and stops all further
    releases.

    Past releases stay on record without the candidate's data.
    """
    client = request.auth.client
    operations.erase_candidate(client, reference, now_for(client))
    return Status(204, None)


class LedgerLinkOut(Schema):
    """A link to the candidate's own page."""

    url: str = Field(
        description=(
            "The URL of the page. Give it only to the candidate: anyone who has it can act as them."
        )
    )


@router.post(
    "/{reference}/link",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=LedgerLinkOut,
    summary="Create a link to the candidate's page",
    operation_id="ledger_link",
)
def link(request: ApiRequest, reference: Path[Reference]) -> LedgerLinkOut:
    """Returns a link for the candidate who is signed in with you. Give it to no one else.

    It opens the page for 30 days, unless the candidate replaces it. A consent can be given with it
    for one day, so create a new one each time that the candidate opens the page.
    """
    found = operations.candidate_of(request.auth.client_id, reference)
    if found.erased_at is not None:
        raise Refused("candidate_unknown")
    return LedgerLinkOut(url=settings.SITE_URL + page_links.path_of(found, timezone.now()))


@router.post(
    "/{reference}/revoke",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateOut,
    summary="Revoke for a company",
    operation_id="revoke",
)
def revoke(request: ApiRequest, reference: Path[Reference], body: CompanyIn) -> CandidateOut:
    """Revokes all permissions of a company. Call it only when the candidate asks for it.

    From the response on, the company gets nothing. Its relay numbers end, and it must erase its
    copies.
    """
    client = request.auth.client
    found = operations.candidate_of(client.pk, reference)
    consents.revoke_consent(found.pk, _code(request, body), client.as_actor(), now_for(client))
    return CandidateOut.of(found)


@router.post(
    "/{reference}/allow-again",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateOut,
    summary="Undo a revocation",
    operation_id="allow_again",
)
def allow_again(request: ApiRequest, reference: Path[Reference], body: CompanyIn) -> CandidateOut:
    """Unblocks the company and withdraws its open erase orders. Call it only when the candidate
    asks for it.
    """
    client = request.auth.client
    found = operations.candidate_of(client.pk, reference)
    consents.allow_again(found.pk, _code(request, body), client.as_actor(), now_for(client))
    return CandidateOut.of(found)


def _code(request: ApiRequest, body: CompanyIn) -> str:
    ids, codes = ([body.employer_id], []) if body.employer_id else ([], [body.uscc])
    (code,) = operations.candidate_named(request.auth.client, ids, codes)
    return code


# --- Unknown candidates ---------------------------------------------------------------------------


class DefaultIn(Schema):
    """The mode of candidates that you have not told us about."""

    mode: Mode = Field(
        description=(
            "With tell_after you declare that you have obtained their separate consent yourself."
        )
    )
    basis: str = Field(
        min_length=1,
        max_length=500,
        examples=["Consent dialog v3 of the resume page, record per candidate"],
        description=(
            "The basis of your declaration: the text and version of your consent dialog, and the"
            " record that proves it."
        ),
    )


class DefaultOut(Schema):
    """The default for candidates that you have not told us about."""

    mode: Mode = Field(description="How these candidates are asked.")
    basis: str = Field(
        description=(
            "The basis of your declaration. Empty if you have declared nothing and the deployment's"
            " default applies."
        )
    )
    declared_at: datetime | None = Field(description="When you declared it.")


@default_router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=DefaultOut,
    summary="Retrieve the default",
    operation_id="candidate_default",
)
def read_default(request: ApiRequest) -> DefaultOut:
    """Returns the mode that the gate uses for candidates that you have not told us about."""
    row = CandidateDefault.objects.filter(pk=request.auth.client_id).first()
    if row is None:
        return DefaultOut(mode=Mode(settings.CANDIDATES_DEFAULT), basis="", declared_at=None)
    return DefaultOut(mode=Mode(row.mode), basis=row.basis, declared_at=row.declared_at)


@default_router.put(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=DefaultOut,
    summary="Declare the default",
    operation_id="declare_candidate_default",
)
def declare_default(request: ApiRequest, body: DefaultIn) -> DefaultOut:
    """Declares the default, which is recorded with its time. The gate applies it from the response
    on.
    """
    client = request.auth.client
    row = operations.declare_default(client, body.mode, body.basis, now_for(client))
    return DefaultOut(mode=Mode(row.mode), basis=row.basis, declared_at=row.declared_at)


# --- Erasure --------------------------------------------------------------------------------------


class EraseOrderOut(Schema):
    """An order to an employer to erase its copies of a candidate's resume."""

    id: UUID = Field(description="Unique identifier of the order.")
    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    employer_id: UUID = Field(description="The employer that must erase its copies.")
    ordered_at: datetime = Field(description="When the candidate revoked.")
    due_at: datetime = Field(description="The due date.")
    answer: str = Field(
        description=("erased or kept; empty until it is answered."), examples=["erased"]
    )
    why: str = Field(description="Why the copies are kept.")
    answered_at: datetime | None = Field(description="When it was answered.")
    withdrawn_at: datetime | None = Field(description="When the candidate withdrew the order.")
    overdue: bool = Field(description="Whether the answer is overdue.")

    @classmethod
    def of(cls, row: EraseOrder, now: datetime) -> EraseOrderOut:
        overdue = row.answered_at is None and row.withdrawn_at is None and row.due_at <= now
        return cls(
            id=row.pk,
            candidate=row.candidate.reference,
            employer_id=row.employer_id,
            ordered_at=row.ordered_at,
            due_at=row.due_at,
            answer=row.answer,
            why=row.why,
            answered_at=row.answered_at,
            withdrawn_at=row.withdrawn_at,
            overdue=overdue,
        )


class EraseOrdersQuery(PageQuery):
    """Filters for erase orders."""

    employer_id: UUID | None = Field(None, description="Only orders to this employer.")


@erase_router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[EraseOrderOut],
    summary="List erase orders",
    operation_id="erase_orders",
)
def erase_orders(request: ApiRequest, asked: Query[EraseOrdersQuery]) -> dict[str, Any]:
    """Returns the erase orders of your candidates, the latest first."""
    client = request.auth.client
    rows = EraseOrder.objects.filter(candidate__client_id=client.pk).select_related("candidate")
    if asked.employer_id is not None:
        rows = rows.filter(employer=asked.employer_id)
    found, following = page_of(rows, asked, "erase orders", by="ordered_at", newest_first=True)
    return {"data": [EraseOrderOut.of(row, now_for(client)) for row in found], "next": following}


class ErasedIn(Schema):
    """The employer's answer to an erase order."""

    answer: Literal["erased", "kept"] = Field(description="Whether the copies are erased.")
    why: str = Field(
        "",
        max_length=500,
        description=("Why the copies are kept. Required with kept."),
        examples=[""],
    )


@erase_router.post(
    "/{order_id}/answer",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=EraseOrderOut,
    summary="Answer an erase order",
    operation_id="answer_erase_order",
)
def answer_erase_order(request: ApiRequest, order_id: UUID, body: ErasedIn) -> EraseOrderOut:
    """Answers an order on behalf of one of your employers. The first answer counts.

    Employers can also answer on our pages.
    """
    client, now = request.auth.client, now_for(request.auth.client)
    own = EraseOrder.objects.filter(
        candidate__client_id=client.pk, employer__in=Employer.objects.filter(platform=client)
    )
    row = erasure.answer_erase_order(
        order_id, own, body.answer, body.why, None, client.as_actor(), now
    )
    return EraseOrderOut.of(row, now)
