"""Does each door of the desk pass on what was pressed, to a page and to its script alike, and say
what was refused?
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from employers.accounts import sightings
from employers.models import User
from events.core.reasons import REASONS
from events.models import Event, Mail
from tests.factories import (
    make_case,
    make_colleague,
    make_document,
    make_employer,
    make_member,
    make_reviewer,
    sign_in,
)
from tests.verification.staff import heard
from verification.admin import case_content
from verification.cases import appeals
from verification.models import (
    Attempt,
    Case,
    CaseNote,
    CheckRun,
    Decision,
    Document,
    DocumentPage,
    ReviewDraft,
    Ruling,
    SavedReply,
    TakeOver,
)
from verification.reviewing import claims, rulings
from verification.rules.states import State

pytestmark = pytest.mark.django_db
QUEUE = "/console/verification/case/"
JSON = {"accept": "application/json"}


@pytest.fixture
def now() -> datetime:
    """The console is a door and asks the real clock."""
    return timezone.now()


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_reviewer(now)


@pytest.fixture
def client(reviewer: User) -> Client:
    return sign_in(reviewer)


def waiting(
    now: datetime, *, hours: float = 1, account_class: str = "direct_employer", **fields: Any
) -> Case:
    at = now - timedelta(hours=hours)
    member = make_member(at, make_employer(at, account_class=account_class))
    case = make_case(member, at, State.IN_REVIEW, **fields)
    document = make_document(case, at)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=at, due_at=at, finished_at=at
    )
    observation = {
        "document": str(document.pk),
        "page": 1,
        "fields": {"name": "别的公司"},
        "regions": {"name": [1, 2, 30, 40]},
    }
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        observation=observation,
        started_at=at,
        finished_at=at,
    )
    return case


def door(case: Case, name: str) -> str:
    return f"{QUEUE}{case.pk}/{name}/"


def page_of(case: Case) -> str:
    return door(case, "change")


def told(
    client: Client, case: Case, name: str, /, status: int = 200, **data: Any
) -> dict[str, Any]:
    """What the page's script is told when it presses `name`."""
    case.refresh_from_db()
    response = client.post(door(case, name), {"seen_version": case.version, **data}, headers=JSON)
    assert response.status_code == status, response.content.decode()[:400]
    return dict(response.json())


@pytest.fixture
def claimed(reviewer: User, now: datetime) -> Case:
    case = waiting(now, hours=9)
    claims.claim(case.pk, reviewer, now)
    return case


# --- Deciding, and taking it back -----------------------------------------------------------------


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


# --- Claims, and colleagues -----------------------------------------------------------------------


