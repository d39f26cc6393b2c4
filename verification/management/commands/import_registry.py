"""Imports an export of the company register: `python manage.py import_registry FILE.csv`.

`verification.management.snapshots` describes the file and what is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from verification.management.snapshots import (
    VALUE_AT_MOST,
    Read,
    RowFault,
    Sheet,
    SnapshotCommand,
    read_code,
    read_day,
    read_needed_text,
    read_text,
)
from verification.models import RegistryRecord
from verification.providers.registries.base import Status, status_of

COLUMNS: Final = (
    "uscc",
    "name",
    "legal_representative",
    "status",
    "established_on",
    "email_domain",
    "abnormal_list",
    "serious_violation_list",
    "as_of",
)
FURTHER: Final = {"former_names": "'[]'", "business_scope": "''"}

_YES: Final = frozenset({"1", "true", "yes", "y", "t", "是", "有"})
_NO: Final = frozenset({"", "0", "false", "no", "n", "f", "否", "无"})
_BETWEEN_NAMES: Final = re.compile(r"[;；|\n]")
_DOMAIN: Final = re.compile(
    r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"
)


def _status(value: str, column: str) -> str:
    """Return the stored status for `value`.

    An unknown word is stored unchanged and counts as unknown, so it replaces an earlier "active".
    """
    status = read_needed_text(value, column, 30)
    known = status_of(status)
    return status if known is Status.UNKNOWN else known.value


def _names(value: str, column: str) -> str:
    """Return former names, separated by semicolons, as JSON."""
    names = [read_text(name, column, 200) for name in _BETWEEN_NAMES.split(value)]
    return json.dumps([name for name in names if name], ensure_ascii=False)


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


_READ: Final[Mapping[str, Read]] = {
    "uscc": read_code,
    "name": lambda value, column: read_needed_text(value, column, 200),
    "legal_representative": lambda value, column: read_text(value, column, 100),
    "status": _status,
    "established_on": lambda value, column: read_day(value, column) if value.strip() else None,
    "email_domain": _domain,
    "abnormal_list": _boolean,
    "serious_violation_list": _boolean,
    "as_of": read_day,
    "former_names": _names,
    "business_scope": lambda value, column: read_text(value, column, VALUE_AT_MOST),
}


class Command(SnapshotCommand):
    help = (
        "Fill the snapshot of the company register from a CSV file (UTF-8 or GB18030) with the"
        f" columns {', '.join(COLUMNS)}, and optionally {', '.join(FURTHER)}."
    )
    sheet = Sheet(RegistryRecord, "uscc", COLUMNS, FURTHER, _READ)
    unknown_status = 0

    def noted(self, row: Mapping[str, Any]) -> None:
        self.unknown_status += status_of(row["status"]) is Status.UNKNOWN

    def remarks(self) -> Iterator[str]:
        if self.unknown_status:
            yield (
                f"{self.unknown_status} rows have an unknown status; their companies"
                " go to a reviewer"
            )
