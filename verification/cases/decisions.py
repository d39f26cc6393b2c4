"""Decisions: their reasons and their record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from events.core.actor import Actor, Role
from verification.cases import wording
from verification.cases.notices import tell_employer
from verification.models import Attempt, Case, Decision
from verification.rules import policy, required_documents
from verification.rules.findings import Finding, Verdict

NOTHING_SAID: Mapping[str, str] = {}


@dataclass
class Why:
    """The reasons of a decision, as the employer sees them."""

    reasons: Sequence[dict[str, Any]] = ()
    note: str = ""
    policy_version: str = policy.CURRENT.version

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reason["code"] for reason in self.reasons))

    @classmethod
    def of(
        cls,
        codes: Iterable[str],
        note: str = "",
        findings: Sequence[Finding] = (),
        about: Mapping[str, str] = NOTHING_SAID,
    ) -> Why:
        """The codes that a reviewer ticks, with the details of the finding of each code.

        `about` maps a code to the kind of document that the reviewer means; findings about other
        documents are then left out.
        """
        fitting = [
            finding
            for finding in findings
            if about.get(finding.code, finding.field) == finding.field
        ]
        reasons = _with_findings(codes, fitting)
        return cls(
            [
                reason | {"field": about[reason["code"]]} if reason["code"] in about else reason
                for reason in reasons
            ],
            note,
        )

    @classmethod
    def from_verdict(cls, verdict: Verdict, findings: Sequence[Finding]) -> Why:
        """The codes of a verdict, with the details of the finding of each code."""
        return cls(_with_findings(verdict.reasons, findings), policy_version=verdict.policy_version)


def _with_findings(codes: Iterable[str], findings: Sequence[Finding]) -> list[dict[str, Any]]:
    by_code = {finding.code: finding.as_reason() for finding in reversed(findings)}
    return [by_code.get(code, {"code": code}) for code in codes]


NO_REASON = Why()


def findings_of(case_id: UUID) -> list[Finding]:
    """The findings of the latest attempt, from the last round of each check."""
    latest: Attempt | None = Attempt.objects.filter(case_id=case_id).order_by("-number").first()
    runs = {run.code: run for run in latest.check_runs.order_by("round")} if latest else {}
    return [finding for run in runs.values() for finding in run.as_findings()]


def put_on_record(
    case: Case,
    verb: str,
    why: Why,
    actor: Actor,
    now: datetime,
    *,
    seconds: float | None = None,
    waited: float | None = None,
    suspended: bool = False,
) -> None:
    """Write the decision and queue the mail that tells the employer.

    `seconds` is how long the reviewer worked on the case; `waited` is how many working hours the
    case was in the reviewers' queue; `suspended` tells that the employer's other approval is
    suspended too.
    """
    case.decided_at = now if verb not in ("hold_for_review", "reopen") else None
    Decision.objects.create(
        case=case,
        attempt_number=case.attempt_number,
        verb=verb,
        reasons=list(why.reasons),
        note=why.note,
        decided_by_id=actor.id if actor.role is Role.REVIEWER else None,
        policy_version=why.policy_version,
        rules_version=required_documents.CURRENT.version,
        decided_at=now,
        seconds=seconds,
        waited=waited,
    )
    reasons = [wording.told_reason(reason) for reason in why.reasons]
    told = {
        "verb": verb,
        "reasons": reasons,
        "note": why.note,
        "path": reverse("verification:home"),
    }
    tell_employer(case, f"case_{verb}", told | ({"suspended": True} if suspended else {}), now)
