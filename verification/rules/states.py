"""Where can a case stand, who moves it, and where to?

One table, from which model, guards, diagram and tests are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from events.core.actor import Role


class State(StrEnum):
    """The states of a case. Stored; never renamed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKING = "checking"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


EDITABLE: Final = frozenset({State.DRAFT, State.CHANGES_REQUESTED})
"""The employer may change what it declared and uploaded."""

OPEN: Final = frozenset(
    {State.DRAFT, State.SUBMITTED, State.CHECKING, State.IN_REVIEW, State.CHANGES_REQUESTED}
)
"""Not decided yet. An employer has at most one such case."""

IN_PROGRESS: Final = frozenset({State.SUBMITTED, State.CHECKING})
"""The machine is at work on it."""

REVIEWABLE: Final = frozenset({State.IN_REVIEW})
"""Waits for a reviewer."""

EVER_APPROVED: Final = frozenset({State.APPROVED, State.SUSPENDED, State.EXPIRED, State.REVOKED})
"""Was approved once; whether rights are in force now is asked of `Case.holds_rights`."""

STOPPED: Final = frozenset({State.SUSPENDED, State.REVOKED})
"""Rights were taken away.

No other case of the employer gives them back by itself; its employer can appeal.
"""

FINAL: Final = frozenset({State.EXPIRED, State.WITHDRAWN})
"""No transition leads out; the employer may open a new case."""

EMPLOYER: Final = frozenset({Role.OWNER, Role.RECRUITER})
REVIEWER: Final = frozenset({Role.REVIEWER})
SYSTEM: Final = frozenset({Role.SYSTEM})


@dataclass(frozen=True)
class Transition:
    """`roles` may move a case by `verb` from one of `sources` to `target`; a verb can lead from
    different states to different ones.
    """

    verb: str
    roles: frozenset[Role]
    sources: frozenset[State]
    target: State


def _staying(verb: str, roles: frozenset[Role], states: frozenset[State]) -> list[Transition]:
    """What is said and answered while a case stays where it is."""
    return [
        Transition(verb, roles, frozenset({state}), state)
        for state in sorted(states, key=list(State).index)
    ]


TRANSITIONS: Final = (
    Transition("submit", EMPLOYER, EDITABLE, State.SUBMITTED),
    Transition("withdraw", EMPLOYER, EDITABLE | IN_PROGRESS, State.WITHDRAWN),
    Transition("start_checks", SYSTEM, frozenset({State.SUBMITTED}), State.CHECKING),
    Transition("approve", SYSTEM, frozenset({State.CHECKING}), State.APPROVED),
    Transition("approve", REVIEWER, REVIEWABLE, State.APPROVED),
    Transition("hold_for_review", SYSTEM, frozenset({State.CHECKING}), State.IN_REVIEW),
    Transition("reject", SYSTEM, frozenset({State.CHECKING}), State.REJECTED),
    Transition("reject", REVIEWER, REVIEWABLE, State.REJECTED),
    Transition("request_changes", REVIEWER, REVIEWABLE, State.CHANGES_REQUESTED),
    Transition(
        "reopen", REVIEWER, frozenset({State.REJECTED, State.CHANGES_REQUESTED}), State.IN_REVIEW
    ),
    Transition("appeal", EMPLOYER, frozenset({State.REJECTED}), State.IN_REVIEW),
    *_staying("appeal", EMPLOYER, STOPPED),
    Transition("ask_person", EMPLOYER, EDITABLE, State.IN_REVIEW),
    Transition("suspend", SYSTEM | REVIEWER, frozenset({State.APPROVED}), State.SUSPENDED),
    Transition("reinstate", REVIEWER, STOPPED, State.APPROVED),
    *_staying("uphold", REVIEWER, STOPPED),
    Transition("revoke", REVIEWER, frozenset({State.SUSPENDED}), State.REVOKED),
    Transition("expire", SYSTEM, frozenset({State.APPROVED}), State.EXPIRED),
)

VERBS: Final = tuple(dict.fromkeys(transition.verb for transition in TRANSITIONS))


def sources(verb: str) -> frozenset[State]:
    """All states that `verb` leads out of, whoever acts."""
    return frozenset().union(*(t.sources for t in TRANSITIONS if t.verb == verb))


def target(verb: str, state: State) -> State:
    """The one state that `verb` leads to from `state`, whoever acts."""
    (to,) = {t.target for t in TRANSITIONS if t.verb == verb and state in t.sources}
    return to


def allows(verb: str, role: Role, state: State) -> bool:
    """Whether the table lets `role` use `verb` in `state`."""
    return any(t.verb == verb and role in t.roles and state in t.sources for t in TRANSITIONS)


def roles(verb: str) -> frozenset[Role]:
    """Who can use `verb` at all."""
    return frozenset().union(*(t.roles for t in TRANSITIONS if t.verb == verb))


def mermaid() -> str:
    """The table as a Mermaid state diagram, for `docs/how-it-works/states.md`."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DRAFT}"]
    for transition in TRANSITIONS:
        who = "/".join(sorted(transition.roles))
        for source in sorted(transition.sources, key=list(State).index):
            lines.append(f"    {source} --> {transition.target}: {transition.verb} ({who})")
    lines += [f"    {state} --> [*]" for state in State if state in FINAL]
    return "\n".join(lines)
