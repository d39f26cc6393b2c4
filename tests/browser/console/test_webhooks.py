"""Tests that an operator can find and repair a paused endpoint, on phone and desktop, in both
languages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from employers.accounts.api_clients import create_api_client
from events.core.actor import SYSTEM
from events.delivery import webhooks
from events.models import PausedWhy, WebhookEndpoint
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.console.test_platforms import is_usable
from tests.factories import make_reviewer, make_user

pytestmark = pytest.mark.django_db(transaction=True)
SCREENS: dict[str, dict[str, Any]] = {
    "phone-zh": {**PHONE, "locale": "zh-CN"},
    "phone-en": {**PHONE, "locale": "en-GB"},
    "desk-zh-dark": {**DESK, "locale": "zh-CN", "color_scheme": "dark"},
    "desk-en": {**DESK, "locale": "en-GB"},
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
def test_an_operator_mends_an_endpoint(visit: Visitor, screen: str, now: datetime) -> None:
    platform, _ = create_api_client("招聘网 A", [], now, contact_email="ops@site-a.example")
    endpoint, _ = webhooks.create_endpoint(
        platform.pk,
        "https://hr.site-a.example/zizhi/with-a-rather-long-path",
        [],
        "",
        SYSTEM,
        now,
        local=False,
    )
    webhooks.stop_endpoint(endpoint, PausedWhy.GONE, SYSTEM, now)
    visitor = (
        visit(java_script_enabled=False, **SCREENS[screen])
        if screen == "desk-en"
        else visit(**SCREENS[screen])
    )
    operator = make_user(now, is_staff=True, language="zh-hans")
    may = (
        "operate_webhookendpoint",
        "view_webhookendpoint",
        "view_webhookdelivery",
        "view_platformevent",
        "view_apiclient",
    )
    # A test that commits has emptied the groups.
    operator.user_permissions.set(Permission.objects.filter(codename__in=may))
    visitor.sign_in(operator)
    at = f"/console/events/webhookendpoint/{endpoint.pk}/"
    page = visitor.go("/console/")
    if visitor.scripted:
        is_usable(visitor, f"webhooks-console-{screen}")
        visitor.go(f"{at}change/")
        is_usable(visitor, f"webhooks-endpoint-{screen}")
    else:
        visitor.go(f"{at}change/")
    page.locator(f"a[href='{at}resume/']").press("Enter")
    page.wait_for_url(f"**{at}resume/")
    if visitor.scripted:
        is_usable(visitor, f"webhooks-resume-{screen}")
    page.locator(".console-form button").press("Enter")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert WebhookEndpoint.objects.get().paused_at is None
    page.locator(f"a[href='{at}replay/']").press("Enter")
    page.wait_for_url(f"**{at}replay/")
    page.locator("[name=first]").fill("1")
    if visitor.scripted:
        is_usable(visitor, f"webhooks-replay-{screen}")
    page.locator(".console-form button").press("Enter")
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.mark.parametrize("screen", ["phone-zh", "desk-en"])
def test_a_platforms_contact_is_put_down(visit: Visitor, screen: str, now: datetime) -> None:
    platform, _ = create_api_client("招聘网 A", [], now)
    visitor = visit(**SCREENS[screen])
    visitor.sign_in(make_reviewer(now))
    page = visitor.go(f"/console/employers/apiclient/{platform.pk}/contact/")
    page.locator("[name=contact_email]").fill("ops@site-a.example")
    is_usable(visitor, f"platform-contact-{screen}")
    page.locator(".console-form button").press("Enter")
    expect(page.locator(".messagelist .success")).to_be_visible()
    platform.refresh_from_db()
    assert platform.contact_email == "ops@site-a.example"
    visitor.go("/console/employers/apiclient/add/")
    is_usable(visitor, f"platform-add-{screen}")
