"""The state of each requirement, its deadline, and the reasons that apply to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from documents.uscc import uscc_problem
from verification.rules import states
from verification.rules.facts import Facts, Letter, Paper, RequirementState, Why
from verification.rules.findings import Severity
from verification.rules.required_documents import (
    AUTHORITY,
    CLIENTS,
    FACTS,
    MAIL,
    OF_KIND,
    REGISTRATION,
    Item,
    Pack,
    founding_document_name,
    requirement_of,
)
from verification.rules.states import State
from verification.rules.validity import day_of, end_of_papers

CLOSED: Final = frozenset(
    {State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.SUSPENDED, State.REVOKED}
)
"""Cases in these states accept nothing more. The employer needs an appeal or a new case."""
AT_WORK: Final = states.IN_PROGRESS | states.REVIEWABLE


def state_of(
    item: Item, facts: Facts, whys: tuple[Why, ...], touched: datetime | None, now: datetime
) -> RequirementState:
    """The state of a requirement, from the state of the case and the reasons given."""
    given = _given(item, facts, now)
    accepted = RequirementState.SATISFIED if given else RequirementState.CURRENTLY_DUE
    if facts.state in (State.APPROVED, State.EXPIRED):
        return RequirementState.SATISFIED
    if facts.state in states.STOPPED:
        return RequirementState.SATISFIED if not whys else state_when_stopped(facts)
    if item.code == AUTHORITY and any(
        proof.in_force(now) and proof.opens for proof in facts.proofs
    ):
        return RequirementState.SATISFIED
    if facts.state in CLOSED:
        return RequirementState.CURRENTLY_DUE if whys else accepted
    if facts.state is State.CHANGES_REQUESTED:
        if whys:
            return RequirementState.CURRENTLY_DUE
        changed = (
            touched is not None and facts.decided_at is not None and touched > facts.decided_at
        )
        return RequirementState.PENDING_VERIFICATION if given and changed else accepted
    if facts.state in AT_WORK and not whys and _passed(item, facts, touched):
        return RequirementState.SATISFIED
    if facts.state in states.IN_PROGRESS and any(why.code == "authority_missing" for why in whys):
        return RequirementState.CURRENTLY_DUE  # the checks wait for more than the letter given
    return RequirementState.PENDING_VERIFICATION if given else RequirementState.CURRENTLY_DUE


def state_when_stopped(facts: Facts) -> RequirementState:
    """The state of a requirement whose failure took rights away: past due until an appeal is
    open.
    """
    return RequirementState.PENDING_VERIFICATION if facts.heard else RequirementState.PAST_DUE


def state_of_letters(letters: Sequence[Letter]) -> tuple[RequirementState, tuple[Why, ...]]:
    """The state of an approved agency's clients: that of the letter which needs most attention."""
    for state in (RequirementState.CURRENTLY_DUE, RequirementState.PENDING_VERIFICATION):
        if found := [letter for letter in letters if letter.state is state]:
            return state, tuple(dict.fromkeys(letter.why for letter in found if letter.why))
    return RequirementState.SATISFIED, ()


def _passed(item: Item, facts: Facts, touched: datetime | None) -> bool:
    """Whether every check of the requirement has reported on its current content.

    Does not consider findings against it.
    """
    at = {report.check: report.at for report in facts.reports}
    if item.code == AUTHORITY:  # a further proof does not invalidate the accepted one
        touched = None
    return bool(item.checks) and all(
        check in at and (touched is None or at[check] >= touched) for check in item.checks
    )


def _given(item: Item, facts: Facts, now: datetime) -> bool:
    """Whether the employer has done its part. Does not consider whether the result is good."""
    if item.code == MAIL:
        return facts.email_verified
    if item.code == FACTS:
        return bool(facts.name.strip()) and uscc_problem(facts.uscc) is None
    if item.code == REGISTRATION:
        return True
    if item.code == AUTHORITY:
        asked = any(report.check == "authority" for report in facts.reports)
        by_address = facts.email_may_prove and not asked
        return (
            by_address
            or bool(papers_of(item, facts))
            or any(
                p.in_force(now) or (p.under_way(now) and not p.needs_recruiter(now))
                for p in facts.proofs
            )
        )
    if item.code == CLIENTS and facts.clients_until:
        return bool(papers_of(item, facts)) and any(
            until is None or until >= day_of(now) for until in facts.clients_until
        )
    return bool(papers_of(item, facts))


def papers_of(item: Item, facts: Facts) -> list[Paper]:
    return facts.of_kinds(item.ways)


