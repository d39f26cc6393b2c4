"""Tests of claims on a case, and of messages between colleagues."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from employers.models import User
from events.core.reasons import REASONS
from events.models import Event
from tests.factories import make_case, make_colleague, make_member, make_reviewer, sign_in
from tests.verification.admin.case.waiting_cases import (
    QUEUE,
    door,
    page_of,
    press,
    says,
    told,
    waiting,
)
from verification.models import Case, CaseNote, Ruling, TakeOver
from verification.reviewing import claims, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(now: datetime) -> User:
    """A reviewer with all powers."""
    return make_reviewer(now)


class TestColleagues:
    def test_a_beat_holds_the_claim_and_tells_who_else_is_there(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        colleague = make_reviewer(now, "colleague@zizhi.example")
        first = told(client, claimed, "beat", active="1")
        theirs = told(sign_in(colleague), claimed, "beat")
        assert (first["mine"], theirs["mine"]) == (True, False)
        assert claimed.claimed_by is not None and claimed.claimed_by.email in theirs["html"]
        again = told(client, claimed, "beat", active="1")
        assert again["key"] != first["key"] and colleague.email in again["html"]
        assert 170 < again["seconds_left"] <= 180

    def test_a_beat_carries_out_what_is_due(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        other = waiting(now)
        press(client, claimed, "approve")
        Ruling.objects.update(due_at=now)
        told(client, other, "beat", active="1")
        claimed.refresh_from_db()
        assert claimed.state == State.APPROVED

    def test_a_case_is_asked_for_and_given(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        colleague = make_reviewer(now, "colleague@zizhi.example")
        theirs = sign_in(colleague)
        assert door(claimed, "ask") in theirs.get(page_of(claimed)).content.decode()
        theirs.post(door(claimed, "ask"))
        assert "You have asked to take over" in theirs.get(page_of(claimed)).content.decode()
        assert (
            "colleague@zizhi.example wants to take over this case"
            in client.get(page_of(claimed)).content.decode()
        )
        client.post(door(claimed, "keep"))
        assert TakeOver.objects.get().given is False
        theirs.post(door(claimed, "ask"))
        client.post(door(claimed, "give"))
        claimed.refresh_from_db()
        assert claimed.claimed_by == colleague
        response = press(client, claimed, "approve")
        assert response.status_code == 409
        assert REASONS["claimed_by_other"].says.en in response.content.decode()
        assert told(theirs, claimed, "beat", active="1")["yours_now"]

    def test_set_aside_and_handed_to_a_senior(
        self, client: Client, claimed: Case, reviewer: User, now: datetime
    ) -> None:
        other = waiting(now)
        for sent, code in (
            ({"hours": "4"}, "words_missing"),
            ({"hours": "999", "note": "等电话"}, "until_invalid"),
        ):
            refused = press(client, claimed, "hold", **sent)
            assert refused.status_code == 409
            assert REASONS[code].says.en in refused.context["refusal"]
            assert f"{sent.get('note', '')}</textarea>" in refused.content.decode()
        response = press(client, claimed, "hold", hours="4", note="等电话")
        assert response.url == page_of(other) and "Set aside" in says(response)[0]
        claimed.refresh_from_db()
        assert (
            claimed.held_until is not None
            and "等电话" in client.get(page_of(claimed)).content.decode()
        )
        response = client.post(door(other, "escalate"), {"note": "看不清章"})
        assert response.status_code == 302
        other.refresh_from_db()
        assert other.for_senior and CaseNote.objects.filter(case=other, kind="escalate").exists()

    def test_a_refusal_can_be_reopened(self, client: Client, now: datetime) -> None:
        case = make_case(make_member(now), now, State.REJECTED)
        assert [button.verb for button in client.get(page_of(case)).context["buttons"]] == [
            "reopen"
        ]
        response = client.post(
            door(case, "reopen"), {"seen_version": case.version, "reasons": "review_decided"}
        )
        case.refresh_from_db()
        assert (response.url, case.state) == (page_of(case), State.IN_REVIEW)

    def test_the_second_reviewer_does_not_see_what_the_first_one_ruled(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        Case.objects.filter(pk=claimed.pk).update(
            second_review="policy", review_since=now - timedelta(hours=1)
        )
        press(client, claimed, "approve", note="第一人的意见")
        rulings.carry_out_due(now + timedelta(minutes=1))
        claimed.refresh_from_db()
        assert (claimed.state, claimed.review_stage) == (State.IN_REVIEW, "second")
        page = sign_in(make_reviewer(now)).get(page_of(claimed)).content.decode()
        assert (
            "Their decision is hidden" in page
            and "第一人的意见" not in page
            and "Approved" not in page
        )

    def test_the_neighbours_in_the_queue(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        after = waiting(now, hours=2)
        assert client.get(page_of(claimed)).context["beside"] == {"after": page_of(after)}
        assert client.get(page_of(after)).context["beside"] == {"before": page_of(claimed)}


def test_a_beat_keeps_nobody_signed_in(client: Client, reviewer: User, now: datetime) -> None:
    """An open page polls automatically; only a person's request resets the idle timeout."""
    case = waiting(now)
    claims.claim_case(case.pk, reviewer, now)
    client.get(page_of(case))
    session = client.session
    long_ago = session["console"]["seen"] - 20 * 60
    session["console"] |= {"seen": long_ago}
    session.save()
    assert told(client, case, "beat", active="1")["mine"]
    assert client.session["console"]["seen"] == long_ago
    client.get(page_of(case))
    assert client.session["console"]["seen"] > long_ago


def test_a_lead_assigns_a_case(now: datetime) -> None:
    lead, reviewer, case = (
        make_colleague(now, "Leads"),
        make_colleague(now, "Reviewers"),
        waiting(now),
    )
    html = sign_in(lead).get(page_of(case)).content.decode()
    assert f'<option value="{reviewer.pk}">' in html and f'<option value="{lead.pk}">' in html
    assert sign_in(lead).post(door(case, "assign"), {"to": str(reviewer.pk)}).url == page_of(case)
    case.refresh_from_db()
    assert case.assigned_to == reviewer and "assign" in set(
        Event.objects.about(case).values_list("verb", flat=True)
    )
    for user in (lead, reviewer):
        assert f"for {reviewer.email}" in sign_in(user).get(QUEUE).content.decode()
        assert f"for {reviewer.email}" in sign_in(user).get(page_of(case)).content.decode()
    assert door(case, "assign") not in sign_in(reviewer).get(page_of(case)).content.decode()
    assert sign_in(reviewer).post(door(case, "assign"), {"to": str(lead.pk)}).status_code == 409
    assert sign_in(lead).post(door(case, "assign"), {"to": "nobody"}).status_code == 404
