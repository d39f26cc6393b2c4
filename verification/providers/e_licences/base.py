"""What can be asked of the electronic business licence, and in which words does it answer?

The holder of the licence scans a code with the licence's own program and confirms. By
市场主体登记管理条例 22 the electronic licence equals the paper one, and only the legal
representative, or whom they have authorised in it, can show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """Where a scan stands. Stored as `Proof.stage`; never renamed."""

    PENDING = "pending"
    SCANNED = "scanned"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"


class By(StrEnum):
    """Who confirmed."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    AUTHORISED = "authorised"


@dataclass(frozen=True)
class ELicence:
    """What the licence says."""

    uscc: str
    name: str
    legal_representative: str = field(repr=False)


@dataclass(frozen=True)
class Scan:
    """What the service says of a scan now."""

    request_id: str
    reference: str
    stage: Stage
    qr: str
    """What the code on the page holds: an address that only the licence's program opens."""
    expires_at: datetime
    licence: ELicence | None = None
    """Set, as `by` is, where `stage` is CONFIRMED."""
    by: By | None = None


class ELicences(Protocol):
    """The service behind the electronic licence.

    Each call raises ProviderUnavailable or ProviderBroken.
    """

    name: str

    def begin(self, request_id: str, now: datetime) -> Scan:
        """A code to be scanned. The same id is the same scan, as it stands now."""
        ...

    def ask(self, reference: str, now: datetime) -> Scan:
        """How the scan stands now. Raises ProviderBroken for one that the service does not know."""
        ...
