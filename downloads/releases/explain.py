"""Explains a recorded decision: the facts that it used, as they were at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from downloads.gate import decide, ladder_versions
from downloads.models import GateDecision, PassUse
from downloads.releases import passes
from downloads.rules.ladder import Rights, Tier
from events.core.errors import Refused
from events.core.reasons import REASONS, Reason


@dataclass(frozen=True)
class Explanation:
    """A decision with its facts. `pass_state` is `none`, `unspent`, `spent` or `expired`."""

    row: GateDecision
    reasons: tuple[Reason, ...]
    rights: Rights | None
    """The rights of its tier in its version of the ladder."""
    retry_at: datetime | None
    pass_state: str
    spent_at: datetime | None


def explain_decision(
    decision_id: UUID, client_id: UUID, now: datetime, zone: ZoneInfo
) -> Explanation:
    """Return the explanation of a decision.

    Raises Refused `decision_unknown`, also for another platform's decisions.
    """
    row = GateDecision.objects.filter(pk=decision_id, client_id=client_id).first()
    if row is None:
        raise Refused("decision_unknown", "decision_id")
    ladder = ladder_versions.by_version(row.ladder_version)
    retry_at = (
        decide.retry_at(row, row.reason, ladder, row.decided_at, zone)
        if ladder and row.reason
        else None
    )
    spent_at = (
        PassUse.objects.filter(decision_id=row.pk, reason="")
        .values_list("used_at", flat=True)
        .first()
    )
    return Explanation(
        row=row,
        reasons=(REASONS[row.reason],) if row.reason else (),
        rights=ladder.rights[Tier(row.tier)] if ladder else None,
        retry_at=retry_at,
        pass_state=_pass_state(row, spent_at, now),
        spent_at=spent_at,
    )


def _pass_state(row: GateDecision, spent_at: datetime | None, now: datetime) -> str:
    if not row.allowed:
        return "none"
    if spent_at:
        return "spent"
    return "unspent" if now < row.decided_at + passes.GOOD_FOR else "expired"
