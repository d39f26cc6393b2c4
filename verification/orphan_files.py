"""Which stored files does no row name?

Those of a process that was killed between storing a file and its row, or between the row that let
go of a file and erasing it.

They are sealed, and nobody is shown them. A person looks and erases (`manage.py stray_files`): that
something is named nowhere may also mean that this database is not the one of these files, and what
is erased does not come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.apps import apps
from django.core.files.storage import storages
from django.db import models

from verification.cases.storage import EncryptedStorage
from verification.models import GoldenCase
from verification.quality import golden_cases

AFTER: Final = timedelta(days=1)
"""Younger files may be those of work that is still being done; no request and no work of the queue
lasts as long.
"""
AT_ONCE: Final = 10_000


def find_orphan_files(now: datetime) -> tuple[set[str], int]:
    """The names of the stray files, and how many files were looked at."""
    storage = storages["default"]
    if not isinstance(storage, EncryptedStorage):
        return set(), 0
    stored = _stored(storage.location, now - AFTER)
    strays = set(stored)
    for name in _named():
        strays.discard(name)
    return strays, len(stored)


def _stored(folder: Path, before: datetime) -> set[str]:
    """The files that were written before, by the names that rows give them; and what was broken off
    as it was written.
    """
    found: set[str] = set()
    for file in folder.glob("??/*"):
        try:
            written = file.stat().st_mtime
        except FileNotFoundError:
            continue
        if written < before.timestamp():
            found.add(file.relative_to(folder).as_posix())
    return found


def _named() -> Iterator[str]:
    """Every name that some row gives: in a field for files, of whatever model, or in a golden
    case's recipe.
    """
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                yield from _names_in(model, field.name)
    for recipe in GoldenCase.objects.values_list("recipe", flat=True):
        yield from golden_cases.files_of(recipe)


def _names_in(model: type[models.Model], field: str) -> Iterator[str]:
    """In spans by the key, without a cursor that the server would hold."""
    rows = model._base_manager.exclude(**{field: ""}).order_by("pk").values_list("pk", field)
    last = None
    while span := list((rows if last is None else rows.filter(pk__gt=last))[:AT_ONCE]):
        yield from (name for _, name in span if name)
        last = span[-1][0]
