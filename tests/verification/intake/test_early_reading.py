"""Tests of reading uploads early, and of statements, which never change the reading."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from documents.upload.intake import CleanPage, Intake
from employers.models import AccountClass, Member
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused
from events.models import Event
from tests.factories import make_case, make_document, make_member
from verification import tasks
from verification.cases import documents
from verification.checks.reading import Reading
from verification.decision import pipeline
from verification.intake import early_reading
from verification.models import Case, Document, DocumentKind, DocumentReading, Statement
from verification.rules.findings import Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db

READ = {
    "document": "x",
    "page": 1,
    "fields": {
        "name": "云溪市示例科技有限公司",
        "uscc": "91990101000000108N",
        "business_scope": "软件开发",
        "term": "",
    },
    "regions": {"name": [10, 10, 200, 40]},
}


class Reader:
    """A scripted check that counts its runs."""

    code, version, lasting = "reading", "9", True

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[Any]()

    def observe(self, subject: Any, earlier: Any) -> Any:
        self.asked.append(subject)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def judge(self, subject: Any, earlier: Any, observation: Any) -> list[Any]:
        raise AssertionError("nothing is judged before submission")


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now)


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(member, now)


@pytest.fixture
def document(case: Case, now: datetime) -> Document:
    document = make_document(case, now)
    make_document(case, now)  # another document, which is not read
    DocumentReading.objects.create(document=document, due_at=now)
    return document


def read(document: Document, now: datetime, *answers: Any) -> DocumentReading:
    early_reading.read_document(document.pk, lambda: now, 60, Reader(*answers))
    row: DocumentReading = DocumentReading.objects.get(pk=document.pk)
    return row


class TestReading:
    @pytest.mark.parametrize("kind", list(DocumentKind))
    def test_all_but_evidence_is_queued_when_they_come_in(
        self,
        member: Member,
        case: Case,
        now: datetime,
        kind: str,
        django_capture_on_commit_callbacks: Any,
        notified: list[Any],
    ) -> None:
        if (
            kind == DocumentKind.APPROVAL_DOCUMENT
        ):  # due for bodies other than companies, and not accepted from companies
            case.account_class = AccountClass.PUBLIC_SERVICE
            case.save()
        page = CleanPage(number=1, jpeg=b"jpeg", width=10, height=10, fingerprint="0" * 16)
        taken_in = Intake(
            sha256="0" * 64,
            size=4,
            media_type="image/jpeg",
            editor=None,
            pages=(page,),
            isolation="rlimits",
        )
        with django_capture_on_commit_callbacks(execute=True):
            made = documents.add_document(
                case.pk, kind, taken_in, {"clean": None}, member.user, member.as_actor(), now
            )
        queued = kind in (
            DocumentKind.BUSINESS_LICENCE,
            DocumentKind.AUTHORIZATION_LETTER,
            DocumentKind.HR_SERVICE_LICENCE,
            DocumentKind.APPROVAL_DOCUMENT,
            DocumentKind.CLIENT_AUTHORIZATION,
        )
        assert DocumentReading.objects.filter(document=made).exists() is queued
        assert notified == ([("verification.tasks.read_document", str(made.pk))] if queued else [])

    def test_reads_that_document_alone_and_keeps_what_was_seen(
        self, document: Document, now: datetime
    ) -> None:
        reader = Reader(READ)
        assert early_reading.read_document(document.pk, lambda: now, 60, reader)
        (subject,) = reader.asked
        assert [d.id for d in subject.documents] == [str(document.pk)]
        row = DocumentReading.objects.get(pk=document.pk)
        assert (row.reading, row.version, row.finished_at) == (READ, "9", now)
        assert not early_reading.read_document(document.pk, lambda: now, 60, reader), "read once"

    def test_a_reader_that_is_down_is_asked_again_and_not_for_ever(
        self, document: Document, now: datetime
    ) -> None:
        down = ProviderUnavailable("down", retry_after=30)
        row = read(document, now, down)
        assert (row.finished_at, row.due_at) == (None, now + timedelta(seconds=30))
        for attempt in range(2, early_reading.TRIES + 1):
            row = read(document, now + timedelta(minutes=attempt), down)
        assert row.finished_at is not None
        assert row.reading is None

    @pytest.mark.parametrize("mistake", [ProviderBroken("odd"), ZeroDivisionError()])
    def test_what_cannot_be_read_stops_nobody(
        self, document: Document, now: datetime, mistake: Exception
    ) -> None:
        row = read(document, now, mistake)
        assert (row.reading, row.finished_at) == (None, now)

    def test_what_was_taken_out_meanwhile_is_not_read(
        self, document: Document, now: datetime
    ) -> None:
        Document.objects.filter(pk=document.pk).update(superseded_at=now)
        row = read(document, now)  # a reader would fail if it were asked
        assert (row.reading, row.finished_at) == (None, now)

    def test_the_sweep_sends_what_is_due(
        self, document: Document, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notified = list[str]()
        monkeypatch.setattr(tasks.read_document, "delay", notified.append)
        DocumentReading.objects.update(due_at=datetime.now(tz=now.tzinfo) - timedelta(days=1))
        tasks.sweep_readings()
        assert notified == [str(document.pk)]


class TestReadOnce:
    """The check reuses the reading of the same pages, by the same version, for the same facts."""

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        asked = list[Any]()

        class Answer:
            def as_json(self) -> dict[str, Any]:
                return dict(READ)

        def read_pages(*pages: Any, **how: Any) -> Answer:
            asked.append(how)
            return Answer()

        monkeypatch.setattr("verification.checks.reading.read_pages", read_pages)
        return asked

    def test_same_facts_same_reading(
        self, member: Member, case: Case, now: datetime, asked: list[Any]
    ) -> None:
        document = make_document(case, now)
        DocumentReading.objects.create(document=document, due_at=now)
        assert early_reading.read_document(document.pk, lambda: now, 60)
        first = DocumentReading.objects.get().reading
        assert len(asked) == 1
        assert Reading().observe(pipeline.subject_of(case, now), {}) == first
        assert len(asked) == 1, "the pages have not changed"

    @pytest.mark.parametrize("change", ["facts", "version"])
    def test_other_facts_or_another_version_are_read_anew(
        self, member: Member, case: Case, now: datetime, asked: list[Any], change: str
    ) -> None:
        document = make_document(case, now)
        DocumentReading.objects.create(document=document, due_at=now)
        early_reading.read_document(document.pk, lambda: now, 60)
        if change == "facts":
            case.declared_name = "云溪市另一公司"
        else:
            DocumentReading.objects.update(version="0")
        Reading().observe(pipeline.subject_of(case, now), {})
        assert len(asked) == 2


class TestSaying:
    def test_shows_what_can_be_proof_read(self) -> None:
        shown = early_reading.shown_values("business_licence", READ, {"name": "另一名称"})
        assert [(value.field, value.has_region, value.said, value.disputed) for value in shown] == [
            ("name", True, "另一名称", True),
            ("uscc", False, None, False),
        ]
        assert (
            early_reading.shown_values("business_licence", None, {})
            == []
            == early_reading.shown_values("authorization_letter", READ, {})
        )

    def test_what_is_not_corrected_is_right(
        self, document: Document, member: Member, now: datetime
    ) -> None:
        read(document, now, READ)
        early_reading.save_statements(
            document.pk, member, {"name": "  云溪市 另一 公司 ", "uscc": ""}, now
        )
        said = dict(Statement.objects.values_list("field", "said"))
        assert said == {"name": "云溪市 另一 公司", "uscc": "91990101000000108N"}
        event = Event.objects.filter(verb="state_values").get()
        assert event.data == {"case": str(document.case_id), "confirmed": 1, "disputed": ["name"]}
        assert DocumentReading.objects.get(pk=document.pk).reading == READ, "the reading stays"

    def test_the_last_word_counts_and_a_code_is_spelt_as_codes_are(
        self, document: Document, member: Member, now: datetime
    ) -> None:
        read(document, now, READ)
        for typed in ("9199 0101 0000 0011 6h", "91990101000000108n"):
            early_reading.save_statements(document.pk, member, {"uscc": typed}, now)
        assert Statement.objects.get(field="uscc").said == "91990101000000108N"
        assert Statement.objects.count() == 2

    def test_of_nothing_nothing_can_be_said(
        self, document: Document, member: Member, now: datetime
    ) -> None:
        with pytest.raises(Refused, match="document_unread"):
            early_reading.save_statements(document.pk, member, {}, now)

    def test_not_after_it_was_handed_in(self, member: Member, now: datetime) -> None:
        document = make_document(make_case(member, now, State.IN_REVIEW), now)
        DocumentReading.objects.create(document=document, due_at=now, finished_at=now, reading=READ)
        with pytest.raises(Refused, match="state_conflict"):
            early_reading.save_statements(document.pk, member, {}, now)
        assert not Statement.objects.exists()

    @pytest.mark.parametrize(
        ("kind", "field", "reviewed"),
        [
            ("business_licence", "name", False),
            ("business_licence", "uscc", False),
            ("business_licence", "term", True),
            ("business_licence", "registered_capital", True),
            ("hr_service_licence", "name", True),
            ("hr_service_licence", "valid_until", True),
        ],
    )
    def test_what_no_register_settles_goes_to_a_reviewer(
        self, member: Member, now: datetime, kind: str, field: str, reviewed: bool
    ) -> None:
        case = make_case(member, now, State.SUBMITTED)
        document = make_document(case, now, kind)
        for said in ("read", "corrected"):
            Statement.objects.update_or_create(
                document=document,
                field=field,
                defaults={"read": "read", "said": said, "by": member.user, "at": now},
            )
            check, subject = Reading(), pipeline.subject_of(case, now)
            DocumentReading.objects.update_or_create(
                document=document,
                defaults={
                    "due_at": now,
                    "finished_at": now,
                    "version": check.version,
                    "reading": SEEN | {"declared": declared(case)},
                },
            )
            findings = check.judge(subject, {}, check.observe(subject, {}))
            corrections = [f for f in findings if f.code == "reading_disputed"]
            assert bool(corrections) is (reviewed and said == "corrected")
            for finding in corrections:
                assert (finding.severity, finding.field) == (Severity.UNABLE, field)
                assert (finding.seen, finding.expected) == ("read", "corrected")


SEEN = READ | {"looks_like_licence": True, "qr_uscc": None}


def declared(case: Case) -> dict[str, str]:
    return {
        "uscc": case.declared_uscc,
        "name": case.declared_name,
        "legal_representative": case.declared_legal_representative,
    }


@pytest.mark.parametrize("kind", ["", "identity_card"])
def test_a_document_is_locked_before_its_reading_as_in_an_erasure(
    document: Document, now: datetime, kind: str
) -> None:
    """Two transactions that lock the same rows in opposite orders wait for each other."""
    with CaptureQueriesContext(connection) as captured:
        early_reading.read_document(document.pk, lambda: now, 60, Reader({**READ, "kind": kind}))
    written = [query["sql"] for query in captured]
    finished = next(
        number
        for number, sql in enumerate(written)
        if sql.startswith('UPDATE "verification_documentreading"') and '"reading" =' in sql
    )
    assert 'FROM "verification_document"' in written[finished - 1]
    assert written[finished - 2].startswith(("SAVEPOINT", "BEGIN"))
