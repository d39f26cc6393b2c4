"""Screenshots for the documentation. `WRITE_PICTURES=1` writes them to `docs/pictures/`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from documents.specimens import Company, make_specimen
from downloads.candidates import page_links
from downloads.models import Candidate, Mode
from tests.browser.cases import waiting
from tests.browser.conftest import DESK, PHONE, Visit, Visitor
from tests.browser.ledger.test_ledger import asking
from tests.downloads.platform import Live
from tests.factories import make_employer, make_member, make_reviewer
from verification.intake import early_reading
from verification.models import Document
from verification.reviewing import claims

pytestmark = pytest.mark.django_db(transaction=True)

FOLDER: Final = Path(settings.BASE_DIR) / "docs" / "pictures"
LARGEST: Final = 150_000
"""The maximum size of a picture, in bytes."""
LANGUAGES: Final = {"": "en", ".zh-CN": "zh-CN"}
TALL: Final = {**PHONE, "viewport": {"width": 375, "height": 1100}}
LOADED: Final = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"


def upload(visitor: Visit, now: datetime, photo: Path) -> None:
    """Show an uploaded licence, and its reading."""
    company = Company.fictitious(307)
    photo.write_bytes(make_specimen(307, company=company, damage="light").jpeg())
    employer = make_employer(now, name=company.name, uscc=company.uscc)
    visitor.sign_in(make_member(now, employer, email=f"hr@{company.domain}").user)
    page = visitor.go("/case/")
    page.locator("#slot-business_licence input[name=files]").set_input_files(photo)
    expect(page.locator("#slot-business_licence img").first).to_be_visible()
    assert early_reading.read_document(Document.objects.get().pk, timezone.now, 60)
    expect(page.locator(".values")).to_be_visible()
    page.locator("#item-business_licence").evaluate("item => item.scrollIntoView()")


def desk(visitor: Visit, now: datetime, photo: Path) -> None:
    """Show a case that the reviewer has claimed."""
    reviewer = make_reviewer(now, "reviewer@zizhi.example")
    name = Company.fictitious(400).name.replace("股份", "")
    case = waiting(now, 400, hours=20, name=name)
    claims.claim_case(case.pk, reviewer, timezone.now())
    visitor.sign_in(reviewer)
    page = visitor.go(f"/console/verification/case/{case.pk}/change/")
    expect(page.locator("#desk")).to_be_visible()


def candidate(visitor: Visit, now: datetime, photo: Path) -> None:
    """Show a candidate's page: one company has the resume, and another asks for it."""
    live = Live(now)
    live.candidate(now)
    live.take(now)
    row = live.candidate(now, mode=Mode.ASK_FIRST)
    language = visitor.page.evaluate("navigator.language")
    Candidate.objects.update(language="zh-hans" if language == "zh-CN" else "en")
    asking(live, now)
    visitor.go(page_links.path_of(row, now))
    expect(visitor.page.locator("section.asked")).to_be_visible()


def smaller(png: bytes) -> bytes:
    """Return the picture with a palette of its own colours, which needs a third of the bytes."""
    out, exact = io.BytesIO(), Image.open(io.BytesIO(png)).convert("RGB")
    own = exact.quantize(method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    own.save(out, "PNG", optimize=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("shown", "ending"),
    [(upload, ""), (desk, ""), (desk, ".zh-CN"), (candidate, "")],
    ids=["upload", "desk", "desk-zh", "candidate"],
)
def test_the_page_can_be_shown(
    shown: Callable[[Visit, datetime, Path], None],
    ending: str,
    visit: Visitor,
    now: datetime,
    tmp_path: Path,
) -> None:
    look = TALL if shown is candidate else DESK
    visitor = visit(**look, locale=LANGUAGES[ending], color_scheme="light")
    shown(visitor, now, tmp_path / "licence.jpg")
    visitor.page.wait_for_load_state("networkidle")
    for _ in range(200):  # Playwright's own waiting evaluates text, which the page's policy forbids
        if visitor.page.evaluate(LOADED):
            break
        visitor.page.wait_for_timeout(50)
    visitor.is_calm()
    assert visitor.page.evaluate("document.documentElement.lang")[:2] == LANGUAGES[ending][:2]
    png = smaller(visitor.page.screenshot(animations="disabled", caret="hide"))
    picture = Image.open(io.BytesIO(png))
    assert picture.size == tuple(look["viewport"].values())
    assert len(picture.getcolors() or ()) > 30, "the page is blank"
    assert len(png) <= LARGEST
    if os.environ.get("WRITE_PICTURES"):
        (FOLDER / f"{shown.__name__}{ending}.png").write_bytes(png)
