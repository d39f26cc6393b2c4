"""Tests of what is erased: documents of withdrawn drafts, and nothing that was ever submitted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from employers.models import Member
from events.models import Event
from tests.factories import make_case, make_document
from verification.cases import draft_erasure, operations
from verification.intake import document_reuse
from verification.models import Case, Document, DocumentPage, DocumentReading, Statement
from verification.rules.states import State

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def draft(member: Member, now: datetime) -> Case:
    case = make_case(member, now)
    document = make_document(case, now)
    name = default_storage.save("page.jpg", ContentFile(b"a page"))
    DocumentPage.objects.update(image=name)
    DocumentReading.objects.create(document=document, due_at=now)
    Statement.objects.create(
        document=document, field="name", read="甲", said="乙", by=member.user, at=now
    )
    return case


def stored(document: Document) -> Path:
    return Path(configured.DOCUMENTS_DIR, document.pages.get().image.name)


def erase(now: datetime) -> int:
    return draft_erasure.erase_withdrawn_drafts(now, WEEK, 10)


def test_a_withdrawn_drafts_rows_and_files_are_erased_after_a_week(
    draft: Case, member: Member, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    file = stored(draft.documents.get())
    assert erase(now + 9 * WEEK) == 0, "a draft is kept"
    operations.withdraw_case(draft.pk, member.as_actor(), now)
    assert erase(now + WEEK - timedelta(seconds=1)) == 0
    assert file.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert erase(now + WEEK) == 1
    assert not file.exists()
    for model in (Document, DocumentPage, DocumentReading, Statement):
        assert not model._default_manager.exists()
    assert Event.objects.about(draft).last().data == {"documents": 1, "pages": 1}
    assert erase(now + WEEK) == 0


def test_what_was_ever_submitted_is_kept(draft: Case, member: Member, now: datetime) -> None:
    operations.submit_case(draft.pk, member.user, member.as_actor(), now)
    operations.withdraw_case(draft.pk, member.as_actor(), now)
    assert erase(now + 9 * WEEK) == 0
    assert Document.objects.count() == 1


def test_pages_that_a_later_case_reuses_stay(
    draft: Case, member: Member, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    operations.withdraw_case(draft.pk, member.as_actor(), now)
    again = operations.open_case(member.employer, member.as_actor(), now)
    (reused,) = document_reuse.use_again(
        again.pk, "business_licence", member.user, member.as_actor(), now
    )
    file = stored(reused)
    with django_capture_on_commit_callbacks(execute=True):
        assert erase(now + WEEK) == 1
    assert file.exists()
    assert list(Document.objects.all()) == [reused]


def test_a_personal_paper_leaves_a_notice_and_nothing_else(
    draft: Case, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    document = draft.documents.get()
    file = stored(document)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            draft_erasure.erase_personal_paper(document.pk, "identity_card", now)
    document.refresh_from_db()
    assert (document.erased_as, document.sha256, document.pages.count()) == ("identity_card", "", 0)
    assert not file.exists()
    event = Event.objects.about(document).get()
    assert event.data == {
        "case": str(draft.pk),
        "kind": "business_licence",
        "paper": "identity_card",
    }
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
