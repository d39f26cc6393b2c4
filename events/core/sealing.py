"""How does a secret rest?

Encrypted by itself, tied to its own name, and found again only by whoever knows it.

AES-256-GCM (NIST SP 800-38D): what was changed, cut short or put in another's place does not open.
Nonces are random, which is safe for 2³² seals a key. Each seal names the key that made it, so keys
can be changed: new ones take the new key, and old ones stay readable while their key is in the list
of retired ones.

    sealed = "ZZ" · version (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)

A blind index is an HMAC-SHA-256 of the normalised value with a key of its own, so that equal values
can be found equal without anything being readable.
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
"""A sealed file is longer than its content by so many bytes."""


class Damaged(ProviderBroken):
    """The sealed bytes are not what was stored under this name: changed, cut short, or moved
    here.
    """


class KeyMissing(ProviderBroken):
    """The file was sealed with a key that is neither the current one nor among the retired ones."""


# --- Pure -----------------------------------------------------------------------------------------


def key_id(key: bytes) -> bytes:
    """Four bytes that name `key` without telling anything of it."""
    return hashlib.sha256(b"zizhi document key id" + key).digest()[:_ID_BYTES]


def seal(plain: bytes, key: bytes, name: str) -> bytes:
    """`plain` encrypted with `key` (32 bytes) and bound to `name`."""
    head, nonce = _MAGIC + key_id(key), os.urandom(_NONCE_BYTES)
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + name.encode())


def unseal(sealed: bytes, keys: Iterable[bytes], name: str) -> bytes:
    """What was sealed under `name` with one of `keys`. Raises Damaged or KeyMissing."""
    if len(sealed) < OVERHEAD or not sealed.startswith(_MAGIC):
        raise Damaged(f"{name} is not a sealed file")
    head, nonce = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
    key = next((key for key in keys if key_id(key) == head[len(_MAGIC) :]), None)
    if key is None:
        raise KeyMissing(
            f"{name} was sealed with a key that is not here: {head[len(_MAGIC) :].hex()}"
        )
    try:
        return AESGCM(key).decrypt(
            nonce, sealed[_HEAD_BYTES + _NONCE_BYTES :], head + name.encode()
        )
    except InvalidTag:
        raise Damaged(f"{name} has been changed, cut short or moved") from None


def key_from(text: str) -> bytes:
    """The key written as `text`: base64 of 32 bytes.

    Raises ImproperlyConfigured, without showing it.
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
    """The key that seals, then those that only open: the settings DATA_KEY and DATA_KEYS_RETIRED (a
    list, may be absent).
    """
    return [
        key_from(text) for text in (settings.DATA_KEY, *getattr(settings, "DATA_KEYS_RETIRED", ()))
    ]


# --- Short texts in the database ------------------------------------------------------------------


def seal_text(text: str, purpose: str) -> str:
    """`text` sealed for a column, in base64. `purpose` names what it is, and opens nothing else."""
    return base64.b64encode(seal(text.encode(), keys()[0], purpose)).decode()


def unseal_text(sealed: str, purpose: str) -> str:
    """What `seal_text` sealed for the same purpose. Raises Damaged or KeyMissing."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Damaged(f"{purpose} is not sealed") from None
    return unseal(raw, keys(), purpose).decode()


def blind_index(text: str, purpose: str) -> str:
    """64 hex characters, equal for equal texts of one purpose under one key, and telling nothing
    else.

    Made with the current DATA_KEY: after a change of key, values that are to be found again are
    indexed anew.
    """
    key = hmac.digest(keys()[0], f"zizhi blind index {purpose}".encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()
