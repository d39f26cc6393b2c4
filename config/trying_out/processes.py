"""The processes of the service, and the commands that start them.

`serve` runs them all: one worker for each queue. The demo, the benchmarks and the tests start their
own workers with the same commands.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOPS_AT_ONCE = {"REMAP_SIGTERM": "SIGQUIT"}
"""On SIGTERM, a Celery worker would wait for its pool, which the same signal to its process group
has just ended. It need not wait: unfinished work is a row whose lease ends.
"""

ROOT = Path(__file__).resolve().parents[2]


def web_command(host: str, port: int) -> list[str]:
    """One process with threads: the default database is a single file, and the worker does the
    heavy work.
    """
    command = (
        f"gunicorn config.wsgi --bind {host}:{port} --workers 1 --threads 8 --timeout 60"
        " --log-level warning"
    )
    return [sys.executable, "-m", *command.split()]


def worker_command(concurrency: int, *queues: str) -> list[str]:
    """A prefork worker for these queues (`config.rounds`), or for all. Each of its processes that
    reads keeps a loaded OCR reader.
    """
    command = (
        f"celery -A config --quiet worker --concurrency {concurrency} --loglevel WARNING"
        " --without-gossip --without-mingle"
    )
    if queues:
        command += f" --queues {','.join(queues)} --hostname {queues[0]}@%h"
    return [sys.executable, "-m", *command.split()]


def beat_command() -> list[str]:
    """The clock that starts periodic tasks."""
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "--quiet",
        "beat",
        "--loglevel",
        "WARNING",
    ]


@contextmanager
def running_process(
    command: list[str], log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` in its own process group, with its output in `log`. At the end of the block,
    stop it, killing it if necessary.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **STOPS_AT_ONCE, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for deadly in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is not None:
                break
            os.killpg(process.pid, deadly)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue
