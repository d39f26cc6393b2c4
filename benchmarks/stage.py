"""What the benchmarks share: a fresh database and folder, figures, tables and the command line."""

from __future__ import annotations

import base64
import json
import os
import resource
import secrets
import statistics
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit


def arguments(description: str, **more: Any) -> Namespace:
    """The command line that every benchmark has; `more` are further options with their defaults."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


@contextmanager
def fresh() -> Iterator[Path]:
    """Django set up on an empty SQLite database in a folder that is removed at the end (or on
    DATABASE_URL, if that is set).
    """
    with tempfile.TemporaryDirectory(prefix="zizhi-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="config.settings",
            ZIZHI_VAR_DIR=folder,
            ZIZHI_SECRET_KEY=secrets.token_urlsafe(50),
            ZIZHI_DATA_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
            ZIZHI_LOG_LEVEL="ERROR",
            ZIZHI_SITE_URL="http://localhost:8000",
            ZIZHI_EMAIL_URL="dummymail://",
        )
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        yield Path(folder)


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """The address of an empty database on `server`, dropped afterwards."""
    import psycopg

    parts = urlsplit(server)
    name = f"zizhi_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def resident_mb() -> int:
    """This process's resident set; where the system does not tell it, the peak."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() // (1 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 20)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile: at least 95 % of the values are no greater."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def show(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people."""
    cells = [
        [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows
    ]
    widths = [max(len(row[i]) for row in [list(columns), *cells]) for i in range(len(columns))]
    for row in [list(columns), ["-" * width for width in widths], *cells]:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def tell(result: dict[str, Any]) -> None:
    """One JSON object."""
    print(json.dumps(result, ensure_ascii=False))
