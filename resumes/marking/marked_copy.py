"""Makes the copy of a resume that one employer gets.

The page is marked first, so that every copy of a resume starts from the same page; the tracer
aligns a leak with that page. The relay number for this employer then replaces the telephone
numbers. Pure: takes pages and secrets, returns the bytes of a PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from resumes.marking import MarkKey, Words, mark_page
from resumes.marking.pdf import Sheet, released_pdf
from resumes.redaction.inpaint import Patch, cover_patches
from resumes.redaction.redact import Language, Line, RedactedPage, Replacement, language_of
from resumes.redaction.text_lines import Quad

BLANK: Final = Replacement({"phone": ("***", "*")})
"""Replaces telephone numbers on a clean page; always shorter than the text written there later."""


def make_marked_copy(
    pages: Sequence[RedactedPage],
    keys: Sequence[MarkKey],
    words: Words,
    number: str,
    extension: str = "",
) -> bytes:
    """Return the PDF of `pages`, each marked with its key.

    `number` (and `extension`) is the candidate's relay number. The same arguments give the same
    bytes.
    """
    sheets = []
    for page, key in zip(pages, keys, strict=True):
        language = language_of(line.text for line in page.lines)
        sheets.append(
            _sheet(
                page,
                key,
                words,
                (*dialled_forms(number, extension, language), *Replacement().of("phone", language)),
            )
        )
    return released_pdf(sheets)


def dialled_forms(number: str, extension: str = "", language: Language = "zh") -> tuple[str, ...]:
    """Return the ways to write a relay number, the longest first.

    They have no country code, like a mobile number in China.
    """
    local = number.removeprefix("+86")
    if not extension:
        return (local,)
    longest = (
        (f"{local} ext. {extension}",)
        if language == "en"
        else (f"{local} 转 {extension}", f"{local}转{extension}")
    )
    return (*longest, f"{local}-{extension}")


def _sheet(page: RedactedPage, key: MarkKey, words: Words, said: tuple[str, ...]) -> Sheet:
    marked_page = mark_page(page.pixels, key, words, marking_resolution(page))
    if not page.phones:
        return Sheet(marked_page, page.dpi, page.lines)
    pixels, written = cover_patches(
        marked_page, [Patch(quad, said, plain=True) for quad in page.phones]
    )
    lines = [line for line in page.lines if not _is_one_of(line.quad, page.phones)]
    lines += [Line(text, quad) for text, quad in zip(written, page.phones, strict=True) if text]
    return Sheet(pixels, page.dpi, lines)


def _is_one_of(quad: Quad, quads: Sequence[Quad]) -> bool:
    return any(bool((quad == other).all()) for other in quads)


def marking_resolution(page: RedactedPage) -> int:
    """Return the resolution of the page for marking; the tracer must use the same value."""
    return max(1, round(page.dpi))
