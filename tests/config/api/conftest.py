"""Fixtures for tests of the API: a platform with a key, and limits that nothing has used."""

from __future__ import annotations

from datetime import datetime

import pytest

from employers.models import ApiClient, Scope
from employers.platforms import api as employers_api
from employers.platforms.api_limits import Buckets
from tests.factories import make_api_client


@pytest.fixture(autouse=True)
def _full_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(employers_api, "_buckets", Buckets())


@pytest.fixture
def platform(now: datetime) -> tuple[ApiClient, str]:
    return make_api_client(now, Scope.GATE_DECIDE, Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE)


@pytest.fixture
def key(platform: tuple[ApiClient, str]) -> str:
    return platform[1]
