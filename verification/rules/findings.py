"""In which words do checks report?

Observations are stored as they came; findings are what they mean.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

from events.core.reasons import REASONS

Observation = dict[str, Any]
"""What a check saw, as JSON: the raw reply of a service, the reading of a picture."""


class Severity(IntEnum):
    """How strict a finding is. The strictest of a case wins."""

    PASS = 0
    NOTE = 1
    """Worth showing to a reviewer; decides nothing."""
    WAIT = 2
    """Time will tell: ask again later before anybody decides."""
    UNABLE = 3
    """Could not tell. A person has to look."""
    CONCERN = 4
    """Speaks against the case. A person has to look."""
    BLOCK = 5
    """Speaks so strongly that the policy may refuse by itself, if it names the reason."""


EVIDENCE_FOR_REVIEWERS: Final = frozenset(
    {
        "duplicate_excluded",
        "duplicate_device_cluster",
        "duplicate_phone_cluster",
        "duplicate_nominee",
    }
)
"""Of these an employer is told that they were found, and not by what: who knows by what it is known
changes just that.
"""


@dataclass(frozen=True)
class Finding:
    """What one check found about one thing.

    `code` is a reason (a key of `events.core.reasons.REASONS`) unless the severity is PASS or NOTE,
    where it may be a plain word. `field` names the licence field it is about; `region` is x0, y0,
    x1, y1 in pixels of `page`, of the document with the id `document` where that is not clear by
    itself. `until` is the last day, in ISO, of the paper that it speaks of.
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
        """What the employer is told of it."""
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
    """What the policy says shall happen now."""

    APPROVE = "approve"
    REVIEW = "review"
    REJECT = "reject"
    WAIT = "wait"


OUTCOME_VERB: Final = {
    Outcome.APPROVE: "approve",
    Outcome.REVIEW: "hold_for_review",
    Outcome.REJECT: "reject",
}
"""The verb by which a verdict is carried out."""


@dataclass(frozen=True)
class Verdict:
    """The policy's answer: what to do, why, by which version, for WAIT until when, for APPROVE
    whether on condition.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    policy_version: str
    wait_until: datetime | None = None
    conditional: bool = False
    """Approved before the register lists the company, on a strong proof of authority; lapses unless
    it does in time.
    """
