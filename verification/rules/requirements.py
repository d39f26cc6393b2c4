"""What is due from the employer, by when, and which right does it unlock?

The rules are data with a version. The same answer serves the web page, the API and the mail: each
requirement with its state, its reasons, the ways to meet it, and what it unlocks. Only what failed
is asked again: what was accepted stays so until somebody changes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from documents.uscc import problem
from events.core.reasons import Text
from verification.rules import states
from verification.rules.facts import (
    STRENGTH,
    Facts,
    KeptPaper,
    Letter,
    Paper,
    RequirementState,
    Strength,
    Why,
)
from verification.rules.findings import Severity
from verification.rules.required_documents import (
    AUTHORITY,
    CLIENTS,
    EVERYBODY,
    FACTS,
    HOW,
    LICENCE,
    MAIL,
    OF_KIND,
    REGISTRATION,
    REVERIFICATION,
    SUBMISSION,
    TAKES,
    WHO,
    Item,
    Pack,
    Unlocks,
    about,
    paper_of,
)
from verification.rules.states import State
from verification.rules.validity import day_of, end_of_papers


@dataclass(frozen=True)
class Way:
    """One of the ways to meet a requirement, and where the employer stands on it."""

    code: str
    """A document kind or a proof kind (`models.DocumentKind`, `models.ProofKind`), a verb of the
    case, `mail_link` or `declare`.
    """
    takes: Text
    """How long it usually takes."""
    strength: Strength | None = None
    state: RequirementState = RequirementState.CURRENTLY_DUE
    shown: str = ""
    """What it is about, masked: the address, the account, the colleague."""
    reasons: tuple[Why, ...] = ()
    expires_at: datetime | None = None
    kept: KeptPaper | None = None
    """Of a document: what is here from an earlier case, to be used again by one press."""

    @property
    def how(self) -> Text:
        """How it is gone."""
        return HOW[self.code]

    @property
    def who(self) -> Text:
        """Who is needed to complete it."""
        return WHO[self.code]


@dataclass(frozen=True)
class Requirement:
    """One thing that is asked of an employer. Any one of its `ways` meets it."""

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


# --- What is due ----------------------------------------------------------------------------------

_CLOSED: Final = frozenset(
    {State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.SUSPENDED, State.REVOKED}
)
"""Nothing can be given to such a case any more; a way on leads elsewhere."""
_ON_THE_TABLE: Final = frozenset({"declare", *OF_KIND})
LETTERS: Final = frozenset({"authorization_letter", "client_authorization"})
"""What a case takes while its checks wait (as `guards.may_add` has it)."""
_AT_WORK: Final = states.IN_PROGRESS | states.REVIEWABLE


def due(facts: Facts, pack: Pack, now: datetime) -> list[Requirement]:
    """Everything that is asked, in the order in which it is done, each with where it stands at
    `now`.
    """
    paper = paper_of(facts.account_class, facts.uscc, pack)
    spoken = _spoken(facts, paper, pack)
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
    """The one next thing for the employer to do: of what is open, the first that it can do
    something about here.
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
    touched = _touched(item, facts, paper)
    state = _state(item, facts, whys, touched, now)
    deadline = (
        _papers_end(item, facts, paper, now)
        if facts.in_force(now)
        else facts.renew_by
        if facts.state in states.OPEN
        else None
    )
    if item.code == MAIL and facts.state not in _CLOSED:
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
        state, whys = _of_letters(facts.letters)
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
            _proofs_end(facts, state, now) or _waited_for(item, facts, state, whys) or deadline
        )
    if item.code == REGISTRATION and facts.state in states.OPEN:
        deadline = _waited_for(item, facts, state, whys) or deadline
    if state is RequirementState.SATISFIED:
        whys = ()
    elif not whys and state in (RequirementState.CURRENTLY_DUE, RequirementState.PAST_DUE):
        whys = _lacking(item, facts)
    elif not whys:
        whys = tuple(Why(code, item.code) for p in _papers(item, facts) for code in p.flaws)
    return Requirement(
        item.code,
        _late(state, deadline, now),
        item.unlocks,
        _ways(item, facts, whys, state, paper, now),
        whys,
        deadline,
    )


