"""Tests of Cohen's kappa: it matches published values, and is not computed from too few cases."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.quality.kappa import AT_LEAST, Kappa, kappa

ANSWERS = ("approve", "reject", "request_changes")


def square(*rows: tuple[int, ...]) -> dict[tuple[str, str], int]:
    """A table as printed: the first reviewer's answers in rows, the second's in columns."""
    return {(str(i), str(j)): count for i, row in enumerate(rows) for j, count in enumerate(row)}


@pytest.mark.parametrize(
    ("table", "n", "value", "low", "high"),
    [
        (square((20, 5), (10, 15)), 50, 0.4, 0.1511, 0.6489),
        # The example of `ci.kappa` of the R package statpsych, which follows Fleiss and Paik
        # (2003).
        (square((31, 12), (4, 58)), 105, 0.6756757, 0.5317210, 0.8196303),
        (square((25, 25), (25, 25)), 100, 0.0, -0.1960, 0.1960),
    ],
)
def test_as_it_is_known(
    table: dict[tuple[str, str], int], n: int, value: float, low: float, high: float
) -> None:
    found = kappa(table)
    assert (found.n, found.untold) == (n, "")
    assert (found.value, found.low, found.high) == (
        pytest.approx(value),
        pytest.approx(low, abs=1e-4),
        pytest.approx(high, abs=1e-4),
    )


def test_the_share_stands_beside_it_where_nearly_all_are_of_one_kind() -> None:
    found = kappa(square((95, 2), (3, 0)))
    assert found.agreed == 0.95 and found.value < 0, "less than by chance"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, Kappa(0, 0.0, untold="too_few")),
        (square((19, 0), (0, 0)), Kappa(19, 1.0, untold="too_few")),
        (square((10, 9), (0, 0)), Kappa(19, 10 / 19, untold="too_few")),
        (square((500, 0), (0, 0)), Kappa(500, 1.0, untold="one_answer")),
    ],
)
def test_of_too_little_nothing_is_told(table: dict[tuple[str, str], int], expected: Kappa) -> None:
    assert kappa(table) == expected


@pytest.mark.parametrize(("n", "low"), [(20, 0.70), (100, 0.94), (1000, 0.994)])
def test_full_agreement_is_no_certainty(n: int, low: float) -> None:
    found = kappa(square((n // 2, 0), (0, n // 2)))
    assert (found.value, found.high) == (1, 1) and found.low == pytest.approx(low)


def test_a_count_below_nothing() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        kappa({("a", "a"): 1, ("a", "b"): -1})


def test_the_interval_holds_what_is_true_in_about_95_of_100() -> None:
    """Two reviewers who know the answer in 7 of 10 cases and otherwise toss a coin agree with κ =
    0.49.
    """
    draw = random.Random(5)

    def says(truth: str) -> str:
        return truth if draw.random() < 0.7 else draw.choice("ab")

    held = 0
    for _ in range(400):
        found = kappa(Counter((says(truth), says(truth)) for truth in draw.choices("ab", k=100)))
        held += found.low <= 0.49 <= found.high
    assert 0.92 <= held / 400 <= 0.98


PAIRS = st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(ANSWERS)), max_size=120).map(
    Counter
)


@given(PAIRS)
def test_of_any_pairs(table: Counter[tuple[str, str]]) -> None:
    found = kappa(table)
    assert 0 <= found.agreed <= 1 and found.n == table.total()
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert (found.untold == "too_few") is (found.n < AT_LEAST)
    if not found.untold:
        assert (found.value == 1) is (found.agreed == 1)
        assert found.low < found.high, "nothing is certain"


@given(PAIRS, st.permutations(ANSWERS))
def test_neither_the_reviewers_nor_the_names_of_answers_matter(
    table: Counter[tuple[str, str]], others: list[str]
) -> None:
    named = dict(zip(ANSWERS, others, strict=True))
    assert kappa({(b, a): count for (a, b), count in table.items()}) == kappa(table)
    assert kappa({(named[a], named[b]): count for (a, b), count in table.items()}) == kappa(table)
