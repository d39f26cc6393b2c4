"""Does an employer's word reach another person, with its evidence, or leave nothing behind?"""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from employers.models import Member, User
from events.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_employer, make_member, make_reviewer
from verification import appealing, guards, operations
from verification.appealing import Evidence
from verification.intake import CleanPage, Intake
from verification.models import Appeal, Case, Decision, Document, DocumentKind, DocumentPage
from verification.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


def file(number: int = 1) -> Evidence:
    page = CleanPage(number=1, jpeg=b"jpeg", width=10, height=10, fingerprint="0" * 16)
    taken_in = Intake(sha256=f"{number:064x}", size=4, media_type="image/jpeg", editor=None, pages=(page,), isolation="rlimits")
    return Evidence(taken_in, {"clean": None})


def files_kept() -> set[Path]:
    return {path for path in settings.DOCUMENTS_DIR.rglob("*") if path.is_file()}


def refused_by(reviewer: User | None, case: Case, now: datetime, times: int = 1, verb: str = "reject") -> None:
    for number in range(times):
        Decision.objects.create(case=case, attempt_number=number, verb=verb, policy_version="1", decided_by=reviewer, decided_at=now)


def test_an_appeal_carries_words_and_files_to_another_reviewer(member: Member, now: datetime) -> None:
    first, second = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.REJECTED)
    refused_by(first, case, now)
    appealing.appeal(case.pk, member, "  登记有误，见证明  ", [file(1), file(2), file(1)], now)
    said = Appeal.objects.get()
    assert Mail.objects.get().template == "case_appeal", "whoever wrote knows that it has arrived"
    assert (said.text, said.by, said.at) == ("登记有误，见证明", member.user, now)
    assert {d.kind for d in said.documents.all()} == {DocumentKind.APPEAL_EVIDENCE}
    assert said.documents.count() == 2, "the same file twice is one"
    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.appealed_at) == (State.IN_REVIEW, now)
    assert Event.objects.filter(verb="appeal").get().data["files"] == 2
    assert guards.may_claim(case, first.as_reviewer(), now) == Refused("another_reviewer_required")
    operations.claim(case.pk, second, now)


@pytest.mark.parametrize(
    ("state", "words", "files", "code"),
    [
        (State.REJECTED, "  ", 0, "words_missing"),
        (State.REJECTED, "x", appealing.FILES_AT_MOST + 1, "files_too_many"),
        (State.APPROVED, "x", 1, "state_conflict"),
    ],
)
def test_what_is_refused_leaves_nothing(member: Member, now: datetime, state: State, words: str, files: int, code: str) -> None:
    case = make_case(member, now, state)
    kept = files_kept()
    with pytest.raises(Refused, match=code):
        appealing.appeal(case.pk, member, words, [file(n) for n in range(files)], now)
    assert not Appeal.objects.exists()
    assert not Document.objects.exists()
    assert files_kept() == kept
    assert Case.objects.get(pk=case.pk).state == state


def test_only_once(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.REJECTED, appealed_at=now)
    with pytest.raises(Refused, match="appeal_used"):
        appealing.appeal(case.pk, member, "noch einmal", [], now)


def test_whoever_has_begun_anew_is_told_why_and_nothing_is_kept(member: Member, now: datetime) -> None:
    refused = make_case(member, now, State.REJECTED)
    begun = operations.open_case(member.employer, member.as_actor(), now)
    kept = files_kept()
    assert "appeal" not in guards.available(refused, member.as_actor(), now)
    with pytest.raises(Refused, match="other_case_open"):
        appealing.appeal(refused.pk, member, "登记有误", [file()], now)
    assert files_kept() == kept and not Document.objects.exists() and not Appeal.objects.exists()
    operations.withdraw(begun.pk, member.as_actor(), now)
    assert appealing.appeal(refused.pk, member, "登记有误", [file()], now).state == State.IN_REVIEW


@pytest.fixture(params=[State.SUSPENDED, State.REVOKED])
def stopped(request: pytest.FixtureRequest, member: Member, now: datetime) -> Case:
    """A case whose rights were taken away, by one reviewer or by the machine."""
    return make_case(member, now, request.param)


VERB = {State.SUSPENDED: "suspend", State.REVOKED: "revoke"}


def test_what_took_rights_away_can_be_appealed_and_rights_stay_closed(stopped: Case, member: Member, now: datetime) -> None:
    first, second = make_reviewer(now), make_reviewer(now)
    state = State(stopped.state)
    refused_by(first, stopped, now, verb=VERB[state])
    appealing.appeal(stopped.pk, member, "已移出名录，见证明", [file(1)], now)
    case = Case.objects.get(pk=stopped.pk)
    assert case.state == state and not case.holds_rights(now) and case.appealed_at is None
    assert Mail.objects.get().template == "case_appeal"
    assert list(Case.objects.awaiting_review()) == [case], "it stands in the queue"
    assert not Case.objects.awaiting_review().open_to(first.as_reviewer()).exists()
    assert guards.may_claim(case, first.as_reviewer(), now) == Refused("another_reviewer_required")
    with pytest.raises(Refused, match="appeal_open"):
        appealing.appeal(case.pk, member, "noch einmal", [], now)

    operations.claim(case.pk, second, now)
    with pytest.raises(Refused, match="reason_required"):
        operations.uphold(case.pk, second, now, [])
    operations.uphold(case.pk, second, now, ["registry_abnormal_list"], note="证明不是登记机关出具")
    assert Case.objects.get(pk=case.pk).state == state
    decision = Decision.objects.latest("pk")
    assert (decision.verb, decision.note, decision.decided_by) == ("uphold", "证明不是登记机关出具", second)
    assert Appeal.objects.get().answered_at == now and not Case.objects.awaiting_review().exists()
    assert Mail.objects.latest("pk").template == "case_uphold"

    appealing.appeal(case.pk, member, "这是登记机关的证明", [file(2)], now)  # something new to show
    operations.claim(case.pk, second, now)
    operations.reinstate(case.pk, second, now)
    case = Case.objects.get(pk=case.pk)
    assert case.holds_rights(now) and case.employer.confirmed_at is not None
    assert not Appeal.objects.open().exists()
    assert [event.verb for event in Event.objects.about(case) if event.to_state] == ["appeal", "uphold", "appeal", "reinstate"]


