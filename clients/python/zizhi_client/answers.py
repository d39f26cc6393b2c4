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
    """An appeal."""

    appeal_id: int
    """Unique identifier of the appeal."""

    outcome: str | None
    """The outcome: lifted, kept or overtaken. Null while the appeal is open."""

    due_at: datetime
    """When the answer is due."""

    answered_at: datetime | None
    """When it was answered."""

    standing: Standing
    """The override of the employer's tier now."""


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
    """A company that the candidate blocks."""

    uscc: str
    """The company's unified social credit code."""

    name: str
    """The company's name, if known."""

    own: bool
    """Whether the candidate blocked the company on our page. Your updates do not remove these blocks."""


@dataclass(frozen=True)
class Call:
    """A call. It contains neither side's phone number."""

    id: str
    """Unique identifier of the call."""

    at: datetime
    """When the call began."""

    seconds: int
    """Duration of the conversation in seconds."""

    outcome: str
    """The outcome: connected, no_answer, busy, unreachable, muted, stranger, unbound, blocked or failed."""

    by_candidate: bool
    """Whether the candidate called."""


@dataclass(frozen=True)
class Candidate:
    """A candidate. Their email address and mobile number are never returned."""

    reference: str
    """Your ID for the candidate."""

    mode: str
    """How the candidate wants to be asked."""

    reachable: bool
    """Whether we have an email address for the candidate."""

    textable: bool
    """Whether we have a mobile number for the candidate."""

    language: str
    """The language of our messages to the candidate."""

    blocked: list[Blocked]
    """The companies that the candidate blocks."""

    told_at: datetime
    """When you first told us about the candidate."""

    erased_at: datetime | None
    """When the candidate's contact data was erased."""


@dataclass(frozen=True)
class CandidateDefault:
    """The default for candidates that you have not told us about."""

    mode: str
    """How these candidates are asked."""

    basis: str
    """The basis of your declaration. Empty if you have declared nothing and the deployment's default applies."""

    declared_at: datetime | None
    """When you declared it."""


@dataclass(frozen=True)
class CandidatePage:
    """What applies to your candidates' pages and messages."""

    settings_url: str
    """The URL where candidates change how they want to be asked. Empty for none."""

    text_messages: bool
    """Whether candidates without an email address get notices and requests for consent by text message, and all candidates with a mobile number are told which relay number will call them. Your operator switches this on, because it is charged to you."""


@dataclass(frozen=True)
class CandidateRecipe:
    """A test candidate, and what happens with it."""

    candidate: str
    """The candidate ID to ask the gate about."""

    mode: str
    """How the candidate wants to be asked."""

    says: Words
    """What the candidate tests."""


@dataclass(frozen=True)
class CandidateRecipes:
    """All test candidates."""

    data: list[CandidateRecipe]
    """The test candidates."""


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
    """A candidate's separate consent: who receives what, for what purpose, how, and until when."""

    id: str
    """Unique identifier of the consent."""

    uscc: str
    """The receiving company's unified social credit code."""

    receiver: str
    """The company's name at the time of the consent."""

    contact: str
    """The company's contact address."""

    purpose: str
    """The purpose: hiring or for_client."""

    method: str
    """How the resume is released."""

    kinds: list[str]
    """The kinds of the candidate's data that are released."""

    how: str
    """How it was given. page: on our page. platform: through you."""

    evidence: str
    """The reference to your evidence."""

    given_at: datetime
    """When the consent was given."""

    until: datetime
    """When the consent expires."""

    revoked_at: datetime | None
    """When the consent was revoked."""


@dataclass(frozen=True)
class ConsentRequest:
    """An employer's request for a candidate's consent, and the answer."""

    id: str
    """Unique identifier of the request."""

    candidate: str
    """Your ID for the candidate."""

    employer_id: str
    """The employer that asks."""

    purpose: str
    """The purpose: hiring or for_client."""

    kinds: list[str]
    """The kinds of the candidate's data to be released."""

    job_title: str
    """The job, as you named it. Empty if you did not."""

    state: str
    """open, agreed, refused or expired."""

    asked_at: datetime
    """When the candidate was asked."""

    expires_at: datetime
    """When the request expires."""

    answered_at: datetime | None
    """When it was answered."""

    consent_id: str | None
    """The consent, if the candidate agreed."""

    text_message: str
    """Whether the candidate was told of this request by text message: waiting, sent, delivered, failed, or dropped because it was no longer needed. Empty if none was to be sent."""


