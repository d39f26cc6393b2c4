"""Tests of enlarged views: a part of a page is straightened, enlarged, and mapped back."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.ocr.base import Picture
from documents.ocr.closer import LARGEST_SIDE, enlarged_view
from documents.page.boxes import Polygon, TextBox
from tests.effort import examples

INK, PAPER = (35, 32, 30), (235, 240, 242)
RED, BLUE, GREY = (60, 50, 215), (200, 110, 30), (178, 178, 178)
"""Blue, green, red."""


def page(width: int = 600, height: int = 400) -> Picture:
    return np.full((height, width, 3), PAPER, np.uint8)


def tilted(x: float, y: float, width: float, height: float, degrees: float) -> Polygon:
    """`width` × `height` pixels around x, y, read in the direction of `degrees`."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b, c, d = (
        (x + u * width * cos - v * height * sin, y + u * width * sin + v * height * cos)
        for u, v in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    )
    return a, b, c, d


def inside(area: Polygon, u: float, v: float) -> tuple[float, float]:
    """Return the point at the shares u, v of the width and height of `area`."""
    (ax, ay), (bx, by), _, (dx, dy) = area
    return ax + u * (bx - ax) + v * (dx - ax), ay + u * (by - ay) + v * (dy - ay)


def dark_spot(picture: Picture) -> tuple[float, float]:
    """Return the middle of the dark pixels of `picture`."""
    ys, xs = np.nonzero(picture.max(axis=2) < 128)
    assert len(xs), "nothing is dark"
    return float(xs.mean()) + 0.5, float(ys.mean()) + 0.5


@pytest.mark.parametrize("degrees", [0, 7, -12, 90, 180, 270, 93])
def test_an_area_is_laid_level_beginning_where_one_reads(degrees: float) -> None:
    area = tilted(300, 200, 240, 60, degrees)
    image = page()
    bar = np.array(
        [inside(area, u, v) for u, v in ((0.1, 0.2), (0.9, 0.2), (0.9, 0.4), (0.1, 0.4))]
    )
    cv2.fillPoly(image, [bar.round().astype(np.int32)], INK)
    seen = enlarged_view(image, area, 2.0).picture
    assert seen.shape == (120, 480, 3)
    dark = seen.max(axis=2) < 128
    assert dark[30:42, 60:420].mean() > 0.98, "the bar is in the upper half"
    assert (
        dark[56:, :].mean() < 0.01
        and dark[:16, :].mean() < 0.01
        and dark[:, :36].mean() < 0.01
        and dark[:, 444:].mean() < 0.01
    )


areas = st.builds(
    tilted,
    st.floats(200, 400),
    st.floats(150, 250),
    st.floats(40, 220),
    st.floats(24, 120),
    st.floats(-180, 180),
)
shares = st.floats(0.2, 0.8)


@settings(max_examples=examples(60))
@given(areas, shares, shares, st.floats(1, 3))
def test_what_is_seen_lies_where_it_stands_on_the_page(
    area: Polygon, u: float, v: float, zoom: float
) -> None:
    x, y = inside(area, u, v)
    image = page()
    cv2.circle(image, (round(x), round(y)), 3, INK, -1)
    near = enlarged_view(image, area, zoom)
    sx, sy = dark_spot(near.picture)
    (box,) = near.on_page(
        [
            TextBox(
                "点", 0.9, ((sx - 2, sy - 2), (sx + 2, sy - 2), (sx + 2, sy + 2), (sx - 2, sy + 2))
            )
        ]
    )
    assert box.text == "点" and box.score == 0.9
    assert math.dist(box.middle, (x, y)) < 2


@settings(max_examples=examples(60))
@given(areas, st.floats(0.5, 30))
def test_the_whole_view_is_the_area(area: Polygon, zoom: float) -> None:
    near = enlarged_view(page(), area, zoom)
    height, width = near.picture.shape[:2]
    (box,) = near.on_page(
        [TextBox("", 0.0, ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height)))]
    )
    assert all(math.dist(a, b) < 1e-3 for a, b in zip(box.polygon, area, strict=True))


@settings(max_examples=examples(30))
@given(areas, st.floats(0.5, 100))
def test_a_view_is_as_much_larger_as_asked_within_its_limit(area: Polygon, zoom: float) -> None:
    height, width = enlarged_view(page(), area, zoom).picture.shape[:2]
    box = TextBox("", 0.0, area)
    scale = min(zoom, LARGEST_SIDE / max(box.length, box.height))
    assert max(width, height) <= LARGEST_SIDE
    assert width == pytest.approx(box.length * scale, abs=1) and height == pytest.approx(
        box.height * scale, abs=1
    )


