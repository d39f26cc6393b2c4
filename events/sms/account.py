"""An account at a provider, and the verification of its callbacks, which providers do not sign."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from events.sms.base import Callback, CallbackForged

BODY_BYTES: Final = 512 * 1024


@dataclass(frozen=True)
class Account:
    """Raises ValueError, which names the fault but never a key."""

    key_id: str
    key_secret: str = field(repr=False)
    callback_secret: str = field(repr=False)
    """The secret part of the callback address."""
    endpoint: str
    app_id: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        if not self.key_id or not self.key_secret:
            raise ValueError("key_id and key_secret are required")
        if len(self.callback_secret) < 24:
            raise ValueError("callback_secret has fewer than 24 characters")
        parts = urlsplit(self.endpoint)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.path.strip("/")
            or parts.query
        ):
            raise ValueError("endpoint is not https://host or http://host:port")

    def rows_of(self, callback: Callback) -> list[dict[str, Any]]:
        """Return the JSON objects in the body. Raises CallbackForged."""
        if not hmac.compare_digest(callback.secret.encode(), self.callback_secret.encode()):
            raise CallbackForged("the secret in the address is wrong")
        if len(callback.body) > BODY_BYTES:
            raise CallbackForged("the body is too long")
        try:
            told = json.loads(callback.body)
        except ValueError:
            raise CallbackForged("the body is not JSON") from None
        if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
            raise CallbackForged("the body is not a list of reports")
        return told


def was_never_sent(error: BaseException) -> bool:
    """Return whether `error`, of the HTTP library `requests`, came before a connection existed."""
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        seen.append(following)
        name = type(following).__name__
        if name in ("ConnectTimeout", "NewConnectionError", "ConnectTimeoutError", "SSLError"):
            return True
        reason = getattr(following, "reason", None)
        causes = (following.__cause__, following.__context__, *following.args, reason)
        following = next(
            (each for each in causes if isinstance(each, BaseException) and each not in seen), None
        )
    return False
