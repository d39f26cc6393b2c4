"""Tests that the service runs as a role of PostgreSQL that cannot switch off the guards."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from downloads import retention
from downloads.models import Copy, GateDecision, PassUse, Release, Trace
from events.db.checks import EXCESS, check_privileges
from events.db.guards import guarded_models
from events.models import Event
from tests.downloads.releases.shop import Shop, fetched, make, pdf
from tests.downloads.test_leaks import traced
from tests.factories import make_case, make_member, make_reviewer
from tests.verification.quality.golden import ruled
from verification.models import Decision, Ruling
from verification.rules.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

RUNNING = Path(__file__).parents[3] / "docs/operating/running.md"


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def role() -> Iterator[str]:
    """Creates the roles as the documentation says, under other names, until the rollback. The
    tests' own role stands for the owner of the existing tables.
    """
    ours = f"zizhi_test_{os.getpid()}"
    with transaction.atomic():
        for block in re.findall(r"```sql\n(.*?)```", RUNNING.read_text(), re.DOTALL):
            for line in block.splitlines():
                if not line.startswith("REASSIGN"):
                    run(re.sub(r"\bzizhi(_owner)?\b", rf"{ours}\1", line))
                if created := re.match(r"CREATE ROLE zizhi(_owner)?", line):
                    run(f"GRANT {ours}{created[1] or ''} TO CURRENT_USER")
        yield ours
        run("RESET ROLE")
        transaction.set_rollback(True)


def test_the_service_works_as_that_role(role: str, shop: Shop) -> None:
    run(f"SET ROLE {role}")
    now = timezone.now()
    shop.platform.add("hr-2", "13800000002")
    case = make_case(make_member(now), now, State.IN_REVIEW)
    ruled(case, make_reviewer(now), now)
    copy = shop.post(shop.gate_pass(), pdf())
    assert make(copy) and fetched(shop.link(copy["id"])["url"]).status_code == 200
    assert traced(shop, text=Copy.objects.get().number)["state"] == "done"
    retention.delete_old_rows(now, 1096)
    retention.retire_copies(now + timedelta(days=2), 365)
    call_command("check", deploy=True, databases=["default"], fail_level="CRITICAL")
    for model in (Event, GateDecision, PassUse, Decision, Ruling, Copy, Release, Trace):
        assert model.objects.exists(), model


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} DISABLE TRIGGER {table}_no_update",
        "DROP TRIGGER {table}_no_delete ON {table}",
        'DROP FUNCTION "{table}_guard"() CASCADE',
        'CREATE OR REPLACE FUNCTION "{table}_guard"() RETURNS trigger LANGUAGE plpgsql AS'
        " $$ BEGIN RETURN NULL; END $$",
        'ALTER FUNCTION "{table}_guard"() RENAME TO other',
        "CREATE RULE other AS ON DELETE TO {table} DO INSTEAD NOTHING",
        "CREATE TRIGGER other BEFORE UPDATE ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "TRUNCATE {table} CASCADE",
        "DROP TABLE {table} CASCADE",
        "ALTER TABLE {table} RENAME TO other",
        "ALTER TABLE {table} OWNER TO CURRENT_USER",
        "SET session_replication_role = replica",
        "CREATE TABLE public.other ()",
    ],
)
def test_that_role_cannot_switch_off_a_guard(role: str, statement: str) -> None:
    run(f"SET ROLE {role}")
    for model in guarded_models():
        with (
            pytest.raises(DatabaseError, match=r"must be owner|permission denied"),
            transaction.atomic(),
        ):
            run(statement.format(table=model._meta.db_table))


def test_tables_of_later_migrations_are_its_to_use_too(role: str) -> None:
    run(f"SET ROLE {role}_owner")
    run("CREATE TABLE later (id serial, text text)")
    run(f"SET ROLE {role}")
    run("INSERT INTO later (text) VALUES ('x')")
    run("UPDATE later SET text = 'y'")
    run("DELETE FROM later")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        run("TRUNCATE later")


def test_the_check_warns_of_a_role_that_could(role: str) -> None:
    tables = [model._meta.db_table for model in guarded_models()]
    (warned,) = check_privileges(databases=["default"])
    assert warned.id == EXCESS and all(f"{table}: owner" in warned.msg for table in tables)
    run(f"GRANT TRUNCATE ON events_event TO {role}")
    run(f"SET ROLE {role}")
    (warned,) = check_privileges(databases=["default"])
    assert warned.msg.endswith("events_event: TRUNCATE")
    run("RESET ROLE")
    run(f"REVOKE TRUNCATE ON events_event FROM {role}")
    run(f"SET ROLE {role}")
    assert check_privileges(databases=["default"]) == []


def test_the_check_asks_no_database_unless_told() -> None:
    assert check_privileges(databases=None) == []
