"""Judges whether a photograph is good enough to be read.

This takes a few hundredths of a second and comes before any reading, so that a bad photo can be
retaken while the licence is still at hand. It is advice and never a refusal: employers may keep the
picture.

Pictures are examined at two reduced sizes: `fine` (longer side at most 2000 px), where edges show
the sharpness, and `coarse` (longer side 800 px), for lines of print, the form's frame and bright
spots. Nothing here depends on the page's rotation. Every threshold was set by measuring; `python -m
benchmarks.quality` measures again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture
from documents.photo.flaws import (
    BLURRED,
    CROPPED,
    GLARE,
    NOT_A_LICENCE,
    SMALL,
    Area,
    Flaw,
    PhotoQuality,
)
from documents.photo.ink import Grey, Ink, Lines, box_kernel, grey_of, resize_picture
from documents.upload.intake import CleanPage

FINE_SIDE: Final = 2000
COARSE_SIDE: Final = 800
BLURRED_EDGE: Final = 3.4
"""The spread of a blurred edge of print, in pixels of `fine`.

Phone photos have 1.1 to 2.9, and are read well up to 3.
"""
BLURRED_STROKE: Final = 0.12
"""The same as a share of the print's height. Large print with less spread is legible."""
HOPELESS_EDGE: Final = 4.5
"""In pixels of `coarse`. If no edge at all is sharper, print cannot be detected."""
SMALL_PRINT: Final = 7.0
"""The height of a line of body text, in pixels of the page.

No engine can tell smaller characters apart.
"""
BURNT_OUT: Final = 248
"""The brightness (0..255) of the darkest of the three colours from which on nothing is legible."""
GLARE_SHARE: Final = 0.0018
"""The share of the page in one spot: about the size of two words."""
WHITE_SHEET: Final = 226
"""Brighter sheets have no glare: they are white all over, as scans are."""
FEW_LINES: Final = 8
"""The smallest number of lines of print on paper; the poorest real licence measured shows 10."""
FEW_TINY_LINES: Final = 12
"""The same for lines found only on `fine`, where grass and brick look like print more often."""
EVEN: Final = 0.65
"""The share of the ground between lines that is as even as paper.

Licences have 0.75 or more, most other scenes less than 0.6.
"""


def judge_photo(
    picture: Picture, licence: bool = True, size: tuple[int, int] | None = None
) -> PhotoQuality:
    """Return the flaws of `picture`, of 1 × 1 px or more.

    `licence` is whether it should be a business licence. `size` is the width and height of the page
    in pixels if `picture` is a reduced copy; areas are of the page. A picture with hardly any print
    has one flaw only: either nothing on it is sharp, or it is not a licence.
    """
    page = _Page(picture, size or (picture.shape[1], picture.shape[0]))
    if page.is_no_form:
        if (spread := page.spread_of_all()) >= HOPELESS_EDGE:
            return PhotoQuality((Flaw(BLURRED, page.whole, spread),))
        return PhotoQuality(
            (Flaw(NOT_A_LICENCE, page.whole, float(page.lines.count)),) if licence else ()
        )
    found = [*page.cropped(), page.blurred(), page.too_small(), page.glare()]
    return PhotoQuality(tuple(flaw for flaw in found if flaw is not None))


def judge_page(page: CleanPage, licence: bool = True) -> PhotoQuality | None:
    """Run `judge_photo` on a page from intake; None if it does not open, since this is only
    advice.
    """
    half = (
        max(page.width, page.height) > FINE_SIDE
    )  # decoding to half the size is cheaper than reducing
    flags = (
        cv2.IMREAD_REDUCED_COLOR_2 if half else cv2.IMREAD_COLOR
    ) | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(np.frombuffer(page.jpeg, np.uint8), flags)
    except cv2.error:
        return None
    return (
        None
        if picture is None
        else judge_photo(np.asarray(picture, np.uint8), licence, (page.width, page.height))
    )


# --- Judging --------------------------------------------------------------------------------------

_TILE: Final = 192
_TILES: Final = 16
_WINDOW: Final = 9


@dataclass(frozen=True)
class _Rail:
    """A long dark stroke that runs out of the picture.

    `side` counts the quarter turns that bring its side to the top; `at` is its position there
    (0..1).
    """

    side: int
    at: float


