"""Tests of explaining decisions from stored data only, without personal data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from events.core.reasons import REASONS
from tests.databases import unguarded
from tests.factories import make_case, make_document, make_member, make_reviewer
from tests.verification.decision.test_pipeline import Recorded, all_checks
from verification.cases import operations
from verification.decision import explain, pipeline
from verification.models import Attempt, Case, CheckRun, Decision
from verification.reviewing import claims
from verification.rules import policy, reasoning, required_documents
from verification.rules.facts import Strength
from verification.rules.findings import Finding, Outcome, Severity

NOW = datetime(2026, 11, 24, tzinfo=UTC)

some_findings = st.lists(
    st.builds(
        Finding,
        st.sampled_from(sorted(policy.CURRENT.required_checks)),
        st.sampled_from(
            [
                *sorted(REASONS)[:6],
                policy.UNLISTED,
                policy.AUTHORITY_PROVEN,
                *policy.CURRENT.automatic_rejections,
            ]
        ).filter(lambda code: code in REASONS),
        st.sampled_from(Severity),
        expected=st.sampled_from(["", Strength.STRONG, Strength.MEDIUM]),
    )
    | st.just(
        Finding("authority", policy.AUTHORITY_PROVEN, Severity.PASS, expected=Strength.STRONG)
    )
    | st.just(Finding("registry", policy.UNLISTED, Severity.WAIT)),
    max_size=5,
)


@given(
    some_findings,
    st.sets(st.sampled_from(sorted(policy.CURRENT.required_checks))),
    st.booleans(),
    st.integers(0, 20),
)
@pytest.mark.parametrize("rules", policy.POLICIES.values(), ids=list(policy.POLICIES))
def test_the_rules_told_are_those_that_decide(
    rules: policy.Rules, findings: list[Finding], some: set[str], everything: bool, waits: int
) -> None:
    reported = rules.required_checks if everything else some
    verdict = policy.decide_case(findings, reported, rules, waits=waits, now=NOW)
    *before, last = reasoning.reasoning_steps(findings, reported, rules, waits=waits)
    assert last.applied and last.leads_to is verdict.outcome
    assert not any(step.applied for step in before)
    assert (
        verdict.outcome is Outcome.APPROVE
        or set(last.saw) & {*verdict.reasons}
        or "check_incomplete" in verdict.reasons
    )


def explained(case: Case, *arguments: str) -> str:
    out = StringIO()
    call_command("explain", str(case.pk), *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> policy.Rules:
    """A stored policy version, so that it can be explained."""
    rules = replace(
        policy.CURRENT,
        version="test",
        required_checks=frozenset(check.code for check in all_checks()),
    )
    monkeypatch.setattr(policy, "CURRENT", rules)
    monkeypatch.setitem(policy.POLICIES, "test", rules)
    return rules


@pytest.fixture
def attempt(now: datetime, rules: policy.Rules) -> Attempt:
    member = make_member(now, email="hanmeimei@company.example")
    case = make_case(member, now)
    make_document(case, now)
    return operations.submit_case(case.pk, member.user, member.as_actor(), now)


@pytest.mark.django_db
def test_a_hold_is_explained(attempt: Attempt, now: datetime) -> None:
    checks = all_checks(reading=Recorded("reading", Severity.CONCERN, "name_mismatch"))
    assert pipeline.run_checks(
        attempt.pk, lambda: now, 60, checks, replace(policy.CURRENT, version="next")
    )
    text = explained(attempt.case, "--language", "en")
    for told in (
        "Submission 1",
        "reading v1",
        f"✗ name_mismatch {REASONS['name_mismatch'].says.en}",
        "observed: code=reading",
        "Policy test, rule by rule",
        "1. Does the register give a reason for automatic rejection? no",
        ("2. Did a check raise a concern or fail to reach a result? yes → review  (name_mismatch)"),
        "The shadow policy next would have said: review (name_mismatch)",
        "Decided: hold_for_review",
        "checking → in_review  (system)  name_mismatch",
    ):
        assert told in text, told
    assert "3." not in text, "the decision needed no further rule"
    assert "hanmeimei" not in text and "h***@company.example" in text
    zh = explained(attempt.case, "--language", "zh")
    assert "第 1 次提交" in zh and REASONS["name_mismatch"].says.zh in zh


@pytest.mark.django_db
def test_each_round_is_explained(attempt: Attempt, now: datetime) -> None:
    pending = Recorded("registry", Severity.WAIT, "registry_pending", lasting=False)
    assert pipeline.run_checks(attempt.pk, lambda: now, 60, all_checks(registry=pending))
    waiting = explained(attempt.case, "--language", "en")
    assert "yes → wait  (registry_pending)" in waiting
    assert (
        "No verdict yet; waits for registry_pending"
        in waiting.partition("round 1")[2].splitlines()[1]
    )  # its check has not run
    later = now + timedelta(hours=2)
    assert pipeline.run_checks(
        attempt.pk, lambda: later, 60, all_checks(registry=Recorded("registry", lasting=False))
    )
    text = explained(attempt.case, "--language", "en")
    assert (
        "round 0" in text
        and "round 1" in text
        and "Nothing counts against it yes → approve" in text
    )
    assert text.index("yes → wait") < text.index("yes → approve") < text.index("Decided: approve")


@pytest.mark.django_db
def test_an_old_policy_is_not_made_up(
    attempt: Attempt, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pipeline.run_checks(attempt.pk, lambda: now, 60, all_checks())
    monkeypatch.delitem(policy.POLICIES, "test")
    assert "Policy test (its rules are no longer stored)" in explained(
        attempt.case, "--language", "en"
    )


@pytest.mark.django_db
def test_a_person_decided(attempt: Attempt, now: datetime) -> None:
    assert pipeline.run_checks(
        attempt.pk,
        lambda: now,
        60,
        all_checks(reading=Recorded("reading", Severity.UNABLE, "document_unreadable")),
    )
    reviewer = make_reviewer(now, "zhangsan@site.example")
    claims.claim_case(attempt.case_id, reviewer, now)
    operations.approve_case(attempt.case_id, reviewer, now)
    text = explained(attempt.case, "--language", "en")
    assert "Decided: approve" in text and "(a reviewer)" in text and "zhangsan" not in text


@pytest.mark.django_db
def test_names_are_masked_where_they_stand(attempt: Attempt, now: datetime) -> None:
    assert pipeline.run_checks(
        attempt.pk,
        lambda: now,
        60,
        all_checks(reading=Recorded("reading", Severity.CONCERN, "name_mismatch")),
    )
    said = Finding(
        "reading",
        "legal_representative_mismatch",
        Severity.CONCERN,
        "legal_representative",
        "欧阳望舒",
        "司徒见山",
    )
    observation = {
        "fields": {"legal_representative": "欧阳望舒", "address": "云溪市澜东区", "uscc": "X"},
        "lines": ["a", "b", "c", "d"],
    }
    with unguarded(CheckRun):
        CheckRun.objects.filter(code="reading").update(
            observation=observation, findings=[said.as_json()]
        )
    text = explained(attempt.case, "--language", "en")
    assert "欧***" in text and "司***" in text and "fields.uscc=X" in text and "lines: 4" in text
    assert "望舒" not in text and "见山" not in text and "澜东区" not in text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=6))
def test_any_observation_is_told_in_short(observation: dict[str, object]) -> None:
    assert all(len(line) < 400 for line in explain.in_short(observation))


@pytest.mark.django_db
@pytest.mark.parametrize("case", ["x", "123e4567-e89b-12d3-a456-426614174000"])
def test_it_names_what_it_does_not_know(case: str) -> None:
    with pytest.raises(CommandError, match=case):
        call_command("explain", case)


@pytest.mark.django_db
def test_by_which_requirements_it_was_taken_in_and_decided(
    attempt: Attempt, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The requirements may have changed before the decision."""
    monkeypatch.setattr(
        required_documents, "CURRENT", replace(required_documents.CURRENT, version="later")
    )
    pipeline.run_checks(attempt.pk, lambda: now, 60, all_checks())
    case = Case.objects.get(pk=attempt.case_id)
    submission, *_, decided = (
        line for line in explained(case, "--language", "en").splitlines() if "requirements" in line
    )
    assert submission.startswith("── Submission 1") and submission.endswith(
        "requirements 2026-11.1"
    )
    assert "Decided: approve" in decided and decided.endswith("requirements later")
    Attempt.objects.update(rules_version="")
    with unguarded(Decision):
        case.decisions.update(rules_version="")
    assert "requirements" not in explained(case, "--language", "en"), (
        "missing data is not mentioned"
    )
