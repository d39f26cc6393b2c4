"""Intake: turns an upload into clean pages before anything reads it.

The type is decided by the content, never by the name; the size is limited before parsing; and
parsing happens in a child process that may do nothing else (`sandbox`). Only clean pages go on from
here, not the upload: plain upright JPEGs without metadata, active content or trailing data.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from documents.similarity.perceptual_hash import BITS
from documents.upload import sandbox
from events.core.errors import Refused

FIELD: Final = "document"
ACCEPTED: Final = "JPEG, PNG, WebP, HEIC, TIFF, PDF"
LONG_SIDE: Final = 4000
"""The longest side of a clean page, in pixels."""
PAGE_BYTES: Final = 16 * 1024 * 1024
"""The most bytes of a clean page. 4000 × 4000 pixels of pure noise take 15.5 MB at our quality."""


@dataclass(frozen=True)
class Limits:
    """The limits of one upload: bytes, a picture's pixels, pages, and the child's time and
    memory.
    """

    bytes: int = 20 * 1024 * 1024
    pixels: int = 40_000_000
    pages: int = 8
    short_side: int = 300
    """The least pixels of the shorter side. Smaller pictures cannot hold a licence's text."""
    seconds: int = 20
    memory_bytes: int = 1024 * 1024 * 1024


@dataclass(frozen=True)
class CleanPage:
    """One page, from 1: a JPEG that we encoded, its size in pixels, and its `fingerprint`."""

    number: int
    jpeg: bytes
    width: int
    height: int
    fingerprint: str


@dataclass(frozen=True)
class Intake:
    """The result for an upload. `sha256` (hex) and `size` (bytes) are of the bytes as submitted.

    `editor` is the program that the file names as its maker. It is evidence only: anyone can write
    it, and phones write their system's version. `isolation` says how the child that parsed it was
    confined.
    """

    sha256: str
    size: int
    media_type: str
    pages: tuple[CleanPage, ...]
    editor: str | None
    isolation: sandbox.Isolation


# --- Media types -------------------------- -------------------------------------------------------

_TASKS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heif",
    "image/tiff": "tiff",
    "application/pdf": "pdf",
}
_STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"%PDF-", "application/pdf"),
)
_HEIC_BRANDS: Final = {
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"hevm",
    b"hevs",
    b"mif1",
    b"msf1",
}
_OTHERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Word/Excel 97–2003"),
    (b"{\\rtf", "RTF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"%!PS", "PostScript"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
)
# Formats that are ZIPs inside, by a name near their start. OFD (GB/T 33190) is the format of
# Chinese e-documents.
_ZIPPED: Final[tuple[tuple[bytes, str], ...]] = (
    (b"OFD.xml", "OFD"),
    (b"word/", "Word (DOCX)"),
    (b"xl/", "Excel (XLSX)"),
    (b"ppt/", "PowerPoint (PPTX)"),
    (b"[Content_Types].xml", "Word/Excel/PowerPoint"),
)
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_HEAD: Final = 4096


def media_type_of(data: bytes) -> str | None:
    """Return the accepted media type that the content of `data` begins with, or None."""
    head = data[:_HEAD]
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS and b"avif" not in head[16:64]:
        return "image/heic"
    # Readers allow a PDF's header anywhere in its first 1024 bytes (ISO 32000-1, annex H, note 13),
    # and scanners make use of it.
    if b"%PDF-" in head[:1024] and looks_like(data) in ("unknown", "text"):
        return "application/pdf"
    return None


def looks_like(data: bytes) -> str:
    """Return a word for the apparent type of `data`, which is not accepted, for the uploader."""
    head = data[:_HEAD]
    for start, name in _OTHERS:
        if head.startswith(start):
            return (
                next((inner for mark, inner in _ZIPPED if mark in head), name)
                if name == "ZIP"
                else name
            )
    if head[4:8] == b"ftyp":
        return "AVIF" if b"avif" in head[8:64] else "video (MP4)"
    stripped = head.lstrip(_BLANK).lower()
    if stripped.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "HTML"
    if stripped.startswith((b"<?xml", b"<svg")):
        return "SVG" if b"<svg" in stripped else "XML"
    return "text" if _is_text(head) else "unknown"


def _is_text(head: bytes) -> bool:
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            # The end of the head may cut the last character in two.
            head[: len(head) - 4 if len(head) == _HEAD else None].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 8:
                continue
        return True
    return False


# --- Intake -------------------------------------- ------------------------------------------------


