"""Who acts next in a case. Page, mails and API all take it from here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from verification.rules import states
from verification.rules.facts import Facts, RequirementState
from verification.rules.requirements import Requirement
from verification.rules.states import State


class Turn(StrEnum):
    """Who acts next. The API uses these words; never renamed."""

    EMPLOYER = "employer"
    """The case continues when a recruiter, or a colleague, does something."""
    ZIZHI = "zizhi"
    """The checks or a reviewer are at work, or a register is asked again."""
    BANK = "bank"
    """The bank has a transfer to send or to confirm."""
    NOBODY = "nobody"
    """Everything is done, or the case is closed. The employer may still appeal or start again."""


ON_AUTHORITY: Final = frozenset({"authority_missing", "authority_pending"})
"""Reasons for waiting that a proof of authority resolves."""


def turn_of(facts: Facts, requirements: Sequence[Requirement], now: datetime) -> Turn:
    """Return who acts next. `requirements` matter only while an approval is in force."""
    state = facts.state
    if state in states.EDITABLE:
        return Turn.EMPLOYER
    if state in states.IN_PROGRESS:
        return _during_checks(facts, now)
    if state in states.REVIEWABLE:
        return Turn.ZIZHI
    if state in states.STOPPED:
        if facts.heard:
            return Turn.ZIZHI
        return Turn.EMPLOYER if state is State.SUSPENDED else Turn.NOBODY
    if state in (State.APPROVED, State.EXPIRED):
        return _after_approval(requirements) if facts.in_force(now) else Turn.EMPLOYER
    return Turn.NOBODY


def _during_checks(facts: Facts, now: datetime) -> Turn:
    if facts.waiting_for not in ON_AUTHORITY:
        return Turn.ZIZHI
    proofs = [proof for proof in facts.proofs if proof.opens]
    if any(proof.in_force(now) for proof in proofs):
        return Turn.ZIZHI  # the next round of checks sees it
    under_way = [proof for proof in proofs if proof.under_way(now)]
    at_the_bank = [
        proof
        for proof in under_way
        if proof.kind == "bank_deposit" and not proof.needs_recruiter(now)
    ]
    return Turn.BANK if under_way and at_the_bank == under_way else Turn.EMPLOYER


def _after_approval(requirements: Sequence[Requirement]) -> Turn:
    if any(requirement.open for requirement in requirements):
        return Turn.EMPLOYER
    pending = any(
        requirement.state is RequirementState.PENDING_VERIFICATION for requirement in requirements
    )
    return Turn.ZIZHI if pending else Turn.NOBODY
