"""Who does it? The few roles that can act, and one value that names the one acting."""

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


@dataclass(frozen=True)
class Actor:
    """Someone acting in a role; `id` is the key of the user or client, empty for the system itself."""

    role: Role
    id: str = ""


SYSTEM = Actor(Role.SYSTEM)
