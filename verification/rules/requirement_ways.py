"""The ways to meet a requirement, and the employer's progress on each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.core.reasons import Text
from verification.rules.facts import STRENGTH, Facts, RequirementState, ReusablePaper, Strength, Why
from verification.rules.findings import Severity
from verification.rules.required_documents import (
    AUTHORITY,
    FACTS,
    HOW,
    MAIL,
    OF_KIND,
    TAKES,
    WHO,
    Item,
)
from verification.rules.requirement_state import AT_WORK, CLOSED
from verification.rules.states import State


@dataclass(frozen=True)
class Way:
    """One way to meet a requirement, and the employer's progress on it."""

    code: str
    """A document kind or a proof kind (`models.DocumentKind`, `models.ProofKind`), a verb of the
    case, `mail_link` or `declare`.
    """
    takes: Text
    """How long it usually takes."""
    strength: Strength | None = None
    state: RequirementState = RequirementState.CURRENTLY_DUE
    shown: str = ""
    """What it is about, masked: the address, the account, or the colleague."""
    reasons: tuple[Why, ...] = ()
    expires_at: datetime | None = None
    reusable: ReusablePaper | None = None
    """For a document, those of earlier cases that can be reused with one click."""

    @property
    def how(self) -> Text:
        """How to complete it."""
        return HOW[self.code]

    @property
    def who(self) -> Text:
        """Who is needed to complete it."""
        return WHO[self.code]


_ON_THE_TABLE: Final = frozenset({"declare", *OF_KIND})
LETTERS: Final = frozenset({"authorization_letter", "client_authorization"})
"""Letters that a case accepts while its checks wait (see `guards.may_add`)."""


def ways_of(
    item: Item,
    facts: Facts,
    whys: tuple[Why, ...],
    state: RequirementState,
    paper: str,
    now: datetime,
) -> tuple[Way, ...]:
    """The ways to meet the requirement, with the employer's progress on each; empty if the case
    accepts nothing more.
    """
    if facts.state in CLOSED or (facts.state is State.APPROVED and not facts.in_force(now)):
        return ()
    if item.code == AUTHORITY:
        ways = (
            _way_of_proof(kind, facts, whys, state, now)
            for kind in item.ways
            if kind not in facts.not_offered
        )
        return tuple(
            way
            for way in ways
            if way.state is not RequirementState.CURRENTLY_DUE or _takes(way.code, facts)
        )
    shown = facts.email_shown if item.code == MAIL else ""
    # A mismatch between declaration and document can be corrected on either side.
    codes = (
        (*item.ways, paper)
        if item.code == FACTS and any(why.check == "reading" for why in whys)
        else item.ways
    )
    due = state in (RequirementState.CURRENTLY_DUE, RequirementState.PAST_DUE)
    takes = [code for code in codes if not due or _takes(code, facts)]
    return tuple(
        Way(
            code,
            TAKES[code],
            state=state,
            shown=shown,
            reasons=whys,
            reusable=facts.reusable.get(code),
        )
        for code in takes
    )


def _takes(way: str, facts: Facts) -> bool:
    """Whether the case accepts this now. During checks and review it accepts no changes, except
    letters that may follow during the checks.
    """
    if facts.state not in AT_WORK or way not in _ON_THE_TABLE:
        return True
    return facts.state is State.CHECKING and way in LETTERS


def _way_of_proof(
    kind: str, facts: Facts, whys: tuple[Why, ...], state: RequirementState, now: datetime
) -> Way:
    """One way to prove authority.

    A person reviews a letter. The state of any other way is that of its latest proof.
    """
    strength = STRENGTH.get(kind, Strength.MEDIUM)
    takes = TAKES[kind]
    if kind == "authorization_letter":
        there = bool(facts.of_kinds((kind,)))
        at = RequirementState.PENDING_VERIFICATION if there else RequirementState.CURRENTLY_DUE
        accepted = there and state is RequirementState.SATISFIED
        reasons, stands = (
            whys if there and not accepted else (),
            RequirementState.SATISFIED if accepted else at,
        )
        return Way(
            kind, takes, strength, stands, reasons=reasons, reusable=facts.reusable.get(kind)
        )
    of_kind = sorted(
        (proof for proof in facts.proofs if proof.kind == kind),
        key=lambda proof: proof.started_at,
        reverse=True,
    )
    best = next(
        (p for p in of_kind if p.in_force(now)),
        next((p for p in of_kind if p.under_way(now)), of_kind[0] if of_kind else None),
    )
    if best is None:
        by_address = _by_address(facts, state) if kind == "company_email" else None
        return (
            Way(kind, takes, strength, by_address, facts.proving_shown)
            if by_address
            else Way(kind, takes, strength)
        )
    if best.in_force(now):
        return Way(
            kind,
            takes,
            best.strength,
            RequirementState.SATISFIED,
            best.shown,
            expires_at=best.holds_until,
        )
    if best.under_way(now):
        return Way(
            kind,
            takes,
            best.strength,
            RequirementState.PENDING_VERIFICATION,
            best.shown,
            expires_at=best.expires_at,
        )
    failed = (Why(best.failure, AUTHORITY),) if best.failure else ()
    return Way(kind, takes, best.strength, RequirementState.CURRENTLY_DUE, best.shown, failed)


def _by_address(facts: Facts, state: RequirementState) -> RequirementState | None:
    """The state of the recruiter's own address as a proof, if the register may name its domain;
    None if it is no proof.
    """
    said = [
        finding
        for report in facts.reports
        if report.check == "authority"
        for finding in report.findings
    ]
    if any(
        f.severity is Severity.PASS
        and (f.code == "authority_email_at_company_domain" or f.seen == "company_email")
        for f in said
    ):
        return RequirementState.SATISFIED
    pending = facts.email_may_prove and not said and state is RequirementState.PENDING_VERIFICATION
    return RequirementState.PENDING_VERIFICATION if pending else None
