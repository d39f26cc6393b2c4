"""How does a platform let a resume leave, and hand the copy to its recruiter?"""

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

from downloads.api.gate import Candidate, ReasonOut
from downloads.models import Copy, CopyState, RelayBinding, Release
from downloads.models.relays import RelayState
from downloads.releases import operations, prefer_wait
from employers.clock import now_for
from employers.models import Scope
from employers.platforms import known_keys
from employers.platforms.api import ApiRequest, BearerKey
from events.api.pagination import Page, PageQuery, page_of
from events.core.reasons import REASONS

router = Router(tags=["releases"])

REFERENCE: Final = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$"
"""Of a file in the platform's own store: parts with `/` between them, none of which begins with a
dot.
"""


_PREFER: Final = (
    f"`wait=10`: how many seconds the call may wait for the copy, up to {prefer_wait.LONGEST}. Not"
    " with an `Idempotency-Key`."
)


class ReleaseIn(Schema):
    """For which pass, and how the candidate is reached.

    Beside it the file, `resume`, or `resume_reference`.
    """

    gate_pass: str = Field(
        min_length=1,
        max_length=200,
        description="`gate_pass` of the gate's yes. It is spent by this call.",
    )
    candidate_phone: str = Field(
        min_length=1,
        max_length=30,
        examples=["139 0000 0001"],
        description=(
            "The candidate's mobile number. A relay number leads to it; that it does not stand in"
            " the copy is looked at."
        ),
    )
    candidate_email: str = Field(
        "",
        max_length=254,
        examples=["lin@mail.example"],
        description="Their e-mail address, which must not stand in the copy either.",
    )
    resume_reference: str = Field(
        "",
        max_length=200,
        pattern=f"^$|{REFERENCE}",
        examples=["2026/11/cand-20481.pdf"],
        description=(
            "Your own reference to the file, where this deployment fetches resumes from a store of"
            " yours."
        ),
    )


class RemovedOut(Schema):
    """What was taken out of one kind."""

    kind: str = Field(
        description="phone, email, id_number, passport, wechat, qq, handle, link or code.",
        examples=["phone"],
    )
    count: int = Field(description="How many.", examples=[2])
    masked: list[str] = Field(
        description="What each was, without giving it.", examples=[["138****0001", "138****0001"]]
    )


class RelayContactOut(Schema):
    """How the employer reaches the candidate."""

    id: UUID = Field(description="Of the relay number: `/relays/{id}`.")
    number: str = Field(description="What is to be dialled.", examples=["+8617000000010"])
    extension: str | None = Field(
        description="What is to be dialled after it, where numbers are scarce.", examples=["104"]
    )
    expires_at: datetime = Field(
        description="Until when it leads to the candidate; each contact lets it last on."
    )


class ReceiptOut(Schema):
    """What anybody can check, without us, that the resume left as it is said: the candidate's
    receipt.
    """

    id: UUID = Field(
        description="Of the receipt, as in `resume.released` and in the candidate's ledger."
    )
    receipt: str = Field(description="Word for word as it was signed: JSON in its one form, UTF-8.")
    signature: str = Field(description="Ed25519 over these bytes, in base64url.")
    key_id: str = Field(
        description="By which key of `/.well-known/zizhi-receipt-keys.json`.",
        examples=["0c1d2e3f4a5b6c7d"],
    )
    key_url: str = Field(
        description="That key as PEM; keep it with the receipt.",
        examples=["https://zizhi.example/.well-known/zizhi-receipt-keys/0c1d2e3f4a5b6c7d.pem"],
    )

    @classmethod
    def of(cls, row: Release) -> ReceiptOut:
        url = settings.SITE_URL + reverse("receipt_key", args=[row.key_id])
        return cls(
            id=row.pk, receipt=row.receipt, signature=row.signature, key_id=row.key_id, key_url=url
        )


class CopyLinkOut(Schema):
    """Where the copy can be fetched, once."""

    url: str = Field(
        description="For the recruiter's browser, once, without a key.",
        examples=["https://zizhi.example/releases/…"],
    )
    expires_at: datetime = Field(description="A minute after it was made.")


