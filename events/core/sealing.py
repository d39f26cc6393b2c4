"""Sealing: encryption of stored secrets, and blind indexes to find them.

AES-256-GCM (NIST SP 800-38D). Each secret is encrypted separately and bound to its name: sealed
bytes that were changed, truncated or moved to another name do not open. Nonces are random, which is
safe for 2³² seals per key. Each seal names its key, so keys can be rotated: new seals use the
current key, and old ones stay readable while their key is in the list of retired keys.

sealed = "ZZ" · version (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)

A blind index finds equal values without decrypting any. It is an HMAC-SHA-256 of the normalised
value under the index key (the setting INDEX_KEY, which never changes), encrypted deterministically
with the data key (AES key wrap, RFC 3394):

index = "k" · key id (8 hex characters) · base64url of the wrapped HMAC (54 characters)

If the data key and the index key are the same, as in a deployment that never changed its key, the
index is the bare HMAC in 64 hex characters.

So an index moves to another data key without its value, which is not stored, and the index key
alone does not reveal it. During a change of keys, a column contains several forms of one index
(`manage.py rekey`), so searches look for all of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
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
HEAD_CHARACTERS: Final = 9
"""The first characters of a sealed text, or of an index that is not bare, show its key."""
SEAL_HEAD_BYTES: Final = _HEAD_BYTES
"""The first bytes of a seal show its key."""
_BARE: Final = re.compile(r"[0-9a-f]{64}")
_WRAPPED: Final = re.compile(r"k[0-9a-f]{8}[A-Za-z0-9_-]{54}")


class Damaged(ProviderBroken):
    """The sealed bytes are not those stored under this name, or the index is no index: changed,
    truncated or moved.
    """


class KeyMissing(ProviderBroken):
    """The file or index was made with a key that is neither current nor retired."""


# --- Pure -----------------------------------------------------------------------------------------


def seal_head(key: bytes) -> bytes:
    """Return the bytes with which seals of `key` begin."""
    return _MAGIC + key_id(key)


def text_head(key: bytes) -> str:
    """Return the characters with which sealed texts of `key` begin."""
    return base64.b64encode(seal_head(key) + bytes(2))[:HEAD_CHARACTERS].decode()


@lru_cache(maxsize=64)
def key_id(key: bytes) -> bytes:
    """Return four bytes that identify `key` without revealing anything about it."""
    return hashlib.sha256(b"zizhi document key id" + key).digest()[:_ID_BYTES]


def seal(plain: bytes, key: bytes, name: str) -> bytes:
    """Return `plain` encrypted with `key` (32 bytes) and bound to `name`."""
    head, nonce = seal_head(key), os.urandom(_NONCE_BYTES)
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


@lru_cache(maxsize=64)
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
            f"A data key or index key must be {KEY_BYTES} bytes in base64 (ZIZHI_DATA_KEY,"
            " ZIZHI_DATA_KEYS_RETIRED, ZIZHI_INDEX_KEY, ZIZHI_INDEX_KEYS_FORMER)"
        )
    return key


def data_keys() -> list[bytes]:
    """Return the current key, then the retired keys, which only open seals: the settings DATA_KEY
    and DATA_KEYS_RETIRED (an optional list).
    """
    return [
        key_from(text) for text in (settings.DATA_KEY, *getattr(settings, "DATA_KEYS_RETIRED", ()))
    ]


# --- Short texts in the database ------------------------------------------------------------------


def seal_text(text: str, purpose: str) -> str:
    """Return `text` sealed for a column, in base64. It opens only with the same `purpose`."""
    return base64.b64encode(seal(text.encode(), data_keys()[0], purpose)).decode()


def unseal_text(sealed: str, purpose: str) -> str:
    """Return the text sealed by `seal_text` for the same purpose. Raises Damaged or KeyMissing."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Damaged(f"{purpose} is not sealed") from None
    return unseal(raw, data_keys(), purpose).decode()


def reseal_text(sealed: str, purpose: str) -> str:
    """Return the same text sealed with the current key. Raises Damaged or KeyMissing."""
    return seal_text(unseal_text(sealed, purpose), purpose)


