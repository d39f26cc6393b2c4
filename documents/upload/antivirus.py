"""The client for ClamAV's daemon, the virus scanner.

Bytes go over its socket (INSTREAM, clamd(8)), so it needs no access to our files. Only a plain OK
is clean. A limit reached, an error, silence or a malformed reply is not an answer, and never a
pass.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import Final

from events.core.errors import ProviderBroken, ProviderUnavailable

_CHUNK: Final = 64 * 1024
_REPLY_BYTES: Final = 4096
_FOUND: Final = re.compile(r"stream: (?P<signature>[^\x00-\x1f]+) FOUND")


@dataclass(frozen=True)
class ScanResult:
    """`clean`, or the name of the signature that matched."""

    clean: bool
    signature: str | None = None


def scan(data: bytes, address: str, timeout: float = 30.0) -> ScanResult:
    """Return the result of the clamd at `address` (`unix:/path` or `tcp:host:port`) for `data`.

    `timeout` is for the whole scan, in seconds. Raises ProviderUnavailable if clamd cannot be
    reached, is too slow or cannot scan at the moment; ProviderBroken if the bytes exceed its
    StreamMaxLength, so that asking again would not help, or if the server is not a clamd.
    """
    deadline = time.monotonic() + timeout
    try:
        with _connect(address, timeout) as connection:
            reply = _ask(connection, data, deadline)
    except OSError as error:
        raise ProviderUnavailable(f"clamd: {error}") from error
    return _understand(reply)


def _connect(address: str, timeout: float) -> socket.socket:
    kind, _, rest = address.partition(":")
    if kind == "unix" and rest:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(rest)
        except OSError:
            connection.close()
            raise
        return connection
    host, _, port = rest.rpartition(":")
    if kind == "tcp" and host and port.isdigit():
        return socket.create_connection((host.strip("[]"), int(port)), timeout)
    raise ValueError(f"{address!r} is neither unix:/path nor tcp:host:port")


def _ask(connection: socket.socket, data: bytes, deadline: float) -> bytes:
    """Return clamd's answer, without its closing NUL.

    Each chunk is preceded by its length, and a length of 0 ends the stream.
    """
    try:
        _send(connection, b"zINSTREAM\0", deadline)
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            _send(connection, len(chunk).to_bytes(4, "big") + chunk, deadline)
        _send(connection, bytes(4), deadline)
    except (BrokenPipeError, ConnectionResetError):
        # Over its limit clamd says so and hangs up without reading the rest. Its answer can still
        # be read.
        pass
    return _receive(connection, deadline)


def _send(connection: socket.socket, message: bytes, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    connection.sendall(message)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    reply = b""
    while len(reply) < _REPLY_BYTES and not reply.endswith(b"\0"):
        connection.settimeout(_left(deadline))
        received = connection.recv(_REPLY_BYTES)
        if not received:
            break
        reply += received
    return reply.rstrip(b"\0\n")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _understand(reply: bytes) -> ScanResult:
    text = reply.decode("utf-8", "replace")
    if text == "stream: OK":
        return ScanResult(clean=True)
    if found := _FOUND.fullmatch(text):
        return ScanResult(clean=False, signature=found["signature"])
    if not text:
        raise ProviderUnavailable("clamd hung up without an answer")
    if text.endswith("ERROR") and "size limit exceeded" not in text:
        raise ProviderUnavailable(f"clamd: {text[:100]}")
    raise ProviderBroken(f"clamd: {text[:100]!r}")
