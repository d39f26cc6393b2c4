"""Explains a case's decisions in lines of text, from stored data only.

It serves people who must account for an automated decision (个人信息保护法 24). Names of people and
addresses are masked, and of documents only the checks' observations are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from events.core.reasons import REASONS, Text
from events.models import Event
from verification.decision.replay import last_round, runs_of
from verification.models import Attempt, Case, CheckRun, Decision
from verification.rules import reasoning
from verification.rules.findings import Finding, Observation, Severity
from verification.rules.policy import POLICIES

MARKS: Final = {
    Severity.PASS: "✓",
    Severity.NOTE: "·",
    Severity.WAIT: "…",
    Severity.UNABLE: "?",
    Severity.CONCERN: "✗",
    Severity.BLOCK: "■",
}
PERSONAL: Final = frozenset(
    {
        "legal_representative",
        "recruiter",
        "person",
        "email",
        "address",
        "phone",
        "id_last4",
        "account",
        "holder",
        "member",
        "colleague",
    }
)
"""Keys and fields with personal values, which are masked wherever they occur."""
_CUT: Final = 48
_MOST: Final = 14

_WORDS: Final = {
    "case": Text("申请", "Case"),
    "state": Text("状态", "State"),
    "until": Text("有效至", "valid until"),
    "conditional": Text("附条件", "on condition"),
    "by": Text("提交人", "Submitted by"),
    "attempt": Text("第 {} 次提交", "Submission {}"),
    "round": Text("第 {} 轮", "round {}"),
    "of_round": Text(
        "（第 {} 轮，材料未变，沿用）", " (from round {}: the documents have not changed)"
    ),
    "saw": Text("检查所见", "observed"),
    "rules": Text("规则 {}，逐条", "Policy {}, rule by rule"),
    "old_rules": Text("规则 {}（内容已不再保存）", "Policy {} (its rules are no longer stored)"),
    "no": Text("否", "no"),
    "yes": Text("是", "yes"),
    "beside": Text("影子规则 {} 的结论", "The shadow policy {} would have said"),
    "pack": Text("要求 {}", "requirements {}"),
    "decided": Text("决定", "Decided"),
    "machine": Text("系统", "the system"),
    "reviewer": Text("审核员", "a reviewer"),
    "waits": Text("等待", "waits for"),
    "deaths": Text("处理中断 {} 次，已恢复", "Worker crashes: {}"),
    "undecided": Text("还没有结论", "No verdict yet"),
    "database": Text(
        "另一家企业同时以同一代码通过核验，转人工审核",
        "Another employer with this code was approved at the same moment, so a reviewer decides",
    ),
    "events": Text("经过", "What happened"),
}


class Story:
    """The explanation of one case, in one language and time zone."""

    def __init__(self, case: Case, language: str, zone: ZoneInfo) -> None:
        self.case, self.language, self.zone = case, language, zone

    def lines(self) -> Iterator[str]:
        yield from self._head()
        decisions = list(self.case.decisions.order_by("id"))
        attempts = self.case.attempts.order_by("number").prefetch_related(
            "check_runs", "shadow_verdicts"
        )
        for attempt in attempts:
            yield ""
            yield from self._attempt(
                attempt, [d for d in decisions if d.attempt_number == attempt.number]
            )
        yield ""
        yield self._word("events")
        for event in Event.objects.about(self.case):
            yield from self._event(event)

    # --- The case and its attempts ----------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        case = self.case
        yield (
            f"{self._word('case')} {case.pk}  {case.declared_name}  {case.declared_uscc} "
            f" {case.account_class}"
        )
        until = f"  {self._word('until')} {self._at(case.expires_at)}" if case.expires_at else ""
        condition = f"  ({self._word('conditional')})" if case.conditional else ""
        yield f"{self._word('state')} {case.state}{until}{condition}"
        if case.submitted_by is not None:
            yield f"{self._word('by')} {case.submitted_by.contact_masked}"

    def _attempt(self, attempt: Attempt, decisions: list[Decision]) -> Iterator[str]:
        yield (
            f"── {self._word('attempt').format(attempt.number)} "
            f" {self._at(attempt.submitted_at)}{self._pack(attempt.rules_version)}"
        )
        if attempt.deaths:
            yield f"   {self._word('deaths').format(attempt.deaths)}"
        decided = next((d.policy_version for d in decisions if d.decided_by_id is None), "")
        for round_ in range(attempt.waits + 1):
            yield from self._round(attempt, round_, decided or self._policy_of_waits(attempt))
        for decision in decisions:
            yield from self._decision(decision)

    def _policy_of_waits(self, attempt: Attempt) -> str:
        waited = (
            Event.objects.about(self.case).filter(verb="wait", data__attempt=attempt.number).last()
        )
        return waited.policy_version if waited else ""

    def _round(self, attempt: Attempt, round_: int, version: str) -> Iterator[str]:
        runs = runs_of(attempt, round_)
        if not runs:
            return
        yield f"   {self._word('round').format(round_)}"
        begun = any(run.round == round_ for run in runs)
        for run in runs if begun else ():
            yield from self._run(run, round_)
        if round_ > last_round(attempt):  # still running, or stopped before a verdict
            yield f"   {self._word('undecided')}" + (
                f"; {self._word('waits')} {attempt.waiting_for}" if attempt.waiting_for else ""
            )
            return
        yield from self._rules(runs, version, round_)
        for verdict in attempt.shadow_verdicts.all():
            if verdict.round == round_:
                why = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
                yield (
                    f"   {self._word('beside').format(verdict.policy_version)}:"
                    f" {verdict.outcome}{why}"
                )

    def _run(self, run: CheckRun, round_: int) -> Iterator[str]:
        reused = self._word("of_round").format(run.round) if run.round != round_ else ""
        yield (
            f"     {run.code} v{run.version}  {self._at(run.finished_at)}  {run.seconds:.2f}"
            f" s{reused}"
        )
        if reused:
            return
        for finding in sorted(run.as_findings(), key=lambda finding: -finding.severity):
            yield f"       {MARKS[finding.severity]} {self._finding(finding)}"
        saw = in_short(run.observation)
        if saw:
            yield f"       {self._word('saw')}: {'; '.join(saw)}"

    def _finding(self, finding: Finding) -> str:
        field = f" [{finding.field}]" if finding.field else ""
        seen, expected = (
            _shown(finding.field, value) for value in (finding.seen, finding.expected)
        )
        compared = f": {seen}" if seen else ""
        compared += f" ≠ {expected}" if expected and finding.severity > Severity.NOTE else ""
        return f"{self._code(finding.code)}{field}{compared}"

    def _rules(self, runs: list[CheckRun], version: str, round_: int) -> Iterator[str]:
        rules = POLICIES.get(version)
        if rules is None:
            yield f"   {self._word('old_rules').format(version or '—')}"
            return
        yield f"   {self._word('rules').format(version)}"
        findings = [finding for run in runs for finding in run.as_findings()]
        for number, step in enumerate(
            reasoning.reasoning_steps(findings, {run.code for run in runs}, rules, waits=round_),
            start=1,
        ):
            answer = f"{self._word('yes')} → {step.leads_to}" if step.applied else self._word("no")
            saw = f"  ({', '.join(step.saw)})" if step.saw else ""
            yield f"     {number}. {step.asks.in_(self.language)} {answer}{saw}"

    # --- Decisions and events ---------------------------------------------------------------------

    def _decision(self, decision: Decision) -> Iterator[str]:
        by = (
            f"{self._word('machine')}, {decision.policy_version}"
            if decision.decided_by_id is None
            else self._word("reviewer")
        )
        yield (
            f"   {self._word('decided')}: {decision.verb}  {self._at(decision.decided_at)} "
            f" ({by}){self._pack(decision.rules_version)}"
        )
        for reason in decision.reasons:
            seen, expected = (
                _shown(reason.get("field", ""), reason.get(side, ""))
                for side in ("seen", "expected")
            )
            yield (
                f"     {self._code(reason['code'])}"
                + (f": {seen}" if seen else "")
                + (f" ≠ {expected}" if expected else "")
            )
        if decision.verb == "hold_for_review" and any(
            r["code"] == "duplicate_same_uscc_active" and r.get("check") is None
            for r in decision.reasons
        ):
            yield f"     {self._word('database')}"

    def _event(self, event: Event) -> Iterator[str]:
        moved = f"  {event.from_state} → {event.to_state}" if event.to_state else ""
        why = f"  {', '.join(event.reasons)}" if event.reasons else ""
        version = f"  [{event.policy_version}]" if event.policy_version else ""
        yield f"   {self._at(event.at)}  {event.verb}{moved}  ({event.role}){why}{version}"

    # --- Wording ----------------------------------------------------------------------------------

    def _word(self, name: str) -> str:
        return _WORDS[name].in_(self.language)

    def _pack(self, version: str) -> str:
        """Return the version of the requirements; empty for older rows, which did not store it."""
        return f"  {self._word('pack').format(version)}" if version else ""

    def _at(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}" if moment else "—"

    def _code(self, code: str) -> str:
        reason = REASONS.get(code)
        return f"{code} {reason.says.in_(self.language)}" if reason else code


# --- Observations, in short -----------------------------------------------------------------------


def in_short(observation: Observation) -> list[str]:
    """Return an observation in a few short words, with people's values masked and lists counted."""
    told = list(_told("", observation))
    return [*told[:_MOST], f"… +{len(told) - _MOST}"] if len(told) > _MOST else told


def _told(prefix: str, value: Any) -> Iterator[str]:
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping):
            plain = {k: v for k, v in inner.items() if isinstance(v, str | int | bool) or v is None}
            if prefix or len(plain) < len(inner):
                yield f"{name}: {len(inner)}"
            if not prefix:
                yield from _told(f"{name}.", plain)
        elif isinstance(inner, list | tuple):
            yield f"{name}: {_list(key, inner)}"
        elif inner not in (None, ""):
            yield f"{name}={_shown(key, inner) if isinstance(inner, str) else inner}"


def _list(key: str, values: Iterable[Any]) -> str:
    values = list(values)
    if len(values) <= 3 and all(isinstance(value, str) and len(value) <= _CUT for value in values):
        return "[" + ", ".join(_shown(key, value) for value in values) + "]"
    return str(len(values))


def _shown(field: str, value: str) -> str:
    text = mask_value(value) if field in PERSONAL else value
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"


def mask_value(value: str) -> str:
    """Mask a person's name, address or number: keep its first character, and the domain of an
    email.
    """
    name, at, domain = value.partition("@")
    return f"{name[:1]}***{at}{domain}" if value else ""
