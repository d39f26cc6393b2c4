"""Tests of submitting a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from employers.models import Member
from events.models import Mail
from tests.factories import make_case, make_document
from tests.verification.pages.case_pages import picture, text, upload
from verification.cases import operations
from verification.intake import held_uploads
from verification.intake.examination import examine_upload
from verification.models import Appeal, Attempt, Case, Decision, HeldUpload
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class TestSubmit:
    def test_the_address_comes_first_and_everything_else_works_before(
        self, member: Member, case: Case, now: datetime
    ) -> None:
        member.user.email_verified_at = None
        member.user.save()
        visitor = Client(headers={"accept-language": "en"})
        visitor.force_login(member.user)
        assert "Upload a document before you submit." in text(visitor.get("/case/"))
        assert upload(visitor, picture())["Location"] == "/case/"
        facts = {
            "name": "云溪市另一公司",
            "uscc": case.declared_uscc,
            "legal_representative": "",
            "account_class": "direct_employer",
        }
        assert visitor.post("/case/declare/", facts)["Location"] == "/case/"
        page = text(visitor.get("/case/"))
        card = page.partition('id="submit"')[2].partition("</section>")[0]
        assert "Confirm your email address first" in card
        assert page.count(member.user.email) == 1, "said once"
        assert page.count('action="/verify-email/resend/"') == 1
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
        assert "opening 1 file." in text(visitor.get("/case/"))
        held_uploads.open_held(HeldUpload.objects.get().pk, timezone.now, 60)
        card = text(visitor.get("/case/")).partition('id="submit"')[2].partition("</section>")[0]
        assert "Submit for verification" in card
        assert "Confirm your email address first" not in card
        case.refresh_from_db()
        visitor.post("/case/submit/", {"version": case.version})
        assert Attempt.objects.count() == 1

    def test_twice_is_once(self, visitor: Client, case: Case, now: datetime) -> None:
        make_document(case, now)
        for _ in range(2):
            response = visitor.post("/case/submit/", {"version": case.version}, follow=True)
            assert "Submitted: the checks start in a moment" in text(response)
            assert 'role="alert"' not in text(response)
        case.refresh_from_db()
        assert (case.state, Attempt.objects.count()) == (State.SUBMITTED, 1)

    def test_what_has_changed_since_is_looked_at_again(
        self, visitor: Client, member: Member, case: Case, now: datetime
    ) -> None:
        make_document(case, now)
        operations.declare_facts(
            case.pk,
            member.as_actor(),
            now,
            name="改过的名称",
            uscc=case.declared_uscc,
            legal_representative="",
            account_class="direct_employer",
        )
        page = text(visitor.post("/case/submit/", {"version": case.version}, follow=True))
        assert "The state of this case has changed" in page
        case.refresh_from_db()
        assert case.state == State.DRAFT

    def test_without_documents(self, visitor: Client, case: Case) -> None:
        assert "No business licence has been uploaded" in text(
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

    def test_evidence_is_not_opened_before_the_address_is_confirmed(
        self, visitor: Client, member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = make_case(member, now, State.REJECTED)
        member.user.email_verified_at = None
        member.user.save()

        def opened(*args: Any) -> None:
            raise AssertionError("opened")

        monkeypatch.setattr("verification.intake.examination.open_upload", opened)
        assert "Confirm your email address before you add files" in text(
            visitor.get("/case/appeal/")
        )
        said = {"words": "The register is wrong: see the certificate."}
        response = visitor.post("/case/appeal/", said | {"files": picture()})
        assert response.status_code == 422
        assert "has not been verified" in text(response) and said["words"] in text(response)
        visitor.post("/case/appeal/", said)
        case.refresh_from_db()
        assert case.state == State.IN_REVIEW

    def test_what_was_begun_in_the_same_moment_is_a_refusal_to_appeal(
        self, visitor: Client, member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = make_case(member, now, State.REJECTED)

        def meanwhile(file: Any) -> Any:
            operations.open_case(member.employer, member.as_actor(), now)
            return examine_upload(file)

        monkeypatch.setattr(
            "verification.pages.views.appeals.examine_upload", meanwhile
        )  # called after the page has read the case
        response = visitor.post(
            "/case/appeal/", {"words": "The register is wrong.", "files": picture()}
        )
        assert response.status_code == 422 and "This employer has another open case" in text(
            response
        )
        assert "The register is wrong." in text(response), "the input is not lost"
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
                and "Start again" in page
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
        assert "company is verified until" in text(visitor.post("/case/withdraw/", follow=True))

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
        assert ">Appeal<" in page and "Start again" not in page
        assert "Your rights stay off until then" in text(visitor.get("/case/appeal/"))
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
            assert "The state of this case has changed" in text(
                visitor.post(f"/case/{verb}/", follow=True)
            )
