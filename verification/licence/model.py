"""What has been read from a licence?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from verification.licence.boxes import Region, Turn

FIELDS: Final = (
    "uscc",
    "registration_number",
    "name",
    "type",
    "legal_representative",
    "registered_capital",
    "established_on",
    "term",
    "address",
    "business_scope",
    "registration_authority",
)
"""Every field that a reading can have, in the order of the print. A field that could not be read is absent."""


@dataclass(frozen=True)
class LicenceReading:
    """The best page of a document, read. All three mappings have the same keys, out of FIELDS.

    `uscc` may be invalid where the print is so: it is what was read, never mended.
    """

    fields: dict[str, str]
    confidence: dict[str, float]
    """0..1: how sure the reader is of the characters, less where the place of the value had to be guessed."""
    regions: dict[str, Region]
    """Where each value stands, in pixels of the page as it was handed in."""
    qr: str | None
    """What the QR code says, raw."""
    qr_uscc: str | None
    """The valid USCC in it, if it states one."""
    seconds: float
    reader: str
    looks_like_licence: bool
    page: int = 1
    """Which page, from 1."""
    turn: Turn = 0
    """Degrees clockwise that the page must be turned to stand upright."""

    def as_json(self) -> dict[str, Any]:
        """The same, in what JSON has: to be stored as an observation."""
        return asdict(self) | {"regions": {name: list(region) for name, region in self.regions.items()}}
