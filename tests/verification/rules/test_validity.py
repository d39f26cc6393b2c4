"""Tests of validity: an approval ends with the first document that it relies on, and its members
are warned before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from downloads.gate import decide
from employers.models import AccountClass, Member
from events.models import Event, Mail
from tests.factories import (
    PLATFORM,
    make_case,
    make_document,
    make_employer,
    make_link,
    make_member,
    make_reviewer,
)
from tests.verification.checks.test_registry import SUBJECT
from tests.verification.decision.test_apply_verdict import MEDIUM, Says, run, saying
from verification.cases import documents, operations
from verification.checks.reading import Reading, of_term
from verification.decision import apply_verdict, pipeline
from verification.models import Attempt, Case, CheckRun, ClientAuthorisation, Document, DocumentKind
from verification.monitoring import client_expiry, renewal_reminders
from verification.pages import requirement_facts
from verification.reviewing import claims
from verification.rules.facts import RequirementState
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from verification.rules.validity import day_of, end_of, end_of_papers, ends_soon

DAY = timedelta(days=1)
LAST = date(2027, 1, 10)
ENDS = datetime(2027, 1, 10, 16, tzinfo=UTC)
"""Midnight in China."""


def in_term(last: date = LAST, severity: Severity = Severity.PASS) -> Finding:
    return Finding(
        "agency_licence", "agency_licence_agrees", severity, "number", until=last.isoformat()
    )


TERM = Finding("reading", "document_in_term", Severity.PASS, "term", until="2027-03-01")


def test_a_day_ends_where_the_paper_was_issued() -> None:
    assert end_of(LAST) == ENDS
    assert not ends_soon(LAST, ENDS - 7 * DAY - timedelta(seconds=1)) and ends_soon(
        LAST, ENDS - 7 * DAY
    )
    assert not ends_soon(LAST, ENDS), "it has ended"
    assert day_of(ENDS) == LAST + DAY and day_of(ENDS - timedelta(seconds=1)) == LAST


def test_in_the_small_hours_it_is_already_the_day_of_the_place() -> None:
    """At one in the morning in Beijing it is still the previous day in UTC. A term that ended with
    that day has ended.
    """
    early = ENDS + timedelta(hours=1)
    assert early.astimezone(UTC).date() == LAST
    assert of_term(LAST.isoformat(), early) == ("document_expired", Severity.CONCERN)
    assert replace(SUBJECT, now=early).today == LAST + DAY


def test_the_first_end_counts_and_what_has_ended_was_seen(now: datetime) -> None:
    assert end_of_papers([TERM, in_term()], now) == ENDS
    assert end_of_papers([TERM, in_term(date(2026, 1, 1))], now) == end_of(date(2027, 3, 1))
    assert end_of_papers([Finding("reading", "uscc_agrees", Severity.PASS)], now) is None


@pytest.mark.parametrize(
    ("term", "code", "severity"),
    [
        ("2006-01-01至2026-11-23", "document_expired", Severity.CONCERN),
        ("2006-01-01至2026-11-24", "document_ends_soon", Severity.CONCERN),
        ("2006-01-01至2027-11-24", "document_in_term", Severity.PASS),
        ("2006-01-01至长期", None, None),
    ],
)
def test_a_business_term(term: str, code: str | None, severity: Severity | None) -> None:
    observation = {"fields": {"term": term}, "regions": {}}
    found = [(f.code, f.severity, f.until) for f in Reading()._term(SUBJECT, observation)]
    assert found == ([(code, severity, term[-10:])] if code else [])


# --- The approval ---------------------------------------------------------------------------------


@pytest.fixture
def attempt(now: datetime) -> Attempt:
    member = make_member(now)
    case = make_case(member, now)
    make_document(case, now)
    return operations.submit_case(case.pk, member.user, member.as_actor(), now)


def allowed(member: Member, at: datetime) -> bool:
    return decide.decide_download(
        client_id=make_link(member, PLATFORM, at).client_id,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidate="c-1",
        now=at,
        zone=ZoneInfo("Asia/Shanghai"),
    ).allowed


@pytest.mark.django_db
def test_the_gate_says_no_on_the_day_after_and_reminders_come_before(
    attempt: Attempt, now: datetime
) -> None:
    case = run(attempt, now, MEDIUM, in_term(), TERM)
    assert case.state == State.APPROVED and case.expires_at == ENDS
    member = case.employer.members.get()
    assert allowed(member, ENDS - timedelta(seconds=1)) and not allowed(member, ENDS)
    told = []
    for hours in range(40 * 24, 0, -6):
        at = ENDS - timedelta(hours=hours)
        told += [
            round(hours / 24)
            for case_id in renewal_reminders.due_reminders(at)
            if renewal_reminders.remind_to_renew(case_id, at)
        ]
    assert told == [30, 7, 1]


@pytest.mark.django_db
def test_that_day_is_the_deadline_of_what_it_is_about(attempt: Attempt, now: datetime) -> None:
    run(attempt, now, MEDIUM, in_term(), TERM)
    Case.objects.update(account_class=AccountClass.COMMERCIAL_AGENCY)
    due = {r.code: r for r in requirement_facts.requirements_of(Case.objects.get(), None, now)}
    assert (
        due["agency_licence"].deadline == ENDS
        and due["agency_licence"].state is RequirementState.SATISFIED
    )
    assert due["business_licence"].deadline == end_of(date(2027, 3, 1))
    assert due["reverification"].deadline == ENDS
    late = {
        r.code: r
        for r in requirement_facts.requirements_of(Case.objects.get(), None, ENDS - 20 * DAY)
    }
    assert late["reverification"].state is RequirementState.CURRENTLY_DUE


@pytest.mark.django_db
def test_what_a_person_approves_ends_with_its_papers_too(attempt: Attempt, now: datetime) -> None:
    case = run(
        attempt,
        now,
        MEDIUM,
        Finding("reading", "name_mismatch", Severity.CONCERN, "name"),
        in_term(),
    )
    reviewer = make_reviewer(now)
    claims.claim_case(case.pk, reviewer, now)
    assert operations.approve_case(case.pk, reviewer, now).expires_at == ENDS


@pytest.mark.django_db
def test_a_condition_and_its_confirmation_end_with_the_papers_too(
    attempt: Attempt, now: datetime
) -> None:
    pending = Finding("registry", "registry_pending", Severity.WAIT, "uscc")
    strong = Finding(
        "authority", "authority_proven", Severity.PASS, "authority", "bank_deposit", "strong"
    )
    case = run(attempt, now, pending, strong, in_term())
    assert case.conditional and case.expires_at == now + 14 * DAY
    assert apply_verdict.confirm_approval(case.pk, now + DAY)
    case.refresh_from_db()
    assert case.expires_at == ENDS


@pytest.mark.django_db
def test_a_paper_that_ended_while_the_attempt_waited_is_looked_at_by_a_person(
    attempt: Attempt, now: datetime
) -> None:
    """A licence is read once, however long the attempt waits."""
    until = (now + 2 * DAY).date()
    reading = Says(
        "reading",
        Finding("reading", "document_in_term", Severity.PASS, "term", until=until.isoformat()),
    )
    reading.lasting = True
    missing = Says(
        "authority", Finding("authority", "authority_missing", Severity.WAIT, "authority")
    )
    pipeline.run_checks(attempt.pk, lambda: now, 60, saying(reading=reading, authority=missing))
    later = now + 4 * DAY
    assert pipeline.run_checks(
        attempt.pk, lambda: later, 60, saying(reading=reading, authority=Says("authority", MEDIUM))
    )
    case = Case.objects.get()
    assert (
        case.state == State.IN_REVIEW
        and case.decisions.get().reasons[0]["code"] == "document_expired"
    )


# --- Clients' letters -----------------------------------------------------------------------------


@pytest.fixture
def agency(now: datetime) -> Case:
    """An approved agency with two clients' letters."""
    member = make_member(
        now,
        make_employer(
            now, "云溪市示例人力资源有限公司", account_class=AccountClass.COMMERCIAL_AGENCY
        ),
    )
    case = make_case(member, now, State.APPROVED)
    for number, until in enumerate((LAST, LAST + 30 * DAY)):
        letter(case, now, f"云溪市委托{number}有限公司", until)
    return case


