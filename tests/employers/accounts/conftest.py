"""Fixtures for tests of accounts: no earlier attempts, and a visitor."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client


@pytest.fixture(autouse=True)
def nobody_has_tried_before() -> None:
    cache.clear()


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en"})