@dataclass(frozen=True)
class CopyLink:
    """A link that opens the copy once."""

    url: str
    """The URL for the recruiter's browser. It works once, without an API key."""

    expires_at: datetime
    """When the link expires: a minute after its creation."""


@dataclass(frozen=True)
class Decision(YesOrNo):
    """A decision of the gate. It is recorded under its `id`, whether it is yes or no."""

    id: str
    """Unique identifier of the decision."""

    allowed: bool
    """Whether the download is allowed. Treat anything but true as no."""

    reasons: list[Reason]
    """Why the download is not allowed. Empty if it is."""

    obligations: list[str]
    """What you must do with an allowed download."""

    tier: str
    """The employer's tier."""

    decided_at: datetime
    """When the gate decided."""

    retry_at: datetime | None
    """When the quota is free again, if it is used up."""

    gate_pass: str | None
    """A pass for an allowed download. It is valid once, until `gate_pass_expires_at`. Spend it when the resume leaves."""

    gate_pass_expires_at: datetime | None
    """When the pass expires: a minute after the decision."""


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
    """The employer's current recruiters. Of an employer that registered on our own pages, those who linked their accounts with your platform."""


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
    """An order to an employer to erase its copies of a candidate's resume."""

    id: str
    """Unique identifier of the order."""

    candidate: str
    """Your ID for the candidate."""

    employer_id: str
    """The employer that must erase its copies."""

    ordered_at: datetime
    """When the candidate revoked."""

    due_at: datetime
    """The due date."""

    answer: str
    """erased or kept; empty until it is answered."""

    why: str
    """Why the copies are kept."""

    answered_at: datetime | None
    """When it was answered."""

    withdrawn_at: datetime | None
    """When the candidate withdrew the order."""

    overdue: bool
    """Whether the answer is overdue."""


@dataclass(frozen=True)
class Event:
    """An event, identical to the body of its webhook."""

    id: str
    """Unique ID of the event. It is also the webhook's `webhook-id`."""

    type: str
    """One of: employer.created, employer.submitted, employer.checking, employer.in_review, employer.changes_requested, employer.approved, employer.confirmed, employer.rejected, employer.suspended, employer.reinstated, employer.upheld, employer.revoked, employer.expired, employer.withdrawn, employer.appealed, employer.tier_changed, employer.tier_appealed, employer.tier_upheld, member.joined, member.left, relay.waiting, relay.bound, relay.extended, relay.expiring, relay.called, relay.muted, relay.unmuted, relay.ended, relay.failed, relay.contact_asked, relay.contact_answered, release.ready, release.failed, release.opened, consent.asked, consent.refused, consent.given, consent.revoked, resume.released, candidate.told, candidate.not_reached, misuse.reported, erase.ordered, erase.answered, erase.withdrawn, erase.overdue, releases.stopped, releases.resumed. More may be added."""

    timestamp: datetime
    """When the event happened, in UTC."""

    sequence: int
    """The event's number in your feed. Numbers have no gaps."""

    data: dict[str, Any]
    """The subject, its states, and the reasons with what to do. See docs/integrating/webhooks.md."""


@dataclass(frozen=True)
class Explanation:
    """A decision with the facts that it used, as they were at that moment."""

    id: str
    """Unique identifier of the decision."""

    employer_id: str
    """The employer."""

    member_id: str
    """The member who wanted to download."""

    candidate: str
    """Your ID for the candidate."""

    allowed: bool
    """Whether the download was allowed."""

    reasons: list[Reason]
    """Why the download was not allowed. Empty if it was."""

    tier: str
    """The employer's tier at that time."""

    ladder_version: str
    """The version of the ladder that was used."""

    case_state: str | None
    """The state of the employer's case at that time."""

    case_version: int | None
    """The version of that case."""

    quota: QuotaUsed
    """The quotas and their use."""

    decided_at: datetime
    """When the gate decided."""

    retry_at: datetime | None
    """When the quota was free again, if it was used up."""

    pass_state: str
    """The state of the pass: none, unspent, spent or expired."""

    spent_at: datetime | None
    """When the pass was spent."""


