"""Tests of the torture benchmark: it reports a worker that dies or hangs, and continues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.documents.torture import Worker, pictures_in


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(patience=60)
    yield worker
    worker.close()


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_text("no picture")
    return tmp_path / "a.png"


def test_pictures_are_told_by_name_or_content(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name, start in {
        "a.TIF": b"",
        "deep/b": b"%PDF-1.7",
        "deep/c.bin": b"GIF89a",
        "d.txt": b"text",
        "e.json": b"{}",
    }.items():
        (tmp_path / name).write_bytes(start)
    assert [path.name for path in pictures_in(tmp_path)] == ["a.TIF", "b", "c.bin"]


def test_a_refusal_and_an_error_are_told_apart(worker: Worker, text: Path) -> None:
    assert (worker.read(text).kind, worker.read(text).code) == ("refused", "document_wrong_type")
    missing = worker.read(text.with_name("missing.png"))
    assert (missing.kind, missing.code, missing.allowed) == ("error", "FileNotFoundError", False)
    assert "Traceback" in missing.told
    assert worker.peak_mb > 0


def test_a_worker_that_died_is_replaced(worker: Worker, text: Path) -> None:
    worker.read(text)
    assert worker._process is not None
    worker._process.kill()
    worker._process.join()
    died = worker.read(text)
    assert (died.kind, died.allowed) == ("died", False)
    assert worker.read(text).kind == "refused"


def test_a_file_that_takes_too_long_is_told_and_the_next_is_read(text: Path) -> None:
    hasty = Worker(patience=0)
    try:
        assert hasty.read(text).kind == "timed out"
        hasty._patience = 60
        assert hasty.read(text).kind == "refused"
    finally:
        hasty.close()
