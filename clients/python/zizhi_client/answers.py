"""What does the service answer? One frozen dataclass for each schema of its document; what a later version adds is ignored."""

from __future__ import annotations

import types
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

AccountClass = Literal["direct_employer", "commercial_agency", "public_service"]
Role = Literal["owner", "recruiter"]
Language = Literal["zh-hans", "en"]
Purpose = Literal["verify", "renew", "appeal"]
# States, tiers and codes are plain strings here: a later version may have more of them.


@dataclass(frozen=True)
class Words:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Me:
    """The platform whose key this is, and the key."""

    platform_id: str
    name: str
    test: bool
    key_begins: str
    scopes: list[str]
    expires_at: datetime | None


@dataclass(frozen=True)
class Reason:
    """Why not, how to mend it, who can, how long that takes, and whether an appeal is open."""

    code: str
    says: Words
    fix: Words
    who: str
    takes: Words
    appeal: bool
    url: str
    """Where the employer's recruiter sees it, mends it and appeals."""


@dataclass(frozen=True)
class Decision:
    """The gate's answer, of this moment only: true is yes, false is no. Keep it nowhere; ask before each download."""

    id: str
    allowed: bool
    reasons: list[Reason]
    obligations: list[str]
    """What you have to do with this download: mark, relay_only, relay_unless_consent, notify_candidate."""
    tier: str
    decided_at: datetime
    retry_at: datetime | None
    """With a quota that is used up: when it frees."""
    gate_pass: str | None
    """With a yes: good once, until `gate_pass_expires_at`. Spend it before the first byte leaves."""
    gate_pass_expires_at: datetime | None

    def __bool__(self) -> bool:
        return self.allowed is True


@dataclass(frozen=True)
class QuotaUsed:
    """What the company had used of its quotas after an answer, and how much its tier held."""

    used_day: int | None
    per_day: int | None
    used_hour: int | None
    per_hour: int | None
    per_candidate: int | None


@dataclass(frozen=True)
class Explanation:
    """An answer of the gate with the facts that it rested on, as they were at that moment. No yes of this moment."""

    id: str
    employer_id: str
    member_id: str
    candidate: str
    allowed: bool
    reasons: list[Reason]
    tier: str
    ladder_version: str
    case_state: str | None
    case_version: int | None
    quota: QuotaUsed
    decided_at: datetime
    retry_at: datetime | None
    pass_state: str
    spent_at: datetime | None


@dataclass(frozen=True)
class Spent:
    """The pass was honoured: hand over this candidate's resume to this member now, under these obligations."""

    decision_id: str
    employer_id: str
    member_id: str
    candidate: str
    tier: str
    obligations: list[str]
    spent_at: datetime


@dataclass(frozen=True)
class Removed:
    """What was taken out of a resume, of one kind."""

    kind: str
    count: int
    masked: list[str]


@dataclass(frozen=True)
class RelayContact:
    """How an employer reaches the candidate of a release."""

    id: str
    number: str
    extension: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Receipt:
    """What anybody can check that a resume left as it is said."""

    id: str
    receipt: str
    """Word for word as it was signed."""
    signature: str
    """Ed25519 over these bytes, in base64url."""
    key_id: str
    key_url: str
    """The public key as PEM; keep it with the receipt."""


@dataclass(frozen=True)
class CopyLink:
    """Where a copy can be fetched once."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class ResumeRelease:
    """A resume that leaves, as it stands."""

    id: str
    number: str
    """As it stands on every page of the copy."""
    state: str
    """preparing, ready, failed or closed."""
    decision_id: str
    employer_id: str
    member_id: str
    candidate: str
    pages: int | None
    size: int | None
    removed: list[Removed]
    relay: RelayContact | None
    requested_at: datetime
    ready_at: datetime | None
    links_until: datetime | None
    opened_at: datetime | None
    receipt: Receipt | None
    """None until the copy is opened for the first time."""
    link: CopyLink | None
    """Where the copy can be fetched, in an answer that was waited for."""
    reasons: list[Reason]


@dataclass(frozen=True)
class Finding:
    """A release that a leak may be of, and what speaks for it."""

    release_id: str
    number: str
    named: bool
    """Whether the leak is of this one, as far as can be told. Without it, it is no evidence."""
    by: str
    """marks, relay_number or copy_number."""
    z: float | None
    chance: float | None


@dataclass(frozen=True)
class Trace:
    """A trace of a leak, as it stands."""

    id: str
    state: str
    """looking, done or failed."""
    asked_at: datetime
    done_at: datetime | None
    resumes: int
    findings: list[Finding]
    reasons: list[Reason]


@dataclass(frozen=True)
class Relay:
    """A relay number, by which an employer's people reach a candidate."""

    id: str
    decision_id: str
    employer_id: str
    member_id: str
    candidate: str
    state: str
    """requested, bound, ended or failed."""
    number: str | None
    extension: str | None
    callers: int
    muted: bool
    requested_at: datetime
    bound_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    reasons: list[Reason]
    contact: str
    """none, asked, agreed or refused: whether the candidate was asked again after its end."""


