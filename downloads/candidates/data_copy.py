"""A machine-readable copy of what is stored about a candidate (个人信息保护法 45; GDPR 15 and 20).

The models below are its JSON Schema, published at `/.well-known/zizhi-candidate-copy.schema.json`.
Fields are added, never renamed. Signed receipts are included as they are, so the copy proves by
itself who received the resume. The candidate's own address and number are masked, because whoever
has the link could read them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from pydantic import BaseModel, ConfigDict, Field

from downloads.candidates import operations
from downloads.models import Candidate, RelayBinding, RelayCall, Release
from employers.masking import mask_email, masked_phone
from employers.models import ApiClient
from events.core.actor import Actor
from events.models import record

TYPE: Final = "zizhi-candidate-copy-1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


Part = TypeVar("Part", bound=_Part)


class PlatformPart(_Part):
    """The recruitment site that the data is from."""

    id: UUID
    name: str


class SettingsPart(_Part):
    """The candidate, as the recruitment site describes them."""

    reference: str = Field(description="The site's ID for the candidate.")
    mode: str = Field(description="ask_first, tell_after or closed.")
    language: str
    email: str = Field(description="The address, masked. Empty if none is stored.")
    phone: str = Field(description="The mobile number, masked. Empty if none is stored.")
    told_at: datetime = Field(description="When the site first named the candidate.")
    changed_at: datetime


class ReceiptPart(_Part):
    """A signed receipt, in the form of a receipt file."""

    receipt: str = Field(description="The signed text, verbatim.")
    signature: str = Field(description="Ed25519 signature over the text's bytes, base64url.")
    key_id: str


class ReleasePart(_Part):
    """A company that received the resume, and when."""

    id: UUID
    uscc: str = Field(description="The company's unified social credit code.")
    receiver: str
    contact: str
    purpose: str
    method: str
    kinds: list[str] = Field(description="The kinds of data that the company received.")
    job_title: str = Field(description="The job, as the site names it. Empty if it did not.")
    released_at: datetime
    receipt: ReceiptPart | None = Field(description="Null for releases before there were receipts.")


class ConsentPart(_Part):
    """A consent to one company."""

    id: UUID
    uscc: str
    receiver: str
    contact: str
    purpose: str
    method: str
    kinds: list[str]
    how: str = Field(description="page: given here. platform: recorded by the site.")
    evidence: str = Field(description="The site's reference of its evidence.")
    given_at: datetime
    until: datetime
    revoked_at: datetime | None


class RequestPart(_Part):
    """A company's request for a consent, and the answer."""

    id: UUID
    uscc: str
    company: str
    purpose: str
    kinds: list[str]
    job_title: str
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    agreed: bool | None


class BlockPart(_Part):
    """A blocked company."""

    uscc: str
    name: str
    own: bool = Field(description="Whether the candidate blocked it on their page.")
    at: datetime


class ErasurePart(_Part):
    """An order to a company to erase its copies, and its answer."""

    id: UUID
    uscc: str
    ordered_at: datetime
    due_at: datetime
    answered_at: datetime | None
    answer: str
    why: str
    withdrawn_at: datetime | None


class CallPart(_Part):
    """A call by a relay number."""

    at: datetime
    seconds: int
    outcome: str
    by_candidate: bool


class RelayPart(_Part):
    """A relay number between a company and the candidate."""

    id: UUID
    uscc: str
    company: str
    job_title: str
    number: str
    extension: str
    state: str
    muted: bool
    requested_at: datetime
    bound_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    calls: list[CallPart]


class ReportPart(_Part):
    """A report of misuse."""

    id: UUID
    release: UUID
    about: str
    said: str
    reported_at: datetime
    settled_at: datetime | None


class CandidateCopy(_Part):
    """Everything that Zizhi stores about a candidate of one recruitment site."""

    type: Literal["zizhi-candidate-copy-1"] = TYPE
    json_schema: str = Field(description="Where this schema is.")
    receipt_keys: str = Field(description="Where the public keys of the receipts are.")
    made_at: datetime
    test: bool
    platform: PlatformPart
    candidate: SettingsPart
    releases: list[ReleasePart]
    consents: list[ConsentPart]
    requests: list[RequestPart]
    blocked: list[BlockPart]
    erase_orders: list[ErasurePart]
    relays: list[RelayPart]
    reports: list[ReportPart]


def copy_data(candidate: Candidate, actor: Actor, now: datetime) -> CandidateCopy:
    """Return a copy of the candidate's data, and record that it was made."""
    with transaction.atomic():
        copy = CandidateCopy(
            json_schema=settings.SITE_URL + reverse("candidate_copy_schema"),
            receipt_keys=settings.SITE_URL + reverse("receipt_keys"),
            made_at=now,
            test=candidate.test,
            platform=_part(PlatformPart, ApiClient.objects.get(pk=candidate.client_id)),
            candidate=_part(
                SettingsPart,
                candidate,
                email=mask_email(operations.email_of(candidate)),
                phone=masked_phone(operations.phone_of(candidate)),
            ),
            releases=[
                _part(ReleasePart, row, receipt=_part(ReceiptPart, row) if row.receipt else None)
                for row in Release.objects.about(candidate)
            ],
            consents=[_part(ConsentPart, row) for row in candidate.consents.order_by("-given_at")],
            requests=[
                _part(RequestPart, row, company=row.employer.name)
                for row in candidate.requests.select_related("employer").order_by("-asked_at")
            ],
            blocked=[_part(BlockPart, row) for row in candidate.blocked.order_by("-at")],
            erase_orders=[
                _part(ErasurePart, row) for row in candidate.erase_orders.order_by("-ordered_at")
            ],
            relays=[
                _part(
                    RelayPart,
                    row,
                    company=row.employer.name,
                    calls=[_part(CallPart, call) for call in row.calls.all()],
                )
                for row in _relays(candidate)
            ],
            reports=[
                _part(ReportPart, row, release=row.release_id)
                for row in candidate.reports.order_by("-reported_at")
            ],
        )
        record("copy_candidate", candidate, actor, now, data={"candidate": candidate.reference})
    return copy


def _part(kind: type[Part], row: models.Model, **more: Any) -> Part:
    """Return a part of the copy, from the row's fields of the same names and `more`."""
    names = kind.model_fields.keys() - more
    return kind(**{name: getattr(row, name) for name in names}, **more)


def _relays(candidate: Candidate) -> models.QuerySet[RelayBinding]:
    of_candidate = RelayBinding.objects.of(candidate.client_id).filter(
        candidate=candidate.reference
    )
    calls = models.Prefetch("calls", RelayCall.objects.order_by("at"))
    return of_candidate.select_related("employer").prefetch_related(calls).order_by("-requested_at")
