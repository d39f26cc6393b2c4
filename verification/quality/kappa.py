"""Cohen's kappa: whether two reviewers agree more often than by chance.

J. Cohen, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20, 1960. 1 is full
agreement, 0 is agreement by chance, less than 0 is below chance. If nearly all cases are of one
kind, κ is low even though reviewers rarely differ; therefore the share of agreement is reported
with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Final, Literal

AT_LEAST: Final = 20
"""Pairs of answers needed: with fewer, the interval is as wide as the scale."""
_Z: Final = 1.959964
"""The normal deviate that leaves 2.5 % at each end."""

Untold = Literal["", "too_few", "one_answer"]


@dataclass(frozen=True)
class Kappa:
    """The agreement of two reviewers on `n` cases."""

    n: int
    agreed: float
    """The share of cases on which both gave the same answer, 0 to 1; 0 if there are no cases."""
    value: float = 0.0
    """κ, from -1 to 1. Meaningless if `untold` is set."""
    low: float = -1.0
    high: float = 1.0
    """`low` and `high` bound the 95 % interval."""
    untold: Untold = ""
    """Why there is no κ: fewer than `AT_LEAST` cases, or both reviewers gave only one and the same
    answer.
    """


def kappa(table: Mapping[tuple[str, str], int]) -> Kappa:
    """Compute κ from a `Counter` of pairs: the first reviewer's answer and the second's.

    Raises ValueError for a negative count.
    """
    n = sum(table.values())
    if any(count < 0 for count in table.values()):
        raise ValueError("a count must not be negative")
    share = {pair: Fraction(count, n) for pair, count in table.items() if count}
    answers = {answer for pair in share for answer in pair}
    first = {answer: sum(p for (a, _), p in share.items() if a == answer) for answer in answers}
    second = {answer: sum(p for (_, b), p in share.items() if b == answer) for answer in answers}
    agreed = sum((p for (a, b), p in share.items() if a == b), Fraction(0))
    if n < AT_LEAST:
        return Kappa(n, float(agreed), untold="too_few")
    by_chance = sum((first[answer] * second[answer] for answer in answers), Fraction(0))
    if by_chance == 1:
        return Kappa(n, float(agreed), untold="one_answer")
    value = (agreed - by_chance) / (1 - by_chance)
    # The variance of a κ other than 0, by J. L. Fleiss, J. Cohen and B. S. Everitt, "Large sample
    # standard errors of kappa and weighted kappa", Psychol. Bull. 72, 1969, as given in Fleiss,
    # Levin and Paik (Statistical Methods for Rates and Proportions, 18.1).
    same = sum(
        p * (1 - (first[a] + second[a]) * (1 - value)) ** 2 for (a, b), p in share.items() if a == b
    )
    different = sum(p * (second[a] + first[b]) ** 2 for (a, b), p in share.items() if a != b)
    spread = same + (1 - value) ** 2 * different - (value - by_chance * (1 - value)) ** 2
    # For full agreement the formula gives an interval of width 0, yet full agreement in 20 cases
    # does not prove it for the next 1,000. By the rule of three, an event not seen in n cases
    # occurs in up to 3/n of them (J. A. Hanley and A. Lippman-Hand, JAMA 249, 1983).
    half = float(Fraction(3, n) / (1 - by_chance))
    if spread:
        half = _Z * sqrt(spread / n) / float(1 - by_chance)
    return Kappa(
        n,
        float(agreed),
        float(value),
        max(float(value) - half, -1.0),
        min(float(value) + half, 1.0),
    )
