"""Tests that a candidate can see, stop and reverse what happens to their resume, on a phone, in
both languages, without scripts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from downloads.candidates import consents, page_links
from downloads.models import Candidate, EraseOrder, Mode
from employers.models import Member
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import is_for_everybody
from tests.downloads.platform import Live
from tests.factories import make_case, make_link, make_member
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)

JOB = "高级前端开发工程师（React/Vue 方向，可接受应届毕业生，周末双休，五险一金，云溪市高新区）"
SAID = {
    "zh-hans": ("撤回授权并要求删除", "撤回授权并要求删除", "已停止提供", "同意", "凭证", "已校验"),
    "en": (
        "Withdraw consent and have it erased",
        "Withdraw consent and request erasure",
        "sharing stopped",
        "Yes, I agree",
        "Receipt",
        "Verified",
    ),
}


def asking(live: Live, now: datetime) -> Member:
    """A member of another company who asks for the resume."""
    member = make_member(now)
    member.employer.name = "江城市宏图人力资源服务有限公司"
    member.employer.save()
    make_case(member, now, State.APPROVED)
    make_link(member, live.client.pk, now)
    consents.ask_consent(
        live.client, "c-1", member.employer, member.pk, [], now, job_title="Sales manager, APAC"
    )
    return member


@pytest.mark.parametrize(
    ("language", "options"),
    [("zh-hans", PHONE), ("en", DESK), ("zh-hans", PHONE | {"java_script_enabled": False})],
    ids=["zh-phone", "en-desk", "zh-without-script"],
)
def test_who_has_it_is_seen_and_stopped(
    language: str, options: dict[str, Any], visit: Visitor, now: datetime
) -> None:
    live = Live(now)
    live.candidate(now)
    live.take(now, job=JOB)
    candidate = live.candidate(now, mode=Mode.ASK_FIRST)
    Candidate.objects.update(language=language)
    asking(live, now)
    revoke, stop, stopped, agree, receipt, checked = SAID[language]
    visitor = visit(**options)
    page = visitor.go(page_links.path_of(candidate, now))
    assert page.url.endswith("/mine/"), "the link leaves the address bar at once"
    is_for_everybody(visitor, "asked")
    asked, took = page.locator("section.asked dl"), page.locator("dl", has_text=JOB)
    name = "职位" if language == "zh-hans" else "Job"
    assert asked.locator("dt").first.inner_text() == took.locator("dt").first.inner_text() == name
    expect(asked.locator("dd").first).to_have_text("Sales manager, APAC")
    expect(took.locator("dd").first).to_have_text(JOB)
    page.locator("section.asked").get_by_role("button", name=agree).first.click()
    expect(page.locator(".notice").first).to_be_visible()
    page.get_by_role("link", name=receipt).first.click()
    expect(page.get_by_text(checked)).to_be_visible()
    expect(page.get_by_text(JOB)).to_be_visible()
    is_for_everybody(visitor, "receipt")
    page.go_back()
    page.locator("summary", has_text=revoke).click()
    is_for_everybody(visitor, "opened")
    page.locator("details[open]").get_by_role("button", name=stop).click()
    expect(page.get_by_text(stopped).first).to_be_visible()
    is_for_everybody(visitor, "revoked")
    assert EraseOrder.objects.get().employer_id == live.employer.pk
    employer = visit(**options)
    employer.sign_in(live.member.user)
    employer.go("/erasures/")
    is_for_everybody(employer, "erasures")
    employer.page.locator(".choices summary").first.click()
    is_for_everybody(employer, "about to answer")
    employer.page.locator("details[open] button.primary").click()
    expect(employer.page.locator(".notice").first).to_be_visible()
    assert EraseOrder.objects.get().answer == "erased"


def test_without_a_link_the_page_says_how_to_come_in(visit: Visitor) -> None:
    visitor = visit(**PHONE)
    visitor.go("/mine/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("请重新打开你的链接")
    is_for_everybody(visitor)
