"""Columns that depend on a data key, marked so that `manage.py rekey` finds them.

Migrations do not know these classes: to them, each is the field that it inherits from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    _Text = models.TextField[str, str]
    _Bytes = models.BinaryField[bytes, bytes]
    _Char = models.CharField[str, str]
else:
    _Text, _Bytes, _Char = models.TextField, models.BinaryField, models.CharField

Purpose = Callable[[Any], str]
"""Returns the purpose for which a row's column is sealed. It uses the primary key and foreign keys
alone.
"""


class _AsParent:
    """Deconstructs as the field that it inherits from, so that no migration is needed."""

    deconstruct_as: str

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{self.deconstruct_as}", args, options


class SealedText(_AsParent, _Text):
    """A text from `events.core.sealing.seal_text`, or "" for none."""

    deconstruct_as = "TextField"

    def __init__(self, *args: Any, purpose: Purpose | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.purpose = purpose


class SealedBytes(_AsParent, _Bytes):
    """Bytes from `events.core.sealing.seal`."""

    deconstruct_as = "BinaryField"

    def __init__(self, *args: Any, purpose: Purpose | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.purpose = purpose


class BlindIndex(_AsParent, _Char):
    """A blind index (`events.core.sealing.blind_index`), or "" for none.

    `among` selects the rows that have one, if others have something else in the column. If a row
    collides with another under the current key, its model's `merge_into` decides what becomes of
    both.
    """

    deconstruct_as = "CharField"

    def __init__(self, *args: Any, among: Q | None = None, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 64} | options)
        self.among = among


class WithBlindIndexes(_AsParent, models.JSONField):
    """JSON objects that have blind indexes under the names `indexes`, or lack them."""

    deconstruct_as = "JSONField"

    def __init__(self, *args: Any, indexes: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.indexes = indexes
