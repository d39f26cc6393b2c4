"""Photographs of a sheet of paper: desk, angle, light, lens and file, alone or combined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.typesetting import Colour, Paper, Plate, lay_ink, smooth_noise

Rng = np.random.Generator
_Floats = npt.NDArray[np.float32]
QUARTERS: Final = (0, 90, 180, 270)
_PAGE_DPI: Final = 137
"""Pages are drawn at 1600 px for the 297 mm of A4."""
_ONLY_FOR: Final = (
    "仅供招聘平台认证使用",
    "仅供企业认证使用，再次复印无效",
    "此复印件仅供办理资质审核使用",
)
_DESKS: Final = (
    (150, 118, 84),
    (96, 72, 54),
    (188, 186, 182),
    (120, 124, 128),
    (206, 190, 160),
    (64, 66, 70),
)


def photograph_page(page: Paper, damage: str, rng: Rng) -> Paper:
    """Return `page` with `damage`: a name in DAMAGES, or several joined by "+", applied in order.

    "turned" alone is a phone's photo, turned.
    """
    for name in _ALONE.get(damage, damage).split("+"):
        for step in _STEPS[name]:
            page = step(page, rng)
    return page


def rotate_page(page: Paper, degrees: int) -> Paper:
    """Return `page` turned clockwise by `degrees`, one of QUARTERS."""
    return np.ascontiguousarray(np.rot90(page, -degrees // 90))


def _on_desk(
    lean: float, near: tuple[float, float], tilt: float, bend: float
) -> Callable[[Paper, Rng], Paper]:
    """Put the sheet on a desk.

    `lean` is how far corners move, as a share of the frame; `near` the share of the frame's width
    and height that the sheet fills; `tilt` the most degrees; `bend` the pixels that the paper
    bulges.
    """

    def step(page: Paper, rng: Rng) -> Paper:
        height, width = page.shape[:2]
        frame = (
            (round(max(width, height * 4 / 3) * 1.06), round(max(height, width * 3 / 4) * 1.06))
            if width > height
            else (
                round(max(width, height * 3 / 4) * 1.06),
                round(max(height, width * 4 / 3) * 1.06),
            )
        )
        corners = _corners(rng, page, frame, lean, float(rng.uniform(*near)), tilt)
        matrix = cv2.getPerspectiveTransform(
            np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32), corners
        )
        inside = np.full((height, width), 255, np.uint8)
        if bend:
            page = _bulged(page, rng, bend)
        photo = _desk(rng, frame)
        mask = cv2.warpPerspective(inside, matrix, frame, flags=cv2.INTER_LINEAR)
        photo = _shaded_around(photo, mask, rng)
        sheet = cv2.warpPerspective(
            page, matrix, frame, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return _over(photo, np.asarray(sheet, np.uint8), np.asarray(mask, np.uint8))

    return step


def _corners(
    rng: Rng, page: Paper, frame: tuple[int, int], lean: float, near: float, tilt: float
) -> _Floats:
    """Return the positions of the sheet's corners in the frame, clockwise from the top left."""
    height, width = page.shape[:2]
    scale = near * min(frame[0] / width, frame[1] / height)
    half = (
        np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32)
        * np.array([width, height], np.float32)
        * scale
        / 2
    )
    away = float(rng.uniform(-1, 1)) * lean * 2  # the side farther from the lens looks shorter
    side = float(rng.uniform(-1, 1)) * lean * 2
    half *= 1 + np.array([(-away, -side), (-away, side), (away, side), (away, -side)], np.float32)
    half += rng.uniform(-lean, lean, (4, 2)).astype(np.float32) * np.array(frame, np.float32) * 0.3
    angle = np.radians(rng.uniform(-tilt, tilt))
    rotation = np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32
    )
    corners = half @ rotation.T
    corners *= min(1.0, *(0.495 * np.array(frame, np.float32) / np.abs(corners).max(axis=0)))
    slack = 0.5 * np.array(frame, np.float32) - np.abs(corners).max(axis=0)
    return np.asarray(corners + np.array(frame) / 2 + rng.uniform(-0.6, 0.6, 2) * slack, np.float32)


