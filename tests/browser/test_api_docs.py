"""Tests that the API can be tried out in the browser, under the strict policy, with nothing from
another host.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import PHONE, Visitor
from tests.factories import make_api_client, make_link, make_member

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_decision_is_asked_for_by_hand(visit: Visitor, now: datetime) -> None:
    member, (client, key) = make_member(now), make_api_client(now)
    make_link(member, client.pk, now)
    visitor = visit()
    page, hosts = visitor.page, set[str]()

    def heard(request: Request) -> None:
        if request.url.startswith("http"):
            hosts.add(urlsplit(request.url).netloc)

    page.on("request", heard)
    visitor.go("/api/v1/docs")
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").fill(key)
    page.locator(".auth-btn-wrapper button[type=submit]").click()
    page.locator(".btn-done").click()
    page.locator("#operations-gate-decide .opblock-summary-control").click()
    body = (
        f'{{"employer_id": "{member.employer_id}", "member_id": "{member.pk}", "candidate": "c-1"}}'
    )
    page.locator("#operations-gate-decide textarea").fill(body)
    page.locator("#operations-gate-decide .btn.execute").click()
    answer = page.locator(
        "#operations-gate-decide .live-responses-table tbody .response-col_description"
    ).first
    expect(answer).to_contain_text("employer_not_approved")
    assert hosts == {urlsplit(visitor.base).netloc}, "nothing comes from a third party"
    assert visitor.complaints == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_it_can_be_read_on_a_phone(visit: Visitor, language: str) -> None:
    visitor = visit(**PHONE, locale=language)
    page = visitor.go("/api/v1/docs")
    expect(page.locator("#operations-gate-decide")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert visitor.complaints == []
