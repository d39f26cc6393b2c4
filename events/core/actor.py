"""Who does it?

The few roles that can act, and one value that names the one acting and what they may.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The part that someone plays towards a case. Stored on every event."""

    SYSTEM = "system"
    OWNER = "owner"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"
    PLATFORM = "platform"
    CANDIDATE = "candidate"


@dataclass(frozen=True)
class Actor:
    """Someone acting in a role; `id` is the key of the user or client, empty for the system itself.

    `powers` are those of staff (`employers.permissions`), as they were when the actor was made;
    other roles need none.
    """

    role: Role
    id: str = ""
    powers: frozenset[str] = frozenset()

    def can(self, power: str) -> bool:
        return power in self.powers


SYSTEM = Actor(Role.SYSTEM)
