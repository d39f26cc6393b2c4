"""Migration operations that add or remove an index on a table in use.

On PostgreSQL they do not block writes to the table (CONCURRENTLY). The migration must not be
`atomic`, and can be run again if it was interrupted.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

from events.db.dialect import dialect_of


def _drop(schema_editor: Any, name: str) -> None:
    """An interrupted migration leaves an invalid index behind."""
    concurrently = dialect_of(schema_editor.connection).concurrently
    schema_editor.execute(f"DROP INDEX {concurrently}IF EXISTS {schema_editor.quote_name(name)}")


def _create(schema_editor: Any, statement: Any) -> None:
    concurrently = dialect_of(schema_editor.connection).concurrently
    schema_editor.execute(
        str(statement).replace(" INDEX ", f" INDEX {concurrently}", 1), params=None
    )


class AddIndex(migrations.AddIndex):
    """Adds an index that is not unique."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.index.name)
        model = to_state.apps.get_model(app_label, self.model_name)
        _create(schema_editor, self.index.create_sql(model, schema_editor))


class AddUnique(migrations.AddConstraint):
    """Adds a unique constraint with a condition, which the database keeps as an index alone."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.constraint.name)
        model = to_state.apps.get_model(app_label, self.model_name)
        _create(schema_editor, self.constraint.create_sql(model, schema_editor))


class RemoveUnique(migrations.RemoveConstraint):
    """Removes what `AddUnique` adds."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.name)
