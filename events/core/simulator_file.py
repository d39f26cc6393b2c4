"""The storage of a simulated outside company: a file, so that every process sees the same company.

It is not in our database, because we could not look into a real bank's data either. One writer at a
time holds the file's lock.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

from events.core.errors import ProviderUnavailable

PATIENCE_SECONDS = 20.0


class Books:
    """A small SQLite file created by `schema`. `writing` is one transaction, which excludes other
    processes.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path, self._schema = path, schema

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The locked file. Commits at the end of the block, and rolls back if it raises."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(
            sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, isolation_level=None)
        ) as connection:
            connection.row_factory = sqlite3.Row
            self.path.chmod(0o600)
            connection.execute("PRAGMA synchronous = OFF")  # durability is not needed
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in self._schema.split(";"):
                    connection.execute(statement)
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def simulated_chance(*about: str) -> float:
    """A number from 0 to 1, deterministic for its arguments."""
    digest = hashlib.sha256("/".join(about).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def refuse_in_maintenance(now: datetime, begins: time, lasts: timedelta) -> None:
    """Raise ProviderUnavailable if `now` is within the maintenance of its day."""
    begun = datetime.combine(now.date(), begins, now.tzinfo)
    if begun <= now < begun + lasts:
        left = (begun + lasts - now).total_seconds()
        raise ProviderUnavailable("maintenance", retry_after=left)
