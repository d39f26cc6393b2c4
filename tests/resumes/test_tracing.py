"""Tests of tracing: a leaked page is recognised and its release named, and never another one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.resumes import leaks
from resumes.marking import MarkKey, Picture, Words, mark_page
from resumes.marking.pdf import Sheet, released_pdf
from resumes.specimens import make_resume
from resumes.specimens.resume import render_pages
from resumes.tracing import (
    MAX_CHANCE,
    CleanPage,
    Release,
    Score,
    Trace,
    scoring,
    side_by_side,
    trace,
)
from resumes.tracing.evidence import Evidence
from resumes.tracing.scoring import Sums, cell_sums, false_match_probability
from tests.effort import examples

SERVICE_KEY = b"of tests"
WORDS = Words("澜川省云帆网络科技有限公司", "R7K2-M9QX", datetime(2026, 5, 31, 6, 5, tzinfo=UTC))
MANY = 30


def release(resume: str, number: int) -> Release:
    name = f"{resume}/{number}"
    return Release(
        name, resume, tuple(MarkKey.derived(SERVICE_KEY, name, page) for page in range(3))
    )


@cache
def clean(seed: int, number: int = 0, dpi: int = 150) -> CleanPage:
    return CleanPage(str(seed), number, make_resume(seed).pictures(dpi)[number], dpi)


@cache
def copy(seed: int, number: int, page: int = 0, dpi: int = 150) -> Picture:
    """Return a copy that left: a page of release `number`, marked and written as a PDF."""
    source = clean(seed, page, dpi)
    return render_pages(
        released_pdf(
            [
                Sheet(
                    mark_page(source.picture, release(str(seed), number).keys[page], WORDS, dpi),
                    dpi,
                )
            ]
        ),
        dpi,
    )[0]


def releases(*seeds: int) -> list[Release]:
    return [release(str(seed), number) for seed in seeds for number in range(MANY)]


def told(pictures: Sequence[Picture], *seeds: int) -> Trace:
    return trace(pictures, [clean(seed) for seed in seeds], releases(*seeds))


# --- Named ----------------------------------------------------------------------------------------


SURVIVED = (
    "as released",
    "JPEG 30",
    "scale 0.4",
    "crop 25 %",
    "screenshot",
    "1080 px twice",
    "whitened",
    "1 bit",
    "turned",
    "photo at an angle",
)


@pytest.mark.parametrize("attack", SURVIVED)
@pytest.mark.sampled(3)
def test_the_release_is_named(attack: str) -> None:
    leak = leaks.ATTACKS[attack](copy(0, 7), np.random.default_rng(3))
    result = told([leak], 0, 1)
    assert result.named == ("0/7",)
    assert result.pictures[0].page is clean(0)
    assert result.scores[0].chance <= MAX_CHANCE
    assert max(score.z for score in result.scores[1:]) < scoring.LEAST


@pytest.mark.slow
def test_what_washes_out_the_paper_leaves_the_words() -> None:
    first = told([leaks.one_bit(copy(0, 7), np.random.default_rng(0))], 0).scores[0]
    assert first.words > scoring.LEAST > first.underprint
    both = told([copy(0, 7)], 0).scores[0]
    assert both.words > scoring.LEAST < both.underprint


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.sampled(1)
def test_the_rotation_of_a_picture_is_found(quarters: int) -> None:
    found = told([np.ascontiguousarray(np.rot90(copy(1, 3), -quarters))], 1).pictures[0]
    assert found.position is not None
    assert found.position.rotation == 90 * quarters
    assert found.scores[0].release == "1/3"


def test_two_copies_laid_over_each_other_name_both() -> None:
    leak = leaks.averaged([copy(0, 7), copy(0, 21)])
    assert set(told([leak], 0).named) == {"0/7", "0/21"}


def test_two_copies_on_one_page_name_both() -> None:
    leak = copy(0, 7).copy()
    leak[leak.shape[0] * 2 // 5 :] = copy(0, 21)[leak.shape[0] * 2 // 5 :]
    assert set(told([leak], 0).named) == {"0/7", "0/21"}


@pytest.mark.slow
def test_pages_of_several_resumes_in_one_pile_are_each_found() -> None:
    seeds = (0, 1, 2, 5)
    result = told([copy(5, 2), copy(0, 1), copy(2, 9)], *seeds)
    assert [found.page and found.page.resume for found in result.pictures] == ["5", "0", "2"]
    assert set(result.named) == {"5/2", "0/1", "2/9"}


@pytest.mark.slow
def test_pages_of_one_release_add_up() -> None:
    """Two crops together give more evidence than each alone."""
    page = copy(0, 7)
    height = len(page)
    half = [page[: height // 2], page[height // 2 :]]
    alone = [told([part], 0).scores[0].z for part in half]
    assert told(half, 0).scores[0].z > max(alone)


def test_two_versions_of_a_resume_are_told_apart() -> None:
    """The candidate corrected one line; each version has its own releases."""
    old = clean(0)
    changed = old.picture.copy()
    changed[430:470, 140:700] = 255
    new = CleanPage("0b", 0, changed)
    leak = render_pages(
        released_pdf([Sheet(mark_page(changed, release("0b", 4).keys[0], WORDS), 150)])
    )[0]
    result = trace(
        [leak], [old, new], [*releases(0), *(release("0b", number) for number in range(MANY))]
    )
    assert result.named == ("0b/4",)


def test_at_another_resolution() -> None:
    leak = leaks.scaled(copy(0, 7, 0, 200), np.random.default_rng(0), 0.5)
    assert trace([leak], [clean(0, 0, 200)], releases(0)).named == ("0/7",)


# --- Not named ------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ["as released", "JPEG 30", "crop 50 %", "1 bit"])
@pytest.mark.sampled(1)
def test_a_release_that_nobody_asked_about_makes_nobody_else_guilty(attack: str) -> None:
    leak = leaks.ATTACKS[attack](copy(0, MANY + 5), np.random.default_rng(3))
    result = told([leak], 0)
    assert result.named == ()
    assert result.pictures[0].page is clean(0)
    assert result.scores[0].z < scoring.LEAST


def test_an_unmarked_page_names_nobody() -> None:
    """The candidate's own copy was leaked."""
    assert told([clean(0).picture], 0, 1).named == ()


