"""Tests that a reviewer can work through the queue in a browser, without errors or violations of
the script policy.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from employers.models import User
from events.models import Event
from tests.browser.cases import waiting
from tests.browser.conftest import PHONE, Visitor
from tests.factories import PASSWORD, make_case, make_reviewer
from verification.reviewing import rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reviewer(now: datetime) -> User:
    """A superuser, because a transactional test empties the table of groups."""
    return make_reviewer(now, "reviewer@zizhi.example")


def test_from_signing_in_to_the_next_case(visit: Visitor, reviewer: User, now: datetime) -> None:
    first, second = waiting(now, 301, hours=9), waiting(now, 302, hours=3)
    visitor = visit()
    page = visitor.go("/console/verification/case/")
    page.locator("#id_username").fill(reviewer.email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("[type=submit]").click()
    expect(page.locator("a.company")).to_have_text([first.declared_name, second.declared_name])
    visitor.is_calm()

    page.get_by_role("link", name=first.declared_name).click()
    expect(page.locator("tr.row-differs")).to_have_count(1)
    picture = page.locator(".viewport:not([hidden]) img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 500
    before = picture.bounding_box()
    page.get_by_role("button", name="旋转").click()
    page.locator("[data-do=in]").click()
    after = picture.bounding_box()
    assert before is not None
    assert after is not None
    assert before["width"] > before["height"]
    assert after["height"] > after["width"], "it was rotated"
    assert after["height"] > before["width"] * 1.2, "and enlarged"
    page.locator("tr.row-differs[data-field=name]").hover()
    expect(page.locator("rect.lit")).to_have_count(1)
    visitor.is_calm()

    page.get_by_role("button", name="领取", exact=True).click()
    # Each heartbeat holds the case for three minutes.
    expect(page.locator(".claim-mine")).to_contain_text("2:")
    page.locator(".decision-request_changes summary").click()
    form = page.locator(".decision-request_changes form")
    form.get_by_label("公司名称不一致").check()
    form.locator("textarea").fill("请按执照填写公司名称。")
    for language in ("zh-hans", "en"):
        expect(form.locator(f"[data-language={language}] .mail")).to_contain_text(
            "请按执照填写公司名称。"
        )
    visitor.is_calm()

    form.get_by_role("button", name="要求补正").click()
    expect(page.locator("h1")).to_have_text(second.declared_name)
    expect(page.locator("#toasts form.toast")).to_contain_text(first.declared_name)
    visitor.is_calm()
    rulings.carry_out_due(now + timedelta(minutes=1))
    first.refresh_from_db()
    assert first.state == State.CHANGES_REQUESTED
    expect(page.locator(".viewport:not([hidden]) img")).to_have_js_property("complete", True)
    assert Event.objects.filter(verb="view_page", actor_id=str(reviewer.pk)).count() == 2


def test_rejecting_takes_a_second_look_and_no_script(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    case = waiting(now, 303, hours=2)
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(reviewer)
    page = visitor.go("/console/verification/case/")
    page.get_by_role("button", name="领取下一份").click()
    page.locator(".decision-reject summary").click()
    form = page.locator(".decision-reject form")
    form.get_by_label("公司名称不一致").check()
    form.get_by_role("button", name="再核对一遍").click()
    expect(page.get_by_text("用人单位将收到这封邮件")).to_be_visible()
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
    page.get_by_role("button", name="拒绝").click()
    expect(page.locator("#toasts form.toast")).to_contain_text(case.declared_name)
    rulings.carry_out_due(now + timedelta(minutes=1))
    case.refresh_from_db()
    assert case.state == State.REJECTED


def test_what_is_in_force_is_asked_about_before_a_refusal(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    case = waiting(now, 305, hours=2)
    old = make_case(
        case.employer.members.get(),
        now - timedelta(days=90),
        State.APPROVED,
        expires_at=now + timedelta(days=90),
    )
    visitor = visit()
    visitor.sign_in(reviewer)
    page = visitor.go("/console/verification/case/")
    page.get_by_role("button", name="领取下一份").click()
    page.locator(".decision-reject summary").click()
    form = page.locator(".decision-reject form")
    visitor.is_calm()
    form.get_by_label("公司名称不一致").check()
    form.get_by_role("button", name="拒绝").click()
    # The browser requires a choice.
    expect(form.locator("[name=in_force]:invalid")).to_have_count(2)
    form.get_by_role("button", name="再保留 15 分钟").click()
    expect(form.get_by_label("公司名称不一致")).to_be_checked()
    form.get_by_label("以相同理由一并暂停").check()
    expect(form.locator("[data-language=zh-hans] .mail")).to_contain_text("也以相同理由暂停")
    visitor.is_calm()
    form.get_by_role("button", name="拒绝").click()
    expect(page.locator("#toasts form.toast")).to_contain_text(case.declared_name)
    rulings.carry_out_due(now + timedelta(minutes=1))
    case.refresh_from_db()
    old.refresh_from_db()
    assert (case.state, old.state) == (State.REJECTED, State.SUSPENDED)


@pytest.mark.parametrize("size", ["phone", "1280", "1920"])
def test_every_width_and_both_languages_are_calm(
    visit: Visitor, reviewer: User, now: datetime, size: str
) -> None:
    case = waiting(now, 304, hours=2)
    options = PHONE if size == "phone" else {"viewport": {"width": int(size), "height": 900}}
    for locale in ("zh-CN", "en-GB"):
        visitor = visit(**options, locale=locale)
        visitor.sign_in(reviewer)
        for path in (
            "/console/",
            "/console/verification/case/",
            f"/console/verification/case/{case.pk}/change/",
        ):
            visitor.go(path)
            visitor.is_calm()
