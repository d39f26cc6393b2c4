"""Replays stored observations under another policy, to show what it would have decided.

Today's checks judge the observations again if their version has not changed, and the given policy
decides. No provider, picture or clock is consulted. If an observation cannot be judged again, its
stored findings count, and the result says how often that happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from django.db.models import Prefetch, Q

from events.models import Event
from verification.checks import CHECKS
from verification.checks.base import Check, Subject
from verification.decision import pipeline
from verification.models import Attempt, CheckRun, Decision
from verification.rules import policy
from verification.rules.findings import Finding, Observation, Outcome

log = structlog.get_logger()

ATTEMPTS_AT_ONCE = 100
"""Attempts held in memory; the rest stay in the database."""


@dataclass(frozen=True)
class Replayed:
    """One attempt: the real outcome, the replayed outcome, and how its checks were judged."""

    case_id: str
    attempt: int
    live: Outcome
    would: Outcome
    reasons: tuple[str, ...]
    """The reasons of the replayed outcome."""
    judged: Counter[str] = field(default_factory=Counter)
    """The number of checks by how they were judged: `again`, or by the stored findings because of
    `older_version`, `broken`, `unknown_check` or `facts_changed`.
    """

    @property
    def changed(self) -> bool:
        return self.live is not self.would


def replay_attempts(
    rules: policy.Rules, since: datetime | None = None, checks: Sequence[Check] = CHECKS
) -> Iterator[Replayed]:
    """Replay under `rules` every attempt with an automatic verdict, submitted from `since` on."""
    attempts = (
        Attempt.objects.filter(~Q(outcome="") | Q(waits__gt=0), case__golden=False)
        .select_related("case__employer", "case__submitted_by")
        .prefetch_related(
            "check_runs", Prefetch("case__decisions", Decision.objects.filter(decided_by=None))
        )
        .order_by("pk")
    )
    if since is not None:
        attempts = attempts.filter(submitted_at__gte=since)
    for attempt in attempts.iterator(chunk_size=ATTEMPTS_AT_ONCE):
        if (replayed := _replayed(attempt, rules, checks)) is not None:
            yield replayed


def last_round(attempt: Attempt) -> int:
    """Return the round of the last verdict; a waiting attempt already counts the next one."""
    return int(attempt.waits if attempt.outcome else attempt.waits - 1)


def runs_of(attempt: Attempt, round_: int, checks: Sequence[Check] = CHECKS) -> list[CheckRun]:
    """Return the check runs that the verdict of `round_` rests on, in the order in which they ran.

    A check without a row in that round counts with its last row, because its result lasts. If
    workers died on the attempt, some checks were skipped; then only checks that are lasting today
    count with an earlier row.
    """
    lasting = {check.code for check in checks if check.lasting}
    all_ran = attempt.deaths < pipeline.DEATHS_AT_MOST
    runs = [
        run
        for run in attempt.check_runs.all()
        if run.round <= round_ and (run.round == round_ or all_ran or run.code in lasting)
    ]
    by_code = {run.code: run for run in sorted(runs, key=lambda run: (run.round, int(run.pk)))}
    return sorted(by_code.values(), key=lambda run: int(run.pk))


def subject_then(attempt: Attempt, at: datetime) -> Subject:
    """Return the attempt's subject at the time `at`, with the documents of that time."""
    not_superseded = Q(superseded_at=None) | Q(superseded_at__gt=at)
    documents = (
        attempt.case.documents.filter(not_superseded, uploaded_at__lte=at)
        .order_by("uploaded_at")
        .prefetch_related("pages")
    )
    return replace(
        pipeline.subject_of(attempt.case, at),
        documents=tuple(pipeline.as_subject(document) for document in documents),
    )


def _replayed(attempt: Attempt, rules: policy.Rules, checks: Sequence[Check]) -> Replayed | None:
    round_ = last_round(attempt)
    runs = runs_of(attempt, round_, checks)
    if not runs:
        return None
    at = max(run.started_at for run in runs)
    findings, judged = _judged(attempt, runs, at, checks)
    verdict = policy.decide_case(findings, {run.code for run in runs}, rules, waits=round_, now=at)
    live, would = Outcome(attempt.outcome or Outcome.WAIT), verdict.outcome
    if (
        live is Outcome.REVIEW
        and would is Outcome.APPROVE
        and _refused_by_the_database(attempt, runs)
    ):
        would = live
    return Replayed(str(attempt.case_id), int(attempt.number), live, would, verdict.reasons, judged)


def _refused_by_the_database(attempt: Attempt, runs: Sequence[CheckRun]) -> bool:
    """Return whether another approval at the same moment, not a finding, sent the case to review.

    No policy would change that.
    """
    found = {finding["code"] for run in runs for finding in run.findings} | {"check_incomplete"}
    told = [
        d.reasons
        for d in attempt.case.decisions.all()
        if d.attempt_number == attempt.number and d.verb == "hold_for_review"
    ]
    return any(reason["code"] not in found for reasons in told for reason in reasons)


def _judged(
    attempt: Attempt, runs: Sequence[CheckRun], at: datetime, checks: Sequence[Check]
) -> tuple[list[Finding], Counter[str]]:
    """Return the findings of today's checks on the stored observations."""
    known = {check.code: check for check in checks}
    changed = _facts_changed(attempt)
    subject = subject_then(attempt, at)
    earlier: dict[str, Observation] = {}
    findings: list[Finding] = []
    judged: Counter[str] = Counter()
    for run in runs:
        again, how = _judge(known.get(run.code), run, subject, earlier, changed)
        findings += again
        judged[how] += 1
        earlier[run.code] = run.observation
    return findings, judged


def _judge(
    check: Check | None,
    run: CheckRun,
    subject: Subject,
    earlier: dict[str, Observation],
    changed: bool,
) -> tuple[list[Finding], str]:
    if check is None:
        return run.as_findings(), "unknown_check"
    if check.version != run.version:
        return run.as_findings(), "older_version"
    if "broken" in run.observation:
        return run.as_findings(), "broken"
    if changed:
        return run.as_findings(), "facts_changed"
    try:
        return check.judge(subject, earlier, run.observation), "again"
    except Exception as error:  # this check cannot read the observation, or an earlier one it uses
        log.warning(
            "not_judged_again", check=run.code, attempt=run.attempt_id, why=type(error).__name__
        )
        return run.as_findings(), "broken"


def _facts_changed(attempt: Attempt) -> bool:
    """Return whether the employer has changed its declaration since.

    What it declared for this attempt is then no longer stored.
    """
    if attempt.number == attempt.case.attempt_number:
        return False
    return bool(
        Event.objects.about(attempt.case)
        .filter(verb="declare", at__gt=attempt.submitted_at)
        .exists()
    )
