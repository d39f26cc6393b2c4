"""Which companies does the register list? `python manage.py import_registry FILE.csv` fills the snapshot from an export.

The file is read as a stream, so its size does not matter. A row that cannot be right is named by its line, with what
was seen and what was expected, and skipped; the rest is written. A row never overwrites a newer one (`as_of`), so exports
may come in any order, and importing the same file again changes nothing.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, reset_queries, transaction

from employers.uscc import normalise, problem
from verification.models import RegistryRecord
from verification.registries.base import Status, status_of

COLUMNS: Final = (
    "uscc", "name", "legal_representative", "status", "established_on", "email_domain", "abnormal_list", "serious_violation_list", "as_of",
)  # fmt: skip
FURTHER: Final = ("former_names", "business_scope")
"""Columns that an export may have. Where it has not, what is stored in them stays."""
BATCH: Final = 5000
PROGRESS_SECONDS: Final = 5.0
REPORTED_AT_MOST: Final = 1000
"""Faulty rows named one by one; a file of a million wrong rows has said what it has to say by then."""
VALUE_AT_MOST: Final = 10_000
"""Characters of one value. A quote that is never closed would else swallow the rest of the file."""

_YES: Final = frozenset({"1", "true", "yes", "y", "t", "是", "有"})
_NO: Final = frozenset({"", "0", "false", "no", "n", "f", "否", "无"})
_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_BETWEEN_NAMES: Final = re.compile(r"[;；|\n]")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


class RowFault(Exception):
    """One value of a row is not what it has to be."""

    def __init__(self, column: str, seen: str, expected: str) -> None:
        super().__init__(f"{column}: seen {seen[:60]!r}, expected {expected}")


# --- One row: pure -------------------------------------------------------------------------------------


Values = tuple[Any, ...]
"""A row as it is stored, in the order of its columns."""


def values_of(row: Mapping[str, str]) -> Values:
    """What a row states, in its own order of columns. Raises RowFault for the first value that cannot be right.

    A status word that is not in the table is kept as it is, and reads as unknown: nobody guesses, and an earlier
    "active" does not stay standing.
    """
    if any("\x00" in value for value in row.values()):
        raise RowFault("row", "a NUL character", "text")
    return tuple(_READ[column](row[column], column) for column in row)


def _code(value: str, column: str) -> str:
    uscc = normalise(value)
    if refused := problem(uscc):
        raise RowFault(column, refused.seen or value, refused.expected)
    return uscc


def _status(value: str, column: str) -> str:
    status = _needed(value, column, 30)
    known = status_of(status)
    return status if known is Status.UNKNOWN else known.value


def _text(value: str, column: str, longest: int) -> str:
    value = " ".join(value.split())
    if len(value) > longest:
        raise RowFault(column, f"{len(value)} characters", f"at most {longest}")
    return value


def _needed(value: str, column: str, longest: int) -> str:
    if not value.strip():
        raise RowFault(column, "", "a value")
    return _text(value, column, longest)


def _names(value: str, column: str) -> str:
    """Former names, parted by semicolons, as JSON."""
    names = [_text(name, column, 200) for name in _BETWEEN_NAMES.split(value)]
    return json.dumps([name for name in names if name], ensure_ascii=False)


def _day(value: str, column: str) -> date:
    value = value.strip()
    if found := _DATE.fullmatch(value):
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            pass
    raise RowFault(column, value, "a date such as 2020-01-31")


def _boolean(value: str, column: str) -> bool:
    value = value.strip().lower()
    if value in _YES or value in _NO:
        return value in _YES
    raise RowFault(column, value, "1, 0, true, false, 是 or 否")


def _domain(value: str, column: str) -> str:
    value = value.strip().lower().removeprefix("@")
    if value and (len(value) > 200 or not _DOMAIN.fullmatch(value)):
        raise RowFault(column, value, "a domain such as example.com")
    return value


_READ: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "uscc": _code,
    "name": lambda value, column: _needed(value, column, 200),
    "legal_representative": lambda value, column: _text(value, column, 100),
    "status": _status,
    "established_on": lambda value, column: _day(value, column) if value.strip() else None,
    "email_domain": _domain,
    "abnormal_list": _boolean,
    "serious_violation_list": _boolean,
    "as_of": _day,
    "former_names": _names,
    "business_scope": lambda value, column: _text(value, column, VALUE_AT_MOST),
}


# --- The file ------------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str:
    """`utf-8-sig` or `gb18030`: the one in which the whole file can be read. Raises CommandError if it is neither.

    The whole file is tried first, since a file with one broken character must not be read in the wrong encoding
    and fill the register with other people's names.
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
                raise CommandError(f"{path} is neither UTF-8 nor GB18030 throughout. Save it as UTF-8, and import it again.")
            if not block:
                return next(iter(decoders))


@dataclass
class Tally:
    """How it goes."""

    written: int = 0
    older: int = 0
    """Rows that are not written: what is stored, or another row of the file, is newer."""
    faulty: int = 0
    unknown_status: int = 0


