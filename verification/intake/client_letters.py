"""An agency's clients, each with the letter that authorises the agency.

A letter submitted with a case is judged with it, by the check `agency_licence`. A letter uploaded
later, while the approval is in force, is read on its own and judged when needed. A reviewer decides
on doubtful letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from documents.licence.witnesses import same_name
from documents.uscc import normalise_uscc, uscc_problem
from employers.accounts.registration import check_name
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import Refused
from events.models import Event, record
from verification.cases import guards, operations
from verification.cases.notices import tell_client_ended, tell_client_judged
from verification.checks.agency.check import AgencyLicence
from verification.checks.agency.client_letter import client_finding
from verification.models import Case, ClientAuthorisation, Document, DocumentKind, DocumentReading
from verification.rules import states
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from verification.rules.validity import day_of

UNREAD = Finding(
    AgencyLicence.code, "document_unreadable", Severity.UNABLE, DocumentKind.CLIENT_AUTHORIZATION
)
"""The finding for a letter that no reader could read."""


@dataclass(frozen=True)
class LetterStatus:
    """A letter, the client declared for it, and the finding about it."""

    document: Document
    client: ClientAuthorisation | None
    finding: Finding | None
    """None until the letter has been read and its client is named."""
    accepted: bool = False
    """Whether a reviewer has accepted a doubtful letter."""

    @property
    def pending(self) -> bool:
        """Whether the letter has not been read yet."""
        reading = getattr(self.document, "reading", None)
        return reading is not None and reading.finished_at is None

    @property
    def agrees(self) -> bool:
        """Whether the letter is valid, automatically or because a reviewer has accepted it.

        A reviewer cannot accept an expired letter.
        """
        if self.finding is None:
            return False
        return self.finding.severity <= Severity.NOTE or (
            self.accepted and self.finding.code != "agency_client_expired"
        )

    @property
    def doubtful(self) -> bool:
        """Whether a reviewer has to decide, because the check could not."""
        return (
            self.finding is not None
            and not self.agrees
            and self.finding.severity is Severity.UNABLE
        )


def add_client(
    document_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    name: str,
    uscc: str,
    valid_until: date | None,
) -> ClientAuthorisation:
    """Declare the client of the letter `document_id` and its last day (None: no end), or correct
    them.

    The check `agency_licence` compares them with the letter. A waiting case is checked again. Raise
    Refused.
    """
    kind = DocumentKind.CLIENT_AUTHORIZATION
    name, uscc = check_name(name.strip(), "company"), normalise_uscc(uscc)
    if refused := uscc_problem(uscc):
        raise refused
    if valid_until is not None and valid_until < day_of(now):
        raise Refused("agency_client_expired", "valid_until", seen=valid_until.isoformat())
    document = Document.objects.filter(pk=document_id, kind=kind, superseded_at=None).first()
    if document is None:
        raise Refused("agency_client_missing", kind)
    with operations.editing_case(document.case_id, actor, adding=kind, now=now) as case:
        _of_another(case, name, uscc)
        if (
            case.state == State.APPROVED
            and case.approved_at is not None
            and document.uploaded_at <= case.approved_at
        ):
            raise Refused(
                "state_conflict", kind
            )  # it was judged with the case; another client needs another letter
        client: ClientAuthorisation | None = (
            ClientAuthorisation.objects.select_for_update().filter(document=document).first()
        )
        if client is not None and client.ended_at is not None:
            raise Refused("agency_client_ended", kind)
        said = {"client_name": name, "client_uscc": uscc, "valid_until": valid_until}
        if client is not None and all(
            getattr(client, field) == value for field, value in said.items()
        ):
            return client
        verb = "change_client" if client else "add_client"
        client = client or ClientAuthorisation(
            employer_id=case.employer_id, document=document, added_at=now
        )
        for field, value in said.items():
            setattr(client, field, value)
        client.save()
        told = {"case": str(case.pk), "document": str(document.pk)}
        record(verb, client, actor, now, employer_id=case.employer_id, data=told)
        _tell_judged(client, case, now)
        operations.notify_case_worker(case.pk, now)
    return client


def notify_of_letter(document_id: UUID, now: datetime) -> None:
    """Tell the agency about a letter that was read while the approval is in force.

    This locks the case, as `add_client` does, so one of the two sees both the reading and the
    client.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).get(documents=document_id)
        client = (
            ClientAuthorisation.objects.select_for_update()
            .filter(document=document_id, ended_at=None)
            .first()
        )
        if client is not None:
            _tell_judged(client, case, now)


