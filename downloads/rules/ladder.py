"""The rights of each tier, as versioned data, and the tier that a case gives.

The gate decides in one database statement. Its SQL is built from these tables
(`downloads.gate.sql`), and a test compares the two over every combination of facts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from verification.rules.states import State
from verification.rules.validity import Approval, in_force


class Tier(StrEnum):
    """The tiers of the ladder. Stored; never renamed."""

    HELD = "held"
    PROVISIONAL = "provisional"
    ESTABLISHED = "established"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Obligation(StrEnum):
    """What the platform must do with an allowed download."""

    MARK = "mark"
    """Hand over only the marked copy."""
    RELAY_ONLY = "relay_only"
    """Contact through a relay number; no real number leaves."""
    RELAY_UNLESS_CONSENT = "relay_unless_consent"
    """Release a real number only with the candidate's consent."""
    NOTIFY_CANDIDATE = "notify_candidate"
    """Tell the candidate who received the resume, when and why."""


@dataclass(frozen=True)
class Rights:
    """Whether a tier may download, and how often an employer (all its members together) may."""

    download: bool
    per_day: int = 0
    per_hour: int = 0
    per_candidate: int = 0
    """Downloads of one candidate's resume in a day."""
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True)
class Thresholds:
    """Thresholds for the signals (`downloads.rules.abuse_signals`) and for a good record."""

    window_days: int = 14
    """Days of decisions and contacts that are counted."""
    night: int = 15
    """Downloads in one night, 23:00 to 06:00."""
    burst: int = 15
    """Downloads within `burst_seconds`."""
    burst_seconds: int = 60
    sequence: int = 12
    """Downloads in a row with consecutive references."""
    unanswered_after: int = 60
    """Downloads in the window from which on too few contacts are a signal."""
    unanswered_below: float = 0.03
    """Contacts per download that are too few."""
    early_days: int = 14
    """Days after the first approval from which on real hiring makes an employer `established`."""
    early_downloads: int = 20
    early_contacts: float = 0.3
    """Contacts per download that show real hiring."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """One version of the ladder. Compared by identity, so that its statements can be cached."""

    version: str
    rights: dict[Tier, Rights]
    provisional_for: timedelta
    """How long a newly approved employer stays provisional."""
    thresholds: Thresholds = Thresholds()
    platform_percent: int = 60
    """The share of the daily and hourly quotas that one platform may use, if recruiters of the
    employer are linked with several platforms. So none can use up what the others need.
    """


def share_of_limit(limit: int, percent: int) -> int:
    """Return this percentage of a limit, rounded up: a quota is never rounded down to none."""
    return -(-limit * percent // 100)


FIRST: Final = Ladder(
    version="2026-12.1",
    rights={
        Tier.HELD: Rights(download=False),
        Tier.PROVISIONAL: Rights(
            True, 20, 5, 1, (Obligation.MARK, Obligation.RELAY_ONLY, Obligation.NOTIFY_CANDIDATE)
        ),
        Tier.ESTABLISHED: Rights(
            True,
            200,
            40,
            1,
            (Obligation.MARK, Obligation.RELAY_UNLESS_CONSENT, Obligation.NOTIFY_CANDIDATE),
        ),
        Tier.RESTRICTED: Rights(download=False),
        Tier.SUSPENDED: Rights(download=False),
        Tier.REVOKED: Rights(download=False),
    },
    provisional_for=timedelta(days=30),
)
"""The version in force until two people bring another one into force
(`downloads.gate.ladder_versions`).
"""
WITHOUT_SHARES: Final = replace(FIRST, version="2026-11.1", platform_percent=100)
"""The version in force before `FIRST`, for the decisions that it was used for."""


@dataclass(frozen=True)
class CurrentTier:
    """An employer's tier, and why it may not download, or "" if it may."""

    tier: Tier
    reason: str = ""


NOT_APPROVED: Final = CurrentTier(Tier.HELD, "employer_not_approved")
EXPIRED: Final = CurrentTier(Tier.HELD, "employer_expired")
BY_STATE: Final[dict[State, CurrentTier]] = {
    State.REJECTED: CurrentTier(Tier.HELD, "employer_rejected"),
    State.APPROVED: EXPIRED,
    State.EXPIRED: EXPIRED,
    State.SUSPENDED: CurrentTier(Tier.SUSPENDED, "employer_suspended"),
    State.REVOKED: CurrentTier(Tier.REVOKED, "employer_revoked"),
}
"""The tier of an employer whose case is not in force, by the case's state. `NOT_APPROVED` applies
to the states that are not listed.
"""


RESTRICTED: Final = "employer_restricted"
"""A person reviews the employer."""
STEP_UP: Final = "employer_step_up"
"""Downloads are paused until a member proves again that the company has authorised them."""


class CountingCase(Approval, Protocol):
    """The fields of a case that decide its employer's tier."""

    @property
    def conditional(self) -> bool: ...


def current_tier(
    case: CountingCase | None,
    confirmed_at: datetime | None,
    now: datetime,
    ladder: Ladder = FIRST,
    override: CurrentTier | None = None,
) -> CurrentTier:
    """Return the tier of an employer; `case` is the one that counts.

    `override` is the tier that the employer was moved to. It never allows what the case does not,
    and a conditional approval is always provisional.
    """
    if case is None:
        return NOT_APPROVED
    if not in_force(case, now):
        return BY_STATE.get(State(case.state), NOT_APPROVED)
    if override and override.tier is Tier.RESTRICTED:
        return override
    if override and not case.conditional:
        return CurrentTier(override.tier)
    young = confirmed_at is None or confirmed_at > now - ladder.provisional_for
    return CurrentTier(Tier.PROVISIONAL if case.conditional or young else Tier.ESTABLISHED)
