"""The options of the database connection, which differ between SQLite and PostgreSQL."""

from __future__ import annotations

import sys
from typing import Any


def with_options(connection: dict[str, Any], conn_max_age: int) -> dict[str, Any]:
    """`connection`, as its URL names it, with the options that the product needs."""
    if connection["ENGINE"] == "django.db.backends.sqlite3":
        # Web and worker write to one file: write-ahead log, the write lock taken at the start, and
        # patience.
        options: dict[str, Any] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            ),
        }
        return connection | {"OPTIONS": options}
    options = {
        # Django prepares no statement by default, not even one for which preparation is asked. This
        # prepares those that ask for it (`events/db/dialect.py`), and no others.
        "prepare_threshold": sys.maxsize,
        # A server that is gone without a word is given up after seconds, not after the hours that
        # the system would wait: while connecting, sending, and waiting for an answer.
        "connect_timeout": 10,
        "tcp_user_timeout": 15_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return connection | {
        "CONN_MAX_AGE": conn_max_age,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options | connection.get("OPTIONS", {}),
    }
