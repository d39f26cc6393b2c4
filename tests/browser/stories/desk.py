"""Steps of a reviewer at the console's desk, and of the worker."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from employers.models import User
from tests.browser.conftest import Visit
from tests.browser.stories.watch import NOTE
from tests.browser.test_restriction import console_is_for_everybody
from verification import tasks
from verification.models import Attempt, Case, DocumentReading, ReviewStage
from verification.reviewing import rulings

QUEUE = "/console/verification/case/"


def work() -> None:
    """Do what is due for the worker: read documents, run the checks."""
    for document in DocumentReading.objects.due(timezone.now()).values_list("pk", flat=True):
        tasks.read_document(str(document))
    for attempt in Attempt.objects.due(timezone.now()).values_list("pk", flat=True):
        tasks.check_attempt(attempt)


def time_passes() -> None:
    """Let the next round of the checks come."""
    Attempt.objects.filter(finished_at=None).update(due_at=timezone.now())
    work()


def decide(visitor: Visit, reviewer: User, case: Case, verb: str, reason: str = "") -> None:
    """Claim the next case of the queue, decide it by the buttons, and let the time to take it back
    pass.
    """
    visitor.sign_in(reviewer)
    page = visitor.go(QUEUE)
    console_is_for_everybody(visitor)
    page.locator("form[action$='/next/'] button").first.click()
    expect(page.locator("h1")).to_have_text(case.declared_name)
    console_is_for_everybody(visitor)
    form = open_form(page, verb)
    if reason:
        choose_reason(page, verb, reason)
    form.locator("textarea[name=note]").fill(NOTE)
    console_is_for_everybody(visitor)
    form.locator("button[name=confirmed]").click()
    expect(page.locator("#toasts form.toast")).to_be_visible()
    rulings.carry_out_due(timezone.now() + timedelta(seconds=31))
    visitor.complaints.clear()


def open_form(page: Page, verb: str):  # type: ignore[no-untyped-def]
    decision = page.locator(f".decision-{verb}")
    if decision.get_attribute("open") is None:
        decision.locator("summary").first.click()
    return decision.locator("form")


def choose_reason(page: Page, verb: str, reason: str) -> None:
    """Tick this reason alone."""
    form = page.locator(f".decision-{verb} form")
    for box in form.locator("input[name=reasons]").all():
        if box.is_checked() and box.get_attribute("value") != reason:
            box.uncheck()
    form.locator(f"input[name=reasons][value={reason}]").check()


def needs_another(case: Case) -> bool:
    """Whether the decision waits for a second reviewer."""
    case.refresh_from_db()
    return case.review_stage != ReviewStage.FIRST
