"""Recognises, by name, programs that change what a picture shows.

Phones name their system's version, cameras their firmware, scanners and offices their own programs,
and none of these is an editor. A name is no proof either: honest people crop and straighten
pictures.
"""

from __future__ import annotations

import re
from typing import Final

_COMPOSING: Final = (
    r"photoshop(?!\s*(?:lightroom|express))",
    r"\bgimp\b",
    r"illustrator",
    r"indesign",
    r"coreldraw",
    r"corel photo-?paint",
    r"paint\s?shop",
    r"affinity (?:photo|designer|publisher)",
    r"pixelmator",
    r"paint\.net",
    r"photopea",
    r"\bpixlr\b",
    r"\bcanva\b",
    r"picsart",
    r"inkscape",
    r"krita",
    r"photoscape",
    r"acorn",
    r"meitu",
    r"美图",
    r"稿定",
    r"醒图",
    r"光影魔术手",
    r"可画",
    r"sketchbook",
    r"figma",
)
"""Editors for painting over, pasting or typing parts of a picture."""
_TOUCHING: Final = (
    r"lightroom",
    r"photoshop express",
    r"snapseed",
    r"picasa",
    r"acdsee",
    r"xnview",
    r"irfanview",
    r"faststone",
    r"\bvsco\b",
    r"paint\b",
    r"photos? editor",
    r"acrobat pro",
    r"foxit (?:pdf )?editor",
    r"pdf ?element",
    r"imagemagick",
    r"polarr",
    r"luminar",
)
"""Programs for light and framing that can also do a little of that."""
_IS_COMPOSING: Final = re.compile("|".join(_COMPOSING), re.IGNORECASE)
_IS_TOUCHING: Final = re.compile("|".join(_TOUCHING), re.IGNORECASE)


def is_composing_editor(program: str) -> bool:
    """Whether `program` is an editor for composing pictures."""
    return bool(_IS_COMPOSING.search(program))


def is_editor(program: str) -> bool:
    """Whether `program` changes pictures in any way."""
    return is_composing_editor(program) or bool(_IS_TOUCHING.search(program))
