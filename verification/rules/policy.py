"""What follows from the findings?

A pure function of findings and rules; the rules are data with a version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verification.rules.facts import Strength
from verification.rules.findings import Finding, Outcome, Severity, Verdict

AUTHORITY_PROVEN = "authority_proven"
"""What the authority check finds where the recruiter may act for the company; `expected` holds the
proof's strength.
"""

UNLISTED = "registry_pending"
"""The register does not list a company that may be too young for it: alone it opens nothing, with a
strong proof a little.
"""


@dataclass(frozen=True)
class Rules:
    """One version of the policy.

    Stored decisions name `version`; change anything and it gets a new one.
    """

    version: str
    required_checks: frozenset[str]
    """Without a report of each of these a person decides."""
    automatic_rejections: frozenset[str]
    """The only reasons for which the machine may refuse.

    Each rests on the company register, never on a picture.
    """
    valid_for: timedelta
    """How long an approval is in force; 人社厅发〔2025〕60号 asks for re-verification at least
    every 6 months.
    """
    retry_after: tuple[timedelta, ...]
    """Waits between looking again at what time may settle, such as a register that does not list a
    young company yet, or an employer that has not shown its authority; after the last a person
    decides.
    """
    conditional_for: timedelta = timedelta(days=14)
    """How long an approval before the register lists the company lasts, unless the register
    confirms it; zero: there is none.
    """


CURRENT = Rules(
    version="2026-11.2",
    required_checks=frozenset(
        {
            "scan",
            "reading",
            "registry",
            "duplicates",
            "exclusion",
            "forgery",
            "agency_licence",
            "authority",
        }
    ),
    automatic_rejections=frozenset(
        {"registry_revoked", "registry_deregistered", "registry_cancelled"}
    ),
    valid_for=timedelta(days=180),
    retry_after=(timedelta(hours=1), timedelta(hours=6), *[timedelta(days=1)] * 13),
)

EARLIER = replace(
    CURRENT,
    version="2026-11.1",
    required_checks=frozenset({"scan", "reading", "registry", "duplicates", "authority"}),
    conditional_for=timedelta(0),
)
"""What decided before, so that its decisions can still be explained."""

SHADOW = replace(CURRENT, version="2026-12.1", retry_after=CURRENT.retry_after[:7])
"""What may come next: a person after five days, no longer a fortnight, where a register does not
list a company.

Decides nothing; beside the live one it runs where the deployment says so (`ZIZHI_SHADOW_POLICY`).
"""

POLICIES = {rules.version: rules for rules in (EARLIER, CURRENT, SHADOW)}
"""By version: what can decide, run beside, or be replayed over what is stored."""


def waits_until(waits: int, due_at: datetime, rules: Rules) -> datetime:
    """When an attempt that has waited `waits` times, and is looked at again at `due_at`, waits no
    longer: then a person decides.
    """
    return due_at + sum(rules.retry_after[waits:], timedelta())


def decide_case(
    findings: Iterable[Finding],
    reported: Collection[str],
    rules: Rules,
    *,
    waits: int,
    now: datetime,
) -> Verdict:
    """The verdict on one attempt: the strictest finding wins.

    `reported` are the codes of the checks that finished; `waits` counts how often this attempt has
    waited.
    """
    findings = sorted(findings, key=lambda finding: -finding.severity)
    blocks = [f.code for f in findings if f.severity is Severity.BLOCK]
    if automatic := [code for code in blocks if code in rules.automatic_rejections]:
        return Verdict(Outcome.REJECT, _once(automatic), rules.version)
    doubts = [f.code for f in findings if f.severity >= Severity.UNABLE]
    if rules.required_checks - set(reported):
        doubts.append("check_incomplete")
    pending = [f.code for f in findings if f.severity is Severity.WAIT]
    if doubts:
        return Verdict(Outcome.REVIEW, _once(doubts + pending), rules.version)
    if rules.conditional_for and set(pending) == {UNLISTED} and _proven_strongly(findings):
        return Verdict(Outcome.APPROVE, _once(pending), rules.version, conditional=True)
    if pending and waits < len(rules.retry_after):
        return Verdict(Outcome.WAIT, _once(pending), rules.version, now + rules.retry_after[waits])
    if pending:
        return Verdict(Outcome.REVIEW, _once(pending), rules.version)
    return Verdict(Outcome.APPROVE, (), rules.version)


def _proven_strongly(findings: Iterable[Finding]) -> bool:
    """Whether the recruiter's authority stands by a bank or by the electronic licence: neither
    rests on a printed date.
    """
    return any(
        f.code == AUTHORITY_PROVEN and f.severity is Severity.PASS and f.expected == Strength.STRONG
        for f in findings
    )


def _once(codes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
