"""Fixtures for tests of accounts."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en"})