# --- Blind indexes --------------------------------------------------------------------------------


def index_key() -> bytes:
    """Return the key of blind indexes: the setting INDEX_KEY."""
    return key_from(settings.INDEX_KEY)


def keyed_hash(text: str, purpose: str) -> str:
    """Return 64 hex characters that only the current data key can predict. Not for storage, because
    they change with the key.
    """
    return _hash(data_keys()[0], text, purpose)


def index_hash(text: str, purpose: str) -> str:
    """Return 64 hex characters that only the index key can predict. They never change, so use them
    only for rows that are deleted soon.
    """
    return _hash(index_key(), text, purpose)


def blind_index(text: str, purpose: str) -> str:
    """Return the index to store: equal for equal texts of one purpose, and revealing nothing else.
    At most 64 characters.
    """
    return _wrapped(index_hash(text, purpose), data_keys()[0])


def blind_indexes(text: str, purpose: str) -> list[str]:
    """Return all forms in which a row may have the index of `text`, the current one first."""
    return [
        _wrapped(_hash(base, text, purpose), key) for base in index_keys() for key in data_keys()
    ]


def index_made_with(key: bytes, text: str, purpose: str) -> str:
    """Return the current form of an index of `text` that was made with `key`."""
    return _wrapped(_hash(key, text, purpose), data_keys()[0])


def forms_of(index: str) -> list[str]:
    """Return all forms in which other rows may have the same index, the current one first. Of an
    index that this service has not made, only itself.
    """
    try:
        bare = _bare(index)
    except (Damaged, KeyMissing):
        return [index]
    return list(dict.fromkeys([*(_wrapped(bare, key) for key in data_keys()), index]))


def current_form(index: str) -> str:
    """Return the same index under the current key. Raises Damaged or KeyMissing."""
    return _wrapped(_bare(index), data_keys()[0])


def index_head(key: bytes) -> str:
    """Return the characters with which indexes of `key` begin, or "" if they are bare."""
    return "" if key == index_key() else f"k{key_id(key).hex()}"


def index_keys() -> list[bytes]:
    """Return the keys that indexes are made with: the index key, then those of before there was
    one.

    Until then the data key was the index key. A deployment that changed it has indexes under each.
    The setting INDEX_KEYS_FORMER names those that are no data keys any more.
    """
    known = data_keys() if index_key() in data_keys() else []
    return list(dict.fromkeys([index_key(), *former_index_keys(), *known]))


def former_index_keys() -> list[bytes]:
    """Return the keys in the setting INDEX_KEYS_FORMER, an optional list."""
    return [key_from(text) for text in getattr(settings, "INDEX_KEYS_FORMER", ())]


def _hash(key: bytes, text: str, purpose: str) -> str:
    of_purpose = hmac.digest(key, f"zizhi blind index {purpose}".encode(), hashlib.sha256)
    return hmac.digest(of_purpose, text.encode(), hashlib.sha256).hex()


def _wrapped(bare: str, key: bytes) -> str:
    if key == index_key():
        return bare
    wrapped = aes_key_wrap(_wrapping_key(key), bytes.fromhex(bare))
    return index_head(key) + base64.urlsafe_b64encode(wrapped).decode().rstrip("=")


def _bare(index: str) -> str:
    if _BARE.fullmatch(index):
        return index
    if not _WRAPPED.fullmatch(index):
        raise Damaged("not a blind index")
    key = next((key for key in data_keys() if key_id(key).hex() == index[1:HEAD_CHARACTERS]), None)
    if key is None:
        raise KeyMissing(f"an index was made with an unknown key: {index[1:HEAD_CHARACTERS]}")
    wrapped = base64.urlsafe_b64decode(index[HEAD_CHARACTERS:] + "==")
    try:
        return aes_key_unwrap(_wrapping_key(key), wrapped).hex()
    except InvalidUnwrap:
        raise Damaged("a blind index was changed") from None


@lru_cache(maxsize=64)
def _wrapping_key(key: bytes) -> bytes:
    return hmac.digest(key, b"zizhi wrapped blind index", hashlib.sha256)
