"""Which processes make the service, and how is each started?

`serve` runs all three; the demo, the benchmarks and the tests start workers of their own by the
same commands.
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
"""On SIGTERM a Celery worker would wait for its pool, which the same signal to its process group
has just ended. It need not wait: what it leaves half done is a row whose lease ends.
"""

ROOT = Path(__file__).resolve().parents[2]


def web(host: str, port: int) -> list[str]:
    """One process with threads: the embedded database is one file, and the work is done by the
    worker.
    """
    command = (
        f"gunicorn config.wsgi --bind {host}:{port} --workers 1 --threads 8 --timeout 60"
        " --log-level warning"
    )
    return [sys.executable, "-m", *command.split()]


def worker(concurrency: int) -> list[str]:
    """A prefork worker; each of its processes keeps a warm reader."""
    command = (
        f"celery -A config --quiet worker --concurrency {concurrency} --loglevel WARNING"
        " --without-gossip --without-mingle"
    )
    return [sys.executable, "-m", *command.split()]


def beat() -> list[str]:
    """The clock that starts the sweeps."""
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
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`command` in a process group of its own, its output in `log`; stopped, if need be killed, at
    the end of the block.
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
