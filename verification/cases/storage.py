"""Encrypted storage of documents on disk. Each file is sealed separately (`events.core.sealing`)
and readable only by this user.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.utils._os import safe_join
from django.utils.deconstruct import deconstructible

from events.core.sealing import OVERHEAD, SEAL_HEAD_BYTES, key_from, seal, seal_head, unseal
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
        with self._publishing():
            self._file(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Yield the names of all files."""
        for folder in sorted(self.location.glob("??")):
            for file in sorted(folder.iterdir()):
                if not file.name.endswith(_UNFINISHED):
                    yield file.relative_to(self.location).as_posix()

    def head_of(self, name: str) -> bytes:
        """Return the start of a file, which shows its key (`events.core.sealing.seal_head`). Raises
        FileNotFoundError.
        """
        with self._file(name).open("rb") as file:
            return file.read(SEAL_HEAD_BYTES)

    def reseal(self, name: str) -> bool:
        """Encrypt a file with the current key. Return whether it had another.

        Readers see the old file or the new one. A file that is deleted meanwhile stays deleted.
        Raises FileNotFoundError, Damaged, KeyMissing.
        """
        if self.head_of(name) == seal_head(self.keys[0]):
            return False
        file = self._file(name)
        plain = unseal(file.read_bytes(), self.keys, name)
        aside = file.with_name(f"{file.name}.{uuid.uuid4().hex}{_UNFINISHED}")
        _write_aside(aside, seal(plain, self.keys[0], name))
        try:
            with self._publishing():
                file.stat()
                aside.rename(file)
        finally:
            aside.unlink(missing_ok=True)
        _sync(file.parent)
        return True

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        """Let nobody delete a file while it is replaced, in any process."""
        try:
            folder = os.open(self.location, os.O_RDONLY)
        except FileNotFoundError:  # nothing has been stored yet
            yield
            return
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name. Does not check that it can be decrypted."""
        return self._file(name).is_file()

    def size(self, name: str) -> int:
        """The content's length in bytes."""
        return self._file(name).stat().st_size - OVERHEAD

    def url(self, name: str | None) -> str:
        """Raises NotImplementedError: documents are shown only by views that check permissions."""
        raise NotImplementedError("stored documents are private and have no URL")


_UNFINISHED: Final = ".part"


def _write_whole(file: Path, content: bytes) -> None:
    """Write all of `content` to `file`, or nothing: write to a temporary file, flush, then
    rename.
    """
    aside = file.with_name(file.name + _UNFINISHED)
    _write_aside(aside, content)
    try:
        aside.rename(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync(file.parent)


def _write_aside(aside: Path, content: bytes) -> None:
    """Write `content` to a new file, and flush it. Leave nothing behind if that fails."""
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        with suppress(FileNotFoundError):
            aside.unlink()
        raise


def _sync(folder: Path) -> None:
    """A rename is durable only after its folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
