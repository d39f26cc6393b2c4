"""Tests that a person with a bad photo sees its faults and replaces it, with or without scripts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw

from documents.specimens import make_specimen
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import serious
from tests.factories import make_member
from verification.models import Document

pytestmark = pytest.mark.django_db(transaction=True)


def saved(image: Image.Image, file: Path) -> Path:
    image.save(file, quality=90)
    return file


def lit_and_cut(image: Image.Image) -> Image.Image:
    """Return the picture with a lamp mirrored in the middle, and without its lower fifth."""
    width, height = image.size
    spoilt = image.crop((0, 0, width, int(height * 0.8)))
    ImageDraw.Draw(spoilt).ellipse(
        (width * 0.4, height * 0.33, width * 0.6, height * 0.46), "white"
    )
    return spoilt


@pytest.mark.sampled(2)
@pytest.mark.parametrize("scripted", [True, False])
@pytest.mark.parametrize(
    ("screen", "language", "colours"),
    [(PHONE, "zh-CN", "light"), (DESK, "en", "dark")],
    ids=["phone", "desk"],
)
def test_a_bad_photo_is_replaced(
    visit: Visitor,
    now: datetime,
    tmp_path: Path,
    screen: dict[str, Any],
    language: str,
    colours: str,
    scripted: bool,
) -> None:
    good = make_specimen(3, "portrait", "light").image
    member = make_member(now, email_verified_at=now)
    visitor = visit(**screen, locale=language, color_scheme=colours, java_script_enabled=scripted)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")
    page.locator("#slot-business_licence .upload input[name=files]").set_input_files(
        saved(lit_and_cut(good), tmp_path / "bad.jpg")
    )
    if not scripted:
        page.locator("#slot-business_licence .upload .send").click()
    advice = page.locator("#slot-business_licence .quality")
    advice.wait_for()
    page.wait_for_load_state()
    assert advice.locator("li").count() == 2
    assert page.locator(".spots rect:not(.under)").count() == 2
    visitor.is_calm()
    if scripted:
        assert serious(Axe().run(page).response["violations"]) == []

    advice.locator("input[type=file]").set_input_files(saved(good, tmp_path / "good.jpg"))
    if not scripted:
        advice.locator(".send").click()
    advice.wait_for(state="detached")
    page.wait_for_load_state()
    assert page.locator(".spots").count() == 0
    assert page.locator(".documents > li").count() == 1
    assert (Document.objects.count(), Document.objects.current().count()) == (2, 1)
    visitor.is_calm()