def letter(case: Case, at: datetime, name: str, until: date | None) -> Document:
    document = make_document(case, at, kind=DocumentKind.CLIENT_AUTHORIZATION)
    ClientAuthorisation.objects.create(
        employer=case.employer,
        document=document,
        client_name=name,
        client_uscc="x",
        valid_until=until,
        added_at=at,
    )
    return document


def days(since: datetime) -> Iterator[datetime]:
    return (since + n * DAY for n in range(60))


@pytest.mark.django_db
def test_a_client_whose_letter_ends_is_ended_and_its_agency_told_once(agency: Case) -> None:
    for at in (ENDS - timedelta(seconds=1), ENDS, ENDS + DAY):
        client_expiry.end_expired_clients(at)
    ended = ClientAuthorisation.objects.get(ended_at__isnull=False)
    assert (ended.client_name, ended.ended_at) == ("云溪市委托0有限公司", ENDS)
    assert Event.objects.get(verb="end_client").reasons == ["agency_client_expired"]
    mail = Mail.objects.get()
    assert (mail.template, mail.context["client"]) == ("client_expired", ended.client_name)
    agency.refresh_from_db()
    assert agency.state == State.APPROVED, "the other letter keeps it in force"


@pytest.mark.django_db
def test_with_the_last_letter_the_approval_ends(agency: Case) -> None:
    member, last = agency.employer.members.get(), ENDS + 30 * DAY
    told = []
    for at in days(ENDS - 10 * DAY):
        told += [
            (last - at).days
            for case_id in renewal_reminders.due_reminders(at)
            if renewal_reminders.remind_to_renew(case_id, at)
        ]
        client_expiry.end_expired_clients(at)
        assert allowed(member, at) == (at < last)
    agency.refresh_from_db()
    assert agency.state == State.EXPIRED and agency.expires_at == last
    assert told == [30, 7, 1]
    assert set(Mail.objects.values_list("template", flat=True)) == {
        "clients_end",
        "client_expired",
        "case_expire",
    }
    ends = Mail.objects.get(template="case_expire")
    assert ends.context["reasons"] == ["agency_client_expired"]
    operations.open_case(agency.employer, member.as_actor(), last)  # it may start again at once


