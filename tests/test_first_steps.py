"""Tests of the first steps: whatever a machine lacks causes one clear line instead of a
traceback.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.demo import record as demo_record
from config.management.commands import serve
from config.management.commands.serve import demo_to_make, process_environment, where_to_go
from config.trying_out.first_run import make_env_file
from tests.conftest import require

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534


@pytest.fixture
def checkout() -> Iterator[Path]:
    """The parts of a fresh clone that `make setup` reads before it installs anything."""
    require("make", shutil.which("make") is not None)
    folder = Path(
        tempfile.mkdtemp(prefix="zizhi-clone-")
    )  # not pytest's own folder, which other users cannot enter
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def make_setup(
    folder: Path, python: str = "python3", user: int | None = None
) -> tuple[int, list[str]]:
    """Return the exit status of `make setup`, and its output without make's own lines."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    command = ["make", "setup", f"PYTHON={python}"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        user=user,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, [
        line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make")
    ]


def python_that(folder: Path, script: str) -> str:
    """Make a fake Python that runs `script`."""
    path = folder / "another-python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_no_python(checkout: Path) -> None:
    status, lines = make_setup(checkout, "python-of-nobody")
    assert status != 0
    assert lines == [
        "python-of-nobody was not found. Install Python 3.11 or newer, or choose one with 'make"
        " PYTHON=python3.12 …'."
    ]


def test_python_too_old(checkout: Path) -> None:
    python = python_that(checkout, '[ "$1" = --version ] && echo "Python 3.9.2" && exit; exit 1')
    status, lines = make_setup(checkout, python)
    assert status != 0
    assert lines == [
        "Python 3.9.2 is too old. Install Python 3.11 or newer, or choose one with 'make"
        " PYTHON=python3.12 …'."
    ]


def test_python_without_venv(checkout: Path) -> None:
    python = python_that(checkout, '[ "$1" = -m ] && mkdir .venv && exit 1; exit 0')
    status, lines = make_setup(checkout, python)
    assert status != 0
    assert lines == [
        f"{python} cannot create a virtual environment. On Debian and Ubuntu: apt-get install"
        " python3-venv"
    ]
    assert not (checkout / ".venv").exists(), (
        "a partial virtual environment would be mistaken for a complete one"
    )


def test_folder_that_cannot_be_written(checkout: Path) -> None:
    checkout.chmod(0o555)
    status, lines = make_setup(checkout, user=NOBODY if os.getuid() == 0 else None)
    assert status != 0
    assert lines == ["Cannot write to this folder. Run Zizhi in a writable folder."]


def test_port_in_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError) as error:
            call_command("serve", port=port)
    assert (
        str(error.value)
        == f"Port {port} is in use. Stop the process that uses it, or choose another: make run"
        f" PORT={port + 1}"
    )


