"""The first operation of a migration that alters a table in use.

A migration that waits for a lock blocks all later queries of the table. This one gives up after a
moment instead, and can be run again. A foreign key from a new table to a table in use locks the
latter too.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import migrations

from events.db.dialect import dialect_of

WAIT: Final = "5s"


def be_quick(apps: Any, schema_editor: Any) -> None:
    """Wait for no lock longer than `WAIT`, until the transaction ends."""
    dialect_of(schema_editor.connection).limit_lock_wait(schema_editor, WAIT)


def quickly() -> migrations.RunPython:
    """Return the operation. It must be the first of the migration."""
    return migrations.RunPython(be_quick, migrations.RunPython.noop)
