"""API calls for employers: list, create, update and retrieve."""

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
        description="Your own ID for the employer.",
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
    """A recruiter of an employer, without personal data."""

    id: UUID = Field(description="Our ID for the recruiter. The gate requires it.")
    reference: str = Field(
        description="Your ID for the recruiter. Empty if they registered on our own pages."
    )
    role: str = Field(description="Either `owner` or `recruiter`.")


class EmployerOut(Schema):
    """An employer and the state of its current case."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    id: UUID = Field(description="Our ID for the employer. The gate requires it.")
    reference: str = Field(
        description="Your ID for the employer. Empty if it registered on our own pages."
    )
    name: str = Field(description="The declared name of the company.")
    uscc: str = Field(description="The declared unified social credit code.")
    account_class: AccountClass = Field(description="Who the employer recruits for.")
    test: bool = Field(description="Whether a test platform created the employer.")
    registered_at: datetime = Field(description="When the employer was registered.")
    state: State | None = Field(
        description=(
            "The state of the current case: the latest that was approved, else the latest. Null if"
            " there is none."
        )
    )
    expires_at: datetime | None = Field(description="When the approval of that case ends.")
    members: list[MemberLine] = Field(
        description=(
            "The employer's current recruiters. Of an employer that registered on our own pages,"
            " those who linked their accounts with your platform."
        )
    )

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
        """Return many employers, in as many queries as one takes."""
        counting: dict[UUID, Case] = {}
        for case in Case.objects.latest_approved_first().filter(employer__in=employers):
            counting.setdefault(case.employer_id, case)
        return [cls.of(employer, counting.get(employer.pk)) for employer in employers]


class DeclaredIn(Schema):
    """The facts that you declare for an employer."""

    name: str = Field(
        min_length=2,
        max_length=200,
        description="The company's name, as on the business licence.",
        examples=["云溪市示例科技有限公司"],
    )
    uscc: str = Field(
        max_length=40,
        description="The unified social credit code.",
        examples=["91990101000000106E"],
    )
    account_class: AccountClass = Field(
        AccountClass.DIRECT_EMPLOYER, description="Who the employer recruits for."
    )
    contest: bool = Field(
        False,
        description=(
            "Claims a code that another approved employer has. A reviewer decides who owns it."
        ),
    )

    def declared(self) -> Declared:
        return Declared(self.name, self.uscc, self.account_class, self.contest)


class EmployerIn(DeclaredIn):
    """A new employer."""

    reference: Reference


class Sought(PageQuery):
    """Filters for a list of employers."""

    uscc: str | None = Field(
        None, max_length=40, description="Employers with this code. At most one is confirmed."
    )
    reference: str | None = Field(None, max_length=64, description="Your ID for the employer.")
    state: State | None = Field(None, description="Employers whose current case has this state.")


def visible_employer(client: ApiClient, employer_id: UUID) -> Employer:
    """Return the employer with its members.

    Raise Refused `employer_unknown` if it is not visible to this platform.
    """
    found: Employer | None = (
        Employer.objects.seen_by(client)
        .prefetch_related(_members_seen_by(client))
        .filter(pk=employer_id)
        .first()
    )
    if found is None:
        raise Refused("employer_unknown")
    return found


def _members_seen_by(client: ApiClient) -> Prefetch[str]:
    return Prefetch("members", Member.objects.seen_by(client).order_by("joined_at", "pk"))


@router.get(
    "",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=Page[EmployerOut],
    summary="List employers",
    operation_id="employers",
)
def employers(request: ApiRequest, asked: Query[Sought]) -> dict[str, Any]:
    """Returns the employers that you created and, unless you are a test platform, those of the
    recruiters who linked their accounts with your platform. The oldest come first.
    """
    client = request.auth.client
    rows = Employer.objects.seen_by(client).prefetch_related(_members_seen_by(client))
    if asked.uscc is not None:
        code = usccs.normalise_uscc(asked.uscc)
        if refused := usccs.uscc_problem(code):
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
    summary="Create an employer",
    operation_id="create_employer",
)
def create(request: ApiRequest, body: EmployerIn, response: HttpResponse) -> Status[EmployerOut]:
    """Creates an employer.

    A new employer has no rights until its recruiters have verified it on our pages. A code in the
    wrong form is refused with `uscc_invalid`, which says what is wrong with it. A reference already
    in use is refused with `reference_taken`.
    """
    client = request.auth.client
    employer = create_employer(client, body.reference, body.declared(), now_for(client))
    response["Location"] = f"/api/v1/employers/{employer.pk}"
    return Status(201, EmployerOut.of(employer, None))


@router.put(
    "/by-reference/{reference}",
    auth=BearerKey(Scope.EMPLOYERS_WRITE),
    response={200: EmployerOut, 201: EmployerOut},
    summary="Create or update an employer",
    operation_id="put_employer",
)
def put(request: ApiRequest, reference: Path[Reference], body: DeclaredIn) -> Status[EmployerOut]:
    """Creates the employer, or updates it if it exists. Repeating the request has no further
    effect.

    You can update an employer until a case is submitted. After that, the request is refused with
    `state_conflict`, because a changed name or code requires a new case.
    """
    client = request.auth.client
    employer, is_new = put_employer(client, reference, body.declared(), now_for(client))
    return Status(
        201 if is_new else 200, EmployerOut.all_of([visible_employer(client, employer.pk)])[0]
    )


@router.get(
    "/{employer_id}",
    auth=BearerKey(Scope.EMPLOYERS_READ),
    response=EmployerOut,
    summary="Retrieve an employer",
    operation_id="employer",
)
def employer(request: ApiRequest, employer_id: UUID) -> EmployerOut:
    """Retrieves an employer with its current state.

    Ask the gate before each download: an approved employer may still be refused.
    """
    return EmployerOut.all_of([visible_employer(request.auth.client, employer_id)])[0]
