"""Fictitious resumes with known contacts.

The people are fictitious, Chinese and English, and their contacts are where people put them: in a
line of text, a table, a dark column, a header, a text box, a picture; split, spelled out, spaced,
hidden. Each file comes with the values planted in it and, if we generate its layout, with every
character and its place. So both what must be removed and what must stay are known without asking
the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.resumes.cvs.docx import word_file
from benchmarks.resumes.cvs.pages import (
    Make,
    card,
    code,
    dark_column,
    hidden,
    one_line,
    small_print,
    split_runs,
    table,
    text_page,
    wrapped,
)
from benchmarks.resumes.cvs.pictures import photo, scan, screenshot, sideways
from benchmarks.resumes.cvs.sheet import Cv

KINDS: Final[tuple[Make, ...]] = (
    text_page(""),
    text_page("wide"),
    text_page("chinese"),
    text_page("spaced"),
    text_page("hyphens"),
    text_page("country"),
    text_page("mixed"),
    one_line,
    small_print,
    split_runs,
    dark_column,
    table,
    wrapped,
    card,
    code,
    hidden,
    scan,
    scan,
    sideways,
    photo,
    photo,
    screenshot,
)
WORD: Final[tuple[Make, ...]] = (
    word_file("runs"),
    word_file("header"),
    word_file("table"),
    word_file("box"),
)


def cvs(count: int, seed: int, office: bool) -> Iterator[Cv]:
    """Yield `count` resumes of all kinds in turn, Chinese and English."""
    kinds = (*KINDS, *WORD) if office else KINDS
    for number in range(count):
        rng = random.Random(seed * 100_003 + number)
        yield kinds[number % len(kinds)](rng, chinese=(number // len(kinds) + number) % 3 != 2)


_SUFFIXES: Final = {b"PK": "docx", b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8": "jpg"}


def save_all(folder: Path, count: int, seed: int) -> None:
    """Write the resumes into `folder` for inspection."""
    for number, cv in enumerate(cvs(count, seed, office=True)):
        suffix = next(name for start, name in _SUFFIXES.items() if cv.data.startswith(start))
        (folder / f"{number:03d} {cv.name}.{suffix}").write_bytes(cv.data)
