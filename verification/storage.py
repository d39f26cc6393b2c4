"""How do documents rest on disk? Each file encrypted by itself, tied to its own name, readable by this user alone.

AES-256-GCM (NIST SP 800-38D): a file that was changed, cut short or put in another's place does not open. Nonces are
random, which is safe for 2³² files a key. Each file names the key that sealed it, so keys can be changed: new files
take the new key, and old ones stay readable while their key is in the list of retired ones.

    sealed = "ZZ" · version (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils._os import safe_join
from django.utils.deconstruct import deconstructible

from events.errors import ProviderBroken

KEY_BYTES: Final = 32
_MAGIC: Final = b"ZZ\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEAD_BYTES: Final = len(_MAGIC) + _ID_BYTES
OVERHEAD: Final = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES
"""A sealed file is longer than its content by so many bytes."""


class Damaged(ProviderBroken):
    """The stored bytes are not what was stored under this name: changed, cut short, or moved here."""


class KeyMissing(ProviderBroken):
    """The file was sealed with a key that is neither the current one nor among the retired ones."""


# --- Pure ----------------------------------------------------------------------------------------------


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
        raise KeyMissing(f"{name} was sealed with a key that is not here: {head[len(_MAGIC) :].hex()}")
    try:
        return AESGCM(key).decrypt(nonce, sealed[_HEAD_BYTES + _NONCE_BYTES :], head + name.encode())
    except InvalidTag:
        raise Damaged(f"{name} has been changed, cut short or moved") from None


def key_from(text: str) -> bytes:
    """The key written as `text`: base64 of 32 bytes. Raises ImproperlyConfigured, without showing it."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"A document key (ZIZHI_DATA_KEY) must be {KEY_BYTES} bytes in base64")
    return key


# --- On disk -------------------------------------------------------------------------------------------


@deconstructible(path="verification.storage.EncryptedStorage")
class EncryptedStorage(Storage):
    """Django's default storage: sealed files under `location`, by generated names. Private: a file has no URL and no path.

    Without arguments it follows the settings DOCUMENTS_DIR, DATA_KEY and DATA_KEYS_RETIRED (a list, may be absent).
    """

    def __init__(self, location: str | Path | None = None, key: str | None = None, retired_keys: Iterable[str] | None = None) -> None:
        self._location, self._key, self._retired_keys = location, key, None if retired_keys is None else tuple(retired_keys)

    @property
    def location(self) -> Path:
        """The folder that holds the files."""
        return Path(self._location or settings.DOCUMENTS_DIR)

    @property
    def keys(self) -> list[bytes]:
        """The key that seals, then those that only open."""
        retired = getattr(settings, "DATA_KEYS_RETIRED", ()) if self._retired_keys is None else self._retired_keys
        return [key_from(text) for text in (self._key or settings.DATA_KEY, *retired)]

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """A new name that says nothing; what the uploader called the file is not kept."""
        fresh = uuid.uuid4().hex
        return f"{fresh[:2]}/{fresh}"

    def _file(self, name: str) -> Path:
        return Path(safe_join(str(self.location), name))

    def _save(self, name: str, content: File[Any]) -> str:
        content.seek(0)
        plain = content.read()
        sealed = seal(plain.encode() if isinstance(plain, str) else plain, self.keys[0], name)
        file = self._file(name)
        self.location.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _write_whole(file, sealed)
        return name

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if mode != "rb":
            raise ValueError("stored documents are read whole and never changed in place: open them with 'rb'")
        return ContentFile(unseal(self._file(name).read_bytes(), self.keys, name), name=name)

    def delete(self, name: str) -> None:
        """Remove the file; one that is not there is as good as removed."""
        self._file(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name; whether it opens is another question."""
        return self._file(name).is_file()

    def size(self, name: str) -> int:
        """The content's length in bytes."""
        return self._file(name).stat().st_size - OVERHEAD

    def url(self, name: str | None) -> str:
        """There is none: a document is shown by a view that has asked who is looking."""
        raise NotImplementedError("stored documents are private and have no URL")


def _write_whole(file: Path, content: bytes) -> None:
    """Either all of `content` is on disk under `file`, or nothing: written aside, flushed, then renamed."""
    aside = file.with_name(file.name + ".part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        aside.rename(file)
    except BaseException:
        with suppress(FileNotFoundError):
            aside.unlink()
        raise
    # The rename itself is durable once the folder is.
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
