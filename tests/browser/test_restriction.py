"""Tests that a restricted employer finds its way back, on phone and desktop, with and without
scripts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from downloads.models import GateDecision, Standing
from downloads.rules.ladder import RESTRICTED, STEP_UP, Tier
from downloads.tiers import tier_changes
from employers.models import Member
from events.core.actor import SYSTEM
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.browser.test_pages import _screen, is_for_everybody
from tests.downloads.gate.test_quotas import approved
from tests.factories import make_member, make_reviewer
from tests.verification.platform import Platform

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/downloads/restriction/"


@pytest.fixture
def member(now: datetime) -> Member:
    """An owner whose company downloaded 23 resumes in one night, and is restricted for it."""
    member = approved(now, days=60)
    taken = {
        "client_id": member.pk,
        "employer_id": member.employer_id,
        "member_id": member.pk,
        "uscc": member.employer.uscc,
    }
    GateDecision.objects.bulk_create(
        GateDecision(
            **taken,
            candidate=f"c-{n}",
            allowed=True,
            tier="established",
            decided_at=now - timedelta(hours=3, minutes=n),
        )
        for n in range(23)
    )
    seen = tier_changes.Seen(
        ("night", "sequence"), {"night": 23, "sequence": 18}, now - timedelta(days=14)
    )
    tier_changes.change_tier(
        member.employer_id,
        Tier.RESTRICTED,
        SYSTEM,
        now - timedelta(hours=2),
        reason=RESTRICTED,
        seen=seen,
    )
    return member


def console_is_for_everybody(visitor: Visit) -> None:
    is_for_everybody(visitor)
    # axe tries to copy a stylesheet's imports into the page, which the policy forbids.
    visitor.complaints.clear()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("screen", ["phone-zh-light", "desk-en-dark"])
def test_from_the_case_to_the_answer(
    visit: Visitor, screen: str, scripted: bool, member: Member, now: datetime
) -> None:
    owner, reviewer = (
        visit(**_screen(screen), java_script_enabled=scripted),
        visit(**_screen(screen), java_script_enabled=scripted),
    )
    owner.sign_in(member.user)
    page = owner.go("/case/")
    is_for_everybody(owner)
    page.locator(f"a[href='{PAGE}']").click()
    is_for_everybody(owner)
    page.locator("textarea").fill("夜班护士岗位，由值班同事下载。")
    page.locator("main form button").click()
    expect(page.locator("blockquote")).to_contain_text("夜班护士岗位")
    expect(page.locator("textarea")).to_have_count(0)
    is_for_everybody(owner)
    reviewer.sign_in(make_reviewer(now))
    console = reviewer.go("/console/downloads/moveappeal/")
    console_is_for_everybody(reviewer)
    console.locator("#result_list .field-about a").first.click()
    expect(console.locator(".appeal-sides tbody tr")).to_have_count(23)
    console_is_for_everybody(reviewer)
    console.locator("textarea").fill("请写明岗位名称。")
    console.locator("button[value=keep]").click()
    expect(console.locator("button[value=keep]")).to_have_count(0)
    console_is_for_everybody(reviewer)
    owner.go(PAGE)
    expect(page.locator("blockquote").first).to_contain_text("请写明岗位名称")
    is_for_everybody(owner)
    assert Standing.objects.get().tier == Tier.RESTRICTED


@pytest.mark.parametrize("screen", ["phone-en-light", "desk-zh-dark"])
def test_the_other_restrictions_and_a_colleague(
    visit: Visitor, screen: str, member: Member, now: datetime
) -> None:
    until = now + timedelta(days=14)
    for tier, reason in ((Tier.RESTRICTED, STEP_UP), (Tier.PROVISIONAL, "")):
        tier_changes.change_tier(
            member.employer_id,
            tier,
            SYSTEM,
            now,
            reason=reason,
            until=until if tier is Tier.PROVISIONAL else None,
        )
        for who in (member, make_member(now, member.employer, role="recruiter")):
            visitor = visit(**_screen(screen))
            visitor.sign_in(who.user)
            for path in (PAGE, "/case/"):
                visitor.go(path)
                is_for_everybody(visitor)


@pytest.mark.parametrize("options", [PHONE, {}], ids=["phone", "desk"])
def test_a_page_of_a_test_says_so(visit: Visitor, options: dict[str, Any]) -> None:
    platform = Platform()
    _, member, _ = platform.hand_in(0)
    platform.call("post", "/test/clock", {"advance": "P170D"})
    for locale in ("zh-CN", "en"):
        visitor = visit(**options, locale=locale)
        visitor.sign_in(member.user)
        for path in ("/case/", "/team/", "/case/authority/bank-deposit/"):
            page = visitor.go(path)
            expect(page.locator(".test-band")).to_be_visible()
            is_for_everybody(visitor)
