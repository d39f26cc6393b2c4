"""Tests that an operator can add, change and test an alert channel, on phone and desktop, in both
languages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from events.delivery import alerts
from events.models import AlertChannel, AlertKind
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.console.test_platforms import is_usable
from tests.factories import make_user
from tests.fakes.chat_server import chatting

pytestmark = pytest.mark.django_db(transaction=True)
SCREENS: dict[str, dict[str, Any]] = {
    "phone-zh": {**PHONE, "locale": "zh-CN"},
    "desk-en": {**DESK, "locale": "en-GB"},
    "phone-en-dark": {**PHONE, "locale": "en-GB", "color_scheme": "dark"},
    "desk-zh-no-script": {**DESK, "locale": "zh-CN", "java_script_enabled": False},
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("screen", SCREENS)
def test_an_operator_adds_and_tests_a_channel(
    visit: Visitor, screen: str, now: datetime, settings: Any
) -> None:
    settings.WEBHOOKS_LOCAL = True
    visitor = visit(**SCREENS[screen])
    operator = make_user(now, is_staff=True, language="zh-hans")
    # A test that commits has emptied the groups.
    may = ("operate_alertchannel", "view_alertchannel", "view_alertmessage")
    operator.user_permissions.set(Permission.objects.filter(codename__in=may))

    def looks_right(name: str) -> None:
        if visitor.scripted:
            is_usable(visitor, f"alerts-{name}-{screen}")

    with chatting("feishu") as chat:
        chat.secret = "a secret"
        visitor.sign_in(operator)
        page = visitor.go("/console/events/alertchannel/add/")
        page.locator("[name=kind]").select_option("feishu")
        page.locator("[name=name]").fill("值班群")
        page.locator("[name=address]").fill("https://evil.example/hook")
        page.locator("[name=secret]").fill(chat.secret)
        page.locator(".console-form button").press("Enter")
        expect(page.locator(".errorlist")).to_be_visible()
        looks_right("refused")
        page.locator("[name=address]").fill(chat.url)
        page.locator(".console-form button").press("Enter")
        expect(page.locator(".messagelist .success")).to_be_visible()
        at = f"/console/events/alertchannel/{AlertChannel.objects.get().pk}/"
        page.locator(f"a[href='{at}test/']").press("Enter")
        page.wait_for_url(f"**{at}test/")
        looks_right("test")
        page.locator(".console-form button").press("Enter")
        expect(page.locator(".messagelist .success")).to_be_visible()
        assert len(chat.texts) == 1
        chat.says = "keyword"
        page.locator(f"a[href='{at}test/']").press("Enter")
        page.locator(".console-form button").press("Enter")
        expect(page.locator(".messagelist .error")).to_contain_text("Key Words Not Found")
        looks_right("channel")
        page.locator(f"a[href='{at}edit/']").press("Enter")
        page.locator("[name=kinds][value=digest]").uncheck()
        page.locator(".console-form button").press("Enter")
        expect(page.locator(".messagelist .success")).to_be_visible()
        assert "digest" not in AlertChannel.objects.get().kinds
    for key in ("1", "2"):
        alerts.raise_alert(AlertKind.CANARY, key, {"restricted": key == "1"}, now)
    visitor.go("/console/events/alertmessage/")
    looks_right("messages")
    visitor.go("/console/events/alertchannel/")
    looks_right("list")