def last_changed(item: Item, facts: Facts, paper: str) -> datetime | None:
    """When the employer last changed something relevant to the requirement.

    A mismatched name can be corrected in the declaration or in the document.
    """
    times = [p.at for p in papers_of(item, facts)]
    if item.code == FACTS:
        times += [p.at for p in facts.of_kinds((paper,))] + (
            [facts.declared_at] if facts.declared_at else []
        )
    if item.code == REGISTRATION and facts.declared_at:
        times.append(facts.declared_at)
    if item.code == AUTHORITY:
        times += [proof.started_at for proof in facts.proofs]
    return max(times, default=None)


def state_by_deadline(
    state: RequirementState, deadline: datetime | None, now: datetime
) -> RequirementState:
    """Return `state`, or past due if it is currently due and `deadline` has passed."""
    late = state is RequirementState.CURRENTLY_DUE and deadline is not None and deadline <= now
    return RequirementState.PAST_DUE if late else state


def papers_end(item: Item, facts: Facts, paper: str, now: datetime) -> datetime | None:
    """When the first accepted document of the requirement ends, and the approval with it."""
    found = (finding for report in facts.reports for finding in report.findings)
    return end_of_papers(
        (
            finding
            for finding in found
            if requirement_of(finding.code, finding.field, paper) == item.code
        ),
        now,
    )


def proofs_end(facts: Facts, state: RequirementState, now: datetime) -> datetime | None:
    """When proofs under way have to be completed, or how long accepted proofs are valid."""
    if state in (RequirementState.PENDING_VERIFICATION, RequirementState.CURRENTLY_DUE):
        return min(
            (proof.expires_at for proof in facts.proofs if proof.under_way(now)), default=None
        )
    if state is not RequirementState.SATISFIED:
        return None
    ends = [proof.holds_until for proof in facts.proofs if proof.in_force(now) and proof.opens]
    return None if None in ends else max((until for until in ends if until), default=None)


def waited_until(
    item: Item, facts: Facts, state: RequirementState, whys: tuple[Why, ...]
) -> datetime | None:
    """How long the checks wait for the requirement; after that, a person decides without it. None
    if they do not wait.

    An attempt names one reason for waiting. If it waits for the employer and for the register, it
    names the employer's part. A proof under way does not change that: its own end is told beside
    its way.
    """
    if item.code == REGISTRATION:
        waits = any(why.code == "registry_pending" for why in whys)
    else:
        waits = (
            state is not RequirementState.SATISFIED
            and bool(facts.waiting_for)
            and requirement_of(facts.waiting_for) == item.code
        )
    return facts.waits_until if waits else None


def reasons_by_item(facts: Facts, paper: str, pack: Pack) -> dict[str, tuple[Why, ...]]:
    """The reasons that still apply, by requirement: those of the decision if it is current,
    otherwise those of the checks.

    A reason no longer applies once the employer has changed its subject, until the next check or
    review.
    """
    if facts.state is State.CHANGES_REQUESTED or facts.state in CLOSED - {
        State.EXPIRED,
        State.WITHDRAWN,
    }:
        said = [(why, facts.decided_at) for why in facts.reasons]
    elif facts.state in AT_WORK:
        said = [
            (Why(f.code, f.field, f.seen, f.expected, f.check), report.at)
            for report in facts.reports
            for f in sorted(report.findings, key=lambda finding: -finding.severity)
            if f.severity > Severity.NOTE
        ]
    else:
        said = []
    spoken: dict[str, dict[Why, None]] = {}
    for why, at in said:
        if why.code == "document_missing" and why.field not in OF_KIND and facts.of_kinds((paper,)):
            continue  # an organisation without a licence has provided its founding document instead
        if why.code == "document_missing" and why.field not in OF_KIND:
            named = founding_document_name(paper, facts.uscc)
            why = replace(why, code=pack.items[paper].missing, expected=named or why.expected)
        code = requirement_of(why.code, why.field, paper)
        touched = last_changed(pack.items[code], facts, paper)
        if facts.state in CLOSED or touched is None or at is None or touched <= at:
            spoken.setdefault(code, {})[why] = None
    return {code: tuple(whys) for code, whys in spoken.items()}


def why_missing(item: Item, facts: Facts, now: datetime) -> tuple[Why, ...]:
    """Why a requirement without reasons is open: it is missing."""
    if item.code == FACTS:
        refused = uscc_problem(facts.uscc)
        return (
            (Why(refused.code, refused.field, refused.seen, refused.expected),)
            if refused
            else (Why("name_missing", "name"),)
        )
    if item.code == CLIENTS and papers_of(item, facts):
        return (Why("agency_client_expired", "valid_until"),)
    if item.code == AUTHORITY and any(proof.under_way(now) for proof in facts.proofs):
        return (Why("authority_pending", item.code),)
    if not item.missing:
        return ()
    return (Why(item.missing, item.code, expected=founding_document_name(item.code, facts.uscc)),)
