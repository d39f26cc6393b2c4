"""The documents of a case: adding, removing and restoring them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from documents.photo.flaws import PhotoQuality
from documents.upload.intake import Intake
from employers.models import User
from events.core.actor import Actor
from events.core.errors import Refused
from events.doorbell import notify_worker
from events.models import record
from verification.cases.operations import editing_case, notify_case_worker
from verification.cases.storage import erase_unused
from verification.models import (
    Case,
    Document,
    DocumentKind,
    DocumentPage,
    DocumentReading,
    HeldUpload,
)
from verification.rules.states import State

DOCUMENTS_PER_KIND = 4
UPLOADS_PER_CASE = 30
"""Removed documents count, because they are kept. Clients' letters are counted separately."""
CLIENTS_AT_ONCE = 20
"""Clients' letters of a case before its approval: one attempt reads all of them."""
CLIENTS_AT_MOST = 200
"""Clients' letters of an approved case, which reads each one separately."""
SENT_AGAIN_WITHIN = timedelta(minutes=1)
"""A file that comes again from the same person in this time is the same upload."""
READ_AT_ONCE = (
    DocumentKind.BUSINESS_LICENCE,
    DocumentKind.AUTHORIZATION_LETTER,
    DocumentKind.HR_SERVICE_LICENCE,
    DocumentKind.APPROVAL_DOCUMENT,
    DocumentKind.CLIENT_AUTHORIZATION,
)


def add_document(
    case_id: UUID,
    kind: str,
    taken_in: Intake,
    scan: dict[str, Any],
    user: User,
    actor: Actor,
    now: datetime,
    photo_quality: Sequence[PhotoQuality | None] = (),
) -> Document:
    """Keep an upload that intake has opened.

    If the case has the same file already, its document is returned and nothing is written.

    `scan` is the virus scanner's result for the original; `photo_quality` is that of the pages, if
    known. Files are written before the transaction, which on SQLite holds the only write lock. If
    it fails, they are deleted again.
    """
    names = [default_storage.save("page.jpg", ContentFile(page.jpeg)) for page in taken_in.pages]
    document = None
    try:
        with editing_case(case_id, actor, adding=kind, now=now) as case:
            current = case.documents.current().filter(kind=kind)
            if existing := current.filter(sha256=taken_in.sha256).first():
                return existing
            if not room_for(case, kind):
                raise too_many(case, kind)
            if (
                case.state == State.APPROVED and case.approved_at is not None
            ):  # approved in the meantime: no check has seen it
                now = max(now, case.approved_at + timedelta(microseconds=1))
            document = store_document(case, kind, taken_in, names, scan, user, now, photo_quality)
            told = {"case": str(case.pk), "kind": kind, "pages": len(names)}
            record("add_document", document, actor, now, employer_id=case.employer_id, data=told)
            if case.state == State.CHECKING:
                notify_case_worker(case.pk, now)
            return document
    finally:
        if document is None:
            erase_unused(taken_in.sha256, names)


def room_for(case: Case, kind: str) -> int:
    """How many more documents of `kind` the case takes."""
    return max(
        0,
        min(
            _at_most(case, kind) - case.documents.current().filter(kind=kind).count(),
            _uploads_left(case, kind),
        ),
    )


def added_just_now(
    case: Case, kind: str, sha256: str, user: User, now: datetime
) -> Document | HeldUpload | None:
    """Return this very file if `user` has just added it to the same place: a browser sends a file
    again if it lost the connection. Raise Refused if the case has had it for longer, or from
    another person.
    """
    same = case.documents.current().filter(kind=kind, sha256=sha256).first()
    held = case.held_uploads.exclude(file="").filter(kind=kind, sha256=sha256).first()
    there: Document | HeldUpload | None = same or held
    if there and there.uploaded_by_id == user.pk and now - there.uploaded_at < SENT_AGAIN_WITHIN:
        return there
    if there:
        at = timezone.localtime(there.uploaded_at)
        details = {"added": f"{at:%Y-%m-%d %H:%M}"}
        raise Refused("document_same_file", "document", details=details)
    return None


def too_many(case: Case, kind: str) -> Refused:
    """The refusal of a document that the case has no room for."""
    return Refused("document_too_many", "document", expected=f"≤ {_at_most(case, kind)}")


def _at_most(case: Case, kind: str) -> int:
    """How many documents of `kind` the case takes, not counting removed ones."""
    if kind != DocumentKind.CLIENT_AUTHORIZATION:
        return DOCUMENTS_PER_KIND
    return CLIENTS_AT_MOST if case.state == State.APPROVED else CLIENTS_AT_ONCE


def _uploads_left(case: Case, kind: str) -> int:
    of_clients = Q(kind=DocumentKind.CLIENT_AUTHORIZATION)
    if kind == DocumentKind.CLIENT_AUTHORIZATION:
        return CLIENTS_AT_MOST - case.documents.filter(of_clients).count()
    return UPLOADS_PER_CASE - case.documents.exclude(of_clients).count()


def store_document(
    case: Case,
    kind: str,
    taken_in: Intake,
    names: Sequence[str],
    scan: dict[str, Any],
    user: User,
    now: datetime,
    photo_quality: Sequence[PhotoQuality | None] = (),
) -> Document:
    """Write the rows of an upload, whose pages are stored under `names`.

    The caller opens the transaction. Kinds in `READ_AT_ONCE` are queued for reading.
    """
    document: Document = Document.objects.create(
        case=case,
        kind=kind,
        sha256=taken_in.sha256,
        size=taken_in.size,
        media_type=taken_in.media_type,
        editor=(taken_in.editor or "")[:100],
        scan=scan,
        uploaded_by=user,
        uploaded_at=now,
    )
    DocumentPage.objects.bulk_create(
        DocumentPage(
            document=document,
            number=page.number,
            image=name,
            width=page.width,
            height=page.height,
            fingerprint=page.fingerprint,
            quality=judged.as_json() if judged else None,
        )
        for page, name, judged in zip(
            taken_in.pages, names, photo_quality or [None] * len(names), strict=True
        )
    )
    queue_reading(document, now)
    return document


def queue_reading(document: Document, now: datetime) -> None:
    """Queue a document of the kinds in `READ_AT_ONCE` for reading, to show the employer the
    result.
    """
    if document.kind in READ_AT_ONCE:
        DocumentReading.objects.create(document=document, due_at=now)
        notify_worker("verification.tasks.read_document", document.pk)


def remove_document(document_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a document out of the case.

    Its row and pages are kept. Removing it again changes nothing.
    """
    document = Document.objects.get(pk=document_id)
    with editing_case(document.case_id, actor) as case:
        if Document.objects.current().filter(pk=document_id).update(superseded_at=now):
            record(
                "remove_document",
                document,
                actor,
                now,
                employer_id=case.employer_id,
                data={"case": str(case.pk)},
            )


def restore_document(document_id: UUID, actor: Actor, now: datetime) -> None:
    """Undo a removal, if the employer may still change the case and there is room."""
    document = Document.objects.get(pk=document_id)
    with editing_case(document.case_id, actor) as case:
        if document.erased_as:
            raise Refused("document_personal", "document", seen=document.erased_as)
        current = case.documents.current().filter(kind=document.kind)
        if not current.filter(sha256=document.sha256).exists():
            if current.count() >= _at_most(case, document.kind):
                raise too_many(case, document.kind)
            Document.objects.filter(pk=document_id).update(superseded_at=None)
            record(
                "restore_document",
                document,
                actor,
                now,
                employer_id=case.employer_id,
                data={"case": str(case.pk)},
            )
