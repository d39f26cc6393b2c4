"""Tests of test mode: a test goes through the same steps as a real case and reaches no real
person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from documents import uscc as usccs
from downloads.models import GateDecision
from employers.accounts.api_clients import create_api_client
from employers.accounts.invitations import invite_colleague
from employers.accounts.registration import Links
from employers.models import ApiClient
from events.core.errors import Refused
from events.core.reasons import REASONS
from events.delivery.mail import forget_test_mails, send_mail
from events.models import Event, Mail
from tests.factories import make_document, make_member, make_reviewer, make_uscc, sign_in
from tests.verification.platform import ALL, Platform, proven, relayed
from verification.authority import deposits, email_codes
from verification.cases import operations
from verification.checks import scripted_outcomes
from verification.models import Case, CheckRun, Document
from verification.providers import scripted_providers
from verification.rules.findings import Outcome
from verification.rules.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

STATE_OF = {
    Outcome.APPROVE: State.APPROVED,
    Outcome.REVIEW: State.IN_REVIEW,
    Outcome.REJECT: State.REJECTED,
    Outcome.WAIT: State.CHECKING,
}


@pytest.mark.parametrize("number", scripted_outcomes.RECIPES)
def test_each_recipe_comes_out_as_it_says(number: int, platform: Platform) -> None:
    recipe = scripted_outcomes.RECIPES[number]
    assert usccs.uscc_problem(scripted_outcomes.code_for(number)) is None
    employer, member, answer = platform.hand_in(number)
    assert answer["state"] == STATE_OF[recipe.outcome], answer
    case = Case.objects.get(employer=employer)
    if recipe.outcome in (Outcome.REJECT, Outcome.REVIEW):
        found = {
            finding["code"]
            for run in CheckRun.objects.filter(attempt__case=case)
            for finding in run.findings
        }
        assert recipe.reason in found
    assert platform.ask(employer, member)["allowed"] is (recipe.outcome is Outcome.APPROVE)


def test_recipes_are_listed_with_codes_that_work(platform: Platform) -> None:
    listed = platform.call("get", "/test/recipes")["data"]
    assert len(listed) == len(scripted_outcomes.RECIPES)
    for each in listed:
        recipe = scripted_outcomes.recipe_of(each["uscc"])
        assert (
            recipe is not None
            and recipe.number == each["recipe"]
            and each["says"]["zh"]
            and each["says"]["en"]
        )
    again = platform.call("get", "/test/recipes")["data"]
    assert {each["uscc"] for each in listed} != {each["uscc"] for each in again}, (
        "a code of its own for each test"
    )


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
    assert GateDecision.objects.get(pk=denied["id"]).decided_at > timezone.now() + timedelta(
        days=180
    ), "The test clock says"


def test_a_condition_lapses(platform: Platform) -> None:
    employer, _, answer = platform.hand_in(1)
    assert answer["state"] == "approved"
    platform.call("post", "/test/clock", {"advance": "P15D"})
    assert Case.objects.get(employer=employer).state == State.EXPIRED
    assert (
        Event.objects.filter(
            employer_id=employer.pk, verb="expire", reasons=["registry_not_confirmed"]
        ).count()
        == 1
    )


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
def test_every_decision_of_a_reviewer(
    recipe: int, steps: list[tuple[str, list[str]]], state: State, platform: Platform
) -> None:
    employer, member, _ = platform.hand_in(recipe)
    for verb, reasons in steps:
        answer = platform.call(
            "post",
            f"/test/employers/{employer.pk}/decide",
            {"verb": verb, "reasons": reasons, "note": "请看"},
        )
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
        send_mail(kept.pk, timezone.now(), "https://zizhi.example")
    assert outbox.outbox == []
    mails = platform.call("get", "/test/mails")["data"]
    assert "case_approve" in [each["template"] for each in mails]
    assert all(
        each["to"] == member.user.email and each["subject"] and each["text"] for each in mails
    )
    assert Platform("another").call("get", "/test/mails")["data"] == []


def test_their_mails_are_let_go_after_a_month_and_no_others(platform: Platform) -> None:
    platform.hand_in(0)
    for kept in Mail.objects.all():
        send_mail(kept.pk, timezone.now(), "https://zizhi.example")
    live = Mail.objects.create(
        to="a@example.com",
        template="case_approve",
        language="en",
        created_at=timezone.now(),
        due_at=timezone.now(),
    )
    assert forget_test_mails(timezone.now() + timedelta(days=29)) == 0
    assert forget_test_mails(timezone.now() + timedelta(days=31)) > 0
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
    assert (
        other.call("post", f"/test/employers/{employer.pk}/decide", {"verb": "approve"})["code"]
        == "employer_unknown"
    )


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
    answer = platform.call(
        "post", f"/test/employers/{member.employer_id}/hand-in", {"member_id": str(member.pk)}
    )
    assert answer["code"] == "employer_unknown"
    assert not operations.open_case(member.employer, member.as_actor(), now).test


def test_a_test_takes_its_own_codes_and_addresses_and_nobody_else_does(
    platform: Platform, now: datetime
) -> None:
    real = {"reference": "e-1", "name": "云溪市示例科技有限公司", "uscc": make_uscc()}
    assert platform.call("post", "/employers", real)["code"] == "test_code_required"
    live = Platform()
    live.client, live.key = create_api_client("live", ALL, timezone.now())
    assert (
        live.call("post", "/employers", real | {"uscc": scripted_outcomes.code_for(0)})["code"]
        == "uscc_invalid"
    )
    employer, _ = platform.employer(0)
    path = f"/employers/{employer.pk}/members"
    assert (
        platform.call("post", path, {"reference": "hr-2", "email": "a@example.com"})["code"]
        == "test_email_required"
    )
    unverified = platform.call(
        "post", path, {"reference": "hr-2", "email": "unverified@example.test"}
    )
    assert unverified["verified"] is False


def test_a_test_writes_to_nobody_and_asks_no_real_bank(platform: Platform, now: datetime) -> None:
    employer, member, _ = platform.hand_in(0)
    member.employer.refresh_from_db()
    with pytest.raises(Refused, match="test_email_required"):
        invite_colleague(
            member, "victim@example.com", Links("https://zizhi.example"), timezone.now()
        )
    with pytest.raises(Refused, match="test_email_required"):
        email_codes.send_code(member, "ceo@company.example", timezone.now())
    assert (
        deposits.start_deposit(
            member, employer.name, "100000000000", "示例银行", timezone.now()
        ).provider
        == scripted_providers.NAME
    )
    assert not Mail.objects.exclude(to__endswith=".test").exists()


def test_neither_world_declares_a_code_of_the_other(platform: Platform, now: datetime) -> None:
    _, tried = platform.employer(0)
    real = make_member(now)
    said = {"name": "某公司", "legal_representative": "", "account_class": "direct_employer"}
    for member, code, why in (
        (tried, make_uscc(), "test_code_required"),
        (real, scripted_outcomes.code_for(0), "uscc_invalid"),
    ):
        case = operations.open_case(member.employer, member.as_actor(), now)
        with pytest.raises(Refused, match=why):
            operations.declare_facts(case.pk, member.as_actor(), now, uscc=code, **said)


def test_what_a_test_uploads_accuses_nobody(platform: Platform, now: datetime) -> None:
    employer, _, _ = platform.hand_in(40)
    document = make_document(Case.objects.get(employer=employer), now)
    assert not Document.objects.shown().filter(pk=document.pk).exists()


def test_every_reason_of_a_recipe_is_one() -> None:
    assert all(
        recipe.reason in REASONS for recipe in scripted_outcomes.RECIPES.values() if recipe.reason
    )


@pytest.mark.parametrize("advance", ["P999999999D", False])
def test_a_move_that_cannot_be_is_refused(platform: Platform, advance: object) -> None:
    platform.call("post", "/test/clock", {"advance": "PT1S"})
    assert platform.call("post", "/test/clock", {"advance": advance})["http"] == 422


# --- Pages use the test's clock -------------------------------------------------------------------


def test_pages_of_a_test_go_by_its_clock_and_say_so(platform: Platform) -> None:
    employer, member, _ = platform.hand_in(0)
    browser = sign_in(member.user)
    page = browser.get("/case/").content.decode()
    assert "Test mode" in page and "Renew now" not in page
    platform.call("post", "/test/clock", {"advance": "P170D"})
    ahead = timezone.localtime(timezone.now() + timedelta(days=170))
    with override("en"):
        shown = date_format(ahead, "DATE_FORMAT")
    page = browser.get("/case/").content.decode()
    assert "Renew now" in page and shown in page, "the deadline is near The test clock says"
    platform.call("post", "/test/clock", {"advance": "P11D"})
    assert "Your approval has expired" in browser.get("/case/").content.decode()
    assert browser.post("/case/start/").status_code == 302
    assert Case.objects.filter(employer=employer).latest(
        "opened_at"
    ).opened_at > timezone.now() + timedelta(days=180)
    assert (
        "Test mode" not in sign_in(make_member(timezone.now()).user).get("/case/").content.decode()
    )


# --- Restrictions ---------------------------------------------------------------------------------


def test_a_restriction_its_appeal_and_its_answer(platform: Platform) -> None:
    employer, member, _ = platform.hand_in(0)
    test = f"/test/employers/{employer.pk}"
    moved = platform.call("post", f"{test}/move", {"to": "employer_restricted"})
    assert (moved["tier"], moved["reason"]) == ("restricted", "employer_restricted")
    (why,) = platform.ask(employer, member)["reasons"]
    assert why["appeal"] and why["url"].endswith("/downloads/restriction/")
    said = {"member_id": str(member.pk), "words": "夜班岗位。"}
    assert platform.call("post", f"{test}/appeal", said)["outcome"] is None
    assert platform.call("post", f"{test}/appeal", said)["code"] == "appeal_open"
    assert (
        platform.call("post", f"{test}/answer-appeal", {"lift": False})["code"] == "words_missing"
    )
    kept = platform.call("post", f"{test}/answer-appeal", {"lift": False, "reply": "请说明岗位。"})
    assert (kept["outcome"], kept["standing"]["tier"]) == ("kept", "restricted")
    assert platform.call("post", f"{test}/appeal", said)["code"] == "appeal_again_later"
    platform.call("post", "/test/clock", {"advance": "P8D"})
    platform.call("post", f"{test}/appeal", said)
    lifted = platform.call("post", f"{test}/answer-appeal", {"lift": True, "reply": "已核实。"})
    assert (lifted["outcome"], lifted["standing"]["tier"]) == ("lifted", None)
    assert platform.ask(employer, member)["allowed"]
    told = [mail["template"] for mail in platform.call("get", "/test/mails")["data"]]
    assert {"standing_moved", "restriction_appealed", "restriction_kept"} <= set(told)
    types = [each["type"] for each in relayed(platform)]
    assert types[-4:] == [
        "employer.tier_appealed",
        "employer.tier_upheld",
        "employer.tier_appealed",
        "employer.tier_changed",
    ]
    listed = (
        sign_in(make_reviewer(timezone.now()))
        .get("/console/downloads/moveappeal/?answer=all")
        .content.decode()
    )
    assert employer.name not in listed, "no person sees a test's appeal"


def test_a_step_up_is_lifted_by_a_proof_in_the_test(platform: Platform) -> None:
    employer, member, _ = platform.hand_in(0)
    platform.call("post", "/test/clock", {"advance": "P3D"})
    platform.call("post", f"/test/employers/{employer.pk}/move", {"to": "employer_step_up"})
    assert platform.ask(employer, member)["reasons"][0]["code"] == "employer_step_up"
    proven(
        platform,
        "deposit",
        employer,
        member,
        account_number="100000000000",
        code=scripted_providers.CODE,
    )
    platform.call("post", "/test/clock", {"advance": "PT20M"})
    assert platform.ask(employer, member)["allowed"], (
        "as soon as the money has arrived by the test's clock"
    )
    platform.call("post", f"/test/employers/{employer.pk}/move", {"to": "employer_step_up"})
    page = sign_in(member.user).get("/downloads/restriction/").content.decode()
    assert (
        "/case/authority/bank-deposit/?anew=1" in page
        and "/case/authority/company-email/?anew=1" in page
    )
    assert (
        "Send transfer"
        in sign_in(member.user).get("/case/authority/bank-deposit/?anew=1").content.decode()
    )
    assert (
        "Send transfer"
        not in sign_in(member.user).get("/case/authority/bank-deposit/").content.decode()
    )
    proven(platform, "scan", employer, member)
    assert platform.ask(employer, member, "d")["allowed"]


def test_the_link_for_an_appeal_leads_to_what_can_be_appealed(platform: Platform) -> None:
    employer, member, _ = platform.hand_in(0)
    platform.client.return_urls = "http://localhost/back"
    platform.client.save()
    body = {"member_id": str(member.pk), "purpose": "appeal", "return_url": "http://localhost/back"}
    for to, ends in (("case", "/case/"), ("employer_restricted", "/downloads/restriction/")):
        platform.call("post", f"/test/employers/{employer.pk}/move", {"to": to})
        link = platform.call("post", f"/employers/{employer.pk}/onboarding-links", body)["url"]
        browser = Client()
        landed = browser.post(urlsplit(link).path, follow=True)
        assert landed.request["PATH_INFO"] == ends
