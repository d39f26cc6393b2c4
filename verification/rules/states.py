"""The states of a case, and named sets of states.

The transitions between them are methods of `Case`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from events.core.actor import Role


class State(StrEnum):
    """The states of a case. Stored; never renamed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKING = "checking"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


EDITABLE: Final = frozenset({State.DRAFT, State.CHANGES_REQUESTED})
"""The employer may change its declaration and its documents."""

OPEN: Final = frozenset(
    {State.DRAFT, State.SUBMITTED, State.CHECKING, State.IN_REVIEW, State.CHANGES_REQUESTED}
)
"""Not decided yet. An employer has at most one such case."""

IN_PROGRESS: Final = frozenset({State.SUBMITTED, State.CHECKING})
"""The machine is working on it."""

REVIEWABLE: Final = frozenset({State.IN_REVIEW})
"""It waits for a reviewer."""

EVER_APPROVED: Final = frozenset({State.APPROVED, State.SUSPENDED, State.EXPIRED, State.REVOKED})
"""It was approved at some time. `Case.is_in_force` tells whether it gives rights now."""

STOPPED: Final = frozenset({State.SUSPENDED, State.REVOKED})
"""Rights were taken away.

The employer can appeal. Another case does not restore them.
"""

FINAL: Final = frozenset({State.EXPIRED, State.WITHDRAWN})
"""No transition leads out. The employer may open a new case."""

EMPLOYER: Final = frozenset({Role.OWNER, Role.RECRUITER})
"""The roles of an employer's members."""
