"""The row that shows whether the keys belong to the database."""

from __future__ import annotations

from typing import Final

from django.db import models

from events.db.fields import BlindIndex, SealedText

KEY_CHECK: Final = "key.check"
"""The text that `KeyCheck` contains, sealed and indexed for the purpose of the same name."""


class KeyCheck(models.Model):
    """Shows whether the settings' keys belong to this database (`events.rekeying`).

    The first row has an index made with the index key. Each further row has one made with a key
    that was used for indexes before there was an index key.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    sealed = SealedText(purpose=lambda _: KEY_CHECK)
    index = BlindIndex()

    def __str__(self) -> str:
        return "key check"
