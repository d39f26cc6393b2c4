"""Does the console show a reviewer what is there, offer only what is allowed, and pass every button
on to its operation?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone, translation

from employers.models import User
from events.core.reasons import REASONS
from events.models import Event
from tests.factories import (
    make_case,
    make_colleague,
    make_document,
    make_employer,
    make_member,
    make_uscc,
    make_user,
    sign_in,
)
from verification.admin.case.admin import CaseAdmin
from verification.cases import appeals, operations, queue_placement, wording
from verification.checks import CHECKS
from verification.models import Attempt, Case, CheckRun, Decision, Document, DocumentPage
from verification.pages import requirement_facts
from verification.reviewing import case_comparison, claims, reason_choices, rulings
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db
QUEUE = "/console/verification/case/"


@pytest.fixture
def now() -> datetime:
    """The console is a door and asks the real clock."""
    return timezone.now()


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_colleague(now, "Reviewers")


@pytest.fixture
def client(reviewer: User) -> Client:
    return sign_in(reviewer)


def waiting_case(
    now: datetime, *, hours: float = 1, codes: tuple[str, ...] = ("name_mismatch",), **fields: Any
) -> Case:
    """A case that the policy has held for review, with what its checks observed."""
    at = now - timedelta(hours=hours)
    case = make_case(make_member(at), at, State.IN_REVIEW, **fields)
    document = make_document(case, at)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=at, due_at=at, finished_at=at
    )
    observations = {
        "reading": {
            "document": str(document.pk),
            "page": 1,
            "turn": 90,
            "qr": "https://example.com",
            "qr_uscc": case.declared_uscc,
            "looks_like_licence": True,
            "fields": {
                "name": "云溪市另一家科技有限公司",
                "uscc": case.declared_uscc,
                "type": "有限责任公司",
            },
            "regions": {"name": [100, 200, 300, 240], "uscc": [100, 100, 300, 130]},
        },
        "registry": {
            "record": {
                "name": case.declared_name,
                "uscc": case.declared_uscc,
                "status": "active",
                "as_of": "2026-11-01",
            }
        },
        "duplicates": {"same_bytes": [], "near_same": [], "same_uscc": []},
    }
    for code, observation in observations.items():
        findings = (
            [
                Finding("reading", reason, Severity.CONCERN, "name", "seen-there", "wanted-this")
                for reason in codes
            ]
            if code == "reading"
            else []
        )
        CheckRun.objects.create(
            attempt=attempt,
            code=code,
            version="1",
            observation=observation,
            findings=[finding.as_json() for finding in findings],
            started_at=at,
            finished_at=at,
        )
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="hold_for_review",
        reasons=[{"code": code} for code in codes],
        policy_version="1",
        decided_at=at,
    )
    queue_placement.place(case, codes, at)
    case.save()
    return case


def page_of(case: Case) -> str:
    return f"{QUEUE}{case.pk}/change/"


def press(client: Client, case: Case, button: str, /, **data: Any) -> Any:
    case.refresh_from_db()
    return client.post(f"{QUEUE}{case.pk}/{button}/", {"seen_version": case.version, **data})


def when_it_cannot_be_undone() -> None:
    """What reviewers have ruled is carried out."""
    rulings.carry_out_due(timezone.now() + timedelta(seconds=31))


def says(response: Any) -> list[str]:
    return [str(message) for message in response.wsgi_request._messages]


# --- The queue ------------------------------------------------------------------------------------


def companies(response: Any) -> list[str]:
    return [str(case.pk) for case in response.context["cl"].result_list]


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
    claims.claim(name.pk, reviewer, now)
    found = {
        "?reason=uscc_mismatch": {code, agency},
        "?reason=mismatch": {
            name,
            code,
            agency,
        },  # no such reason is offered: as if none were chosen
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
    client.get("/console/")  # the first request of a stay notes it
    with django_assert_max_num_queries(22):
        client.get(QUEUE)
    for number in range(5):
        make_document(first, now, sha256=f"f{number:063}")
        attempt = Attempt.objects.create(
            case=first, number=number + 2, submitted_at=now, due_at=now
        )
        CheckRun.objects.create(
            attempt=attempt, code="scan", version="1", started_at=now, finished_at=now
        )
    with django_assert_max_num_queries(36):
        client.get(page_of(first))


def test_the_next_case_is_claimed_by_one_button(
    client: Client, reviewer: User, now: datetime
) -> None:
    waiting_case(now, hours=1)
    taken, oldest = waiting_case(now, hours=9), waiting_case(now, hours=5)
    claims.claim(taken.pk, make_colleague(now, "Reviewers"), now)
    assert client.post(f"{QUEUE}next/").url == page_of(oldest)
    oldest.refresh_from_db()
    assert oldest.claimed_by == reviewer


# --- The case page --------------------------------------------------------------------------------


def test_the_page_lays_the_sources_side_by_side(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    html = client.get(page_of(case)).content.decode()
    assert re.search(
        r'<tr class="row-differs" data-field="name">.*?<mark>另一家</mark>', html, re.S
    )
    assert re.search(r'<tr class="row-agrees" data-field="uscc">.*?Agrees', html, re.S)
    assert '<rect class="box box-differs" data-field="name" x="100.000000"' in html
    assert 'data-turn="90"' in html
    assert "seen-there" in html
    assert "wanted-this" in html
    assert case.submitted_by is not None
    name, _, domain = case.submitted_by.email.partition("@")
    assert f"{name[0]}***@{domain}" in html and case.submitted_by.email not in html


def test_what_was_declared_cannot_write_into_the_page(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    Case.objects.filter(pk=case.pk).update(declared_name="<script>alert(1)</script>")
    for address in (QUEUE, page_of(case)):
        assert "<script>alert" not in client.get(address).content.decode()


def test_no_page_needs_an_inline_script_or_style(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    press(client, case, "claim")
    confirm = press(client, case, "reject", reasons=["name_mismatch"])
    for html in (
        client.get(QUEUE).content.decode(),
        client.get(page_of(case)).content.decode(),
        confirm.content.decode(),
    ):
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", html)


def test_related_cases(client: Client, now: datetime) -> None:
    case, near, unrelated = (
        waiting_case(now),
        waiting_case(now, hours=2),
        waiting_case(now, hours=3),
    )
    twin = make_case(
        make_member(now, make_employer(now, uscc=case.declared_uscc)), now, State.REJECTED
    )
    run = CheckRun.objects.get(attempt__case=case, code="duplicates")
    run.observation["near_same"] = [{"case": str(near.pk), "distance": 3}]
    run.save()
    related = {
        item.case.pk: item.why for item in client.get(page_of(case)).context["cluster"].related
    }
    assert related == {near.pk: ["nearly the same picture"], twin.pk: ["the same credit code"]}
    assert unrelated.pk not in related


def test_an_appeal_against_a_suspension_is_claimed_and_answered_in_the_console(
    client: Client, reviewer: User, now: datetime
) -> None:
    member = make_member(now)
    old, young = now - timedelta(days=90), waiting_case(now, hours=2)
    case = make_case(member, old, State.APPROVED, expires_at=now + timedelta(days=90))
    operations.suspend(
        case.pk, make_colleague(now, "Reviewers").as_reviewer(), now, ["registry_abnormal_list"]
    )
    assert companies(client.get(QUEUE)) == [str(young.pk)]
    appeals.appeal(case.pk, member, "已移出名录", [], now - timedelta(hours=1))
    response = client.get(QUEUE)
    assert companies(response) == [str(case.pk), str(young.pk)], (
        "an appeal weighs more, since it was made"
    )
    assert response.context["queue"].waiting == 2
    html = response.content.decode()
    assert "<li>Appeal</li>" in html and "1\xa0hour" in html and "3\xa0months" not in html

    html = client.get(page_of(case)).content.decode()
    assert "已移出名录" in html and "tag-appeal" in html and "not answered yet" in html
    client.post(f"{QUEUE}{case.pk}/claim/")
    response = client.get(page_of(case))
    assert [button.verb for button in response.context["buttons"]] == [
        "reinstate",
        "uphold",
        "revoke",
    ]
    press(
        client, case, "uphold", reasons=["registry_abnormal_list"], note="仍在名录", confirmed="1"
    )
    assert (
        "Undo" in client.get(QUEUE).content.decode()
        and Decision.objects.latest("pk").verb == "suspend"
    )
    when_it_cannot_be_undone()
    decision = Decision.objects.latest("pk")
    assert (decision.verb, decision.decided_by, decision.note) == ("uphold", reviewer, "仍在名录")
    assert companies(client.get(QUEUE)) == [str(young.pk)]
    assert "answered " in client.get(page_of(case)).content.decode()


def test_a_reviewer_says_which_document_a_reason_is_about(
    client: Client, reviewer: User, now: datetime
) -> None:
    """What is wrong with an agency's papers is asked for where it is, and nothing of what is in
    order is asked for again.
    """
    agency = make_employer(now, account_class="commercial_agency")
    member = make_member(now, agency)
    case = make_case(member, now, State.IN_REVIEW)
    for kind in ("business_licence", "hr_service_licence", "client_authorization"):
        make_document(case, now, kind)
    claims.claim(case.pk, reviewer, now)
    html = client.get(page_of(case)).content.decode()
    for code in (
        "agency_licence_expired",
        "agency_licence_unreadable",
        "agency_licence_mismatch",
        "agency_client_mismatch",
    ):
        assert f'value="{code}"' in html
    assert 'name="about-document_blurred"' in html
    sent = {
        "reasons": ["document_blurred", "agency_client_expired"],
        "about-document_blurred": "hr_service_licence",
    }
    confirm = press(client, case, "request_changes", **sent, preview="1").content.decode()
    assert (
        'name="about-document_blurred" value="hr_service_licence"' in confirm
        and "- HR service licence" in confirm
    )
    press(client, case, "request_changes", **sent)
    when_it_cannot_be_undone()
    reasons = Decision.objects.latest("pk").reasons
    assert [(reason["code"], reason.get("field", "")) for reason in reasons] == [
        ("document_blurred", "hr_service_licence"),
        ("agency_client_expired", ""),
    ]
    case.refresh_from_db()
    asked_for = {
        r.code: [why.code for why in r.reasons]
        for r in requirement_facts.requirements_of(case, member, now)
        if r.open
    }
    assert asked_for["agency_licence"] == ["document_blurred"] and asked_for[
        "client_authorization"
    ] == ["agency_client_expired"]
    assert "business_licence" not in asked_for


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page_and_only_its_buttons(
    client: Client, reviewer: User, now: datetime, state: State
) -> None:
    case = make_case(make_member(now), now, state)
    response = client.get(page_of(case))
    expected = {
        State.APPROVED: ["suspend"],
        State.SUSPENDED: ["reinstate", "revoke"],
        State.REVOKED: ["reinstate"],
    }
    assert response.status_code == 200
    assert [button.verb for button in response.context["buttons"]] == expected.get(state, [])
    assert response.context["may_claim"] is (state is State.IN_REVIEW)
    if state is State.IN_REVIEW:
        press(client, case, "claim")
        buttons = client.get(page_of(case)).context["buttons"]
        assert [button.verb for button in buttons] == ["approve", "request_changes", "reject"]


def test_a_page_that_does_not_exist(client: Client) -> None:
    for address in (f"{QUEUE}{uuid4()}/change/", f"{QUEUE}nonsense/change/"):
        assert client.get(address).status_code == 404
    for verb in ("claim", "release", "approve", "suspend"):
        assert client.post(f"{QUEUE}{uuid4()}/{verb}/", {"seen_version": 0}).status_code in (
            302,
            404,
        )


# --- The buttons ----------------------------------------------------------------------------------


def test_claim_and_release(client: Client, reviewer: User, now: datetime) -> None:
    case = waiting_case(now)
    press(client, case, "claim")
    case.refresh_from_db()
    assert case.claimed_by == reviewer
    assert client.get(page_of(case)).context["seconds_left"] > 800
    assert press(client, case, "release").url == QUEUE
    case.refresh_from_db()
    assert case.claimed_by is None


def test_a_decision_goes_on_to_the_next_case(client: Client, reviewer: User, now: datetime) -> None:
    case, following = waiting_case(now, hours=5), waiting_case(now, hours=3)
    press(client, case, "claim")
    response = press(
        client,
        case,
        "request_changes",
        reasons=["name_mismatch", "document_blurred"],
        note="请重拍",
    )
    assert response.url == page_of(following)
    following.refresh_from_db()
    assert following.claimed_by == reviewer, "the next one is claimed"
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW, "it can be undone for a while"
    when_it_cannot_be_undone()
    case.refresh_from_db()
    assert case.state == State.CHANGES_REQUESTED
    decision = case.decisions.first()
    assert decision is not None
    assert (
        [reason["code"] for reason in decision.reasons],
        decision.note,
        decision.decided_by,
    ) == (["name_mismatch", "document_blurred"], "请重拍", reviewer)
    assert press(client, following, "approve").url == QUEUE
    when_it_cannot_be_undone()
    following.refresh_from_db()
    assert following.state == State.APPROVED


@pytest.mark.parametrize(
    ("verb", "state"),
    [("reject", State.IN_REVIEW), ("suspend", State.APPROVED), ("revoke", State.SUSPENDED)],
)
def test_what_hurts_is_confirmed_on_a_page_that_shows_what_the_employer_is_told(
    client: Client, now: datetime, verb: str, state: State
) -> None:
    case = make_case(make_member(now), now, state)
    if state is State.IN_REVIEW:
        press(client, case, "claim")
    response = press(client, case, verb, reasons=["registry_revoked"], note="看过登记")
    html = response.content.decode()
    assert response.status_code == 200
    for text in (
        REASONS["registry_revoked"].says.zh,
        REASONS["registry_revoked"].says.en,
        REASONS["registry_revoked"].fix.zh,
        "看过登记",
    ):
        assert text in html
    case.refresh_from_db()
    assert case.state == state
    back = press(
        client, case, verb, reasons=["registry_revoked"], note="看过登记", back="1"
    ).content.decode()
    assert "看过登记</textarea>" in back
    assert re.search(r'value="registry_revoked" checked', back)
    press(client, case, verb, reasons=["registry_revoked"], note="看过登记", confirmed="1")
    when_it_cannot_be_undone()
    case.refresh_from_db()
    assert (
        case.state
        == {"reject": State.REJECTED, "suspend": State.SUSPENDED, "revoke": State.REVOKED}[verb]
    )


class TestWhatIsInForce:
    """Whoever refuses a case says whether what its employer has in force is suspended, too."""

    @pytest.fixture
    def case(self, client: Client, now: datetime) -> Case:
        case = waiting_case(now)
        member = case.employer.members.get()
        make_case(member, now, State.APPROVED, approved_at=now, expires_at=now + timedelta(days=30))
        press(client, case, "claim")
        return case

    def test_the_page_says_so_and_presets_nothing(
        self, client: Client, case: Case, now: datetime
    ) -> None:
        html = client.get(page_of(case)).content.decode()
        until = timezone.localtime(now + timedelta(days=30))
        assert f"{case.declared_name} is approved by another case until {until:%Y-%m-%d}" in html
        assert (
            len(
                re.findall(r'type="radio" name="in_force" value="(?:suspend|keep)" required>', html)
            )
            == 2
        )
        Case.objects.filter(state=State.APPROVED).update(expires_at=now)
        assert 'name="in_force"' not in client.get(page_of(case)).content.decode()

    @pytest.mark.parametrize("step", [{}, {"preview": "1"}, {"confirmed": "1"}])
    def test_without_a_choice_nothing_is_done_and_what_was_typed_is_kept(
        self, client: Client, case: Case, step: dict[str, str]
    ) -> None:
        response = press(
            client, case, "reject", reasons=["name_mismatch"], note="写了很久的说明", **step
        )
        html = response.content.decode()
        assert response.status_code == 409 and "写了很久的说明</textarea>" in html
        assert REASONS["in_force_undecided"].says.en in html
        assert set(Case.objects.values_list("state", flat=True)) == {
            State.IN_REVIEW,
            State.APPROVED,
        }

    @pytest.mark.parametrize(
        ("choice", "state", "words"),
        [("suspend", "suspended", "suspended with it"), ("keep", "approved", "stays")],
    )
    def test_it_is_shown_once_more_and_then_done(
        self, client: Client, case: Case, choice: str, state: str, words: str
    ) -> None:
        sent = {"reasons": ["name_mismatch"], "in_force": choice}
        html = press(client, case, "reject", **sent).content.decode()
        assert words in html and f'name="in_force" value="{choice}"' in html
        assert re.search(
            rf'value="{choice}" required checked',
            press(client, case, "reject", back="1", **sent).content.decode(),
        )
        assert re.search(
            rf'value="{choice}" required checked',
            press(client, case, "claim", verb="reject", **sent).content.decode(),
        )
        press(client, case, "reject", confirmed="1", **sent)
        when_it_cannot_be_undone()
        assert set(Case.objects.values_list("state", flat=True)) == {"rejected", state}

    def test_no_other_choice_is_taken(self, client: Client, case: Case) -> None:
        assert (
            press(
                client, case, "reject", reasons=["name_mismatch"], in_force="both", confirmed="1"
            ).status_code
            == 400
        )

    def test_the_employer_sees_what_became_of_it(self, client: Client, case: Case) -> None:
        visitor = sign_in(case.employer.members.get().user)
        Case.objects.filter(pk=case.pk).update(
            opened_at=timezone.now() + timedelta(seconds=1)
        )  # it is the later one
        press(client, case, "reject", reasons=["name_mismatch"], in_force="suspend", confirmed="1")
        when_it_cannot_be_undone()
        page = visitor.get("/case/").content.decode()
        assert (
            "What your company had in force is suspended, too" in page
            and "Begin again" not in page
            and "Appeal</a>" in page
        )
        assert {event.verb for event in visitor.get("/case/").context["timeline"]} >= {
            "reject",
            "suspend",
        }

    def test_and_what_stays(self, client: Client, case: Case) -> None:
        Case.objects.filter(pk=case.pk).update(opened_at=timezone.now() + timedelta(seconds=1))
        press(client, case, "reject", reasons=["name_mismatch"], in_force="keep", confirmed="1")
        when_it_cannot_be_undone()
        page = sign_in(case.employer.members.get().user).get("/case/").content.decode()
        assert (
            "What your company was approved for before stays in force until" in page
            and "Begin again" in page
        )


def test_reinstate(client: Client, now: datetime) -> None:
    case = make_case(make_member(now), now, State.SUSPENDED)
    assert press(client, case, "reinstate").url == page_of(case)
    case.refresh_from_db()
    assert case.state == State.APPROVED


def test_a_refusal_is_said_and_what_was_typed_is_kept(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    response = press(
        client, case, "request_changes", reasons=["name_mismatch"], note="写了很久的说明"
    )
    assert response.status_code == 409
    html = response.content.decode()
    assert REASONS["claim_required"].says.en in html
    assert "写了很久的说明" in html
    press(client, case, "claim")
    html = press(client, case, "request_changes", note="写了很久的说明").content.decode()
    assert REASONS["reason_required"].says.en in html
    assert "写了很久的说明</textarea>" in html
    html = press(
        client,
        case,
        "claim",
        verb="request_changes",
        reasons=["name_mismatch"],
        note="写了很久的说明",
    ).content.decode()
    assert "写了很久的说明</textarea>" in html
    assert Decision.objects.filter(case=case).exclude(verb="hold_for_review").count() == 0


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("approve", State.IN_REVIEW),
        ("suspend", State.APPROVED),
        ("reinstate", State.SUSPENDED),
        ("revoke", State.SUSPENDED),
    ],
)
def test_a_page_that_is_out_of_date_decides_nothing(
    client: Client, now: datetime, verb: str, state: State
) -> None:
    case = make_case(make_member(now), now, state, version=4)
    if state is State.IN_REVIEW:
        press(client, case, "claim")
    codes = ["registry_revoked"] if verb in reason_choices.REASONS_FOR else []
    response = client.post(
        f"{QUEUE}{case.pk}/{verb}/", {"seen_version": 3, "confirmed": "1", "reasons": codes}
    )
    assert response.status_code == 409
    case.refresh_from_db()
    assert case.state == state


@pytest.mark.parametrize(
    "data",
    [
        {"reasons": ["no_such_reason"]},
        {"reasons": ["quota_day"]},
        {"seen_version": ""},
        {"reasons": ["name_mismatch"], "note": "x" * 2001},
    ],
)
def test_what_the_form_cannot_have_sent_decides_nothing(
    client: Client, now: datetime, data: dict[str, Any]
) -> None:
    case = waiting_case(now)
    press(client, case, "claim")
    response = press(client, case, "reject", confirmed="1", **data)
    assert response.status_code == 400
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW


def test_a_button_is_no_link(client: Client, now: datetime) -> None:
    case = waiting_case(now)
    for verb in ("claim", "release", "approve", "reject", "suspend"):
        assert client.get(f"{QUEUE}{case.pk}/{verb}/").url == page_of(case)
    case.refresh_from_db()
    assert (case.state, case.claimed_by) == (State.IN_REVIEW, None)
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(make_colleague(now, "Reviewers"))
    assert guarded.post(f"{QUEUE}{case.pk}/claim/").status_code == 403


def test_an_appeal_is_not_offered_to_who_refused(
    client: Client, reviewer: User, now: datetime
) -> None:
    case = waiting_case(now)
    press(client, case, "claim")
    press(client, case, "reject", reasons=["name_mismatch"], confirmed="1")
    when_it_cannot_be_undone()
    assert case.submitted_by is not None
    appeals.appeal(case.pk, case.submitted_by.member, "登记有误", [], now)
    response = client.get(page_of(case))
    assert response.context["may_claim"] is False
    assert REASONS["another_reviewer_required"].says.en in response.content.decode()
    assert client.post(f"{QUEUE}next/").url == QUEUE


# --- Who may --------------------------------------------------------------------------------------


def test_those_who_may_only_look_have_no_buttons(now: datetime) -> None:
    from django.contrib.auth.models import Permission

    case = waiting_case(now)
    looker = make_colleague(now)
    looker.user_permissions.set(Permission.objects.filter(codename="view_case"))
    client = sign_in(looker)
    response = client.get(page_of(case))
    assert (response.status_code, response.context["buttons"]) == (200, [])
    for verb in (
        "claim",
        "release",
        "approve",
        "request_changes",
        "reject",
        "suspend",
        "reinstate",
        "revoke",
    ):
        assert (
            press(client, case, verb, reasons=["review_decided"], confirmed="1").status_code == 403
        )
    assert client.post(f"{QUEUE}next/").status_code == 403


def test_staff_without_the_permission_and_recruiters_see_nothing(now: datetime) -> None:
    case = waiting_case(now)
    document = case.documents.get()
    for user, status in ((make_colleague(now), 403), (make_member(now).user, 302)):
        for address in (QUEUE, page_of(case), f"{QUEUE}{case.pk}/page/{document.pk}/1/"):
            assert sign_in(user).get(address).status_code == status, address
        assert press(sign_in(user), case, "claim").status_code == status


def test_the_group_is_made_again_without_harm(now: datetime) -> None:
    from importlib import import_module

    from django.db import connection

    migration = import_module("verification.migrations.0002_reviewers_group")
    before = set(Group.objects.get(name="Reviewers").permissions.values_list("codename", flat=True))
    with (
        connection.schema_editor() if connection.vendor == "postgresql" else _no_editor(connection)
    ) as editor:
        migration.create_group(apps, editor)
    assert (
        set(Group.objects.get(name="Reviewers").permissions.values_list("codename", flat=True))
        == before
    )
    assert {"view_case", "change_case", "view_event"} <= before
    assert not {name for name in before if name.startswith(("add_", "delete_"))}


class _no_editor:
    """SQLite's schema editor may not be opened inside a transaction; the migration asks it for its
    connection only.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *raised: object) -> None:
        pass


