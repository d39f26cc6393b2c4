"""Opens a resume from an untrusted source.

A sandboxed child process (`documents.upload.sandbox`) draws it and returns bare pixels, and the
characters of the text with their positions. Both are checked against what the child declares before
they are used. LibreOffice first converts a Word file in a child of its own; the resulting PDF is
treated as untrusted too.
"""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from documents.upload import sandbox
from documents.upload.intake import looks_like, media_type_of
from events.core.errors import Refused

FIELD: Final = "resume"
ACCEPTED: Final = "PDF, DOCX, JPEG, PNG, WebP, HEIC"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CHILD: Final = Path(__file__).with_name("pdf_child.py")
OFFICE_CHILD: Final = Path(__file__).with_name("office_child.py")
LETTER: Final = np.dtype(
    [
        ("code", "<u4"),
        ("box", "<f4", (4,)),
        ("advance", "<f4", (2,)),
        ("at", "<f4", (2,)),
        ("height", "<f4"),
    ]
)
"""One character, as `pdf_child.LETTER` packs it."""
PAGE_PIXELS: Final = 9_100_000
LETTERS: Final = 20_000
ROOM_BYTES: Final = 512 * 1024 * 1024
"""Size of LibreOffice's folder in memory: its profile, the file and the PDF."""

OFFICE_TOTAL: Final = sandbox.Total(memory_bytes=1536 * 1024 * 1024, processes=24)
"""LibreOffice and the processes around it: they are about six, and take 300 MB."""

Pixels = npt.NDArray[np.uint8]
"""height × width × 3, RGB."""


@dataclass(frozen=True)
class Limits:
    """Limits for one resume: its bytes, the pixels of a picture, pages, and a child's time and
    memory.
    """

    bytes: int = 20 * 1024 * 1024
    pixels: int = 60_000_000
    pages: int = 12
    seconds: int = 30
    memory_bytes: int = 1536 * 1024 * 1024
    office_seconds: int = 60
    office_memory_bytes: int = 4096 * 1024 * 1024
    """Address space of each process; LibreOffice reserves more than it uses."""
    office_total: sandbox.Total = OFFICE_TOTAL


@dataclass(frozen=True, eq=False)
class Page:
    """One page as rendered, and the characters that the file has on it.

    `letters` is an array of LETTER.
    """

    number: int
    pixels: Pixels
    dpi: float
    letters: npt.NDArray[Any]

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @cached_property
    def text(self) -> str:
        """The characters in the file's order, one for each of `letters`."""
        return "".join(map(chr, self.letters["code"].tolist()))


@dataclass(frozen=True, eq=False)
class Resume:
    """An opened resume.

    `sha256` (hex) is the hash of the original bytes; `isolation` says how the child was confined.
    """

    sha256: str
    media_type: str
    pages: tuple[Page, ...]
    isolation: sandbox.Isolation


_TASKS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heif",
    "application/pdf": "pdf",
}


