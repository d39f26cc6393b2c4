"""How does a platform name its employers' recruiters, and send them to our pages?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.conf import settings
from ninja import Field, Query, Router, Schema, Status

from employers.accounts.enrolling import add_member, end_member, own, set_phone
from employers.accounts.onboarding import make_link
from employers.accounts.registration import Links
from employers.clock import now_for
from employers.models import ApiClient, Employer, LinkPurpose, Member, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.pagination import Page, PageQuery, page_of
from events.api.texts import REFERENCE, REFERENCE_LONGEST
from events.core.errors import Refused

router = Router(tags=["members"])
Language = Literal["zh-hans", "en"]
Role = Literal["owner", "recruiter"]
MemberReference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REFERENCE_LONGEST,
        pattern=REFERENCE,
        examples=["hr-7"],
        description="Your own id of the recruiter.",
    ),
]

EXAMPLE: Final[dict[str, Any]] = {
    "id": "6d5c4b3a-2918-4706-95f4-e3d2c1b0a998",
    "reference": "hr-7",
    "role": "owner",
    "verified": True,
    "joined_at": "2026-11-20T02:00:00Z",
    "left_at": None,
}


class MemberOut(Schema):
    """A recruiter of an employer, without personal data."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    id: UUID = Field(description="Ours; the gate asks for it.")
    reference: str = Field(description="Yours; empty where they came to us by themselves.")
    role: Role = Field(description="An owner can invite and remove colleagues on our pages.")
    verified: bool = Field(
        description="Whether they have confirmed their address. Until then the gate says no."
    )
    joined_at: datetime = Field(description="Since when they act for the employer.")
    left_at: datetime | None = Field(description="Since when they do not any more.")

    @classmethod
    def of(cls, member: Member) -> MemberOut:
        role: Role = "owner" if member.role == Member.MemberRole.OWNER else "recruiter"
        return cls(
            id=member.pk,
            reference=member.reference,
            role=role,
            verified=member.user.email_verified_at is not None,
            joined_at=member.joined_at,
            left_at=member.left_at,
        )


class MemberIn(Schema):
    """A recruiter, as you know them."""

    reference: MemberReference
    email: str = Field(
        min_length=3,
        max_length=254,
        examples=["lin@company.example"],
        description="Their own address, which they confirm. It is never handed out again.",
    )
    role: Role = Field(
        "recruiter", description="An owner can invite and remove colleagues on our pages."
    )
    language: Language = Field("zh-hans", description="Of our mails to them.")


class LinkIn(Schema):
    """For whom a link is, for what, and where it leads back to."""

    member_id: UUID = Field(
        description="A recruiter whom you have added.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    return_url: str = Field(
        max_length=500,
        examples=["https://www.site-a.example/hr/verified"],
        description=(
            "Below one of the addresses that are registered for you. `zizhi_employer` and `state`"
            " are added to its query."
        ),
    )
    purpose: LinkPurpose = Field(LinkPurpose.VERIFY, description="What they come for.")
    language: Language = Field("zh-hans", description="In which our pages greet them.")


class LinkOut(Schema):
    """A link: send the recruiter's browser there at once, and keep it nowhere."""

    url: str = Field(
        description="Signs this one recruiter in, once.",
        examples=["https://zizhi.example/case/from/IjBi…/"],
    )
    expires_at: datetime = Field(description="After this it opens nothing.")


def _seen(client: ApiClient, employer_id: UUID) -> Employer:
    employer: Employer | None = Employer.objects.seen_by(client).filter(pk=employer_id).first()
    if employer is None:
        raise Refused("employer_unknown")
    return employer


@router.get(
    "/{employer_id}/members",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=Page[MemberOut],
    summary="List recruiters",
    operation_id="members",
)
def members(request: ApiRequest, employer_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """Those who act for the employer now, the first that joined first."""
    rows = (
        Member.objects.active()
        .filter(employer=_seen(request.auth.client, employer_id))
        .select_related("user")
    )
    found, following = page_of(rows, asked, f"members {employer_id}", by="joined_at")
    return {"data": [MemberOut.of(member) for member in found], "next": following}


@router.post(
    "/{employer_id}/members",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={201: MemberOut},
    summary="Add a recruiter",
    operation_id="add_member",
)
def add(request: ApiRequest, employer_id: UUID, body: MemberIn) -> Status[MemberOut]:
    """A recruiter of an employer that you made.

    They confirm their address themselves: send them by an onboarding link.

    An address that has an account already is refused with `email_taken`; one whose membership of
    this employer has ended begins anew.
    """
    client = request.auth.client
    member = add_member(client, own(client, employer_id), **body.model_dump(), now=now_for(client))
    return Status(201, MemberOut.of(member))


@router.get(
    "/{employer_id}/members/{member_id}",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=MemberOut,
    summary="Read a recruiter",
    operation_id="member",
)
def member(request: ApiRequest, employer_id: UUID, member_id: UUID) -> MemberOut:
    """Whether they act for the employer, and have confirmed their address."""
    found = (
        Member.objects.filter(pk=member_id, employer=_seen(request.auth.client, employer_id))
        .select_related("user")
        .first()
    )
    if found is None:
        raise Refused("member_unknown")
    return MemberOut.of(found)


class PhoneIn(Schema):
    """The number that a recruiter calls from."""

    phone: str = Field(
        max_length=30,
        examples=["138 0000 0001"],
        description="A mobile number of the mainland; empty for none. It is told back to nobody.",
    )


@router.put(
    "/{employer_id}/members/{member_id}/phone",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={204: None},
    summary="Give a recruiter's number",
    operation_id="set_member_phone",
)
def phone(request: ApiRequest, employer_id: UUID, member_id: UUID, body: PhoneIn) -> Status[None]:
    """By relay numbers only those get through who call from a number that is known to be the
    team's: it is asked for by this alone.
    """
    client = request.auth.client
    set_phone(client, own(client, employer_id), member_id, body.phone, now_for(client))
    return Status(204, None)


@router.delete(
    "/{employer_id}/members/{member_id}",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={204: None},
    summary="End a membership",
    operation_id="end_member",
)
def end(request: ApiRequest, employer_id: UUID, member_id: UUID) -> Status[None]:
    """At once: from the answer on the gate says no to them, and they cannot sign in.

    They are told by mail.
    """
    client = request.auth.client
    end_member(client, own(client, employer_id), member_id, now_for(client))
    return Status(204, None)


@router.post(
    "/{employer_id}/onboarding-links",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={201: LinkOut},
    summary="Make an onboarding link",
    operation_id="make_onboarding_link",
)
def link(request: ApiRequest, employer_id: UUID, body: LinkIn) -> Status[LinkOut]:
    """A link that signs one recruiter in on our pages: once, within 15 minutes.

    Make it when they press your button, not before.
    """
    client = request.auth.client
    made, url = make_link(
        client,
        own(client, employer_id),
        body.member_id,
        purpose=body.purpose,
        return_url=body.return_url,
        language=body.language,
        links=Links(settings.SITE_URL),
        now=now_for(client),
    )
    return Status(201, LinkOut(url=url, expires_at=made.expires_at))
