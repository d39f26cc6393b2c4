"""Findings, severities and verdicts: the terms in which checks and the policy report.

Observations are stored raw; findings are their interpretation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

from events.core.reasons import REASONS

Observation = dict[str, Any]
"""The raw data that a check saw, as JSON: the reply of a service, the reading of a picture."""


class Severity(IntEnum):
    """How strict a finding is. The strictest finding of a case wins."""

    PASS = 0
    NOTE = 1
    """For a reviewer's information. Decides nothing."""
    WAIT = 2
    """May resolve with time: repeat the check later, before anyone decides."""
    UNABLE = 3
    """The check could not tell. A person has to review it."""
    CONCERN = 4
    """Counts against the case. A person has to review it."""
    BLOCK = 5
    """Counts so strongly that the policy may reject automatically, if it names the reason."""


EVIDENCE_FOR_REVIEWERS: Final = frozenset(
    {
        "duplicate_excluded",
        "duplicate_device_cluster",
        "duplicate_phone_cluster",
        "duplicate_nominee",
    }
)
"""Employers see these reasons without details. Anyone who knows which detail was recognised
would change exactly that.
"""


@dataclass(frozen=True)
class Finding:
    """One finding of one check.

    `code` is a reason (a key of `events.core.reasons.REASONS`); if the severity is PASS or NOTE, it
    may be a plain word. `field` names the licence field. `region` is x0, y0, x1, y1 in pixels of
    `page`; `document` is the id of its document if that is not clear from the check. `until` is the
    last day, in ISO format, of the document's validity.
    """

    check: str
    code: str
    severity: Severity
    field: str = ""
    seen: str = ""
    expected: str = ""
    page: int = 0
    region: tuple[float, float, float, float] | None = None
    document: str = ""
    until: str = ""

    def __post_init__(self) -> None:
        if self.severity > Severity.NOTE and self.code not in REASONS:
            raise KeyError(f"{self.code!r} is not in events.core.reasons.REASONS")

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"severity": self.severity.name.lower()}

    def as_reason(self) -> dict[str, str]:
        """The reason as the employer sees it."""
        told = {
            "check": self.check,
            "code": self.code,
            "field": self.field,
            "seen": self.seen,
            "expected": self.expected,
        }
        return (
            told | {"field": "", "seen": "", "expected": ""}
            if self.code in EVIDENCE_FOR_REVIEWERS
            else told
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Finding:
        region = tuple(stored["region"]) if stored.get("region") else None
        return cls(**{**stored, "severity": Severity[stored["severity"].upper()], "region": region})


class Outcome(StrEnum):
    """What the policy decides."""

    APPROVE = "approve"
    REVIEW = "review"
    REJECT = "reject"
    WAIT = "wait"


OUTCOME_VERB: Final = {
    Outcome.APPROVE: "approve",
    Outcome.REVIEW: "hold_for_review",
    Outcome.REJECT: "reject",
}
"""The verb that carries out each outcome."""


@dataclass(frozen=True)
class Verdict:
    """The policy's decision: the outcome, its reasons, the policy version, for WAIT the time to
    wait until, and for APPROVE whether it is conditional.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    policy_version: str
    wait_until: datetime | None = None
    conditional: bool = False
    """Approved on a strong proof of authority before the register lists the company. Lapses unless
    the register lists it in time.
    """
