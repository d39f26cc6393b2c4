"""Imports a published list from a CSV file into a table.

The file is read as a stream, so its size does not matter. A faulty row is reported by line with the
value seen and the value expected, and skipped; the rest is written. A row never overwrites a newer
one (`as_of`), so exports may come in any order, and a repeated import changes nothing.
"""

from __future__ import annotations

import codecs
import csv
import re
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import models, reset_queries, transaction

from documents.uscc import normalise_uscc, uscc_problem
from events.db.dialect import current_dialect

BATCH: Final = 5000
PROGRESS_SECONDS: Final = 5.0
REPORTED_AT_MOST: Final = 1000
"""Faulty rows that are reported one by one, to limit the output for a file that is all wrong."""
VALUE_AT_MOST: Final = 10_000
"""Characters of one value. Otherwise an unclosed quote would swallow the rest of the file."""

_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


class RowFault(Exception):
    """A value of a row is invalid."""

    def __init__(self, column: str, seen: str, expected: str) -> None:
        super().__init__(f"{column}: seen {seen[:60]!r}, expected {expected}")


# --- Rows, without I/O ----------------------------------------------------------------------------


Values = tuple[Any, ...]
"""A row as it is stored, in the order of its columns."""
Read = Callable[[str, str], Any]
"""Converts a value, given the value and its column's name. Raises RowFault."""


@dataclass(frozen=True)
class Sheet:
    """The columns of one kind of list, and the table they fill."""

    model: type[models.Model]
    key: str
    """The column of the table's primary key."""
    needed: tuple[str, ...]
    further: Mapping[str, str]
    """Optional columns, each with the SQL value of a new row if the file lacks the column; existing
    rows then keep theirs.
    """
    read: Mapping[str, Read]

    def values_of(self, row: Mapping[str, str]) -> Values:
        """Return the row's values in its own order of columns.

        Raise RowFault for the first invalid value.
        """
        if any("\x00" in value for value in row.values()):
            raise RowFault("row", "a NUL character", "text")
        return tuple(self.read[column](row[column], column) for column in row)

    def indexes(self, header: list[str]) -> dict[str, int]:
        """Return the index of each column. Raise CommandError before anything is written."""
        names = [name.strip().lower() for name in header]
        if missing := [column for column in self.needed if column not in names]:
            expected = ", ".join(self.needed)
            raise CommandError(
                f"line 1: missing {', '.join(missing)}; seen {', '.join(names) or 'nothing'};"
                f" expected {expected}"
            )
        return {
            column: names.index(column)
            for column in (*self.needed, *self.further)
            if column in names
        }


def read_code(value: str, column: str) -> str:
    uscc = normalise_uscc(value)
    if refused := uscc_problem(uscc):
        raise RowFault(column, refused.seen or value, refused.expected)
    return uscc


def read_text(value: str, column: str, longest: int) -> str:
    value = " ".join(value.split())
    if len(value) > longest:
        raise RowFault(column, f"{len(value)} characters", f"at most {longest}")
    return value


def read_needed_text(value: str, column: str, longest: int) -> str:
    if not value.strip():
        raise RowFault(column, "", "a value")
    return read_text(value, column, longest)


def read_day(value: str, column: str) -> date:
    value = value.strip()
    if found := _DATE.fullmatch(value):
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            pass
    raise RowFault(column, value, "a date such as 2020-01-31")


# --- Files ----------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str:
    """Return the encoding in which the whole file is valid: `utf-8-sig` or `gb18030`.

    Raise CommandError if there is none. The whole file is decoded first: with one broken character
    it must not be read in the wrong encoding and fill the register with wrong names.
    """
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "gb18030")}
    with path.open("rb") as file:
        while True:
            block = file.read(1 << 16)
            for name, decoder in list(decoders.items()):
                try:
                    decoder.decode(block, final=not block)
                except UnicodeDecodeError:
                    del decoders[name]
            if not decoders:
                raise CommandError(
                    f"{path} is neither UTF-8 nor GB18030 throughout. Save it as UTF-8, and import"
                    " it again."
                )
            if not block:
                return next(iter(decoders))


@dataclass
class Tally:
    """Progress of an import."""

    written: int = 0
    older: int = 0
    """Rows not written because the stored row, or another row of the file, is newer."""
    faulty: int = 0


