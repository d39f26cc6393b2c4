"""Is this the code that the app shows now? One-time passwords by time (RFC 6238, over the HOTP of RFC 4226).

SHA-1, six digits and steps of 30 seconds, which are what every authenticator app understands.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

DIGITS: Final = 6
STEP_SECONDS: Final = 30
DRIFT: Final = 1
"""Steps by which the phone's clock may be off, either way; RFC 6238, 5.2 advises one."""
SECRET_BYTES: Final = 20
"""As long as the hash, as RFC 4226, 4 (R6) recommends."""


def new_secret() -> str:
    """A fresh secret in base32, as apps want it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_at(now: datetime) -> int:
    """The number of the step that `now` lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code(secret: str, step: int) -> str:
    """The code of one step."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_steps(secret: str, typed: str, now: datetime) -> list[int]:
    """The steps around `now` whose code this is, the oldest first. Every one is compared, so that time tells nothing."""
    here = step_at(now)
    around = range(here - DRIFT, here + DRIFT + 1)
    return [step for step in around if hmac.compare_digest(code(secret, step).encode(), typed.encode())]


def address(secret: str, account: str, issuer: str) -> str:
    """What an app reads from the picture: the `otpauth:` address of the secret."""
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{urlencode({'secret': secret, 'issuer': issuer})}"
