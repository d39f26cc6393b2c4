"""Property tests of the requirements: whatever the facts, each appears once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from events.core.reasons import REASONS
from tests.effort import examples
from tests.verification.rules.requirement_facts import (
    ASSOCIATION,
    COLLECTIVE,
    COMPANY,
    DUE,
    INSTITUTION,
    NOW,
    OTHER,
    PAST,
    SATISFIED,
)
from verification.models import DocumentKind, ProofKind
from verification.rules.facts import Facts, Paper, Proof, Report, RequirementState, Strength, Why
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import CURRENT, Unlocks
from verification.rules.requirements import due_requirements, next_of
from verification.rules.states import State

TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
MAYBE = st.none() | TIMES
CODES = st.sampled_from(sorted(REASONS)) | st.text(max_size=12)
FIELDS = st.sampled_from(["", "name", "uscc", "qr", "email", *DocumentKind.values])
CHECKS = st.sampled_from(
    [
        "scan",
        "reading",
        "registry",
        "duplicates",
        "exclusion",
        "forgery",
        "agency_licence",
        "authority",
    ]
)
FINDINGS = st.builds(
    Finding, CHECKS, st.sampled_from(sorted(REASONS)), st.sampled_from(Severity), FIELDS
)
ANY = st.builds(
    Facts,
    account_class=st.sampled_from(["direct_employer", "commercial_agency", "public_service", "?"]),
    uscc=st.sampled_from([COMPANY, INSTITUTION, ASSOCIATION, COLLECTIVE, OTHER, "", "9"])
    | st.text(max_size=20),
    name=st.text(max_size=6),
    state=st.sampled_from(State),
    email_verified=st.booleans(),
    email_may_prove=st.booleans(),
    papers=st.lists(
        st.builds(
            Paper,
            st.sampled_from(DocumentKind.values),
            TIMES,
            st.lists(CODES, max_size=2).map(tuple),
        ),
        max_size=5,
    ).map(tuple),
    proofs=st.lists(
        st.builds(
            Proof,
            st.sampled_from(ProofKind.values),
            st.sampled_from(["pending", "proven", "failed", "lapsed"]),
            st.sampled_from(Strength),
            TIMES,
            TIMES,
            MAYBE,
        ),
        max_size=4,
    ).map(tuple),
    clients_until=st.lists(st.none() | st.dates(), max_size=3).map(tuple),
    reports=st.lists(
        st.builds(Report, CHECKS, TIMES, st.lists(FINDINGS, max_size=3).map(tuple)), max_size=8
    ).map(tuple),
    reasons=st.lists(st.builds(Why, CODES, FIELDS), max_size=4).map(tuple),
    decided_at=MAYBE,
    declared_at=MAYBE,
    expires_at=MAYBE,
    conditional=st.booleans(),
    renew_by=MAYBE,
    waiting_for=st.sampled_from(["", "registry_pending", "check_delayed"]),
    heard=st.booleans(),
    verbs=st.frozensets(st.sampled_from(["submit", "appeal", "ask_person", "withdraw"])),
)


@settings(max_examples=examples(400))
@given(ANY)
def test_whatever_the_facts_each_thing_is_asked_once_and_stands_somewhere(facts: Facts) -> None:
    requirements = due_requirements(facts, CURRENT, NOW)
    codes = [requirement.code for requirement in requirements]
    assert len(codes) == len(set(codes)) and {
        "mail_address",
        "company_facts",
        "authority",
        "submission",
    } <= set(codes)
    for requirement in requirements:
        assert requirement.state in RequirementState and requirement.unlocks in Unlocks
        assert requirement.reasons or not requirement.open, (
            "an employer that has to act is told why"
        )
        assert (
            requirement.state is not DUE
            or requirement.deadline is None
            or requirement.deadline > NOW
        )
        assert requirement.state is not SATISFIED or not requirement.reasons
    following = next_of(requirements)
    assert (following is None) == (not any(requirement.open for requirement in requirements))
    assert next_of(due_requirements(facts, CURRENT, NOW)) == following


@settings(max_examples=examples(200))
@given(ANY, st.timedeltas(timedelta(seconds=1), timedelta(days=180)))
def test_of_an_approved_employer_nothing_is_asked_but_deadlines(
    facts: Facts, left: timedelta
) -> None:
    facts = replace(facts, state=State.APPROVED, expires_at=NOW + left, email_verified=True)
    for requirement in due_requirements(facts, CURRENT, NOW):
        assert requirement.state is SATISFIED or requirement.deadline == facts.expires_at
        assert requirement.state is not PAST


@settings(max_examples=examples(200))
@given(ANY, st.sampled_from(State))
def test_nobody_is_left_without_a_way_on(facts: Facts, state: State) -> None:
    """An employer that has to act can submit, correct, start again, or appeal."""
    verbs = {state: {"submit"} for state in (State.DRAFT, State.CHANGES_REQUESTED)} | {
        state: {"appeal"} for state in (State.SUSPENDED, State.REVOKED)
    }
    requirements = due_requirements(
        replace(facts, state=state, verbs=frozenset(verbs.get(state, set()))), CURRENT, NOW
    )
    following = next_of(requirements)
    if following is not None:
        waits = state in (State.SUBMITTED, State.CHECKING, State.IN_REVIEW)
        assert following.ways or waits
