"""From which secret do the marks of a copy follow?

From one of the service's data keys, by a derivation of its own; kept nowhere.

Each copy names the key that it was marked by, as each seal does. So a key can be changed: new
copies are marked by the new one, old copies are traced while theirs is in the list of retired ones,
which their clean pages need as well.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from events.core.sealing import KeyMissing, key_id, keys
from resumes.marking import MarkKey

_PURPOSE: Final = b"zizhi marks of copies"


def current() -> str:
    """The name of the key by which copies are marked now."""
    return key_id(keys()[0]).hex()


def keys_of(copy: str, named: str, pages: int) -> tuple[MarkKey, ...]:
    """The secrets of the copy `copy` (its number), a page each, under the service's key `named`.

    Raises KeyMissing.
    """
    for key in keys():
        if key_id(key).hex() == named:
            service_key = hmac.digest(key, _PURPOSE, hashlib.sha256)
            return tuple(MarkKey.derived(service_key, copy, page) for page in range(pages))
    raise KeyMissing(f"copy {copy} was marked by a key that is not here: {named}")
