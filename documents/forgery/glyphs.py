"""Finds a character that differs in print from the others of its line.

A printer sets a line in one ink, one size and one height, and one lens takes it. A character that
was typed into the photo is crisper, darker or of another colour than its neighbours. Values are
never compared with each other: offices print the code, the name and the rest with different
machines.

After Bertrand et al., "A system based on intrinsic features for fraudulent document detection"
(2013): features of each character's size, position and ink, and how far out one of them is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.forgery.model import (
    Kind,
    Lines,
    Picture,
    Region,
    Trace,
    clip_region,
    region_on_page,
    upright_line,
)

FEWEST: Final = 8
"""The number of characters that a line needs for one to be an outlier."""
LEAST_HEIGHT: Final = 9
"""In pixels. Smaller print has no features."""
_SPREADS: Final = {
    "contrast": 0.06,
    "crispness": 0.06,
    "colour": 3.0,
    "ground": 3.0,
    "top": 0.05,
    "bottom": 0.05,
}
"""The smallest spread of each feature within an honest line.

In shares of the line's own value, shades, or shares of its height.
"""


@dataclass(frozen=True)
class _Glyph:
    """One character: its region on the line's picture, and its features."""

    region: Region
    contrast: float
    """Shades from the ground to the ink."""
    crispness: float
    """The steepest step, as a share of the contrast."""
    colour: float
    """The ink's red less blue, in shades, less the ground's."""
    ground: float
    top: float
    bottom: float


def out_of_line(picture: Picture, lines: Lines, rotation: int = 0) -> list[Trace]:
    """Return one trace per separable line: how far its oddest character is out.

    The score is in spreads of the line.
    """
    height, width = picture.shape[:2]
    traces = []
    for field, regions in lines.items():
        for region in regions:
            line = clip_region(region, width, height)
            strip = upright_line(picture, line, rotation)
            found = _glyphs(strip)
            if len(found) >= FEWEST:
                score, glyph = _oddest(found, strip.shape[0])
                traces.append(
                    Trace(Kind.GLYPH, score, region_on_page(glyph.region, line, rotation), field)
                )
    return traces


def _oddest(glyphs: list[_Glyph], height: int) -> tuple[float, _Glyph]:
    """Return the glyph whose second most unusual feature is most unusual.

    One feature alone may be due to a speck of dust.
    """
    odd = np.stack([_unusual(glyphs, name, height) for name in _SPREADS], axis=1)
    second = np.sort(odd, axis=1)[:, -2]
    worst = int(second.argmax())
    return float(second[worst]), glyphs[worst]


def _unusual(glyphs: list[_Glyph], name: str, height: int) -> npt.NDArray[np.float64]:
    """Return how far each glyph's feature is from the others' trend, in spreads of the line."""
    values = np.array([getattr(glyph, name) for glyph in glyphs], np.float64)
    at = np.array([glyph.region[0] for glyph in glyphs], np.float64)
    trend = _trend(at, values)
    rest = np.abs(values - trend)
    least = _SPREADS[name] * {"top": height, "bottom": height, "colour": 1, "ground": 1}.get(
        name, max(1e-6, float(np.median(values)))
    )
    return np.asarray(rest / max(least, 1.4826 * float(np.median(rest))))


def _trend(at: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the straight line through `values`, unbent by any outlier (Theil and Sen)."""
    across, up = at[:, None] - at[None, :], values[:, None] - values[None, :]
    apart = across > 0
    slope = float(np.median(up[apart] / across[apart])) if apart.any() else 0.0
    return np.asarray(slope * at + np.median(values - slope * at))


def _glyphs(strip: Picture) -> list[_Glyph]:
    if min(strip.shape[:2]) < LEAST_HEIGHT:
        return []
    grey = np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), np.uint8)
    size = max(9, grey.shape[0] // 2 * 2 + 1)
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    depth = cv2.subtract(paper, grey)
    contrast = float(np.percentile(depth, 97))
    if contrast < 30:
        return []
    ink = (depth > contrast * 0.45).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    tall = [
        stat
        for stat in stats[1:].tolist()
        if stat[3] >= 0.35 * grey.shape[0] and 2 <= stat[2] <= 1.1 * grey.shape[0]
    ]
    if not tall:
        return []
    high = float(np.median([stat[3] for stat in tall]))
    return [
        _glyph(strip, grey, depth, stat)
        for stat in sorted(tall)
        if high >= LEAST_HEIGHT * 0.7 and stat[3] < 1.6 * high
    ]


def _glyph(
    strip: Picture,
    grey: npt.NDArray[np.uint8],
    depth: npt.NDArray[np.uint8] | cv2.typing.MatLike,
    stat: list[int],
) -> _Glyph:
    x, y, width, height, _ = stat
    region = (
        max(0, x - 1),
        max(0, y - 1),
        min(grey.shape[1], x + width + 1),
        min(grey.shape[0], y + height + 1),
    )
    window = slice(region[1], region[3]), slice(region[0], region[2])
    here, colours, deep = (
        grey[window].astype(np.float32),
        strip[window].astype(np.float32),
        np.asarray(depth)[window],
    )
    contrast = float(np.percentile(deep, 95))
    step = max(
        float(np.abs(np.diff(here, axis=1)).max(initial=0)),
        float(np.abs(np.diff(here, axis=0)).max(initial=0)),
    )
    warm = colours[..., 2] - colours[..., 0]
    ink, ground = deep >= contrast * 0.7, deep <= contrast * 0.2
    of_ink = float(warm[ink].mean()) if ink.any() else 0.0
    of_ground = float(warm[ground].mean()) if ground.any() else of_ink
    light = float(np.percentile(here, 90))
    return _Glyph(
        region,
        contrast,
        step / max(1.0, contrast),
        of_ink - of_ground,
        light,
        float(y),
        float(y + height),
    )
