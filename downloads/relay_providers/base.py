"""What can be asked of whoever lends relay numbers, and in which words does it answer?

A team of callers reaches one candidate by one number X, or by X and an extension where numbers are
scarce (AXG: A is the candidate, X the number, G the group of callers). Neither side learns the
other's number. Numbers are written as +86 and digits; moments have a zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from events.core.errors import ProviderError, ProviderUnavailable

CALLERS_AT_MOST: Final = 200
"""So many numbers one group of callers holds."""


# --- What goes wrong ------------------------------------------------------------------------------


class NoNumber(ProviderUnavailable):
    """The pool is empty. One comes free in time, so it is asked again."""


class FlowLimited(ProviderUnavailable):
    """Too many requests; `retry_after` seconds later there is room."""


class Rejected(ProviderError):
    """What was asked cannot be done as it was asked; the same request fails again."""


class BindConflict(Rejected):
    """This candidate and this group are bound already, by a binding that is not this one."""


class ExpiryIllegal(Rejected):
    """No binding can end then."""


class NumberIllegal(Rejected):
    """The candidate's number, or a caller's, is none that can be called."""


class UnknownBinding(Rejected):
    """There is no such binding, or none any more."""


class CallbackForged(Exception):
    """What came in as a record of calls was not sent by the provider, or not lately."""


# --- What is asked and answered -------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """A binding to be made."""

    request_id: str
    """Ours. A provider that can tell makes one binding for it, however often it is sent."""
    candidate: str = field(repr=False)
    group: str
    """Who may call: what `set_callers` answered."""
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
    """How a call ended. Stored; never renamed."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """The phone is off, or out of service."""
    MUTED = "muted"
    """The candidate wants no calls: the caller heard so."""
    STRANGER = "stranger"
    """The caller is none of the team: the caller heard a prompt, and the candidate nothing."""
    UNBOUND = "unbound"
    """The number leads to nobody any more, or did never."""
    BLOCKED = "blocked"
    """The carrier has blocked the number X."""
    FAILED = "failed"
    """None of these, as far as the provider tells."""


@dataclass(frozen=True)
class CallRecord:
    """One call. The candidate's number is in none."""

    record_id: str
    """The provider's: the same record may come twice."""
    reference: str
    """Of the binding; "" where there was none."""
    number: str
    extension: str
    caller: str = field(repr=False)
    by_candidate: bool
    at: datetime
    seconds: int
    outcome: Outcome


@dataclass(frozen=True)
class Callback:
    """What came in over HTTP as a record of calls: the secret part of the address, the headers by
    lower-case name, the body.
    """

    secret: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Relays(Protocol):
    """A provider.

    Each call raises ProviderUnavailable, ProviderBroken or Rejected, in the kinds above.
    """

    name: str
    lists_calls: bool
    """Whether `calls` can be asked; else records come by themselves or not at all."""

    def set_callers(self, group: str, name: str, callers: Sequence[str], now: datetime) -> str:
        """From now on exactly these, at least one and at most `CALLERS_AT_MOST`, may call by the
        bindings of `group`; the group.

        With "" for a group a new one is made. Where that answer is lost there is one more, which
        nobody uses.
        """
        ...

    def bind(self, order: Order, now: datetime) -> Bound:
        """Lend a number.

        Where the answer was lost, send it again: what is answered then counts, and a provider that
        made two lets the first end by its time.
        """
        ...

    def extend(self, reference: str, number: str, until: datetime, now: datetime) -> None:
        """Let the binding end at `until`, which may be said twice.

        Raises UnknownBinding where it has ended.
        """
        ...

    def mute(self, reference: str, number: str, muted: bool, now: datetime) -> None:
        """Let no call through, or let them through again; may be said twice."""
        ...

    def unbind(self, reference: str, number: str, now: datetime) -> None:
        """End the binding. One that has ended already is no error."""
        ...

    def get(self, reference: str, number: str, now: datetime) -> Bound | None:
        """The binding as it is now; None where there is none, or none any more."""
        ...

    def verify_callback(self, callback: Callback, now: datetime) -> list[CallRecord]:
        """The records that came in.

        Raises CallbackForged where the provider did not send them, or not lately.
        """
        ...

    def calls(self, since: datetime, until: datetime, now: datetime) -> list[CallRecord]:
        """The records of calls that began in [since, until), as far as they are there; those of
        long ago may come late.
        """
        ...
