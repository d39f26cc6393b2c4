"""Finds places that were compressed fewer times than the rest of the picture.

A photo is a JPEG already when an editor opens it, and is compressed again when it is saved.
Untouched areas keep the first rounding's comb in their frequencies; typed or pasted ones have none.
An honest picture has the comb everywhere or nowhere, however often a messenger passed it on.

The comb: Popescu and Farid, "Statistical tools for digital forensics" (2004). Its absence by place:
Lin et al., "Fast, automatic and fine-grained tampered JPEG image detection via DCT coefficient
analysis" (2009), and Farid, "Exposing digital forgeries from JPEG ghosts" (2009), which saves the
picture again where this module uses the frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.forgery.model import Kind, Lines, Picture, Region, Trace, clip_region, line_windows

Floats = npt.NDArray[np.float32]
FREQUENCIES: Final = tuple((u, v) for u in range(5) for v in range(5) if 0 < u + v <= 4)
"""Row, column. Higher frequencies are zero in most photos."""
MOST_BLOCKS: Final = 12_000
ENOUGH_BLOCKS: Final = 3_000
"""The number of blocks from which the comb is learnt."""
LEAST_TEXTURE: Final = 9.0
"""The variance of a block below which its frequencies say too little."""
LEAST_TEXTURE_ELSEWHERE: Final = 2.0
"""The same outside of values: marks laid over paper are pale."""
COARSEST: Final = 48
"""The largest step of a first rounding that is searched."""
COMB: Final = 0.8
"""The largest mean distance from the comb's teeth, if coefficients without a comb have 1."""
LEAST_COEFFICIENTS: Final = 300
LEAST_IN_WINDOW: Final = 24
BREADTHS: Final = (1.0, 0.6)
"""The widths of windows, in heights of their line: a Chinese character, and a digit."""
OFF: Final = 0.6
"""The smallest distance of a window from the comb: 0 as the rest, 1 as if there were none."""
TILE: Final = 64
"""The size of a place outside of values, in pixels."""
TILE_OFF: Final = 6.0
"""The number of deviations from which such a place is off the comb."""
SPREAD: Final = 0.15
"""How far apart, as a share of the page's longer side, two or more such places of an overlay are.

Something was laid over the whole page, as people do with 仅供…使用 and sites with their mark. That
is honest, and values that it crosses are off the comb as well.
"""


@dataclass(frozen=True)
class _Comb:
    """The step of one frequency's first rounding, and the distances of coefficients from its teeth.

    Distances are 0..1 of the farthest.
    """

    step: int
    mean: float
    deviation: float


