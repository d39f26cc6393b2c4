"""The check, for `manage.py check --deploy --database default`, that the guards of
`events.db.guards` hold for the role that runs the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.checks import CheckMessage, Warning

from events.db.dialect import current_dialect
from events.db.guards import guarded_models

EXCESS: Final = "zizhi.W001"


def check_privileges(
    *, databases: Sequence[str] | None = None, **_kwargs: Any
) -> Sequence[CheckMessage]:
    """Warn if the role could switch off the guards. Without `databases`, none is asked."""
    if not databases:
        return []
    tables = [model._meta.db_table for model in guarded_models()]
    held = current_dialect().excess_privileges(tables)
    if not held:
        return []
    return [
        Warning(
            "The database role can switch off the guards of records: " + "; ".join(held),
            hint="Run the service as a role that owns no tables (docs/operating/running.md).",
            id=EXCESS,
        )
    ]
