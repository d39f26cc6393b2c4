"""How is an index made on a table that others use?

On PostgreSQL beside their work, so that nobody waits for it.

The migration is not `atomic`, and can be run again after it was broken off. On SQLite it is as any
other.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations


def _drop(schema_editor: Any, name: str) -> None:
    """One that was broken off is left behind, and is of no use."""
    beside = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {beside}IF EXISTS {schema_editor.quote_name(name)}")


def _beside(statement: Any) -> str:
    return str(statement).replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


class AddIndex(migrations.AddIndex):
    """One that makes nothing unique."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.index.name)
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.add_index(
            model,
            self.index,
            **({"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}),
        )


class AddUnique(migrations.AddConstraint):
    """One with a condition, which is an index and nothing else."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.constraint.name)
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(_beside(self.constraint.create_sql(model, schema_editor)))


class RemoveUnique(migrations.RemoveConstraint):
    """What `AddUnique` made, or its like."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.name)
