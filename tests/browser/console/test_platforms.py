"""Tests that a recruiter comes from their platform, submits and returns without a password, and of
staff's pages for platforms.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from employers.accounts.api_clients import create_api_client, rotate_key
from employers.accounts.enrolling import add_member
from employers.accounts.onboarding import make_link
from employers.accounts.registration import Links
from employers.models import ApiClient, LinkPurpose, User
from events.core.actor import SYSTEM
from tests.browser.conftest import DESK, PHONE, Visit, Visitor
from tests.browser.test_pages import serious
from tests.factories import make_case, make_employer, make_reviewer
from verification.models import Case
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)

BACK = "https://www.site-a.example/hr/"
SCREENS: dict[str, dict[str, Any]] = {
    "phone-zh": {**PHONE, "locale": "zh-CN"},
    "desk-en-dark": {**DESK, "locale": "en-GB", "color_scheme": "dark"},
}


@pytest.fixture
def platform(now: datetime) -> ApiClient:
    client, _ = create_api_client("招聘网 A", [], now, return_urls=BACK)
    return client


def door(
    platform: ApiClient, base: str, language: str, purpose: LinkPurpose = LinkPurpose.VERIFY
) -> str:
    now = timezone.now()
    employer = make_employer(now, platform=platform, reference=f"co-{User.objects.count()}")
    email = f"lin{User.objects.count()}@company.example"
    member = add_member(
        platform, employer, reference="hr-1", email=email, role="owner", language=language, now=now
    )
    told = {"purpose": purpose, "return_url": f"{BACK}done", "language": language}
    _link, url = make_link(platform, employer, member.pk, links=Links(base), now=now, **told)
    return url.removeprefix(base)


def is_usable(visitor: Visit, name: str) -> None:
    visitor.is_calm()
    if folder := os.environ.get("ZIZHI_TEST_PICTURES"):
        visitor.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert serious(Axe().run(visitor.page).response["violations"]) == [], name
    # axe tries to copy a stylesheet's imports into the page, which the policy forbids.
    visitor.complaints.clear()


@pytest.mark.parametrize("screen", list(SCREENS))
def test_from_the_platform_and_back(
    visit: Visitor, platform: ApiClient, screen: str, live_server: Any
) -> None:
    language = "en" if "-en" in screen else "zh-hans"
    words = {"en": ("Continue", "Back to 招聘网 A"), "zh-hans": ("继续", "返回招聘网 A")}[language]
    visitor = visit(**SCREENS[screen])
    address = door(platform, live_server.url, language)
    page = visitor.go(address)
    is_usable(visitor, f"{screen}-door")
    page.get_by_role("button", name=words[0]).click()
    page.wait_for_url("**/case/")
    is_usable(visitor, f"{screen}-case")
    expect(page.locator(".from-platform a")).to_have_text(words[1])
    visitor.go("/team/")
    expect(page.locator("form[action*=prove] button")).to_be_visible()
    is_usable(visitor, f"{screen}-prove-yourself")
    case = Case.objects.get()
    make = {"employer": case.employer.members.get(), "now": timezone.now()}
    case.delete()
    make_case(make["employer"], make["now"], State.IN_REVIEW)
    visitor.go("/case/")
    is_usable(visitor, f"{screen}-handed-in")
    with page.expect_request(re.compile(r"^https://www\.site-a\.example/")) as back:
        page.locator(".handed-in a.button").click()
    url = back.value.url
    assert url.startswith(f"{BACK}done?") and parse_qs(urlsplit(url).query)["state"] == [
        "in_review"
    ]
    page.wait_for_url("chrome-error://**")  # no such site
    visitor.go(address)
    expect(page.locator("h1")).to_have_count(1)
    is_usable(visitor, f"{screen}-gone")


@pytest.mark.parametrize("screen", list(SCREENS))
def test_the_other_purposes(
    visit: Visitor, platform: ApiClient, screen: str, live_server: Any
) -> None:
    visitor = visit(**SCREENS[screen])
    for purpose in (LinkPurpose.RENEW, LinkPurpose.APPEAL):
        visitor.go(door(platform, live_server.url, "en" if "-en" in screen else "zh-hans", purpose))
        is_usable(visitor, f"{screen}-door-{purpose}")


@pytest.mark.parametrize("screen", list(SCREENS))
def test_staffs_pages_for_a_platform(
    visit: Visitor, platform: ApiClient, screen: str, now: datetime
) -> None:
    visitor = visit(**SCREENS[screen])
    visitor.sign_in(make_reviewer(now))
    old = platform.keys.get()
    old.scopes = ["gate:decide", "employers:read", "employers:write"]
    old.save()
    key, _ = rotate_key(old, timedelta(hours=24), SYSTEM, timezone.now())
    at = "/console/employers/apiclient/"
    for path in (
        "",
        "add/",
        f"{platform.pk}/change/",
        f"{platform.pk}/keys/add/",
        f"{platform.pk}/return-addresses/",
        f"{platform.pk}/candidates/",
        f"keys/{key.pk}/limits/",
        f"keys/{key.pk}/rotate/",
        f"keys/{key.pk}/revoke/",
        f"{platform.pk}/revoke/",
    ):
        page = visitor.go(at + path)
        if path.endswith("change/"):
            for link in page.locator("table.keys a").all():
                box = link.bounding_box()
                assert box and box["x"] + box["width"] <= visitor.page.viewport_size["width"], path
        is_usable(
            visitor,
            f"{screen}-console-{path.strip('/').split('/')[-1] or 'list'}-{'key' if 'keys' in path else 'platform'}",  # noqa: E501
        )
    page = visitor.go(f"{at}keys/{key.pk}/rotate/")
    page.locator(".console-form button[type=submit]").click()
    expect(page.locator("#key")).to_have_value(re.compile("^zk_"))
    is_usable(visitor, f"{screen}-console-created")
