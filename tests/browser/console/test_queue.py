"""Tests that the queue shows what waits and why, and that two people decide several cases, without
scripts and on any screen.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from employers.models import User
from tests.browser.cases import waiting
from tests.browser.conftest import PHONE, Visit, Visitor
from tests.factories import make_reviewer
from verification.cases import queue_placement
from verification.models import Bulk, Case, Decision
from verification.reviewing import bulk_decisions, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "/console/verification/case/"


@pytest.fixture
def reviewer(now: datetime) -> User:
    """A superuser, because a transactional test empties the table of groups."""
    return make_reviewer(now, "reviewer@zizhi.example")


@pytest.fixture
def cases(now: datetime) -> list[Case]:
    """Three cases of one person, each held for other reasons, and decisions of the days before."""
    made = []
    for n, codes in enumerate(
        (("forgery_suspected", "name_mismatch"), ("authority_unproven",), ("name_mismatch",))
    ):
        case = waiting(now, 410 + n, hours=3 * n + 1)
        case.declared_legal_representative = "林望舒"
        queue_placement.place_in_queue(case, codes, now - timedelta(hours=3 * n + 1))
        case.save()
        made.append(case)
    for day in range(1, 9):
        at = now - timedelta(days=day)
        Decision.objects.create(
            case=made[0],
            attempt_number=1,
            verb="request_changes",
            decided_by=make_reviewer(now),
            policy_version="1",
            decided_at=at,
            waited=day,
        )
    return made


def serious(visitor: Visit) -> list[str]:
    found = Axe().run(visitor.page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_filters_lead_to_the_next_of_what_is_asked_for(
    visit: Visitor, reviewer: User, cases: list[Case]
) -> None:
    visitor = visit(locale="en-GB", java_script_enabled=False)
    visitor.sign_in(reviewer)
    page = visitor.go(QUEUE)
    expect(page.locator("a.company").first).to_have_text(cases[0].declared_name)
    first = page.locator("#result_list tbody tr").first
    expect(first.get_by_text("risk: signs of fraud ×8")).to_be_hidden()
    first.locator(".level").focus()
    expect(first.get_by_text("risk: signs of fraud ×8")).to_be_visible()
    page.locator("#changelist-filter").get_by_role(
        "link", name=re.compile("has authorised you")
    ).click()
    expect(page.locator("a.company")).to_have_text([cases[1].declared_name])
    page.get_by_role("button", name="Claim the next of these").click()
    expect(page.locator("h1")).to_have_text(cases[1].declared_name)
    page = visitor.go(QUEUE)
    page.get_by_label(re.compile("Company name, credit code or ID")).fill(cases[2].declared_uscc)
    page.locator("#changelist-search").get_by_role("button", name="Search").click()
    expect(page.locator("a.company")).to_have_text([cases[2].declared_name])
    visitor.is_calm()


def test_two_people_decide_several_cases(
    visit: Visitor, reviewer: User, cases: list[Case], now: datetime
) -> None:
    one, other = (visit(locale="en-GB", java_script_enabled=script) for script in (True, False))
    one.sign_in(reviewer)
    other.sign_in(make_reviewer(now, "colleague@zizhi.example"))
    page = one.go(f"{QUEUE}{cases[0].pk}/change/")
    page.get_by_role("link", name="Decide several of these …").click()
    page.get_by_role("link", name="Reject").click()
    page.get_by_label(re.compile(cases[1].declared_uscc)).check()
    page.get_by_label("This photo has been used by another account").check()
    page.get_by_role("button", name="Send to a second person").click()
    expect(page.get_by_text("Someone else must confirm this.")).to_be_visible()
    one.is_calm()
    page = other.go("/console/verification/bulk/")
    page.get_by_role("link", name="Reject").click()
    page.get_by_role("button", name="Reject: 2 cases").click()
    expect(page.get_by_text("can still be undone")).to_have_count(2)
    rulings.carry_out_due(now + timedelta(minutes=2))
    page.reload()
    expect(page.get_by_text("carried out", exact=True)).to_have_count(2)
    assert set(Case.objects.filter(state=State.REJECTED)) == set(cases[:2])


@pytest.mark.parametrize("size", ["phone", "1280", "1920"])
def test_every_width_and_both_languages_are_calm(
    visit: Visitor, reviewer: User, cases: list[Case], now: datetime, size: str
) -> None:
    bulk_decisions.propose_bulk(
        [case.pk for case in cases[:2]],
        "reject",
        reviewer,
        now,
        ("duplicate_same_image",),
        "同一图片",
    )
    bulk = Bulk.objects.get()
    options = PHONE if size == "phone" else {"viewport": {"width": int(size), "height": 900}}
    paths = (
        QUEUE,
        f"{QUEUE}?state=all",
        "/console/verification/bulk/",
        f"/console/verification/bulk/{bulk.pk}/change/",
    )
    for locale in ("zh-CN", "en-GB"):
        visitor = visit(**options, locale=locale)
        visitor.sign_in(reviewer)
        for path in (*paths, f"/console/verification/bulk/of/{cases[2].pk}/?verb=reject"):
            page = visitor.go(path)
            for summary in page.locator(".lately summary").all():
                summary.click()
            visitor.is_calm()
            assert serious(visitor) == [], path
