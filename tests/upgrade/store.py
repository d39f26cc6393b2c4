"""Writes every table of a database into one file, and loads such a file into an empty database.

The file is gzip. Each line is a JSON object: first the description of the recording, then the
tables, then the stored files. Values are engine-neutral: times in ISO 8601, bytes in base64.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.utils import timezone

from tests.databases import migrate_to

Leaves = list[tuple[str, str]]


@dataclass
class Table:
    """One table: the model as `app.Model`, its table, its columns, and its rows."""

    model: str
    name: str
    columns: list[str]
    rows: list[list[Any]]

    def filled(self) -> dict[str, int]:
        """Return how many rows have a value in each column."""
        return {
            column: count_filled(row[at] for row in self.rows)
            for at, column in enumerate(self.columns)
        }


@dataclass
class Recording:
    """A recorded database."""

    about: dict[str, Any]
    """Version, time, people and keys, for the walk through the pages."""
    leaves: Leaves
    """The last migration of each app."""
    tables: list[Table] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    """Stored files by their names below the documents folder."""

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.about["at"])


def count_filled(values: Any) -> int:
    """Return how many of `values` are not empty."""
    return sum(value not in (None, "", [], {}, b"", "[]", "{}") for value in values)


# --- The file -------------------------------------------------------------------------------------


def write(recording: Recording, path: Path) -> None:
    """Write `recording` as one compressed file; equal recordings give equal bytes."""
    lines: list[dict[str, Any]] = [{"about": recording.about, "leaves": recording.leaves}]
    lines += [vars(table) for table in recording.tables]
    lines += [
        {"file": name, "base64": base64.b64encode(content).decode()}
        for name, content in sorted(recording.files.items())
    ]
    text = "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
    )
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read(path: Path) -> Recording:
    """Return the recording in the file at `path`."""
    first, *lines = [
        json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    recording = Recording(first["about"], [(app, name) for app, name in first["leaves"]])
    for line in lines:
        if "file" in line:
            recording.files[line["file"]] = base64.b64decode(line["base64"])
        else:
            recording.tables.append(Table(**line))
    return recording


# --- Recording ------------------------------------------------------------------------------------


def recorded(about: dict[str, Any], files: dict[str, bytes]) -> Recording:
    """Record the current database, with every table."""
    loader = MigrationLoader(connection)
    leaves = sorted(loader.graph.leaf_nodes())
    recording = Recording(about | {"at": timezone.now().isoformat()}, leaves, files=files)
    for model in _models(loader.project_state(leaves).apps):
        columns = [each.column for each in _fields(model)]
        rows = model._base_manager.order_by("pk").values_list(
            *(each.attname for each in _fields(model))
        )
        told = [[_as_json(value) for value in row] for row in rows]
        recording.tables.append(Table(model._meta.label, model._meta.db_table, columns, told))
    return recording


def _models(apps: Any) -> list[type[Model]]:
    """Return the models among `apps` that have a table."""
    there = (
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    )
    return sorted(there, key=lambda model: model._meta.label)


def _fields(model: type[Model]) -> list[models.Field[Any, Any]]:
    return list(model._meta.local_concrete_fields)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return str(value) if isinstance(value, UUID | models.fields.files.FieldFile) else value


# --- Loading --------------------------------------------------------------------------------------


def load(recording: Recording) -> None:
    """Migrate the empty database to the recorded migrations, and insert the recorded rows.

    Every time is moved forward by the time since the recording, so that a row that was to end in a
    month still ends in a month.
    """
    known = {model._meta.label: model for model in _models(migrate_to(recording.leaves))}
    passed = timezone.now() - recording.at
    with _constraints_at_the_end(), transaction.atomic(), connection.cursor() as cursor:
        # The recorded rows include those that the migrations have just inserted.
        for model in known.values():
            if model._base_manager.exists():
                cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")
        for table in recording.tables:
            model = known[table.model]
            fields = {each.column: each for each in _fields(model)}
            columns = ", ".join(_quoted(column) for column in table.columns)
            places = ", ".join(["%s"] * len(table.columns))
            statement = f"INSERT INTO {_quoted(table.name)} ({columns}) VALUES ({places})"
            cursor.executemany(
                statement, [_for_database(row, table.columns, fields, passed) for row in table.rows]
            )
        connection.check_constraints()
        for sql in connection.ops.sequence_reset_sql(no_style(), list(known.values())):
            cursor.execute(sql)


class _constraints_at_the_end:
    """Lets rows refer to later rows: SQLite checks no foreign keys meanwhile, PostgreSQL defers
    them.
    """

    def __enter__(self) -> None:
        connection.disable_constraint_checking()

    def __exit__(self, *error: object) -> None:
        connection.enable_constraint_checking()


def _for_database(
    row: list[Any], columns: list[str], fields: dict[str, Any], passed: timedelta
) -> list[Any]:
    made = []
    for column, stored in zip(columns, row, strict=True):
        value = (
            fields[column].to_python(stored)
            if not isinstance(fields[column], models.JSONField)
            else stored
        )
        if isinstance(value, datetime):
            value += passed
        elif isinstance(value, date):
            value += timedelta(days=passed.days)
        made.append(fields[column].get_db_prep_save(value, connection))
    return made


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def rows_of(table: str) -> Iterator[dict[str, Any]]:
    """Return the rows of a table, by column; none if there is no such table."""
    if table not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {_quoted(table)}")
        names = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))
