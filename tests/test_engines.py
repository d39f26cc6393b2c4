"""Runs tests on PostgreSQL and Redis too, if they are found on loopback.

The tests run in another process, since a run has one database and one broker.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.conftest import require

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get(
    "ZIZHI_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)
REDIS = os.environ.get("ZIZHI_TEST_BROKER_URL", "redis://127.0.0.1:6379/9")

pytestmark = [pytest.mark.not_on_postgresql, pytest.mark.timeout(600)]


def postgresql_answers() -> bool:
    try:
        psycopg.connect(
            POSTGRESQL.replace("postgres://", "postgresql://", 1), connect_timeout=2
        ).close()
    except psycopg.Error:
        return False
    return True


def redis_answers() -> bool:
    try:
        socket.create_connection(("127.0.0.1", 6379), 2).close()
    except OSError:
        return False
    return True


def run(marker: str, **environment: str) -> None:
    """Run the tests with `marker` in another process."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-m", marker]
    # The other run makes its own keys and folders.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "PYTEST_", "DATABASE_URL"))
    }
    done = subprocess.run(
        command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout, done.stdout[-2000:]


def test_postgresql() -> None:
    require("PostgreSQL on loopback", postgresql_answers())
    run("postgresql and not redis", DATABASE_URL=POSTGRESQL)


def test_redis() -> None:
    require("Redis on loopback", redis_answers())
    run("redis", ZIZHI_BROKER_URL=REDIS)


@pytest.mark.timeout(1500)
def test_postgresql_and_redis_together() -> None:
    require("PostgreSQL on loopback", postgresql_answers())
    require("Redis on loopback", redis_answers())
    run("postgresql and redis", DATABASE_URL=POSTGRESQL, ZIZHI_BROKER_URL=REDIS)
