"""Tests of replaying stored observations under another policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.core.actor import SYSTEM
from events.models import record
from tests.databases import unguarded
from tests.factories import make_case, make_document, make_member
from tests.stories.conftest import licence, recruiter_of, register_company, upload_licence
from tests.verification.decision.test_pipeline import Recorded, all_checks
from verification.cases import operations
from verification.checks import CHECKS
from verification.checks.base import Check
from verification.decision import pipeline, replay
from verification.models import Attempt, Case, CheckRun, Decision, ShadowVerdict
from verification.rules import policy
from verification.rules.findings import Outcome, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db

ALL = len(all_checks())
RULES = replace(policy.CURRENT, required_checks=frozenset(check.code for check in all_checks()))
IMPATIENT = replace(RULES, version="test", retry_after=())


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "CURRENT", RULES)


@pytest.fixture
def decided(now: datetime) -> Callable[..., Attempt]:
    """Return an attempt that was run with the given checks."""

    def run(checks: tuple[Check, ...], shadow: policy.Rules | None = None) -> Attempt:
        member = make_member(now)
        case = make_case(member, now)
        make_document(case, now)
        attempt = operations.submit_case(case.pk, member.user, member.as_actor(), now)
        assert pipeline.run_checks(attempt.pk, lambda: now, 60, checks, shadow)
        attempt.refresh_from_db()
        return attempt

    return run


def test_the_same_policy_changes_nothing(decided: Callable[..., Attempt]) -> None:
    checks = all_checks()
    decided(checks)
    decided(all_checks(reading=Recorded("reading", Severity.UNABLE, "document_unreadable")))
    told = [*replay.replay_attempts(RULES, checks=checks)]
    assert [(t.live, t.would) for t in told] == [
        (Outcome.APPROVE, Outcome.APPROVE),
        (Outcome.REVIEW, Outcome.APPROVE),
    ], "the second was judged again by a check that finds nothing"
    assert all(t.judged == {"again": ALL} for t in told)


def test_a_policy_that_waits_for_nobody(decided: Callable[..., Attempt]) -> None:
    checks = all_checks(
        registry=Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)
    )
    attempt = decided(checks)
    (told,) = replay.replay_attempts(IMPATIENT, checks=checks)
    assert (told.live, told.would, told.reasons) == (
        Outcome.WAIT,
        Outcome.REVIEW,
        ("registry_pending",),
    )
    assert told.case_id == str(attempt.case_id)


def test_nobody_is_asked_and_nothing_is_written(decided: Callable[..., Attempt]) -> None:
    decided(all_checks())
    asked = all_checks()
    with CaptureQueriesContext(connection) as queries:
        [*replay.replay_attempts(IMPATIENT, checks=asked)]
    assert not any(check.observed for check in asked)  # type: ignore[attr-defined]
    told = [query["sql"] for query in queries.captured_queries]
    assert not [
        sql for sql in told if not sql.startswith("SELECT") and " CURSOR FOR SELECT " not in sql
    ]  # PostgreSQL reads by cursor


@pytest.mark.slow
def test_the_real_checks_are_judged_without_looking_or_asking(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stored reading, record and picture data suffice; pictures and providers are gone."""
    company = register_company(471)
    member = recruiter_of(company, now)
    case, _ = upload_licence(member, now, licence(471, company))
    attempt = operations.submit_case(case.pk, member.user, member.as_actor(), now)
    assert pipeline.run_checks(attempt.pk, lambda: now, 60)
    attempt.refresh_from_db()

    def gone(*_: object, **__: object) -> None:
        pytest.fail("a replay looked or asked")

    for check in CHECKS:
        monkeypatch.setattr(type(check), "observe", gone)
    for what in (
        "verification.checks.registry.chosen_registries",
        "verification.checks.reading.chosen_cloud",
    ):
        monkeypatch.setattr(what, gone)
    (told,) = replay.replay_attempts(policy.CURRENT)
    assert told.live is told.would is Outcome.APPROVE and told.judged == {"again": len(CHECKS)}


