"""Tests that only a plain OK of a real clamd counts as clean."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from documents.upload.antivirus import ScanResult, scan
from events.core.errors import ProviderBroken, ProviderUnavailable
from tests.conftest import require

MARKER = b"ZIZHI-TEST-SIGNATURE-NOT-A-VIRUS"
WHOLE_FILE = b"the whole of this file is what the second signature knows"
Listen = Callable[[Callable[[socket.socket], None]], str]
STREAM_LIMIT = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real clamd with two signatures, both ours."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
    require("clamd (Debian: clamav-daemon)", program is not None)
    assert program
    room = tmp_path_factory.mktemp("clamd")
    signatures = room / "signatures"
    signatures.mkdir()
    (signatures / "test.ndb").write_text(f"Zizhi.Test.Marker:0:*:{MARKER.hex()}\n")
    digest = hashlib.md5(WHOLE_FILE, usedforsecurity=False).hexdigest()
    (signatures / "test.hdb").write_text(f"{digest}:{len(WHOLE_FILE)}:Zizhi.Test.Whole\n")
    settings = {
        "DatabaseDirectory": signatures,
        "LocalSocket": room / "clamd.socket",
        "LogFile": room / "clamd.log",
        "TemporaryDirectory": room,
        "Foreground": "yes",
        "StreamMaxLength": f"{STREAM_LIMIT // 1024 // 1024}M",
    }
    (room / "clamd.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in settings.items())
    )
    process = subprocess.Popen(
        [program, "--config-file", str(room / "clamd.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"unix:{room / 'clamd.socket'}"
        _wait_until_it_answers(process, address, room / "clamd.log")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            scan(b"ready?", address, 2)
        except ProviderUnavailable:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"clamd did not start: {log.read_text()[-1000:] if log.exists() else 'no log'}")


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"a licence" * 100_000, bytes(STREAM_LIMIT)],
    ids=["empty", "short", "long", "longest"],
)
def test_clean(clamd: str, data: bytes) -> None:
    assert scan(data, clamd) == ScanResult(clean=True)


@pytest.mark.parametrize(
    ("data", "signature"),
    [
        (MARKER, "Zizhi.Test.Marker.UNOFFICIAL"),
        (
            b"\xff\xd8\xff" + bytes(500_000) + MARKER + bytes(500_000),
            "Zizhi.Test.Marker.UNOFFICIAL",
        ),
        (bytes(64 * 1024 - 5) + MARKER, "Zizhi.Test.Marker.UNOFFICIAL"),
        (WHOLE_FILE, "Zizhi.Test.Whole.UNOFFICIAL"),
    ],
    ids=["alone", "deep inside", "at a chunk's edge", "whole file"],
)
def test_found(clamd: str, data: bytes, signature: str) -> None:
    assert scan(data, clamd) == ScanResult(clean=False, signature=signature)


def test_over_its_limit_is_no_answer(clamd: str) -> None:
    with pytest.raises(ProviderBroken, match="size limit"):
        scan(bytes(8 * STREAM_LIMIT), clamd)


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailable):
        scan(b"x", f"unix:{tmp_path / 'nothing'}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ProviderUnavailable):
            scan(b"x", f"tcp:127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    "address",
    ["", "unix:", "tcp:localhost", "tcp::3310", "http://localhost:3310", "/run/clamd.socket"],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="tcp:host:port"):
        scan(b"x", address)


# --- Answers that clamd seldom gives: a listener that speaks the protocol, then a given reply


@pytest.fixture
def listener() -> Iterator[Listen]:
    """Starts a TCP listener that passes its one connection to a function; returns its address."""
    server = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(treat: Callable[[socket.socket], None]) -> str:
        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                treat(connection)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return f"tcp:127.0.0.1:{server.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join(5)
    server.close()


def stream_of(connection: socket.socket) -> bytes:
    """Return all that the client streams: a command, then chunks up to an empty one."""
    with connection.makefile("rb") as file:
        assert file.read(10) == b"zINSTREAM\0"
        received = b""
        while length := int.from_bytes(file.read(4), "big"):
            received += file.read(length)
        return received


def test_speaks_the_protocol_over_tcp(listener: Listen) -> None:
    data = bytes(range(256)) * 1000
    seen: list[bytes] = []

    def treat(connection: socket.socket) -> None:
        seen.append(stream_of(connection))
        for piece in (b"stre", b"am: O", b"K\0"):
            connection.sendall(piece)
            time.sleep(0.02)

    assert scan(data, listener(treat)) == ScanResult(clean=True)
    assert seen == [data]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ProviderUnavailable),
        (b"stream: Can't allocate memory ERROR\0", ProviderUnavailable),
        (b"INSTREAM size limit exceeded. ERROR\0", ProviderBroken),
        (b"UNKNOWN COMMAND\0", ProviderBroken),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ProviderBroken),
        (b"stream: OK and more\0", ProviderBroken),
        (b"stream: OK\0stream: X FOUND\0", ProviderBroken),
        (b"OK\0", ProviderBroken),
        (b"\xff" * 10_000, ProviderBroken),
    ],
)
def test_other_words_are_no_answer(listener: Listen, answer: bytes, error: type[Exception]) -> None:
    def treat(connection: socket.socket) -> None:
        stream_of(connection)
        connection.sendall(answer)

    with pytest.raises(error):
        scan(b"x", listener(treat))


def test_silence_is_no_answer(listener: Listen) -> None:
    ended = threading.Event()
    address = listener(lambda _: ended.wait(5) and None)
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        scan(b"x", address, timeout=0.3)
    assert time.monotonic() - began < 2
    ended.set()


def test_a_trickle_does_not_stretch_the_time(listener: Listen) -> None:
    def treat(connection: socket.socket) -> None:
        try:
            for _ in range(100):
                connection.sendall(b"s")
                time.sleep(0.05)
        except OSError:
            pass

    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        scan(b"x", listener(treat), timeout=0.4)
    assert time.monotonic() - began < 2
