"""Tests of the fingerprint: pictures saved again match, other companies' do not."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from documents.similarity.perceptual_hash import BITS, NEAR, fingerprint, hash_distance
from documents.specimens import make_specimen

SEEDS = range(8)
FINGERPRINTS = st.integers(0, 2**BITS - 1).map(lambda value: f"{value:0{BITS // 4}x}")


@cache
def licence(seed: int, damage: str = "none") -> Image.Image:
    return Image.open(io.BytesIO(make_specimen(seed, damage=damage).jpeg())).convert("RGB")


def saved(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out)


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "the same": lambda image: image,
    "jpeg 30": lambda image: saved(image, 30),
    "half": lambda image: image.reduce(2),
    "half, jpeg 50": lambda image: saved(image.reduce(2), 50),
    "grey": lambda image: image.convert("L"),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(image.width / 1500)),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("damage", [pytest.param("none", marks=pytest.mark.accuracy), "light"])
@pytest.mark.sampled(2)
def test_a_copy_is_near(copy: str, damage: str) -> None:
    for seed in SEEDS:
        image = licence(seed, damage)
        assert hash_distance(fingerprint(image), fingerprint(COPIES[copy](image))) <= NEAR, seed


@pytest.mark.parametrize("damage", ["none", "light"])
@pytest.mark.sampled(1)
def test_other_companies_on_the_same_form_are_far(damage: str) -> None:
    taken = [fingerprint(licence(seed, damage)) for seed in SEEDS]
    assert min(hash_distance(a, b) for a, b in combinations(taken, 2)) > NEAR


def test_a_turned_picture_is_another() -> None:
    image = licence(0)
    assert (
        hash_distance(fingerprint(image), fingerprint(image.transpose(Image.Transpose.ROTATE_180)))
        > 2 * NEAR
    )


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_any_mode_and_size(mode: str) -> None:
    for size in ((1, 1), (300, 4000), (640, 480)):
        taken = fingerprint(Image.new(mode, size))
        assert len(taken) == BITS // 4
        assert int(taken, 16) == 0, "a blank picture has no ink"


@given(FINGERPRINTS, FINGERPRINTS, FINGERPRINTS)
def test_distance_is_one(a: str, b: str, c: str) -> None:
    assert hash_distance(a, a) == 0
    assert hash_distance(a, b) == hash_distance(b, a) <= BITS
    assert hash_distance(a, c) <= hash_distance(a, b) + hash_distance(b, c)
