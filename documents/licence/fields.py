"""The reading of a licence, and the problems that it may have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from documents.licence.editions import Edition
from documents.page.boxes import Region, Rotation
from documents.page.licence_fields import LICENCE_FIELDS

FIELDS: Final = tuple(LICENCE_FIELDS)
"""Every field that a reading can have, in the order of the print.

A field that could not be read is absent.
"""


class Problem(StrEnum):
    """Stored with the reading; a machine's observation, no accusation."""

    USCC_WRONG_CHECK_CHARACTER = "uscc_wrong_check_character"
    USCC_WRONG_ORGANISATION_CODE = "uscc_wrong_organisation_code"
    """The code is valid, but the organisation code within it is not: seldom so in print, often so
    in a forgery.
    """
    NUMBER_WRONG_CHECK_DIGIT = "number_wrong_check_digit"
    USCC_ONLY_IN_QR = "uscc_only_in_qr"
    """The print of the code was not read."""
    USCC_SETTLED_BY_QR = "uscc_settled_by_qr"
    """One look-alike character was read wrong; the QR code says which."""
    SEVERAL_CODES = "several_codes"
    """More than one company's code stands on the page."""
    SEVERAL_LICENCES = "several_licences"
    """Two licences lie on the page, of one company or of two: a value of one may have been read
    beside a label of the other.
    """
    READ_AGAIN = "read_again"
    """A value that the reader was not sure of was read once more, and then agreed with what was
    declared.
    """
    QR_DISAGREES = "qr_disagrees"
    ESTABLISHED_ON_FROM_TERM = "established_on_from_term"
    """The day of establishment was not read; the term begins on the one given."""
    TITLE_MISSING = "title_missing"


@dataclass(frozen=True)
class LicenceReading:
    """The best page of a document, read.

    `fields` and `confidence` have the same keys, out of FIELDS; `regions` and `lines` those of them
    that were read from the print, which a value from the QR code or a service was not; `regions`
    has "qr" besides.

    `uscc` may be invalid where the print is so: it is what was read, never mended.
    """

    fields: dict[str, str]
    confidence: dict[str, float]
    """0..1: how sure the reader is of the characters, less where the place of the value had to be
    guessed.
    """
    regions: dict[str, Region]
    """Where each value, and the QR code, stands, in pixels of the page as it was handed in."""
    lines: dict[str, tuple[Region, ...]]
    """The regions of the lines that each value was read from."""
    alternatives: dict[str, tuple[str, ...]]
    """What a value may be instead, likeliest first.

    Suggestions: none is taken without a second witness.
    """
    form: Edition
    problems: tuple[Problem, ...]
    qr: str | None
    """What the QR code says, raw."""
    qr_uscc: str | None
    """The valid USCC in it, if it states one."""
    seconds: float
    decided_seconds: float | None
    """When the fields that decide (code or number, name, legal representative) were known; None
    where they were not.
    """
    reader: str
    looks_like_licence: bool
    cloud: dict[str, Any] | None = None
    """What a cloud reader answered, where one was asked."""
    page: int = 1
    """Which page, from 1."""
    turn: Rotation = 0
    """Degrees clockwise that the page must be turned to stand upright."""

    def as_json(self) -> dict[str, Any]:
        """The same, in what JSON has: to be stored as an observation."""
        return asdict(self) | {
            "regions": {name: list(region) for name, region in self.regions.items()},
            "lines": {
                name: [list(region) for region in regions] for name, regions in self.lines.items()
            },
            "alternatives": {name: list(others) for name, others in self.alternatives.items()},
            "problems": list(self.problems),
        }
