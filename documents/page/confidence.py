"""How sure is a value, and what else may it be?

A reader's score is the mean over a line, in which one bad character among thirty is not felt; so
the weakest counts as well. A check character makes a code surer than its print: one wrong code in
31 passes it. Long values are never given as sure, since a character that is wrong in them is seldom
noticed by anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from documents import uscc
from documents.page.boxes import TextBox

SURE: Final = 0.99
"""From here on a value is given as sure: of those, at least 99 in 100 are right
(`benchmarks.reading`).
"""
PASSES_BY_CHANCE: Final = 1 / 31
"""How many wrong codes have a right check character (mod 31)."""
UNSOUND: Final = 0.6
"""Confidence in a code whose last character is right and whose organisation code's is not."""
MOST_ALTERNATIVES: Final = 4

# Characters of a code that print, blur and readers confuse, by group.
_ALIKE: Final = (
    "0DQU",
    "17LT",
    "2Z",
    "5S6",
    "8B36",
    "6G",
    "UW",
    "MNH",
    "CG",
    "4A",
    "9G",
    "XY",
    "PFR",
    "EF",
    "HN",
    "3J",
)


def confidence(lines: Sequence[TextBox]) -> float:
    """0..1 for a value that stands in `lines`."""
    weight = sum(len(line.text) for line in lines)
    if not weight:
        return 0.0
    mean = sum(line.score * len(line.text) for line in lines) / weight
    weakest = min((weak.probability for line in lines for weak in line.weak), default=1.0)
    return min(mean, 0.5 + weakest / 2)


def of_code(code: str, score: float) -> float:
    """0..1 for a valid `code` read with `score`."""
    return of_checked(score) if uscc.is_sound(code) else min(score, UNSOUND)


def of_checked(score: float) -> float:
    """0..1 for a code whose check character is right, read with `score`."""
    return 1 - (1 - score) * PASSES_BY_CHANCE


def alternatives(
    text: str, lines: Sequence[TextBox], clean: Callable[[str], str]
) -> tuple[str, ...]:
    """What the value `text`, which `clean` made of `lines`, may be instead: likeliest first, one
    character changed in each.
    """
    whole = "".join(line.text for line in lines)
    weak: list[tuple[float, int, str]] = []
    before = 0
    for line in lines:
        weak.extend((w.probability, before + w.at, w.instead) for w in line.weak)
        before += len(line.text)
    changed = (
        clean(whole[:at] + instead + whole[at + 1 :])
        for _, at, instead in sorted(weak)[: 2 * MOST_ALTERNATIVES]
    )
    return tuple(dict.fromkeys(other for other in changed if other and other != text))[
        :MOST_ALTERNATIVES
    ]


def like_codes(code: str, unsure: Collection[int]) -> tuple[str, ...]:
    """The sound codes that differ from `code` (normalised, 18 characters) in one look-alike, at one
    of the places `unsure`.

    Where the reader was sure of what it saw, a wrong character is the print's.

    They are suggestions. Taking one because it is valid would turn a third of all forgeries by one
    character into somebody's real code: it needs a second witness, such as the QR code or what was
    declared.
    """
    return tuple(
        dict.fromkeys(other for other in _one_changed(code, unsure) if uscc.is_sound(other))
    )


def _one_changed(code: str, unsure: Collection[int]) -> Iterator[str]:
    for at, character in enumerate(code):
        if at not in unsure:
            continue
        for group in _ALIKE:
            if character in group:
                yield from (
                    code[:at] + other + code[at + 1 :] for other in group if other != character
                )
