"""How does a platform make its employers known to us, and see where each stands?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpResponse
from ninja import Field, Path, Query, Router, Schema, Status

from documents import uscc as usccs
from employers.clock import now_for
from employers.models import AccountClass, ApiClient, Employer, Member, Scope
from employers.platforms.api import ApiRequest, BearerKey
from events.api.pagination import Page, PageQuery, page_of
from events.api.texts import REFERENCE, REFERENCE_LONGEST
from events.core.errors import Refused
from verification.cases.platform_employers import Declared, create_employer, put_employer
from verification.models import Case
from verification.rules.states import State

router = Router(tags=["employers"])
Reference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REFERENCE_LONGEST,
        pattern=REFERENCE,
        examples=["co-1001"],
        description="Your own id of it.",
    ),
]

EXAMPLE: Final[dict[str, Any]] = {
    "id": "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
    "reference": "co-1001",
    "name": "云溪市示例科技有限公司",
    "uscc": "91990101000000106E",
    "account_class": "direct_employer",
    "test": False,
    "registered_at": "2026-11-20T02:00:00Z",
    "state": "approved",
    "expires_at": "2027-05-20T02:00:00Z",
    "members": [
        {"id": "6d5c4b3a-2918-4706-95f4-e3d2c1b0a998", "reference": "hr-7", "role": "owner"}
    ],
}


class MemberLine(Schema):
    """A recruiter of the employer; no personal data."""

    id: UUID = Field(description="Ours; the gate asks for it.")
    reference: str = Field(description="Yours; empty where the recruiter came to us by themselves.")
    role: str = Field(description="`owner` or `recruiter`.")


class EmployerOut(Schema):
    """An employer and the state of the case that counts."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    id: UUID = Field(description="Ours; the gate asks for it.")
    reference: str = Field(
        description="Yours; empty where the employer registered on our own pages."
    )
    name: str = Field(description="As it was declared.")
    uscc: str = Field(description="Its unified social credit code, as it was declared.")
    account_class: AccountClass = Field(description="Whom it recruits for.")
    test: bool = Field(description="Whether it was made by a platform for tests.")
    registered_at: datetime = Field(description="When it was made known to us.")
    state: State | None = Field(
        description=(
            "Of the case that counts: the last that was approved, else the last; null where there"
            " is none."
        )
    )
    expires_at: datetime | None = Field(description="Until when the approval of that case holds.")
    members: list[MemberLine] = Field(description="Those who act for it now.")

    @classmethod
    def of(cls, employer: Employer, case: Case | None) -> EmployerOut:
        active = [member for member in employer.members.all() if member.left_at is None]
        return cls(
            id=employer.pk,
            reference=employer.reference,
            name=employer.name,
            uscc=employer.uscc,
            test=employer.test,
            account_class=AccountClass(employer.account_class),
            registered_at=employer.registered_at,
            state=State(case.state) if case else None,
            expires_at=case.expires_at if case else None,
            members=[
                MemberLine(id=member.pk, reference=member.reference, role=member.role)
                for member in active
            ],
        )

    @classmethod
    def all_of(cls, employers: Sequence[Employer]) -> list[EmployerOut]:
        """The same of many, with as many questions to the database as of one."""
        counting: dict[UUID, Case] = {}
        for case in Case.objects.latest_approved_first().filter(employer__in=employers):
            counting.setdefault(case.employer_id, case)
        return [cls.of(employer, counting.get(employer.pk)) for employer in employers]


class DeclaredIn(Schema):
    """What you say of an employer."""

    name: str = Field(
        min_length=2,
        max_length=200,
        description="As on the business licence.",
        examples=["云溪市示例科技有限公司"],
    )
    uscc: str = Field(
        max_length=40, description="Unified social credit code.", examples=["91990101000000106E"]
    )
    account_class: AccountClass = Field(
        AccountClass.DIRECT_EMPLOYER, description="Whom it recruits for."
    )
    contest: bool = Field(
        False,
        description=(
            "Another approved employer holds the code, but it is this one's: a reviewer decides."
        ),
    )

    def declared(self) -> Declared:
        return Declared(self.name, self.uscc, self.account_class, self.contest)


