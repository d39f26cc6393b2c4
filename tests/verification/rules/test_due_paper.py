"""Tests of which founding document is due: in the upload, in the checks and in the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from documents.uscc import check_character
from employers.models import AccountClass, Member
from events.core.errors import Refused
from events.core.reasons import REASONS
from tests.factories import make_case, make_document, make_employer, make_member, make_uscc
from tests.verification.checks.agency_papers import letter, licence
from tests.verification.decision.test_apply_verdict import MEDIUM, Says, saying
from verification.cases import guards, operations
from verification.checks.agency.check import AgencyLicence
from verification.checks.base import Subject, SubjectDocument
from verification.checks.reading import Reading
from verification.decision import pipeline
from verification.models import Attempt, Case, DocumentKind, HrLicenceRecord
from verification.pages import requirement_facts
from verification.reviewing import reason_choices
from verification.rules.facts import Why
from verification.rules.required_documents import CURRENT
from verification.rules.requirements import due_requirements
from verification.rules.states import State

pytestmark = pytest.mark.django_db

WITHOUT_A_LICENCE = (
    DocumentKind.APPROVAL_DOCUMENT,
    DocumentKind.HR_SERVICE_LICENCE,
    DocumentKind.CLIENT_AUTHORIZATION,
)


class NoAgencyLicence(AgencyLicence):
    """The check itself, for an agency by its scope whose HR service licence and client's letter are
    correct.
    """

    def _licence(self, document: SubjectDocument) -> dict[str, Any]:
        return licence(name="云溪市示例科技有限公司", uscc="")

    def _clients(
        self, subject: Subject, letters: Sequence[SubjectDocument]
    ) -> list[dict[str, Any]]:
        return [letter() for _ in letters]


def association() -> str:
    """The code of an association, issued by the civil affairs authorities (5)."""
    first17 = "51" + make_uscc()[2:-1]
    return first17 + check_character(first17)


def draft(now: datetime, account_class: str, *kinds: str, uscc: str = "") -> tuple[Member, Case]:
    member = make_member(
        now, make_employer(now, uscc=uscc or make_uscc(), account_class=account_class)
    )
    case = make_case(member, now)
    for kind in kinds:
        make_document(case, now, kind=kind)
    return member, case


@pytest.mark.parametrize(
    "account_class", [AccountClass.COMMERCIAL_AGENCY, AccountClass.DIRECT_EMPLOYER]
)
def test_no_approval_document_stands_for_a_business_licence_at_the_door(
    now: datetime, account_class: str
) -> None:
    member, case = draft(now, account_class, *WITHOUT_A_LICENCE)
    with pytest.raises(Refused) as refused:
        operations.submit_case(case.pk, member.user, member.as_actor(), now)
    assert refused.value.code == "document_missing"
    added = guards.may_add(DocumentKind.APPROVAL_DOCUMENT, case, member.as_actor(), now)
    assert added is not None and added.code == "document_missing"
    assert guards.may_add(DocumentKind.BUSINESS_LICENCE, case, member.as_actor(), now) is None


@pytest.mark.parametrize(
    ("account_class", "uscc"),
    [
        (AccountClass.PUBLIC_SERVICE, ""),
        (AccountClass.DIRECT_EMPLOYER, association()),
        (AccountClass.COMMERCIAL_AGENCY, association()),
    ],
)
def test_no_business_licence_stands_for_what_set_a_body_up(
    now: datetime, account_class: str, uscc: str
) -> None:
    member, case = draft(now, account_class, DocumentKind.BUSINESS_LICENCE, uscc=uscc)
    refused = guards.missing_for_submission(case, member.as_actor())
    assert refused is not None and refused.code == "approval_document_missing"
    make_document(case, now, kind=DocumentKind.APPROVAL_DOCUMENT)
    assert guards.missing_for_submission(case, member.as_actor()) is None


@pytest.mark.parametrize(
    ("account_class", "uscc", "reasons"),
    [
        (AccountClass.COMMERCIAL_AGENCY, "", ["document_missing", "approval_document_unchecked"]),
        (AccountClass.DIRECT_EMPLOYER, "", ["document_missing", "approval_document_unchecked"]),
        (AccountClass.PUBLIC_SERVICE, "", ["approval_document_unchecked"]),
        (AccountClass.DIRECT_EMPLOYER, association(), ["approval_document_unchecked"]),
    ],
)
def test_had_it_slipped_through_the_door_a_person_would_look(
    now: datetime, account_class: str, uscc: str, reasons: list[str]
) -> None:
    """The attack: a forged HR service licence, one letter, any picture as the approval document,
    and a register that agrees.
    """
    member, draft_case = draft(now, account_class, uscc=uscc)
    draft_case.delete()
    case = make_case(member, now, State.SUBMITTED)
    for kind in WITHOUT_A_LICENCE:
        make_document(case, now, kind=kind)
    attempt = Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)
    HrLicenceRecord.objects.create(
        number="990108230123", name=member.employer.name, as_of=now.date()
    )
    scope = Says("registry", seen={"record": {"business_scope": "人力资源服务；劳务派遣"}})
    told = saying(
        reading=Reading(),
        registry=scope,
        agency_licence=NoAgencyLicence(()),
        authority=Says("authority", MEDIUM),
    )
    assert pipeline.run_checks(attempt.pk, lambda: now, 60, told)
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
    assert [reason["code"] for reason in case.decisions.get().reasons] == reasons


@pytest.mark.parametrize(
    ("kind", "account_class", "named"),
    [
        ("12", AccountClass.DIRECT_EMPLOYER, "事业单位法人证书"),
        ("51", AccountClass.DIRECT_EMPLOYER, "社会团体法人登记证书"),
        ("51", AccountClass.COMMERCIAL_AGENCY, "社会团体法人登记证书"),
        ("12", AccountClass.PUBLIC_SERVICE, "事业单位法人证书"),
        ("91", AccountClass.PUBLIC_SERVICE, ""),
    ],
)
def test_a_body_without_a_licence_is_asked_for_the_paper_that_it_has(
    now: datetime, kind: str, account_class: str, named: str
) -> None:
    member, case = draft(now, account_class, uscc=make_uscc(kind=kind))
    at_the_door = guards.missing_for_submission(case, member.as_actor())
    wrong_paper = guards.may_add(DocumentKind.BUSINESS_LICENCE, case, member.as_actor(), now)
    for refused in (at_the_door, wrong_paper):
        assert refused is not None and refused.code == "approval_document_missing"
        assert refused.expected.partition(" / ")[0] == named
    sent_back = replace(
        requirement_facts.facts_of(case, member, now),
        state=State.CHANGES_REQUESTED,
        reasons=(Why("document_missing", "document"),),
        decided_at=now,
    )
    for facts in (requirement_facts.facts_of(case, member, now), sent_back):
        (paper,) = [
            each
            for each in due_requirements(facts, CURRENT, now)
            if each.code == "approval_document"
        ]
        (why,) = paper.reasons
        assert why.code == "approval_document_missing"
        assert why.expected.partition(" / ")[0] == named


@pytest.mark.parametrize("verb", ["request_changes", "reject"])
def test_a_reviewer_cannot_ask_a_body_for_a_paper_that_it_has_not(verb: str) -> None:
    def offered(paper: str) -> set[str]:
        return {each.reason.code for each in reason_choices.choices_for(verb, (), (), {}, paper)}

    of_licences = {"document_missing", "document_not_a_licence", "document_several_licences"}
    assert not offered("approval_document") & of_licences
    assert "approval_document_missing" in offered("approval_document")
    assert "approval_document_missing" not in offered("business_licence")
    assert "document_not_a_licence" in offered("business_licence")


def test_no_reason_to_send_a_case_back_says_that_a_reviewer_will_look() -> None:
    codes = reason_choices.REASONS_FOR["request_changes"]
    waits = {
        code
        for code in codes
        if "无需操作" in REASONS[code].fix.zh or "人工核实" in REASONS[code].fix.zh
    }
    assert not waits
