"""Measures the differences between an aligned leak and the clean page.

For each cell, how much lighter it is; for each word, how far it is shifted. The measurement knows
no key: the numbers are the same whatever release the leak comes from, so the probability of a
chance agreement can be computed (`resumes.tracing.scoring`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking import underprint
from resumes.tracing.clean import CleanPage, Floats
from resumes.tracing.registration import Aligned

_CELL_SEEN: Final = 0.3
"""Minimum share of a cell that must be paper."""
_OUTLIER: Final = 3.0
"""Values farther away than this many deviations are clipped: the visible mark, a stain, a drawn
arrow.
"""
_SOFT: Final = 1.3
"""Blur in pixels: softer than the edges of both pictures, so that the difference is proportional to
the shift of an edge.
"""
_NEIGHBOURS: Final = 110.0
"""Radius, in pixels at 150 dpi, of the neighbourhood that a word is compared with."""
_FARTHEST: Final = 2.5
"""Pixels; a word that seems farther away was not found."""


@dataclass(frozen=True)
class Evidence:
    """The measurements, by place.

    Each number corresponds to one secret sign; its magnitude is its weight.
    """

    cells: Floats
    """For each visible cell; positive is lighter than its surroundings."""
    cell_at: npt.NDArray[np.int64]
    """The indices of the visible cells."""
    words: Floats
    """For each visible word, the shift to the right and down relative to the words around it."""
    word_at: npt.NDArray[np.int64]


def measure_evidence(found: Aligned, page: CleanPage) -> Evidence:
    """Return the evidence of one aligned leak."""
    cells, cell_at = _cells(found, page)
    words, word_at = _words(found, page)
    return Evidence(cells, cell_at, words, word_at)


def _cells(found: Aligned, page: CleanPage) -> tuple[Floats, npt.NDArray[np.int64]]:
    side = underprint.cell_size(page.dpi)
    rows, columns = underprint.cell_grid((page.grey.shape[0], page.grey.shape[1]), page.dpi)
    weight = ((page.paper > 0) & found.inside).astype(np.float32)
    if weight.sum() < 4 * side * side:
        return _nothing()
    clean = page.grey.astype(np.float32)
    light = _light(found.picture * weight, clean * weight, side, rows, columns)
    difference = (found.picture - clean * light) * weight
    bound = max(1.5, _OUTLIER * float(np.median(np.abs(difference[weight > 0]))))
    difference = np.clip(difference, -bound, bound)
    seen, total = _by_cell(weight, side, rows, columns), _by_cell(difference, side, rows, columns)
    mean = np.where(seen > 0, total / np.maximum(seen, 1), 0).astype(np.float32)
    known = (seen >= _CELL_SEEN * side * side).astype(np.float32)
    mean -= cv2.blur(mean * known, (5, 5)) / (cv2.blur(known, (5, 5)) + 1e-3)
    at = np.flatnonzero(known)
    values = _bounded(np.asarray(mean.reshape(-1)[at], np.float32))
    return np.asarray(values * np.sqrt(seen.reshape(-1)[at]) / side, np.float32), at


def _light(leak: Floats, clean: Floats, side: int, rows: int, columns: int) -> Floats:
    """Return the brightness of the leak relative to the page, over several cells: lamps, shadows
    and whitened paper.
    """
    theirs, ours = _by_cell(leak, side, rows, columns), _by_cell(clean, side, rows, columns)
    light = cv2.GaussianBlur(theirs, (0, 0), 4.0) / (cv2.GaussianBlur(ours, (0, 0), 4.0) + 1e-3)
    large = cv2.resize(light, (columns * side, rows * side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[: leak.shape[0], : leak.shape[1]], np.float32)


def _by_cell(values: Floats, side: int, rows: int, columns: int) -> Floats:
    """Return the sums of `values` over the cells."""
    padded = cv2.copyMakeBorder(
        values,
        0,
        rows * side - values.shape[0],
        0,
        columns * side - values.shape[1],
        cv2.BORDER_CONSTANT,
    )
    return (
        np.asarray(cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
        * side
        * side
    )


def _nothing() -> tuple[Floats, npt.NDArray[np.int64]]:
    return np.zeros(0, np.float32), np.zeros(0, np.int64)


def _bounded(values: Floats) -> Floats:
    """Return `values` in units of their spread, with outliers clipped."""
    spread = 1.4826 * float(np.median(np.abs(values))) if len(values) else 0.0
    if spread < 1e-6:
        spread = float(np.abs(values).max()) if len(values) and values.any() else 1.0
    return np.asarray(np.clip(values / spread, -_OUTLIER, _OUTLIER), np.float32)


def _words(found: Aligned, page: CleanPage) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Measure the shift of each word by least squares over the pixels around it: leak = gain ×
    (clean − slope × shift) + offset.
    """
    none = np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
    boxes = page.units
    if len(boxes) < 4:
        return none
    clean = cv2.GaussianBlur(page.grey, (0, 0), _SOFT).astype(np.float32)
    leak = np.asarray(cv2.GaussianBlur(found.picture, (0, 0), _SOFT), np.float32)
    right, down = (
        cv2.Scharr(clean, cv2.CV_32F, 1, 0, scale=1 / 32),
        cv2.Scharr(clean, cv2.CV_32F, 0, 1, scale=1 / 32),
    )
    shifts, trust, at = [], [], []
    for n, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        part = slice(max(0, y0 - 1), y1 + 1), slice(max(0, x0 - 1), x1 + 1)
        if not found.inside[part].all():
            continue
        seen = leak[part].ravel()
        known = np.stack(
            (
                clean[part].ravel(),
                -right[part].ravel(),
                -down[part].ravel(),
                np.ones(seen.size, np.float32),
            )
        )
        normal = known @ known.T
        normal[np.arange(4), np.arange(4)] += (1e-3, 1e-1, 1e-1, 1e-3)
        gain, x, y, _offset = np.linalg.solve(normal, known @ seen)
        if gain < 0.05:
            continue
        shifts.append((x / gain, y / gain))
        trust.append(np.sqrt(normal[1, 1] + normal[2, 2]))
        at.append(n)
    if len(at) < 4:
        return none
    offsets = np.array(shifts, np.float32)
    offsets -= np.median(offsets, axis=0).astype(np.float32)
    near = np.abs(offsets).max(axis=1) < 2 * _FARTHEST
    offsets, which = offsets[near], np.array(at, np.int64)[near]
    if len(which) < 4:
        return none
    middles = (boxes[which, :2] + boxes[which, 2:]) / 2
    apart = ((middles[:, None] - middles[None]) ** 2).sum(axis=2)
    closeness = np.exp(-apart / (2 * (_NEIGHBOURS * page.dpi / 150) ** 2))
    np.fill_diagonal(closeness, 0)
    bounded = np.clip(offsets, -_FARTHEST, _FARTHEST)
    around = closeness @ bounded / (closeness.sum(axis=1, keepdims=True) + 1e-6)
    rest = bounded - around
    return np.stack([_bounded(rest[:, side]) for side in (0, 1)], axis=1).astype(np.float32), which
