"""Tests of the queue's page: order, filters, and a cost independent of its length."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from employers.models import User
from events.core.reasons import REASONS
from tests.factories import (
    make_case,
    make_colleague,
    make_document,
    make_member,
    make_reviewer,
    sign_in,
)
from tests.verification.admin.case.waiting_cases import QUEUE, companies, page_of, waiting_case
from tests.verification.reviewing.test_queue_filters import HOUR, ruled, waiting
from verification.admin import queue
from verification.models import Attempt, Case, CheckRun
from verification.reviewing import claims
from verification.reviewing.queue_filters import Filters
from verification.rules.states import State
from verification.rules.working_hours import Hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_colleague(now, "Reviewers")


@pytest.fixture
def client(reviewer: User) -> Client:
    return sign_in(reviewer)


def test_the_list_shows_what_the_filters_find(
    client: Client, reviewer: User, now: datetime
) -> None:
    waiting(now, 3, reasons=("name_mismatch",), claimed_by=reviewer, claimed_until=now + HOUR)
    waiting(
        now, 2, reasons=("name_mismatch",), account_class="commercial_agency", rights_now="in_force"
    )
    waiting(
        now,
        1,
        reasons=("uscc_mismatch",),
        review_since=now - timedelta(days=2),
        review_due=now - HOUR,
    )
    waiting(now, 0, held_until=now + HOUR, declared_uscc="914401" + "0" * 12)
    claims = ("", "claim=free", "claim=held", "province=44")
    asked = product(
        ("", "reason=name_mismatch"), ("", "class=commercial_agency", "age=late"), claims
    )
    for parts in (*asked, ("tier=in_force",), ("state=all", "age=1d"), ("state=approved",)):
        query = "&".join(filter(None, parts))
        response = client.get(f"{QUEUE}?{query}")
        filters = Filters.from_query(dict(part.split("=") for part in query.split("&") if part))
        found = filters.apply(
            Case.objects.order_by(*queue.QueueAdmin.ordering),
            reviewer.as_reviewer(),
            timezone.now(),
        )
        assert companies(response) == [str(case.pk) for case in found], query


def test_each_row_says_why_it_is_next(client: Client, now: datetime) -> None:
    case = waiting_case(now, hours=3, codes=("forgery_suspected",))
    Case.objects.filter(pk=case.pk).update(
        review_due=now - timedelta(days=14), rights_now="conditional"
    )
    html = client.get(QUEUE).content.decode()
    assert "risk: signs of fraud <b>×8</b>" in html
    assert re.search(r"waited \d+\.\d working h <b>×[\d.]+</b>", html)
    assert re.search(r"late by \d+\.\d working h <b>×[&\w; .\d]+</b>", html)
    assert "overdue since" in html and "level-high" in html and "Approved on condition" in html


def test_two_kinds_that_weigh_the_same_are_told_apart(now: datetime) -> None:
    agency, lapsing = waiting(now, harm=4, account_class="commercial_agency"), waiting(now, harm=4)
    assert (queue._weighs(agency), queue._weighs(lapsing)) == ("agency", "lapsing")
    assert queue._weighs(waiting(now, harm=8)) == "fraud"
    assert queue._weighs(waiting(now, harm=7)) == "ordinary", "under rules that have changed"


def test_who_has_a_case_is_told(client: Client, now: datetime) -> None:
    other = make_reviewer(now, "colleague@zizhi.example")
    waiting(now, claimed_by=other, claimed_until=now + HOUR)
    waiting(now, held_until=now + HOUR)
    ruled(waiting(now), other, now)
    html = client.get(QUEUE).content.decode()
    assert "colleague@zizhi.example" in html and "set aside" in html and "just decided" in html


def test_links_carry_what_is_asked_for(client: Client, now: datetime) -> None:
    case = waiting(now, account_class="commercial_agency")
    html = client.get(f"{QUEUE}?class=commercial_agency&o=1&p=1").content.decode()
    assert f'href="{QUEUE}{case.pk}/change/?class=commercial_agency"' in html
    assert f'action="{QUEUE}next/?class=commercial_agency"' in html
    assert client.post(f"{QUEUE}next/?class=public_service").url == f"{QUEUE}?class=public_service"
    assert (
        client.post(f"{QUEUE}next/?class=commercial_agency").url
        == f"{QUEUE}{case.pk}/change/?class=commercial_agency"
    )


def test_it_takes_the_same_queries_however_many_wait(client: Client, now: datetime) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as context:
            assert client.get(QUEUE + query).status_code == 200
        return len(context)

    asked = (
        "",
        "?reason=name_mismatch&claim=free",
        "?q=云溪",
        "?state=all",
        "?age=late&province=99",
    )
    waiting(now, reasons=("name_mismatch",))
    client.get("/console/")  # the first request of a session records it
    before = [queries(query) for query in asked]
    for n in range(30):
        claim = (
            {"claimed_by": make_colleague(now), "claimed_until": now + HOUR} if n % 3 == 0 else {}
        )
        waiting(now, n, reasons=("name_mismatch", "uscc_mismatch"), **claim)
    assert [queries(query) for query in asked] == before


def test_no_list_is_counted_to_its_end(
    client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNTED", 3)
    monkeypatch.setattr(queue, "FOUND", 2)
    for _ in range(5):
        waiting(now)
    html = client.get(QUEUE).content.decode()
    assert "Showing the first 3. Use filters to see others." in html
    first = Case.objects.awaiting_review().values_list("pk", flat=True)[:2]
    response = client.get(f"{QUEUE}?q=云溪市")
    assert companies(response) == [str(pk) for pk in first], "the first of the matches"
    assert "Showing the first 2." in response.content.decode()


def test_a_filter_without_a_case_left_can_be_seen_and_let_go(client: Client, now: datetime) -> None:
    waiting(now, reasons=("name_mismatch",))
    html = client.get(f"{QUEUE}?reason=uscc_mismatch&province=44").content.decode()
    assert "Guangdong (0)" in html and "(0)" in html
    assert "The code on the licence does not match the code that was entered (0)" in html


def test_two_weeks_are_shown_as_numbers_too(client: Client, now: datetime) -> None:
    html = client.get(QUEUE).content.decode()
    assert html.count('<rect class="bar-backlog"') == 14 == html.count('<th scope="row">')
    assert "style=" not in html.split('class="lately"')[1].split("</section>")[0]


def test_operators_are_told_of_a_year_without_holidays(now: datetime, settings: Any) -> None:
    told = f"Holidays for {(now + timedelta(days=60)).year} are not set"
    operator, lead = (sign_in(make_colleague(now, group)) for group in ("Operators", "Leads"))
    days = " ".join(f"{year}-01-01" for year in {now.year, (now + timedelta(days=60)).year})
    for holidays, says in (("2020-01-01", "Holidays for"), (days, ""), ("", "")):
        settings.WORKING_HOURS = Hours.parse("mon-fri 09:00-18:00", holidays, "", "Asia/Shanghai")
        assert ("Holidays for" in operator.get("/console/").content.decode()) == bool(says)
        assert "Holidays for" not in lead.get(QUEUE).content.decode(), (
            "only people who can set it need to see it"
        )
    settings.WORKING_HOURS = Hours.parse(
        "mon-fri 09:00-18:00", f"{now.year}-01-01", "", "Asia/Shanghai"
    )
    assert (told in operator.get("/console/").content.decode()) == (
        (now + timedelta(days=60)).year != now.year
    )


def test_the_queue_holds_what_waits_longest_waiting_first(client: Client, now: datetime) -> None:
    late, early = waiting_case(now, hours=1), waiting_case(now, hours=9, codes=("uscc_mismatch",))
    make_case(make_member(now), now, State.APPROVED)
    response = client.get(QUEUE)
    assert companies(response) == [str(early.pk), str(late.pk)]
    html = response.content.decode()
    assert REASONS["uscc_mismatch"].says.en in html
    assert "free" in html
    assert early.submitted_by is not None
    name, _, domain = early.submitted_by.email.partition("@")
    assert f"{name[0]}***@{domain}" in html
    assert early.submitted_by.email not in html
    figures = response.context["queue"]
    assert (figures.waiting, figures.free, figures.oldest, response.context["mine"]) == (
        2,
        2,
        early.submitted_at,
        0,
    )


def test_an_empty_queue(client: Client) -> None:
    response = client.get(QUEUE)
    assert (response.status_code, companies(response)) == (200, [])
    assert "Waiting for review (0)" in response.content.decode()


def test_filters_and_search(client: Client, reviewer: User, now: datetime) -> None:
    name, code = (
        waiting_case(now, codes=("name_mismatch",)),
        waiting_case(now, hours=2, codes=("uscc_mismatch",)),
    )
    agency = waiting_case(now, hours=3, codes=("uscc_mismatch", "agency_licence_missing"))
    Case.objects.filter(pk=agency.pk).update(account_class="commercial_agency")
    done = make_case(make_member(now), now, State.APPROVED)
    claims.claim_case(name.pk, reviewer, now)
    found = {
        "?reason=uscc_mismatch": {code, agency},
        "?reason=mismatch": {name, code, agency},  # an unknown reason is ignored
        "?class=commercial_agency": {agency},
        "?claim=mine": {name},
        "?claim=free": {code, agency},
        "?state=approved": {done},
        "?state=all": {name, code, agency, done},
        f"?q={done.declared_uscc}": {done},
        f"?q={code.pk}": {code},
    }
    for query, cases in found.items():
        assert set(companies(client.get(QUEUE + query))) == {str(case.pk) for case in cases}, query


def test_the_number_of_queries_does_not_grow(
    client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    first = waiting_case(now)
    for hours in range(12):
        waiting_case(now, hours=hours)
    client.get("/console/")  # the first request of a session records it
    with django_assert_max_num_queries(24):
        client.get(QUEUE)
    for number in range(5):
        make_document(first, now, sha256=f"f{number:063}")
        attempt = Attempt.objects.create(
            case=first, number=number + 2, submitted_at=now, due_at=now
        )
        CheckRun.objects.create(
            attempt=attempt, code="scan", version="1", started_at=now, finished_at=now
        )
    client.get(page_of(first))  # the first reading of a case in an hour is recorded
    with django_assert_max_num_queries(39):
        client.get(page_of(first))


def test_the_next_case_is_claimed_by_one_button(
    client: Client, reviewer: User, now: datetime
) -> None:
    waiting_case(now, hours=1)
    taken, oldest = waiting_case(now, hours=9), waiting_case(now, hours=5)
    claims.claim_case(taken.pk, make_colleague(now, "Reviewers"), now)
    assert client.post(f"{QUEUE}next/").url == page_of(oldest)
    oldest.refresh_from_db()
    assert oldest.claimed_by == reviewer
