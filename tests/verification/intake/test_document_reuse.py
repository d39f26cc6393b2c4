"""Tests of reusing documents, except those that have expired or were found wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.utils import timezone

from documents.specimens import make_specimen
from employers.models import Member, Scope
from events.core.errors import Refused
from tests.databases import unguarded
from tests.factories import make_case, make_document, make_linked_client, make_member
from tests.verification.reviewing.test_second_review import at_once
from verification.cases import documents, operations
from verification.cases.storage import erase_unused
from verification.checks.duplicates import Duplicates
from verification.decision import pipeline
from verification.intake import document_reuse
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    ClientAuthorisation,
    Decision,
    Document,
    DocumentKind,
    DocumentPage,
    DocumentReading,
)
from verification.pages import requirement_facts
from verification.rules.facts import Why
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db
LICENCE = DocumentKind.BUSINESS_LICENCE
LETTER = DocumentKind.CLIENT_AUTHORIZATION


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


def earlier(
    member: Member,
    now: datetime,
    state: State,
    *codes: str,
    verb: str = "reject",
    kind: str = LICENCE,
    **finding: Any,
) -> Document:
    """Make a document of a closed case, decided for these reasons, with this finding."""
    at = now - timedelta(days=90)
    case = make_case(member, at, state)
    document = make_document(case, at, kind)
    attempt = Attempt.objects.create(
        case=case, number=1, submitted_at=at, due_at=at, finished_at=at
    )
    if finding:
        found = Finding("reading", **finding).as_json()
        CheckRun.objects.create(
            attempt=attempt,
            code="reading",
            version="1",
            findings=[found],
            started_at=at,
            finished_at=at,
        )
    if codes or state in (State.EXPIRED, State.REJECTED):
        reasons = [{"code": code, "field": "", "seen": "", "expected": ""} for code in codes]
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb=verb,
            reasons=reasons,
            policy_version="1",
            decided_at=at,
        )
    return document


def begun(member: Member, now: datetime) -> Case:
    return operations.open_case(member.employer, member.as_actor(), now)


def again(case: Case, member: Member, now: datetime, kind: str = LICENCE) -> list[Document]:
    return document_reuse.use_again(case.pk, kind, member.user, member.as_actor(), now)


@pytest.mark.parametrize(
    ("state", "codes", "verb"),
    [
        (State.REJECTED, ("authority_unproven",), "reject"),
        (State.WITHDRAWN, (), ""),
        (State.EXPIRED, (), "approve"),
        (State.REJECTED, ("name_mismatch",), "reject"),
    ],
)
def test_a_good_paper_is_used_again_by_one_press(
    member: Member, now: datetime, state: State, codes: tuple[str, ...], verb: str
) -> None:
    old, case = earlier(member, now, state, *codes, verb=verb), begun(member, now)
    (way,) = next(
        item
        for item in requirement_facts.requirements_of(case, member, now)
        if item.code == LICENCE
    ).ways
    assert way.reusable is not None and (way.reusable.count, way.reusable.why_not) == (1, None)
    (new,) = again(case, member, now)
    assert again(case, member, now) == [], "a second press adds nothing"
    assert (new.sha256, new.uploaded_at, new.uploaded_by) == (old.sha256, now, member.user)
    assert [page.image.name for page in new.pages.all()] == [
        page.image.name for page in old.pages.all()
    ], "nothing is stored twice"
    assert not DocumentReading.objects.get(document=new).finished_at, (
        "it is read against the present declaration"
    )
    assert document_reuse.reusable_documents(case, now) == {}
    documents.remove_document(new.pk, member.as_actor(), now)
    assert document_reuse.reusable_documents(case, now) == {}, (
        "it is shown where it can be restored"
    )
    documents.restore_document(new.pk, member.as_actor(), now)
    assert case.documents.current().get() == new
    operations.submit_case(case.pk, member.user, member.as_actor(), now)
    assert document_reuse.reusable_documents(Case.objects.get(pk=case.pk), now) == {}


@pytest.mark.parametrize(
    ("state", "codes", "finding", "said"),
    [
        (State.REJECTED, ("document_not_a_licence",), {}, "document_not_a_licence"),
        (State.REJECTED, ("forgery_retyped_field",), {}, "forgery_retyped_field"),
        (
            State.WITHDRAWN,
            (),
            {"code": "document_blurred", "severity": Severity.CONCERN},
            "document_blurred",
        ),
        (
            State.EXPIRED,
            (),
            {
                "code": "document_in_term",
                "severity": Severity.PASS,
                "field": "term",
                "until": "2026-11-01",
            },
            "document_expired",
        ),
    ],
)
def test_what_was_wrong_or_has_ended_is_not_offered_and_why_is_said(
    member: Member,
    now: datetime,
    state: State,
    codes: tuple[str, ...],
    finding: dict[str, Any],
    said: str,
) -> None:
    earlier(
        member,
        now,
        state,
        *codes,
        verb="approve" if state is State.EXPIRED else "reject",
        **finding,
    )
    case = begun(member, now)
    reusable = document_reuse.reusable_documents(case, now)[LICENCE]
    assert (
        reusable.documents == () and reusable.why_not is not None and reusable.why_not.code == said
    )
    with pytest.raises(Refused) as refused:
        again(case, member, now)
    assert refused.value.code == said
    assert case.documents.count() == 0


def test_of_a_forged_letter_the_licence_is_not_to_blame(member: Member, now: datetime) -> None:
    case = earlier(member, now, State.REJECTED, "forgery_retyped_field").case
    make_document(case, now - timedelta(days=90), DocumentKind.AUTHORIZATION_LETTER)
    reason = {
        "code": "forgery_retyped_field",
        "field": "authorization_letter",
        "seen": "x",
        "expected": "",
        "check": "forgery",
    }
    with unguarded(Decision):
        case.decisions.update(reasons=[reason])
    reusable = document_reuse.reusable_documents(begun(member, now), now)
    assert len(reusable[LICENCE].documents) == 1
    letter = reusable[DocumentKind.AUTHORIZATION_LETTER]
    assert letter.documents == () and letter.why_not == Why(
        "forgery_retyped_field", check="forgery"
    ), "the evidence is not shown"


def test_what_came_after_it_was_sent_back_is_offered(member: Member, now: datetime) -> None:
    bad = earlier(member, now, State.WITHDRAWN, "document_blurred", verb="request_changes")
    better = make_document(bad.case, now - timedelta(days=89))
    reusable = document_reuse.reusable_documents(begun(member, now), now)[LICENCE]
    assert reusable.documents == (better,) and reusable.why_not is not None


def test_a_new_paper_and_the_other_kind_of_paper_ask_for_nothing_old(
    member: Member, now: datetime
) -> None:
    earlier(member, now, State.REJECTED, "authority_unproven", kind=DocumentKind.APPROVAL_DOCUMENT)
    case = begun(member, now)
    assert document_reuse.reusable_documents(case, now) == {}
    earlier(member, now, State.WITHDRAWN)
    assert set(document_reuse.reusable_documents(case, now)) == {LICENCE}
    make_document(case, now)
    assert document_reuse.reusable_documents(case, now) == {}


def test_nobody_gets_the_papers_of_another_employer(member: Member, now: datetime) -> None:
    earlier(make_member(now), now, State.WITHDRAWN)
    assert again(begun(member, now), member, now) == []


def test_clients_letters_come_with_what_was_said_of_them(now: datetime) -> None:
    member = make_member(now)
    member.employer.account_class = "commercial_agency"
    member.employer.save()
    case = None
    for name, until, ended in (
        ("甲", None, None),
        ("乙", now.date() - timedelta(days=1), None),
        ("丙", None, now),
    ):
        letter = earlier(member, now, State.EXPIRED, verb="approve", kind=LETTER)
        case = case or letter.case
        Document.objects.filter(pk=letter.pk).update(case=case)
        ClientAuthorisation.objects.create(
            employer=member.employer,
            document=letter,
            client_name=f"{name}公司",
            client_uscc=member.employer.uscc,
            valid_until=until,
            added_at=now,
            ended_at=ended,
        )
        read = {
            "titled": True,
            "sealed": True,
            "page": 1,
            "fields": {"company": f"{name}公司"},
            "confidence": {"company": 1.0},
            "regions": {},
        }
        DocumentReading.objects.create(
            document=letter,
            due_at=now,
            finished_at=now,
            reading=read | {"names_agency": True, "declared": "", "declared_until": ""},
        )
    new_case = begun(member, now)
    reusable = document_reuse.reusable_documents(new_case, now)[LETTER]
    assert (
        len(reusable.documents) == 1
        and reusable.why_not is not None
        and reusable.why_not.code == "agency_client_expired"
    )
    again(new_case, member, now, LETTER)
    client = ClientAuthorisation.objects.get(document__case=new_case)
    assert (client.client_name, client.ended_at) == ("甲公司", None)


def test_an_employers_own_picture_accuses_nobody(member: Member, now: datetime) -> None:
    stored(earlier(member, now, State.REJECTED, "authority_unproven"), make_specimen(3).jpeg())
    case = begun(member, now)
    again(case, member, now)
    seen = Duplicates().observe(pipeline.subject_of(case, now), {})
    assert (seen["same_bytes"], seen["same_files"], seen["near_same"]) == ([], [], [])


def test_pages_that_two_rows_hold_are_erased_with_the_second(member: Member, now: datetime) -> None:
    old, case = earlier(member, now, State.WITHDRAWN), begun(member, now)
    name = stored(old)
    (new,) = again(case, member, now)
    erase(old)
    assert default_storage.exists(name)
    erase(new)
    assert not default_storage.exists(name)


def stored(document: Document, jpeg: bytes = b"a page") -> str:
    name: str = default_storage.save("page.jpg", ContentFile(jpeg))
    document.pages.update(image=name)
    return name


def erase(document: Document) -> None:
    """Erase as the retention job does: the rows under the document's lock, then files without a
    row.
    """
    with transaction.atomic():
        Document.objects.select_for_update().get(pk=document.pk)
        names = [page.image.name for page in document.pages.all()]
        DocumentPage.objects.filter(document=document).delete()
    erase_unused(document.sha256, names)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(5))
def test_in_one_moment_it_is_used_twice_and_erased(
    member: Member, now: datetime, round: int
) -> None:
    old, case = earlier(member, now, State.WITHDRAWN), begun(member, now)
    name = stored(old)

    def work(number: int) -> str:
        if number == round % 3:
            erase(old)
            return "erased"
        return "given" if again(case, member, now) else "nothing"

    said = at_once(work, 3)
    assert (
        said["given"] <= 1
        and said["erased"] == 1
        and set(said) <= {"given", "nothing", "erased", "state_conflict"}
    )
    assert (
        default_storage.exists(name)
        == bool(said["given"])
        == DocumentPage.objects.filter(image=name).exists()
    )


def test_the_page_and_the_api_offer_it(member: Member) -> None:
    now = timezone.now()
    earlier(member, now, State.REJECTED, "authority_unproven")
    visitor = Client(headers={"accept-language": "en"})
    visitor.force_login(member.user)
    visitor.post("/case/start/")
    page = visitor.get("/case/").content.decode()
    assert "You uploaded a file on" in page and "Reuse it" in page
    _, key = make_linked_client(now, Scope.EMPLOYERS_READ)
    told = (
        Client()
        .get(
            f"/api/v1/employers/{member.employer_id}/requirements",
            headers={"authorization": f"Bearer {key}"},
        )
        .json()
    )
    (way,) = next(item for item in told["requirements"] if item["code"] == LICENCE)["ways"]
    assert (way["reusable"], way["not_reusable"]) == (1, None)
    page = visitor.post("/case/documents/again/", {"kind": LICENCE}, follow=True).content.decode()
    assert "Reuse it" not in page and "Document reused from an earlier case" in page
    assert visitor.post("/case/documents/again/", {"kind": LICENCE}, follow=True).status_code == 200
    assert Document.objects.filter(case=Case.objects.open().get()).count() == 1
