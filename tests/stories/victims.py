"""Honest companies whose rights, accounts and addresses others want."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from employers.accounts.registration import Links
from employers.models import Member
from tests.factories import make_case, make_document, make_employer, make_member
from verification.cases import operations
from verification.models import Attempt
from verification.rules.states import State

DAY = timedelta(days=1)
ACCOUNT = "100000001188"
LINKS = Links("https://site.example")


def handed_in(member: Member, now: datetime) -> Attempt:
    case = operations.open_case(member.employer, member.as_actor(), now)
    make_document(case, now)
    return operations.submit_case(case.pk, member.user, member.as_actor(), now)


def company(now: datetime, **fields: Any) -> Member:
    """Return the owner of an approved company."""
    owner = make_member(now, make_employer(now, confirmed_at=now))
    make_case(owner, now, State.APPROVED, **fields)
    return owner
