"""Receives uploads without trusting their announced size.

Files are kept in memory up to the limit of one file, and never written to disk in their original
form. A file over the limit is dropped and named; the other files of the form are kept. So is a file
that finds no room: all bodies that a process is receiving share a bounded memory, because a body is
read before its form can be checked, and anybody can have an account. Only views that choose
`BoundedUploadHandler` receive files. All others refuse them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore, Lock
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

ROOM_FILES = FILES_AT_ONCE + 3
"""How many files of full size the bodies in a web process may have in memory together: one body of
many, and one file in each of the other three threads (docs/operating/running.md).
"""

CHILDREN_AT_ONCE = 2
CHILD_WAIT_SECONDS = 10.0
"""Examining a photograph takes a second or two, so a process normally becomes free in time."""

_children = BoundedSemaphore(CHILDREN_AT_ONCE)


class Room:
    """Memory that is shared by the uploads of a process, counted as it fills, not as announced."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.taken = 0

    def take(self, size: int, most: int) -> bool:
        """Count `size` bytes unless more than `most` would then be taken. Return whether it did."""
        with self._lock:
            if self.taken + size > most:
                return False
            self.taken += size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self.taken -= size


ROOM = Room()


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
    """Collects each file in memory; `too_large` lists those over `file_bytes`, and `no_room` those
    that came while others filled the room.

    The first file of a body may use all of the room, and further ones only part of it. So bodies of
    many files keep nobody from sending one.
    """

    def __init__(self, request: HttpRequest, file_bytes: int) -> None:
        super().__init__(request)
        self.file_bytes = file_bytes
        self.too_large: list[str] = []
        self.no_room: list[str] = []
        self.file = BytesIO()
        self._files: list[BytesIO] = []
        self._taken = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = BytesIO()
        self._files.append(self.file)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        size = len(raw_data)
        if self.file.tell() + size > self.file_bytes:
            self._drop(self.too_large)
        share = ROOM_FILES if len(self._files) == 1 else FILES_AT_ONCE
        if not ROOM.take(size, share * self.file_bytes):
            self._drop(self.no_room)
        self._taken += size
        self.file.write(raw_data)

    def _drop(self, named: list[str]) -> None:
        """Forget the present file, and go on with the next."""
        named.append(self.file_name or "")
        self._give_back(self.file.tell())
        self.file.close()
        raise SkipFile

    def _give_back(self, size: int) -> None:
        ROOM.give_back(size)
        self._taken -= size

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            file_size,
            self.charset,
            self.content_type_extra,
        )

    def release(self) -> None:
        """Forget all files, at the end of the request."""
        for file in self._files:
            file.close()
        self._give_back(self._taken)


@contextmanager
def releasing_uploads(request: HttpRequest) -> Iterator[None]:
    """Let go of what the request's handlers hold when the block ends, however it does."""
    try:
        yield
    finally:
        for each in request.upload_handlers:
            if isinstance(each, BoundedUploadHandler):
                each.release()


def refused_files(request: HttpRequest, code: str, most: str) -> list[tuple[str, Refused]]:
    """Return the files that were dropped, and why: `code` if they are larger than `most`."""
    handlers = [each for each in request.upload_handlers if isinstance(each, BoundedUploadHandler)]
    return [
        *((name, Refused(code, expected=most)) for each in handlers for name in each.too_large),
        *((name, Refused("service_busy")) for each in handlers for name in each.no_room),
    ]
