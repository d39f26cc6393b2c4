"""Fixtures for tests of staff sign-in: a clock, and a colleague with a second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from employers.models import SecondFactor, User
from tests.employers.security.staff_sign_in import Clock, enrolled
from tests.factories import make_user


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def now(clock: Clock) -> datetime:
    return clock.now


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"


@pytest.fixture
def colleague(now: datetime) -> User:
    return make_user(now, "li.na@zizhi.example", is_staff=True, language="en")


@pytest.fixture
def factor(colleague: User, now: datetime) -> SecondFactor:
    """Set up some time ago, so that the current codes are unused."""
    return enrolled(colleague, now)[0]
