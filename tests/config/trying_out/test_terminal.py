"""Tests of several processes in one terminal, and of a task beside them that ends on its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from honcho.printer import Message

from config.trying_out.terminal import Lines, Supervisor, Task

AT = datetime(2026, 11, 27, 10, 21, 5)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


def lines_on(terminal: io.StringIO) -> Lines:
    lines = Lines(terminal)
    lines.width = 6
    return lines


def task(lines: Lines, script: str, is_due: Callable[[], bool] = lambda: True) -> Task:
    return Task("demo", [sys.executable, "-c", script], os.environ, lines, is_due, "start again")


def said(terminal: io.StringIO) -> list[str]:
    """Return the lines without their time."""
    return [line[9:] for line in terminal.getvalue().splitlines()]


def wait_until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_line_is_its_time_its_process_and_its_text(terminal: io.StringIO) -> None:
    lines = lines_on(terminal)
    lines.write(Message("line", "mail to 甲 → http://x/\n\n".encode(), AT, "worker", None))
    lines.write(Message("line", b"one\ntwo \n", AT, "web", None))
    assert (
        terminal.getvalue()
        == "10:21:05 worker | mail to 甲 → http://x/\n10:21:05 web    | one\n10:21:05 web    |"
        " two\n"
    )


def test_of_the_supervisor_only_what_went_wrong_is_said(terminal: io.StringIO) -> None:
    lines = lines_on(terminal)
    for text in (
        "web started (pid=7)\n",
        "worker stopped (rc=1)\n",
        "sending SIGTERM to web (pid 7)\n",
        "web stopped (rc=-15)\n",
    ):
        lines.write(Message("line", text, AT, "system", None))
    assert said(terminal) == ["system | worker stopped (rc=1)", "system | stopping …"]


def test_of_a_stop_that_was_asked_for_one_line_is_said(terminal: io.StringIO) -> None:
    lines = lines_on(terminal)
    for text in (
        "SIGINT received\n",
        "sending SIGTERM to web (pid 7)\n",
        "web stopped (rc=-15)\n",
        "sending SIGKILL to worker (pid 8)\n",
    ):
        lines.write(Message("line", text, AT, "system", None))
    lines.write(Message("line", b"worker: Cold shutdown (MainProcess)\n", AT, "worker", None))
    lines.write(Message("line", b"[error] lost\n", AT, "worker", None))
    assert said(terminal) == [
        "system | stopping …",
        "system | sending SIGKILL to worker (pid 8)",
        "worker | [error] lost",
    ]


def test_the_end_of_a_task_ends_nothing_else(terminal: io.StringIO) -> None:
    lines = lines_on(terminal)
    manager = Supervisor(lines, task(lines, "print('made')"))
    manager.add_process(
        "web", f"{sys.executable} -c \"import time; time.sleep(3); print('still here')\""
    )
    manager.loop()
    assert said(terminal)[:2] == ["demo   | made", "web    | still here"]
    assert manager.returncode == 0


def test_a_task_that_fails_says_what_to_do_and_the_rest_goes_on(terminal: io.StringIO) -> None:
    lines = lines_on(terminal)
    manager = Supervisor(
        lines,
        task(
            lines,
            "import os, signal; print('half', flush=True); os.kill(os.getpid(), signal.SIGKILL)",
        ),
    )
    manager.add_process(
        "web", f"{sys.executable} -c \"import time; time.sleep(3); print('still here')\""
    )
    manager.loop()
    assert said(terminal)[:3] == [
        "demo   | half",
        "demo   | incomplete (exit status -9); start again",
        "web    | still here",
    ]


def test_a_task_ends_with_the_processes_and_says_nothing_then(terminal: io.StringIO) -> None:
    lines = lines_on(terminal)
    script = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    manager = Supervisor(lines, task(lines, script))
    manager.add_process("web", f'{sys.executable} -c "import time; time.sleep(3)"')
    manager.loop()
    pid = int(said(terminal)[0].rpartition(" ")[2])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "start again" not in terminal.getvalue()


def test_a_task_that_ignores_the_signal_is_killed(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.trying_out.terminal.PATIENCE", 0.5)
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf',"
        " flush=True); time.sleep(600)"
    )
    deaf = task(lines_on(terminal), script)
    deaf.start()
    wait_until(terminal.getvalue)
    deaf.end()
    deaf.join(30)
    assert not deaf.is_alive()
    assert deaf._process is not None and deaf._process.wait() == -signal.SIGKILL


def test_a_task_that_was_never_due_is_not_begun(terminal: io.StringIO) -> None:
    never = task(lines_on(terminal), "print('made')", lambda: False)
    never.start()
    never.end()
    never.join(30)
    assert not never.is_alive() and terminal.getvalue() == ""


SCRIPT = """
import structlog
from config import logs
logs.configure_logging("INFO", readable={readable})
log = structlog.get_logger()
log.info("api_request", method="POST", route="api/v1/gate/decisions", status=200, ms=14.6, client="c", request_id="r")
log.info("check_done", check="reading", attempt=3, seconds=1.234)
log.info("calls_received", provider="aliyun", new=2)
log.warning("mail_delayed", mail=7)
"""  # noqa: E501


def logged(*, readable: bool) -> list[str]:
    run = [sys.executable, "-c", SCRIPT.format(readable=readable)]
    return subprocess.run(
        run, capture_output=True, text=True, check=True, timeout=60
    ).stderr.splitlines()


def test_lines_for_a_terminal_are_short_and_name_what_is_wrong() -> None:
    assert logged(readable=True) == [
        "POST /api/v1/gate/decisions 200, 15 ms",
        "attempt 3: reading checked in 1.2 s",
        "calls_received new=2 provider=aliyun",
        "[warning] mail_delayed mail=7",
    ]


def test_lines_for_a_machine_have_it_all() -> None:
    first = logged(readable=False)[0]
    assert all(
        f'"{name}"' in first for name in ("timestamp", "level", "client", "request_id", "ms")
    )
