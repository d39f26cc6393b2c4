"""How does the API say words to people, and by what does a platform call what is its own?

Both stand here once, for every room.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import BaseModel, Field

from events.core.errors import Refused
from events.core.reasons import Text

REFERENCE: Final = r"^[A-Za-z0-9_.:\-]+$"
REFERENCE_LONGEST: Final = 64
"""A platform's own id of an employer, a recruiter, a candidate: no name, phone number or e-mail
address has this form and is meant.
"""


def checked_reference(text: str) -> str:
    """`text`, if it may be a reference. Raises Refused `reference_invalid`."""
    if len(text) > REFERENCE_LONGEST or not re.fullmatch(REFERENCE, text):
        raise Refused("reference_invalid", "reference", seen=text[:REFERENCE_LONGEST])
    return text


class Words(BaseModel):
    """The same words in Simplified Chinese and English."""

    zh: str = Field(description="In Simplified Chinese.")
    en: str = Field(description="In English.")

    @classmethod
    def of(cls, text: Text) -> Words:
        return cls(zh=text.zh, en=text.en)
