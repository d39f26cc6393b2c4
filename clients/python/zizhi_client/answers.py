"""The responses of the API as frozen dataclasses, and the values that its arguments accept.

Generated from the API's document. Do not edit: run `manage.py write_client_answers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from zizhi_client.reading import YesOrNo

AccountClass: TypeAlias = Literal["direct_employer", "commercial_agency", "public_service"]
"""The three classes of 人社厅发〔2025〕60号."""


@dataclass(frozen=True)
class Appeal:
    """The appeal as it stands."""

    appeal_id: int
    """The appeal."""

    outcome: str | None
    """lifted, kept or overtaken; null while it waits."""

    due_at: datetime
    """By when it is to be answered."""

    answered_at: datetime | None
    """When it was."""

    standing: Standing
    """The employer's tier now."""


@dataclass(frozen=True)
class Attempt:
    """An attempt and its result."""

    at: datetime
    """When the attempt ended."""

    status: int | None
    """The HTTP status; null if there was no response."""

    error: str
    """Why there was no valid response; empty on success."""

    milliseconds: int
    """The duration of the attempt, in milliseconds."""

    response_start: str
    """The start of the response body."""


@dataclass(frozen=True)
class Blocked:
    """A company that gets nothing of the candidate."""

    uscc: str
    """Its code."""

    name: str
    """Its name, where it is known."""

    own: bool
    """Whether the candidate said so on our page: then what you tell us does not undo it."""


@dataclass(frozen=True)
class Call:
    """One call. Neither side's number stands in it."""

    id: str
    """Of the call."""

    at: datetime
    """When it began."""

    seconds: int
    """For how long they spoke."""

    outcome: str
    """connected, no_answer, busy, unreachable, muted, stranger, unbound, blocked or failed."""

    by_candidate: bool
    """Whether the candidate called."""


@dataclass(frozen=True)
class Candidate:
    """A candidate as we know them; their address is not told back."""

    reference: str
    """Yours."""

    mode: str
    """How they want to be asked."""

    reachable: bool
    """Whether we have an address to write to."""

    language: str
    """Of our mails to them."""

    blocked: list[Blocked]
    """Companies that get nothing of them."""

    told_at: datetime
    """When you made them known."""

    erased_at: datetime | None
    """When their contact data were erased."""


@dataclass(frozen=True)
class CandidateDefault:
    """What counts for candidates of whom you have told us nothing."""

    mode: str
    """How they are asked."""

    basis: str
    """On what that rests; empty where you have declared nothing, and the deployment's own counts."""

    declared_at: datetime | None
    """When you declared it."""


@dataclass(frozen=True)
class CandidateRecipe:
    """A candidate's reference, and what happens with it."""

    candidate: str
    """To be asked about at the gate."""

    mode: str
    """How they want to be asked."""

    says: Words
    """What it tests."""


@dataclass(frozen=True)
class CandidateRecipes:
    """Every one of them."""

    data: list[CandidateRecipe]
    """Each candidate."""


@dataclass(frozen=True)
class Case:
    """The case after the request."""

    case_id: str
    """The ID of the case."""

    state: str
    """The state of the case."""

    expires_at: datetime | None
    """When the approval ends."""


@dataclass(frozen=True)
class Clock:
    """The time in the test."""

    now: datetime
    """The time on the test's clock."""

    ahead_seconds: int
    """How far the clock is ahead of real time, in seconds."""


@dataclass(frozen=True)
class Consent:
    """A separate consent: who receives what, for what, how, and until when."""

    id: str
    """Of the consent."""

    uscc: str
    """Of the company that receives."""

    receiver: str
    """Its name, as it was then."""

    contact: str
    """Where it can be reached."""

    purpose: str
    """hiring, or for_client."""

    method: str
    """How it gets there."""

    kinds: list[str]
    """What of the candidate's data goes along."""

    how: str
    """page: given on our page; platform: on your word."""

    evidence: str
    """By which you can show it."""

    given_at: datetime
    """When."""

    until: datetime
    """Until when it holds."""

    revoked_at: datetime | None
    """When it was revoked."""


