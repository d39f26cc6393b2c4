"""Is every page quiet, narrow enough, and usable by everybody?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import signing

from employers.models import User
from employers.operations import VERIFY_SALT
from tests.browser.conftest import PHONE, Visitor
from tests.factories import make_case, make_document, make_member
from verification.models import Attempt, CheckRun, Decision
from verification.states import State

pytestmark = pytest.mark.django_db(transaction=True)

OPEN_PAGES = ("/", "/register/", "/sign-in/", "/password/", "/password/sent/", "/case/help/", "/verify-email/x/", "/nowhere/")
STATES = (State.DRAFT, State.CHECKING, State.IN_REVIEW, State.CHANGES_REQUESTED, State.APPROVED, State.REJECTED, State.EXPIRED)
REASONS = [{"code": "uscc_mismatch", "field": "uscc", "seen": "91990101000000108N", "expected": "91990101000000116H"}]


def in_state(state: State, now: datetime) -> User:
    """Somebody whose case stands in `state`, with checks that found something and a decision with a reason."""
    member = make_member(now)
    case = make_case(member, now, state, **({"approved_at": now, "expires_at": now + timedelta(days=9)} if state is State.APPROVED else {}))
    make_document(case, now)
    if state is State.DRAFT:
        return member.user
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, finished_at=None if state is State.CHECKING else now
    )
    finding = {"check": "reading", "severity": "concern", "page": 1, "region": None, **REASONS[0]}
    CheckRun.objects.create(attempt=attempt, code="reading", version="1", findings=[finding], started_at=now, finished_at=now)
    if state is not State.CHECKING:
        verb = {State.APPROVED: "approve", State.IN_REVIEW: "hold_for_review", State.REJECTED: "reject"}.get(state, "request_changes")
        reasons = [] if state is State.APPROVED else REASONS
        Decision.objects.create(case=case, attempt_number=1, verb=verb, reasons=reasons, note="请看", policy_version="1", decided_at=now)
    return member.user


def serious(violations: list[dict[str, Any]]) -> list[str]:
    """axe's serious and critical findings, each with the places."""
    return [
        f"{found['id']}: {found['help']} {[node['target'] for node in found['nodes']]}"
        for found in violations
        if found["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", ["phone-zh-light", "desk-en-dark"])
def test_open_pages(visit: Visitor, look: str) -> None:
    visitor = visit(**_look(look))
    for path in OPEN_PAGES:
        page = visitor.go(path)
        visitor.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], path


@pytest.mark.parametrize("look", ["phone-zh-light", "desk-en-dark"])
def test_a_recruiters_pages(visit: Visitor, look: str, now: datetime) -> None:
    for state in STATES:
        visitor = visit(**_look(look))
        visitor.sign_in(in_state(state, now))
        for path in ("/case/", "/case/declare/", "/team/") if state is State.DRAFT else ("/case/",):
            page = visitor.go(path)
            visitor.is_calm()
            assert serious(Axe().run(page).response["violations"]) == [], (state, path)


def _look(name: str) -> dict[str, Any]:
    screen, language, colours = name.split("-")
    return {**(PHONE if screen == "phone" else {}), "locale": "zh-CN" if language == "zh" else "en", "color_scheme": colours}


@pytest.mark.parametrize("look", ["phone-zh-light", "desk-en-dark"])
def test_pages_before_the_address_is_confirmed(visit: Visitor, look: str, now: datetime) -> None:
    member = make_member(now, email_verified_at=None)
    make_document(make_case(member, now), now)
    link = f"/verify-email/{signing.dumps([str(member.user.pk), member.user.email], salt=VERIFY_SALT)}/"
    stranger, other, visitor = visit(**_look(look)), visit(**_look(look)), visit(**_look(look))
    other.sign_in(make_member(now).user)
    visitor.sign_in(member.user)
    for somebody, path in ((stranger, link), (other, link), (visitor, link), (visitor, "/case/"), (visitor, "/team/")):
        page = somebody.go(path)
        somebody.is_calm()
        assert serious(Axe().run(page).response["violations"]) == [], path


def test_paper_gets_the_case_and_not_the_buttons(visit: Visitor, now: datetime) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(in_state(State.REJECTED, now))
    page = visitor.go("/case/")
    page.emulate_media(media="print")
    assert page.get_by_text("differs from the one that was declared").first.is_visible()
    assert not page.get_by_role("button", name="Appeal").is_visible()
