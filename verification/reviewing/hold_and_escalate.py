"""Postpones a claimed case, or escalates it to a senior reviewer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from employers.models import User
from events.core.errors import Refused
from events.models import record
from verification.models import Case, CaseNote, NoteKind
from verification.reviewing import claims

POSTPONE_AT_MOST: Final = timedelta(days=7)
WORDS_AT_MOST: Final = 2000


def postpone_case(case_id: UUID, reviewer: User, now: datetime, until: datetime, why: str) -> Case:
    """Postpone a claimed case for up to a week; until then only this reviewer can claim it.

    Raise Refused.
    """
    if not now < until <= now + POSTPONE_AT_MOST:
        raise Refused("until_invalid", "until", seen=until.isoformat())
    with claims.claimed_case(case_id, reviewer.as_reviewer(), now) as case:
        case.held_until = until
        _put_down(case, NoteKind.HOLD, reviewer, now, why, {"until": until.isoformat()})
    return case


def escalate_case(case_id: UUID, reviewer: User, now: datetime, why: str) -> Case:
    """Hand a claimed case to the senior reviewers. Raise Refused."""
    with claims.claimed_case(case_id, reviewer.as_reviewer(), now) as case:
        case.for_senior, case.assigned_to = True, None
        _put_down(case, NoteKind.ESCALATE, reviewer, now, why, {})
    return case


def _put_down(
    case: Case, kind: NoteKind, reviewer: User, now: datetime, why: str, data: dict[str, Any]
) -> None:
    """End the claim and note the reason for colleagues.

    The Event records only the action, because Events cannot be erased.
    """
    if not why.strip():
        raise Refused("words_missing", "why")
    claims.clear_claim(case, now)
    CaseNote.objects.create(
        case=case, by=reviewer, at=now, kind=kind, text=why.strip()[:WORDS_AT_MOST]
    )
    record(kind, case, reviewer.as_reviewer(), now, employer_id=case.employer_id, data=data)
