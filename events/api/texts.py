"""Bilingual texts in the API, and the format of platforms' own references."""

from __future__ import annotations

import re
from typing import Final

from pydantic import BaseModel, Field

from events.core.errors import Refused
from events.core.reasons import Text

REFERENCE: Final = r"^[A-Za-z0-9_.:\-]+$"
REFERENCE_LONGEST: Final = 64
"""Characters in a platform's own id of an employer, a recruiter or a candidate. The pattern
excludes names and email addresses.
"""


def checked_reference(text: str) -> str:
    """Return `text` if it is a valid reference. Raises Refused `reference_invalid`."""
    if len(text) > REFERENCE_LONGEST or not re.fullmatch(REFERENCE, text):
        raise Refused("reference_invalid", "reference", seen=text[:REFERENCE_LONGEST])
    return text


class Words(BaseModel):
    """A text in Simplified Chinese and in English."""

    zh: str = Field(description="The text in Simplified Chinese.")
    en: str = Field(description="The text in English.")

    @classmethod
    def of(cls, text: Text) -> Words:
        return cls(zh=text.zh, en=text.en)
