"""Tests of the policy: tables and properties, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from events.core.reasons import REASONS
from verification.rules.facts import Strength
from verification.rules.findings import Finding, Outcome, Severity
from verification.rules.policy import CURRENT, POLICIES, decide_case

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ALL = CURRENT.required_checks

proofs = st.builds(
    Finding,
    st.just("authority"),
    st.just("authority_proven"),
    st.just(Severity.PASS),
    expected=st.sampled_from(Strength),
)
findings = (
    st.builds(
        Finding,
        st.sampled_from(sorted(ALL)),
        st.sampled_from(sorted(REASONS)),
        st.sampled_from(Severity),
    )
    | proofs
)
PENDING = Finding("registry", "registry_pending", Severity.WAIT)
STRONG = Finding(
    "authority", "authority_proven", Severity.PASS, "authority", "bank_deposit", "strong"
)


def outcome(*found: Finding, reported: frozenset[str] = ALL, waits: int = 0) -> Outcome:
    return decide_case(found, reported, CURRENT, waits=waits, now=NOW).outcome


@pytest.mark.parametrize(
    ("severity", "code", "expected"),
    [
        (Severity.PASS, "uscc_agrees", Outcome.APPROVE),
        (Severity.NOTE, "re_encoded_only", Outcome.APPROVE),
        (Severity.WAIT, "registry_pending", Outcome.WAIT),
        (Severity.UNABLE, "document_unreadable", Outcome.REVIEW),
        (Severity.CONCERN, "name_mismatch", Outcome.REVIEW),
        (Severity.BLOCK, "registry_revoked", Outcome.REJECT),
        (Severity.BLOCK, "forgery_suspected", Outcome.REVIEW),
    ],
)
def test_one_finding(severity: Severity, code: str, expected: Outcome) -> None:
    assert outcome(Finding("registry", code, severity)) is expected


def test_a_check_that_did_not_report_means_review() -> None:
    for check in ALL:
        verdict = decide_case([], ALL - {check}, CURRENT, waits=0, now=NOW)
        assert verdict.outcome is Outcome.REVIEW and verdict.reasons == ("check_incomplete",)


def test_waiting_ends_with_a_person() -> None:
    pending = Finding("registry", "registry_pending", Severity.WAIT)
    for waits, delay in enumerate(CURRENT.retry_after):
        verdict = decide_case([pending], ALL, CURRENT, waits=waits, now=NOW)
        assert verdict.outcome is Outcome.WAIT and verdict.wait_until == NOW + delay
    assert outcome(pending, waits=len(CURRENT.retry_after)) is Outcome.REVIEW


@given(st.lists(findings), st.sets(st.sampled_from(sorted(ALL))))
def test_never_approved_over_a_doubt_or_a_missing_check(
    found: list[Finding], reported: set[str]
) -> None:
    verdict = decide_case(found, reported, CURRENT, waits=0, now=NOW)
    doubtful = any(f.severity >= Severity.WAIT for f in found) or reported != ALL
    assert (verdict.outcome is Outcome.APPROVE and not verdict.conditional) == (not doubtful)
    assert (verdict.outcome is Outcome.APPROVE and not verdict.conditional) == (
        verdict.reasons == ()
    )


@given(st.lists(findings | st.sampled_from([PENDING, STRONG])), st.integers(0, 20))
def test_on_condition_only_before_the_register_lists_it_and_on_strong_proof(
    found: list[Finding], waits: int
) -> None:
    verdict = decide_case(found, ALL, CURRENT, waits=waits, now=NOW)
    unlisted = {f.code for f in found if f.severity >= Severity.WAIT} == {"registry_pending"}
    only_waits = all(f.severity <= Severity.WAIT for f in found)
    strong = any(f.code == "authority_proven" and f.expected == Strength.STRONG for f in found)
    assert verdict.conditional == (unlisted and only_waits and strong)
    if verdict.conditional:
        assert verdict.outcome is Outcome.APPROVE and verdict.reasons == ("registry_pending",)


@pytest.mark.parametrize("strength", [Strength.MEDIUM, Strength.WEAK, ""])
def test_lesser_proof_waits_for_the_register(strength: str) -> None:
    lesser = Finding("authority", "authority_proven", Severity.PASS, "authority", "vouch", strength)
    assert outcome(PENDING, lesser) is Outcome.WAIT
    said_by_no_pass = Finding(
        "authority", "authority_pending", Severity.WAIT, "authority", "bank_deposit", "strong"
    )
    assert outcome(PENDING, said_by_no_pass) is Outcome.WAIT


def test_the_rules_before_knew_no_condition() -> None:
    assert (
        decide_case([PENDING, STRONG], ALL, POLICIES["2026-11.1"], waits=0, now=NOW).outcome
        is Outcome.WAIT
    )


@given(st.lists(findings))
def test_the_machine_refuses_only_what_the_list_names(found: list[Finding]) -> None:
    verdict = decide_case(found, ALL, CURRENT, waits=0, now=NOW)
    if verdict.outcome is Outcome.REJECT:
        assert set(verdict.reasons) <= CURRENT.automatic_rejections


@given(st.lists(findings), findings)
def test_another_finding_never_makes_it_milder(found: list[Finding], more: Finding) -> None:
    """Except for a strong proof, which allows a conditional approval of an unlisted company."""
    assume(more.expected != Strength.STRONG)
    order = [Outcome.APPROVE, Outcome.WAIT, Outcome.REVIEW, Outcome.REJECT]
    before, after = outcome(*found), outcome(*found, more)
    assert order.index(after) >= order.index(before)


@given(findings)
def test_findings_survive_storage(finding: Finding) -> None:
    assert Finding.from_json(finding.as_json()) == finding