def test_what_cannot_be_judged_again_counts_as_it_was_found(
    decided: Callable[..., Attempt],
) -> None:
    decided(
        all_checks(
            reading=Recorded("reading", Severity.UNABLE, "document_unreadable"),
            scan=Recorded("scan"),
        )
    )
    with unguarded(CheckRun):
        CheckRun.objects.filter(code="reading").update(version="0")
        CheckRun.objects.filter(code="scan").update(code="retired")
        CheckRun.objects.filter(code="registry").update(observation={"broken": "ValueError"})
    (told,) = replay.replay_attempts(
        replace(RULES, required_checks=frozenset()), checks=all_checks()
    )
    assert told.would is Outcome.REVIEW and told.reasons == ("document_unreadable",)
    assert told.judged == {"older_version": 1, "unknown_check": 1, "broken": 1, "again": ALL - 3}


def test_a_judge_that_fails_on_an_old_observation(
    decided: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(all_checks())
    checks = all_checks()
    monkeypatch.setattr(checks[1], "judge", lambda *_: 1 / 0)
    (told,) = replay.replay_attempts(RULES, checks=checks)
    assert told.would is Outcome.APPROVE and told.judged == {"again": ALL - 1, "broken": 1}


def test_facts_that_were_changed_since(decided: Callable[..., Attempt], now: datetime) -> None:
    attempt = decided(all_checks())
    case = attempt.case
    Case.objects.filter(pk=case.pk).update(attempt_number=2)  # as after a correction
    assert [t.judged for t in replay.replay_attempts(RULES, checks=all_checks())] == [
        {"again": ALL}
    ]
    record("declare", case, SYSTEM, now + timedelta(days=1))
    assert [t.judged for t in replay.replay_attempts(RULES, checks=all_checks())] == [
        {"facts_changed": ALL}
    ]


def test_the_documents_of_then(decided: Callable[..., Attempt], now: datetime) -> None:
    attempt = decided(all_checks())
    (then,) = attempt.case.documents.all()
    attempt.case.documents.update(superseded_at=now + timedelta(hours=1))
    make_document(attempt.case, now + timedelta(hours=2))
    assert [d.id for d in replay.subject_then(attempt, now).documents] == [str(then.pk)]


def test_what_the_database_held_no_policy_lets_through(decided: Callable[..., Attempt]) -> None:
    """Another employer with the same code was approved at the same moment; no finding says so."""
    attempt = decided(all_checks())
    Attempt.objects.filter(pk=attempt.pk).update(outcome="review")
    reasons = [{"code": "duplicate_same_uscc_active"}]
    made = Decision.objects.filter(case=attempt.case_id)
    with unguarded(Decision):
        made.update(verb="hold_for_review", reasons=reasons)
    (told,) = replay.replay_attempts(RULES, checks=all_checks())
    assert not told.changed


def test_only_since_a_day_and_only_what_was_decided(
    decided: Callable[..., Attempt], now: datetime
) -> None:
    decided(all_checks())
    member = make_member(now)
    case = make_case(member, now)
    make_document(case, now)
    operations.submit_case(case.pk, member.user, member.as_actor(), now)  # no check has run yet
    assert len([*replay.replay_attempts(RULES, now - timedelta(days=1), all_checks())]) == 1
    assert not [*replay.replay_attempts(RULES, now + timedelta(days=1), all_checks())]


def test_a_round_is_replayed_whole(decided: Callable[..., Attempt], now: datetime) -> None:
    """After a wait, the rows of lasting checks belong to an earlier round and still count."""
    waiting = all_checks(
        registry=Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)
    )
    attempt = decided(waiting)
    assert pipeline.run_checks(
        attempt.pk,
        lambda: attempt.due_at,
        60,
        all_checks(registry=Recorded("registry", lasting=False)),
    )
    (told,) = replay.replay_attempts(
        RULES, checks=all_checks(registry=Recorded("registry", lasting=False))
    )
    assert (told.live, told.would) == (Outcome.APPROVE, Outcome.APPROVE) and told.judged == {
        "again": ALL
    }


# --- Shadow verdicts ------------------------------------------------------------------------------


