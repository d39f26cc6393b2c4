"""Draws the evidence for a release: the leak beside the clean page, with the cells and words that
agree with its secret.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from resumes.marking import underprint, wordshift
from resumes.marking.key import MarkKey
from resumes.marking.page import Picture
from resumes.tracing.trace import Found

_AGREES: Final = (32, 140, 72)
_OPPOSES: Final = (200, 60, 48)
_CLEAR: Final = 0.8
"""Minimum deviation, in spreads, of a cell or a word that is drawn."""


def side_by_side(found: Found, key: MarkKey) -> Picture | None:
    """Return the aligned leak (left) and the clean page (right).

    Places that agree with `key` are green, the others red. For a copy of this release nearly all
    are green, for another about half. Returns None if the picture matches no page.
    """
    if found.page is None or found.aligned is None or found.evidence is None:
        return None
    page, evidence = found.page, found.evidence
    leak = cv2.cvtColor(np.clip(found.aligned.picture, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    clean = cv2.cvtColor(page.grey, cv2.COLOR_GRAY2RGB)
    side = underprint.cell_size(page.dpi)
    rows, columns = underprint.cell_grid((page.grey.shape[0], page.grey.shape[1]), page.dpi)
    told = np.zeros(rows * columns, np.float32)
    told[evidence.cell_at] = (
        evidence.cells * underprint.cell_signs(key, rows * columns)[evidence.cell_at]
    )
    large = cv2.resize(
        told.reshape(rows, columns), (columns * side, rows * side), interpolation=cv2.INTER_NEAREST
    )
    large = large[: page.grey.shape[0], : page.grey.shape[1]]
    for picture in (leak, clean):
        for colour, where in ((_AGREES, large > _CLEAR), (_OPPOSES, large < -_CLEAR)):
            picture[where] = (picture[where] * 0.8 + np.array(colour) * 0.2).astype(np.uint8)
    across, down = wordshift.shift_signs(key, len(page.units))
    agreement = (
        evidence.words[:, 0] * across[evidence.word_at]
        + evidence.words[:, 1] * down[evidence.word_at]
    )
    for n, value in zip(evidence.word_at.tolist(), agreement.tolist(), strict=True):
        if abs(value) >= _CLEAR:
            x0, y0, x1, y1 = (int(edge) for edge in page.units[n])
            for picture in (leak, clean):
                cv2.rectangle(
                    picture, (x0, y0), (x1 - 1, y1 - 1), _AGREES if value > 0 else _OPPOSES, 1
                )
    return np.asarray(np.hstack((leak, clean)), np.uint8)
