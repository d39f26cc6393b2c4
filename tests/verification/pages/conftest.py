"""Fixtures for tests of the case's pages: a recruiter, signed in, with a case."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from employers.models import Member
from tests.factories import make_case, make_member
from verification.models import Case


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email_verified_at=now)


@pytest.fixture
def visitor(member: Member) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(member, now)
