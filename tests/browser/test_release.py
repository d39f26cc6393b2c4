"""Tests each page of a release: an employer asks, a candidate agrees and is told, the copy opens
once, leaks, and is traced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2 as pdfium
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from downloads import leaks
from downloads.models import Canary, CanaryRing, Copy, RelayCall, Trace
from downloads.releases import make_copy
from downloads.tiers import canaries
from employers.models import Employer
from events.models import Mail
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.console.test_platforms import is_usable
from tests.databases import unguarded
from tests.downloads.api.test_relays import Platform
from tests.downloads.releases.conftest import _read_once as _read_once
from tests.downloads.releases.shop import Shop, pdf
from tests.factories import make_reviewer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

SCREENS: dict[str, dict[str, Any]] = {
    "phone-zh": {**PHONE, "locale": "zh-CN"},
    "desk-en": {**DESK, "locale": "en-GB"},
}


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS, settings.DOCUMENTS_DIR = tmp_path, "", tmp_path / "documents"


def mailed(template: str) -> str:
    """Return the link in the candidate's last mail of this kind."""
    return str(Mail.objects.filter(template=template).latest("pk").context["path"])


@pytest.mark.parametrize("screen", list(SCREENS))
def test_from_the_link_to_the_leak_and_back_to_the_copy(
    visit: Visitor, screen: str, tmp_path: Path
) -> None:
    shop, zh = Shop(Platform()), "zh" in screen
    told = {"mode": "ask_first", "email": "lin@home.test", "language": "zh-hans" if zh else "en"}
    assert shop.platform.call("put", "/candidates/c-1", told)["http"] == 201
    asked = {
        "employer_id": shop.platform.employer,
        "member_id": shop.platform.member,
        "candidate": "c-1",
    }
    assert (
        shop.platform.call("post", "/gate/decisions", asked)["reasons"][0]["code"]
        == "candidate_no_consent"
    )
    who = {name: asked[name] for name in ("employer_id", "member_id")}
    assert shop.platform.call("post", "/candidates/c-1/consent-requests", who)["http"] == 200
    # The candidate.
    candidate = visit(**SCREENS[screen])
    candidate.go(mailed("candidate_asked"))
    candidate.page.locator("section.asked").get_by_role(
        "button", name="同意" if zh else "Yes, I agree"
    ).first.click()
    expect(candidate.page.locator(".notice").first).to_be_visible()
    release = shop.post(shop.gate_pass(), pdf())
    assert make_copy.make_copy(release["id"], timezone.now)
    address = urlsplit(shop.link(release["id"])["url"]).path
    # The recruiter.
    recruiter = visit(**SCREENS[screen], accept_downloads=True)
    recruiter.go("/")
    with recruiter.page.expect_download() as download:
        recruiter.page.evaluate("address => { location.href = address }", address)
    file = Path(download.value.path())
    assert (
        download.value.suggested_filename == f"{release['number']}.pdf"
        and file.read_bytes().startswith(b"%PDF")
    )
    # The candidate is told when it opens.
    candidate.go(mailed("candidate_told"))
    expect(candidate.page.locator("main")).to_contain_text("云溪市示例科技有限公司")
    is_usable(candidate, f"{screen}-told")
    # A second opening.
    recruiter.complaints.clear()
    recruiter.go(address)
    expect(recruiter.page.locator("h1")).to_have_text(
        "链接已使用，每个链接只能打开一次"
        if zh
        else "This link has already been used. Each link opens once"
    )
    # The browser's own text for the status.
    recruiter.complaints = [each for each in recruiter.complaints if "410" not in each]
    is_usable(recruiter, f"{screen}-link-used")
    # Staff.
    with unguarded(Copy):
        Copy.objects.update(test=False)
    leak = tmp_path / "leak.png"
    pdfium.PdfDocument(file.read_bytes())[0].render(scale=1.6).to_pil().save(leak)
    staff = visit(**SCREENS[screen])
    staff.sign_in(make_reviewer(timezone.now()))
    page = staff.go("/console/downloads/trace/add/")
    is_usable(staff, f"{screen}-trace")
    page.locator("input[type=file]").set_input_files(leak)
    page.locator("[name=why]").fill("2026年11月24日群内截图" if zh else "A screenshot in a group")
    page.locator(".console-form button[type=submit]").click()
    expect(page.locator("h2[role=status]")).to_be_visible()
    is_usable(staff, f"{screen}-traced-waiting")
    assert leaks.trace_leak(Trace.objects.get().pk, timezone.now)
    page.get_by_role("link", name="刷新结果" if zh else "Check again").click()
    expect(page.locator(".results strong").first).to_be_visible()
    expect(page.locator(".results")).to_contain_text(release["number"])
    is_usable(staff, f"{screen}-traced")
    staff.go("/console/downloads/trace/")
    is_usable(staff, f"{screen}-traces")
    staff.go(f"/console/downloads/copy/{release['id']}/change/")
    is_usable(staff, f"{screen}-copy")


@pytest.mark.parametrize("screen", list(SCREENS))
def test_staffs_pages_for_canaries(visit: Visitor, screen: str) -> None:
    platform, now = Platform(), timezone.now()
    relay, user = platform.bind(), make_reviewer(now)
    staff = visit(**SCREENS[screen])
    staff.sign_in(user)
    staff.go("/console/downloads/canary/add/")
    is_usable(staff, f"{screen}-plant")
    canary = canaries.plant_canary(platform.client.pk, "c-1", None, "a tip", user, now)
    assert Canary.objects.get() == canary
    assert platform.play(relay["id"], by_stranger=True)["call"]["outcome"] == "stranger"
    ring = CanaryRing.objects.get()
    assert (
        ring.employer == Employer.objects.get(pk=platform.employer)
        and ring.call == RelayCall.objects.get()
    )
    for path in (
        "canary/",
        f"canary/{canary.pk}/change/",
        "canaryring/",
        f"canaryring/{ring.pk}/change/",
    ):
        staff.go(f"/console/downloads/{path}")
        is_usable(staff, f"{screen}-{path.split('/')[0]}-{'one' if 'change' in path else 'all'}")
    staff.page.locator("[name=outcome]").fill("a machine")
    staff.page.locator(".console-form button[type=submit]").click()
    expect(staff.page.locator(".console-form")).to_contain_text("a machine")
