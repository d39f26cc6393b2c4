"""A simulated provider of relay numbers, as awkward as a real one.

The candidate's number decides what goes wrong (`FATES`); `fail_next` makes requests fail. A
returned number rests for half a year, so that a number on a printed resume still identifies its
binding.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from downloads.relay_providers.base import (
    CALLERS_AT_MOST,
    BindConflict,
    Bound,
    Callback,
    CallbackForged,
    CallRecord,
    ExpiryIllegal,
    FlowLimited,
    NoNumber,
    NumberIllegal,
    Order,
    Outcome,
    UnknownBinding,
)
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from events.core.simulator_file import Books

POOL: Final = 10_000
HOSTS: Final = 10
"""How many numbers of the pool are lent only with extensions."""
EXTENSIONS: Final = range(100, 1000)
RESTS_FOR: Final = timedelta(days=180)
LEAST: Final = timedelta(minutes=1)
SIGNED_FOR: Final = timedelta(minutes=5)
LATE: Final = timedelta(minutes=10)
MOBILE: Final = re.compile(r"\+861[3-9]\d{9}")
MAGIC: Final = "+861540000"
"""The prefix of numbers whose last four digits choose a fate. Carriers have not allocated 154, so
nobody has such a number.
"""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS groups (id INTEGER PRIMARY KEY, name TEXT, callers TEXT);
CREATE TABLE IF NOT EXISTS bindings (
  reference TEXT PRIMARY KEY, request_id TEXT UNIQUE, candidate TEXT, group_id TEXT, number TEXT, extension TEXT, muted INTEGER,
  bound_at TEXT, expires_at TEXT, unbound_at TEXT
);
CREATE INDEX IF NOT EXISTS binding_slot ON bindings (number, extension);
CREATE TABLE IF NOT EXISTS records (
  id TEXT PRIMARY KEY, reference TEXT, number TEXT, extension TEXT, caller TEXT, at TEXT, seconds INTEGER, outcome TEXT,
  told_at TEXT, pushes INTEGER
);
CREATE TABLE IF NOT EXISTS firsts (request_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS failures (id INTEGER PRIMARY KEY, kind TEXT)
"""  # noqa: E501

_FAILURES: Final[dict[str, ProviderError]] = {
    "no_number": NoNumber("no number is free", retry_after=300.0),
    "flow_limit": FlowLimited("too many requests", retry_after=5.0),
    "unavailable": ProviderUnavailable("the carrier does not answer", retry_after=60.0),
    "broken": ProviderBroken("nonsensical answer"),
    "conflict": BindConflict("already bound"),
    "number_illegal": NumberIllegal("the number cannot be called"),
    "expiry_illegal": ExpiryIllegal("a binding cannot end then"),
}


@dataclass(frozen=True)
class Fate:
    """What happens to a candidate's bindings and calls."""

    fails: str = ""
    """A kind of `_FAILURES`, or `answer_lost`: the binding is made, but the answer is lost."""
    always: bool = False
    """Fail every try, not only the first."""
    extension: bool = False
    outcome: Outcome | None = None
    """How calls by the group end."""
    late: bool = False
    """Records come late, twice, and in reverse order."""
    ends_early: bool = False
    """The provider loses the binding after a day."""


FATES: Final[dict[str, Fate]] = {
    "0001": Fate("no_number", always=True),
    "0002": Fate("no_number"),
    "0003": Fate("number_illegal", always=True),
    "0004": Fate("flow_limit"),
    "0005": Fate("answer_lost"),
    "0006": Fate("unavailable"),
    "0007": Fate("broken"),
    "0008": Fate("conflict"),
    "0009": Fate(extension=True),
    "0010": Fate(outcome=Outcome.BLOCKED),
    "0011": Fate(outcome=Outcome.UNREACHABLE),
    "0012": Fate(outcome=Outcome.BUSY),
    "0013": Fate(outcome=Outcome.NO_ANSWER),
    "0014": Fate(late=True),
    "0015": Fate(ends_early=True),
}
"""Fates by the last four digits of a `MAGIC` number. Never renumber them: platforms' own tests use
them.
"""


