"""Tests of which requirements apply, and of their states."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.core.reasons import REASONS
from tests.verification.rules.requirement_facts import (
    AGENCY,
    ASSOCIATION,
    BEFORE,
    COLLECTIVE,
    COMPANY,
    DRAFT,
    DUE,
    GIVEN,
    INSTITUTION,
    LATER,
    LETTER,
    LICENCE,
    NOW,
    OTHER,
    PASSED,
    PAST,
    PENDING,
    SATISFIED,
    SENT_BACK,
    found,
    of,
    proof,
    stands,
)
from verification.cases import guards
from verification.models import DocumentKind, ProofKind
from verification.rules.facts import Facts, Paper, Report, RequirementState, Strength, Why
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import CURRENT, TAKES
from verification.rules.requirement_ways import LETTERS
from verification.rules.states import State

# --- Which requirements apply ---------------------------------------------------------------------


OF_COMPANY = [
    "mail_address",
    "company_facts",
    "business_licence",
    "registration",
    "authority",
    "submission",
]
OF_BODY = ["mail_address", "company_facts", "approval_document", "authority", "submission"]
OF_AGENCY = [*OF_COMPANY[:4], "agency_licence", "client_authorization", *OF_COMPANY[4:]]


@pytest.mark.parametrize(
    ("account_class", "uscc", "asked"),
    [
        ("direct_employer", COMPANY, OF_COMPANY),
        ("direct_employer", "92" + COMPANY[2:], OF_COMPANY),
        ("direct_employer", "93" + COMPANY[2:], OF_COMPANY),
        ("direct_employer", INSTITUTION, OF_BODY),
        ("direct_employer", ASSOCIATION, OF_BODY),
        ("direct_employer", COLLECTIVE, OF_BODY),
        ("direct_employer", OTHER, OF_BODY),
        ("direct_employer", "A1990000XXXXXXXXXX", OF_BODY),
        ("direct_employer", "", OF_COMPANY),
        ("commercial_agency", COMPANY, OF_AGENCY),
        (
            "commercial_agency",
            ASSOCIATION,
            [*OF_BODY[:3], "agency_licence", "client_authorization", *OF_BODY[3:]],
        ),
        ("public_service", INSTITUTION, OF_BODY),
        ("public_service", COMPANY, OF_BODY),
    ],
)
def test_what_each_class_and_body_is_asked(account_class: str, uscc: str, asked: list[str]) -> None:
    assert list(stands(replace(DRAFT, account_class=account_class, uscc=uscc))) == asked


def test_a_direct_employer_with_the_scope_of_an_agency_is_asked_for_the_licence_too() -> None:
    missing = found("agency_licence", "agency_licence_missing", Severity.CONCERN, "business_scope")
    facts = replace(GIVEN, state=State.IN_REVIEW, reports=(*PASSED[:2], missing, PASSED[3]))
    assert stands(facts)["agency_licence"] is DUE
    assert of(facts, "agency_licence").reasons == (
        Why("agency_licence_missing", "business_scope", "seen", "expected", "agency_licence"),
    )


def test_every_way_is_known_and_has_its_time() -> None:
    ways = {way for item in CURRENT.items.values() for way in item.ways}
    kinds = set(DocumentKind.values) - {DocumentKind.APPEAL_EVIDENCE} | set(ProofKind.values)
    assert kinds <= ways <= kinds | {"mail_link", "declare", "start"}
    assert ways | {"submit", "appeal", "ask_person"} == set(TAKES)
    assert all(item.missing in REASONS for item in CURRENT.items.values() if item.missing)
    assert {str(kind) for kind in guards.ADDED_WHILE_CHECKING} == LETTERS, (
        "the rules say what the guards allow"
    )


# --- States ---------------------------------------------------------------------------------------


def row(facts: Facts, **expected: RequirementState) -> Any:
    return pytest.param(facts, expected)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        row(
            replace(DRAFT, email_verified=False),
            mail_address=DUE,
            business_licence=DUE,
            authority=DUE,
            submission=DUE,
        ),
        row(
            DRAFT,
            mail_address=SATISFIED,
            company_facts=PENDING,
            business_licence=DUE,
            registration=PENDING,
        ),
        row(replace(DRAFT, uscc="91"), company_facts=DUE),
        row(replace(DRAFT, name=" "), company_facts=DUE),
        row(GIVEN, business_licence=PENDING, authority=DUE, submission=DUE),
        row(replace(GIVEN, email_may_prove=True), authority=PENDING),
        row(replace(GIVEN, papers=(LICENCE, LETTER)), authority=PENDING),
        row(replace(GIVEN, proofs=(proof("bank_deposit"),)), authority=SATISFIED),
        row(replace(GIVEN, proofs=(proof("vouch"),)), authority=SATISFIED),
        row(
            replace(GIVEN, proofs=(proof("company_email", strength=Strength.WEAK),)),
            authority=PENDING,
        ),
        row(replace(GIVEN, proofs=(proof("bank_deposit", "pending"),)), authority=PENDING),
        row(
            replace(GIVEN, proofs=(proof("bank_deposit", "pending", expires_at=NOW),)),
            authority=DUE,
        ),
        row(replace(GIVEN, proofs=(proof("bank_deposit", holds_until=NOW),)), authority=DUE),
        row(replace(GIVEN, proofs=(proof("bank_deposit", "failed"),)), authority=DUE),
        # Agencies
        row(AGENCY, agency_licence=DUE, client_authorization=DUE),
        row(
            replace(AGENCY, papers=(LICENCE, Paper("hr_service_licence", BEFORE))),
            agency_licence=PENDING,
            client_authorization=DUE,
        ),
        row(
            replace(AGENCY, papers=(LICENCE, Paper("client_authorization", BEFORE))),
            client_authorization=PENDING,
        ),
        row(
            replace(
                AGENCY,
                papers=(Paper("client_authorization", BEFORE),),
                clients_until=((NOW - timedelta(days=1)).date(),),
            ),
            client_authorization=DUE,
        ),
        # Checks in progress
        row(
            replace(GIVEN, state=State.SUBMITTED),
            business_licence=PENDING,
            authority=DUE,
            submission=PENDING,
        ),
        row(
            replace(GIVEN, state=State.CHECKING, reports=PASSED[:1]),
            business_licence=SATISFIED,
            company_facts=PENDING,
        ),
        row(
            replace(GIVEN, state=State.CHECKING, reports=PASSED),
            company_facts=SATISFIED,
            registration=SATISFIED,
            authority=SATISFIED,
        ),
        row(
            replace(
                GIVEN,
                state=State.CHECKING,
                reports=(
                    *PASSED[:3],
                    found("authority", "authority_missing", Severity.WAIT, "email"),
                ),
            ),
            business_licence=SATISFIED,
            authority=DUE,
            submission=PENDING,
        ),
        row(
            replace(
                GIVEN,
                state=State.IN_REVIEW,
                reports=(
                    found("reading", "document_unreadable", Severity.UNABLE, "name"),
                    *PASSED[1:],
                ),
            ),
            business_licence=PENDING,
            registration=SATISFIED,
            authority=SATISFIED,
        ),
        # A new picture counts, not the reading of the previous one.
        row(
            replace(
                GIVEN,
                papers=(Paper("business_licence", NOW),),
                state=State.SUBMITTED,
                reports=PASSED,
            ),
            business_licence=PENDING,
            company_facts=PENDING,
            registration=SATISFIED,
        ),
        row(
            replace(GIVEN, state=State.SUBMITTED, declared_at=NOW, reports=PASSED),
            company_facts=PENDING,
            registration=PENDING,
        ),
        # A letter is requested; accepted requirements stay accepted.
        row(
            SENT_BACK,
            business_licence=SATISFIED,
            company_facts=SATISFIED,
            registration=SATISFIED,
            authority=DUE,
            submission=DUE,
        ),
        row(
            replace(SENT_BACK, papers=(LICENCE, Paper("authorization_letter", NOW))),
            business_licence=SATISFIED,
            authority=PENDING,
        ),
        row(
            replace(SENT_BACK, proofs=(proof("bank_deposit", started_at=NOW),)), authority=SATISFIED
        ),
        row(
            replace(SENT_BACK, proofs=(proof("bank_deposit", "pending", started_at=NOW),)),
            authority=PENDING,
        ),
        row(
            replace(SENT_BACK, reasons=(Why("document_blurred"),)),
            business_licence=DUE,
            company_facts=SATISFIED,
            authority=SATISFIED,
        ),
        row(
            replace(SENT_BACK, reasons=(Why("name_mismatch", "name", check="reading"),)),
            company_facts=DUE,
            business_licence=SATISFIED,
        ),
        row(
            replace(
                SENT_BACK, reasons=(Why("name_mismatch", "name", check="reading"),), declared_at=NOW
            ),
            company_facts=PENDING,
            business_licence=SATISFIED,
        ),
        row(
            replace(SENT_BACK, reasons=(Why("uscc_mismatch", "qr"),)),
            company_facts=SATISFIED,
            business_licence=DUE,
        ),
        row(
            replace(SENT_BACK, reasons=(Why("registry_abnormal_list", "status"),)),
            registration=DUE,
            business_licence=SATISFIED,
        ),
        row(
            replace(SENT_BACK, reasons=(Why("duplicate_same_image"),)),
            business_licence=DUE,
            authority=SATISFIED,
            submission=DUE,
        ),
        row(
            replace(SENT_BACK, reasons=(Why("document_unreadable", "hr_service_licence"),)),
            agency_licence=DUE,
            business_licence=SATISFIED,
        ),
        # Decided
        row(
            replace(SENT_BACK, state=State.REJECTED),
            authority=DUE,
            business_licence=SATISFIED,
            submission=DUE,
        ),
        row(replace(GIVEN, state=State.WITHDRAWN), business_licence=SATISFIED, submission=DUE),
        row(
            replace(SENT_BACK, state=State.SUSPENDED, reasons=(Why("registry_revoked"),)),
            registration=PAST,
            authority=SATISFIED,
            submission=PAST,
        ),
        row(replace(SENT_BACK, state=State.REVOKED), authority=PAST, submission=PAST),
        row(
            replace(GIVEN, state=State.APPROVED, expires_at=NOW + timedelta(days=90)),
            authority=SATISFIED,
            registration=SATISFIED,
            submission=SATISFIED,
            reverification=SATISFIED,
        ),
        row(
            replace(GIVEN, state=State.APPROVED, expires_at=NOW + timedelta(days=30)),
            authority=SATISFIED,
            reverification=DUE,
        ),
        row(
            replace(GIVEN, state=State.APPROVED, expires_at=NOW),
            authority=SATISFIED,
            reverification=PAST,
        ),
        row(
            replace(GIVEN, state=State.EXPIRED, expires_at=NOW - timedelta(days=1)),
            reverification=PAST,
        ),
        row(
            replace(
                GIVEN, state=State.APPROVED, expires_at=NOW + timedelta(days=9), conditional=True
            ),
            registration=PENDING,
        ),
        row(
            replace(GIVEN, state=State.APPROVED, expires_at=NOW, conditional=True),
            reverification=PAST,
        ),
        # Re-verification due by a day
        row(replace(GIVEN, renew_by=NOW + timedelta(days=1)), authority=DUE, submission=DUE),
        row(
            replace(GIVEN, renew_by=NOW), authority=PAST, submission=PAST, business_licence=PENDING
        ),
    ],
)
def test_where_each_stands(facts: Facts, expected: dict[str, RequirementState]) -> None:
    states = stands(facts)
    assert {code: states.get(code) for code in expected} == expected


def test_deadlines() -> None:
    assert of(
        replace(GIVEN, proofs=(proof("bank_deposit", "pending"),)), "authority"
    ).deadline == NOW + timedelta(days=10)
    assert of(
        replace(GIVEN, proofs=(proof("bank_deposit"),)), "authority"
    ).deadline == NOW + timedelta(days=180)
    assert (
        of(
            replace(GIVEN, proofs=(proof("vouch", holds_until=None), proof("bank_deposit"))),
            "authority",
        ).deadline
        is None
    )
    ends = NOW + timedelta(days=14)
    on_condition = of(
        replace(GIVEN, state=State.APPROVED, expires_at=ends, conditional=True), "registration"
    )
    assert on_condition.deadline == ends and on_condition.reasons == (Why("registry_pending"),)
    assert (
        of(replace(GIVEN, state=State.APPROVED, expires_at=ends), "reverification").deadline == ends
    )
    assert of(replace(DRAFT, renew_by=ends), "business_licence").deadline == ends


def test_the_ways_to_show_authority() -> None:
    late = proof("bank_deposit", "failed", failure="authority_unproven", shown="**** 1234")
    facts = replace(
        GIVEN,
        papers=(LICENCE, LETTER),
        proofs=(late, proof("vouch", "pending", shown="l***@shili.example")),
    )
    ways = {way.code: way for way in of(facts, "authority").ways}
    assert {code: way.strength for code, way in ways.items()} == {
        "company_email": Strength.MEDIUM,
        "e_licence": Strength.STRONG,
        "bank_deposit": Strength.STRONG,
        "vouch": Strength.MEDIUM,
        "authorization_letter": Strength.WEAK,
    }
    assert {code for code, way in ways.items() if way.state is PENDING} == {
        "vouch",
        "authorization_letter",
    }
    assert ways["bank_deposit"].state is DUE and ways["bank_deposit"].shown == "**** 1234"
    assert [why.code for why in ways["bank_deposit"].reasons] == ["authority_unproven"]
    assert ways["vouch"].expires_at == NOW + timedelta(days=10)


def test_an_address_that_the_register_names_is_shown_as_the_way_that_it_was() -> None:
    at_domain = Report(
        "authority",
        LATER,
        (Finding("authority", "authority_proven", Severity.PASS, "email", "company_email"),),
    )
    facts = replace(GIVEN, state=State.CHECKING, reports=(at_domain,), email_may_prove=True)
    assert [way.code for way in of(facts, "authority").ways if way.state is SATISFIED] == [
        "company_email"
    ]
    by_bank = Report(
        "authority",
        LATER,
        (Finding("authority", "authority_proven", Severity.PASS, "email", "bank_deposit"),),
    )
    facts = replace(facts, reports=(by_bank,), proofs=(proof("bank_deposit"),))
    assert [way.code for way in of(facts, "authority").ways if way.state is SATISFIED] == [
        "bank_deposit"
    ]


def test_a_code_that_is_wrong_says_what_is_wrong_with_it() -> None:
    (why,) = of(replace(DRAFT, uscc="91"), "company_facts").reasons
    assert why.code == "uscc_invalid" and why.expected


def test_a_flaw_of_the_photograph_is_told_and_stops_nobody() -> None:
    licence = of(
        replace(GIVEN, papers=(Paper("business_licence", BEFORE, ("document_blurred",)),)),
        "business_licence",
    )
    assert licence.state is PENDING and [why.code for why in licence.reasons] == [
        "document_blurred"
    ]


def test_a_body_without_a_licence_is_not_told_that_it_lacks_one() -> None:
    reports = (found("reading", "document_missing", Severity.UNABLE, "document"), *PASSED[1:])
    body = replace(
        GIVEN,
        uscc=ASSOCIATION,
        papers=(Paper("approval_document", BEFORE),),
        state=State.IN_REVIEW,
        reports=reports,
    )
    approval = of(body, "approval_document")
    assert approval.state is PENDING and approval.reasons == ()
    assert [why.code for why in of(replace(body, papers=()), "approval_document").reasons] == [
        "approval_document_missing"
    ]


def test_a_name_that_does_not_agree_can_be_mended_at_either_end() -> None:
    facts = replace(SENT_BACK, reasons=(Why("name_mismatch", "name", check="reading"),))
    assert [way.code for way in of(facts, "company_facts").ways] == ["declare", "business_licence"]


def test_what_waits_for_time_says_so() -> None:
    facts = replace(GIVEN, state=State.CHECKING, waiting_for="registry_pending")
    assert [why.code for why in of(facts, "submission").reasons] == ["registry_pending"]