@dataclass(frozen=True)
class Call:
    """One call by a relay number."""

    id: str
    at: datetime
    seconds: int
    outcome: str
    by_candidate: bool


@dataclass(frozen=True)
class Blocked:
    """A company that gets nothing of a candidate."""

    uscc: str
    name: str
    own: bool
    """The candidate said so on our page: what you tell later does not undo it."""


@dataclass(frozen=True)
class Candidate:
    """A candidate, and how they want to be asked."""

    reference: str
    mode: str
    """ask_first, tell_after or closed."""
    reachable: bool
    language: str
    blocked: list[Blocked]
    told_at: datetime
    erased_at: datetime | None


@dataclass(frozen=True)
class CandidateDefault:
    """How candidates are asked of whom nothing was told."""

    mode: str
    basis: str
    declared_at: datetime | None


@dataclass(frozen=True)
class LedgerLink:
    """The way to a candidate's own page; for the candidate alone."""

    url: str


@dataclass(frozen=True)
class ReleasedResume:
    """That a resume left, with its receipt."""

    id: str
    decision_id: str
    employer_id: str
    uscc: str
    receiver: str
    contact: str
    purpose: str
    method: str
    kinds: list[str]
    released_at: datetime
    receipt: str
    signature: str
    key_id: str


@dataclass(frozen=True)
class Consent:
    """A candidate's separate consent that one company gets their resume."""

    id: str
    uscc: str
    receiver: str
    contact: str
    purpose: str
    method: str
    kinds: list[str]
    how: str
    evidence: str
    given_at: datetime
    until: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class ConsentRequest:
    """That an employer asks for a consent."""

    id: str
    candidate: str
    employer_id: str
    purpose: str
    kinds: list[str]
    state: str
    """open, agreed, refused or expired."""
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    consent_id: str | None


@dataclass(frozen=True)
class EraseOrder:
    """That an employer has to erase a resume, and what it answers."""

    id: str
    candidate: str
    employer_id: str
    ordered_at: datetime
    due_at: datetime
    answer: str
    why: str
    answered_at: datetime | None
    withdrawn_at: datetime | None
    overdue: bool


@dataclass(frozen=True)
class CandidateRecipe:
    """A candidate of a test, and what happens with them."""

    candidate: str
    mode: str
    says: Words


@dataclass(frozen=True)
class CandidateRecipes:
    """Every one of them."""

    data: list[CandidateRecipe]


@dataclass(frozen=True)
class MemberLine:
    """A recruiter in the list of an employer."""

    id: str
    reference: str
    role: str


@dataclass(frozen=True)
class Employer:
    """An employer and the state of the case that counts."""

    id: str
    reference: str
    name: str
    uscc: str
    account_class: str
    test: bool
    registered_at: datetime
    state: str | None
    expires_at: datetime | None
    members: list[MemberLine]


@dataclass(frozen=True)
class Member:
    """A recruiter of an employer, without personal data. Until `verified` the gate says no."""

    id: str
    reference: str
    role: str
    verified: bool
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True)
class Why:
    """A reason: what was seen and expected of which field, and how to mend it."""

    code: str
    field: str
    seen: str
    expected: str
    says: Words
    fix: Words
    who: str
    takes: Words
    appeal: bool


@dataclass(frozen=True)
class Way:
    """One of the ways to meet a requirement; any one is enough."""

    code: str
    state: str
    strength: str | None
    shown: str
    how: Words
    who: Words
    takes: Words
    expires_at: datetime | None
    reasons: list[Why]
    reusable: int
    not_reusable: Why | None


@dataclass(frozen=True)
class Requirement:
    """One thing that is asked of an employer."""

    code: str
    state: str
    unlocks: str
    deadline: datetime | None
    reasons: list[Why]
    ways: list[Way]


@dataclass(frozen=True)
class Requirements:
    """Everything that is asked, in the order in which it is done."""

    employer_id: str
    state: str | None
    expires_at: datetime | None
    next: str | None
    rules: str
    as_of: datetime
    requirements: list[Requirement]


