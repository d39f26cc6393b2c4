"""Does the list say of each requirement where it stands, open what has to be done, and name one next thing?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils.translation import override

from events.reasons import MINUTES
from tests.factories import make_case, make_document, make_member
from verification import case_page, wording
from verification.facts import RequirementState, Strength, Why
from verification.findings import Finding, Severity
from verification.models import DocumentKind, DocumentReading, ProofKind, Statement
from verification.requirements import Requirement, Way
from verification.rule_pack import CURRENT, TAKES, Unlocks, about
from verification.states import State

DUE, PENDING, MET = RequirementState.CURRENTLY_DUE, RequirementState.PENDING_VERIFICATION, RequirementState.SATISFIED


def requirement(code: str, state: RequirementState, *whys: str, ways: tuple[str, ...] | None = None) -> Requirement:
    named = CURRENT.items[code].ways if ways is None else ways
    made = tuple(Way(way, MINUTES, state=state) for way in named)
    return Requirement(code, state, Unlocks.DOWNLOAD, made, tuple(Why(why) for why in whys))


def rows(*requirements: Requirement, state: State = State.DRAFT, opened: frozenset[str] = frozenset()) -> list[case_page.Item]:
    return case_page.items(requirements, state, case_page.slots([], datetime(2026, 1, 1)), opened)


@pytest.mark.parametrize(
    ("state", "whys", "ways", "at", "tag"),
    [
        (DUE, (), None, State.DRAFT, "todo"),
        (DUE, ("document_missing",), None, State.DRAFT, "todo"),
        (DUE, ("document_blurred",), None, State.CHANGES_REQUESTED, "again"),
        (DUE, ("document_blurred",), (), State.REJECTED, "open"),
        (RequirementState.PAST_DUE, (), None, State.CHANGES_REQUESTED, "overdue"),
        (PENDING, (), None, State.DRAFT, "ready"),
        (PENDING, (), (), State.DRAFT, "ours"),
        (PENDING, (), None, State.CHECKING, "checking"),
        (PENDING, (), None, State.IN_REVIEW, "reviewing"),
        (MET, (), None, State.IN_REVIEW, "done"),
    ],
)
def test_each_state_has_its_word(state: RequirementState, whys: tuple[str, ...], ways: Any, at: State, tag: str) -> None:
    (item,) = rows(requirement("business_licence", state, *whys, ways=ways), state=at)
    assert (item.look, item.tag) == (tag, wording.TAGS[tag])


def test_every_requirement_and_way_has_words_in_both_languages() -> None:
    for code in CURRENT.items:
        title, purpose = wording.REQUIREMENTS[code]
        for language in ("en", "zh-hans"):
            with override(language):
                assert str(title) and str(purpose)
    with_page = {way for item in CURRENT.items.values() for way in item.ways} & set(ProofKind.values)
    assert with_page == set(ProofKind.values)
    for way in with_page:
        assert wording.WAYS[way] and wording.WAY_HINTS[way] and case_page.PAGE_OF[way]
    assert set(TAKES) == set(wording.WAYS), "mails name each way"
    assert {strength.value for strength in Strength} == set(wording.STRENGTHS)
    assert {unlocks.value for unlocks in Unlocks} == set(wording.UNLOCKS)


def test_every_reason_leads_to_an_item_that_exists() -> None:
    from events.reasons import REASONS

    named = {about(code) for code in REASONS}
    assert named <= {*CURRENT.items}
    assert about("document_blurred") == "business_licence"
    assert about("document_blurred", paper="approval_document") == "approval_document"
    assert about("authority_missing") == about("bank_holder_mismatch") == "authority"
    assert about("authority_email_unverified") == "mail_address"


def test_only_what_has_to_be_done_is_open() -> None:
    made = rows(
        requirement("mail_address", DUE, "authority_email_unverified"),
        requirement("business_licence", DUE, "document_blurred"),
        requirement("registration", MET),
        requirement("authority", DUE, "authority_missing"),
        state=State.CHANGES_REQUESTED,
    )
    assert [item.code for item in made if item.opened] == ["business_licence"]
    made = rows(requirement("business_licence", MET), requirement("authority", MET), opened=frozenset({"authority"}))
    assert [item.code for item in made if item.opened] == ["authority"]


def test_the_next_thing_is_one() -> None:
    licence, authority = requirement("business_licence", MET), requirement("authority", DUE)
    step = case_page.next_step(rows(licence, authority))
    assert step is not None
    assert step.href == "#requirement-authority"
    submit = requirement("submission", DUE, ways=("submit",))
    step = case_page.next_step(rows(licence, submit))
    assert step is not None
    assert step.href == "#submit"
    assert case_page.next_step(rows(licence, requirement("submission", DUE, ways=("appeal", "start")), state=State.REJECTED)) is None
    assert case_page.next_step(rows(licence, requirement("registration", DUE))) is None, "nothing that the employer can do"


def test_the_lead_follows_the_next_thing() -> None:
    for code in ("business_licence", "authority", "mail_address"):
        step = case_page.next_step(rows(requirement(code, DUE)))
        assert step is not None and step.lead == wording.LEADS[code]
    assert set(wording.LEADS) <= set(CURRENT.items)


def test_of_a_trace_of_editing_only_the_sentence_is_told() -> None:
    found = Finding("forgery", "forgery_edited", Severity.UNABLE, "uscc", "Editor 9", "x", 1, (1, 2, 3, 4))
    assert wording.told(found) == Finding("forgery", "forgery_edited", Severity.UNABLE)
    for reason in (found.as_reason(), {"code": "forgery_edited", "field": "uscc", "seen": "Editor 9", "expected": "x"}):
        told = wording.told_reason(reason)
        assert (told["code"], told["field"], told["seen"], told["expected"]) == ("forgery_edited", "", "", "")


def test_a_way_that_failed_says_why_and_can_be_tried_again() -> None:
    failed = Way("bank_deposit", MINUTES, Strength.STRONG, DUE, "工商银行 ···· 1234", (Why("bank_account_invalid"),))
    stands = Way("e_licence", MINUTES, Strength.STRONG, MET)
    (item,) = rows(Requirement("authority", DUE, Unlocks.DOWNLOAD, (failed, stands)))
    lines = {line.way.code: line for line in item.ways}
    assert (lines["bank_deposit"].look, str(lines["bank_deposit"].state)) == ("again", str(wording.WAY_STATES["failed"]))
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
        return [item.code for item in case_page.editor(member, case, now)["items"] if item.opened]

    assert "business_licence" in opened()
    Statement.objects.create(document=document, field="name", read="甲", said="甲", by=member.user, at=now)
    assert "business_licence" not in opened()
