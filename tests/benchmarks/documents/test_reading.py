"""Tests of the reading benchmark: labelled pictures are found, halved and read like uploads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.documents.reading import (
    FORGED,
    Sample,
    file_of,
    in_folder,
    labels_of,
    read,
    summary,
)
from documents.specimens import make_specimen
from documents.upload.intake import open_upload


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five files, with labels beside their folder."""
    (tmp_path / "images").mkdir()
    rows = []
    for number in range(5):
        (tmp_path / "images" / f"{number}.jpg").write_bytes(bytes([number]))
        rows.append(
            {
                "file": f"images/{number}.jpg",
                "fields": {"name": f"某{number}", "address": "", "colour": "red"},
            }
        )
    (tmp_path / "labels.jsonl").write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8"
    )
    return tmp_path / "images"


@pytest.mark.parametrize(
    ("half", "numbers"), [("all", [0, 1, 2, 3, 4]), ("even", [0, 2, 4]), ("odd", [1, 3])]
)
def test_halves_share_nothing(folder: Path, half: str, numbers: list[int]) -> None:
    samples = list(in_folder(folder, labels_of(folder), half))
    assert [sample.data for sample in samples] == [bytes([number]) for number in numbers]
    assert samples[0].truth == {"name": f"某{numbers[0]}"}


def test_a_pdf_of_a_specimen_is_one_page_of_a4() -> None:
    page = open_upload(file_of(make_specimen(1, damage="scan").image, "PDF")).pages
    assert len(page) == 1
    assert 1.40 < page[0].width / page[0].height < 1.43


def test_a_file_of_rubbish_is_scored_as_unread() -> None:
    result = read(Sample("a.jpg", "pictures", b"rubbish", {"name": "某"}), None, engine_first=False)
    assert result.outcome.refused == "document_wrong_type"
    told = summary([result])
    assert told["licences"]["fields"]["name"]["empty"] == 1
    assert told["seconds"]["reading"] is None


@pytest.mark.accuracy
def test_forgeries_do_not_count_as_licences() -> None:
    specimen = make_specimen(4, damage="forged_bare")
    result = read(
        Sample("forged", FORGED, file_of(specimen.image), {"uscc": specimen.fields["uscc"]}),
        None,
        engine_first=False,
    )
    told = summary([result])
    assert told["licences"]["pictures"] == 0
    assert told["forged"]["pictures"] == 1
