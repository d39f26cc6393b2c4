"""Two stories of the console: a reviewer who works by keys alone, and an operator."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from employers.models import User
from events.models import Event, WebhookEndpoint
from tests.browser.cases import waiting
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.factories import make_api_client, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def colleague(now: datetime, *permissions: str) -> User:
    """Create a colleague. A test that commits has emptied the groups, so they get permissions."""
    user = make_user(now, "colleague@zizhi.example", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def is_usable(visitor: Visit) -> None:
    visitor.is_calm()
    found = Axe().run(visitor.page).response["violations"]
    assert [
        (each["id"], each["nodes"][0]["html"][:200])
        for each in found
        if each["impact"] in ("serious", "critical")
    ] == []


def test_a_reviewer_works_by_keys(visit: Visitor, now: datetime) -> None:
    case, other = waiting(now, 501, hours=9), waiting(now, 502, hours=3)
    reviewer = colleague(
        now, "view_case", "change_case", "view_employer", "view_member", "view_event"
    )
    visitor = visit(locale="en-GB")
    visitor.sign_in(reviewer)
    page = visitor.go("/console/")
    expect(page).to_have_url(re.compile(r"/console/verification/case/$"))
    page.get_by_role("link", name=case.declared_name).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(case.declared_name)

    page.wait_for_load_state()
    page.keyboard.press("g")
    expect(page).to_have_url(re.compile(rf"/employers/employer/{case.employer_id}/change/$"))
    expect(page.get_by_role("link", name="Open the case that waits for review")).to_be_visible()
    assert Event.objects.filter(verb="read", subject_id=str(case.employer_id)).count() == 1
    is_usable(visitor)

    page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("第502号")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/console/search/\?q="))
    is_usable(visitor)
    page.get_by_role("link", name=other.declared_name).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(other.declared_name)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/console/search/\?q="))
    expect(page.get_by_role("link", name=other.declared_name)).to_be_visible()

    page.locator("#find").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(case.declared_uscc)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(case.declared_name)
    visitor.is_calm()


@pytest.mark.parametrize("scripted", [True, False])
def test_an_operator_finds_what_waits(visit: Visitor, now: datetime, scripted: bool) -> None:
    client, _key = make_api_client(now)
    endpoint = WebhookEndpoint.objects.create(
        client_id=client.pk,
        url="https://platform.example/hook",
        created_at=now,
        due_at=now,
        failures=3,
        failing_since=now,
    )
    operator = colleague(now, "operate_webhookendpoint", "view_webhookendpoint", "view_apiclient")
    visitor = visit(**PHONE, locale="en-GB", java_script_enabled=scripted)
    visitor.sign_in(operator)
    page = visitor.go("/console/")
    expect(page.locator("ul.tasks li").first).to_contain_text("Webhook endpoints that fail")
    if scripted:
        is_usable(visitor)
    page.get_by_role("button", name="Menu").click()
    menu = page.locator("#console-menu")
    expect(menu.locator("summary")).to_have_text(["Platforms and messages"])
    menu.locator("summary").click()
    menu.get_by_role("link", name="Webhook endpoints").click()
    expect(page.get_by_role("link", name=re.compile("platform.example"))).to_be_visible()
    page.locator("#find").fill(str(client.pk))
    page.locator(".find button").click()
    expect(page).to_have_url(re.compile(rf"/employers/apiclient/{client.pk}/change/$"))
    visitor.go(f"/console/events/webhookendpoint/{endpoint.pk}/change/")
    visitor.is_calm()