class SnapshotCommand(BaseCommand):
    """Base of the commands `manage.py import_… FILE.csv`."""

    sheet: ClassVar[Sheet]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")

    def noted(self, row: Mapping[str, Any]) -> None:
        """Called with each valid row."""

    def remarks(self) -> Iterator[str]:
        """Yield further lines for the end of the output."""
        yield from ()

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"{file}: no such file")
        began, tally = time.monotonic(), Tally()
        limit_before = csv.field_size_limit(VALUE_AT_MOST)
        try:
            with file.open(encoding=encoding_of(file), newline="") as lines:
                self._import(lines, tally, began)
        finally:
            csv.field_size_limit(limit_before)
        seconds = time.monotonic() - began
        self.stdout.write(
            f"{tally.written} rows written, {tally.faulty} skipped, in {seconds:.1f} s"
            f" ({tally.written / max(seconds, 1e-9):.0f} rows/s)"
        )
        if tally.older:
            self.stdout.write(
                f"{tally.older} rows were left out: the stored row is newer, or a later row has the"
                f" same {self.sheet.key}"
            )
        for remark in self.remarks():
            self.stdout.write(remark)
        if tally.faulty:
            raise CommandError(f"{tally.faulty} rows were skipped; see above", returncode=1)

    def _import(self, lines: Any, tally: Tally, began: float) -> None:
        reader = csv.reader(lines)
        indexes = self.sheet.indexes(next(reader, []))
        columns = tuple(indexes)
        key, as_of = (columns.index(column) for column in (self.sheet.key, "as_of"))
        batch: dict[str, Values] = {}
        told = began
        for line, cells in self._rows(reader, tally):
            try:
                values = self.sheet.values_of(
                    {
                        column: cells[index] if index < len(cells) else ""
                        for column, index in indexes.items()
                    }
                )
                self.noted(dict(zip(columns, values, strict=True)))
            except RowFault as fault:
                self._report(line, str(fault), tally)
                continue
            # One statement cannot write a row twice. Of two rows with one key the newer counts, and
            # of two with the same date the later.
            before = batch.get(values[key])
            if before is not None:
                tally.older += 1
                if before[as_of] > values[as_of]:
                    continue
            batch[values[key]] = values
            if len(batch) >= BATCH:
                self._write(columns, batch, tally)
                if time.monotonic() - told >= PROGRESS_SECONDS:
                    told = time.monotonic()
                    self.stderr.write(
                        f"line {line}: {tally.written} rows written,"
                        f" {tally.written / (told - began):.0f} rows/s"
                    )
        self._write(columns, batch, tally)

    def _write(self, columns: Sequence[str], batch: dict[str, Values], tally: Tally) -> None:
        """Write `batch` in one transaction, and empty it."""
        with transaction.atomic():
            written = write_rows(self.sheet, columns, list(batch.values()))
        tally.written += written
        tally.older += len(batch) - written
        batch.clear()
        reset_queries()  # with DEBUG on, Django would keep every statement in memory

    def _rows(self, reader: Any, tally: Tally) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with the number of its first line; report rows that are not valid CSV."""
        while True:
            line = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._report(
                    line, f"row: seen {error}, expected a row of CSV (is a quote left open?)", tally
                )
                continue
            if any(values):
                yield line, values

    def _report(self, line: int, fault: str, tally: Tally) -> None:
        tally.faulty += 1
        if tally.faulty <= REPORTED_AT_MOST:
            self.stderr.write(f"line {line}: {fault}")
        elif tally.faulty == REPORTED_AT_MOST + 1:
            self.stderr.write("further faulty rows are counted but not listed")


# --- The table ------------------------------------------------------------------------------------


def write_rows(sheet: Sheet, columns: Sequence[str], rows: Sequence[Values]) -> int:
    """Insert `rows`, replacing those that are not newer; return the number written.

    No two rows may have the same key.
    """
    if not rows:
        return 0
    table = sheet.model._meta.db_table
    new = ", ".join(f"{column} = excluded.{column}" for column in columns if column != sheet.key)
    return current_dialect().insert_rows(
        table,
        columns,
        rows,
        constants={name: sql for name, sql in sheet.further.items() if name not in columns},
        on_conflict=(
            f"ON CONFLICT ({sheet.key}) DO UPDATE SET {new} WHERE excluded.as_of >= {table}.as_of"
        ),
    )