@pytest.mark.parametrize("ink", [False, True])
@pytest.mark.parametrize(
    "area",
    [
        tilted(300, 200, 1, 1, 0),
        tilted(300, 200, 0.2, 0.2, 0),
        tilted(300, 200, 900, 1, 3),
        tilted(300, 200, 1, 900, 3),
        tilted(300, 200, 0, 0, 0),
        tilted(300, 200, 30, 0, 0),
        tilted(300, 200, 100_000, 60_000, 5),
    ],
    ids=["a pixel", "less than a pixel", "flat", "thin", "a point", "a stroke", "huge"],
)
def test_areas_of_any_size_are_seen(area: Polygon, ink: bool) -> None:
    near = enlarged_view(page(), area, 3.0, ink=ink)
    height, width = near.picture.shape[:2]
    assert 1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE
    assert near.picture.dtype == np.uint8
    (box,) = near.on_page([TextBox("x", 0.5, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))])
    assert all(math.isfinite(value) for corner in box.polygon for value in corner)


def test_beyond_the_page_its_edge_goes_on() -> None:
    image = page()
    image[:, 590:] = INK
    near = enlarged_view(image, tilted(600, 390, 100, 60, 0), 1.0)
    assert (near.picture[:30, 60:].max(axis=2) < 60).all(), "no other colour looks like print"
    assert (near.picture[:, :30].max(axis=2) > 200).all()
    (box,) = near.on_page(
        [TextBox("", 0.0, ((0.0, 0.0), (100.0, 0.0), (100.0, 60.0), (0.0, 60.0)))]
    )
    assert box.polygon[0] == pytest.approx((550, 360)) and box.polygon[2] == pytest.approx(
        (650, 420)
    )
    assert (
        enlarged_view(image, tilted(2000, 2000, 100, 60, 0), 1.0).picture.max(axis=2) < 60
    ).all()


# --- Dark print only ------ -----------------------------------------------------------------------

WORDS = [(60 + 40 * i, 190) for i in range(12)]
"""Top left of each character, 24 × 24 pixels."""


def printed() -> Picture:
    """A page with a row of characters, two strokes each."""
    image = page()
    for x, y in WORDS:
        image[y : y + 4, x : x + 24] = INK
        image[y : y + 24, x + 10 : x + 14] = INK
    return image


def stamped(image: Picture, colour: tuple[int, int, int], strength: float) -> Picture:
    """Return `image` with a bar of `colour` across, as transparent ink over print."""
    bar = image[180:222, 140:460].astype(np.float32)
    wet = 1 - strength * (1 - np.array(colour, np.float32) / 255)
    image[180:222, 140:460] = (bar * wet).round().astype(np.uint8)
    return image


def strokes() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(printed().max(axis=2) < 128)


@pytest.mark.parametrize(
    ("colour", "strength"), [(RED, 0.8), (BLUE, 0.8), (GREY, 1.0), (GREY, 0.4)]
)
def test_ink_takes_a_stamp_away_and_leaves_the_print(
    colour: tuple[int, int, int], strength: float
) -> None:
    image = stamped(printed(), colour, strength)
    area = tilted(300, 200, 600, 120, 0)
    dark = strokes()[140:260]
    around = cv2.dilate(dark.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    plain, cleaned = (enlarged_view(image, area, 1.0, ink=ink).picture for ink in (False, True))
    assert (cleaned[:, :, 0] == cleaned[:, :, 1]).all() and (
        cleaned[:, :, 1] == cleaned[:, :, 2]
    ).all(), "no colour is left"
    assert (cleaned[dark] < 70).all(), "print stays dark, under the stamp and beside it"
    assert (cleaned[around] > 225).all(), "everything else is paper"
    assert (plain[around].min(axis=1) < 225).any(), "it was not before"


def test_ink_evens_out_a_shadow() -> None:
    image = (printed() * np.linspace(1.0, 0.45, 600)[None, :, None]).astype(np.uint8)
    cleaned = enlarged_view(image, tilted(300, 200, 560, 120, 0), 1.0, ink=True).picture
    dark = strokes()[140:260, 20:580]
    around = cv2.dilate(dark.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert (cleaned[dark] < 70).all() and (cleaned[around] > 225).all()


def test_an_empty_page_stays_empty() -> None:
    assert (
        enlarged_view(page(), tilted(300, 200, 300, 100, 4), 2.0, ink=True).picture == 255
    ).all()
