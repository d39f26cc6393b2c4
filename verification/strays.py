"""Which stored files does no row name? Those of a process that was killed after it had stored a file and before its row was there.

A file is private by its row: who may see it, and when it goes. One without any is seen by nobody and would never go, so it is erased
once it is a day old. What the rows name is asked of every file field that there is, so a new one needs no word here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from django.apps import apps
from django.core.files.storage import storages
from django.db import models

from verification.storage import EncryptedStorage

log = structlog.get_logger()

AFTER: Final = timedelta(days=1)
"""No request and no work of the queue lasts as long."""
LOOKED_BACK: Final = timedelta(days=30)
"""Older ones were looked at before: so a look costs as much as a month is large, and not as all that is kept."""
FEW: Final = 20
"""So many strays are believed in any case."""
BELIEVED: Final = 0.1
"""And so large a part of those looked at. More means that these rows are not of these files: another database, or one from before."""


def erase(now: datetime) -> int:
    """Erase what no row names, or nothing if that is too much to be true; how many files went."""
    storage = storages["default"]
    if not isinstance(storage, EncryptedStorage):
        return 0
    looked_at = _stored(storage.location, now - LOOKED_BACK, now - AFTER)
    strays = looked_at - _named(looked_at)
    if len(strays) > max(FEW, BELIEVED * len(looked_at)):
        log.error("stray_files_not_believed", strays=len(strays), files=len(looked_at))
        return 0
    for name in strays:
        storage.delete(name)
    if strays:
        log.warning("stray_files_erased", strays=len(strays), files=len(looked_at))
    return len(strays)


def _stored(folder: Path, since: datetime, before: datetime) -> set[str]:
    """The files of that span, by the names that rows give them; and what was broken off as it was written."""
    found: set[str] = set()
    for file in folder.glob("??/*"):
        try:
            written = file.stat().st_mtime
        except FileNotFoundError:
            continue
        if since.timestamp() <= written < before.timestamp():
            found.add(file.relative_to(folder).as_posix())
    return found


def _named(wanted: set[str]) -> set[str]:
    """Those of `wanted` that some row gives."""
    named: set[str] = set()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                names = model._base_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True)
                named.update(name for name in names.iterator(chunk_size=10_000) if name in wanted)
    return named
