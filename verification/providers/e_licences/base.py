"""The interface of the electronic business licence.

The holder scans a code with the licence's app and confirms. By 市场主体登记管理条例 22 the
electronic licence is equal to the paper one. Only the legal representative, or a person authorised
in it, can show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """The stage of a scan. Stored as `Proof.stage`; never renamed."""

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
    """The contents of the licence."""

    uscc: str
    name: str
    legal_representative: str = field(repr=False)


@dataclass(frozen=True)
class Scan:
    """The service's report on a scan."""

    request_id: str
    reference: str
    stage: Stage
    qr: str
    """The content of the code on the page: an address that only the licence's app opens."""
    expires_at: datetime
    licence: ELicence | None = None
    """Set together with `by` if `stage` is CONFIRMED."""
    by: By | None = None


class ELicences(Protocol):
    """The service behind the electronic licence.

    Each call raises ProviderUnavailable or ProviderBroken.
    """

    name: str

    def begin(self, request_id: str, now: datetime) -> Scan:
        """Create a code to scan. The same id returns the same scan in its current state."""
        ...

    def ask(self, reference: str, now: datetime) -> Scan:
        """The current state of the scan. Raises ProviderBroken if the service does not know it."""
        ...
