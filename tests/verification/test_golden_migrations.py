"""Tests of the migrations for golden cases: existing rulings keep the reason for a second review,
and golden cases can be removed again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import make_uscc
from verification.models import Ruling

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
BEFORE = [("verification", "0011_review_queue"), ("employers", "0003_staff")]


def at(targets: list[Any]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def test_forward_and_backward() -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        apps = at(BEFORE)
        Employer, Case, User = (
            apps.get_model(*of)
            for of in (("employers", "Employer"), ("verification", "Case"), ("employers", "User"))
        )
        employer = Employer.objects.create(name="云溪", uscc=make_uscc(), registered_at=NOW)
        user = User.objects.create(email="someone@example.com")
        case = Case.objects.create(
            employer=employer,
            declared_name="云溪",
            declared_uscc=employer.uscc,
            account_class="direct_employer",
            opened_at=NOW,
            second_review="sample",
        )
        made = {
            "case": case,
            "attempt_number": 1,
            "case_version": 0,
            "verb": "approve",
            "by": user,
            "made_at": NOW,
            "due_at": NOW,
        }
        for stage in ("first", "bulk"):
            apps.get_model("verification", "Ruling").objects.create(
                stage=stage, finished_at=NOW, **made
            )
    finally:
        at(latest)
    assert dict(Ruling.objects.values_list("stage", "second_review")) == {
        "first": "sample",
        "bulk": "",
    }