class EmployerIn(DeclaredIn):
    """A new employer."""

    reference: Reference


class Sought(PageQuery):
    """Which employers are asked for."""

    uscc: str | None = Field(
        None, max_length=40, description="Those that declared this code: at most one is confirmed."
    )
    reference: str | None = Field(None, max_length=64, description="Yours.")
    state: State | None = Field(None, description="Those whose case that counts stands there.")


def seen(client: ApiClient, employer_id: UUID) -> Employer:
    """The employer, with its members.

    Raises Refused `employer_unknown` where this platform may not know of it.
    """
    found: Employer | None = (
        Employer.objects.seen_by(client).prefetch_related(_MEMBERS).filter(pk=employer_id).first()
    )
    if found is None:
        raise Refused("employer_unknown")
    return found


_MEMBERS: Final = Prefetch("members", Member.objects.order_by("joined_at", "pk"))


@router.get(
    "",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=Page[EmployerOut],
    summary="List employers",
    operation_id="employers",
)
def employers(request: ApiRequest, asked: Query[Sought]) -> dict[str, Any]:
    """Those that you made, and, unless you are a platform for tests, those who registered on our
    own pages; the oldest first.
    """
    rows = Employer.objects.seen_by(request.auth.client).prefetch_related(_MEMBERS)
    if asked.uscc is not None:
        code = usccs.normalise(asked.uscc)
        if refused := usccs.problem(code):
            raise refused
        rows = rows.filter(uscc=code)
    if asked.reference is not None:
        rows = rows.filter(platform=request.auth.client, reference=asked.reference)
    if asked.state is not None:
        rows = rows.filter(
            pk__in=Case.objects.counting().filter(state=asked.state).values("employer")
        )
    found, following = page_of(rows, asked, "employers", by="registered_at")
    return {"data": EmployerOut.all_of(found), "next": following}


@router.post(
    "",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={201: EmployerOut},
    summary="Make an employer",
    operation_id="create_employer",
)
def create(request: ApiRequest, body: EmployerIn, response: HttpResponse) -> Status[EmployerOut]:
    """A new employer of yours.

    It holds no rights by that: its recruiters show who it is, on our pages.

    A code of a wrong form is refused with what is wrong (`uscc_invalid`); a reference that is in
    use, with `reference_taken`.
    """
    client = request.auth.client
    employer = create_employer(client, body.reference, body.declared(), now_for(client))
    response["Location"] = f"/api/v1/employers/{employer.pk}"
    return Status(201, EmployerOut.of(employer, None))


@router.put(
    "/by-reference/{reference}",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={200: EmployerOut, 201: EmployerOut},
    summary="Make or correct an employer",
    operation_id="put_employer",
)
def put(request: ApiRequest, reference: Path[Reference], body: DeclaredIn) -> Status[EmployerOut]:
    """The employer as you say, whether it was there or not; said twice, it is the same as once.

    Until a case is handed in it can be corrected; after that, `state_conflict`: a changed name or
    code is a new case.
    """
    client = request.auth.client
    employer, is_new = put_employer(client, reference, body.declared(), now_for(client))
    return Status(201 if is_new else 200, EmployerOut.all_of([seen(client, employer.pk)])[0])


@router.get(
    "/{employer_id}",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=EmployerOut,
    summary="Read an employer",
    operation_id="employer",
)
def employer(request: ApiRequest, employer_id: UUID) -> EmployerOut:
    """Where it stands now.

    Before a download ask the gate: that an employer is approved is not yet a yes.
    """
    return EmployerOut.all_of([seen(request.auth.client, employer_id)])[0]
