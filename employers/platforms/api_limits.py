"""Rate limits of API keys: a token bucket per key, in the memory of each web process.

Limits protect the service from runaway programs and are not used for billing, so they need no
database or cache. With several web processes, the limits multiply. The gate has a separate, larger
bucket.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A rate: `burst` requests at once, then `per_second`. 0 means unlimited."""

    burst: int
    per_second: float

    @classmethod
    def of(cls, per_second: float) -> Rate:
        """Return a rate whose burst is two seconds' worth of requests."""
        return cls(math.ceil(2 * per_second), per_second)


@dataclass(frozen=True)
class Allowance:
    """The rest of a bucket after a request. `wait` is the number of seconds until the next request
    is allowed, 0 if this one was.
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
        """Take a token at `seconds` of a monotonic clock. Return None if there is no limit."""
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