def _tell_judged(client: ClientAuthorisation, case: Case, now: datetime) -> None:
    """Tell the agency the finding about a letter, once. If it is doubtful, a reviewer decides
    first.
    """
    status = letter_status(client, now)
    if (
        not case.is_in_force(now)
        or case.approved_at is None
        or status.document.uploaded_at <= case.approved_at
    ):
        return
    if (found := status.finding) is None or status.doubtful:
        return
    reasons = [] if status.agrees else [found.as_reason()]
    events = Event.objects.about(client).filter(
        verb__in=("judge_client", "accept_client", "end_client")
    )
    last = events.order_by("-id").first()
    if last is not None and last.verb == "judge_client" and last.data["found"] == found.code:
        return
    told = {"case": str(case.pk), "document": str(client.document_id), "found": found.code}
    codes = [reason["code"] for reason in reasons]
    record(
        "judge_client",
        client,
        SYSTEM,
        now,
        employer_id=client.employer_id,
        reasons=codes,
        data=told,
    )
    tell_client_judged(client, reasons, now)


def end_client(client_id: UUID, actor: Actor, now: datetime) -> ClientAuthorisation:
    """End an agency's client, for the agency itself or for a reviewer, who causes a mail to it.

    Ending a client twice changes nothing. Raise Refused.
    """
    if actor.role not in states.EMPLOYER and (refused := guards.may_decide(actor)):
        raise refused
    with transaction.atomic():
        client: ClientAuthorisation = (
            ClientAuthorisation.objects.select_for_update()
            .select_related("document")
            .get(pk=client_id)
        )
        if client.ended_at is None:
            client.ended_at = now
            client.save()
            told = {"case": str(client.document.case_id), "document": str(client.document_id)}
            why = _found_against(client, now) if actor.role is Role.REVIEWER else ()
            record(
                "end_client",
                client,
                actor,
                now,
                employer_id=client.employer_id,
                reasons=why,
                data=told,
            )
            if actor.role is Role.REVIEWER:
                tell_client_ended(client, why, now)
            operations.notify_case_worker(client.document.case_id, now)
    return client


def accept_client(client_id: UUID, actor: Actor, now: datetime) -> ClientAuthorisation:
    """Accept a letter as a reviewer. Raise Refused.

    If the agency changes its declaration about the letter, it is judged again.
    """
    if refused := guards.may_decide(actor):
        raise refused
    with transaction.atomic():
        client: ClientAuthorisation = (
            ClientAuthorisation.objects.select_for_update()
            .select_related("document")
            .get(pk=client_id)
        )
        if client.ended_at is not None:
            raise Refused("agency_client_ended", DocumentKind.CLIENT_AUTHORIZATION)
        if not _accepted([client]):
            told = {"case": str(client.document.case_id), "document": str(client.document_id)}
            record(
                "accept_client",
                client,
                actor,
                now,
                employer_id=client.employer_id,
                reasons=_found_against(client, now),
                data=told,
            )
            tell_client_judged(client, (), now)
    return client


