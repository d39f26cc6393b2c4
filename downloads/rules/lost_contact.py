"""The share of failed attempts to reach a candidate through a relay number. Pure.

Recruiters' most common complaint about relay numbers is that they expire during hiring, so this
share is measured.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tries:
    """The attempts in a period."""

    calls: int
    """Calls by the team, however they ended. Calls by strangers do not count."""
    met_ended: int
    """Calls among them to a number that was no longer in force."""
    met_blocked: int
    """Calls among them to a number that its carrier has blocked."""
    found_none: int
    """Requests for a number while the pool was empty, so no call was possible."""

    @property
    def all(self) -> int:
        return self.calls + self.found_none

    @property
    def lost(self) -> int:
        return self.met_ended + self.met_blocked + self.found_none

    @property
    def share(self) -> float | None:
        """The share of failed attempts; None if there were no attempts at all."""
        return self.lost / self.all if self.all else None
