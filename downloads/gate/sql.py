"""The SQL statements of the gate, of passes, of repeated answers and of copy links, built from the ladder.

All of them use the same facts (`_facts`, `_candidate_consent`): the employer if it is the
platform's own or the member has linked their account with the platform, the member, the case that counts, and what the candidate allows. On PostgreSQL these rows
are read `FOR SHARE`. So a suspension, or a candidate who closes, either came before and is seen, or
waits (`docs/how-it-works/gate.md`). There is usually no download stop to lock, so the act that
confirms one waits for every statement that has looked (`downloads.gate.release_stops`). Consents
and blocks are written under the company's lock, which the caller holds.
"""

from __future__ import annotations

from functools import lru_cache

from downloads.models import (
    BlockedEmployer,
    Candidate,
    CandidateDefault,
    Consent,
    Copy,
    CopyLink,
    GateDecision,
    LadderVersion,
    Mode,
    PassUse,
    ReleaseStop,
    Standing,
)
from downloads.rules import ladder as rules_ladder
from downloads.rules.ladder import Ladder, Tier
from employers.models import KEY_OPENS, ApiClient, ApiKey, Employer, Member, MemberLink, User
from events.db.dialect import Dialect
from verification.models import Case
from verification.rules.validity import in_force_sql

EMPLOYER = Employer._meta.db_table
MEMBER = Member._meta.db_table
LINK = MemberLink._meta.db_table
USER = User._meta.db_table
CASE = Case._meta.db_table
KEY = ApiKey._meta.db_table
CLIENT = ApiClient._meta.db_table
COPIES = Copy._meta.db_table
LINKS = CopyLink._meta.db_table
ANSWERS = GateDecision._meta.db_table
USES = PassUse._meta.db_table
OVERRIDES = Standing._meta.db_table
LADDERS = LadderVersion._meta.db_table
CANDIDATE = Candidate._meta.db_table
DEFAULT = CandidateDefault._meta.db_table
BLOCKED = BlockedEmployer._meta.db_table
CONSENT = Consent._meta.db_table
STOPS = ReleaseStop._meta.db_table

_LATEST = (
    f"SELECT version FROM {LADDERS} WHERE active_from IS NOT NULL ORDER BY active_from DESC LIMIT 1"
)
_IN_FORCE = f"%(ladder)s = COALESCE(({_LATEST}), '{rules_ladder.FIRST.version}')"
"""The ladder of the statement is the one in force. Otherwise nothing is written, and the statement
is built again.
"""
_MAY_ASK = f"""(EXISTS (
        SELECT 1 FROM {KEY} k JOIN {CLIENT} c ON c.id = k.client_id WHERE k.id = %(key)s AND {KEY_OPENS.format(now="%(now)s")}
            AND k.allowed_networks = %(networks)s
    ) OR %(key)s IS NULL)"""
"""A key that nobody has checked (`employers.platforms.known_keys`) is in force, and may still be
used from the networks that the caller's address was compared with. Otherwise nothing is written.
"""

_OTHER_PLATFORM = (
    f"SELECT 1 FROM {LINK} l JOIN {CLIENT} c ON c.id = l.client_id AND c.revoked_at IS NULL"
    " WHERE l.employer_id = %(employer)s AND l.ended_at IS NULL AND l.client_id <> %(client)s"
)
"""Another platform acts for recruiters of the employer, so that each has only its share."""

_REACHABLE_OWNER = (
    f"SELECT 1 FROM {MEMBER} o JOIN {USER} a ON a.id = o.user_id AND a.is_active AND a.email_verified_at IS NOT NULL"
    f" WHERE o.employer_id = m.employer_id AND o.role = '{Member.MemberRole.OWNER.value}' AND o.left_at IS NULL"
)
"""Candidates can reach the company of the member `m` through one of its owners, as
`Member.objects.contact_of` finds them. This is asked only of members without a confirmed address.
"""