@dataclass(frozen=True)
class ConsentRequest:
    """That an employer asks for a candidate's consent, and what they said."""

    id: str
    """Of the request."""

    candidate: str
    """Your reference to the candidate."""

    employer_id: str
    """Who asks."""

    purpose: str
    """hiring, or for_client."""

    kinds: list[str]
    """What of the candidate's data would go along."""

    state: str
    """open, agreed, refused or expired."""

    asked_at: datetime
    """When it was asked."""

    expires_at: datetime
    """Until when it can be answered."""

    answered_at: datetime | None
    """When it was answered."""

    consent_id: str | None
    """With a yes: the consent."""


@dataclass(frozen=True)
class CopyLink:
    """Where the copy can be fetched, once."""

    url: str
    """For the recruiter's browser, once, without a key."""

    expires_at: datetime
    """A minute after it was made."""


@dataclass(frozen=True)
class Decision(YesOrNo):
    """The answer. It is on record under `id`, whether yes or no."""

    id: str
    """Of the answer, on record."""

    allowed: bool
    """Anything but true is no."""

    reasons: list[Reason]
    """Why not; empty with a yes."""

    obligations: list[str]
    """What you have to do with a yes."""

    tier: str
    """The employer's tier."""

    decided_at: datetime
    """The moment of which the answer speaks."""

    retry_at: datetime | None
    """With a quota that is used up: when it frees."""

    gate_pass: str | None
    """With a yes: good once, until `gate_pass_expires_at`. Spend it as the resume leaves."""

    gate_pass_expires_at: datetime | None
    """A minute after the answer."""


@dataclass(frozen=True)
class Delivery:
    """One message to one endpoint."""

    id: int
    """The delivery's ID."""

    message_id: str
    """The `webhook-id`, which is the same for all attempts."""

    type: str
    """The event type."""

    sequence: int | None
    """The event's number in your feed; null for a ping."""

    outcome: str | None
    """delivered, dead or cancelled; null while attempts continue."""

    due_at: datetime | None
    """When the next attempt is due; null if the delivery has ended."""

    tries: int
    """The number of attempts since the delivery was last requested."""

    attempts: list[Attempt]
    """The latest attempts, oldest first."""


@dataclass(frozen=True)
class Employer:
    """An employer and the state of its current case."""

    id: str
    """Our ID for the employer. The gate requires it."""

    reference: str
    """Your ID for the employer. Empty if it registered on our own pages."""

    name: str
    """The declared name of the company."""

    uscc: str
    """The declared unified social credit code."""

    account_class: str
    """Who the employer recruits for."""

    test: bool
    """Whether a test platform created the employer."""

    registered_at: datetime
    """When the employer was registered."""

    state: str | None
    """The state of the current case: the latest that was approved, else the latest. Null if there is none."""

    expires_at: datetime | None
    """When the approval of that case ends."""

    members: list[MemberLine]
    """The employer's current recruiters."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint and its health."""

    id: str
    """The endpoint's ID."""

    url: str
    """The URL that events are sent to."""

    types: list[str]
    """The event types that are sent. Empty means all."""

    description: str
    """Your description."""

    created_at: datetime
    """When the endpoint was created."""

    paused_at: datetime | None
    """When the endpoint was paused; null if it is active."""

    paused_why: str | None
    """asked, gone (the endpoint answered 410) or failing (only failures for days)."""

    failures: int
    """The number of failed attempts in a row."""

    failing_since: datetime | None
    """When the first of these attempts failed."""

    last_success_at: datetime | None
    """When the endpoint last received an event."""


@dataclass(frozen=True)
class EndpointWithSecret(Endpoint):
    """An endpoint with its secret, which is shown only once."""

    secret: str
    """The signing secret. It is shown only once."""


@dataclass(frozen=True)
class EraseOrder:
    """That an employer has to erase its copies of a candidate's resume."""

    id: str
    """Of the order."""

    candidate: str
    """Your reference to the candidate."""

    employer_id: str
    """Who has to erase."""

    ordered_at: datetime
    """When the candidate revoked."""

    due_at: datetime
    """Until when."""

    answer: str
    """erased, kept, or empty while it is owed."""

    why: str
    """Why it is kept."""

    answered_at: datetime | None
    """When it was answered."""

    withdrawn_at: datetime | None
    """When the candidate took it back."""

    overdue: bool
    """Whether it is owed past its day."""


