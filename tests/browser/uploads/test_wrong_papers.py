"""Tests of the story of a newcomer who uploads before the address is confirmed, and who mistakes
papers for one another.
"""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from documents.specimens import Company, make_decoy, make_specimen
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import make_letter
from employers.accounts.registration import hold_address
from employers.models import AccountClass, Member
from tests.browser.conftest import DESK, PHONE, Visit, Visitor
from tests.factories import make_case, make_employer, make_member
from verification.intake import early_reading, held_uploads
from verification.models import Document, DocumentReading, HeldUpload

pytestmark = pytest.mark.django_db(transaction=True)
COMPANY = Company.fictitious(41)


@pytest.fixture
def member() -> Member:
    now = timezone.now()
    employer = make_employer(
        now, name=COMPANY.name, uscc=COMPANY.uscc, account_class=AccountClass.COMMERCIAL_AGENCY
    )
    member = make_member(now, employer, email_verified_at=None)
    make_case(member, now)
    return member


def file_of(picture: Any, path: Path) -> Path:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    path.write_bytes(out.getvalue())
    return path


def upload(page: Page, kind: str, path: Path) -> None:
    slot = page.locator(f"#slot-{kind}")
    item = page.locator("details", has=slot)
    if item.count() and item.first.get_attribute("open") is None:
        item.first.locator("summary").first.click()
    slot.locator("form.upload input[name=files]").set_input_files(path)


def read_all() -> None:
    for row in DocumentReading.objects.filter(finished_at=None):
        early_reading.read_document(row.pk, timezone.now, 120)


def shot(visitor: Visit, name: str) -> None:
    """Save a picture of the page where a person wants to look at it."""
    visitor.is_calm()
    if folder := os.environ.get("ZIZHI_TEST_SHOTS"):
        path = str(Path(folder) / f"{name}.png")
        visitor.page.screenshot(path=path, full_page=True, caret="initial")  # sets no styles


@pytest.mark.parametrize(
    ("device", "language"),
    [(PHONE, "zh-CN"), (DESK, "en-GB"), (PHONE, "en-GB"), (DESK, "zh-CN")],
    ids=["phone-zh", "desk-en", "phone-en", "desk-zh"],
)
@pytest.mark.sampled(2)
def test_a_newcomer_with_the_wrong_papers(
    visit: Visitor, member: Member, tmp_path: Path, device: dict[str, Any], language: str
) -> None:
    zh = language.startswith("zh")
    name = f"{'zh' if zh else 'en'}-{device['viewport']['width']}"
    visitor = visit(**device, locale=language)
    visitor.sign_in(member.user)
    page = visitor.go("/case/")

    # Before the address is confirmed, a file is received and not opened.
    upload(page, "business_licence", file_of(make_decoy(41, "id_card"), tmp_path / "a.jpg"))
    waits = (
        "验证邮箱后，我们会立即打开并识别" if zh else "as soon as you confirm your email address"
    )
    expect(page.locator("#slot-business_licence .held")).to_contain_text(waits)
    assert not Document.objects.exists()
    shot(visitor, f"1-held-{name}")

    # Once it is, the picture turns out to be an identity card, and is gone.
    hold_address(member.user, timezone.now())
    page = visitor.go("/case/")
    expect(page.locator("#slot-business_licence .held")).to_contain_text(
        "正在打开文件" if zh else "Opening your file"
    )
    held_uploads.open_held(HeldUpload.objects.get().pk, timezone.now, 120)
    expect(page.locator("#slot-business_licence .held")).to_have_count(0)
    read_all()
    slot = page.locator("#slot-business_licence")
    expect(slot.locator(".remarks")).to_contain_text(
        "图片已删除" if zh else "We erased the picture"
    )
    expect(slot.locator(".remarks")).to_contain_text("居民身份证" if zh else "Identity card")
    expect(slot.locator(".documents")).to_have_count(0)
    shot(visitor, f"2-erased-{name}")

    # A letter of another company, and a licence that has expired.
    other = make_letter(77, company=Company.fictitious(77), damage="light").image
    upload(page, "authorization_letter", file_of(other, tmp_path / "b.jpg"))
    expect(page.locator("#slot-authorization_letter .documents img")).to_have_count(1)
    old = make_hr_service(
        41, company=COMPANY, valid_from="2021-04-01", valid_until="2024-03-31", damage="light"
    )
    upload(page, "hr_service_licence", file_of(old.image, tmp_path / "c.jpg"))
    expect(page.locator("#slot-hr_service_licence .documents img").first).to_be_visible()
    licence = file_of(make_specimen(41, company=COMPANY, damage="light").image, tmp_path / "d.jpg")
    upload(page, "business_licence", licence)
    expect(page.locator("#slot-business_licence .documents > li")).to_have_count(1)
    read_all()
    page = visitor.go("/case/")
    expect(page.locator("#slot-authorization_letter .remarks")).to_contain_text(
        Company.fictitious(77).name
    )
    expect(page.locator("#slot-hr_service_licence .remarks")).to_contain_text("2024")
    expect(page.locator("#slot-business_licence .remarks")).to_have_count(0)
    shot(visitor, f"3-wrong-{name}")

    # The same file again, later, is said to be there already.
    Document.objects.update(uploaded_at=timezone.now() - timedelta(minutes=2))
    upload(page, "business_licence", licence)
    expect(page.locator("#slot-business_licence .refusals")).to_contain_text(
        "这个文件已经上传过了" if zh else "already added this file"
    )
    shot(visitor, f"4-same-{name}")

    # What is removed is named, and can be restored.
    remove = "移除这个文件" if zh else "Remove this file"
    page.locator("#slot-authorization_letter").get_by_role("button", name=remove).click()
    undo = page.locator("#slot-authorization_letter .undo")
    expect(undo).to_contain_text("已移除" if zh else "Removed:")
    expect(undo.locator("img")).to_be_visible()
    shot(visitor, f"5-removed-{name}")
    undo.get_by_role("button").click()
    expect(page.locator("#slot-authorization_letter .documents > li")).to_have_count(1)
