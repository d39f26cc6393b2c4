"""The flaws of a photograph: codes, areas and measures.

`quality` finds flaws; the texts that employers read about them are in `events.core.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

VERSION: Final = "1"
"""Stored with each result. It changes if the same picture may be judged differently."""

Area: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the page; right and bottom are exclusive."""

BLURRED: Final = "document_blurred"
GLARE: Final = "document_glare"
CROPPED: Final = "document_cropped"
SMALL: Final = "document_too_small"
NOT_A_LICENCE: Final = "document_not_a_licence"
CODES: Final = (NOT_A_LICENCE, CROPPED, BLURRED, SMALL, GLARE)
"""Every code, the most serious first; keys of `events.core.reasons.REASONS`."""


@dataclass(frozen=True)
class Flaw:
    """One flaw: its code, area and measure.

    `measure` by code: blurred, the number of pixels over which an edge is spread (with the longer
    side at most 2000 px); glare, the spot's share of the page; cropped, the number of bars of the
    form's frame that run out there; too small, the height of a line in pixels of the page; not a
    licence, the number of lines of print found. Cropped is reported once for each side.
    """

    code: str
    area: Area
    measure: float

    @property
    def x(self) -> int:
        return self.area[0]

    @property
    def y(self) -> int:
        return self.area[1]

    @property
    def width(self) -> int:
        return self.area[2] - self.area[0]

    @property
    def height(self) -> int:
        return self.area[3] - self.area[1]


@dataclass(frozen=True)
class PhotoQuality:
    """A photograph's flaws, the most serious first. Having none is no guarantee."""

    flaws: tuple[Flaw, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Each code once."""
        return tuple(dict.fromkeys(flaw.code for flaw in self.flaws))

    def as_json(self) -> dict[str, Any]:
        told = [
            {"code": p.code, "area": list(p.area), "measure": round(p.measure, 4)}
            for p in self.flaws
        ]
        return {"version": VERSION, "problems": told}

    @classmethod
    def from_json(cls, stored: dict[str, Any] | None) -> PhotoQuality:
        """Return the result that `as_json` wrote.

        None is a page that was never judged. Unknown codes are left out.
        """
        told = (stored or {}).get("problems", ())
        return cls(
            tuple(
                Flaw(p["code"], tuple(p["area"]), p["measure"]) for p in told if p["code"] in CODES
            )
        )
