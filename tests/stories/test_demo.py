"""Tests of the demo, which runs as `make run` starts it and asks the gate over HTTP with the client
package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest
from django.conf import settings

pytestmark = [pytest.mark.worker, pytest.mark.not_on_postgresql, pytest.mark.timeout(300)]


@pytest.mark.accuracy
def test_the_demo_asks_as_a_platform(tmp_path: Path) -> None:
    """The demo starts from an empty folder.

    What it reports about the gate is what the key that it leaves behind finds on record.
    """
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ZIZHI_VAR_DIR": str(tmp_path),
        "ZIZHI_BROKER_URL": "filesystem://localhost",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'zizhi.sqlite3'}",
        "LC_ALL": "C.UTF-8",
    }

    def manage(*command: str) -> str:
        run = [sys.executable, "manage.py", *command]
        done = subprocess.run(
            run, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=250
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    manage("migrate", "--verbosity", "0")
    told = manage("demo", "--language", "en")
    assert told.count("the site asks the gate: allowed at tier provisional") == 2
    assert told.count("the site uses the pass before it sends the resume: valid") == 2
    assert told.count("the same pass again: The pass has already been used") == 2
    assert told.count("the site asks the gate: denied at tier held") == 3
    assert "of the resume is ready: removed" in told and "/mine/open/" in told
    assert (tmp_path / "demo-copy.pdf").read_bytes().startswith(b"%PDF-")
    with closing(connect(tmp_path / "zizhi.sqlite3")) as database:
        answers = database.execute(
            "SELECT allowed, count(*), count(DISTINCT client_id) FROM downloads_gatedecision GROUP"
            " BY 1 ORDER BY 1"
        )
        assert answers.fetchall() == [(0, 3, 1), (1, 3, 1)]
        spent = database.execute(
            "SELECT reason, count(*) FROM downloads_passuse GROUP BY 1 ORDER BY 1"
        )
        assert spent.fetchall() == [("", 3), ("pass_spent", 2)]
        used = database.execute(
            "SELECT key_start FROM employers_apikey WHERE last_used_at IS NOT NULL"
        ).fetchall()
    left = json.loads((tmp_path / "demo-sign-in.json").read_text(encoding="utf-8"))
    assert [left["api_key"].startswith(start) for (start,) in used] == [True]
