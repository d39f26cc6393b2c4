"""A simulated bank with a real bank's difficulties. Its behaviour is deterministic for each
account.

The last two digits of an account determine what happens to a transfer (`FATES`). Holders' names are
compared for accounts that were opened with `open_account`. Business hours and weekly maintenance
are in Shanghai time.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from events.core.errors import ProviderBroken, ProviderUnavailable
from events.core.simulator_file import Books, refuse_in_maintenance, simulated_chance
from verification.providers.banks.base import Order, Return, Stage, Transfer

ZONE: Final = ZoneInfo("Asia/Shanghai")
OPENS: Final = time(9)
CLOSES: Final = time(17)
MAINTENANCE: Final = (6, time(2), timedelta(hours=2))
"""Sundays from two to four in the morning."""
NUMBER: Final = re.compile(r"\d{9,25}")
"""Any other number is refused at once: no such account can exist."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS transfers (
  request_id TEXT PRIMARY KEY, reference TEXT, account TEXT, content TEXT, fen INTEGER, memo TEXT, asked_at TEXT,
  sent_at TEXT, ends_at TEXT, returned TEXT
);
CREATE TABLE IF NOT EXISTS accounts (number TEXT PRIMARY KEY, holder TEXT);
CREATE TABLE IF NOT EXISTS lost_orders (request_id TEXT PRIMARY KEY)
"""  # noqa: E501


@dataclass(frozen=True)
class Fate:
    """What happens to transfers to an account."""

    takes: timedelta = timedelta(minutes=20)
    """The time from sending a transfer to its end."""
    returned: Return | None = None
    answer_lost: str = ""
    """The first call gets no answer. `kept`: the transfer was made; `dropped`: it was not."""
    throttled: bool = False
    """The first call is refused with a time to retry."""
    backwards: bool = False
    """For some minutes after the transfer has arrived, the bank reports an older status."""
    any_hour: bool = False
    """It is sent outside of business hours too."""
    down: bool = False
    """No call about it is ever answered."""


FATES: Final[dict[str, Fate]] = {
    "01": Fate(timedelta(minutes=40), Return.ACCOUNT_INVALID),
    "02": Fate(timedelta(hours=5), Return.NAME_MISMATCH),
    "03": Fate(answer_lost="kept"),
    "04": Fate(answer_lost="dropped"),
    "05": Fate(throttled=True),
    "06": Fate(backwards=True),
    "08": Fate(timedelta(hours=2), Return.ACCOUNT_CLOSED),
    "09": Fate(timedelta(days=2), Return.OTHER),
    "88": Fate(timedelta(seconds=10), any_hour=True),
}
"""By the account's last two digits. `88` is cleared in real time, as small transfers may be."""


