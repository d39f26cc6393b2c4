"""Tests of the case page in a browser: keys, decisions, undo, drafts, colleagues, pictures."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission
from django.utils import timezone
from playwright.sync_api import Page, expect

from employers.models import User
from tests.browser.cases import waiting
from tests.browser.conftest import DESK, PHONE, Visit, Visitor
from tests.browser.test_pages import serious
from tests.factories import make_reviewer
from verification.models import Case, CaseNote, Decision, ReviewDraft, Ruling
from verification.reviewing import claims, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "/console/verification/case/"
SOON = 30_000
"""How many milliseconds a page may take on a loaded machine."""


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_reviewer(now, "reviewer@zizhi.example")


@pytest.fixture
def plain(now: datetime) -> User:
    """A reviewer who is not a senior."""
    user = make_reviewer(now, "plain@zizhi.example")
    user.is_superuser = False
    user.save()
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="verification", codename__in=["view_case", "change_case"]
        )
    )
    return user


@pytest.fixture
def colleague(now: datetime) -> User:
    return make_reviewer(now, "colleague@zizhi.example")


def at(visitor: Visit, reviewer: User, case: Case) -> Page:
    visitor.sign_in(reviewer)
    return visitor.go(f"{QUEUE}{case.pk}/change/")


def claim_for(reviewer: User, case: Case) -> Case:
    return claims.claim_case(case.pk, reviewer, timezone.now())


def carry_out() -> None:
    rulings.carry_out_due(timezone.now() + timedelta(seconds=31))


def by_keys(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def is_shown(page: Page, case: Case) -> None:
    """Check that the page of `case` is shown with its scripts, and its heading has the focus."""
    heading = page.locator("h1")
    expect(heading).to_have_text(case.declared_name, timeout=SOON)
    page.wait_for_load_state("domcontentloaded")
    expect(heading).to_be_focused(timeout=SOON)


MEANT = {
    "a Enter": State.APPROVED,
    "d 1 Enter": State.CHANGES_REQUESTED,
    "r 1 Enter": State.REJECTED,
}


def test_twenty_cases_by_keys_alone(visit: Visitor, reviewer: User, now: datetime) -> None:
    cases = [waiting(now, 400 + number, hours=60 - number) for number in range(20)]
    visitor = visit()
    page = at(visitor, reviewer, cases[0])
    by_keys(page, "c")
    meant: dict[Any, State] = {}
    for number, case in enumerate(cases):
        expect(page.locator(".decision-approve")).to_be_attached(timeout=SOON)
        is_shown(page, case)
        keys = list(MEANT)[number % 3]
        meant[case.pk] = MEANT[keys]
        by_keys(page, keys)
    expect(page.locator("body.console-queue")).to_be_attached(timeout=SOON)
    assert Decision.objects.exclude(verb="hold_for_review").count() == 0
    carry_out()
    assert dict(Case.objects.values_list("pk", "state")) == meant
    assert visitor.complaints == []


def test_a_decision_goes_on_to_the_next_case_which_is_claimed_then(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    first, second, third = (waiting(now, 430 + number, hours=20 - number) for number in range(3))
    claim_for(reviewer, first)
    visitor = visit()
    page = at(visitor, reviewer, first)
    for decided, following in ((first, second), (second, third)):
        is_shown(page, decided)
        following.refresh_from_db()
        assert following.claimed_by is None
        by_keys(page, "d 1 Enter")
        is_shown(page, following)
        following.refresh_from_db()
        assert following.claimed_by == reviewer and following.claimed_at is not None
        expect(page.locator("#toasts form.toast")).to_contain_text(decided.declared_name)
        expect(page.locator("#toasts .left")).to_have_text(re.compile(r"\d+ s"))
        visitor.is_calm()
    page.go_back()
    expect(page.locator("h1")).to_have_text(second.declared_name)


def test_a_decision_is_sent_once_and_not_at_all_without_a_connection(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    first, second = waiting(now, 436, hours=9), waiting(now, 437, hours=3)
    claim_for(reviewer, first)
    visitor = visit()
    page = at(visitor, reviewer, first)
    is_shown(page, first)
    by_keys(page, "d 1 n")
    page.keyboard.type("写了很久")
    visitor.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator(".decision-request_changes textarea")).to_have_value("写了很久")
    visitor.context.set_offline(False)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    is_shown(page, second)
    assert len([url for url in sent if url.endswith("/request_changes/")]) == 1
    assert Ruling.objects.get().note == "写了很久"
    expect(page.locator("#offline")).to_be_hidden()


def test_boxes_stay_off_from_one_case_to_the_next(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    first, second = waiting(now, 438, hours=9), waiting(now, 439, hours=3)
    claim_for(reviewer, first)
    page = at(visit(), reviewer, first)
    is_shown(page, first)
    by_keys(page, "b a Enter")
    is_shown(page, second)
    boxes = page.locator(".tools [data-do=boxes]")
    expect(boxes).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("b")
    expect(boxes).to_have_attribute("aria-pressed", "true")


def test_a_decision_is_taken_back_with_everything_that_was_typed(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    first, second = waiting(now, 311, hours=9), waiting(now, 312, hours=3)
    claim_for(reviewer, first)
    visitor = visit()
    page = at(visitor, reviewer, first)
    by_keys(page, "r 1 n")
    page.keyboard.type("a/r/d typed here are letters 请核对")
    page.keyboard.press("Control+Enter")
    is_shown(page, second)
    expect(page.locator("#toasts form.toast")).to_contain_text(first.declared_name)
    by_keys(page, "u")
    is_shown(page, first)
    form = page.locator(".decision-reject form")
    expect(form.locator("textarea")).to_have_value("a/r/d typed here are letters 请核对")
    expect(form.locator(":checked")).to_have_count(1)
    expect(page.locator("#toasts form.toast")).to_have_count(0)
    carry_out()
    first.refresh_from_db()
    assert (first.state, Ruling.objects.get().outcome) == (State.IN_REVIEW, "undone")
    by_keys(page, "Enter")
    is_shown(page, second)
    visitor.is_calm()


def test_a_refusal_is_shown_beside_the_form_with_what_was_typed(
    visit: Visitor, reviewer: User, colleague: User, now: datetime
) -> None:
    case = waiting(now, 313, hours=9)
    claim_for(reviewer, case)
    page = at(visit(), reviewer, case)
    by_keys(page, "d n")
    page.keyboard.type("写了很久")
    by_keys(page, "Escape Enter")
    form = page.locator(".decision-request_changes form")
    expect(form.locator("#refusal")).to_contain_text("至少选择一条理由")
    expect(form.locator("#refusal")).to_be_in_viewport()
    expect(form.locator("textarea")).to_have_value("写了很久")
    expect(form).to_be_focused()
    page.wait_for_load_state("domcontentloaded")
    Case.objects.filter(pk=case.pk).update(claimed_by=colleague)
    by_keys(page, "1")
    expect(form.locator("#refusal")).to_have_count(0)
    by_keys(page, "Enter")
    expect(page.locator(".messagelist .error")).to_contain_text("另一位审核员")
    expect(page.locator("#kept-note")).to_have_value("写了很久")
    assert Ruling.objects.count() == 0
    Case.objects.filter(pk=case.pk).update(claimed_by=reviewer)
    form = at(visit(), reviewer, case).locator(".decision-request_changes form")
    expect(form.locator("textarea")).to_have_value("写了很久")
    expect(form.locator(":checked")).to_have_count(1)


def test_two_people_at_one_case(
    visit: Visitor, reviewer: User, colleague: User, now: datetime
) -> None:
    case = waiting(now, 314, hours=9)
    mine, theirs = visit(), visit()
    here, there = at(mine, reviewer, case), at(theirs, colleague, case)
    here.keyboard.press("c")
    expect(here.locator(".claim-mine")).to_be_visible(timeout=SOON)
    expect(there.locator("[data-aside]")).to_contain_text(
        "reviewer@zizhi.example 正在处理", timeout=SOON
    )
    expect(here.locator(".others")).to_contain_text("colleague@zizhi.example", timeout=SOON)
    here.keyboard.press("r")
    here.keyboard.press("1")
    there.get_by_role("button", name="请求接手").click()
    expect(here.locator(".take-over")).to_contain_text("colleague@zizhi.example", timeout=SOON)
    # The first reviewer transfers the case; their open draft no longer decides anything.
    with here.expect_navigation():
        here.keyboard.press("t")
        expect(here.get_by_role("button", name="移交", exact=True)).to_be_focused()
        here.keyboard.press("Enter")
    expect(there.locator(".claim-mine")).to_be_visible(timeout=SOON)
    expect(there.locator(".decision-approve")).to_be_attached()
    there.wait_for_load_state("domcontentloaded")
    expect(here.locator("[data-aside]")).to_contain_text("colleague@zizhi.example 正在处理")
    refused = here.evaluate(
        """async (url) => {
          const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
          const sends = {seen_version: 0, confirmed: 1, reasons: "name_mismatch"};
          const body = new URLSearchParams({...sends, csrfmiddlewaretoken: token});
          const sent = () => fetch(url, {method: "POST", body}).then((answer) => answer.status);
          return Promise.all([sent(), sent()]);
        }""",
        f"{QUEUE}{case.pk}/reject/",
    )
    assert refused == [409, 409]
    there.keyboard.press("a")
    there.keyboard.press("Enter")
    expect(there.locator("#toasts form.toast")).to_be_visible(timeout=SOON)
    carry_out()
    case.refresh_from_db()
    assert (case.state, Ruling.objects.get().by) == (State.APPROVED, colleague)


def test_a_draft_survives_a_closed_tab_and_a_claim_that_has_ended(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    case = waiting(now, 315, hours=9)
    claim_for(reviewer, case)
    visitor = visit()
    page = at(visitor, reviewer, case)
    by_keys(page, "d 1 n")
    page.keyboard.type("还没写完")
    page.close(run_before_unload=True)
    page.context.new_page().close()
    deadline = time.monotonic() + SOON / 1000
    while not ReviewDraft.objects.filter(note="还没写完").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    Case.objects.filter(pk=case.pk).update(claimed_until=timezone.now() - timedelta(hours=1))
    page = at(visit(), reviewer, case)
    expect(page.locator("#kept-note")).to_have_value("还没写完")
    page.keyboard.press("c")
    form = page.locator(".decision-request_changes form")
    expect(form.locator("textarea")).to_have_value("还没写完")
    expect(form.locator(":checked")).to_have_count(1)


def test_set_aside_and_handed_on_by_keys(visit: Visitor, plain: User, now: datetime) -> None:
    first, second, third = (waiting(now, 316 + number, hours=9 - number) for number in range(3))
    claim_for(plain, first)
    page = at(visit(), plain, first)
    by_keys(page, "h")
    page.keyboard.type("等企业回电")
    page.keyboard.press("Control+Enter")
    is_shown(page, second)
    expect(page.locator(".messagelist .success")).to_contain_text("已搁置")
    by_keys(page, "e")
    page.keyboard.type("印章可疑")
    page.keyboard.press("Control+Enter")
    is_shown(page, third)
    assert set(CaseNote.objects.values_list("case", "kind")) == {
        (first.pk, "hold"),
        (second.pk, "escalate"),
    }
    by_keys(page, "k")
    expect(page.locator("h1")).to_have_text(second.declared_name)
    expect(page.locator(".tag", has_text="待资深审核员处理")).to_be_visible()


def test_each_value_is_shown_beside_its_picture_and_flown_to(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    case = waiting(now, 319, hours=9)
    visitor = visit()
    page = at(visitor, reviewer, case)
    crop = page.locator(".crop-row[data-field=name] canvas")
    expect(crop).to_be_visible()
    assert crop.evaluate(
        "c => c.width > 100 && new Set(c.getContext('2d').getImageData(0, 0, c.width,"
        " c.height).data).size > 20"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    small = page.locator("rect[data-field=name]").bounding_box()
    page.locator("tr.row-differs[data-field=name] th").click()
    large = page.locator("rect[data-field=name]").bounding_box()
    frame = page.locator(".viewport:not([hidden])").bounding_box()
    assert small is not None
    assert large is not None
    assert frame is not None
    assert large["width"] > 2 * small["width"]
    assert frame["x"] <= large["x"] and large["x"] + large["width"] <= frame["x"] + frame["width"]
    by_keys(page, "Z Z o b f f")
    expect(page.locator("rect.lit")).to_have_attribute("data-field", "uscc")
    assert not [url for url in asked if "/page/" in url]
    visitor.is_calm()


def test_keys_can_be_turned_off(visit: Visitor, reviewer: User, now: datetime) -> None:
    case = waiting(now, 320, hours=9)
    visitor = visit()
    page = at(visitor, reviewer, case)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("c")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("c")
    page.reload()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("c")
    page.evaluate("new Promise(requestAnimationFrame)")
    assert [url for url in sent if url.endswith("/claim/")] == []
    case.refresh_from_db()
    assert case.claimed_by is None
    page.locator("#keys-open").click()
    page.locator("#keys-on").check()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+c")
    page.keyboard.press("c")
    expect(page.locator(".claim-mine")).to_be_visible()


def test_a_page_that_nobody_touches_goes_silent(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    case = waiting(now, 325, hours=9)
    claim_for(reviewer, case)
    visitor = visit()
    visitor.page.clock.install()
    page = at(visitor, reviewer, case)
    beats: list[str] = []
    page.on(
        "request",
        lambda request: beats.append(request.url) if request.url.endswith("/beat/") else None,
    )
    page.clock.run_for(30_000)
    assert len(beats) >= 3
    page.clock.fast_forward(6 * 60_000)
    beats.clear()
    page.clock.run_for(60_000)
    assert beats == []
    with page.expect_request("**/beat/"):
        page.mouse.move(300, 300)
    assert page.locator("[data-aside]").count() == 1


def test_without_script_everything_decides(visit: Visitor, plain: User, now: datetime) -> None:
    first, second, third = (waiting(now, 321 + number, hours=9 - number) for number in range(3))
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(plain)
    page = visitor.go(QUEUE)
    page.get_by_role("button", name="领取下一份").click()
    page.locator(".decision-approve summary").click()
    page.locator(".decision-approve").get_by_role("button", name="通过").click()
    expect(page.locator("h1")).to_have_text(second.declared_name)
    page.locator("#toasts").get_by_role("button", name="撤销").click()
    expect(page.locator("h1")).to_have_text(first.declared_name)
    page.locator(".decision-hold summary").click()
    page.locator(".decision-hold textarea").fill("等电话")
    page.locator(".decision-hold").get_by_role("button", name="搁置").click()
    expect(page.locator(".messagelist .success")).to_contain_text(first.declared_name)
    expect(page.locator("h1")).to_have_text(second.declared_name)
    page.locator(".decision-escalate summary").click()
    page.locator(".decision-escalate textarea").fill("请看章")
    page.locator(".decision-escalate").get_by_role("button", name="转交资深审核员").click()
    expect(page.locator("h1")).to_have_text(third.declared_name)
    page.locator(".decision-request_changes summary").click()
    page.get_by_label("公司名称不一致").first.check()
    page.locator(".decision-request_changes").get_by_role("button", name="预览").click()
    expect(page.locator(".mail").first).to_contain_text("公司名称不一致")
    page.get_by_role("button", name="要求补正").click()
    expect(page.locator("#toasts form.toast")).to_contain_text(third.declared_name)
    carry_out()
    assert dict(Case.objects.values_list("pk", "state")) == {
        first.pk: State.IN_REVIEW,
        second.pk: State.IN_REVIEW,
        third.pk: State.CHANGES_REQUESTED,
    }


@pytest.mark.parametrize(
    "screen",
    [
        "phone-zh-CN-light",
        "1280-en-GB-light",
        "1280-zh-CN-dark",
        "1920-zh-CN-light",
        "1920-en-GB-dark",
    ],
)
def test_every_width_language_and_theme_is_calm(
    visit: Visitor, reviewer: User, now: datetime, screen: str
) -> None:
    size, language, country, colours = screen.split("-")
    case = waiting(now, 324, hours=9)
    claim_for(reviewer, case)
    options = (
        PHONE if size == "phone" else {**DESK, "viewport": {"width": int(size), "height": 900}}
    )
    visitor = visit(**options, locale=f"{language}-{country}", color_scheme=colours)
    page = at(visitor, reviewer, case)
    for keys, shown in (
        ("d 1", ".decision-request_changes .mail:not(:empty)"),
        ("a", ".decision-approve .mail:not(:empty)"),
        ("r", ".decision-reject .mails-refusal:not(:empty)"),
        ("h", ".decision-hold textarea"),
        ("Escape Escape ?", "#keys"),
    ):
        by_keys(page, keys)
        expect(page.locator(shown).first).to_be_visible(timeout=SOON)
        visitor.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], keys


def test_numbers_and_ctrl_enter_work_from_any_focus(
    visit: Visitor, reviewer: User, now: datetime
) -> None:
    case = waiting(now, 990, hours=3)
    claim_for(reviewer, case)
    visitor = visit()
    page = at(visitor, reviewer, case)
    is_shown(page, case)
    page.keyboard.press("r")
    rejection = page.locator(".decision-reject")
    numbers = rejection.locator("[data-number]").evaluate_all(
        "boxes => boxes.map(box => box.dataset.number)"
    )
    assert numbers == [str(number) for number in range(1, 10)], "in the order of the page"
    for number, focus in (("1", "summary"), ("2", "[data-number='5']"), ("3", "button.default")):
        rejection.locator(focus).first.focus()
        page.keyboard.press(number)
        expect(rejection.locator(f"[data-number='{number}']")).to_be_checked()
    page.locator("a[href]").first.focus()
    page.keyboard.press("4")
    expect(rejection.locator("[data-number='4']")).to_be_checked()
    expect(rejection.locator(".both")).to_be_visible()
    page.locator("a[href]").first.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).not_to_have_text(case.declared_name)
    carry_out()
    case.refresh_from_db()
    assert case.state == State.REJECTED
    assert visitor.complaints == [], "the preview before the first reason is no error"
