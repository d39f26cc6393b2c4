"""Ways in which a page is leaked, as operations on its pixels; optics are simulated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from documents.specimens.photograph import photograph_page

Rng = np.random.Generator
Picture = npt.NDArray[np.uint8]
Attack = Callable[[Picture, Rng], Picture]


def jpeg(page: Picture, rng: Rng, quality: int) -> Picture:
    _, file = cv2.imencode(".jpg", page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(
        np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
    )


def scaled(page: Picture, rng: Rng, by: float) -> Picture:
    size = max(1, round(page.shape[1] * by)), max(1, round(page.shape[0] * by))
    return np.asarray(
        cv2.resize(page, size, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC),
        np.uint8,
    )


def cropped(page: Picture, rng: Rng, area: float) -> Picture:
    """Return a part of the page with text, `area` large, saved again."""
    height, width = (round(side * area**0.5) for side in page.shape[:2])
    ink = cv2.integral((page.min(axis=2) < 120).astype(np.uint8))
    tiles = []
    for _ in range(12):
        y, x = (
            int(rng.integers(page.shape[0] - height + 1)),
            int(rng.integers(page.shape[1] - width + 1)),
        )
        tiles.append(
            (
                int(
                    ink[y + height, x + width] - ink[y, x + width] - ink[y + height, x] + ink[y, x]
                ),
                y,
                x,
            )
        )
    # Not the fullest part: one with some text, as a person would crop it.
    _, y, x = sorted(tiles)[len(tiles) * 2 // 3]
    return jpeg(page[y : y + height, x : x + width], rng, 85)


def screenshot(page: Picture, rng: Rng) -> Picture:
    """Return a viewer's window with the zoomed page, cut off at the bottom, on a grey background
    with a bar on top.
    """
    by = float(rng.uniform(0.62, 0.95))
    shown = scaled(page, rng, by)
    height, width = round(shown.shape[0] * rng.uniform(0.6, 1.0)), shown.shape[1]
    left = int(rng.integers(40, 400))
    window = np.full(
        (height + 90, width + left + int(rng.integers(40, 400)), 3), (82, 86, 89), np.uint8
    )
    window[:60] = (50, 54, 57)
    for x in range(20, window.shape[1] - 60, 90):
        cv2.circle(window, (x, 30), 8, (200, 200, 204), -1, cv2.LINE_AA)
    window[80 : 80 + height, left : left + width] = shown[:height]
    return jpeg(window, rng, int(rng.integers(70, 95)))


def blurred(page: Picture, rng: Rng) -> Picture:
    return jpeg(np.asarray(cv2.GaussianBlur(page, (0, 0), 1.6), np.uint8), rng, 80)


def print_scanned(page: Picture, rng: Rng) -> Picture:
    """Printed with a halftone screen at 600 dpi in black, scanned up to 3 degrees askew at
    200 dpi.
    """
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    fine = cv2.resize(grey, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    ys, xs = np.mgrid[0:8, 0:8] * (2 * np.pi / 8)
    screen = np.cos(xs + ys) + np.cos(xs - ys)  # growing dots, at 45 degrees
    rank = np.empty(64)
    rank[(screen + rng.normal(0, 1e-6, screen.shape)).ravel().argsort()] = np.arange(64)
    threshold = ((rank.reshape(8, 8) + 0.5) * 4).astype(np.uint8)
    tiles = np.tile(threshold, (fine.shape[0] // 8 + 1, fine.shape[1] // 8 + 1))[
        : fine.shape[0], : fine.shape[1]
    ]
    dots = np.where(fine > tiles, 255, 20).astype(np.uint8)
    soft = cv2.GaussianBlur(dots, (0, 0), 1.8)
    rotation = cv2.getRotationMatrix2D(
        (soft.shape[1] / 2, soft.shape[0] / 2), float(rng.uniform(-3, 3)), 1.0
    )
    rotated = cv2.warpAffine(
        soft, rotation, (soft.shape[1], soft.shape[0]), flags=cv2.INTER_LINEAR, borderValue=240
    )
    scan = cv2.resize(rotated, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
    scan = 18 + scan * rng.uniform(0.86, 0.92) + rng.normal(0, 2.5, scan.shape)
    return jpeg(np.repeat(np.clip(scan, 0, 255).astype(np.uint8)[..., None], 3, axis=2), rng, 80)


def phone_photo(page: Picture, rng: Rng) -> Picture:
    """Photographed by hand from a sheet on a desk: up to 15 % of perspective, bulging paper, uneven
    light, noise, JPEG.
    """
    return photograph_page(scaled(page, rng, 1.6), "phone", rng)


def angled_photo(page: Picture, rng: Rng) -> Picture:
    """A flat page photographed from the side: one edge is up to 15 % shorter than the other."""
    height, width = page.shape[:2]
    lean = rng.uniform(0.05, 0.15)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + 80
    inward = width * lean / 2
    if rng.random() < 0.5:
        moved[0, 0], moved[1, 0] = moved[0, 0] + inward, moved[1, 0] - inward
    else:
        moved[1, 1], moved[2, 1] = moved[1, 1] + height * lean / 2, moved[2, 1] - height * lean / 2
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    photo = cv2.warpPerspective(
        page, matrix, (width + 160, height + 160), flags=cv2.INTER_LINEAR, borderValue=(110, 96, 80)
    )
    light = np.linspace(0.72, 1.0, photo.shape[1], dtype=np.float32)[None, :, None]
    noisy = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.8), np.float32) * light + rng.normal(
        0, 4, photo.shape
    )
    return jpeg(np.clip(noisy, 0, 255).astype(np.uint8), rng, 75)


def sent_again(page: Picture, rng: Rng) -> Picture:
    """Forwarded twice by a messenger: 1080 pixels wide, JPEG 60, JPEG 60."""
    return jpeg(jpeg(scaled(page, rng, 1080 / page.shape[1]), rng, 60), rng, 60)


def one_bit(page: Picture, rng: Rng) -> Picture:
    """Black and white, like a fax."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    return np.repeat(np.where(grey > 160, 255, 0).astype(np.uint8)[..., None], 3, axis=2)


