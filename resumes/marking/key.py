"""The key of a mark: one secret for each page of each copy, and the signs derived from it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int8]
"""Each sign is −1 or +1."""
_PURPOSE: Final = b"zizhi mark 1"


@dataclass(frozen=True)
class MarkKey:
    """The secret of one page of one release.

    Anyone who has it can forge the mark, so it is derived when needed and never stored.
    """

    secret: bytes

    @classmethod
    def derived(cls, service_key: bytes, release: str, page: int) -> MarkKey:
        """Return the key of page `page` (from 0) of `release`.

        It is an HMAC-SHA-256 under `service_key`, which never leaves the service.
        """
        message = b"\0".join((_PURPOSE, release.encode(), str(page).encode()))
        return cls(hmac.new(service_key, message, hashlib.sha256).digest())

    def signs(self, mark: str, count: int) -> Signs:
        """Return the first `count` signs for `mark`.

        −1 and +1 are equally likely, even if the other signs are known.
        """
        drawn = hashlib.shake_256(self.secret + mark.encode()).digest(-(-count // 8))
        bits = np.unpackbits(np.frombuffer(drawn, np.uint8), count=count)
        return bits.astype(np.int8) * 2 - 1

    def __repr__(self) -> str:
        return "MarkKey(…)"  # keeps the secret out of logs
