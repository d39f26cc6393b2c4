"""Applies all marks to one page before it leaves.

Words are shifted, the cells go under the ink, and the visible mark and the number go on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking import underprint, visible, wordshift
from resumes.marking.key import MarkKey

Picture: TypeAlias = npt.NDArray[np.uint8]
"""A rendered page: height × width (grey) or height × width × 3."""
DPI: Final = 150
_ZONE: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Words:
    """The text of the visible mark."""

    employer: str
    number: str
    """Of the release, as people read it."""
    at: datetime
    """With a time zone; shown in China's time zone."""

    @property
    def time(self) -> str:
        return self.at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")

    @property
    def lines(self) -> tuple[str, str]:
        return self.employer, f"{self.number} · {self.time}"

    @property
    def footer(self) -> str:
        return f"{self.number} · {self.employer} · {self.time}"


def mark_page(page: Picture, key: MarkKey, words: Words, dpi: int = DPI) -> Picture:
    """Return a copy of `page` with all marks.

    The same key and words give the same page.
    """
    if not page.size:
        return page.copy()
    clean = to_grey(page)
    shape = clean.shape[0], clean.shape[1]
    moved = wordshift.shift_words(page, wordshift.shift_units(clean, dpi), key)
    strength = visible.tiled_mark(shape, words.lines, dpi).copy()
    rows, columns, letters = visible.footer_mark(shape, words.footer, clean, dpi)
    np.maximum(strength[rows, columns], letters, out=strength[rows, columns])
    # page × paper × (1 − strength) + TONE × strength, in integers: this takes a third of the time
    # that floats take.
    through = cv2.multiply(
        underprint.underprint_paper(shape, key, dpi), 255 - strength, scale=1 / 255
    )
    added = cv2.multiply(strength, np.full_like(strength, visible.TONE), scale=1 / 255)
    if page.ndim == 3:
        through, added = cv2.merge([through] * page.shape[2]), cv2.merge([added] * page.shape[2])
    return np.asarray(
        cv2.add(cv2.multiply(moved, through, scale=1 / 255), added), np.uint8
    ).reshape(page.shape)


def to_grey(page: Picture) -> npt.NDArray[np.uint8]:
    """Return `page` (RGB or grey) as grey."""
    if page.ndim == 2:
        return page
    return np.asarray(
        cv2.cvtColor(page[..., :3], cv2.COLOR_RGB2GRAY) if page.shape[2] >= 3 else page[..., 0],
        np.uint8,
    )
