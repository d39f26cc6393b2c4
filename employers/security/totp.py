"""Time-based one-time passwords (RFC 6238), computed by pyotp.

SHA-1, six digits and steps of 30 seconds, which every authenticator app understands.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Final

import pyotp
import zxingcpp

DIGITS: Final = 6
STEP_SECONDS: Final = 30
DRIFT: Final = 1
"""Steps that the phone's clock may be off in either direction. RFC 6238, 5.2 recommends one."""


def new_secret() -> str:
    """Return a new secret of 160 bits in base32, as long as the hash (RFC 4226, 4, R6)."""
    return pyotp.random_base32()


def step_at(now: datetime) -> int:
    """Return the number of the step at `now`."""
    return int(now.timestamp()) // STEP_SECONDS


def code_of_step(secret: str, step: int) -> str:
    """Return the code of one step."""
    return pyotp.HOTP(secret, digits=DIGITS).at(step)


def matching_steps(secret: str, typed: str, now: datetime) -> list[int]:
    """Return the steps around `now` with the code `typed`, oldest first.

    All steps are compared, so that timing reveals nothing. pyotp's `verify` is not used, because it
    stops at the first match and does not return all matches.
    """
    here = step_at(now)
    around = range(here - DRIFT, here + DRIFT + 1)
    return [
        step
        for step in around
        if hmac.compare_digest(code_of_step(secret, step).encode(), typed.encode())
    ]


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """Return the `otpauth:` address of the secret, for the QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=account, issuer_name=issuer
    )


def qr_data_url(link: str) -> str:
    """Return `link` as a QR code, in a data URL."""
    drawn = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_svg(
        add_quiet_zones=True
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
