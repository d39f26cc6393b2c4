"""Where does a simulated outside company keep its books?

In a file of its own, so that every process sees the same company.

Not in our database: what a bank knows is not ours to look up. One writer at a time holds the file's
lock.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from events.core.errors import ProviderUnavailable

PATIENCE_SECONDS = 20.0


class Books:
    """A small SQLite file made by `schema`; `writing` is one transaction, held against other
    processes.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path, self._schema = path, schema

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The books, locked; written down at the end of the block, or not at all when it raises."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(
            sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, isolation_level=None)
        ) as connection:
            connection.row_factory = sqlite3.Row
            self.path.chmod(0o600)
            connection.execute("PRAGMA synchronous = OFF")  # nothing waits for the disk
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in self._schema.split(";"):
                    connection.execute(statement)
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def count_call(self, now: datetime, per_second: int) -> None:
        """Another call within this second.

        Raises ProviderUnavailable above `per_second`, as a gateway does; refused ones count too.
        """
        with self.writing() as books:
            books.execute("CREATE TABLE IF NOT EXISTS calls (second TEXT PRIMARY KEY, n INTEGER)")
            second = now.replace(microsecond=0).isoformat()
            books.execute("DELETE FROM calls WHERE second <> ?", (second,))
            books.execute(
                "INSERT INTO calls VALUES (?, 1) ON CONFLICT (second) DO UPDATE SET n = n + 1",
                (second,),
            )
            (calls,) = books.execute("SELECT n FROM calls WHERE second = ?", (second,)).fetchone()
        if calls > per_second:
            raise ProviderUnavailable("rate limit", retry_after=1.0)


def chance(seed: int, *about: str) -> float:
    """A number from 0 to 1 that is always the same for the same things: the same story can be told
    again.
    """
    digest = hashlib.sha256("/".join((str(seed), *about)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def within(now: datetime, opens: datetime, lasts: timedelta) -> float:
    """Seconds until a window that `opens` and `lasts` is over; 0 outside of it."""
    return (opens + lasts - now).total_seconds() if opens <= now < opens + lasts else 0.0