class TestColleagues:
    def test_one_is_claimed_ahead_and_begun_when_it_is_looked_at(
        self, client: Client, reviewer: User, claimed: Case, now: datetime
    ) -> None:
        following = waiting(now)
        for _again in range(2):
            answer = client.post(f"{QUEUE}next/", {"ahead": "1"}, headers=JSON).json()
            assert answer["next"]["case"] == str(following.pk)
        client.get(page_of(following), {"ahead": "1"})
        following.refresh_from_db()
        assert following.claimed_by == reviewer and following.claimed_at is None
        client.get(page_of(following))
        following.refresh_from_db()
        assert following.claimed_at is not None

    def test_a_page_that_was_loaded_ahead_was_looked_at_ahead(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        document = Document.objects.create(
            case=claimed,
            kind="business_licence",
            sha256="f" * 64,
            size=4,
            media_type="image/jpeg",
            uploaded_by=claimed.submitted_by,
            uploaded_at=now,
        )
        page = DocumentPage(document=document, number=1, width=10, height=10, fingerprint="0" * 64)
        page.image.save("page.jpg", ContentFile(b"\xff\xd8jpeg"), save=False)
        page.save()
        client.get(f"{QUEUE}{claimed.pk}/page/{document.pk}/1/?ahead=1")
        assert Event.objects.get(verb="view_page").data == {
            "case": str(claimed.pk),
            "page": 1,
            "ahead": True,
        }

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
        told(client, claimed, "approve")
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
        assert "You have asked for it" in theirs.get(page_of(claimed)).content.decode()
        assert (
            "colleague@zizhi.example asks for this case"
            in client.get(page_of(claimed)).content.decode()
        )
        client.post(door(claimed, "keep"))
        assert TakeOver.objects.get().given is False
        theirs.post(door(claimed, "ask"))
        client.post(door(claimed, "give"))
        claimed.refresh_from_db()
        assert claimed.claimed_by == colleague
        assert told(client, claimed, "approve", 409)["refused"] == "claimed_by_other"
        assert told(theirs, claimed, "beat", active="1")["yours_now"]

    def test_set_aside_and_handed_to_a_senior(
        self, client: Client, claimed: Case, reviewer: User, now: datetime
    ) -> None:
        other = waiting(now)
        assert told(client, claimed, "hold", 409, hours="4")["refused"] == "words_missing"
        assert (
            told(client, claimed, "hold", 409, hours="999", note="等电话")["refused"]
            == "until_invalid"
        )
        kept = client.post(
            door(claimed, "hold"), {"verb": "hold", "hours": "999", "note": "等电话"}
        )
        assert kept.status_code == 409 and "等电话</textarea>" in kept.content.decode()
        answer = told(client, claimed, "hold", hours="4", note="等电话")
        assert answer["next"]["case"] == str(other.pk) and "Set aside" in answer["toast"]
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
        told(client, claimed, "approve", note="第一人的意见")
        rulings.carry_out_due(now + timedelta(minutes=1))
        claimed.refresh_from_db()
        assert (claimed.state, claimed.review_stage) == (State.IN_REVIEW, "second")
        page = sign_in(make_reviewer(now)).get(page_of(claimed)).content.decode()
        assert (
            "What they decided is not shown" in page
            and "第一人的意见" not in page
            and "Approved" not in page
        )

    def test_the_neighbours_in_the_queue(
        self, client: Client, claimed: Case, now: datetime
    ) -> None:
        after = waiting(now, hours=2)
        assert client.get(page_of(claimed)).context["beside"] == {"after": page_of(after)}
        assert client.get(page_of(after)).context["beside"] == {"before": page_of(claimed)}


# --- What is masked -------------------------------------------------------------------------------


class TestWhatIsMasked:
    @pytest.fixture
    def case(self, claimed: Case) -> Case:
        assert claimed.submitted_by is not None
        claimed.submitted_by.phone_sealed = sightings.seal_phone("+8613812345678")
        claimed.submitted_by.save()
        return claimed

    @pytest.mark.parametrize("field", ["email", "phone"])
    def test_it_is_shown_to_who_asks_and_that_is_on_record(
        self, client: Client, reviewer: User, case: Case, field: str
    ) -> None:
        assert case.submitted_by is not None
        whole = {"email": case.submitted_by.email, "phone": "+8613812345678"}
        page = client.get(page_of(case)).content.decode()
        assert "+86 138****5678" in page and not any(value in page for value in whole.values())
        shown = client.post(door(case, "unmask"), {"field": field})
        html = shown.content.decode()
        assert {name: value in html for name, value in whole.items()} == {
            "email": field == "email",
            "phone": field == "phone",
        }
        assert "no-store" in shown["Cache-Control"]
        event = Event.objects.get(verb="unmask")
        assert (event.actor_id, event.subject_id, event.data) == (
            str(reviewer.pk),
            str(case.pk),
            {"field": field},
        )

    def test_not_by_a_link_nor_anything_else(self, client: Client, case: Case) -> None:
        assert client.get(door(case, "unmask")).url == page_of(case)
        assert client.post(door(case, "unmask"), {"field": "password"}).status_code == 404
        assert not Event.objects.filter(verb="unmask").exists()

    def test_who_may_not_has_no_button(self, case: Case, now: datetime) -> None:
        from django.contrib.auth.models import Group

        plain = make_reviewer(now)
        plain.is_superuser = False
        plain.save()
        plain.groups.set(Group.objects.filter(name="Reviewers"))
        client = sign_in(plain)
        assert door(case, "unmask") not in client.get(page_of(case)).content.decode()
        assert client.post(door(case, "unmask"), {"field": "phone"}).status_code == 409
        assert not Event.objects.filter(verb="unmask").exists()

    def test_what_an_employer_writes_is_masked_too(self, client: Client, now: datetime) -> None:
        case = make_case(make_member(now), now, State.REJECTED)
        member = case.employer.members.get()
        appeals.appeal(
            case.pk,
            member,
            "请打 13912345678 或写信到 hr.li@example.cn，代码 91990101MA0000001X",
            [],
            now,
        )
        html = client.get(page_of(case)).content.decode()
        assert "139****5678" in html and "h***@example.cn" in html and "91990101MA0000001X" in html
        assert not any(
            secret in html for secret in ("13912345678", "hr.li@example.cn", member.user.email)
        )

    def test_numbers_that_are_no_phones_stay(self) -> None:
        assert (
            case_content.masked_in("注册号 110108138001380001 与 138 0013 8000")
            == "注册号 110108138001380001 与 138****8000"
        )


# --- Saved replies --------------------------------------------------------------------------------


class TestSavedReplies:
    REPLIES = "/console/verification/savedreply/"
    SENT = {
        "code": "seal",
        "verb": "request_changes",
        "title_zh": "印章",
        "title_en": "Seal",
        "text_zh": "{company}：请加盖印章",
        "text_en": "Stamp it",
    }

    def test_a_lead_writes_one_and_retires_it(
        self, client: Client, reviewer: User, claimed: Case
    ) -> None:
        assert client.post(f"{self.REPLIES}add/", self.SENT).status_code == 302
        reply = SavedReply.objects.get()
        event = Event.objects.get(verb="keep_reply")
        assert (reply.text_zh, event.actor_id, event.data["code"]) == (
            "{company}：请加盖印章",
            str(reviewer.pk),
            "seal",
        )
        assert "Seal</option>" in client.get(page_of(claimed)).content.decode()
        client.post(f"{self.REPLIES}{reply.pk}/change/", self.SENT | {"retired": "on"})
        reply.refresh_from_db()
        assert (
            reply.retired_at is not None
            and "Seal</option>" not in client.get(page_of(claimed)).content.decode()
        )
        assert client.get(f"{self.REPLIES}{reply.pk}/change/").status_code == 200
        assert client.post(f"{self.REPLIES}{reply.pk}/delete/", {"post": "yes"}).status_code == 403

    @pytest.mark.parametrize("text", ["{firm}：请加盖印章", "单独的 {", "{company}：{items"])
    def test_none_is_kept_with_a_variable_that_nobody_knows(
        self, client: Client, text: str
    ) -> None:
        response = client.post(f"{self.REPLIES}add/", self.SENT | {"text_zh": text})
        assert (
            response.status_code == 200
            and REASONS["reply_variable_unknown"].says.en in response.content.decode()
        )
        assert not SavedReply.objects.exists()

    def test_reviewers_only_look(self, now: datetime) -> None:
        from django.contrib.auth.models import Group

        plain = make_reviewer(now)
        plain.is_superuser = False
        plain.save()
        plain.groups.set(Group.objects.filter(name="Reviewers"))
        client = sign_in(plain)
        assert client.get(self.REPLIES).status_code == 200
        assert client.post(f"{self.REPLIES}add/", self.SENT).status_code == 403


def test_a_beat_keeps_nobody_signed_in(client: Client, reviewer: User, now: datetime) -> None:
    """An open page asks by itself; a person's request counts for the idle clock."""
    case = waiting(now)
    claims.claim(case.pk, reviewer, now)
    client.get(page_of(case))
    session = client.session
    long_ago = session["console"]["seen"] - 20 * 60
    session["console"] |= {"seen": long_ago}
    session.save()
    assert told(client, case, "beat", active="1")["mine"]
    assert client.session["console"]["seen"] == long_ago
    client.get(page_of(case))
    assert client.session["console"]["seen"] > long_ago


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
    assert case.assigned_to == reviewer and Event.objects.about(case).get().verb == "assign"
    for user in (lead, reviewer):
        assert f"for {reviewer.email}" in sign_in(user).get(QUEUE).content.decode()
        assert f"for {reviewer.email}" in sign_in(user).get(page_of(case)).content.decode()
    assert door(case, "assign") not in sign_in(reviewer).get(page_of(case)).content.decode()
    assert sign_in(reviewer).post(door(case, "assign"), {"to": str(lead.pk)}).status_code == 409
    assert sign_in(lead).post(door(case, "assign"), {"to": "nobody"}).status_code == 404
