"""Does the arithmetic of turned pages hold?"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.page.boxes import (
    Polygon,
    TextBox,
    Turn,
    opposite,
    region_of,
    turn_of,
    turned,
    turned_back,
)

TURNS: tuple[Turn, ...] = (0, 90, 180, 270)
WIDTH, HEIGHT = 800, 600
places = st.tuples(
    st.integers(0, 700), st.integers(0, 550), st.integers(20, 100), st.integers(10, 40)
)


def box(x: float, y: float, width: float, height: float, text: str = "营业执照") -> TextBox:
    polygon: Polygon = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
    return TextBox(text, 1.0, polygon)


def size(turn: Turn) -> tuple[int, int]:
    return (WIDTH, HEIGHT) if turn in (0, 180) else (HEIGHT, WIDTH)


@given(places, st.sampled_from(TURNS))
def test_a_turn_and_its_opposite_change_nothing(
    place: tuple[int, int, int, int], turn: Turn
) -> None:
    original = box(*place)
    (there,) = turned([original], turn, WIDTH, HEIGHT)
    (back,) = turned([there], opposite(turn), *size(turn))
    assert back == original
    assert (there.length, there.height) == (original.length, original.height)


@given(places, st.sampled_from(TURNS))
def test_a_page_photographed_turned_is_recognised(
    place: tuple[int, int, int, int], turn: Turn
) -> None:
    """A page that lies turned one way must be turned the other."""
    lying = turned([box(*place)], turn, WIDTH, HEIGHT)
    assert turn_of(lying) == opposite(turn)


@given(places, st.sampled_from(TURNS))
def test_regions_come_back_to_the_page_as_it_was(
    place: tuple[int, int, int, int], turn: Turn
) -> None:
    original = box(*place)
    upright = turned([original], turn, WIDTH, HEIGHT)
    assert turned_back(region_of(upright), turn, WIDTH, HEIGHT) == region_of([original])


def test_long_lines_outvote_short_ones() -> None:
    stamps = [turned([box(10, 10 * i, 20, 8)], 90, WIDTH, HEIGHT)[0] for i in range(3)]
    assert turn_of([*stamps, box(0, 0, 500, 20)]) == 0
    assert turn_of([]) == 0


@pytest.mark.parametrize("degrees", [-20, -5, 0, 7, 40])
def test_angle_and_sides(degrees: float) -> None:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b, c, d = (
        (x * cos - y * sin, x * sin + y * cos) for x, y in ((0, 0), (100, 0), (100, 20), (0, 20))
    )
    leaning = TextBox("x", 1.0, (a, b, c, d))
    assert leaning.angle == pytest.approx(degrees)
    assert leaning.length == pytest.approx(100)
    assert leaning.height == pytest.approx(20)
