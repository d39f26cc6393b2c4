"""The interfaces of OCR engines.

An engine has a name and a version, which are stored with every reading, and returns the text on a
page with its positions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from documents.page.boxes import Polygon, Rotation, TextBox

Picture: TypeAlias = npt.NDArray[np.uint8]
"""A page: height × width × 3, in the order blue, green, red, 0..255."""


class Reader(Protocol):
    """An OCR engine. One instance serves a process; `read` may be called from any thread."""

    name: str
    """Short and stored: `rapid`, `tesseract`."""

    @property
    def version(self) -> str:
        """The version of the engine and its models. It changes if readings may change."""

    def available(self) -> bool:
        """Whether the engine's dependencies are installed. Cheap, and never raises."""

    def read(self, image: Picture) -> list[TextBox]:
        """Return the text on `image`, with polygons in its pixels; an empty list if there is none.

        Raises ProviderUnavailable if the engine timed out or lacks something that may come back,
        and ProviderBroken if it failed on this picture and would fail again. Nothing else.
        """


@runtime_checkable
class PromptReader(Protocol):
    """A reader that reads the fields that decide first, and the small print after them."""

    def read_in_parts(
        self, image: Picture, seen: Callable[[Sequence[TextBox]], None]
    ) -> list[TextBox]:
        """Like `Reader.read`, but call `seen` with the boxes so far before the rest is read."""


@runtime_checkable
class CloseReader(Protocol):
    """A reader that can read given places, and so finds text that it missed on the whole page."""

    name: str

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        """Return the text in each of `regions` (one line each, in pixels of `image`) that has text.

        Raises the errors of `Reader.read`.
        """

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        """Return the lines in `area`, enlarged `zoom` times.

        The corners of `area` are in the direction of reading, in pixels of `image`. With `ink`,
        only dark print counts: coloured and pale stamps over it are removed first. Raises the
        errors of `Reader.read`.
        """


def rotated_picture(image: Picture, rotation: Rotation) -> Picture:
    """Return `image` turned clockwise by `rotation` degrees."""
    return np.ascontiguousarray(np.rot90(image, -rotation // 90)) if rotation else image
