"""What is due from the employer, by when, and which right does it unlock?

The rules are data with a version. The same answer serves the web page, the API and the mail: each requirement with
its state, its reasons, the ways to meet it, and what it unlocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from events.reasons import Text


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
    """What a proof of authority is worth (weak proof is evidence for a reviewer, and opens nothing by itself)."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


class Unlocks(StrEnum):
    """The right that a requirement stands before."""

    SUBMISSION = "submission"
    DOWNLOAD = "download"


@dataclass(frozen=True)
class Why:
    """One reason: a code of `events.reasons`, and what was seen and expected of which field."""

    code: str
    field: str = ""
    seen: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Way:
    """One of the ways to meet a requirement, and where the employer stands on it."""

    code: str
    """A document kind or a proof kind (`models.DocumentKind`, `models.ProofKind`)."""
    takes: Text
    """How long it usually takes."""
    strength: Strength | None = None
    state: RequirementState = RequirementState.CURRENTLY_DUE
    shown: str = ""
    """What it is about, masked: the address, the account, the colleague."""
    reasons: tuple[Why, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Requirement:
    """One thing that is asked of an employer. Any one of its `ways` meets it."""

    code: str
    state: RequirementState
    unlocks: Unlocks
    ways: tuple[Way, ...]
    reasons: tuple[Why, ...] = ()
    deadline: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the employer has to do something."""
        return self.state in (RequirementState.CURRENTLY_DUE, RequirementState.PAST_DUE)


STRENGTH: Final[dict[str, Strength]] = {
    "bank_deposit": Strength.STRONG,
    "e_licence": Strength.STRONG,
    "vouch": Strength.MEDIUM,
    "authorization_letter": Strength.WEAK,
}
"""By way. An address at the company's domain is MEDIUM where the register names that domain, else WEAK (domain table)."""
