"""Shared fixtures and plugins: available engines, people and companies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as of_hypothesis

from config.messages import compile_all
from documents.ocr import share_cores
from events import doorbell
from tests.databases import flush, test_database

pytest_plugins = ["tests.readings"]

TESTS = Path(__file__).parent
OF_DATABASE = {"db", "transactional_db", "live_server"}
WHOLE = {"stories", "browser", "upgrade", "test_engines.py"}
"""Tests here start the whole product, whichever fixtures they request."""
LONGEST = {"stories", "browser", "test_engines.py"}
"""The slowest tests here."""
SLOW_TO_COLLECT = "test_fuzz.py"
"""Generates its requests while it is collected. All its tests are slow."""
TEST_ALL = os.environ.get("ZIZHI_TEST_ALL") == "1"

# How long an example takes depends on the load of the machine, not on correctness.
_untimed = of_hypothesis(deadline=None, suppress_health_check=[HealthCheck.too_slow])
of_hypothesis.register_profile("thorough", _untimed)
of_hypothesis.register_profile("quick", _untimed, max_examples=25)
of_hypothesis.load_profile("quick")


def require(what: str, found: bool) -> None:
    """Skip a test whose engine is missing, with a reason. With ZIZHI_TEST_ALL=1, fail it."""
    if found:
        return
    if TEST_ALL:
        pytest.fail(f"ZIZHI_TEST_ALL=1, and {what} was not found", pytrace=False)
    pytest.skip(f"{what} was not found")


def pytest_configure(config: pytest.Config) -> None:
    """Compile translations, as `make setup` does, and let processes share the cores."""
    share_cores(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    for folder in () if hasattr(config, "workerinput") else settings.LOCALE_PATHS:
        compile_all(folder)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip what takes seconds to collect if the run leaves it out anyway."""
    left_out = "not slow" in config.option.markexpr and collection_path.name == SLOW_TO_COLLECT
    return True if left_out else None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Group, mark, order and skip tests.

    - Tests of a file, or of an `xdist_group` that they name, run in one process, so that shared
      objects are made once. Tests that start a real worker share nothing and run in any process.
    - Tests that use no database get the mark `no_database` and need not run on both engines. Those
      in WHOLE never get it.
    - Tests in folders of pages and of the console get the mark `pages`, but for the queue, whose
      search and order the database does.
    - Of the variants of a test with the mark `sampled`, all but the first few get the mark
      `accuracy`.
    - Tests that start a worker or a browser are the slowest and run first, so that no process is
      left with one at the end.
    - Tests that need PostgreSQL do not run on SQLite; tests/test_engines.py runs them where
      possible.
    """
    variants: Counter[str] = Counter()
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled and not item.get_closest_marker("accuracy"):
            test = item.nodeid.partition("[")[0]
            variants[test] += 1
            if variants[test] > sampled.args[0]:
                item.add_marker("accuracy")
        file = item.path.relative_to(TESTS)
        alone = item.get_closest_marker("worker")
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid if alone else file.as_posix()))
        asks = item.get_closest_marker("django_db") or OF_DATABASE.intersection(
            getattr(item, "fixturenames", ())
        )
        if file.parts[0] not in WHOLE and not asks:
            item.add_marker("no_database")
        if {"admin", "pages"}.intersection(file.parts[:-1]) and file.name != "test_queue.py":
            item.add_marker("pages")
    yield
    here = "not_on_postgresql" if connection.vendor == "postgresql" else "postgresql"
    left_out = [item for item in items if item.get_closest_marker(here)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    kept = [item for item in items if item not in set(left_out)]
    items[:] = sorted(kept, key=lambda item: item.path.relative_to(TESTS).parts[0] not in LONGEST)


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The notifications to workers during the test, as (task, *key). None reaches a broker."""
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(doorbell, "_send", lambda *message: told.append(message))
    return told


@pytest.fixture
def now() -> datetime:
    """A time to pass as `now`."""
    return datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """The database, as created by migrations."""
    with django_db_blocker.unblock(), test_database():
        yield


TransactionTestCase._fixture_teardown = flush  # type: ignore[method-assign]
