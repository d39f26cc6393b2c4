"""Lets a request wait for its copy with `Prefer: wait=10` (RFC 7240).

A waiting request occupies a thread of the web process, which the gate needs. So only a few can wait
at once, one for each platform, and not for long; the others are answered at once. With an
`Idempotency-Key` no request waits, because the worker's job is committed only with the response.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from django.conf import settings

from downloads.models import Copy, CopyState

LONGEST: Final = 20
"""Seconds. Proxies give up after 30 or 60."""
POLLED_EVERY: Final = 0.1

_lock: Final = threading.Lock()
_waiting: Final[set[UUID]] = set()
"""The platforms with a waiting request in this process."""
_WAIT: Final = re.compile(r"(?:^|[,\s])wait\s*=\s*\"?([0-9]{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


def preferred_wait(prefer: str) -> int:
    """Return the seconds that a `Prefer` header asks to wait, at most `LONGEST`; 0 if it does not
    ask.
    """
    found = _WAIT.search(prefer)
    return min(LONGEST, int(found[1])) if found else 0


def until_made(copy: Copy, seconds: float) -> bool:
    """Wait up to `seconds` until the copy is no longer being prepared.

    Returns False if it still is and there was no free slot to wait in.
    """
    if seconds <= 0:
        return False
    ends = monotonic() + seconds
    with _slot(copy.client_id) as has_slot:
        while is_preparing := _is_preparing(copy.pk):
            if not has_slot or monotonic() >= ends:
                break
            sleep(POLLED_EVERY)
    return has_slot or not is_preparing


@contextmanager
def _slot(client_id: UUID) -> Iterator[bool]:
    with _lock:
        given = client_id not in _waiting and len(_waiting) < settings.RELEASES_AWAITED
        if given:
            _waiting.add(client_id)
    try:
        yield given
    finally:
        if given:
            _waiting.discard(client_id)


def _is_preparing(copy_id: UUID) -> bool:
    return Copy.objects.filter(pk=copy_id, state=CopyState.PREPARING).exists()