def fate_of(candidate: str) -> Fate:
    return FATES.get(candidate[-4:], Fate()) if candidate.startswith(MAGIC) else Fate()


class SimulatedRelays:
    """A provider in a file. `call` dials a number; `pushes` returns the callbacks that follow."""

    lists_calls = True

    def __init__(self, path: Path, key: str, *, name: str = "simulator") -> None:
        self.name, self._key = name, key.encode()
        self._books = Books(path, _SCHEMA)

    def exists(self) -> bool:
        """Return whether the simulator has ever been used."""
        return self._books.path.exists()

    # --- The provider's interface -----------------------------------------------------------------

    def set_callers(self, group: str, name: str, callers: Sequence[str], now: datetime) -> str:
        self._fail_as_told()
        if not 1 <= len(callers) <= CALLERS_AT_MOST or not all(
            MOBILE.fullmatch(caller) for caller in callers
        ):
            raise NumberIllegal("a group has between 1 and 200 callers")
        with self._books.writing() as books:
            text = json.dumps(sorted(callers))
            if not group:
                return str(
                    books.execute(
                        "INSERT INTO groups (name, callers) VALUES (?, ?)", (name, text)
                    ).lastrowid
                )
            if not books.execute(
                "UPDATE groups SET callers = ? WHERE id = ?", (text, group)
            ).rowcount:
                raise ProviderBroken("there is no such group")
        return group

    def bind(self, order: Order, now: datetime) -> Bound:
        self._fail_as_told()
        fate = fate_of(order.candidate)
        if not MOBILE.fullmatch(order.candidate):
            raise NumberIllegal("the number cannot be called")
        if order.expires_at < now + LEAST:
            raise ExpiryIllegal("less than a minute from now")
        with self._books.writing() as books:
            known = books.execute(
                "SELECT * FROM bindings WHERE request_id = ?", (order.request_id,)
            ).fetchone()
            if known is not None and self._open(known, now):
                return self._told(known)
            first = (
                books.execute(
                    "INSERT OR IGNORE INTO firsts VALUES (?)", (order.request_id,)
                ).rowcount
                == 1
            )
            fails = fate.fails if first or fate.always else ""
            if not fails or fails == "answer_lost":
                self._make(books, order, fate, now)
        if fails == "answer_lost":
            raise ProviderUnavailable("no answer in time", retry_after=30.0)
        if fails:
            raise _FAILURES[fails]
        made = self._by_request(order.request_id)
        assert made is not None
        return self._told(made)

    def extend(self, reference: str, number: str, until: datetime, now: datetime) -> None:
        self._fail_as_told()
        if until < now + LEAST:
            raise ExpiryIllegal("less than a minute from now")
        self._change(reference, number, now, "expires_at", _text(until))

    def mute(self, reference: str, number: str, muted: bool, now: datetime) -> None:
        self._fail_as_told()
        self._change(reference, number, now, "muted", int(muted))

    def unbind(self, reference: str, number: str, now: datetime) -> None:
        self._fail_as_told()
        with self._books.writing() as books:
            ended = (_text(now), reference, number)
            books.execute(
                "UPDATE bindings SET unbound_at = ? WHERE reference = ? AND number = ? AND"
                " unbound_at IS NULL",
                ended,
            )

    def get(self, reference: str, number: str, now: datetime) -> Bound | None:
        self._fail_as_told()
        with self._books.writing() as books:
            row = books.execute(
                "SELECT * FROM bindings WHERE reference = ? AND number = ?", (reference, number)
            ).fetchone()
        return self._told(row) if row is not None and self._open(row, now) else None

    def verify_callback(self, callback: Callback, now: datetime) -> list[CallRecord]:
        stamp = callback.headers.get("x-relay-timestamp", "")
        if not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > SIGNED_FOR.total_seconds():
            raise CallbackForged("the signature is too old")
        if not hmac.compare_digest(
            self._signature(stamp, callback.body), callback.headers.get("x-relay-signature", "")
        ):
            raise CallbackForged("the signature is wrong")
        return [_record(each) for each in json.loads(callback.body)]

    def calls(self, since: datetime, until: datetime, now: datetime) -> list[CallRecord]:
        self._fail_as_told()
        with self._books.writing() as books:
            span = (_text(since), _text(until), _text(now))
            rows = books.execute(
                "SELECT * FROM records WHERE at >= ? AND at < ? AND told_at <= ? ORDER BY at, id",
                span,
            ).fetchall()
        return [_record(dict(row)) for row in rows]

    def _fail_as_told(self) -> None:
        with self._books.writing() as books:
            row = books.execute("SELECT * FROM failures ORDER BY id LIMIT 1").fetchone()
            if row is not None:
                books.execute("DELETE FROM failures WHERE id = ?", (row["id"],))
        if row is not None:
            raise _FAILURES[row["kind"]]

    # --- Numbers ----------------------------------------------------------------------------------

    def _make(self, books: sqlite3.Connection, order: Order, fate: Fate, now: datetime) -> None:
        if not books.execute("SELECT 1 FROM groups WHERE id = ?", (order.group,)).fetchone():
            raise ProviderBroken("there is no such group")
        number, extension = self._free(books, order, fate, now)
        (made,) = books.execute("SELECT count(*) FROM bindings").fetchone()
        # If the binding of this request has ended, another one is made.
        books.execute(
            "UPDATE bindings SET request_id = request_id || ' ' || reference WHERE request_id = ?",
            (order.request_id,),
        )
        ends = (
            min(order.expires_at, now + timedelta(days=1)) if fate.ends_early else order.expires_at
        )
        books.execute(
            "INSERT INTO bindings VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, NULL)",
            (
                f"S{made + 1:09d}",
                order.request_id,
                order.candidate,
                order.group,
                number,
                extension,
                _text(now),
                _text(ends),
            ),
        )

    def _free(
        self, books: sqlite3.Connection, order: Order, fate: Fate, now: datetime
    ) -> tuple[str, str]:
        """Return a free number, with an extension if the fate says so.

        It has belonged to no other candidate for half a year.
        """
        taken = {
            (row["number"], row["extension"])
            for row in books.execute("SELECT * FROM bindings")
            if self._open(row, now)
            or (self._ended(row) > now - RESTS_FOR and row["candidate"] != order.candidate)
        }
        indexes = range(HOSTS) if fate.extension else range(HOSTS, POOL)
        for extension in map(str, EXTENSIONS) if fate.extension else ("",):
            for number in map(number_at, indexes):
                if (number, extension) not in taken:
                    return number, extension
        raise _FAILURES["no_number"]

    @staticmethod
    def _ended(row: sqlite3.Row) -> datetime:
        return datetime.fromisoformat(
            min(row["unbound_at"] or row["expires_at"], row["expires_at"])
        )

    @staticmethod
    def _open(row: sqlite3.Row, now: datetime) -> bool:
        return row["unbound_at"] is None and datetime.fromisoformat(row["expires_at"]) > now

    @staticmethod
    def _told(row: sqlite3.Row) -> Bound:
        return Bound(
            row["reference"],
            row["number"],
            row["extension"],
            datetime.fromisoformat(row["expires_at"]),
            bool(row["muted"]),
        )

    def _by_request(self, request_id: str) -> sqlite3.Row | None:
        with self._books.writing() as books:
            row: sqlite3.Row | None = books.execute(
                "SELECT * FROM bindings WHERE request_id = ?", (request_id,)
            ).fetchone()
        return row

    def _change(
        self, reference: str, number: str, now: datetime, column: str, value: object
    ) -> None:
        with self._books.writing() as books:
            row = books.execute(
                "SELECT * FROM bindings WHERE reference = ? AND number = ?", (reference, number)
            ).fetchone()
            if row is None or not self._open(row, now):
                raise UnknownBinding("there is no such binding")
            if not (column == "expires_at" and fate_of(row["candidate"]).ends_early):
                change = f"UPDATE bindings SET {column} = ? WHERE reference = ?"  # noqa: S608
                books.execute(change, (value, reference))

    # --- Controls for tests -----------------------------------------------------------------------

    def fail_next(self, *kinds: str) -> None:
        """Make the next requests fail, each with one of `_FAILURES`."""
        with self._books.writing() as books:
            books.executemany("INSERT INTO failures (kind) VALUES (?)", [(kind,) for kind in kinds])

    def call(
        self, number: str, extension: str, caller: str, now: datetime, seconds: int = 60
    ) -> CallRecord:
        """Dial the number, with its extension if any, and return the record of the call."""
        with self._books.writing() as books:
            rows = books.execute(
                "SELECT * FROM bindings WHERE number = ? AND extension = ? ORDER BY bound_at DESC",
                (number, extension),
            ).fetchall()
            row = next((each for each in rows if self._open(each, now)), None)
            fate = fate_of(row["candidate"]) if row is not None else Fate()
            outcome = Outcome.UNBOUND if row is None else self._outcome(books, row, caller, fate)
            reference = row["reference"] if row is not None else ""
            (count,) = books.execute("SELECT count(*) FROM records").fetchone()
            told_at = now + (LATE if fate.late else timedelta(0))
            lasted = seconds if outcome is Outcome.CONNECTED else 0
            values = (
                f"C{count + 1:09d}",
                reference,
                number,
                extension,
                caller,
                _text(now),
                lasted,
                outcome,
                _text(told_at),
            )
            books.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, 2 if fate.late else 1),
            )
            made = books.execute("SELECT * FROM records WHERE id = ?", (values[0],)).fetchone()
        return _record(dict(made))

    def _outcome(
        self, books: sqlite3.Connection, row: sqlite3.Row, caller: str, fate: Fate
    ) -> Outcome:
        group = books.execute(
            "SELECT callers FROM groups WHERE id = ?", (row["group_id"],)
        ).fetchone()
        if caller not in json.loads(group["callers"]):
            return Outcome.STRANGER
        if row["muted"]:
            return Outcome.MUTED
        return fate.outcome or Outcome.CONNECTED

    def pushes(self, now: datetime) -> list[Callback]:
        """Return the signed callbacks that are due, in reverse order.

        The fate decides how often each record is sent.
        """
        with self._books.writing() as books:
            due = books.execute(
                "SELECT * FROM records WHERE pushes > 0 AND told_at <= ? ORDER BY id DESC",
                (_text(now),),
            ).fetchall()
            books.execute("UPDATE records SET pushes = 0 WHERE told_at <= ?", (_text(now),))
        return [self._push(row, now) for row in due for _ in range(row["pushes"])]

    def _push(self, row: sqlite3.Row, now: datetime) -> Callback:
        body = json.dumps([dict(row)]).encode()
        stamp = str(int(now.timestamp()))
        return Callback(
            "",
            {"x-relay-timestamp": stamp, "x-relay-signature": self._signature(stamp, body)},
            body,
        )

    def _signature(self, stamp: str, body: bytes) -> str:
        return hmac.new(self._key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def number_at(index: int) -> str:
    """Return the number at `index` in the pool."""
    return f"+861700000{index:04d}"


def _text(moment: datetime) -> str:
    """Return a time in UTC as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _record(row: dict[str, Any]) -> CallRecord:
    return CallRecord(
        record_id=row["id"],
        reference=row["reference"],
        number=row["number"],
        extension=row["extension"],
        caller=row["caller"],
        by_candidate=False,
        at=datetime.fromisoformat(row["at"]),
        seconds=row["seconds"],
        outcome=Outcome(row["outcome"]),
    )
