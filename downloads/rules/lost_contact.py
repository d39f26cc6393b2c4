"""Of all tries to reach a candidate by a relay number, how many met a number that was no more, or
found none? Pure.

Recruiters' oldest complaint about relay numbers is that they run out while somebody is being hired.
What is measured is mended.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tries:
    """What was tried in a span of time."""

    calls: int
    """Calls by the team, however they ended. Strangers' are none."""
    met_ended: int
    """Those of them that met a number that leads to nobody any more."""
    met_blocked: int
    """Those that met a number that its carrier has blocked."""
    found_none: int
    """Numbers that were asked for while the pool was empty: no call could be made at all."""

    @property
    def all(self) -> int:
        return self.calls + self.found_none

    @property
    def lost(self) -> int:
        return self.met_ended + self.met_blocked + self.found_none

    @property
    def share(self) -> float | None:
        """Lost ones of all; None where nothing was tried, which is not nothing lost."""
        return self.lost / self.all if self.all else None