@pytest.mark.parametrize("model", ["case", "document", "attempt", "decision", "registryrecord"])
def test_no_form_of_the_admin_writes_a_row(now: datetime, model: str) -> None:
    root = sign_in(make_user(now, is_staff=True, is_superuser=True))
    case = waiting_case(now)
    pk = {
        "case": case.pk,
        "document": case.documents.get().pk,
        "attempt": case.attempts.get().pk,
        "decision": case.decisions.get().pk,
        "registryrecord": "x",
    }[model]
    address = f"/console/verification/{model}/"
    assert root.get(address + "add/").status_code == 403
    assert root.post(address + "add/", {}).status_code == 403
    assert root.get(f"{address}{pk}/delete/").status_code in (302, 403)
    assert root.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert root.post(
        f"{address}{pk}/change/", {"state": "approved", "declared_name": "x"}
    ).status_code in (302, 403, 405)
    root.post(address, {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"})
    case.refresh_from_db()
    assert (case.state, case.declared_name, case.documents.count(), case.decisions.count()) == (
        State.IN_REVIEW,
        case.employer.name,
        1,
        1,
    )


def test_case_admin_has_no_way_to_write() -> None:
    case_admin = CaseAdmin(Case, admin.site)
    for way in (
        case_admin.has_add_permission,
        case_admin.has_change_permission,
        case_admin.has_delete_permission,
    ):
        assert way(None) is False  # type: ignore[arg-type]


# --- Pictures -------------------------------------------------------------------------------------


def stored_page(case: Case, now: datetime) -> DocumentPage:
    document = Document.objects.create(
        case=case,
        kind="business_licence",
        sha256="f" * 64,
        size=4,
        media_type="image/jpeg",
        uploaded_by=case.submitted_by,
        uploaded_at=now,
    )
    page = DocumentPage(document=document, number=1, width=10, height=10, fingerprint="0" * 64)
    page.image.save("page.jpg", ContentFile(b"\xff\xd8jpeg"), save=False)
    page.save()
    return page


def test_a_page_is_shown_decrypted_and_each_look_is_on_record_once_a_minute(
    client: Client, reviewer: User, now: datetime
) -> None:
    case = waiting_case(now)
    page = stored_page(case, now)
    address = f"{QUEUE}{case.pk}/page/{page.document_id}/1/"
    response = client.get(address)
    assert response.content == b"\xff\xd8jpeg"
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "image/jpeg",
        "nosniff",
    )
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert "default-src 'none'" in response["Content-Security-Policy"]
    client.get(address)
    (look,) = Event.objects.filter(verb="view_page")
    assert (look.subject_id, look.actor_id, look.data) == (
        str(page.document_id),
        str(reviewer.pk),
        {"case": str(case.pk), "page": 1},
    )
    sign_in(make_colleague(now, "Reviewers")).get(address)
    assert Event.objects.filter(verb="view_page").count() == 2
    assert client.get(page_of(case)).context["looks"]
    other = waiting_case(now)
    assert client.get(f"{QUEUE}{other.pk}/page/{page.document_id}/1/").status_code == 404
    page.image.storage.delete(page.image.name)
    assert client.get(address).status_code == 404, "erased since"


# --- Side by side: pure ---------------------------------------------------------------------------


def test_every_reason_that_can_be_ticked_has_words() -> None:
    for codes in reason_choices.REASONS_FOR.values():
        assert len(set(codes)) == len(codes)
        assert set(codes) <= set(REASONS)


@pytest.mark.parametrize(
    ("declared", "read", "qr", "registry", "agreement"),
    [
        ("91990101", "9199O1O1", "", "", "agrees"),  # O cannot stand in a code, and is read as 0
        ("91990101", "91990102", "", "", "differs"),
        ("91990101", "91990101", "91990102", "91990101", "differs"),
        ("", "91990101", "", "", "alone"),
        ("", "", "", "", "absent"),
    ],
)
def test_agreement(declared: str, read: str, qr: str, registry: str, agreement: str) -> None:
    rows = case_comparison.comparison(
        {"uscc": declared},
        {"fields": {"uscc": read}, "qr_uscc": qr},
        {"record": {"uscc": registry}},
    )
    assert {row.field: row.agreement for row in rows}["uscc"] == agreement


@pytest.fixture
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def row_of(
    field: str, declared: str, read: dict[str, Any], registry: dict[str, Any]
) -> case_comparison.Row:
    return {
        row.field: row for row in case_comparison.comparison({field: declared}, read, registry)
    }[field]


def test_only_what_departs_is_marked() -> None:
    row = row_of(
        "name", "云溪市示例科技有限公司", {"fields": {"name": "云溪市实例科技有限公司"}}, {}
    )
    assert [part.text for part in row.read.parts if part.differs] == ["实"] and row.read.differs
    assert row.read.text == "云溪市实例科技有限公司" and not row.declared.differs
    alike = row_of("name", "有限公司(总)", {"fields": {"name": "有限公司（总）"}}, {})
    assert not alike.read.differs and alike.agreement == "agrees"


@pytest.mark.usefixtures("in_english")
def test_a_former_name_is_told() -> None:
    record = {"name": "云溪市新名科技有限公司", "former_names": ["云溪市旧名科技有限公司"]}
    row = row_of("name", "云溪市旧名科技有限公司", {}, {"record": record})
    assert row.former and row.registry.differs and str(row.agreement_in_words) == "Former name"
    assert not row_of("name", "云溪市别名科技有限公司", {}, {"record": record}).former


def test_a_code_that_was_misread_is_told_with_what_it_may_be() -> None:
    code = make_uscc()
    misread = {"fields": {"uscc": code[:-1] + "*"}, "alternatives": {"uscc": [code]}}
    alone, taken = row_of("uscc", make_uscc(2), misread, {}), row_of("uscc", code, misread, {})
    assert (
        alone.agreement == "differs"
        and code in str(alone.read.note)
        and alone.read.text == code[:-1] + "*"
    )
    assert taken.agreement == "agrees" and taken.read.text == code and taken.read.note


@pytest.mark.usefixtures("in_english")
def test_a_register_that_shows_nothing_is_told_by_what_it_says() -> None:
    said = {"agreement": {"known": True, "name": "mismatch", "asked": {"name": "甲有限公司"}}}
    row = row_of("name", "甲有限公司", {}, said)
    assert (
        row.registry.differs
        and row.registry.text == ""
        and str(row.registry.note) == "Differs"
        and row.agreement == "differs"
    )


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    ("status", "agreement", "words"),
    [
        ("存续", "agrees", "In order"),
        ("吊销", "differs", "Speaks against"),
        ("", "absent", "Nowhere given"),
    ],
)
def test_the_status_is_judged_and_not_compared(status: str, agreement: str, words: str) -> None:
    row = row_of("status", "", {}, {"record": {"status": status}})
    assert (row.agreement, str(row.agreement_in_words)) == (agreement, words)


