"""Confidence in values, and their alternatives.

A reader's score is the mean over a line and hides one bad character among thirty, so the weakest
character counts as well. A check character makes a code more certain than its print: one wrong code
in 31 passes. Long values are never marked as sure, since a wrong character in them is seldom
detected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from documents import uscc
from documents.page.boxes import TextBox

SURE: Final = 0.99
"""Values from here on are marked as sure: at least 99 in 100 are right (`benchmarks.reading`)."""
PASSES_BY_CHANCE: Final = 1 / 31
"""The share of wrong codes with a right check character (mod 31)."""
UNSOUND: Final = 0.6
"""Confidence in a code that is valid but whose organisation code is not."""
MOST_ALTERNATIVES: Final = 4

# Characters of a code that look alike in print or when blurred, by group.
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


def reading_confidence(lines: Sequence[TextBox]) -> float:
    """Return the confidence (0..1) in a value read from `lines`."""
    weight = sum(len(line.text) for line in lines)
    if not weight:
        return 0.0
    mean = sum(line.score * len(line.text) for line in lines) / weight
    weakest = min((weak.probability for line in lines for weak in line.weak), default=1.0)
    return min(mean, 0.5 + weakest / 2)


def of_code(code: str, score: float) -> float:
    """Return the confidence (0..1) in a valid `code` read with `score`."""
    return of_checked(score) if uscc.is_sound(code) else min(score, UNSOUND)


def of_checked(score: float) -> float:
    """Return the confidence (0..1) in a code with a right check character, read with `score`."""
    return 1 - (1 - score) * PASSES_BY_CHANCE


def alternative_readings(
    text: str, lines: Sequence[TextBox], clean: Callable[[str], str]
) -> tuple[str, ...]:
    """Return other possible readings of `text`, which `clean` made of `lines`.

    The likeliest comes first. Each changes one character.
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
    """Return the sound codes that differ from `code` in one look-alike at a position in `unsure`.

    `code` is normalised and has 18 characters. Where the reader was sure, a wrong character is
    wrong in print too.

    They are suggestions. Accepting one because it is valid would turn a third of all forgeries by
    one character into another company's real code. It needs a second source, such as the QR code or
    the declared code.
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
