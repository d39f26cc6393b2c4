"""Counts an employer's failures before its first submission.

After enough failures, the employer can ask for a person instead of the machine. Of a file that
intake refuses, only the reason code is recorded; no one opens the file.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from employers.models import PROVEN, User
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import Event, record
from verification.models import Appeal, Case, Proof, ProofState
from verification.rules.states import State

COUNTED_AT_MOST: Final = 10
"""Refused uploads of a case that are recorded. Further ones add nothing."""
ONE_IN: Final = timedelta(days=7)
"""An employer can ask for a person from a draft once in this time, even if it withdraws and starts
again.
"""
_NOT_OF_THE_FILE: Final = frozenset({"document_not_chosen", "document_too_many"})
_OWN_DOING: Final = frozenset({"", "proof_cancelled", "proof_replaced"})


def note_refused(case: Case, kind: str, codes: list[str], actor: Actor, now: datetime) -> None:
    """Record that an upload was refused, once for all files sent together."""
    of_files = [
        code
        for code in dict.fromkeys(codes)
        if code.startswith("document_") and code not in _NOT_OF_THE_FILE
    ]
    if of_files and case.state == State.DRAFT and _refused(case).count() < COUNTED_AT_MOST:
        record(
            "refuse_upload",
            case,
            actor,
            now,
            employer_id=case.employer_id,
            reasons=of_files,
            data={"kind": kind},
        )


def early_failures(case: Case) -> list[str]:
    """The reason codes of refused uploads of this case, and of failed proofs begun since it was
    opened.
    """
    refused = [codes[0] for codes in _refused(case).values_list("reasons", flat=True)]
    over = Q(state__in=(ProofState.FAILED, ProofState.LAPSED)) & ~Q(failure__in=_OWN_DOING)
    return [
        *refused,
        *Proof.objects.filter(
            over, employer=case.employer_id, started_at__gte=case.opened_at
        ).values_list("failure", flat=True),
    ]


def too_few(case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Why the employer cannot ask for a person to review this draft yet, or None.

    A review costs a reviewer's time, so it requires a verified address and an interval.
    """
    if len(early_failures(case)) < settings.PERSON_AFTER_FAILURES:
        return Refused("person_not_yet", expected=f"≥ {settings.PERSON_AFTER_FAILURES}")
    if not User.objects.filter(PROVEN, pk=actor.id).exists():
        return Refused("authority_email_unverified", "email")
    if Appeal.objects.filter(
        case__employer=case.employer_id, verb="ask_person", at__gt=now - ONE_IN
    ).exists():
        return Refused("person_asked_lately", expected=f"≤ 1 / {ONE_IN.days} d")
    return None


def was_never_checked(case: Case) -> bool:
    """Whether the case came to the reviewers without being submitted. It can be sent back with
    advice but not approved.
    """
    return (
        Appeal.objects.filter(case=case, verb="ask_person").exists() and not case.attempts.exists()
    )


def _refused(case: Case) -> models.QuerySet[Event]:
    refused: models.QuerySet[Event] = Event.objects.about(case).filter(verb="refuse_upload")
    return refused
