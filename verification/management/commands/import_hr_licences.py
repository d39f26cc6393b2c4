"""Imports an authority's list of licensed agencies: `python manage.py import_hr_licences FILE.csv`.

`verification.management.snapshots` describes the file and what is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from documents.papers.hr_service import OPEN_ENDED, number_key
from verification.management.snapshots import (
    Read,
    RowFault,
    Sheet,
    SnapshotCommand,
    read_code,
    read_day,
    read_needed_text,
    read_text,
)
from verification.models import HrLicenceRecord

COLUMNS: Final = ("number", "name", "uscc", "valid_until", "as_of")


def _until(value: str, column: str) -> date | None:
    return None if value.strip() in ("", OPEN_ENDED) else read_day(value, column)


_READ: Final[Mapping[str, Read]] = {
    "number": lambda value, column: number_key(read_needed_text(value, column, 60)),
    "name": lambda value, column: read_text(value, column, 200),
    "uscc": lambda value, column: read_code(value, column) if value.strip() else "",
    "valid_until": _until,
    "as_of": read_day,
}


class Command(SnapshotCommand):
    help = (
        "Fill the list of licensed agencies from a CSV file (UTF-8 or GB18030) with the columns"
        f" {', '.join(COLUMNS)}. Leave codes empty if the list has none, and the end of a licence"
        " that does not expire."
    )
    sheet = Sheet(HrLicenceRecord, "number", COLUMNS, {}, _READ)

    def noted(self, row: Mapping[str, Any]) -> None:
        if not row["name"] and not row["uscc"]:
            raise RowFault("name", "", "a name or a code")
