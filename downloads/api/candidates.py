"""How does a platform tell us how its candidates want to be asked, see what left of them, and pass
on what they say?
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.conf import settings
from ninja import Field, Path, Query, Router, Schema, Status

from downloads.candidates import consents, erasure, operations, page_links
from downloads.models import Candidate, CandidateDefault, EraseOrder, Mode, Release
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
        description="Your own id of the candidate. Not a name, phone number or e-mail address.",
    ),
]
EVIDENCE: Final = (
    "By which you can show it: the number of a record in your own system. No personal data."
)

EXAMPLE: Final[dict[str, Any]] = {
    "reference": "cand-20481", "mode": "ask_first", "reachable": True, "language": "zh-hans",
    "blocked": [{"uscc": "91990101000000106E", "name": "云溪市示例科技有限公司", "own": False}],
    "told_at": "2026-11-20T02:00:00Z", "erased_at": None,
}  # fmt: skip


class CompanyIn(Schema):
    """A company, by our id of an employer or by its code."""

    employer_id: UUID | None = Field(
        None, description="Of an employer that you know.", examples=[None]
    )
    uscc: str = Field(
        "",
        max_length=40,
        description="Else its unified social credit code.",
        examples=["91990101000000106E"],
    )


class CandidateIn(Schema):
    """How a candidate wants to be asked, and by whom not."""

    mode: Mode = Field(
        description=(
            "ask_first: nothing leaves without a consent. tell_after: they hear of it. closed:"
            " nothing leaves."
        )
    )
    email: str = Field(
        "",
        max_length=254,
        examples=[""],
        description=(
            "Where they are told. It rests encrypted and is handed out to nobody. Empty: your own"
            " app tells them."
        ),
    )
    language: Language = Field("zh-hans", description="Of our mails to them.")
    blocked: list[CompanyIn] = Field(
        [], max_length=operations.MOST_BLOCKED, description="Companies that get nothing of them."
    )


class BlockedOut(Schema):
    """A company that gets nothing of the candidate."""

    uscc: str = Field(description="Its code.")
    name: str = Field(description="Its name, where it is known.")
    own: bool = Field(
        description=(
            "Whether the candidate said so on our page: then what you tell us does not undo it."
        )
    )


class CandidateOut(Schema):
    """A candidate as we know them; their address is not told back."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    reference: str = Field(description="Yours.")
    mode: Mode = Field(description="How they want to be asked.")
    reachable: bool = Field(description="Whether we have an address to write to.")
    language: str = Field(description="Of our mails to them.")
    blocked: list[BlockedOut] = Field(description="Companies that get nothing of them.")
    told_at: datetime = Field(description="When you made them known.")
    erased_at: datetime | None = Field(description="When their contact data were erased.")

    @classmethod
    def of(cls, candidate: Candidate) -> CandidateOut:
        rows = candidate.blocked.order_by("at", "pk")
        return cls(
            reference=candidate.reference,
            mode=Mode(candidate.mode),
            reachable=bool(candidate.email_sealed),
            language=candidate.language,
            told_at=candidate.told_at,
            erased_at=candidate.erased_at,
            blocked=[BlockedOut(uscc=row.uscc, name=row.name, own=row.own) for row in rows],
        )


@router.put(
    "/{reference}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={200: CandidateOut, 201: CandidateOut},
    summary="Tell of a candidate",
    operation_id="put_candidate",
)
def put(request: ApiRequest, reference: Path[Reference], body: CandidateIn) -> Status[CandidateOut]:
    """The candidate as you say, whether known or not; said twice, it is the same as once.

    The gate follows from the answer on.
    """
    client = request.auth.client
    ids = [company.employer_id for company in body.blocked if company.employer_id is not None]
    codes = [company.uscc for company in body.blocked if company.employer_id is None]
    told = operations.Told(
        body.mode, body.email, body.language, operations.candidate_named(client, ids, codes)
    )
    candidate, is_new = operations.put_candidate(client, reference, told, now_for(client))
    return Status(201 if is_new else 200, CandidateOut.of(candidate))


@router.get(
    "/{reference}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateOut,
    summary="Read a candidate",
    operation_id="candidate",
)
def candidate(request: ApiRequest, reference: Path[Reference]) -> CandidateOut:
    """How they want to be asked, and whom they block."""
    return CandidateOut.of(operations.candidate_of(request.auth.client_id, reference))


