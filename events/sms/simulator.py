"""A simulated provider of text messages, as awkward as a real one.

The number decides what goes wrong (`FATES`); `fail_next` makes requests fail. `messages` are what
the phones have received: the only place where a code can be read while trying out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from events.core.simulator_file import Books
from events.sms.base import (
    NUMBER_ABSENT,
    PHONE_OFF,
    Accepted,
    AnswerLost,
    Callback,
    CallbackForged,
    FlowLimited,
    Message,
    NotInService,
    NumberBlocked,
    NumberIllegal,
    ParamsRejected,
    Report,
)

LIMITS: Final = ((1, timedelta(minutes=1)), (5, timedelta(hours=1)), (10, timedelta(days=1)))
"""How many messages a number gets in a time. Over a limit, the provider refuses."""
LONGEST_PARAM: Final = 35
KEPT: Final = 200
"""Messages that are kept. A new one then replaces the oldest."""
SIGNED_FOR: Final = timedelta(minutes=5)
AT_ONCE: Final = timedelta(seconds=3)
LATE: Final = timedelta(minutes=10)
MOBILE: Final = re.compile(r"\+861[3-9]\d{9}")
MAGIC: Final = "+861540001"
"""The prefix of numbers whose last four digits choose a fate. Carriers have not allocated 154, so
nobody has such a number.
"""
_LINK: Final = re.compile(r"https?:|www\.|\w\.(?:cn|com|net)\b|[【】]", re.I)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  reference INTEGER PRIMARY KEY, id TEXT UNIQUE, number TEXT, text TEXT, at TEXT, segments INTEGER, received INTEGER,
  failure TEXT, report_at TEXT, pulls INTEGER, pushes INTEGER
);
CREATE INDEX IF NOT EXISTS message_number ON messages (number, at);
CREATE TABLE IF NOT EXISTS firsts (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS failures (id INTEGER PRIMARY KEY, kind TEXT)
"""  # noqa: E501
_FAILURES: Final[dict[str, ProviderError]] = {
    "number_illegal": NumberIllegal("nothing is sent to this number"),
    "blocked": NumberBlocked("the reader wants no messages"),
    "params": ParamsRejected("a parameter is refused"),
    "text": NotInService("the text is not approved"),
    "sign": NotInService("the sign is not approved"),
    "balance": NotInService("the balance is used up"),
    "flow_limit": FlowLimited("too many messages", retry_after=60.0),
    "unavailable": ProviderUnavailable("the gateway is down", retry_after=30.0),
    "broken": ProviderBroken("nonsensical answer"),
    "never_sent": AnswerLost("no answer in time, and the message is lost"),
}
_ANSWER_LOST: Final = "answer_lost"
"""The message is sent, but the answer is lost."""


@dataclass(frozen=True)
class Fate:
    """What happens to the messages to a number."""

    fails: str = ""
    """A kind of `_FAILURES`, or `_ANSWER_LOST`."""
    always: bool = False
    """Fail every try, not only the first."""
    failure: str = ""
    """Why messages are not delivered."""
    reports: int = 1
    """How often each report comes, by each way."""
    after: timedelta = AT_ONCE


FATES: Final[dict[str, Fate]] = {
    "0001": Fate("number_illegal", always=True),
    "0002": Fate("blocked", always=True),
    "0003": Fate("params", always=True),
    "0004": Fate("text"),
    "0005": Fate("flow_limit"),
    "0006": Fate("unavailable"),
    "0007": Fate("broken"),
    "0008": Fate(_ANSWER_LOST),
    "0009": Fate("never_sent", always=True),
    "0010": Fate(failure=NUMBER_ABSENT),
    "0011": Fate(failure=PHONE_OFF, after=LATE),
    "0012": Fate(reports=2, after=LATE),
    "0013": Fate(reports=0),
}
"""Fates by the last four digits of a `MAGIC` number. Never renumber them: platforms' own tests use
them.
"""


@dataclass(frozen=True)
class Received:
    """A message on a phone."""

    number: str
    text: str
    at: datetime
    reference: int


def fate_of(number: str) -> Fate:
    return FATES.get(number[-4:], Fate()) if number.startswith(MAGIC) else Fate()


