"""The API calls for members: recruiters, their phone numbers, and onboarding links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from employers.accounts.enrolling import add_member, employer_created_by, end_member, set_phone
from employers.accounts.onboarding import make_link
from employers.accounts.registration import Links
from employers.clock import now_for
from employers.member_links.operations import redeem_code
from employers.models import ApiClient, Employer, LinkPurpose, Member, Scope
from employers.platforms.api import ApiRequest, BearerKey
from employers.security import throttle
from events.api.pagination import Page, PageQuery, page_of
from events.api.texts import REFERENCE, REFERENCE_LONGEST
from events.core.errors import Refused

router = Router(tags=["members"])
links_router = Router(tags=["members"])
Language = Literal["zh-hans", "en"]
Role = Literal["owner", "recruiter"]
MemberReference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REFERENCE_LONGEST,
        pattern=REFERENCE,
        examples=["hr-7"],
        description="Your own ID of the recruiter.",
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

    id: UUID = Field(description="The member's ID, as used in calls to the gate.")
    reference: str = Field(
        description="Your reference. Empty if the recruiter joined on our own pages."
    )
    role: Role = Field(description="Owners can invite and remove colleagues on our pages.")
    verified: bool = Field(
        description=(
            "Whether the recruiter has confirmed their address, or proven their number. Until "
            "then, the gate refuses downloads."
        )
    )
    joined_at: datetime = Field(description="When the recruiter joined the employer.")
    left_at: datetime | None = Field(description="When the membership ended; null while it lasts.")

    @classmethod
    def of(cls, member: Member) -> MemberOut:
        role: Role = "owner" if member.role == Member.MemberRole.OWNER else "recruiter"
        return cls(
            id=member.pk,
            reference=member.reference,
            role=role,
            verified=member.user.is_proven,
            joined_at=member.joined_at,
            left_at=member.left_at,
        )


class MemberIn(Schema):
    """A recruiter to add."""

    reference: MemberReference
    email: str = Field(
        min_length=3,
        max_length=254,
        examples=["lin@company.example"],
        description=(
            "The recruiter's own address, which they confirm themselves. It is never returned."
        ),
    )
    role: Role = Field(
        "recruiter", description="Owners can invite and remove colleagues on our pages."
    )
    language: Language = Field("zh-hans", description="The language of our mails to the recruiter.")


class LinkIn(Schema):
    """The recruiter, the purpose and the return address of a link."""

    member_id: UUID = Field(
        description="A recruiter that you have added.",
        examples=["6d5c4b3a-2918-4706-95f4-e3d2c1b0a998"],
    )
    return_url: str = Field(
        max_length=500,
        examples=["https://www.site-a.example/hr/verified"],
        description=(
            "An address below one of your registered return addresses. We add "
            "`zizhi_employer` and `state` to its query."
        ),
    )
    purpose: LinkPurpose = Field(
        LinkPurpose.VERIFY, description="What the recruiter will do on our pages."
    )
    language: Language = Field(
        "zh-hans", description="The language of our pages for the recruiter."
    )


class LinkOut(Schema):
    """A single-use link. Redirect the recruiter's browser to it at once, and do not store it."""

    url: str = Field(
        description="Signs this recruiter in, once.",
        examples=["https://zizhi.example/case/from/IjBi…/"],
    )
    expires_at: datetime = Field(description="When the link expires.")


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
    """Returns the employer's current members, oldest first. Of an employer that registered on our
    own pages, only the members who linked their accounts with your platform.
    """
    rows = (
        Member.objects.active()
        .seen_by(request.auth.client)
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
    """Adds a recruiter to an employer that you created.

    Recruiters confirm their address themselves: send them to our pages with an onboarding link.

    The response does not tell whether the address has another account. If it has, the recruiter
    cannot confirm it for this one: its owner gets a mail when the recruiter comes to our pages.

    A recruiter whom you added before is restored if their membership has ended, and else refused
    with `email_taken`. Your platform can make a limited number of calls per hour.
    """
    client = request.auth.client
    most = throttle.Limit("platform-addresses", settings.PLATFORM_ADDRESSES_PER_HOUR, 3600)
    throttle.count_call(most, str(client.pk), timezone.now())
    member = add_member(
        client, employer_created_by(client, employer_id), **body.model_dump(), now=now_for(client)
    )
    return Status(201, MemberOut.of(member))


@router.get(
    "/{employer_id}/members/{member_id}",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=MemberOut,
    summary="Retrieve a recruiter",
    operation_id="member",
)
def member(request: ApiRequest, employer_id: UUID, member_id: UUID) -> MemberOut:
    """Returns a member, including whether their address is confirmed and whether they have left."""
    found = (
        Member.objects.seen_by(request.auth.client)
        .filter(pk=member_id, employer=_seen(request.auth.client, employer_id))
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
        description=(
            "A mainland mobile number, or an empty string to remove it. It is never returned."
        ),
    )
    proven: bool = Field(
        False,
        description=(
            "Whether you have proven that the recruiter has this number, for example by a code "
            "that you sent to it. Only then are calls from it connected; otherwise the recruiter "
            "proves it on our pages first. We record what you say."
        ),
    )


class LinkCodeIn(Schema):
    """The code that a recruiter brought back from our link page."""

    code: str = Field(
        min_length=1,
        max_length=100,
        examples=["Xq0nJ2o3bL8vTz5Yk1dWm7sRc4hPfA6u"],
        description="`zizhi_code` of the address that the recruiter came back to, unchanged.",
    )


class LinkedOut(Schema):
    """A recruiter who linked their account with your platform. Keep both IDs with your account of
    the recruiter.
    """

    employer_id: UUID = Field(description="The recruiter's employer.")
    member_id: UUID = Field(description="The recruiter.")
    linked_at: datetime = Field(description="When the recruiter linked your platform.")


@links_router.post(
    "/redeem",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=LinkedOut,
    summary="Redeem a link code",
    operation_id="redeem_link_code",
)
def redeem(request: ApiRequest, body: LinkCodeIn) -> LinkedOut:
    """Returns the recruiter who came back from our link page with this code.

    Send recruiters who registered on our own pages to `/sites/link/?platform=…&return_url=…`, with
    your platform's ID and one of your registered return addresses. The recruiter confirms there,
    and comes back with `zizhi_code` in the query. From then on you may ask the gate for them. Put a
    value that only this recruiter's session knows into `return_url`, and refuse the code if another
    session brings it back. A code works once, within 10 minutes.
    """
    client = request.auth.client
    link = redeem_code(client, body.code, now_for(client))
    return LinkedOut(
        employer_id=link.employer_id, member_id=link.member_id, linked_at=link.linked_at
    )


@router.put(
    "/{employer_id}/members/{member_id}/phone",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={204: None},
    summary="Set a recruiter's number",
    operation_id="set_member_phone",
)
def phone(request: ApiRequest, employer_id: UUID, member_id: UUID, body: PhoneIn) -> Status[None]:
    """Sets the number that a recruiter calls from. Relay numbers only connect calls from the team's
    verified numbers, so say whether you have proven it. A recruiter who has confirmed their address
    is told by mail. A number that they have proven themselves is not replaced: `phone_proven`.
    """
    client = request.auth.client
    employer = employer_created_by(client, employer_id)
    set_phone(client, employer, member_id, body.phone, now_for(client), proven=body.proven)
    return Status(204, None)


@router.delete(
    "/{employer_id}/members/{member_id}",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={204: None},
    summary="End a membership",
    operation_id="end_member",
)
def end(request: ApiRequest, employer_id: UUID, member_id: UUID) -> Status[None]:
    """Ends a membership at once. From then on the gate refuses the member, and they cannot sign in.

    The member is notified by mail. An owner who has confirmed their address is refused with
    `member_is_owner`: another owner removes them on our pages.
    """
    client = request.auth.client
    end_member(client, employer_created_by(client, employer_id), member_id, now_for(client))
    return Status(204, None)


@router.post(
    "/{employer_id}/onboarding-links",
    auth=BearerKey(Scope.ONBOARDING_MAKE),
    response={201: LinkOut},
    summary="Create an onboarding link",
    operation_id="make_onboarding_link",
)
def link(request: ApiRequest, employer_id: UUID, body: LinkIn) -> Status[LinkOut]:
    """Creates a single-use link that signs a recruiter in on our pages. It is valid for 15 minutes.

    The recruiter can provide documents, submit the case and read it. For anything else, such as
    inviting colleagues, they first set a password with a link that we mail them.

    Create it when the recruiter presses your button, not in advance.
    """
    client = request.auth.client
    made, url = make_link(
        client,
        employer_created_by(client, employer_id),
        body.member_id,
        purpose=body.purpose,
        return_url=body.return_url,
        language=body.language,
        links=Links(settings.SITE_URL),
        now=now_for(client),
    )
    return Status(201, LinkOut(url=url, expires_at=made.expires_at))