@lru_cache(maxsize=16)
def decision_statement(dialect: Dialect, test: bool, ladder: Ladder) -> str:
    """Return the statement that decides about every candidate in `asked`, in order, and writes the
    decisions.

    It reads the company's downloads of today by the index `gate_budget`. The cost depends on the
    size of the quota, not on the number of decisions. Decisions with another reason do not record
    the use of the quota. The caller holds the company's lock (`downloads.locks`), so no other
    request uses the quota meanwhile.
    """
    return f"""
    WITH asked AS (
        {dialect.numbered_pairs("asked", "id", "candidate")}
    ), {_facts(dialect, test, ladder)}, {_candidate_consent(dialect, "asked")}, today AS (
        SELECT candidate, client_id, decided_at FROM {ANSWERS}
        WHERE uscc = (SELECT uscc FROM current_tier) AND allowed AND decided_at >= %(since)s AND {_world(test)}
    ), used AS (
        SELECT COUNT(*) FILTER (WHERE decided_at >= %(day)s) AS day, COUNT(*) FILTER (WHERE decided_at > %(hour)s) AS hour,
               COUNT(*) FILTER (WHERE decided_at >= %(day)s AND client_id = %(client)s) AS day_here,
               COUNT(*) FILTER (WHERE decided_at > %(hour)s AND client_id = %(client)s) AS hour_here,
               EXISTS ({_OTHER_PLATFORM}) AS shared FROM today
    ), taken AS (
        SELECT candidate, COUNT(*) AS times FROM today WHERE decided_at >= %(day)s AND client_id = %(client)s GROUP BY candidate
    ), counted AS (
        SELECT a.n, a.id, a.candidate, w.unwilling,
               CASE WHEN w.unwilling = '' AND COALESCE(t.times, 0) + ROW_NUMBER() OVER (PARTITION BY a.candidate ORDER BY a.n)
                   <= {_limit("per_candidate", ladder)} THEN 1 ELSE 0 END AS fits
        FROM asked a CROSS JOIN current_tier s JOIN candidate_consent w ON w.candidate = a.candidate LEFT JOIN taken t ON t.candidate = a.candidate
    ), numbered AS (
        SELECT n, id, candidate, unwilling, fits, SUM(fits) OVER (ORDER BY n) AS position FROM counted
    ), answer AS (
        SELECT p.n, p.id, p.candidate, s.*, u.day, u.hour,
               CASE WHEN s.reason <> '' THEN s.reason
                    WHEN {_limit("download", ladder)} = 0 THEN 'tier_without_downloads'
                    WHEN p.unwilling <> '' THEN p.unwilling
                    WHEN p.fits = 0 THEN 'quota_candidate'
                    WHEN u.day + p.position > {_limit("per_day", ladder)} THEN 'quota_day'
                    WHEN u.hour + p.position > {_limit("per_hour", ladder)} THEN 'quota_hour'
                    WHEN u.shared AND u.day_here + p.position > {_limit("per_day", ladder, ladder.platform_percent)} THEN 'quota_platform_day'
                    WHEN u.shared AND u.hour_here + p.position > {_limit("per_hour", ladder, ladder.platform_percent)} THEN 'quota_platform_hour'
                    ELSE '' END AS why
        FROM numbered p, current_tier s LEFT JOIN used u ON s.reason = ''
    ), granted AS (
        SELECT a.*, COUNT(*) FILTER (WHERE why = '') OVER (ORDER BY n) AS so_far FROM answer a
    )
    INSERT INTO {ANSWERS} (id, client_id, test, employer_id, member_id, candidate, uscc, case_id, case_version, case_state,
                           allowed, reason, tier, ladder_version, used_day, used_hour, decided_at)
    SELECT id, %(client)s, {_boolean(test)}, %(employer)s, %(member)s, candidate, COALESCE(uscc, ''), case_id, case_version,
           COALESCE(case_state, ''), why = '', why, tier, CAST(%(ladder)s AS text), day + so_far, hour + so_far, %(now)s FROM granted
    WHERE {_IN_FORCE} AND {_MAY_ASK}
    RETURNING id, allowed, reason, tier
    """


@lru_cache(maxsize=16)
def pass_statement(dialect: Dialect, test: bool, ladder: Ladder) -> str:
    """Return the statement that checks the facts again and records the use of a pass.

    Its reason is "" if the pass is honoured. It returns no row if there is no such decision.
    """
    return f"""
    WITH given AS (
        SELECT id, decided_at, candidate FROM {ANSWERS} WHERE id = %(decision)s AND client_id = %(client)s AND employer_id = %(employer)s
           AND member_id = %(member)s AND test = {_boolean(test)} AND allowed
    ), {_facts(dialect, test, ladder)}, {_candidate_consent(dialect, "given")}, judged AS (
        SELECT g.id, s.tier,
               CASE WHEN EXISTS (SELECT 1 FROM {USES} WHERE decision_id = g.id AND reason = '') THEN 'pass_spent'
                    WHEN g.decided_at <= %(expired)s THEN 'pass_expired'
                    WHEN s.reason <> '' THEN s.reason
                    WHEN {_limit("download", ladder)} = 0 THEN 'tier_without_downloads' ELSE w.unwilling END AS why
        FROM given g, current_tier s, candidate_consent w
    )
    INSERT INTO {USES} (decision_id, used_at, reason, tier) SELECT id, %(now)s, why, tier FROM judged
    WHERE {_IN_FORCE}
    RETURNING reason, tier, (SELECT candidate FROM {ANSWERS} WHERE id = %(decision)s)
    """


