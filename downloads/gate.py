"""May this employer's member download this candidate's resume now?

One statement reads the facts, decides, and writes the answer. On PostgreSQL it takes a share lock on the rows
that it rests on, so it sees a suspension that committed before it, or makes that suspension wait; two
statements without the lock let late answers through (`docs/gate.md`). On SQLite writers are serial anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection

from downloads import rights
from downloads.models import GateDecision
from downloads.rights import CURRENT, Obligation, Tier
from employers.models import Employer, Member, User
from events.reasons import REASONS, Reason
from verification.models import Case
from verification.states import State


@dataclass(frozen=True)
class Answer:
    """The gate's answer, as it was written down."""

    id: UUID
    allowed: bool
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    tier: Tier
    decided_at: datetime


def decide(*, client_id: UUID, employer_id: UUID, member_id: UUID, candidate: str, now: datetime, zone: ZoneInfo) -> Answer:
    """Ask whether `member_id` of `employer_id` may download the resume of `candidate` (the platform's reference).

    `zone` says when a day of the quota begins. Concurrent questions about one employer may together exceed a
    quota by as many as are under way; standing is never read late. Raises `django.db.DatabaseError`, to which
    doors answer no.
    """
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now - timedelta(hours=1)
    times = {"now": now, "young_after": now - CURRENT.provisional_for, "day": day, "hour": hour, "since": min(day, hour)}
    parameters: dict[str, Any] = {
        "id": _uuid(uuid4()),
        "client": _uuid(client_id),
        "employer": _uuid(employer_id),
        "member": _uuid(member_id),
        "candidate": candidate,
        "ladder": CURRENT.version,
    } | {name: connection.ops.adapt_datetimefield_value(time) for name, time in times.items()}
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor), parameters)
        allowed, reason, tier = cursor.fetchone()
    return Answer(
        id=UUID(str(parameters["id"])),
        allowed=bool(allowed),
        reasons=(REASONS[reason],) if reason else (),
        obligations=CURRENT.rights[Tier(tier)].obligations if allowed else (),
        tier=Tier(tier),
        decided_at=now,
    )


def _uuid(value: UUID) -> UUID | str:
    """A UUID as the database keeps it."""
    return value if connection.features.has_native_uuid_field else value.hex


@cache
def _statement(vendor: str) -> str:
    """The one statement, for `vendor`; made from `rights` so that the ladder stands once."""
    share = "FOR SHARE" if vendor == "postgresql" else ""
    employer, member, user, case, answers = (model._meta.db_table for model in (Employer, Member, User, Case, GateDecision))
    return f"""
    WITH employer_now AS (
        SELECT id, uscc, confirmed_at FROM {employer} WHERE id = %(employer)s AND made_for_id IS NULL {share}
    ), member_now AS (
        SELECT m.id, u.email_verified_at FROM {member} m JOIN {user} u ON u.id = m.user_id
        WHERE m.id = %(member)s AND m.employer_id = %(employer)s AND m.left_at IS NULL {share}
    ), case_now AS (
        SELECT id, version, state, expires_at, conditional FROM {case} WHERE employer_id = %(employer)s
        ORDER BY approved_at DESC NULLS LAST, opened_at DESC LIMIT 1 {share}
    ), standing AS (
        SELECT e.id AS employer_id, e.uscc, c.id AS case_id, c.version AS case_version,
               {_case_of("tier")} AS tier,
               CASE WHEN e.id IS NULL THEN 'employer_unknown' WHEN m.id IS NULL THEN 'member_unknown'
                    WHEN m.email_verified_at IS NULL THEN 'authority_email_unverified'
                    ELSE {_case_of("reason")} END AS reason
        FROM (SELECT 1 AS one) o
        LEFT JOIN employer_now e ON 1 = 1 LEFT JOIN member_now m ON 1 = 1 LEFT JOIN case_now c ON 1 = 1
    ), used AS (
        SELECT COUNT(*) FILTER (WHERE decided_at >= %(day)s) AS day,
               COUNT(*) FILTER (WHERE decided_at > %(hour)s) AS hour,
               COUNT(*) FILTER (WHERE decided_at >= %(day)s AND candidate = %(candidate)s AND client_id = %(client)s) AS same
        FROM {answers} WHERE uscc = (SELECT uscc FROM standing) AND allowed AND decided_at >= %(since)s
    ), answer AS (
        SELECT s.*, CASE WHEN s.reason <> '' THEN s.reason
            WHEN u.same >= {_limit("per_candidate")} THEN 'quota_candidate'
            WHEN u.day >= {_limit("per_day")} THEN 'quota_day'
            WHEN u.hour >= {_limit("per_hour")} THEN 'quota_hour' ELSE '' END AS why
        FROM standing s, used u
    )
    INSERT INTO {answers} (id, client_id, employer_id, member_id, candidate, uscc, case_id, case_version,
                           allowed, reason, tier, ladder_version, decided_at)
    SELECT %(id)s, %(client)s, %(employer)s, %(member)s, %(candidate)s, COALESCE(uscc, ''), case_id, case_version,
           why = '', why, tier, %(ladder)s, %(now)s FROM answer
    RETURNING allowed, reason, tier
    """


def _case_of(part: str) -> str:
    """`rights.standing` as SQL: its `tier` or its `reason`, for the case `c` of the employer `e`."""
    listed = " ".join(f"WHEN '{state}' THEN '{getattr(standing, part)}'" for state, standing in rights.BY_STATE.items())
    in_force = "''"
    if part == "tier":
        young = "c.conditional OR e.confirmed_at IS NULL OR e.confirmed_at > %(young_after)s"
        in_force = f"CASE WHEN {young} THEN '{Tier.PROVISIONAL}' ELSE '{Tier.ESTABLISHED}' END"
    return f"""
        CASE WHEN c.state = '{State.APPROVED}' THEN
            CASE WHEN c.expires_at > %(now)s THEN {in_force} ELSE '{getattr(rights.EXPIRED, part)}' END
        ELSE CASE c.state {listed} ELSE '{getattr(rights.NOT_APPROVED, part)}' END END"""


def _limit(quota: str) -> str:
    """One quota of the ladder as SQL, for the tier of `standing` `s`."""
    whens = " ".join(f"WHEN '{tier}' THEN {getattr(held, quota)}" for tier, held in CURRENT.rights.items())
    return f"CASE s.tier {whens} ELSE 0 END"
