"""A candidate's consent to one company, for callers other than the gate.

The gate's own statement checks the same (`sql._candidate_consent`). The result can change a moment
later, so a caller that writes because of it first locks the company and the candidate
(`lock_candidate`).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings

from downloads import locks
from downloads.models import Candidate, CandidateDefault, Mode
from events.db.dialect import current_dialect


def consent_refusal(client_id: UUID, reference: str, uscc: str, now: datetime) -> str:
    """Return why the candidate's resume may not go to this company, or "" if it may."""
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
    """Prevent changes to the candidate's row until the transaction ends.

    Call it after locking the company and before locking a binding. The lock is `FOR SHARE`, like
    the gate's. A transaction that spent a pass already holds it, and with a stronger lock two
    companies would wait for each other. If the candidate has no row, none can be created meanwhile
    (`locks.share_first_row`).
    """
    if not _lock_row(client_id, reference):
        locks.share_first_row(client_id, reference)
        _lock_row(client_id, reference)  # the row may be new: the lock can take a while


def _lock_row(client_id: UUID, reference: str) -> bool:
    table = Candidate._meta.db_table
    return current_dialect().lock(
        f"SELECT 1 FROM {table} WHERE client_id = %s AND reference = %s FOR SHARE",  # noqa: S608
        [client_id, reference],
    )
