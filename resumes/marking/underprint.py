"""The underprint: pale cells under the ink that differ from copy to copy.

A cell is 1.5 mm wide and three grey levels lighter or darker than the paper.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking.key import MarkKey

CELL: Final = 9
"""Pixels at 150 dpi: larger than JPEG blocks and than the blur of a screenshot, and small enough
for thousands of cells on a page.
"""
PAPER: Final = 251
"""Mean grey level of white paper, which leaves room for lighter cells."""
DEPTH: Final = 3
"""Grey levels up or down."""
_NAME: Final = "underprint"


def cell_size(dpi: int) -> int:
    """Return the side of a cell at `dpi`, in pixels."""
    return max(1, round(CELL * dpi / 150))


def cell_grid(shape: tuple[int, int], dpi: int) -> tuple[int, int]:
    """Return the rows and columns of cells on a page of `shape` (height, width).

    The page's edge may cut the last ones.
    """
    side = cell_size(dpi)
    return -(-shape[0] // side), -(-shape[1] // side)


def cell_signs(key: MarkKey, cells: int) -> npt.NDArray[np.int8]:
    """Return whether each cell, row by row, is lighter (+1) or darker (−1)."""
    return key.signs(_NAME, cells)


def underprint_paper(shape: tuple[int, int], key: MarkKey, dpi: int) -> npt.NDArray[np.uint8]:
    """Return the paper for a page of `shape` (height, width): PAPER ± DEPTH, with soft edges
    between cells.
    """
    side, (rows, columns) = cell_size(dpi), cell_grid(shape, dpi)
    levels = (
        (PAPER + DEPTH * cell_signs(key, rows * columns).astype(np.int16))
        .astype(np.uint8)
        .reshape(rows, columns)
    )
    large = cv2.resize(levels, (columns * side, rows * side), interpolation=cv2.INTER_NEAREST)[
        : shape[0], : shape[1]
    ]
    return np.asarray(cv2.GaussianBlur(large, (0, 0), side / 6), np.uint8)
