"""Tests of assigning the lines of a column to its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.page.columns import Rule, Run, shared_out

SHORT, WRAPS, PARAGRAPH = Rule(wraps=False), Rule(wraps=True), Rule(wraps=True, paragraph=True)


@dataclass(frozen=True)
class Print:
    """A line at `y` from `x0` to `x1`, `h` high."""

    y: float
    x0: float = 200
    x1: float = 500
    h: float = 20


def label(y: float) -> Print:
    return Print(y, 100, 180, 24)


def fits(number: int, run: Run) -> float:
    return 0.0


def shared(labels: Sequence[Print], lines: Sequence[Print], *rules: Rule) -> tuple[Run, ...]:
    return shared_out(labels, lines, rules or [WRAPS] * len(labels), fits)


def test_a_line_goes_to_the_label_in_its_row() -> None:
    assert shared([label(100), label(140)], [Print(101), Print(139)]) == ((0,), (1,))


def test_the_end_of_a_value_may_stand_level_with_the_next_label() -> None:
    """名称, 类型, 住所 in rows of 20 px: the address, in smaller print, begins level with 类型."""
    labels = [label(336), label(356), label(376)]
    assert shared(
        labels, [Print(344), Print(357), Print(371), Print(386)], WRAPS, WRAPS, SHORT
    ) == ((0,), (1, 2), (3,))


def test_values_may_stand_below_their_labels_all_the_way_down() -> None:
    assert shared([label(100), label(150), label(200)], [Print(115), Print(165), Print(215)]) == (
        (0,),
        (1,),
        (2,),
    )


def test_a_short_value_takes_no_second_line() -> None:
    assert shared([label(100), label(160)], [Print(100), Print(124), Print(160)], SHORT, WRAPS)[
        0
    ] == (0,)


def test_a_label_whose_line_was_not_read_takes_no_other_labels() -> None:
    assert shared([label(100), label(140), label(180)], [Print(100), Print(180)]) == (
        (0,),
        (),
        (1,),
    )


def test_what_stands_apart_in_the_row_is_another_papers() -> None:
    assert shared([label(100)], [Print(96, x0=900, x1=950), Print(100)]) == ((1,),)
    assert shared([label(100)], [Print(100, x0=900, x1=950)]) == ((0,),), (
        "unless there is no other line"
    )


def test_a_paragraph_goes_on_until_the_next_value() -> None:
    lines = [Print(y) for y in (98, 120, 142, 164, 220)]
    assert shared([label(100), label(220)], lines, PARAGRAPH, SHORT) == ((0, 1, 2, 3), (4,))


def test_a_paragraph_may_begin_above_its_label_and_not_in_its_middle() -> None:
    lines = [Print(60), Print(90), Print(110), Print(130), Print(156, h=34)]
    assert shared([label(60), label(100)], lines, WRAPS, PARAGRAPH)[1][0] == 1


def test_what_does_not_look_like_a_value_goes_to_the_next_label() -> None:
    def unlike(number: int, run: Run) -> float:
        return 2.0 if number == 0 and 1 in run else 0.0

    labels, lines = [label(100), label(140)], [Print(100), Print(120), Print(140)]
    assert shared_out(labels, lines, [WRAPS, WRAPS], unlike) == ((0,), (1, 2))


@pytest.mark.parametrize("rules", [(WRAPS, WRAPS), (SHORT, PARAGRAPH)])
def test_nothing_comes_of_nothing(rules: tuple[Rule, Rule]) -> None:
    assert shared([label(100), label(140)], [], *rules) == ((), ())
    assert shared([], [Print(100)]) == ()


@pytest.mark.parametrize("lines", [50, 400])
def test_however_many_lines_lie_upon_one_another_few_ways_are_tried(lines: int) -> None:
    tried = 0

    def counted(number: int, run: Run) -> float:
        nonlocal tried
        tried += 1
        return 0.0

    shared_out(
        [label(y) for y in (100, 130, 160)],
        [Print(80 + i * 100 / lines) for i in range(lines)],
        [WRAPS] * 3,
        counted,
    )
    assert 0 < tried < 3 * 12 * sum(3**n for n in range(5))


boxes = st.builds(
    Print, st.floats(0, 400), st.floats(0, 600), st.floats(600, 900), st.floats(1, 60)
)


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=12), st.data())
def test_no_line_is_taken_twice_or_out_of_order(
    labels: list[Print], lines: list[Print], data: st.DataObject
) -> None:
    labels, lines = sorted(labels, key=lambda each: each.y), sorted(lines, key=lambda each: each.y)
    rules = [data.draw(st.sampled_from([SHORT, WRAPS, PARAGRAPH])) for _ in labels]
    runs = shared_out(labels, lines, rules, fits)
    assert len(runs) == len(labels)
    taken = [i for run in runs for i in run]
    assert all(a < b for a, b in pairwise(taken)) and set(taken) <= set(range(len(lines)))
    assert all(
        lines[i].x0 >= name.x1 - 0.8 * lines[i].h
        for name, run in zip(labels, runs, strict=True)
        for i in run[:1]
    )
