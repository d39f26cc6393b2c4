"""Do the case's pages translate what an employer does, show where it stands, and keep others
out?
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client
from django.utils import timezone
from PIL import Image

from config.messages import compile_all
from documents.upload.antivirus import ScanResult
from employers.models import Member
from events.core.errors import ProviderUnavailable
from events.models import Mail
from tests.factories import make_case, make_document, make_member
from verification.cases import operations, wording
from verification.checks import CHECKS
from verification.intake import upload_handler
from verification.models import Appeal, Attempt, Case, CheckRun, Decision, Document, DocumentPage
from verification.pages.views.documents import examined
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

for _folder in settings.LOCALE_PATHS:
    compile_all(Path(_folder))

pytestmark = pytest.mark.django_db

HOME_QUERIES = 27
STATUS_QUERIES = 7
HTMX = {"hx-request": "true"}
SCRIPT = {"x-requested-with": "XMLHttpRequest"}


def picture(
    shade: int = 200, size: tuple[int, int] = (1200, 850), name: str = "licence.jpg"
) -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", size, (shade, 190, 180)).save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(now, email_verified_at=now)


@pytest.fixture
def visitor(member: Member) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member.user)
    return client


@pytest.fixture
def case(member: Member, now: datetime) -> Case:
    return make_case(member, now)


def upload(visitor: Client, *files: Any, kind: str = "business_licence", **headers: str) -> Any:
    return visitor.post(
        "/case/documents/", {"kind": kind, "files": list(files)}, headers=headers or None
    )


class TestHome:
    def test_the_first_visit_opens_one_case(self, visitor: Client, member: Member) -> None:
        for _ in range(2):
            page = text(visitor.get("/case/"))
        assert Case.objects.get().declared_uscc == member.employer.uscc
        assert "Photograph" in page or "photograph" in page
        assert "To do" in page

    @pytest.mark.parametrize(
        ("state", "says"),
        [
            (State.DRAFT, "Once a document is here, you can submit."),
            (State.SUBMITTED, "Submitted: the checks begin in a moment"),
            (State.CHECKING, "Being checked"),
            (State.IN_REVIEW, "A reviewer will look at it"),
            (State.CHANGES_REQUESTED, "Something is needed from you"),
            (State.APPROVED, "rights are in force now, until"),
            (State.REJECTED, "appeal: another reviewer looks at it"),
            (State.SUSPENDED, "rights are suspended"),
            (State.REVOKED, "The approval was revoked"),
            (State.EXPIRED, "The approval has expired"),
            (State.WITHDRAWN, "You took this case back"),
        ],
    )
    def test_every_state_says_where_it_stands(
        self, visitor: Client, member: Member, now: datetime, state: State, says: str
    ) -> None:
        future = datetime.now(tz=now.tzinfo) + timedelta(days=100)
        make_case(
            member,
            now,
            state,
            **({"approved_at": now, "expires_at": future} if state is State.APPROVED else {}),
        )
        page = text(visitor.get("/case/"))
        assert says in page
        chinese = text(visitor.get("/case/", headers={"accept-language": "zh-CN"}))
        assert says not in chinese
        assert '<html lang="zh-Hans">' in chinese

    def test_every_state_is_tried(self) -> None:
        (mark,) = (
            m
            for m in TestHome.test_every_state_says_where_it_stands.pytestmark
            if m.name == "parametrize"
        )  # type: ignore[attr-defined]
        assert {state for state, _ in mark.args[1]} == set(State)

    def test_reasons_say_what_was_seen_expected_and_what_to_do(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        case = make_case(member, now, State.CHANGES_REQUESTED)
        make_document(case, now)
        reasons = [
            {
                "code": "uscc_mismatch",
                "field": "uscc",
                "seen": "SEEN-CODE",
                "expected": "EXPECTED-CODE",
            }
        ]
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb="request_changes",
            reasons=reasons,
            note="<b>photo</b> of page 2",
            policy_version="1",
            decided_at=now,
        )
        page = text(visitor.get("/case/"))
        for said in (
            "differs from the one that was declared",
            "SEEN-CODE",
            "EXPECTED-CODE",
            "Correct the declared code",
            "Who can: you",
            "a few minutes",
        ):
            assert said in page
        assert "&lt;b&gt;photo&lt;/b&gt; of page 2" in page
        assert "Submit again" in page
        assert "licence, page 1" in page

    def test_an_approval_whose_time_is_over_is_not_shown_as_one(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(
            member,
            now,
            State.APPROVED,
            approved_at=now - timedelta(days=200),
            expires_at=now - timedelta(days=20),
        )
        page = text(visitor.get("/case/"))
        assert "The approval has expired" in page
        assert "in force now" not in page

    def test_the_old_approval_is_shown_beside_a_new_case(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(
            member, now, State.APPROVED, expires_at=datetime.now(tz=now.tzinfo) + timedelta(days=5)
        )
        assert "Renew now" in text(visitor.get("/case/"))
        visitor.post("/case/start/")
        assert "Your approval stays in force until" in text(visitor.get("/case/"))

    def test_queries_do_not_grow_with_what_is_there(
        self,
        visitor: Client,
        member: Member,
        case: Case,
        now: datetime,
        django_assert_max_num_queries: Any,
    ) -> None:
        for _ in range(5):
            make_document(case, now)
        for day in range(30):
            operations.declare(
                case.pk,
                member.as_actor(),
                now,
                name=f"名称{day}",
                uscc=case.declared_uscc,
                legal_representative="",
                account_class="direct_employer",
            )
        with django_assert_max_num_queries(HOME_QUERIES):
            visitor.get("/case/")

    def test_the_timeline_holds_no_internals(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        page = text(visitor.get("/case/"))
        assert "Case opened" in page
        for hidden in ("claim", str(member.user_id), "policy"):
            assert hidden not in page.partition('class="timeline"')[2].partition("</section>")[0]


REGISTERED, OWN = "登记的某某", "照片上的某某"


class TestWhatTheRegisterKnows:
    """An employer with somebody else's licence must not learn from a refusal what to write on the
    next one.
    """

    FINDINGS = [
        {
            "check": "registry",
            "code": "legal_representative_mismatch",
            "field": "legal_representative",
            "seen": OWN,
            "expected": REGISTERED,
        },
        {
            "check": "registry",
            "code": "name_mismatch",
            "field": "name",
            "seen": OWN,
            "expected": REGISTERED,
        },
        {
            "check": "registry",
            "code": "established_on_mismatch",
            "field": "established_on",
            "seen": "2020-01-01",
            "expected": REGISTERED,
        },
        {
            "check": "registry",
            "code": "document_unreadable",
            "field": "legal_representative",
            "seen": "",
            "expected": REGISTERED,
        },
        {
            "check": "duplicates",
            "code": "duplicate_same_image",
            "field": "document",
            "seen": "",
            "expected": REGISTERED,
        },
    ]

    def decided(self, member: Member, now: datetime, state: State, *, without_check: bool) -> None:
        case = make_case(member, now, state)
        attempt = Attempt.objects.create(
            case=case, number=1, submitted_at=now, due_at=now, finished_at=now
        )
        for code in ("registry", "duplicates"):
            found = [
                f | {"severity": "concern", "page": 1, "region": [1, 2, 3, 4]}
                for f in self.FINDINGS
                if f["check"] == code
            ]
            CheckRun.objects.create(
                attempt=attempt,
                code=code,
                version="1",
                findings=found,
                started_at=now,
                finished_at=now,
            )
        reasons = [
            {k: v for k, v in f.items() if k != "check"}
            for f in self.FINDINGS
            if f["code"] != "name_mismatch"
        ]
        reasons.append(
            {
                "code": "registry_revoked",
                "field": "status",
                "seen": "licence_revoked",
                "expected": REGISTERED,
            }
        )
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb="reject",
            reasons=reasons if without_check else self.FINDINGS,
            policy_version="1",
            decided_at=now,
        )

    @pytest.mark.parametrize("state", [State.IN_REVIEW, State.REJECTED, State.SUSPENDED])
    @pytest.mark.parametrize("without_check", [False, True])
    def test_is_not_told(
        self, visitor: Client, member: Member, now: datetime, state: State, without_check: bool
    ) -> None:
        self.decided(member, now, state, without_check=without_check)
        page = text(visitor.get("/case/"))
        assert "The legal representative differs from the register" in page
        assert "What was checked" in page
        assert OWN in page
        assert REGISTERED not in page

    def test_is_not_told_while_the_checks_run_either(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        self.decided(member, now, State.CHECKING, without_check=False)
        page = text(visitor.get("/case/status/", headers=HTMX))
        assert OWN in page
        assert REGISTERED not in page

    def test_what_it_declared_itself_is_told(self) -> None:
        own = {
            "check": "reading",
            "code": "name_mismatch",
            "field": "name",
            "seen": OWN,
            "expected": "DECLARED",
        }
        assert wording.told_reason(own) == own

    def test_the_stored_rows_keep_it_for_reviewers(self, member: Member, now: datetime) -> None:
        self.decided(member, now, State.REJECTED, without_check=False)
        assert CheckRun.objects.get(code="registry").as_findings()[0].expected == REGISTERED


class TestDeclare:
    def test_a_name_that_is_more_than_a_name(self, visitor: Client, case: Case) -> None:
        facts = {
            "name": "公司 www.evil.example",
            "uscc": case.declared_uscc,
            "legal_representative": "",
            "account_class": "direct_employer",
        }
        response = visitor.post("/case/declare/", facts)
        assert (response.status_code, "holds a web address" in text(response)) == (422, True)

    def test_corrects(self, visitor: Client, case: Case) -> None:
        sent = {
            "name": " 云溪市  另一 公司 ",
            "uscc": case.declared_uscc.lower(),
            "legal_representative": "林小雨",
            "account_class": "commercial_agency",
        }
        assert visitor.post("/case/declare/", sent)["Location"] == "/case/"
        case.refresh_from_db()
        assert (case.declared_name, case.declared_legal_representative) == (
            "云溪市 另一 公司",
            "林小雨",
        )
        assert "HR service licence" in text(visitor.get("/case/"))

    def test_a_wrong_code_keeps_what_was_typed(self, visitor: Client, case: Case) -> None:
        response = visitor.post(
            "/case/declare/",
            {
                "name": "新名称",
                "uscc": "91I",
                "legal_representative": "",
                "account_class": "direct_employer",
            },
        )
        assert response.status_code == 422
        assert "3 characters" in text(response)
        assert 'value="新名称"' in text(response)

    def test_a_case_that_is_out_of_the_employers_hands(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.IN_REVIEW)
        assert "no longer in the state" in text(visitor.get("/case/declare/", follow=True))


class TestUpload:
    def test_a_picture_becomes_pages_that_can_be_seen(self, visitor: Client, case: Case) -> None:
        assert upload(visitor, picture())["Location"] == "/case/"
        document = Document.objects.get()
        assert (document.kind, document.scan) == ("business_licence", {"clean": None})
        address = f"/case/documents/{document.pk}/pages/1/"
        assert f'src="{address}?size=small"' in text(visitor.get("/case/"))
        page, small = visitor.get(address), visitor.get(address, {"size": "small"})
        for shown in (page, small):
            assert shown["Content-Type"] == "image/jpeg"
            assert shown["Cache-Control"] == "private, no-store"
            assert shown["X-Content-Type-Options"] == "nosniff"
        assert Image.open(BytesIO(page.content)).size == (1200, 850)
        assert max(Image.open(BytesIO(small.content)).size) == 480

    def test_the_camera_and_the_files_of_one_form_are_both_taken(
        self, visitor: Client, case: Case
    ) -> None:
        visitor.post(
            "/case/documents/",
            {
                "kind": "business_licence",
                "photo": picture(10),
                "files": [picture(90), picture(170)],
            },
        )
        assert Document.objects.count() == 3

    def test_the_first_four_of_many_are_kept_and_the_others_are_named(
        self, visitor: Client, case: Case
    ) -> None:
        response = upload(
            visitor,
            *(
                picture(10 + 20 * number, name=f"page{number}.jpg")
                for number in range(upload_handler.FILES_AT_ONCE + 2)
            ),
        )
        page = text(response)
        assert response.status_code == 422
        assert Document.objects.count() == upload_handler.FILES_AT_ONCE
        assert page.count("Too many files were sent at once") == 2
        assert ("page3.jpg" in page, "page4.jpg" in page, "page5.jpg" in page) == (
            False,
            True,
            True,
        )

    def test_a_full_house_says_so_and_lets_in_again(
        self, visitor: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload_handler, "CHILD_WAIT_SECONDS", 0.05)
        with ExitStack() as others:
            for _ in range(upload_handler.CHILDREN_AT_ONCE):
                others.enter_context(upload_handler.room_for_a_child())
            page = text(upload(visitor, picture()))
            assert "Try again in a moment" in page
            assert not Document.objects.exists()
        assert upload(visitor, picture())["Location"] == "/case/"

    def test_a_refused_file_gives_its_place_back(
        self, visitor: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload_handler, "CHILD_WAIT_SECONDS", 0.05)
        for _ in range(upload_handler.CHILDREN_AT_ONCE + 1):
            assert "The file is empty" in text(
                upload(visitor, SimpleUploadedFile("x.jpg", b"", "image/jpeg"))
            )

    def test_the_same_file_twice_is_one_document(self, visitor: Client, case: Case) -> None:
        for _ in range(2):
            upload(visitor, picture())
        assert Document.objects.count() == 1

    def test_the_good_ones_are_kept_and_each_bad_one_is_named(
        self, visitor: Client, case: Case
    ) -> None:
        text_file = SimpleUploadedFile("renamed.jpg", "这不是图片".encode(), "image/jpeg")
        response = upload(
            visitor, text_file, picture(), SimpleUploadedFile("nothing.jpg", b"", "image/jpeg")
        )
        page = text(response)
        assert response.status_code == 422
        assert Document.objects.count() == 1
        for said in (
            "renamed.jpg",
            "not of an accepted type",
            "plain text",
            "nothing.jpg",
            "The file is empty",
        ):
            assert said in page

    def test_one_file_over_the_limit_is_let_go_and_the_next_is_kept(
        self, visitor: Client, case: Case, settings: Any
    ) -> None:
        settings.UPLOAD_MAX_BYTES = 100_000
        large = SimpleUploadedFile("large.jpg", b"\xff\xd8\xff" + b"x" * 200_000, "image/jpeg")
        page = text(upload(visitor, large, picture()))
        assert "large.jpg" in page
        assert "The file is too large" in page
        assert Document.objects.count() == 1

    def test_an_announced_flood_is_not_read(self, visitor: Client, case: Case) -> None:
        class Unread(BytesIO):
            def read(self, *args: Any) -> bytes:
                raise AssertionError("read")

        flood = str(
            upload_handler.FILES_AT_ONCE * settings.UPLOAD_MAX_BYTES + upload_handler.FORM_BYTES + 1
        )
        response = visitor.generic(
            "POST",
            "/case/documents/",
            content_type="multipart/form-data; boundary=x",
            CONTENT_LENGTH=flood,
            **{"wsgi.input": Unread()},
        )
        assert response.status_code == 413
        assert "too large to upload" in text(response)

    def test_a_script_gets_the_editor_alone(self, visitor: Client, case: Case) -> None:
        good, bad = (
            upload(visitor, picture(), **SCRIPT),
            upload(visitor, SimpleUploadedFile("x.pdf", b"", "application/pdf"), **SCRIPT),
        )
        assert (good.status_code, bad.status_code) == (200, 422)
        assert text(good).startswith('<section id="editor"')
        assert "Submit for verification" in text(good)
        assert "The file is empty" in text(bad)

    def test_no_file_and_no_kind(self, visitor: Client, case: Case) -> None:
        assert upload(visitor).status_code == 422
        assert (
            visitor.post("/case/documents/", {"kind": "passport", "files": picture()})["Location"]
            == "/case/"
        )
        assert not Document.objects.exists()

    def test_needs_the_forms_token(self, member: Member, case: Case) -> None:
        visitor = Client(enforce_csrf_checks=True)
        visitor.force_login(member.user)
        assert upload(visitor, picture()).status_code == 403
        assert not Document.objects.exists()

    def test_infected_or_unscanned_is_not_kept(
        self, visitor: Client, case: Case, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.CLAMD_ADDRESS = "tcp:127.0.0.1:9"
        assert "security scan did not answer" in text(upload(visitor, picture()))
        monkeypatch.setattr(
            "verification.pages.views.documents.scan", lambda *args: ScanResult(False, "Eicar-Test")
        )
        page = text(upload(visitor, picture()))
        assert "did not pass the security scan" in page
        assert "Eicar" not in page
        assert not Document.objects.exists()
        monkeypatch.setattr(
            "verification.pages.views.documents.scan", lambda *args: ScanResult(True)
        )
        upload(visitor, picture())
        assert Document.objects.get().scan == {"clean": True}

    def test_a_sandbox_that_does_not_start_stores_nothing(
        self, visitor: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*args: Any) -> None:
            raise ProviderUnavailable("no child")

        monkeypatch.setattr("verification.pages.views.documents.examine", down)
        assert upload(visitor, picture()).status_code == 422
        assert not Document.objects.exists()

    def test_a_submitted_case_takes_nothing(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.IN_REVIEW)
        response = upload(visitor, picture())
        assert response.status_code == 422
        assert not Document.objects.exists()

    def test_remove_and_undo(self, visitor: Client, case: Case, now: datetime) -> None:
        document = make_document(case, datetime.now(tz=now.tzinfo))
        for _ in range(2):
            removed = visitor.post(f"/case/documents/{document.pk}/remove/", headers=HTMX)
        assert "Undo" in text(removed)
        assert "autofocus" in text(removed)
        assert "Once a document is here" in text(removed)
        assert visitor.post(f"/case/documents/{document.pk}/restore/")["Location"] == "/case/"
        document.refresh_from_db()
        assert document.superseded_at is None


class TestOthers:
    def test_another_employers_documents_are_not_there(
        self, visitor: Client, now: datetime
    ) -> None:
        document = make_document(make_case(make_member(now), now), now)
        assert visitor.get(f"/case/documents/{document.pk}/pages/1/").status_code == 404
        for verb in ("remove", "restore"):
            assert visitor.post(f"/case/documents/{document.pk}/{verb}/").status_code == 404
        document.refresh_from_db()
        assert document.superseded_at is None

    def test_strangers_see_no_page_and_upload_nothing(self, case: Case, now: datetime) -> None:
        document = make_document(case, now)
        stranger = Client()
        assert stranger.get(f"/case/documents/{document.pk}/pages/1/")["Location"].startswith(
            "/sign-in/"
        )
        assert upload(stranger, picture())["Location"].startswith("/sign-in/")
        assert Document.objects.count() == 1

    def test_a_page_whose_file_is_gone(self, visitor: Client, case: Case, now: datetime) -> None:
        document = make_document(case, now)
        assert DocumentPage.objects.filter(document=document).exists()
        assert visitor.get(f"/case/documents/{document.pk}/pages/1/").status_code == 404

    @pytest.mark.parametrize("form", ["documents", "submit", "withdraw", "appeal", "start"])
    def test_a_forms_address_opened_without_the_form(
        self, visitor: Client, case: Case, form: str
    ) -> None:
        assert visitor.get(f"/case/{form}/")["Location"] == "/case/"

    def test_help_is_open_to_all(self) -> None:
        assert Client().get("/case/help/").status_code == 200


class TestSubmit:
    def test_the_address_comes_first_and_everything_else_works_before(
        self, member: Member, case: Case, now: datetime
    ) -> None:
        member.user.email_verified_at = None
        member.user.save()
        visitor = Client(headers={"accept-language": "en"})
        visitor.force_login(member.user)
        assert "Once a document is here, you can submit." in text(visitor.get("/case/"))
        assert upload(visitor, picture())["Location"] == "/case/"
        facts = {
            "name": "云溪市另一公司",
            "uscc": case.declared_uscc,
            "legal_representative": "",
            "account_class": "direct_employer",
        }
        assert visitor.post("/case/declare/", facts)["Location"] == "/case/"
        card = text(visitor.get("/case/")).partition('id="submit"')[2].partition("</article>")[0]
        assert "Confirm your address first" in card
        assert member.user.email in card
        assert 'action="/verify-email/resend/"' in card
        assert "Submit for verification" not in card
        case.refresh_from_db()
        refused = text(visitor.post("/case/submit/", {"version": case.version}, follow=True))
        assert "has not been verified" in refused
        assert not Attempt.objects.exists()

        visitor.post("/verify-email/resend/")
        link = (
            Mail.objects.get(template="verify_email")
            .context["link"]
            .removeprefix(settings.SITE_URL)
        )
        assert visitor.post(link)["Location"] == "/case/"
        card = text(visitor.get("/case/")).partition('id="submit"')[2].partition("</article>")[0]
        assert "Submit for verification" in card
        assert "Confirm your address first" not in card
        visitor.post("/case/submit/", {"version": case.version})
        assert Attempt.objects.count() == 1

    def test_twice_is_once(self, visitor: Client, case: Case, now: datetime) -> None:
        make_document(case, now)
        for _ in range(2):
            response = visitor.post("/case/submit/", {"version": case.version}, follow=True)
            assert "Submitted: the checks begin in a moment" in text(response)
            assert 'role="alert"' not in text(response)
        case.refresh_from_db()
        assert (case.state, Attempt.objects.count()) == (State.SUBMITTED, 1)

    def test_what_has_changed_since_is_looked_at_again(
        self, visitor: Client, member: Member, case: Case, now: datetime
    ) -> None:
        make_document(case, now)
        operations.declare(
            case.pk,
            member.as_actor(),
            now,
            name="改过的名称",
            uscc=case.declared_uscc,
            legal_representative="",
            account_class="direct_employer",
        )
        page = text(visitor.post("/case/submit/", {"version": case.version}, follow=True))
        assert "no longer in the state" in page
        case.refresh_from_db()
        assert case.state == State.DRAFT

    def test_without_documents(self, visitor: Client, case: Case) -> None:
        assert "No business licence has been uploaded yet" in text(
            visitor.post("/case/submit/", {"version": 0}, follow=True)
        )

    def test_a_form_that_was_tampered_with(self, visitor: Client, case: Case) -> None:
        assert visitor.post("/case/submit/", {"version": "x"})["Location"] == "/case/"

    def test_withdraw_twice_then_begin_again(self, visitor: Client, case: Case) -> None:
        for _ in range(2):
            assert visitor.post("/case/withdraw/")["Location"] == "/case/"
        case.refresh_from_db()
        assert case.state == State.WITHDRAWN
        for _ in range(2):
            assert visitor.post("/case/start/")["Location"] == "/case/"
        assert Case.objects.count() == 2

    def test_appeal_twice(self, visitor: Client, member: Member, now: datetime) -> None:
        case = make_case(member, now, State.REJECTED)
        assert ">Appeal<" in text(visitor.get("/case/"))
        for _ in range(2):
            page = text(
                visitor.post(
                    "/case/appeal/",
                    {"words": "The register is wrong: see the certificate."},
                    follow=True,
                )
            )
            assert "Your appeal is with another reviewer" in page
            assert 'role="alert"' not in page
        case.refresh_from_db()
        assert case.state == State.IN_REVIEW

    def test_what_was_begun_in_the_same_moment_is_a_refusal_to_appeal(
        self, visitor: Client, member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = make_case(member, now, State.REJECTED)

        def meanwhile(file: Any) -> Any:
            operations.open_case(member.employer, member.as_actor(), now)
            return examined(file)

        monkeypatch.setattr(
            "verification.pages.views.appeals.examined", meanwhile
        )  # called once the page has looked
        response = visitor.post(
            "/case/appeal/", {"words": "The register is wrong.", "files": picture()}
        )
        assert (
            response.status_code == 422
            and "Another case of this employer is still open" in text(response)
        )
        assert "The register is wrong." in text(response), "what was typed is not lost"
        refused.refresh_from_db()
        assert refused.state == State.REJECTED and not Appeal.objects.exists()

    def test_one_that_was_taken_back_hides_no_refusal(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        refused = make_case(member, now, State.REJECTED)
        visitor.post("/case/start/")
        assert ">Appeal<" not in text(visitor.get("/case/"))
        for _ in range(2):
            page = text(visitor.post("/case/withdraw/", follow=True))
            assert (
                "Refused" in page
                and ">Appeal<" in page
                and "Begin again" in page
                and 'role="alert"' not in page
            )
        assert "Your appeal is with" in text(
            visitor.post("/case/appeal/", {"words": "The register is wrong."}, follow=True)
        )
        refused.refresh_from_db()
        assert refused.state == State.IN_REVIEW

    def test_one_that_was_taken_back_hides_nothing_in_force(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.APPROVED, expires_at=timezone.now() + timedelta(days=9))
        visitor.post("/case/start/")
        assert "rights are in force now, until" in text(
            visitor.post("/case/withdraw/", follow=True)
        )

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED])
    def test_rights_that_were_taken_away_can_be_appealed(
        self, visitor: Client, member: Member, now: datetime, state: State
    ) -> None:
        case = make_case(member, now, state)
        reasons = [{"code": "registry_abnormal_list", "seen": "", "expected": ""}]
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb="suspend",
            reasons=reasons,
            policy_version="1",
            decided_at=now,
        )
        page = text(visitor.get("/case/"))
        assert ">Appeal<" in page and "Begin again" not in page
        assert "Until it is answered, rights stay closed" in text(visitor.get("/case/appeal/"))
        for _ in range(2):
            page = text(
                visitor.post("/case/appeal/", {"words": "It was taken off the list."}, follow=True)
            )
            assert (
                "It was taken off the list." in page
                and ">Appeal<" not in page
                and 'role="alert"' not in page
            )
        assert Appeal.objects.count() == 1
        case.refresh_from_db()
        assert case.state == state

    def test_what_the_state_forbids_is_explained(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.APPROVED)
        for verb in ("appeal", "withdraw"):
            assert "no longer in the state" in text(visitor.post(f"/case/{verb}/", follow=True))


class TestStatus:
    @pytest.fixture
    def attempt(self, member: Member, now: datetime) -> Attempt:
        case = make_case(member, now, State.CHECKING)
        return Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)

    def run(self, attempt: Attempt, now: datetime) -> None:
        finding = {
            "check": "reading",
            "code": "name_mismatch",
            "severity": "concern",
            "field": "name",
            "seen": "READ",
            "expected": "DECLARED",
            "page": 1,
            "region": None,
        }
        CheckRun.objects.create(
            attempt=attempt,
            code="reading",
            version="1",
            findings=[finding],
            started_at=now,
            finished_at=now + timedelta(seconds=2.25),
        )

    def test_shows_each_check_with_its_finding_and_duration(
        self, visitor: Client, attempt: Attempt, now: datetime, django_assert_max_num_queries: Any
    ) -> None:
        self.run(attempt, now)
        with django_assert_max_num_queries(STATUS_QUERIES):
            page = text(visitor.get("/case/status/", headers=HTMX))
        for said in (
            "What does the licence say?",
            "The company&#x27;s name does not agree",
            "READ",
            "DECLARED",
            "2.3 s",
            f"1 of {len(CHECKS)} checks done",
        ):
            assert said in page
        assert 'hx-trigger="every 1500ms"' in page

    def test_says_nothing_while_nothing_changes(
        self, visitor: Client, attempt: Attempt, now: datetime
    ) -> None:
        page = text(visitor.get("/case/status/", headers=HTMX))
        have = page.partition("?have=")[2].partition('"')[0]
        assert visitor.get(f"/case/status/?have={have}", headers=HTMX).status_code == 204
        self.run(attempt, now)
        assert visitor.get(f"/case/status/?have={have}", headers=HTMX).status_code == 200

    def test_asks_rarely_while_it_waits_and_says_for_what(
        self, visitor: Client, attempt: Attempt
    ) -> None:
        Attempt.objects.update(waiting_for="registry_pending")
        page = text(visitor.get("/case/status/", headers=HTMX))
        assert 'hx-trigger="every 15s"' in page
        assert "the register has not listed it yet" in page
        assert "Next try:" in page

    def test_when_it_is_the_employers_turn_the_next_step_stands_above_the_checks(
        self, visitor: Client, attempt: Attempt, now: datetime
    ) -> None:
        have = (
            text(visitor.get("/case/status/", headers=HTMX))
            .partition("?have=")[2]
            .partition('"')[0]
        )
        Attempt.objects.update(waiting_for="authority_missing")
        lacks = Finding("authority", "authority_missing", Severity.WAIT).as_json()
        CheckRun.objects.create(
            attempt=attempt,
            code="authority",
            version="2",
            findings=[lacks],
            started_at=now,
            finished_at=now,
        )
        turned = visitor.get(f"/case/status/?have={have}", headers=HTMX)
        assert turned["HX-Retarget"] == "#case", "its tag and its list change with it"
        for page in (text(turned), text(visitor.get("/case/"))):
            assert page.count("Your next step") == 1
            assert (
                page.index("Your next step")
                < page.index('class="checks"')
                < page.index('id="editor"')
            )
            assert 'class="pill changes_requested">Waits for you<' in page
            assert "We go on as soon as it is there" in page
            assert "added from:body" in page
        have = text(turned).partition("?have=")[2].partition('"')[0]
        Case.objects.update(version=F("version") + 1)  # a letter came
        again = visitor.get(f"/case/status/?have={have}", headers=HTMX)
        assert "HX-Retarget" not in again
        assert "Your next step" in text(again)

    def test_decided_is_the_whole_case_and_the_end_of_asking(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(member, now, State.IN_REVIEW)
        response = visitor.get("/case/status/", headers=HTMX)
        assert response["HX-Retarget"] == "#case"
        assert "A reviewer will look at it" in text(response)
        assert "hx-get" not in text(response)

    def test_without_a_script_it_is_the_page(self, visitor: Client, attempt: Attempt) -> None:
        assert visitor.get("/case/status/")["Location"] == "/case/"
        assert "Show the latest" in text(visitor.get("/case/"))
