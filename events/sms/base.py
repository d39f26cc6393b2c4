"""The interface of a provider of text messages, and its errors and records.

Numbers are written as +86 and digits; times are timezone-aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Protocol

from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable

NUMBER_BLOCKED: Final = "number_blocked"
"""The reader has blocked the sender, or replied TD or R to it."""
NUMBER_ABSENT: Final = "number_absent"
"""The number is not assigned (空号), or its contract has ended."""
PHONE_OFF: Final = "phone_off"
"""The phone was off or out of reach for too long."""


# --- Errors ---------------------------------------------------------------------------------------


class FlowLimited(ProviderUnavailable):
    """Too many messages, in all or to this number. The message was not sent. Retry after
    `retry_after` seconds.
    """


class AnswerLost(ProviderError):
    """No answer came. The message may have been sent: do not send it again, but `find` it."""


class NotInService(ProviderBroken):
    """No message of this kind can be sent until an operator acts: the text or the sign is not
    approved, the balance is used up, or a key is wrong. The message was not sent.
    """


class Rejected(ProviderError):
    """This message cannot be sent; the same one fails again."""

    failure: ClassVar[str] = "rejected"
    """Stored with the message: never rename one."""


class NumberIllegal(Rejected):
    """The provider sends nothing to this number."""

    failure = "number_illegal"


class NumberBlocked(Rejected):
    """The reader has blocked the sender, or replied TD or R to it."""

    failure = NUMBER_BLOCKED


class ParamsRejected(Rejected):
    """A parameter is too long, or contains a link or a forbidden word."""

    failure = "params_rejected"


class CallbackForged(Exception):
    """A report was not sent by the provider, or is too old."""


# --- Messages and records -------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """A message to send."""

    id: str
    """Our id. The provider returns it with the report, but may send the message twice for it."""
    number: str = field(repr=False)
    sign: str
    code: str
    """The provider's code of the approved text."""
    params: Mapping[str, str] = field(repr=False)
    """In the order of the text."""
    text: str = field(repr=False)
    """What the reader gets, for providers that send nothing."""


@dataclass(frozen=True)
class Accepted:
    """The provider has taken a message."""

    reference: str
    """The provider's id of it."""
    segments: int | None = None
    """How many are charged, if it tells."""


@dataclass(frozen=True)
class Report:
    """What became of a message. It may come twice, late, or never, and contains no number."""

    message_id: str
    """Our id, or "" if the provider does not return it."""
    reference: str
    delivered: bool
    failure: str
    """Why it was not delivered: `NUMBER_BLOCKED`, …, or the carrier's code. "" if it was."""
    at: datetime
    segments: int | None = None


@dataclass(frozen=True)
class Callback:
    """Reports as received over HTTP: the secret part of the address, the headers by lower-case
    name, and the body.
    """

    secret: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class SmsProvider(Protocol):
    """A provider.

    Every method raises ProviderUnavailable, ProviderBroken, Rejected, AnswerLost, or their
    subclasses.
    """

    name: str
    lists_reports: bool
    """Whether `reports` works. If not, reports come only by callback, or not at all."""
    receipt: bytes
    """The JSON with which callbacks are answered."""

    def send(self, message: Message, now: datetime) -> Accepted:
        """Send a message. Raises AnswerLost if it may have been sent."""
        ...

    def find(self, message_id: str, number: str, since: datetime, now: datetime) -> Accepted | None:
        """Return the message that was sent to `number` with our id, or None if the provider does
        not know one. It may learn of one only minutes after it was sent.
        """
        ...

    def verify_callback(self, callback: Callback, now: datetime) -> list[Report]:
        """Return the reports in a callback.

        Raises CallbackForged if the provider did not send them, or not recently.
        """
        ...

    def reports(self, now: datetime) -> list[Report]:
        """Return reports that were not returned before. A lost answer loses them."""
        ...
