"""Where does an employer stand on the ladder now?

For what is not the gate, which reads the same facts in its own statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from downloads.gate import ladder_versions
from downloads.models import Standing
from downloads.rules.ladder import Ladder, standing
from downloads.rules.ladder import Standing as Place
from employers.models import Employer
from verification.models import Case


@dataclass(frozen=True)
class Placed:
    """An employer's place, by which version of the ladder, and the case that counts."""

    place: Place
    ladder: Ladder
    case: Case | None


def placed(employer: Employer, now: datetime) -> Placed:
    """Where it stands at `now`."""
    case = Case.objects.of(employer).first()
    ladder = ladder_versions.in_force()
    moved = Standing.objects.of(employer.pk, now)
    return Placed(standing(case, employer.confirmed_at, now, ladder, moved), ladder, case)


def place_of(employer_id: UUID, now: datetime) -> Place:
    """The same of an id."""
    return placed(Employer.objects.get(pk=employer_id), now).place
