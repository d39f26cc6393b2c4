"""The interface of a provider of relay numbers, and its errors and records.

A group of callers reaches one candidate by one number X, or by X and an extension where numbers are
scarce (AXG: A is the candidate, X the number, G the group of callers). Neither side learns the
other's number. Numbers are written as +86 and digits; times are timezone-aware.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from events.core.errors import ProviderError, ProviderUnavailable

CALLERS_AT_MOST: Final = 200
"""The most numbers that a group of callers can hold."""


# --- Errors ---------------------------------------------------------------------------------------


class NoNumber(ProviderUnavailable):
    """The pool is empty. Retry: numbers become free in time."""


class FlowLimited(ProviderUnavailable):
    """Too many requests. Retry after `retry_after` seconds."""


class Rejected(ProviderError):
    """The request cannot be fulfilled; the same request fails again."""


class BindConflict(Rejected):
    """This candidate and this group already have another binding."""


class ExpiryIllegal(Rejected):
    """A binding cannot end at this time."""


class NumberIllegal(Rejected):
    """The candidate's number, or a caller's, cannot be called."""


class UnknownBinding(Rejected):
    """The binding does not exist, or has ended."""


class CallbackForged(Exception):
    """A call record was not sent by the provider, or is too old."""


# --- Requests and records -------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """A request for a binding."""

    request_id: str
    """Our id. A provider that recognises it makes one binding for it, however often it is sent."""
    candidate: str = field(repr=False)
    group: str
    """The callers: the id that `set_callers` returned."""
    expires_at: datetime


@dataclass(frozen=True)
class Bound:
    """A binding, as the provider has it."""

    reference: str
    number: str
    extension: str
    expires_at: datetime
    muted: bool = False


class Outcome(StrEnum):
    """How a call ended. The values are stored: never rename one."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """The phone is off or out of service."""
    MUTED = "muted"
    """The candidate wants no calls; the caller heard an announcement."""
    STRANGER = "stranger"
    """The caller is not in the group. The caller heard an announcement; the candidate's phone did
    not ring.
    """
    UNBOUND = "unbound"
    """The number has no binding, or no longer has one."""
    BLOCKED = "blocked"
    """The carrier has blocked the number X."""
    FAILED = "failed"
    """Any other reason, or an unknown one."""


@dataclass(frozen=True)
class CallRecord:
    """One call. It never contains the candidate's number."""

    record_id: str
    """The provider's id; the same record may come twice."""
    reference: str
    """The binding's reference, or "" if there was none."""
    number: str
    extension: str
    caller: str = field(repr=False)
    by_candidate: bool
    at: datetime
    seconds: int
    outcome: Outcome


@dataclass(frozen=True)
class Callback:
    """A call record as received over HTTP: the secret part of the address, the headers by
    lower-case name, and the body.
    """

    secret: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Relays(Protocol):
    """A provider.

    Every method raises ProviderUnavailable, ProviderBroken or Rejected, or their subclasses above.
    """

    name: str
    lists_calls: bool
    """Whether `calls` works. If not, records come only by callback, or not at all."""

    def set_callers(self, group: str, name: str, callers: Sequence[str], now: datetime) -> str:
        """Replace the callers of a group, at least one and at most `CALLERS_AT_MOST`; return the
        group.

        "" makes a new group. If that answer is lost, an unused group remains.
        """
        ...

    def bind(self, order: Order, now: datetime) -> Bound:
        """Lend a number.

        If the answer is lost, send the order again: the last answer counts, and a provider that
        made two bindings lets the first expire.
        """
        ...

    def extend(self, reference: str, number: str, until: datetime, now: datetime) -> None:
        """Set the end of the binding to `until`; may be repeated.

        Raises UnknownBinding if it has ended.
        """
        ...

    def mute(self, reference: str, number: str, muted: bool, now: datetime) -> None:
        """Block the binding's calls, or allow them again; may be repeated."""
        ...

    def unbind(self, reference: str, number: str, now: datetime) -> None:
        """End the binding; does nothing if it has already ended."""
        ...

    def get(self, reference: str, number: str, now: datetime) -> Bound | None:
        """Return the binding as it is now, or None if there is none or it has ended."""
        ...

    def verify_callback(self, callback: Callback, now: datetime) -> list[CallRecord]:
        """Return the records in a callback.

        Raises CallbackForged if the provider did not send them, or not recently.
        """
        ...

    def calls(self, since: datetime, until: datetime, now: datetime) -> list[CallRecord]:
        """Return the records of calls that began in [since, until).

        Older records may still arrive late.
        """
        ...
