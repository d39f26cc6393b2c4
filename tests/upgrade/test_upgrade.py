"""Tests that a database of an earlier version migrates to this one, and works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.databases import database_at
from tests.upgrade import store

HERE = Path(__file__).parent

ENGINES = [
    pytest.param("sqlite", marks=pytest.mark.not_on_postgresql),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def address() -> str:
    """Return the address of the connection's database."""
    server = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{server['NAME']}"
    account, host = f"{server['USER']}:{server['PASSWORD']}", server["HOST"] or "127.0.0.1"
    return f"postgres://{account}@{host}:{server['PORT'] or 5432}/{server['NAME']}"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "path", sorted(HERE.glob("*.jsonl.gz")), ids=lambda path: path.name.split(".")[0]
)
@pytest.mark.slow
def test_recorded_database(path: Path, engine: str, tmp_path: Path) -> None:
    """Run the walk in a process, database and folder of its own, with the recorded keys."""
    assert connection.vendor == engine
    recording = store.read(path)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "PYTEST_", "DATABASE_URL"))
    }
    with database_at(recording.leaves):
        given = {
            "DJANGO_SETTINGS_MODULE": "tests.upgrade.settings",
            "DATABASE_URL": address(),
            "ZIZHI_VAR_DIR": str(tmp_path),
            "ZIZHI_SECRET_KEY": recording.about["secret_key"],
            "ZIZHI_DATA_KEY": recording.about["data_key"],
            "ZIZHI_INDEX_KEY": recording.about["data_key"],
            "ZIZHI_SITE_URL": "http://localhost:8000",
            "ZIZHI_EMAIL_URL": "dummymail://",
            "ZIZHI_UNDO_SECONDS": "0",
            "ZIZHI_LOG_LEVEL": "CRITICAL",
        }
        command = [sys.executable, "-m", "tests.upgrade.walk", str(path)]
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=inherited | given,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
