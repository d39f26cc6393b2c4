"""Tests of `serve --prepare`, as `make run` starts it: pages first, the demo beside them, and
stopping at any moment loses nothing.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from config.demo import record as demo_record

pytestmark = [pytest.mark.worker, pytest.mark.not_on_postgresql, pytest.mark.timeout(600)]


class Served:
    """A service started as by `make run`, and its terminal output."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, port: int) -> None:
        self.process, self.output, self.port = process, output, port

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def lines_of(self, process: str) -> list[str]:
        """Return what a process has said, without the time and its name."""
        return re.findall(rf"^\S+ {process} +\| (.*)$", self.said, re.M)

    def wait(self, what: Callable[[], object], complaint: str, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline or self.process.poll() is not None:
                pytest.fail(f"{complaint}: {self.said[-3000:]}", pytrace=False)
            time.sleep(0.1)

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(
                f"http://localhost:{self.port}{path}", timeout=30
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def stop(self) -> None:
        """Press Ctrl-C, as a terminal sends it to the foreground."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.said[-3000:]


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Start the service in an empty folder, without any settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    unset = (
        "ZIZHI_SITE_URL",
        "ZIZHI_EMAIL_URL",
        "ZIZHI_STAFF_SECOND_FACTOR",
        "ZIZHI_LOG_LEVEL",
        "ZIZHI_LOG_READABLE",
    )
    environment = {name: value for name, value in os.environ.items() if name not in unset} | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ZIZHI_VAR_DIR": str(folder),
        "ZIZHI_BROKER_URL": "filesystem://localhost",
        "DATABASE_URL": f"sqlite:///{folder / 'zizhi.sqlite3'}",
        "LC_ALL": "C.UTF-8",
    }
    output = folder / "terminal"
    with output.open("wb") as terminal:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--prepare", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=terminal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Served(process, output, port)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def of_the_demo(folder: Path) -> list[int]:
    """Return the processes that make the demo in `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            asked, where = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"\0demo\0" in asked and f"ZIZHI_VAR_DIR={folder}\0".encode() in where + b"\0":
            found.append(int(entry.name))
    return found


@pytest.mark.slow
def test_pages_first_then_the_demo_which_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    record = tmp_path / demo_record.SIGN_IN
    with serve(tmp_path) as first:
        first.wait(lambda: first.get("/") == 200, "no page")
        assert demo_record.missing_steps(json.loads(record.read_text())) == list(
            demo_record.STEPS
        ), "the pages are there before the demo"
        assert first.get("/try/mails") == 200
        first.wait(lambda: "mail to hr" in first.said, "no mail")
        assert of_the_demo(tmp_path)
        first.stop()
        assert of_the_demo(tmp_path) == [], "Ctrl-C also ends the demo"
        assert "Traceback" not in first.said
        assert "the console asks only for a password" in first.said
    made = json.loads(record.read_text())
    assert set(demo_record.missing_steps(made)) == set(demo_record.STEPS)

    # Two steps suffice to show that the next start makes what is missing, and only that.
    left = ("queue_listed_company", "golden_name")
    record.write_text(
        json.dumps(made | {"made": [step for step in demo_record.STEPS if step not in left]})
    )
    with serve(tmp_path) as second:
        second.wait(lambda: "all examples are ready" in second.said, "no demo")
        of_steps = second.lines_of("demo")
        assert len(of_steps) == 4, of_steps
        assert of_steps[1].startswith("1/2 ") and "waits for your decision" in of_steps[1]
        assert of_steps[2].startswith("2/2 golden case ")
        second.wait(lambda: not of_the_demo(tmp_path), "the demo does not end")
        time.sleep(1)
        assert second.get("/") == 200, "stopping it stops nothing else"
        lines = [line for line in second.lines_of("worker") if line.startswith("mail to ")]
        assert len(lines) == second.said.count("mail to ")
        assert lines and not any("http" in line for line in lines), "a link lets its finder in"
        second.stop()

    with serve(tmp_path) as third:
        third.wait(lambda: third.get("/") == 200, "no page")
        time.sleep(3)
        assert third.lines_of("demo") == [] == of_the_demo(tmp_path), "nothing is made twice"
        third.stop()
