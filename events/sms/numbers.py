"""Which numbers get text messages: mobile numbers of mainland China, and no others.

So a message can cost no more than the price of its segments: there are no premium numbers and no
foreign carriers behind these prefixes. Numbers of virtual operators (162, 165, 167, 170, 171) do
get messages: their owners have been registered by name like all others, and the quotas
(`events.delivery.sms_quotas`) hold for them too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from events.core.errors import Refused

_SEPARATORS: Final = re.compile(r"[\s().\-‐-―]+")
_MAINLAND: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})")
_FOREIGN: Final = re.compile(r"(?:\+|00)(?!86)\d{6,15}")
_NOT_A_PHONE: Final = re.compile(r"1(?:4[01468]|349|74[0-5]|749)")
"""Cards of machines (140, 141, 144, 146, 148), and satellite telephones (1349, 1740-1745, 1749)."""
NOBODY: Final = "+86154"
"""No carrier has this prefix. It is for tests: a real provider is never asked to send there."""


def mainland_mobile(text: str) -> str:
    """Return the number as +86 and eleven digits, however it was typed.

    Raises Refused: `phone_unsupported` for a telephone that gets no messages from us, such as a
    foreign one, and `phone_invalid` for anything else.
    """
    typed = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    found = _MAINLAND.fullmatch(typed)
    if found and not _NOT_A_PHONE.match(found[1]):
        return f"+86{found[1]}"
    raise Refused("phone_unsupported" if found or _FOREIGN.fullmatch(typed) else "phone_invalid")
