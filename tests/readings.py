"""Caches the results of the OCR engines, so that all processes of a run read each picture once."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from documents.ocr.base import Picture
from documents.ocr.rapid import RapidReader
from documents.ocr.tesseract import TesseractReader
from documents.page.boxes import TextBox

FOLDER = "ZIZHI_TEST_READINGS"
"""The environment variable for the folder that the processes of a run share."""

Seen = Callable[[Sequence[TextBox]], None]

_anew = False


def pytest_configure(config: pytest.Config) -> None:
    """xdist's processes inherit the folder from the process that starts them."""
    if FOLDER not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="zizhi-readings-")
        os.environ[FOLDER] = folder.name
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(lambda: os.environ.pop(FOLDER, None))
    Path(os.environ[FOLDER]).mkdir(parents=True, exist_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _anew
    _anew = item.get_closest_marker("reads_anew") is not None
    return (yield)


def _kept(read: Callable[..., Any]) -> Callable[..., Any]:
    """Cache `read`, a method of a reader."""

    @wraps(read)
    def reading(reader: Any, image: Picture, *args: Any, **named: Any) -> Any:
        if _anew:
            return read(reader, image, *args, **named)
        what = repr((reader.version, read.__name__, image.shape, image.dtype.str, args, named))
        key = hashlib.sha256(what.encode() + image.tobytes()).hexdigest()
        path = Path(os.environ[FOLDER]) / key
        if path.exists():
            return pickle.loads(path.read_bytes())
        found = read(reader, image, *args, **named)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(pickle.dumps(found))
        unfinished.rename(path)
        return found

    return reading


def _in_parts(reader: RapidReader, image: Picture) -> tuple[list[list[TextBox]], list[TextBox]]:
    """Return the progress and the result of `read_in_parts`."""
    told: list[list[TextBox]] = []
    return told, _read_in_parts(reader, image, lambda boxes: told.append(list(boxes)))


def _told_again(reader: RapidReader, image: Picture, seen: Seen) -> list[TextBox]:
    if _anew:
        return _read_in_parts(reader, image, seen)
    told, found = _kept(_in_parts)(reader, image)
    for boxes in told:
        seen(boxes)
    return list(found)


_read_in_parts = RapidReader.read_in_parts
RapidReader.read_in_parts = _told_again  # type: ignore[method-assign]
for _reader, _names in (
    (RapidReader, ("read_regions", "read_area")),
    (TesseractReader, ("read", "read_regions", "read_area")),
):
    for _name in _names:
        setattr(_reader, _name, _kept(getattr(_reader, _name)))