@pytest.mark.slow
def test_a_stranger_is_found_on_no_page_or_names_nobody() -> None:
    rng = np.random.default_rng(1)
    strangers = [clean(6).picture, rng.integers(0, 256, (700, 900, 3)).astype(np.uint8)]
    result = told(strangers, 0, 1)
    assert result.named == ()
    assert result.pictures[1].page is None


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 500), (40, 40, 3), (600, 1, 3), (300, 200)])
@pytest.mark.parametrize("level", [0, 127, 255])
def test_any_array_may_be_a_leak(shape: tuple[int, ...], level: int) -> None:
    assert told([np.full(shape, level, np.uint8)], 0).named == ()


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("shape", [(20, 20), (1754, 1240)])
@pytest.mark.sampled(1)
def test_any_array_may_be_a_page(shape: tuple[int, int], level: int) -> None:
    page = CleanPage("0", 0, np.full(shape, level, np.uint8))
    assert trace([copy(0, 7), page.picture], [page], releases(0)).named == ()
    assert trace([copy(0, 7)], [page, clean(0)], releases(0)).named == ("0/7",)


def test_nothing_to_look_at() -> None:
    assert trace([], [], []).named == ()
    assert trace([copy(0, 7)], [], releases(0)).named == ()
    assert trace([copy(0, 7)], [clean(0)], []).scores == ()
    assert trace([copy(0, 7)], [clean(0)], releases(1)).named == ()


# --- Chance ---------------------------------------------------------------------------------------


@settings(max_examples=examples(30), deadline=None)
@given(
    values=st.lists(
        st.floats(-3, 3, width=32).filter(lambda value: abs(value) > 1e-3), min_size=1, max_size=300
    ),
    seed=st.integers(0, 10**6),
)
def test_innocents_reach_a_z_no_more_often_than_is_promised(values: list[float], seed: int) -> None:
    """For any measurement, at most as many of 2000 innocent releases reach z as Hoeffding's bound
    allows, plus a margin.
    """
    cells = np.array(values, np.float32)
    evidence = Evidence(
        cells, np.arange(len(cells)), np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
    )
    keys = [MarkKey.derived(SERVICE_KEY, f"{seed}/{number}", 0) for number in range(2000)]
    z = cell_sums(evidence, keys, len(cells)).z
    for level in (1.5, 2.0, 2.5, 3.0):
        expected = 2000 * math.exp(-level * level / 2)
        assert (z >= level).sum() <= expected + 6 * math.sqrt(expected)


@pytest.mark.parametrize(
    ("z", "comparisons", "is_named"),
    [
        (5.9, 1, False),
        (6.0, 1, True),
        (6.0, 60, True),
        (6.0, 100, False),
        (6.5, 1000, True),
        (6.5, 3000, False),
        (7.5, 10**6, True),
        (-9.0, 1, False),
    ],
)
def test_more_comparisons_take_more_agreement(z: float, comparisons: int, is_named: bool) -> None:
    assert Score("r", z, z, 0.0, false_match_probability(z, comparisons)).is_named is is_named


def test_no_evidence_is_no_agreement() -> None:
    assert Sums(np.zeros(3), 0.0).z.tolist() == [0, 0, 0]
    assert false_match_probability(0.0, 1) == 1.0


# --- Evidence pictures ----------------------------------------------------------------------------


def test_a_person_sees_what_speaks_for_a_release_and_what_does_not() -> None:
    found = told([leaks.jpeg(copy(0, 7), np.random.default_rng(0), 60)], 0).pictures[0]

    def share(number: int) -> float:
        picture = side_by_side(found, release("0", number).keys[0])
        assert picture is not None
        assert picture.shape == (clean(0).grey.shape[0], 2 * clean(0).grey.shape[1], 3)
        red, green = picture[..., 0].astype(int), picture[..., 1].astype(int)
        agrees, opposes = (green - red > 10).sum(), (red - green > 10).sum()
        return float(agrees / (agrees + opposes))

    assert share(7) > 0.75
    assert 0.4 < share(8) < 0.6


def test_nothing_is_shown_of_what_was_found_nowhere() -> None:
    found = told([np.full((300, 300, 3), 255, np.uint8)], 0).pictures[0]
    assert side_by_side(found, release("0", 0).keys[0]) is None


def test_the_leak_is_drawn_as_the_page() -> None:
    found = told(
        [leaks.ATTACKS["photo at an angle"](copy(0, 7), np.random.default_rng(4))], 0
    ).pictures[0]
    assert found.aligned is not None
    ours, theirs = (
        cv2.GaussianBlur(picture, (0, 0), 2.0).astype(np.float32)
        for picture in (clean(0).grey, found.aligned.picture)
    )
    inside = found.aligned.inside & (cv2.erode(clean(0).grey, np.ones((25, 25), np.uint8)) < 120)
    assert np.corrcoef(ours[inside], theirs[inside])[0, 1] > 0.9
