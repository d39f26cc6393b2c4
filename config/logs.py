"""Logging: one line of JSON per event, with ids and figures and no personal data."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

import structlog

TOGETHER: Final = 0.1
"""Seconds for which ordinary lines are buffered."""


KEPT_AT_MOST: Final = 100_000
"""Lines buffered while writing is impossible. Beyond this, the oldest are dropped."""


SHORT: Final = {
    "api_request": "{method} /{route} {status}, {ms:.0f} ms",
    "check_done": "attempt {attempt}: {check} checked in {seconds:.1f} s",
}
"""Short texts of frequent events, for people who watch a terminal."""


class WithoutPaths(logging.Filter):
    """Logs a request's route in place of its path, which may hold a secret: a link's token, a
    provider's secret.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple) and record.args:
            match = getattr(request, "resolver_match", None)
            record.args = (*record.args[:-1], match.route if match else "?")
        return True


class Lines(logging.Handler):
    """Buffers lines for a moment and writes them together in a thread. Warnings and errors are
    written at once.

    `logging.StreamHandler` writes each line under a lock, so all threads that log wait for one that
    is not scheduled: that took as long as the gate's whole answer. A killed process loses the lines
    of its last `TOGETHER`; one that exits normally writes them.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Start empty, also in a forked child: buffered lines are the parent's to write, and the
        thread exists only in the parent.
        """
        self._waiting: deque[bytes] = deque(maxlen=KEPT_AT_MOST)
        # Reentrant: a signal handler may log while its thread writes.
        self._writing, self._some = threading.RLock(), threading.Event()
        self._writer: threading.Thread | None = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Skip the lock of `logging.Handler`: appending to a deque needs none."""
        if is_wanted := bool(self.filter(record)):
            self.emit(record)
        return is_wanted

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.append(f"{self.format(record)}\n".encode(errors="backslashreplace"))
            if record.levelno >= logging.WARNING:
                self.flush()
            elif not self._some.is_set():
                self._wake()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write the buffered lines."""
        with self._writing:
            text = b"".join(self._waiting.popleft() for _ in range(len(self._waiting)))
            while text:
                text = text[os.write(self._descriptor, text) :]

    def _wake(self) -> None:
        with self._writing:
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write, name="log", daemon=True)
                self._writer.start()
        self._some.set()

    def _write(self) -> None:
        while self._some.wait():
            time.sleep(TOGETHER)
            self._some.clear()
            with suppress(
                OSError
            ):  # with a full pipe or disk, these lines are lost, but not the following ones
                self.flush()


def _to_stderr() -> logging.Handler:
    """Use the standard handler if standard error is not a file of the system, as under a test's
    capture.
    """
    try:
        return Lines(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return logging.StreamHandler()


def _for_a_terminal(
    _: object, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Shorten frequent events, and keep the level only of warnings and errors."""
    if logging.getLevelName(str(event.get("level", "")).upper()) in (logging.DEBUG, logging.INFO):
        del event["level"]
        with suppress(KeyError, ValueError):
            return {"event": SHORT[event["event"]].format_map(event)}
    return event


def configure_logging(level: str, *, readable: bool) -> None:
    """Send structlog and the standard library's loggers to standard error, as JSON or, if
    `readable`, for people.

    A readable line has no time, because `serve` adds it to each line.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
    ]
    if readable:
        shared.append(_for_a_terminal)
        renderer: Any = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            pad_level=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    else:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _to_stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    for of_django in ("django.request", "django.security.csrf"):
        logging.getLogger(of_django).addFilter(WithoutPaths())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Do not record thread and line of code: finding them costs as much as writing the line.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for noisy in (
        "RapidOCR",
        "PIL",
        "celery.app.trace",
        "celery.worker",
        "celery.beat",
        "kombu",
        "amqp",
        "httpx",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
