"""Receives uploads without trusting their announced size.

Files are kept in memory up to the limit of one file, and never written to disk in their original
form. A file over the limit is dropped and named; the other files of the form are kept. Only views
that choose `BoundedUploadHandler` receive files. All others refuse them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from events.core.errors import Refused

FILES_AT_ONCE = 4
"""The most files in one request; the browser's script sends one at a time."""

FORM_BYTES = 64 * 1024
"""Room for the form's other fields and the multipart framing."""


CHILDREN_AT_ONCE = 2
CHILD_WAIT_SECONDS = 10.0
"""Examining a photograph takes a second or two, so a process normally becomes free in time."""

_children = BoundedSemaphore(CHILDREN_AT_ONCE)


@contextmanager
def room_for_a_child() -> Iterator[None]:
    """Hold one of the processes that open uploads; each may need much memory.

    Raise Refused `service_busy` if none becomes free within `CHILD_WAIT_SECONDS`.
    """
    if not _children.acquire(timeout=CHILD_WAIT_SECONDS):
        raise Refused("service_busy")
    try:
        yield
    finally:
        _children.release()


def too_long(request: HttpRequest, file_bytes: int) -> bool:
    """Whether the request announces more than a valid form can contain, before it is read."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True
    return announced > FILES_AT_ONCE * file_bytes + FORM_BYTES


class RefusingUploadHandler(FileUploadHandler):
    """Refuses every file: the handler of requests whose view has not chosen another."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SuspiciousFileOperation("No file is expected here.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Is never called."""

    def file_complete(self, file_size: int) -> None:
        """Is never called."""


class BoundedUploadHandler(FileUploadHandler):
    """Collects each file in memory; `too_large` lists those over `file_bytes`."""

    def __init__(self, request: HttpRequest, file_bytes: int) -> None:
        super().__init__(request)
        self.file_bytes = file_bytes
        self.too_large: list[str] = []
        self._received = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._received = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._received.tell() + len(raw_data) > self.file_bytes:
            self._received = BytesIO()
            self.too_large.append(self.file_name or "")
            raise SkipFile
        self._received.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._received.seek(0)
        return InMemoryUploadedFile(
            self._received,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            file_size,
            self.charset,
            self.content_type_extra,
        )


def too_large(request: HttpRequest) -> list[str]:
    """Return the names of the files that were dropped because of their size."""
    return [name for each in request.upload_handlers for name in getattr(each, "too_large", ())]
