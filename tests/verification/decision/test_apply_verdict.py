"""Tests of carrying out the policy's verdict: waiting, continuing, conditional approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from documents.upload.intake import open_upload
from employers.models import AccountClass, Member
from events.core.errors import ProviderUnavailable, Refused
from events.models import Event, Mail
from tests.factories import make_case, make_document, make_member, make_reviewer
from verification import tasks
from verification.authority import deposits, proof_polling
from verification.cases import documents, guards, operations
from verification.checks import CHECKS
from verification.checks.authority import Authority
from verification.checks.base import Check, Earlier, Subject
from verification.decision import apply_verdict, pipeline
from verification.models import Attempt, Case, DocumentKind
from verification.monitoring import conditional_approvals
from verification.providers import banks
from verification.providers.banks.simulator import SimulatedBank
from verification.reviewing import claims
from verification.rules import policy
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db

PENDING = Finding("registry", "registry_pending", Severity.WAIT, "uscc")
MISSING = Finding("authority", "authority_missing", Severity.WAIT, "authority")
STRONG = Finding(
    "authority", "authority_proven", Severity.PASS, "authority", "bank_deposit", "strong"
)
MEDIUM = Finding("authority", "authority_proven", Severity.PASS, "authority", "vouch", "medium")


class Says:
    """A check with scripted observations and findings, which first runs a given action."""

    version, lasting = "1", False

    def __init__(
        self,
        code: str,
        *findings: Finding,
        first: Callable[[], None] = lambda: None,
        seen: Observation | None = None,
    ) -> None:
        self.code, self.findings, self.first, self.seen = code, findings, first, seen or {}

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        self.first()
        return self.seen

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return list(self.findings) or [Finding(self.code, "fine", Severity.PASS)]


def saying(**told: Check) -> tuple[Check, ...]:
    return tuple(told.get(check.code) or Says(check.code) for check in CHECKS)


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


@pytest.fixture
def attempt(member: Member, now: datetime) -> Attempt:
    case = make_case(member, now)
    make_document(case, now)
    return operations.submit_case(case.pk, member.user, member.as_actor(), now)


def run(
    attempt: Attempt, now: datetime, *findings: Finding, first: Callable[[], None] = lambda: None
) -> Case:
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    checks = saying(**{code: Says(code, *found, first=first) for code, found in by_check.items()})
    pipeline.run_checks(attempt.pk, lambda: now, 60, checks)
    attempt.refresh_from_db()
    return Case.objects.get(pk=attempt.case_id)


# --- Waiting --------------------------------------------------------------------------------------


def test_it_waits_first_of_all_for_whoever_has_to_act(attempt: Attempt, now: datetime) -> None:
    case = run(attempt, now, PENDING, MISSING)
    assert case.state == State.CHECKING and attempt.waiting_for == "authority_missing"
    assert Event.objects.get(verb="wait").reasons == ["registry_pending", "authority_missing"]


def test_the_employer_is_told_once(attempt: Attempt, member: Member, now: datetime) -> None:
    run(attempt, now, MISSING)
    run(attempt, attempt.due_at, MISSING)
    mail = Mail.objects.get(template="case_wait")
    assert mail.to == member.user.email and mail.context["reasons"] == ["authority_missing"]
    assert attempt.waits == 2


def test_and_again_when_something_else_is_waited_for(attempt: Attempt, now: datetime) -> None:
    for found in ((MISSING, PENDING), (MISSING,), (PENDING,), (PENDING,), (MISSING,)):
        run(attempt, attempt.due_at, *found)
    told = (
        Mail.objects.filter(template="case_wait")
        .order_by("pk")
        .values_list("context__reasons", flat=True)
    )
    assert list(told) == [
        ["registry_pending", "authority_missing"],
        ["registry_pending"],
        ["authority_missing"],
    ]


def test_a_notified_attempt_is_due(attempt: Attempt, now: datetime) -> None:
    run(attempt, now, MISSING)
    later = now + timedelta(minutes=5)
    operations.notify_case_worker(attempt.case_id, later)
    assert run(attempt, later, MEDIUM).state == State.APPROVED


def test_a_change_during_the_checks_is_not_lost(attempt: Attempt, now: datetime) -> None:
    """The proof arrives after the check has run and before the attempt begins to wait."""
    meanwhile = now + timedelta(seconds=3)
    run(
        attempt,
        now + timedelta(seconds=5),
        MISSING,
        first=lambda: operations.notify_case_worker(attempt.case_id, meanwhile),
    )
    assert attempt.due_at == now + timedelta(seconds=5) and attempt.waits == 1
    assert run(attempt, attempt.due_at, MEDIUM).state == State.APPROVED


def test_a_decided_case_is_not_checked_again(attempt: Attempt, now: datetime) -> None:
    run(attempt, now, MEDIUM)
    operations.notify_case_worker(attempt.case_id, now + timedelta(minutes=1))
    attempt.refresh_from_db()
    assert attempt.due_at == now and attempt.finished_at == now


def test_a_case_that_waits_can_be_withdrawn(
    attempt: Attempt, member: Member, now: datetime
) -> None:
    case = run(attempt, now, MISSING)
    operations.withdraw_case(case.pk, member.as_actor(), now)
    attempt.refresh_from_db()
    assert attempt.finished_at == now
    assert run(attempt, now + timedelta(days=1), MEDIUM).state == State.WITHDRAWN


def test_withdrawn_while_a_check_runs(attempt: Attempt, member: Member, now: datetime) -> None:
    withdraw = lambda: operations.withdraw_case(attempt.case_id, member.as_actor(), now)  # noqa: E731
    for_good = run(attempt, now, MEDIUM, first=lambda: withdraw() and None)
    assert for_good.state == State.WITHDRAWN and not for_good.decisions.exists()


# --- Additions while it waits ---------------------------------------------------------------------


def letter() -> Any:
    file = BytesIO()
    Image.effect_noise((800, 600), 50).convert("RGB").save(file, "JPEG")
    return open_upload(file.getvalue())


def test_a_letter_comes_in_while_it_waits(attempt: Attempt, member: Member, now: datetime) -> None:
    case = run(attempt, now, MISSING)
    later = now + timedelta(minutes=5)
    documents.add_document(
        case.pk,
        DocumentKind.AUTHORIZATION_LETTER,
        letter(),
        {"clean": None},
        member.user,
        member.as_actor(),
        later,
    )
    attempt.refresh_from_db()
    assert (
        attempt.due_at == later
        and case.documents.filter(kind=DocumentKind.AUTHORIZATION_LETTER).exists()
    )


@pytest.mark.parametrize("kind", list(DocumentKind))
@pytest.mark.parametrize("state", list(State))
def test_what_may_be_added_when(
    state: State, kind: DocumentKind, member: Member, now: datetime
) -> None:
    case = make_case(member, now, state)
    may = guards.may_add(kind, case, member.as_actor(), now) is None
    while_it_waits = state is State.CHECKING and kind in (
        DocumentKind.AUTHORIZATION_LETTER,
        DocumentKind.CLIENT_AUTHORIZATION,
    )
    anothers = kind is DocumentKind.APPROVAL_DOCUMENT  # a company's business licence is due instead
    assert may == (
        (state in (State.DRAFT, State.CHANGES_REQUESTED) and not anothers) or while_it_waits
    )
    assert guards.may_add(kind, case, make_reviewer(now).as_reviewer(), now) is not None


def test_an_agency_in_force_may_add_a_client(member: Member, now: datetime) -> None:
    case = make_case(member, now, State.APPROVED)
    case.account_class = AccountClass.COMMERCIAL_AGENCY
    for kind in DocumentKind:
        assert (guards.may_add(kind, case, member.as_actor(), now) is None) == (
            kind is DocumentKind.CLIENT_AUTHORIZATION
        )
    letter_of_client = DocumentKind.CLIENT_AUTHORIZATION
    assert case.expires_at is not None
    assert guards.may_add(letter_of_client, case, member.as_actor(), case.expires_at) is not None, (
        "its time is over"
    )
    assert guards.may_add(letter_of_client, case, make_reviewer(now).as_reviewer(), now) is not None


def test_a_licence_does_not_change_under_the_checks(
    attempt: Attempt, member: Member, now: datetime
) -> None:
    case = run(attempt, now, MISSING)
    with pytest.raises(Refused, match="state_conflict"):
        documents.add_document(
            case.pk,
            DocumentKind.BUSINESS_LICENCE,
            letter(),
            {},
            member.user,
            member.as_actor(),
            now,
        )


# --- Conditional approvals ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "state"),
    [
        ((PENDING, STRONG), State.APPROVED),
        ((PENDING, MEDIUM), State.CHECKING),
        ((PENDING,), State.CHECKING),
        ((PENDING, MISSING), State.CHECKING),
        ((PENDING, STRONG, Finding("reading", "name_mismatch", Severity.UNABLE)), State.IN_REVIEW),
    ],
)
def test_what_pending_opens(
    findings: tuple[Finding, ...], state: State, attempt: Attempt, now: datetime
) -> None:
    case = run(attempt, now, *findings)
    assert case.state == state and case.conditional is (state is State.APPROVED)


@pytest.fixture
def conditional(attempt: Attempt, now: datetime) -> Case:
    return run(attempt, now, PENDING, STRONG)


def test_it_holds_for_fourteen_days(conditional: Case, now: datetime) -> None:
    assert conditional.expires_at == now + timedelta(days=14) and conditional.is_in_force(now)
    assert conditional.decisions.get().reasons[0]["code"] == "registry_pending"
    assert Mail.objects.filter(template="case_approve").count() == 1
    conditional.employer.refresh_from_db()
    assert conditional.employer.confirmed_at == now


def recheck(case: Case, now: datetime, *findings: Finding) -> Case:
    conditional_approvals.recheck_conditional(case.pk, lambda: now, Says("registry", *findings))
    return Case.objects.get(pk=case.pk)


def test_the_register_confirms(conditional: Case, now: datetime) -> None:
    later = now + timedelta(days=3)
    case = recheck(conditional, later)
    assert (
        not case.conditional
        and case.expires_at == now + policy.CURRENT.valid_for
        and case.version == conditional.version + 1
    )
    assert Event.objects.about(case).last().verb == "confirm"
    assert not conditional_approvals.recheck_conditional(
        case.pk, lambda: later, Says("registry")
    ), "once"


@pytest.mark.parametrize(
    "finding", [PENDING, Finding("registry", "registry_outdated", Severity.UNABLE)]
)
def test_the_register_does_not_say_yet(finding: Finding, conditional: Case, now: datetime) -> None:
    case = recheck(conditional, now + timedelta(days=3), finding)
    assert (
        case.conditional
        and case.state == State.APPROVED
        and case.expires_at == now + timedelta(days=14)
    )


@pytest.mark.parametrize(
    ("code", "severity"),
    [("name_mismatch", Severity.CONCERN), ("registry_revoked", Severity.BLOCK)],
)
def test_the_register_contradicts(
    code: str, severity: Severity, conditional: Case, now: datetime
) -> None:
    case = recheck(conditional, now + timedelta(days=3), Finding("registry", code, severity))
    assert case.state == State.SUSPENDED and case.decisions.first().reasons[0]["code"] == code


def test_a_register_that_is_down_decides_nothing(conditional: Case, now: datetime) -> None:
    def down() -> None:
        raise ProviderUnavailable("register")

    with pytest.raises(ProviderUnavailable):
        conditional_approvals.recheck_conditional(
            conditional.pk, lambda: now, Says("registry", first=down)
        )
    assert Case.objects.get(pk=conditional.pk).conditional


def test_it_lapses(
    conditional: Case, member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.timezone, "now", lambda: now + timedelta(days=14))
    tasks.sweep()
    case = Case.objects.get(pk=conditional.pk)
    assert case.state == State.EXPIRED
    assert Event.objects.about(case).last().reasons == ["registry_not_confirmed"]
    assert Mail.objects.get(template="case_expire").to == member.user.email
    member.employer.refresh_from_db()
    assert member.employer.confirmed_at is None, "the code is free again"
    assert not conditional_approvals.recheck_conditional(
        case.pk, lambda: now + timedelta(days=14), Says("registry")
    )


def test_confirmed_in_the_moment_of_its_end(conditional: Case, now: datetime) -> None:
    apply_verdict.confirm_approval(conditional.pk, now)
    with pytest.raises(Refused, match="state_conflict"):
        apply_verdict.end_approval(conditional.pk, now + timedelta(days=14))
    assert Case.objects.get(pk=conditional.pk).state == State.APPROVED


def test_one_condition_is_not_followed_by_another(
    conditional: Case, member: Member, now: datetime
) -> None:
    later = now + timedelta(days=14)
    apply_verdict.end_approval(conditional.pk, later)
    again = operations.open_case(member.employer, member.as_actor(), later)
    make_document(again, later)
    attempt = operations.submit_case(again.pk, member.user, member.as_actor(), later)
    case = run(attempt, later, PENDING, STRONG)
    assert (
        case.state == State.IN_REVIEW
        and case.decisions.get().reasons[0]["code"] == "registry_not_confirmed"
    )


def test_an_ordinary_approval_ends_as_before(member: Member, now: datetime) -> None:
    member.employer.confirmed_at = now
    member.employer.save()
    case = make_case(member, now, State.APPROVED, expires_at=now)
    apply_verdict.end_approval(case.pk, now)
    member.employer.refresh_from_db()
    assert member.employer.confirmed_at == now and Mail.objects.get().context["reasons"] == [
        "employer_expired"
    ]


def test_a_reviewers_approval_is_without_condition(
    conditional: Case, member: Member, now: datetime
) -> None:
    reviewer = make_reviewer(now)
    apply_verdict.end_approval(conditional.pk, now + timedelta(days=14))
    case = make_case(member, now, State.IN_REVIEW)
    claims.claim_case(case.pk, reviewer, now)
    assert operations.approve_case(case.pk, reviewer, now).conditional is False


def test_the_sweeper_asks_the_register(
    conditional: Case, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(tasks.timezone, "now", lambda: now)
    monkeypatch.setattr(
        conditional_approvals, "recheck_conditional", lambda case_id, clock: asked.append(case_id)
    )
    make_case(make_member(now), now, State.APPROVED)
    tasks.confirm_conditional()
    assert asked == [conditional.pk]


# --- A whole journey ------------------------------------------------------------------------------


def test_from_waiting_to_approved_by_a_deposit(
    attempt: Attempt,
    member: Member,
    now: datetime,
    settings: Any,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """With the real authority check: nothing is proven, a deposit is started, its code comes back,
    and the case continues at once.
    """
    settings.VAR_DIR, settings.BANK = tmp_path, "simulator"
    checks = saying(authority=Authority())

    def at(moment: datetime) -> tuple[str, str]:
        pipeline.run_checks(attempt.pk, lambda: moment, 60, checks)
        attempt.refresh_from_db()
        return Case.objects.get(pk=attempt.case_id).state, attempt.waiting_for

    assert at(now) == (State.CHECKING, "authority_missing")
    proof = deposits.start_deposit(member, member.employer.name, "100000001188", "示例银行", now)
    proof_polling.poll_provider(proof.pk, lambda: now, 60)
    assert at(attempt.due_at) == (State.CHECKING, "authority_pending")
    later = now + timedelta(hours=2)
    proof_polling.poll_provider(proof.pk, lambda: later, 60)
    bank = banks.bank_named("simulator")
    assert isinstance(bank, SimulatedBank)
    ((_, code),) = bank.statement("100000001188", later)
    with django_capture_on_commit_callbacks() as notified:
        deposits.confirm_deposit(proof.pk, member, code, later)
    assert notified, "the worker is notified after the commit"
    attempt.refresh_from_db()
    assert attempt.due_at == later
    assert at(later) == (State.APPROVED, "")
    told = (
        Mail.objects.filter(template="case_wait")
        .order_by("pk")
        .values_list("context__reasons", flat=True)
    )
    assert list(told) == [["authority_missing"], ["authority_pending"]], "once each"
