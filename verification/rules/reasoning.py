"""Explains a verdict rule by rule.

The rules of `policy.decide_case`, each with whether it applied and what it saw. The first that
applied decides. Pure; a test compares it with `decide_case` over arbitrary findings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from events.core.reasons import Text
from verification.rules.facts import Strength
from verification.rules.findings import Finding, Outcome, Severity
from verification.rules.policy import AUTHORITY_PROVEN, UNLISTED, Rules


@dataclass(frozen=True)
class Step:
    """One rule: its question, whether it applied, what it saw, and the outcome if it applies."""

    asks: Text
    applied: bool
    saw: tuple[str, ...]
    leads_to: Outcome


def reasoning_steps(
    findings: Sequence[Finding], reported: Collection[str], rules: Rules, *, waits: int
) -> list[Step]:
    """The rules in order, up to the first that applied, which decides."""
    asked: list[Step] = []
    for step in _all(findings, reported, rules, waits):
        asked.append(step)
        if step.applied:
            break
    return asked


def _all(
    findings: Sequence[Finding], reported: Collection[str], rules: Rules, waits: int
) -> list[Step]:
    automatic = _codes(
        f for f in findings if f.severity is Severity.BLOCK and f.code in rules.automatic_rejections
    )
    doubts = _codes(f for f in findings if f.severity >= Severity.UNABLE)
    missing = tuple(sorted(rules.required_checks - set(reported)))
    pending = _codes(f for f in findings if f.severity is Severity.WAIT)
    strong = _codes(
        f
        for f in findings
        if f.code == AUTHORITY_PROVEN
        and f.severity is Severity.PASS
        and f.expected == Strength.STRONG
    )
    on_condition = bool(rules.conditional_for) and set(pending) == {UNLISTED} and bool(strong)
    days = rules.conditional_for.days
    return [
        Step(_REFUSES, bool(automatic), automatic, Outcome.REJECT),
        Step(_DOUBTS, bool(doubts), doubts, Outcome.REVIEW),
        Step(_LACKS, bool(missing), missing, Outcome.REVIEW),
        Step(
            _conditional(days),
            on_condition,
            (*pending, *strong) if on_condition else pending,
            Outcome.APPROVE,
        ),
        Step(
            _may_wait(waits, len(rules.retry_after)),
            bool(pending) and waits < len(rules.retry_after),
            pending,
            Outcome.WAIT,
        ),
        Step(_WAITED, bool(pending), pending, Outcome.REVIEW),
        Step(_NOTHING, True, (), Outcome.APPROVE),
    ]


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.code for finding in findings))


_REFUSES = Text(
    "登记信息中有可自动拒绝的理由吗？", "Does the register give a reason for automatic rejection?"
)
_DOUBTS = Text(
    "有检查发现疑点或无法判断吗？", "Did a check raise a concern or fail to reach a result?"
)
_LACKS = Text("有必需的检查没有结果吗？", "Is the result of a required check missing?")
_WAITED = Text("等待次数用完了吗？", "Have all waits been used?")
_NOTHING = Text("没有任何疑点", "Nothing counts against it")


def _conditional(days: int) -> Text:
    if not days:
        return Text(
            "可以附条件通过吗？（这一版规则没有）",
            "Can it be approved on condition? (not in this version)",
        )
    return Text(
        f"只差登记信息公示，且授权有强证明吗？（附条件通过 {days} 天）",
        "Is only the register's entry missing, with strong proof of authority? (approved on"
        f" condition for {days} days)",
    )


def _may_wait(waits: int, most: int) -> Text:
    return Text(
        f"有待确认的事项，且还可以继续等吗？（已等 {waits} 次，最多 {most} 次）",
        f"Is it waiting for something, and may it wait longer? ({waits} of {most} waits used)",
    )
