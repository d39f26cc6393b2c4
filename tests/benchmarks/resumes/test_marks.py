"""Tests of the benchmark of marks: it counts right, wrong and refused traces."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.resumes import leaks, marks
from resumes.tracing import Score, Trace


def told(*named: str) -> Trace:
    return Trace((), tuple(Score(name, 9.0, 9.0, 0.0, 1e-9) for name in named), 1)


@pytest.mark.parametrize(
    ("named", "counted"),
    [
        (("a",), (1, 0, 0)),
        (("b",), (0, 1, 0)),
        ((), (0, 0, 1)),
        (("a", "b"), (1, 1, 0)),
        (("a", "c"), (1, 0, 0)),
    ],
)
def test_a_trace_is_counted_as_what_it_is(
    named: tuple[str, ...], counted: tuple[int, int, int]
) -> None:
    tally = marks.Tally()
    tally.add(told(*named), ["a", "c"])
    assert (tally.right, tally.wrong, tally.refused) == counted


@pytest.mark.parametrize(
    ("a", "b", "fewest"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("手机号", "手机", 1),
        ("kitten", "sitting", 3),
    ],
)
def test_edits(a: str, b: str, fewest: int) -> None:
    assert marks.edits(a, b) == fewest == marks.edits(b, a)


def test_every_leak_is_another_picture_of_the_page() -> None:
    page = np.full((440, 310, 3), 250, np.uint8)
    for top in range(60, 380, 24):
        page[top : top + 9, 40:250] = 20
    for name, attack in leaks.ATTACKS.items():
        leak = attack(page, np.random.default_rng(1))
        assert leak.dtype == np.uint8, name
        assert leak.ndim == 3, name
        assert min(leak.shape[:2]) > 60, name
        assert int(leak.max()) - int(leak.min()) > 60, name


@pytest.mark.slow
def test_a_leak_is_traced_and_what_it_cost_is_told() -> None:
    result = marks.measure(seed=4, pages=1, releases=6, only="scale 0.5,costs")
    assert result["attacks"]["scale 0.5"] | {"z_median": 0, "innocent_z_max": 0} == {
        "right": 1,
        "wrong": 0,
        "refused": 0,
        "z_median": 0,
        "innocent_z_max": 0,
    }
    assert result["page_kb"] > 50
    assert result["release_ms"] > result["mark_ms"] > 0
