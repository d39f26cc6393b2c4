"""Recognises photographs of a screen.

A screen's grid of dots and the sensor's grid interfere: the spectrum of every part of the picture
has sharp peaks, far from the middle, and not where the blocks of a JPEG have theirs. Paper's grain
has none; fine lines of a form have some, in one part or another.

After Mahdian, Novozámský and Saic, "Identification of aliasing-based patterns in re-captured LCD
screens" (2015).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.forgery.model import Grey, Kind, Picture, Trace

TILE: Final = 256
MOST_TILES: Final = 9
NEAR_MIDDLE: Final = 0.11
"""In cycles per pixel. Peaks below it are print."""
_WIDE: Final = 9
"""The number of frequency steps around a peak that it is compared with."""


def of_screen(picture: Picture) -> Trace:
    """Return the height of the peak common to all parts of the picture.

    It is a natural logarithm above its surroundings.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
    height, width = grey.shape
    spectra = [_spectrum(tile) for tile in _tiles(grey)]
    if not spectra:
        return Trace(Kind.SCREEN, 0.0, (0, 0, width, height))
    above = np.median(np.stack(spectra), axis=0)
    return Trace(Kind.SCREEN, float((above * _counted()).max()), (0, 0, width, height))


def _tiles(grey: Grey) -> list[Grey]:
    """Return up to MOST_TILES squares spread over the middle of the picture."""
    height, width = grey.shape
    size = TILE
    if min(height, width) < size:
        return []
    rows = np.unique(
        np.linspace(height * 0.15, max(height * 0.15, height * 0.85 - size), 3)
        .astype(int)
        .clip(0, height - size)
    )
    columns = np.unique(
        np.linspace(width * 0.15, max(width * 0.15, width * 0.85 - size), 3)
        .astype(int)
        .clip(0, width - size)
    )
    return [grey[row : row + size, column : column + size] for row in rows for column in columns][
        :MOST_TILES
    ]


def _spectrum(tile: Grey) -> npt.NDArray[np.float32]:
    """Return the logarithm of the spectrum, less the surroundings of each frequency."""
    window = np.hanning(tile.shape[0]).astype(np.float32)
    smooth = tile - cv2.GaussianBlur(tile, (0, 0), 4)
    spectrum = np.fft.rfft2(np.clip(smooth, -30, 30) * window[:, None] * window[None, :])
    log = np.log(np.abs(spectrum) + 1).astype(np.float32)
    log = cv2.GaussianBlur(log, (0, 0), 0.8)
    return np.asarray(log - cv2.blur(log, (_WIDE * 2 + 1, _WIDE * 2 + 1)), np.float32)


def _counted() -> npt.NDArray[np.float32]:
    """Return 1 where a peak counts, else 0.

    Excluded are the middle, the axes (edges of print) and multiples of an eighth (blocks).
    """
    rows = np.abs(np.fft.fftfreq(TILE))[:, None]
    columns = np.fft.rfftfreq(TILE)[None, :]
    far = np.hypot(rows, columns) > NEAR_MIDDLE
    axes = (rows > 0.02) & (columns > 0.02)
    blocks = (np.abs(rows * 8 - np.round(rows * 8)) * TILE / 8 < 3) & (
        np.abs(columns * 8 - np.round(columns * 8)) * TILE / 8 < 3
    )
    return np.asarray(far & axes & ~blocks, np.float32)
