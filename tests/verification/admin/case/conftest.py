"""Fixtures for tests of a case in the console: a reviewer, signed in, with a claimed case."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import User
from tests.factories import make_colleague, sign_in
from tests.verification.admin.case.waiting_cases import waiting
from verification.models import Case
from verification.reviewing import claims


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_colleague(now, "Reviewers")


@pytest.fixture
def client(reviewer: User) -> Client:
    return sign_in(reviewer)


@pytest.fixture
def claimed(reviewer: User, now: datetime) -> Case:
    case = waiting(now, hours=9)
    claims.claim_case(case.pk, reviewer, now)
    return case
