"""The gunicorn worker. A thread gets a request only after all of it has arrived.

gunicorn's own worker reads a request in the thread that answers it, so a few clients that send a
byte now and then hold all threads. This one collects requests in its event loop, which serves any
number of connections. Only a body longer than `COLLECTED` is read by a thread. Such bodies hold at
most half of the threads, and each must arrive within `LONG_SECONDS`. Then reading fails, and
`config.edge` answers 408.

`gunicorn.conf.py` selects it.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, Final

from gunicorn.glogging import Logger
from gunicorn.http import get_parser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import ThreadWorker

HEAD: Final = 32 * 1024
"""The longest head of a request, in bytes."""
COLLECTED: Final = 256 * 1024
"""The longest body that is collected in the event loop, in bytes."""
ARRIVAL_SECONDS: Final = 15.0
"""For a head and a collected body to arrive, and for a longer body to get its thread."""
LONG_SECONDS: Final = 120.0
"""For a longer body to arrive: 20 MB at 1.4 Mbit/s."""
SEND_SECONDS: Final = 60.0
"""For a client to take one piece of a response."""
LINGER_SECONDS: Final = 2.0
"""For a client to close a connection after the response. Until then its bytes are discarded, since
a reset could destroy the response on its way.
"""
_CHUNK: Final = 64 * 1024
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_ANY_LENGTH: Final = re.compile(rb"\r\ncontent-length", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding", re.IGNORECASE)
_EXPECTS: Final = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_REASONS: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    411: "Length Required",
    431: "Request Header Fields Too Large",
}


class Log(Logger):  # type: ignore[misc]
    """gunicorn's messages without the process, which `config.logs` does not record."""

    error_fmt = r"%(asctime)s [%(levelname)s] %(message)s"


class ExactUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads the rest of the current request from its socket, and nothing beyond it."""

    left = 0
    """Bytes of the request that are still to come."""
    deadline = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes. Raises TimeoutError after the deadline."""
        if not self.left:
            return b""
        self.sock.settimeout(max(self.deadline - time.monotonic(), 0.001))
        try:
            data: bytes = self.sock.recv(min(self.left, _CHUNK))
        finally:
            self.sock.settimeout(SEND_SECONDS)
        self.left -= len(data)
        return data


