"""API: the releases of a candidate's resume."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Path, Query, Router, Schema

from downloads.api.candidates import Reference
from downloads.api.gate import JobTitleOut
from downloads.api.text_messages import TEXT_MESSAGE, TextMessage, text_message_of
from downloads.candidates import operations
from downloads.models import Release
from employers.models import Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.pagination import Page, PageQuery, page_of

router = Router(tags=["candidates"])


class ReleaseOut(Schema):
    """A release of a candidate's resume."""

    id: UUID = Field(description="Unique identifier of the release.")
    decision_id: UUID = Field(description="The decision that allowed the release.")
    employer_id: UUID = Field(description="The employer that received the resume.")
    uscc: str = Field(description="The employer's unified social credit code.")
    receiver: str = Field(description="The company's name at the time of the release.")
    contact: str = Field(description="The receiver's contact address.")
    purpose: str = Field(description="The purpose: hiring or for_client.", examples=["hiring"])
    method: str = Field(description="How the resume was released.", examples=["marked_copy"])
    kinds: list[str] = Field(
        description="The kinds of the candidate's data that were released.",
        examples=[["resume", "relay_number"]],
    )
    job_title: JobTitleOut
    released_at: datetime = Field(description="When the resume was released.")
    receipt: str = Field(description="The signed receipt, verbatim: JSON in canonical form.")
    signature: str = Field(description="Ed25519 signature over the receipt's bytes, base64url.")
    text_message: TextMessage = Field(
        description=TEXT_MESSAGE.format("release"), examples=["delivered"]
    )
    key_id: str = Field(
        description="The ID of the signing key in `/.well-known/zizhi-receipt-keys.json`.",
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
            job_title=row.job_title,
            released_at=row.released_at,
            receipt=row.receipt,
            signature=row.signature,
            text_message=text_message_of(row),
            key_id=row.key_id,
        )


@router.get(
    "/{reference}/releases",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[ReleaseOut],
    summary="List a candidate's releases",
    operation_id="candidate_releases",
)
def releases(
    request: ApiRequest, reference: Path[Reference], asked: Query[PageQuery]
) -> dict[str, Any]:
    """Returns the releases of the candidate's resume, the latest first, to show in your own app."""
    found = operations.candidate_of(request.auth.client_id, reference)
    rows, following = page_of(
        Release.objects.about(found).select_related("text"),
        asked,
        f"releases {found.pk}",
        by="released_at",
        newest_first=True,
    )
    return {"data": [ReleaseOut.of(row) for row in rows], "next": following}
