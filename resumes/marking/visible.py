"""The visible mark: the employer's name, the release number and the time, slanted over the whole
page.

It is blended as mid-grey into both paper and ink: paper gets darker, ink lighter. The bodies of the
letters are faint, so that the resume stays readable. Their outlines are stronger and as thin as the
edges of the print, so adjusting the levels to remove them removes print as well. A visible mark can
always be removed by hand: this one warns, the forensic marks prove.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from documents.typesetting import has_glyph, load_font

Strength = npt.NDArray[np.uint8]
"""How much of a pixel is replaced by TONE: 0 none, 255 all."""

TONE: Final = 128
BODY: Final = 20
"""Strength of the letters' bodies, of 255: paper loses 4 %."""
OUTLINE: Final = 110
"""Strength of the letters' outlines, of 255."""
FOOTER: Final = 200
_SMALL: Final = 17
"""Size of the footer's letters at 150 dpi, in pixels: 8 points."""
_FOOTER_INCHES: Final = (0.3, 0.22, 0.38, 0.15, 0.46, 0.54, 0.08)
"""Possible distances of the footer from the lower edge, the best first."""
SIZE: Final = 34
"""Size of a letter at 150 dpi, in pixels: one and a half times a resume's own headings."""
_SLANT: Final = 24.0
"""Degrees; not parallel to any line of text, rule or edge."""
_APART: Final = 96
"""Distance between two marks across the slant, in pixels at 150 dpi."""
_RARE_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
)
_NO_GLYPH: Final = "〓"
"""Chinese typography uses this sign for a missing character."""


def tiled_mark(shape: tuple[int, int], lines: tuple[str, str], dpi: int) -> Strength:
    """Return the mark of two `lines`, repeated over a page of `shape` (height, width)."""
    size = max(6, round(SIZE * dpi / 150))
    stamp, length = _stamp(lines, size)
    height, width = stamp.shape
    along, across = length + 3.0 * size, 2.5 * size + _APART * dpi / 150
    rotation = np.radians(_SLANT)
    cos, sin = float(np.cos(rotation)), float(np.sin(rotation))
    canvas = np.zeros(shape, np.uint8)
    reach = float(np.hypot(*shape)) + length
    for row in range(-int(reach / across) - 1, int(reach / across) + 2):
        for column in range(-int(reach / along) - 1, int(reach / along) + 2):
            u, v = (
                (column + row % 3 / 3) * along,
                row * across,
            )  # rows are offset, so that no crop falls between the marks
            _lay(
                canvas,
                stamp,
                round(shape[1] / 2 + u * cos + v * sin - width / 2),
                round(shape[0] / 2 - u * sin + v * cos - height / 2),
            )
    return canvas


def _lay(canvas: Strength, stamp: Strength, x: int, y: int) -> None:
    """Draw `stamp` with its top left at `x`, `y`, clipped to `canvas`."""
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(canvas.shape[1], x + stamp.shape[1]), min(canvas.shape[0], y + stamp.shape[0])
    if x0 < x1 and y0 < y1:
        part = canvas[y0:y1, x0:x1]
        np.maximum(part, stamp[y0 - y : y1 - y, x0 - x : x1 - x], out=part)


def footer_mark(
    shape: tuple[int, int], text: str, grey: npt.NDArray[np.uint8], dpi: int
) -> tuple[slice, slice, Strength]:
    """Return the position and the strength of a small line of `text`.

    It goes into the emptiest strip of the bottom margin of the page `grey`.
    """
    letters = _letters(text, max(6, round(_SMALL * dpi / 150)))[: shape[0], : shape[1]]
    height, width = letters.shape
    left = (shape[1] - width) // 2
    # The strip at the very edge comes last: printers and croppers cut it off first.
    tops = [max(0, shape[0] - height - round(inch * dpi)) for inch in _FOOTER_INCHES]
    top = max(tops, key=lambda y: int(grey[y : y + height, left : left + width].min()) // 32)
    strength = cv2.multiply(letters, np.full_like(letters, FOOTER), scale=1 / 255)
    return slice(top, top + height), slice(left, left + width), np.asarray(strength, np.uint8)


@lru_cache(maxsize=64)
def _stamp(lines: tuple[str, str], size: int) -> tuple[Strength, int]:
    """Return two lines, one below the other, slanted, and the length of the longer one."""
    parts = [_letters(line, size) for line in lines]
    gap = size // 3
    flat = np.zeros(
        (sum(part.shape[0] for part in parts) + gap, max(part.shape[1] for part in parts)), np.uint8
    )
    y = 0
    for part in parts:
        x = (flat.shape[1] - part.shape[1]) // 2
        flat[y : y + part.shape[0], x : x + part.shape[1]] = part
        y += part.shape[0] + gap
    radians = np.radians(_SLANT)
    width = int(flat.shape[1] * np.cos(radians) + flat.shape[0] * np.sin(radians)) + 4
    height = int(flat.shape[1] * np.sin(radians) + flat.shape[0] * np.cos(radians)) + 4
    rotation = cv2.getRotationMatrix2D((flat.shape[1] / 2, flat.shape[0] / 2), _SLANT, 1.0)
    rotation[:, 2] += (width - flat.shape[1]) / 2, (height - flat.shape[0]) / 2
    slanted = cv2.warpAffine(flat, rotation, (width, height), flags=cv2.INTER_LINEAR)
    edge = cv2.morphologyEx(slanted, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    stamp = np.maximum(
        slanted.astype(np.uint16) * BODY // 255, edge.astype(np.uint16) * OUTLINE // 255
    ).astype(np.uint8)
    stamp.setflags(write=False)
    return stamp, flat.shape[1]


def _letters(text: str, size: int) -> npt.NDArray[np.uint8]:
    """Return `text` on one line, 255 where there is ink.

    Characters that the bundled font lacks come from a larger font if one is installed.
    """
    runs = [_drawable(character, size) for character in text if character.isprintable()]
    width = sum(face.getlength(character) for character, face in runs)
    image = Image.new("L", (max(1, round(width) + size // 4), round(size * 1.3)))
    draw, x = ImageDraw.Draw(image), size / 8
    for character, face in runs:
        draw.text((x, size * 1.02), character, 255, face, "ls", stroke_width=size // 28)
        x += face.getlength(character)
    return np.asarray(image)


def _drawable(character: str, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return `character` and a font that has it, or the sign for a missing character."""
    if has_glyph("song", character):
        return character, load_font("song", size)
    rare = _rare(size)
    return (character, rare) if rare else (_NO_GLYPH, load_font("song", size))


@lru_cache(maxsize=8)
def _rare(size: int) -> ImageFont.FreeTypeFont | None:
    """Return an installed font with all Chinese characters, if there is one."""
    for path in _RARE_FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    return None
