"""Findings: the contacts found on a page; findings in the same place are merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np

from events.core.errors import Refused
from resumes.opening.open import Page
from resumes.redaction.contacts import Kind
from resumes.redaction.inpaint import is_blank
from resumes.redaction.text_lines import Quad

ItemKind = Kind | Literal["code"]
Source = Literal["text", "seen"]
"""The file's own characters, or the pixels as OCR read them."""

SAME: Final = 0.4
"""Two places are the same from this overlap on, as a share of the smaller one."""
SQUARE: Final = 64
"""Side, in pixels, of the squares within which findings are compared."""
MOST_QUADS: Final = 2000
"""Maximum number of quads found on a page: many times more than any resume has, and still compared
within seconds.
"""


@dataclass(frozen=True, eq=False)
class Found:
    """One contact on a page: its kind and mask, a quadrilateral for each of its lines, and its
    sources.
    """

    kind: ItemKind
    masked: str
    quads: tuple[Quad, ...]
    sources: frozenset[Source]


def merge_findings(found: Iterable[Found], page: Page) -> list[Found]:
    """Return `found` with findings in the same place merged.

    A finding from the file is dropped where nothing is visible.
    """
    visible: dict[tuple[object, ...], Found] = {}
    for each in found:
        quads = tuple(
            quad for quad in each.quads if "seen" in each.sources or not is_blank(page.pixels, quad)
        )
        key = (each.kind, each.masked, *(tuple(np.round(quad).ravel()) for quad in quads))
        if quads and (same := visible.get(key)):
            visible[key] = Found(same.kind, same.masked, same.quads, same.sources | each.sources)
        elif quads:
            visible[key] = Found(each.kind, each.masked, quads, each.sources)
    if sum(len(each.quads) for each in visible.values()) > MOST_QUADS:
        raise Refused("resume_unreadable")
    together = [_one_of(group) for group in _groups(list(visible.values()))]
    return sorted(
        together, key=lambda each: (float(each.quads[0][0, 1]) // 8, float(each.quads[0][0, 0]))
    )


def _groups(found: Sequence[Found]) -> list[list[Found]]:
    """Return `found`, grouped by place. Only findings in the same square of the page are
    compared.
    """
    squares: dict[tuple[int, int], list[tuple[int, Quad]]] = {}
    group = list(range(len(found)))

    def first(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for index, each in enumerate(found):
        for quad in each.quads:
            near: dict[int, tuple[int, Quad]] = {}
            for square in _squares(quad):
                near.update({id(other[1]): other for other in squares.get(square, ())})
                squares.setdefault(square, []).append((index, quad))
            for which, other in near.values():
                if first(which) != first(index) and _share(other, quad) > SAME:
                    group[first(index)] = first(which)
    together: dict[int, list[Found]] = {}
    for index, each in enumerate(found):
        together.setdefault(first(index), []).append(each)
    return list(together.values())


def _squares(quad: Quad) -> Iterator[tuple[int, int]]:
    (x0, y0), (x1, y1) = (
        (quad.min(axis=0) // SQUARE).astype(int),
        (quad.max(axis=0) // SQUARE).astype(int),
    )
    return ((x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1))


def _share(a: Quad, b: Quad) -> float:
    """Return the overlap of two places as a share of the smaller one, 0..1."""
    if (a.max(axis=0) < b.min(axis=0)).any() or (b.max(axis=0) < a.min(axis=0)).any():
        return 0.0
    area, _ = cv2.intersectConvexConvex(a, b)
    return float(area) / max(1e-3, min(cv2.contourArea(a), cv2.contourArea(b)))


def _one_of(group: Sequence[Found]) -> Found:
    """Merge findings in the same place into one: the kind of the one that covers most, and every
    place once.
    """
    if len(group) == 1:
        return group[0]
    largest = max(group, key=lambda each: (each.kind != "code", _area(each)))
    # Replacement words go where the file has the text, which is exact.
    first, *others = sorted(group, key=lambda each: "text" not in each.sources)
    quads, squares = [*first.quads], dict[tuple[int, int], list[Quad]]()
    for other in first.quads:
        _put(other, squares)
    for quad in (quad for other in others for quad in other.quads):
        if not any(_within(quad, other) for other in squares.get(next(_squares(quad)), ())):
            quads.append(quad)
            _put(quad, squares)
    return Found(
        largest.kind,
        largest.masked,
        tuple(quads),
        frozenset().union(*(each.sources for each in group)),
    )


def _put(quad: Quad, squares: dict[tuple[int, int], list[Quad]]) -> None:
    for square in _squares(quad):
        squares.setdefault(square, []).append(quad)


def _within(quad: Quad, other: Quad) -> bool:
    """Whether `other` covers all of `quad`."""
    return _share(quad, other) > 0.98 and bool(cv2.contourArea(quad) <= cv2.contourArea(other))


def _area(found: Found) -> float:
    return float(sum(cv2.contourArea(quad) for quad in found.quads))