@dataclass(frozen=True)
class Event:
    """An event, identical to the body of its webhook."""

    id: str
    """Unique ID of the event. It is also the webhook's `webhook-id`."""

    type: str
    """One of: employer.created, employer.submitted, employer.checking, employer.in_review, employer.changes_requested, employer.approved, employer.confirmed, employer.rejected, employer.suspended, employer.reinstated, employer.upheld, employer.revoked, employer.expired, employer.withdrawn, employer.appealed, employer.tier_changed, employer.tier_appealed, employer.tier_upheld, member.joined, member.left, relay.waiting, relay.bound, relay.extended, relay.expiring, relay.called, relay.muted, relay.unmuted, relay.ended, relay.failed, relay.contact_asked, relay.contact_answered, release.ready, release.failed, release.opened, consent.asked, consent.refused, consent.given, consent.revoked, resume.released, candidate.told, misuse.reported, erase.ordered, erase.answered, erase.withdrawn, erase.overdue. More may be added."""

    timestamp: datetime
    """When the event happened, in UTC."""

    sequence: int
    """The event's number in your feed. Numbers have no gaps."""

    data: dict[str, Any]
    """The subject, its states, and the reasons with what to do. See docs/integrating/webhooks.md."""


@dataclass(frozen=True)
class Explanation:
    """An answer with the facts that it rested on, as they were at that moment."""

    id: str
    """Of the answer."""

    employer_id: str
    """The employer that was asked about."""

    member_id: str
    """Who of it asked."""

    candidate: str
    """Your reference to the candidate."""

    allowed: bool
    """What was answered."""

    reasons: list[Reason]
    """Why not; empty with a yes."""

    tier: str
    """The employer's tier then."""

    ladder_version: str
    """The version of the ladder by which it was decided."""

    case_state: str | None
    """Where the case that counted stood."""

    case_version: int | None
    """The version of that case."""

    quota: QuotaUsed
    """What had been used, and how much there was."""

    decided_at: datetime
    """When it was answered."""

    retry_at: datetime | None
    """With a quota that was used up: when it frees."""

    pass_state: str
    """What became of the pass: none, unspent, spent or expired."""

    spent_at: datetime | None
    """When the pass was spent."""


@dataclass(frozen=True)
class Finding:
    """A release, and what speaks for it."""

    release_id: str
    """Of the release: `/releases/{id}` says whose it is."""

    number: str
    """As it stands on its pages."""

    named: bool
    """Whether the leak is of this one, as far as can be told. Without it, it is no evidence."""

    by: str
    """marks, relay_number or copy_number. What is printed can be forged; marks cannot."""

    z: float | None
    """Of marks: how far it agrees, in deviations. Innocent ones seldom reach 4."""

    chance: float | None
    """Of marks: at most so likely is it that an innocent one agrees as well."""


Language: TypeAlias = Literal["zh-hans", "en"]
"""The language of our mails to the recruiter."""


@dataclass(frozen=True)
class LedgerLink:
    """The way to the candidate's own page."""

    url: str
    """For the candidate alone: whoever has it acts as they do."""


@dataclass(frozen=True)
class Link:
    """A single-use link. Redirect the recruiter's browser to it at once, and do not store it."""

    url: str
    """Signs this recruiter in, once."""

    expires_at: datetime
    """When the link expires."""


@dataclass(frozen=True)
class Mail:
    """A mail that would have been sent."""

    id: int
    """The ID of the mail."""

    at: datetime
    """When it would have been sent."""

    to: str
    """The recipient, an address that ends with `.test`."""

    template: str
    """The template of the mail."""

    subject: str
    """The subject, in the recipient's language."""

    text: str
    """The text of the mail."""


@dataclass(frozen=True)
class Mails:
    """The latest mails, newest first."""

    data: list[Mail]
    """The mails, newest first."""


@dataclass(frozen=True)
class Me:
    """The platform that the key belongs to, and the key."""

    platform_id: str
    """The platform's ID."""

    name: str
    """The platform's name."""

    test: bool
    """Whether this is a test platform. Its employers are visible only to it."""

    key_begins: str
    """The first characters of this key."""

    scopes: list[str]
    """The scopes of this key."""

    expires_at: datetime | None
    """When this key expires, if another key has replaced it."""


@dataclass(frozen=True)
class Member:
    """A recruiter of an employer, without personal data."""

    id: str
    """The member's ID, as used in calls to the gate."""

    reference: str
    """Your reference. Empty if the recruiter joined on our own pages."""

    role: str
    """Owners can invite and remove colleagues on our pages."""

    verified: bool
    """Whether the recruiter has confirmed their address. Until then, the gate refuses downloads."""

    joined_at: datetime
    """When the recruiter joined the employer."""

    left_at: datetime | None
    """When the membership ended; null while it lasts."""


