"""What of a clean page is needed to hold a leak against it?

Its grey, its landmarks, its words and their edges, each made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from resumes.marking import wordshift
from resumes.marking.page import DPI, Picture, grey

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
SCALE: Final = 0.6
"""Of a clean page at 150 dpi, where landmarks are looked for first: more would only be more to
match.
"""
MOST: Final = 3000
_FEW: Final = 400
"""Landmarks; a page with fewer is looked at more closely."""
_DARK: Final = 96
"""Grey levels; what is darker, as a picture or a dark band, has no room for pale cells."""
QUICK: Final = 400
"""So many of the strongest are compared with those of a leak to see which page it may be of."""


@dataclass(frozen=True)
class Landmarks:
    """Places of detail and what is around each (SIFT; compared as roots: Hellinger)."""

    points: Floats
    described: Floats

    @property
    def count(self) -> int:
        return len(self.points)

    def strongest(self, count: int) -> Landmarks:
        """The first `count`: the strongest stand first."""
        return Landmarks(self.points[:count], self.described[:count])


def landmarks(picture: Grey, most: int = MOST, contrast: float = 0.03) -> Landmarks:
    """The landmarks of `picture`, the most telling first."""
    none = Landmarks(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    if min(picture.shape) < 16:
        return none
    keypoints, described = cv2.SIFT.create(
        nfeatures=most, contrastThreshold=contrast
    ).detectAndCompute(picture, None)
    if described is None or not len(keypoints):
        return none
    # Large ones are seen at any size of the picture, and say more than a corner of one letter.
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
    """A page of a resume as it was rendered before it was marked.

    What is made from it is kept with it.
    """

    resume: str
    number: int
    """From 0; of the page's key."""
    picture: Picture
    dpi: int = DPI

    @cached_property
    def grey(self) -> Grey:
        return grey(self.picture)

    @cached_property
    def landmarks(self) -> Landmarks:
        """In pixels of the page."""
        return self.found_landmarks()

    def found_landmarks(self) -> Landmarks:
        """As `landmarks`, looked for anew."""
        found = self._landmarks(min(1.0, SCALE * 150 / self.dpi), 0.03)
        # A page with three lines on it needs all that there is.
        return found if found.count >= _FEW else self._landmarks(min(1.0, 150 / self.dpi), 0.01)

    def _landmarks(self, scale: float, contrast: float) -> Landmarks:
        small = (
            cv2.resize(self.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            if min(self.grey.shape) > 32
            else self.grey
        )
        found = landmarks(np.asarray(small, np.uint8), contrast=contrast)
        ratio = np.array(
            [self.grey.shape[1] / small.shape[1], self.grey.shape[0] / small.shape[0]], np.float32
        )
        return Landmarks((found.points + 0.5) * ratio - 0.5, found.described)

    @cached_property
    def units(self) -> wordshift.Boxes:
        """The words that a release's key shifts."""
        return wordshift.units(self.grey, self.dpi)

    @cached_property
    def paper(self) -> Grey:
        """255 where there is paper well away from ink, else 0."""
        side = max(3, round(self.dpi / 50))
        level = cv2.dilate(self.grey, np.ones((4 * side + 1, 4 * side + 1), np.uint8))
        ink = (cv2.subtract(level, self.grey) > 24).astype(np.uint8) * 255
        far = cv2.dilate(ink, np.ones((side, side), np.uint8)) == 0
        return np.where(far & (self.grey > _DARK), 255, 0).astype(np.uint8)
