"""The test database: migrated once, copied for each process, emptied after tests that commit."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import TransactionTestCase

ROOT = Path(__file__).resolve().parent.parent
SHAPING = (
    "*/migrations/*.py",
    "*/models.py",
    "*/models/*.py",
    "events/db/*.py",
    "config/settings.py",
    "uv.lock",
)
"""The files that decide what `migrate` leaves behind."""
KEPT = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}
"""Tables that hold what every test expects; they are put right instead of emptied."""

_groups: dict[str, set[tuple[str, str]]] = {}


Targets = Sequence[tuple[str, str]]
"""Applications, each with the migration that it is at."""


@contextmanager
def test_database() -> Iterator[None]:
    """A database as migrations make it, under the name that the settings give to that of tests."""
    with _copied((), connection.creation._get_test_db_name()):
        _groups.update(groups())
        yield


@contextmanager
def database_at(targets: Targets) -> Iterator[Any]:
    """A database as it was at the migrations `targets`, empty; the applications of that time."""
    at = hashlib.sha256(repr(targets).encode()).hexdigest()[:8]
    with _copied(targets, f"{connection.settings_dict['NAME']}_{at}"):
        yield MigrationExecutor(connection).loader.project_state([*targets]).apps


@contextmanager
def _copied(targets: Targets, name: str) -> Iterator[None]:
    """A copy of the template of `targets`, which the first run makes, takes the place of the
    connection's database.
    """
    usual = connection.settings_dict["NAME"]
    with _alone():
        template = _template(targets)
        if template not in _existing(template):
            _make_template(template, targets)
        _create(name, template)
    try:
        _use(name)
        yield
    finally:
        _use(usual)
        _drop(name)


def _template(targets: Targets) -> str:
    found = hashlib.sha256(repr(targets).encode())
    for pattern in SHAPING:
        for path in sorted(ROOT.glob(pattern)):
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return _named(f"{len(targets)}_{found.hexdigest()[:16]}")


def _named(what: str) -> str:
    """A template of this checkout."""
    name = f"zizhi_template_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}_{what}"
    return name if connection.vendor == "postgresql" else str(_folder() / name)


def _make_template(template: str, targets: Targets) -> None:
    """The templates of other versions go first."""
    usual, unfinished = connection.settings_dict["NAME"], _named("unfinished")
    for old in () if targets else _existing(_named("")):
        _drop(old)
    _create(unfinished)
    _use(unfinished)
    try:
        if targets:
            MigrationExecutor(connection).migrate([*targets])
        else:
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
    finally:
        _use(usual)
    if connection.vendor == "postgresql":
        _ask_server(f"ALTER DATABASE {_quoted(unfinished)} RENAME TO {_quoted(template)}")
    else:
        Path(unfinished).rename(template)


# --- What the engines do differently --------------------------------------------------------------


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"zizhi-test-databases-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes a template or copies it."""
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _ask_server(statement: str, *values: str) -> list[tuple[Any, ...]]:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _existing(start: str) -> list[str]:
    """The databases whose names begin with `start`."""
    if connection.vendor != "postgresql":
        return [str(path) for path in Path(start).parent.glob(f"{Path(start).name}*")]
    found = _ask_server("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", start)
    return [name for (name,) in found]


def _create(name: str, template: str = "") -> None:
    _drop(name)
    if connection.vendor == "postgresql":
        _ask_server(f"CREATE DATABASE {_quoted(name)} TEMPLATE {_quoted(template or 'template0')}")
    elif template:
        shutil.copyfile(template, name)


def _drop(name: str) -> None:
    if connection.vendor == "postgresql":
        _ask_server(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    else:
        for suffix in ("", "-wal", "-shm"):
            Path(name + suffix).unlink(missing_ok=True)


# --- After a test ---------------------------------------------------------------------------------


def groups() -> dict[str, set[tuple[str, str]]]:
    """The permissions of each group, by application and code: their ids do not last."""
    held = Group.objects.values_list(
        "name", "permissions__content_type__app_label", "permissions__codename"
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for name, *permission in held:
        found.setdefault(name, set()).add(tuple(permission))  # type: ignore[arg-type]
    return found


def _put_groups_back() -> None:
    if groups() == _groups:
        return
    there = {
        (each.content_type.app_label, each.codename): each
        for each in Permission.objects.select_related("content_type")
    }
    Group.objects.exclude(name__in=_groups).delete()
    for name, permissions in _groups.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(
            there[permission] for permission in permissions if permission in there
        )


def flush(self: TransactionTestCase) -> None:
    """Transactional tests empty every table at the end, but for the KEPT, which are put right.

    Django's own teardown empties those too and makes them anew, which takes fifty times as long.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT
    with transaction.atomic(), connection.cursor() as cursor, _unguarded(cursor):
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in _filled(cursor, tables):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
    _put_groups_back()


def _filled(cursor: Any, tables: Iterable[str]) -> list[str]:
    """Those of `tables` that hold a row."""
    quote = connection.ops.quote_name
    asked = (
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in sorted(tables)
    )
    cursor.execute(" UNION ALL ".join(asked))
    return [table for (table,) in cursor.fetchall()]


@contextmanager
def _unguarded(cursor: Any) -> Iterator[None]:
    """The guard that keeps events from being deleted steps aside, for this alone."""
    if connection.vendor == "postgresql":
        cursor.execute("ALTER TABLE events_event DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # while any wait, no table may be altered
        cursor.execute("ALTER TABLE events_event ENABLE TRIGGER USER")
        return
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events_event'"
    )
    guards = cursor.fetchall()
    for name, _ in guards:
        cursor.execute(f"DROP TRIGGER {name}")
    yield
    for _, statement in guards:
        cursor.execute(statement)
