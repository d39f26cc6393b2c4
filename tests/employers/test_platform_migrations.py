"""Tests that existing employers and keys keep their data, and that building indexes blocks
no one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction

from employers.models import ApiKey, Employer, User
from tests.databases import database_at, migrate_to
from tests.factories import make_uscc

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
BEFORE = [("employers", "0004_made_for")]
COLUMNS = [("employers", "0006_api_manners")]
INDEXED = [("employers", "0008_platform_indexes")]
LEAVES = [("employers", "0017_phone_proven_once")]
NEW = {"employer_platform", "employer_confirmed_code_once", "employer_reference_once"}


@pytest.fixture
def before() -> Iterator[Any]:
    """The models and the database before the migrations."""
    with database_at(BEFORE) as apps:
        yield apps


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, Employer._meta.db_table))


def rows(apps: Any) -> Any:
    client = apps.get_model("employers", "ApiClient").objects.create(
        name="old", key_hash="a" * 64, key_start="zk_old", scopes=["gate:decide"], created_at=NOW
    )
    employers = apps.get_model("employers", "Employer")
    for confirmed_at in (None, NOW):
        employers.objects.create(
            name="云溪市示例科技有限公司",
            uscc=make_uscc(),
            registered_at=NOW,
            confirmed_at=confirmed_at,
        )
    return client


def test_rows_keep_what_they_have(before: Any) -> None:
    client = rows(before)
    after = migrate_to(INDEXED)
    employers = after.get_model("employers", "Employer").objects
    assert set(employers.values_list("platform", "reference", "test")) == {(None, "", False)}
    key = after.get_model("employers", "ApiKey").objects.get()
    assert (key.client_id, key.key_hash, key.scopes) == (client.pk, "a" * 64, ["gate:decide"])
    assert indexes() >= NEW and "employer_confirmed_uscc_once" not in indexes()


def test_a_confirmed_code_is_one_employers_at_every_moment(before: Any) -> None:
    migrate_to(COLUMNS)
    assert "employer_confirmed_uscc_once" in indexes()


def test_broken_off_and_run_again(before: Any) -> None:
    rows(before)
    migrate_to(COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX employer_reference_once ON employers_employer (name)")
    migrate_to(INDEXED)
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Employer._meta.db_table)[
            "employer_reference_once"
        ]
    assert found["unique"] and found["columns"] == ["platform_id", "reference"]


@pytest.mark.postgresql
def test_who_writes_meanwhile_does_not_wait(before: Any) -> None:
    """Another transaction holds a row. Indexes wait for it, but writers of other rows do not."""
    apps = migrate_to(COLUMNS)
    Old = apps.get_model("employers", "Employer")
    held, free = (
        Old.objects.create(name="甲公司", uscc=make_uscc(), registered_at=NOW) for _ in range(2)
    )
    building = threading.Thread(target=_build)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE employers_employer SET name = '乙公司' WHERE id = %s", [held.pk])
        building.start()
        _wait_until_it_waits()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '2s'")
            cursor.execute("UPDATE employers_employer SET name = '丙公司' WHERE id = %s", [free.pk])
            cursor.execute("RESET statement_timeout")
        assert building.is_alive()
    finally:
        with other.cursor() as cursor:
            cursor.execute("COMMIT")
        other.close()
        building.join()
    assert indexes() >= NEW


@pytest.mark.postgresql
def test_a_table_that_is_read_for_long_is_given_up_not_queued_behind(before: Any) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE employers_employer IN ACCESS SHARE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate_to(COLUMNS)
    finally:
        with other.cursor() as cursor:
            cursor.execute("COMMIT")
        other.close()
    migrate_to(COLUMNS)


def _build() -> None:
    try:
        migrate_to(INDEXED)
    finally:
        connections.close_all()


def _wait_until_it_waits() -> None:
    """Wait until an index is being built, which waits for the open transaction."""
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                " wait_event_type = 'Lock' AND query LIKE '%%INDEX CONCURRENTLY%%' AND pid <>"
                " pg_backend_pid()"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("no index was being built")


def test_keys_that_could_make_links_still_can() -> None:
    with database_at([("employers", "0012_addresses_held")]) as apps:
        client = apps.get_model("employers", "ApiClient").objects.create(name="a", created_at=NOW)
        for number, scopes in enumerate((["employers:read", "employers:write"], ["gate:decide"])):
            apps.get_model("employers", "ApiKey").objects.create(
                client=client, key_hash=f"{number}" * 64, scopes=scopes, created_at=NOW
            )
        migrate_to(LEAVES)
        assert list(ApiKey.objects.order_by("key_hash").values_list("scopes", flat=True)) == [
            ["employers:read", "employers:write", "onboarding:make"],
            ["gate:decide"],
        ]


def test_one_address_can_be_named_twice_after_the_migration_and_held_once() -> None:
    with database_at([("employers", "0012_addresses_held")]) as apps:
        apps.get_model("employers", "User").objects.create(email="hr@example.com", joined_at=NOW)
        migrate_to(LEAVES)
        User.objects.create_user("hr@example.com", None, email_verified_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("hr@example.com", None, is_staff=True)
