"""An employer's current tier, for all callers except the gate.

The gate reads the same facts in its own statement (`downloads.gate.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from downloads.gate import ladder_versions
from downloads.models import Standing
from downloads.rules.ladder import CurrentTier, Ladder, current_tier
from employers.models import Employer
from verification.models import Case


@dataclass(frozen=True)
class EmployerTier:
    """An employer's current tier, the ladder that gives it, and the case that counts."""

    current: CurrentTier
    ladder: Ladder
    case: Case | None


def employer_tier(employer: Employer, now: datetime) -> EmployerTier:
    """Return the employer's tier at `now`."""
    case = Case.objects.of(employer).first()
    ladder = ladder_versions.in_force()
    override = Standing.objects.of(employer.pk, now)
    return EmployerTier(
        current_tier(case, employer.confirmed_at, now, ladder, override), ladder, case
    )


def current_tier_of(employer_id: UUID, now: datetime) -> CurrentTier:
    """Return the current tier of the employer with this id."""
    return employer_tier(Employer.objects.get(pk=employer_id), now).current
