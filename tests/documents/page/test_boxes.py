"""Tests of the arithmetic of rotated pages."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.page.boxes import (
    Polygon,
    Rotation,
    TextBox,
    opposite_rotation,
    region_of,
    rotate_boxes,
    rotated_back,
    rotation_of,
)

ROTATIONS: tuple[Rotation, ...] = (0, 90, 180, 270)
WIDTH, HEIGHT = 800, 600
corners = st.tuples(
    st.integers(0, 700), st.integers(0, 550), st.integers(20, 100), st.integers(10, 40)
)


def box(x: float, y: float, width: float, height: float, text: str = "营业执照") -> TextBox:
    polygon: Polygon = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
    return TextBox(text, 1.0, polygon)


def size(rotation: Rotation) -> tuple[int, int]:
    return (WIDTH, HEIGHT) if rotation in (0, 180) else (HEIGHT, WIDTH)


@given(corners, st.sampled_from(ROTATIONS))
def test_a_rotation_and_its_opposite_change_nothing(
    corners: tuple[int, int, int, int], rotation: Rotation
) -> None:
    original = box(*corners)
    (there,) = rotate_boxes([original], rotation, WIDTH, HEIGHT)
    (back,) = rotate_boxes([there], opposite_rotation(rotation), *size(rotation))
    assert back == original
    assert (there.length, there.height) == (original.length, original.height)


@given(corners, st.sampled_from(ROTATIONS))
def test_a_page_photographed_turned_is_recognised(
    corners: tuple[int, int, int, int], rotation: Rotation
) -> None:
    """A page turned one way must be turned back the other way."""
    lying = rotate_boxes([box(*corners)], rotation, WIDTH, HEIGHT)
    assert rotation_of(lying) == opposite_rotation(rotation)


@given(corners, st.sampled_from(ROTATIONS))
def test_regions_come_back_to_the_page_as_it_was(
    corners: tuple[int, int, int, int], rotation: Rotation
) -> None:
    original = box(*corners)
    upright = rotate_boxes([original], rotation, WIDTH, HEIGHT)
    assert rotated_back(region_of(upright), rotation, WIDTH, HEIGHT) == region_of([original])


def test_long_lines_outvote_short_ones() -> None:
    stamps = [rotate_boxes([box(10, 10 * i, 20, 8)], 90, WIDTH, HEIGHT)[0] for i in range(3)]
    assert rotation_of([*stamps, box(0, 0, 500, 20)]) == 0
    assert rotation_of([]) == 0


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
