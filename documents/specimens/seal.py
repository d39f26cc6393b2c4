"""Impressions of a registration authority's seal.

It has a red ring, a star and a name around it, in uneven ink. Instead of a real seal's number it
says 样本·虚构, so that it cannot be copied onto anything.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from documents.typesetting import Mask, load_font, smooth_noise, text_width

MARK: Final = "样本·虚构"
_FINE: Final = 2


def seal_impression(authority: str, radius: int, rng: np.random.Generator) -> Mask:
    """Return the amount of red per pixel of the seal of `authority`, pressed a little askew.

    The mask is a square of `2 * radius + 8` pixels.
    """
    size = (2 * radius + 8) * _FINE
    middle, outer = size / 2, radius * _FINE
    seal = Image.new("L", (size, size))
    draw = ImageDraw.Draw(seal)
    draw.ellipse(
        (middle - outer, middle - outer, middle + outer, middle + outer),
        outline=255,
        width=max(2, round(outer * 0.045)),
    )
    draw.polygon(_star(middle, middle - outer * 0.08, outer * 0.3), fill=255)
    small = round(outer * 0.18)
    draw.text((middle, middle + outer * 0.4), MARK, 255, load_font("song", small), "mm")
    _around(seal, authority, middle, outer)
    pressed = seal.rotate(rng.uniform(-9, 9), Image.Resampling.BICUBIC).resize(
        (size // _FINE, size // _FINE), Image.Resampling.LANCZOS
    )
    return _taken(np.asarray(pressed), rng)


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    points = []
    for i in range(10):
        reach = radius if i % 2 == 0 else radius * 0.382
        points.append(
            (x + reach * float(np.sin(i * np.pi / 5)), y - reach * float(np.cos(i * np.pi / 5)))
        )
    return points


def _around(seal: Image.Image, text: str, middle: float, outer: float) -> None:
    """Set `text` from lower left over the top to lower right, with the feet towards the middle."""
    size = round(outer * min(0.27, 2.7 / max(len(text), 1)))
    arc = min(232.0, 26.0 * len(text))
    for i, character in enumerate(text):
        rotation = arc * (i / max(1, len(text) - 1) - 0.5) if len(text) > 1 else 0.0
        tall = Image.new("L", (round(text_width(character, "song", size)) + 6, round(size * 1.25)))
        ImageDraw.Draw(tall).text(
            (tall.width / 2, tall.height / 2),
            character,
            255,
            load_font("song", size),
            "mm",
            stroke_width=1,
        )
        tall = tall.resize((tall.width, round(tall.height * 1.2)), Image.Resampling.BICUBIC)
        rotated = tall.rotate(-rotation, Image.Resampling.BICUBIC, expand=True)
        away = outer * 0.76
        x, y = (
            middle + away * np.sin(np.radians(rotation)),
            middle - away * np.cos(np.radians(rotation)),
        )
        seal.paste(255, (round(x - rotated.width / 2), round(y - rotated.height / 2)), rotated)


def _taken(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return `mask` as ink on paper: more here, less there, with bare specks."""
    size = (mask.shape[1], mask.shape[0])
    patches = 0.82 + 0.13 * smooth_noise(rng, size, 7) + 0.1 * smooth_noise(rng, size, size[0] // 3)
    bare = (
        cv2.GaussianBlur(
            (rng.random((size[1], size[0]), dtype=np.float32) < 0.03).astype(np.float32),
            (0, 0),
            0.8,
        )
        * 1.6
    )
    return np.asarray(np.clip(mask * np.clip(patches - bare, 0.15, 1), 0, 255), np.uint8)
