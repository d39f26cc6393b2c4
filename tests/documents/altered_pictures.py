"""Pictures of specimens, honest and forged, and their readings."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from documents.forgery.model import Picture
from documents.licence.extract import fields_of
from documents.licence.read import picture_of
from documents.ocr.rapid import RapidReader
from documents.specimens import make_specimen
from documents.specimens.forgery import Attack, Photo, attack_photo, save_as_editor
from documents.typesetting import Paper


@cache
def reader() -> RapidReader:
    return RapidReader()


@dataclass(frozen=True)
class Read:
    """A specimen's picture and the regions of its values."""

    picture: Paper
    lines: Mapping[str, Sequence[tuple[int, int, int, int]]]

    @property
    def photo(self) -> Photo:
        return Photo(self.picture, self.lines)

    @property
    def reading(self) -> dict[str, Any]:
        """Return the parts of a stored reading that the forgery check uses."""
        return {
            "document": "d",
            "page": 1,
            "turn": 0,
            "qr": None,
            "qr_uscc": None,
            "lines": self.lines,
        }


@cache
def read(seed: int, damage: str = "phone") -> Read:
    image = make_specimen(seed, "landscape", damage).image
    picture = picture_of(image)
    return Read(
        np.asarray(image), fields_of(reader().read(picture), image.width, image.height).lines
    )


def decoded(jpeg: bytes) -> Picture:
    """Decode in the order blue, green, red, as checks do."""
    with Image.open(io.BytesIO(jpeg)) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def bgr(picture: Paper) -> Picture:
    return np.ascontiguousarray(picture[:, :, ::-1])


def forged(
    seed: int, attack: Attack, damage: str = "phone", quality: int = 92
) -> tuple[Picture, tuple[float, ...]]:
    altered = attack_photo(
        read(seed, damage).photo,
        attack,
        seed,
        read(6, damage).photo if attack == "pasted_field" else None,
    )
    assert altered
    return decoded(save_as_editor(altered[0], quality)), tuple(altered[1])
