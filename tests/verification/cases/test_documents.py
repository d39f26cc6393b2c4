"""Tests of documents: added once, removed, restored and counted."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from documents.upload.intake import open_upload
from employers.models import Member
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_document, make_member
from verification.cases import documents, operations
from verification.models import Case, Document, DocumentKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email_verified_at=now)


@pytest.fixture
def draft(member: Member, now: datetime) -> Case:
    return operations.open_case(member.employer, member.as_actor(), now)


def picture(shade: int = 200) -> bytes:
    file = BytesIO()
    Image.effect_noise((800, 600), shade / 4).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def test_the_same_file_twice_is_one_document(draft: Case, member: Member, now: datetime) -> None:
    taken_in = open_upload(picture())
    one, two = (
        documents.add_document(
            draft.pk,
            DocumentKind.BUSINESS_LICENCE,
            taken_in,
            {"clean": None},
            member.user,
            member.as_actor(),
            now,
        )
        for _ in range(2)
    )
    assert one == two and Document.objects.count() == 1
    with one.pages.get().image.open() as stored:
        assert Image.open(stored).size == (800, 600)


def test_removed_and_restored(draft: Case, member: Member, now: datetime) -> None:
    document = make_document(draft, now)
    documents.remove_document(document.pk, member.as_actor(), now)
    documents.remove_document(document.pk, member.as_actor(), now)
    assert (
        not draft.documents.current().exists()
        and Event.objects.filter(verb="remove_document").count() == 1
    )
    documents.restore_document(document.pk, member.as_actor(), now)
    assert draft.documents.current().get() == document


def test_documents_are_counted_and_a_refused_one_leaves_no_file(
    member: Member, draft: Case, now: datetime
) -> None:
    for _ in range(documents.DOCUMENTS_PER_KIND):
        make_document(draft, now)
    before = stored_files()
    with pytest.raises(Refused, match="document_too_many"):
        documents.add_document(
            draft.pk,
            DocumentKind.BUSINESS_LICENCE,
            open_upload(picture()),
            {"clean": None},
            member.user,
            member.as_actor(),
            now,
        )
    assert stored_files() == before


def stored_files() -> set[Path]:
    return {path for path in Path(settings.DOCUMENTS_DIR).rglob("*") if path.is_file()}
