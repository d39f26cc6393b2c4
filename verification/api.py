"""How does a platform see where an employer stands? By its code: the ids that the gate asks for, and the case that counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from employers import uscc as usccs
from employers.api import BearerKey
from employers.models import Employer, Scope
from verification.models import Case

router = Router(tags=["employers"])


class MemberOut(Schema):
    """A recruiter of the employer, by id and role; no personal data."""

    id: UUID
    role: str


class EmployerOut(Schema):
    """An employer and the state of the case that counts; `state` is null where it has none yet."""

    id: UUID
    name: str
    uscc: str
    account_class: str
    state: str | None
    expires_at: datetime | None
    members: list[MemberOut]

    @classmethod
    def of(cls, employer: Employer, case: Case | None) -> EmployerOut:
        return cls(
            id=employer.pk, name=employer.name, uscc=employer.uscc, account_class=employer.account_class,
            state=case.state if case else None, expires_at=case.expires_at if case else None,
            members=[MemberOut(id=member.pk, role=member.role) for member in employer.members.active()],
        )  # fmt: skip


@router.get(
    "", auth=BearerKey(Scope.EMPLOYERS_READ), response=list[EmployerOut], summary="Find employers by code", operation_id="employers"
)
def employers(request: HttpRequest, uscc: str) -> list[EmployerOut]:
    """Employers that registered with this code: at most one is confirmed, others may still be under verification."""
    code = usccs.normalise(uscc)
    if refused := usccs.problem(code):
        raise refused
    found = Employer.objects.filter(uscc=code).order_by("registered_at")[:20]
    return [EmployerOut.of(employer, Case.objects.of(employer).first()) for employer in found]
