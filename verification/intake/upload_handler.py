"""How is an upload received without believing how large it says it is?

Files are kept in memory up to the limit of one file, and never written to disk as they came. A file
that passes the limit is let go and named, so that the others of the same form are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from events.core.errors import Refused

FILES_AT_ONCE = 4
"""Files that one request may carry; the browser's script sends one at a time anyway."""

FORM_BYTES = 64 * 1024
"""What the form's other fields and the multipart frame may take."""


CHILDREN_AT_ONCE = 2
CHILD_WAIT_SECONDS = 10.0
"""A photograph is examined within a second or two, so that a full house empties in this time unless
it is besieged.
"""

_children = BoundedSemaphore(CHILDREN_AT_ONCE)


@contextmanager
def room_for_a_child() -> Iterator[None]:
    """A place among the processes that open uploads for this one: each may take much memory,
    whoever sent it.

    Raises Refused `service_busy` when none becomes free within `CHILD_WAIT_SECONDS`.
    """
    if not _children.acquire(timeout=CHILD_WAIT_SECONDS):
        raise Refused("service_busy")
    try:
        yield
    finally:
        _children.release()


def too_long(request: HttpRequest, file_bytes: int) -> bool:
    """Whether the request announces more than any honest form would hold; nothing of it has been
    read yet.
    """
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True
    return announced > FILES_AT_ONCE * file_bytes + FORM_BYTES


class BoundedUploadHandler(FileUploadHandler):
    """Collects each file in memory; `too_large` names those that passed `file_bytes`."""

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