def office_program() -> str | None:
    """Return the path of LibreOffice, which converts Word files, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def open_resume(
    data: bytes,
    limits: Limits = Limits(),
    isolation: sandbox.Isolation | None = None,
    *,
    required: bool = True,
) -> Resume:
    """Return the pages of the resume `data`.

    If `isolation` is None, the best that works on this machine is used; if there is none and it is
    `required`, `sandbox.NoSandbox` is raised. Raises Refused with one of
    resume_empty, resume_too_large, resume_format_not_supported, resume_converter_missing,
    resume_encrypted, resume_too_many_pages, resume_too_small, resume_unreadable. Raises
    ProviderUnavailable or ProviderBroken if the sandbox itself does not start.
    """
    if not data:
        raise Refused("resume_empty", FIELD, seen="0 B")
    if len(data) > limits.bytes:
        raise Refused(
            "resume_too_large",
            FIELD,
            seen=_megabytes(len(data)),
            expected=f"≤ {_megabytes(limits.bytes)}",
        )
    isolation = isolation or sandbox.best_isolation(required=required)
    media_type = media_type_of(data) or ""
    drawn = data
    if media_type not in _TASKS:
        media_type = _other(data)
        if media_type != DOCX:
            code = (
                "resume_encrypted" if media_type == "encrypted" else "resume_format_not_supported"
            )
            raise Refused(code, FIELD, seen=media_type, expected=ACCEPTED)
        drawn = _printed(data, limits, isolation)
    task = _TASKS.get(media_type, "pdf")
    try:
        reply = sandbox.run_child(
            task,
            drawn,
            {"pixels": limits.pixels, "pages": limits.pages},
            seconds=limits.seconds,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.pages * (PAGE_PIXELS * 3 + LETTERS * LETTER.itemsize),
            isolation=isolation,
            child=CHILD,
        )
        pages = _pages_in(reply, limits)
    except sandbox.Died as death:
        raise _unreadable(death, limits.seconds) from death
    return Resume(hashlib.sha256(data).hexdigest(), media_type, pages, isolation)


def _other(data: bytes) -> str:
    """Return the type of `data` that is neither a PDF nor a picture.

    DOCX if it may be one, `encrypted`, or a name for people.
    """
    if data.startswith(b"PK\x03\x04"):
        kind = looks_like(data)
        return DOCX if kind in ("Word (DOCX)", "Word/Excel/PowerPoint", "ZIP") else kind
    if data.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in data:
        return "encrypted"
    return looks_like(data)


def _printed(data: bytes, limits: Limits, isolation: sandbox.Isolation) -> bytes:
    """Return the Word file `data` as a PDF.

    Without bubblewrap LibreOffice would have network access, so it is not started.
    """
    program = office_program()
    if program is None or isolation != "bubblewrap":
        raise Refused("resume_converter_missing", FIELD, seen="DOCX", expected="PDF")
    try:
        reply = sandbox.run_child(
            program,
            data,
            {},
            seconds=limits.office_seconds,
            memory_bytes=limits.office_memory_bytes,
            output_bytes=limits.bytes * 4,
            isolation=isolation,
            child=OFFICE_CHILD,
            room_bytes=ROOM_BYTES,
            total=limits.office_total,
        )
        _believe(reply.header)
        if len(reply.blobs) != 1 or not reply.blobs[0].startswith(b"%PDF-"):
            raise sandbox.Died("garbage")
    except sandbox.Died as death:
        raise _unreadable(death, limits.office_seconds) from death
    return reply.blobs[0]


# --- Checks of the child's reply ------------------------------------------------------------------

_REFUSALS: Final[Mapping[str, str]] = {
    "document_broken": "resume_unreadable",
    "document_encrypted": "resume_encrypted",
    "document_too_many_pages": "resume_too_many_pages",
    "document_too_many_pixels": "resume_too_large",
    "document_too_small": "resume_too_small",
    "document_wrong_type": "resume_format_not_supported",
}
"""Refusal codes of the child, which are worded for licences, and the codes for resumes."""
_UNDECODABLE: Final = "内容无法解码 / its content cannot be decoded"
_BROKEN: Final[Mapping[str, str]] = {
    "memory": "需要的内存超出上限 / it needs more memory than it may have",
    "cut_short": "文件不完整 / part of the file is missing",
}


def _believe(header: Mapping[str, Any]) -> None:
    """Raise Refused if the child refused, and `sandbox.Died` if its refusal is invalid."""
    if "broken" in header:
        how = header["broken"]
        seen = _BROKEN.get(how, _UNDECODABLE) if isinstance(how, str) else _UNDECODABLE
        raise Refused(
            "resume_unreadable", FIELD, seen=seen, details={"error": _line(header.get("error"))}
        )
    if "refused" in header:
        code = header["refused"]
        if not isinstance(code, str) or code not in _REFUSALS:
            raise sandbox.Died("garbage")
        raise Refused(
            _REFUSALS[code],
            FIELD,
            seen=_line(header.get("seen")),
            expected=_line(header.get("expected")),
        )


def _pages_in(reply: sandbox.Reply, limits: Limits) -> tuple[Page, ...]:
    _believe(reply.header)
    described = reply.header.get("pages")
    if (
        not isinstance(described, list)
        or not 1 <= len(described) <= limits.pages
        or len(reply.blobs) != 2 * len(described)
    ):
        raise sandbox.Died("garbage")
    blobs = iter(reply.blobs)
    return tuple(
        _page(number, page, next(blobs), next(blobs))
        for number, page in enumerate(described, start=1)
    )


def _page(number: int, described: Any, pixels: bytes, letters: bytes) -> Page:
    """Return one page; the number of its pixels must match its size."""
    if not isinstance(described, dict):
        raise sandbox.Died("garbage")
    width, height, dpi = described.get("width"), described.get("height"), described.get("dpi")
    if (
        type(width) is not int
        or type(height) is not int
        or not isinstance(dpi, int | float)
        or not math.isfinite(dpi)
    ):
        raise sandbox.Died("garbage")
    if not (
        width > 0
        and height > 0
        and width * height <= PAGE_PIXELS
        and len(pixels) == width * height * 3
    ):
        raise sandbox.Died("garbage")
    if len(letters) % LETTER.itemsize or len(letters) > LETTERS * LETTER.itemsize:
        raise sandbox.Died("garbage")
    characters = np.frombuffer(letters, LETTER)
    codes = characters["code"]
    if np.any(codes > 0x10FFFF) or np.any((codes >= 0xD800) & (codes < 0xE000)):
        raise sandbox.Died("garbage")
    sound = np.isfinite(characters["height"])
    for name in ("box", "advance", "at"):
        sound &= np.isfinite(characters[name]).all(axis=1)
    page = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
    return Page(number, page, min(max(float(dpi), 1.0), 1200.0), characters[sound])


def _unreadable(death: sandbox.Died, seconds: int) -> Refused:
    if death.how == "time":
        return Refused(
            "resume_unreadable", FIELD, seen=f"{seconds} 秒内未能打开 / not open after {seconds} s"
        )
    return Refused(
        "resume_unreadable",
        FIELD,
        seen=_UNDECODABLE,
        details={"error": f"{death.how} {death.signal}"},
    )


def _megabytes(size: int) -> str:
    return f"{size / (1024 * 1024):.1f} MB"


def _line(text: object) -> str:
    """Return a short printable line from the text of an untrusted child."""
    return (
        "".join(character for character in text if character.isprintable())[:120]
        if isinstance(text, str)
        else ""
    )
