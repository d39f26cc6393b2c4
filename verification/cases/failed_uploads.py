"""How often has an employer failed before it could hand anything in?

Often enough, a person looks instead of the machine.

What the intake refuses is put down by its code alone: such a file is opened by nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from employers.models import User
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import Event, record
from verification.models import Appeal, Case, Proof, ProofState
from verification.rules.states import State

COUNTED_AT_MOST: Final = 10
"""Refused uploads of a case that are put down.

Whoever sends more has shown that it does not work.
"""
ONE_IN: Final = timedelta(days=7)
"""An employer asks for a person from a draft once in this time, whatever it withdraws and begins
anew.
"""
_NOT_OF_THE_FILE: Final = frozenset({"document_missing", "document_too_many"})
_OWN_DOING: Final = frozenset({"", "proof_cancelled", "proof_replaced"})


def note_refused(case: Case, kind: str, codes: list[str], actor: Actor, now: datetime) -> None:
    """Put down that an upload was refused, once for all that was sent together."""
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


def failures(case: Case) -> list[str]:
    """Why uploads of this case were refused, and proofs begun since it was opened did not succeed;
    one code for each.
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
    """Why a person cannot be asked to look at this draft yet, or None: it costs a reviewer, so it
    takes an address, and time.
    """
    if len(failures(case)) < settings.PERSON_AFTER_FAILURES:
        return Refused("person_not_yet", expected=f"≥ {settings.PERSON_AFTER_FAILURES}")
    if not User.objects.filter(pk=actor.id, email_verified_at__isnull=False).exists():
        return Refused("authority_email_unverified", "email")
    if Appeal.objects.filter(
        case__employer=case.employer_id, verb="ask_person", at__gt=now - ONE_IN
    ).exists():
        return Refused("person_asked_lately", expected=f"≤ 1 / {ONE_IN.days} d")
    return None


def was_never_checked(case: Case) -> bool:
    """Whether the case came to the reviewers without having been handed in: it can be helped on,
    and not be let through.
    """
    return (
        Appeal.objects.filter(case=case, verb="ask_person").exists() and not case.attempts.exists()
    )


def _refused(case: Case) -> models.QuerySet[Event]:
    refused: models.QuerySet[Event] = Event.objects.about(case).filter(verb="refuse_upload")
    return refused
