"""Fixtures for tests of relay numbers: the simulator, a platform and a recruiter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from downloads import relay_providers
from downloads.relay_providers.simulator import SimulatedRelays
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Member, Scope
from tests.downloads.gate.test_quotas import approved
from tests.downloads.relays.relay_numbers import CALLERS, give_phone


@pytest.fixture(autouse=True)
def provider(settings: Any, tmp_path: Path) -> SimulatedRelays:
    """The simulator, with books of this test's own."""
    settings.VAR_DIR, settings.RELAYS = tmp_path, "simulator"
    return relay_providers.simulated_relays()


@pytest.fixture
def platform(db: None, now: datetime) -> ApiClient:
    return create_api_client("a platform", [Scope.GATE_DECIDE], now)[0]


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    """A recruiter of an approved employer, who gave a number."""
    made = approved(now, days=60)
    give_phone(made, CALLERS[0])
    return made