# --- Where an item stands -------------------------------------------------------------------------


def _state(
    item: Item, facts: Facts, whys: tuple[Why, ...], touched: datetime | None, now: datetime
) -> RequirementState:
    given = _given(item, facts, now)
    accepted = RequirementState.SATISFIED if given else RequirementState.CURRENTLY_DUE
    if facts.state in (State.APPROVED, State.EXPIRED):
        return RequirementState.SATISFIED
    if facts.state in states.STOPPED:
        return RequirementState.SATISFIED if not whys else _stopped(facts)
    if item.code == AUTHORITY and any(proof.stands(now) and proof.opens for proof in facts.proofs):
        return RequirementState.SATISFIED
    if facts.state in _CLOSED:
        return RequirementState.CURRENTLY_DUE if whys else accepted
    if facts.state is State.CHANGES_REQUESTED:
        if whys:
            return RequirementState.CURRENTLY_DUE
        changed = (
            touched is not None and facts.decided_at is not None and touched > facts.decided_at
        )
        return RequirementState.PENDING_VERIFICATION if given and changed else accepted
    if facts.state in _AT_WORK and not whys and _passed(item, facts, touched):
        return RequirementState.SATISFIED
    return RequirementState.PENDING_VERIFICATION if given else RequirementState.CURRENTLY_DUE


def _stopped(facts: Facts) -> RequirementState:
    """Where something stands for which rights were taken away: overdue, until its employer's appeal
    is with a reviewer.
    """
    return RequirementState.PENDING_VERIFICATION if facts.heard else RequirementState.PAST_DUE


def _of_letters(letters: Sequence[Letter]) -> tuple[RequirementState, tuple[Why, ...]]:
    """Where the clients of an approved agency stand: as the letter does that has most to be done
    about.
    """
    for state in (RequirementState.CURRENTLY_DUE, RequirementState.PENDING_VERIFICATION):
        if found := [letter for letter in letters if letter.state is state]:
            return state, tuple(dict.fromkeys(letter.why for letter in found if letter.why))
    return RequirementState.SATISFIED, ()


def _passed(item: Item, facts: Facts, touched: datetime | None) -> bool:
    """Whether every check of the item has reported on it as it is now.

    What was found against it is not asked here.
    """
    at = {report.check: report.at for report in facts.reports}
    if item.code == AUTHORITY:  # another proof takes nothing from the one that was accepted
        touched = None
    return bool(item.checks) and all(
        check in at and (touched is None or at[check] >= touched) for check in item.checks
    )


def _given(item: Item, facts: Facts, now: datetime) -> bool:
    """Whether the employer has done its part: whatever is asked is there, good or not."""
    if item.code == MAIL:
        return facts.email_verified
    if item.code == FACTS:
        return bool(facts.name.strip()) and problem(facts.uscc) is None
    if item.code == REGISTRATION:
        return True
    if item.code == AUTHORITY:
        asked = any(report.check == "authority" for report in facts.reports)
        by_address = facts.email_may_prove and not asked
        return (
            by_address
            or bool(_papers(item, facts))
            or any(p.stands(now) or p.under_way(now) for p in facts.proofs)
        )
    if item.code == CLIENTS and facts.clients_until:
        return bool(_papers(item, facts)) and any(
            until is None or until >= day_of(now) for until in facts.clients_until
        )
    return bool(_papers(item, facts))


def _papers(item: Item, facts: Facts) -> list[Paper]:
    return facts.of_kinds(item.ways)


def _touched(item: Item, facts: Facts, paper: str) -> datetime | None:
    """When the employer last changed something about the item.

    A name that does not agree can be mended at either end.
    """
    times = [p.at for p in _papers(item, facts)]
    if item.code == FACTS:
        times += [p.at for p in facts.of_kinds((paper,))] + (
            [facts.declared_at] if facts.declared_at else []
        )
    if item.code == REGISTRATION and facts.declared_at:
        times.append(facts.declared_at)
    if item.code == AUTHORITY:
        times += [proof.started_at for proof in facts.proofs]
    return max(times, default=None)


