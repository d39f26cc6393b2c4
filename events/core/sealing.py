"""Sealing: encryption of stored secrets, and blind indexes to find them.

AES-256-GCM (NIST SP 800-38D). Each secret is encrypted separately and bound to its name: sealed
bytes that were changed, truncated or moved to another name do not open. Nonces are random, which is
safe for 2³² seals per key. Each seal names its key, so keys can be rotated: new seals use the
current key, and old ones stay readable while their key is in the list of retired keys.

sealed = "ZZ" · version (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)

A blind index is an HMAC-SHA-256 of the normalised value under a separate key. It allows a search
for equal values without decrypting any.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from events.core.errors import ProviderBroken

KEY_BYTES: Final = 32
_MAGIC: Final = b"ZZ\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEAD_BYTES: Final = len(_MAGIC) + _ID_BYTES
OVERHEAD: Final = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES
"""Bytes that sealing adds to the content."""


class Damaged(ProviderBroken):
    """The sealed bytes are not those stored under this name: changed, truncated or moved."""


class KeyMissing(ProviderBroken):
    """The file was sealed with a key that is neither current nor retired."""


# --- Pure -----------------------------------------------------------------------------------------


def key_id(key: bytes) -> bytes:
    """Return four bytes that identify `key` without revealing anything about it."""
    return hashlib.sha256(b"zizhi document key id" + key).digest()[:_ID_BYTES]


def seal(plain: bytes, key: bytes, name: str) -> bytes:
    """Return `plain` encrypted with `key` (32 bytes) and bound to `name`."""
    head, nonce = _MAGIC + key_id(key), os.urandom(_NONCE_BYTES)
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + name.encode())


def unseal(sealed: bytes, keys: Iterable[bytes], name: str) -> bytes:
    """Return what was sealed under `name` with one of `keys`. Raises Damaged or KeyMissing."""
    if len(sealed) < OVERHEAD or not sealed.startswith(_MAGIC):
        raise Damaged(f"{name} is not a sealed file")
    head, nonce = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
    key = next((key for key in keys if key_id(key) == head[len(_MAGIC) :]), None)
    if key is None:
        raise KeyMissing(f"{name} was sealed with an unknown key: {head[len(_MAGIC) :].hex()}")
    try:
        return AESGCM(key).decrypt(
            nonce, sealed[_HEAD_BYTES + _NONCE_BYTES :], head + name.encode()
        )
    except InvalidTag:
        raise Damaged(f"{name} was changed, truncated or moved") from None


def key_from(text: str) -> bytes:
    """Return the key encoded in `text`: base64 of 32 bytes.

    Raises ImproperlyConfigured. The message does not contain the key.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"A document key (ZIZHI_DATA_KEY) must be {KEY_BYTES} bytes in base64"
        )
    return key


def keys() -> list[bytes]:
    """Return the current key, then the retired keys, which only open seals: the settings DATA_KEY
    and DATA_KEYS_RETIRED (an optional list).
    """
    return [
        key_from(text) for text in (settings.DATA_KEY, *getattr(settings, "DATA_KEYS_RETIRED", ()))
    ]


# --- Short texts in the database ------------------------------------------------------------------


def seal_text(text: str, purpose: str) -> str:
    """Return `text` sealed for a column, in base64. It opens only with the same `purpose`."""
    return base64.b64encode(seal(text.encode(), keys()[0], purpose)).decode()


def unseal_text(sealed: str, purpose: str) -> str:
    """Return the text sealed by `seal_text` for the same purpose. Raises Damaged or KeyMissing."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Damaged(f"{purpose} is not sealed") from None
    return unseal(raw, keys(), purpose).decode()


def blind_index(text: str, purpose: str) -> str:
    """Return 64 hex characters: equal for equal texts of one purpose under one key, and revealing
    nothing else.

    Uses the current DATA_KEY. After a key rotation, values must be indexed again to be found.
    """
    key = hmac.digest(keys()[0], f"zizhi blind index {purpose}".encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()
