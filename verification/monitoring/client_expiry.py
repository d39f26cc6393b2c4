"""Ends clients whose authorisation letter has expired.

The agency gets a mail, and uploads a new letter to continue. When its last letter ends, the
approval of the agency ends too, because it recruits for no one; its people get a warning before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from employers.models import AccountClass
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.models import record
from verification.cases.notices import tell_client_expired
from verification.checks.agency.client_letter import letter_ends
from verification.decision import apply_verdict
from verification.intake import client_letters
from verification.models import Case, ClientAuthorisation, Document, DocumentKind
from verification.rules.validity import end_of

EXPIRED = "agency_client_expired"


def end_expired_clients(now: datetime) -> None:
    """End each client with an expired letter, and the approval of each agency without a client
    left.
    """
    for case in approved_agencies(now):
        for client in _ended(case, now):
            expire_client(client.pk, now)
        ends = last_end(case, now)
        if ends is not None and ends <= now:
            try:
                apply_verdict.end_without_clients(case.pk, now)
            except Refused:  # changed at the same moment
                continue


def approved_agencies(now: datetime) -> Iterator[Case]:
    """Yield the approved agencies."""
    cases: Iterator[Case] = (
        Case.objects.real()
        .in_force(now)
        .filter(account_class=AccountClass.COMMERCIAL_AGENCY)
        .iterator()
    )
    return cases


def expire_client(client_id: UUID, now: datetime) -> bool:
    """End a client whose letter has expired, and tell its agency.

    Return False if the client had already ended.
    """
    with transaction.atomic():
        client: ClientAuthorisation = (
            ClientAuthorisation.objects.select_for_update()
            .select_related("document")
            .get(pk=client_id)
        )
        if client.ended_at is not None:
            return False
        client.ended_at = now
        client.save()
        told = {"case": str(client.document.case_id), "document": str(client.document_id)}
        record(
            "end_client",
            client,
            SYSTEM,
            now,
            employer_id=client.employer_id,
            reasons=(EXPIRED,),
            data=told,
        )
        tell_client_expired(client, now)
    return True


def last_end(case: Case, now: datetime) -> datetime | None:
    """Return when the last client letter of an approved agency ends; None if one has no end.

    The letters approved with the case count, and later ones that are valid or wait for us. An
    agency that a person approved without any letter depends on none.
    """
    of_clients = case.documents.filter(kind=DocumentKind.CLIENT_AUTHORIZATION)
    if (
        case.approved_at is None
        or not of_clients.filter(uploaded_at__lte=case.approved_at).exists()
    ):
        return None
    later = {
        status.document.pk
        for status in client_letters.letter_statuses(case, now)
        if _counts(status)
    }
    ends = [
        _ends(letter)
        for letter in _letters(case)
        if letter.uploaded_at <= case.approved_at or letter.pk in later
    ]
    if None in ends:
        return None
    return max((end_of(day) for day in ends if day), default=case.approved_at)


def _counts(status: client_letters.LetterStatus) -> bool:
    return status.agrees or status.doubtful or (status.client is not None and status.pending)


def _letters(case: Case) -> list[Document]:
    """Return the letters that were neither removed nor ended."""
    not_ended = Q(client_authorisation=None) | Q(client_authorisation__ended_at=None)
    letters = case.documents.current().filter(not_ended, kind=DocumentKind.CLIENT_AUTHORIZATION)
    return list(letters.select_related("reading", "client_authorisation"))


def _ended(case: Case, now: datetime) -> list[ClientAuthorisation]:
    """Return the clients of a case whose letters have expired."""
    with_client = [
        letter for letter in _letters(case) if getattr(letter, "client_authorisation", None)
    ]
    return [
        letter.client_authorisation
        for letter in with_client
        if (day := _ends(letter)) and end_of(day) <= now
    ]


def _ends(letter: Document) -> date | None:
    """Return the letter's last day, from the reading and the agency's declaration."""
    row, client = getattr(letter, "reading", None), getattr(letter, "client_authorisation", None)
    read = ((row.reading if row else None) or {}).get("fields", {})
    until = client.valid_until.isoformat() if client and client.valid_until else ""
    return letter_ends({"fields": read, "declared_until": until})
