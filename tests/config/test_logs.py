"""Tests that log lines are complete, in order and prompt, whatever writes them."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from config.logs import Lines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lines"


@pytest.fixture
def log(file: Path) -> Iterator[logging.Logger]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    logger = logging.Logger("lines")
    logger.addHandler(Lines(descriptor))
    yield logger
    os.close(descriptor)


def soon(file: Path, count: int) -> list[str]:
    for _ in range(200):
        if len(lines := file.read_text().splitlines()) >= count:
            return lines
        time.sleep(0.05)
    raise AssertionError(f"{len(lines)} of {count} lines came")


def test_what_only_tells_comes_in_a_moment(log: logging.Logger, file: Path) -> None:
    log.info("one")
    assert soon(file, 1) == ["one"]
    log.info("two")
    assert soon(file, 2) == ["one", "two"]


def test_a_warning_comes_at_once_and_after_what_was_before_it(
    log: logging.Logger, file: Path
) -> None:
    log.info("before")
    log.warning("now")
    assert file.read_text() == "before\nnow\n"


def test_lines_of_many_threads_are_whole_and_each_thread_s_in_order(
    log: logging.Logger, file: Path
) -> None:
    def tell(who: int) -> None:
        for number in range(300):
            (log.warning if number % 50 == 0 else log.info)(
                json.dumps({"who": who, "number": number, "long": "x" * 500})
            )

    threads = [threading.Thread(target=tell, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [json.loads(line) for line in soon(file, 1800)]
    assert len(told) == 1800
    assert all(
        [line["number"] for line in told if line["who"] == who] == list(range(300))
        for who in range(6)
    )


def test_what_cannot_be_written_costs_its_own_lines_alone(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    logger = logging.Logger("lines")
    logger.addHandler(Lines(writes))
    for _ in range(300):
        logger.info("x" * 1000)
    time.sleep(0.5)  # the pipe is full by now
    os.set_blocking(reads, False)
    while True:
        try:
            os.read(reads, 1 << 20)
        except BlockingIOError:
            break
    logger.info("after")
    time.sleep(0.5)
    assert os.read(reads, 1 << 20).endswith(b"after\n")
    os.close(reads)
    os.close(writes)


@pytest.mark.django_db
def test_no_path_stands_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    secret = "8aZkQ2hh"
    assert Client().get(f"/relays/calls/aliyun/{secret}").status_code == 405
    assert Client().get(f"/sms/reports/aliyun/{secret}").status_code == 405
    assert Client().get(f"/nowhere/{secret}").status_code == 404
    said = [record.getMessage() for record in caplog.records if record.name == "django.request"]
    assert len(said) >= 2 and not any(secret in each for each in said)
    assert "relays/calls/<slug:provider>/<slug:secret>" in said[0]


SCRIPT = """
import logging, os, sys
from config.logs import Lines
logging.getLogger().addHandler(Lines(1))
logging.getLogger().setLevel("INFO")
logging.info("parent")
if (child := os.fork()) == 0:
    logging.info("child")
    logging.shutdown()
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_process_that_ends_and_one_that_was_forked_write_their_own_lines_once() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert sorted(done.stdout.splitlines()) == ["child", "parent"]


def test_times_are_in_utc_and_a_line_is_one_line() -> None:
    """Whatever is logged, nobody can begin a line of their own."""
    program = (
        "import structlog; from config import logs; logs.configure_logging('INFO', readable=False);"
        " structlog.get_logger().warning('x', name='a\\n{\"event\": \"forged\"}\\r\\u2028b')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, timeout=60
    )
    (line,) = done.stderr.decode().splitlines()
    told = json.loads(line)
    assert told["event"] == "x" and told["level"] == "warning" and "forged" in told["name"]
    assert datetime.fromisoformat(told["timestamp"]).utcoffset() == timedelta(0)
