"""Resumes that are pictures of a page: scans, photographs and screenshots."""

from __future__ import annotations

import io
import random
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.resumes.cvs.pages import dark_column, one_line, table, text_page
from benchmarks.resumes.cvs.people import Person, contact_lines, person
from benchmarks.resumes.cvs.sheet import A4, Cv, Sheet, Truth, broken, rendered, truth_of
from documents.typesetting import load_font


def _warped(
    pdf: bytes, values: tuple[str, ...], dpi: float, corners: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], tuple[Truth, ...]]:
    """Return the first page of `pdf` with its corners at `corners` (shares of the picture), and its
    characters there.
    """
    image = np.asarray(rendered(pdf, dpi))
    high, wide = image.shape[:2]
    source = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, (corners * (wide, high)).astype(np.float32))
    picture = cv2.warpPerspective(
        image,
        matrix,
        (wide, high),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(214, 208, 196),
    )
    truth = []
    for each in truth_of(pdf, values)[0]:
        x0, y0, x1, y1 = each.box
        box = np.array(
            [
                [
                    [x0 * wide, y0 * high],
                    [x1 * wide, y0 * high],
                    [x1 * wide, y1 * high],
                    [x0 * wide, y1 * high],
                ]
            ],
            np.float32,
        )
        moved = cv2.perspectiveTransform(box, matrix)[0] / (wide, high)
        truth.append(
            Truth(
                each.character,
                (*moved.min(axis=0).tolist(), *moved.max(axis=0).tolist()),
                each.planted,
            )
        )  # type: ignore[arg-type]
    return picture, tuple(truth)


def _noisy(picture: np.ndarray[Any, Any], rng: random.Random, amount: float) -> Image.Image:
    noise = np.random.default_rng(rng.randrange(2**31)).normal(0, amount, picture.shape)
    return Image.fromarray(
        np.clip(cv2.GaussianBlur(picture, (0, 0), 0.6).astype(np.float64) + noise, 0, 255).astype(
            np.uint8
        )
    )


def _page_of(rng: random.Random, chinese: bool) -> tuple[bytes, Person, tuple[str, ...]]:
    made = rng.choice(
        (text_page(""), text_page("groups"), text_page("hyphens"), one_line, dark_column, table)
    )
    state = rng.getstate()
    who = person(rng, chinese)
    rng.setstate(state)
    cv = made(rng, chinese)
    return cv.data, who, cv.written


def scan(rng: random.Random, chinese: bool) -> Cv:
    """A page that was scanned askew, in a PDF."""
    pdf, who, values = _page_of(rng, chinese)
    rotation = np.deg2rad(rng.uniform(-2.2, 2.2))
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5
    aspect = A4[1] / A4[0]
    x, y = square[:, 0], square[:, 1]
    rotated = np.stack(
        [
            x * np.cos(rotation) - y * aspect * np.sin(rotation),
            x / aspect * np.sin(rotation) + y * np.cos(rotation),
        ],
        axis=1,
    )
    corners = rotated * 0.96 + 0.5
    picture, truth = _warped(pdf, values, rng.choice((150, 200)), corners)
    image = _noisy(picture, rng, 5)
    if rng.random() < 0.5:
        image = image.convert("L").convert("RGB")
    sheet = Sheet()
    sheet.picture(0, 0, *A4, image)
    return Cv("scan", sheet.saved(), who.planted, (truth,), values)


def sideways(rng: random.Random, chinese: bool) -> Cv:
    """A scan that was turned by 90 or 270 degrees."""
    pdf, who, _ = _page_of(rng, chinese)
    image = rendered(pdf, 150).rotate(rng.choice((90, 270)), expand=True)
    out = io.BytesIO()
    image.save(out, "PNG")
    return Cv("sideways", out.getvalue(), who.planted)


def photo(rng: random.Random, chinese: bool) -> Cv:
    """A page photographed at a slight angle."""
    pdf, who, values = _page_of(rng, chinese)
    corners = np.array([[0.04, 0.04], [0.96, 0.04], [0.96, 0.96], [0.04, 0.96]]) + np.array(
        [[rng.uniform(-0.03, 0.03) for _ in range(2)] for _ in range(4)]
    )
    picture, truth = _warped(pdf, values, 220, corners)
    high, wide = picture.shape[:2]
    light = (
        np.linspace(rng.uniform(0.75, 0.95), 1.0, wide)[None, :, None]
        * np.linspace(1.0, rng.uniform(0.8, 1.0), high)[:, None, None]
    )
    out = io.BytesIO()
    _noisy((picture * light).astype(np.uint8), rng, 4).save(
        out, "JPEG", quality=rng.choice((70, 80, 90))
    )
    return Cv("photo", out.getvalue(), who.planted, (truth,), values)


def screenshot(rng: random.Random, chinese: bool) -> Cv:
    """A resume in a phone's browser, much taller than wide."""
    who = person(rng, chinese)
    lines, _ = contact_lines(who, rng)
    parts = [
        who.name,
        *(who.lines[:3]),
        *(part for line in who.lines for part in broken(line, 36, 980, "song")),
        *lines,
        *who.lines[3:6],
    ]
    parts = [piece for part in parts for piece in broken(part, 36, 980, "song")]
    image = Image.new("RGB", (1080, 120 + 76 * len(parts)), "white")
    for number, part in enumerate(parts):
        ImageDraw.Draw(image).text((50, 60 + 76 * number), part, "#222222", load_font("song", 36))
    out = io.BytesIO()
    image.save(out, "PNG")
    return Cv("screenshot", out.getvalue(), who.planted)
