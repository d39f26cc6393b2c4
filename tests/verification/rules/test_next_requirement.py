"""Tests of the employer's next requirement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.verification.rules.requirement_facts import (
    AGENCY,
    DRAFT,
    GIVEN,
    LICENCE,
    NOW,
    PASSED,
    SENT_BACK,
    next_code,
    of,
    proof,
)
from verification.rules.facts import Facts, Paper
from verification.rules.states import State


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(DRAFT, email_verified=False), "mail_address"),
        (DRAFT, "business_licence"),
        (GIVEN, "authority"),
        (replace(GIVEN, proofs=(proof("bank_deposit", "pending"),)), "submission"),
        (replace(GIVEN, email_may_prove=True), "submission"),
        (AGENCY, "agency_licence"),
        (replace(GIVEN, state=State.CHECKING), "authority"),
        (replace(GIVEN, state=State.CHECKING, reports=PASSED), ""),
        (SENT_BACK, "authority"),
        (replace(SENT_BACK, papers=(LICENCE, Paper("authorization_letter", NOW))), "submission"),
        (replace(SENT_BACK, state=State.REJECTED), "submission"),
        (replace(GIVEN, state=State.WITHDRAWN), "submission"),
        (replace(GIVEN, state=State.EXPIRED), "reverification"),
        (replace(GIVEN, state=State.APPROVED, expires_at=NOW + timedelta(days=90)), ""),
        (
            replace(GIVEN, state=State.APPROVED, expires_at=NOW + timedelta(days=9)),
            "reverification",
        ),
        # Documents cannot be uploaded during review, but authority can be proven at any time.
        (replace(AGENCY, state=State.IN_REVIEW), "authority"),
    ],
)
def test_the_one_next_thing(facts: Facts, code: str) -> None:
    assert next_code(facts) == code


@pytest.mark.parametrize(
    ("state", "verbs", "ways"),
    [
        (State.DRAFT, {"submit", "withdraw"}, ["submit"]),
        (State.REJECTED, {"appeal"}, ["appeal", "start"]),
        (State.REJECTED, set(), ["start"]),
        (State.CHANGES_REQUESTED, {"submit", "ask_person"}, ["submit", "ask_person"]),
        (State.WITHDRAWN, set(), ["start"]),
        (State.CHECKING, set(), []),
    ],
)
def test_no_dead_end(state: State, verbs: set[str], ways: list[str]) -> None:
    facts = replace(GIVEN, state=state, verbs=frozenset(verbs))
    assert [way.code for way in of(facts, "submission").ways] == ways


def test_what_takes_no_letters_offers_none() -> None:
    for state, offered in ((State.CHECKING, True), (State.IN_REVIEW, False), (State.DRAFT, True)):
        assert (
            "authorization_letter"
            in [way.code for way in of(replace(GIVEN, state=state), "authority").ways]
        ) is offered
