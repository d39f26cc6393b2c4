"""Tests of the buttons that decide a case, of their undo, and of what is said before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import User
from events.core.reasons import REASONS
from events.models import Mail
from tests.factories import make_case, make_document, make_reviewer, sign_in
from tests.verification.admin.case.waiting_cases import JSON, QUEUE, door, page_of, told, waiting
from tests.verification.staff import heard
from verification.models import Case, Decision, ReviewDraft, Ruling, SavedReply
from verification.reviewing import claims, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class TestDeciding:
    def test_the_script_is_told_where_to_go_on_and_how_to_undo(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        following = waiting(now, hours=3)
        answer = told(client, claimed, "request_changes", reasons=["name_mismatch"], note="请更正")
        ruling = Ruling.objects.get()
        assert (ruling.verb, ruling.reasons, ruling.note, ruling.by) == (
            "request_changes",
            ["name_mismatch"],
            "请更正",
            reviewer,
        )
        assert answer["next"] == {"case": str(following.pk), "url": page_of(following)}
        assert (
            f"{QUEUE}undo/{ruling.pk}/" in answer["toast"]
            and claimed.declared_name in answer["toast"]
        )
        following.refresh_from_db()
        assert following.claimed_by == reviewer and following.claimed_at is not None
        assert Decision.objects.count() == Mail.objects.count() == 0

    def test_a_refusal_needs_no_second_page_where_its_mail_stands_open(
        self, client: Client, claimed: Case
    ) -> None:
        assert (
            client.post(
                door(claimed, "reject"), {"seen_version": 0, "reasons": "name_mismatch"}
            ).status_code
            == 200
        )
        assert Ruling.objects.count() == 0
        assert (
            told(client, claimed, "reject", reasons=["name_mismatch"], confirmed="1")["next"]
            is None
        )
        assert Ruling.objects.get().verb == "reject"

    def test_what_is_refused_is_said(self, client: Client, claimed: Case, now: datetime) -> None:
        assert told(client, claimed, "reject", 409, confirmed="1")["refused"] == "reason_required"
        assert told(client, claimed, "reject", 400, reasons=["no_such"], confirmed="1")["says"]
        Case.objects.filter(pk=claimed.pk).update(claimed_by=make_reviewer(now))
        answer = told(client, claimed, "approve", 409)
        assert (answer["refused"], REASONS["claimed_by_other"].says.en in answer["says"]) == (
            "claimed_by_other",
            True,
        )
        assert Ruling.objects.count() == 0

    def test_undone_the_case_comes_back_with_what_was_typed(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        following = waiting(now)
        told(client, claimed, "request_changes", reasons=["name_mismatch"], note="写了很久")
        ruling = Ruling.objects.get()
        answer = client.post(f"{QUEUE}undo/{ruling.pk}/", headers=JSON).json()
        assert answer["next"]["case"] == str(claimed.pk)
        response = client.get(page_of(claimed))
        (button,) = [button for button in response.context["buttons"] if button.opened]
        assert (button.verb, button.note) == ("request_changes", "写了很久")
        assert [
            choice.reason.code for item in button.items for choice in item.choices if choice.ticked
        ] == ["name_mismatch"]
        assert response.context["is_mine"] and response.context["toast"] is None
        # What had been begun meanwhile is not lost: it comes next.
        assert told(client, claimed, "approve")["next"]["case"] == str(following.pk)

    def test_too_late_is_said_on_the_page(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        told(client, claimed, "approve")
        ruling = Ruling.objects.get()
        rulings.carry_out_due(now + timedelta(minutes=1))
        address = f"{QUEUE}undo/{ruling.pk}/"
        assert client.get(address).url == page_of(claimed)
        assert client.post(address, headers=JSON).json()["refused"] == "undo_too_late"
        assert REASONS["undo_too_late"].says.en in client.post(address).content.decode()
        assert client.post(f"{QUEUE}undo/0/").status_code == 404

    def test_without_script_the_undo_stands_on_the_next_page_and_on_the_case(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        following = waiting(now)
        assert client.post(
            door(claimed, "approve"), {"seen_version": claimed.version}
        ).url == page_of(following)
        undo = f'action="{QUEUE}undo/{Ruling.objects.get().pk}/"'
        for address in (page_of(following), page_of(claimed), QUEUE):
            assert undo in client.get(address).content.decode(), address
        assert undo not in sign_in(make_reviewer(now)).get(page_of(claimed)).content.decode()

    def test_what_was_not_carried_out_is_told_once(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        other = waiting(now)
        told(client, claimed, "approve")
        Case.objects.filter(pk=claimed.pk).update(version=99)
        rulings.carry_out_due(now + timedelta(minutes=1))
        words = "Not carried out"
        assert words in client.get(page_of(other)).content.decode()
        assert words not in client.get(page_of(other)).content.decode()
        assert (
            "The ruling could not be carried out" in client.get(page_of(claimed)).content.decode()
        )

    def test_a_refusal_tells_what_becomes_of_what_is_in_force(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        old = make_case(claimed.employer.members.get(), now, State.APPROVED)
        assert (
            told(client, claimed, "reject", 409, reasons=["name_mismatch"], confirmed="1")[
                "refused"
            ]
            == "in_force_undecided"
        )
        told(
            client, claimed, "reject", reasons=["name_mismatch"], in_force="suspend", confirmed="1"
        )
        rulings.carry_out_due(now + timedelta(minutes=1))
        old.refresh_from_db()
        assert old.state == State.SUSPENDED


class TestBeforeItIsDecided:
    def test_the_preview_is_the_mail_that_leaves(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        sent = {"verb": "request_changes", "reasons": ["name_mismatch"], "note": "请更正公司名称"}
        mails = told(client, claimed, "preview", **sent)["mails"]
        assert set(mails) == {"zh-hans", "en"}
        for language, words in (
            ("zh-hans", REASONS["name_mismatch"].fix.zh),
            ("en", REASONS["name_mismatch"].fix.en),
        ):
            assert words in mails[language]["body"] and "请更正公司名称" in mails[language]["body"]
            assert claimed.declared_name in mails[language]["subject"]
        assert Mail.objects.count() == Decision.objects.count() == Ruling.objects.count() == 0
        claimed.refresh_from_db()
        assert claimed.state == State.IN_REVIEW

    def test_it_is_refused_as_the_decision_would_be(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        assert told(client, claimed, "preview", 409, verb="reject")["refused"] == "reason_required"
        assert told(client, claimed, "preview", 400, verb="fly")["says"]
        other = waiting(now)
        assert told(client, other, "preview", 409, verb="approve")["refused"] == "claim_required"

    def test_a_draft_outlives_the_claim(
        self, client: Client, reviewer: User, claimed: Case
    ) -> None:
        told(client, claimed, "draft", verb="reject", reasons=["name_mismatch"], note="还没写完")
        (button,) = [
            button for button in client.get(page_of(claimed)).context["buttons"] if button.opened
        ]
        assert (button.verb, button.note) == ("reject", "还没写完")
        Case.objects.filter(pk=claimed.pk).update(claimed_until=timezone.now())
        assert "还没写完</textarea>" in client.get(page_of(claimed)).content.decode()
        told(client, claimed, "draft", verb="reject")
        assert ReviewDraft.objects.get().note == ""
        assert client.get(page_of(claimed)).context["typed_elsewhere"] is None

    def test_a_saved_reply_is_put_below_what_was_written(
        self, client: Client, claimed: Case
    ) -> None:
        SavedReply.objects.create(
            code="name",
            verb="request_changes",
            title_zh="名称",
            title_en="Name",
            text_zh="{company}：请更正{items}。",
            text_en="{company}: {items}.",
        )
        assert "Name</option>" in client.get(page_of(claimed)).content.decode()
        sent = {"reply": "name", "insert": "1", "reasons": ["name_mismatch"], "note": "您好"}
        said = f"您好\n\n{claimed.declared_name}：请更正你填写的企业信息。"
        assert told(client, claimed, "request_changes", **sent)["note"] == said
        assert (
            f"{said}</textarea>"
            in client.post(
                door(claimed, "request_changes"), {"seen_version": 0, **sent}
            ).content.decode()
        )
        assert (
            told(client, claimed, "request_changes", 409, reply="name", insert="1")["refused"]
            == "reply_value_missing"
        )
        assert client.post(door(claimed, "reject"), {"seen_version": 0, **sent}).status_code == 404


def test_what_a_reason_is_about_is_ruled_and_comes_back_with_an_undo(
    client: Client, reviewer: User, now: datetime
) -> None:
    case = waiting(now, account_class="commercial_agency")
    make_document(case, now, "hr_service_licence")
    claims.claim(case.pk, reviewer, now)
    sent = {
        "reasons": ["document_blurred"],
        "about-document_blurred": "hr_service_licence",
        "confirmed": "1",
    }
    told(client, case, "request_changes", seen_version=case.version, **sent)
    ruling = Ruling.objects.get()
    assert ruling.besides == {"about": {"document_blurred": "hr_service_licence"}}
    rulings.undo(ruling.pk, reviewer, now)
    html = client.get(page_of(case)).content.decode()
    ticked = html.split('name="about-document_blurred"')[1].split("</select>")[0]
    assert '<option value="hr_service_licence" selected>' in ticked
    told(client, case, "request_changes", seen_version=case.version, **sent)
    rulings.carry_out_due(timezone.now() + timedelta(seconds=31))
    assert Decision.objects.latest("pk").reasons[0]["field"] == "hr_service_licence"


def test_an_appeal_of_who_was_suspended_is_turned_down_and_taken_back(
    client: Client, reviewer: User, now: datetime
) -> None:
    case = heard(now)
    assert claims.claim_next(reviewer, now) == case
    html = client.get(page_of(case)).content.decode()
    assert (
        'data-verb="uphold" data-key="r"' in html and 'data-verb="reinstate" data-key="a"' in html
    )
    sent = {"seen_version": case.version, "reasons": ["registry_abnormal_list"], "confirmed": "1"}
    assert "Undo" in told(client, case, "uphold", **sent)["toast"]
    assert told(client, case, "revoke", 409, **sent)["refused"] == "decision_under_way"
    client.post(f"{QUEUE}undo/{Ruling.objects.get().pk}/")
    case.refresh_from_db()
    assert case.claimed_by == reviewer and not Decision.objects.exists() and case.heard()
    told(client, case, "uphold", **sent)
    rulings.carry_out_due(timezone.now() + timedelta(seconds=31))
    case.refresh_from_db()
    assert (case.state, case.hearing, case.heard()) == (State.SUSPENDED, False, False)
    assert Decision.objects.get().verb == "uphold" and Decision.objects.get().waited is not None
    assert Mail.objects.latest("pk").template == "case_uphold"


def test_the_way_stays_within_what_the_queue_was_asked_for(
    client: Client, reviewer: User, now: datetime
) -> None:
    asked = "?class=commercial_agency"
    other, first, second = (
        waiting(now, hours=9),
        *(waiting(now, hours=h, account_class="commercial_agency") for h in (3, 2)),
    )
    claims.claim(first.pk, reviewer, now)
    html = client.get(page_of(first) + asked).content.decode()
    assert (
        f'action="{QUEUE}{first.pk}/approve/{asked}"' in html
        and f'data-next="{QUEUE}next/{asked}"' in html
    )
    sent = {"seen_version": first.version, "confirmed": "1"}
    response = client.post(
        f"{QUEUE}{first.pk}/approve/{asked}", sent, headers={"accept": "application/json"}
    )
    assert response.json()["next"] == {"case": str(second.pk), "url": page_of(second) + asked}
    assert other.claimed_by is None
