"""What does the rest of the house know about an OCR engine?

A name and a version, which are kept beside every reading, and one question: which text stands
where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from documents.page.boxes import Polygon, Rotation, TextBox

Picture: TypeAlias = npt.NDArray[np.uint8]
"""A page: height × width × 3, blue green red, 0..255."""


class Reader(Protocol):
    """An OCR engine. One instance serves a process; `read` may be called from any thread."""

    name: str
    """Short and stored: `rapid`, `tesseract`."""

    @property
    def version(self) -> str:
        """Of the engine and its models; changes when the same picture may be read differently."""

    def available(self) -> bool:
        """Whether what the engine needs is installed. Cheap, and never raises."""

    def read(self, image: Picture) -> list[TextBox]:
        """The text on `image`, polygons in its pixels; an empty list where there is none.

        Raises ProviderUnavailable when the engine did not answer in time or lacks something that
        can come back, ProviderBroken when it failed on this picture and would again. Nothing else.
        """


@runtime_checkable
class PromptReader(Protocol):
    """A reader that reads what decides first, and the small print after it."""

    def read_in_parts(
        self, image: Picture, seen: Callable[[Sequence[TextBox]], None]
    ) -> list[TextBox]:
        """As `Reader.read`; `seen` is called with the boxes so far, before the rest is read."""


@runtime_checkable
class CloseReader(Protocol):
    """A reader that can be told where to look, and so sees what it did not find by itself."""

    name: str

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        """The text in each of `regions` (one line each, in pixels of `image`), where there is some.

        Raises what `Reader.read` raises.
        """

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        """The lines in `area` (its corners in the direction of reading, in pixels of `image`),
        looked at `zoom` times enlarged.

        With `ink`, only what is printed dark counts: coloured and pale stamps over the print are
        taken away first. Raises what `Reader.read` raises.
        """


def rotated_picture(image: Picture, rotation: Rotation) -> Picture:
    """`image` turned clockwise by `rotation` degrees."""
    return np.ascontiguousarray(np.rot90(image, -rotation // 90)) if rotation else image