class SimulatedSms:
    """A provider in a file. It sends a message once, however often it is asked with its id."""

    name = "simulator"
    lists_reports = True
    receipt = b'{"ok": true}'

    def __init__(self, path: Path, key: str) -> None:
        self._books, self._key = Books(path, _SCHEMA), key.encode()

    # --- The provider's interface -----------------------------------------------------------------

    def send(self, message: Message, now: datetime) -> Accepted:
        fate = fate_of(message.number)
        with self._books.writing() as books:
            known = books.execute("SELECT * FROM messages WHERE id = ?", (message.id,)).fetchone()
            if known is not None:
                return _accepted(known)
            fails = self._failure(books, message, fate)
            if not fails or fails == _ANSWER_LOST:
                _check(message)
                _limit(books, message.number, now)
                self._keep(books, message, fate, now)
        if fails == _ANSWER_LOST:
            raise AnswerLost("no answer in time")
        if fails:
            raise _FAILURES[fails].with_traceback(None)  # the same error is raised many times
        found = self.find(message.id, message.number, now, now)
        assert found is not None
        return found

    def find(self, message_id: str, number: str, since: datetime, now: datetime) -> Accepted | None:
        with self._books.writing() as books:
            row = books.execute(
                "SELECT * FROM messages WHERE id = ? AND number = ? AND at >= ?",
                (message_id, number, _text(since)),
            ).fetchone()
        return _accepted(row) if row is not None else None

    def verify_callback(self, callback: Callback, now: datetime) -> list[Report]:
        stamp = callback.headers.get("x-sms-timestamp", "")
        if not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > SIGNED_FOR.total_seconds():
            raise CallbackForged("the signature is too old")
        signature = callback.headers.get("x-sms-signature", "")
        if not hmac.compare_digest(self._signature(stamp, callback.body), signature):
            raise CallbackForged("the signature is wrong")
        return [_report(each) for each in json.loads(callback.body)]

    def reports(self, now: datetime) -> list[Report]:
        return [_report(row) for row in self._due("pulls", now)]

    # --- Inside -----------------------------------------------------------------------------------

    def _failure(self, books: sqlite3.Connection, message: Message, fate: Fate) -> str:
        """Return the kind of failure of this request, or "" for none."""
        told = books.execute("SELECT * FROM failures ORDER BY id LIMIT 1").fetchone()
        if told is not None:
            books.execute("DELETE FROM failures WHERE id = ?", (told["id"],))
            return str(told["kind"])
        first = books.execute("INSERT OR IGNORE INTO firsts VALUES (?)", (message.id,)).rowcount
        return fate.fails if first or fate.always else ""

    def _keep(self, books: sqlite3.Connection, message: Message, fate: Fate, now: datetime) -> None:
        segments = 1 if len(message.text) <= 70 else -(-len(message.text) // 67)
        books.execute(
            "INSERT INTO messages (id, number, text, at, segments, received, failure, report_at,"
            " pulls, pushes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message.id,
                message.number,
                "" if fate.failure else message.text,
                _text(now),
                segments,
                int(not fate.failure),
                fate.failure,
                _text(now + fate.after),
                fate.reports,
                fate.reports,
            ),
        )
        books.execute(
            "DELETE FROM messages WHERE reference <= (SELECT max(reference) FROM messages) - ?"
            " AND at < ?",
            (KEPT, _text(now - timedelta(days=1))),
        )

    def _due(self, way: str, now: datetime) -> list[dict[str, Any]]:
        """Return each report that is due, as often as it comes, the newest first."""
        with self._books.writing() as books:
            rows = books.execute(
                f"SELECT * FROM messages WHERE {way} > 0 AND report_at <= ?"  # noqa: S608
                " ORDER BY reference DESC",
                (_text(now),),
            ).fetchall()
            books.execute(
                f"UPDATE messages SET {way} = 0 WHERE report_at <= ?",  # noqa: S608
                (_text(now),),
            )
        names = ("id", "reference", "failure", "report_at", "segments")
        return [{name: row[name] for name in names} for row in rows for _ in range(row[way])]

    def _signature(self, stamp: str, body: bytes) -> str:
        return hmac.new(self._key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

    # --- For tests, and for the page of messages --------------------------------------------------

    def fail_next(self, *kinds: str) -> None:
        """Make the next requests fail, each with one of `_FAILURES` or as `answer_lost`."""
        with self._books.writing() as books:
            books.executemany("INSERT INTO failures (kind) VALUES (?)", [(kind,) for kind in kinds])

    def pushes(self, now: datetime) -> list[Callback]:
        """Return the signed callbacks that are due."""
        stamp = str(int(now.timestamp()))
        bodies = [json.dumps([each]).encode() for each in self._due("pushes", now)]
        return [
            Callback(
                "",
                {"x-sms-timestamp": stamp, "x-sms-signature": self._signature(stamp, body)},
                body,
            )
            for body in bodies
        ]

    def messages(self, count: int = KEPT) -> list[Received]:
        """Return what the phones have received, newest first."""
        if not self._books.path.exists():
            return []
        with self._books.writing() as books:
            rows = books.execute(
                "SELECT * FROM messages WHERE received = 1 ORDER BY reference DESC LIMIT ?",
                (count,),
            ).fetchall()
        return [
            Received(
                row["number"], row["text"], datetime.fromisoformat(row["at"]), row["reference"]
            )
            for row in rows
        ]


def _check(message: Message) -> None:
    """Refuse what real providers refuse."""
    if not MOBILE.fullmatch(message.number):
        raise _FAILURES["number_illegal"]
    if not message.code or not message.sign:
        raise _FAILURES["text"]
    if any(len(each) > LONGEST_PARAM or _LINK.search(each) for each in message.params.values()):
        raise _FAILURES["params"]


def _limit(books: sqlite3.Connection, number: str, now: datetime) -> None:
    for most, window in LIMITS:
        row = books.execute(
            "SELECT at FROM messages WHERE number = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
            (number, _text(now - window), most - 1),
        ).fetchone()
        if row is not None:
            free = datetime.fromisoformat(row["at"]) + window
            raise FlowLimited(
                "too many messages to the number", retry_after=(free - now).total_seconds()
            )


def _text(moment: datetime) -> str:
    """Return a time in UTC as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _accepted(row: sqlite3.Row) -> Accepted:
    return Accepted(f"S{row['reference']:09d}", row["segments"])


def _report(row: dict[str, Any]) -> Report:
    return Report(
        row["id"],
        f"S{row['reference']:09d}",
        not row["failure"],
        row["failure"],
        datetime.fromisoformat(row["report_at"]),
        row["segments"],
    )