def _bulged(page: Paper, rng: Rng, bend: float) -> Paper:
    """Return paper that is not flat: rows and columns drift by up to `bend` pixels."""
    height, width = page.shape[:2]
    phase, waves = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.4, 0.9, 2)
    down = (bend * np.sin(np.linspace(0, waves[0] * 2 * np.pi, width) + phase[0])).astype(
        np.float32
    )
    across = (bend * 0.6 * np.sin(np.linspace(0, waves[1] * 2 * np.pi, height) + phase[1])).astype(
        np.float32
    )
    xs = np.arange(width, dtype=np.float32)[None, :] + across[:, None]
    ys = np.arange(height, dtype=np.float32)[:, None] + down[None, :]
    return np.asarray(
        cv2.remap(page, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _desk(rng: Rng, frame: tuple[int, int]) -> Paper:
    """Return wood with its grain, or a plain table."""
    small = (frame[0] // 2, frame[1] // 2)
    colour = np.array(_DESKS[rng.integers(len(_DESKS))], np.float32)
    if rng.random() < 0.6:
        grain = (
            cv2.resize(
                rng.standard_normal((small[1] // 3, 5), dtype=np.float32),
                small,
                interpolation=cv2.INTER_CUBIC,
            )
            * 7
        )
        grain = (
            grain
            + cv2.resize(
                rng.standard_normal((14, 3), dtype=np.float32), small, interpolation=cv2.INTER_CUBIC
            )
            * 9
        )
    else:
        grain = smooth_noise(rng, small, small[0] // 2) * 4 + smooth_noise(rng, small, 6) * 4
    desk = np.clip(colour + grain[..., None] * np.array([1, 0.92, 0.8], np.float32), 0, 255).astype(
        np.uint8
    )
    return np.asarray(cv2.resize(desk, frame, interpolation=cv2.INTER_LINEAR), np.uint8)


def _shaded_around(
    photo: Paper, mask: npt.NDArray[np.uint8] | cv2.typing.MatLike, rng: Rng
) -> Paper:
    """Add the dark seam that a sheet casts on its surroundings."""
    small = cv2.resize(mask, (mask.shape[1] // 8, mask.shape[0] // 8), interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, rng.uniform(-1.5, 1.5)], [0, 1, rng.uniform(0, 1.5)]], np.float32)
    soft = cv2.GaussianBlur(
        cv2.warpAffine(small, shift, (small.shape[1], small.shape[0])), (0, 0), 1.6
    )
    shade = 1 - 0.45 * cv2.resize(soft, (mask.shape[1], mask.shape[0])).astype(np.float32) / 255
    return (photo * shade[..., None]).astype(np.uint8)


def _over(below: Paper, above: Paper, mask: npt.NDArray[np.uint8]) -> Paper:
    weight = mask[..., None].astype(np.uint16)
    return ((below * (255 - weight) + above * weight) // 255).astype(np.uint8)


def _light(depth: float, cast: float) -> Callable[[Paper, Rng], Paper]:
    """Add light that falls off to one side by `depth` (share), with a colour `cast` (share)."""

    def step(page: Paper, rng: Rng) -> Paper:
        small = (64, 48)
        angle = rng.uniform(0, 2 * np.pi)
        xs, ys = np.meshgrid(np.linspace(-1, 1, small[0]), np.linspace(-1, 1, small[1]))
        fall = (
            1
            - depth * (0.5 + 0.5 * (xs * np.cos(angle) + ys * np.sin(angle)))
            - depth * 0.25 * (xs**2 + ys**2) / 2
        )
        fall = fall.astype(np.float32) * (1 + 0.02 * smooth_noise(rng, small, 5))
        tint = 1 + rng.uniform(-cast, cast, 3).astype(np.float32)
        return _multiplied(page, fall[..., None] * tint)

    return step


def _multiplied(page: Paper, small: _Floats) -> Paper:
    """Return `page` times the small map `small` (rows × columns × 3), stretched over it."""
    light = cv2.resize(
        small.astype(np.float32), (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(cv2.multiply(page, light, dtype=cv2.CV_8U), np.uint8)


def _shadow(page: Paper, rng: Rng) -> Paper:
    """Add the soft shadow of the hand and phone over part of the sheet."""
    small = np.ones((90, 120), np.float32)
    middle = (
        float(rng.uniform(12, 108)),
        float(rng.choice((rng.uniform(-9, 18), rng.uniform(72, 99)))),
    )
    hand = float(rng.uniform(50, 90)), float(rng.uniform(50, 80))
    cv2.ellipse(
        small, (middle, hand, float(rng.uniform(0, 180))), float(rng.uniform(0.5, 0.68)), -1
    )
    soft = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(2.5, 6)))
    return _multiplied(page, np.repeat(np.asarray(soft, np.float32)[..., None], 3, axis=2))


def _glare(page: Paper, rng: Rng) -> Paper:
    """Add a lamp mirrored in the sheet: a bright patch that fades out."""
    small = np.zeros((90, 120), np.float32)
    middle = (float(rng.uniform(0.2, 0.8) * 120), float(rng.uniform(0.15, 0.85) * 90))
    cv2.ellipse(
        small,
        (
            middle,
            (float(rng.uniform(8, 22)), float(rng.uniform(8, 18))),
            float(rng.uniform(0, 180)),
        ),
        1.0,
        -1,
    )
    soft = cv2.GaussianBlur(small, (0, 0), 7) * float(rng.uniform(110, 190))
    added = cv2.resize(soft, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(page + np.asarray(added, np.float32)[..., None], 0, 255), np.uint8)


def _creased(page: Paper, rng: Rng) -> Paper:
    """Fold and unfold the page in the middle: a light and a dark line along each fold."""
    height, width = page.shape[:2]
    light = np.ones((height, width), np.float32)
    for across in (True, False)[: rng.integers(1, 3)]:
        at = round((width if across else height) * rng.uniform(0.47, 0.53))
        line = np.ones(width if across else height, np.float32)
        line[at - 2 : at] = 0.86
        line[at : at + 2] = 1.06
        line = np.asarray(cv2.GaussianBlur(line[None, :], (0, 0), 1.2), np.float32)[0]
        line[:at] *= np.linspace(1, 0.95, at, dtype=np.float32)
        light *= line[None, :] if across else line[:, None]
    return np.asarray(np.clip(page * light[..., None], 0, 255), np.uint8)


def _blur(least: float, most: float) -> Callable[[Paper, Rng], Paper]:
    """Blur the page by a deviation of `least` to `most` pixels, as if out of focus."""
    return lambda page, rng: np.asarray(
        cv2.GaussianBlur(page, (0, 0), float(rng.uniform(least, most))), np.uint8
    )


def _moved(page: Paper, rng: Rng) -> Paper:
    """Smear the page by 4 to 8 pixels in one direction, as a moving hand does."""
    size = int(rng.integers(4, 9))
    kernel = np.zeros((9, 9), np.float32)
    angle = rng.uniform(0, np.pi)
    ends = [
        (round(4 + sign * np.cos(angle) * size / 2), round(4 + sign * np.sin(angle) * size / 2))
        for sign in (-1, 1)
    ]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(page, -1, kernel / kernel.sum()), np.uint8)


def _noise(sigma: float) -> Callable[[Paper, Rng], Paper]:
    """Add the sensor's noise of deviation `sigma`, mostly in lightness."""

    def step(page: Paper, rng: Rng) -> Paper:
        height, width = page.shape[:2]
        grey = rng.standard_normal((height, width), dtype=np.float32) * sigma
        hue = cv2.resize(
            rng.standard_normal((height // 3, width // 3, 3), dtype=np.float32) * (sigma * 0.6),
            (width, height),
        )
        return np.clip(page + grey[..., None] + hue, 0, 255).astype(np.uint8)

    return step


def _file(least: int, most: int) -> Callable[[Paper, Rng], Paper]:
    """Save the page as a JPEG of quality `least` to `most`."""

    def step(page: Paper, rng: Rng) -> Paper:
        quality = int(rng.integers(least, most + 1))
        _, file = cv2.imencode(".jpg", page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.ascontiguousarray(
            np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        )

    return step


def _smaller(page: Paper, rng: Rng) -> Paper:
    """Shrink the page to about half, as messengers do."""
    scale = rng.uniform(0.45, 0.6)
    size = round(page.shape[1] * scale), round(page.shape[0] * scale)
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)


def _copied(page: Paper, rng: Rng) -> Paper:
    """Photocopy the page: grey, with more contrast."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY).astype(np.float32)
    hard = np.clip((grey - 128) * rng.uniform(1.25, 1.5) + 150, 0, 255).astype(np.uint8)
    return np.repeat(hard[..., None], 3, axis=2)


def _recaptured(page: Paper, rng: Rng) -> Paper:
    """Photograph the page from a screen: grids interfere, and blacks glow blue."""
    height, width = page.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, pitch = rng.uniform(-0.06, 0.06), rng.uniform(2.3, 3.1)
    along, across = xs * np.cos(angle) + ys * np.sin(angle), ys * np.cos(angle) - xs * np.sin(angle)
    fine = np.sin(along * (2 * np.pi / pitch)) * np.sin(across * (2 * np.pi / pitch))
    slow = np.sin(
        (xs * np.cos(angle * 9) + ys * np.sin(angle * 9)) * (2 * np.pi / rng.uniform(18, 30))
    )
    light = 1 + 0.1 * fine + 0.05 * slow
    return np.asarray(
        np.clip(page * light[..., None] * 0.9 + np.array([10, 14, 26], np.float32), 0, 255),
        np.uint8,
    )


def _cropped(page: Paper, rng: Rng) -> Paper:
    """Cut off the right or the lower fifth to third."""
    keep = rng.uniform(0.66, 0.8)
    height, width = page.shape[:2]
    return np.ascontiguousarray(
        page[:, : round(width * keep)] if rng.random() < 0.5 else page[: round(height * keep)]
    )


def _tilted(page: Paper, rng: Rng) -> Paper:
    return _on_desk(0.0, (0.9, 0.96), 9.0, 0.0)(page, rng)


def _scanned(page: Paper, rng: Rng) -> Paper:
    """Scan the page on a flatbed at 150 to 200 dots per inch.

    It is a little askew under a white lid, with grain and a hair's streak down the glass.
    """
    scale = float(rng.uniform(150, 200)) / _PAGE_DPI
    size = round(page.shape[1] * scale), round(page.shape[0] * scale)
    matrix = (
        cv2.getRotationMatrix2D(
            (page.shape[1] / 2, page.shape[0] / 2), float(rng.uniform(-1, 1)), 1.0
        )
        * scale
    )
    lid = (246, 247, 245)
    scan = cv2.warpAffine(
        page, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=lid
    )
    across = (
        np.ones((1, size[0], 1), np.float32)
        + 0.012 * smooth_noise(rng, (size[0], 2), 9)[:1, :, None]
    )
    streak = int(rng.integers(size[0]))
    across[0, streak : streak + 2] *= 0.94
    return np.asarray(np.clip(scan * across, 0, 255), np.uint8)


def _stamped(page: Paper, rng: Rng) -> Paper:
    """Write 仅供…使用 across the page, as careful people do before they hand out a copy.

    It is there once and large, or many times over the print.
    """
    height, width = page.shape[:2]
    side = round(np.hypot(width, height))
    text, many = str(rng.choice(_ONLY_FOR)), rng.random() < 0.6
    plate, size = Plate((side, side)), round(side * (0.024 if many else 0.042))
    for row, y in enumerate(range(0, side, size * 7) if many else [side // 2]):
        start = (-(row % 2) * size * 6) if many else round(side / 2 - len(text) * size / 2)
        for x in range(start, side if many else start + 1, size * (len(text) + 4)):
            plate.text(x, y, text, "song", size)
    rotation = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.uniform(18, 40)), 1.0)
    rotation[:, 2] += (width - side) / 2, (height - side) / 2
    mask = cv2.warpAffine(plate.mask, rotation, (width, height), flags=cv2.INTER_LINEAR)
    colours: tuple[Colour, ...] = ((60, 80, 170), (110, 112, 118), (196, 52, 60))
    return lay_ink(
        page,
        np.asarray(mask, np.uint8),
        colours[int(rng.integers(3))],
        float(rng.uniform(0.3, 0.5) if many else rng.uniform(0.5, 0.7)),
    )


def _dim(page: Paper, rng: Rng) -> Paper:
    """Reduce the light: dark and flat."""
    return (page * np.float32(rng.uniform(0.5, 0.66)) + np.float32(rng.uniform(6, 16))).astype(
        np.uint8
    )


_Step = Callable[[Paper, Rng], Paper]
_STEPS: Final[dict[str, tuple[_Step, ...]]] = {
    "none": (),
    "light": (
        _on_desk(0.02, (0.93, 0.99), 1.5, 3.0),
        _light(0.28, 0.03),
        _blur(0.45, 0.8),
        _noise(2.0),
        _file(80, 90),
    ),
    "heavy": (
        _creased,
        _on_desk(0.065, (0.86, 0.95), 7.0, 9.0),
        _light(0.42, 0.06),
        _shadow,
        _glare,
        _blur(0.8, 1.3),
        _noise(6.0),
        _file(38, 55),
    ),
    "scan": (_scanned, _noise(1.5), _file(70, 88)),
    "phone": (
        _on_desk(0.045, (0.85, 0.96), 4.0, 5.0),
        _light(0.38, 0.05),
        _blur(0.55, 1.0),
        _noise(3.0),
        _file(66, 82),
    ),
    "hard": (
        _stamped,
        _on_desk(0.085, (0.84, 0.95), 8.0, 6.0),
        _light(0.42, 0.06),
        _shadow,
        _dim,
        _blur(0.8, 1.25),
        _noise(4.0),
        _file(40, 40),
    ),
    "perspective": (_on_desk(0.09, (0.9, 0.97), 4.0, 0.0),),
    "tilted": (_tilted,),
    "creased": (_creased,),
    "light_gradient": (_light(0.6, 0.04),),
    "shadow": (_shadow,),
    "glare": (_glare,),
    "blur": (_blur(1.2, 2.0),),
    "motion_blur": (_moved,),
    "noise": (_noise(14.0),),
    "low_quality": (_file(14, 24),),
    "small": (_smaller,),
    "photocopy": (_copied,),
    "recapture": (_recaptured,),
    "cropped": (_cropped,),
    "turned": (lambda page, rng: rotate_page(page, int(rng.choice(QUARTERS[1:]))),),
}
DAMAGES: Final = tuple(_STEPS)
"""The damages of a picture.

Whole pictures: "scan" from a flatbed, "light" a careful photo, "phone" an ordinary one, "heavy" and
"hard" poor ones that a person can still read, "turned" an ordinary one on its side or upside down.
The others are single faults.
"""
_ALONE: Final = {"turned": "phone+turned"}
"""The meaning of a name that is not joined to others."""
