"""How does a clean resume become the one copy that one employer gets?

Marked first, so that every copy of a resume is marked over the very same page, which the tracer
lays a leak on; then the relay number of this employer is written where telephone numbers stood.
Pure: pages and secrets in, the bytes of a PDF out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from resumes.marking import MarkKey, Words, marked
from resumes.marking.pdf import Sheet, released
from resumes.redaction.inpaint import Patch, painted
from resumes.redaction.redact import Language, Line, RedactedPage, Replacement, language_of
from resumes.redaction.text_lines import Quad

BLANK: Final = Replacement({"phone": ("***", "*")})
"""What a clean page has in the place of telephone numbers: always shorter than what is written
there later.
"""


def copy(
    pages: Sequence[RedactedPage],
    keys: Sequence[MarkKey],
    words: Words,
    number: str,
    extension: str = "",
) -> bytes:
    """The PDF of `pages`, each marked by its key; `number` (and `extension`) is where the candidate
    is reached. The same makes the same.
    """
    sheets = []
    for page, key in zip(pages, keys, strict=True):
        language = language_of(line.text for line in page.lines)
        sheets.append(
            _sheet(
                page,
                key,
                words,
                (*dialled(number, extension, language), *Replacement().of("phone", language)),
            )
        )
    return released(sheets)


def dialled(number: str, extension: str = "", language: Language = "zh") -> tuple[str, ...]:
    """How a relay number is written, the longest way first: as a mobile number is in China, without
    the country's code.
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
    marked_page = marked(page.pixels, key, words, resolution(page))
    if not page.phones:
        return Sheet(marked_page, page.dpi, page.lines)
    pixels, written = painted(marked_page, [Patch(quad, said, plain=True) for quad in page.phones])
    lines = [line for line in page.lines if not _is_one_of(line.quad, page.phones)]
    lines += [Line(text, quad) for text, quad in zip(written, page.phones, strict=True) if text]
    return Sheet(pixels, page.dpi, lines)


def _is_one_of(quad: Quad, quads: Sequence[Quad]) -> bool:
    return any(bool((quad == other).all()) for other in quads)


def resolution(page: RedactedPage) -> int:
    """Of the page, as marks take it; the tracer has to be told the same."""
    return max(1, round(page.dpi))
