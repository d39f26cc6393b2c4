"""API: releases: request a copy of a resume, and link the recruiter to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Field, File, Form, Header, Query, Router, Schema, Status, UploadedFile

from downloads.api.gate import Candidate, JobTitle, JobTitleOut, ReasonOut
from downloads.models import Copy, CopyState, RelayBinding, Release
from downloads.models.relays import RelayState
from downloads.releases import operations, prefer_wait
from employers.clock import now_for
from employers.models import Scope
from employers.platforms import known_keys
from employers.platforms.api import ApiRequest, BearerKey, checked_key_of
from events.api.pagination import Page, PageQuery, page_of
from events.core.reasons import REASONS

router = Router(tags=["releases"])

REFERENCE: Final = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$"
"""A reference to a file in the platform's own store: parts separated by `/`, none beginning with a
dot.
"""


_PREFER: Final = (
    f"`wait=10`: the number of seconds to wait for the copy, at most {prefer_wait.LONGEST}. Has no"
    " effect with an `Idempotency-Key`."
)


class ReleaseIn(Schema):
    """A request to release a resume: the pass, and the candidate's contacts.

    Send the file as `resume`, or use `resume_reference`.
    """

    gate_pass: str = Field(
        min_length=1, max_length=200, description="The decision's `gate_pass`. This call spends it."
    )
    candidate_phone: str = Field(
        min_length=1,
        max_length=30,
        examples=["139 0000 0001"],
        description=(
            "The candidate's mobile number. The relay number connects to it. The copy is checked"
            " not to contain it."
        ),
    )
    candidate_email: str = Field(
        "",
        max_length=254,
        examples=["lin@mail.example"],
        description="The candidate's email address. The copy must not contain it either.",
    )
    resume_reference: str = Field(
        "",
        max_length=200,
        pattern=f"^$|{REFERENCE}",
        examples=["2026/11/cand-20481.pdf"],
        description=(
            "Your own reference to the file, if this deployment fetches resumes from your store."
        ),
    )
    job_title: JobTitle = ""


class RemovedOut(Schema):
    """The removed items of one kind."""

    kind: str = Field(
        description=(
            "The kind: phone, email, id_number, passport, wechat, qq, handle, link or code."
        ),
        examples=["phone"],
    )
    count: int = Field(description="How many were removed.", examples=[2])
    masked: list[str] = Field(
        description="Each removed item, masked.", examples=[["138****0001", "138****0001"]]
    )


class RelayContactOut(Schema):
    """The relay number that reaches the candidate."""

    id: UUID = Field(description="Unique identifier of the relay number, for `/relays/{id}`.")
    number: str = Field(description="The number to dial.", examples=["+8617000000010"])
    extension: str | None = Field(
        description="The extension to dial after the number, if there is one.", examples=["104"]
    )
    expires_at: datetime = Field(description="When the number expires. Each contact extends it.")


class ReceiptOut(Schema):
    """The candidate's receipt. With it, anybody can check without us that the resume left as
    stated.
    """

    id: UUID = Field(
        description=(
            "Unique identifier of the receipt, as in `resume.released` and in the candidate's"
            " ledger."
        )
    )
    receipt: str = Field(description="The signed text, verbatim: JSON in canonical form, UTF-8.")
    signature: str = Field(description="Ed25519 signature over these bytes, base64url.")
    key_id: str = Field(
        description="The ID of the signing key in `/.well-known/zizhi-receipt-keys.json`.",
        examples=["0c1d2e3f4a5b6c7d"],
    )
    key_url: str = Field(
        description="The URL of that key as PEM. Keep the key with the receipt.",
        examples=["https://zizhi.example/.well-known/zizhi-receipt-keys/0c1d2e3f4a5b6c7d.pem"],
    )

    @classmethod
    def of(cls, row: Release) -> ReceiptOut:
        url = settings.SITE_URL + reverse("receipt_key", args=[row.key_id])
        return cls(
            id=row.pk, receipt=row.receipt, signature=row.signature, key_id=row.key_id, key_url=url
        )


class CopyLinkOut(Schema):
    """A link that opens the copy once."""

    url: str = Field(
        description="The URL for the recruiter's browser. It works once, without an API key.",
        examples=["https://zizhi.example/releases/…"],
    )
    expires_at: datetime = Field(description="When the link expires: a minute after its creation.")


class ResumeReleaseOut(Schema):
    """A release."""

    id: UUID = Field(description="Unique identifier of the release.")
    number: str = Field(
        description="The number printed on every page of the copy.", examples=["ZR-7K3M9-Q2TXA"]
    )
    state: str = Field(
        description=("The state: preparing, ready, failed or closed."), examples=["ready"]
    )
    decision_id: UUID = Field(description="The decision that allowed the release.")
    employer_id: UUID = Field(description="The employer that receives the resume.")
    member_id: UUID = Field(description="The member who receives it.")
    candidate: str = Field(description="Your ID for the candidate.", examples=["cand-20481"])
    job_title: JobTitleOut
    pages: int | None = Field(
        description="The number of pages of the copy, once it is made.", examples=[2]
    )
    size: int | None = Field(description="The size of the copy in bytes.", examples=[412_300])
    removed: list[RemovedOut] = Field(description="The items that were removed from the resume.")
    relay: RelayContactOut | None = Field(
        description="The relay number printed on the copy, once it is lent."
    )
    requested_at: datetime = Field(description="When the release was requested.")
    ready_at: datetime | None = Field(description="When the copy was made.")
    links_until: datetime | None = Field(description="Until when links to the copy can be created.")
    opened_at: datetime | None = Field(description="When the copy left for the first time.")
    receipt: ReceiptOut | None = Field(
        description=(
            "The candidate's receipt, created when the copy is first opened. Null before, because"
            " nothing has left yet."
        )
    )
    link: CopyLinkOut | None = Field(
        description=(
            "A link to the copy, in a 201 response after waiting. Otherwise null: create one with"
            " `/releases/{id}/links`."
        )
    )
    reasons: list[ReasonOut] = Field(
        description=(
            "Why the release failed. Fix the cause and retry with the same pass; this uses no"
            " quota."
        )
    )

    @classmethod
    def all_of(cls, copies: Sequence[Copy]) -> list[ResumeReleaseOut]:
        """Return each copy with its receipt; all receipts take one query."""
        left = [copy.decision_id for copy in copies if copy.opened_at is not None]
        told = (
            {
                row.decision_id: row
                for row in Release.objects.filter(decision_id__in=left).exclude(receipt="")
            }
            if left
            else {}
        )
        return [cls._of(copy, told.get(copy.decision_id)) for copy in copies]

    @classmethod
    def of(cls, copy: Copy) -> ResumeReleaseOut:
        return cls.all_of([copy])[0]

    @classmethod
    def _of(cls, copy: Copy, told: Release | None) -> ResumeReleaseOut:
        resume, made = copy.resume, copy.state in (CopyState.READY, CopyState.CLOSED)
        return cls(
            id=copy.pk,
            number=copy.number,
            state=copy.state,
            decision_id=copy.decision_id,
            employer_id=copy.employer_id,
            member_id=copy.member_id,
            candidate=copy.candidate,
            job_title=copy.job_title,
            pages=resume.page_count if made and resume else None,
            size=copy.pdf_bytes if made else None,
            removed=_removed(copy) if made else [],
            relay=_relay(copy.binding),
            requested_at=copy.requested_at,
            ready_at=copy.ready_at,
            links_until=copy.links_until,
            opened_at=copy.opened_at,
            receipt=ReceiptOut.of(told) if told else None,
            link=None,
            reasons=[ReasonOut.of(REASONS[copy.why])] if copy.why else [],
        )


def _removed(copy: Copy) -> list[RemovedOut]:
    kinds: dict[str, list[str]] = {}
    for item in copy.removed:
        kinds.setdefault(item["kind"], []).append(item["masked"])
    return [RemovedOut(kind=kind, count=len(masks), masked=masks) for kind, masks in kinds.items()]


def _relay(binding: RelayBinding) -> RelayContactOut | None:
    if binding.state != RelayState.BOUND:
        return None
    return RelayContactOut(
        id=binding.pk,
        number=binding.number,
        extension=binding.extension or None,
        expires_at=binding.expires_at,
    )


@router.post(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={201: ResumeReleaseOut, 202: ResumeReleaseOut},
    summary="Release a resume",
    operation_id="release",
)
def release(
    request: ApiRequest,
    response: HttpResponse,
    body: Form[ReleaseIn],
    resume: Annotated[UploadedFile | None, File()] = None,
    prefer: Annotated[str, Header(alias="Prefer", description=_PREFER)] = "",
) -> Status[ResumeReleaseOut]:
    """Spends the pass and makes the copy: redacted, marked, with a relay number. This takes
    seconds.

    202 means that the copy is being made; the event `release.ready` follows. With `Prefer: wait=10`
    the call waits up to ten seconds for the copy, and returns 201 with a link; redirect the
    recruiter to it at once. A repeated call with the same pass and file returns the same release.
    """
    client = request.auth.client
    asked = operations.Asked(
        body.gate_pass,
        body.candidate_phone,
        body.candidate_email.strip(),
        resume.read() if resume is not None else None,
        "" if resume is not None else body.resume_reference,
        body.job_title,
    )
    copy = operations.begin_release(asked, client, now_for(client))
    # With an Idempotency-Key this call is a transaction, and no worker sees the copy before it
    # ends.
    seconds = 0 if "Idempotency-Key" in request.headers else prefer_wait.preferred_wait(prefer)
    if not prefer_wait.until_made(copy, seconds):
        return Status(202, ResumeReleaseOut.of(copy))
    known_keys.confirm_key(checked_key_of(request), timezone.now())
    response["Preference-Applied"] = f"wait={seconds}"
    copy = operations.release_of(copy.pk, client)
    told = ResumeReleaseOut.of(copy)
    if copy.state != CopyState.READY:
        return Status(202, told)
    made, url = operations.make_link(copy.pk, client, now_for(client))
    told.link = CopyLinkOut(url=url, expires_at=made.expires_at)
    return Status(201, told)


class ReleasesQuery(PageQuery):
    """Filters for releases."""

    employer_id: UUID | None = Field(None, description="Only releases to this employer.")
    candidate: Candidate | None = Field(None, description="Only releases of this candidate.")


@router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[ResumeReleaseOut],
    summary="List releases",
    operation_id="releases",
)
def releases(request: ApiRequest, asked: Query[ReleasesQuery]) -> dict[str, Any]:
    """Returns your releases, the latest request first."""
    rows = Copy.objects.of(request.auth.client.pk).select_related("binding", "resume")
    wanted = {"employer_id": asked.employer_id, "candidate": asked.candidate}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, following = page_of(rows, asked, "releases", by="requested_at", newest_first=True)
    return {"data": ResumeReleaseOut.all_of(found), "next": following}


@router.get(
    "/{release_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=ResumeReleaseOut,
    summary="Retrieve a release",
    operation_id="read_release",
)
def read_release(request: ApiRequest, release_id: UUID) -> ResumeReleaseOut:
    """Returns a release and its state.

    While it is `preparing`, poll once a second, or wait for `release.ready`.
    """
    return ResumeReleaseOut.of(operations.release_of(release_id, request.auth.client))


@router.post(
    "/{release_id}/links",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={201: CopyLinkOut},
    summary="Create a link to the copy",
    operation_id="link_release",
)
def link(request: ApiRequest, release_id: UUID) -> Status[CopyLinkOut]:
    """Creates a link. Redirect the recruiter to it when they press the button.

    The facts are checked again before the first byte is sent.
    """
    client = request.auth.client
    made, url = operations.make_link(release_id, client, now_for(client))
    return Status(201, CopyLinkOut(url=url, expires_at=made.expires_at))
