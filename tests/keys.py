"""Changes of the data key, at each stage at which the service must work, and rows to move."""

from __future__ import annotations

import base64
import os
import sqlite3
import uuid
from contextlib import closing, suppress
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.files.storage import storages
from django.db import models

from events import rekeying
from events.core import sealing
from events.core.sealing import KeyMissing, data_keys, key_id
from events.db.fields import BlindIndex, SealedText
from events.models import KEY_CHECK

STAGES: Final = ("restarted", "rekeyed", "removed")
"""After all processes have the new key, after `manage.py rekey`, without the old key."""
_numbers = count(1)
at_each_stage = pytest.mark.parametrize("stage", STAGES)


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def rotate(settings: Any) -> None:
    """Make a new key the current one, as an operator does."""
    settings.DATA_KEYS_RETIRED = [settings.DATA_KEY, *settings.DATA_KEYS_RETIRED]
    settings.DATA_KEY = new_key()


def current() -> str:
    return key_id(data_keys()[0]).hex()


def rekey_all() -> None:
    """Move the rows and files of this test to the current key."""
    for column in rekeying.sealed_columns():
        assert rekeying.rekey_column(column).unreadable == 0
    storage = storages["default"]
    for name in list(storage.names()):
        with suppress(KeyMissing):  # another test's file, whose key is gone
            storage.reseal(name)


def change_keys(settings: Any, stage: str) -> None:
    """Bring this test's database to a stage of a change of keys."""
    rotate(settings)
    if stage != "restarted":
        rekey_all()
    if stage == "removed":
        settings.DATA_KEYS_RETIRED = []


def record_keys(database: Path) -> None:
    """Make an SQLite database in which this run's keys are recorded, and nothing else: a process
    that stores nothing starts with it, and no migration has to run.
    """
    row = (1, sealing.seal_text(KEY_CHECK, KEY_CHECK), sealing.blind_index(KEY_CHECK, KEY_CHECK))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            'CREATE TABLE events_keycheck (id integer PRIMARY KEY, sealed text, "index" text)'
        )
        connection.execute("INSERT INTO events_keycheck VALUES (?, ?, ?)", row)
        connection.commit()


def filled(model: type[models.Model], now: datetime) -> Any:
    """Create a row with the least that the database accepts, and the rows that it refers to."""
    row = model()
    for field in model._meta.concrete_fields:
        if field.has_default() or field.null or field.auto_created or field.blank:
            continue
        if isinstance(field, (SealedText, BlindIndex)):
            continue
        if isinstance(field, models.ForeignKey):
            setattr(row, field.name, filled(field.related_model, now))
        elif isinstance(field, models.DateTimeField):
            setattr(row, field.attname, now)
        elif isinstance(field, models.DateField):
            setattr(row, field.attname, date(2026, 11, 24))
        elif isinstance(field, models.UUIDField):
            setattr(row, field.attname, uuid.uuid4())
        elif isinstance(field, (models.CharField, models.TextField, models.FileField)):
            text = field.choices[0][0] if field.choices else f"{next(_numbers)}"
            setattr(row, field.attname, str(text)[: field.max_length])
        elif isinstance(field, models.BinaryField):
            setattr(row, field.attname, b"")
        elif isinstance(field, models.JSONField):
            setattr(row, field.attname, {})
        else:
            setattr(row, field.attname, next(_numbers))
    row.save(force_insert=True)
    return row
