"""Tests of golden cases of fictitious companies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from documents.licence.read import read_pages
from employers.models import Employer, User
from events.models import Mail
from tests.verification.quality.golden import ruled
from verification.cases import operations
from verification.models import Case, Document, GoldenCase, GoldenKind, GoldenTurn, RulingOutcome
from verification.quality import golden_assignment, golden_specimens
from verification.reviewing import reason_choices
from verification.rules.findings import Severity

pytestmark = pytest.mark.django_db


@pytest.mark.accuracy
@pytest.mark.timeout(300)
def test_a_deployment_makes_one_of_each_kind(now: datetime, reviewer: User) -> None:
    """They are read and checked like real ones; the right decision follows a finding."""
    call_command("make_golden", seed=41)
    kinds = {golden.kind: golden for golden in GoldenCase.objects.all()}
    assert set(kinds) == set(golden_specimens.KINDS)
    assert (
        not Case.objects.exists() and not Employer.objects.exists() and not Mail.objects.exists()
    ), "only the recipe stays"
    for golden in kinds.values():
        copy = golden_assignment.plant_golden_case(golden, reviewer, now)
        found = {
            finding.code
            for finding in operations.findings_of(copy.pk)
            if finding.severity > Severity.NOTE
        }
        assert set(golden.right_reasons) <= found, (golden.kind, found)
        assert set(golden.right_reasons) <= set(
            reason_choices.REASONS_FOR.get(golden.right_verb, ())
        ), "each can be ticked"
        ruling = ruled(copy, reviewer, now, golden.right_verb, tuple(golden.right_reasons))
        assert ruling.outcome in (RulingOutcome.CARRIED_OUT, RulingOutcome.FILED)
    assert set(GoldenTurn.objects.values_list("right", flat=True)) == {True}


@pytest.mark.slow
def test_what_the_machine_decides_by_itself_is_made_of_nothing(
    now: datetime, monkeypatch: Any
) -> None:
    from verification.quality import golden_specimens as made

    company = made.Company.fictitious(7, "company")
    revoked = made._Applicant(
        company, made._papers(7, company), ("reject", ()), register=(("status", "吊销"),)
    )
    monkeypatch.setitem(made.KINDS, "register", lambda seed: revoked)
    with pytest.raises(made.NotForReviewers):
        made.make_golden_case("register", 7, now)
    assert not GoldenCase.objects.exists() and not Document.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_others_can_write_while_a_golden_case_is_read(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite only one transaction can write at a time, so the licence is read before it, and
    only once.
    """
    locked: list[bool] = []

    def read(*args: Any, **options: Any) -> Any:
        locked.append(connection.in_atomic_block)
        return read_pages(*args, **options)

    monkeypatch.setattr(golden_specimens, "read_pages", read)
    monkeypatch.setattr("verification.checks.reading.read_pages", read)
    golden = golden_specimens.make_golden_case(GoldenKind.NAME, 41, now)
    assert golden.right_reasons == ["name_mismatch"]
    assert locked == [False]
