"""The test database: migrated once, copied for each process, and emptied after tests that
commit.
"""

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
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.test import TransactionTestCase

from events.db.guards import guarded_models

ROOT = Path(__file__).resolve().parent.parent
SHAPING = (
    "*/migrations/*.py",
    "*/models.py",
    "*/models/*.py",
    "events/db/*.py",
    "config/settings.py",
    "uv.lock",
)
"""The files that determine the result of `migrate`."""
KEPT = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}
"""Tables with rows that all tests expect. They are restored instead of emptied."""

_groups: dict[str, set[tuple[str, str]]] = {}


Targets = Sequence[tuple[str, str]]
"""Applications and their migrations."""
STEPS: Sequence[Targets] = [
    [("verification", "0009_registry_domain")],
    [("verification", "0010_reviewing")],
    [("verification", "0012_golden"), ("employers", "0004_made_for")],
]
"""States whose templates are the start of later ones, because several tests pass them."""


@contextmanager
def test_database() -> Iterator[None]:
    """Provide a migrated database under the settings' name for the test database."""
    with _copied((), connection.creation._get_test_db_name()):
        _groups.update(groups())
        yield


@contextmanager
def database_at(targets: Targets) -> Iterator[Any]:
    """Provide an empty database at the migrations `targets`. Yields the applications of
    that state.
    """
    at = hashlib.sha256(repr(targets).encode()).hexdigest()[:8]
    with _copied(targets, f"{connection.settings_dict['NAME']}_{at}"):
        yield _executor(targets).loader.project_state([*targets]).apps


def migrate_to(targets: Targets) -> Any:
    """Migrate the connection's database, forwards or backwards, to the migrations `targets`.

    Return the applications of that state. Other applications are migrated only if the targets need
    it.
    """
    executor = _executor(targets)
    executor.migrate([*targets])
    return executor.loader.project_state([*targets]).apps


def _executor(targets: Targets) -> MigrationExecutor:
    """Return an executor that knows the `targets`, also if a squashed migration replaces them."""
    executor = MigrationExecutor(connection)
    if not executor.loader.graph.nodes.keys() >= {*targets}:
        executor.loader = MigrationLoader(connection, replace_migrations=False)
    return executor


@contextmanager
def _copied(targets: Targets, name: str) -> Iterator[None]:
    """Use a copy of the template of `targets` as the connection's database. The first run makes the
    template.
    """
    usual = connection.settings_dict["NAME"]
    with _alone():
        _create(name, _made_template(targets))
    try:
        _use(name)
        yield
    finally:
        _use(usual)
        _drop(name)


def _made_template(targets: Targets) -> str:
    """Return the template of `targets`, which is made if there is none."""
    template = _template(targets)
    if template not in _existing(template):
        _make_template(template, targets)
    return template


def _step_before(targets: Targets) -> Targets:
    """Return the last of the STEPS on the way to `targets`."""
    graph = _executor(targets).loader.graph
    passed = {each for target in targets for each in graph.forwards_plan(target)}
    on_the_way = (step for step in reversed(STEPS) if passed >= {*step} != {*targets})
    return next(on_the_way, ())


def _template(targets: Targets) -> str:
    found = hashlib.sha256(repr(targets).encode())
    for pattern in SHAPING:
        for path in sorted(ROOT.glob(pattern)):
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return _named(f"{len(targets)}_{found.hexdigest()[:16]}")


def _named(what: str) -> str:
    """Return the name of a template of this checkout."""
    name = f"zizhi_template_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}_{what}"
    return name if connection.vendor == "postgresql" else str(_folder() / name)


def _make_template(template: str, targets: Targets) -> None:
    """Make a template, after removing those of other versions."""
    usual, unfinished = connection.settings_dict["NAME"], _named("unfinished")
    for old in () if targets else _existing(_named("")):
        _drop(old)
    step = _step_before(targets)
    _create(unfinished, _made_template(step) if step else "")
    _use(unfinished)
    try:
        if targets:
            migrate_to(targets)
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
    """Let one process at a time make or copy a template."""
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
    """Return the databases whose names begin with `start`."""
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
    """Return the permissions of each group, by application and code, because ids change."""
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
    """Empty all tables after a transactional test, except the KEPT ones, which are restored.

    Django's own teardown empties and recreates those too, which takes fifty times as long.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT
    with transaction.atomic(), connection.cursor() as cursor:
        filled = _filled(cursor, tables)
        guarded = [model for model in guarded_models() if model._meta.db_table in filled]
        with unguarded(*guarded):
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA defer_foreign_keys = ON")
            for table in filled:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
    _put_groups_back()


def _filled(cursor: Any, tables: Iterable[str]) -> list[str]:
    """Return the `tables` that have rows."""
    quote = connection.ops.quote_name
    asked = (
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in sorted(tables)
    )
    cursor.execute(" UNION ALL ".join(asked))
    return [table for (table,) in cursor.fetchall()]


@contextmanager
def unguarded(*guarded: type[Model]) -> Iterator[None]:
    """Lift the guards of these models, so that a test can make rows that the product does not."""
    tables = [model._meta.db_table for model in guarded]
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _set_triggers(cursor, tables, "DISABLE")
            yield
            _set_triggers(cursor, tables, "ENABLE")
            return
        lifted = [guard for table in tables for guard in guards_of(table)]
        for name, _ in lifted:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, statement in lifted:
            cursor.execute(statement)


def guards_of(table: str) -> list[tuple[str, str]]:
    """Return the names of a table's triggers and the statements that made them, on SQLite."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
        )
        return cursor.fetchall()


def _set_triggers(cursor: Any, tables: Sequence[str], switch: str) -> None:
    # no table can be altered while constraints are pending
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} {switch} TRIGGER USER")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