@dataclass(frozen=True)
class Finding:
    """A release, and the evidence for it."""

    release_id: str
    """Unique identifier of the release, for `/releases/{id}`, which names the receiver."""

    number: str
    """The number printed on its pages."""

    named: bool
    """Whether the evidence is sufficient to say that the leak comes from this release. If false, it proves nothing."""

    by: str
    """The kind of evidence: marks, relay_number or copy_number. Printed numbers can be forged, marks cannot."""

    z: float | None
    """For marks: the agreement in standard deviations. Other releases rarely reach 4."""

    chance: float | None
    """For marks: an upper bound of the probability that an innocent release agrees as well."""


Language: TypeAlias = Literal["zh-hans", "en"]
"""The language of our mails to the recruiter."""


@dataclass(frozen=True)
class LedgerLink:
    """A link to the candidate's own page."""

    url: str
    """The URL of the page. Give it only to the candidate: anyone who has it can act as them."""


@dataclass(frozen=True)
class Link:
    """A single-use link. Redirect the recruiter's browser to it at once, and do not store it."""

    url: str
    """Signs this recruiter in, once."""

    expires_at: datetime
    """When the link expires."""


@dataclass(frozen=True)
class LinkCode:
    """What a recruiter of a test brings back from the link page."""

    code: str
    """The code to redeem: once, within 10 minutes of the test's clock."""


@dataclass(frozen=True)
class Linked:
    """
    A recruiter who linked their account with your platform. Keep both IDs with your account of
    the recruiter.
    """

    employer_id: str
    """The recruiter's employer."""

    member_id: str
    """The recruiter."""

    linked_at: datetime
    """When the recruiter linked your platform."""


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
    """When this key expires, if an end was set or another key has replaced it."""

    allowed_networks: list[str]
    """The networks that this key may be used from. Empty: from anywhere."""


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
    """Whether the recruiter has confirmed their address, or proven their number. Until then, the gate refuses downloads."""

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
    """The result of a simulated call."""

    call: Call | None
    """The call. Null if its record arrives late; advance the clock to receive it."""


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
    """
    The number of downloads that all members of the employer have together through your platform,
    and how many are left.

    If the employer's recruiters have linked several platforms, this is your platform's share.
    """

    limit: int
    """The limit."""

    left: int
    """The number left now."""


@dataclass(frozen=True)
class QuotaUsed:
    """
    The company's use of its quotas after this decision, and the limits of its tier.

    The use is null if the decision did not use the quotas.
    """

    used_day: int | None
    """Downloads since midnight."""

    per_day: int | None
    """The daily limit."""

    used_hour: int | None
    """Downloads in the last sixty minutes."""

    per_hour: int | None
    """The hourly limit."""

    per_candidate: int | None
    """The daily limit for one candidate's resume."""


@dataclass(frozen=True)
class Reason:
    """Why the gate said no, how to fix it, who can, and how long it takes."""

    code: str
    """A stable code."""

    says: Words
    """What is wrong."""

    fix: Words
    """How to fix it."""

    who: str
    """Who can fix it."""

    takes: Words
    """How long it takes."""

    url: str
    """The page where the employer's recruiter sees the reason, fixes it, and can appeal if an appeal is possible."""

    appeal: bool
    """Whether the employer can appeal."""