def whitened(page: Picture, rng: Rng) -> Picture:
    """Levels: everything lighter than 200 becomes white, to remove the visible mark from
    the paper.
    """
    return jpeg(np.clip(page.astype(np.float32) * (255 / 200), 0, 255).astype(np.uint8), rng, 85)


def few_greys(page: Picture, rng: Rng) -> Picture:
    """Eight grey levels."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    return np.repeat(
        (np.round(grey / (255 / 7)) * (255 / 7)).astype(np.uint8)[..., None], 3, axis=2
    )


def rotated(page: Picture, rng: Rng) -> Picture:
    return jpeg(np.ascontiguousarray(np.rot90(page, int(rng.integers(1, 4)))), rng, 80)


def smoothed(page: Picture, rng: Rng) -> Picture:
    """An attack that targets pale cells: a median filter, then an even paper."""
    median = cv2.medianBlur(page, 3).astype(np.float32)
    around = cv2.blur(np.asarray(cv2.dilate(median, np.ones((15, 15))), np.float32), (31, 31))
    return jpeg(np.clip(median / around * 255, 0, 255).astype(np.uint8), rng, 85)


ATTACKS: Final[dict[str, Attack]] = {
    "as released": lambda page, rng: page,
    **{f"JPEG {quality}": partial(jpeg, quality=quality) for quality in (90, 60, 30)},
    **{f"scale {by}": partial(scaled, by=by) for by in (0.75, 0.5, 0.4)},
    **{
        f"crop {round(area * 100)} %": partial(cropped, area=area) for area in (0.8, 0.5, 0.25, 0.1)
    },
    "screenshot": screenshot,
    "blur": blurred,
    "print and scan": print_scanned,
    "phone photo": phone_photo,
    "photo at an angle": angled_photo,
    "1080 px twice": sent_again,
    "1 bit": one_bit,
    "whitened": whitened,
    "8 greys": few_greys,
    "median, paper evened": smoothed,
    "turned": rotated,
}
"""Ways to leak one page of one copy."""


def averaged(pages: list[Picture]) -> Picture:
    """Return the average of several copies, to remove what differs between them."""
    return np.mean(np.stack(pages).astype(np.float32), axis=0).round().astype(np.uint8)
