"""May this employer's member download these candidates' resumes now?

One statement (`downloads.statements`) reads the facts, decides, and writes the answers, in the company's turn
(`downloads.turns`): a suspension that was acknowledged is always seen, and no quota is exceeded. `docs/gate.md` says why.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection

from downloads import statements, turns
from downloads.rights import CURRENT, Obligation, Tier
from events.reasons import REASONS, Reason

AT_ONCE: Final = 100
"""So many candidates are asked about in one question at most."""


@dataclass(frozen=True)
class Answer:
    """The gate's answer, as it was written down."""

    id: UUID
    allowed: bool
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    tier: Tier
    decided_at: datetime


def decide(
    *, client_id: UUID, employer_id: UUID, member_id: UUID, candidate: str, now: datetime, zone: ZoneInfo, test: bool = False
) -> Answer:
    """Ask whether `member_id` of `employer_id` may download the resume of `candidate` (the platform's reference).

    `zone` says when a day of the quota begins; `test`, whether the platform is one for tests. Raises
    `django.db.DatabaseError`, to which doors answer no.
    """
    (answer,) = decide_all(
        client_id=client_id, employer_id=employer_id, member_id=member_id, candidates=[candidate], now=now, zone=zone, test=test
    )
    return answer


def decide_all(
    *, client_id: UUID, employer_id: UUID, member_id: UUID, candidates: Sequence[str], now: datetime, zone: ZoneInfo, test: bool = False
) -> list[Answer]:
    """As `decide`, about up to `AT_ONCE` candidates: as if they had been asked about one after the other, in one statement."""
    ids = [uuid4() for _ in candidates]
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now - timedelta(hours=1)
    times = {"now": now, "young_after": now - CURRENT.provisional_for, "day": day, "hour": hour, "since": min(day, hour)}
    parameters: dict[str, Any] = {
        "client": turns.uuid(client_id),
        "employer": turns.uuid(employer_id),
        "member": turns.uuid(member_id),
        "ladder": CURRENT.version,
    } | {name: turns.parameter(time) for name, time in times.items()}
    if connection.vendor == "postgresql":
        parameters |= {"ids": ids, "candidates": list(candidates)}
    else:
        parameters["asked"] = json.dumps([[turns.uuid(id_), candidate] for id_, candidate in zip(ids, candidates, strict=True)])
    rows = turns.in_turn(statements.decision(connection.vendor, test, CURRENT), parameters)
    written = {UUID(str(id_)): _answer(UUID(str(id_)), allowed, reason, tier, now) for id_, allowed, reason, tier in rows}
    return [written[id_] for id_ in ids]


def _answer(id_: UUID, allowed: bool, reason: str, tier: str, now: datetime) -> Answer:
    return Answer(
        id=id_,
        allowed=bool(allowed),
        reasons=(REASONS[reason],) if reason else (),
        obligations=CURRENT.rights[Tier(tier)].obligations if allowed else (),
        tier=Tier(tier),
        decided_at=now,
    )
