"""Which companies does the register list? `python manage.py import_registry FILE.csv` fills the snapshot from an export.

The file is read as a stream, so its size does not matter. A row that cannot be right is named by its line, with what
was seen and what was expected, and skipped; the rest is written. Importing the same file again changes nothing.
"""

from __future__ import annotations

import codecs
import csv
import re
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import reset_queries, transaction

from employers.uscc import normalise, problem
from verification.models import RegistryRecord
from verification.registries.base import Status, status_of

COLUMNS: Final = (
    "uscc", "name", "legal_representative", "status", "established_on", "email_domain", "abnormal_list", "serious_violation_list", "as_of",
)  # fmt: skip
BATCH: Final = 2000
PROGRESS_SECONDS: Final = 5.0
REPORTED_AT_MOST: Final = 1000
"""Faulty rows named one by one; a file of a million wrong rows has said what it has to say by then."""
VALUE_AT_MOST: Final = 10_000
"""Characters of one value. A quote that is never closed would else swallow the rest of the file."""

_YES: Final = frozenset({"1", "true", "yes", "y", "t", "是", "有"})
_NO: Final = frozenset({"", "0", "false", "no", "n", "f", "否", "无"})
_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


class RowFault(Exception):
    """One value of a row is not what it has to be."""

    def __init__(self, column: str, seen: str, expected: str) -> None:
        super().__init__(f"{column}: seen {seen[:60]!r}, expected {expected}")


# --- One row: pure -------------------------------------------------------------------------------------


def record_of(row: dict[str, str]) -> RegistryRecord:
    """The record that a row states, not saved. Raises RowFault for the first value that cannot be right.

    A status word that is not in the table is kept as it is, and reads as unknown: nobody guesses, and an earlier
    "active" does not stay standing.
    """
    if any("\x00" in value for value in row.values()):
        raise RowFault("row", "a NUL character", "text")
    uscc = normalise(row["uscc"])
    if refused := problem(uscc):
        raise RowFault("uscc", refused.seen or row["uscc"], refused.expected)
    status = _text(row, "status", 30, required=True)
    known = status_of(status)
    return RegistryRecord(
        uscc=uscc,
        name=_text(row, "name", 200, required=True),
        legal_representative=_text(row, "legal_representative", 100),
        status=status if known is Status.UNKNOWN else known.value,
        established_on=_date(row, "established_on") if row["established_on"].strip() else None,
        email_domain=_domain(row),
        abnormal_list=_boolean(row, "abnormal_list"),
        serious_violation_list=_boolean(row, "serious_violation_list"),
        as_of=_date(row, "as_of"),
    )


def _text(row: dict[str, str], column: str, longest: int, *, required: bool = False) -> str:
    value = " ".join(row[column].split())
    if required and not value:
        raise RowFault(column, "", "a value")
    if len(value) > longest:
        raise RowFault(column, f"{len(value)} characters", f"at most {longest}")
    return value


def _date(row: dict[str, str], column: str) -> date:
    value = row[column].strip()
    if found := _DATE.fullmatch(value):
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            pass
    raise RowFault(column, value, "a date such as 2020-01-31")


def _boolean(row: dict[str, str], column: str) -> bool:
    value = row[column].strip().lower()
    if value in _YES or value in _NO:
        return value in _YES
    raise RowFault(column, value, "1, 0, true, false, 是 or 否")


def _domain(row: dict[str, str]) -> str:
    value = row["email_domain"].strip().lower().removeprefix("@")
    if value and (len(value) > 200 or not _DOMAIN.fullmatch(value)):
        raise RowFault("email_domain", value, "a domain such as example.com")
    return value


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
    faulty: int = 0
    unknown_status: int = 0


class Command(BaseCommand):
    help = f"Fill the snapshot of the company register from a CSV file (UTF-8 or GB18030) with the columns {', '.join(COLUMNS)}."

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
        if tally.unknown_status:
            self.stdout.write(f"{tally.unknown_status} rows have a status word that is not known; such companies go to a reviewer")
        if tally.faulty:
            raise CommandError(f"{tally.faulty} rows were skipped; they are named above", returncode=1)

    def _import(self, lines: Any, tally: Tally, began: float) -> None:
        reader = csv.reader(lines)
        places = _places(next(reader, []))
        batch: dict[str, RegistryRecord] = {}
        told = began
        for line, values in self._rows(reader, tally):
            try:
                record = record_of({column: values[place] if place < len(values) else "" for column, place in places.items()})
            except RowFault as fault:
                self._report(line, str(fault), tally)
                continue
            tally.unknown_status += status_of(record.status) is Status.UNKNOWN
            # One statement cannot write a row twice, so of two rows for one code the later counts, as it would anyway.
            batch[record.uscc] = record
            if len(batch) >= BATCH:
                tally.written += _write(batch)
                if time.monotonic() - told >= PROGRESS_SECONDS:
                    told = time.monotonic()
                    self.stderr.write(f"line {line}: {tally.written} rows written, {tally.written / (told - began):.0f} rows/s")
        tally.written += _write(batch)

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
    return {column: names.index(column) for column in COLUMNS}


def _write(batch: dict[str, RegistryRecord]) -> int:
    """Insert or overwrite, in one transaction; empties `batch`."""
    with transaction.atomic():
        RegistryRecord.objects.bulk_create(
            batch.values(), update_conflicts=True, unique_fields=["uscc"], update_fields=[column for column in COLUMNS if column != "uscc"]
        )
    reset_queries()  # with DEBUG on, Django would keep every statement in memory
    written = len(batch)
    batch.clear()
    return written
