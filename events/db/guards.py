"""Guards: triggers in the database that refuse to change or remove the rows of a table.

A model states as `guard` which changes the product makes after it has written a row. The database
refuses all others, whoever asks: the ORM, raw SQL, the admin. `GuardTable` is the migration
operation that installs the triggers; a test compares them with what the models state.

On SQLite, `PRAGMA recursive_triggers` (`config/database.py`) makes REPLACE fire the triggers for
DELETE. For connections without it, another trigger refuses an insert that would replace a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps as current_apps
from django.db import models
from django.db.migrations.operations.base import Operation

from events.db.dialect import Dialect, dialect_of
from events.db.locking import be_quick

REFUSAL: Final = "is append-only"
"""The end of the message of the database's error."""
SEALED_LIKE: Final = "WloB%"
KEY_CHARACTERS: Final = 9
"""What a sealed text begins with, and how many of its first characters show its key
(`events.core.sealing`).
"""


@dataclass(frozen=True)
class Guard:
    """The changes to a table's rows that the database accepts. Without arguments, none."""

    working: tuple[str, ...] = ()
    """Columns that may change while the row is `open_while`."""
    open_while: tuple[str, tuple[str | None, ...]] | None = None
    """A column, and the values with which the row is open."""
    once: tuple[str, ...] = ()
    """Columns that may be filled once, when they are empty."""
    erased: tuple[str, ...] = ()
    """Columns that may be emptied."""
    resealed: tuple[str, ...] = ()
    """Sealed texts that may be replaced by a seal of another key (`manage.py rekey`)."""
    steps: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Columns that may change from the first value to the second."""
    removed_after: tuple[str, int] | None = None
    """A column with a time. The row may be removed this many days after it, by the database's
    clock.
    """


JOB_COLUMNS: Final = (
    "due_at",
    "lease",
    "leased_until",
    "tries",
    "deaths",
    "finished_at",
    "last_error",
)
"""The columns of `events.jobs.queue.Job`."""


class GuardTable(Operation):
    """Installs the guard that a model states, in place of the one that the table has.

    It is needed again after a migration that changes the table's columns or the guard. Columns that
    do not exist yet at this migration are left out. In a migration that is not `atomic`, each table
    is locked by itself, and for a moment only.
    """

    reversible = True
    atomic = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        stated = current_apps.get_model(app_label, self.model_name).guard
        model = to_state.apps.get_model(app_label, self.model_name)
        self.database_backwards(app_label, schema_editor, from_state, to_state)
        for statement in guard_statements(model, stated, schema_editor):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        be_quick(None, schema_editor)
        for statement in dialect_of(schema_editor.connection).drop_guard(table):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Guard the rows of {self.model_name}"


def guarded_models() -> Iterator[type[models.Model]]:
    """Yield the models that state a guard."""
    return (model for model in current_apps.get_models() if hasattr(model, "guard"))


def guard_statements(model: type[models.Model], guard: Guard, schema_editor: Any) -> list[str]:
    """Return the statements that install `guard` on the table of `model`."""
    return dialect_of(schema_editor.connection).create_guard(
        model._meta.db_table,
        changed=_changed(model, guard, dialect_of(schema_editor.connection)),
        kept=_kept(model, guard, dialect_of(schema_editor.connection)),
        taken=" OR ".join(_taken(model, schema_editor)),
    )


def _changed(model: type[models.Model], guard: Guard, dialect: Dialect) -> str:
    """Return the condition that an UPDATE changes what may not change; "" if nothing may."""
    if guard in (Guard(), Guard(removed_after=guard.removed_after)):
        return ""
    columns = {each.name: str(each.column) for each in model._meta.local_concrete_fields}
    refused = []
    for name, column in sorted(columns.items()):
        differs = f'OLD."{column}" {dialect.differs_from} NEW."{column}"'
        allowed = list(_allowed(guard, name, column, columns))
        refused.append(
            f"({differs} AND NOT ({' OR '.join(allowed)}))" if allowed else f"({differs})"
        )
    return " OR ".join(refused)


def _allowed(guard: Guard, name: str, column: str, columns: Mapping[str, str]) -> Iterator[str]:
    """Yield the conditions with which a column may change."""
    if name in guard.working and guard.open_while is not None:
        deciding, values = guard.open_while
        yield _is_one_of(f'OLD."{columns[deciding]}"', values)
    if name in guard.once:
        yield _is_empty(f'OLD."{column}"')
    if name in guard.erased:
        yield _is_empty(f'NEW."{column}"')
    if name in guard.resealed:
        old, new = (f'SUBSTR({row}."{column}", 1, {KEY_CHARACTERS})' for row in ("OLD", "NEW"))
        yield f"({old} LIKE '{SEALED_LIKE}' AND {new} LIKE '{SEALED_LIKE}' AND {old} <> {new})"
    if name in guard.steps:
        before, after = guard.steps[name]
        yield f"(OLD.\"{column}\" = '{before}' AND NEW.\"{column}\" = '{after}')"


def _is_one_of(column: str, values: Iterable[str | None]) -> str:
    conditions = (
        f"{column} IS NULL" if value is None else f"{column} = '{value}'" for value in values
    )
    return f"({' OR '.join(conditions)})"


def _is_empty(column: str) -> str:
    return f"COALESCE(CAST({column} AS text), '') = ''"


def _kept(model: type[models.Model], guard: Guard, dialect: Dialect) -> str:
    """Return the condition that a row may not be removed yet; "" for never."""
    if guard.removed_after is None:
        return ""
    name, days = guard.removed_after
    return f'OLD."{_column_of(model, name)}" >= {dialect.days_ago(days)}'


def _column_of(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).column)  # type: ignore[union-attr]


def _taken(model: type[models.Model], schema_editor: Any) -> Iterator[str]:
    """Yield, for each key of the table, the condition that a row with the key of the new one
    exists.
    """
    table = model._meta.db_table
    unique = sorted(str(each.column) for each in model._meta.local_concrete_fields if each.unique)
    keys: list[tuple[list[str], str]] = [([column], "") for column in unique]
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            columns = [_column_of(model, name) for name in constraint.fields]
            condition = constraint._get_condition_sql(model, schema_editor) or ""  # type: ignore[attr-defined]
            keys.append((columns, condition))
    for columns, condition in keys:
        same = " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
        if condition:
            of_new = re.sub(r'("\w+")', r"NEW.\1", condition)
            same += f" AND {condition} AND {of_new}"
        yield f'EXISTS (SELECT 1 FROM "{table}" WHERE {same})'
