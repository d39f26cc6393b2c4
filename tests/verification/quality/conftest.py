"""Fixtures for tests of golden cases: a lead, a reviewer, and saved and planted cases."""

from __future__ import annotations

from datetime import datetime

import pytest

from employers.models import User
from tests.factories import make_colleague
from tests.verification.quality.golden import Made, decided
from tests.verification.staff import LEAD, make_staff
from verification.models import Case, GoldenCase
from verification.quality import golden_assignment, golden_cases


@pytest.fixture
def lead(now: datetime) -> User:
    return make_staff(now, *LEAD)


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_colleague(now, "Reviewers")


@pytest.fixture
def make_golden(now: datetime, lead: User) -> Made:
    def made(seed: int = 3, verb: str = "reject") -> GoldenCase:
        return golden_cases.save_golden_case(
            decided(now, seed, verb=verb).pk,
            verb,
            ["name_mismatch"] if verb != "approve" else [],
            lead,
            now,
        )

    return made


@pytest.fixture
def planted(now: datetime, make_golden: Made, reviewer: User) -> Case:
    return golden_assignment.plant_golden_case(make_golden(), reviewer, now)
