"""How is the database asked what each request of the API begins with?

Prepared, and without asking first whether it is there.

Django sends `SELECT 1` over a connection that was kept from an earlier request, before anything
else. Where a request begins with a read, that read can find out as well: if the connection turns
out to be lost it is made anew, and the read repeated, which changes nothing. What writes may do so
only where it can be told apart from itself: the gate's answers are written under ids of the asking
side, so that of one question, sent twice, the second finds them taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

T = TypeVar("T")
AT_MOST_SECONDS: Final = 5.0
"""So old may be what is sent once more."""


def first_row(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The row that `statement`, a read, finds at the beginning of a request; None if there is none.

    Raises `django.db.DatabaseError`.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        with database.cursor() as cursor:
            cursor.execute(statement, parameters)
            return _row(cursor.fetchone())
    return unchecked(database, lambda: _prepared(database, statement, parameters))


def unchecked(database: Any, ask: Callable[[], T]) -> T:
    """What `ask` gives over a PostgreSQL connection that may have been lost since the last request;
    then over a new one.

    `ask` makes the connection where there is none, and may be sent twice. Where it took long to
    find out, it is an error: what is asked speaks of the moment before.
    """
    if not database.health_check_enabled or database.health_check_done or database.in_atomic_block:
        return ask()
    database.health_check_done = True
    began = monotonic()
    try:
        return ask()
    except (InterfaceError, OperationalError):
        if database.is_usable():
            raise
        database.close()
        if monotonic() - began > AT_MOST_SECONDS:
            raise
        return ask()


def _prepared(database: Any, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """Django's own cursors put parameters into the text, so that the server would plan each one
    anew.
    """
    database.ensure_connection()
    with database.wrap_database_errors, database.Database.Cursor(database.connection) as cursor:
        return _row(cursor.execute(statement, parameters, prepare=True).fetchone())


def _row(found: Any) -> tuple[Any, ...] | None:
    return found if found is None else tuple(found)
