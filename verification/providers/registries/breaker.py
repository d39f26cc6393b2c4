"""A circuit breaker for a provider that is down, and a rate limiter for one that counts requests.

Both serve the threads of one process, and take the time (`time.monotonic`) as an argument.
"""

from __future__ import annotations

import threading
from enum import StrEnum

from events.core.errors import ProviderUnavailable


class BreakerState(StrEnum):
    CLOSED = "closed"
    """All requests pass."""
    OPEN = "open"
    """It failed repeatedly. No requests pass until it has rested."""
    HALF_OPEN = "half_open"
    """One request passes; its result decides the state."""


class Breaker:
    """Opens after `failures` in a row, and lets a single trial through after `rest` seconds."""

    def __init__(self, name: str, failures: int = 5, rest: float = 30.0) -> None:
        self._name, self._failures, self._rest = name, failures, rest
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._ticket = 0
        self._open_until: float | None = None
        self._trial_until: float | None = None

    def state(self, now: float) -> BreakerState:
        """The state at `now`."""
        with self._lock:
            if self._open_until is None:
                return BreakerState.CLOSED
            return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    def enter(self, now: float) -> int:
        """Return a ticket for a request, to pass to `succeeded` or `failed`.

        Raises ProviderUnavailable while the breaker is open.
        """
        with self._lock:
            if self._open_until is None:
                return self._ticket
            # A trial that never reports back (its thread died) must not keep the breaker open for
            # ever.
            shut_until = max(self._open_until, self._trial_until or 0.0)
            if now < shut_until:
                raise ProviderUnavailable(
                    f"{self._name}: paused after repeated failures",
                    retry_after=max(1.0, shut_until - now),
                )
            self._ticket += 1
            self._trial_until = now + self._rest
            return self._ticket

    def succeeded(self, ticket: int) -> None:
        """Record an answer. Answers to requests from before the breaker opened are ignored."""
        with self._lock:
            if ticket == self._ticket:
                self._in_a_row = 0
                self._open_until = self._trial_until = None

    def failed(self, ticket: int, now: float, retry_after: float = 0.0) -> None:
        """Record a failure. If the provider named a retry time, the breaker rests at least as
        long.
        """
        with self._lock:
            if ticket != self._ticket:
                return
            self._in_a_row += 1
            if self._open_until is not None or self._in_a_row >= self._failures:
                self._ticket += 1  # tickets from before this are ignored
                self._open_until, self._trial_until = now + max(self._rest, retry_after), None


class Pace:
    """Spaces requests evenly, without bursts: at most `per_second` (whole requests) in any
    second.
    """

    def __init__(self, per_second: float) -> None:
        self._step = 1.0 / (int(per_second) or per_second)
        self._lock = threading.Lock()
        self._next: float | None = None

    def wait(self, now: float, longest: float) -> float:
        """Reserve a slot and return the seconds to wait for it.

        Raises ProviderUnavailable if that is more than `longest`; then nothing is reserved.
        """
        with self._lock:
            slot = now if self._next is None else max(now, self._next)
            if slot - now > longest:
                raise ProviderUnavailable("request rate exceeded", retry_after=max(1.0, slot - now))
            self._next = slot + self._step
            return slot - now