def open_upload(
    data: bytes,
    limits: Limits = Limits(),
    isolation: sandbox.Isolation | None = None,
    *,
    required: bool = True,
) -> Intake:
    """Turn the upload `data` into clean pages.

    With `isolation` None, the best that works on this machine is used; if there is none and it is
    `required`, `sandbox.NoSandbox` is raised. Raises Refused with one of
    document_empty, document_too_large, document_wrong_type, document_too_many_pixels,
    document_too_small, document_too_many_pages, document_encrypted, document_broken;
    ProviderUnavailable or ProviderBroken if the sandbox itself does not start.
    """
    if not data:
        raise Refused("document_empty", FIELD, seen="0 B")
    if len(data) > limits.bytes:
        raise _too_large(_human(len(data)), limits)
    media_type = media_type_of(data)
    if media_type is None:
        raise Refused("document_wrong_type", FIELD, seen=looks_like(data), expected=ACCEPTED)
    try:
        reply = sandbox.run_child(
            _TASKS[media_type],
            data,
            {"pixels": limits.pixels, "pages": limits.pages, "short_side": limits.short_side},
            seconds=limits.seconds,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.pages * PAGE_BYTES,
            isolation=isolation or sandbox.best_isolation(required=required),
        )
        pages = pages_in(reply, limits)
    except sandbox.Died as death:
        raise _broken(death, limits) from death
    editor = reply.header.get("editor")
    return Intake(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type=media_type,
        pages=pages,
        editor=_line(editor) if isinstance(editor, str) else None,
        isolation=reply.isolation,
    )


_CHILD_MAY_SAY: Final = {
    "document_broken",
    "document_encrypted",
    "document_too_many_pages",
    "document_too_many_pixels",
    "document_too_small",
}


def pages_in(reply: sandbox.Reply, limits: Limits) -> tuple[CleanPage, ...]:
    """Return the pages of `reply`, after checking each against the limits.

    Raises Refused if the child refused the upload, and `sandbox.Died` if its answer is malformed.
    """
    header = reply.header
    if "broken" in header:
        raise Refused(
            "document_broken",
            FIELD,
            seen=_seen(header["broken"]),
            details={"error": _line(header.get("error"))},
        )
    if "refused" in header:
        code = header["refused"]
        if not isinstance(code, str) or code not in _CHILD_MAY_SAY:
            raise sandbox.Died("garbage")
        raise Refused(
            code, FIELD, seen=_line(header.get("seen")), expected=_line(header.get("expected"))
        )
    described = header.get("pages")
    if (
        not isinstance(described, list)
        or not 1 <= len(described) <= limits.pages
        or len(described) != len(reply.blobs)
    ):
        raise sandbox.Died("garbage")
    return tuple(
        _page(number, page, jpeg)
        for number, (page, jpeg) in enumerate(zip(described, reply.blobs, strict=True), start=1)
    )


def _page(number: int, described: Any, jpeg: bytes) -> CleanPage:
    """Return one page, checked without decoding it.

    The JPEG's own header must give the size that the child claims.
    """
    if not isinstance(described, dict):
        raise sandbox.Died("garbage")
    width, height, fingerprint = (
        described.get("width"),
        described.get("height"),
        described.get("fingerprint"),
    )
    if len(jpeg) > PAGE_BYTES or type(width) is not int or type(height) is not int:
        raise sandbox.Died("garbage")
    if _jpeg_size(jpeg) != (width, height) or max(width, height) > LONG_SIDE:
        raise sandbox.Died("garbage")
    if not isinstance(fingerprint, str) or not re.fullmatch(
        rf"[0-9a-f]{{{BITS // 4}}}", fingerprint
    ):
        raise sandbox.Died("garbage")
    return CleanPage(number, jpeg, width, height, fingerprint)


def _jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a JPEG as our encoder writes it; None for any other.

    It writes SOI, JFIF, tables, then a baseline frame.
    """
    if not (jpeg.startswith(b"\xff\xd8\xff\xe0") and jpeg.endswith(b"\xff\xd9")):
        return None
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] in (0xE0, 0xDB, 0xC0):
        if jpeg[at + 1] == 0xC0:
            return int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(
                jpeg[at + 5 : at + 7], "big"
            )
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return None


# --- Messages ----------------------------------- -------------------------------------------------

_BROKEN: Final[Mapping[str, str]] = {
    "memory": "需要的内存超出上限 / it needs more memory than it may have",
    "cut_short": "文件不完整 / part of the file is missing",
}
_UNDECODABLE: Final = "内容无法解码 / its content cannot be decoded"


def _seen(how: object) -> str:
    return _BROKEN.get(how, _UNDECODABLE) if isinstance(how, str) else _UNDECODABLE


def _broken(death: sandbox.Died, limits: Limits) -> Refused:
    if death.how == "time":
        return Refused(
            "document_broken",
            FIELD,
            seen=f"{limits.seconds} 秒内未能打开 / not open after {limits.seconds} s",
        )
    return Refused(
        "document_broken",
        FIELD,
        seen=_UNDECODABLE,
        details={"error": f"{death.how} {death.signal}"},
    )


def _too_large(seen: str, limits: Limits) -> Refused:
    return Refused("document_too_large", FIELD, seen=seen, expected=f"≤ {_human(limits.bytes)}")


def _human(size: int) -> str:
    """Return a size in bytes for people."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / (1024 * 1024):.1f} MB"


def _line(text: object) -> str:
    """Return a short printable line of text from an untrusted child."""
    return (
        "".join(character for character in text if character.isprintable())[:120]
        if isinstance(text, str)
        else ""
    )
