"""Actors: the roles that can act, and who acts in one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The role in which someone acts on a case. Stored on every event."""

    SYSTEM = "system"
    OWNER = "owner"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"
    PLATFORM = "platform"
    CANDIDATE = "candidate"


@dataclass(frozen=True)
class Actor:
    """Someone acting in a role. `id` is the key of the user or client, empty for the system.

    `powers` are the permissions of staff (`employers.permissions`) at the time the actor was made;
    other roles have none.
    """

    role: Role
    id: str = ""
    powers: frozenset[str] = frozenset()

    def can(self, power: str) -> bool:
        return power in self.powers


SYSTEM = Actor(Role.SYSTEM)
