"""Blank forms of a licence, before a company is printed on them.

Both forms resemble the paper in use (frame of guilloche or meander, emblem, foil title, pale
repeated words), and neither copies an official design: the emblem is a plain disc of hills and
water, and in place of an authority's name the sheet says that it is a fictitious specimen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from documents.typesetting import Colour, Paper, Plate, lay_ink, smooth_noise

Edition = Literal["landscape", "portrait"]
"""The edition of 2019 and later, and the one of 2015 to 2018."""
EDITIONS: Final[tuple[Edition, ...]] = ("landscape", "portrait")
Foil = Literal["gold", "dark"]
Copy = Literal["正本", "副本"]

MARK: Final = "样本·虚构 SPECIMEN 仅供测试，不具法律效力"
"""Printed in the margin of every sheet."""
_TITLE: Final = "营业执照"
_FINE: Final = 2
"""Ornaments are drawn this many times larger and shrunk, for the soft edge of print."""


@dataclass(frozen=True)
class Plan:
    """The positions of the fixed parts of a form, in pixels of its page."""

    size: tuple[int, int]
    frame: tuple[int, int, int, int]
    """x0, y0, x1, y1 of the frame's outer edge."""
    emblem: tuple[int, int, int]
    """Middle and radius."""
    title: tuple[int, int, int, int]
    """x0, y0, x1, y1 of its four characters."""
    footer: int
    """Baseline."""
    paper: Colour
    border: Colour


PLANS: Final[dict[Edition, Plan]] = {
    "landscape": Plan(
        (1600, 1130),
        (48, 140, 1552, 1050),
        (800, 148, 96),
        (494, 306, 1106, 438),
        1084,
        (243, 240, 234),
        (112, 116, 100),
    ),
    "portrait": Plan(
        (1130, 1600),
        (66, 96, 1064, 1530),
        (565, 268, 98),
        (266, 402, 864, 512),
        1564,
        (248, 245, 236),
        (186, 168, 118),
    ),
}


@lru_cache(maxsize=8)
def blank_form(edition: Edition, foil: Foil) -> Paper:
    """Return the sheet of `edition` with its title in `foil`, read-only. Always the same."""
    plan = PLANS[edition]
    sheet = _paper(plan)
    sheet = lay_ink(sheet, _pale_words(plan), _darker(plan.paper, 0.955))
    frame = _guilloche(plan) if edition == "landscape" else _meander(plan)
    sheet = lay_ink(sheet, frame, plan.border, 0.9)
    sheet = _with_emblem(sheet, plan)
    sheet = _with_title(sheet, plan, foil)
    sheet.setflags(write=False)
    return sheet


def _darker(colour: Colour, by: float) -> Colour:
    red, green, blue = (round(part * by) for part in colour)
    return red, green, blue


