"""How does a platform hear of a copy in the very call that asks for it? It says how long it would wait (`Prefer: wait=10`, RFC 7240).

A call that waits holds a thread of the web process that the gate needs, so few may at once, and not long; the others are answered as
if they had not asked. Under an `Idempotency-Key` nobody waits: what the worker is to make is committed only with the answer.
"""

from __future__ import annotations

import re
import threading
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from downloads.models import Copy, CopyState

LONGEST: Final = 20
"""Seconds. Proxies give up after 30 or 60."""
AT_ONCE: Final = 2
"""In one web process, of its four or eight threads."""
LOOKED_EVERY: Final = 0.1

_places: Final = threading.BoundedSemaphore(AT_ONCE)
_WAIT: Final = re.compile(r"(?:^|[,\s])wait\s*=\s*\"?([0-9]{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


def preferred(prefer: str) -> int:
    """The seconds that a `Prefer` header asks to wait, at most `LONGEST`; 0 where it asks for none."""
    found = _WAIT.search(prefer)
    return min(LONGEST, int(found[1])) if found else 0


def until_made(copy_id: UUID, seconds: float) -> bool:
    """Wait until the copy is no longer being prepared, for so long; whether there was a place to wait in."""
    if seconds <= 0 or not _places.acquire(blocking=False):
        return False
    try:
        ends = monotonic() + seconds
        while _is_preparing(copy_id) and monotonic() < ends:
            sleep(LOOKED_EVERY)
    finally:
        _places.release()
    return True


def _is_preparing(copy_id: UUID) -> bool:
    return Copy.objects.filter(pk=copy_id, state=CopyState.PREPARING).exists()
