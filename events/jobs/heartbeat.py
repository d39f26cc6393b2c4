"""Keeps the lease on a row while its work takes longer than the lease.

A thread extends the lease until the work ends. It dies with its process, so a killed worker
releases the row.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection

from events.jobs.queue import JobQuerySet

log = structlog.get_logger()

BEATS_PER_LEASE = 3
"""One beat may be missed and another be late before the lease ends."""


@contextmanager
def keep_alive(
    jobs: JobQuerySet, pk: Any, lease: UUID, clock: Callable[[], datetime], seconds: float
) -> Iterator[None]:
    """Extend the `lease` on row `pk` until the block ends.

    Writes in the block must still check the lease, which ends if the database does not answer in
    time.
    """
    ended = threading.Event()
    beating = threading.Thread(
        target=_beat,
        args=(jobs, pk, lease, clock, seconds, ended),
        name=f"heartbeat-{pk}",
        daemon=True,
    )
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()


def _beat(
    jobs: JobQuerySet,
    pk: Any,
    lease: UUID,
    clock: Callable[[], datetime],
    seconds: float,
    ended: threading.Event,
) -> None:
    try:
        while not ended.wait(seconds / BEATS_PER_LEASE):
            try:
                if not jobs.all().extend(pk, lease, clock(), seconds):
                    return  # finished or taken over: the work will notice
            except DatabaseError as error:
                log.warning("heartbeat_missed", job=str(pk), why=type(error).__name__)
                connection.close()  # the connection is broken; the next beat opens another
    finally:
        connection.close()  # this thread's connection
