"""Tests of registration by a photo of the licence: the honest way on a phone is counted (typed
fields, taps, seconds), and every other way leads on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from documents.specimens import Company, make
from events.models import Mail
from tests.browser.conftest import PHONE, Visit, Visitor
from verification.decision import pipeline
from verification.intake import licence_photos
from verification.models import Attempt, Case, LicencePhoto, RegistryRecord

pytestmark = pytest.mark.django_db(transaction=True)

A_TAP, A_CHARACTER = 1.0, 0.25
"""Seconds that a person takes on a phone's screen, and the machine does not."""
PASSWORD = "zizhi-2026-云溪"


@dataclass
class Hand:
    """A person with a phone. Counts the fields typed, the taps (each on a field too), and time."""

    fields: int = 0
    taps: int = 0
    characters: int = 0
    began: float = field(default_factory=time.monotonic)

    def tap(self, control: Locator) -> None:
        control.click()
        self.taps += 1

    def type(self, control: Locator, text: str, *, focused: bool = False) -> None:
        """Tap the field, unless the page has put the cursor there, and type."""
        if focused:
            expect(control).to_be_focused()
        else:
            self.tap(control)
        control.press_sequentially(text)
        self.fields += 1
        self.characters += len(text)

    def photograph(self, chooser: Locator, photo: Path) -> None:
        chooser.set_input_files(photo)
        self.taps += 1

    def open_link(self, page: Page, address: str) -> None:
        page.goto(address)
        self.taps += 1

    @property
    def seconds(self) -> float:
        machine = time.monotonic() - self.began
        return machine + A_TAP * self.taps + A_CHARACTER * self.characters


@pytest.fixture
def company() -> Company:
    company = Company.fictitious(301)
    RegistryRecord.objects.create(
        uscc=company.uscc,
        name=company.name,
        legal_representative=company.legal_representative,
        status="存续",
        established_on=company.established_on,
        email_domain=company.domain,
        as_of=timezone.localdate(),
    )
    return company


@pytest.fixture
def photo(company: Company, tmp_path: Path) -> Path:
    path = tmp_path / "执照.jpg"
    path.write_bytes(make(301, company=company, damage="light").jpeg())
    return path


def mailed(company: Company, what: str) -> str:
    mail = Mail.objects.filter(template="verify_email", to=f"hr@{company.domain}").latest("pk")
    return str(mail.context[what])


def link_to(visitor: Visit, company: Company) -> str:
    return visitor.base + mailed(company, "link").removeprefix(settings.SITE_URL)


def open_account(visitor: Visit, company: Company) -> Page:
    """Register and confirm the address with the code in the mail."""
    page = visitor.go("/register/")
    page.locator("#id_email").fill(f"hr@{company.domain}")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form .primary").click()
    page.locator("#id_code").fill(mailed(company, "code"))
    page.locator("main form .primary").click()
    return page


def read_the_photo() -> None:
    assert licence_photos.read_photo(LicencePhoto.objects.get().pk, timezone.now, 120)


def test_the_honest_way_on_a_phone_is_short(
    visit: Visitor, company: Company, photo: Path, record_property: Callable[[str, object], None]
) -> None:
    visitor = visit(**PHONE)
    page = visitor.go("/")
    hand = Hand()
    hand.tap(page.get_by_role("link", name="注册企业"))
    hand.type(page.get_by_label("邮箱"), f"hr@{company.domain}", focused=True)
    hand.type(page.get_by_label("密码"), PASSWORD)
    hand.tap(page.get_by_role("button", name="注册"))
    expect(page.get_by_role("heading", name="请验证你的邮箱")).to_be_visible()
    visitor.is_calm()
    hand.open_link(page, link_to(visitor, company))
    hand.tap(page.get_by_role("button", name="是我本人，验证邮箱"))
    camera = page.locator("input[name=photo]")
    assert camera.get_attribute("capture") == "environment"
    visitor.is_calm()
    hand.photograph(camera, photo)
    expect(page.get_by_role("heading", name="正在识别营业执照")).to_be_visible()
    read_the_photo()
    expect(page.get_by_text(company.name)).to_be_visible()
    expect(page.get_by_text(company.uscc)).to_be_visible()
    expect(page.get_by_text(company.legal_representative, exact=True)).to_be_visible()
    visitor.is_calm()
    hand.tap(page.get_by_role("button", name="确认无误"))
    hand.tap(page.get_by_role("button", name="提交核验"))
    expect(page.get_by_role("heading", name="已提交，即将开始检查")).to_be_visible()
    assert pipeline.run_checks(Attempt.objects.get().pk, timezone.now, 60)
    expect(page.get_by_role("heading", name="已通过")).to_be_visible()
    assert hand.fields <= 2
    assert hand.taps <= 8
    assert hand.seconds <= 60
    record_property("counted", f"{hand.fields} fields, {hand.taps} taps, {hand.seconds:.0f} s")
    case = Case.objects.get()
    assert case.declared_legal_representative == company.legal_representative
    reading = case.documents.get().reading
    assert reading.reading["declared"]["uscc"] == company.uscc, "it is not read a second time"
    assert not LicencePhoto.objects.exists()
