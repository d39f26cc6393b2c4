"""Tests of the benchmark of wrong papers: it counts what an employer would be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from benchmarks.documents.wrong_papers import outcomes, photographs, right_papers
from documents.specimens import make_decoy, make_specimen


@pytest.mark.slow
def test_a_wrong_paper_is_named_and_a_card_is_erased() -> None:
    assert list(outcomes("business_licence", make_decoy(5, "id_card", "none"))) == [
        "named",
        "erased",
    ]
    assert list(outcomes("business_licence", make_decoy(5, "blank", "none"))) == ["named"]


@pytest.mark.slow
def test_a_right_paper_is_left_alone() -> None:
    assert list(outcomes("business_licence", make_specimen(5).image)) == ["missed"]


def test_photographs_of_a_folder_are_found_and_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "labels.jsonl").write_text("{}")
    assert [image.size for image in photographs(tmp_path)] == [(20, 40)]
    assert callable(right_papers)