@router.delete(
    "/{reference}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={204: None},
    summary="Erase contact data",
    operation_id="erase_candidate",
)
def erase(request: ApiRequest, reference: Path[Reference]) -> Status[None]:
    """Their address is erased, their links end, and nothing leaves of them any more.

    What left stays on record, without their data.
    """
    client = request.auth.client
    operations.erase_candidate(client, reference, now_for(client))
    return Status(204, None)


class LedgerLinkOut(Schema):
    """The way to the candidate's own page."""

    url: str = Field(description="For the candidate alone: whoever has it acts as they do.")


@router.post(
    "/{reference}/link",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=LedgerLinkOut,
    summary="Link to the ledger",
    operation_id="ledger_link",
)
def link(request: ApiRequest, reference: Path[Reference]) -> LedgerLinkOut:
    """Give it to the candidate who is signed in with you, and to nobody else.

    It ends when they ask for a new one.
    """
    found = operations.candidate_of(request.auth.client_id, reference)
    if found.erased_at is not None:
        raise Refused("candidate_unknown")
    return LedgerLinkOut(url=settings.SITE_URL + page_links.path_of(found))


class ReleaseOut(Schema):
    """That a resume left."""

    id: UUID = Field(description="Of the release.")
    decision_id: UUID = Field(description="The answer that allowed it.")
    employer_id: UUID = Field(description="Who has it.")
    uscc: str = Field(description="Their unified social credit code.")
    receiver: str = Field(description="The company's name, as it was then.")
    contact: str = Field(description="Where the receiver can be reached.")
    purpose: str = Field(description="hiring, or for_client.", examples=["hiring"])
    method: str = Field(description="How it went.", examples=["marked_copy"])
    kinds: list[str] = Field(
        description="What of the candidate's data went along.",
        examples=[["resume", "relay_number"]],
    )
    released_at: datetime = Field(description="When.")
    receipt: str = Field(
        description="The receipt, word for word as it was signed: JSON in its one form."
    )
    signature: str = Field(description="Ed25519 over these bytes, in base64url.")
    key_id: str = Field(
        description="By which key of `/.well-known/zizhi-receipt-keys.json`.",
        examples=["0c1d2e3f4a5b6c7d"],
    )

    @classmethod
    def of(cls, row: Release) -> ReleaseOut:
        return cls(
            id=row.pk,
            decision_id=row.decision_id,
            employer_id=row.employer_id,
            uscc=row.uscc,
            receiver=row.receiver,
            contact=row.contact,
            purpose=row.purpose,
            method=row.method,
            kinds=row.kinds,
            released_at=row.released_at,
            receipt=row.receipt,
            signature=row.signature,
            key_id=row.key_id,
        )


@router.get(
    "/{reference}/releases",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[ReleaseOut],
    summary="List what left",
    operation_id="candidate_releases",
)
def releases(
    request: ApiRequest, reference: Path[Reference], asked: Query[PageQuery]
) -> dict[str, Any]:
    """Of this candidate, the last first: for your own app."""
    found = operations.candidate_of(request.auth.client_id, reference)
    rows, following = page_of(
        Release.objects.about(found),
        asked,
        f"releases {found.pk}",
        by="released_at",
        newest_first=True,
    )
    return {"data": [ReleaseOut.of(row) for row in rows], "next": following}


@router.post(
    "/{reference}/revoke",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateOut,
    summary="The candidate revokes",
    operation_id="revoke",
)
def revoke(request: ApiRequest, reference: Path[Reference], body: CompanyIn) -> CandidateOut:
    """On the candidate's own word.

    From the answer on the company gets nothing; relay numbers end, and what it has it must erase.
    """
    client = request.auth.client
    found = operations.candidate_of(client.pk, reference)
    consents.revoke(found.pk, _code(request, body), client.as_actor(), now_for(client))
    return CandidateOut.of(found)


@router.post(
    "/{reference}/allow-again",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=CandidateOut,
    summary="The candidate takes it back",
    operation_id="allow_again",
)
def allow_again(request: ApiRequest, reference: Path[Reference], body: CompanyIn) -> CandidateOut:
    """On the candidate's own word: the company is blocked no more, and need not erase what it has
    not erased yet.
    """
    client = request.auth.client
    found = operations.candidate_of(client.pk, reference)
    consents.allow_again(found.pk, _code(request, body), client.as_actor(), now_for(client))
    return CandidateOut.of(found)


