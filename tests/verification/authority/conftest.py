"""Fixtures for tests of proofs of authority: a recruiter, a colleague, a bank and a phone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from employers.models import Member
from tests.factories import make_member
from verification.models import RegistryRecord
from verification.providers import banks, e_licences
from verification.providers.banks.simulator import SimulatedBank
from verification.providers.e_licences.simulator import SimulatedELicences


@pytest.fixture(autouse=True)
def _own_books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.BANK, settings.E_LICENCES = tmp_path, "simulator", "simulator"


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


@pytest.fixture
def bank() -> SimulatedBank:
    named = banks.bank_named("simulator")
    assert isinstance(named, SimulatedBank)
    return named


@pytest.fixture
def phone() -> SimulatedELicences:
    named = e_licences.e_licence_service("simulator")
    assert isinstance(named, SimulatedELicences)
    return named


@pytest.fixture
def colleague(member: Member, now: datetime) -> Member:
    """A member of the same employer with an address at the registered domain."""
    RegistryRecord.objects.create(
        uscc=member.employer.uscc,
        name=member.employer.name,
        status="active",
        email_domain="shili.example",
        as_of=now.date(),
    )
    return make_member(now, member.employer, email="boss@shili.example")
