"""Is a connection that was lost between two requests made anew, without asking each time, and is
nothing hidden?
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from employers.accounts.api_clients import create_api_client
from employers.models import ApiKey, Scope
from employers.prepared_reads import first_row

READ = "SELECT 1 + %s"


@pytest.fixture
def kept() -> Any:
    """A connection as the next request finds it, kept from an earlier one."""
    connection.ensure_connection()
    connection.health_check_enabled, connection.health_check_done = True, False
    return connection


def lose() -> None:
    """The server ends the connection, as it does when it is started anew."""
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
    assert first_row(READ, [1]) == (2,)
    assert first_row(READ, [2]) == (3,)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_in_the_middle_of_a_request_a_lost_connection_is_an_error(kept: Any) -> None:
    assert first_row(READ, [1]) == (2,)
    lose()
    with pytest.raises(DatabaseError):
        first_row(READ, [1])
    connection.close()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_wrong_read_is_an_error_at_once(kept: Any) -> None:
    session = connection.connection
    with pytest.raises(DatabaseError):
        first_row("SELECT 1 / %s", [0])
    assert connection.connection is session


@pytest.mark.django_db
def test_a_key_is_found_by_its_text_alone() -> None:
    now = timezone.now()
    client, key = create_api_client("a platform", [Scope.GATE_DECIDE], now)
    found = ApiKey.objects.by_key(key, now)
    assert (
        found is not None
        and found.client == client
        and found.scopes == ["gate:decide"]
        and found.client_id == client.pk
    )
    assert ApiKey.objects.by_key(key + "x", now) is None
