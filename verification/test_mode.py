"""Test mode: submit, prove, review and move the clock in place of people and time.

Tests use the same operations, pipeline and policy as real cases. Only people and outside companies
are replaced. Every function here refuses employers that are not in test mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from employers.models import ApiClient, Employer, Member, User
from employers.permissions import Power
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.delivery.mail import NOWHERE
from verification.authority import deposits, email_codes, proof_polling
from verification.cases import guards, operations
from verification.cases.authority_evidence import declared_by
from verification.checks import scripted_outcomes
from verification.decision import apply_verdict, pipeline
from verification.models import Attempt, Case, Proof, ProofKind
from verification.monitoring import renewal_reminders
from verification.providers.e_licences import licences_in_test_mode
from verification.providers.e_licences.base import By, ELicence
from verification.rules.states import IN_PROGRESS

Clock = Callable[[], datetime]
Also = Callable[[ApiClient, Clock], object]

VERBS: Final = ("approve", "reject", "request_changes", "suspend", "reinstate", "revoke")
"""The decisions that the reviewer of a test can make."""
LEASE_SECONDS: Final = 30.0
CLAIMED_FOR: Final = timedelta(minutes=1)
FARTHEST: Final = timedelta(days=10 * 365)
"""How far a test's clock can be ahead of real time."""


SCANS: Final = ("confirm", "other_company", "refuse")
"""What the holder of an electronic licence can do in a test."""
_ALSO: Final[list[Also]] = []
_MAILED: Final[list[Callable[[ApiClient], Q]]] = []


def also_due(do: Also) -> None:
    """Register `do`, which packages above this one add. It runs whenever a test catches up with its
    clock or something is decided in it.
    """
    _ALSO.append(do)


def also_mailed(to_whom: Callable[[ApiClient], Q]) -> None:
    """Register a filter for further mails of a test, which packages above this one add."""
    _MAILED.append(to_whom)


def mails_of_test(client: ApiClient) -> Q:
    """The mails of this platform's test: to its members, codes to its companies' addresses, and
    those that other packages add (`also_mailed`).
    """
    addresses = User.objects.filter(
        member__employer__platform=client, member__employer__test=True
    ).values("email")
    companies = Proof.objects.filter(
        employer__platform=client, employer__test=True, kind=ProofKind.COMPANY_EMAIL
    )
    # Two tests may write to the same company address. Each sees only the mails that name one of its
    # own companies; these mails say nothing else.
    names = Employer.objects.filter(
        platform=client, test=True, pk__in=companies.values("employer")
    ).values_list("name", flat=True)
    codes = Q(
        template="company_code", to__in=companies.values("shown"), context__company__in=list(names)
    )
    whose = Q(to__in=addresses) | codes
    for to_whom in _MAILED:
        whose |= to_whom(client)
    return whose & Q(to__endswith=NOWHERE)


def hand_in(employer: Employer, member: Member, clock: Clock) -> Case:
    """Submit the employer's case and check it at once. Opens a case if there is none.

    Returns the case as it is afterwards. Raises Refused.
    """
    _only_test(employer)
    case = operations.open_case(employer, member.as_actor(), clock())
    attempt = operations.submit_case(case.pk, member.user, member.as_actor(), clock())
    pipeline.run_checks(attempt.pk, clock, LEASE_SECONDS)
    case.refresh_from_db()
    return case


def decide_test_case(
    employer: Employer, verb: str, codes: Sequence[str], note: str, now: datetime
) -> Case:
    """Decide the employer's open case, or else its current one, as a reviewer would.

    Raises Refused.
    """
    _only_test(employer)
    if verb not in VERBS:
        raise Refused("not_allowed", "verb", seen=verb, expected=", ".join(VERBS))
    case = (
        Case.objects.filter(employer=employer).open().first() or Case.objects.of(employer).first()
    )
    if case is None:
        raise Refused("case_not_submitted")
    reviewer = reviewer_of(employer, now)
    if verb in guards.NEEDS_CLAIM:
        claimed = {"claimed_by": reviewer, "claimed_at": now, "claimed_until": now + CLAIMED_FOR}
        Case.objects.filter(pk=case.pk).update(**claimed)
    actor = Actor(Role.REVIEWER, str(reviewer.pk), frozenset(Power))
    decided = operations.review_case(
        case.pk, verb, actor, now, codes, note, None, suspend_in_force=verb == "reject"
    )
    if employer.platform is not None:
        _and_above(employer.platform, lambda: now)
    return decided


# --- Proofs of authority --------------------------------------------------------------------------


def company_email(
    employer: Employer, member: Member, address: str, code: str, clock: Clock
) -> Proof:
    """Mail a code to this address, unless one is under way, and enter `code` if it is given.

    An address at `scripted_providers.DOMAIN` proves authority; any other address is weak proof.
    Raises Refused as the recruiter's page does.
    """
    _only_test(employer)
    proof = _under_way(member, ProofKind.COMPANY_EMAIL, clock) or email_codes.send_code(
        member, address, clock()
    )
    if code:
        proof = email_codes.confirm_code(proof.pk, member, code, clock())
    return _polled(proof, employer, clock)


