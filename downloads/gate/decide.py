"""Decides whether an employer's member may download candidates' resumes now.

One statement (`downloads.gate.sql`) reads the facts, decides, and writes the decisions, under the
company's lock (`downloads.locks`). So a suspension that was acknowledged is always seen, and no
quota is exceeded. `docs/how-it-works/gate.md` explains why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError

from downloads import locks
from downloads.gate import ladder_versions, sql
from downloads.models import GateDecision
from downloads.rules.ladder import Ladder, Obligation, Tier, share_of_limit
from employers.platforms import known_keys
from employers.platforms.known_keys import CheckedKey
from events.core.reasons import REASONS, Reason
from events.db.dialect import current_dialect

AT_ONCE: Final = 100
"""Maximum number of candidates in one request."""


@dataclass(frozen=True)
class Answer:
    """A decision of the gate, as recorded."""

    id: UUID
    allowed: bool
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    tier: Tier
    decided_at: datetime
    retry_at: datetime | None = None
    """When the quota is free again, if it is used up."""


def decide_download(
    *,
    client_id: UUID,
    employer_id: UUID,
    member_id: UUID,
    candidate: str,
    now: datetime,
    zone: ZoneInfo,
    test: bool = False,
) -> Answer:
    """Decide whether `member_id` of `employer_id` may download the resume of `candidate` (the
    platform's reference).

    `zone` defines when a day of the quota begins; `test` says whether the platform is a test
    platform. Raises `django.db.DatabaseError`, which callers answer with no.
    """
    (answer,) = decide_all(
        client_id=client_id,
        employer_id=employer_id,
        member_id=member_id,
        candidates=[candidate],
        now=now,
        zone=zone,
        test=test,
    )
    return answer


def decide_all(
    *,
    client_id: UUID,
    employer_id: UUID,
    member_id: UUID,
    candidates: Sequence[str],
    now: datetime,
    zone: ZoneInfo,
    test: bool = False,
    under: CheckedKey | None = None,
) -> list[Answer]:
    """Decide about up to `AT_ONCE` candidates in one statement, as `decide_download` would one
    after the other.

    `under` is the API key, if nobody has checked that it is still in force. Raises
    `known_keys.KeyEnded` if it is not, and Refused `key_address_not_allowed` if its networks have
    changed; then nothing was written.
    """
    ids = [uuid4() for _ in candidates]
    dialect = current_dialect()
    parameters: dict[str, Any] = {
        "client": client_id,
        "employer": employer_id,
        "member": member_id,
        "mode": settings.CANDIDATES_DEFAULT,
    } | dialect.numbered_pairs_parameters("asked", ids, candidates)
    for ladder in ladder_versions.until_in_force():
        statement = sql.decision_statement(dialect, test, ladder)
        while True:
            if rows := locks.with_company_lock(
                statement, parameters | _asker(under) | _moment(now, zone, ladder), repeatable=True
            ):
                answers = [_answer(row, now, ladder) for row in rows]
                written = {answer.id: answer for answer in answers}
                return _when_to_retry([written[id_] for id_ in ids], now, zone, ladder)
            confirmed = known_keys.confirm_key(under, now) if under else None
            if confirmed == under:
                break  # so another ladder is in force
            under = confirmed
    raise DatabaseError("the ladder changed during every attempt")


def _asker(under: CheckedKey | None) -> dict[str, Any]:
    return {"key": under.id if under else None, "networks": under.allowed_networks if under else ""}


def _moment(now: datetime, zone: ZoneInfo, ladder: Ladder) -> dict[str, Any]:
    """Return the times that the statement compares with, and the version of its ladder."""
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now - timedelta(hours=1)
    return {
        "ladder": ladder.version,
        "now": now,
        "young_after": now - ladder.provisional_for,
        "day": day,
        "hour": hour,
        "since": min(day, hour),
    }


def _when_to_retry(
    answers: list[Answer], now: datetime, zone: ZoneInfo, ladder: Ladder
) -> list[Answer]:
    """Add the retry time to denials because of a quota.

    This takes one more query, which allowed requests do not need.
    """
    if not any(
        answer.reasons and answer.reasons[0].code.startswith("quota_") for answer in answers
    ):
        return answers
    row = GateDecision.objects.get(pk=answers[0].id)
    return [
        replace(
            answer,
            retry_at=(
                retry_at(row, answer.reasons[0].code, ladder, now, zone) if answer.reasons else None
            ),
        )
        for answer in answers
    ]


def retry_at(
    row: GateDecision, reason: str, ladder: Ladder, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """Return when the quota that `reason` names is free again for the company of `row`.

    Returns None if it never is, or if `reason` is not a quota.
    """
    rights = ladder.rights[Tier(row.tier)]
    if not (rights.download and rights.per_day and rights.per_hour and rights.per_candidate):
        return None
    if reason in ("quota_day", "quota_platform_day", "quota_candidate"):
        return (now.astimezone(zone) + timedelta(days=1)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
    within = GateDecision.objects.counted_with(row).filter(
        decided_at__gt=now - timedelta(hours=1), decided_at__lte=now
    )
    limit = rights.per_hour
    if reason == "quota_platform_hour":
        within, limit = (
            within.filter(client_id=row.client_id),
            share_of_limit(limit, ladder.platform_percent),
        )
    elif reason != "quota_hour":
        return None
    newest = list(within.order_by("-decided_at").values_list("decided_at", flat=True)[:limit])
    return newest[-1] + timedelta(hours=1) if len(newest) == limit else now


def _answer(row: tuple[Any, ...], now: datetime, ladder: Ladder) -> Answer:
    id_, allowed, reason, tier = row
    return Answer(
        id=id_ if isinstance(id_, UUID) else UUID(id_),
        allowed=bool(allowed),
        reasons=(REASONS[reason],) if reason else (),
        obligations=ladder.rights[Tier(tier)].obligations if allowed else (),
        tier=Tier(tier),
        decided_at=now,
    )