class Arriving:
    """The part of a request that has arrived."""

    def __init__(self, received: bytes, deadline: float) -> None:
        self.received, self.deadline = bytearray(received), deadline
        self.length: int | None = None
        """The length of head and body, once the head is complete."""

    def add(self, data: bytes) -> None:
        self.received += data

    def refusal(self) -> int | None:
        """Read the head if it has just become complete. Return a status to refuse with, or None."""
        if self.length is not None:
            return None
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return 431 if len(self.received) > HEAD else None
        head = bytes(self.received[: end + 2])
        if _CHUNKED.search(head):
            return 411  # Django reads bodies of an announced length only
        lengths = _LENGTH.findall(head)
        if len(lengths) > 1 or len(lengths) != len(_ANY_LENGTH.findall(head)):
            return 400  # gunicorn must not find another end of this request than we do
        self.length = end + 4 + sum(map(int, lengths))
        return None

    @property
    def left(self) -> int | None:
        """The number of bytes still to come, or None if the head is not complete."""
        return None if self.length is None else max(self.length - len(self.received), 0)

    @property
    def is_long(self) -> bool:
        return self.length is not None and self.length > HEAD + COLLECTED

    def take_expectation(self) -> bool:
        """Remove `Expect: 100-continue` from a complete head. Return whether it was there.

        The event loop has answered it, so gunicorn must not do so again.
        """
        end = self.received.find(b"\r\n\r\n") + 2
        head, found = _EXPECTS.subn(b"\r\n", bytes(self.received[:end]))
        if found:
            assert self.length is not None
            self.received[:end], self.length = head, self.length - end + len(head)
        return bool(found)


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, with requests collected before threads get them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: dict[Any, Arriving] = {}
        """By connection, oldest first."""
        self._lingering: dict[Any, float] = {}
        """Until when, by connection, oldest first."""
        self._waiting_long: dict[Any, Arriving] = {}
        """Requests with a long body that have no thread yet, by connection, oldest first."""
        self._long: set[Any] = set()

    # --- The event loop calls these. They never wait. ---------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection. If it takes the last place, drop the oldest that has no thread."""
        super().accept(listener)
        oldest = next(chain(self._lingering, self._waiting_long, self._arriving), None)
        if self.nr_conns >= self.worker_connections and oldest:
            self._drop(oldest)

    def enqueue_req(self, conn: Any) -> None:
        """Collect the request of a new connection, or the next one of a kept connection."""
        conn.sock.setblocking(False)
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = ExactUnreader(conn.sock)
            conn.data_ready = True
        received = conn.parser.unreader.take_buffered()
        arriving = self._arriving[conn] = Arriving(received, time.monotonic() + ARRIVAL_SECONDS)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))
        if not self._pass_on(conn, arriving):
            self._receive(conn, conn.sock)

    def _receive(self, conn: Any, _sock: Any) -> None:
        arriving = self._arriving[conn]
        try:
            data = conn.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(conn)
            return
        arriving.add(data)
        self._pass_on(conn, arriving)

    def _pass_on(self, conn: Any, arriving: Arriving) -> bool:
        """Give the request to a thread if it is there. Return whether nothing more is collected."""
        was_headless = arriving.length is None
        if status := arriving.refusal():
            self._refuse(conn, status)
            return True
        if arriving.left is None:
            return False
        if was_headless and arriving.take_expectation() and arriving.left:
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if arriving.left and not arriving.is_long:
            return False
        del self._arriving[conn]
        self.poller.unregister(conn.sock)
        if arriving.left:
            self._waiting_long[conn] = arriving
            self._start_long()
        else:
            self._start(conn, arriving)
        return True

    def _start(self, conn: Any, arriving: Arriving) -> None:
        unreader = conn.parser.unreader
        unreader.unread(bytes(arriving.received))
        unreader.left = arriving.left
        unreader.deadline = time.monotonic() + LONG_SECONDS
        super().enqueue_req(conn)

    def _start_long(self) -> None:
        while self._waiting_long and len(self._long) < max(self.cfg.threads // 2, 1):
            conn = next(iter(self._waiting_long))
            arriving = self._waiting_long.pop(conn)
            self._long.add(conn)
            self._start(conn, arriving)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection for the next request, or close it without waiting for its client."""
        self._long.discard(conn)
        self._start_long()
        if fs.cancelled() or fs.exception() or not fs.result():
            self._linger(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """End what has taken too long. gunicorn calls this at least once a second."""
        now = time.monotonic()
        for waiting in (self._arriving, self._waiting_long):
            while waiting:
                conn, arriving = next(iter(waiting.items()))
                if arriving.deadline > now:
                    break
                self._refuse(conn, 408)
        while self._lingering:
            conn, until = next(iter(self._lingering.items()))
            if until > now:
                break
            self._drop(conn)

    def _refuse(self, conn: Any, status: int) -> None:
        """Answer `status` unless nothing has been asked, and close the connection."""
        arriving = self._arriving.pop(conn, None) or self._waiting_long.pop(conn)
        if arriving.received:
            line = f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
            with suppress(OSError):
                conn.sock.send(f"{line}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._linger(conn)

    def _linger(self, conn: Any) -> None:
        with suppress(KeyError, ValueError):
            self.poller.unregister(conn.sock)
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._discard, conn))
        except (OSError, ValueError):  # closed already
            self._drop(conn)
        else:
            self._lingering[conn] = time.monotonic() + LINGER_SECONDS

    def _discard(self, conn: Any, _sock: Any) -> None:
        with suppress(BlockingIOError):
            try:
                data = conn.sock.recv(_CHUNK)
            except ConnectionError:
                data = b""
            if not data:
                self._drop(conn)

    def _drop(self, conn: Any) -> None:
        for places in (self._arriving, self._waiting_long, self._lingering):
            places.pop(conn, None)
        with suppress(KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    # --- Threads call these -----------------------------------------------------------------------

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer the request, and do not wait forever for a client that takes no response."""
        conn.sock.settimeout(SEND_SECONDS)
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        """Close the connection if part of the body was left unread."""
        return (
            bool(keepalive)
            and not conn.parser.unreader.left
            and super()._keepalive_after(conn, keepalive)
        )

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        """Answer 500, and log no address, which may contain a secret."""
        if req is not None:
            req.uri = "?"
        super().handle_error(req, client, addr, exc)