@dataclass(frozen=True)
class MemberLine:
    """A recruiter of an employer, without personal data."""

    id: str
    """Our ID for the recruiter. The gate requires it."""

    reference: str
    """Your ID for the recruiter. Empty if they registered on our own pages."""

    role: str
    """Either `owner` or `recruiter`."""


@dataclass(frozen=True)
class Played:
    """What came of it."""

    call: Call | None
    """The call; null where its record comes late: move the clock."""


@dataclass(frozen=True)
class Proof:
    """A proof of authority after the request."""

    proof_id: str
    """The ID of the proof."""

    way: str
    """The kind of proof."""

    state: str
    """One of `pending`, `proven`, `failed` or `lapsed`."""

    stage: str
    """The stage reported by the provider."""

    reason: str | None
    """The code of the reason why it failed."""

    expires_at: datetime
    """The deadline to complete it."""


Purpose: TypeAlias = Literal["verify", "renew", "appeal"]
"""The purposes for which a platform sends a recruiter to our pages."""


@dataclass(frozen=True)
class Quota:
    """How many downloads the employer's people have together, and how many of those are left."""

    limit: int
    """How many there are."""

    left: int
    """How many are left now."""


@dataclass(frozen=True)
class QuotaUsed:
    """
    What the company had used of its quotas after this answer, where it rested on them, and how
    much its tier held.
    """

    used_day: int | None
    """Downloads since midnight."""

    per_day: int | None
    """Their limit."""

    used_hour: int | None
    """Downloads in the last sixty minutes."""

    per_hour: int | None
    """Their limit."""

    per_candidate: int | None
    """Downloads of one candidate's resume in a day, at most."""


@dataclass(frozen=True)
class Reason:
    """Why not, how to mend it, who can, and how long that takes."""

    code: str
    """Never changes its meaning."""

    says: Words
    """What is wrong."""

    fix: Words
    """How it is mended."""

    who: str
    """Who can."""

    takes: Words
    """How long that takes."""

    url: str
    """Where the employer's recruiter sees it and mends it, and appeals where that can be."""

    appeal: bool
    """Whether the employer can appeal."""


@dataclass(frozen=True)
class Receipt:
    """
    What anybody can check, without us, that the resume left as it is said: the candidate's
    receipt.
    """

    id: str
    """Of the receipt, as in `resume.released` and in the candidate's ledger."""

    receipt: str
    """Word for word as it was signed: JSON in its one form, UTF-8."""

    signature: str
    """Ed25519 over these bytes, in base64url."""

    key_id: str
    """By which key of `/.well-known/zizhi-receipt-keys.json`."""

    key_url: str
    """That key as PEM; keep it with the receipt."""


@dataclass(frozen=True)
class Recipe:
    """A code to register a test employer with, and the outcome it leads to."""

    recipe: int
    """The last two digits of the code's region."""

    uscc: str
    """A valid code for the recipe, different each time."""

    outcome: str
    """The outcome of the checks."""

    reason: str | None
    """The code of the reason given."""

    says: Words
    """What the recipe tests."""


@dataclass(frozen=True)
class Recipes:
    """All recipes."""

    data: list[Recipe]
    """The recipes, each with a fresh code."""


@dataclass(frozen=True)
class Relay:
    """A relay number, as it stands."""

    id: str
    """Of the binding."""

    decision_id: str
    """The answer for which it was asked."""

    employer_id: str
    """Whose people reach the candidate by it."""

    member_id: str
    """Who of them downloaded, and is reminded."""

    candidate: str
    """Your reference to the candidate."""

    state: str
    """requested, bound, ended or failed."""

    number: str | None
    """What is to be dialled, once it is bound."""

    extension: str | None
    """What is to be dialled after it, where numbers are scarce."""

    callers: int
    """How many people of the employer get through."""

    muted: bool
    """Whether the candidate wants no calls for now."""

    requested_at: datetime
    """When it was asked for."""

    bound_at: datetime | None
    """When it was lent."""

    expires_at: datetime
    """Until when it leads to the candidate; each contact lets it last on."""

    ended_at: datetime | None
    """When it ended."""

    reasons: list[Reason]
    """Why there is no number yet or any more, or why nobody gets through."""

    contact: str
    """none, asked, agreed or refused: whether the candidate was asked again after its end."""


