"""Does an employer's word reach another person, with its evidence, or leave nothing behind?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings

from employers.models import Member, User
from events.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_member, make_reviewer
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
