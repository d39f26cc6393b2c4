"""Tests that a database of an earlier version migrates to this one, and works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from tests.upgrade import store

HERE = Path(__file__).parent
ENGINES = [
    pytest.param("sqlite", marks=pytest.mark.not_on_postgresql),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
]

pytestmark = pytest.mark.timeout(300)


@contextmanager
def empty_database(engine: str, folder: Path) -> Iterator[str]:
    """Provide the address of a database for this test alone, beside that of the run."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'upgrade.sqlite3'}"
        return
    server, name = connection.settings_dict, f"upgrade_{os.getpid()}"
    address = f"{server['USER']}:{server['PASSWORD']}@{server['HOST'] or '127.0.0.1'}:{server['PORT'] or 5432}"  # noqa: E501
    with psycopg.connect(f"postgresql://{address}/postgres", autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgres://{address}/{name}"
        finally:
            maintenance.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "path", sorted(HERE.glob("*.jsonl.gz")), ids=lambda path: path.name.split(".")[0]
)
def test_recorded_database(path: Path, engine: str, tmp_path: Path) -> None:
    """Run the walk in a process, database and folder of its own, with the recorded keys."""
    about = store.read(path).about
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "PYTEST_", "DATABASE_URL"))
    }
    with empty_database(engine, tmp_path) as address:
        given = {
            "DJANGO_SETTINGS_MODULE": "tests.upgrade.settings",
            "DATABASE_URL": address,
            "ZIZHI_VAR_DIR": str(tmp_path),
            "ZIZHI_SECRET_KEY": about["secret_key"],
            "ZIZHI_DATA_KEY": about["data_key"],
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
