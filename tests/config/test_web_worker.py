"""Tests of the gunicorn worker with real processes and sockets: clients that send slowly, or take
nothing, do not keep anybody else waiting.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from gunicorn.config import Config
from gunicorn.http import get_parser

from config import web_worker
from config.trying_out import processes

pytestmark = [pytest.mark.worker, pytest.mark.timeout(120)]

THREADS = 8
GATE = (
    b"POST /api/v1/gate/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)
LONG = web_worker.COLLECTED + web_worker.HEAD + 1
SHORTENED = """
from config import web_worker
web_worker.ARRIVAL_SECONDS = web_worker.LONG_SECONDS = 3.0
bind, worker_class = "127.0.0.1:{port}", "config.web_worker.Worker"
logger_class = "config.web_worker.Log"
workers, threads, worker_connections = 1, {threads}, 60
"""


@contextlib.contextmanager
def served(folder: Path, conf: str = SHORTENED) -> Iterator[int]:
    """Run one web process, with short deadlines. Yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    (folder / "conf.py").write_text(conf.format(port=port, threads=THREADS))
    command = [sys.executable, "-m", "gunicorn", "-c", str(folder / "conf.py"), "config.wsgi"]
    log = folder / "web.log"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "ZIZHI_VAR_DIR": str(folder)}
    with processes.running(command, log, **environment) as process:
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


def gate_answers_at_once(port: int) -> None:
    began = time.monotonic()
    assert answer(port, GATE).startswith(b"HTTP/1.1 401 ")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(head(1000) + b"--x", id="a body"),
        pytest.param(head(LONG) + b"--x", id="a long body"),
        pytest.param(b"POST /sign-in/ HTTP/1.1\r\nHost: loc", id="a head"),
        pytest.param(b"", id="nothing"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
            id="a chunk",
        ),
        pytest.param(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", id="no end"),
    ],
)
def test_slow_clients_leave_the_gate_its_threads(port: int, text: bytes) -> None:
    with contextlib.ExitStack() as held:
        slow = [held.enter_context(connect(port, text)) for _ in range(3 * THREADS)]
        for _ in range(3):
            time.sleep(0.2)
            for client in slow:
                with contextlib.suppress(OSError):  # it has been refused
                    client.sendall(b"a")
            gate_answers_at_once(port)


@pytest.mark.parametrize("length", [1000, LONG])
def test_a_body_that_does_not_arrive_is_answered_with_408(port: int, length: int) -> None:
    with connect(port, head(length) + b"--x") as client:
        began = time.monotonic()
        assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert 2 < time.monotonic() - began < 6


@pytest.mark.parametrize("text", [b"GET / HT", head(LONG), b""])
def test_a_full_server_gives_up_the_oldest_unfinished_request(port: int, text: bytes) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(200):
            held.enter_context(connect(port, text))
        gate_answers_at_once(port)


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


def test_who_asks_to_go_on_is_told_so_once(port: int) -> None:
    for length in (10, LONG):
        with connect(port, head(length, "Expect: 100-continue\r\n")) as client:
            assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(b"-" * length)
            assert client.recv(4096).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"a" * (web_worker.HEAD + 1), b"431"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"\r\n\r\n\r\n\r\n", b"400"),
        (b"GET  / nonsense\r\n\r\n", b"400"),
        (GATE.replace(b"Length: 2", b"Length: 2\r\nContent-Length: 9"), b"400"),
        (GATE.replace(b"Length: 2", b"Length : 2"), b"400"),
        (GATE.replace(b"Length: 2", b"Length: " + b"0" * 30 + b"2"), b"400"),
    ],
)
def test_what_is_no_request_is_refused(port: int, text: bytes, status: bytes) -> None:
    assert answer(port, text)[9:12] == status


def test_unless_told_otherwise_it_listens_on_this_machine_only() -> None:
    conf: dict[str, object] = {}
    exec((processes.ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), conf)
    assert conf["bind"] == "127.0.0.1:8000"


def test_every_command_that_is_printed_listens_on_this_machine_only() -> None:
    pages = [*processes.ROOT.glob("*.md"), *(processes.ROOT / "docs").rglob("*.md")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    commands = [line for line in lines if "gunicorn config.wsgi" in line]
    assert len(commands) >= 6
    assert [line for line in commands if "--bind 127.0.0.1:" not in line] == []


def test_serve_uses_this_worker(tmp_path: Path) -> None:
    """gunicorn finds `gunicorn.conf.py`, since it is started beside it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "ZIZHI_VAR_DIR": str(tmp_path)}
    log, deadline = tmp_path / "web.log", time.monotonic() + 60
    with processes.running(processes.web("127.0.0.1", port), log, **environment):
        while not (found := answer(port, b"GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n")):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert found.startswith(b"HTTP/1.1 411 ")


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
