"""Fixtures for tests of the operations on a case: a recruiter with a verified address."""

from __future__ import annotations

from datetime import datetime

import pytest

from employers.models import Member
from tests.factories import make_member


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email_verified_at=now)