def test_a_shadow_decides_nothing(decided: Callable[..., Attempt]) -> None:
    pending = all_checks(
        registry=Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)
    )
    attempt = decided(pending, IMPATIENT)
    beside = ShadowVerdict.objects.get()
    assert (beside.live_outcome, beside.outcome, beside.reasons) == (
        "wait",
        "review",
        ["registry_pending"],
    )
    assert (beside.attempt, beside.round, beside.policy_version) == (attempt, 0, "test")
    assert Case.objects.get().state == State.CHECKING and not Decision.objects.exists()


def test_a_shadow_of_every_round(decided: Callable[..., Attempt]) -> None:
    pending = all_checks(
        registry=Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)
    )
    attempt = decided(pending, IMPATIENT)
    assert pipeline.run_checks(
        attempt.pk,
        lambda: attempt.due_at,
        60,
        all_checks(registry=Recorded("registry", lasting=False)),
        IMPATIENT,
    )
    assert [*ShadowVerdict.objects.order_by("round").values_list("round", "outcome")] == [
        (0, "review"),
        (1, "approve"),
    ]


def test_a_lost_lease_leaves_no_shadow(decided: Callable[..., Attempt], now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now)
    make_document(case, now)
    attempt = operations.submit_case(case.pk, member.user, member.as_actor(), now)

    def taken_over() -> None:
        Attempt.objects.filter(pk=attempt.pk).update(lease=None)

    assert not pipeline.run_checks(
        attempt.pk,
        lambda: now,
        60,
        all_checks(authority=Recorded("authority", on_observe=taken_over)),
        IMPATIENT,
    )
    assert not ShadowVerdict.objects.exists()


def test_a_shadow_that_cannot_be_kept_costs_nothing(
    decided: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = decided(
        all_checks(), replace(IMPATIENT, version="x" * 41)
    )  # longer than PostgreSQL's column
    assert attempt.outcome == Outcome.APPROVE
    assert ShadowVerdict.objects.count() == (0 if connection.vendor == "postgresql" else 1)


# --- The command ----------------------------------------------------------------------------------


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("replay", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_what_would_change(
    decided: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = decided(
        all_checks(registry=Recorded("registry", Severity.WAIT, "registry_pending", lasting=False))
    )
    with unguarded(CheckRun):
        CheckRun.objects.update(version="0")  # so that their stored findings count
    monkeypatch.setitem(policy.POLICIES, "test", IMPATIENT)
    text = said("--policy", "test")
    assert (
        f"wait → review   {attempt.case_id} #1  registry_pending" in text
        and "1 of 1 would change" in text
    )
    assert f"{ALL}  checks by their stored findings" in text
    change, summary = map(json.loads, said("--policy", "test", "--json").splitlines())
    assert change == {
        "case": str(attempt.case_id),
        "attempt": 1,
        "from": "wait",
        "to": "review",
        "reasons": ["registry_pending"],
    }
    assert summary == {
        "policy": "test",
        "attempts": 1,
        "changed": 1,
        "judged": {"older_version": ALL},
        "moves": {"wait → review": 1},
    }
    assert "0 of 0 would change" in said("--policy", "test", "--since", "2026-12-01")


def test_it_sums_up_the_shadow(decided: Callable[..., Attempt]) -> None:
    decided(all_checks(), IMPATIENT)
    attempt = decided(
        all_checks(registry=Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)),
        IMPATIENT,
    )
    text = said("--shadow")
    assert f"{attempt.case_id} #1" in text and "1 of 2 would change" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--policy", "2020-01.1"],
        ["--policy", policy.CURRENT.version, "--since", "yesterday"],
        ["--shadow", "--since", "2026-13-01"],
    ],
)
def test_it_names_what_it_does_not_know(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"known|expected"):
        said(*arguments)


def test_memory_stays_flat(
    decided: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts are read in chunks, and each chunk costs the same few queries."""
    for _ in range(4):
        decided(all_checks())
    monkeypatch.setattr(replay, "ATTEMPTS_AT_ONCE", 2)
    stream = replay.replay_attempts(RULES, checks=all_checks())
    with CaptureQueriesContext(connection) as first:
        next(stream)
    assert len(first) < 12
    assert len([*stream]) == 3
