"""Tests of the migration that gives bulk decisions the columns of all proposals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.databases import database_at
from verification.models import Bulk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def before() -> Iterator[Any]:
    """The models and the database before the migration."""
    with database_at([("verification", "0019_member_reviews")]) as apps:
        yield apps


@pytest.mark.slow
def test_bulk_decisions_before_and_during_the_upgrade(before: Any) -> None:
    """The version before keeps reading and writing while this one is started."""
    one, other = (
        before.get_model("employers", "User").objects.create(email=f"{name}@example.com")
        for name in ("one", "other")
    )
    Old = before.get_model("verification", "Bulk")
    columns = _columns()

    def propose(**settled: Any) -> Any:
        return Old.objects.create(verb="reject", proposed_by=one, proposed_at=NOW, **settled).pk

    waits, waits_too, waits_as_well = propose(), propose(), propose()
    confirmed = propose(confirmed_by=other, confirmed_at=LATER)
    dropped = propose(dropped_at=LATER)
    call_command("migrate", verbosity=0)
    assert _columns() == columns
    found = {row.pk: (row.settled_by_id, row.settled_at, row.is_open) for row in Bulk.objects.all()}
    open_ = (None, None, True)
    assert found == {
        waits: open_,
        waits_too: open_,
        waits_as_well: open_,
        confirmed: (other.pk, LATER, False),
        dropped: (None, LATER, False),
    }
    Old.objects.filter(pk=waits).update(dropped_at=LATER)
    Old.objects.filter(pk=waits_too).update(confirmed_by=other, confirmed_at=LATER)
    assert [row.pk for row in Bulk.objects.open()] == [waits_as_well]
    assert [row.pk for row in Bulk.objects.all() if row.is_open] == [waits_as_well]


def _columns() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, Bulk._meta.db_table)
    return {column.name for column in found}