@pytest.mark.django_db
def test_before_that_another_letter_is_asked_for(agency: Case, now: datetime) -> None:
    def clients(at: datetime) -> Any:
        return next(
            r
            for r in requirement_facts.requirements_of(agency, None, at)
            if r.code == "client_authorization"
        )

    last = ENDS + 30 * DAY
    assert (clients(now).state, clients(now).deadline) == (RequirementState.SATISFIED, last)
    soon = clients(last - 20 * DAY)
    assert soon.state is RequirementState.CURRENTLY_DUE and [why.code for why in soon.reasons] == [
        "agency_client_ends_soon"
    ]
    assert [way.code for way in soon.ways] == ["client_authorization"]


@pytest.mark.django_db
def test_a_letter_without_an_end_and_one_that_waits_for_us_keep_the_approval(
    agency: Case, now: datetime
) -> None:
    open_ended = letter(agency, now, "云溪市长期有限公司", None)
    assert client_expiry.last_end(agency, now) is None
    ClientAuthorisation.objects.filter(document=open_ended).update(ended_at=now)
    assert client_expiry.last_end(agency, now) == ENDS + 30 * DAY
    late = letter(agency, now + DAY, "云溪市新委托有限公司", LAST + 60 * DAY)
    assert client_expiry.last_end(agency, now) == ENDS + 30 * DAY, "it was not read and will not be"
    documents.queue_reading(late, now + DAY)
    assert client_expiry.last_end(agency, now) == ENDS + 60 * DAY


@pytest.mark.django_db
def test_what_a_person_approved_without_any_letter_rests_on_none(agency: Case) -> None:
    Document.objects.filter(kind=DocumentKind.CLIENT_AUTHORIZATION).update(
        uploaded_at=agency.approved_at + DAY
    )
    client_expiry.end_expired_clients(ENDS + 90 * DAY)
    agency.refresh_from_db()
    assert agency.state == State.APPROVED


def test_a_stored_finding_from_before_has_no_end() -> None:
    stored = Finding("reading", "uscc_agrees", Severity.PASS, "uscc", "x").as_json()
    del stored["until"], stored["document"]
    assert Finding.from_json(stored).until == ""
    assert CheckRun(findings=[in_term().as_json()]).as_findings()[0].until == LAST.isoformat()
