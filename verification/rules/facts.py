"""The facts about a case and its recruiter that determine which requirements apply.

Plain values, gathered by `verification.pages.requirement_facts`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from verification.rules import validity
from verification.rules.findings import Finding
from verification.rules.states import State


class RequirementState(StrEnum):
    """The state of a requirement. The API uses these words; never renamed."""

    CURRENTLY_DUE = "currently_due"
    """The employer has to do something."""
    PENDING_VERIFICATION = "pending_verification"
    """The employer has done its part. The machine, a provider or a reviewer is at work."""
    PAST_DUE = "past_due"
    """Currently due, and the deadline has passed: rights have ended or never began."""
    SATISFIED = "satisfied"


class Strength(StrEnum):
    """The strength of a proof of authority. A weak proof is evidence for a reviewer and opens no
    rights without one.
    """

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


STRENGTH: Final[dict[str, Strength]] = {
    "bank_deposit": Strength.STRONG,
    "e_licence": Strength.STRONG,
    "vouch": Strength.MEDIUM,
    "authorization_letter": Strength.WEAK,
}
"""By way. An address at the company's domain is MEDIUM if the register names that domain, otherwise
WEAK (domain table).
"""


CODE_AT_HAND: Final = frozenset({"sent", "arrived"})
"""Stages of a transfer in which the company can see its code."""


@dataclass(frozen=True)
class Why:
    """A reason: a code of `events.core.reasons`, the field it is about, and the values seen and
    expected.
    """

    code: str
    field: str = ""
    seen: str = ""
    expected: str = ""
    check: str = ""
    """The check that gave the reason; empty if a person or the rules gave it."""


@dataclass(frozen=True)
class Paper:
    """A document of the case that was not replaced, with the flaws of its photograph."""

    kind: str
    at: datetime
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReusablePaper:
    """An employer's documents of one kind from an earlier case: how many can be reused, and why
    others cannot.
    """

    count: int = 0
    why_not: Why | None = None


@dataclass(frozen=True)
class Proof:
    """A recruiter's proof of its authority for this company: begun, proven, or ended without
    success.
    """

    kind: str
    state: str
    """`models.ProofState`."""
    strength: Strength
    started_at: datetime
    expires_at: datetime
    """When it has to be completed."""
    holds_until: datetime | None = None
    shown: str = ""
    failure: str = ""
    stage: str = ""
    """Its stage at the provider, such as `sent` for a transfer."""
    code_given: bool = False
    """Whether the right code was entered, so that only the bank's confirmation is missing."""

    def needs_recruiter(self, now: datetime) -> bool:
        """Whether it continues only when the recruiter enters a code or scans one."""
        if not self.under_way(now) or self.code_given:
            return False
        return self.kind in ("company_email", "e_licence") or self.stage in CODE_AT_HAND

    def in_force(self, now: datetime) -> bool:
        return self.state == "proven" and (self.holds_until is None or self.holds_until > now)

    def under_way(self, now: datetime) -> bool:
        return self.state == "pending" and self.expires_at > now

    @property
    def opens(self) -> bool:
        """Whether it is strong enough to open rights without a person."""
        return self.strength is not Strength.WEAK


@dataclass(frozen=True)
class Letter:
    """A client's letter that an agency added after its approval, and the letter's state."""

    state: RequirementState
    why: Why | None = None


@dataclass(frozen=True)
class Report:
    """The findings of one check when it last ran for the case, in this attempt or an earlier
    one.
    """

    check: str
    at: datetime
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that determines the requirements of one case and one recruiter."""

    account_class: str
    uscc: str
    name: str
    state: State
    email_verified: bool = False
    email_shown: str = ""
    """The recruiter's address, masked."""
    email_may_prove: bool = False
    """Whether someone who acts for the company has a verified address at a domain that may be the
    company's own, so that the register may confirm it.
    """
    proving_shown: str = ""
    """That address, masked."""
    papers: tuple[Paper, ...] = ()
    reusable: Mapping[str, ReusablePaper] = field(default_factory=dict)
    """By kind, the documents of earlier cases that can be reused and are not in this case."""
    proofs: tuple[Proof, ...] = ()
    clients_until: tuple[date | None, ...] = ()
    """The last day of each client's authorisation that has not been ended; None if it has no
    end.
    """
    clients_end: datetime | None = None
    """When the last client's letter of an approved agency ends, and the approval with it; None if
    one letter has no end.
    """
    letters: tuple[Letter, ...] = ()
    reports: tuple[Report, ...] = ()
    reasons: tuple[Why, ...] = ()
    """The reasons of the last decision, as the employer was told."""
    decided_at: datetime | None = None
    declared_at: datetime | None = None
    """When the declared facts last changed."""
    expires_at: datetime | None = None
    golden: bool = False
    conditional: bool = False
    renew_by: datetime | None = None
    """When another case of the employer, which is in force and which this one would replace,
    ends.
    """
    waiting_for: str = ""
    waits_until: datetime | None = None
    """When it stops waiting and a person decides."""
    not_offered: frozenset[str] = frozenset()
    """Ways that have no provider in this deployment, or are closed to this organisation."""
    verbs: frozenset[str] = frozenset()
    """The transitions that the employer may use, besides giving what is required."""
    heard: bool = False
    """Whether a reviewer has yet to answer its appeal against a suspension or revocation."""

    def in_force(self, now: datetime) -> bool:
        return validity.in_force(self, now)

    def of_kinds(self, kinds: Collection[str]) -> list[Paper]:
        return [paper for paper in self.papers if paper.kind in kinds]