def unlike_the_rest(picture: Picture, lines: Lines) -> list[Trace]:
    """Return one trace for each line of `lines` whose worst window is off the comb of the rest.

    The score is in deviations. If the whole page is off in places, return one trace of an overlay
    instead, with the number of places as its score.
    """
    luma = np.asarray(
        cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8
    )  # the weights of a JPEG's luma
    blocks = _Blocks.of(luma, lines)
    others = blocks.coefficients[~blocks.in_line]
    others = others[:: max(1, len(others) // ENOUGH_BLOCKS)]
    combs = {at: comb for at in range(len(FREQUENCIES)) if (comb := _comb(others[:, at]))}
    if len(combs) < 2:
        return []
    distance, count = _off(blocks.coefficients, combs)
    height, width = luma.shape
    none = float(np.mean([(0.5 - comb.mean) / comb.deviation for comb in combs.values()]))
    if overlay := _overlay(blocks, distance, count, none, max(width, height)):
        return [overlay]
    traces = []
    lined = blocks.in_line
    in_lines = _Blocks(
        blocks.rows[lined], blocks.columns[lined], blocks.coefficients[lined], lined[lined]
    )
    for field, regions in lines.items():
        for region in regions:
            found = []
            line = clip_region(region, width, height)
            for window in [
                region
                for breadth in BREADTHS
                for region in line_windows(line, breadth / 2, breadth)
            ]:
                chosen = in_lines.within(window)
                found.append(
                    (
                        _score(distance[lined][chosen].sum(), count[lined][chosen].sum(), none),
                        window,
                    )
                )
            score, region = max(found)
            if score:
                traces.append(Trace(Kind.COMPRESSION, score, region, field))
    return traces


@dataclass(frozen=True)
class _Blocks:
    """The textured 8 × 8 blocks of a picture: row, column, frequencies, and whether in a line."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    coefficients: Floats
    in_line: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, luma: npt.NDArray[np.uint8], lines: Lines) -> _Blocks:
        height, width = luma.shape[0] // 8, luma.shape[1] // 8
        whole = luma[: height * 8, : width * 8]
        small = whole.reshape(height, 8, width, 8)
        floats = whole.astype(np.float32)
        mean = cv2.resize(floats, (width, height), interpolation=cv2.INTER_AREA)
        square = cv2.resize(floats * floats, (width, height), interpolation=cv2.INTER_AREA)
        variance = square - mean * mean
        lined = np.zeros((height, width), bool)
        for regions in lines.values():
            for region in regions:
                x0, y0, x1, y1 = clip_region(region, luma.shape[1], luma.shape[0])
                lined[y0 // 8 : -(-y1 // 8), x0 // 8 : -(-x1 // 8)] = True
        rows, columns = np.nonzero((variance > LEAST_TEXTURE) & lined)
        others = np.argwhere((variance > LEAST_TEXTURE_ELSEWHERE) & ~lined)
        others = others[:: max(1, -(-len(others) // MOST_BLOCKS))]
        rows, columns = (
            np.concatenate([rows, others[:, 0]]),
            np.concatenate([columns, others[:, 1]]),
        )
        pixels = small[rows, :, columns, :]
        # Burnt-out or black pixels were clipped after the rounding and carry no trace of it.
        sound = (pixels.max(axis=(1, 2)) < 254) & (pixels.min(axis=(1, 2)) > 1)
        rows, columns, pixels = rows[sound], columns[sound], pixels[sound]
        frequencies = _DCT @ pixels.astype(np.float32) @ _DCT.T
        coefficients = (
            np.stack([frequencies[:, u, v] for u, v in FREQUENCIES], axis=1)
            if len(rows)
            else np.zeros((0, len(FREQUENCIES)), np.float32)
        )
        return cls(rows, columns, coefficients, lined[rows, columns])

    def within(self, region: Region) -> npt.NDArray[np.bool_]:
        """Return which blocks lie more inside `region` than outside."""
        x0, y0, x1, y1 = region
        across = (self.columns * 8 + 4 >= x0) & (self.columns * 8 + 4 < x1)
        return across & (self.rows * 8 + 4 >= y0) & (self.rows * 8 + 4 < y1)


_DCT: Final = np.array(
    [
        [np.sqrt((1 if k == 0 else 2) / 8) * np.cos((2 * n + 1) * k * np.pi / 16) for n in range(8)]
        for k in range(5)
    ],
    np.float32,
)


def _comb(values: Floats) -> _Comb | None:
    """Return the comb of an earlier, coarser rounding in `values`; None if there is none."""
    last = _last_step(values)
    best: tuple[float, int] | None = None
    for step in range(max(3, int(last * 1.3) + 1), COARSEST):
        told = np.abs(values[np.abs(values) > step * 0.5])
        if len(told) < LEAST_COEFFICIENTS:
            break
        share = float(_from_teeth(told, step).mean()) / _without_comb(last, step)
        if share < COMB and (best is None or share < best[0]):
            best = share, step
    if best is None:
        return None
    told = np.abs(values[np.abs(values) > best[1] * 0.5])
    distances = _from_teeth(told, best[1])
    return _Comb(best[1], float(distances.mean()), float(distances.std()) + 1e-6)


def _last_step(values: Floats) -> int:
    """Return the step of the last rounding of `values`; 1 if it cannot be found."""
    for step in range(COARSEST, 1, -1):
        told = np.abs(values[np.abs(values) > step * 0.5])
        if len(told) >= 50 and float(np.abs(told - step * np.round(told / step)).mean()) < min(
            0.8, 0.17 * step
        ):
            return step
    return 1


def _from_teeth(values: Floats, step: int) -> Floats:
    """Return 0 on a multiple of `step`, 1 halfway between two."""
    return np.abs(values / step - np.round(values / step)) * 2


def _without_comb(last: int, step: int) -> float:
    """Return the average of `_from_teeth` over multiples of `last` that are unrelated to `step`."""
    return (
        float(_from_teeth(np.arange(1, step + 1, dtype=np.float32) * last, step).mean())
        if last > 1
        else 0.5
    )


def _off(coefficients: Floats, combs: dict[int, _Comb]) -> tuple[Floats, Floats]:
    """Return, for each block, the sum of its coefficients' distances from the combs, and their
    count.

    Distances are in deviations from the mean.
    """
    distance, count = (
        np.zeros(len(coefficients), np.float32),
        np.zeros(len(coefficients), np.float32),
    )
    for at, comb in combs.items():
        values = np.abs(coefficients[:, at])
        told = values > comb.step * 0.5
        distance += np.where(told, (_from_teeth(values, comb.step) - comb.mean) / comb.deviation, 0)
        count += told
    return distance, count


def _score(distance: float, count: float, none: float) -> float:
    """Return how many deviations `count` coefficients are off the combs.

    0 if they are too few, or hardly off. `distance` is their sum; `none` is the distance of each
    without a comb.
    """
    return (
        float(distance / count**0.5)
        if count >= LEAST_IN_WINDOW and distance > OFF * none * count
        else 0.0
    )


def _overlay(
    blocks: _Blocks, distance: Floats, count: Floats, none: float, side: int
) -> Trace | None:
    """Return an overlay if places outside of values are off the comb and far apart."""
    others = ~blocks.in_line
    tiles, which = np.unique(
        blocks.rows[others] // (TILE // 8) * 10_000 + blocks.columns[others] // (TILE // 8),
        return_inverse=True,
    )
    far, told = (
        np.bincount(which, distance[others], len(tiles)),
        np.bincount(which, count[others], len(tiles)),
    )
    off = [
        int(tile)
        for tile, d, c in zip(tiles, far, told, strict=True)
        if _score(d, c, none) > TILE_OFF
    ]
    rows, columns = [tile // 10_000 * TILE for tile in off], [tile % 10_000 * TILE for tile in off]
    if len(off) < 2 or max(max(rows) - min(rows), max(columns) - min(columns)) < SPREAD * side:
        return None
    region = min(columns), min(rows), max(columns) + TILE, max(rows) + TILE
    return Trace(Kind.OVERLAY, float(len(off)), region)
