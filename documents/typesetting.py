"""Typesetting of Chinese text: faces, masks and line breaks.

Text is drawn as a mask (the amount of ink at each pixel) and laid on the paper with a colour, as
toner is, so that the background shows through thin strokes. Nothing here is specific to licences.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Face = Literal["song", "kai", "hei"]
"""Song (serif) and Kai (brush) for text that a clerk prints; Hei (bold sans) for the printed form.
"""
Paper: TypeAlias = npt.NDArray[np.uint8]
"""height × width × 3, in the order red, green, blue."""
Mask: TypeAlias = npt.NDArray[np.uint8]
"""height × width; 255 is full ink."""
Colour = tuple[int, int, int]

_FILES: Final[dict[Face, str]] = {
    "song": "specimen-song.otf",
    "kai": "specimen-kai.ttf",
    "hei": "specimen-hei.otf",
}
_FOLDER: Final = Path(__file__).parent / "fonts"
_NOT_FIRST: Final = frozenset("，。；：、）！？》”’…)%")
"""Characters that never begin a line in Chinese print."""


@lru_cache(maxsize=256)
def load_font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FOLDER / _FILES[face], size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def has_glyph(face: Face, character: str) -> bool:
    """Whether `face` has a glyph for `character`. A font draws a box for each missing glyph."""
    if character == " ":
        return True
    drawn, box = load_font(face, 32).getmask(character), load_font(face, 32).getmask("\uffff")
    return (drawn.size, bytes(drawn)) != (box.size, bytes(box))


def missing_glyphs(face: Face, text: str) -> str:
    """Return the characters of `text` that `face` cannot print, each once."""
    return "".join(dict.fromkeys(character for character in text if not has_glyph(face, character)))


def text_width(text: str, face: Face, size: int) -> float:
    """Return the length of `text` along its line, in pixels."""
    return load_font(face, size).getlength(text)


def wrap_text(text: str, face: Face, size: int, room: float) -> list[str]:
    """Split `text` into lines of at most `room` pixels.

    Lines break between any two characters, except before closing marks.
    """
    lines = [""]
    for character in text:
        if (
            text_width(lines[-1] + character, face, size) > room
            and lines[-1]
            and character not in _NOT_FIRST
        ):
            lines.append("")
        lines[-1] += character
    return lines


class Plate:
    """The mask of one page. Text is collected here and inked in one go."""

    def __init__(self, size: tuple[int, int]) -> None:
        """`size`: width and height in pixels."""
        self._image = Image.new("L", size)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self, x: float, y: float, text: str, face: Face, size: int, anchor: str = "ls"
    ) -> None:
        """Draw `text` with its baseline's left end at `x`, `y` (or at another Pillow `anchor`)."""
        self._draw.text((x, y), text, 255, load_font(face, size), anchor)

    def spread(self, x: float, y: float, text: str, face: Face, size: int, room: float) -> None:
        """Draw `text` with evenly spaced characters that fill `room` pixels, as labels are set."""
        if len(text) < 2:
            return self.text(x, y, text, face, size)
        first, last = text_width(text[0], face, size), text_width(text[-1], face, size)
        step = (room - (first + last) / 2) / (len(text) - 1)
        for i, character in enumerate(text):
            self.text(x + first / 2 + i * step, y, character, face, size, "ms")
        return None

    def stretched(
        self, x: float, y: float, text: str, face: Face, size: int, room: tuple[float, float]
    ) -> None:
        """Draw one line of `text` with top left at `x`, `y`, scaled to `room` (width and
        height).
        """
        box = load_font(face, size).getbbox(text)
        letters = Image.new("L", (int(box[2] - box[0]), int(box[3] - box[1])))
        ImageDraw.Draw(letters).text((-box[0], -box[1]), text, 255, load_font(face, size))
        self._image.paste(
            255,
            (round(x), round(y)),
            letters.resize((round(room[0]), round(room[1])), Image.Resampling.LANCZOS),
        )

    @property
    def mask(self) -> Mask:
        return np.asarray(self._image)


def lay_ink(paper: Paper, mask: Mask, colour: Colour | Paper, strength: float = 1.0) -> Paper:
    """Return `paper` with `colour` (one, or one per pixel) laid over it through `mask`.

    `strength` (0..1) is the most that the colour covers.
    """
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(ys):
        return paper
    window = (slice(ys[0], ys[-1] + 1), slice(xs[0], xs[-1] + 1))
    amount = mask[window].astype(np.float32)[..., None] * np.float32(strength / 255)
    ink = colour[window] if isinstance(colour, np.ndarray) else np.array(colour, np.float32)
    below = paper[window].astype(np.float32)
    result = paper.copy()
    result[window] = (below + (ink - below) * amount + 0.5).astype(np.uint8)
    return result


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], cells: int
) -> npt.NDArray[np.float32]:
    """Return smooth noise of mean 0 and deviation about 1.

    `size` is width and height; `cells` is the number of lumps along the width.
    """
    rows = max(2, round(cells * size[1] / size[0]))
    return cv2.resize(
        rng.standard_normal((rows, cells), dtype=np.float32), size, interpolation=cv2.INTER_CUBIC
    )  # type: ignore[return-value]
