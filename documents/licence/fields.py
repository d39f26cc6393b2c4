"""The reading of a licence, and its possible problems."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from documents.licence.editions import Edition
from documents.page.boxes import Region, Rotation
from documents.page.licence_fields import LICENCE_FIELDS
from documents.page.paper_kinds import PaperKind

FIELDS: Final = tuple(LICENCE_FIELDS)
"""Every field that a reading can have, in the order of the print.

A field that could not be read is absent.
"""


class Problem(StrEnum):
    """Problems of a reading. They are stored with it, and are observations, not accusations."""

    USCC_WRONG_CHECK_CHARACTER = "uscc_wrong_check_character"
    USCC_WRONG_ORGANISATION_CODE = "uscc_wrong_organisation_code"
    """The organisation code within a valid code is not valid: rare, except in forgeries."""
    NUMBER_WRONG_CHECK_DIGIT = "number_wrong_check_digit"
    USCC_ONLY_IN_QR = "uscc_only_in_qr"
    """The print of the code was not read."""
    USCC_SETTLED_BY_QR = "uscc_settled_by_qr"
    """One look-alike character was misread; the QR code resolved it."""
    SEVERAL_CODES = "several_codes"
    """There are codes of several companies on the page."""
    SEVERAL_LICENCES = "several_licences"
    """There are two licences on the page, of one company or of two.

    A value of one may have been read beside a label of the other.
    """
    READ_AGAIN = "read_again"
    """An unsure value was read again, and the second reading agrees with the declared value."""
    QR_DISAGREES = "qr_disagrees"
    ESTABLISHED_ON_FROM_TERM = "established_on_from_term"
    """The day of establishment was not read; the first day of the term was used."""
    TITLE_MISSING = "title_missing"


@dataclass(frozen=True)
class LicenceReading:
    """The reading of the best page of a document.

    `fields` and `confidence` have the same keys, from FIELDS. `regions` and `lines` have those of
    them that were read from print, not from the QR code or by a service; `regions` also has "qr".

    `uscc` is as read. It is never corrected, and may be invalid if the print is.
    """

    fields: dict[str, str]
    confidence: dict[str, float]
    """Confidence in the characters (0..1); lower if the value's place had to be guessed."""
    regions: dict[str, Region]
    """The region of each value and of the QR code, in pixels of the page as submitted."""
    lines: dict[str, tuple[Region, ...]]
    """The regions of the lines that each value was read from."""
    alternatives: dict[str, tuple[str, ...]]
    """Other possible readings of a value, likeliest first.

    These are suggestions: none is accepted without a second source.
    """
    form: Edition
    problems: tuple[Problem, ...]
    qr: str | None
    """The text of the QR code, raw."""
    qr_uscc: str | None
    """The valid USCC in it, if it states one."""
    seconds: float
    decided_seconds: float | None
    """Seconds until the fields that decide (code or number, name, legal representative) were known.

    None if they were not.
    """
    reader: str
    looks_like_licence: bool
    cloud: dict[str, Any] | None = None
    """The answer of a cloud reader, if one was asked."""
    page: int = 1
    """The number of the page, from 1."""
    turn: Rotation = 0
    """Degrees clockwise to turn the page upright."""
    kind: PaperKind | None = None
    """Which paper the page is by its own title or labels; None if that is unclear."""

    def as_json(self) -> dict[str, Any]:
        """Return the reading as JSON values, to be stored as an observation."""
        return asdict(self) | {
            "regions": {name: list(region) for name, region in self.regions.items()},
            "lines": {
                name: [list(region) for region in regions] for name, regions in self.lines.items()
            },
            "alternatives": {name: list(others) for name, others in self.alternatives.items()},
            "problems": list(self.problems),
        }
