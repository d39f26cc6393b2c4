"""Tests of appeals: they reach another reviewer with their evidence, or leave nothing behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from documents.upload.intake import CleanPage, Intake
from employers.models import Member, User
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_document, make_employer, make_member, make_reviewer
from verification.cases import appeals, failed_uploads, guards, operations
from verification.cases.appeals import Evidence
from verification.models import Appeal, Case, Decision, Document, DocumentKind, DocumentPage, Proof
from verification.reviewing import claims
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


def file(number: int = 1) -> Evidence:
    page = CleanPage(number=1, jpeg=b"jpeg", width=10, height=10, fingerprint="0" * 16)
    taken_in = Intake(
        sha256=f"{number:064x}",
        size=4,
        media_type="image/jpeg",
        editor=None,
        pages=(page,),
        isolation="rlimits",
    )
    return Evidence(taken_in, {"clean": None})


def files_kept() -> set[Path]:
    return {path for path in settings.DOCUMENTS_DIR.rglob("*") if path.is_file()}


def refused_by(
    reviewer: User | None, case: Case, now: datetime, times: int = 1, verb: str = "reject"
) -> None:
    for number in range(times):
        Decision.objects.create(
            case=case,
            attempt_number=number,
            verb=verb,
            policy_version="1",
            decided_by=reviewer,
            decided_at=now,
        )


def test_an_appeal_carries_words_and_files_to_another_reviewer(
    member: Member, now: datetime
) -> None:
    first, second = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.REJECTED)
    refused_by(first, case, now)
    appeals.appeal_decision(
        case.pk, member, "  登记有误，见证明  ", [file(1), file(2), file(1)], now
    )
    said = Appeal.objects.get()
    assert Mail.objects.get().template == "case_appeal", "the writer gets a confirmation"
    assert (said.text, said.by, said.at) == ("登记有误，见证明", member.user, now)
    assert {d.kind for d in said.documents.all()} == {DocumentKind.APPEAL_EVIDENCE}
    assert said.documents.count() == 2, "a repeated file is stored once"
    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.appealed_at) == (State.IN_REVIEW, now)
    assert Event.objects.filter(verb="appeal").get().data["files"] == 2
    assert guards.may_claim(case, first.as_reviewer(), now) == Refused("another_reviewer_required")
    claims.claim_case(case.pk, second, now)


@pytest.mark.parametrize(
    ("state", "words", "files", "code"),
    [
        (State.REJECTED, "  ", 0, "words_missing"),
        (State.REJECTED, "x", appeals.FILES_AT_MOST + 1, "files_too_many"),
        (State.APPROVED, "x", 1, "state_conflict"),
    ],
)
def test_what_is_refused_leaves_nothing(
    member: Member, now: datetime, state: State, words: str, files: int, code: str
) -> None:
    case = make_case(member, now, state)
    kept = files_kept()
    with pytest.raises(Refused, match=code):
        appeals.appeal_decision(case.pk, member, words, [file(n) for n in range(files)], now)
    assert not Appeal.objects.exists()
    assert not Document.objects.exists()
    assert files_kept() == kept
    assert Case.objects.get(pk=case.pk).state == state


def test_only_once(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.REJECTED, appealed_at=now)
    with pytest.raises(Refused, match="appeal_used"):
        appeals.appeal_decision(case.pk, member, "noch einmal", [], now)


def test_whoever_has_begun_anew_is_told_why_and_nothing_is_kept(
    member: Member, now: datetime
) -> None:
    refused = make_case(member, now, State.REJECTED)
    begun = operations.open_case(member.employer, member.as_actor(), now)
    kept = files_kept()
    assert "appeal" not in guards.available_verbs(refused, member.as_actor(), now)
    with pytest.raises(Refused, match="other_case_open"):
        appeals.appeal_decision(refused.pk, member, "登记有误", [file()], now)
    assert files_kept() == kept and not Document.objects.exists() and not Appeal.objects.exists()
    operations.withdraw_case(begun.pk, member.as_actor(), now)
    assert (
        appeals.appeal_decision(refused.pk, member, "登记有误", [file()], now).state
        == State.IN_REVIEW
    )


@pytest.fixture(params=[State.SUSPENDED, State.REVOKED])
def stopped(request: pytest.FixtureRequest, member: Member, now: datetime) -> Case:
    """A case whose rights a reviewer or the system took away."""
    return make_case(member, now, request.param)


VERB = {State.SUSPENDED: "suspend", State.REVOKED: "revoke"}


def test_what_took_rights_away_can_be_appealed_and_rights_stay_closed(
    stopped: Case, member: Member, now: datetime
) -> None:
    first, second = make_reviewer(now), make_reviewer(now)
    state = State(stopped.state)
    refused_by(first, stopped, now, verb=VERB[state])
    appeals.appeal_decision(stopped.pk, member, "已移出名录，见证明", [file(1)], now)
    case = Case.objects.get(pk=stopped.pk)
    assert case.state == state and not case.is_in_force(now) and case.appealed_at is None
    assert Mail.objects.get().template == "case_appeal"
    assert list(Case.objects.awaiting_review()) == [case], "it is in the queue"
    assert not Case.objects.awaiting_review().open_to(first.as_reviewer()).exists()
    assert guards.may_claim(case, first.as_reviewer(), now) == Refused("another_reviewer_required")
    with pytest.raises(Refused, match="appeal_open"):
        appeals.appeal_decision(case.pk, member, "noch einmal", [], now)

    claims.claim_case(case.pk, second, now)
    with pytest.raises(Refused, match="reason_required"):
        operations.uphold_decision(case.pk, second, now, [])
    operations.uphold_decision(
        case.pk, second, now, ["registry_abnormal_list"], note="证明不是登记机关出具"
    )
    assert Case.objects.get(pk=case.pk).state == state
    decision = Decision.objects.latest("pk")
    assert (decision.verb, decision.note, decision.decided_by) == (
        "uphold",
        "证明不是登记机关出具",
        second,
    )
    assert Appeal.objects.get().answered_at == now and not Case.objects.awaiting_review().exists()
    assert Mail.objects.latest("pk").template == "case_uphold"

    appeals.appeal_decision(
        case.pk, member, "这是登记机关的证明", [file(2)], now
    )  # with new evidence
    claims.claim_case(case.pk, second, now)
    operations.reinstate_case(case.pk, second, now)
    case = Case.objects.get(pk=case.pk)
    assert case.is_in_force(now) and case.employer.confirmed_at is not None
    assert not Appeal.objects.open().exists()
    assert [event.verb for event in Event.objects.about(case) if event.to_state] == [
        "appeal",
        "uphold",
        "appeal",
        "reinstate",
    ]


def test_an_appeal_against_the_machine_is_anybodys(
    stopped: Case, member: Member, now: datetime
) -> None:
    refused_by(None, stopped, now, verb=VERB[State(stopped.state)])
    appeals.appeal_decision(stopped.pk, member, "登记机关有误", [], now)
    reviewer = make_reviewer(now)
    assert Case.objects.awaiting_review().open_to(reviewer.as_reviewer()).exists()
    claims.claim_case(stopped.pk, reviewer, now)


def test_whoever_suspended_cannot_turn_the_appeal_down_but_can_give_back(
    member: Member, now: datetime
) -> None:
    first = make_reviewer(now)
    case = make_case(member, now, State.APPROVED)
    operations.suspend_case(case.pk, first.as_reviewer(), now, ["registry_abnormal_list"])
    appeals.appeal_decision(case.pk, member, "已移出", [], now)
    for operation in (operations.uphold_decision, operations.revoke_case):
        with pytest.raises(Refused, match="claim_required"):
            operation(case.pk, first, now, ["registry_abnormal_list"])
    operations.reinstate_case(case.pk, first, now)
    assert Case.objects.get(pk=case.pk).is_in_force(now)


def test_what_was_said_before_answers_were_kept_is_answered_by_the_decision_after_it(
    member: Member, now: datetime
) -> None:
    later = now + timedelta(days=1)
    decided = make_case(member, now, State.REJECTED, appealed_at=now)
    waiting = make_case(make_member(now), now, State.IN_REVIEW)
    for case in (decided, waiting):
        Appeal.objects.create(case=case, verb="appeal", text="x", by=member.user, at=now)
    Decision.objects.create(
        case=decided,
        attempt_number=1,
        verb="reject",
        policy_version="1",
        decided_by=make_reviewer(now),
        decided_at=later,
    )
    import_module("verification.migrations.0008_appeals_answered")._fill(
        apps, connection.schema_editor()
    )
    rows = (
        dict(Appeal.objects.values_list("case", "verb")),
        dict(Appeal.objects.values_list("case", "answered_at")),
    )
    assert rows == (
        {decided.pk: "appeal", waiting.pk: "ask_person"},
        {decided.pk: later, waiting.pk: None},
    )


def test_there_is_nothing_to_turn_down_without_an_appeal(stopped: Case, now: datetime) -> None:
    reviewer = make_reviewer(now)
    with pytest.raises(Refused, match="appeal_none"):
        operations.uphold_decision(stopped.pk, reviewer, now, ["review_decided"])
    with pytest.raises(Refused, match="state_conflict"):
        claims.claim_case(stopped.pk, reviewer, now)


def test_a_revoked_company_whose_code_is_anothers_meanwhile_is_not_given_it_back(
    member: Member, now: datetime
) -> None:
    case = make_case(member, now, State.REVOKED)
    make_member(now, make_employer(now, uscc=case.declared_uscc, confirmed_at=now))
    with pytest.raises(Refused, match="duplicate_same_uscc_active"):
        operations.reinstate_case(case.pk, make_reviewer(now), now)
    assert Case.objects.get(pk=case.pk).state == State.REVOKED


def test_whoever_sent_it_back_does_not_hear_who_asks_for_a_person(
    member: Member, now: datetime
) -> None:
    sender, other = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.CHANGES_REQUESTED)
    refused_by(sender, case, now, guards.SENT_BACK_UNTIL_A_PERSON, "request_changes")
    appeals.ask_person(case.pk, member, "我不明白", [], now)
    case = Case.objects.get(pk=case.pk)
    assert guards.may_claim(case, sender.as_reviewer(), now) == Refused("another_reviewer_required")
    assert not Case.objects.awaiting_review().open_to(sender.as_reviewer()).exists()
    assert guards.may_claim(case, other.as_reviewer(), now) is None
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert guards.may_claim(case, sender.as_reviewer(), now) is None, (
        "without another reviewer, the same one may answer"
    )


def test_a_person_can_be_asked_after_the_third_time_back(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.CHANGES_REQUESTED)
    refused_by(None, case, now, guards.SENT_BACK_UNTIL_A_PERSON - 1, "request_changes")
    with pytest.raises(Refused, match="person_not_yet"):
        appeals.ask_person(case.pk, member, "我不明白还缺什么", [], now)
    refused_by(None, case, now, 1, "request_changes")
    appeals.ask_person(case.pk, member, "我不明白还缺什么", [file()], now)
    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.appealed_at) == (State.IN_REVIEW, None)
    assert DocumentPage.objects.get().document.kind == DocumentKind.APPEAL_EVIDENCE
    assert Appeal.objects.get().text == "我不明白还缺什么"


# --- A person for employers who cannot submit -----------------------------------------------------


def fails(
    case: Case, member: Member, now: datetime, times: int, code: str = "document_broken"
) -> None:
    for _ in range(times):
        failed_uploads.note_refused(case, "business_licence", [code], member.as_actor(), now)


def test_a_draft_goes_to_a_person_as_it_stands_after_the_third_failure(
    member: Member, now: datetime
) -> None:
    case = make_case(member, now)
    fails(case, member, now, 1)
    fails(
        case, member, now, 2, "document_too_many"
    )  # too many files, but none was refused for its content
    for failure in ("proof_cancelled", "e_licence_refused"):
        Proof.objects.create(
            employer=member.employer,
            member=member,
            uscc=case.declared_uscc,
            kind="e_licence",
            state="failed",
            failure=failure,
            started_at=now,
            expires_at=now,
            due_at=now,
            finished_at=now,
        )
    with pytest.raises(Refused, match="person_not_yet"):
        appeals.ask_person(case.pk, member, "打不开", [], now)
    assert "ask_person" not in guards.available_verbs(case, member.as_actor(), now)
    fails(case, member, now, 1, "document_encrypted")
    assert "ask_person" in guards.available_verbs(case, member.as_actor(), now)
    appeals.ask_person(case.pk, member, "执照文件打不开", [file()], now)
    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.submitted_by) == (State.IN_REVIEW, member.user)
    assert Appeal.objects.get().documents.get().kind == DocumentKind.APPEAL_EVIDENCE
    seen = set(case.review_reasons.values_list("code", flat=True))
    assert seen == {"document_broken", "document_encrypted", "e_licence_refused"}, (
        "its reviewer sees why"
    )


def test_nobody_is_let_through_who_never_handed_anything_in(member: Member, now: datetime) -> None:
    case, reviewer = make_case(member, now), make_reviewer(now)
    fails(case, member, now, 3)
    appeals.ask_person(case.pk, member, "执照文件打不开", [], now)
    claims.claim_case(case.pk, reviewer, now)
    with pytest.raises(Refused, match="case_not_submitted"):
        operations.approve_case(case.pk, reviewer, now)
    operations.request_changes(case.pk, reviewer, now, ["document_broken"], note="请用手机拍照上传")
    make_document(case, now)
    operations.submit_case(case.pk, member.user, member.as_actor(), now)
    assert Case.objects.get(pk=case.pk).state == State.SUBMITTED


def test_a_person_is_asked_from_a_draft_once_a_week_and_by_who_can_be_reached(
    member: Member, now: datetime
) -> None:
    first = make_case(member, now)
    fails(first, member, now, 3)
    User.objects.filter(pk=member.user_id).update(email_verified_at=None)
    with pytest.raises(Refused, match="authority_email_unverified"):
        appeals.ask_person(first.pk, member, "打不开", [], now)
    User.objects.filter(pk=member.user_id).update(email_verified_at=now)
    appeals.ask_person(first.pk, member, "打不开", [], now)
    Case.objects.filter(pk=first.pk).update(state=State.WITHDRAWN)
    again = make_case(member, now)
    fails(again, member, now, 3)
    with pytest.raises(Refused, match="person_asked_lately"):
        appeals.ask_person(again.pk, member, "打不开", [], now)
    appeals.ask_person(again.pk, member, "打不开", [], now + failed_uploads.ONE_IN)


def test_refused_uploads_are_put_down_but_not_without_end(member: Member, now: datetime) -> None:
    case = make_case(member, now)
    fails(case, member, now, failed_uploads.COUNTED_AT_MOST + 5)
    events = Event.objects.about(case).filter(verb="refuse_upload")
    assert events.count() == failed_uploads.COUNTED_AT_MOST
    assert events[0].data == {"kind": "business_licence"} and events[0].reasons == [
        "document_broken"
    ]


def test_a_reviewer_sees_such_a_draft_without_the_button_that_lets_it_through(
    member: Member, now: datetime, client: Client
) -> None:
    case, reviewer = make_case(member, now), make_reviewer(now)
    fails(case, member, now, 3)
    appeals.ask_person(case.pk, member, "执照文件打不开", [], now)
    claims.claim_case(case.pk, reviewer, timezone.now())
    client.force_login(reviewer)
    page = client.get(
        f"/console/verification/case/{case.pk}/change/", headers={"accept-language": "en"}
    )
    assert page.status_code == 200
    shown = page.content.decode()
    assert "执照文件打不开" in shown
    verbs = guards.available_verbs(
        Case.objects.get(pk=case.pk), reviewer.as_reviewer(), timezone.now()
    )
    assert "approve" not in verbs and {"request_changes", "reject"} <= set(verbs)
