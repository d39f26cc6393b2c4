"""Encrypted storage of documents on disk. Each file is sealed separately (`events.core.sealing`)
and readable only by this user.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.utils._os import safe_join
from django.utils.deconstruct import deconstructible

from events.core.sealing import OVERHEAD, key_from, seal, unseal
from verification.models import DocumentPage


def erase_unused(sha256: str, names: Sequence[str]) -> None:
    """Erase the stored pages of the file `sha256` that no row refers to. If a file is reused, two
    rows share the same pages.
    """
    referenced = DocumentPage.objects.filter(document__sha256=sha256, image__in=names).values_list(
        "image", flat=True
    )
    for name in set(names).difference(referenced):
        default_storage.delete(name)


@deconstructible(path="verification.cases.storage.EncryptedStorage")
class EncryptedStorage(Storage):
    """Django's default storage: sealed files under `location`, with generated names.

    Private: a file has no URL and no path.

    Without arguments it uses the settings DOCUMENTS_DIR, DATA_KEY and DATA_KEYS_RETIRED (a list,
    may be absent).
    """

    def __init__(
        self,
        location: str | Path | None = None,
        key: str | None = None,
        retired_keys: Iterable[str] | None = None,
    ) -> None:
        self._location, self._key, self._retired_keys = (
            location,
            key,
            None if retired_keys is None else tuple(retired_keys),
        )

    @property
    def location(self) -> Path:
        """The folder that holds the files."""
        return Path(self._location or settings.DOCUMENTS_DIR)

    @property
    def keys(self) -> list[bytes]:
        """The current key, then the retired keys, which only decrypt."""
        retired = (
            getattr(settings, "DATA_KEYS_RETIRED", ())
            if self._retired_keys is None
            else self._retired_keys
        )
        return [key_from(text) for text in (self._key or settings.DATA_KEY, *retired)]

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return a new random name. The uploader's file name is not kept."""
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
            raise ValueError("stored documents can only be opened with 'rb'")
        return ContentFile(unseal(self._file(name).read_bytes(), self.keys, name), name=name)

    def delete(self, name: str) -> None:
        """Remove the file, if it exists."""
        self._file(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name. Does not check that it can be decrypted."""
        return self._file(name).is_file()

    def size(self, name: str) -> int:
        """The content's length in bytes."""
        return self._file(name).stat().st_size - OVERHEAD

    def url(self, name: str | None) -> str:
        """Raises NotImplementedError: documents are shown only by views that check permissions."""
        raise NotImplementedError("stored documents are private and have no URL")


def _write_whole(file: Path, content: bytes) -> None:
    """Write all of `content` to `file`, or nothing: write to a temporary file, flush, then
    rename.
    """
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
    # The rename is durable only after its folder is synced.
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
