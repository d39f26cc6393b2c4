"""Tests of the page on which an employer sees its requirements and declares the company."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from employers.models import Member
from tests.factories import make_case, make_document
from tests.verification.pages.case_pages import HTMX, text
from verification.cases import operations, wording
from verification.models import Attempt, Case, CheckRun, Decision
from verification.rules.states import State

pytestmark = pytest.mark.django_db

HOME_QUERIES = 29


class TestHome:
    def test_the_first_visit_opens_one_case(self, visitor: Client, member: Member) -> None:
        for _ in range(2):
            page = text(visitor.get("/case/"))
        assert Case.objects.get().declared_uscc == member.employer.uscc
        assert "Your next step" in page
        assert "To do" in page

    @pytest.mark.parametrize(
        ("state", "says"),
        [
            (State.DRAFT, "Upload a document before you submit."),
            (State.SUBMITTED, "Submitted: the checks start in a moment"),
            (State.CHECKING, "Being checked"),
            (State.IN_REVIEW, "A reviewer will check your case"),
            (State.CHANGES_REQUESTED, "We need something from you"),
            (State.APPROVED, "company is verified until"),
            (State.REJECTED, "appeal. Another reviewer will check it"),
            (State.SUSPENDED, "rights are suspended"),
            (State.REVOKED, "Your approval was revoked"),
            (State.EXPIRED, "Your approval has expired"),
            (State.WITHDRAWN, "You withdrew this case"),
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
            "does not match the code that was entered",
            "SEEN-CODE",
            "EXPECTED-CODE",
            "Correct the code you entered",
            "Who does this: you",
            "a few minutes",
        ):
            assert said in page
        assert "&lt;b&gt;photo&lt;/b&gt; of page 2" in page
        assert "Resubmit" in page
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
        assert "Your approval has expired" in page
        assert "is verified until" not in page

    def test_the_old_approval_is_shown_beside_a_new_case(
        self, visitor: Client, member: Member, now: datetime
    ) -> None:
        make_case(
            member, now, State.APPROVED, expires_at=datetime.now(tz=now.tzinfo) + timedelta(days=5)
        )
        assert "Renew now" in text(visitor.get("/case/"))
        visitor.post("/case/start/")
        assert "Your current approval stays in force until" in text(visitor.get("/case/"))

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
            operations.declare_facts(
                case.pk,
                member.as_actor(),
                now,
                name=f"名称{day}",
                uscc=case.declared_uscc,
                legal_representative="",
                account_class="direct_employer",
            )
        visitor.get("/case/help/")  # the first request records the sign-in
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
    """A rejection must not tell an employer with someone else's licence what to change on the next
    one.
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
        assert "The legal representative does not match the company register" in page
        assert "What we checked" in page
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
        assert (response.status_code, "contains a web address" in text(response)) == (422, True)

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
        assert "The state of this case has changed" in text(
            visitor.get("/case/declare/", follow=True)
        )