def _late(state: RequirementState, deadline: datetime | None, now: datetime) -> RequirementState:
    late = state is RequirementState.CURRENTLY_DUE and deadline is not None and deadline <= now
    return RequirementState.PAST_DUE if late else state


def _papers_end(item: Item, facts: Facts, paper: str, now: datetime) -> datetime | None:
    """When the paper ends that was accepted for the item, and the approval with it."""
    found = (finding for report in facts.reports for finding in report.findings)
    return end_of_papers(
        (finding for finding in found if about(finding.code, finding.field, paper) == item.code),
        now,
    )


def _proofs_end(facts: Facts, state: RequirementState, now: datetime) -> datetime | None:
    """By when what is under way has to be completed, or how long what was proven holds."""
    if state is RequirementState.PENDING_VERIFICATION:
        return min(
            (proof.expires_at for proof in facts.proofs if proof.under_way(now)), default=None
        )
    if state is not RequirementState.SATISFIED:
        return None
    standing = [proof.holds_until for proof in facts.proofs if proof.stands(now) and proof.opens]
    return None if None in standing else max((until for until in standing if until), default=None)


def _waited_for(
    item: Item, facts: Facts, state: RequirementState, whys: tuple[Why, ...]
) -> datetime | None:
    """Until when the checks wait for it, where they do; then a person decides without.

    Of two things that are waited for, an attempt names the employer's; the register is waited for
    beside it.
    """
    if item.code == REGISTRATION:
        waits = any(why.code == "registry_pending" for why in whys)
    else:
        waits = (
            state is RequirementState.CURRENTLY_DUE
            and bool(facts.waiting_for)
            and about(facts.waiting_for) == item.code
        )
    return facts.waits_until if waits else None


# --- What was said, and of which item -------------------------------------------------------------


def _spoken(facts: Facts, paper: str, pack: Pack) -> dict[str, tuple[Why, ...]]:
    """The reasons that still hold, by item: of the decision while that is what counts, else of what
    the checks found.

    What was changed since is mended until somebody has looked again.
    """
    if facts.state is State.CHANGES_REQUESTED or facts.state in _CLOSED - {
        State.EXPIRED,
        State.WITHDRAWN,
    }:
        said = [(why, facts.decided_at) for why in facts.reasons]
    elif facts.state in _AT_WORK:
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
            continue  # a body that has no licence has shown what it was set up by
        code = about(why.code, why.field, paper)
        touched = _touched(pack.items[code], facts, paper)
        if facts.state in _CLOSED or touched is None or at is None or touched <= at:
            spoken.setdefault(code, {})[why] = None
    return {code: tuple(whys) for code, whys in spoken.items()}


def _lacking(item: Item, facts: Facts) -> tuple[Why, ...]:
    """Why an item is open of which nobody has said anything yet: it is not there."""
    if item.code == FACTS:
        refused = problem(facts.uscc)
        return (
            (Why(refused.code, refused.field, refused.seen, refused.expected),)
            if refused
            else (Why("name_missing", "name"),)
        )
    if item.code == CLIENTS and _papers(item, facts):
        return (Why("agency_client_expired", "valid_until"),)
    return (Why(item.missing, item.code),) if item.missing else ()


# --- The ways -------------------------------------------------------------------------------------


def _ways(
    item: Item,
    facts: Facts,
    whys: tuple[Why, ...],
    state: RequirementState,
    paper: str,
    now: datetime,
) -> tuple[Way, ...]:
    """How the item can be met, each way with where the employer stands on it; none where the case
    takes nothing any more.
    """
    if facts.state in _CLOSED or (facts.state is State.APPROVED and not facts.in_force(now)):
        return ()
    if item.code == AUTHORITY:
        ways = (
            _way_of_proof(kind, facts, whys, state, now)
            for kind in item.ways
            if kind not in facts.not_offered
        )
        return tuple(
            way
            for way in ways
            if way.state is not RequirementState.CURRENTLY_DUE or _takes(way.code, facts)
        )
    shown = facts.email_shown if item.code == MAIL else ""
    # What was declared and what the paper says can be brought together from either end.
    codes = (
        (*item.ways, paper)
        if item.code == FACTS and any(why.check == "reading" for why in whys)
        else item.ways
    )
    due = state in (RequirementState.CURRENTLY_DUE, RequirementState.PAST_DUE)
    takes = [code for code in codes if not due or _takes(code, facts)]
    return tuple(
        Way(code, TAKES[code], state=state, shown=shown, reasons=whys, kept=facts.kept.get(code))
        for code in takes
    )


