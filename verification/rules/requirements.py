"""The requirements: what is due from the employer, when, and which right it unlocks.

The rules are versioned data. The web page, the API and mails use the same result: each requirement
with its state, its reasons, the ways to meet it, and what it unlocks. Only failed requirements
become due again: an accepted one stays accepted until it is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from verification.rules import states
from verification.rules.facts import Facts, RequirementState, Why
from verification.rules.required_documents import (
    AUTHORITY,
    CLIENTS,
    EVERYBODY,
    LICENCE,
    MAIL,
    REGISTRATION,
    REVERIFICATION,
    SUBMISSION,
    TAKES,
    Item,
    Pack,
    Unlocks,
    paper_of,
)
from verification.rules.requirement_state import (
    AT_WORK,
    CLOSED,
    last_changed,
    papers_end,
    papers_of,
    proofs_end,
    reasons_by_item,
    state_by_deadline,
    state_of,
    state_of_letters,
    state_when_stopped,
    waited_until,
    why_missing,
)
from verification.rules.requirement_ways import Way, ways_of
from verification.rules.states import State


@dataclass(frozen=True)
class Requirement:
    """One requirement of an employer. Any one of its `ways` meets it."""

    code: str
    state: RequirementState
    unlocks: Unlocks
    ways: tuple[Way, ...]
    reasons: tuple[Why, ...] = ()
    deadline: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the employer has to do something."""
        return self.state in (RequirementState.CURRENTLY_DUE, RequirementState.PAST_DUE)

    @property
    def only_begun(self) -> bool:
        """Whether it rests on a proof of authority that is under way and not complete."""
        under_way = [way for way in self.ways if way.state is RequirementState.PENDING_VERIFICATION]
        return (
            self.code == AUTHORITY
            and self.state is not RequirementState.SATISFIED
            and bool(under_way)
            and all(way.expires_at is not None for way in under_way)
        )


def due_requirements(facts: Facts, pack: Pack, now: datetime) -> list[Requirement]:
    """Return all requirements, in the order in which they are met, each with its state at `now`."""
    paper = paper_of(facts.account_class, facts.uscc, pack)
    spoken = reasons_by_item(facts, paper, pack)
    asked = {*pack.by_class.get(facts.account_class, EVERYBODY), paper, SUBMISSION, *spoken}
    if paper == LICENCE:
        asked.add(REGISTRATION)
    if facts.state in (State.APPROVED, State.EXPIRED) and not (
        facts.conditional and facts.in_force(now)
    ):
        asked.add(REVERIFICATION)
    return [
        _requirement(pack.items[code], facts, spoken.get(code, ()), paper, pack, now)
        for code in pack.items
        if code in asked
    ]


def next_of(requirements: Sequence[Requirement]) -> Requirement | None:
    """Return the employer's next requirement: the first open one that it can do something about
    here.
    """
    waiting = [requirement for requirement in requirements if requirement.open]
    return next(
        (requirement for requirement in waiting if requirement.ways),
        waiting[0] if waiting else None,
    )


def _requirement(
    item: Item, facts: Facts, whys: tuple[Why, ...], paper: str, pack: Pack, now: datetime
) -> Requirement:
    if item.code == SUBMISSION:
        return _submission(item, facts, whys, now)
    if item.code == REVERIFICATION:
        return _reverification(item, facts, pack, now)
    touched = last_changed(item, facts, paper)
    state = state_of(item, facts, whys, touched, now)
    deadline = (
        papers_end(item, facts, paper, now)
        if facts.in_force(now)
        else facts.renew_by
        if facts.state in states.OPEN
        else None
    )
    if item.code == MAIL and facts.state not in CLOSED:
        state = (
            RequirementState.SATISFIED if facts.email_verified else RequirementState.CURRENTLY_DUE
        )
    if item.code == REGISTRATION and facts.in_force(now) and facts.conditional:
        state, whys, deadline = (
            RequirementState.PENDING_VERIFICATION,
            (Why("registry_pending"),),
            facts.expires_at,
        )
    if item.code == CLIENTS and facts.in_force(now):
        state, whys = state_of_letters(facts.letters)
        deadline = facts.clients_end
        if (
            deadline
            and deadline - now <= pack.renew_before
            and state is not RequirementState.PENDING_VERIFICATION
        ):
            state, whys = (
                RequirementState.CURRENTLY_DUE,
                (*whys, Why("agency_client_ends_soon", "valid_until")),
            )
    if item.code == AUTHORITY:
        deadline = (
            waited_until(item, facts, state, whys) or proofs_end(facts, state, now) or deadline
        )
    if item.code == REGISTRATION and facts.state in states.OPEN:
        deadline = waited_until(item, facts, state, whys) or deadline
    if state is RequirementState.SATISFIED:
        whys = ()
    elif not whys and state in (RequirementState.CURRENTLY_DUE, RequirementState.PAST_DUE):
        whys = why_missing(item, facts, now)
    elif not whys:
        whys = tuple(Why(code, item.code) for p in papers_of(item, facts) for code in p.flaws)
    return Requirement(
        item.code,
        state_by_deadline(state, deadline, now),
        item.unlocks,
        ways_of(item, facts, whys, state, paper, now),
        whys,
        deadline,
    )


def _submission(item: Item, facts: Facts, whys: tuple[Why, ...], now: datetime) -> Requirement:
    """The requirement to submit the case, and the outcome of the submission."""
    ways = tuple(
        Way(verb, TAKES[verb]) for verb in ("submit", "appeal", "ask_person") if verb in facts.verbs
    )
    begin_anew = (Way("start", TAKES["start"]),)
    if facts.state in (State.APPROVED, State.EXPIRED):
        return Requirement(item.code, RequirementState.SATISFIED, item.unlocks, ())
    if facts.state in AT_WORK:
        waits = (
            (Why(facts.waiting_for),)
            if facts.waiting_for and facts.waiting_for not in {why.code for why in whys}
            else ()
        )
        return Requirement(
            item.code,
            RequirementState.PENDING_VERIFICATION,
            item.unlocks,
            ways,
            (*waits, *whys),
            facts.renew_by,
        )
    if facts.state in states.EDITABLE:
        state = state_by_deadline(RequirementState.CURRENTLY_DUE, facts.renew_by, now)
        return Requirement(
            item.code,
            state,
            item.unlocks,
            ways,
            whys or (Why("case_not_submitted"),),
            facts.renew_by,
        )
    if facts.state in states.STOPPED:
        return Requirement(
            item.code,
            state_when_stopped(facts),
            item.unlocks,
            ways,
            (Why(f"employer_{facts.state}"), *whys),
        )
    own = "employer_rejected" if facts.state is State.REJECTED else "withdrawn_by_employer"
    return Requirement(
        item.code,
        RequirementState.CURRENTLY_DUE,
        item.unlocks,
        (*ways, *begin_anew),
        whys or (Why(own),),
    )


def _reverification(item: Item, facts: Facts, pack: Pack, now: datetime) -> Requirement:
    """The requirement to verify again before the approval ends, or after it has ended."""
    ends = facts.expires_at
    if not facts.in_force(now):
        state, whys = RequirementState.PAST_DUE, (Why("employer_expired"),)
    elif ends is not None and ends - now <= pack.renew_before:
        state, whys = RequirementState.CURRENTLY_DUE, (Why("reverification_due"),)
    else:
        return Requirement(item.code, RequirementState.SATISFIED, item.unlocks, (), (), ends)
    return Requirement(
        item.code,
        state,
        item.unlocks,
        tuple(Way(code, TAKES[code]) for code in item.ways),
        whys,
        ends,
    )
