"""A migration operation for labels, help texts and choices, which only Django's state knows."""

from __future__ import annotations

from typing import Any

from django.db import migrations


class Relabel(migrations.SeparateDatabaseAndState):
    """Apply `operations` to the state alone.

    Django would build the models anew after each of them, which takes seconds for a hundred labels.
    Here they are built once, when the next migration needs them.
    """

    def __init__(self, operations: list[Any]) -> None:
        super().__init__(state_operations=operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Drop the built models first, so that no operation builds them anew."""
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)
