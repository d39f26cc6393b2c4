"""Runs the checks of an attempt so that a killed worker loses nothing.

Each check's result is a row. A worker that takes over an attempt runs only the checks without a
row, and decides the attempt under its lease, so two workers cannot decide the same attempt.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from employers.models import Member, User
from events.core.errors import ProviderUnavailable, Refused
from events.jobs import runner
from events.jobs.runner import Clock, Failure, Lease, LeaseLost, retry_delay
from verification.checks import CHECKS, scripted_outcomes
from verification.checks.base import Check, Subject, SubjectDocument, SubjectPage
from verification.decision import apply_verdict
from verification.models import Attempt, Case, CheckRun, Document, ShadowVerdict
from verification.rules import policy
from verification.rules.findings import Finding, Observation, Severity, Verdict
from verification.rules.states import IN_PROGRESS

log = structlog.get_logger()

DEATHS_AT_MOST = 3
"""After this many workers have died on an attempt, it goes to a reviewer with the results so far.
"""

DATABASE_LOST = (OperationalError, InterfaceError)
DELAYED = {"waiting_for": "check_delayed"}
"""Tells the employer that the checks are delayed."""
FAILURES: tuple[Failure, ...] = (
    Failure(ProviderUnavailable, retry_delay, "attempt_waits_for_provider", changes=DELAYED),
    Failure(DATABASE_LOST, 5.0, "attempt_lost_its_database", changes=DELAYED),
)


def run_checks(
    attempt_id: int,
    clock: Clock,
    lease_seconds: float,
    checks: tuple[Check, ...] = CHECKS,
    shadow: policy.Rules | None = None,
) -> bool:
    """Run the checks of attempt `attempt_id` and carry out the verdict; return whether it was
    decided.

    An attempt that is done, leased or not due is left alone. For a platform's test case, the checks
    return outcomes scripted by the company's code. The verdict by the rules `shadow` is stored next
    to the real one and has no effect.
    """
    attempts = Attempt.objects.select_related("case__employer", "case__submitted_by")
    lease = runner.claim_row(attempts, attempt_id, clock, lease_seconds)
    return runner.run_job(
        lease, partial(_decide, checks=checks, shadow=shadow), failures=FAILURES, beats=True
    )


def _decide(lease: Lease[Attempt], checks: tuple[Check, ...], shadow: policy.Rules | None) -> bool:
    attempt, clock = lease.row, lease.clock
    if attempt.case.state not in IN_PROGRESS:
        lease.finish()
        return False
    if attempt.case.test:
        checks = scripted_outcomes.scripted_checks(
            attempt.case.declared_uscc,
            tuple(check.code for check in checks),
            attempt.waits,
            attempt.tries,
        )
    try:
        apply_verdict.start_checks(attempt.case_id, clock())
        findings, reported = _run_checks(lease, checks)
        verdict = policy.decide_case(
            findings, reported, policy.CURRENT, waits=attempt.waits, now=clock()
        )
        with transaction.atomic():
            applied = apply_verdict.apply_verdict(lease, verdict, findings, clock())
            if applied and shadow is not None:
                _record_shadow(
                    attempt,
                    verdict,
                    policy.decide_case(
                        findings, reported, shadow, waits=attempt.waits, now=clock()
                    ),
                    clock(),
                )
        return applied
    except DATABASE_LOST:
        if not connection.is_usable():
            connection.close()  # the next query opens a new connection
        raise
    except (LeaseLost, Refused) as stopped:  # taken over by another worker, or withdrawn
        log.info("attempt_left", attempt=attempt.pk, why=str(stopped))
        return False


def _record_shadow(attempt: Attempt, live: Verdict, shadow: Verdict, now: datetime) -> None:
    """Store the shadow verdict; a failure to store it must not lose the real verdict."""
    try:
        with transaction.atomic():
            ShadowVerdict.objects.create(
                attempt=attempt,
                round=attempt.waits,
                policy_version=shadow.policy_version,
                outcome=shadow.outcome,
                reasons=list(shadow.reasons),
                live_outcome=live.outcome,
                at=now,
            )
    except DatabaseError:
        log.exception("shadow_verdict_lost", attempt=attempt.pk)


def subject_of(case: Case, now: datetime) -> Subject:
    """Return the case as the plain values that checks see."""
    user = case.submitted_by
    documents = case.documents.current().order_by("uploaded_at").prefetch_related("pages")
    return Subject(
        case_id=str(case.pk),
        employer_id=str(case.employer_id),
        name=case.declared_name,
        uscc=case.declared_uscc,
        legal_representative=case.declared_legal_representative,
        account_class=case.account_class,
        recruiter_email=_address_of(user) if user else "",
        recruiter_email_verified=bool(user and user.is_proven),
        documents=tuple(as_subject(document) for document in documents),
        now=now,
        member_id=_member_id(case),
    )


def _address_of(user: User) -> str:
    """Return the address that may speak for the company. One that nobody has confirmed does not,
    although the account's number is proven.
    """
    return "" if user.phone_index and user.email_verified_at is None else user.email


def _member_id(case: Case) -> str:
    """Return the id of the submitter's membership, or "" if it has ended."""
    member = (
        Member.objects.active().filter(user=case.submitted_by_id, employer=case.employer_id).first()
        if case.submitted_by_id
        else None
    )
    return str(member.pk) if member else ""


