"""What can be asked of a bank, and in which words does it answer?

A small transfer to the company's account carries a code as its memo. That it arrives under the
account's name tells whose account it is; that the code comes back tells that the recruiter can see
its statements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """Where a transfer stands. Stored as `Proof.stage`; never renamed."""

    ACCEPTED = "accepted"
    SENT = "sent"
    ARRIVED = "arrived"
    RETURNED = "returned"


class Return(StrEnum):
    """Why a transfer came back."""

    ACCOUNT_INVALID = "account_invalid"
    NAME_MISMATCH = "name_mismatch"
    ACCOUNT_CLOSED = "account_closed"
    OTHER = "other"


@dataclass(frozen=True)
class Order:
    """A transfer to be made. Its texts are secrets of the receiver, and stand in no log."""

    request_id: str
    """Ours. The same id is the same transfer, however often it is sent."""
    holder: str = field(repr=False)
    account_number: str = field(repr=False)
    bank_name: str
    fen: int
    memo: str = field(repr=False)


@dataclass(frozen=True)
class Transfer:
    """What the bank says of a transfer now. What it says may be older than what it said before."""

    request_id: str
    reference: str
    stage: Stage
    returned: Return | None = None
    """Set where `stage` is RETURNED."""


class Bank(Protocol):
    """A bank that makes transfers for us.

    Each call raises ProviderUnavailable or ProviderBroken.
    """

    name: str

    def send(self, order: Order, now: datetime) -> Transfer:
        """Make the transfer, once.

        Where the answer was lost it may or may not have been made: send it again with the same id.

        A wrong number may be told at once, as a transfer that is RETURNED. The same id with another
        content is ProviderBroken.
        """
        ...

    def find(self, request_id: str, now: datetime) -> Transfer | None:
        """The transfer of this id, as the bank knows it now; None where it has none."""
        ...
