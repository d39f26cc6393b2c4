"""Tests that each button calls its operation and shows refusals."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from employers.models import User
from events.core.reasons import REASONS
from tests.factories import make_case, make_colleague, make_member, sign_in
from tests.verification.admin.case.waiting_cases import (
    QUEUE,
    page_of,
    press,
    waiting_case,
    when_it_cannot_be_undone,
)
from verification.cases import appeals
from verification.models import Case, Decision
from verification.reviewing import reason_choices
from verification.rules.states import State

pytestmark = pytest.mark.django_db


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
    """The reviewer who rejects a case decides whether to suspend the approval in force, too."""

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
        day = date_format(until, "DATE_FORMAT")
        assert f"{case.declared_name} is approved until {day} under another case" in html
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
        [("suspend", "suspended", "is also suspended"), ("keep", "approved", "stays")],
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
        )  # the later one
        press(client, case, "reject", reasons=["name_mismatch"], in_force="suspend", confirmed="1")
        when_it_cannot_be_undone()
        page = visitor.get("/case/").content.decode()
        assert (
            "Your company's earlier approval is suspended too" in page
            and "Start again" not in page
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
            "Your company's earlier approval stays in force until" in page and "Start again" in page
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
    appeals.appeal_decision(case.pk, case.submitted_by.member, "登记有误", [], now)
    response = client.get(page_of(case))
    assert response.context["may_claim"] is False
    assert REASONS["another_reviewer_required"].says.en in response.content.decode()
    assert client.post(f"{QUEUE}next/").url == QUEUE
