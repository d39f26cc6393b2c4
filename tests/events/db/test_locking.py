"""Tests that migrations wait for locks only briefly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from events.db.locking import be_quick, quickly

LOADER = MigrationLoader(None)
OURS = {app for app, _ in LOADER.replacements}
REPLACED = {key for squashed in LOADER.replacements.values() for key in squashed.replaces}
"""Older than this rule. New databases run the squashed ones instead."""
NEWER = sorted(key for key in LOADER.disk_migrations if key[0] in OURS and key not in REPLACED)


def flat(operations: list[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def tables_in_use(app: str, operations: list[Operation]) -> set[str]:
    """Return the models that are altered or referred to, and not created by these operations."""
    new: set[str] = set()
    used: set[str] = set()
    for operation in flat(operations):
        if isinstance(operation, migrations.CreateModel):
            new.add(f"{app}.{operation.name_lower}")
            for _, field in operation.fields:
                used |= referred(app, field)
        elif isinstance(operation, migrations.AddField):
            used |= {f"{app}.{operation.model_name_lower}"} | referred(app, operation.field)
        elif isinstance(operation, migrations.RemoveField):
            used.add(f"{app}.{operation.model_name_lower}")
    return used - new


def referred(app: str, field: models.Field) -> set[str]:
    if not field.remote_field:
        return set()
    model = str(field.remote_field.model).lower()
    return {model if "." in model else f"{app}.{model}"}


def is_quick(migration: migrations.Migration) -> bool:
    first = migration.operations[0]
    return migration.atomic and isinstance(first, migrations.RunPython) and first.code is be_quick


@pytest.mark.parametrize("key", NEWER, ids="/".join)
def test_a_migration_of_a_table_in_use_gives_up_after_a_moment(key: tuple[str, str]) -> None:
    migration = LOADER.disk_migrations[key]
    used = tables_in_use(key[0], migration.operations)
    assert not used or is_quick(migration), f"begin with quickly(): it locks {sorted(used)}"


def test_what_counts_as_in_use() -> None:
    pk = ("id", models.BigAutoField(primary_key=True))
    link = ("user", models.ForeignKey("employers.User", models.CASCADE))
    mine = ("thing", models.ForeignKey("Thing", models.CASCADE))
    new = migrations.CreateModel("Thing", [pk])
    assert not tables_in_use("a", [new, migrations.CreateModel("Part", [pk, mine])])
    assert tables_in_use("a", [migrations.CreateModel("Part", [pk, mine])]) == {"a.thing"}
    assert tables_in_use("a", [migrations.CreateModel("Part", [pk, link])]) == {"employers.user"}
    added = migrations.AddField("Thing", "size", models.IntegerField(null=True))
    assert tables_in_use("a", [quickly(), added]) == {"a.thing"}
    assert not tables_in_use("a", [new, added])
