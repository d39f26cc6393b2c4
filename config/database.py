"""The options of the database connection and of the broker, which differ between products."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def with_options(connection: dict[str, Any], conn_max_age: int) -> dict[str, Any]:
    """Return `connection`, parsed from its URL, with the options that the product needs."""
    if connection["ENGINE"] == "django.db.backends.sqlite3":
        # Web and worker write to one file: use a write-ahead log, take the write lock at the start
        # of transactions, and wait for it. REPLACE fires the triggers that guard rows
        # (`events/db/guards.py`).
        options: dict[str, Any] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                " PRAGMA recursive_triggers=ON;"
            ),
        }
        return connection | {"OPTIONS": options}
    options = {
        # By default Django prepares no statements, even on request. This prepares those that
        # request it (`events/db/dialect.py`), and no others.
        "prepare_threshold": sys.maxsize,
        # Give up a vanished server after seconds, not after the system's default of hours: while
        # connecting, sending, and waiting for a response.
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


def broker_options(url: str, folder: Path) -> dict[str, Any]:
    """Return the transport's options for the broker at `url`. Messages in files are in `folder`."""
    if url.startswith("filesystem"):
        return {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.05,
        }
    if url.startswith("redis"):
        return {
            "visibility_timeout": 600,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        }
    return {}
