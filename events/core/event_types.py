"""The public event types that platforms receive, and the contents of their messages.

Messages hold ids, states and reasons (codes and texts), but no names, addresses, files, or contents
of documents. Types are part of the API: they are added, never renamed.
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
"""Events that carry a tier instead of a case state."""
OF_PLATFORMS: Final = frozenset({"releases.stopped", "releases.resumed"})
"""Events about platforms themselves. They name no employer."""
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
    ("miss_candidate", "release"): "candidate.not_reached",
    ("miss_candidate", "consentrequest"): "candidate.not_reached",
    ("miss_candidate", "relaybinding"): "candidate.not_reached",
    ("report_misuse", "misusereport"): "misuse.reported",
    ("order_erasure", "eraseorder"): "erase.ordered",
    ("answer_erasure", "eraseorder"): "erase.answered",
    ("withdraw_erasure", "eraseorder"): "erase.withdrawn",
    ("miss_erasure", "eraseorder"): "erase.overdue",
    ("stop_releases", "releasestop"): "releases.stopped",
    ("resume_releases", "releasestop"): "releases.resumed",
}
"""The public type for each verb and kind of subject. Other events are not published."""

EVENT_TYPES: Final = tuple(dict.fromkeys(TYPES.values()))
PING: Final = "webhook.ping"
"""Sent to test an endpoint. It is not in any feed."""

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
    "all_platforms",
)
"""The details of an event that are published, if present."""
ONLY: Final = "only"
"""The detail naming the only platform that receives an event, if not all platforms that know the
employer may receive it.
"""


def type_of(verb: str, subject_type: str) -> str | None:
    """Return the public type of an event, or None if it is not published."""
    return TYPES.get((verb, subject_type))


@dataclass(frozen=True)
class Happened:
    """The publishable part of an event."""

    type: str
    employer_id: str
    """"" for the types `OF_PLATFORMS`."""
    reference: str
    case_id: str | None = None
    from_state: str = ""
    to_state: str = ""
    reasons: Iterable[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def message_payload(happened: Happened) -> dict[str, Any]:
    """Return the `data` of a message."""
    told: dict[str, Any] = {}
    if happened.type not in OF_PLATFORMS:
        told["employer"] = {"id": happened.employer_id, "reference": happened.reference}
    if happened.case_id:
        told["case"] = {"id": happened.case_id}
    if happened.type in OF_TIER:  # null if the case decides the tier
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
    """Return a reason's code, its message and what to do, in both languages."""
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


def message_envelope(
    message_id: str, kind: str, at: datetime, sequence: int | None, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one message, the same in the feed and in a webhook's body. `id` is also its
    `webhook-id`.
    """
    return {
        "id": message_id,
        "type": kind,
        "timestamp": rfc3339_time(at),
        "sequence": sequence,
        "data": data,
    }


def rfc3339_time(at: datetime) -> str:
    """Return a time in UTC in the format of RFC 3339."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
