"""Tests of the operations on a case: each does its work once, and refuses with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from documents.upload.intake import open_upload
from employers.accounts.membership import remove_member
from employers.models import Member
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_document, make_member, make_reviewer, make_uscc
from verification import tasks
from verification.cases import appeals, documents, guards, operations
from verification.models import Attempt, Case, CheckRun, Document, DocumentKind
from verification.reviewing import claims
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(member: Member, now: datetime) -> Case:
    return operations.open_case(member.employer, member.as_actor(), now)


def picture(shade: int = 200) -> bytes:
    file = BytesIO()
    Image.effect_noise((800, 600), shade / 4).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def test_opening_twice_is_one_case(draft: Case, member: Member, now: datetime) -> None:
    assert operations.open_case(member.employer, member.as_actor(), now) == draft
    assert Event.objects.filter(verb="open").count() == 1


def test_submit_notifies_only_after_the_commit(
    draft: Case,
    member: Member,
    now: datetime,
    django_capture_on_commit_callbacks: object,
    notified: list[tuple[Any, ...]],
) -> None:
    make_document(draft, now)
    with django_capture_on_commit_callbacks(execute=False) as callbacks:  # type: ignore[operator]
        attempt = operations.submit_case(draft.pk, member.user, member.as_actor(), now)
    assert notified == [] and [mail.template for mail in Mail.objects.all()] == ["case_submit"]
    for callback in callbacks:
        callback()
    assert [key for task, *key in notified if task == "verification.tasks.check_attempt"] == [
        [attempt.pk]
    ]


def test_submitting_without_a_licence_says_what_is_missing(
    draft: Case, member: Member, now: datetime
) -> None:
    with pytest.raises(Refused, match="document_missing"):
        operations.submit_case(draft.pk, member.user, member.as_actor(), now)
    assert Case.objects.get().state == State.DRAFT and not Attempt.objects.exists()


def test_submitting_twice_is_refused_and_loses_nothing(
    draft: Case, member: Member, now: datetime
) -> None:
    make_document(draft, now)
    operations.submit_case(draft.pk, member.user, member.as_actor(), now)
    with pytest.raises(Refused, match="state_conflict"):
        operations.submit_case(draft.pk, member.user, member.as_actor(), now)
    assert Attempt.objects.count() == 1


def test_the_same_file_twice_is_one_document(draft: Case, member: Member, now: datetime) -> None:
    taken_in = open_upload(picture())
    one, two = (
        documents.add_document(
            draft.pk,
            DocumentKind.BUSINESS_LICENCE,
            taken_in,
            {"clean": None},
            member.user,
            member.as_actor(),
            now,
        )
        for _ in range(2)
    )
    assert one == two and Document.objects.count() == 1
    with one.pages.get().image.open() as stored:
        assert Image.open(stored).size == (800, 600)


def test_removed_and_restored(draft: Case, member: Member, now: datetime) -> None:
    document = make_document(draft, now)
    documents.remove_document(document.pk, member.as_actor(), now)
    documents.remove_document(document.pk, member.as_actor(), now)
    assert (
        not draft.documents.current().exists()
        and Event.objects.filter(verb="remove_document").count() == 1
    )
    documents.restore_document(document.pk, member.as_actor(), now)
    assert draft.documents.current().get() == document


def test_nothing_can_be_changed_once_submitted(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.CHECKING)
    document = make_document(case, now)
    for attempt in (
        lambda: documents.remove_document(document.pk, member.as_actor(), now),
        lambda: operations.declare_facts(
            case.pk,
            member.as_actor(),
            now,
            name="x",
            uscc=make_uscc(),
            legal_representative="",
            account_class="direct_employer",
        ),
    ):
        with pytest.raises(Refused, match="state_conflict"):
            attempt()


def test_declare_refuses_a_wrong_code_and_keeps_the_old(
    draft: Case, member: Member, now: datetime
) -> None:
    before = draft.declared_uscc
    with pytest.raises(Refused, match="uscc_invalid"):
        operations.declare_facts(
            draft.pk,
            member.as_actor(),
            now,
            name="新",
            uscc=before[:17] + ("0" if before[17] != "0" else "1"),
            legal_representative="",
            account_class="direct_employer",
        )
    assert Case.objects.get().declared_uscc == before


def test_a_change_of_hands_is_seen(member: Member, now: datetime) -> None:
    """A reviewer decides on what they saw: if the case has changed since, the decision is
    refused.
    """
    reviewer = make_reviewer(now)
    case = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(case.pk, reviewer, now)
    with pytest.raises(Refused, match="state_conflict"):
        operations.approve_case(case.pk, reviewer, now, seen_version=case.version + 1)
    operations.approve_case(case.pk, reviewer, now, seen_version=case.version)
    with pytest.raises(Refused, match="state_conflict"):
        operations.approve_case(case.pk, reviewer, now)
    assert Event.objects.filter(verb="approve").count() == 1


def test_a_claim_is_one_reviewers_until_it_ends(member: Member, now: datetime) -> None:
    one, other = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(case.pk, one, now)
    for attempt in (
        lambda: claims.claim_case(case.pk, other, now),
        lambda: operations.approve_case(case.pk, other, now),
    ):
        with pytest.raises(Refused, match="claimed_by_other"):
            attempt()
    later = now + claims.CLAIM_FOR
    with pytest.raises(Refused, match="claim_required"):
        operations.approve_case(case.pk, one, later)
    claims.claim_case(case.pk, other, later)
    assert operations.approve_case(case.pk, other, later).state == State.APPROVED


def test_changes_requested_and_mended(member: Member, now: datetime) -> None:
    reviewer = make_reviewer(now)
    case = make_case(member, now, State.IN_REVIEW)
    document = make_document(case, now)
    claims.claim_case(case.pk, reviewer, now)
    case = operations.request_changes(
        case.pk, reviewer, now, ["document_blurred"], note="四角请拍全"
    )
    assert not case.claimed(now) and case.decisions.get().note == "四角请拍全"
    attempt = operations.submit_case(
        case.pk, member.user, member.as_actor(), now + timedelta(hours=1)
    )
    assert attempt.number == 2 and Case.objects.get().documents.current().get() == document


def test_who_was_removed_is_told_nothing_and_the_owners_are(now: datetime) -> None:
    owner = make_member(now, language="en")
    recruiter, idle = (make_member(now, owner.employer, role="recruiter") for _ in range(2))
    case = make_case(recruiter, now, State.APPROVED)
    operations.suspend_case(case.pk, SYSTEM, now, ["registry_abnormal_list"])
    assert set(Mail.objects.values_list("to", flat=True)) == {
        owner.user.email,
        recruiter.user.email,
    }
    remove_member(owner, recruiter.pk, now)
    Mail.objects.all().delete()
    appeals.appeal_decision(case.pk, idle, "已移出名录", [], now)
    assert set(Mail.objects.values_list("to", flat=True)) == {owner.user.email, idle.user.email}, (
        "the writer is told too"
    )
    Mail.objects.all().delete()
    operations.reinstate_case(case.pk, make_reviewer(now), now, note="已核实")
    assert list(Mail.objects.values_list("to", "language")) == [(owner.user.email, "en")]


def test_an_appeal_goes_to_another_reviewer(member: Member, now: datetime) -> None:
    one, other = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(case.pk, one, now)
    operations.reject_case(case.pk, one, now, ["name_mismatch"])
    appeals.appeal_decision(case.pk, member, "登记有误", [], now)
    with pytest.raises(Refused, match="another_reviewer_required"):
        claims.claim_case(case.pk, one, now)
    claims.claim_case(case.pk, other, now)
    operations.approve_case(case.pk, other, now)


@pytest.mark.parametrize(
    ("verb", "then"), [("reinstate", State.APPROVED), ("revoke", State.REVOKED)]
)
def test_suspended_and_then(verb: str, then: State, member: Member, now: datetime) -> None:
    reviewer = make_reviewer(now)
    case = make_case(member, now, State.APPROVED)
    operations.suspend_case(case.pk, SYSTEM, now, ["registry_revoked"])
    if verb == "reinstate":
        case = operations.reinstate_case(case.pk, reviewer, now)
    else:
        case = operations.revoke_case(case.pk, reviewer, now, ["registry_revoked"])
    assert case.state == then
    assert list(case.decisions.values_list("verb", flat=True)) == [verb, "suspend"]
    assert Mail.objects.filter(template=f"case_{verb}").exists()


def test_a_confirmed_code_is_one_employers(member: Member, now: datetime) -> None:
    reviewer, rival = make_reviewer(now), make_member(now)
    rival.employer.uscc, rival.employer.confirmed_at = member.employer.uscc, now
    rival.employer.save()
    case = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(case.pk, reviewer, now)
    with pytest.raises(Refused, match="duplicate_same_uscc_active"):
        operations.approve_case(case.pk, reviewer, now)
    assert Case.objects.get(pk=case.pk).state == State.IN_REVIEW


def test_the_sweep_sends_the_lost_and_expires_the_old(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    notified: list[int] = []
    monkeypatch.setattr(tasks.check_attempt, "delay", notified.append)
    monkeypatch.setattr(tasks.timezone, "now", lambda: now)
    case = make_case(member, now, State.SUBMITTED)
    lost = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now - timedelta(minutes=1)
    )
    other = make_case(make_member(now), now, State.APPROVED, expires_at=now)
    tasks.sweep()
    assert notified == [lost.pk]
    assert Case.objects.get(pk=other.pk).state == State.EXPIRED


def test_strangers_are_refused(draft: Case, now: datetime) -> None:
    make_document(draft, now)
    reviewer = make_reviewer(now)
    with pytest.raises(Refused, match="not_allowed"):
        operations.submit_case(draft.pk, reviewer, reviewer.as_reviewer(), now)


@pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED])
def test_a_stopped_employer_does_not_begin_anew(
    state: State, member: Member, now: datetime
) -> None:
    make_case(member, now, state)
    with pytest.raises(Refused, match=f"employer_{state}"):
        operations.open_case(member.employer, member.as_actor(), now)


@pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED])
def test_an_open_case_does_not_lift_what_was_taken_away_meanwhile(
    state: State, member: Member, now: datetime
) -> None:
    reviewer = make_reviewer(now)
    make_case(member, now, state)
    renewed = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(renewed.pk, reviewer, now)
    with pytest.raises(Refused, match=f"employer_{state}"):
        operations.approve_case(renewed.pk, reviewer, now)
    assert Case.objects.get(pk=renewed.pk).state == State.IN_REVIEW


def test_a_new_approval_replaces_the_old(member: Member, now: datetime) -> None:
    reviewer = make_reviewer(now)
    old = make_case(member, now - timedelta(days=100), State.APPROVED)
    renewed = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(renewed.pk, reviewer, now)
    operations.approve_case(renewed.pk, reviewer, now)
    assert Case.objects.get(pk=old.pk).state == State.EXPIRED
    assert Case.objects.of(member.employer).first() == renewed


def test_nobody_submits_with_an_unverified_address(
    member: Member, draft: Case, now: datetime
) -> None:
    make_document(draft, now)
    member.user.email_verified_at = None
    member.user.save()
    with pytest.raises(Refused, match="authority_email_unverified"):
        operations.submit_case(draft.pk, member.user, member.as_actor(), now)


def test_submitting_again_and_again_is_refused_for_a_day(member: Member, now: datetime) -> None:
    for _ in range(guards.SUBMISSIONS_PER_DAY):
        case = operations.open_case(member.employer, member.as_actor(), now)
        make_document(case, now)
        operations.submit_case(case.pk, member.user, member.as_actor(), now)
        operations.withdraw_case(case.pk, member.as_actor(), now)
    case = operations.open_case(member.employer, member.as_actor(), now)
    make_document(case, now)
    with pytest.raises(Refused, match="submitted_too_often"):
        operations.submit_case(case.pk, member.user, member.as_actor(), now)
    operations.submit_case(case.pk, member.user, member.as_actor(), now + timedelta(days=1))


def test_documents_are_counted_and_a_refused_one_leaves_no_file(
    member: Member, draft: Case, now: datetime
) -> None:
    for _ in range(documents.DOCUMENTS_PER_KIND):
        make_document(draft, now)
    before = stored_files()
    with pytest.raises(Refused, match="document_too_many"):
        documents.add_document(
            draft.pk,
            DocumentKind.BUSINESS_LICENCE,
            open_upload(picture()),
            {"clean": None},
            member.user,
            member.as_actor(),
            now,
        )
    assert stored_files() == before


def stored_files() -> set[Path]:
    return {path for path in Path(settings.DOCUMENTS_DIR).rglob("*") if path.is_file()}


def test_an_approved_employer_does_not_become_another_company(
    member: Member, now: datetime
) -> None:
    member.employer.confirmed_at = now
    member.employer.save()
    case = make_case(member, now)
    with pytest.raises(Refused, match="uscc_fixed"):
        operations.declare_facts(
            case.pk,
            member.as_actor(),
            now,
            name="另一家",
            uscc=make_uscc(),
            legal_representative="",
            account_class="direct_employer",
        )


def test_one_appeal(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.REJECTED)
    appeals.appeal_decision(case.pk, member, "登记有误", [], now)
    reviewer = make_reviewer(now)
    claims.claim_case(case.pk, reviewer, now)
    operations.reject_case(case.pk, reviewer, now, ["name_mismatch"])
    with pytest.raises(Refused, match="appeal_used"):
        appeals.appeal_decision(case.pk, member, "登记有误", [], now)


def test_appeals_against_ones_own_refusal_are_not_offered(member: Member, now: datetime) -> None:
    one, other = make_reviewer(now), make_reviewer(now)
    case = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(case.pk, one, now)
    operations.reject_case(case.pk, one, now, ["name_mismatch"])
    appeals.appeal_decision(case.pk, member, "登记有误", [], now)
    waiting = Case.objects.awaiting_review()
    assert not waiting.open_to(one.as_reviewer()).exists()
    assert waiting.open_to(other.as_reviewer()).get() == case


def test_a_reviewers_reasons_carry_what_the_checks_saw(member: Member, now: datetime) -> None:
    reviewer = make_reviewer(now)
    case = make_case(member, now, State.IN_REVIEW)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, finished_at=now
    )
    finding = Finding("reading", "name_mismatch", Severity.CONCERN, "name", "甲公司", "乙公司")
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        findings=[finding.as_json()],
        started_at=now,
        finished_at=now,
    )
    claims.claim_case(case.pk, reviewer, now)
    operations.request_changes(case.pk, reviewer, now, ["name_mismatch", "document_blurred"])
    told = case.decisions.get().reasons
    assert told[0] == {
        "check": "reading",
        "code": "name_mismatch",
        "field": "name",
        "seen": "甲公司",
        "expected": "乙公司",
    }
    assert told[1] == {"code": "document_blurred"}


def test_a_reviewers_reasons_carry_what_the_checks_saw_last(member: Member, now: datetime) -> None:
    reviewer, case = make_reviewer(now), make_case(member, now, State.IN_REVIEW)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=now, due_at=now, finished_at=now, waits=1
    )
    for round_, registered in enumerate(("丙", "乙")):
        found = [
            Finding(
                "registry", "name_mismatch", Severity.CONCERN, "name", "甲", registered
            ).as_json()
        ]
        CheckRun.objects.create(
            attempt=attempt,
            code="registry",
            version="1",
            round=round_,
            findings=found,
            started_at=now,
            finished_at=now,
        )
    claims.claim_case(case.pk, reviewer, now)
    operations.reject_case(case.pk, reviewer, now, ["name_mismatch"])
    assert case.decisions.get().reasons[0]["expected"] == "乙"
