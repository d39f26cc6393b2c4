"""How many requests may a platform's key make?

A bucket of tokens for each key, in the memory of each web process.

It protects the service from a loop in somebody's program, and bills nobody, so nothing is asked of
the database or of a cache: with several web processes the limits are that many times as wide. The
gate has a bucket of its own, and a wide one.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """`burst` requests at once, and `per_second` of them after that; with 0 nothing is limited."""

    burst: int
    per_second: float

    @classmethod
    def of(cls, per_second: float) -> Rate:
        """Two seconds' worth at once."""
        return cls(math.ceil(2 * per_second), per_second)


@dataclass(frozen=True)
class Allowance:
    """What is left of a bucket after a request; `wait` is in how many seconds the next one is
    taken, 0 where this one was.
    """

    limit: int
    remaining: int
    reset: int
    wait: int = 0


class Buckets:
    """The buckets of one web process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def take(self, whose: Hashable, rate: Rate, seconds: float) -> Allowance | None:
        """Take a token at the moment `seconds` of a clock that never goes back; None where nothing
        is limited.
        """
        if rate.per_second <= 0:
            return None
        with self._lock:
            level, at = self._levels.get(whose, (float(rate.burst), seconds))
            level = min(rate.burst, level + (seconds - at) * rate.per_second)
            taken = level >= 1
            level -= taken
            self._levels[whose] = (level, seconds)
        reset = math.ceil((rate.burst - level) / rate.per_second)
        wait = 0 if taken else max(1, math.ceil((1 - level) / rate.per_second))
        return Allowance(rate.burst, int(level), reset, wait)
