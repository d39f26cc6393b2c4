"""When does a client's authorisation end, and what then?

The agency is told, and the client is ended: to go on, its new letter is uploaded. With the last
letter of an agency its approval ends too, since it recruits for nobody any more; of that its people
are told before.
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
    """End every client whose letter has ended, and every approval of an agency that has none
    left.
    """
    for case in agencies(now):
        for client in _ended(case, now):
            expire_client(client.pk, now)
        ends = last_end(case, now)
        if ends is not None and ends <= now:
            try:
                apply_verdict.end_without_clients(case.pk, now)
            except Refused:  # moved in the same moment
                continue


def agencies(now: datetime) -> Iterator[Case]:
    """The agencies in force."""
    cases: Iterator[Case] = (
        Case.objects.real()
        .in_force(now)
        .filter(account_class=AccountClass.COMMERCIAL_AGENCY)
        .iterator()
    )
    return cases


def expire_client(client_id: UUID, now: datetime) -> bool:
    """The letter has ended: so has the client, and its agency is told; whether that was still to
    do.
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
    """When the last letter ends by which an approved agency recruits; None where one has no end.

    Those count that were approved with the case, and later ones that hold or wait for us. What a
    person approved without any rests on none.
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
    """Those that nobody took out or ended."""
    not_ended = Q(client_authorisation=None) | Q(client_authorisation__ended_at=None)
    letters = case.documents.current().filter(not_ended, kind=DocumentKind.CLIENT_AUTHORIZATION)
    return list(letters.select_related("reading", "client_authorisation"))


def _ended(case: Case, now: datetime) -> list[ClientAuthorisation]:
    """The clients of a case whose letters have ended."""
    with_client = [
        letter for letter in _letters(case) if getattr(letter, "client_authorisation", None)
    ]
    return [
        letter.client_authorisation
        for letter in with_client
        if (day := _ends(letter)) and end_of(day) <= now
    ]


def _ends(letter: Document) -> date | None:
    """Its last day, by what it says and by what is said of it."""
    row, client = getattr(letter, "reading", None), getattr(letter, "client_authorisation", None)
    read = ((row.reading if row else None) or {}).get("fields", {})
    until = client.valid_until.isoformat() if client and client.valid_until else ""
    return letter_ends({"fields": read, "declared_until": until})