@dataclass(frozen=True)
class RelayContact:
    """How the employer reaches the candidate."""

    id: str
    """Of the relay number: `/relays/{id}`."""

    number: str
    """What is to be dialled."""

    extension: str | None
    """What is to be dialled after it, where numbers are scarce."""

    expires_at: datetime
    """Until when it leads to the candidate; each contact lets it last on."""


@dataclass(frozen=True)
class RelayRecipe:
    """A candidate's number, and what happens with it."""

    candidate_phone: str
    """To be given with `POST /relays`."""

    says: Words
    """What it tests."""


@dataclass(frozen=True)
class RelayRecipes:
    """Every one of them."""

    data: list[RelayRecipe]
    """Each number; any other one is as the first."""


@dataclass(frozen=True)
class ReleasedResume:
    """That a resume left."""

    id: str
    """Of the release."""

    decision_id: str
    """The answer that allowed it."""

    employer_id: str
    """Who has it."""

    uscc: str
    """Their unified social credit code."""

    receiver: str
    """The company's name, as it was then."""

    contact: str
    """Where the receiver can be reached."""

    purpose: str
    """hiring, or for_client."""

    method: str
    """How it went."""

    kinds: list[str]
    """What of the candidate's data went along."""

    released_at: datetime
    """When."""

    receipt: str
    """The receipt, word for word as it was signed: JSON in its one form."""

    signature: str
    """Ed25519 over these bytes, in base64url."""

    key_id: str
    """By which key of `/.well-known/zizhi-receipt-keys.json`."""


@dataclass(frozen=True)
class Removed:
    """What was taken out of one kind."""

    kind: str
    """phone, email, id_number, passport, wechat, qq, handle, link or code."""

    count: int
    """How many."""

    masked: list[str]
    """What each was, without giving it."""


@dataclass(frozen=True)
class Replayed:
    """The number of events to send again."""

    count: int
    """The number of messages."""


@dataclass(frozen=True)
class Requirement:
    """One requirement of the employer."""

    code: str
    """The requirement's code."""

    state: str
    """The state of the requirement."""

    unlocks: str
    """The right that it unlocks: submitting the case, or downloading resumes."""

    deadline: datetime | None
    """The deadline, if there is one."""

    reasons: list[Why]
    """Why it is not met yet."""

    ways: list[Way]
    """The ways to meet it; any one is enough."""


@dataclass(frozen=True)
class Requirements:
    """All requirements, in the order in which the employer meets them."""

    employer_id: str
    """Our ID for the employer."""

    state: str | None
    """The state of the open case, else of the current one. Null if there is no case yet."""

    expires_at: datetime | None
    """When the approval of that case ends."""

    next: str | None
    """The code of the next requirement to meet. Null if the employer has nothing to do."""

    rules: str
    """The version of the rules that set the requirements."""

    as_of: datetime
    """When the response was created."""

    requirements: list[Requirement]
    """All requirements."""


@dataclass(frozen=True)
class ResumeRelease:
    """A release, as it stands."""

    id: str
    """Of the release."""

    number: str
    """As it stands on every page of the copy."""

    state: str
    """preparing, ready, failed or closed."""

    decision_id: str
    """The gate's answer by which the resume leaves."""

    employer_id: str
    """Who receives it."""

    member_id: str
    """Who of it receives it."""

    candidate: str
    """Your reference to the candidate."""

    pages: int | None
    """How many pages the copy has, once it is made."""

    size: int | None
    """Its bytes."""

    removed: list[Removed]
    """What was taken out of it."""

    relay: RelayContact | None
    """The relay number, once it is lent; it stands on the copy."""

    requested_at: datetime
    """When it was asked for."""

    ready_at: datetime | None
    """When it was made."""

    links_until: datetime | None
    """Until when links to it can be asked for."""

    opened_at: datetime | None
    """When the file left for the first time."""

    receipt: Receipt | None
    """The candidate's receipt. It is made as the copy is opened for the first time: null before, since nothing has left."""

    link: CopyLink | None
    """Where the copy can be fetched, in a 201 that was waited for; else null: ask `/releases/{id}/links` for one."""

    reasons: list[Reason]
    """Why it failed. Ask again with the same pass once that is mended; it uses up no quota."""


