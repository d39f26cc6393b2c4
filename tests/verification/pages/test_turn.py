"""Tests that the page, its badge and steps, the mails and the API agree on who acts next."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client

from employers.models import Member, Scope
from events.delivery import mail
from events.models import Mail
from tests.factories import make_api_client, make_case, make_document, make_employer, make_member
from tests.verification.pages.case_pages import HTMX, text
from verification.cases.notices import tell_employer
from verification.models import Attempt, Case, Proof, ProofKind, ProofState
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def begin(
    member: Member, now: datetime, kind: str = ProofKind.BANK_DEPOSIT, **fields: Any
) -> Proof:
    return Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=member.employer.uscc,
        kind=kind,
        state=ProofState.PENDING,
        shown="**** 6789",
        observed=fields.pop("observed", {"name": member.employer.name}),
        started_at=now,
        expires_at=now + timedelta(days=7),
        due_at=now,
        **fields,
    )


@pytest.fixture
def waiting(now: datetime) -> Case:
    """A case of a platform's employer whose checks wait for a proof that is under way."""
    client, _key = make_api_client(now, Scope.EMPLOYERS_READ)
    member = make_member(now, make_employer(now, platform=client))
    case = make_case(member, now, State.CHECKING)
    Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, waiting_for="authority_pending"
    )
    return case


@pytest.mark.parametrize(
    ("stage", "given", "turn", "badge", "style", "at", "next_line", "sentence"),
    [
        ("", False, "bank", "Waiting for the bank", "checking", "Checks", "the bank", "the bank"),
        (
            "sent",
            False,
            "employer",
            "Waiting for you",
            "changes_requested",
            "Documents",
            "provide what",
            "your turn",
        ),
        (
            "arrived",
            True,
            "bank",
            "Waiting for the bank",
            "checking",
            "Checks",
            "the bank",
            "the bank",
        ),
    ],
)
def test_all_say_the_same(
    waiting: Case,
    now: datetime,
    stage: str,
    given: bool,
    turn: str,
    badge: str,
    style: str,
    at: str,
    next_line: str,
    sentence: str,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member = waiting.employer.members.get()
    observed = {"name": waiting.declared_name} | ({"code_given_at": "x"} if given else {})
    begin(member, now, stage=stage, observed=observed)
    client.force_login(member.user)
    monkeypatch.setattr("verification.pages.views.case.now_of", lambda employer: now)
    page = text(client.get("/case/", headers={"accept-language": "en"}))
    assert f'class="pill {style}">{badge}<' in page
    step = re.search(r'aria-current="step">.*?class="name">(.*?)<', page, re.S)
    assert step and step.group(1) == at
    to_come = re.search(r'<li class="to-come">(.*?)</li>', page, re.S)
    assert to_come and next_line in to_come.group(1)
    assert ('id="code"' in page) is not given, "the code is entered here"
    progress = text(client.get("/case/status/", headers={"accept-language": "en", **HTMX}))
    assert f"?have={turn}-" in progress
    for shown in (page, progress):
        assert ("need to do anything now" in shown) is given, "a code is to be entered"

    tell_employer(waiting, "case_wait", {"reasons": ["authority_pending"], "path": "/case/"}, now)
    Mail.objects.update(language="en")
    assert mail.send_mail(Mail.objects.latest("pk").pk, now, "https://zizhi.example")
    assert sentence in str(outbox.outbox[-1].body)


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW])
def test_while_a_reviewer_decides_nothing_is_asked_for(
    state: State, visitor: Client, member: Member, case: Case, now: datetime
) -> None:
    """Authority is not proven. A draft asks for it; a reviewer decides with or without it."""
    member.user.email = "lin@qq.com"
    member.user.save()
    make_document(case, now)
    Case.objects.update(state=state, submitted_by=member.user)
    page = text(visitor.get("/case/"))
    asked = state is State.DRAFT
    assert ("Your next step" in page) is asked
    assert ('class="tag todo"' in page) is asked
    assert ('class="tag open"' in page) is not asked
    assert 'id="way-bank_deposit"' in page, "it can be proven all the same"


def test_the_api_says_it_next_to_the_state(waiting: Case, now: datetime) -> None:
    platform, key = make_api_client(now, Scope.EMPLOYERS_READ)
    waiting.employer.platform = platform
    waiting.employer.save()
    begin(waiting.employer.members.get(), now + timedelta(days=400), stage="sent")
    answer = Client().get(
        f"/api/v1/employers/{waiting.employer_id}/requirements",
        headers={"authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["turn"]) == ("checking", "employer")


def test_a_proof_that_was_only_begun_is_not_counted(
    visitor: Client, member: Member, case: Case, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verification.pages.views.case.now_of", lambda employer: now)
    member.user.email = "lin@qq.com"
    member.user.save()  # a private address proves nothing
    make_document(case, now)
    for stage in ("", "sent"):
        Proof.objects.all().delete()
        begin(member, now, stage=stage)
        page = text(visitor.get("/case/"))
        assert "4 of 4 done" not in page
        assert "3 of 4 done" in page
        assert "You have provided everything we need" not in page
        assert '<strong class="tag begun">In progress</strong>' in page
    assert 'id="code"' in page, "the money was sent"


def test_a_withdrawn_case_has_no_ticks(visitor: Client, member: Member, now: datetime) -> None:
    make_case(member, now, State.WITHDRAWN)
    page = text(visitor.get("/case/"))
    assert 'class="steps"' not in page
    assert "#i-check" not in page.partition('id="case"')[2].partition('id="editor"')[0]


def test_the_code_of_a_colleague_is_not_asked_of_another(
    visitor: Client, member: Member, case: Case, now: datetime
) -> None:
    begin(make_member(now, member.employer), now + timedelta(days=400), stage="sent")
    assert 'id="code"' not in text(visitor.get("/case/"))
