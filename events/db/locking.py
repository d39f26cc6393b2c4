"""The first operation of a migration that alters a table in use.

A migration that waits for a lock makes everybody else who needs the table wait behind it. This one
gives up after a moment instead, and can be run again. Making a new table refer to one in use locks
that one too.
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
    """The operation: it goes first."""
    return migrations.RunPython(be_quick, migrations.RunPython.noop)
