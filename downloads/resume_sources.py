"""Where does a resume come from, that a platform names instead of sending it? From a source of its own, by its own reference.

`ZIZHI_RESUMES` names a folder with one folder for each platform (by our id); where it is empty, resumes are sent. An object store
is another adapter of `ResumeSource`: `fetch` by the platform and a reference, one chosen in `chosen`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.conf import settings

from events.errors import ProviderUnavailable, Refused


class ResumeSource(Protocol):
    """A store of resumes that the platform fills and we only read."""

    def fetch(self, client_id: UUID, reference: str, limit: int) -> bytes:
        """The file, of at most `limit` bytes and one more, by which a longer one is known.

        Raises Refused `resume_not_found`; ProviderUnavailable where the store does not answer now.
        """
        ...


class FolderSource:
    """Files in a folder, which may be a mounted share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, client_id: UUID, reference: str, limit: int) -> bytes:
        """As `ResumeSource.fetch`. What leads out of the platform's folder, by dots or by a link, is not found."""
        if not self._folder.is_dir():
            raise ProviderUnavailable("the folder of resumes is not there", retry_after=30.0)
        own = (self._folder / str(client_id)).resolve()
        path = (own / reference).resolve()
        if not path.is_relative_to(own) or not path.is_file():
            raise Refused("resume_not_found", "resume_reference")
        try:
            with path.open("rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise ProviderUnavailable("the file cannot be read now", retry_after=30.0) from error


def chosen() -> ResumeSource | None:
    """The source of this deployment, if it has one."""
    return FolderSource(Path(settings.RESUMES)) if settings.RESUMES else None
