"""How is paper made to differ where nobody looks?

Cells of a millimetre and a half, three grey levels lighter or darker, under the ink.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking.key import MarkKey

CELL: Final = 9
"""Pixels at 150 dpi: larger than the blocks of JPEG and than what a screenshot blurs, small enough
for thousands on a page.
"""
PAPER: Final = 251
"""White paper's mean: it must have room above."""
DEPTH: Final = 3
"""Grey levels up or down."""
_NAME: Final = "underprint"


def cell_size(dpi: int) -> int:
    """Pixels of a cell's side at `dpi`."""
    return max(1, round(CELL * dpi / 150))


def grid(shape: tuple[int, int], dpi: int) -> tuple[int, int]:
    """Rows and columns of cells on a page of `shape` (height, width); the last ones may be cut by
    the edge.
    """
    side = cell_size(dpi)
    return -(-shape[0] // side), -(-shape[1] // side)


def signs(key: MarkKey, cells: int) -> npt.NDArray[np.int8]:
    """Of each cell, row by row, whether it is lighter (+1) or darker (−1)."""
    return key.signs(_NAME, cells)


def paper(shape: tuple[int, int], key: MarkKey, dpi: int) -> npt.NDArray[np.uint8]:
    """What white paper of `shape` (height, width) becomes: PAPER ± DEPTH, the cells' edges soft."""
    side, (rows, columns) = cell_size(dpi), grid(shape, dpi)
    levels = (
        (PAPER + DEPTH * signs(key, rows * columns).astype(np.int16))
        .astype(np.uint8)
        .reshape(rows, columns)
    )
    large = cv2.resize(levels, (columns * side, rows * side), interpolation=cv2.INTER_NEAREST)[
        : shape[0], : shape[1]
    ]
    return np.asarray(cv2.GaussianBlur(large, (0, 0), side / 6), np.uint8)
