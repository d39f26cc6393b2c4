"""Tests of which companies need a licence to recruit for others, and of the licence and the
letters.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.verification.checks.agency_papers import (
    AGENCY,
    BODY,
    DIRECT,
    OTHER,
    PUBLIC,
    SUBJECT,
    letter,
    licence,
    listed,
    seen,
    worst,
)
from verification.checks.agency.check import AgencyLicence, agency_words
from verification.checks.base import Subject
from verification.rules.findings import Severity


@pytest.mark.parametrize(
    ("subject", "observation", "code", "severity"),
    [
        (SUBJECT, seen(), "agency_licence_agrees", Severity.PASS),
        (SUBJECT, seen(licence=None), "agency_licence_missing", Severity.CONCERN),
        (
            SUBJECT,
            seen(licence=licence() | {"titled": False}),
            "agency_licence_unreadable",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(licence=licence(number=""), listed=None),
            "agency_licence_unreadable",
            Severity.UNABLE,
        ),
        (SUBJECT, seen(licence=licence(name="")), "agency_licence_unreadable", Severity.UNABLE),
        (
            SUBJECT,
            seen(licence=licence(valid_until="")),
            "agency_licence_unreadable",
            Severity.UNABLE,
        ),
        (SUBJECT, seen(licence=licence(scope="")), "agency_licence_unreadable", Severity.UNABLE),
        (
            SUBJECT,
            seen(licence=licence(valid_until="2026-11-23")),
            "agency_licence_expired",
            Severity.CONCERN,
        ),
        # Ends within a week: a renewal is required.
        (
            SUBJECT,
            seen(licence=licence(valid_until="2026-11-24")),
            "agency_licence_ends_soon",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(licence=licence(valid_until="2026-11-30")),
            "agency_licence_ends_soon",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(licence=licence(valid_until="2026-12-01")),
            "agency_licence_agrees",
            Severity.PASS,
        ),
        (
            SUBJECT,
            seen(listed=listed(valid_until="2026-11-30")),
            "agency_licence_ends_soon",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(licence=licence(valid_until="长期")),
            "agency_licence_agrees",
            Severity.PASS,
        ),
        (
            SUBJECT,
            seen(licence=licence(valid_from="2026-11-25")),
            "agency_licence_expired",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(licence=licence(name="云溪市另一家有限公司")),
            "agency_licence_mismatch",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(licence=licence(0.97, name="云溪市另一家有限公司")),
            "agency_licence_mismatch",
            Severity.UNABLE,
        ),
        (SUBJECT, seen(licence=licence(uscc=OTHER)), "agency_licence_mismatch", Severity.CONCERN),
        (
            SUBJECT,
            seen(licence=licence(uscc="9199")),
            "agency_licence_agrees",
            Severity.PASS,
        ),  # misread: the name agrees
        (
            SUBJECT,
            seen(licence=licence(uscc="")),
            "agency_licence_agrees",
            Severity.PASS,
        ),  # many forms print none
        (
            SUBJECT,
            seen(licence=licence(scope="人力资源管理咨询")),
            "agency_licence_mismatch",
            Severity.UNABLE,
        ),
        # The published list
        (
            SUBJECT,
            seen(listed=listed() | {"record": None}),
            "agency_licence_unconfirmed",
            Severity.UNABLE,
        ),
        (
            DIRECT,
            seen(listed=listed() | {"record": None}),
            "agency_licence_unconfirmed",
            Severity.UNABLE,
        ),
        (SUBJECT, seen(listed=listed(uscc="")), "agency_licence_agrees", Severity.PASS),
        (
            SUBJECT,
            seen(listed=listed(name="", valid_until=None)),
            "agency_licence_agrees",
            Severity.PASS,
        ),
        (
            SUBJECT,
            seen(listed=listed(name="云溪市另一家有限公司")),
            "agency_licence_listed_otherwise",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(listed=listed(name="云溪市另一家有限公司", uscc="")),
            "agency_licence_listed_otherwise",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(listed=listed(uscc=OTHER)),
            "agency_licence_listed_otherwise",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(licence=licence(0.97), listed=listed(uscc=OTHER)),
            "agency_licence_listed_otherwise",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(listed=listed(valid_until="2026-11-23")),
            "agency_licence_expired",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(listed=listed(as_of="2026-08-25")),
            "agency_licence_unconfirmed",
            Severity.UNABLE,
        ),
        (SUBJECT, seen(listed=listed(as_of="2026-08-26")), "agency_licence_agrees", Severity.PASS),
        (
            SUBJECT,
            seen(listed=listed(as_of="2026-08-25", uscc=OTHER)),
            "agency_licence_listed_otherwise",
            Severity.CONCERN,
        ),
        (SUBJECT, seen(listed=listed("another")), "duplicate_agency_licence", Severity.CONCERN),
        # The register lists the company for other trades.
        (SUBJECT, seen(agency_words=[]), "agency_licence_mismatch", Severity.UNABLE),
        (
            SUBJECT,
            seen(agency_words=[], scope_from="reading"),
            "agency_licence_agrees",
            Severity.PASS,
        ),
        # Clients
        (SUBJECT, seen(clients=[]), "agency_client_missing", Severity.CONCERN),
        (SUBJECT, seen(clients=[letter(company="")]), "document_unreadable", Severity.UNABLE),
        (
            SUBJECT,
            seen(clients=[letter() | {"titled": False}]),
            "document_unreadable",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(clients=[letter(company=AGENCY)]),
            "agency_client_mismatch",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(clients=[letter(declared="云溪市乙有限公司")]),
            "agency_client_mismatch",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(clients=[letter(0.9, declared="云溪市乙有限公司")]),
            "agency_client_mismatch",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(clients=[letter(declared="云溪市甲有限公司")]),
            "agency_licence_agrees",
            Severity.PASS,
        ),
        (
            SUBJECT,
            seen(clients=[letter() | {"names_agency": False}]),
            "agency_client_mismatch",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(clients=[letter(valid_until="2026-11-23")]),
            "agency_client_expired",
            Severity.CONCERN,
        ),
        (
            SUBJECT,
            seen(clients=[letter(valid_until="", until="2026-11-23")]),
            "agency_client_expired",
            Severity.CONCERN,
        ),
        # A declared end after the letter's own does not count.
        (
            SUBJECT,
            seen(clients=[letter(valid_until="2026-11-23", until="2028-01-01")]),
            "agency_client_expired",
            Severity.CONCERN,
        ),
        (SUBJECT, seen(clients=[letter(sealed=False)]), "agency_client_unsealed", Severity.UNABLE),
        (
            SUBJECT,
            seen(clients=[letter(sealed=None)]),
            "agency_client_unsealed",
            Severity.UNABLE,
        ),  # a greyscale copy shows no seal
        (
            SUBJECT,
            seen(clients=[letter(), letter(sealed=False)]),
            "agency_client_unsealed",
            Severity.UNABLE,
        ),
        # Employers that ticked the other account class
        (DIRECT, seen(agency_words=[]), "no_agency", Severity.PASS),
        (DIRECT, seen(licence=None), "agency_licence_missing", Severity.CONCERN),
        (DIRECT, seen(clients=[]), "agency_licence_agrees", Severity.PASS),
        (DIRECT, seen(agency_words=[], scope_from=""), "agency_scope_unread", Severity.UNABLE),
        (
            DIRECT,
            seen(agency_words=[], scope_from="", scope_expected=False),
            "no_agency",
            Severity.PASS,
        ),
        (
            DIRECT,
            seen(agency_words=[], scope_from="", scope_expected=False, kinds=["approval_document"]),
            "approval_document_unchecked",
            Severity.UNABLE,
        ),
        # A letter or an HR service licence does not replace the business licence. Neither does an
        # approval document that no one has reviewed.
        (
            SUBJECT,
            seen(kinds=["approval_document", "hr_service_licence"]),
            "approval_document_unchecked",
            Severity.UNABLE,
        ),
        (
            DIRECT,
            seen(kinds=["approval_document", "hr_service_licence"]),
            "approval_document_unchecked",
            Severity.UNABLE,
        ),
        (
            SUBJECT,
            seen(kinds=["approval_document", "business_licence"]),
            "agency_licence_agrees",
            Severity.PASS,
        ),
        (
            BODY,
            seen(agency_words=[], kinds=["approval_document"]),
            "approval_document_unchecked",
            Severity.UNABLE,
        ),
        (BODY, seen(agency_words=[]), "approval_document_missing", Severity.CONCERN),
        # Public organisations
        (PUBLIC, seen(), "approval_document_missing", Severity.CONCERN),
        (PUBLIC, seen(kinds=["approval_document"]), "approval_document_unchecked", Severity.UNABLE),
    ],
)
def test_judging(
    subject: Subject, observation: dict[str, Any], code: str, severity: Severity
) -> None:
    found = worst(AgencyLicence().judge(subject, {}, observation))
    assert (found.code, found.severity) == (code, severity)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("软件开发；劳务派遣服务。", ["劳务派遣"]),
        ("软件开发；人力资源服务（不含职业中介活动、劳务派遣服务）；会议服务", []),
        ("软件开发;人力资源服务(不含职业中介活动、劳务派遣服务", []),  # the reader lost a bracket
        ("人力资源服务（不含职业中介活动）；劳务派遣服务", ["劳务派遣"]),
        ("人力资源服务（不含职业中介活动；劳务派遣服务", ["劳务派遣"]),
        ("人力 资源服务；软件开发", ["人力资源服务"]),
        ("软件开发", []),
        ("", []),
    ],
)
def test_words_of_agencies(scope: str, words: list[str]) -> None:
    assert agency_words(scope) == words
