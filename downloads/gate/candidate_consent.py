"""What a candidate allows a company now, for code outside the gate.

The gate asks the same in its own statement (`downloads.gate.sql`). The result can change at any
moment: to write by it, take the company's lock first, then `lock_candidate`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from downloads import locks
from downloads.models import Candidate, CandidateDefault, Mode


def consent_refusal(client_id: UUID, reference: str, uscc: str, now: datetime) -> str:
    """Why the candidate's resume is not to be for this company; "" where nothing speaks against
    it.
    """
    candidate = Candidate.objects.of(client_id).filter(reference=reference).first()
    declared = CandidateDefault.objects.filter(pk=client_id).values_list("mode", flat=True).first()
    mode = candidate.mode if candidate else declared or settings.CANDIDATES_DEFAULT
    if mode == Mode.CLOSED:
        return "candidate_closed"
    if candidate and candidate.blocked.filter(uscc=uscc).exists():
        return "candidate_blocked_employer"
    if mode == Mode.ASK_FIRST and not (
        candidate and candidate.consents.in_force(now).filter(uscc=uscc).exists()
    ):
        return "candidate_no_consent"
    return ""


def lock_candidate(client_id: UUID, reference: str) -> None:
    """Lock the candidate's own row until the caller's transaction ends. Call it after the company's
    lock and before any binding's.

    It is `FOR SHARE`, as at the gate: a transaction that spent a pass has locked it so already, and
    two companies with stronger locks would wait for each other. If there is no row yet, its
    creation waits (`locks.share_first_row`).
    """
    if connection.vendor == "postgresql" and not _shared(client_id, reference):
        locks.share_first_row(client_id, reference)
        _shared(client_id, reference)  # it may have been made while that was waited for


def _shared(client_id: UUID, reference: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {Candidate._meta.db_table} WHERE client_id = %s AND reference = %s FOR"  # noqa: S608
            " SHARE",
            [client_id, reference],
        )
        return cursor.fetchone() is not None