def test_an_appeal_against_the_machine_is_anybodys(stopped: Case, member: Member, now: datetime) -> None:
    refused_by(None, stopped, now, verb=VERB[State(stopped.state)])
    appealing.appeal(stopped.pk, member, "登记机关有误", [], now)
    reviewer = make_reviewer(now)
    assert Case.objects.awaiting_review().open_to(reviewer.as_reviewer()).exists()
    operations.claim(stopped.pk, reviewer, now)


def test_whoever_suspended_cannot_turn_the_appeal_down_but_can_give_back(member: Member, now: datetime) -> None:
    first = make_reviewer(now)
    case = make_case(member, now, State.APPROVED)
    operations.suspend(case.pk, first.as_reviewer(), now, ["registry_abnormal_list"])
    appealing.appeal(case.pk, member, "已移出", [], now)
    for verb in ("uphold", "revoke"):
        with pytest.raises(Refused, match="claim_required"):
            getattr(operations, verb)(case.pk, first, now, ["registry_abnormal_list"])
    operations.reinstate(case.pk, first, now)
    assert Case.objects.get(pk=case.pk).holds_rights(now)


def test_what_was_said_before_answers_were_kept_is_answered_by_the_decision_after_it(member: Member, now: datetime) -> None:
    later = now + timedelta(days=1)
    decided = make_case(member, now, State.REJECTED, appealed_at=now)
    waiting = make_case(make_member(now), now, State.IN_REVIEW)
    for case in (decided, waiting):
        Appeal.objects.create(case=case, verb="appeal", text="x", by=member.user, at=now)
    Decision.objects.create(
        case=decided, attempt_number=1, verb="reject", policy_version="1", decided_by=make_reviewer(now), decided_at=later
    )
    import_module("verification.migrations.0008_appeals_answered")._fill(apps, connection.schema_editor())
    rows = dict(Appeal.objects.values_list("case", "verb")), dict(Appeal.objects.values_list("case", "answered_at"))
    assert rows == ({decided.pk: "appeal", waiting.pk: "ask_person"}, {decided.pk: later, waiting.pk: None})


def test_there_is_nothing_to_turn_down_without_an_appeal(stopped: Case, now: datetime) -> None:
    reviewer = make_reviewer(now)
    with pytest.raises(Refused, match="appeal_none"):
        operations.uphold(stopped.pk, reviewer, now, ["review_decided"])
    with pytest.raises(Refused, match="state_conflict"):
        operations.claim(stopped.pk, reviewer, now)


def test_a_revoked_company_whose_code_is_anothers_meanwhile_is_not_given_it_back(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.REVOKED)
    make_member(now, make_employer(now, uscc=case.declared_uscc, confirmed_at=now))
    with pytest.raises(Refused, match="duplicate_same_uscc_active"):
        operations.reinstate(case.pk, make_reviewer(now), now)
    assert Case.objects.get(pk=case.pk).state == State.REVOKED


def test_whoever_sent_it_back_does_not_hear_who_asks_for_a_person(member: Member, now: datetime) -> None:
    sender, other = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.CHANGES_REQUESTED)
    refused_by(sender, case, now, guards.SENT_BACK_UNTIL_A_PERSON, "request_changes")
    appealing.ask_person(case.pk, member, "我不明白", [], now)
    case = Case.objects.get(pk=case.pk)
    assert guards.may_claim(case, sender.as_reviewer(), now) == Refused("another_reviewer_required")
    assert not Case.objects.awaiting_review().open_to(sender.as_reviewer()).exists()
    assert guards.may_claim(case, other.as_reviewer(), now) is None
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert guards.may_claim(case, sender.as_reviewer(), now) is None, "where there is no other, nobody waits for ever"


def test_a_person_can_be_asked_after_the_third_time_back(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.CHANGES_REQUESTED)
    refused_by(None, case, now, guards.SENT_BACK_UNTIL_A_PERSON - 1, "request_changes")
    with pytest.raises(Refused, match="person_not_yet"):
        appealing.ask_person(case.pk, member, "我不明白还缺什么", [], now)
    refused_by(None, case, now, 1, "request_changes")
    appealing.ask_person(case.pk, member, "我不明白还缺什么", [file()], now)
    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.appealed_at) == (State.IN_REVIEW, None)
    assert DocumentPage.objects.get().document.kind == DocumentKind.APPEAL_EVIDENCE
    assert Appeal.objects.get().text == "我不明白还缺什么"
