"""Tests of the migrations that add the reviewers' queue: existing cases keep their data and are
placed by the time they have waited.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.databases import database_at, migrate_to
from tests.factories import make_uscc
from verification.cases import queue_placement
from verification.models import Case
from verification.rules.states import EVER_APPROVED, State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
BEFORE = [("verification", "0009_registry_domain")]
COLUMNS = [("verification", "0010_reviewing")]
PLACED = [("verification", "0011_review_queue")]
QUEUE = import_module("verification.migrations.0011_review_queue")


@pytest.fixture
def before() -> Iterator[Any]:
    """The models and the database before the migrations."""
    with database_at(BEFORE) as apps:
        yield apps


@pytest.fixture
def with_columns() -> Iterator[Any]:
    """The models and the database between the migrations."""
    with database_at(COLUMNS) as apps:
        yield apps


def rows(apps: Any, state: str, count: int = 1) -> list[Any]:
    """Cases in `state`, as stored before the migration."""
    Employer, Old = apps.get_model("employers", "Employer"), apps.get_model("verification", "Case")
    made = []
    for number in range(count):
        employer = Employer.objects.create(
            name="云溪市示例科技有限公司", uscc=make_uscc(), registered_at=NOW
        )
        dates = (
            {"approved_at": NOW, "expires_at": NOW + timedelta(days=180)}
            if state in EVER_APPROVED
            else {}
        )
        submitted_at = None if state == "draft" else NOW - timedelta(hours=number)
        declared = {
            "declared_name": employer.name,
            "declared_uscc": employer.uscc,
            "account_class": "direct_employer",
        }
        made.append(
            Old(
                employer=employer,
                state=state,
                opened_at=NOW,
                submitted_at=submitted_at,
                **declared,
                **dates,
            )
        )
    return list(Old.objects.bulk_create(made))


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, Case._meta.db_table))


@pytest.mark.slow
def test_rows_in_every_state(before: Any) -> None:
    old = {state: rows(before, state)[0] for state in State}
    placed = migrate_to(PLACED)
    for state, was in old.items():
        case = placed.get_model("verification", "Case").objects.get(pk=was.pk)
        assert (case.state, case.declared_uscc, case.submitted_at) == (
            state,
            was.declared_uscc,
            was.submitted_at,
        )
        assert case.review_since == (was.submitted_at if state == State.IN_REVIEW else None)
        assert (case.harm, case.urgency, case.review_stage, case.second_review) == (
            1,
            0.0,
            "first",
            "",
        )
    assert {
        "case_queue",
        "case_queue_province",
        "case_queue_class",
        "case_uscc",
        "case_name_key",
    } <= indexes()
    assert "case_review_queue" not in indexes()


@pytest.mark.slow
def test_many_rows_in_parts_and_again(with_columns: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows(with_columns, State.IN_REVIEW, 25)
    monkeypatch.setattr(QUEUE, "AT_ONCE", 10)
    placed = migrate_to(PLACED)
    waiting = placed.get_model("verification", "Case").objects.filter(state=State.IN_REVIEW)
    assert waiting.count() == 25 and all(case.review_since == case.submitted_at for case in waiting)


def test_broken_off_and_run_again(with_columns: Any) -> None:
    """On PostgreSQL an interrupted migration leaves an index behind under its name; on any database
    the rows already filled stay filled.
    """
    rows(with_columns, State.IN_REVIEW)
    with connection.schema_editor() as editor:
        QUEUE.fill(with_columns, editor)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX case_uscc ON verification_case (declared_name)")
    placed = migrate_to(PLACED)
    case = placed.get_model("verification", "Case").objects.get()
    assert "case_uscc" in indexes() and case.review_since is not None


@pytest.mark.slow
def test_who_appeals_against_a_suspension_waits_since_then(with_columns: Any) -> None:
    heard, answered = rows(with_columns, State.SUSPENDED, 2)
    user = with_columns.get_model("employers", "User").objects.create(email="a@example.com")
    for case, answered_at in ((heard, None), (answered, NOW)):
        words = {"verb": "appeal", "text": "x", "by": user, "at": NOW - timedelta(hours=2)}
        with_columns.get_model("verification", "Appeal").objects.create(
            case=case, answered_at=answered_at, **words
        )
    (waiting,) = rows(with_columns, State.IN_REVIEW)
    call_command("migrate", verbosity=0)
    assert set(Case.objects.awaiting_review().values_list("pk", "review_since")) == {
        (heard.pk, NOW - timedelta(hours=2)),
        (waiting.pk, NOW),
    }
    assert queue_placement.place_due(NOW) == 2
    assert Case.objects.get(pk=heard.pk).harm == 3
    assert Case.objects.get(pk=waiting.pk).review_due is not None
