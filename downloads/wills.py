"""What does a candidate say to this company now? As the gate's own statement asks (`statements._wills`), for what is not the gate."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings

from downloads.models import Candidate, CandidateDefault, Mode


def unwilling(client_id: UUID, reference: str, uscc: str, now: datetime) -> str:
    """Why the candidate's resume is not to be for this company; "" where nothing speaks against it."""
    candidate = Candidate.objects.of(client_id).filter(reference=reference).first()
    declared = CandidateDefault.objects.filter(pk=client_id).values_list("mode", flat=True).first()
    mode = candidate.mode if candidate else declared or settings.CANDIDATES_DEFAULT
    if mode == Mode.CLOSED:
        return "candidate_closed"
    if candidate and candidate.blocked.filter(uscc=uscc).exists():
        return "candidate_blocked_employer"
    if mode == Mode.ASK_FIRST and not (candidate and candidate.consents.in_force(now).filter(uscc=uscc).exists()):
        return "candidate_no_consent"
    return ""
