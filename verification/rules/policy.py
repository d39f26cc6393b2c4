"""The policy: derives a verdict from findings.

A pure function of findings and rules. The rules are versioned data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from verification.rules.facts import Strength
from verification.rules.findings import Finding, Outcome, Severity, Verdict

AUTHORITY_PROVEN = "authority_proven"
"""The authority check's finding if the recruiter may act for the company. `expected` holds the
proof's strength.
"""

UNLISTED = "registry_pending"
"""The register does not list a company that may be too young to be listed. Alone, this opens no
rights; with a strong proof of authority, it allows a conditional approval.
"""


@dataclass(frozen=True)
class Rules:
    """One version of the policy.

    Stored decisions name `version`, so every change needs a new one.
    """

    version: str
    required_checks: frozenset[str]
    """If any of these has not reported, a person decides."""
    automatic_rejections: frozenset[str]
    """The only reasons for automatic rejection.

    Each comes from the company register, never from a picture.
    """
    valid_for: timedelta
    """How long an approval is in force. 人社厅发〔2025〕60号 requires re-verification at least
    every 6 months.
    """
    retry_after: tuple[timedelta, ...]
    """Waits between repeated checks of what may resolve with time, such as a register that does not
    list a young company yet, or a missing proof of authority. After the last, a person decides.
    """
    conditional_for: timedelta = timedelta(days=14)
    """How long a conditional approval lasts unless the register confirms the company. Zero means
    that there are none.
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
"""The previous version, kept to explain its decisions."""

SHADOW = replace(CURRENT, version="2026-12.1", retry_after=CURRENT.retry_after[:7])
"""A candidate for the next version: if the register does not list a company, a person decides after
five days instead of a fortnight.

It decides nothing. It runs beside the live policy if the deployment enables it
(`ZIZHI_SHADOW_POLICY`).
"""

POLICIES = {rules.version: rules for rules in (EARLIER, CURRENT, SHADOW)}
"""By version: the policies that can decide, run in shadow, or be replayed over stored findings."""


def waits_until(waits: int, due_at: datetime, rules: Rules) -> datetime:
    """When an attempt that has waited `waits` times and is due at `due_at` stops waiting, so that a
    person decides.
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
    """Return the verdict on one attempt: the strictest finding wins.

    `reported` are the codes of the checks that finished. `waits` counts how often this attempt has
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
    """Whether a bank or the electronic licence proves the recruiter's authority. Neither relies on
    a printed date.
    """
    return any(
        f.code == AUTHORITY_PROVEN and f.severity is Severity.PASS and f.expected == Strength.STRONG
        for f in findings
    )


def _once(codes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
