"""Tests of the findings from both kinds of registers, and of the employers that they must not
blame.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from events.core.errors import ProviderUnavailable
from events.core.reasons import REASONS
from tests.factories import make_uscc
from verification.checks.base import Subject
from verification.checks.registry import FRESH, NEW, STATUS_REASON, Registry
from verification.providers.registries.base import Agreement, Agrees, CompanyRecord, Status
from verification.rules.findings import Finding, Severity

NOW = datetime(2026, 11, 24, tzinfo=UTC)
USCC = make_uscc(7)
NAME, PERSON = "云溪市示例科技有限公司", "林知白"
SUBJECT = Subject(
    case_id="case",
    employer_id="employer",
    name=NAME,
    uscc=USCC,
    legal_representative="",
    account_class="direct_employer",
    recruiter_email="hr@shili.example",
    recruiter_email_verified=True,
    documents=(),
    now=NOW,
)
RECORD = CompanyRecord(
    uscc=USCC,
    name=NAME,
    legal_representative=PERSON,
    status=Status.ACTIVE,
    established_on=date(2020, 1, 2),
    email_domain="shili.example",
    abnormal_list=False,
    serious_violation_list=False,
    as_of=date(2026, 11, 1),
    former_names=("云溪市旧名科技有限公司",),
    business_scope="软件开发",
)
OLD = replace(RECORD, as_of=NOW.date() - FRESH - timedelta(days=1))
MATCH, MISMATCH, UNABLE = Agrees.MATCH, Agrees.MISMATCH, Agrees.UNABLE
AGREED = Agreement(True, MATCH, MATCH, MATCH, Status.ACTIVE)
PASS, NOTE, WAIT = Severity.PASS, Severity.NOTE, Severity.WAIT


class Records:
    name = "records"

    def __init__(self, record: CompanyRecord | None) -> None:
        self.record = record

    def lookup(self, uscc: str) -> CompanyRecord | None:
        return self.record if self.record and self.record.uscc == uscc else None


class Agreements:
    """Gives the answers that it is given, and records the questions."""

    name = "agreements"
    behind = timedelta(days=7)

    def __init__(self, agreement: Agreement | Exception) -> None:
        self.agreement = agreement
        self.asked: list[tuple[str, str, str]] = []

    def verify(self, uscc: str, name: str, legal_representative: str) -> Agreement:
        self.asked.append((uscc, name, legal_representative))
        if isinstance(self.agreement, Exception):
            raise self.agreement
        return self.agreement


def read(**fields: str) -> dict[str, Any]:
    told = {
        "uscc": USCC,
        "name": NAME,
        "legal_representative": PERSON,
        "established_on": "2020-01-02",
    } | fields
    return {"document": "d", "fields": {name: text for name, text in told.items() if text}}


def findings(
    record: CompanyRecord | None = None,
    agreement: Agreement | None = None,
    reading: dict[str, Any] | None = None,
    subject: Subject = SUBJECT,
    *,
    no_records: bool = False,
) -> list[Finding]:
    check = Registry(
        None if no_records else Records(record), Agreements(agreement) if agreement else None
    )
    earlier = {"reading": read() if reading is None else reading}
    return check.judge(subject, earlier, check.observe(subject, earlier))


def judged(*args: Any, **how: Any) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in findings(*args, **how)}


def doubts(*args: Any, **how: Any) -> dict[str, Severity]:
    return {code: severity for code, severity in judged(*args, **how).items() if severity > NOTE}


# --- A register that returns records --------------------------------------------------------------


def test_everything_of_the_record_is_kept() -> None:
    record = Registry(Records(RECORD)).observe(SUBJECT, {})["record"]
    assert (
        record["former_names"] == ["云溪市旧名科技有限公司"]
        and record["business_scope"] == "软件开发"
    )
    assert record["as_of"] == "2026-11-01" and record["established_on"] == "2020-01-02"


def test_every_status_has_a_reason() -> None:
    assert set(STATUS_REASON) == set(Status) - {Status.ACTIVE}
    for status, (code, severity) in STATUS_REASON.items():
        assert doubts(replace(RECORD, status=status)) == {code: severity}
        assert code in REASONS


def test_words_for_the_type_of_a_company_do_not_matter() -> None:
    assert doubts(replace(RECORD, name="云溪市示例科技有限责任公司")) == {}


def test_a_former_name_says_the_present_one() -> None:
    subject = replace(SUBJECT, name="云溪市旧名科技有限公司")
    (finding,) = [found for found in findings(RECORD, subject=subject) if found.severity > NOTE]
    assert (finding.code, finding.severity, finding.seen, finding.expected) == (
        "name_former",
        Severity.CONCERN,
        subject.name,
        NAME,
    )
    assert (
        judged(RECORD, subject=replace(SUBJECT, name="云溪市另一家有限公司"))["name_mismatch"]
        is Severity.CONCERN
    )


def test_a_register_without_a_representative_does_not_blame_the_photograph() -> None:
    assert doubts(replace(RECORD, legal_representative="")) == {
        "registry_incomplete": Severity.UNABLE
    }


def test_a_photograph_without_one_is_asked_for_again() -> None:
    assert doubts(RECORD, reading=read(legal_representative="")) == {
        "document_unreadable": Severity.UNABLE
    }
    assert doubts(
        replace(RECORD, legal_representative=""), reading=read(legal_representative="")
    ) == {"document_unreadable": Severity.UNABLE}


@pytest.mark.parametrize("reading", [{}, {"broken": "ProviderBroken"}, {"document": None}])
def test_where_nothing_was_read_no_photograph_is_blamed(reading: dict[str, Any]) -> None:
    assert doubts(RECORD, reading=reading) == {"check_incomplete": Severity.UNABLE}


def test_without_a_licence_the_declared_person_is_compared() -> None:
    declared = replace(SUBJECT, legal_representative=PERSON)
    assert doubts(RECORD, reading={"document": None}, subject=declared) == {}
    other = replace(SUBJECT, legal_representative="沈望舒")
    assert doubts(RECORD, reading={"document": None}, subject=other) == {
        "legal_representative_mismatch": Severity.CONCERN
    }


@pytest.mark.parametrize(
    ("age", "noted"), [(timedelta(days=1), True), (NEW, True), (NEW + timedelta(days=1), False)]
)
def test_a_new_company_is_pointed_out_and_not_held(age: timedelta, noted: bool) -> None:
    established = NOW.date() - age
    told = judged(
        replace(RECORD, established_on=established),
        reading=read(established_on=established.isoformat()),
    )
    assert (told.get("registry_new_company") is NOTE) is noted
    assert max(told.values()) <= NOTE


def test_an_observation_of_an_earlier_version_can_be_judged() -> None:
    record = {
        "uscc": USCC,
        "name": NAME,
        "legal_representative": PERSON,
        "status": "active",
        "established_on": None,
        "email_domain": "",
        "abnormal_list": False,
        "serious_violation_list": False,
        "as_of": "2026-11-01",
    }
    told = Registry().judge(SUBJECT, {"reading": read()}, {"source": "snapshot", "record": record})
    assert max(finding.severity for finding in told) is PASS


# --- A register that only confirms values ---------------------------------------------------------


def test_what_agrees_passes() -> None:
    told = judged(agreement=AGREED, no_records=True)
    assert told == {
        "registry_active": PASS,
        "registry_lists_not_told": NOTE,
        "name_agrees": PASS,
        "legal_representative_agrees": PASS,
    }


@pytest.mark.parametrize(
    ("agreement", "expected"),
    [
        (
            replace(AGREED, legal_representative=MISMATCH),
            {"legal_representative_mismatch": Severity.CONCERN},
        ),
        (replace(AGREED, legal_representative=UNABLE), {"registry_incomplete": Severity.UNABLE}),
        (Agreement(True, UNABLE, MISMATCH), {"name_mismatch": Severity.CONCERN}),
        (Agreement(True, MISMATCH, MATCH), {"uscc_mismatch": Severity.CONCERN}),
        (replace(AGREED, status=Status.UNKNOWN), {"registry_status_unknown": Severity.UNABLE}),
        (replace(AGREED, status=Status.LICENCE_REVOKED), {"registry_revoked": Severity.CONCERN}),
        (
            replace(AGREED, operating_until=date(2026, 11, 23)),
            {"document_expired": Severity.CONCERN},
        ),
        (
            replace(AGREED, operating_until=date(2026, 11, 24)),
            {"document_ends_soon": Severity.CONCERN},
        ),
        (replace(AGREED, operating_until=date(2026, 12, 24)), {}),
        (Agreement(known=False), {"registry_not_found": Severity.UNABLE}),
    ],
)
def test_what_does_not_agree(agreement: Agreement, expected: dict[str, Severity]) -> None:
    assert doubts(agreement=agreement, no_records=True) == expected


def test_a_young_company_that_it_does_not_list_waits() -> None:
    young = read(established_on="2026-11-20")
    assert doubts(agreement=Agreement(known=False), reading=young, no_records=True) == {
        "registry_pending": WAIT
    }


def test_a_reader_that_is_not_sure_blames_nobody() -> None:
    unsure = read() | {"confidence": {"legal_representative": 0.8}}
    told = doubts(
        agreement=replace(AGREED, legal_representative=MISMATCH), reading=unsure, no_records=True
    )
    assert told == {"legal_representative_mismatch": Severity.UNABLE}


@pytest.mark.parametrize(
    ("declared", "reading", "asked"),
    [
        ("", read(), PERSON),
        (
            PERSON,
            read(legal_representative="林知自")
            | {"alternatives": {"legal_representative": ["林知白"]}},
            PERSON,
        ),
        ("沈望舒", read(), PERSON),
        (PERSON, read(legal_representative=""), ""),
        (PERSON, {"document": None}, PERSON),
    ],
)
def test_whom_it_is_asked_for(declared: str, reading: dict[str, Any], asked: str) -> None:
    register = Agreements(AGREED)
    Registry(agreements=register).observe(
        replace(SUBJECT, legal_representative=declared), {"reading": reading}
    )
    assert register.asked == [(USCC, NAME, asked)]


def test_what_it_affirmed_stands_as_the_record() -> None:
    register = Agreements(
        replace(AGREED, legal_representative=MISMATCH, answer={"three": {"RequestId": "x"}})
    )
    observation = Registry(agreements=register).observe(SUBJECT, {"reading": read()})
    assert observation["source"] == "agreements" and observation["agreement"]["answer"] == {
        "three": {"RequestId": "x"}
    }
    record = observation["record"]
    assert (record["name"], record["legal_representative"], record["abnormal_list"]) == (
        NAME,
        "",
        None,
    )
    assert record["as_of"] == "2026-11-17", "its answers may be a week behind"


# --- Both: the record first -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        (RECORD, 0),
        (OLD, 1),
        (None, 1),
        (replace(RECORD, legal_representative=""), 1),
        (replace(RECORD, status=Status.DORMANT), 0),
    ],
)
def test_the_witness_is_asked_only_where_the_record_falls_short(
    record: CompanyRecord | None, asked: int
) -> None:
    register = Agreements(AGREED)
    Registry(Records(record), register).observe(SUBJECT, {"reading": read()})
    assert len(register.asked) == asked


@pytest.mark.parametrize(
    ("record", "agreement", "expected"),
    [
        (OLD, AGREED, {}),
        (replace(RECORD, legal_representative=""), AGREED, {}),
        (None, AGREED, {}),
        # A new name or legal representative since the snapshot.
        (replace(OLD, name="云溪市旧名科技有限公司", legal_representative="沈望舒"), AGREED, {}),
        (
            OLD,
            replace(AGREED, legal_representative=MISMATCH),
            {"legal_representative_mismatch": Severity.CONCERN},
        ),
        (OLD, Agreement(True, UNABLE, MISMATCH), {"registry_outdated": Severity.UNABLE}),
        (OLD, Agreement(known=False), {"registry_outdated": Severity.UNABLE}),
        (OLD, replace(AGREED, status=Status.UNKNOWN), {"registry_outdated": Severity.UNABLE}),
        (
            OLD,
            replace(AGREED, status=Status.LICENCE_REVOKED),
            {"registry_revoked": Severity.CONCERN},
        ),
        # Old bad news still counts, and rejects automatically only if no register contradicts it.
        (
            replace(OLD, status=Status.LICENCE_REVOKED),
            AGREED,
            {"registry_revoked": Severity.CONCERN, "registry_outdated": Severity.UNABLE},
        ),
        (
            replace(OLD, status=Status.LICENCE_REVOKED),
            replace(AGREED, status=Status.LICENCE_REVOKED),
            {"registry_revoked": Severity.BLOCK},
        ),
        (replace(OLD, abnormal_list=True), AGREED, {"registry_abnormal_list": Severity.CONCERN}),
        (
            replace(RECORD, legal_representative=""),
            Agreement(known=False),
            {"registry_incomplete": Severity.UNABLE},
        ),
    ],
)
def test_two_witnesses(
    record: CompanyRecord | None, agreement: Agreement, expected: dict[str, Severity]
) -> None:
    assert doubts(record, agreement) == expected


@pytest.mark.parametrize("record", [None, OLD])
def test_a_provider_that_is_down_is_no_finding(record: CompanyRecord | None) -> None:
    check = Registry(Records(record), Agreements(ProviderUnavailable("down", retry_after=7)))
    with pytest.raises(ProviderUnavailable):
        check.observe(SUBJECT, {"reading": read()})
