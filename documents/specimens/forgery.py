"""Forged licences, which no reader may be sure of.

There are two ways. On paper: a wrong code is printed and photographed, and the QR code is kept or
removed. In a picture editor: in an honest photo, a value is typed, pasted, copied or painted over,
and the photo is saved again; the pixels may show that.
"""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageDraw

from documents.specimens.company import Company
from documents.specimens.photograph import photograph_page
from documents.typesetting import Face, Paper, lay_ink, load_font

FORGERIES: Final = ("forged_digit", "forged_bare", "forged_code")
"""Forgeries of the code on paper.

One digit is changed, so that the check character is wrong; the same, without a QR code that has the
right one; or another company's valid code, which the QR code contradicts. `forged` is one of these,
by the seed.
"""
ANY: Final = "forged"
_CARRIER: Final = "phone"


def without_forgery(damage: str) -> str:
    """Return `damage` with the name of the underlying photo instead of each forgery's."""
    return "+".join(_CARRIER if _is_forgery(name) else name for name in damage.split("+"))


def forged_fields(damage: str, company: Company, seed: int) -> dict[str, str]:
    """Return the fields that are forged on `company`'s licence, as overrides for `make_specimen`.

    Empty if `damage` names no forgery.
    """
    named = next((name for name in damage.split("+") if _is_forgery(name)), "")
    forgery = FORGERIES[seed % len(FORGERIES)] if named == ANY else named
    if not forgery:
        return {}
    if forgery == "forged_code":
        return {
            "uscc": Company.fictitious(seed + 100_003, company.kind).uscc,
            "qr_uscc": company.uscc,
        }
    return {
        "uscc": alter_code(company.uscc, seed),
        "qr_uscc": "" if forgery == "forged_bare" else company.uscc,
    }


def alter_code(code: str, seed: int) -> str:
    """Return `code` with one digit changed.

    Its check character is then wrong, since all weights are coprime to 31.
    """
    rng = random.Random(f"forgery {seed}")  # noqa: S311 (nothing here is secret)
    index = rng.choice(
        [i for i, character in enumerate(code[:17]) if character.isdigit() and i > 1]
    )
    digit = rng.choice([digit for digit in "0123456789" if digit != code[index]])
    return code[:index] + digit + code[index + 1 :]


def _is_forgery(name: str) -> bool:
    return name == ANY or name in FORGERIES


# --- In a picture editor --------------------- ----------------------------------------------------

Attack = Literal["retyped_digit", "copied_digit", "pasted_field", "painted_over", "recaptured"]
ATTACKS: Final[tuple[Attack, ...]] = get_args(Attack)
"""Attacks in an editor.

A digit of the code retyped in another face; a digit copied over another of the same code; a value's
line pasted from another photo; a value painted over with the colour of its ground and retyped; a
photo of a screen.
"""
EDITORS: Final = (
    "Adobe Photoshop 24.0 (Windows)",
    "GIMP 2.10.34",
    "Adobe Illustrator 27.0",
    "美图秀秀",
    "PicsArt",
)
"""The names that these programs write into a file."""
Line = Sequence[float]
"""x0, y0, x1, y1 of a line of print, in pixels of the picture."""
_DIGITS: Final = "0123456789"
_FIELDS: Final = ("legal_representative", "name", "registered_capital", "established_on")
"""The fields besides the code that are worth forging, best first."""


@dataclass(frozen=True)
class Photo:
    """An upright picture, and the regions of its fields' values."""

    picture: Paper
    lines: Mapping[str, Sequence[Line]]


def attack_photo(
    photo: Photo, attack: Attack, seed: int, donor: Photo | None = None
) -> tuple[Paper, Line] | None:
    """Return `photo` after `attack`, and the altered region; None if it has no place for the
    attack.

    `donor` is another company's photo, the source of a pasted field.
    """
    rng = np.random.default_rng(list(f"attack {attack} {seed}".encode()))
    if attack == "recaptured":
        height, width = photo.picture.shape[:2]
        return photograph_page(photo.picture, "recapture", rng), (0, 0, width, height)
    if attack in ("retyped_digit", "copied_digit"):
        return _on_code(photo, attack, rng)
    field = next((name for name in _FIELDS if photo.lines.get(name)), "")
    if not field:
        return None
    if attack == "painted_over":
        return _painted_over(photo.picture, photo.lines[field][0], rng)
    return (
        _pasted(photo.picture, photo.lines[field][0], donor.picture, donor.lines[field][0])
        if donor and donor.lines.get(field)
        else None
    )


def save_as_editor(picture: Paper, quality: int, editor: str = "") -> bytes:
    """Return `picture` as a JPEG saved by an editor, with the `editor`'s name if it leaves one."""
    file, exif = io.BytesIO(), Image.Exif()
    if editor:
        exif[ExifTags.Base.Software] = editor
    Image.fromarray(picture).save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