@dataclass(frozen=True)
class Receipt:
    """
    The candidate's receipt. With it, anybody can check without us that the resume left as
    stated.
    """

    id: str
    """Unique identifier of the receipt, as in `resume.released` and in the candidate's ledger."""

    receipt: str
    """The signed text, verbatim: JSON in canonical form, UTF-8."""

    signature: str
    """Ed25519 signature over these bytes, base64url."""

    key_id: str
    """The ID of the signing key in `/.well-known/zizhi-receipt-keys.json`."""

    key_url: str
    """The URL of that key as PEM. Keep the key with the receipt."""


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
    """A relay number."""

    id: str
    """Unique identifier of the relay number."""

    decision_id: str
    """The decision that it was requested for."""

    employer_id: str
    """The employer whose members can call it."""

    member_id: str
    """The member who downloaded the resume, and who gets reminders."""

    candidate: str
    """Your ID for the candidate."""

    job_title: str
    """The job, as you named it. Empty if you did not."""

    state: str
    """The state: requested, bound, ended or failed."""

    number: str | None
    """The number to dial, once the state is bound."""

    extension: str | None
    """The extension to dial after the number, if there is one."""

    callers: int
    """The number of people at the employer whose calls get through."""

    muted: bool
    """Whether the candidate has muted calls."""

    requested_at: datetime
    """When it was requested."""

    bound_at: datetime | None
    """When the number was lent."""

    expires_at: datetime
    """When the number expires. Each contact extends it."""

    ended_at: datetime | None
    """When it ended."""

    reasons: list[Reason]
    """Why there is no number yet or any more, or why calls do not get through."""

    contact: str
    """Whether the candidate was asked for contact again after the number ended: none, asked, agreed or refused."""


@dataclass(frozen=True)
class RelayContact:
    """The relay number that reaches the candidate."""

    id: str
    """Unique identifier of the relay number, for `/relays/{id}`."""

    number: str
    """The number to dial."""

    extension: str | None
    """The extension to dial after the number, if there is one."""

    expires_at: datetime
    """When the number expires. Each contact extends it."""


@dataclass(frozen=True)
class RelayRecipe:
    """A test number of a candidate, and what happens with it."""

    candidate_phone: str
    """The number to send with `POST /relays`."""

    says: Words
    """What the number tests."""


@dataclass(frozen=True)
class RelayRecipes:
    """All test numbers."""

    data: list[RelayRecipe]
    """The test numbers. Any other number behaves like the first one."""


@dataclass(frozen=True)
class ReleasedResume:
    """A release of a candidate's resume."""

    id: str
    """Unique identifier of the release."""

    decision_id: str
    """The decision that allowed the release."""

    employer_id: str
    """The employer that received the resume."""

    uscc: str
    """The employer's unified social credit code."""

    receiver: str
    """The company's name at the time of the release."""

    contact: str
    """The receiver's contact address."""

    purpose: str
    """The purpose: hiring or for_client."""

    method: str
    """How the resume was released."""

    kinds: list[str]
    """The kinds of the candidate's data that were released."""

    job_title: str
    """The job, as you named it. Empty if you did not."""

    released_at: datetime
    """When the resume was released."""

    receipt: str
    """The signed receipt, verbatim: JSON in canonical form."""

    signature: str
    """Ed25519 signature over the receipt's bytes, base64url."""

    text_message: str
    """Whether the candidate was told of this release by text message: waiting, sent, delivered, failed, or dropped because it was no longer needed. Empty if none was to be sent."""

    key_id: str
    """The ID of the signing key in `/.well-known/zizhi-receipt-keys.json`."""


@dataclass(frozen=True)
class Removed:
    """The removed items of one kind."""

    kind: str
    """The kind: phone, email, id_number, passport, wechat, qq, handle, link or code."""

    count: int
    """How many were removed."""

    masked: list[str]
    """Each removed item, masked."""


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

    turn: str
    """Who acts next: `employer`, `zizhi` (checks, a register or a reviewer), `bank` (a transfer is to be sent or confirmed) or `nobody` (everything is done, or the case is closed; the employer may still appeal or start again)."""

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
    """A release."""

    id: str
    """Unique identifier of the release."""

    number: str
    """The number printed on every page of the copy."""

    state: str
    """The state: preparing, ready, failed or closed."""

    decision_id: str
    """The decision that allowed the release."""

    employer_id: str
    """The employer that receives the resume."""

    member_id: str
    """The member who receives it."""

    candidate: str
    """Your ID for the candidate."""

    job_title: str
    """The job, as you named it. Empty if you did not."""

    pages: int | None
    """The number of pages of the copy, once it is made."""

    size: int | None
    """The size of the copy in bytes."""

    removed: list[Removed]
    """The items that were removed from the resume."""

    relay: RelayContact | None
    """The relay number printed on the copy, once it is lent."""

    requested_at: datetime
    """When the release was requested."""

    ready_at: datetime | None
    """When the copy was made."""

    links_until: datetime | None
    """Until when links to the copy can be created."""

    opened_at: datetime | None
    """When the copy left for the first time."""

    receipt: Receipt | None
    """The candidate's receipt, created when the copy is first opened. Null before, because nothing has left yet."""

    link: CopyLink | None
    """A link to the copy, in a 201 response after waiting. Otherwise null: create one with `/releases/{id}/links`."""

    reasons: list[Reason]
    """Why the release failed. Fix the cause and retry with the same pass; this uses no quota."""


