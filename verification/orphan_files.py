"""Orphan files: stored files that no row names.

A process leaves them behind when it is killed between storing a file and saving its row, or between
dropping the row's reference and erasing the file. They are encrypted and no page shows them.

A person reviews and erases them (`manage.py stray_files`). The machine does not: the files may
belong to another database than this one, and erasing cannot be undone.
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
"""Younger files may belong to work in progress. No request and no job takes this long."""
AT_ONCE: Final = 10_000


def find_orphan_files(now: datetime) -> tuple[set[str], int]:
    """Return the names of the orphan files, and how many files were examined."""
    storage = storages["default"]
    if not isinstance(storage, EncryptedStorage):
        return set(), 0
    stored = _stored(storage.location, now - AFTER)
    strays = set(stored)
    for name in _named():
        strays.discard(name)
    return strays, len(stored)


def _stored(folder: Path, before: datetime) -> set[str]:
    """The names, relative to `folder` as rows store them, of files written before `before`.
    Includes files whose writing was interrupted.
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
    """Every file name that a row stores: in a file field of any model, or in a golden case's
    recipe.
    """
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                yield from _names_in(model, field.name)
    for recipe in GoldenCase.objects.values_list("recipe", flat=True):
        yield from golden_cases.files_of(recipe)


def _names_in(model: type[models.Model], field: str) -> Iterator[str]:
    """Yield the names in batches by primary key, without a server-side cursor."""
    rows = model._base_manager.exclude(**{field: ""}).order_by("pk").values_list("pk", field)
    last = None
    while span := list((rows if last is None else rows.filter(pk__gt=last))[:AT_ONCE]):
        yield from (name for _, name in span if name)
        last = span[-1][0]
