"""Is what no row names erased in time, and nothing else, ever?"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from downloads.models import Trace
from tests.factories import make_case, make_document, make_member
from verification import strays
from verification.models import DocumentPage
from verification.storage import EncryptedStorage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"


def stored(now: datetime, age: timedelta) -> str:
    name = str(default_storage.save("page", ContentFile(b"a page")))
    written = (now - age).timestamp()
    os.utime(EncryptedStorage().location / name, (written, written))
    return name


DAY = timedelta(days=1)


def test_a_file_of_no_row_goes_once_it_is_a_day_old(now: datetime) -> None:
    old, young = stored(now, DAY + timedelta(minutes=1)), stored(now, DAY - timedelta(minutes=1))
    assert strays.erase(now) == 1
    assert not default_storage.exists(old) and default_storage.exists(young)
    assert strays.erase(now) == 0


def test_what_was_broken_off_as_it_was_written_goes_too(now: datetime) -> None:
    name = stored(now, 2 * DAY)
    whole = EncryptedStorage().location / name
    part = whole.rename(whole.with_name(whole.name + ".part"))
    assert strays.erase(now) == 1 and not part.exists()


def fields() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.name) for model in apps.get_models() for field in model._meta.concrete_fields if isinstance(field, models.FileField)
    ]


def test_whatever_a_row_names_stays(now: datetime) -> None:
    case = make_case(make_member(now), now)
    kept = [stored(now, 2 * DAY) for _ in range(3)]
    document = make_document(case, now)
    DocumentPage.objects.filter(document=document).delete()
    DocumentPage.objects.create(document=document, number=1, image=kept[0], width=1, height=1)
    Trace.objects.create(why="found on a market", asked_at=now, due_at=now, leak=kept[1], evidence=kept[2])
    stray = stored(now, 2 * DAY)
    assert strays.erase(now) == 1
    assert all(default_storage.exists(name) for name in kept) and not default_storage.exists(stray)


def test_every_field_that_names_files_is_asked(now: datetime) -> None:
    """Also those that are added later: they are found by their kind."""
    with CaptureQueriesContext(connection) as asked:
        strays.erase(now)
    said = [query["sql"] for query in asked.captured_queries]
    for model, name in fields():
        assert any(f'"{model._meta.db_table}"."{name}"' in sql for sql in said), (model, name)
    assert len(fields()) >= 6


def test_too_many_strays_are_another_databases_files(now: datetime) -> None:
    names = [stored(now, 2 * DAY) for _ in range(strays.FEW + 1)]
    assert strays.erase(now) == 0 and all(default_storage.exists(name) for name in names)
    default_storage.delete(names[0])
    assert strays.erase(now) == strays.FEW


def test_what_is_older_than_a_month_was_looked_at_before(now: datetime) -> None:
    name = stored(now, strays.LOOKED_BACK + DAY)
    assert strays.erase(now) == 0 and default_storage.exists(name)
