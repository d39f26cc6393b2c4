"""Makes people, employers and cases in any state, with the real operations where they exist."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import Group
from django.test import Client

from documents.uscc import check_character, organisation_check_character
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Employer, Member, MemberLink, Scope, User
from verification.models import Case, Document, DocumentKind, DocumentPage
from verification.rules import states
from verification.rules.states import State

PASSWORD = "correct horse battery staple"
_counter = itertools.count(1)


def make_uscc(number: int | None = None, kind: str = "91") -> str:
    """Return a valid code that no one else uses in this run.

    `kind` is the authority and the category, such as 92 for a sole trader or 12 for an institution.
    """
    body = f"{next(_counter) if number is None else number:08d}"
    first17 = f"{kind}990101{body}{organisation_check_character(body)}"
    return first17 + check_character(first17)


def make_user(now: datetime, email: str = "", **fields: Any) -> User:
    email = email or f"person{next(_counter)}@example.com"
    return User.objects.create_user(email, PASSWORD, joined_at=now, **fields)


def make_reviewer(now: datetime, email: str = "") -> User:
    return make_user(
        now, email or f"reviewer{next(_counter)}@example.com", is_staff=True, is_superuser=True
    )


def make_colleague(now: datetime, *groups: str) -> User:
    """Create a member of staff in these groups."""
    user = make_user(now, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def make_member(
    now: datetime, employer: Employer | None = None, role: str = "owner", **user_fields: Any
) -> Member:
    """Create a recruiter, with a new employer unless one is given."""
    employer = employer or make_employer(now)
    user_fields.setdefault("email_verified_at", now)
    return Member.objects.create(
        user=make_user(now, **user_fields), employer=employer, role=role, joined_at=now
    )


def make_employer(now: datetime, name: str = "云溪市示例科技有限公司", **fields: Any) -> Employer:
    return Employer.objects.create(
        name=name, uscc=fields.pop("uscc", None) or make_uscc(), registered_at=now, **fields
    )


def make_case(member: Member, now: datetime, state: State = State.DRAFT, **fields: Any) -> Case:
    """Create a case in `state` directly as a row. Only tests may do so."""
    if state in states.EVER_APPROVED:
        fields.setdefault("approved_at", now)
        fields.setdefault("expires_at", now + timedelta(days=180))
    if state is not State.DRAFT:
        fields.setdefault("submitted_at", now)
        fields.setdefault("submitted_by", member.user)
    employer = member.employer
    return Case.objects.create(
        employer=employer,
        state=state,
        declared_name=employer.name,
        declared_uscc=employer.uscc,
        account_class=employer.account_class,
        opened_at=now,
        **fields,
    )


def make_document(
    case: Case,
    now: datetime,
    kind: str = DocumentKind.BUSINESS_LICENCE,
    fingerprint: str = "0" * 16,
    sha256: str = "",
) -> Document:
    """Create a document with one page whose file does not exist, for tests that do not open it."""
    user = case.submitted_by or case.employer.members.first().user
    document = Document.objects.create(
        case=case,
        kind=kind,
        sha256=sha256 or f"{next(_counter):064x}",
        size=1000,
        media_type="image/jpeg",
        scan={"clean": None},
        uploaded_by=user,
        uploaded_at=now,
    )
    DocumentPage.objects.create(
        document=document,
        number=1,
        image="nowhere.jpg",
        width=1600,
        height=1130,
        fingerprint=fingerprint,
    )
    return document


PLATFORM: Final = UUID(int=7)
"""A platform to ask as, which `make_link` makes."""


def make_link(member: Member, client_id: UUID, now: datetime) -> MemberLink:
    """Link the member with a platform, which is made if there is none with this id."""
    ApiClient.objects.get_or_create(
        pk=client_id, defaults={"name": "a platform", "created_at": now}
    )
    link, _ = MemberLink.objects.in_force().get_or_create(
        member=member,
        client_id=client_id,
        defaults={
            "employer": member.employer,
            "origin": MemberLink.Origin.RECRUITER,
            "linked_at": now,
        },
    )
    return link


def make_linked_client(now: datetime, *scopes: Scope) -> tuple[ApiClient, str]:
    """Create a platform that all recruiters of our own pages have linked."""
    client, key = make_api_client(now, *scopes)
    for member in Member.objects.filter(employer__platform=None):
        make_link(member, client.pk, now)
    return client, key


def make_api_client(now: datetime, *scopes: Scope) -> tuple[ApiClient, str]:
    return create_api_client("a platform", list(scopes or (Scope.GATE_DECIDE,)), now)


def sign_in(user: User) -> Client:
    """Return a signed-in browser that requests English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client