def drop_letter(document_id: UUID, actor: Actor, now: datetime) -> None:
    """Remove a letter that has no declared client. Raise Refused."""
    document = Document.objects.get(pk=document_id, kind=DocumentKind.CLIENT_AUTHORIZATION)
    with operations.editing_case(document.case_id, actor, adding=document.kind, now=now) as case:
        if ClientAuthorisation.objects.filter(document=document).exists():
            raise Refused("state_conflict", DocumentKind.CLIENT_AUTHORIZATION)
        if Document.objects.current().filter(pk=document_id).update(superseded_at=now):
            record(
                "remove_document",
                document,
                actor,
                now,
                employer_id=case.employer_id,
                data={"case": str(case.pk)},
            )


# --- Letter statuses ------------------------------------------------------------------------------


def letter_statuses(case: Case, now: datetime) -> list[LetterStatus]:
    """Return the letters uploaded while the approval of `case` was in force, oldest first.

    Letters of ended clients are left out.
    """
    if case.approved_at is None:
        return []
    letters = Document.objects.current().filter(
        case=case, kind=DocumentKind.CLIENT_AUTHORIZATION, uploaded_at__gt=case.approved_at
    )
    return [*letter_statuses_of(letters.filter(client_authorisation__ended_at=None), now)]


def letters_for_review(now: datetime) -> list[LetterStatus]:
    """Return the letters of approved agencies that need a reviewer's decision, oldest first."""
    letters = Document.objects.current().filter(
        kind=DocumentKind.CLIENT_AUTHORIZATION, case__in=Case.objects.real().in_force(now)
    )
    later = letters.filter(
        uploaded_at__gt=F("case__approved_at"), client_authorisation__isnull=False
    )
    read = later.filter(client_authorisation__ended_at=None, reading__finished_at__isnull=False)
    return [status for status in letter_statuses_of(read, now) if status.doubtful]


def letter_status(client: ClientAuthorisation, now: datetime) -> LetterStatus:
    """Return the status of a client's letter, whenever it was uploaded."""
    return next(letter_statuses_of(Document.objects.filter(pk=client.document_id), now))


def letter_statuses_of(letters: Any, now: datetime) -> Iterator[LetterStatus]:
    """Yield the status of each letter, whenever it was uploaded, oldest first."""
    documents = list(
        letters.select_related("case", "reading", "client_authorisation").order_by("uploaded_at")
    )
    clients = {
        document.pk: client
        for document in documents
        if (client := getattr(document, "client_authorisation", None))
    }
    accepted = _accepted(clients.values())
    for document in documents:
        client = clients.get(document.pk)
        yield LetterStatus(
            document,
            client,
            _found(document, client, now),
            client is not None and str(client.pk) in accepted,
        )


def _found(document: Document, client: ClientAuthorisation | None, now: datetime) -> Finding | None:
    """Compare the letter with the agency's declaration about it; return the finding."""
    row: DocumentReading | None = getattr(document, "reading", None)
    if client is None or row is None or row.finished_at is None:
        return None
    if row.reading is None:
        return UNREAD
    until = client.valid_until.isoformat() if client.valid_until else ""
    return client_finding(
        row.reading | {"declared": client.client_name, "declared_until": until},
        document.case.declared_name,
        day_of(now),
    )


def _found_against(client: ClientAuthorisation, now: datetime) -> tuple[str, ...]:
    finding = letter_status(client, now).finding
    return (finding.code,) if finding is not None and finding.severity > Severity.NOTE else ()


def _accepted(clients: Iterable[ClientAuthorisation]) -> set[str]:
    """Return the ids of clients that a reviewer has accepted and that have not changed since."""
    events = Event.objects.filter(
        subject_type="clientauthorisation", verb__in=("accept_client", "change_client")
    )
    last = dict(
        events.filter(subject_id__in=[str(client.pk) for client in clients])
        .order_by("id")
        .values_list("subject_id", "verb")
    )
    return {client_id for client_id, verb in last.items() if verb == "accept_client"}


def _of_another(case: Case, name: str, uscc: str) -> None:
    """Raise Refused if the client is the agency itself."""
    if uscc == case.declared_uscc or same_name(name, case.declared_name):
        raise Refused("agency_client_mismatch", "company", seen=name)
