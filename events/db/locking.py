"""How long does a migration wait for a table that others use?

A moment: then it gives up, and can be run again.

Whoever waits for a lock that shuts others out has everybody wait behind it. So a migration that
alters a table in use, or makes another one refer to it, begins with this.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import migrations

WAIT: Final = "5s"


def be_quick(apps: Any, schema_editor: Any) -> None:
    """Until the end of this transaction no lock is waited for longer than `WAIT`."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"SET LOCAL lock_timeout = '{WAIT}'")


def quickly() -> migrations.RunPython:
    """The first operation of a migration."""
    return migrations.RunPython(be_quick, migrations.RunPython.noop)
