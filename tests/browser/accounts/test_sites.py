"""Tests that a recruiter links a recruitment site, goes back to it, and ends the link, on phone
and desktop, with and without scripts.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from employers.models import ApiClient, MemberLink
from tests.browser.conftest import Visit, Visitor
from tests.browser.test_pages import _screen, is_for_everybody
from tests.factories import make_api_client, make_link, make_member

pytestmark = pytest.mark.django_db(transaction=True)


def shoot(visitor: Visit, name: str) -> None:
    """Keep a picture of the page in the folder that ZIZHI_PICTURES names, if any."""
    if folder := os.environ.get("ZIZHI_PICTURES"):
        visitor.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize(
    "screen", ["phone-zh-light", "phone-en-dark", "desk-en-light", "desk-zh-dark"]
)
def test_from_the_site_to_the_end(
    visit: Visitor, screen: str, scripted: bool, now: datetime
) -> None:
    member = make_member(now)
    colleague = make_member(now, member.employer, role="recruiter", email="lin@firma.example")
    site, other = make_api_client(now)[0], make_api_client(now)[0]
    back = "https://www.site-a.example/hr"
    ApiClient.objects.filter(pk=site.pk).update(name="北辰招聘网", return_urls=back)
    ApiClient.objects.filter(pk=other.pk).update(name="听潮招聘网")
    visitor = visit(**_screen(screen), java_script_enabled=scripted)
    visitor.sign_in(member.user)

    def see(name: str) -> None:
        is_for_everybody(visitor)
        shoot(visitor, f"{name}-{screen}{'' if scripted else '-plain'}")

    page = visitor.go("/sites/")
    see("1-none")
    visitor.go(f"/sites/link/?platform={site.pk}&return_url={back}/linked")
    see("2-asked")
    page.locator("button[name=confirmed]").click()
    link = page.locator("main a.button.primary")
    expect(link).to_have_attribute("href", re.compile(f"{back}/linked.zizhi_code="))
    see("3-linked")
    make_link(colleague, site.pk, now)
    visitor.go("/sites/")
    expect(page.locator(".people li")).to_have_count(2)
    see("4-sites")
    page.locator(".people summary").first.click()
    see("5-ending")
    page.locator(".people .button.danger").first.click()
    expect(page.locator(".people li")).to_have_count(1)
    see("6-ended")
    page.locator(f".messages a[href*='{site.pk}'], main a[href*='{site.pk}']").first.click()
    page.locator("button[name=confirmed]").click()
    expect(page.locator(".people li")).to_have_count(2)
    page.locator("select").select_option(str(other.pk))
    page.locator("main form[method=get] button").click()
    page.locator("button[name=confirmed]").click()
    expect(page.locator(".people li")).to_have_count(3)
    assert MemberLink.objects.in_force().filter(member=member).count() == 2
