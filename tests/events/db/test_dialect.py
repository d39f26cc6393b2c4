"""Tests of a PostgreSQL connection that is lost between two requests and used without a check."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection

from events.db.dialect import current_dialect


def read(expression: str) -> Any:
    (row,) = current_dialect().rows_after_lock(
        "SELECT 1", f"SELECT {expression}", {}, repeatable=True
    )
    return row


@pytest.fixture
def kept() -> Any:
    """A connection as the next request finds it, kept from an earlier one."""
    connection.ensure_connection()
    connection.health_check_enabled, connection.health_check_done = True, False
    return connection


def lose() -> None:
    """Let the server end the connection, as on a restart."""
    import psycopg

    of_mine: Any = connection.connection
    with psycopg.connect(
        of_mine.info.dsn, password=of_mine.info.password or None, autocommit=True
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [of_mine.info.backend_pid])


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_made_anew(kept: Any) -> None:
    lose()
    assert read("1 + 1") == (2,)
    assert read("2 + 1") == (3,)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_in_the_middle_of_a_request_a_lost_connection_is_an_error(kept: Any) -> None:
    assert read("1 + 1") == (2,)
    lose()
    with pytest.raises(DatabaseError):
        read("1 + 1")
    connection.close()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_wrong_read_is_an_error_at_once(kept: Any) -> None:
    session = connection.connection
    with pytest.raises(DatabaseError):
        read("1 / 0")
    assert connection.connection is session
