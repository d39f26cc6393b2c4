"""A candidate's consent to one company, for callers other than the gate.

The gate's own statement reads the same (`sql._wills`). An answer can change a moment later: whoever
writes by it locks the company and the candidate (`lock_candidate`) first.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings

from downloads import locks
from downloads.models import Candidate, CandidateDefault, Mode
from events.db.dialect import current_dialect


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
    """Keep the candidate's row from being changed until the transaction ends.

    Call it after the company's lock and before any binding's. The lock is `FOR SHARE`, as the
    gate's is: a transaction that spent a pass holds it already, and two companies that asked for
    more would wait for each other. A candidate without a row is kept from getting one
    (`locks.share_first_row`).
    """
    if not _lock_row(client_id, reference):
        locks.share_first_row(client_id, reference)
        _lock_row(client_id, reference)  # it may have been made during the wait for the lock


def _lock_row(client_id: UUID, reference: str) -> bool:
    table = Candidate._meta.db_table
    return current_dialect().lock(
        f"SELECT 1 FROM {table} WHERE client_id = %s AND reference = %s FOR SHARE",  # noqa: S608
        [client_id, reference],
    )
