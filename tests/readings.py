"""Caches what the OCR engines read in a picture and the keypoints found in it.

All processes of a run look at each picture once. How long that takes does not change what is read:
the limit on second looks is off, except in its own test.
"""

from __future__ import annotations

import math
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from documents.licence import read
from documents.ocr.base import Picture
from documents.ocr.rapid import RapidReader
from documents.ocr.tesseract import TesseractReader
from documents.page.boxes import TextBox
from documents.similarity import keypoints

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
        what = (reader.version, read.__name__, args, named)
        return _once(what, image, lambda: read(reader, image, *args, **named))

    return reading


def _once(what: object, image: Picture, find: Callable[[], Any]) -> Any:
    """Return what `find` finds in the picture, from the cache if any process has found it."""
    described = repr((what, image.shape, image.dtype.str))
    path = Path(os.environ[FOLDER]) / sha256(described.encode() + image.tobytes()).hexdigest()
    if path.exists():
        return pickle.loads(path.read_bytes())
    found = find()
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(pickle.dumps(found))
    unfinished.rename(path)
    return found


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


def _found_again(grey: Picture, scale: float) -> keypoints.Landmarks:
    if _anew:
        return _find_keypoints(grey, scale)
    found: keypoints.Landmarks = _once(
        ("keypoints", scale), grey, lambda: _find_keypoints(grey, scale)
    )
    return found


read.SECONDS_TO_LOOK = math.inf
_find_keypoints = keypoints.find_keypoints
keypoints.find_keypoints = _found_again
_read_in_parts = RapidReader.read_in_parts
RapidReader.read_in_parts = _told_again  # type: ignore[method-assign]
for _reader, _names in (
    (RapidReader, ("read_regions", "read_area")),
    (TesseractReader, ("read", "read_regions", "read_area")),
):
    for _name in _names:
        setattr(_reader, _name, _kept(getattr(_reader, _name)))
