"""The progress of a case: its steps, its checks, what comes next, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from employers.models import Member
from events.core.reasons import REASONS
from events.models import Event
from verification.cases import wording
from verification.checks import CHECKS
from verification.models import Appeal, Attempt, Case, CheckRun
from verification.pages import requirement_facts
from verification.pages.requirement_rows import Next, Word, item_rows, next_step
from verification.rules import policy, states
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from verification.rules.turn import Turn

TIMELINE_AT_MOST: Final = 60
IN_THE_TIMELINE: Final = ("case", "document", "proof", "clientauthorisation")
WAITED_FOR: Final = frozenset(code for code in REASONS if code != "check_delayed")
"""Reasons that an attempt waits for only for a limited time. A service that is down is waited for
until it is back.
"""


@dataclass(frozen=True)
class Step:
    """One of the four steps at the top of the page; `state` is done, now or next."""

    name: Promise
    state: str


@dataclass(frozen=True)
class CheckLine:
    """A check as a line: done, now or next; its findings, and whether any of them is a problem."""

    code: str
    name: Promise | str
    state: str
    findings: Sequence[Finding] = ()
    seconds: float = 0.0

    @property
    def troubled(self) -> bool:
        return any(finding.severity > Severity.NOTE for finding in self.findings)


_STEP_NAMES = (_("Company"), _("Documents"), _("Checks"), _("Decision"))
_CHECKS_AT = 2
_STEP_AT = {
    State.DRAFT: 1,
    State.CHANGES_REQUESTED: 1,
    State.SUBMITTED: _CHECKS_AT,
    State.CHECKING: _CHECKS_AT,
    State.IN_REVIEW: 3,
}


def progress_steps(state: str, turn: Turn) -> list[Step]:
    """Return the four steps of a case in `state`.

    A decided case has done them all. A withdrawn case has none: it went no further.
    """
    if state == State.WITHDRAWN:
        return []
    at = _STEP_AT.get(State(state), len(_STEP_NAMES))
    if at == _CHECKS_AT and turn is Turn.EMPLOYER:
        at = _STEP_AT[State.CHANGES_REQUESTED]
    return [
        Step(name, "done" if i < at else "now" if i == at else "next")
        for i, name in enumerate(_STEP_NAMES)
    ]


def check_lines(
    attempt: Attempt | None, runs: Sequence[CheckRun], now: datetime
) -> list[CheckLine]:
    """Return all checks in the order they run, each with the findings of its last round."""
    done = {run.code: run for run in runs}
    at_work = (
        attempt is not None
        and attempt.finished_at is None
        and attempt.leased_until is not None
        and attempt.leased_until > now
    )
    lines = []
    for check in CHECKS:
        name = wording.CHECKS[check.code].employer
        if run := done.get(check.code):
            lines.append(
                CheckLine(
                    check.code,
                    name,
                    "done",
                    _without_repetition(
                        [wording.finding_for_employer(f) for f in run.as_findings()]
                    ),
                    run.seconds,
                )
            )
        else:
            lines.append(CheckLine(check.code, name, "now" if at_work else "next"))
            at_work = False
    return lines


def _without_repetition(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, each of those that read the same once.

    What a thief could learn from is left out of the words, so several findings may read the same.
    """
    shown: dict[Any, Finding] = {}
    for finding in findings:
        words = wording.FOUND.get(finding.code)
        read = str(words.employer) if words else finding.code
        shown.setdefault((read, finding.field, finding.seen, finding.expected), finding)
    return list(shown.values())


def progress_context(case: Case, now: datetime, turn: Turn | None = None) -> dict[str, Any]:
    """Return the progress: each check, what is waited for, and how long that usually takes.

    `turn` is who acts next, if the caller knows it.
    """
    attempt = case.attempts.order_by("-number").first()
    in_progress = case.state in states.IN_PROGRESS
    if turn is None and in_progress:
        turn = requirement_facts.turn_in_progress(case, attempt, now)
    runs = list(attempt.check_runs.all()) if attempt else []
    lines = check_lines(attempt, runs, now)
    waiting_for = attempt.waiting_for if attempt else ""
    return {
        "case": case,
        "waits_until": policy.waits_until(attempt.waits, attempt.due_at, policy.CURRENT)
        if attempt and waiting_for in WAITED_FOR
        else None,
        "attempt": attempt,
        "checks": lines,
        "done_count": sum(line.state == "done" for line in lines),
        "in_progress": in_progress,
        "turn": turn,
        # What the browser already shows, so that unchanged progress is not sent again.
        "have": "-".join(
            [
                turn or "",
                f"v{case.version}",
                *(f"{line.code}.{line.state}" for line in lines),
                waiting_for,
            ]
        ),
    }


def next_step_meanwhile(member: Member, case: Case, now: datetime) -> Next | None:
    """Return what the employer can do while its case is in progress."""
    return next_step(
        item_rows(requirement_facts.requirements_of(case, member, now), case.state, {})
    )


@dataclass(frozen=True)
class ToCome:
    """What comes next, and how long it takes: `whose` names the times to show (`machine`,
    `reviewers` or `appeals`), or `until` gives the deadline.
    """

    words: Word
    whose: str = ""
    until: datetime | None = None


def to_come(
    case: Case, turn: Turn, until: datetime | None, own_words: Appeal | None
) -> ToCome | None:
    """Return the row above the timeline; None if nothing comes next automatically."""
    if case.state in states.EDITABLE:
        return ToCome(_("Next: submit your documents. Then the checks:"), "machine")
    if case.state in states.IN_PROGRESS:
        if turn is Turn.EMPLOYER:
            return ToCome(_("Next: provide what the checks are waiting for."), until=until)
        if turn is Turn.BANK:
            return ToCome(_("Next: the bank sends or confirms the transfer."), until=until)
        return (
            ToCome(_("Next: we ask again for the missing result."), until=until)
            if until
            else ToCome(_("Next: the checks."), "machine")
        )
    if own_words is not None:
        return ToCome(_("Next: a reviewer answers you."), "appeals")
    return (
        ToCome(_("Next: a reviewer decides."), "reviewers")
        if case.state in states.REVIEWABLE
        else None
    )


def timeline_events(case: Case) -> list[Event]:
    """Return the events of the case, its documents and its proofs, latest first."""
    events = Event.objects.filter(
        employer_id=case.employer_id, verb__in=wording.HAPPENED, subject_type__in=IN_THE_TIMELINE
    )
    return [
        event for event in events.order_by("-id")[: 4 * TIMELINE_AT_MOST] if _is_of(event, case)
    ][:TIMELINE_AT_MOST]


def _is_of(event: Event, case: Case) -> bool:
    return event.subject_type == "proof" or str(case.pk) in (
        event.subject_id,
        event.data.get("case"),
        event.data.get("because_of"),
    )