def as_subject(document: Document) -> SubjectDocument:
    """Return a document and its pages as the plain values that checks see."""
    pages = tuple(
        SubjectPage(str(page.image.name), page.number, page.fingerprint)
        for page in document.pages.all()
    )
    return SubjectDocument(
        str(document.pk), document.kind, document.sha256, document.editor, document.scan, pages
    )


def _run_checks(lease: Lease[Attempt], checks: tuple[Check, ...]) -> tuple[list[Finding], set[str]]:
    """Run the checks that have no row yet.

    Return all findings and the codes of the checks that reported.
    """
    attempt, clock = lease.row, lease.clock
    subject = subject_of(attempt.case, clock())
    lasting = {check.code for check in checks if check.lasting}
    done = {
        run.code: run
        for run in attempt.check_runs.all()
        if run.round == attempt.waits or run.code in lasting
    }
    earlier: dict[str, Observation] = {}
    findings: list[Finding] = []
    for check in checks:
        if check.code not in done and attempt.deaths >= DEATHS_AT_MOST:
            continue
        run = done.get(check.code) or _run_one(check, attempt, subject, earlier, clock)
        earlier[check.code] = run.observation
        findings += run.as_findings()
        if not lease.extend():
            raise LeaseLost(attempt.pk)
    return findings, set(earlier)


def _run_one(
    check: Check, attempt: Attempt, subject: Subject, earlier: dict[str, Observation], clock: Clock
) -> CheckRun:
    started_at = clock()
    try:
        observation = check.observe(subject, earlier)
        findings = check.judge(subject, earlier, observation)
    except (ProviderUnavailable, *DATABASE_LOST):
        raise
    except Exception as broken:
        # ProviderBroken, or a bug: no finding against the employer, and the other checks run
        log.exception("check_broken", check=check.code, attempt=attempt.pk)
        observation = {"broken": type(broken).__name__}
        findings = [Finding(check.code, "check_incomplete", Severity.UNABLE, seen=check.code)]
    run, _ = CheckRun.objects.get_or_create(
        attempt=attempt,
        code=check.code,
        round=attempt.waits,
        defaults={
            "version": check.version,
            "observation": observation,
            "findings": [finding.as_json() for finding in findings],
            "started_at": started_at,
            "finished_at": clock(),
        },
    )
    log.info("check_done", check=check.code, attempt=attempt.pk, seconds=round(run.seconds, 3))
    return run