@dataclass(frozen=True)
class Rights:
    """
    What the employer may do at `as_of`.

    No yes: before each download the gate is asked, which also looks at who asks for whom.
    """

    employer_id: str
    """The employer."""

    tier: str
    """The employer's tier."""

    download: bool
    """Whether it may download resumes at all."""

    reason: WhyNot | None
    """Why it may not."""

    obligations: list[str]
    """What you have to do with each download."""

    day: Quota
    """Since midnight, in the service's time zone."""

    hour: Quota
    """In the last sixty minutes."""

    per_candidate: int
    """Downloads of one candidate's resume in a day."""

    expires_at: datetime | None
    """Until when the approval holds."""

    ladder: str
    """The version of the ladder."""

    as_of: datetime
    """The moment of this answer."""


Role: TypeAlias = Literal["owner", "recruiter"]
"""Owners can invite and remove colleagues on our pages."""


@dataclass(frozen=True)
class Spent:
    """
    The pass was honoured: hand over this candidate's resume to this member now, under these
    obligations.
    """

    decision_id: str
    """The answer that the pass came with."""

    employer_id: str
    """Who receives the resume."""

    member_id: str
    """Who of it receives it."""

    candidate: str
    """Whose resume it is, by your reference."""

    tier: str
    """The employer's tier now."""

    obligations: list[str]
    """What you have to do."""

    spent_at: datetime
    """The moment of which this speaks."""


@dataclass(frozen=True)
class Standing:
    """Where the employer was moved to; `tier` is null where its case alone says it."""

    tier: str | None
    """The employer's tier."""

    reason: str | None
    """What the gate answers."""

    since: datetime | None
    """Since when."""

    until: datetime | None
    """Until when, if that is known."""


@dataclass(frozen=True)
class Trace:
    """A trace, as it stands."""

    id: str
    """Of the trace."""

    state: str
    """looking, done or failed."""

    asked_at: datetime
    """When it was asked."""

    done_at: datetime | None
    """When it was answered."""

    resumes: int
    """How many resumes a picture was laid on."""

    findings: list[Finding]
    """The likeliest first; empty where nothing was found."""

    reasons: list[Reason]
    """Why it failed."""


@dataclass(frozen=True)
class Way:
    """
    One of the ways to meet a requirement; any one is enough.

    `strength` applies to proofs of authority. A reviewer judges weak ones.
    """

    code: str
    """The way's code."""

    state: str
    """The state of this way."""

    strength: str | None
    """The strength of a proof of authority."""

    shown: str
    """A label, such as the masked email address of a proof."""

    how: Words
    """How to complete it."""

    who: Words
    """Who has to complete it; "you" is the recruiter."""

    takes: Words
    """How long it takes."""

    expires_at: datetime | None
    """The deadline to complete it. Once completed, when it expires."""

    reasons: list[Why]
    """Why this way failed."""

    reusable: int
    """The number of documents from an earlier case that the recruiter can reuse on the page."""

    not_reusable: Why | None
    """Why other documents of an earlier case cannot be reused."""


@dataclass(frozen=True)
class Why:
    """A reason: the field, the values seen and expected, and how to fix it."""

    code: str
    """The reason's code. Its meaning never changes."""

    field: str
    """The field or kind of document concerned."""

    seen: str
    """The value seen. Personal data is masked."""

    expected: str
    """The value expected. Personal data is masked."""

    says: Words
    """A description of the problem."""

    fix: Words
    """How to fix the problem."""

    who: str
    """Who can fix it: recruiter, company, platform, reviewer, service or nobody."""

    takes: Words
    """How long the fix takes."""

    appeal: bool
    """Whether the employer can appeal."""


@dataclass(frozen=True)
class WhyNot:
    """Why an employer may not download, and how that is mended."""

    code: str
    """Never changes its meaning."""

    says: Words
    """What is wrong."""

    fix: Words
    """How it is mended."""

    url: str
    """Where the employer's people see it and mend it, and appeal where that can be."""

    appeal: bool
    """Whether the employer can appeal."""


@dataclass(frozen=True)
class Words:
    """A text in Simplified Chinese and in English."""

    zh: str
    """The text in Simplified Chinese."""

    en: str
    """The text in English."""
