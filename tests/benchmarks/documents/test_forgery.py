"""Tests of the forgery benchmark: an honest picture and the same one after each attack."""

from __future__ import annotations

from itertools import islice

import pytest

from benchmarks.documents import forgery
from documents.specimens.forgery import ATTACKS


@pytest.mark.accuracy
def test_an_honest_picture_and_each_attack_are_judged_as_the_check_judges_them() -> None:
    level, number, image = next(islice(forgery.specimens(9, 1), 1, None))
    told = forgery.measure(iter([(level, number, image), (level, number, image)]))
    groups = told["groups"]
    assert not groups[f"honest {level}"]["look"]
    assert {f"{attack}, photo" for attack in ATTACKS} <= set(groups)
    assert any(groups[f"{attack}, photo"]["look"] for attack in ATTACKS)
