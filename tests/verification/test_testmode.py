"""Does a platform's test go the way that everything goes, and reach nobody?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from downloads.models import GateDecision
from employers import uscc as usccs
from employers.models import ApiClient, Employer, Member, Scope
from employers.operations import Links, create_api_client, invite
from events.errors import Refused
from events.mail import forget, send
from events.models import Event, Mail
from events.reasons import REASONS
from tests.factories import make_document, make_member, make_reviewer, make_uscc, sign_in
from verification import operations, proving, testcodes
from verification.findings import Outcome
from verification.models import Case, CheckRun, Document
from verification.states import State

pytestmark = pytest.mark.django_db

STATE_OF = {Outcome.APPROVE: State.APPROVED, Outcome.REVIEW: State.IN_REVIEW, Outcome.REJECT: State.REJECTED, Outcome.WAIT: State.CHECKING}
ALL = [Scope.GATE_DECIDE, Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE]


class Platform:
    """A test platform with its key."""

    def __init__(self, name: str = "a test") -> None:
        self.client, self.key = create_api_client(name, ALL, timezone.now(), test=True)

    def employer(self, recipe: int) -> tuple[Employer, Member]:
        code = testcodes.code_for(recipe)
        made = self.call("post", "/employers", {"reference": f"e-{code}", "name": "云溪市示例科技有限公司", "uscc": code})
        member = self.call(
            "post", f"/employers/{made['id']}/members", {"reference": "hr-1", "email": f"owner@{code.lower()}.test", "role": "owner"}
        )
        return Employer.objects.get(pk=made["id"]), Member.objects.get(pk=member["id"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = getattr(Client(), method)(f"/api/v1{path}", body, content_type="application/json", headers=headers)
        return answer.json() | {"http": answer.status_code}

    def hand_in(self, recipe: int) -> tuple[Employer, Member, Any]:
        employer, member = self.employer(recipe)
        return employer, member, self.call("post", f"/test/employers/{employer.pk}/hand-in", {"member_id": str(member.pk)})

    def ask(self, employer: Employer, member: Member, candidate: str = "c") -> Any:
        return self.call("post", "/gate/decisions", {"employer_id": str(employer.pk), "member_id": str(member.pk), "candidate": candidate})


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


@pytest.mark.parametrize("number", testcodes.RECIPES)
def test_each_recipe_comes_out_as_it_says(number: int, platform: Platform) -> None:
    recipe = testcodes.RECIPES[number]
    assert usccs.problem(testcodes.code_for(number)) is None
    employer, member, answer = platform.hand_in(number)
    assert answer["state"] == STATE_OF[recipe.outcome], answer
    case = Case.objects.get(employer=employer)
    if recipe.outcome in (Outcome.REJECT, Outcome.REVIEW):
        found = {finding["code"] for run in CheckRun.objects.filter(attempt__case=case) for finding in run.findings}
        assert recipe.reason in found
    assert platform.ask(employer, member)["allowed"] is (recipe.outcome is Outcome.APPROVE)


def test_recipes_are_listed_with_codes_that_work(platform: Platform) -> None:
    listed = platform.call("get", "/test/recipes")["data"]
    assert len(listed) == len(testcodes.RECIPES)
    for each in listed:
        recipe = testcodes.recipe_of(each["uscc"])
        assert recipe is not None and recipe.number == each["recipe"] and each["says"]["zh"] and each["says"]["en"]
    again = platform.call("get", "/test/recipes")["data"]
    assert {each["uscc"] for each in listed} != {each["uscc"] for each in again}, "a code of its own for each test"


def test_what_waits_goes_on_when_the_clock_is_moved(platform: Platform) -> None:
    employer, _, answer = platform.hand_in(2)
    assert answer["state"] == "checking"
    platform.call("post", "/test/clock", {"advance": "PT1H1M"})
    assert Case.objects.get(employer=employer).state == State.CHECKING
    platform.call("post", "/test/clock", {"advance": "PT6H1M"})
    assert Case.objects.get(employer=employer).state == State.APPROVED


def test_a_service_that_is_down_is_asked_again(platform: Platform) -> None:
    employer, _, answer = platform.hand_in(4)
    assert answer["state"] == "checking"
    platform.call("post", "/test/clock", {"advance": "PT2M"})
    assert Case.objects.get(employer=employer).state == State.APPROVED


def test_half_a_year_in_a_moment(platform: Platform) -> None:
    employer, member, _ = platform.hand_in(0)
    assert platform.ask(employer, member)["tier"] == "provisional"
    platform.call("post", "/test/clock", {"advance": "P31D"})
    assert platform.ask(employer, member, "d")["allowed"]
    moved = platform.call("post", "/test/clock", {"advance": "P150D"})
    assert datetime.fromisoformat(moved["now"]) - timezone.now() > timedelta(days=180)
    assert Case.objects.get(employer=employer).state == State.EXPIRED
    denied = platform.ask(employer, member, "e")
    assert not denied["allowed"] and denied["reasons"][0]["code"] == "employer_expired"
    assert GateDecision.objects.get(pk=denied["id"]).decided_at > timezone.now() + timedelta(days=180), "by the test's clock"


def test_a_condition_lapses(platform: Platform) -> None:
    employer, _, answer = platform.hand_in(1)
    assert answer["state"] == "approved"
    platform.call("post", "/test/clock", {"advance": "P15D"})
    assert Case.objects.get(employer=employer).state == State.EXPIRED
    assert Event.objects.filter(employer_id=employer.pk, verb="expire", reasons=["registry_not_confirmed"]).count() == 1


def test_the_clock_goes_forward_only_and_is_the_tests_own(platform: Platform) -> None:
    platform.call("post", "/test/clock", {"advance": 3600})
    assert platform.call("get", "/test/clock")["ahead_seconds"] == 3600
    assert platform.call("post", "/test/clock", {"advance": -1})["code"] == "clock_backwards"
    assert platform.call("post", "/test/clock", {"advance": "P9999D"})["code"] == "clock_too_far"
    assert Platform("another").call("get", "/test/clock")["ahead_seconds"] == 0


@pytest.mark.parametrize(
    ("recipe", "steps", "state"),
    [
        (40, [("request_changes", ["document_blurred"])], State.CHANGES_REQUESTED),
        (40, [("reject", ["forgery_suspected"])], State.REJECTED),
        (40, [("approve", [])], State.APPROVED),
        (0, [("suspend", ["forgery_suspected"])], State.SUSPENDED),
        (0, [("suspend", ["forgery_suspected"]), ("reinstate", [])], State.APPROVED),
        (0, [("suspend", ["forgery_suspected"]), ("revoke", ["forgery_suspected"])], State.REVOKED),
    ],
)
def test_every_decision_of_a_reviewer(recipe: int, steps: list[tuple[str, list[str]]], state: State, platform: Platform) -> None:
    employer, member, _ = platform.hand_in(recipe)
    for verb, reasons in steps:
        answer = platform.call("post", f"/test/employers/{employer.pk}/decide", {"verb": verb, "reasons": reasons, "note": "请看"})
    assert answer["state"] == state, answer
    assert platform.ask(employer, member)["allowed"] is (state is State.APPROVED)


def test_a_decision_that_is_none_is_told(platform: Platform) -> None:
    employer, _, _ = platform.hand_in(0)
    path = f"/test/employers/{employer.pk}/decide"
    assert platform.call("post", path, {"verb": "befriend"})["code"] == "not_allowed"
    assert platform.call("post", path, {"verb": "reinstate"})["code"] == "state_conflict"
    assert platform.call("post", path, {"verb": "suspend"})["code"] == "reason_required"


def test_mails_are_shown_and_sent_to_nobody(platform: Platform) -> None:
    _, member, _ = platform.hand_in(0)
    for kept in Mail.objects.all():
        send(kept.pk, timezone.now(), "https://zizhi.example")
    assert outbox.outbox == []
    mails = platform.call("get", "/test/mails")["data"]
    assert "case_approve" in [each["template"] for each in mails]
    assert all(each["to"] == member.user.email and each["subject"] and each["text"] for each in mails)
    assert Platform("another").call("get", "/test/mails")["data"] == []


def test_their_mails_are_let_go_after_a_month_and_no_others(platform: Platform) -> None:
    platform.hand_in(0)
    for kept in Mail.objects.all():
        send(kept.pk, timezone.now(), "https://zizhi.example")
    live = Mail.objects.create(to="a@example.com", template="case_approve", language="en", created_at=timezone.now(), due_at=timezone.now())
    assert forget(timezone.now() + timedelta(days=29)) == 0
    assert forget(timezone.now() + timedelta(days=31)) > 0
    assert list(Mail.objects.all()) == [live]


def test_nobody_else_sees_it(platform: Platform, now: datetime) -> None:
    employer, _, _ = platform.hand_in(40)
    case = Case.objects.get(employer=employer)
    root = sign_in(make_reviewer(now))
    assert str(case.pk) not in root.get("/console/verification/case/").content.decode()
    assert root.get(f"/console/verification/case/{case.pk}/change/").status_code in (302, 404)
    assert employer.name not in root.get("/console/employers/employer/").content.decode()
    assert not Case.objects.awaiting_review().filter(pk=case.pk).exists()
    other = Platform("another")
    assert other.call("get", f"/employers/{employer.pk}/requirements")["code"] == "employer_unknown"
    assert other.call("post", f"/test/employers/{employer.pk}/decide", {"verb": "approve"})["code"] == "employer_unknown"


def test_a_live_key_tests_nothing(now: datetime) -> None:
    live = Platform()
    live.client, live.key = create_api_client("live", ALL, timezone.now())
    for method, path in (("get", "/test/recipes"), ("get", "/test/clock"), ("get", "/test/mails")):
        answer = live.call(method, path)
        assert (answer["http"], answer["code"]) == (403, "not_of_test")
    assert live.call("post", "/test/clock", {"advance": 1})["code"] == "not_of_test"
    assert ApiClient.objects.get(pk=live.client.pk).clock_seconds == 0


def test_a_live_employer_is_of_no_test(platform: Platform, now: datetime) -> None:
    member = make_member(now)
    answer = platform.call("post", f"/test/employers/{member.employer_id}/hand-in", {"member_id": str(member.pk)})
    assert answer["code"] == "employer_unknown"
    assert not operations.open_case(member.employer, member.as_actor(), now).test


def test_a_test_takes_its_own_codes_and_addresses_and_nobody_else_does(platform: Platform, now: datetime) -> None:
    real = {"reference": "e-1", "name": "云溪市示例科技有限公司", "uscc": make_uscc()}
    assert platform.call("post", "/employers", real)["code"] == "test_code_required"
    live = Platform()
    live.client, live.key = create_api_client("live", ALL, timezone.now())
    assert live.call("post", "/employers", real | {"uscc": testcodes.code_for(0)})["code"] == "uscc_invalid"
    employer, _ = platform.employer(0)
    path = f"/employers/{employer.pk}/members"
    assert platform.call("post", path, {"reference": "hr-2", "email": "a@example.com"})["code"] == "test_email_required"
    unverified = platform.call("post", path, {"reference": "hr-2", "email": "unverified@example.test"})
    assert unverified["verified"] is False


def test_a_test_writes_to_nobody_and_asks_no_bank(platform: Platform, now: datetime) -> None:
    employer, member, _ = platform.hand_in(0)
    member.employer.refresh_from_db()
    with pytest.raises(Refused, match="test_email_required"):
        invite(member, "victim@example.com", Links("https://zizhi.example"), timezone.now())
    with pytest.raises(Refused, match="proof_not_offered"):
        proving.send_code(member, "ceo@company.example", timezone.now())
    with pytest.raises(Refused, match="proof_not_offered"):
        proving.start_deposit(member, employer.name, "6222000011112222", "示例银行", timezone.now())
    assert not Mail.objects.exclude(to__endswith=".test").exists()


def test_neither_world_declares_a_code_of_the_other(platform: Platform, now: datetime) -> None:
    _, tried = platform.employer(0)
    real = make_member(now)
    said = {"name": "某公司", "legal_representative": "", "account_class": "direct_employer"}
    for member, code, why in ((tried, make_uscc(), "test_code_required"), (real, testcodes.code_for(0), "uscc_invalid")):
        case = operations.open_case(member.employer, member.as_actor(), now)
        with pytest.raises(Refused, match=why):
            operations.declare(case.pk, member.as_actor(), now, uscc=code, **said)


def test_what_a_test_uploads_accuses_nobody(platform: Platform, now: datetime) -> None:
    employer, _, _ = platform.hand_in(40)
    document = make_document(Case.objects.get(employer=employer), now)
    assert not Document.objects.shown().filter(pk=document.pk).exists()


def test_every_reason_of_a_recipe_is_one() -> None:
    assert all(recipe.reason in REASONS for recipe in testcodes.RECIPES.values() if recipe.reason)


@pytest.mark.parametrize("advance", ["P999999999D", False])
def test_a_move_that_cannot_be_is_refused(platform: Platform, advance: object) -> None:
    platform.call("post", "/test/clock", {"advance": "PT1S"})
    assert platform.call("post", "/test/clock", {"advance": advance})["http"] == 422