def send_test_deposit(
    employer: Employer, member: Member, account_number: str, code: str, clock: Clock
) -> Proof:
    """Have the simulated bank send a deposit to this account, unless one is under way, and enter
    `code` if it is given.

    The account decides the outcome (`verification.providers.scripted_providers`). Raises Refused as
    the recruiter's page does.
    """
    _only_test(employer)
    company = declared_by(member).name
    proof = _under_way(member, ProofKind.BANK_DEPOSIT, clock) or deposits.start_deposit(
        member, company, account_number, "示例银行", clock()
    )
    if code:
        proof = deposits.confirm_deposit(proof.pk, member, code, clock())
    return _polled(proof, employer, clock)


def scan_as_phone(employer: Employer, member: Member, does: str, clock: Clock) -> Proof:
    """Act as the phone that scans the code on the member's page. Creates a code if there is none.

    Raises Refused: `not_allowed` if `does` is not one of `SCANS`, and as the recruiter's page does.
    """
    _only_test(employer)
    if does not in SCANS:
        raise Refused("not_allowed", "does", seen=does, expected=", ".join(SCANS))
    proof = _under_way(member, ProofKind.E_LICENCE, clock) or proof_polling.start_scan(
        member, clock()
    )
    phone, company, qr = licences_in_test_mode(), declared_by(member), proof.observed["qr"]
    phone.scan(qr, clock())
    if does == "refuse":
        phone.refuse(qr, clock())
    else:
        uscc = company.uscc if does == "confirm" else scripted_outcomes.code_for(0)
        licence = ELicence(uscc, company.name, company.legal_representative)
        phone.confirm(qr, licence, By.LEGAL_REPRESENTATIVE, clock())
    return _polled(proof, employer, clock)


def _under_way(member: Member, kind: ProofKind, clock: Clock) -> Proof | None:
    of_kind = Proof.objects.of(member, declared_by(member).uscc).filter(kind=kind)
    found: Proof | None = of_kind.under_way().filter(expires_at__gt=clock()).first()
    return found


def _polled(proof: Proof, employer: Employer, clock: Clock) -> Proof:
    """Poll the proof's provider, do what follows from the answer, and return the proof."""
    now = clock()
    Proof.objects.filter(pk=proof.pk, finished_at=None).update(due_at=now)
    proof_polling.poll_provider(proof.pk, lambda: now, proof_polling.LEASE_SECONDS)
    proof.refresh_from_db()
    if employer.platform is not None:
        _and_above(employer.platform, lambda: now)
    return proof


def _and_above(client: ApiClient, clock: Clock) -> None:
    for do in _ALSO:
        do(client, clock)


# --- Reviewer and clock ---------------------------------------------------------------------------


def reviewer_of(employer: Employer, now: datetime) -> User:
    """The account that decides in this platform's test. It is inactive, so no one can sign in."""
    email = f"reviewer@{employer.platform_id}.test"
    existing: User | None = User.objects.filter(email=email, is_active=False).first()
    return existing or User.objects.create_user(email, None, joined_at=now, is_active=False)


def move_clock(client: ApiClient, ahead: timedelta, clock: Clock) -> datetime:
    """Set a test's clock `ahead` of real time, never back, and do everything that has become due.

    Returns the test's new time. Raises Refused: `not_of_test`, `clock_backwards`, `clock_too_far`.
    """
    if not client.test:
        raise Refused("not_of_test")
    if ahead > FARTHEST:
        raise Refused("clock_too_far", "ahead", expected=f"≤ {FARTHEST.days} d")
    with transaction.atomic():
        locked = ApiClient.objects.select_for_update().get(pk=client.pk)
        if ahead < timedelta(seconds=locked.clock_seconds):
            raise Refused("clock_backwards", "ahead")
        locked.clock_seconds = int(ahead.total_seconds())
        locked.save(update_fields=["clock_seconds"])
    client.clock_seconds = locked.clock_seconds
    catch_up(client, lambda: clock() + ahead)
    return clock() + ahead


def catch_up(client: ApiClient, clock: Clock) -> None:
    """Do what has become due in this platform's test: waiting proofs and checks, ends of approvals,
    and reminders.
    """
    proofs = Proof.objects.filter(employer__platform=client, employer__test=True).due(clock())
    for proof_id in list(proofs.order_by("due_at").values_list("pk", flat=True)):
        proof_polling.poll_provider(proof_id, clock, proof_polling.LEASE_SECONDS)
    cases = Case.objects.filter(employer__platform=client, test=True)
    waiting = Attempt.objects.filter(case__in=cases.filter(state__in=IN_PROGRESS)).due(clock())
    for attempt_id in waiting.order_by("due_at").values_list("pk", flat=True):
        pipeline.run_checks(attempt_id, clock, LEASE_SECONDS)
    for case_id in list(cases.past_end(clock()).values_list("pk", flat=True)):
        apply_verdict.end_approval(case_id, clock())
    for case_id in list(cases.in_force(clock()).values_list("pk", flat=True)):
        renewal_reminders.remind_to_renew(case_id, clock())
    _and_above(client, clock)


def _only_test(employer: Employer) -> None:
    if not employer.test:
        raise Refused("not_of_test")