def _on_code(photo: Photo, attack: Attack, rng: np.random.Generator) -> tuple[Paper, Line] | None:
    if not photo.lines.get("uscc"):
        return None
    cells = _cells(photo.picture, photo.lines["uscc"][0], 18)
    index, other = (int(at) for at in rng.choice(np.arange(2, 17), 2, replace=False))
    x0, y0, x1, y1 = cells[index]
    result = photo.picture.copy()
    if attack == "copied_digit":
        left, top, right, bottom = cells[other]
        width, height = min(x1 - x0, right - left), min(y1 - y0, bottom - top)
        result[y0 : y0 + height, x0 : x0 + width] = photo.picture[
            top : top + height, left : left + width
        ]
        return result, (x0, y0, x0 + width, y0 + height)
    ground, ink = _colours(photo.picture[y0:y1, x0:x1])
    result[y0:y1, x0:x1] = ground
    typed = _typed(result, (x0, y0, x1, y1), str(rng.choice(list(_DIGITS))), "hei", ink)
    return typed, (x0, y0, x1, y1)


def _painted_over(picture: Paper, line: Line, rng: np.random.Generator) -> tuple[Paper, Line]:
    x0, y0, x1, y1 = (round(side) for side in line)
    ground, ink = _colours(picture[y0:y1, x0:x1])
    result = picture.copy()
    result[y0:y1, x0:x1] = ground
    count = max(2, round((x1 - x0) / max(1, y1 - y0)))
    text = "".join(
        str(rng.choice(list("林知白见山问渠怀瑾行简未央星野青禾云帆"))) for _ in range(count)
    )
    return _typed(result, (x0, y0, x1, y1), text, "song", ink), (x0, y0, x1, y1)


def _pasted(picture: Paper, line: Line, donor: Paper, theirs: Line) -> tuple[Paper, Line]:
    """Paste the donor's line, scaled to the height of ours, as far as there is room."""
    x0, y0, x1, y1 = (round(side) for side in line)
    left, top, right, bottom = (round(side) for side in theirs)
    piece = donor[top:bottom, left:right]
    scale = (y1 - y0) / max(1, bottom - top)
    width = max(8, min(round(piece.shape[1] * scale), picture.shape[1] - x0))
    result = picture.copy()
    result[y0:y1, x0:x1] = _colours(picture[y0:y1, x0:x1])[0]
    result[y0:y1, x0 : x0 + width] = cv2.resize(
        piece, (width, y1 - y0), interpolation=cv2.INTER_CUBIC
    )
    return result, (x0, y0, max(x1, x0 + width), y1)


def _cells(picture: Paper, line: Line, count: int) -> list[tuple[int, int, int, int]]:
    """Return the regions of `count` equally wide characters, from first to last ink of `line`."""
    x0, y0, x1, y1 = (round(side) for side in line)
    grey = cv2.cvtColor(picture[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY).astype(np.float32)
    dark = grey.min(axis=0) < (np.median(grey) + grey.min()) / 2
    inked_columns = np.flatnonzero(dark)
    left, right = (
        (x0 + int(inked_columns[0]), x0 + int(inked_columns[-1]) + 1)
        if len(inked_columns)
        else (x0, x1)
    )
    step = (right - left) / count
    return [(round(left + i * step), y0, round(left + (i + 1) * step), y1) for i in range(count)]


def _colours(patch: Paper) -> tuple[Paper, tuple[int, int, int]]:
    """Return the ground of `patch` as one colour, and the colour of its ink."""
    pixels = patch.reshape(-1, 3)
    light = pixels.sum(axis=1)
    ground = np.median(pixels[light >= np.percentile(light, 60)], axis=0).astype(np.uint8)
    red, green, blue = np.median(pixels[light <= np.percentile(light, 4)], axis=0)
    return ground, (int(red), int(green), int(blue))


def _typed(
    picture: Paper, box: tuple[int, int, int, int], text: str, face: Face, ink: tuple[int, int, int]
) -> Paper:
    """Set `text` into `box` in letters that fit it, with edges as soft as a screen's."""
    x0, y0, x1, y1 = box
    size = max(8, round((y1 - y0) * 0.78))
    while size > 8 and load_font(face, size).getlength(text) > (x1 - x0) * 1.05:
        size -= 1
    mask = Image.new("L", (picture.shape[1], picture.shape[0]))
    ImageDraw.Draw(mask).text(
        ((x0 + x1) / 2, (y0 + y1) / 2), text, 255, load_font(face, size), "mm"
    )
    return lay_ink(picture, np.asarray(mask), ink)
