"""Tests that the squashed migrations make the same database as the migrations that they replace."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tests.databases import KEPT, Targets, database_at, groups, migrate_to

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
SQUASHED = MigrationLoader(None).replacements
NEW: Targets = sorted(SQUASHED)
OLD: Targets = [SQUASHED[key].replaces[-1] for key in NEW]
MIDDLE: Targets = [("verification", "0009_registry_domain")]

ON_POSTGRESQL = {
    "columns": (
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,"
        " column_default, is_identity FROM information_schema.columns WHERE table_schema = 'public'"
    ),
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
    ),
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": (
        "SELECT proname, pg_get_functiondef(oid) FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace"
    ),
}
ON_SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


def schema() -> Counter[Any]:
    """Return what the database has, without the order of columns."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            found: Counter[Any] = Counter()
            for kind, statement in ON_POSTGRESQL.items():
                cursor.execute(statement)
                found.update((kind, *row) for row in cursor.fetchall())
            return found
        cursor.execute(ON_SQLITE)
        return Counter(
            part
            for kind, name, table, sql in cursor.fetchall()
            for part in (
                [(table, each) for each in definitions(sql)]
                if kind == "table"
                else [(kind, name, table, " ".join(sql.split()))]
            )
        )


def definitions(create_table: str) -> list[str]:
    """Return the definitions of columns and constraints in a statement of SQLite."""
    depth, parts = 0, [""]
    for piece in re.findall(
        r"'(?:[^']|'')*'|\"[^\"]*\"|[^'\"]", create_table.partition("(")[2][:-1]
    ):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return [" ".join(part.split()) for part in parts]


def rows() -> dict[str, Any]:
    """Return all rows of the database, by names in place of ids."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in {*tables} - KEPT - {"django_migrations"}:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            assert cursor.fetchone() == (0,), table
    return {
        "groups": groups(),
        "permissions": Counter(
            Permission.objects.values_list(
                "content_type__app_label", "content_type__model", "codename", "name"
            )
        ),
        "content types": Counter(ContentType.objects.values_list("app_label", "model")),
        "migrations": MigrationRecorder(connection).applied_migrations().keys(),
    }


@pytest.fixture(scope="module")
def expected(django_db_setup: None, django_db_blocker: Any) -> tuple[Any, Any]:
    """What the squashed migrations make."""
    with django_db_blocker.unblock(), database_at(NEW):
        return at_the_end()


def at_the_end() -> tuple[Any, Any]:
    """Migrate to the newest version, and return the schema and the rows."""
    call_command("migrate", interactive=False, verbosity=0)
    return schema(), rows()


def test_every_app_has_one() -> None:
    assert [app for app, _ in NEW] == ["downloads", "employers", "events", "verification"]


@pytest.mark.accuracy
@pytest.mark.parametrize("start", [OLD, MIDDLE], ids=["all", "some"])
def test_who_has_applied_the_replaced_migrations_has_the_same_database(
    start: Targets, expected: tuple[Any, Any]
) -> None:
    with database_at(start):
        assert at_the_end() == expected


@pytest.mark.accuracy
def test_the_replaced_migrations_can_be_reversed() -> None:
    with database_at(OLD):
        migrate_to(MIDDLE)
        assert "downloads_trace" not in connection.introspection.table_names()


@pytest.mark.slow
def test_the_squashed_migrations_can_be_reversed(expected: tuple[Any, Any]) -> None:
    with database_at(NEW):
        for app in ("downloads", "verification", "employers", "events"):
            call_command("migrate", app, "zero", interactive=False, verbosity=0)
            left = connection.introspection.table_names()
            assert not [name for name in left if name.startswith(f"{app}_")]
        assert at_the_end() == expected
