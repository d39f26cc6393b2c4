"""A sign-in at the console: how long it lasts, and from which browser and network.

It ends after ten hours, after half an hour without a request, and when a request comes from another
browser or network, so a stolen cookie is of no use there. It is kept in the session.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

LONGEST_SECONDS: Final = 10 * 3600
IDLE_SECONDS: Final = 30 * 60
FRESH_SECONDS: Final = 5 * 60
"""The maximum age of a sign-in that can change the second factor."""
NOTED_EVERY_SECONDS: Final = 60
"""Requests are noted at most this often, because each note is a write."""


class Over(StrEnum):
    """Why a stay ended."""

    TOO_LONG = "too_long"
    IDLE = "idle"
    ELSEWHERE = "elsewhere"
    FACTOR = "factor"


@dataclass(frozen=True)
class Origin:
    """Where a request comes from: the device, and digests of its browser and network."""

    device: str
    agent: str
    near: str


@dataclass(frozen=True)
class Stay:
    """One sign-in: its start, last request, origin and second factor (None: password only)."""

    factor: int | None
    since: int
    seen: int
    device: str
    agent: str
    near: str

    @classmethod
    def begin(cls, factor: int | None, origin: Origin, now: datetime) -> Stay:
        at = int(now.timestamp())
        return cls(factor, at, at, origin.device, origin.agent, origin.near)

    @classmethod
    def of(cls, stored: Any) -> Stay | None:
        """Return the stay in `stored`, or None if it is anything else."""
        try:
            return cls(**stored)
        except TypeError:
            return None

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    def over(self, origin: Origin, factor: int | None, now: datetime) -> Over | None:
        """Return why this stay is over for a request from `origin`, or None.

        `factor` is the account's current one.
        """
        at = int(now.timestamp())
        if at - self.since >= LONGEST_SECONDS:
            return Over.TOO_LONG
        if at - self.seen >= IDLE_SECONDS:
            return Over.IDLE
        if (self.agent, self.near) != (origin.agent, origin.near) or (
            self.device and self.device != origin.device
        ):
            return Over.ELSEWHERE
        return Over.FACTOR if self.factor != factor else None

    def is_fresh(self, now: datetime) -> bool:
        return int(now.timestamp()) - self.since < FRESH_SECONDS

    def noted(self, now: datetime) -> Stay | None:
        """Return this stay with a request at `now`, or None if that need not be written."""
        at = int(now.timestamp())
        return replace(self, seen=at) if at - self.seen >= NOTED_EVERY_SECONDS else None
