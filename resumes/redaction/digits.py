"""Converts text to plain text, in which each digit is written in one way.

People write numbers in full-width digits, circled digits, Chinese numerals or with hair spaces, so
that machines miss them. Each plain character keeps the index of the original character.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_HYPHENS: Final = "‐‑‒–—―−﹣－⁃ー\x02\ufffe~～"
"""PDFium returns a hyphen at the end of a line as U+0002 or U+FFFE."""
_NOTHING: Final = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ufe0f\ufe0e\u20e3\u202a\u202b\u202c\u202d\u202e"
)
"""Zero-width characters."""
_SAID: Final = str.maketrans("么洞拐勾两兩", "107922")
"""Radio digits: they are also everyday words, so they count only among other digits."""
_RUN: Final = re.compile(
    r"(?:[0-9〇零○一二三四五六七八九壹贰叁肆伍陆柒捌玖幺貳參陸么洞拐勾两兩][ \-]?){7,}"
)
_NUMERALS: Final = str.maketrans(
    "〇零○一二三四五六七八九壹贰叁肆伍陆柒捌玖幺貳參陸", "0001234567891234567891236"
)
_LOOKALIKES: Final = str.maketrans("oqdli|!zsbg", "00011112589")
"""Characters that OCR returns for digits that it misreads."""


@dataclass(frozen=True)
class Plain:
    """A text in lower case and half width.

    `origin[i]` is the index in the original text of the plain character `i`.
    """

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the original text of the plain characters from `start` to `end`
        (exclusive).
        """
        return self.origin[start], self.origin[end - 1] + 1


def to_plain_text(text: str) -> Plain:
    """Return `text` as plain text. Line ends stay `\\n`, gaps between cells `\\t`; any other space
    becomes a plain space.
    """
    characters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for each in _plain(character):
            characters.append(each)
            origin.append(index)
    return Plain("".join(characters), tuple(origin))


@lru_cache(maxsize=16384)
def _plain(character: str) -> str:
    if character in "\n\t":
        return character
    if character in _NOTHING or character == "\r":
        return ""
    if character in _HYPHENS:
        return "-"
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    if character.isspace():
        return " "
    return unicodedata.normalize("NFKC", character).lower()


def with_numerals(text: str) -> str:
    """Return plain `text` with Chinese numerals as digits, character for character.

    Numerals that are also words are converted only in a row of at least seven.
    """
    return _RUN.sub(lambda run: run[0].translate(_SAID), text).translate(_NUMERALS)


def with_lookalikes(text: str) -> str:
    """Return plain `text` with letters that look like digits as digits, character for character."""
    return text.translate(_LOOKALIKES)