class ResumeReleaseOut(Schema):
    """A release, as it stands."""

    id: UUID = Field(description="Of the release.")
    number: str = Field(
        description="As it stands on every page of the copy.", examples=["ZR-7K3M9-Q2TXA"]
    )
    state: str = Field(description="preparing, ready, failed or closed.", examples=["ready"])
    decision_id: UUID = Field(description="The gate's answer by which the resume leaves.")
    employer_id: UUID = Field(description="Who receives it.")
    member_id: UUID = Field(description="Who of it receives it.")
    candidate: str = Field(description="Your reference to the candidate.", examples=["cand-20481"])
    pages: int | None = Field(
        description="How many pages the copy has, once it is made.", examples=[2]
    )
    size: int | None = Field(description="Its bytes.", examples=[412_300])
    removed: list[RemovedOut] = Field(description="What was taken out of it.")
    relay: RelayContactOut | None = Field(
        description="The relay number, once it is lent; it stands on the copy."
    )
    requested_at: datetime = Field(description="When it was asked for.")
    ready_at: datetime | None = Field(description="When it was made.")
    links_until: datetime | None = Field(description="Until when links to it can be asked for.")
    opened_at: datetime | None = Field(description="When the file left for the first time.")
    receipt: ReceiptOut | None = Field(
        description=(
            "The candidate's receipt. It is made as the copy is opened for the first time: null"
            " before, since nothing has left."
        )
    )
    link: CopyLinkOut | None = Field(
        description=(
            "Where the copy can be fetched, in a 201 that was waited for; else null: ask"
            " `/releases/{id}/links` for one."
        )
    )
    reasons: list[ReasonOut] = Field(
        description=(
            "Why it failed. Ask again with the same pass once that is mended; it uses up no quota."
        )
    )

    @classmethod
    def all_of(cls, copies: Sequence[Copy]) -> list[ResumeReleaseOut]:
        """Each with its receipt, all of which are looked up at once."""
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
    summary="Let a resume leave",
    operation_id="release",
)
def release(
    request: ApiRequest,
    response: HttpResponse,
    body: Form[ReleaseIn],
    resume: Annotated[UploadedFile | None, File()] = None,
    prefer: Annotated[str, Header(alias="Prefer", description=_PREFER)] = "",
) -> Status[ResumeReleaseOut]:
    """Spends the pass and makes the copy: redacted, marked, with a relay number.

    It is there within seconds.

    202 tells that it is being made: `release.ready` tells when it is there. With `Prefer: wait=10`
    the call waits so long for it, and 201 hands it over with a link, to which the recruiter is
    redirected at once. The same pass and file again is the same release.
    """
    client = request.auth.client
    asked = operations.Asked(
        body.gate_pass,
        body.candidate_phone,
        body.candidate_email.strip(),
        resume.read() if resume is not None else None,
        "" if resume is not None else body.resume_reference,
    )
    copy = operations.begin_release(asked, client, now_for(client))
    # Under an Idempotency-Key this call is a transaction, and no worker sees the copy before it
    # ends.
    seconds = 0 if "Idempotency-Key" in request.headers else prefer_wait.preferred(prefer)
    if not prefer_wait.until_made(copy, seconds):
        return Status(202, ResumeReleaseOut.of(copy))
    known_keys.confirm_key(request.auth.pk, timezone.now())
    response["Preference-Applied"] = f"wait={seconds}"
    copy = operations.release_of(copy.pk, client)
    told = ResumeReleaseOut.of(copy)
    if copy.state != CopyState.READY:
        return Status(202, told)
    made, url = operations.make_link(copy.pk, client, now_for(client))
    told.link = CopyLinkOut(url=url, expires_at=made.expires_at)
    return Status(201, told)


class ReleasesQuery(PageQuery):
    """Which of your releases."""

    employer_id: UUID | None = Field(None, description="To this employer.")
    candidate: Candidate | None = Field(None, description="Of this candidate.")


@router.get(
    "",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=Page[ResumeReleaseOut],
    summary="List releases",
    operation_id="releases",
)
def releases(request: ApiRequest, asked: Query[ReleasesQuery]) -> dict[str, Any]:
    """The last that was asked for first."""
    rows = Copy.objects.of(request.auth.client.pk).select_related("binding", "resume")
    wanted = {"employer_id": asked.employer_id, "candidate": asked.candidate}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, following = page_of(rows, asked, "releases", by="requested_at", newest_first=True)
    return {"data": ResumeReleaseOut.all_of(found), "next": following}


@router.get(
    "/{release_id}",
    auth=BearerKey(Scope.GATE_DECIDE),
    response=ResumeReleaseOut,
    summary="Read a release",
    operation_id="read_release",
)
def read_release(request: ApiRequest, release_id: UUID) -> ResumeReleaseOut:
    """How far it has come.

    Ask once a second while it is `preparing`, or wait for `release.ready`.
    """
    return ResumeReleaseOut.of(operations.release_of(release_id, request.auth.client))


@router.post(
    "/{release_id}/links",
    auth=BearerKey(Scope.GATE_DECIDE),
    response={201: CopyLinkOut},
    summary="Make a link to the copy",
    operation_id="link_release",
)
def link(request: ApiRequest, release_id: UUID) -> Status[CopyLinkOut]:
    """Redirect the recruiter to it as they press the button.

    Before the first byte the facts are looked at again.
    """
    client = request.auth.client
    made, url = operations.make_link(release_id, client, now_for(client))
    return Status(201, CopyLinkOut(url=url, expires_at=made.expires_at))
