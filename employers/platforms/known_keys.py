"""A cache of API keys that this web process has seen in force.

It saves the gate a query. A cached key may have been revoked since, so users of the cache confirm
it in the statement that answers the request (`downloads.gate.decide`), which returns nothing for an
ended key. A revocation therefore takes effect at once, as if the key were read each time, and a
request needs one round trip instead of two.

Keys of test platforms are not cached, because their clock may differ from the one that ends keys.
Scopes never change after creation, so they need no confirmation. The networks that a key may be
used from can change: the caller's address is compared with the cached ones, and the statement
confirms that these are still the key's. Malformed requests are answered before the key is
confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from employers.accounts import networks
from employers.models import ApiKey
from events.core.errors import Refused

MOST: Final = 10_000
"""The maximum number of keys. When it is reached, the cache is emptied."""

_known: Final[dict[str, ApiKey]] = {}
"""The cached rows by key hash.

Threads share the rows; only the time of last use and the networks are changed.
"""


class KeyEnded(Exception):
    """The request's key is no longer in force, and nothing was done."""


@dataclass(frozen=True)
class CheckedKey:
    """A key, the caller's address, and the networks that it was compared with."""

    id: UUID
    allowed_networks: str
    address: str


def check_address(key_id: UUID, allowed_networks: str, address: str) -> CheckedKey:
    """Return the checked key if it may be used from `address`.

    Raises Refused `key_address_not_allowed`.
    """
    if not networks.is_allowed_network(allowed_networks, address):
        raise Refused("key_address_not_allowed", seen=address)
    return CheckedKey(key_id, allowed_networks, address)


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


def confirm_key(checked: CheckedKey, now: datetime) -> CheckedKey:
    """Return the key as it is now, checked again. For requests that waited, or wrote nothing, since
    the key was read.

    Raises KeyEnded if it is no longer in force, and Refused `key_address_not_allowed`.
    """
    found = (
        ApiKey.objects.live(now)
        .filter(pk=checked.id)
        .values_list("allowed_networks", flat=True)
        .first()
    )
    if found is None:
        raise KeyEnded
    for known in tuple(_known.values()):
        if known.pk == checked.id:
            known.allowed_networks = found
    return check_address(checked.id, found, checked.address)


def forget_key(key: ApiKey) -> None:
    """Remove an ended key."""
    for hash_, known in tuple(_known.items()):
        if known.pk == key.pk:
            _known.pop(hash_, None)
