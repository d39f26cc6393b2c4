"""Tests that the database refuses each change to a guarded row that the product does not make."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from downloads.models import (
    CleanResume,
    Contact,
    Copy,
    CopyLink,
    CopyState,
    GateDecision,
    PassUse,
    RelayBinding,
    RelayTeam,
    Release,
    Trace,
)
from events.core.actor import SYSTEM
from events.core.sealing import HEAD_CHARACTERS, seal_text
from events.db.guards import KEY_CHARACTERS, SEALED_LIKE, guard_statements, guarded_models
from events.models import Event, PlatformEvent, record
from tests.databases import guards_of
from tests.factories import make_case, make_member, make_reviewer
from tests.keys import rotate
from verification.models import CheckRun, Decision, Ruling

pytestmark = pytest.mark.django_db


def event(now: datetime) -> Event:
    return record("register", make_member(now).employer, SYSTEM, now)


def answer(now: datetime) -> GateDecision:
    return GateDecision.objects.create(
        client_id=uuid4(),
        employer_id=uuid4(),
        member_id=uuid4(),
        candidate="c",
        allowed=True,
        tier="held",
        ladder_version="x",
        decided_at=now,
    )


def pass_use(now: datetime) -> PassUse:
    return PassUse.objects.create(decision_id=uuid4(), used_at=now, tier="held")


def decision(now: datetime) -> Decision:
    return Decision.objects.create(
        case=make_case(make_member(now), now),
        attempt_number=1,
        verb="reject",
        policy_version="x",
        decided_at=now,
    )


def ruling(now: datetime) -> Ruling:
    return Ruling.objects.create(
        case=make_case(make_member(now), now),
        attempt_number=1,
        case_version=1,
        stage="first",
        verb="reject",
        by=make_reviewer(now),
        made_at=now,
        due_at=now,
    )


def release(now: datetime) -> Release:
    member = make_member(now)
    return Release.objects.create(
        decision_id=uuid4(),
        client_id=uuid4(),
        candidate="c",
        employer=member.employer,
        uscc=member.employer.uscc,
        receiver=member.employer.name,
        member=member,
        purpose="hiring",
        contact="a@example.com",
        released_at=now,
        receipt="signed",
    )


def copy(now: datetime) -> Copy:
    member = make_member(now)
    team = RelayTeam.objects.create(
        employer=member.employer, provider="simulator", looked_at=now, due_at=now
    )
    shared: dict[str, Any] = {
        "employer": member.employer,
        "client_id": uuid4(),
        "decision_id": uuid4(),
        "member": member,
        "candidate": "c",
        "requested_at": now,
        "due_at": now,
    }
    binding = RelayBinding.objects.create(
        uscc=member.employer.uscc,
        candidate_index="x",
        provider="simulator",
        team=team,
        expires_at=now,
        **shared,
    )
    return Copy.objects.create(
        number=f"ZR-{uuid4().hex[:10]}", receiver="x", binding=binding, **shared
    )


def copy_link(now: datetime) -> CopyLink:
    return CopyLink.objects.create(of=copy(now), made_at=now, expires_at=now)


def contact(now: datetime) -> Contact:
    return Contact.objects.create(decision_id=uuid4(), client_id=uuid4(), uscc="x", at=now)


def check_run(now: datetime) -> CheckRun:
    case = make_case(make_member(now), now)
    attempt = case.attempts.create(number=1, submitted_at=now, due_at=now)
    return CheckRun.objects.create(
        attempt=attempt, code="scan", version="1", started_at=now, finished_at=now
    )


def feed_row(now: datetime) -> PlatformEvent:
    return PlatformEvent.objects.create(
        client_id=uuid4(),
        sequence=1,
        event=event(now),
        type="employer.created",
        at=now,
        told_at=now,
        payload={},
    )


def trace(now: datetime) -> Trace:
    return Trace.objects.create(asked_at=now, due_at=now, why="leak", leak="f", sha256="0" * 64)


MAKERS: dict[type[models.Model], Callable[[datetime], Any]] = {
    Event: event,
    GateDecision: answer,
    PassUse: pass_use,
    Decision: decision,
    Ruling: ruling,
    Release: release,
    Copy: copy,
    CopyLink: copy_link,
    Contact: contact,
    Trace: trace,
    CheckRun: check_run,
    PlatformEvent: feed_row,
}
DIFFERENT: dict[type[models.Field[Any, Any]], str] = {
    models.JSONField: """'{"other": 1}'""",
    models.BooleanField: 'NOT "COLUMN"',
    models.DateTimeField: "'2001-01-01 00:00:00'",
    models.CharField: "'other'",
    models.TextField: "'other'",
    models.UUIDField: "'00000000000000000000000000000001'",
}


@pytest.fixture(params=MAKERS, ids=lambda model: model.__name__)
def row(request: pytest.FixtureRequest) -> Any:
    return MAKERS[request.param](timezone.now())


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        yield


def run(statement: str, parameters: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def state_of(row: Any) -> dict[str, Any]:
    return dict(type(row).objects.filter(pk=row.pk).values().get())


def other_value(column: models.Field[Any, Any]) -> str:
    for kind, value in DIFFERENT.items():
        if isinstance(column, kind):
            return value.replace("COLUMN", column.column)
    if isinstance(column, models.ForeignKey):
        target = column.target_field
        return other_value(target).replace(f'"{target.column}"', f'"{column.column}"')
    return f'COALESCE("{column.column}", 0) + 7'


def frozen(model: Any) -> list[models.Field[Any, Any]]:
    """The columns that never change."""
    guard = model.guard
    may = {*guard.working, *guard.once, *guard.erased, *guard.resealed, *guard.steps}
    return [each for each in model._meta.local_concrete_fields if each.name not in may]


def test_each_guarded_model_is_tried_here() -> None:
    assert set(guarded_models()) == set(MAKERS)


@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_the_database_has_the_guard_that_the_model_states(model: Any) -> None:
    """A migration that changes the table has to install the guard again."""
    stated = guard_statements(model, model.guard, connection.SchemaEditorClass(connection))
    if connection.vendor == "postgresql":
        with transaction.atomic():
            before = definitions(model)
            for statement in (f'DROP FUNCTION "{model._meta.db_table}_guard"() CASCADE', *stated):
                run(statement)
            assert definitions(model) == before
    else:
        assert sorted(made for _, made in guards_of(model._meta.db_table)) == sorted(stated)


def definitions(model: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT"
            " tgisinternal ORDER BY 1",
            [model._meta.db_table],
        )
        return [line for (line,) in cursor.fetchall()]


def test_raw_sql_changes_no_column_that_is_fixed(row: Any) -> None:
    before = state_of(row)
    for column in frozen(type(row)):
        with refused():
            run(f'UPDATE {row._meta.db_table} SET "{column.column}" = {other_value(column)}')
    assert state_of(row) == before


def test_the_orm_changes_no_column_that_is_fixed(row: Any) -> None:
    before = state_of(row)
    others = {models.CharField: "other", models.DateTimeField: timezone.now() + timedelta(days=1)}
    column, other = next(
        (each, others[kind])
        for kind in others
        for each in frozen(type(row))
        if isinstance(each, kind)
    )
    with refused():
        type(row).objects.update(**{column.name: other})
    setattr(row, column.name, other)
    with refused():
        row.save()
    with refused():
        type(row).objects.bulk_update([row], [column.name])
    with refused():
        type(row).objects.bulk_create(
            [row],
            update_conflicts=True,
            update_fields=[column.name],
            unique_fields=[row._meta.pk.name],
        )
    assert state_of(row) == before


def test_rows_are_not_removed(row: Any) -> None:
    table = row._meta.db_table
    for remove in (
        lambda: type(row).objects.filter(pk=row.pk).delete(),
        lambda: type(row).objects.filter(pk=row.pk)._raw_delete("default"),
        lambda: run(f"DELETE FROM {table}"),
    ):
        with refused():
            remove()
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.postgresql
def test_tables_are_not_truncated(row: Any) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")  # no table is truncated while constraints are pending
    with refused():
        run(f"TRUNCATE {row._meta.db_table} CASCADE")
    with refused():
        run("TRUNCATE employers_employer CASCADE")
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.not_on_postgresql
def test_rows_are_not_replaced(row: Any) -> None:
    table = row._meta.db_table
    columns = ", ".join(f'"{each.column}"' for each in row._meta.local_concrete_fields)
    before = state_of(row)
    for verb in ("INSERT OR REPLACE", "REPLACE"):
        with refused():
            run(f"{verb} INTO {table} ({columns}) SELECT {columns} FROM {table}")
    with refused():
        run(f"UPDATE OR REPLACE {table} SET rowid = rowid + 1")
    assert state_of(row) == before


@pytest.mark.not_on_postgresql
def test_our_connections_replace_nothing_even_without_the_guard_on_inserts(row: Any) -> None:
    table = row._meta.db_table
    columns = ", ".join(f'"{each.column}"' for each in row._meta.local_concrete_fields)
    run(f"DROP TRIGGER {table}_no_insert")
    with refused():
        run(f"REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}")


@pytest.mark.not_on_postgresql
@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_a_connection_without_our_settings_replaces_nothing(model: Any) -> None:
    """Whatever key of the row it uses, the hidden one included."""
    keys = [each.column for each in model._meta.local_concrete_fields if each.unique]
    table = model._meta.db_table
    guards = guard_statements(model, model.guard, connection.SchemaEditorClass(connection))
    columns = [each.column for each in model._meta.local_concrete_fields]
    raw = sqlite3.connect(":memory:")
    unique = ", ".join(f'"{each}" UNIQUE' if each in keys else f'"{each}"' for each in columns)
    raw.execute(f"CREATE TABLE {table} ({unique})")
    for guard in guards:
        raw.execute(guard)
    places = ", ".join("?" * len(columns))
    raw.execute(f"INSERT INTO {table} VALUES ({places})", [f"old {each}" for each in columns])
    for key in keys:
        values = [f"{'old' if each == key else 'new'} {each}" for each in columns]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", values)
    named = ", ".join(f'"{each}"' for each in columns)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(
            f"INSERT OR REPLACE INTO {table} (rowid, {named}) VALUES (1, {places})",
            [f"new {each}" for each in columns],
        )
    raw.execute(f"INSERT INTO {table} VALUES ({places})", [f"new {each}" for each in columns])
    raw.close()


@pytest.mark.not_on_postgresql
def test_a_pass_that_is_spent_is_not_replaced_by_one_that_is_not(now: datetime) -> None:
    spent = pass_use(now)
    again = "INSERT OR REPLACE INTO downloads_passuse (decision_id, used_at, reason, tier) VALUES"
    run("PRAGMA recursive_triggers = OFF")
    try:
        with refused():
            run(f"{again} (%s, '2001-01-01', '', 'x')", [spent.decision_id.hex])
    finally:
        run("PRAGMA recursive_triggers = ON")
    run(f"{again} (%s, '2001-01-01', 'pass_spent', 'x')", [spent.decision_id.hex])
    assert PassUse.objects.count() == 2


def test_rows_may_go_once_the_law_no_longer_keeps_them(row: Any) -> None:
    made_at, days = type(row).guard.removed_after or ("", 0)
    model, now = type(row), timezone.now()
    for age, goes in ((days - 1, False), (days + 1, bool(days))):
        old = MAKERS[model](now - timedelta(days=age))
        if goes:
            model.objects.filter(pk=old.pk).delete()
        else:
            with refused():
                model.objects.filter(pk=old.pk).delete()
        assert model.objects.filter(pk=old.pk).exists() is not goes, made_at


# --- What may change ------------------------------------------------------------------------------


def test_a_finished_ruling_stays_as_it_is(now: datetime) -> None:
    made = ruling(now)
    Ruling.objects.filter(pk=made.pk).update(outcome="refused", refusal="x", finished_at=now)
    later = now + timedelta(days=1)
    for change in (
        {"outcome": "undone"},
        {"finished_at": None},
        {"refusal": ""},
        {"due_at": later},
        {"lease": uuid4()},
    ):
        with refused():
            Ruling.objects.filter(pk=made.pk).update(**change)
    Ruling.objects.filter(pk=made.pk).update(told_at=now)
    with refused():
        Ruling.objects.filter(pk=made.pk).update(told_at=None)


def test_a_finished_trace_loses_its_files_and_nothing_else(now: datetime) -> None:
    made = Trace.objects.filter(pk=trace(now).pk)
    made.update(found=[{"copy": "x"}], evidence="e", finished_at=now)
    for change in ({"found": []}, {"evidence": "other"}, {"finished_at": None}, {"leak": "other"}):
        with refused():
            made.update(**change)
    made.update(evidence="", leak="")
    with refused():
        made.update(evidence="e")


def test_a_copy_that_is_ready_can_only_be_opened_and_closed(now: datetime) -> None:
    binding = RelayBinding.objects.get(pk=copy(now).binding_id)
    made = Copy.objects.filter(binding=binding)
    made.update(state=CopyState.FAILED, why="x", finished_at=now)
    made.update(state=CopyState.PREPARING, why="", finished_at=None)
    of = {"pdf": "p", "links_until": now, "ready_at": now, "finished_at": now}
    made.update(state=CopyState.READY, resume=make_clean_resume(now), **of)
    for change in (
        {"state": CopyState.PREPARING},
        {"state": CopyState.FAILED, "why": "x"},
        {"pdf": "other"},
        {"ready_at": now + timedelta(days=1)},
        {"resume": None},
        {"requested_at": now - timedelta(days=5000)},
    ):
        with refused():
            made.update(**change)
    made.update(opened_at=now)
    with refused():
        made.update(opened_at=now + timedelta(days=1))
    made.update(state=CopyState.CLOSED, pdf="")
    with refused():
        made.update(state=CopyState.READY, pdf="p")


def test_a_copy_link_is_used_once(now: datetime) -> None:
    made = CopyLink.objects.filter(pk=copy_link(now).pk)
    made.update(used_at=now, why="copy_link_expired")
    for change in ({"why": ""}, {"used_at": None}, {"used_at": now + timedelta(days=1)}):
        with refused():
            made.update(**change)


def make_clean_resume(now: datetime) -> CleanResume:
    return CleanResume.objects.create(
        client_id=uuid4(),
        candidate="c",
        sha256="0" * 64,
        made_by="x",
        pages="f",
        page_count=1,
        made_at=now,
        used_at=now,
    )


def test_a_sealed_text_moves_to_another_key_and_changes_in_no_other_way(
    now: datetime, settings: Any
) -> None:
    sealed = seal_text("a leak", "trace")
    assert sealed.startswith(SEALED_LIKE.rstrip("%")) and KEY_CHARACTERS == HEAD_CHARACTERS
    made = Trace.objects.create(asked_at=now, due_at=now, finished_at=now, text_sealed=sealed)
    with refused():
        Trace.objects.filter(pk=made.pk).update(text_sealed=seal_text("other words", "trace"))
    rotate(settings)
    moved = seal_text("a leak", "trace")
    assert Trace.objects.filter(pk=made.pk).update(text_sealed=moved) == 1
    with refused():
        Trace.objects.filter(pk=made.pk).update(text_sealed="other words")