class _Page:
    """One picture at both sizes, and its measurements."""

    def __init__(self, picture: Picture, size: tuple[int, int]) -> None:
        self.width, self.height = size
        longest = max(picture.shape[:2])
        factor = -(-longest // FINE_SIDE)  # whole numbers reduce fastest
        fine = resize_picture(picture, 1 / factor) if factor > 1 else picture
        coarse = resize_picture(fine, COARSE_SIDE / max(fine.shape))
        self.fine, self.coarse = grey_of(fine), coarse
        self.ink = Ink.on(grey_of(coarse))
        self.lines, self.print_height, self.is_no_form = self._print()

    @property
    def whole(self) -> Area:
        return 0, 0, self.width, self.height

    def _area(self, area: tuple[float, float, float, float], on: Grey | Picture) -> Area:
        """Return `area` of the picture `on` in pixels of the page, at least one."""
        across, down = self.width / on.shape[1], self.height / on.shape[0]
        left, top = (
            min(self.width - 1, max(0, int(area[0] * across))),
            min(self.height - 1, max(0, int(area[1] * down))),
        )
        right, bottom = (
            min(self.width, round(area[2] * across)),
            min(self.height, round(area[3] * down)),
        )
        return left, top, max(left + 1, right), max(top + 1, bottom)

    def _print(self) -> tuple[Lines, float, bool]:
        """The lines of print, the height of one on the page, and whether this is no form at all."""
        lines = Lines.in_(self.ink)
        per_pixel = max(self.width, self.height) / COARSE_SIDE
        few = lines.count < FEW_LINES
        if (
            few and max(self.fine.shape) > COARSE_SIDE
        ):  # a sheet far away: its print is lost on `coarse`
            tiny = Lines.in_(Ink.on(self.fine))
            if tiny.count >= FEW_TINY_LINES and tiny.even >= EVEN:
                scale = COARSE_SIDE / max(self.fine.shape)
                left, top, right, bottom = (round(side * scale) for side in tiny.hull)
                lines = Lines(
                    tiny.count, tiny.height * scale, (left, top, right, bottom), tiny.even
                )
                few = False
        return lines, lines.height * per_pixel, few or lines.even < EVEN or self._is_screenshot()

    def _is_screenshot(self) -> bool:
        """Whether this is a phone's screen: tall, mostly one exact colour, and with little red."""
        tall = max(self.width, self.height) >= 1.7 * min(self.width, self.height)
        shades = np.bincount(grey_of(self.coarse).ravel(), minlength=256)
        flat = np.convolve(shades, np.ones(3)).max() / shades.sum()
        return bool(tall and flat > 0.45 and self._red() < 0.012)

    def _red(self) -> float:
        blue, green, red = cv2.split(self.coarse)
        return float(np.mean(cv2.subtract(red, cv2.max(green, blue)) > 40))

    # Cropped

    def cropped(self) -> list[Flaw]:
        """Return a flaw for each side or corner where bars of the form's frame leave the
        picture.
        """
        rails = self._rails()
        sides = {rail.side for rail in rails}
        cut = {
            a.side
            for a, b in combinations(rails, 2)
            if a.side == b.side and abs(a.at - b.at) >= 0.45
        }
        if len(sides) >= 3:  # all corners are out a little
            cut = sides
        corner = None
        for one, other in ((a, b) for a in rails for b in rails if b.side == (a.side + 1) % 4):
            if one.at <= 0.3 and other.at >= 0.7:  # neither bar ends: both sides are out
                cut |= {one.side, other.side}
            elif one.at >= 0.6 and other.at <= 0.4:
                corner = other.side
        if not cut and corner is not None:
            return [Flaw(CROPPED, self._corner(corner), 2.0)]
        return [
            Flaw(CROPPED, self._strip(side), float(sum(rail.side == side for rail in rails)))
            for side in sorted(cut)
        ]

    def _rails(self) -> list[_Rail]:
        joined = cv2.morphologyEx(self.ink.mask, cv2.MORPH_CLOSE, box_kernel(5, 5))
        level = self.ink.level
        return [
            rail
            for side in range(4)
            for rail in _rails_out_of(
                np.ascontiguousarray(np.rot90(joined, side)),
                np.rot90(self.ink.paper, side),
                side,
                level,
            )
        ]

    def _strip(self, side: int) -> Area:
        """Return the strip along a side of the page: 0 top, 1 right, 2 bottom, 3 left."""
        across, down = max(1, round(0.06 * self.width)), max(1, round(0.06 * self.height))
        return (
            (0, 0, self.width, down),
            (self.width - across, 0, self.width, self.height),
            (0, self.height - down, self.width, self.height),
            (0, 0, across, self.height),
        )[side]

    def _corner(self, side: int) -> Area:
        """Return the corner where `side` begins, clockwise.

        0 is top left, 1 top right, 2 bottom right, 3 bottom left.
        """
        across, down = max(1, self.width // 3), max(1, self.height // 3)
        left, top = (
            self.width - across if side in (1, 2) else 0,
            self.height - down if side in (2, 3) else 0,
        )
        return left, top, left + across, top + down

    # Sharpness

    def blurred(self) -> Flaw | None:
        """Return a flaw if edges are spread out in most places with print.

        Shake counts in its own direction.
        """
        tiles = list(self._tiles())
        if not tiles:
            return None
        spread = [
            _edge_width(self.fine[top:bottom, left:right]) or float(_WINDOW)
            for left, top, right, bottom in tiles
        ]
        measure = float(np.median(spread))
        high = self.lines.height * max(self.fine.shape) / COARSE_SIDE
        if measure < max(BLURRED_EDGE, BLURRED_STROKE * high):
            return None
        bad = [tile for tile, width in zip(tiles, spread, strict=True) if width >= BLURRED_EDGE]
        hull = (
            min(t[0] for t in bad),
            min(t[1] for t in bad),
            max(t[2] for t in bad),
            max(t[3] for t in bad),
        )
        return Flaw(BLURRED, self._area(hull, self.fine), measure)

    def spread_of_all(self) -> float:
        """Return the spread of the steepest edges of the whole picture, in pixels of `coarse`.

        0 if there are none.
        """
        return _edge_width(grey_of(self.coarse), least=40.0)

    def _tiles(self) -> Iterator[Area]:
        """Yield the areas of `fine` in which to look for edges: the squares with most print."""
        height, width = self.fine.shape
        down, across = max(1, round(height / _TILE)), max(1, round(width / _TILE))
        inked = cv2.resize(
            self.ink.mask.astype(np.float32), (across, down), interpolation=cv2.INTER_AREA
        )
        for index in np.argsort(-inked.ravel())[:_TILES]:
            row, column = divmod(int(index), across)
            left, right = width * column // across, width * (column + 1) // across
            top, bottom = height * row // down, height * (row + 1) // down
            if inked[row, column] >= 0.02 and min(right - left, bottom - top) > _WINDOW:
                yield left, top, right, bottom

    # Print too small

    def too_small(self) -> Flaw | None:
        if self.print_height >= SMALL_PRINT:
            return None
        return Flaw(SMALL, self._area(self.lines.hull, self.coarse), self.print_height)

    # Glare

    def glare(self) -> Flaw | None:
        """Return the largest burnt-out spot in the print of a sheet that is not white all over."""
        if self.ink.level > WHITE_SHEET:
            return None
        blue, green, red = cv2.split(self.coarse)
        burnt = (cv2.min(cv2.min(blue, green), red) >= BURNT_OUT).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(
            cv2.morphologyEx(burnt, cv2.MORPH_OPEN, box_kernel(5, 5))
        )
        spots = [stat for stat in stats[1:] if self._is_glare(stat)]
        if not spots:
            return None
        x, y, width, height, pixels = (
            int(value) for value in max(spots, key=lambda stat: int(stat[4]))
        )
        return Flaw(
            GLARE, self._area((x, y, x + width, y + height), self.coarse), pixels / burnt.size
        )

    def _is_glare(self, stat: npt.NDArray[np.int32]) -> bool:
        x, y, width, height, pixels = (int(value) for value in stat)
        left, top, right, bottom = self.lines.hull
        inside = left <= x + width / 2 <= right and top <= y + height / 2 <= bottom
        inside = (
            inside
            and x > 2
            and y > 2
            and x + width < self.coarse.shape[1] - 2
            and y + height < self.coarse.shape[0] - 2
        )
        # Lamps are round; a white strip beside the sheet or a slip of paper on it is not.
        round_ = pixels >= 0.45 * width * height and max(width, height) <= 5 * min(width, height)
        return (
            inside
            and round_
            and pixels >= GLARE_SHARE * self.coarse.shape[0] * self.coarse.shape[1]
        )


def _rails_out_of(joined: Grey, paper: Grey, side: int, level: float) -> Iterator[_Rail]:
    """Yield thin strokes that reach from the top edge inwards for an eighth of the height of
    `joined`.

    There must be paper on both sides.
    """
    height, width = joined.shape
    deep = max(3, round(0.12 * height))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined[:deep], connectivity=8)
    for x, y, broad, high, _pixels in stats[1:].tolist():
        reaches = y <= 2 and y + high >= deep - 2
        thin = broad <= 0.05 * width + 0.15 * deep
        within = x > 0.01 * width and x + broad < 0.99 * width
        if reaches and thin and within and _on_paper(paper[:deep], x, x + broad, level):
            yield _Rail(side, (x + broad / 2) / width)


def _on_paper(paper: Grey, left: int, right: int, level: float) -> bool:
    """Whether both sides of a stroke are as bright as the sheet."""
    beside = paper[:, max(0, left - 10) : left], paper[:, right : right + 10]
    return all(part.size and float(part.mean()) >= 0.7 * level for part in beside)


def _edge_width(tile: Grey, least: float = 20.0) -> float:
    """Return the number of pixels over which the steepest edges of `tile` are spread.

    1 is the sharpest possible, 9 the largest value, 0 means no edge. `least` is the rise of an edge
    in shades, so that grain does not count. Rows and columns are measured separately and the worse
    one counts: shake blurs in one direction only.
    """
    return max(
        _edge_width_along_rows(tile, least),
        _edge_width_along_rows(np.ascontiguousarray(tile.T), least),
    )


def _edge_width_along_rows(tile: Grey, least: float) -> float:
    if tile.shape[1] <= _WINDOW:
        return 0.0
    window = box_kernel(_WINDOW, 1)
    rise = np.asarray(cv2.subtract(cv2.dilate(tile, window), cv2.erode(tile, window)), np.uint8)[
        :, 1:
    ]
    step = np.asarray(cv2.dilate(cv2.absdiff(tile[:, 1:], tile[:, :-1]), window), np.uint8)
    steep = rise >= max(least, 0.6 * float(np.percentile(rise[::2, ::2], 95)))
    if np.count_nonzero(steep) <= 20:
        return 0.0
    return float(np.median(rise[steep] / np.maximum(step[steep], 1)))