@dataclass(frozen=True)
class WhyNot:
    """Why an employer may not download, and how that is mended."""

    code: str
    says: Words
    fix: Words
    url: str
    appeal: bool


@dataclass(frozen=True)
class Quota:
    """How many downloads there are, and how many are left."""

    limit: int
    left: int


@dataclass(frozen=True)
class Rights:
    """What the employer may do at `as_of`. No yes: before each download the gate is asked."""

    employer_id: str
    tier: str
    download: bool
    reason: WhyNot | None
    obligations: list[str]
    day: Quota
    hour: Quota
    per_candidate: int
    expires_at: datetime | None
    ladder: str
    as_of: datetime


@dataclass(frozen=True)
class Link:
    """A link: send the recruiter's browser there at once, and keep it nowhere."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Event:
    """One message of the feed, word for word the body of its webhook."""

    id: str
    type: str
    timestamp: datetime
    sequence: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint and how it does."""

    id: str
    url: str
    types: list[str]
    description: str
    created_at: datetime
    paused_at: datetime | None
    paused_why: str | None
    failures: int
    failing_since: datetime | None
    last_success_at: datetime | None


@dataclass(frozen=True)
class EndpointWithSecret(Endpoint):
    """An endpoint with its secret, which is shown this once."""

    secret: str


@dataclass(frozen=True)
class Attempt:
    """One try, and what came back."""

    at: datetime
    status: int | None
    error: str
    milliseconds: int
    response_start: str


@dataclass(frozen=True)
class Delivery:
    """One message to one endpoint."""

    id: int
    message_id: str
    type: str
    sequence: int | None
    outcome: str | None
    due_at: datetime | None
    tries: int
    attempts: list[Attempt]


@dataclass(frozen=True)
class Replayed:
    """How many messages are sent again."""

    count: int


@dataclass(frozen=True)
class Recipe:
    """A code to register a test employer with, and what then happens when it is handed in."""

    recipe: int
    uscc: str
    outcome: str
    reason: str | None
    says: Words


@dataclass(frozen=True)
class RelayRecipe:
    """A candidate's number, and what happens with it."""

    candidate_phone: str
    says: Words


@dataclass(frozen=True)
class RelayRecipes:
    """Every one of them."""

    data: list[RelayRecipe]


@dataclass(frozen=True)
class Played:
    """The call that was played; None where its record comes late."""

    call: Call | None


@dataclass(frozen=True)
class Recipes:
    """Every recipe, with a fresh code each."""

    data: list[Recipe]


@dataclass(frozen=True)
class Case:
    """A test employer's case as it stands."""

    case_id: str
    state: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Proof:
    """A test recruiter's proof of authority as it stands."""

    proof_id: str
    way: str
    state: str
    stage: str
    reason: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Standing:
    """Where a test employer was moved to on the ladder; `tier` is None where its case alone says it."""

    tier: str | None
    reason: str | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Appeal:
    """An appeal against that."""

    appeal_id: int
    outcome: str | None
    due_at: datetime
    answered_at: datetime | None
    standing: Standing


@dataclass(frozen=True)
class Clock:
    """What time it is in the test."""

    now: datetime
    ahead_seconds: int


@dataclass(frozen=True)
class Mail:
    """A mail that would have been sent."""

    id: int
    at: datetime
    to: str
    template: str
    subject: str
    text: str


@dataclass(frozen=True)
class Mails:
    """The latest mails, the newest first."""

    data: list[Mail]


@cache
def _types_of(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def read(kind: type[T], value: Any) -> T:
    """`value` of JSON as a `kind`. Raises KeyError, TypeError or ValueError where it is none."""
    return cast(T, _read(kind, value))


def _read(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        return _read_dataclass(cast(type, kind), value)
    origin = get_origin(kind)
    if origin is list:
        (inner,) = get_args(kind)
        return [_read(inner, each) for each in _is(list, value)]
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in get_args(kind) if each is not type(None))
        return None if value is None else _read(inner, value)
    if kind is datetime:
        return datetime.fromisoformat(_is(str, value).replace("Z", "+00:00"))
    return _is(origin or kind, value)


def _read_dataclass(kind: type, value: Any) -> Any:
    told, types_of = _is(dict, value), _types_of(kind)
    return kind(**{field.name: _read(types_of[field.name], told[field.name]) for field in fields(kind)})


def _is(kind: Any, value: Any) -> Any:
    """Strict, so that no "false" passes for a yes."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
