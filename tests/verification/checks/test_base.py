"""Tests of the checks: judged from tables of observations, observed on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from documents.licence.witnesses import same_name
from tests.factories import make_uscc
from verification.checks.base import Subject, SubjectDocument
from verification.checks.reading import Reading, last_date
from verification.checks.registry import Registry
from verification.checks.scan import Scan
from verification.models import DocumentKind, RegistryRecord
from verification.providers.registries.base import Status, status_of
from verification.rules.findings import Finding, Severity

NOW = datetime(2026, 11, 24, tzinfo=UTC)
USCC, OTHER = make_uscc(7), make_uscc(8)
SUBJECT = Subject(
    case_id="case",
    employer_id="employer",
    name="云溪市示例科技有限公司",
    uscc=USCC,
    legal_representative="",
    account_class="direct_employer",
    recruiter_email="hr@shili.example",
    recruiter_email_verified=True,
    documents=(),
    now=NOW,
)


def codes(findings: list[Finding]) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in findings}


def worst(findings: list[Finding]) -> Severity:
    return max(finding.severity for finding in findings)


# --- reading --------------------------------------------------------------------------------------


WRONG = USCC[:17] + ("1" if USCC[17] != "1" else "2")


def read(**fields: str) -> dict[str, Any]:
    fields = {"uscc": USCC, "name": SUBJECT.name, "legal_representative": "林知白"} | fields
    return {
        "document": "d",
        "fields": {key: value for key, value in fields.items() if value},
        "regions": {"uscc": [1, 2, 3, 4]},
        "qr_uscc": None,
        "looks_like_licence": True,
        "page": 1,
    }


@pytest.mark.parametrize(
    ("observation", "code", "severity"),
    [
        (read(), "uscc_agrees", Severity.PASS),
        (read(uscc=OTHER), "uscc_mismatch", Severity.CONCERN),
        (read(uscc=WRONG), "uscc_mismatch", Severity.UNABLE),
        (read(uscc=""), "uscc_missing", Severity.UNABLE),
        (read(name=""), "document_unreadable", Severity.UNABLE),
        (read(name="云溪市另一家有限公司"), "name_mismatch", Severity.CONCERN),
        (read(term="2006年1月1日至2026年11月23日"), "document_expired", Severity.CONCERN),
        (
            read(uscc="", name="") | {"looks_like_licence": False},
            "document_not_a_licence",
            Severity.UNABLE,
        ),
        ({"document": None}, "document_missing", Severity.UNABLE),
        # A mismatch of an uncertain reading is no concern. An alternative of the reader counts if
        # it was declared too.
        (read(uscc=OTHER) | {"confidence": {"uscc": 0.9}}, "uscc_mismatch", Severity.UNABLE),
        (
            read(name="云溪市另一家有限公司") | {"confidence": {"name": 0.98}},
            "name_mismatch",
            Severity.UNABLE,
        ),
        (
            read(name="云溪市另一家有限公司") | {"alternatives": {"name": ["甲", SUBJECT.name]}},
            "name_agrees",
            Severity.PASS,
        ),
        (read(uscc=WRONG) | {"alternatives": {"uscc": [USCC]}}, "uscc_agrees", Severity.PASS),
        (read(uscc=OTHER) | {"alternatives": {"uscc": [USCC]}}, "uscc_mismatch", Severity.CONCERN),
        (read() | {"problems": ["uscc_only_in_qr"]}, "uscc_missing", Severity.UNABLE),
        (read() | {"problems": ["several_codes"]}, "document_several_licences", Severity.UNABLE),
        (
            read() | {"problems": ["title_missing", "several_licences"]},
            "document_several_licences",
            Severity.UNABLE,
        ),
    ],
)
def test_reading(observation: dict[str, Any], code: str, severity: Severity) -> None:
    assert codes(Reading().judge(SUBJECT, {}, observation))[code] is severity


def test_a_body_with_an_approval_document_is_not_asked_for_a_licence() -> None:
    body = replace(
        SUBJECT,
        uscc="52" + USCC[2:],
        documents=(SubjectDocument("a", DocumentKind.APPROVAL_DOCUMENT, "", "", {}, ()),),
    )
    for asked in (body, replace(body, uscc=USCC, account_class="public_service")):
        assert Reading().judge(asked, {}, {"document": None}) == []
        nothing = replace(asked, documents=())
        (finding,) = Reading().judge(nothing, {}, {"document": None})
        assert (finding.code, finding.severity) == ("approval_document_missing", Severity.UNABLE)
        assert ("民办非企业单位登记证书" in finding.expected) is (asked is body)


@pytest.mark.parametrize("account_class", ["direct_employer", "commercial_agency"])
def test_a_company_that_shows_an_approval_document_instead_of_its_licence_lacks_the_licence(
    account_class: str,
) -> None:
    approval = (SubjectDocument("a", DocumentKind.APPROVAL_DOCUMENT, "", "", {}, ()),)
    company = replace(SUBJECT, account_class=account_class, documents=approval)
    assert codes(Reading().judge(company, {}, {"document": None})) == {
        "document_missing": Severity.UNABLE
    }


def test_a_qr_that_names_another_company() -> None:
    findings = Reading().judge(SUBJECT, {}, read() | {"qr_uscc": OTHER})
    assert [f.field for f in findings if f.severity is Severity.CONCERN] == ["qr"]
    with_region = read() | {"qr_uscc": OTHER, "regions": {"qr": [1, 2, 30, 40]}}
    assert [f.region for f in Reading().judge(SUBJECT, {}, with_region) if f.field == "qr"] == [
        (1, 2, 30, 40)
    ]


def test_a_declared_person_is_compared() -> None:
    declared = replace(SUBJECT, legal_representative="沈望舒")
    assert (
        codes(Reading().judge(declared, {}, read()))["legal_representative_mismatch"]
        is Severity.CONCERN
    )


def test_a_finding_names_its_region() -> None:
    (finding,) = [f for f in Reading().judge(SUBJECT, {}, read()) if f.code == "uscc_agrees"]
    assert finding.region == (1, 2, 3, 4) and finding.page == 1


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("云溪（澜浦）科技有限公司", "云溪(澜浦)科技有限公司", True),
        ("云溪 科技有限公司", "云溪科技有限公司", True),
        ("ＡＢＣ科技", "abc科技", True),
        ("云溪科技有限公司", "云溪科技有限责任公司", False),
        ("", "", False),
    ],
)
def test_same_name(a: str, b: str, same: bool) -> None:
    assert same_name(a, b) is same


@pytest.mark.parametrize(
    ("term", "end"),
    [
        ("2013年01月24日至2043年01月23日", "2043-01-23"),
        ("2016-8-22至2036-8-21", "2036-08-21"),
        ("2017年06月02日至长期", ""),
        ("二〇一三年八月八日至二〇三三年八月七日", "2033-08-07"),
        ("长期", ""),
        ("", ""),
    ],
)
def test_last_date(term: str, end: str) -> None:
    assert last_date(term) == end


# --- registry -------------------------------------------------------------------------------------


def registered(**changed: Any) -> dict[str, Any]:
    record = {
        "uscc": USCC,
        "name": SUBJECT.name,
        "legal_representative": "林知白",
        "status": "active",
        "established_on": "2020-01-02",
        "email_domain": "shili.example",
        "abnormal_list": False,
        "serious_violation_list": False,
        "as_of": "2026-11-01",
    }
    return {"source": "snapshot", "record": record | changed}


@pytest.mark.parametrize(
    ("observation", "code", "severity"),
    [
        (registered(), "registry_active", Severity.PASS),
        (registered(status="licence_revoked"), "registry_revoked", Severity.BLOCK),
        (registered(status="deregistered"), "registry_deregistered", Severity.BLOCK),
        (registered(status="registration_cancelled"), "registry_cancelled", Severity.BLOCK),
        (registered(status="dormant"), "registry_not_active", Severity.CONCERN),
        (registered(status="unknown"), "registry_status_unknown", Severity.UNABLE),
        (registered(abnormal_list=True), "registry_abnormal_list", Severity.CONCERN),
        (
            registered(serious_violation_list=True),
            "registry_serious_violation_list",
            Severity.CONCERN,
        ),
        (registered(name="另一家"), "name_mismatch", Severity.CONCERN),
        (
            registered(legal_representative="沈望舒"),
            "legal_representative_mismatch",
            Severity.CONCERN,
        ),
        (registered(established_on="2020-01-03"), "established_on_mismatch", Severity.CONCERN),
        ({"source": "snapshot", "record": None}, "registry_not_found", Severity.UNABLE),
    ],
)
def test_registry(observation: dict[str, Any], code: str, severity: Severity) -> None:
    earlier = {"reading": read(established_on="2020-01-02")}
    findings = Registry().judge(SUBJECT, earlier, observation)
    assert codes(findings)[code] is severity
    assert (worst(findings) is Severity.PASS) == (severity is Severity.PASS)


def test_a_person_that_could_not_be_read_is_not_a_pass() -> None:
    findings = Registry().judge(SUBJECT, {"reading": read(legal_representative="")}, registered())
    assert worst(findings) is Severity.UNABLE


@pytest.mark.parametrize(
    ("established", "code"),
    [
        ("2026-11-20", "registry_pending"),
        ("2026-01-01", "registry_not_found"),
        ("", "registry_not_found"),
        ("bad", "registry_not_found"),
    ],
)
def test_a_young_company_that_is_not_listed_waits(established: str, code: str) -> None:
    (finding,) = Registry().judge(
        SUBJECT,
        {"reading": read(established_on=established)},
        {"source": "snapshot", "record": None},
    )
    assert finding.code == code and finding.severity > Severity.NOTE


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("存续", Status.ACTIVE),
        ("吊销，未注销", Status.LICENCE_REVOKED),
        ("注销", Status.DEREGISTERED),
        ("active", Status.ACTIVE),
        ("新词", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_status_words(word: str, status: Status) -> None:
    assert status_of(word) is status


@pytest.mark.django_db
def test_the_snapshot_is_looked_up() -> None:
    RegistryRecord.objects.create(
        uscc=USCC, name="x", status="吊销", email_domain="Shili.Example", as_of=date(2026, 11, 1)
    )
    record = Registry().observe(SUBJECT, {})["record"]
    assert record["status"] == "licence_revoked" and record["email_domain"] == "shili.example"
    assert Registry().observe(replace(SUBJECT, uscc=OTHER), {})["record"] is None


def test_an_old_snapshot_is_no_pass_but_its_bad_news_counts() -> None:
    earlier = {"reading": read(established_on="2020-01-02")}
    assert (
        codes(Registry().judge(SUBJECT, earlier, registered(as_of="2026-01-01")))[
            "registry_outdated"
        ]
        is Severity.UNABLE
    )
    assert (
        worst(
            Registry().judge(
                SUBJECT, earlier, registered(as_of="2026-01-01", status="licence_revoked")
            )
        )
        is Severity.BLOCK
    )


# --- scan -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clean", "severity"), [(True, Severity.PASS), (None, Severity.NOTE), (False, Severity.CONCERN)]
)
def test_scan(clean: bool | None, severity: Severity) -> None:
    assert (
        worst(Scan().judge(SUBJECT, {}, {"documents": [{"id": "d", "clean": clean}]})) is severity
    )
