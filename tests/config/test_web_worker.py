"""Tests of the gunicorn worker with real processes and sockets: clients that send slowly, or take
nothing, do not keep anybody else waiting.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from gunicorn.config import Config
from gunicorn.http import get_parser

from config import web_worker
from config.trying_out import processes
from tests.keys import record_keys

pytestmark = [pytest.mark.worker, pytest.mark.timeout(120)]

THREADS = 8
GATE = (
    b"POST /api/v1/gate/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)
SHORTENED = """
from config import web_worker
web_worker.ARRIVAL_SECONDS = 3.0
bind, worker_class = "127.0.0.1:{port}", "config.web_worker.Worker"
logger_class = "config.web_worker.Log"
workers, threads = 1, {threads}
"""


def prepared(folder: Path) -> dict[str, str]:
    """Return the environment of a process whose database has nothing but the keys."""
    database = folder / "zizhi.sqlite3"
    record_keys(database)
    return {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "ZIZHI_VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{database}",
    }


@contextlib.contextmanager
def served(folder: Path, conf: str = SHORTENED) -> Iterator[int]:
    """Run one web process, with short deadlines. Yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    (folder / "conf.py").write_text(conf.format(port=port, threads=THREADS))
    command = [sys.executable, "-m", "gunicorn", "-c", str(folder / "conf.py"), "config.wsgi"]
    log = folder / "web.log"
    with processes.running_process(command, log, **prepared(folder)) as process:
        deadline = time.monotonic() + 60
        while not answer(port, b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield port


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(tmp_path_factory.mktemp("web")) as found:
        yield found


def connect(port: int, text: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(text)
    return client


def answer(port: int, text: bytes) -> bytes:
    """Return the first bytes of the answer, or nothing."""
    try:
        with connect(port, text) as client:
            return client.recv(4096)
    except OSError:
        return b""


def head(length: int, more: str = "", path: str = "/sign-in/") -> bytes:
    """Return the head of a form whose body is read, since its CSRF token is looked for there."""
    kind = "multipart/form-data; boundary=x"
    cookie = f"{settings.CSRF_COOKIE_NAME}={'a' * 32}"
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Cookie: {cookie}\r\nContent-Length: {length}\r\n{more}\r\n"
    ).encode()


def seconds_until_the_gate_answers(port: int) -> float:
    began = time.monotonic()
    assert answer(port, GATE).startswith(b"HTTP/1.1 401 ")
    return time.monotonic() - began


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(head(1000) + b"--x", id="a body"),
        pytest.param(head(10_000_000) + b"--x", id="a long body"),
        pytest.param(b"POST /sign-in/ HTTP/1.1\r\nHost: loc", id="a head"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
            id="a chunk",
        ),
    ],
)
@pytest.mark.sampled(1)
def test_slow_clients_hold_no_thread_beyond_the_deadline(port: int, text: bytes) -> None:
    with contextlib.ExitStack() as held:
        slow = [held.enter_context(connect(port, text)) for _ in range(THREADS)]
        stop = threading.Event()
        trickle = threading.Thread(target=send_now_and_then, args=(slow, stop))
        trickle.start()
        try:
            time.sleep(0.3)
            assert seconds_until_the_gate_answers(port) < 6
            time.sleep(3)
            assert seconds_until_the_gate_answers(port) < 2, "all of them were given up"
        finally:
            stop.set()
            trickle.join()


def send_now_and_then(clients: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(0.1):
        for client in clients:
            with contextlib.suppress(OSError):  # it has been given up
                client.sendall(b"a")


@pytest.mark.slow
def test_connections_that_ask_nothing_hold_no_thread(port: int) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(THREADS):
            held.enter_context(connect(port))
        assert seconds_until_the_gate_answers(port) < 7  # gunicorn sets them aside after a moment


def test_a_body_that_does_not_arrive_is_answered_with_408(port: int) -> None:
    with connect(port, head(1000) + b"--x") as client:
        began = time.monotonic()
        assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert 2 < time.monotonic() - began < 6


@pytest.mark.slow
def test_a_long_body_that_keeps_arriving_has_its_time(port: int) -> None:
    rest = web_worker.BYTES_PER_SECOND * 5
    with connect(port, head(rest)) as client:
        for _ in range(50):  # five seconds
            client.sendall(b"-" * (rest // 50))
            time.sleep(0.1)
        assert client.recv(4096)[9:12] not in (b"408", b"")


def test_a_request_in_pieces_is_one_request(port: int) -> None:
    with connect(port) as client:
        for piece in (GATE[:30], GATE[30:-4], GATE[-4:-1], GATE[-1:] + GATE[:10]):
            client.sendall(piece)
            time.sleep(0.05)
        assert client.recv(8192).startswith(b"HTTP/1.1 401 ")
        client.sendall(GATE[10:])  # the same connection serves the next one
        assert client.recv(8192).startswith(b"HTTP/1.1 401 ")
        client.sendall(GATE + GATE)
        received = b""
        while received.count(b"HTTP/1.1 401 ") < 2:
            received += client.recv(8192) or pytest.fail(f"only {received!r}")


def test_unless_told_otherwise_it_listens_on_this_machine_only() -> None:
    conf: dict[str, object] = {}
    exec((processes.ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), conf)
    assert conf["bind"] == "127.0.0.1:8000"


@pytest.mark.slow
def test_every_command_that_is_printed_listens_on_this_machine_only() -> None:
    pages = [*processes.ROOT.glob("*.md"), *(processes.ROOT / "docs").rglob("*.md")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    commands = [line for line in lines if "gunicorn config.wsgi" in line]
    assert len(commands) >= 6
    assert [line for line in commands if "--bind 127.0.0.1:" not in line] == []


@pytest.mark.slow
def test_serve_uses_this_worker(tmp_path: Path) -> None:
    """gunicorn finds `gunicorn.conf.py`, since it is started beside it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, deadline = tmp_path / "web.log", time.monotonic() + 60
    with processes.running_process(
        processes.web_command("127.0.0.1", port), log, **prepared(tmp_path)
    ):
        while not answer(port, b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        with connect(port, head(1000) + b"--x") as client:
            assert client.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_an_error_is_logged_without_the_address_of_the_request() -> None:
    logged: list[str] = []

    class Log:
        def exception(self, text: str, *parts: object) -> None:
            logged.append(text % parts)

        def access(self, *_parts: object) -> None:
            """There is no access log."""

    worker = object.__new__(web_worker.Worker)
    worker.cfg, worker.log = Config(), Log()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        parser = get_parser(worker.cfg, iter([b"GET /join/SECRET/ HTTP/1.1\r\n\r\n"]), ("", 0))
        worker.handle_error(next(parser), ours, ("127.0.0.1", 1), ValueError("x"))
        assert theirs.recv(100).startswith(b"HTTP/1.1 500 ")
    assert logged == ["Error handling request GET ?"]