def test_every_check_and_what_it_finds_in_order_has_words() -> None:
    assert {check.code for check in CHECKS} <= set(wording.CHECKS)
    assert (
        {"registry_new_company", "registry_lists_not_told"}
        < set(wording.FOUND)
        <= set(wording.FOUND)
    )


def test_observations_of_checks_that_did_not_report() -> None:
    assert {
        row.agreement
        for row in case_comparison.comparison(
            {"name": "甲", "uscc": make_uscc()}, {}, {"record": None}
        )
    } <= {"alone", "absent"}
    assert case_comparison.boxes({}, []) == []


class TestEvidence:
    """What a reviewer is shown besides the values."""

    def found(self, case: Case, code: str, observation: dict[str, Any], *findings: Finding) -> None:
        attempt, at = case.attempts.get(), case.opened_at
        stored = [finding.as_json() for finding in findings]
        CheckRun.objects.filter(attempt=attempt, code=code).delete()
        CheckRun.objects.create(
            attempt=attempt,
            code=code,
            version="1",
            observation=observation,
            findings=stored,
            started_at=at,
            finished_at=at,
        )

    def page(self, client: Client, case: Case) -> str:
        return str(client.get(f"{QUEUE}{case.pk}/change/").content.decode())

    def test_a_trace_of_editing_is_drawn_where_it_is_and_pointed_at(
        self, client: Client, now: datetime
    ) -> None:
        case = waiting_case(now)
        document = case.documents.get()
        trace = Finding(
            "forgery",
            "forgery_retyped_field",
            Severity.UNABLE,
            "uscc",
            page=1,
            region=(10, 20, 110, 60),
        )
        elsewhere = Finding(
            "forgery", "forgery_copied_patch", Severity.UNABLE, "name", page=2, region=(1, 2, 3, 4)
        )
        self.found(case, "forgery", {"document": str(document.pk)}, trace, elsewhere)
        page = self.page(client, case)
        name = "forgery-forgery_retyped_field-uscc"
        box = re.search(
            rf'<rect class="box box-trace" data-field="{name}" x="10[.0]*" y="20[.0]*"'
            r' width="100[.0]*" height="40[.0]*">',
            page,
        )
        assert box is not None
        assert f'class="finding finding-unable" data-field="{name}"' in page
        assert page.count("box-trace") == 1, "the other one is on a page that is not there"

    def test_a_picture_that_was_seen_elsewhere_says_where(
        self, client: Client, now: datetime
    ) -> None:
        case, other = waiting_case(now), waiting_case(now)
        theirs = other.documents.get()
        near = {
            "case": str(other.pk),
            "document": str(theirs.pk),
            "page": 1,
            "distance": 3,
            "agreement": 0.957,
            "of_page": 1,
            "region": [5.2, 6, 700, 800],
        }
        same = Finding(
            "duplicates",
            "duplicate_same_image",
            Severity.CONCERN,
            "document",
            page=1,
            region=(5.2, 6, 700, 800),
        )
        self.found(
            case, "duplicates", {"same_bytes": [], "near_same": [near], "same_uscc": []}, same
        )
        page = self.page(client, case)
        assert (
            "Page 1 here is page 1 there" in page
            and "96% of it agree" in page
            and "place 5, 6, 700, 800" in page
        )
        assert (
            f'href="{QUEUE}{other.pk}/change/"' in page
            and f'href="{QUEUE}{other.pk}/page/{theirs.pk}/1/"' in page
        )
        assert (
            'data-field="duplicates-duplicate_same_image-document"' in page
            and page.count("box-trace") == 1
        )
        del near["document"]
        self.found(case, "duplicates", {"same_bytes": [], "near_same": [near], "same_uscc": []})
        assert "nearly the same picture" in self.page(client, case), "as older checks observed it"

    def test_of_several_licences_each_page_has_its_own_place(
        self, client: Client, now: datetime
    ) -> None:
        case, other = waiting_case(now), waiting_case(now)
        first, second = case.documents.get(), make_document(case, now)
        DocumentPage.objects.create(
            document=second,
            number=2,
            image="nowhere.jpg",
            width=900,
            height=1200,
            fingerprint="0" * 16,
        )
        theirs = {
            "case": str(other.pk),
            "document": str(other.documents.get().pk),
            "page": 1,
            "distance": 3,
        }
        near = [
            theirs
            | {
                "agreement": 0.99,
                "of_document": str(second.pk),
                "of_page": 2,
                "region": [10, 20, 110, 220],
            },
            theirs
            | {
                "agreement": 0.97,
                "of_document": str(first.pk),
                "of_page": 1,
                "region": [30, 40, 130, 240],
            },
            theirs
            | {
                "agreement": 0.96,
                "of_document": str(second.pk),
                "of_page": 2,
                "region": [11, 21, 111, 221],
            },
        ]
        same = Finding(
            "duplicates",
            "duplicate_same_image",
            Severity.CONCERN,
            "document",
            page=2,
            region=(10, 20, 110, 220),
        )
        self.found(case, "duplicates", {"same_bytes": [], "near_same": near, "same_uscc": []}, same)
        shown = client.get(page_of(case)).context["pages"]
        places = {
            (page["document"].pk, page["page"].number): [
                (box.x, box.y, box.width, box.height) for box in page["boxes"] if box.says
            ]
            for page in shown
        }
        assert places == {
            (first.pk, 1): [(30, 40, 100, 200)],
            (second.pk, 1): [],
            (second.pk, 2): [(10, 20, 100, 200)],
        }
        assert "99% of it agree" in self.page(client, case), "the best of each case"
        for each in near:
            del each["of_document"]
        self.found(case, "duplicates", {"same_bytes": [], "near_same": near, "same_uscc": []}, same)
        assert "box-trace" not in self.page(client, case), (
            "earlier observations do not say on which"
        )

    def test_excluding_begins_at_the_case(self, client: Client, now: datetime) -> None:
        case = waiting_case(now)
        url = f"/console/verification/exclusion/add/?case={case.pk}"
        assert url in self.page(client, case)
        assert f'value="{case.pk}"' in client.get(url).content.decode()
        colleague = make_colleague(now)
        colleague.user_permissions.add(Permission.objects.get(codename="view_case"))
        assert url not in self.page(sign_in(colleague), case)