class Command(BaseCommand):
    help = (
        f"Fill the snapshot of the company register from a CSV file (UTF-8 or GB18030) with the columns {', '.join(COLUMNS)}, "
        f"and if it has them {', '.join(FURTHER)}."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")

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
            f"{tally.written} rows written, {tally.faulty} skipped, in {seconds:.1f} s ({tally.written / max(seconds, 1e-9):.0f} rows/s)"
        )
        if tally.older:
            self.stdout.write(f"{tally.older} rows were left: what is stored is newer, or a later row has the same code")
        if tally.unknown_status:
            self.stdout.write(f"{tally.unknown_status} rows have a status word that is not known; such companies go to a reviewer")
        if tally.faulty:
            raise CommandError(f"{tally.faulty} rows were skipped; they are named above", returncode=1)

    def _import(self, lines: Any, tally: Tally, began: float) -> None:
        reader = csv.reader(lines)
        places = _places(next(reader, []))
        columns = tuple(places)
        code, status, as_of = (columns.index(column) for column in ("uscc", "status", "as_of"))
        batch: dict[str, Values] = {}
        told = began
        for line, cells in self._rows(reader, tally):
            try:
                values = values_of({column: cells[place] if place < len(cells) else "" for column, place in places.items()})
            except RowFault as fault:
                self._report(line, str(fault), tally)
                continue
            tally.unknown_status += status_of(values[status]) is Status.UNKNOWN
            # One statement cannot write a row twice: of two rows for one code the newer counts, and of two of a day the later.
            before = batch.get(values[code])
            if before is not None:
                tally.older += 1
                if before[as_of] > values[as_of]:
                    continue
            batch[values[code]] = values
            if len(batch) >= BATCH:
                self._write(columns, batch, tally)
                if time.monotonic() - told >= PROGRESS_SECONDS:
                    told = time.monotonic()
                    self.stderr.write(f"line {line}: {tally.written} rows written, {tally.written / (told - began):.0f} rows/s")
        self._write(columns, batch, tally)

    def _write(self, columns: Sequence[str], batch: dict[str, Values], tally: Tally) -> None:
        """Write `batch` in one transaction, and empty it."""
        with transaction.atomic():
            written = write(columns, list(batch.values()))
        tally.written += written
        tally.older += len(batch) - written
        batch.clear()
        reset_queries()  # with DEBUG on, Django would keep every statement in memory

    def _rows(self, reader: Any, tally: Tally) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of the line on which it begins; rows that are no CSV are reported."""
        while True:
            line = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._report(line, f"row: seen {error}, expected a row of CSV (is a quote left open?)", tally)
                continue
            if any(values):
                yield line, values

    def _report(self, line: int, fault: str, tally: Tally) -> None:
        tally.faulty += 1
        if tally.faulty <= REPORTED_AT_MOST:
            self.stderr.write(f"line {line}: {fault}")
        elif tally.faulty == REPORTED_AT_MOST + 1:
            self.stderr.write("further rows are counted and not named")


def _places(header: list[str]) -> dict[str, int]:
    """Where each column stands. Raises CommandError before anything is written."""
    names = [name.strip().lower() for name in header]
    if missing := [column for column in COLUMNS if column not in names]:
        raise CommandError(f"line 1: missing {', '.join(missing)}; seen {', '.join(names) or 'nothing'}; expected {', '.join(COLUMNS)}")
    return {column: names.index(column) for column in (*COLUMNS, *FURTHER) if column in names}


# --- The table -----------------------------------------------------------------------------------------


def write(columns: Sequence[str], rows: Sequence[Values]) -> int:
    """Insert `rows`, or overwrite what is not newer; how many it was. No code may stand in two of them."""
    if not rows:
        return 0
    return _copied(columns, rows) if connection.vendor == "postgresql" else _inserted(columns, rows)


def _upsert(columns: Sequence[str], source: str) -> str:
    """The statement that writes what `source` gives for `columns`."""
    table = RegistryRecord._meta.db_table
    absent = {"former_names": "'[]'", "business_scope": "''"}
    fill = {column: value for column, value in absent.items() if column not in columns}
    new = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "uscc")
    source = source.format(columns=", ".join(columns), fill="".join(f", {value}" for value in fill.values()))
    return (
        f"INSERT INTO {table} ({', '.join((*columns, *fill))}) {source} "
        f"ON CONFLICT (uscc) DO UPDATE SET {new} WHERE excluded.as_of >= {table}.as_of"
    )


def _inserted(columns: Sequence[str], rows: Sequence[Values]) -> int:
    marks = ", ".join(["%s"] * len(columns))
    stored = [[value.isoformat() if isinstance(value, date) else value for value in row] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(_upsert(columns, f"VALUES ({marks}{{fill}})"), stored)
        return int(cursor.rowcount)


def _copied(columns: Sequence[str], rows: Sequence[Values]) -> int:
    """By COPY into a table of this connection, and from there: several times as fast as statements with values."""
    names, table = ", ".join(columns), RegistryRecord._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE imported AS SELECT {names} FROM {table} WITH NO DATA")  # noqa: S608  our own names
        with cursor.copy(f"COPY imported ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_upsert(columns, "SELECT {columns}{fill} FROM imported"))
        written = int(cursor.rowcount)
        cursor.execute("DROP TABLE imported")
        return written
