"""Parts shared by the specimens other than licences: paper, seals, and checks of arguments."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from PIL import Image

from documents.specimens.company import Company
from documents.specimens.photograph import DAMAGES, photograph_page, rotate_page
from documents.specimens.seal import seal_impression
from documents.specimens.sheet import MARK
from documents.typesetting import (
    Face,
    Paper,
    Plate,
    has_glyph,
    lay_ink,
    missing_glyphs,
    smooth_noise,
)

RED: Final = (208, 38, 48)
INK: Final = (40, 38, 40)
YES_NO: Final = ("yes", "no")


@dataclass(frozen=True)
class PaperSpecimen:
    """A picture of a fictitious document, and its true fields."""

    image: Image.Image
    """RGB."""
    company: Company
    """As the registry has it; overrides only change `fields`."""
    fields: dict[str, str]
    """The printed fields, by the reading's keys; days in ISO. Absent if not on this sheet."""
    marks: dict[str, bool] = field(default_factory=dict)
    """Marks that are not text: `sealed` and `signed` for a letter."""

    def jpeg(self, quality: int = 88) -> bytes:
        """Return the picture as a JPEG file."""
        file = io.BytesIO()
        self.image.save(file, "JPEG", quality=quality)
        return file.getvalue()


def seeded_generator(*words: object) -> np.random.Generator:
    """Return a random generator that depends on all of `words`."""
    return np.random.default_rng(list(" ".join(map(str, words)).encode()))


def blank_paper(size: tuple[int, int], colour: tuple[int, int, int], seed: int) -> Paper:
    """Return blank paper of `size` (width, height), with fibres and the mark of a specimen."""
    rng = np.random.default_rng(seed)
    grain = smooth_noise(rng, size, size[0] // 2) * 0.7 + smooth_noise(rng, size, 40) * 0.9
    paper = np.clip(np.array(colour, np.float32) + grain[..., None], 0, 255).astype(np.uint8)
    plate = Plate(size)
    plate.text(size[0] - 60, size[1] - 34, MARK, "hei", 17, "rs")
    pale = Plate(size)
    for row, y in enumerate(range(240, size[1] - 140, 230)):
        for x in range(120 if row % 2 else 320, size[0] - 200, 430):
            pale.text(x, y, "SPECIMEN", "hei", 40)
    paper = lay_ink(paper, pale.mask, tuple(round(part * 0.965) for part in colour))  # type: ignore[arg-type]
    return lay_ink(paper, plate.mask, (70, 68, 66), 0.92)


def press_seal(
    paper: Paper, text: str, middle: tuple[int, int], radius: int, rng: np.random.Generator
) -> Paper:
    """Return `paper` with a seal with `text`, pressed around `middle`."""
    x, y = (round(value + rng.uniform(-12, 12)) for value in middle)
    pressed = seal_impression(text, radius, rng)
    mask = np.zeros(paper.shape[:2], np.uint8)
    half = pressed.shape[0] // 2
    mask[y - half : y - half + pressed.shape[0], x - half : x - half + pressed.shape[1]] = pressed
    through = (
        (paper.astype(np.uint16) * np.array(RED, np.uint16) // 245).clip(0, 255).astype(np.uint8)
    )
    return lay_ink(paper, mask, through, float(rng.uniform(0.65, 0.92)))


def finish_photograph(page: Paper, damage: str, degrees: int, *words: object) -> Image.Image:
    """Return `page` photographed with `damage` and turned clockwise by `degrees`.

    `words` seed the photograph.
    """
    page = photograph_page(page, damage, seeded_generator("photograph", damage, *words))
    return Image.fromarray(rotate_page(page, degrees))


def check_specimen_arguments(
    damage: str, overrides: Mapping[str, Any], known: tuple[str, ...], days: tuple[str, ...]
) -> None:
    """Raise ValueError for an invalid damage or override. It names the value and the known ones."""
    if strange := [name for name in damage.split("+") if name not in DAMAGES]:
        raise ValueError(
            f"unknown damage {', '.join(map(repr, strange))}; known: {', '.join(DAMAGES)}"
        )
    if unknown := [name for name in overrides if name not in known]:
        raise ValueError(f"unknown override {', '.join(unknown)}; known: {', '.join(known)}")
    for name, value in overrides.items():
        if name in days and value:
            try:
                date.fromisoformat(value)
            except ValueError as error:
                if value != "长期":
                    raise ValueError(
                        f"{name} is {value!r}; expected a day such as 2026-05-31"
                    ) from error
        if name in ("sealed", "signed") and value not in YES_NO:
            raise ValueError(f"{name} is {value!r}; known: {', '.join(YES_NO)}")
        if name == "turned" and str(value) not in ("0", "90", "180", "270"):
            raise ValueError(f"turned is {value!r}; known: 0, 90, 180, 270")


def printable_face(text: str, face: Face) -> Face:
    """Return `face`, or Song if that lacks a character. Raises ValueError if both do."""
    if all(has_glyph(face, character) for character in text):
        return face
    if lacking := missing_glyphs("song", text):
        raise ValueError(
            f"no glyph for {lacking!r}: the vendored fonts print GB 2312 and ASCII"
            " (documents/fonts/README.md)"
        )
    return "song"


def some_day(rng: np.random.Generator, first: date, last: date) -> date:
    return first + timedelta(days=int(rng.integers(max(1, (last - first).days))))