def _takes(way: str, facts: Facts) -> bool:
    """Whether the case takes this now: while it is looked at, its papers lie on the table, but for
    letters that come after.
    """
    if facts.state not in _AT_WORK or way not in _ON_THE_TABLE:
        return True
    return facts.state is State.CHECKING and way in LETTERS


def _way_of_proof(
    kind: str, facts: Facts, whys: tuple[Why, ...], state: RequirementState, now: datetime
) -> Way:
    """One way to show one's authority.

    A letter is looked at by a person; the rest stands as its latest proof does.
    """
    strength = STRENGTH.get(kind, Strength.MEDIUM)
    takes = TAKES[kind]
    if kind == "authorization_letter":
        there = bool(facts.of_kinds((kind,)))
        at = RequirementState.PENDING_VERIFICATION if there else RequirementState.CURRENTLY_DUE
        accepted = there and state is RequirementState.SATISFIED
        reasons, stands = (
            whys if there and not accepted else (),
            RequirementState.SATISFIED if accepted else at,
        )
        return Way(kind, takes, strength, stands, reasons=reasons, kept=facts.kept.get(kind))
    of_kind = sorted(
        (proof for proof in facts.proofs if proof.kind == kind),
        key=lambda proof: proof.started_at,
        reverse=True,
    )
    best = next(
        (p for p in of_kind if p.stands(now)),
        next((p for p in of_kind if p.under_way(now)), of_kind[0] if of_kind else None),
    )
    if best is None:
        by_address = _by_address(facts, state) if kind == "company_email" else None
        return (
            Way(kind, takes, strength, by_address, facts.proving_shown)
            if by_address
            else Way(kind, takes, strength)
        )
    if best.stands(now):
        return Way(
            kind,
            takes,
            best.strength,
            RequirementState.SATISFIED,
            best.shown,
            expires_at=best.holds_until,
        )
    if best.under_way(now):
        return Way(
            kind,
            takes,
            best.strength,
            RequirementState.PENDING_VERIFICATION,
            best.shown,
            expires_at=best.expires_at,
        )
    failed = (Why(best.failure, AUTHORITY),) if best.failure else ()
    return Way(kind, takes, best.strength, RequirementState.CURRENTLY_DUE, best.shown, failed)


def _by_address(facts: Facts, state: RequirementState) -> RequirementState | None:
    """Where the recruiter's own address stands, which the register may name the domain of; None
    where it is no proof.
    """
    said = [
        finding
        for report in facts.reports
        if report.check == "authority"
        for finding in report.findings
    ]
    if any(
        f.severity is Severity.PASS
        and (f.code == "authority_email_at_company_domain" or f.seen == "company_email")
        for f in said
    ):
        return RequirementState.SATISFIED
    pending = facts.email_may_prove and not said and state is RequirementState.PENDING_VERIFICATION
    return RequirementState.PENDING_VERIFICATION if pending else None


# --- The case itself ------------------------------------------------------------------------------


def _submission(item: Item, facts: Facts, whys: tuple[Why, ...], now: datetime) -> Requirement:
    """Handing the case in, and what came of it."""
    ways = tuple(
        Way(verb, TAKES[verb]) for verb in ("submit", "appeal", "ask_person") if verb in facts.verbs
    )
    begin_anew = (Way("start", TAKES["start"]),)
    if facts.state in (State.APPROVED, State.EXPIRED):
        return Requirement(item.code, RequirementState.SATISFIED, item.unlocks, ())
    if facts.state in _AT_WORK:
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
        state = _late(RequirementState.CURRENTLY_DUE, facts.renew_by, now)
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
            item.code, _stopped(facts), item.unlocks, ways, (Why(f"employer_{facts.state}"), *whys)
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
    """Verifying anew before, or after, the approval has ended."""
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
