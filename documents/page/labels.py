"""The printed labels of a licence, and lines cut at the labels in them.

A line is seldom just a label or just a value. Labels are set wide (名 称), so a reader splits them,
joins the second half to the value (称盐城…), stacks the first halves of two rows (名类), or runs
one column into the next (有限责任公司注册资本…). Here each line is cut into pieces; each is either
a label or a value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from documents.page.boxes import Point, Polygon, TextBox
from documents.page.licence_fields import LICENCE_FIELDS, Extent, Field, fields_with
from documents.page.text import tidy_text

OTHER: Final = "other"
"""The code of labels that end their neighbours' values. Their own values are not kept."""
_OTHER_LABELS: Final = (
    "实收资本", "组成形式", "核准日期", "发照日期", "年度检验情况", "经营方式", "隶属企业名称",
    "派出企业名称",
)  # fmt: skip
_OTHER_INSIDE: Final = ("实收资本",)


def _by_word(words_of: Callable[[Field], Iterable[str]]) -> dict[str, str]:
    """The code of the field that each word belongs to."""
    return {word: code for code, field in LICENCE_FIELDS.items() for word in words_of(field)}


LABELS: Final = _by_word(lambda field: field.labels) | dict.fromkeys(_OTHER_LABELS, OTHER)
"""The field that each printed label names."""
_LONGEST_FIRST: Final = sorted(LABELS, key=len, reverse=True)

# A seal, a fold or the edge may cover the first character of a long label.
_BEHEADED: Final = {
    word[1:]: LABELS[word] for word in _LONGEST_FIRST if len(word) >= 4 and word[1:] not in LABELS
} | _by_word(lambda field: field.beheaded)

_INSIDE: Final = (*_by_word(lambda field: field.inside), *_OTHER_INSIDE)

_PARAGRAPHS: Final = fields_with(lambda field: field.extent is Extent.PARAGRAPH)
"""Fields whose values may contain words that are labels elsewhere."""

# The two halves of labels that are set wide.
FIRST_HALF: Final = _by_word(lambda field: field.first_half)
SECOND_HALF: Final = _by_word(lambda field: field.second_half)


@dataclass(frozen=True)
class Piece:
    """A stretch of one line.

    `label` names the field if the piece is a label; `half` is set if it is only half of one.
    """

    box: TextBox
    label: str = ""
    half: str = ""
    """`first`, `second`, `stack` (halves of several labels, unreadable) or empty."""

    @property
    def text(self) -> str:
        return self.box.text


def pieces_of(box: TextBox) -> list[Piece]:
    """Cut `box` at every label inside it.

    The pieces are in reading order, and there may be only one.
    """
    box = _tidied(box)
    if not box.text:
        return []
    return _stack(box.text, box) or list(_cut(box))


def _tidied(box: TextBox) -> TextBox:
    """Return `box` with tidy text, and its weak characters at their new positions."""
    starts, length = [], 0
    for character in box.text:
        starts.append(length)
        length += len(tidy_text(character))
    moved = tuple(
        replace(weak, at=min(starts[weak.at], max(length - 1, 0)))
        for weak in box.weak
        if weak.at < len(starts)
    )
    return replace(box, text=tidy_text(box.text), weak=moved)


def _cut(box: TextBox) -> Iterator[Piece]:
    text = box.text
    found = _at_start(text)
    if found is None:
        found = _inside(text)
    if found is None:
        yield Piece(box)
        return
    start, end, field, half = found
    if start:
        yield from _cut(_part(box, 0, start))
    yield Piece(_part(box, start, end), field, half)
    rest = text[end:].lstrip(":;.,、· ")
    if rest:
        part = _part(box, len(text) - len(rest), len(text))
        yield from [Piece(part)] if field in _PARAGRAPHS else _cut(part)


def _at_start(text: str) -> tuple[int, int, str, str] | None:
    """Return start, end, field and half of the label at the start of `text`.

    A long label may have one wrong character.
    """
    for word in _LONGEST_FIRST:
        if text.startswith(word):
            return 0, len(word), LABELS[word], ""
    for word in _LONGEST_FIRST:
        if (
            len(word) >= 4
            and len(text) >= len(word)
            and sum(a != b for a, b in zip(word, text, strict=False)) == 1
        ):
            return 0, len(word), LABELS[word], ""
    for word, field in _BEHEADED.items():
        if text.startswith(word):
            return 0, len(word), field, ""
    if text in FIRST_HALF:
        return 0, len(text), FIRST_HALF[text], "first"
    if text[0] in SECOND_HALF:
        return 0, 1, SECOND_HALF[text[0]], "second"
    return None


def _inside(text: str) -> tuple[int, int, str, str] | None:
    """As `_at_start`, for the first label further on."""
    found = [(text.find(word), word) for word in _INSIDE if text.find(word) > 0]
    if not found:
        return None
    start, word = min(found)
    full = next(
        (
            longer
            for longer in _LONGEST_FIRST
            if longer.startswith(word) and text.startswith(longer, start)
        ),
        word,
    )
    return start, start + len(full), LABELS[full], ""


def _stack(text: str, box: TextBox) -> list[Piece]:
    """Return the rows of a tall box: characters of several labels, one below another.

    A misread stack is a label too, and never a value.
    """
    halves = {**FIRST_HALF, **SECOND_HALF}
    if len(text) < 2 or box.height < 1.3 * box.length:
        return []
    if any(c not in halves for c in text) or box.height < 0.8 * len(text) * box.length:
        return [Piece(replace(box, text=text), OTHER, "stack")]
    return [
        Piece(
            replace(_slice(box, i / len(text), (i + 1) / len(text)), text=c),
            halves[c],
            "first" if c in FIRST_HALF else "second",
        )
        for i, c in enumerate(text)
    ]


def _advance(text: str) -> float:
    """Return the width of `text` in full-width characters."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.55 for c in text)


def _part(box: TextBox, start: int, end: int) -> TextBox:
    """Return characters `start` to `end` of `box`, its polygon cut in proportion to widths."""
    if start == 0 and end == len(box.text):
        return box
    whole = _advance(box.text)
    a, b = _advance(box.text[:start]) / whole, _advance(box.text[:end]) / whole
    p, q, r, s = box.polygon
    polygon: Polygon = _between(p, q, a), _between(p, q, b), _between(s, r, b), _between(s, r, a)
    weak = tuple(replace(w, at=w.at - start) for w in box.weak if start <= w.at < end)
    return TextBox(box.text[start:end], box.score, polygon, weak)


def _slice(box: TextBox, a: float, b: float) -> TextBox:
    """Return the rows of `box` from `a` to `b` (0..1) of its height."""
    p, q, r, s = box.polygon
    return replace(
        box, polygon=(_between(p, s, a), _between(q, r, a), _between(q, r, b), _between(p, s, b))
    )


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
