"""Fixtures for tests of one's own account: a clock, and a member in a browser."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import Member
from tests.employers.security.staff_sign_in import Clock
from tests.factories import make_member, sign_in


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def now(clock: Clock) -> datetime:
    return clock.now


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email="old@example.com", language="en")


@pytest.fixture
def mine(member: Member) -> Client:
    return sign_in(member.user)