def test_data_folder_that_cannot_be_written(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.VAR_DIR = tmp_path / "file" / "var"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(CommandError) as error:
        call_command("serve", port=port)
    assert (
        str(error.value)
        == f"Cannot write to {settings.VAR_DIR} (Not a directory). Set ZIZHI_VAR_DIR to a"
        " writable folder."
    )


def test_links_in_mails_lead_to_where_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZIZHI_SITE_URL", raising=False)
    assert process_environment(8123)["ZIZHI_SITE_URL"] == "http://localhost:8123"
    monkeypatch.setenv("ZIZHI_SITE_URL", "https://hr.example")
    assert process_environment(8123)["ZIZHI_SITE_URL"] == "https://hr.example"


def test_keys_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert make_env_file(path)
    made = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert not make_env_file(path)
    assert path.read_text(encoding="utf-8") == made
    assert {"ZIZHI_SECRET_KEY", "ZIZHI_DATA_KEY", "ZIZHI_INDEX_KEY"} <= {
        line.split("=")[0] for line in made.splitlines()
    }


# --- What is said at the start --------------------------------------------------------------------


@pytest.fixture
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any settings."""
    for name in ("ZIZHI_SITE_URL", "ZIZHI_EMAIL_URL", "ZIZHI_STAFF_SECOND_FACTOR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_mails_are_kept_where_somebody_tries_it_out(nothing_named: pytest.MonkeyPatch) -> None:
    assert process_environment(8123)["ZIZHI_EMAIL_URL"] == "keptmail://"
    told = where_to_go(8123, process_environment(8123), None, "")
    assert "http://localhost:8123/try/" in told and "text messages" in told
    nothing_named.setenv("ZIZHI_EMAIL_URL", "smtp://mail.example")
    assert process_environment(8123)["ZIZHI_EMAIL_URL"] == "smtp://mail.example"
    assert "/try/" not in where_to_go(8123, process_environment(8123), None, "")


def test_mails_are_sent_elsewhere(nothing_named: pytest.MonkeyPatch) -> None:
    nothing_named.setenv("ZIZHI_SITE_URL", "https://hr.example")
    assert "ZIZHI_EMAIL_URL" not in process_environment(8123)


@pytest.mark.parametrize(
    ("site", "named", "said"),
    [
        (None, None, "asks only for a password"),
        (None, "required", "set up two-step verification when"),
        (None, "optional", "asks only for a password"),
        ("https://hr.example", None, "set up two-step verification when"),
    ],
)
def test_it_says_of_the_second_factor_what_the_processes_ask(
    nothing_named: pytest.MonkeyPatch, settings: Any, site: str | None, named: str | None, said: str
) -> None:
    settings.STAFF_SECOND_FACTOR = "required"  # the default, which the tests' settings override
    for name, value in (("ZIZHI_SITE_URL", site), ("ZIZHI_STAFF_SECOND_FACTOR", named)):
        if value:
            nothing_named.setenv(name, value)
    told = where_to_go(8123, process_environment(8123), None, "")
    assert said in told
    assert ("asks only for a password" in told) != ("set up two-step verification when" in told)


@pytest.mark.django_db
def test_the_first_start_names_sign_ins_before_there_is_a_demo(
    nothing_named: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    made, _ = demo_to_make(process_environment(8123))
    assert made is not None and demo_record.missing_steps(made) == list(demo_record.STEPS)
    told = where_to_go(8123, process_environment(8123), made, "")
    assert made["reviewer"] in told and made["password"] in told and made["api_key"] in told
    assert "ready in a minute, see below" in told and "curl" not in told
    made |= {"employer": "hr@a.example", "employer_id": "e-1", "member_id": "m-1"}
    told = where_to_go(8123, process_environment(8123), made, "")
    assert "hr@a.example" in told and "curl http://localhost:8123/api/v1/gate/decisions" in told


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ZIZHI_SITE_URL", "https://hr.example", "fictitious"),
        ("ZIZHI_EMAIL_URL", "smtp://m.example", "keptmail"),
    ],
)
def test_where_there_is_to_be_no_demo_it_says_why(
    nothing_named: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    nothing_named.setenv(name, value)
    made, not_made = demo_to_make(process_environment(8123))
    assert made is None
    assert why in not_made and not_made in where_to_go(
        8123, process_environment(8123), made, not_made
    )


@pytest.mark.django_db
def test_sign_ins_of_another_database_do_not_stop_the_start(
    nothing_named: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    demo_record.save_record(
        tmp_path / demo_record.SIGN_IN,
        {"reviewer": "x@y.example", "password": "p", "api_key": "zk_x"},
    )
    made, not_made = demo_to_make(process_environment(8123))
    assert made is None and "belongs to another database. Remove it" in not_made


# --- Without preparation --------------------------------------------------------------------------


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `serve` would have started."""
    started: list[str] = []
    monkeypatch.setattr(
        serve, "supervise_processes", lambda *_args, **_more: started.append("all") or 0
    )
    return started


@pytest.mark.django_db
def test_serve_says_what_is_not_ready(
    no_processes: list[str], settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    with pytest.raises(CommandError, match="serve --prepare"):
        call_command("serve", port=0)
    assert no_processes == []
    (tmp_path / serve.MANIFEST).touch()
    with pytest.raises(SystemExit) as ended:
        call_command("serve", port=0)
    assert ended.value.code == 0 and no_processes == ["all"]
    MigrationRecorder(connection).record_unapplied("events", "0013_held_sms")
    with pytest.raises(CommandError, match="serve --prepare"):
        call_command("serve", port=0)
