"""Tests of the list of requirements: states, open items and the next step."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from events.core.reasons import MINUTES
from tests.employers.accounts.phone_codes import by_phone_alone
from tests.factories import make_case, make_document, make_employer, make_member, make_reviewer
from verification.api.requirements import WhyOut
from verification.cases import turnaround, wording
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    Decision,
    DocumentKind,
    DocumentReading,
    Proof,
    ProofKind,
    ProofState,
    Statement,
)
from verification.pages import case_editor, case_progress, requirement_facts, requirement_rows
from verification.rules import policy
from verification.rules.facts import RequirementState, Strength, Why
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import CURRENT, HOW, TAKES, WHO, Unlocks, requirement_of
from verification.rules.requirement_ways import Way
from verification.rules.requirements import Requirement
from verification.rules.states import State
from verification.rules.turn import Turn

DUE, PENDING, MET = (
    RequirementState.CURRENTLY_DUE,
    RequirementState.PENDING_VERIFICATION,
    RequirementState.SATISFIED,
)


def requirement(
    code: str, state: RequirementState, *whys: str, ways: tuple[str, ...] | None = None
) -> Requirement:
    named = CURRENT.items[code].ways if ways is None else ways
    made = tuple(Way(way, MINUTES, state=state) for way in named)
    return Requirement(code, state, Unlocks.DOWNLOAD, made, tuple(Why(why) for why in whys))


def rows(
    *requirements: Requirement, state: State = State.DRAFT, opened: frozenset[str] = frozenset()
) -> list[requirement_rows.Item]:
    return requirement_rows.item_rows(
        requirements, state, requirement_rows.document_slots([], datetime(2026, 1, 1)), opened
    )


@pytest.mark.parametrize(
    ("state", "whys", "ways", "at", "tag"),
    [
        (DUE, (), None, State.DRAFT, "todo"),
        (DUE, ("document_missing",), None, State.DRAFT, "todo"),
        (DUE, ("document_blurred",), None, State.CHANGES_REQUESTED, "again"),
        (DUE, ("document_blurred",), (), State.REJECTED, "open"),
        (DUE, ("document_missing",), None, State.IN_REVIEW, "open"),
        (RequirementState.PAST_DUE, (), None, State.CHANGES_REQUESTED, "overdue"),
        (RequirementState.PAST_DUE, ("uscc_mismatch",), None, State.SUSPENDED, "open"),
        (PENDING, (), None, State.DRAFT, "ready"),
        (PENDING, (), (), State.DRAFT, "ours"),
        (PENDING, (), None, State.CHECKING, "checking"),
        (PENDING, (), None, State.IN_REVIEW, "reviewing"),
        (MET, (), None, State.IN_REVIEW, "done"),
    ],
)
def test_each_state_has_its_word(
    state: RequirementState, whys: tuple[str, ...], ways: Any, at: State, tag: str
) -> None:
    (item,) = rows(requirement("business_licence", state, *whys, ways=ways), state=at)
    assert (item.tag_style, item.tag) == (tag, wording.TAGS[tag])


def test_every_requirement_and_way_has_words_in_both_languages() -> None:
    for code in CURRENT.items:
        title, purpose = wording.REQUIREMENTS[code]
        for language in ("en", "zh-hans"):
            with override(language):
                assert str(title) and str(purpose)
    with_page = {way for item in CURRENT.items.values() for way in item.ways} & set(
        ProofKind.values
    )
    assert with_page == set(ProofKind.values)
    for way in with_page:
        assert wording.WAYS[way] and requirement_rows.PAGE_OF[way]
    assert set(TAKES) == set(WHO) == set(HOW) == set(wording.WAYS), (
        "mails name each way, how to complete it, and who can"
    )
    assert {strength.value for strength in Strength} == set(wording.STRENGTHS)
    assert {unlocks.value for unlocks in Unlocks} == set(wording.UNLOCKS)


def test_every_reason_leads_to_an_item_that_exists() -> None:
    from events.core.reasons import REASONS

    named = {requirement_of(code) for code in REASONS}
    assert named <= {*CURRENT.items}
    assert requirement_of("document_blurred") == "business_licence"
    assert requirement_of("document_blurred", paper="approval_document") == "approval_document"
    assert (
        requirement_of("authority_missing") == requirement_of("bank_holder_mismatch") == "authority"
    )
    assert requirement_of("authority_email_unverified") == "mail_address"


def test_only_what_has_to_be_done_is_open() -> None:
    made = rows(
        requirement("mail_address", DUE, "authority_email_unverified"),
        requirement("business_licence", DUE, "document_blurred"),
        requirement("registration", MET),
        requirement("authority", DUE, "authority_missing"),
        state=State.CHANGES_REQUESTED,
    )
    assert [item.code for item in made if item.opened] == ["business_licence"]
    made = rows(
        requirement("business_licence", MET),
        requirement("authority", MET),
        opened=frozenset({"authority"}),
    )
    assert [item.code for item in made if item.opened] == ["authority"]


def test_the_next_thing_is_one() -> None:
    licence, authority = requirement("business_licence", MET), requirement("authority", DUE)
    step = requirement_rows.next_step(rows(licence, authority))
    assert step is not None
    assert step.href == "#requirement-authority"
    submit = requirement("submission", DUE, ways=("submit",))
    step = requirement_rows.next_step(rows(licence, submit))
    assert step is not None
    assert step.href == "#submit"
    assert (
        requirement_rows.next_step(
            rows(
                licence,
                requirement("submission", DUE, ways=("appeal", "start")),
                state=State.REJECTED,
            )
        )
        is None
    )
    assert requirement_rows.next_step(rows(licence, requirement("registration", DUE))) is None, (
        "the employer has nothing to do"
    )


def test_of_a_trace_of_editing_only_the_sentence_is_told() -> None:
    found = Finding(
        "forgery", "forgery_edited", Severity.UNABLE, "uscc", "Editor 9", "x", 1, (1, 2, 3, 4)
    )
    assert wording.finding_for_employer(found) == Finding(
        "forgery", "forgery_edited", Severity.UNABLE
    )
    for reason in (
        found.as_reason(),
        {"code": "forgery_edited", "field": "uscc", "seen": "Editor 9", "expected": "x"},
    ):
        told = wording.told_reason(reason)
        assert (told["code"], told["field"], told["seen"], told["expected"]) == (
            "forgery_edited",
            "",
            "",
            "",
        )


def test_a_way_that_failed_says_why_and_can_be_tried_again() -> None:
    failed = Way(
        "bank_deposit",
        MINUTES,
        Strength.STRONG,
        DUE,
        "工商银行 ···· 1234",
        (Why("bank_account_invalid"),),
    )
    stands = Way("e_licence", MINUTES, Strength.STRONG, MET)
    (item,) = rows(Requirement("authority", DUE, Unlocks.DOWNLOAD, (failed, stands)))
    lines = {line.way.code: line for line in item.ways}
    assert (lines["bank_deposit"].tag_style, str(lines["bank_deposit"].state)) == (
        "again",
        str(wording.WAY_STATES["failed"]),
    )
    assert lines["bank_deposit"].open
    assert not lines["e_licence"].open


@pytest.mark.django_db
def test_what_was_read_opens_its_item_until_something_is_said_of_it(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now)
    document = make_document(case, now)
    make_document(case, now, DocumentKind.AUTHORIZATION_LETTER)
    reading = {"fields": {"name": "甲"}, "regions": {}}
    DocumentReading.objects.create(document=document, due_at=now, finished_at=now, reading=reading)

    def opened() -> list[str]:
        return [
            item.code
            for item in case_editor.editor_context(member, case, now)["items"]
            if item.opened
        ]

    assert "business_licence" in opened()
    Statement.objects.create(
        document=document, field="name", read="甲", said="甲", by=member.user, at=now
    )
    assert "business_licence" not in opened()


def test_what_is_not_there_yet_says_how_who_and_how_long() -> None:
    licence = requirement("business_licence", DUE, "document_missing")
    (item,) = rows(licence)
    assert item.tag_style == "todo" and item.lacking == licence.reasons and item.shown_reasons == []
    (item,) = rows(
        requirement("business_licence", DUE, "document_blurred"), state=State.CHANGES_REQUESTED
    )
    assert not item.lacking and [why.code for why in item.shown_reasons] == ["document_blurred"]
    (item,) = rows(requirement("authority", DUE, "authority_missing"))
    assert item.lacking and all(
        line.way.who and line.way.how and line.way.takes for line in item.ways
    )


@pytest.mark.django_db
def test_every_open_item_of_the_page_says_who_and_how_long(now: datetime, client: Client) -> None:
    member = make_member(
        now, make_employer(now, account_class="commercial_agency"), email="lin@qq.com"
    )
    make_case(member, now)
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    bodies = dict(re.findall(r'id="requirement-([a-z_]+)">(.*?)</details>', page, re.S))
    assert 'a few minutes<span class="who"> · anyone who can read that mailbox</span>' in page
    for code in ("business_licence", "agency_licence", "client_authorization"):
        assert (
            "What to do:" in bodies[code]
            and "Who does this:" in bodies[code]
            and "Time:" in bodies[code]
        )
    assert bodies["authority"].count('class="who"') == len(CURRENT.items["authority"].ways)


@pytest.mark.django_db
def test_what_is_waited_for_has_an_end_and_the_page_says_when(
    now: datetime, client: Client
) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, State.CHECKING)
    again = now + timedelta(hours=6)
    Attempt.objects.create(
        case=case,
        number=1,
        submitted_at=now,
        due_at=again,
        waits=2,
        waiting_for="authority_missing",
    )
    until = again + sum(policy.CURRENT.retry_after[2:], timedelta())
    (authority,) = [
        item
        for item in requirement_facts.requirements_of(case, member, now)
        if item.code == "authority"
    ]
    assert (authority.state, authority.deadline) == (DUE, until)
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    with override("en"):
        shown = date_format(timezone.localtime(until), "DATETIME_FORMAT")
    assert f"If it is still missing at {shown}, a reviewer decides without it." in page
    Attempt.objects.update(waiting_for="check_delayed")
    assert (
        "a reviewer decides without it"
        not in client.get("/case/", headers={"accept-language": "en"}).content.decode()
    )


@pytest.mark.django_db
def test_how_long_a_reviewer_takes_is_never_promised(now: datetime, client: Client) -> None:
    member = make_member(now)
    make_case(member, now, State.IN_REVIEW)
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    assert "estimate the time yet" in page and "within one working day" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state", [State.DRAFT, State.IN_REVIEW, State.CHANGES_REQUESTED, State.REJECTED]
)
def test_the_whole_page_tells_what_people_really_took(
    state: State, now: datetime, client: Client
) -> None:
    reviewer = make_reviewer(now)
    for number in range(turnaround.AT_LEAST):
        decided = make_case(make_member(now), now, State.APPROVED)
        Attempt.objects.create(
            case=decided,
            number=1,
            submitted_at=now,
            due_at=now,
            finished_at=now + timedelta(minutes=2),
            outcome="review",
        )
        took = timedelta(hours=3 * (number + 1))
        Decision.objects.create(
            case=decided,
            attempt_number=1,
            verb="approve",
            policy_version="1",
            decided_by=reviewer,
            decided_at=now + took,
        )
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, state)
    make_document(case, now)
    if state is not State.DRAFT:
        attempt = Attempt.objects.create(
            case=case, number=1, submitted_at=now, due_at=now, finished_at=now, outcome="review"
        )
        found = Finding("registry", "registry_not_found", Severity.UNABLE).as_json()
        CheckRun.objects.create(
            attempt=attempt,
            code="registry",
            version="1",
            findings=[found],
            started_at=now,
            finished_at=now,
        )
        verb = {State.IN_REVIEW: "hold_for_review", State.REJECTED: "reject"}.get(
            state, "request_changes"
        )
        reasons = [{"code": "registry_not_found"}]
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb=verb,
            reasons=reasons,
            policy_version="1",
            decided_at=now,
        )
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    assert "within one working day" not in page
    assert "usually 9 hours, nine in ten within 15 hours" in page
    assert (
        "通常 9 小时，九成在 15 小时内"
        in client.get("/case/", headers={"accept-language": "zh-hans"}).content.decode()
    )
    (asked_for,) = [
        item
        for item in requirement_facts.requirements_of(case, member, now)
        if item.code == "registration"
    ]
    if asked_for.reasons:
        assert (
            WhyOut.of(asked_for.reasons[0]).takes.en
            == "usually 9 hours, nine in ten within 15 hours"
        )
    to_come = re.search(r'<li class="to-come">.*?</li>', page, re.S)
    said = {
        State.IN_REVIEW: "usually 9 hours",
        State.DRAFT: "2 minutes",
        State.CHANGES_REQUESTED: "2 minutes",
    }
    assert (to_come is None) == (state is State.REJECTED)
    assert to_come is None or said[state] in to_come.group()


@pytest.mark.django_db
def test_the_register_is_waited_for_until_a_day_that_is_told(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now, State.CHECKING)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, waits=2, waiting_for="authority_missing"
    )
    found = Finding("registry", "registry_pending", Severity.WAIT).as_json()
    CheckRun.objects.create(
        attempt=attempt,
        code="registry",
        version="1",
        findings=[found],
        started_at=now,
        finished_at=now,
    )
    (item,) = [
        item
        for item in requirement_facts.requirements_of(case, member, now)
        if item.code == "registration"
    ]
    assert (item.state, item.deadline) == (PENDING, policy.waits_until(2, now, policy.CURRENT))


@pytest.mark.parametrize(
    ("state", "turn", "until", "own_words", "whose"),
    [
        (State.CHECKING, Turn.ZIZHI, None, None, "machine"),
        (State.CHECKING, Turn.EMPLOYER, "a day", None, ""),
        (State.CHECKING, Turn.BANK, "a day", None, ""),
        (State.CHECKING, Turn.ZIZHI, "a day", None, ""),
        (State.SUSPENDED, Turn.ZIZHI, None, "words", "appeals"),
        (State.IN_REVIEW, Turn.ZIZHI, None, "words", "appeals"),
        (State.APPROVED, Turn.NOBODY, None, None, None),
    ],
)
def test_what_comes_next_is_told_with_its_time(
    state: State, turn: Turn, until: Any, own_words: Any, whose: str | None
) -> None:
    row = case_progress.to_come(Case(state=state), turn, until, own_words)
    assert (row.whose if row else None) == whose
    assert row is None or (row.until == until and row.words)


@pytest.mark.django_db
def test_what_counts_as_done_stays_done_until_it_is_asked_for_again(now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now)

    def done() -> tuple[int, int]:
        shown = case_editor.editor_context(member, Case.objects.get(pk=case.pk), now)
        return shown["met"], shown["asked"]

    assert done() == (2, 4), "the address and the details; we look the company up ourselves"
    make_document(case, now)
    assert done() == (3, 4), "not the proof of authority"
    Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)
    for state in (State.SUBMITTED, State.CHECKING, State.IN_REVIEW):
        Case.objects.filter(pk=case.pk).update(state=state)
        assert done() == (3, 4), state
    Case.objects.filter(pk=case.pk).update(state=State.CHANGES_REQUESTED)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="request_changes",
        reasons=[{"code": "document_blurred", "field": "business_licence"}],
        policy_version="1",
        decided_at=now,
    )
    assert done() == (2, 4), "the photo is asked for again, and nothing else"
    make_document(case, now + timedelta(seconds=1))
    assert done() == (3, 4)


@pytest.mark.django_db
def test_a_requirement_that_is_waited_for_has_one_deadline(now: datetime, client: Client) -> None:
    """A transfer under way has ten days; the checks may wait for less, or for longer."""
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, State.CHECKING)
    Attempt.objects.create(
        case=case,
        number=1,
        submitted_at=now,
        due_at=now + timedelta(hours=1),
        waits=1,
        waiting_for="authority_pending",
    )
    Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=case.declared_uscc,
        kind=ProofKind.BANK_DEPOSIT,
        started_at=now,
        expires_at=now + timedelta(days=10),
        due_at=now + timedelta(days=10),
        stage="accepted",
    )
    until = policy.waits_until(1, now + timedelta(hours=1), policy.CURRENT)
    (authority,) = [
        item
        for item in requirement_facts.requirements_of(case, member, now)
        if item.code == "authority"
    ]
    assert authority.deadline == until != now + timedelta(days=10)
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    with override("en"):
        shown = date_format(timezone.localtime(until), "DATETIME_FORMAT")
        again = date_format(timezone.localtime(now + timedelta(hours=1)), "DATETIME_FORMAT")
    assert f"needed by {shown}" in page
    assert f"If it is still missing at {shown}, a reviewer decides without it." in page
    assert page.count(again) <= 1, "only the next question to the bank"


@pytest.mark.django_db
def test_no_box_contradicts_the_time_of_the_ways(now: datetime, client: Client) -> None:
    """A way to prove authority takes minutes or days. Only the way itself says which."""
    member = make_member(now, email="lin@qq.com")
    case = make_case(member, now, State.IN_REVIEW)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="hold_for_review",
        reasons=[{"code": "authority_missing", "field": "authority"}],
        policy_version="1",
        decided_at=now,
    )
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    body = page.partition('id="requirement-authority"')[2].partition("</details>")[0]
    assert "one or two working days" in body and "Time:" not in body
    assert "What to do:</b> Choose one: an email address" in page
    boxes = re.findall(r'<li class="reason">(.*?)</li>', page, re.S)
    choices = [box for box in boxes if "Choose one" in box]
    assert choices and all("What to do:" in box and "Time:" not in box for box in choices)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "is_told"), [(State.DRAFT, False), (State.IN_REVIEW, False), (State.APPROVED, True)]
)
def test_a_missing_contact_matters_once_resumes_can_be_had(
    state: State, is_told: bool, now: datetime, client: Client
) -> None:
    real = timezone.now()
    member = by_phone_alone(real, employer=make_employer(real, confirmed_at=real))
    make_case(member, real, state)
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    assert ("Add an email address" in page) is is_told


@pytest.mark.django_db
def test_what_was_settled_while_a_reviewer_has_the_case_is_no_longer_asked_for(
    now: datetime, client: Client
) -> None:
    real = timezone.now()
    member = make_member(real, email="lin@qq.com")
    case = make_case(member, real, State.IN_REVIEW)
    Attempt.objects.create(case=case, number=1, submitted_at=real, due_at=real, finished_at=real)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="hold_for_review",
        reasons=[{"code": "registry_not_found", "field": "uscc"}, {"code": "authority_missing"}],
        policy_version="1",
        decided_at=real,
    )
    client.force_login(member.user)

    def box() -> str:
        page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
        return page.partition('class="reasons"')[2].partition("</ol>")[0]

    assert "There is no proof yet that you may act for this company" in box()
    Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=case.declared_uscc,
        kind=ProofKind.E_LICENCE,
        observed={"name": case.declared_name},
        state=ProofState.PROVEN,
        started_at=real,
        proven_at=real,
        finished_at=real,
        expires_at=real + timedelta(minutes=5),
        holds_until=real + timedelta(days=9),
        due_at=real,
    )
    assert "There is no proof" not in box() and "company register" in box()