class SimulatedBank:
    """A bank in a file."""

    name = "simulator"

    def __init__(
        self, path: Path, fates: Mapping[str, Fate] | None = None, otherwise: Fate | None = None
    ) -> None:
        """With `fates` of its own, and `otherwise` for all other accounts, the bank is always open
        and takes exactly as long as they state.
        """
        self._books, self._always_open = Books(path, _SCHEMA), fates is not None
        self._fates, self._otherwise = fates or FATES, otherwise or Fate()

    def _fate(self, account: str) -> Fate:
        return self._fates.get(account[-2:], self._otherwise)

    # --- The bank's interface ---------------------------------------------------------------------

    def send(self, order: Order, now: datetime) -> Transfer:
        self._refuse_in_maintenance(now)
        fate = self._fate(order.account_number)
        if fate.down:
            raise ProviderUnavailable("no answer", retry_after=3600.0)
        content = "|".join(
            (order.holder, order.account_number, order.bank_name, str(order.fen), order.memo)
        )
        with self._books.writing() as books:
            known = books.execute(
                "SELECT * FROM transfers WHERE request_id = ?", (order.request_id,)
            ).fetchone()
            if known is not None and known["content"] != content:
                raise ProviderBroken("this request id belongs to another transfer")
            if known is not None:
                return self._told(known, now)
            first = (
                books.execute(
                    "INSERT OR IGNORE INTO lost_orders VALUES (?)", (order.request_id,)
                ).rowcount
                == 1
            )
            refused_once = first and (fate.throttled or bool(fate.answer_lost))
            if not refused_once or fate.answer_lost == "kept":
                self._make(books, order, content, fate, now)
        if refused_once and fate.throttled:
            raise ProviderUnavailable("rate limit", retry_after=30.0)
        if refused_once:
            raise ProviderUnavailable("no answer in time", retry_after=60.0)
        made = self.find(order.request_id, now)
        assert made is not None
        return made

    def find(self, request_id: str, now: datetime) -> Transfer | None:
        self._refuse_in_maintenance(now)
        with self._books.writing() as books:
            row = books.execute(
                "SELECT * FROM transfers WHERE request_id = ?", (request_id,)
            ).fetchone()
        return self._told(row, now) if row is not None else None

    def _refuse_in_maintenance(self, now: datetime) -> None:
        weekday, begins, lasts = MAINTENANCE
        here = now.astimezone(ZONE)
        if here.weekday() == weekday and not self._always_open:
            refuse_in_maintenance(here, begins, lasts)

    def _make(
        self, books: sqlite3.Connection, order: Order, content: str, fate: Fate, now: datetime
    ) -> None:
        returned, takes = fate.returned, fate.takes
        sent_at = (
            now + timedelta(seconds=2)
            if fate.any_hour or self._always_open
            else next_opening(now + timedelta(minutes=5))
        )
        holder = books.execute(
            "SELECT holder FROM accounts WHERE number = ?", (order.account_number,)
        ).fetchone()
        if not NUMBER.fullmatch(order.account_number):
            returned, takes, sent_at = Return.ACCOUNT_INVALID, timedelta(0), now
        elif holder is not None and _plain(holder["holder"]) != _plain(order.holder):
            returned, takes = Return.NAME_MISMATCH, timedelta(hours=5)
        elif returned is None and not self._always_open:
            takes *= 1 + simulated_chance(order.request_id)
        reference = f"SIM{int(simulated_chance(order.request_id, 'reference') * 10**12):012d}"
        books.execute(
            "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.request_id,
                reference,
                order.account_number,
                content,
                order.fen,
                order.memo,
                now.isoformat(),
                sent_at.isoformat(),
                (sent_at + takes).isoformat(),
                returned,
            ),
        )

    def _told(self, row: sqlite3.Row, now: datetime) -> Transfer:
        sent_at, ends_at = (
            datetime.fromisoformat(row["sent_at"]),
            datetime.fromisoformat(row["ends_at"]),
        )
        stage = Stage.ACCEPTED if now < sent_at else Stage.SENT
        if now >= ends_at:
            stage = Stage.RETURNED if row["returned"] else Stage.ARRIVED
        minutes_since = (now - ends_at).total_seconds() / 60
        if (
            self._fate(row["account"]).backwards
            and stage is Stage.ARRIVED
            and 5 <= minutes_since < 15
        ):
            stage = Stage.SENT
        returned = Return(row["returned"]) if stage is Stage.RETURNED else None
        return Transfer(row["request_id"], row["reference"], stage, returned)

    # --- Actions of account holders ---------------------------------------------------------------

    def open_account(self, number: str, holder: str) -> None:
        """Make this account `holder`'s. From then on, orders must have this name."""
        with self._books.writing() as books:
            books.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?)", (number, holder))

    def statement(self, number: str, now: datetime) -> list[tuple[int, str]]:
        """The transfers that have arrived in an account: amounts in fen with their memos, oldest
        first.

        The company's bookkeeper sees this.
        """
        with self._books.writing() as books:
            rows = books.execute(
                "SELECT * FROM transfers WHERE account = ? AND returned IS NULL ORDER BY ends_at",
                (number,),
            ).fetchall()
        return [
            (row["fen"], row["memo"])
            for row in rows
            if datetime.fromisoformat(row["ends_at"]) <= now
        ]

    def arrive(self, request_id: str, now: datetime) -> None:
        """End a transfer at once, at any hour: it arrives or is returned as it would have later."""
        with self._books.writing() as books:
            books.execute(
                "UPDATE transfers SET sent_at = min(sent_at, ?), ends_at = ? WHERE request_id = ?"
                " AND ends_at > ?",
                (now.isoformat(), now.isoformat(), request_id, now.isoformat()),
            )

    def memo(self, request_id: str, now: datetime) -> str:
        """The memo of a transfer that has arrived, else ""."""
        with self._books.writing() as books:
            row = books.execute(
                "SELECT memo, ends_at FROM transfers WHERE request_id = ? AND returned IS NULL",
                (request_id,),
            ).fetchone()
        return row["memo"] if row and datetime.fromisoformat(row["ends_at"]) <= now else ""

    def transfers(self) -> int:
        """How many transfers were made."""
        with self._books.writing() as books:
            (count,) = books.execute("SELECT count(*) FROM transfers").fetchone()
        return int(count)


def next_opening(moment: datetime) -> datetime:
    """Return `moment` if the bank is open, otherwise the next opening."""
    here = moment.astimezone(ZONE)
    if here.weekday() < 5 and OPENS <= here.time() < CLOSES:
        return moment
    day = here.date() if here.time() < OPENS else here.date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, ZONE)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "")
