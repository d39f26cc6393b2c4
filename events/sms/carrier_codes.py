"""What carriers' codes mean in reports.

There are hundreds, and providers pass on those of all carriers. Only the kinds that change what we
do or that explain a failure are told apart.
"""

from __future__ import annotations

from typing import Final

from events.sms.base import NUMBER_ABSENT, NUMBER_BLOCKED, PHONE_OFF

_KINDS: Final = {
    NUMBER_BLOCKED: ("BLACK", "BLOK", "BLOCKED", "UNSUBSCRIBE", "TD_REJECT"),
    NUMBER_ABSENT: ("MK:0000", "MK:0001", "MI:0073", "MI:0210", "CB:0001", "CB:0053", "DB:0101"),
    PHONE_OFF: ("EXPIRED", "UNDELIV", "MK:0012", "MI:0024", "MI:0042", "MI:0076", "MI:0082"),
}
"""By what is in the code."""


def failure_of(code: str) -> str:
    """Return why a message was not delivered: a known kind, or the carrier's code."""
    upper = code.upper()
    for kind, parts in _KINDS.items():
        if any(part in upper for part in parts):
            return kind
    return code[:40] or "unknown"
