"""Erases data that is no longer needed: the documents of withdrawn drafts, and personal papers that
were uploaded by mistake.

A draft that was never submitted proves nothing, so its pages are only a risk, and are kept for only
`ZIZHI_WITHDRAWN_KEPT_DAYS` after it was withdrawn. Events stay: they hold no content.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from events.core.actor import SYSTEM
from events.models import Event, record
from verification.cases.storage import erase_unused
from verification.models import (
    Appeal,
    Attempt,
    Case,
    ClientAuthorisation,
    Decision,
    Document,
    DocumentPage,
    DocumentReading,
    Statement,
)
from verification.rules.states import State


def erase_withdrawn_drafts(now: datetime, kept: timedelta, at_most: int) -> int:
    """Erase the documents of drafts that were withdrawn `kept` ago or earlier and never submitted.
    Return the number of these drafts.
    """
    used = (Attempt, Decision, Appeal)
    drafts = Case.objects.real().filter(
        Exists(Document.objects.filter(case=OuterRef("pk"))),
        *(~Exists(model._default_manager.filter(case=OuterRef("pk"))) for model in used),
        state=State.WITHDRAWN,
        submitted_at=None,
    )
    erased = 0
    for case_id in drafts.order_by("opened_at").values_list("pk", flat=True).iterator():
        erased += _erase_draft(case_id, now, kept)
        if erased >= at_most:
            break
    return erased


def _erase_draft(case_id: UUID, now: datetime, kept: timedelta) -> bool:
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case_id)
        ended = Event.objects.about(case).filter(verb="withdraw").last()
        if case.state != State.WITHDRAWN or ended is None or ended.at > now - kept:
            return False
        documents = list(Document.objects.select_for_update(of=("self",)).filter(case=case))
        pages = sum(_erase_pages(document) for document in documents)
        for model in (Statement, DocumentReading, ClientAuthorisation):
            model._default_manager.filter(document__in=documents).delete()
        Document.objects.filter(case=case).delete()
        told = {"documents": len(documents), "pages": pages}
        record("erase_draft", case, SYSTEM, now, employer_id=case.employer_id, data=told)
    return True


def erase_personal_paper(document_id: UUID, paper: str, now: datetime) -> None:
    """Erase the pages of a document that is a personal paper of the kind `paper`. Its row stays as
    a notice to the employer, without its hash.
    """
    with transaction.atomic():
        document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
        if document.erased_as:
            return
        _erase_pages(document)
        Statement.objects.filter(document=document).delete()
        document.erased_as, document.sha256, document.editor = paper, "", ""
        document.superseded_at = document.superseded_at or now
        document.save(update_fields=["erased_as", "sha256", "editor", "superseded_at"])
        case = Case.objects.get(pk=document.case_id)
        told = {"case": str(case.pk), "kind": document.kind, "paper": paper}
        record(
            "erase_personal_paper", document, SYSTEM, now, employer_id=case.employer_id, data=told
        )


def _erase_pages(document: Document) -> int:
    """Delete the rows of a document's pages now and their files after the commit, unless a document
    of another case shares them. Return their number.
    """
    pages = DocumentPage.objects.filter(document=document)
    names = [str(name) for name in pages.values_list("image", flat=True)]
    pages.delete()
    _erase_after_commit(document.sha256, names)
    return len(names)


def _erase_after_commit(sha256: str, names: Iterable[str]) -> None:
    transaction.on_commit(lambda: erase_unused(sha256, list(names)))
