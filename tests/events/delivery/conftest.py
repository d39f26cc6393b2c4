"""Fixtures for tests of deliveries: a receiver, and an employer of a platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from employers.accounts.api_clients import create_api_client
from employers.models import Employer, Scope
from tests.factories import make_employer
from tests.fakes.webhook_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


@pytest.fixture
def employer(now: datetime) -> Employer:
    platform, _ = create_api_client("a platform", [Scope.EVENTS_READ], now)
    return make_employer(now, platform=platform, reference="r-1")
