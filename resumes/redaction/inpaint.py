"""Covers places on a page and writes other words there.

A place gets the colour of its surroundings. The words get the colour and about the size of the text
that they replace. The fonts are the bundled ones of the specimens, so every machine has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from documents.typesetting import load_font, text_width
from resumes.redaction.text_lines import Quad

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

BORDER: Final = 5
"""Width of the border around a patch, in pixels, that gives the background colour."""
LETTER: Final = 0.86
"""Height of a letter's body as a share of the patch's height."""
LEAST: Final = 0.62
"""Minimum size of the words as a share of the original size; below it, shorter words are used."""
SMALLEST: Final = 8
"""Pixels; smaller text cannot be read."""
ALIKE: Final = 14
"""Maximum difference in grey levels between two pixels of the same background."""


@dataclass(frozen=True, eq=False)
class Patch:
    """A quadrilateral of the page to cover, and the words to write there, if any, the longest
    first.
    """

    quad: Quad
    words: tuple[str, ...] = ()
    plain: bool = False
    """Whether the words are as dark as print (or, on a dark background, as light), whatever was
    there.
    """


def is_blank(pixels: Pixels, quad: Quad) -> bool:
    """Whether nothing is visible in `quad`."""
    x, y, w, h = _around(quad, pixels, 0)
    part = pixels[y : y + h, x : x + w]
    return (
        not part.size
        or int((part.reshape(-1, 3).max(axis=0) - part.reshape(-1, 3).min(axis=0)).max()) <= 2
    )


def cover_patches(pixels: Pixels, patches: Sequence[Patch]) -> tuple[Pixels, list[str]]:
    """Return a copy of `pixels` with every patch covered, and the words that fitted into each."""
    page = pixels.copy()
    taken = np.zeros(pixels.shape[:2], np.uint8)
    for patch in patches:
        cv2.fillConvexPoly(taken, np.round(patch.quad).astype(np.int32), 255)
    colours = [_colours(pixels, patch.quad) for patch in patches]
    for patch, (ground, _) in zip(patches, colours, strict=True):
        cv2.fillConvexPoly(page, np.round(patch.quad).astype(np.int32), ground)
        cv2.polylines(page, [np.round(patch.quad).astype(np.int32)], True, ground, 1)
    said = [
        _write(page, taken, patch, ground, _print_on(ground) if patch.plain else ink)
        for patch, (ground, ink) in zip(patches, colours, strict=True)
    ]
    return page, said


def _around(quad: Quad, pixels: Pixels, room: int) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the area within `room` of `quad`, clipped to
    the page.
    """
    height, width_ = pixels.shape[:2]
    x0, y0 = np.floor(quad.min(axis=0)).astype(int) - room
    x1, y1 = np.ceil(quad.max(axis=0)).astype(int) + room + 1
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width_, x1), min(height, y1)
    return int(x0), int(y0), max(0, int(x1 - x0)), max(0, int(y1 - y0))


def _colours(pixels: Pixels, quad: Quad) -> tuple[Colour, Colour]:
    """Return the colour of the background around `quad`, and of the ink in it."""
    x, y, w, h = _around(quad, pixels, BORDER)
    if not w or not h:
        return (255, 255, 255), (60, 60, 60)
    part = pixels[y : y + h, x : x + w]
    inside = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.round(quad - (x, y)).astype(np.int32), 255)
    border = part[inside == 0].reshape(-1, 3)
    covered = part[inside > 0].reshape(-1, 3)
    ground = np.median(border if len(border) else covered, axis=0)
    if not len(covered):
        return _colour(ground), (60, 60, 60)
    away = np.abs(covered.astype(np.int16) - ground).sum(axis=1)
    ink = np.median(covered[away >= np.quantile(away, 0.97)], axis=0)
    if np.abs(ink - ground).sum() < 180:  # too pale to read
        return _colour(ground), _print_on(_colour(ground))
    return _colour(ground), _colour(ink)


def _print_on(ground: Colour) -> Colour:
    """Return the most readable colour of print on `ground`."""
    return (40, 40, 40) if sum(ground) > 3 * 128 else (230, 230, 230)


def _colour(values: npt.NDArray[np.generic]) -> Colour:
    r, g, b = (int(value) for value in values)
    return r, g, b


def _write(page: Pixels, taken: Pixels, patch: Patch, ground: Colour, ink: Colour) -> str:
    """Write the first words that fit legibly into `patch` of `page`, and return them, or an empty
    string.

    Places that are `taken` are for other words.
    """
    if not patch.words:
        return ""
    a, b, _, d = patch.quad
    along, high = b - a, float(np.linalg.norm(d - a))
    room = float(np.linalg.norm(along))
    size = max(SMALLEST, round(high * LETTER))
    least = max(SMALLEST, round(size * LEAST))
    free = room + _free(page, taken, patch.quad, ground)
    for words in patch.words:
        wide = text_width(words, "song", size)
        if wide <= room or (wide <= free):
            break
        fitting = math.floor(size * free / wide)
        if fitting >= least:
            size = fitting
            break
    else:
        return ""
    wide = math.ceil(text_width(words, "song", size)) + 2
    mask = Image.new("L", (wide, max(1, math.ceil(high))))
    ImageDraw.Draw(mask).text(
        (1, mask.height / 2), words, 255, load_font("song", size), anchor="lm"
    )
    length = max(room, 1.0)
    corner = a + along * (wide / length)
    drop = d - a
    target = np.array([a, corner, corner + drop, a + drop], dtype=np.float32)
    source = np.array(
        [[0, 0], [mask.width, 0], [mask.width, mask.height], [0, mask.height]], dtype=np.float32
    )
    matrix = cv2.getPerspectiveTransform(source, target)
    x, y, w, h = _around(target, page, 1)
    if not w or not h:
        return ""
    shift = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]], dtype=np.float64)
    amount = (
        cv2.warpPerspective(np.asarray(mask), shift @ matrix, (w, h), flags=cv2.INTER_LINEAR)[
            ..., None
        ].astype(np.float32)
        / 255
    )
    part = page[y : y + h, x : x + w]
    part[...] = (part + (np.array(ink, np.float32) - part) * amount + 0.5).astype(np.uint8)
    return words


def _free(page: Pixels, taken: Pixels, quad: Quad, ground: Colour) -> float:
    """Return the empty space after `quad` in the reading direction, in pixels.

    At most about three times its length, and only for level text.
    """
    a, b, c, d = quad
    if abs(float(b[1] - a[1])) > 0.02 * abs(float(b[0] - a[0])) or b[0] <= a[0]:
        return 0.0
    top, bottom = (
        max(0, math.floor(min(a[1], b[1]))),
        min(page.shape[0], math.ceil(max(c[1], d[1]))),
    )
    start = min(page.shape[1], math.ceil(max(b[0], c[0])) + 1)
    end = min(page.shape[1] - 8, start + math.ceil(3 * float(b[0] - a[0])) + 60)
    if bottom <= top or end <= start:
        return 0.0
    part = page[top:bottom, start:end].astype(np.int16)
    inked = (
        (np.abs(part - np.array(ground, np.int16)).max(axis=2) > ALIKE)
        | (taken[top:bottom, start:end] > 0)
    ).any(axis=0)
    found = np.flatnonzero(inked)
    return float((found[0] if len(found) else end - start) - (bottom - top) * 0.4)
