"""Tests of the buttons that decide a case, their undo, and their confirmation."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from employers.models import User
from events.core.reasons import REASONS
from events.models import Mail
from tests.factories import make_case, make_document, make_reviewer, sign_in
from tests.verification.admin.case.waiting_cases import (
    QUEUE,
    door,
    page_of,
    press,
    says,
    told,
    waiting,
)
from tests.verification.staff import heard
from verification.models import Case, Decision, ReviewDraft, Ruling, SavedReply
from verification.reviewing import claims, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class TestDeciding:
    def test_the_next_case_is_claimed_and_its_page_has_the_undo(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        following = waiting(now, hours=3)
        response = press(
            client, claimed, "request_changes", reasons=["name_mismatch"], note="请更正"
        )
        ruling = Ruling.objects.get()
        assert (ruling.verb, ruling.reasons, ruling.note, ruling.by) == (
            "request_changes",
            ["name_mismatch"],
            "请更正",
            reviewer,
        )
        assert response.url == page_of(following)
        toast = client.get(response.url).content.decode().partition('id="toasts"')[2]
        assert f"{QUEUE}undo/{ruling.pk}/" in toast and claimed.declared_name in toast
        following.refresh_from_db()
        assert following.claimed_by == reviewer and following.claimed_at is not None
        assert Decision.objects.count() == Mail.objects.count() == 0

    def test_a_refusal_needs_no_second_page_where_its_mail_is_shown(
        self, client: Client, claimed: Case
    ) -> None:
        assert (
            client.post(
                door(claimed, "reject"), {"seen_version": 0, "reasons": "name_mismatch"}
            ).status_code
            == 200
        )
        assert Ruling.objects.count() == 0
        confirmed = press(client, claimed, "reject", reasons=["name_mismatch"], confirmed="1")
        assert confirmed.url == QUEUE
        assert Ruling.objects.get().verb == "reject"

    def test_a_refusal_is_shown_in_the_form_with_what_was_typed(
        self, client: Client, claimed: Case
    ) -> None:
        response = press(client, claimed, "reject", note="写了很久", confirmed="1")
        html = response.content.decode()
        assert response.status_code == 409 and says(response) == []
        assert REASONS["reason_required"].says.en in response.context["refusal"]
        form = html.partition(f'action="{door(claimed, "reject")}"')[2].partition("</form>")[0]
        assert 'id="refusal"' in form and "写了很久</textarea>" in form
        assert " autofocus" in html.partition(f'action="{door(claimed, "reject")}"')[2][:60]
        assert html.count(" autofocus") == html.count('id="refusal"') == 1
        response = press(client, claimed, "reject", reasons=["no_such"], confirmed="1")
        assert response.status_code == 400 and "does not fit" in response.context["refusal"]
        assert Ruling.objects.count() == 0

    def test_a_refusal_of_a_form_that_is_gone_keeps_what_was_typed(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        Case.objects.filter(pk=claimed.pk).update(claimed_by=make_reviewer(now))
        response = press(
            client, claimed, "request_changes", reasons=["name_mismatch"], note="写了很久"
        )
        html = response.content.decode()
        assert response.status_code == 409 and "写了很久</textarea>" in html
        assert REASONS["claimed_by_other"].says.en in says(response)[0]
        assert '<h1 lang="zh-Hans" tabindex="-1" autofocus>' in html
        draft = ReviewDraft.objects.get(case=claimed, reviewer=reviewer)
        assert (draft.verb, draft.reasons) == ("request_changes", ["name_mismatch"])
        assert press(client, claimed, "approve").status_code == 409
        assert ReviewDraft.objects.get().note == "写了很久", "an empty form replaces no draft"
        assert Ruling.objects.count() == 0

    def test_undone_the_case_comes_back_with_what_was_typed(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        following = waiting(now)
        press(client, claimed, "request_changes", reasons=["name_mismatch"], note="写了很久")
        ruling = Ruling.objects.get()
        assert client.post(f"{QUEUE}undo/{ruling.pk}/").url == page_of(claimed)
        response = client.get(page_of(claimed))
        (button,) = [button for button in response.context["buttons"] if button.opened]
        assert (button.verb, button.note) == ("request_changes", "写了很久")
        assert [
            choice.reason.code for item in button.items for choice in item.choices if choice.ticked
        ] == ["name_mismatch"]
        assert response.context["is_mine"] and response.context["toast"] is None
        # A claimed case is not lost: it comes next.
        assert press(client, claimed, "approve").url == page_of(following)

    def test_too_late_is_said_on_the_page(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        press(client, claimed, "approve")
        ruling = Ruling.objects.get()
        rulings.carry_out_due(now + timedelta(minutes=1))
        address = f"{QUEUE}undo/{ruling.pk}/"
        assert client.get(address).url == page_of(claimed)
        response = client.post(address)
        assert response.status_code == 409
        assert REASONS["undo_too_late"].says.en in response.content.decode()
        assert client.post(f"{QUEUE}undo/0/").status_code == 404

    def test_the_undo_is_on_the_next_page_on_the_case_and_on_the_queue(
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
        press(client, claimed, "approve")
        Case.objects.filter(pk=claimed.pk).update(version=99)
        rulings.carry_out_due(now + timedelta(minutes=1))
        words = "Not carried out"
        assert words in client.get(page_of(other)).content.decode()
        assert words not in client.get(page_of(other)).content.decode()
        assert "Decision could not be carried out" in client.get(page_of(claimed)).content.decode()

    def test_a_refusal_tells_what_becomes_of_what_is_in_force(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        old = make_case(claimed.employer.members.get(), now, State.APPROVED)
        sent = {"reasons": ["name_mismatch"], "confirmed": "1"}
        response = press(client, claimed, "reject", **sent)
        assert response.status_code == 409
        assert REASONS["in_force_undecided"].says.en in response.context["refusal"]
        press(client, claimed, "reject", in_force="suspend", **sent)
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
        assert told(client, claimed, "preview", 200, verb="reject")["refused"] == "reason_required"
        assert told(client, claimed, "preview", 400, verb="fly")["says"]
        other = waiting(now)
        assert told(client, other, "preview", 200, verb="approve")["refused"] == "claim_required"

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
        said = f"您好\n\n{claimed.declared_name}：请更正企业信息。"
        html = press(client, claimed, "request_changes", **sent).content.decode()
        assert f" autofocus>{said}</textarea>" in html and html.count(" autofocus") == 1
        assert ReviewDraft.objects.get().note == said
        response = press(client, claimed, "request_changes", reply="name", insert="1")
        assert response.status_code == 409
        assert REASONS["reply_value_missing"].says.en in response.context["refusal"]
        assert client.post(door(claimed, "reject"), {"seen_version": 0, **sent}).status_code == 404


def test_what_a_reason_is_about_is_ruled_and_comes_back_with_an_undo(
    client: Client, reviewer: User, now: datetime
) -> None:
    case = waiting(now, account_class="commercial_agency")
    make_document(case, now, "hr_service_licence")
    claims.claim_case(case.pk, reviewer, now)
    sent = {
        "reasons": ["document_blurred"],
        "about-document_blurred": "hr_service_licence",
        "confirmed": "1",
    }
    press(client, case, "request_changes", **sent)
    ruling = Ruling.objects.get()
    assert ruling.besides == {"about": {"document_blurred": "hr_service_licence"}}
    rulings.undo_ruling(ruling.pk, reviewer, now)
    html = client.get(page_of(case)).content.decode()
    ticked = html.split('name="about-document_blurred"')[1].split("</select>")[0]
    assert '<option value="hr_service_licence" selected>' in ticked
    press(client, case, "request_changes", **sent)
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
    sent = {"reasons": ["registry_abnormal_list"], "confirmed": "1"}
    queue = press(client, case, "uphold", **sent).url
    assert "Undo" in client.get(queue).content.decode().partition('id="toasts"')[2]
    refused = press(client, case, "revoke", **sent)
    assert refused.status_code == 409
    assert REASONS["decision_under_way"].says.en in refused.content.decode()
    client.post(f"{QUEUE}undo/{Ruling.objects.get().pk}/")
    case.refresh_from_db()
    assert case.claimed_by == reviewer and not Decision.objects.exists() and case.heard()
    press(client, case, "uphold", **sent)
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
    claims.claim_case(first.pk, reviewer, now)
    html = client.get(page_of(first) + asked).content.decode()
    assert f'action="{QUEUE}{first.pk}/approve/{asked}"' in html
    response = client.post(
        f"{QUEUE}{first.pk}/approve/{asked}", {"seen_version": first.version, "confirmed": "1"}
    )
    assert response.url == page_of(second) + asked
    assert other.claimed_by is None
