"""Scores the agreement between a leak and a release's secret signs, and bounds the probability of
chance.

z is Σ value × sign / √(Σ value²) over all measurements. The values depend on no key, and the signs
of a release that the leak does not come from are fair coins. So by Hoeffding's inequality, that
release reaches z with a probability of at most exp(−z²/2), whatever was done to the picture and
however the values are distributed. `false_match_probability` counts every comparison (releases ×
alignments of the leak × kinds of evidence), and so bounds the probability that a trace names a
wrong release.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from resumes.marking import underprint, wordshift
from resumes.marking.key import MarkKey
from resumes.tracing.clean import Floats
from resumes.tracing.evidence import Evidence

MAX_CHANCE: Final = 1e-6
"""Maximum probability that a trace names a wrong release. With 200 releases of a resume, z ≥ 6.5 is
needed.
"""
LEAST: Final = 6.0
"""No release with a lower z is named, however few comparisons there were."""


@dataclass(frozen=True)
class Sums:
    """For each release, Σ value × sign; and Σ value², which is the same for all."""

    agreement: npt.NDArray[np.float64]
    square: float

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.agreement + other.agreement, self.square + other.square)

    @property
    def z(self) -> npt.NDArray[np.float64]:
        return (
            self.agreement / math.sqrt(self.square)
            if self.square > 0
            else np.zeros_like(self.agreement)
        )

    def weighed(self, weight: float) -> Sums:
        return Sums(self.agreement * weight, self.square * weight * weight)


@dataclass(frozen=True)
class Score:
    """How well one release agrees with the leak."""

    release: str
    z: float
    """The best of all comparisons."""
    underprint: float
    """z of the cells alone, in the page's best comparison."""
    words: float
    """z of the words alone."""
    chance: float
    """Upper bound of the probability that an innocent release reaches this z anywhere in
    the trace.
    """

    @property
    def is_named(self) -> bool:
        return self.z >= LEAST and self.chance <= MAX_CHANCE


def cell_sums(evidence: Evidence, keys: Sequence[MarkKey], cells: int) -> Sums:
    """Return the agreement of the cells with each key; a key has signs for `cells` of them."""
    agreement = [
        float(evidence.cells @ underprint.cell_signs(key, cells)[evidence.cell_at])
        if len(evidence.cells)
        else 0.0
        for key in keys
    ]
    return Sums(np.array(agreement, np.float64), _square(evidence.cells))


def word_sums(evidence: Evidence, keys: Sequence[MarkKey], units: int) -> Sums:
    """Return the agreement of the words with each key."""
    agreement = []
    for key in keys:
        across, down = wordshift.shift_signs(key, units)
        told = np.stack((across[evidence.word_at], down[evidence.word_at]), axis=1)
        agreement.append(float((evidence.words * told).sum()))
    return Sums(np.array(agreement, np.float64), _square(evidence.words))


def combine_sums(cells: Sums, words: Sums) -> Sums:
    """Return both kinds together, weighted by how much each measured, not by how well it agrees."""
    return cells + words


def false_match_probability(z: float, comparisons: int) -> float:
    """Return an upper bound of the probability that any of `comparisons` with innocent releases
    reaches `z`.
    """
    return min(1.0, comparisons * math.exp(-z * z / 2)) if z > 0 else 1.0


def _square(values: Floats) -> float:
    return float((values.astype(np.float64) ** 2).sum())
