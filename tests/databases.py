"""The test database: migrated once, copied for each process, emptied after tests that commit."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
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


@contextmanager
def test_database() -> Iterator[None]:
    """A database as migrations make it: a copy of the template, which the first run makes."""
    usual = connection.settings_dict["NAME"]
    with _alone():
        if _template_exists():
            _copy_template()
        else:
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            _keep_as_template()
    _groups.update(groups())
    try:
        yield
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)


def _fingerprint() -> str:
    found = hashlib.sha256()
    for pattern in SHAPING:
        for path in sorted(ROOT.glob(pattern)):
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _name(what: str) -> str:
    """Of this checkout alone: another's template is not ours to drop."""
    return f"zizhi_template_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}_{what}"


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"zizhi-test-databases-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes the template or copies it."""
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _template() -> str:
    name = _name(_fingerprint())
    return name if connection.vendor == "postgresql" else str(_folder() / f"{name}.sqlite3")


def _template_exists() -> bool:
    if connection.vendor != "postgresql":
        return Path(_template()).exists()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_template()])
        return cursor.fetchone() is not None


def _copy_template() -> None:
    connection.settings_dict["TEST"]["TEMPLATE"] = _template()  # which PostgreSQL copies by itself
    name = connection.creation._create_test_db(verbosity=0, autoclobber=True)
    if connection.vendor != "postgresql":
        shutil.copyfile(_template(), name)
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    connection.ensure_connection()


def _keep_as_template() -> None:
    """Templates of other versions go."""
    made, template = connection.settings_dict["NAME"], _template()
    if connection.vendor != "postgresql":
        for old in _folder().glob(_name("*.sqlite3")):
            old.unlink()
        unfinished = Path(template).with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(unfinished)])
        unfinished.rename(template)
        return
    connection.close()
    with connection._nodb_cursor() as cursor:
        quote = connection.ops.quote_name
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [_name("%")])
        for (old,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE {quote(old)}")
        cursor.execute(f"CREATE DATABASE {quote(template)} TEMPLATE {quote(made)}")


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
