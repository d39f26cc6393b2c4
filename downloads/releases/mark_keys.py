"""The secrets of the marks of copies, derived from the service's data keys and stored nowhere.

Each copy names the key that marked it, as encrypted data does. So a key can be replaced: new copies
are marked with the new one, and old copies can be traced while theirs is among the retired keys,
which their clean pages need as well.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from events.core.sealing import KeyMissing, data_keys, key_id
from resumes.marking import MarkKey

_PURPOSE: Final = b"zizhi marks of copies"


def current_mark_key() -> str:
    """Return the name of the key that marks copies now."""
    return key_id(data_keys()[0]).hex()


def keys_of(copy: str, named: str, pages: int) -> tuple[MarkKey, ...]:
    """Return the secrets of the copy with the number `copy`, one for each page, under the service's
    key `named`.

    Raises KeyMissing.
    """
    for key in data_keys():
        if key_id(key).hex() == named:
            service_key = hmac.digest(key, _PURPOSE, hashlib.sha256)
            return tuple(MarkKey.derived(service_key, copy, page) for page in range(pages))
    raise KeyMissing(f"copy {copy} was marked by a key that is not here: {named}")
