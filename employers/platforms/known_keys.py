"""Which keys has this web process seen in force?

So the gate need not look one up before it looks at all else.

What is known here may have been revoked since. Whoever takes it from here has it confirmed by the
very statement that answers (`downloads.gate.decide`), which gives nothing where the key has ended.
So a key opens nothing from the moment on that its end is acknowledged, as one that is looked up
each time, and a question takes one way to the database in place of two.

A test platform's key is never kept: its clock may stand elsewhere than that by which a key ends.
Scopes are given once and never changed; what is wrong with the form of a question is said before
the key is confirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from employers.models import ApiKey

MOST: Final = 10_000
"""So many at most; then it begins anew."""

_known: Final[dict[str, ApiKey]] = {}
"""By their hash, as they are stored.

The rows are shared by the threads; nothing of them is changed but when they were used last.
"""


class KeyEnded(Exception):
    """The key under which something was asked is no longer in force; nothing was done."""


def known_key(token: str) -> ApiKey | None:
    """The row of the key `token`, with its client, as it was when it was looked up."""
    return _known.get(ApiKey.hash_key(token))


def remember_key(token: str, key: ApiKey) -> None:
    """`key`, that was just found by `token`."""
    if key.client.test:
        return
    if len(_known) >= MOST:
        _known.clear()
    _known[ApiKey.hash_key(token)] = key


def confirm_key(key_id: UUID, now: datetime) -> None:
    """Raises KeyEnded where the key is no longer in force: for what waited, or wrote nothing, since
    it was looked up.
    """
    if not ApiKey.objects.live(now).filter(pk=key_id).exists():
        raise KeyEnded


def forget(key: ApiKey) -> None:
    """A key that has ended."""
    for hash_, known in tuple(_known.items()):
        if known.pk == key.pk:
            _known.pop(hash_, None)
