"""What SQLite and PostgreSQL do differently, and the choice between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from time import monotonic
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]
RESEND_WITHIN_SECONDS: Final = 5.0
"""A statement contains the time at which it was made, so it is not sent again later than this."""


class Dialect:
    """Each difference, as SQLite has it. SQLite has one writer at a time, so it takes no locks."""

    for_share: ClassVar[str] = ""
    """The clause of a SELECT that locks its rows against changes until the transaction ends."""
    differs_from: ClassVar[str] = "IS NOT"
    """The comparison for which NULL equals NULL."""
    concurrently: ClassVar[str] = ""
    """The keyword that adds or drops an index without blocking writes to the table."""

    def joined(self, expression: str) -> str:
        """The aggregate that joins the values of `expression` by commas."""
        return f"group_concat({expression})"

    def numbered_pairs(self, name: str, id_column: str, text_column: str) -> str:
        """A SELECT of the pairs that are passed as the parameter `name`, and their number `n`."""
        return (
            f"SELECT key AS n, value ->> 0 AS {id_column}, value ->> 1 AS {text_column}"
            f" FROM json_each(%({name})s)"
        )

    def numbered_pairs_parameters(
        self, name: str, ids: Sequence[UUID], texts: Sequence[str]
    ) -> dict[str, Any]:
        """The parameters that `numbered_pairs` expects."""
        return {name: json.dumps([[id_.hex, text] for id_, text in zip(ids, texts, strict=True)])}

    def lock(self, statement: str, parameters: Parameters) -> bool:
        """Run a `statement` that takes a lock until the transaction ends.

        Return False if it found no row to lock.
        """
        return True

    def advisory_lock(self, number: int, name: str | None = None, *, shared: bool = False) -> None:
        """Lock the `number`, or a `name` under it, until the transaction ends.

        Any number of transactions may hold a `shared` lock, while none holds an exclusive one.
        """

    def rows_after_lock(
        self, lock: str, statement: str, parameters: Mapping[str, Any], *, repeatable: bool
    ) -> list[Row]:
        """Run the statement `lock`, then `statement`, and return its rows.

        PostgreSQL gets both in one message and, outside of a transaction, as one transaction. A
        `repeatable` statement has no further effect when it runs a second time: at the start of a
        request it is sent without a check of the connection, and again if that has been lost.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                statement, {name: _in_sqlite(value) for name, value in parameters.items()}
            )
            return list(cursor.fetchall())

    def lock_out_sharers(self, table: str) -> None:
        """Wait for every transaction that has read `table` with `for_share`, even if it found no
        rows, and let no other one do so until this transaction ends. Other readers, such as a
        backup, go on. SQLite has one writer at a time.
        """

    def limit_lock_wait(self, schema_editor: Any, wait: str) -> None:
        """Fail if a lock is waited for longer than `wait`, until the transaction ends."""

    def days_ago(self, days: int) -> str:
        """The expression for the time that many days ago, by the database's clock."""
        return f"datetime('now', '-{days} days')"

    def create_guard(self, table: str, *, changed: str, kept: str, taken: str) -> list[str]:
        """The statements that create the triggers of `events.db.guards` on a table.

        They refuse an UPDATE if `changed` and a DELETE if `kept` (both "": always), and, where an
        insert can replace a row, an INSERT if `taken`. SQLite's `rowid` is a key that no model
        names.
        """
        changed = changed and f"OLD.rowid IS NOT NEW.rowid OR {changed}"
        taken = f'EXISTS (SELECT 1 FROM "{table}" WHERE rowid = NEW.rowid) OR {taken}'
        return [
            f'CREATE TRIGGER "{name}" BEFORE {name.rsplit("_", 1)[1].upper()} ON "{table}"'
            f"{condition and f' WHEN {condition}'}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for name, condition in zip(_guards(table), (changed, kept, taken), strict=True)
        ]

    def drop_function(self, name: str) -> list[str]:
        """The statements that drop a function of a trigger, with the trigger."""
        return []

    def drop_guard(self, table: str) -> list[str]:
        """The statements that drop the triggers of a table."""
        return [f'DROP TRIGGER IF EXISTS "{name}"' for name in _guards(table)]

    def excess_privileges(self, tables: Sequence[str]) -> list[str]:
        """The privileges of the current role with which it could switch off the guards of
        `tables`.
        """
        return []

    def insert_rows(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Row],
        constants: Mapping[str, str],
        on_conflict: str,
    ) -> int:
        """Insert many rows, and return how many were written.

        `constants` are further columns, each with an SQL expression for its value.
        """
        values = ", ".join([*["%s"] * len(columns), *constants.values()])
        with connection.cursor() as cursor:
            cursor.executemany(
                _insert(table, [*columns, *constants], f"VALUES ({values})", on_conflict),
                [[_in_sqlite(value) for value in row] for row in rows],
            )
            return int(cursor.rowcount)


