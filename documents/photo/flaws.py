"""In which words is a photograph judged? What is wrong with it, where on the page, and how much.

The words alone: what sees a flaw is `quality`, and what an employer is told of one stands in
`events.core.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

VERSION: Final = "1"
"""Stored beside each judgement; changes when the same picture may be judged differently."""

Area: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the page; right and bottom are exclusive."""

BLURRED: Final = "document_blurred"
GLARE: Final = "document_glare"
CROPPED: Final = "document_cropped"
SMALL: Final = "document_too_small"
NOT_A_LICENCE: Final = "document_not_a_licence"
CODES: Final = (NOT_A_LICENCE, CROPPED, BLURRED, SMALL, GLARE)
"""All that can be said, keys of `events.core.reasons.REASONS`, what weighs most first."""


@dataclass(frozen=True)
class Flaw:
    """What is wrong, where on the page, and how much.

    `measure` by code: blurred, how many pixels an edge is spread over (as seen with the longer side
    at most 2000 px); glare, the spot's share of the page; cropped, how many bars of the form's
    frame run out there; too small, the height of a line in pixels of the page; not a licence, the
    lines of print that were found. Cropped is told once for each side.
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
    """A photograph's flaws, the weightiest first; none is a good sign and no promise."""

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
        """What `as_json` wrote.

        None is a page that was never judged; codes that are no longer known are left out.
        """
        told = (stored or {}).get("problems", ())
        return cls(
            tuple(
                Flaw(p["code"], tuple(p["area"]), p["measure"]) for p in told if p["code"] in CODES
            )
        )
