"""What is known of a case and its recruiter that decides what is asked of them?

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
    """Where one requirement stands. Words of the API; never renamed."""

    CURRENTLY_DUE = "currently_due"
    """The employer has to do something."""
    PENDING_VERIFICATION = "pending_verification"
    """The employer has done its part; the machine, a provider or a reviewer is at work."""
    PAST_DUE = "past_due"
    """As currently due, and its deadline is over: rights have ended or never began."""
    SATISFIED = "satisfied"


class Strength(StrEnum):
    """What a proof of authority is worth (weak proof is evidence for a reviewer, and opens nothing
    by itself).
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
"""By way. An address at the company's domain is MEDIUM where the register names that domain, else
WEAK (domain table).
"""


@dataclass(frozen=True)
class Why:
    """One reason: a code of `events.core.reasons`, and what was seen and expected of which
    field.
    """

    code: str
    field: str = ""
    seen: str = ""
    expected: str = ""
    check: str = ""
    """Which check said so; empty where a person or the rules did."""


@dataclass(frozen=True)
class Paper:
    """A document of the case that was not replaced, and the flaws that were seen in its
    photograph.
    """

    kind: str
    at: datetime
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReusablePaper:
    """What an employer gave of one kind with an earlier case: how many can be used again, and why
    others cannot.
    """

    count: int = 0
    why_not: Why | None = None


@dataclass(frozen=True)
class Proof:
    """A recruiter's proof of its authority for this company: begun, proven, or ended without."""

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

    def stands(self, now: datetime) -> bool:
        return self.state == "proven" and (self.holds_until is None or self.holds_until > now)

    def under_way(self, now: datetime) -> bool:
        return self.state == "pending" and self.expires_at > now

    @property
    def opens(self) -> bool:
        """Whether it is worth enough to open rights without a person."""
        return self.strength is not Strength.WEAK


@dataclass(frozen=True)
class Letter:
    """A client's letter that an agency has added while its approval is in force, and where that
    stands.
    """

    state: RequirementState
    why: Why | None = None


@dataclass(frozen=True)
class Report:
    """What one check found when it last ran for the case, in this attempt or one before."""

    check: str
    at: datetime
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Facts:
    """All that decides what is due of one case and one recruiter, as plain values."""

    account_class: str
    uscc: str
    name: str
    state: State
    email_verified: bool = False
    email_shown: str = ""
    """The recruiter's address, masked."""
    email_may_prove: bool = False
    """Whether somebody who counts has a verified address at a domain that may be the company's own,
    so that the register may name it.
    """
    proving_shown: str = ""
    """That address, masked."""
    papers: tuple[Paper, ...] = ()
    reusable: Mapping[str, ReusablePaper] = field(default_factory=dict)
    """By kind, what is here from an earlier case and has not been given with this one."""
    proofs: tuple[Proof, ...] = ()
    clients_until: tuple[date | None, ...] = ()
    """The last day of each client's authorisation that was not ended; None has no end."""
    clients_end: datetime | None = None
    """When the last letter ends by which an approved agency recruits, and its approval with it;
    None where one has no end.
    """
    letters: tuple[Letter, ...] = ()
    reports: tuple[Report, ...] = ()
    reasons: tuple[Why, ...] = ()
    """Of the last decision, as the employer was told."""
    decided_at: datetime | None = None
    declared_at: datetime | None = None
    """When the declared facts last changed."""
    expires_at: datetime | None = None
    golden: bool = False
    conditional: bool = False
    renew_by: datetime | None = None
    """When another case of the employer that is in force ends: this one is to replace it."""
    waiting_for: str = ""
    waits_until: datetime | None = None
    """When it waits no longer, and a person decides."""
    not_offered: frozenset[str] = frozenset()
    """Ways that nobody stands behind in this deployment, such as a bank."""
    verbs: frozenset[str] = frozenset()
    """The transitions that the employer may use, besides giving what is asked."""
    heard: bool = False
    """Whether its appeal against what took its rights away waits for a reviewer."""

    def in_force(self, now: datetime) -> bool:
        return validity.in_force(self, now)

    def of_kinds(self, kinds: Collection[str]) -> list[Paper]:
        return [paper for paper in self.papers if paper.kind in kinds]
