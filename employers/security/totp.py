"""Time-based one-time passwords (RFC 6238), computed by pyotp.

SHA-1, six digits and steps of 30 seconds, which every authenticator app understands.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

import pyotp

DIGITS: Final = 6
STEP_SECONDS: Final = 30
DRIFT: Final = 1
"""Steps by which the phone's clock may be off, either way; RFC 6238, 5.2 advises one."""


def new_secret() -> str:
    """A fresh secret of 160 bits in base32, as long as the hash (RFC 4226, 4, R6)."""
    return pyotp.random_base32()


def step_at(now: datetime) -> int:
    """The number of the step that `now` lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code(secret: str, step: int) -> str:
    """The code of one step."""
    return pyotp.HOTP(secret, digits=DIGITS).at(step)


def matching_steps(secret: str, typed: str, now: datetime) -> list[int]:
    """The steps around `now` whose code is `typed`, the oldest first.

    Every step is compared, so that the time taken reveals nothing. pyotp's own `verify` is not
    used: it stops at the first match, and does not return all of them.
    """
    here = step_at(now)
    around = range(here - DRIFT, here + DRIFT + 1)
    return [
        step for step in around if hmac.compare_digest(code(secret, step).encode(), typed.encode())
    ]


def address(secret: str, account: str, issuer: str) -> str:
    """The `otpauth:` address of the secret, which an app reads from the QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=account, issuer_name=issuer
    )
