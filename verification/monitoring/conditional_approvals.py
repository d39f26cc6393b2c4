"""Rechecks conditional approvals against the company register.

The register is asked until it lists the company or the time is over. Its record is then compared
with everything that depends on it, as for a case submitted today.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from events.core.actor import SYSTEM
from events.core.errors import Refused
from verification.cases import operations
from verification.checks.agency.check import AgencyLicence
from verification.checks.base import Check, Subject
from verification.checks.exclusion import Excluded
from verification.checks.registry import Registry
from verification.decision import apply_verdict, pipeline
from verification.models import Attempt, Case
from verification.rules.findings import Finding, Observation, Severity

log = structlog.get_logger()

Clock = Callable[[], datetime]


def recheck_conditional(case_id: UUID, clock: Clock, registry: Check | None = None) -> bool:
    """Recheck a conditional approval that is in force; return whether anything changed.

    If the register agrees, the condition is lifted. If it contradicts the approval, rights are
    suspended until a person has reviewed it. If it does not list the company yet, or says too
    little, it is asked again later. Raise what the register raises.
    """
    case = Case.objects.select_related("employer", "submitted_by").get(pk=case_id)
    attempt = Attempt.objects.filter(case=case).order_by("-number").first()
    if not case.conditional or not case.is_in_force(clock()) or attempt is None:
        return False
    check = registry or Registry()
    earlier = {run.code: run.observation for run in attempt.check_runs.order_by("round")}
    subject = pipeline.subject_of(case, clock())
    findings = _found(check, subject, earlier)
    if max(finding.severity for finding in findings) <= Severity.NOTE:
        # It agrees. The checks that depend on its record ran without it: the scope was judged from
        # the picture alone.
        findings += [
            finding
            for further in (Excluded(), AgencyLicence())
            for finding in _found(further, subject, earlier)
        ]
    worst = max(finding.severity for finding in findings)
    if worst <= Severity.NOTE:
        return apply_verdict.confirm_approval(case_id, clock())
    if worst < Severity.CONCERN:
        return False
    accepted = case.decisions.stopped_for()
    codes = list(
        dict.fromkeys(
            f.code for f in findings if f.severity >= Severity.CONCERN and f.code not in accepted
        )
    )
    # A person has lifted the suspension. The approval ends with its time, unless the register comes
    # to agree.
    if not codes:
        return False
    try:
        operations.suspend_case(case_id, SYSTEM, clock(), codes)
    except Refused:  # changed at the same moment
        return False
    log.warning("condition_contradicted", case=str(case_id), reasons=codes)
    return True


def _found(check: Check, subject: Subject, earlier: dict[str, Observation]) -> list[Finding]:
    """Return the findings of `check`, and add its observation to `earlier`."""
    earlier[check.code] = check.observe(subject, earlier)
    return check.judge(subject, earlier, earlier[check.code])
