"""Tests of who acts next in a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.verification.rules.requirement_facts import (
    DRAFT,
    DUE,
    GIVEN,
    NOW,
    PASSED,
    PENDING,
    proof,
    stands,
)
from verification.rules.facts import Facts, Proof, Report, Strength
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import CURRENT
from verification.rules.requirements import due_requirements
from verification.rules.states import IN_PROGRESS, State
from verification.rules.turn import Turn, turn_of

APPROVED = replace(GIVEN, state=State.APPROVED, reports=PASSED, expires_at=NOW + timedelta(days=90))


def deposit(stage: str = "", **changed: Any) -> Proof:
    return proof("bank_deposit", "pending", stage=stage, **changed)


def turn(facts: Facts) -> Turn:
    return turn_of(facts, due_requirements(facts, CURRENT, NOW), NOW)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.DRAFT, Turn.EMPLOYER),
        (State.CHANGES_REQUESTED, Turn.EMPLOYER),
        (State.SUBMITTED, Turn.ZIZHI),
        (State.CHECKING, Turn.ZIZHI),
        (State.IN_REVIEW, Turn.ZIZHI),
        (State.REJECTED, Turn.NOBODY),
        (State.WITHDRAWN, Turn.NOBODY),
        (State.REVOKED, Turn.NOBODY),
        (State.SUSPENDED, Turn.EMPLOYER),
        (State.EXPIRED, Turn.EMPLOYER),
    ],
)
def test_by_state(state: State, expected: Turn) -> None:
    assert turn(replace(GIVEN, state=state)) is expected


@pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED])
def test_an_appeal_is_answered_by_us(state: State) -> None:
    assert turn(replace(GIVEN, state=state, heard=True)) is Turn.ZIZHI


def test_an_approval_in_good_order_is_nobodys() -> None:
    assert turn(APPROVED) is Turn.NOBODY
    assert turn(replace(APPROVED, expires_at=NOW + timedelta(days=9))) is Turn.EMPLOYER
    assert turn(replace(APPROVED, expires_at=NOW)) is Turn.EMPLOYER
    assert turn(replace(APPROVED, conditional=True)) is Turn.ZIZHI


@pytest.mark.parametrize(
    ("waiting_for", "proofs", "expected"),
    [
        ("", (deposit("sent"),), Turn.ZIZHI),
        ("registry_pending", (deposit("sent"),), Turn.ZIZHI),
        ("check_delayed", (), Turn.ZIZHI),
        ("authority_missing", (), Turn.EMPLOYER),
        ("authority_pending", (deposit(),), Turn.BANK),
        ("authority_pending", (deposit("accepted"),), Turn.BANK),
        ("authority_pending", (deposit("sent"),), Turn.EMPLOYER),
        ("authority_pending", (deposit("arrived"),), Turn.EMPLOYER),
        ("authority_pending", (deposit("arrived", code_given=True),), Turn.BANK),
        ("authority_pending", (proof("company_email", "pending"),), Turn.EMPLOYER),
        ("authority_pending", (proof("e_licence", "pending"),), Turn.EMPLOYER),
        ("authority_pending", (proof("vouch", "pending"),), Turn.EMPLOYER),
        ("authority_pending", (deposit(), proof("vouch", "pending")), Turn.EMPLOYER),
        ("authority_pending", (deposit(), proof("e_licence")), Turn.ZIZHI),
        ("authority_pending", (deposit("sent", expires_at=NOW),), Turn.EMPLOYER),
        ("authority_missing", (deposit(strength=Strength.WEAK),), Turn.EMPLOYER),
    ],
)
@pytest.mark.parametrize("state", sorted(IN_PROGRESS))
def test_while_the_checks_wait(
    state: State, waiting_for: str, proofs: tuple[Proof, ...], expected: Turn
) -> None:
    assert turn(replace(GIVEN, state=state, waiting_for=waiting_for, proofs=proofs)) is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [(State.CHECKING, DUE), (State.SUBMITTED, DUE), (State.IN_REVIEW, PENDING)],
)
def test_checks_that_wait_for_more_than_a_letter_ask_for_it(state: State, expected: Any) -> None:
    """For example, because the register does not list the company yet."""
    letter = replace(GIVEN.papers[0], kind="authorization_letter")
    lacks = Finding("authority", "authority_missing", Severity.WAIT, "authority")
    facts = replace(
        GIVEN,
        state=state,
        papers=(*GIVEN.papers, letter),
        reports=(Report("authority", NOW, (lacks,)),),
        waiting_for="authority_missing",
    )
    assert stands(facts)["authority"] is expected
    assert (turn(facts) is Turn.EMPLOYER) is (expected is DUE)


@pytest.mark.parametrize(
    ("begun", "state"),
    [
        (proof("company_email", "pending"), DUE),
        (proof("e_licence", "pending"), DUE),
        (deposit("sent"), DUE),
        (deposit("accepted"), PENDING),
        (deposit("arrived", code_given=True), PENDING),
        (proof("vouch", "pending"), PENDING),
    ],
)
def test_a_proof_that_was_only_begun_is_not_done(begun: Proof, state: Any) -> None:
    facts = replace(DRAFT, proofs=(begun,))
    assert stands(facts)["authority"] is state
    (authority,) = [r for r in due_requirements(facts, CURRENT, NOW) if r.code == "authority"]
    assert authority.only_begun
    assert {why.code for why in authority.reasons} <= {"authority_pending"}


def test_a_letter_beside_it_is_what_the_employer_could_do() -> None:
    facts = replace(
        GIVEN,
        papers=(*GIVEN.papers, replace(GIVEN.papers[0], kind="authorization_letter")),
        proofs=(deposit(),),
    )
    (authority,) = [r for r in due_requirements(facts, CURRENT, NOW) if r.code == "authority"]
    assert not authority.only_begun