class PostgreSQL(Dialect):
    """Each difference, as PostgreSQL has it."""

    for_share = "FOR SHARE"
    differs_from = "IS DISTINCT FROM"
    concurrently = "CONCURRENTLY "

    def joined(self, expression: str) -> str:
        return f"string_agg(CAST({expression} AS text), ',')"

    def numbered_pairs(self, name: str, id_column: str, text_column: str) -> str:
        return (
            f"SELECT n, {id_column}, {text_column} FROM unnest(%({name}_ids)s::uuid[],"
            f" %({name}_texts)s::text[]) WITH ORDINALITY AS a ({id_column}, {text_column}, n)"
        )

    def numbered_pairs_parameters(
        self, name: str, ids: Sequence[UUID], texts: Sequence[str]
    ) -> dict[str, Any]:
        return {f"{name}_ids": list(ids), f"{name}_texts": list(texts)}

    def lock(self, statement: str, parameters: Parameters) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchone() is not None

    def advisory_lock(self, number: int, name: str | None = None, *, shared: bool = False) -> None:
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        if name is None:
            self.lock(f"SELECT {function}(%s)", [number])
        else:
            self.lock(f"SELECT {function}(%s, hashtext(%s))", [number, name])

    def rows_after_lock(
        self, lock: str, statement: str, parameters: Mapping[str, Any], *, repeatable: bool
    ) -> list[Row]:
        database: Any = connections[DEFAULT_DB_ALIAS]
        if repeatable:
            return _unchecked(
                database, lambda: _rows_after_lock(database, lock, statement, parameters)
            )
        database.close_if_health_check_failed()
        return _rows_after_lock(database, lock, statement, parameters)

    def lock_out_sharers(self, table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")

    def limit_lock_wait(self, schema_editor: Any, wait: str) -> None:
        schema_editor.execute(f"SET LOCAL lock_timeout = '{wait}'")

    def days_ago(self, days: int) -> str:
        return f"now() - interval '{days} days'"

    def create_guard(self, table: str, *, changed: str, kept: str, taken: str) -> list[str]:
        """Conditions are part of the triggers, so that accepted changes call no function. There is
        no trigger on INSERT: it never replaces a row.
        """
        when_changed, when_kept = (each and f" WHEN ({each})" for each in (changed, kept))
        raising = f"RAISE EXCEPTION '{table} is append-only'"
        return [
            f'CREATE FUNCTION "{table}_guard"() RETURNS trigger LANGUAGE plpgsql AS $$'
            f" BEGIN {raising} USING ERRCODE = 'integrity_constraint_violation'; END $$",
            *(
                f'CREATE TRIGGER "{table}_no_{verb.lower()}" BEFORE {verb} ON "{table}"'
                f' FOR EACH {each} EXECUTE FUNCTION "{table}_guard"()'
                for verb, each in (
                    ("UPDATE", f"ROW{when_changed}"),
                    ("DELETE", f"ROW{when_kept}"),
                    ("TRUNCATE", "STATEMENT"),
                )
            ),
        ]

    def drop_function(self, name: str) -> list[str]:
        return [f'DROP FUNCTION IF EXISTS "{name}"() CASCADE']

    def drop_guard(self, table: str) -> list[str]:
        return self.drop_function(f"{table}_guard")

    def excess_privileges(self, tables: Sequence[str]) -> list[str]:
        asked = """
            SELECT 'superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
            UNION ALL
            SELECT relname || ': ' || concat_ws(', ',
                CASE WHEN pg_has_role(relowner, 'MEMBER') THEN 'owner' END,
                CASE WHEN has_table_privilege(c.oid, 'TRUNCATE') THEN 'TRUNCATE' END,
                CASE WHEN has_table_privilege(c.oid, 'TRIGGER') THEN 'TRIGGER' END)
            FROM pg_class c
            WHERE c.oid = ANY (SELECT to_regclass(quote_ident(t)) FROM unnest(%s::text[]) AS t)
              AND (pg_has_role(relowner, 'MEMBER')
                   OR has_table_privilege(c.oid, 'TRUNCATE, TRIGGER'))
            ORDER BY 1"""
        with connection.cursor() as cursor:
            cursor.execute(asked, [list(tables)])
            return [held for (held,) in cursor.fetchall()]

    def insert_rows(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Row],
        constants: Mapping[str, str],
        on_conflict: str,
    ) -> int:
        """COPY into a temporary table is several times as fast as statements with values."""
        names = ", ".join(columns)
        source = f"SELECT {', '.join([*columns, *constants.values()])} FROM imported"
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE imported AS SELECT {names} FROM {table} WITH NO DATA"
            )
            with cursor.copy(f"COPY imported ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(_insert(table, [*columns, *constants], source, on_conflict))
            written = int(cursor.rowcount)
            cursor.execute("DROP TABLE imported")
            return written


SQLITE: Final = Dialect()
POSTGRESQL: Final = PostgreSQL()


def current_dialect() -> Dialect:
    """The dialect of the default database."""
    return dialect_of(connection)


def dialect_of(database: Any) -> Dialect:
    """The dialect of a connection, such as `schema_editor.connection`."""
    return POSTGRESQL if database.vendor == "postgresql" else SQLITE


def _guards(table: str) -> list[str]:
    return [f"{table}_no_{verb}" for verb in ("update", "delete", "insert")]


def _insert(table: str, columns: Sequence[str], source: str, on_conflict: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) {source} {on_conflict}"


def _in_sqlite(value: Any) -> Any:
    """A parameter as SQLite stores it: it has no type for UUIDs, times and dates."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if isinstance(value, date) else value


# --- Statements past Django's cursors -------------------------------------------------------------
#
# Django's cursors put parameters into the text, so that the server would plan each statement anew.
# The driver's cursors, used here, can prepare it. Of those, RawCursor takes numbered parameters:
# Cursor would parse the gate's statement each time, as it caches only shorter ones.


def _unchecked(database: Any, send: Callable[[], T]) -> T:
    """Call `send` without the `SELECT 1` that Django uses to check a connection kept from an
    earlier request. If the connection turns out to be lost, open another and call `send` again.

    `send` opens the connection if there is none.
    """
    if not database.health_check_enabled or database.health_check_done or database.in_atomic_block:
        return send()
    database.health_check_done = True
    began = monotonic()
    try:
        return send()
    except (InterfaceError, OperationalError):
        if database.is_usable():
            raise
        database.close()
        if monotonic() - began > RESEND_WITHIN_SECONDS:
            raise
        return send()


def _rows_after_lock(
    database: Any, lock: str, statement: str, parameters: Mapping[str, Any]
) -> list[Row]:
    database.ensure_connection()
    session, driver = database.connection, database.Database
    with (
        database.wrap_database_errors,
        driver.RawCursor(session) as locking,
        driver.RawCursor(session) as cursor,
    ):
        with session.pipeline():
            locking.execute(*_numbered(lock, parameters), prepare=True)
            cursor.execute(*_numbered(statement, parameters), prepare=True)
        return list(cursor.fetchall())


def _numbered(statement: str, parameters: Mapping[str, Any]) -> tuple[bytes, list[Any]]:
    """`statement` with `$1` in place of the first named parameter and so on, and their values."""
    text, names = _by_number(statement)
    return text, [parameters[name] for name in names]


@lru_cache(maxsize=64)
def _by_number(statement: str) -> tuple[bytes, tuple[str, ...]]:
    numbers: dict[str, int] = {}
    text = re.sub(
        r"%\((\w+)\)s",
        lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}",
        statement,
    )
    return text.encode(), tuple(numbers)
