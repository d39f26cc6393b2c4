"""What does every test need? The engines that were found, and people and companies to act with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import TransactionTestCase

TEST_ALL = os.environ.get("ZIZHI_TEST_ALL") == "1"


def require(what: str, found: bool) -> None:
    """Skip, with its reason, a test whose engine was not found; with ZIZHI_TEST_ALL=1 that is a failure."""
    if found:
        return
    if TEST_ALL:
        pytest.fail(f"ZIZHI_TEST_ALL=1, and {what} was not found", pytrace=False)
    pytest.skip(f"{what} was not found")


@pytest.fixture
def now() -> datetime:
    """A moment to pass as `now`."""
    return datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _events_can_be_flushed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Transactional tests empty every table at the end, which SQLite does by DELETE; the guard steps aside for that alone."""
    flush = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events_event'")
                triggers = cursor.fetchall()
                for name, _ in triggers:
                    cursor.execute(f"DROP TRIGGER {name}")
                try:
                    flush(self)
                finally:
                    for _, sql in triggers:
                        cursor.execute(sql)
        else:
            flush(self)

    monkeypatch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
    yield
