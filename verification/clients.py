"""For whom does an agency recruit? Its clients, each with the letter by which that client has authorised it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from employers.operations import check_name
from employers.uscc import normalise, problem
from events.actor import Actor
from events.errors import Refused
from events.models import record
from verification import operations, states
from verification.licence.witness import same_name
from verification.models import Case, ClientAuthorisation, Document, DocumentKind


def add_client(document_id: UUID, actor: Actor, now: datetime, *, name: str, uscc: str, valid_until: date | None) -> ClientAuthorisation:
    """Say for which client the letter `document_id` stands, until when (None: without an end); said again, it is corrected.

    Whether the letter says so too is found by the check `agency_licence`; one that waits looks again. Raises Refused.
    """
    kind = DocumentKind.CLIENT_AUTHORIZATION
    name, uscc = check_name(name.strip(), "company"), normalise(uscc)
    if refused := problem(uscc):
        raise refused
    if valid_until is not None and valid_until < now.date():
        raise Refused("agency_client_expired", "valid_until", seen=valid_until.isoformat())
    document = Document.objects.filter(pk=document_id, kind=kind, superseded_at=None).first()
    if document is None:
        raise Refused("agency_client_missing", kind)
    with operations.editing(document.case_id, actor, adding=kind) as case:
        _of_another(case, name, uscc)
        client: ClientAuthorisation | None = ClientAuthorisation.objects.select_for_update().filter(document=document).first()
        if client is not None and client.ended_at is not None:
            raise Refused("agency_client_ended", kind)
        said = {"client_name": name, "client_uscc": uscc, "valid_until": valid_until}
        if client is not None and all(getattr(client, field) == value for field, value in said.items()):
            return client
        verb = "change_client" if client else "add_client"
        client = client or ClientAuthorisation(employer_id=case.employer_id, document=document, added_at=now)
        for field, value in said.items():
            setattr(client, field, value)
        client.save()
        told = {"case": str(case.pk), "document": str(document.pk)}
        record(verb, client, actor, now, employer_id=case.employer_id, data=told)
        operations.ring(case.pk, now)
    return client


def end_client(client_id: UUID, actor: Actor, now: datetime) -> ClientAuthorisation:
    """An agency no longer recruits for this client. Possible at any time; ended twice is the same as once. Raises Refused."""
    if actor.role not in states.EMPLOYER:
        raise Refused("not_allowed", seen=actor.role)
    with transaction.atomic():
        client: ClientAuthorisation = ClientAuthorisation.objects.select_for_update().select_related("document").get(pk=client_id)
        if client.ended_at is None:
            client.ended_at = now
            client.save()
            told = {"case": str(client.document.case_id), "document": str(client.document_id)}
            record("end_client", client, actor, now, employer_id=client.employer_id, data=told)
            operations.ring(client.document.case_id, now)
    return client


def _of_another(case: Case, name: str, uscc: str) -> None:
    """Nobody is its own client. Raises Refused."""
    if uscc == case.declared_uscc or same_name(name, case.declared_name):
        raise Refused("agency_client_mismatch", "company", seen=name)
