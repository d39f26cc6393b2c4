"""Tests that a later register entry suspends rights once, and never overrules a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from events.core.actor import SYSTEM
from tests.factories import make_case, make_member, make_reviewer
from verification import tasks
from verification.cases import operations
from verification.checks.registry import Registry
from verification.models import Attempt, Case, CheckRun, Decision, RegistryRecord
from verification.monitoring import register_watch
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr(tasks.timezone, "now", lambda: now)
    return make_case(make_member(now), now, State.APPROVED)


def told(case: Case, now: datetime, **said: Any) -> None:
    RegistryRecord.objects.create(
        uscc=case.declared_uscc, name="x", as_of=now.date(), **({"status": "active"} | said)
    )


def state(case: Case) -> str:
    return str(Case.objects.get(pk=case.pk).state)


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"status": "licence_revoked"}, ["registry_revoked"]),
        ({"serious_violation_list": True}, ["registry_serious_violation_list"]),
        (
            {"status": "deregistered", "serious_violation_list": True},
            ["registry_deregistered", "registry_serious_violation_list"],
        ),
        ({}, []),
        ({"abnormal_list": True}, []),
    ],
)
def test_a_register_imported_later_stops_rights(
    said: dict[str, Any], codes: list[str], case: Case, now: datetime
) -> None:
    told(case, now, **said)
    for _ in range(2):
        tasks.watch_register()
    assert state(case) == (State.SUSPENDED if codes else State.APPROVED)
    assert [
        [reason["code"] for reason in decision.reasons] for decision in Decision.objects.all()
    ] == ([codes] if codes else [])


def test_who_lifted_the_suspension_is_not_overruled(case: Case, now: datetime) -> None:
    told(case, now, serious_violation_list=True)
    tasks.watch_register()
    operations.reinstate_case(case.pk, make_reviewer(now), now)
    tasks.watch_register()
    assert state(case) == State.APPROVED
    RegistryRecord.objects.update(status="deregistered")
    tasks.watch_register()
    assert state(case) == State.SUSPENDED, "that is news"


def test_who_approved_all_the_same_is_not_overruled(case: Case, now: datetime) -> None:
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, finished_at=now
    )
    found = Finding(
        Registry.code, "registry_serious_violation_list", Severity.CONCERN, "status"
    ).as_json()
    CheckRun.objects.create(
        attempt=attempt,
        code=Registry.code,
        version="2",
        findings=[found],
        started_at=now,
        finished_at=now,
    )
    told(case, now, serious_violation_list=True)
    tasks.watch_register()
    assert state(case) == State.APPROVED


def test_what_moved_in_the_same_moment_stops_nobody_else(
    case: Case, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_case(make_member(now), now, State.APPROVED)
    for each in (case, other):
        told(each, now, status="licence_revoked")
    seen = list(register_watch.unreviewed_entries(now))
    operations.suspend_case(seen[0][0], SYSTEM, now, ["registry_revoked"])
    monkeypatch.setattr(register_watch, "unreviewed_entries", lambda now: iter(seen))
    tasks.watch_register()
    assert Decision.objects.count() == 2 and {state(case), state(other)} == {State.SUSPENDED}
