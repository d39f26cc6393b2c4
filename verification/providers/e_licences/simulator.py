"""A simulated service behind the electronic licence.

`scan`, `confirm` and `refuse` are the holder's actions on the phone. They require the content of
the code on the page, so that only someone who has seen the code can confirm it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from events.core.errors import ProviderBroken
from events.core.simulator_file import Books, refuse_in_maintenance, simulated_chance
from verification.providers.e_licences.base import By, ELicence, Scan, Stage

ZONE: Final = ZoneInfo("Asia/Shanghai")
LASTS: Final = timedelta(minutes=5)
LAG: Final = timedelta(seconds=1)
"""The maximum delay until the service shows an action on the phone."""
MAINTENANCE: Final = (time(3, 30), timedelta(minutes=15))
"""Every night."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scans (
  request_id TEXT PRIMARY KEY, reference TEXT UNIQUE, qr TEXT UNIQUE, begun_at TEXT, scanned_at TEXT, ended_at TEXT,
  ended TEXT, uscc TEXT, name TEXT, legal_representative TEXT, by TEXT
)
"""  # noqa: E501


class SimulatedELicences:
    """The service in a file."""

    name = "simulator"

    def __init__(self, path: Path, *, prompt: bool = False) -> None:
        """A `prompt` service answers at any hour and shows actions on the phone at once."""
        self._books, self._prompt = Books(path, _SCHEMA), prompt

    # --- The service's interface ------------------------------------------------------------------

    def begin(self, request_id: str, now: datetime) -> Scan:
        self._refuse_in_maintenance(now)
        reference = f"EL{int(simulated_chance(request_id) * 10**14):014d}"
        with self._books.writing() as books:
            books.execute(
                "INSERT OR IGNORE INTO scans (request_id, reference, qr, begun_at) VALUES (?, ?,"
                " ?, ?)",
                (
                    request_id,
                    reference,
                    f"https://e-licence.example/scan/{reference}",
                    now.isoformat(),
                ),
            )
        return self._told("request_id", request_id, now)

    def ask(self, reference: str, now: datetime) -> Scan:
        self._refuse_in_maintenance(now)
        return self._told("reference", reference, now)

    def _refuse_in_maintenance(self, now: datetime) -> None:
        if not self._prompt:
            refuse_in_maintenance(now.astimezone(ZONE), *MAINTENANCE)

    def _told(self, column: str, value: str, now: datetime) -> Scan:
        with self._books.writing() as books:
            row = _row(books, column, value)
        expires_at = datetime.fromisoformat(row["begun_at"]) + LASTS
        lag = timedelta(0) if self._prompt else LAG * simulated_chance(row["request_id"], "lag")
        scanned = row["scanned_at"] and datetime.fromisoformat(row["scanned_at"]) + lag <= now
        ended = row["ended_at"] and datetime.fromisoformat(row["ended_at"]) + lag <= now
        if ended:
            stage = Stage(row["ended"])
        elif now >= expires_at + LAG:
            stage = Stage.EXPIRED
        else:
            stage = Stage.SCANNED if scanned else Stage.PENDING
        licence = (
            ELicence(row["uscc"], row["name"], row["legal_representative"])
            if stage is Stage.CONFIRMED
            else None
        )
        return Scan(
            row["request_id"],
            row["reference"],
            stage,
            row["qr"],
            expires_at,
            licence,
            By(row["by"]) if licence else None,
        )

    # --- The holder's actions on the phone --------------------------------------------------------

    def scan(self, qr: str, now: datetime) -> bool:
        """Scan the code. False if it has expired."""
        return self._on_the_phone(
            qr, now, "UPDATE scans SET scanned_at = ? WHERE qr = ?", (now.isoformat(), qr)
        )

    def confirm(self, qr: str, licence: ELicence, by: By, now: datetime) -> bool:
        """Confirm as the holder of `licence`. False if the code has expired or was already
        answered.
        """
        told = (
            now.isoformat(),
            Stage.CONFIRMED,
            licence.uscc,
            licence.name,
            licence.legal_representative,
            by,
            qr,
        )
        statement = (
            "UPDATE scans SET ended_at = ?, ended = ?, uscc = ?, name = ?, legal_representative ="
            " ?, by = ? WHERE qr = ?"
        )
        return self._on_the_phone(qr, now, statement, told)

    def refuse(self, qr: str, now: datetime) -> bool:
        """Refuse as the holder. False if the code has expired or was already answered."""
        return self._on_the_phone(
            qr,
            now,
            "UPDATE scans SET ended_at = ?, ended = ? WHERE qr = ?",
            (now.isoformat(), Stage.REFUSED, qr),
        )

    def _on_the_phone(
        self, qr: str, now: datetime, statement: str, values: tuple[str, ...]
    ) -> bool:
        with self._books.writing() as books:
            row = _row(books, "qr", qr)
            if row["ended_at"] or now >= datetime.fromisoformat(row["begun_at"]) + LASTS:
                return False
            books.execute(statement, values)
        return True


def _row(books: sqlite3.Connection, column: str, value: str) -> sqlite3.Row:
    query = f"SELECT * FROM scans WHERE {column} = ?"  # noqa: S608
    row: sqlite3.Row | None = books.execute(query, (value,)).fetchone()
    if row is None:
        raise ProviderBroken("no such scan")
    return row
