"""What may a platform hear of, and what is it told?

One table of public types, and the words of one message.

What is told are ids, states and reasons by code with their texts: no name, no address, no file,
nothing that was seen on a document. Types are part of the API: added to, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from events.core.reasons import REASONS, Text

TIER_CHANGED: Final = "employer.tier_changed"
TIER_APPEALED: Final = "employer.tier_appealed"
TIER_UPHELD: Final = "employer.tier_upheld"
OF_TIER: Final = frozenset({TIER_CHANGED, TIER_APPEALED, TIER_UPHELD})
"""What is told of these is a tier, and no state of a case."""
TYPES: Final[Mapping[tuple[str, str], str]] = {
    ("register", "employer"): "employer.created",
    ("submit", "case"): "employer.submitted",
    ("start_checks", "case"): "employer.checking",
    ("hold_for_review", "case"): "employer.in_review",
    ("ask_person", "case"): "employer.in_review",
    ("reopen", "case"): "employer.in_review",
    ("request_changes", "case"): "employer.changes_requested",
    ("approve", "case"): "employer.approved",
    ("confirm", "case"): "employer.confirmed",
    ("reject", "case"): "employer.rejected",
    ("suspend", "case"): "employer.suspended",
    ("reinstate", "case"): "employer.reinstated",
    ("uphold", "case"): "employer.upheld",
    ("revoke", "case"): "employer.revoked",
    ("expire", "case"): "employer.expired",
    ("withdraw", "case"): "employer.withdrawn",
    ("appeal", "case"): "employer.appealed",
    ("promote", "standing"): TIER_CHANGED,
    ("demote", "standing"): TIER_CHANGED,
    ("restrict", "standing"): TIER_CHANGED,
    ("step_up", "standing"): TIER_CHANGED,
    ("release", "standing"): TIER_CHANGED,
    ("appeal", "moveappeal"): TIER_APPEALED,
    ("uphold", "moveappeal"): TIER_UPHELD,
    ("join", "employer"): "member.joined",
    ("add_member", "employer"): "member.joined",
    ("remove_member", "employer"): "member.left",
    ("release_address", "user"): "member.left",
    ("wait_relay", "relaybinding"): "relay.waiting",
    ("bind_relay", "relaybinding"): "relay.bound",
    ("extend_relay", "relaybinding"): "relay.extended",
    ("remind_relay", "relaybinding"): "relay.expiring",
    ("call_relay", "relaybinding"): "relay.called",
    ("mute_relay", "relaybinding"): "relay.muted",
    ("unmute_relay", "relaybinding"): "relay.unmuted",
    ("end_relay", "relaybinding"): "relay.ended",
    ("fail_relay", "relaybinding"): "relay.failed",
    ("ask_contact", "relaybinding"): "relay.contact_asked",
    ("answer_contact", "relaybinding"): "relay.contact_answered",
    ("ready_copy", "copy"): "release.ready",
    ("fail_copy", "copy"): "release.failed",
    ("open_copy", "copy"): "release.opened",
    ("ask_consent", "consentrequest"): "consent.asked",
    ("refuse_consent", "consentrequest"): "consent.refused",
    ("give_consent", "consent"): "consent.given",
    ("revoke_consent", "candidate"): "consent.revoked",
    ("release_resume", "release"): "resume.released",
    ("tell_candidate", "release"): "candidate.told",
    ("report_misuse", "misusereport"): "misuse.reported",
    ("order_erasure", "eraseorder"): "erase.ordered",
    ("answer_erasure", "eraseorder"): "erase.answered",
    ("withdraw_erasure", "eraseorder"): "erase.withdrawn",
    ("miss_erasure", "eraseorder"): "erase.overdue",
}
"""The type of an event by its verb and the kind of its subject; what is not listed is told to
nobody.
"""

EVENT_TYPES: Final = tuple(dict.fromkeys(TYPES.values()))
PING: Final = "webhook.ping"
"""Sent when a platform tries an endpoint out; it stands in no feed."""

DETAILS: Final = (
    "attempt",
    "expires_at",
    "conditional",
    "member",
    "because_of",
    "relay",
    "candidate",
    "muted",
    "days",
    "agreed",
    "call",
    "outcome",
    "seconds",
    "called_at",
    "by_candidate",
    "request",
    "consent",
    "until",
    "release",
    "receipt",
    "number",
    "decision",
    "order",
    "due_at",
    "answer",
    "about",
)
"""What of an event's details is told where it is there."""
ONLY: Final = "only"
"""The detail that names the one platform that hears of an event, where not all do that may know of
its employer.
"""


def type_of(verb: str, subject_type: str) -> str | None:
    """The public type of what happened, or None where no platform hears of it."""
    return TYPES.get((verb, subject_type))


@dataclass(frozen=True)
class Happened:
    """What an event says of itself, as far as it may be told."""

    type: str
    employer_id: str
    reference: str
    case_id: str | None = None
    from_state: str = ""
    to_state: str = ""
    reasons: Iterable[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def payload(happened: Happened) -> dict[str, Any]:
    """The `data` of a message."""
    told: dict[str, Any] = {
        "employer": {"id": happened.employer_id, "reference": happened.reference}
    }
    if happened.case_id:
        told["case"] = {"id": happened.case_id}
    if happened.type in OF_TIER:  # null: where its case says
        moved = {
            "from": happened.from_state or None,
            "to": happened.to_state or None,
            "until": happened.data.get("until"),
        }
        told["tier"] = moved
    elif happened.to_state:
        told |= {"from_state": happened.from_state or None, "to_state": happened.to_state}
    told["reasons"] = [reason_of(code) for code in happened.reasons]
    return told | {name: happened.data[name] for name in DETAILS if name in happened.data}


def reason_of(code: str) -> dict[str, Any]:
    """A reason by its code, with what it says and what to do, in both languages."""
    reason = REASONS.get(code)
    if reason is None:
        return {"code": code}
    return {
        "code": code,
        "says": _both(reason.says),
        "fix": _both(reason.fix),
        "who": reason.who,
        "appeal": reason.appeal,
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def envelope(
    message_id: str, kind: str, at: datetime, sequence: int | None, data: Mapping[str, Any]
) -> dict[str, Any]:
    """One message, the same in the feed and in a webhook's body. `id` is its `webhook-id` too."""
    return {
        "id": message_id,
        "type": kind,
        "timestamp": stamp(at),
        "sequence": sequence,
        "data": data,
    }


def stamp(at: datetime) -> str:
    """A moment in UTC, as RFC 3339 writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