def _paper(plan: Plan) -> Paper:
    """Return paper with slightly uneven fibres."""
    width = plan.size[0]
    rng = np.random.default_rng(width)
    grain = smooth_noise(rng, plan.size, width // 2) * 0.7 + smooth_noise(rng, plan.size, 40) * 0.9
    return np.clip(np.array(plan.paper, np.float32) + grain[..., None], 0, 255).astype(np.uint8)


def _pale_words(plan: Plan) -> npt.NDArray[np.uint8]:
    """SPECIMEN over the whole sheet in staggered rows, and 样本虚构 across its middle."""
    plate = Plate(plan.size)
    (x0, y0, x1, y1), size = plan.frame, 40
    for row, y in enumerate(range(y0 + 110, y1 - 60, 148)):
        for x in range(x0 + (40 if row % 2 else 230), x1 - 200, 385):
            plate.text(x, y, "SPECIMEN", "hei", size)
    plate.spread(plan.size[0] / 2 - 220, (y0 + y1) / 2 + 20, "样本虚构", "hei", 54, 440)
    return plate.mask


def _canvas(plan: Plan) -> npt.NDArray[np.uint8]:
    return np.zeros((plan.size[1] * _FINE, plan.size[0] * _FINE), np.uint8)


def _shrunk(fine: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _guilloche(plan: Plan) -> npt.NDArray[np.uint8]:
    """A band of overlapping scales between two rules, with a scalloped inner edge."""
    canvas, band, pitch = _canvas(plan), 34 * _FINE, 40 * _FINE
    x0, y0, x1, y1 = (value * _FINE for value in plan.frame)
    cv2.rectangle(canvas, (x0, y0), (x1, y1), 130, band * 2)
    canvas[: y0 - 2], canvas[y1 + 3 :], canvas[:, : x0 - 2], canvas[:, x1 + 3 :] = 0, 0, 0, 0
    steps = [
        (x, y, rotation) for x in range(x0, x1 + 1, pitch) for y, rotation in ((y0, 0), (y1, 180))
    ]
    steps += [
        (x, y, rotation) for y in range(y0, y1 + 1, pitch) for x, rotation in ((x0, 270), (x1, 90))
    ]
    for x, y, rotation in steps:
        inwards = {0: (0, 1), 180: (0, -1), 90: (-1, 0), 270: (1, 0)}[rotation]
        middle = (x + inwards[0] * band, y + inwards[1] * band)
        cv2.circle(canvas, middle, pitch // 2, 130, -1, cv2.LINE_AA)
    for x, y, rotation in steps:
        inwards = {0: (0, 1), 180: (0, -1), 90: (-1, 0), 270: (1, 0)}[rotation]
        for depth, shift in ((0.0, 0), (0.5, pitch // 2), (1.0, 0)):
            middle = (
                round(x + inwards[0] * band * depth + abs(inwards[1]) * shift),
                round(y + inwards[1] * band * depth + abs(inwards[0]) * shift),
            )
            for radius in range(4 * _FINE, pitch // 2 + 1, 4 * _FINE):
                cv2.ellipse(
                    canvas,
                    middle,
                    (radius, radius),
                    rotation,
                    0,
                    180,
                    235 if radius % 8 else 60,
                    _FINE,
                    cv2.LINE_AA,
                )
    canvas[: y0 - 2], canvas[y1 + 3 :], canvas[:, : x0 - 2], canvas[:, x1 + 3 :] = 0, 0, 0, 0
    for gap in (0, 7 * _FINE):
        cv2.rectangle(canvas, (x0 + gap, y0 + gap), (x1 - gap, y1 - gap), 255, 2 * _FINE)
    return _shrunk(canvas, plan.size)


_KEY: Final = ((0, 10), (0, 0), (9, 0), (9, 7), (3, 7), (3, 3), (6, 3), (6, 5))
"""One loop of the meander on a grid of 12 × 10."""


def _meander(plan: Plan) -> npt.NDArray[np.uint8]:
    """A key pattern between thin rules, as on the older edition."""
    canvas, unit = _canvas(plan), 1.75 * _FINE
    x0, y0, x1, y1 = plan.frame
    for gap in (0, 26):
        cv2.rectangle(
            canvas,
            ((x0 + gap) * _FINE, (y0 + gap) * _FINE),
            ((x1 - gap) * _FINE, (y1 - gap) * _FINE),
            200,
            _FINE,
        )
    key = np.array(_KEY, np.float32) * unit
    pitch = 12 * unit
    for side, length in (
        ("top", x1 - x0),
        ("bottom", x1 - x0),
        ("left", y1 - y0),
        ("right", y1 - y0),
    ):
        for start in np.arange(5 * _FINE, length * _FINE - pitch, pitch):
            along, across = key[:, 0] + start, key[:, 1] + 4 * _FINE
            if side in ("bottom", "right"):
                across = 26 * _FINE - across
            points = np.stack(
                (along, across) if side in ("top", "bottom") else (across, along), axis=1
            )
            corner = (
                (x1 - 26) * _FINE if side == "right" else x0 * _FINE,
                (y1 - 26) * _FINE if side == "bottom" else y0 * _FINE,
            )
            cv2.polylines(
                canvas,
                [np.round(points + corner).astype(np.int32)],
                False,
                255,
                2 * _FINE,
                cv2.LINE_AA,
            )
    return _shrunk(canvas, plan.size)


def _with_emblem(sheet: Paper, plan: Plan) -> Paper:
    """A red disc in a gold ring over a red drape, with hills, water and a rising sun in gold."""
    x, y, radius = (value * _FINE for value in plan.emblem)
    drape, rim, gold = _canvas(plan), _canvas(plan), _canvas(plan)
    foot = np.array(
        [
            (x - radius * 0.72, y + radius * 0.6),
            (x + radius * 0.72, y + radius * 0.6),
            (x + radius * 0.66, y + radius * 1.12),
            (x, y + radius * 1.0),
            (x - radius * 0.66, y + radius * 1.12),
        ]
    )
    cv2.fillPoly(drape, [foot.astype(np.int32)], 255, cv2.LINE_AA)
    cv2.circle(drape, (x, y), radius, 255, -1, cv2.LINE_AA)
    cv2.circle(rim, (x, y), round(radius * 0.92), 255, round(radius * 0.14), cv2.LINE_AA)
    for angle in np.arange(0, 2 * np.pi, np.pi / 36):
        inner, outer = (
            (
                round(x + np.cos(angle + lean) * radius * reach),
                round(y + np.sin(angle + lean) * radius * reach),
            )
            for lean, reach in ((0.0, 0.85), (0.09, 0.99))
        )
        cv2.line(rim, inner, outer, 120, _FINE, cv2.LINE_AA)
    cv2.circle(gold, (x, round(y - radius * 0.32)), round(radius * 0.17), 255, -1, cv2.LINE_AA)
    for peak, tall in ((-0.34, 0.3), (0.3, 0.38), (0.0, 0.5)):
        outline = np.array([(peak - 0.36, 0.28), (peak, 0.28 - tall), (peak + 0.36, 0.28)])
        hill = (outline * radius + (x, y)).astype(np.int32)
        cv2.fillPoly(gold, [hill], 255, cv2.LINE_AA)
        cv2.polylines(gold, [hill], True, 0, 2 * _FINE, cv2.LINE_AA)
    for depth in (0.38, 0.48, 0.58):
        along = np.linspace(-0.55 + depth * 0.3, 0.55 - depth * 0.3, 40)
        wave = np.stack(
            (x + radius * along, y + radius * (depth + 0.03 * np.sin(along * 22))), axis=1
        )
        cv2.polylines(gold, [wave.astype(np.int32)], False, 255, round(radius * 0.035), cv2.LINE_AA)
    for mask, colour in ((drape, (206, 44, 40)), (rim, (204, 160, 62)), (gold, (222, 182, 84))):
        sheet = lay_ink(sheet, _shrunk(mask, plan.size), colour, 0.96)
    return sheet


def _with_title(sheet: Paper, plan: Plan, foil: Foil) -> Paper:
    """营业执照 in tall bold letters; foil has light and dark bands, as it mirrors the room."""
    plate = Plate(plan.size)
    x0, y0, x1, y1 = plan.title
    wide = (y1 - y0) * 0.78
    step = (x1 - x0 - wide) / 3
    for i, character in enumerate(_TITLE):
        plate.stretched(x0 + i * step, y0, character, "hei", 160, (wide, y1 - y0))
    width, height = plan.size
    bands = (
        np.sin(np.linspace(0, 9, width))[None, :] * 0.5
        + np.sin(np.linspace(0, height / 45, height))[:, None] * 0.5
    )
    dark, bright = (
        ((120, 84, 22), (214, 172, 66)) if foil == "gold" else ((44, 34, 22), (92, 74, 44))
    )
    amount = (np.clip(bands, -1, 1)[..., None] + 1) / 2
    colour = (np.array(dark) + (np.array(bright) - np.array(dark)) * amount).astype(np.uint8)
    return lay_ink(sheet, plate.mask, colour)