@dataclass(frozen=True)
class Rights:
    """
    What the employer may do at `as_of`.

    This is not a decision of the gate. Ask the gate before each download; it also checks the member
    and the candidate.
    """

    employer_id: str
    """The employer."""

    tier: str
    """The employer's tier."""

    download: bool
    """Whether the employer may download resumes at all."""

    reason: WhyNot | None
    """Why the employer may not download."""

    obligations: list[str]
    """What you must do with each download."""

    day: Quota
    """Downloads since midnight, in the service's time zone."""

    hour: Quota
    """Downloads in the last sixty minutes."""

    per_candidate: int
    """The daily limit for one candidate's resume."""

    expires_at: datetime | None
    """When the approval expires."""

    ladder: str
    """The version of the ladder."""

    as_of: datetime
    """The time of this response."""


Role: TypeAlias = Literal["owner", "recruiter"]
"""Owners can invite and remove colleagues on our pages."""


@dataclass(frozen=True)
class Spent:
    """
    An honoured pass. Release this candidate's resume to this member now, under these
    obligations.
    """

    decision_id: str
    """The decision that the pass belongs to."""

    employer_id: str
    """The employer that receives the resume."""

    member_id: str
    """The member who receives it."""

    candidate: str
    """Your ID for the candidate."""

    tier: str
    """The employer's tier now."""

    obligations: list[str]
    """What you must do."""

    spent_at: datetime
    """When the pass was spent."""


@dataclass(frozen=True)
class Standing:
    """The override of the employer's tier. `tier` is null if the case alone gives the tier."""

    tier: str | None
    """The employer's tier."""

    reason: str | None
    """The reason that the gate returns."""

    since: datetime | None
    """When the override began."""

    until: datetime | None
    """When the override ends, if known."""


@dataclass(frozen=True)
class TextMessage:
    """A text message to a candidate of the test."""

    candidate: str
    """Your ID for the candidate."""

    at: datetime
    """When it was queued."""

    text_message: str
    """Whether the candidate was told of this event by text message: waiting, sent, delivered, failed, or dropped because it was no longer needed. Empty if none was to be sent."""

    text: str
    """The message as it would be received. Empty while it waits."""


@dataclass(frozen=True)
class TextMessages:
    """The latest text messages, newest first."""

    data: list[TextMessage]
    """The messages, newest first."""


@dataclass(frozen=True)
class Trace:
    """A trace."""

    id: str
    """Unique identifier of the trace."""

    state: str
    """The state: looking, done or failed."""

    asked_at: datetime
    """When it was requested."""

    done_at: datetime | None
    """When it was finished."""

    resumes: int
    """The number of resumes that the leak was compared with."""

    findings: list[Finding]
    """The findings, the likeliest first. Empty if nothing was found."""

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
    """Why an employer may not download, and how to fix it."""

    code: str
    """A stable code."""

    says: Words
    """What is wrong."""

    fix: Words
    """How to fix it."""

    url: str
    """The page where the employer's people see the reason, fix it, and can appeal if an appeal is possible."""

    appeal: bool
    """Whether the employer can appeal."""


@dataclass(frozen=True)
class Words:
    """A text in Simplified Chinese and in English."""

    zh: str
    """The text in Simplified Chinese."""

    en: str
    """The text in English."""
