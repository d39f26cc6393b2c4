"""Tests of the OCR engines' contract: text in its place, and only our errors."""

from __future__ import annotations

import contextlib
import os
import threading
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from celery.signals import celeryd_after_setup
from PIL import Image

from config.celery import app
from documents.licence.read import picture_of, read_pages
from documents.ocr import READERS, share_cores, tesseract
from documents.ocr.base import CloseReader, Picture, Reader
from documents.ocr.rapid import PART, RapidReader
from documents.ocr.tesseract import TesseractReader
from documents.page.boxes import Rotation, TextBox
from documents.specimens import make_specimen
from events.core.errors import ProviderBroken, ProviderUnavailable
from tests.conftest import require

pytestmark = pytest.mark.reads_anew

RAPID = next(reader for reader in READERS if isinstance(reader, RapidReader))


def picture(image: Image.Image) -> Picture:
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


@pytest.fixture(params=READERS, ids=lambda reader: reader.name)
def reader(request: pytest.FixtureRequest) -> Reader:
    chosen: Reader = request.param
    require(f"{chosen.name} and its language", chosen.available())
    return chosen


def box_with(boxes: list[TextBox], text: str) -> TextBox:
    return next(box for box in boxes if text in box.text.replace(" ", ""))


@pytest.mark.reading
@pytest.mark.slow
def test_text_is_found_in_its_place(reader: Reader) -> None:
    image = make_specimen(1).image
    boxes = reader.read(picture(image))
    box = box_with(boxes, "注册资本")
    assert 0.5 < box.score <= 1
    assert abs(box.angle) < 5
    assert 0 <= box.x0 < box.x1 <= image.width and 0 <= box.y0 < box.y1 <= image.height
    assert box.middle[0] > image.width / 2, "capital is printed in the right column of this form"


def test_an_empty_page_has_no_text(reader: Reader) -> None:
    assert reader.read(np.full((400, 600, 3), 255, np.uint8)) == []


def test_version_names_engine_and_models(reader: Reader) -> None:
    assert reader.version.split()[1][0].isdigit()


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 2000, 3), (2000, 3, 3)])
def test_odd_pictures_are_read_or_refused(reader: Reader, shape: tuple[int, int, int]) -> None:
    with contextlib.suppress(ProviderBroken, ProviderUnavailable):
        assert isinstance(reader.read(np.zeros(shape, np.uint8)), list)


def test_what_is_no_picture_is_our_error(reader: Reader) -> None:
    with pytest.raises(ProviderBroken):
        reader.read(np.zeros((0, 0, 3), np.uint8))


@pytest.mark.reading
@pytest.mark.parametrize(
    "rotation",
    [90, *(pytest.param(rotation, marks=pytest.mark.accuracy) for rotation in (180, 270))],
)
@pytest.mark.slow
def test_rapid_reads_a_page_that_lies_turned(rotation: Rotation) -> None:
    specimen = make_specimen(2, turned=rotation)
    reading = read_pages([specimen.image], [RAPID])
    assert reading.turn == 360 - rotation
    assert reading.fields["uscc"] == specimen.fields["uscc"]
    x0, y0, x1, y1 = reading.regions["name"]
    assert 0 <= x0 < x1 <= specimen.image.width and 0 <= y0 < y1 <= specimen.image.height


@pytest.mark.reading
def test_rapid_reads_where_it_is_told() -> None:
    page = picture(make_specimen(3).image)
    code = box_with(RAPID.read(page), "91")
    assert isinstance(RAPID, CloseReader)
    again = RAPID.read_regions(page, [code.polygon])
    assert [box.text for box in again] == [code.text]
    assert RAPID.read_regions(page, []) == []


@pytest.mark.slow
def test_rapid_serves_many_threads_with_one_engine() -> None:
    reader, page = RapidReader(), picture(make_specimen(4).image)
    answers: list[list[TextBox]] = []
    threads = [threading.Thread(target=lambda: answers.append(reader.read(page))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2] != []


@pytest.mark.reading
@pytest.mark.slow
def test_rapid_reads_the_same_on_onnxruntime() -> None:
    page = picture(make_specimen(5).image)
    other = RapidReader(engine="onnxruntime")
    require("onnxruntime", other.available())
    assert {box.text for box in other.read(page)} & {box.text for box in RAPID.read(page)}
    assert "onnxruntime" in other.version


def test_tesseract_that_is_absent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    reader = TesseractReader()
    assert not reader.available()
    with pytest.raises(ProviderUnavailable):
        reader.read(np.zeros((10, 10, 3), np.uint8))


def test_tesseract_is_ended_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    require("tesseract with chi_sim", TesseractReader().available())
    monkeypatch.setattr(tesseract.TesseractReader, "seconds", 0.05)
    with pytest.raises(ProviderUnavailable):
        TesseractReader().read(picture(make_specimen(6).image))


@pytest.mark.parametrize(
    ("cores", "processes", "threads"),
    [(2, 1, 2), (2, 2, 1), (8, 2, 2), (8, 8, 1), (1, 4, 1), (4, 3, 1), (None, 1, 1)],
)
def test_cores_are_shared(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, processes: int, threads: int
) -> None:
    monkeypatch.setattr(RAPID, "threads", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    share_cores(processes)
    assert RAPID.threads == threads


def test_a_worker_shares_the_cores_before_its_processes_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RAPID, "threads", 8)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert app.conf.task_acks_late
    celeryd_after_setup.send(
        sender="worker@here", instance=SimpleNamespace(concurrency=4), conf=app.conf
    )
    assert RAPID.threads == 2


def test_rapid_tells_of_what_it_saw_every_few_lines() -> None:
    told: list[int] = []
    boxes = RAPID.read_in_parts(
        picture(make_specimen(7).image), lambda boxes: told.append(len(boxes))
    )
    steps = [after - before for before, after in pairwise([0, *told])]
    assert len(told) >= 3 and max(steps) <= PART <= 4, "decisions need not wait for the whole page"
    assert told[-1] <= len(boxes)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK", "P"])
def test_a_page_is_shown_to_readers_blue_first(mode: str) -> None:
    page = make_specimen(8).image.resize((160, 113)).convert(mode)
    shown = picture_of(page)
    assert shown.flags.c_contiguous and (shown == picture(page)).all()
