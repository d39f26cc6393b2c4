"""The gunicorn worker: gunicorn's own threaded worker, with a deadline for the arrival of requests.

gunicorn reads a request in the thread that answers it, and waits as long as its client sends a byte
now and then. Here, a request that arrives more slowly than `BYTES_PER_SECOND` is given up: its
connection is closed or, if its body is missing, `config.edge` answers 408. A reverse proxy collects
whole requests before they come here (docs/operating/proxy.md), so slow but honest clients never
meet this deadline.

`gunicorn.conf.py` selects it.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final

from gunicorn.glogging import Logger
from gunicorn.http import get_parser
from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import ThreadWorker

ARRIVAL_SECONDS: Final = 10.0
"""For a request to arrive, whatever its length."""
BYTES_PER_SECOND: Final = 16 * 1024
"""Each so many bytes that arrive give the request another second."""
SEND_SECONDS: Final = 60.0
"""For a client to take one piece of a response."""


class Log(Logger):  # type: ignore[misc]
    """gunicorn's messages without the process, which `config.logs` does not record."""

    error_fmt = r"%(asctime)s [%(levelname)s] %(message)s"


class PunctualUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads a connection until the deadline of the current request."""

    deadline = math.inf
    in_body = False
    is_late = False

    def begin(self) -> None:
        """Expect the head of a request from now on."""
        self.deadline, self.in_body = time.monotonic() + ARRIVAL_SECONDS, False

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes. After the deadline, raises NoMoreData in a head, which gunicorn
        takes for a client that has gone, and TimeoutError in a body.
        """
        self.sock.settimeout(max(self.deadline - time.monotonic(), 0.001))
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError as error:
            self.is_late = True
            if self.in_body:
                raise
            raise NoMoreData from error
        finally:
            self.sock.settimeout(SEND_SECONDS)
        self.deadline += len(data) / BYTES_PER_SECOND
        return data


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, with a deadline for each request."""

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it, in a thread."""
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = PunctualUnreader(conn.sock)
        conn.parser.unreader.begin()
        keeps_alive = super().handle(conn)
        if not keeps_alive:  # gunicorn would wait here for the client, but in its event loop
            conn.close(graceful=not conn.parser.unreader.is_late)
        return keeps_alive

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection for the next request, unless it has been closed."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer the request, and do not wait forever for a client that takes no response."""
        conn.parser.unreader.in_body = True
        conn.sock.settimeout(SEND_SECONDS)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        """Answer 500, and log no address, which may contain a secret."""
        if req is not None:
            req.uri = "?"
        super().handle_error(req, client, addr, exc)
