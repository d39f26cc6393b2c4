"""The reader with PP-OCRv6: half a second a page on two cores.

The small models come inside the rapidocr wheel, so nothing is downloaded. They run on OpenVINO,
about twice as fast as on onnxruntime with the same text; onnxruntime is used if OpenVINO is not
installed. Lines are found on a page of at most 1280 px and cut from the full picture, where small
print is sharper. OpenVINO keeps prepared primitives for each input shape, so sides and line widths
are padded to steps, and only the latest primitives are kept.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Final

import numpy as np

from documents.ocr.base import Picture, rotated_picture
from documents.ocr.closer import enlarged_view
from documents.ocr.lines import (
    Corners,
    by_width,
    cut_line,
    line_length,
    line_top,
    mostly_sideways,
    polygon_of,
    scaled_page,
    small_print_last,
)
from documents.ocr.rapid_models import Models, give_memory_back
from documents.page.boxes import Polygon, Rotation, TextBox, opposite_rotation, rotate_boxes
from events.core.errors import ProviderBroken

LOWEST_SCORE: Final = 0.3
LOWEST_SCORE_OF_A_REGION: Final = 0.7
"""Lines in given regions need at least this score: there may be no line at all."""
PART: Final = 2
"""The number of lines to read before checking whether they are enough."""
VOTERS: Final = 12
"""The number of lines that vote on the page's rotation."""

_LEFT_BY_FORK: Final[list[object]] = []


class RapidReader:
    """PP-OCRv6 small, warm after the first page.

    It reads one page at a time: two would only share the same cores.
    """

    name = "rapid"

    def __init__(self, threads: int | None = None, engine: str | None = None) -> None:
        """`threads` defaults to 2 or the number of cores, whichever is less.

        `engine` is openvino or onnxruntime.
        """
        self.threads = threads or min(2, os.cpu_count() or 1)
        self.engine = engine or (
            "openvino" if importlib.util.find_spec("openvino") else "onnxruntime"
        )
        self._lock = threading.Lock()
        self._models: Models | None = None
        os.register_at_fork(after_in_child=self._forget)

    @property
    def version(self) -> str:
        return (
            f"rapidocr {importlib.metadata.version('rapidocr')} {self.engine}"
            f" {importlib.metadata.version(self.engine)} PP-OCRv6-small"
        )

    def available(self) -> bool:
        return (
            importlib.util.find_spec("rapidocr") is not None
            and importlib.util.find_spec(self.engine) is not None
        )

    def read(self, image: Picture) -> list[TextBox]:
        return self.read_in_parts(image, lambda boxes: None)

    def read_in_parts(
        self, image: Picture, seen: Callable[[Sequence[TextBox]], None]
    ) -> list[TextBox]:
        return self._with_models(lambda models: _read(models, image, seen))

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        lines = [np.array(region, dtype=np.float32) for region in regions]
        return self._with_models(
            lambda models: [
                box for box in _texts(models, image, lines, LOWEST_SCORE_OF_A_REGION) if box
            ]
        )

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        part = enlarged_view(image, area, zoom, ink=ink)
        return part.on_page(
            self._with_models(
                lambda models: [
                    box
                    for box in _texts(
                        models, part.picture, _lines(models, part.picture), LOWEST_SCORE
                    )
                    if box
                ]
            )
        )

    def _forget(self) -> None:
        """Reset the reader in a forked child, which has neither the engines' threads nor the lock's
        holder.

        Ending the engines would hang.
        """
        _LEFT_BY_FORK.append(self._models)
        self._models, self._lock = None, threading.Lock()

    def _with_models(self, work: Callable[[Models], list[TextBox]]) -> list[TextBox]:
        with self._lock:
            try:
                if self._models is None:
                    give_memory_back()
                    self._models = Models(self.engine, self.threads)
                return work(self._models)
            except (
                Exception
            ) as error:  # the engines raise bare Exceptions; none may get out of here
                raise ProviderBroken(f"rapid: {type(error).__name__}") from error


def _read(
    models: Models, image: Picture, seen: Callable[[Sequence[TextBox]], None]
) -> list[TextBox]:
    rotation: Rotation = 0
    lines = _lines(models, image)
    if lines and (rotation := _rotation(models, image, lines)):
        # Lines on their side are found less well, and finding them is the smaller part of the work.
        image = rotated_picture(image, rotation)
        lines = _lines(models, image)
    height, width = image.shape[:2]
    first, rest = small_print_last(lines)
    parts = [by_width(first[start : start + PART]) for start in range(0, len(first), PART)]
    order = [*chain.from_iterable(parts), *by_width(rest)]
    read = zip(order, _texts(models, image, order, LOWEST_SCORE), strict=True)
    boxes: list[tuple[float, TextBox]] = []

    def so_far() -> list[TextBox]:
        """Return the boxes so far from the top, whatever the order in which they were read."""
        return rotate_boxes(
            [box for _, box in sorted(boxes, key=itemgetter(0))],
            opposite_rotation(rotation),
            width,
            height,
        )

    for part in parts:
        boxes += [(line_top(corners), box) for corners, box in islice(read, len(part)) if box]
        seen(so_far())
    boxes += [(line_top(corners), box) for corners, box in read if box]
    return so_far()


def _lines(models: Models, image: Picture) -> list[Corners]:
    page, scale = scaled_page(image)
    return [corners / np.float32(scale) for corners in models.lines(page)]


def _rotation(models: Models, image: Picture, lines: list[Corners]) -> Rotation:
    """Return the rotation of `image`, by the direction of its lines and the vote of the longest."""
    sideways = mostly_sideways(lines)
    if sideways:  # as if read upwards
        lines = [np.roll(corners, 1, axis=0) for corners in lines]
    longest = sorted(lines, key=line_length, reverse=True)[:VOTERS]
    upside_down = models.share_upside_down([cut_line(image, corners) for corners in longest]) > 0.5
    if sideways:
        return 270 if upside_down else 90
    return 180 if upside_down else 0


def _texts(
    models: Models, image: Picture, lines: list[Corners], lowest: float
) -> Iterator[TextBox | None]:
    """Yield the text of each of `lines`, or None if its score is below `lowest`."""
    for corners, (text, score, weak, at) in zip(lines, models.texts(image, lines), strict=True):
        yield (
            TextBox(text, score, polygon_of(corners), weak, at)
            if text.strip() and score >= lowest
            else None
        )
