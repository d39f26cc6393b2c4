"""Tests of the page that shows a case's progress."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from employers.models import Member
from tests.factories import make_case
from tests.verification.pages.case_pages import HTMX, text
from verification.checks import CHECKS
from verification.models import Attempt, Case, CheckRun
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db

STATUS_QUERIES = 8


class TestStatus:
    @pytest.fixture
    def attempt(self, member: Member, now: datetime) -> Attempt:
        case = make_case(member, now, State.CHECKING)
        return Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)

    def run(self, attempt: Attempt, now: datetime) -> None:
        finding = {
            "check": "reading",
            "code": "name_mismatch",
            "severity": "concern",
            "field": "name",
            "seen": "READ",
            "expected": "DECLARED",
            "page": 1,
            "region": None,
        }
        CheckRun.objects.create(
            attempt=attempt,
            code="reading",
            version="1",
            findings=[finding],
            started_at=now,
            finished_at=now + timedelta(seconds=2.25),
        )

    def test_shows_each_check_with_its_finding_and_duration(
        self, visitor: Client, attempt: Attempt, now: datetime, django_assert_max_num_queries: Any
    ) -> None:
        self.run(attempt, now)
        visitor.get("/case/help/")  # the first request records the sign-in
        with django_assert_max_num_queries(STATUS_QUERIES):
            page = text(visitor.get("/case/status/", headers=HTMX))
        for said in (
            "Licence can be read",
            "The company names do not match",
            "READ",
            "DECLARED",
            "2.3 s",
            f"1 of {len(CHECKS)} checks done",
        ):
            assert said in page
        assert 'hx-trigger="every 1500ms"' in page

    def test_says_nothing_while_nothing_changes(
        self, visitor: Client, attempt: Attempt, now: datetime
    ) -> None:
        page = text(visitor.get("/case/status/", headers=HTMX))
        have = page.partition("?have=")[2].partition('"')[0]
        assert visitor.get(f"/case/status/?have={have}", headers=HTMX).status_code == 204
        self.run(attempt, now)
        assert visitor.get(f"/case/status/?have={have}", headers=HTMX).status_code == 200

    def test_asks_rarely_while_it_waits_and_says_for_what(
        self, visitor: Client, attempt: Attempt
    ) -> None:
        Attempt.objects.update(waiting_for="registry_pending")
        page = text(visitor.get("/case/status/", headers=HTMX))
        assert 'hx-trigger="every 15s"' in page
        assert "not in the company register yet" in page
        assert "Next check:" in page

    def test_the_employers_next_step_is_above_the_checks(
        self, visitor: Client, attempt: Attempt, now: datetime
    ) -> None:
        have = (
            text(visitor.get("/case/status/", headers=HTMX))
            .partition("?have=")[2]
            .partition('"')[0]
        )
        Attempt.objects.update(waiting_for="authority_missing")
        lacks = Finding("authority", "authority_missing", Severity.WAIT).as_json()
        CheckRun.objects.create(
            attempt=attempt,
            code="authority",
            version="2",
            findings=[lacks],
            started_at=now,
            finished_at=now,
        )
        turned = visitor.get(f"/case/status/?have={have}", headers=HTMX)
        assert turned["HX-Retarget"] == "#case", "its tag and its list change with it"
        for page in (text(turned), text(visitor.get("/case/"))):
            assert page.count("Your next step") == 1
            assert (
                page.index("Your next step")
                < page.index('class="checks"')
                < page.index('id="editor"')
            )
            assert 'class="pill changes_requested">Waiting for you<' in page
            assert "We continue as soon as you provide it" in page
            assert "added from:body" in page
        have = text(turned).partition("?have=")[2].partition('"')[0]
        Case.objects.update(version=F("version") + 1)  # a letter was added
        again = visitor.get(f"/case/status/?have={have}", headers=HTMX)
        assert "HX-Retarget" not in again
        assert "Your next step" in text(again)

    def test_decided_is_the_whole_case_and_the_end_of_asking(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.IN_REVIEW)
        response = visitor.get("/case/status/", headers=HTMX)
        assert response["HX-Retarget"] == "#case"
        assert "A reviewer will check your case" in text(response)
        assert "hx-get" not in text(response)

    def test_without_a_script_it_is_the_page(self, visitor: Client, attempt: Attempt) -> None:
        assert visitor.get("/case/status/")["Location"] == "/case/"
        assert "Check again" in text(visitor.get("/case/"))


def test_findings_that_read_the_same_are_shown_once(
    visitor: Client, member: Member, now: datetime
) -> None:
    case = make_case(member, now, State.IN_REVIEW)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, finished_at=now
    )
    notes = ("compression_noted", "overlay_noted", "glyph_noted", "copy_noted", "editor_noted")
    CheckRun.objects.create(
        attempt=attempt,
        code="forgery",
        version="1",
        findings=[Finding("forgery", code, Severity.NOTE).as_json() for code in notes],
        started_at=now,
        finished_at=now,
    )
    assert text(visitor.get("/case/")).count("Signs of editing: none found") == 1
