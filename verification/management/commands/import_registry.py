"""How does a snapshot of the company register get in? From a CSV file, row by row, in batches."""

from __future__ import annotations

import csv
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO

from django.core.management.base import BaseCommand, CommandError

from employers.uscc import normalise, problem
from verification.models import RegistryRecord
from verification.registries.base import Status, status_of

COLUMNS: Final = (
    "uscc", "name", "legal_representative", "status", "established_on", "email_domain", "abnormal_list", "serious_violation_list", "as_of",
)  # fmt: skip
UPDATED: Final = [column for column in COLUMNS if column != "uscc"]
BATCH: Final = 1000
COMPLAINTS_AT_MOST: Final = 20
YES: Final = frozenset({"1", "true", "yes", "是"})
NO: Final = frozenset({"", "0", "false", "no", "否"})


class Command(BaseCommand):
    help = "Import a snapshot of the company register (CSV, UTF-8 or GB18030, header required). Rows that are there are updated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open(encoding=encoding_of(path), newline="") as file:
                imported, refused, seconds = self.load(file)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"{path} is not a CSV file in UTF-8 or GB18030: {error}") from error
        self.stdout.write(f"{imported} imported, {refused} refused, {imported / max(seconds, 1e-9):.0f} rows/s")
        if refused:
            raise SystemExit(1)

    def load(self, file: TextIO) -> tuple[int, int, float]:
        """Rows imported, rows refused, and seconds. Raises CommandError before anything is written when a column is missing."""
        table = csv.DictReader(file)
        if absent := [column for column in COLUMNS if column not in (table.fieldnames or [])]:
            raise CommandError(f"Columns missing: {', '.join(absent)}. Seen: {', '.join(table.fieldnames or ['nothing'])}.")
        begun, imported, refused = time.monotonic(), 0, 0
        records = self.records(table)
        while batch := list(islice(records, BATCH)):
            # A code that stands twice in one batch would be two updates of one row in one statement; the later one counts.
            rows = {record.uscc: record for record in batch if isinstance(record, RegistryRecord)}
            RegistryRecord.objects.bulk_create(rows.values(), update_conflicts=True, unique_fields=["uscc"], update_fields=UPDATED)
            imported += sum(isinstance(record, RegistryRecord) for record in batch)
            for complaint in (record for record in batch if isinstance(record, str)):
                refused += 1
                if refused <= COMPLAINTS_AT_MOST:
                    self.stderr.write(complaint)
            if (imported + refused) % (50 * BATCH) == 0:
                print(f"{imported + refused} rows …", file=sys.stderr, flush=True)
        if refused > COMPLAINTS_AT_MOST:
            self.stderr.write(f"… and {refused - COMPLAINTS_AT_MOST} more refused rows.")
        return imported, refused, time.monotonic() - begun

    def records(self, table: csv.DictReader[str]) -> Iterator[RegistryRecord | str]:
        """A record for each row, or what is wrong with it."""
        for row in table:
            try:
                yield record_of(row)
            except ValueError as error:
                yield f"line {table.line_num}: {error}"


def encoding_of(path: Path) -> str:
    """UTF-8 where the file's beginning is, else GB18030, which the registers' own exports use."""
    with path.open("rb") as file:
        head = file.read(65536)
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def record_of(row: dict[str, str | None]) -> RegistryRecord:
    """The record that a row describes. Raises ValueError saying what was seen and what was expected."""
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    uscc = normalise(values["uscc"])
    if refused := problem(uscc):
        raise ValueError(f"uscc: seen {values['uscc']!r}, expected {refused.expected}")
    if not values["name"]:
        raise ValueError("name: seen nothing, expected the company's name")
    if not values["as_of"]:
        raise ValueError("as_of: seen nothing, expected the date of the snapshot as YYYY-MM-DD")
    if status_of(values["status"]) is Status.UNKNOWN and values["status"] != Status.UNKNOWN:
        raise ValueError(f"status: seen {values['status']!r}, expected 存续, 在营, 吊销, 注销, … or one of {', '.join(Status)}")
    return RegistryRecord(
        uscc=uscc,
        name=values["name"][:200],
        legal_representative=values["legal_representative"][:100],
        status=status_of(values["status"]),
        established_on=_date("established_on", values),
        email_domain=values["email_domain"].lower().removeprefix("@")[:200],
        abnormal_list=_flag("abnormal_list", values),
        serious_violation_list=_flag("serious_violation_list", values),
        as_of=_date("as_of", values),
    )


def _date(column: str, values: dict[str, str]) -> date | None:
    if not values[column]:
        return None
    try:
        return date.fromisoformat(values[column])
    except ValueError:
        raise ValueError(f"{column}: seen {values[column]!r}, expected a date as YYYY-MM-DD") from None


def _flag(column: str, values: dict[str, str]) -> bool:
    seen = values[column].lower()
    if seen in YES:
        return True
    if seen in NO:
        return False
    raise ValueError(f"{column}: seen {values[column]!r}, expected 1, 0, 是 or 否")
