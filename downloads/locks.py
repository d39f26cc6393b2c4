"""Advisory locks, for a company and for a candidate's first row.

Questions about one company are answered one after the other. Otherwise two of them could read the
same quota and both use it. So on PostgreSQL a question, or a change of tier, first takes the
company's lock and keeps it until the commit. The next statement sees everything that was committed
before the lock was granted. A lock inside that statement would not do: its snapshot is taken before
it waits. Lock and statement travel together, in one round trip. On SQLite writers are serial.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections

from employers.models import Employer
from employers.prepared_reads import unchecked

TAKE: Final = f"SELECT pg_advisory_xact_lock(20261, hashtext(uscc)) FROM {Employer._meta.db_table} WHERE id = %(employer)s"  # noqa: E501, S608


def lock_company_of(employer_id: UUID) -> None:
    """Take the lock of the employer's company until the caller's transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(TAKE, {"employer": employer_id})


def lock_company(uscc: str) -> None:
    """Take the lock of the company with this code, whether or not it has an account here.

    Take several in the order of their codes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(20261, hashtext(%s))", [uscc])


def lock_first_row(client_id: UUID, reference: str) -> None:
    """Take the right to make a candidate's first row, until the commit. It waits for all who hold
    `share_first_row`.
    """
    _first_row("pg_advisory_xact_lock", client_id, reference)


def share_first_row(client_id: UUID, reference: str) -> None:
    """Keep others from making this candidate's first row until the caller's transaction ends.

    Many can share it.
    """
    _first_row("pg_advisory_xact_lock_shared", client_id, reference)


def _first_row(lock: str, client_id: UUID, reference: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {lock}(20262, hashtext(%s))", [f"{client_id} {reference}"])


def with_company_lock(
    statement: str, parameters: dict[str, Any], *, repeatable: bool = False
) -> list[tuple[Any, ...]]:
    """Run `statement` under the company lock of `parameters["employer"]`; returns its rows once
    they are committed.

    A `repeatable` statement cannot write twice, so it is sent without checking the connection first
    (`employers.prepared_reads`). Raises `django.db.DatabaseError`.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        with database.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    if repeatable:
        return unchecked(database, lambda: _lock_and_execute(database, statement, parameters))
    database.close_if_health_check_failed()
    return _lock_and_execute(database, statement, parameters)


def _lock_and_execute(
    database: Any, statement: str, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    database.ensure_connection()
    # Django's own cursors put parameters into the text, so that the server would plan this long
    # statement anew each time; the driver's others read it anew each time, as it is longer than
    # what they keep.
    session, driver = database.connection, database.Database
    with (
        database.wrap_database_errors,
        driver.RawCursor(session) as lock,
        driver.RawCursor(session) as cursor,
    ):
        with session.pipeline():
            lock.execute(*_numbered(TAKE, parameters), prepare=True)
            cursor.execute(*_numbered(statement, parameters), prepare=True)
        return list(cursor.fetchall())


def _numbered(statement: str, parameters: Mapping[str, Any]) -> tuple[bytes, list[Any]]:
    """`statement` with its parameters as the server numbers them, and those of `parameters` in that
    order.
    """
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


def uuid(value: UUID) -> UUID | str:
    """A UUID as the database keeps it."""
    return value if connection.features.has_native_uuid_field else value.hex


def parameter(value: Any) -> Any:
    """A time as the database takes it."""
    return connection.ops.adapt_datetimefield_value(value)
