"""Tests of the migrations for golden cases: existing rulings keep the reason for a second review,
and golden cases can be removed again.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.databases import database_at, migrate_to
from tests.factories import make_uscc

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
BEFORE = [("verification", "0011_review_queue"), ("employers", "0003_staff")]
AFTER = [("verification", "0012_golden"), ("employers", "0004_made_for")]


@pytest.mark.slow
def test_forward_and_backward() -> None:
    with database_at(AFTER):
        apps = migrate_to(BEFORE)
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
        rulings = migrate_to(AFTER).get_model("verification", "Ruling").objects
        assert dict(rulings.values_list("stage", "second_review")) == {
            "first": "sample",
            "bulk": "",
        }