@lru_cache(maxsize=16)
def link_statement(dialect: Dialect, test: bool, ladder: Ladder) -> str:
    """Return the statement that checks the facts again and uses up a link.

    It returns "" if the copy may be sent, and no row if there is no such link or it is used. It
    checks the same facts as for a pass, right before the first byte, so that a copy made a minute
    ago does not go to an employer that was suspended since, or against a consent that was revoked.
    """
    return f"""
    WITH given AS (
        SELECT l.id, l.expires_at, c.state, c.candidate FROM {LINKS} l JOIN {COPIES} c ON c.id = l.of_id
        WHERE l.id = %(link)s AND l.used_at IS NULL AND c.employer_id = %(employer)s AND c.member_id = %(member)s
           AND c.client_id = %(client)s AND c.test = {_boolean(test)}
    ), {_facts(dialect, test, ladder)}, {_candidate_consent(dialect, "given")}, judged AS (
        SELECT g.id,
               CASE WHEN g.expires_at <= %(now)s THEN 'copy_link_expired' WHEN g.state <> 'ready' THEN 'release_closed'
                    WHEN s.reason <> '' THEN s.reason
                    WHEN {_limit("download", ladder)} = 0 THEN 'tier_without_downloads' ELSE w.unwilling END AS why
        FROM given g, current_tier s, candidate_consent w
    )
    UPDATE {LINKS} SET used_at = %(now)s, why = (SELECT why FROM judged)
    WHERE id = (SELECT id FROM judged) AND used_at IS NULL AND {_IN_FORCE}
    RETURNING why
    """


@lru_cache(maxsize=16)
def repeat_statement(dialect: Dialect, test: bool, ladder: Ladder) -> str:
    """Return the statement that checks the facts of an allowed decision again, and writes nothing.

    It returns "" if the decision would be the same now, by the same case, else why not; and no row
    if there is no such decision, or another ladder is in force.
    """
    return f"""
    WITH given AS (
        SELECT id, decided_at, candidate, case_id, case_version FROM {ANSWERS}
        WHERE id = %(decision)s AND client_id = %(client)s AND test = {_boolean(test)} AND allowed
    ), {_facts(dialect, test, ladder)}, {_candidate_consent(dialect, "given")}
    SELECT CASE WHEN g.decided_at <= %(expired)s THEN 'pass_expired' WHEN s.reason <> '' THEN s.reason
                WHEN {_limit("download", ladder)} = 0 THEN 'tier_without_downloads'
                WHEN s.case_id <> g.case_id OR s.case_version <> g.case_version THEN 'employer_not_approved'
                ELSE w.unwilling END
    FROM given g, current_tier s, candidate_consent w WHERE {_IN_FORCE}
    """


def _facts(dialect: Dialect, test: bool, ladder: Ladder) -> str:
    """Return the rows that every decision uses, and the `current_tier` that they give."""
    share = dialect.for_share
    seen = "platform_id = %(client)s"
    if not test:
        seen = f"({seen} OR platform_id IS NULL AND EXISTS (SELECT 1 FROM linked))"
    return f"""stop AS (
        SELECT id FROM {STOPS} WHERE in_force AND (client_id IS NULL OR client_id = %(client)s) {share}
    ), linked AS (
        SELECT id FROM {LINK} WHERE member_id = %(member)s AND client_id = %(client)s AND employer_id = %(employer)s AND ended_at IS NULL {share}
    ), e_now AS (
        SELECT id, uscc, confirmed_at FROM {EMPLOYER}
        WHERE id = %(employer)s AND made_for_id IS NULL AND test = {_boolean(test)} AND {seen} {share}
    ), m_now AS (
        SELECT m.id, m.held_at, u.email_verified_at IS NOT NULL OR u.phone_index <> '' AS proven,
               u.email_verified_at IS NOT NULL OR EXISTS ({_REACHABLE_OWNER}) AS reachable
        FROM {MEMBER} m JOIN {USER} u ON u.id = m.user_id
        WHERE m.id = %(member)s AND m.employer_id = %(employer)s AND m.left_at IS NULL AND u.is_active {share}
    ), c_now AS (
        SELECT id, version, state, golden, expires_at, conditional FROM {CASE} WHERE employer_id = %(employer)s
        ORDER BY approved_at DESC NULLS LAST, opened_at DESC LIMIT 1 {share}
    ), override AS (
        SELECT tier, reason FROM {OVERRIDES} WHERE employer_id = %(employer)s AND (until IS NULL OR until > %(now)s) {share}
    ), current_tier AS (
        SELECT e.uscc, c.id AS case_id, c.version AS case_version, c.state AS case_state,
               CASE WHEN e.id IS NULL THEN '{Tier.HELD}' ELSE {_case_of("tier")} END AS tier,
               CASE WHEN EXISTS (SELECT 1 FROM stop) THEN 'releases_stopped'
                    WHEN e.id IS NULL THEN 'member_not_linked' WHEN m.id IS NULL THEN 'member_unknown'
                    WHEN m.held_at IS NOT NULL THEN 'member_in_review'
                    WHEN NOT m.proven THEN 'authority_email_unverified'
                    ELSE COALESCE(NULLIF({_case_of("reason")}, ''), CASE WHEN m.reachable THEN '' ELSE 'contact_missing' END) END AS reason
        FROM (SELECT 1 AS one) o
        LEFT JOIN e_now e ON 1 = 1 LEFT JOIN m_now m ON 1 = 1 LEFT JOIN c_now c ON e.id IS NOT NULL
        LEFT JOIN override v ON 1 = 1
    )"""


