"""Tests of quality figures and golden cases in a browser, on any screen; a golden case is decided
like any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from playwright.sync_api import expect

from employers.models import User
from employers.permissions import Power
from tests.browser.conftest import PHONE, Visitor
from tests.browser.console.test_queue import serious
from tests.factories import make_reviewer
from tests.verification.quality.golden import decided
from tests.verification.quality.test_reviewer_figures import decision, golden_answer, pair, ruling
from tests.verification.staff import make_staff
from verification.models import Case, GoldenCase, GoldenTurn
from verification.quality import golden_assignment, golden_cases
from verification.reviewing import rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)
QUALITY, MINE = "/console/quality/", "/console/quality/mine/"


@pytest.fixture
def lead(now: datetime) -> User:
    """A superuser, because a transactional test empties the table of groups."""
    return make_reviewer(now, "lead@zizhi.example")


@pytest.fixture
def colleague(now: datetime) -> User:
    """A colleague who decides and sees the lists, and may not read answers."""
    user = make_staff(now, Power.DECIDE)
    user.user_permissions.add(
        Permission.objects.get(
            content_type=ContentType.objects.get_for_model(Case), codename="view_case"
        )
    )
    return user


@pytest.fixture
def a_month(now: datetime, lead: User) -> User:
    """Two reviewers with enough decisions for figures, and one without."""
    anna, bert, chris = (make_staff(now, Power.DECIDE, Power.SECOND_REVIEW) for _ in range(3))
    for person, name in ((anna, "anna"), (bert, "bert"), (chris, "chris")):
        User.objects.filter(pk=person.pk).update(email=f"{name}@zizhi.example")
    for number in range(26):
        at = now - timedelta(days=number)
        said, answered = (
            ("approve", "approve"),
            ("reject", "reject"),
            ("reject", "request_changes"),
        )[number % 3 if number < 24 else 0]
        case = pair(anna, said, bert, answered, at)
        ruling(
            case,
            anna,
            at,
            said,
            "bulk",
            seconds=5 + 7 * (number % 9) ** 2,
            outcome="undone" if number % 11 == 0 else "carried_out",
        )
        decision(case, bert, answered, at)
        kind, verb = (("honest", "approve"), ("name", "reject"), ("forged", "reject"))[number % 3]
        golden_answer(
            anna,
            at - timedelta(days=40),
            "approve" if number % 7 == 0 else verb,
            number % 7 > 0,
            kind,
        )
    golden_answer(chris, now, "reject", True)
    GoldenCase.objects.filter(kind="honest").update(right_verb="approve")
    return anna


@pytest.mark.parametrize("size", ["phone", "1280", "1920"])
def test_every_width_and_both_languages_are_calm(
    visit: Visitor, lead: User, a_month: User, now: datetime, size: str
) -> None:
    options: dict[str, Any] = (
        PHONE if size == "phone" else {"viewport": {"width": int(size), "height": 1000}}
    )
    golden_cases.save_golden_case(decided(now).pk, "reject", ["name_mismatch"], lead, now)
    kept, other = GoldenCase.objects.get(kind="kept"), decided(now, 4)
    for locale in ("zh-CN", "en-GB"):
        visitor = visit(**options, locale=locale)
        visitor.sign_in(lead)
        for path in (
            f"{QUALITY}?period=all",
            f"{QUALITY}keep/{other.pk}/",
            f"{QUALITY}golden/{kept.pk}/retire/",
        ):
            page = visitor.go(path)
            for summary in page.locator(".reviewer summary").all():
                summary.click()
            visitor.is_calm()
            assert serious(visitor) == [], path
        visitor.sign_in(a_month)
        visitor.go(f"{MINE}?period=all")
        visitor.is_calm()
        assert serious(visitor) == []


def test_a_lead_keeps_one_and_a_colleague_decides_it_without_a_script(
    visit: Visitor, lead: User, colleague: User, now: datetime
) -> None:
    original = decided(now)
    at_the_lead = visit(locale="en-GB", java_script_enabled=False)
    at_the_lead.sign_in(lead)
    page = at_the_lead.go(f"/console/verification/case/{original.pk}/change/")
    page.get_by_role("link", name="Save as golden case …").click()
    expect(page.get_by_label("Right decision")).to_have_value("reject")
    page.get_by_role("button", name="Save as golden case").click()
    expect(page.locator("ul.golden-cases li")).to_contain_text(original.declared_name)
    at_the_lead.is_calm()

    copy = golden_assignment.plant_golden_case(GoldenCase.objects.get(), colleague, now)
    reviewer = visit(locale="en-GB")
    reviewer.sign_in(colleague)
    page = reviewer.go("/console/verification/case/")
    page.get_by_role("button", name="Claim the next case").click()
    expect(page.locator("h1")).to_have_text(copy.declared_name)
    # The keys are ready.
    page.wait_for_load_state()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Approved: {copy.declared_name}")).to_be_visible()
    reviewer.is_calm()
    rulings.carry_out_due(datetime.now().astimezone() + timedelta(minutes=1))
    assert (
        GoldenTurn.objects.get().right is False
        and Case.objects.get(pk=copy.pk).state == State.APPROVED
    )
