"""Tests of the search for orphan files: it finds only files that no row names, and erases nothing
itself.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import Trace
from tests.factories import make_case, make_document, make_member
from verification import orphan_files, tasks
from verification.cases.storage import EncryptedStorage
from verification.models import DocumentPage, GoldenCase, GoldenKind
from verification.quality import golden_cases

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"


def stored(age: timedelta = 2 * DAY) -> str:
    name = str(default_storage.save("page", ContentFile(b"a page")))
    written = (timezone.now() - age).timestamp()
    os.utime(EncryptedStorage().location / name, (written, written))
    return name


def named(number: int, now: datetime) -> list[str]:
    """As many old files that rows name."""
    document = make_document(make_case(make_member(now), now), now)
    names = [stored() for _ in range(number)]
    for at, name in enumerate(names):
        DocumentPage.objects.create(
            document=document, number=100 + at, image=name, width=1, height=1
        )
    return names


def run(*options: str) -> str:
    said = StringIO()
    call_command("stray_files", *options, stdout=said)
    return said.getvalue()


def test_they_are_counted_and_go_only_when_that_is_asked(now: datetime) -> None:
    kept, old, young = (
        named(3, now),
        stored(DAY + timedelta(minutes=1)),
        stored(DAY - timedelta(minutes=1)),
    )
    written = datetime.fromtimestamp((EncryptedStorage().location / old).stat().st_mtime, UTC)
    said = run()
    assert (
        "1 of 4 stored files" in said
        and f"Written from {written:%Y-%m-%d %H:%M}" in said
        and default_storage.exists(old)
    )
    assert "Erased: 1." in run("--erase", "1")
    assert (
        not default_storage.exists(old)
        and default_storage.exists(young)
        and all(default_storage.exists(name) for name in kept)
    )
    assert "0 of 3 stored files" in run() and "Erased: 0." in run("--erase", "0")


def test_what_was_broken_off_as_it_was_written_goes_too() -> None:
    whole = EncryptedStorage().location / stored()
    part = whole.rename(whole.with_name(whole.name + ".part"))
    assert "Erased: 1." in run("--erase", "1") and not part.exists()


def test_whoever_gives_another_number_has_not_looked() -> None:
    names = [stored() for _ in range(3)]
    with pytest.raises(CommandError, match="Seen: 3; expected: 2"):
        run("--erase", "2")
    assert all(default_storage.exists(name) for name in names)


def test_the_log_tells_of_them(caplog: pytest.LogCaptureFixture) -> None:
    tasks.look_for_strays()
    assert not caplog.records
    stored()
    tasks.look_for_strays()
    (line,) = [record.msg for record in caplog.records]
    assert isinstance(line, dict) and (line["event"], line["strays"], line["files"]) == (
        "stray_files_found",
        1,
        1,
    )


def fields() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    ]


def test_every_field_that_names_files_is_asked(now: datetime) -> None:
    """File fields added later are found too, by their type."""
    with CaptureQueriesContext(connection) as asked:
        orphan_files.find_orphan_files(now)
    said = [query["sql"] for query in asked.captured_queries]
    for model, name in fields():
        assert any(f'"{model._meta.db_table}"."{name}"' in sql for sql in said), (model, name)
    assert len(fields()) >= 6


def test_whatever_a_row_names_is_none(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphan_files, "AT_ONCE", 2)
    named(5, now)
    Trace.objects.create(
        why="found on a market", asked_at=now, due_at=now, leak=stored(), evidence=stored()
    )
    stray = stored()
    assert orphan_files.find_orphan_files(timezone.now()) == ({stray}, 8)


def test_the_pages_of_a_golden_case_stand_in_its_recipe_alone(now: datetime) -> None:
    pages = [{"number": number, "image": stored()} for number in (1, 2)]
    recipe = {"documents": [{"pages": pages}]}
    GoldenCase.objects.create(
        kind=next(iter(GoldenKind)), name="示例", right_verb="approve", recipe=recipe, made_at=now
    )
    GoldenCase.objects.create(
        kind=next(iter(GoldenKind)),
        name="",
        right_verb="approve",
        recipe={},
        made_at=now,
        retired_at=now,
    )
    assert golden_cases.files_of(recipe) and orphan_files.find_orphan_files(timezone.now()) == (
        set(),
        2,
    )