def _candidate_consent(dialect: Dialect, asked: str) -> str:
    """Return, for each candidate in `asked`, why their resume may not go to this company.

    `unwilling` is the reason, or "". Each row takes one index look-up: the candidate by platform
    and reference, then block and consent by candidate and company. For an unknown candidate the
    mode is what the platform declared, or else the deployment's default.
    """
    share = dialect.for_share
    return f"""known AS (
        SELECT id, reference, mode FROM {CANDIDATE} WHERE client_id = %(client)s AND reference IN (SELECT candidate FROM {asked}) {share}
    ), moded AS (
        SELECT DISTINCT a.candidate, k.id,
               COALESCE(k.mode, (SELECT mode FROM {DEFAULT} WHERE client_id = %(client)s), CAST(%(mode)s AS text)) AS mode
        FROM {asked} a LEFT JOIN known k ON k.reference = a.candidate
    ), candidate_consent AS (
        SELECT o.candidate, CASE
            WHEN o.mode = '{Mode.CLOSED.value}' THEN 'candidate_closed'
            WHEN EXISTS (SELECT 1 FROM {BLOCKED} b WHERE b.candidate_id = o.id AND b.uscc = s.uscc) THEN 'candidate_blocked_employer'
            WHEN o.mode = '{Mode.ASK_FIRST.value}' AND NOT EXISTS (
                SELECT 1 FROM {CONSENT} c WHERE c.candidate_id = o.id AND c.uscc = s.uscc AND c.revoked_at IS NULL AND c.until > %(now)s
            ) THEN 'candidate_no_consent' ELSE '' END AS unwilling
        FROM moded o CROSS JOIN current_tier s
    )"""


def _world(test: bool) -> str:
    """Return which decisions count towards a quota: those of all live platforms together, and each
    test platform's own.
    """
    return "test AND client_id = %(client)s" if test else "NOT test"


def _boolean(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _case_of(part: str) -> str:
    """Return `rules_ladder.current_tier` as SQL: its `tier` or its `reason`.

    For the case `c` of the employer `e` with the override `v`.
    """
    listed = " ".join(
        f"WHEN '{state}' THEN '{getattr(tier, part)}'"
        for state, tier in rules_ladder.BY_STATE.items()
    )
    there = "COALESCE(v.reason, '')"
    if part == "tier":
        young = "e.confirmed_at IS NULL OR e.confirmed_at > %(young_after)s"
        there = f"""CASE WHEN v.reason <> '' THEN v.tier WHEN c.conditional THEN '{Tier.PROVISIONAL}'
            WHEN v.tier IS NOT NULL THEN v.tier WHEN {young} THEN '{Tier.PROVISIONAL}' ELSE '{Tier.ESTABLISHED}' END"""
    return f"""
        CASE WHEN {in_force_sql("c", "%(now)s")} THEN {there}
        ELSE CASE c.state {listed} ELSE '{getattr(rules_ladder.NOT_APPROVED, part)}' END END"""


def _limit(of: str, ladder: Ladder, percent: int = 100) -> str:
    """Return one figure of the ladder, or so many percent of it, as SQL, for the tier of
    `current_tier` `s`.
    """
    whens = " ".join(
        f"WHEN '{tier}' THEN {rules_ladder.share_of_limit(int(getattr(rights, of)), percent)}"
        for tier, rights in ladder.rights.items()
        if getattr(rights, of)
    )
    return f"CASE s.tier {whens} ELSE 0 END" if whens else "0"
