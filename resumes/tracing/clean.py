"""A clean page as the tracer needs it: its grey levels, landmarks, words and paper, each computed
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking import wordshift
from resumes.marking.page import DPI, Picture, to_grey

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
SCALE: Final = 0.6
"""Scale of a clean page at 150 dpi for the first search for landmarks; a larger scale only means
more matching.
"""
MOST: Final = 3000
_FEW: Final = 400
"""A page with fewer landmarks is searched again at full scale."""
_DARK: Final = 96
"""Grey levels; darker areas, such as pictures and dark bands, have no pale cells."""
QUICK: Final = 400
"""This many of the strongest landmarks are compared with those of a leak to choose the likely
pages.
"""


@dataclass(frozen=True)
class Landmarks:
    """Points of detail and a description of each (SIFT; compared as square roots: Hellinger
    distance).
    """

    points: Floats
    described: Floats

    @property
    def count(self) -> int:
        return len(self.points)

    def strongest(self, count: int) -> Landmarks:
        """Return the first `count`; the strongest come first."""
        return Landmarks(self.points[:count], self.described[:count])


def find_landmarks(picture: Grey, most: int = MOST, contrast: float = 0.03) -> Landmarks:
    """Return the landmarks of `picture`, the most distinctive first."""
    none = Landmarks(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    if min(picture.shape) < 16:
        return none
    keypoints, described = cv2.SIFT.create(
        nfeatures=most, contrastThreshold=contrast
    ).detectAndCompute(picture, None)
    if described is None or not len(keypoints):
        return none
    # Large ones are visible at any size of the picture, and are more distinctive than a corner of
    # one letter.
    order = sorted(range(len(keypoints)), key=lambda n: -keypoints[n].response * keypoints[n].size)[
        :most
    ]
    points = np.array([keypoints[n].pt for n in order], np.float32)
    return Landmarks(
        points,
        np.sqrt(
            described[order] / np.maximum(described[order].sum(axis=1, keepdims=True), 1)
        ).astype(np.float32),
    )


@dataclass(frozen=True)
class CleanPage:
    """A page of a resume as rendered before marking.

    Values computed from it are cached on it.
    """

    resume: str
    number: int
    """From 0; the key uses it."""
    picture: Picture
    dpi: int = DPI

    @cached_property
    def grey(self) -> Grey:
        return to_grey(self.picture)

    @cached_property
    def landmarks(self) -> Landmarks:
        """In pixels of the page."""
        return self.found_landmarks()

    def found_landmarks(self) -> Landmarks:
        """Compute `landmarks` without the cache."""
        found = self._landmarks(min(1.0, SCALE * 150 / self.dpi), 0.03)
        # A page with three lines needs every landmark there is.
        return found if found.count >= _FEW else self._landmarks(min(1.0, 150 / self.dpi), 0.01)

    def _landmarks(self, scale: float, contrast: float) -> Landmarks:
        small = (
            cv2.resize(self.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            if min(self.grey.shape) > 32
            else self.grey
        )
        found = find_landmarks(np.asarray(small, np.uint8), contrast=contrast)
        ratio = np.array(
            [self.grey.shape[1] / small.shape[1], self.grey.shape[0] / small.shape[0]], np.float32
        )
        return Landmarks((found.points + 0.5) * ratio - 0.5, found.described)

    @cached_property
    def units(self) -> wordshift.Boxes:
        """The words that a release's key shifts."""
        return wordshift.shift_units(self.grey, self.dpi)

    @cached_property
    def paper(self) -> Grey:
        """255 for paper well away from ink, else 0."""
        side = max(3, round(self.dpi / 50))
        level = cv2.dilate(self.grey, np.ones((4 * side + 1, 4 * side + 1), np.uint8))
        ink = (cv2.subtract(level, self.grey) > 24).astype(np.uint8) * 255
        far = cv2.dilate(ink, np.ones((side, side), np.uint8)) == 0
        return np.where(far & (self.grey > _DARK), 255, 0).astype(np.uint8)
