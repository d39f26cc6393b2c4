"""Tests of the redaction benchmark: leaks are found, and lost words are counted."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.resumes.cvs import KINDS, cvs
from benchmarks.resumes.cvs.people import person
from benchmarks.resumes.cvs.sheet import Cv, Truth
from benchmarks.resumes.redact import bare, judge, leaks_of, pieces, wrongly_removed
from resumes.marking.pdf import Sheet, released_pdf
from resumes.opening.open import open_resume


@pytest.fixture
def cv() -> Cv:
    return KINDS[0](random.Random(1), True)


@pytest.mark.accuracy
def test_every_value_of_a_resume_that_was_not_redacted_is_noticed_by_sight(cv: Cv) -> None:
    pages = open_resume(cv.data).pages
    leaks = leaks_of(
        cv, released_pdf([Sheet(page.pixels, page.dpi) for page in pages]), second=False
    )
    assert {(kind, value) for kind, value, where in leaks if where == "rapid"} == set(cv.planted)
    assert {where for _, _, where in leaks} == {"rapid"}  # its text and its bytes hold none


@pytest.mark.accuracy
def test_every_value_in_a_files_text_is_noticed_there(cv: Cv) -> None:
    assert {kind for kind, _, where in leaks_of(cv, cv.data, second=False) if where == "text"} == {
        kind for kind, _ in cv.planted
    }


@pytest.mark.accuracy
def test_a_resume_that_was_redacted_leaks_nothing(cv: Cv) -> None:
    outcome, redacted, _ = judge(cv, second=False)
    assert (outcome.leaks, outcome.wrong) == ([], [])
    assert outcome.words > 200
    assert len(redacted.items) == len(cv.planted)


@pytest.mark.parametrize("chinese", [True, False])
def test_no_other_line_says_what_a_value_says(chinese: bool) -> None:
    for seed in range(400):
        made = person(random.Random(seed), chinese)
        said = bare("\n".join((made.name, *made.lines)))
        assert [
            piece for kind, value in made.planted for piece in pieces(kind, value) if piece in said
        ] == []


def test_a_part_of_a_number_is_a_leak_and_a_date_in_it_is_none() -> None:
    assert "3800138" in pieces("phone", "13800138000")
    assert not any(
        piece in bare("1990.03.07") for piece in pieces("id_number", "110105199003070011")
    )
    assert "1990030700" not in pieces("id_number", "110105199003070011") | {""}
    assert any(
        piece in bare("电话：一三八 ００１３ 8000") for piece in pieces("phone", "13800138000")
    )


def test_a_word_that_was_painted_over_is_counted_and_a_planted_one_is_not() -> None:
    before = np.full((100, 100, 3), 255, np.uint8)
    before[40:60:2] = 0
    after = before.copy()
    after[40:60, 10:50] = 200
    truth = tuple(
        Truth(character, (x / 100, 0.4, (x + 8) / 100, 0.6), planted)
        for x, character, planted in (
            (10, "我", False),
            (20, "5", True),
            (30, "是", False),
            (70, "他", False),
            (85, "。", False),
        )
    )
    assert wrongly_removed(truth, before, after) == (3, ["我", "是"])


def test_seeds_make_the_same_files() -> None:
    first, second = (next(iter(cvs(1, 5, office=False))) for _ in range(2))
    assert (first.planted, first.name) == (second.planted, second.name)
