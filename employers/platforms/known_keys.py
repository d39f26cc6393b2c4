"""A cache of API keys that this web process has seen in force.

It saves the gate a query. A cached key may have been revoked since, so users of the cache confirm
it in the statement that answers the request (`downloads.gate.decide`), which returns nothing for an
ended key. A revocation therefore takes effect at once, as if the key were read each time, and a
request needs one round trip instead of two.

Keys of test platforms are not cached, because their clock may differ from the one that ends keys.
Scopes never change after creation, so they need no confirmation. Malformed requests are answered
before the key is confirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from employers.models import ApiKey

MOST: Final = 10_000
"""The maximum number of keys. When it is reached, the cache is emptied."""

_known: Final[dict[str, ApiKey]] = {}
"""The cached rows by key hash.

Threads share the rows; only the time of last use is changed.
"""


class KeyEnded(Exception):
    """The request's key is no longer in force, and nothing was done."""


def known_key(token: str) -> ApiKey | None:
    """Return the cached row of the key `token`, with its client."""
    return _known.get(ApiKey.hash_key(token))


def remember_key(token: str, key: ApiKey) -> None:
    """Cache `key`, which was just found for `token`."""
    if key.client.test:
        return
    if len(_known) >= MOST:
        _known.clear()
    _known[ApiKey.hash_key(token)] = key


def confirm_key(key_id: UUID, now: datetime) -> None:
    """Raise KeyEnded if the key is no longer in force. For requests that waited, or wrote nothing,
    since the key was read.
    """
    if not ApiKey.objects.live(now).filter(pk=key_id).exists():
        raise KeyEnded


def forget(key: ApiKey) -> None:
    """Remove an ended key."""
    for hash_, known in tuple(_known.items()):
        if known.pk == key.pk:
            _known.pop(hash_, None)
