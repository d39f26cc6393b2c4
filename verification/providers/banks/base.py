"""The interface of banks.

A small transfer to the company's account carries a code as its memo. Its arrival under the
account's name proves whose account it is; the returned code proves that the recruiter can see the
statements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """The stage of a transfer. Stored as `Proof.stage`; never renamed."""

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
    """A transfer to be made. Its texts are confidential and must not be logged."""

    request_id: str
    """Our id. Repeated orders with the same id are the same transfer."""
    holder: str = field(repr=False)
    account_number: str = field(repr=False)
    bank_name: str
    fen: int
    memo: str = field(repr=False)


@dataclass(frozen=True)
class Transfer:
    """The bank's report on a transfer. A later report may be older than an earlier one."""

    request_id: str
    reference: str
    stage: Stage
    returned: Return | None = None
    """Set if `stage` is RETURNED."""


class Bank(Protocol):
    """A bank that makes transfers for us.

    Each call raises ProviderUnavailable or ProviderBroken.
    """

    name: str

    def send(self, order: Order, now: datetime) -> Transfer:
        """Make the transfer, once.

        If the answer is lost, the transfer may or may not have been made: send it again with the
        same id.

        A wrong number may be reported at once, as a RETURNED transfer. The same id with other
        content raises ProviderBroken.
        """
        ...

    def find(self, request_id: str, now: datetime) -> Transfer | None:
        """The current state of the transfer with this id; None if the bank does not know it."""
        ...
