"""How is the database asked what each request of the API begins with? Prepared, and without asking first whether it is there.

Django sends `SELECT 1` over a connection that was kept from an earlier request, before anything else. Where a request begins with a
read, that read can find out as well: if the connection turns out to be lost it is made anew, and the read repeated, which
changes nothing. Only a first read may do so; what writes is never sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections


def first_row(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The row that `statement`, a read, finds at the beginning of a request; None if there is none.

    Raises `django.db.DatabaseError`.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        with database.cursor() as cursor:
            cursor.execute(statement, parameters)
            return _row(cursor.fetchone())
    unchecked = database.health_check_enabled and not database.health_check_done and not database.in_atomic_block
    if not unchecked:
        return _prepared(database, statement, parameters)
    database.health_check_done = True
    try:
        return _prepared(database, statement, parameters)
    except (InterfaceError, OperationalError):
        if database.is_usable():
            raise
        database.close()
        return _prepared(database, statement, parameters)


def _prepared(database: Any, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """Django's own cursors put parameters into the text, so that the server would plan each one anew."""
    database.ensure_connection()
    with database.wrap_database_errors, database.Database.Cursor(database.connection) as cursor:
        return _row(cursor.execute(statement, parameters, prepare=True).fetchone())


def _row(found: Any) -> tuple[Any, ...] | None:
    return found if found is None else tuple(found)