def _code(request: ApiRequest, body: CompanyIn) -> str:
    ids, codes = ([body.employer_id], []) if body.employer_id else ([], [body.uscc])
    (code,) = operations.candidate_named(request.auth.client, ids, codes)
    return code


# --- Those who are not known ----------------------------------------------------------------------


class DefaultIn(Schema):
    """How candidates are asked of whom you have told us nothing."""

    mode: Mode = Field(
        description="With tell_after you say that you hold their separate consent yourself."
    )
    basis: str = Field(
        min_length=1,
        max_length=500,
        examples=["Consent dialog v3 of the resume page, record per candidate"],
        description="On what that rests: by which text, version and record you can show it.",
    )


class DefaultOut(Schema):
    """What counts for candidates of whom you have told us nothing."""

    mode: Mode = Field(description="How they are asked.")
    basis: str = Field(
        description=(
            "On what that rests; empty where you have declared nothing, and the deployment's own"
            " counts."
        )
    )
    declared_at: datetime | None = Field(description="When you declared it.")


@default_router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=DefaultOut,
    summary="Read the default",
    operation_id="candidate_default",
)
def read_default(request: ApiRequest) -> DefaultOut:
    """What the gate goes by where a candidate is not known to us."""
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
    """On record with its time. The gate follows from the answer on."""
    client = request.auth.client
    row = operations.declare_default(client, body.mode, body.basis, now_for(client))
    return DefaultOut(mode=Mode(row.mode), basis=row.basis, declared_at=row.declared_at)


# --- Erasure --------------------------------------------------------------------------------------


class EraseOrderOut(Schema):
    """That an employer has to erase its copies of a candidate's resume."""

    id: UUID = Field(description="Of the order.")
    candidate: str = Field(description="Your reference to the candidate.", examples=["cand-20481"])
    employer_id: UUID = Field(description="Who has to erase.")
    ordered_at: datetime = Field(description="When the candidate revoked.")
    due_at: datetime = Field(description="Until when.")
    answer: str = Field(description="erased, kept, or empty while it is owed.", examples=["erased"])
    why: str = Field(description="Why it is kept.")
    answered_at: datetime | None = Field(description="When it was answered.")
    withdrawn_at: datetime | None = Field(description="When the candidate took it back.")
    overdue: bool = Field(description="Whether it is owed past its day.")

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
    """Which orders."""

    employer_id: UUID | None = Field(None, description="To this employer.")


@erase_router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[EraseOrderOut],
    summary="List erase orders",
    operation_id="erase_orders",
)
def erase_orders(request: ApiRequest, asked: Query[EraseOrdersQuery]) -> dict[str, Any]:
    """Those that your candidates' revocations made, the last first."""
    client = request.auth.client
    rows = EraseOrder.objects.filter(candidate__client_id=client.pk).select_related("candidate")
    if asked.employer_id is not None:
        rows = rows.filter(employer=asked.employer_id)
    found, following = page_of(rows, asked, "erase orders", by="ordered_at", newest_first=True)
    return {"data": [EraseOrderOut.of(row, now_for(client)) for row in found], "next": following}


class ErasedIn(Schema):
    """What the employer answers."""

    answer: Literal["erased", "kept"] = Field(description="Whether its copies are gone.")
    why: str = Field("", max_length=500, description="With kept: why.", examples=[""])


@erase_router.post(
    "/{order_id}/answer",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=EraseOrderOut,
    summary="Answer an erase order",
    operation_id="answer_erase_order",
)
def answer_erase_order(request: ApiRequest, order_id: UUID, body: ErasedIn) -> EraseOrderOut:
    """On the word of an employer of yours; the first answer counts.

    Employers can answer on our own pages, too.
    """
    client, now = request.auth.client, now_for(request.auth.client)
    own = EraseOrder.objects.filter(
        candidate__client_id=client.pk, employer__in=Employer.objects.filter(platform=client)
    )
    row = erasure.answer_erase_order(
        order_id, own, body.answer, body.why, None, client.as_actor(), now
    )
    return EraseOrderOut.of(row, now)
