"""How long does a sign-in at the console hold, and where?

Ten hours, half an hour without a request, one browser, one street.

What is kept in the session. A stolen cookie is of no use in another browser, or in another place.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

LONGEST_SECONDS: Final = 10 * 3600
IDLE_SECONDS: Final = 30 * 60
FRESH_SECONDS: Final = 5 * 60
"""So young has to be a sign-in by which the second factor is changed."""
NOTED_EVERY_SECONDS: Final = 60
"""A request within this time of the last that was noted is not noted: each note is a write."""


class Over(StrEnum):
    """Why a stay has ended."""

    TOO_LONG = "too_long"
    IDLE = "idle"
    ELSEWHERE = "elsewhere"
    FACTOR = "factor"


@dataclass(frozen=True)
class Place:
    """From where a request comes: the device's name, a digest of the browser's, and the
    neighbourhood of the network.
    """

    device: str
    agent: str
    near: str


@dataclass(frozen=True)
class Stay:
    """One sign-in: since when, last seen when, where, and by which second factor (None: by a
    password alone).
    """

    factor: int | None
    since: int
    seen: int
    device: str
    agent: str
    near: str

    @classmethod
    def begin(cls, factor: int | None, place: Place, now: datetime) -> Stay:
        at = int(now.timestamp())
        return cls(factor, at, at, place.device, place.agent, place.near)

    @classmethod
    def of(cls, stored: Any) -> Stay | None:
        """What `stored` was made of; None for anything else."""
        try:
            return cls(**stored)
        except TypeError:
            return None

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    def over(self, place: Place, factor: int | None, now: datetime) -> Over | None:
        """Why this stay is over, seen from a request that comes from `place`, or None.

        `factor` is the account's own now.
        """
        at = int(now.timestamp())
        if at - self.since >= LONGEST_SECONDS:
            return Over.TOO_LONG
        if at - self.seen >= IDLE_SECONDS:
            return Over.IDLE
        if (self.agent, self.near) != (place.agent, place.near) or (
            self.device and self.device != place.device
        ):
            return Over.ELSEWHERE
        return Over.FACTOR if self.factor != factor else None

    def is_fresh(self, now: datetime) -> bool:
        return int(now.timestamp()) - self.since < FRESH_SECONDS

    def noted(self, now: datetime) -> Stay | None:
        """This stay with a request at `now`, or None where that need not be written."""
        at = int(now.timestamp())
        return replace(self, seen=at) if at - self.seen >= NOTED_EVERY_SECONDS else None
