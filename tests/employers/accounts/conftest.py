"""Fixtures for tests of accounts."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from employers.models import Member
from tests.factories import make_case, make_employer, make_member
from verification.rules.states import State


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def owner(now: datetime) -> Member:
    """The owner of an approved company."""
    made = make_member(now, make_employer(now, confirmed_at=now))
    make_case(made, now, State.APPROVED)
    return made


@pytest.fixture
def second(owner: Member, now: datetime) -> Member:
    """Another owner of the same company."""
    return make_member(now, owner.employer)
