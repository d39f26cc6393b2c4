"""Tests of the name on an agency's licence against every known name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verification.checks.agency_papers import AGENCY, SUBJECT, licence, register, seen, worst
from verification.checks.agency.check import AgencyLicence
from verification.rules.findings import Severity

OTHER_NAME, BEFORE = "云溪市另一家有限公司", "云溪市旧名人力资源有限公司"
TYPED_OUT = AGENCY.replace("有限公司", "有限责任公司")


def read_as(name: str, sure: float = 0.995, *others: str) -> dict[str, Any]:
    return {
        "fields": {"name": name},
        "confidence": {"name": sure},
        "alternatives": {"name": list(others)},
    }


@pytest.mark.parametrize(
    ("on_it", "registry", "reading", "code", "severity", "expected"),
    [
        # Different words for the company type do not make another company.
        (TYPED_OUT, {}, {}, "agency_licence_agrees", Severity.PASS, ""),
        (
            AGENCY,
            register(TYPED_OUT),
            read_as(TYPED_OUT),
            "agency_licence_agrees",
            Severity.PASS,
            "",
        ),
        # The register has another name, or this one as a former name. The registered name is not
        # shown.
        (AGENCY, register(OTHER_NAME), {}, "agency_licence_mismatch", Severity.CONCERN, ""),
        (BEFORE, register(AGENCY, BEFORE), {}, "agency_licence_former_name", Severity.CONCERN, ""),
        (
            AGENCY,
            register(OTHER_NAME, AGENCY),
            {},
            "agency_licence_former_name",
            Severity.CONCERN,
            "",
        ),
        (
            OTHER_NAME,
            register(AGENCY, BEFORE),
            {},
            "agency_licence_mismatch",
            Severity.CONCERN,
            AGENCY,
        ),
        # A register that confirms a name counts for that name, even beside an older record.
        (AGENCY, register("", source="x"), {}, "agency_licence_agrees", Severity.PASS, ""),
        (AGENCY, register(OTHER_NAME, source="x"), {}, "agency_licence_agrees", Severity.PASS, ""),
        (
            OTHER_NAME,
            register(OTHER_NAME, source="x"),
            {},
            "agency_licence_mismatch",
            Severity.CONCERN,
            AGENCY,
        ),
        (
            AGENCY,
            register(OTHER_NAME, name="mismatch"),
            {},
            "agency_licence_mismatch",
            Severity.CONCERN,
            "",
        ),
        # The register has the licence's name but not the declared one: the check `registry` reports
        # that.
        (OTHER_NAME, register(OTHER_NAME, AGENCY), {}, "agency_licence_agrees", Severity.PASS, ""),
        # Without a register entry, the business licence is the second witness. The confidence of
        # both readings counts.
        (AGENCY, {"record": None}, read_as(AGENCY), "agency_licence_agrees", Severity.PASS, ""),
        (
            AGENCY,
            {"record": None},
            read_as(OTHER_NAME),
            "agency_licence_mismatch",
            Severity.CONCERN,
            OTHER_NAME,
        ),
        (
            AGENCY,
            {"record": None},
            read_as(OTHER_NAME, 0.97),
            "agency_licence_mismatch",
            Severity.UNABLE,
            OTHER_NAME,
        ),
        (
            AGENCY,
            {"record": None},
            read_as(OTHER_NAME, 0.97, AGENCY),
            "agency_licence_agrees",
            Severity.PASS,
            "",
        ),
        (AGENCY, {"broken": "x"}, {"broken": "x"}, "agency_licence_agrees", Severity.PASS, ""),
        (
            AGENCY,
            register(AGENCY),
            read_as(OTHER_NAME),
            "agency_licence_agrees",
            Severity.PASS,
            "",
        ),  # the reading is itself uncertain
    ],
)
def test_the_name_is_held_against_every_name_that_is_known(
    on_it: str,
    registry: dict[str, Any],
    reading: dict[str, Any],
    code: str,
    severity: Severity,
    expected: str,
) -> None:
    found = AgencyLicence().judge(
        SUBJECT, {"registry": registry, "reading": reading}, seen(licence=licence(name=on_it))
    )
    (found_of_it,) = [each for each in found if each.code.startswith("agency_licence_")]
    assert (found_of_it.code, found_of_it.severity, found_of_it.expected) == (
        code,
        severity,
        expected,
    )
    assert found_of_it.seen == (on_it if severity else "990108230123")


def test_how_sure_the_licence_was_read_counts_too() -> None:
    unsure = seen(licence=licence(0.97))
    found = worst(AgencyLicence().judge(SUBJECT, {"registry": register(OTHER_NAME)}, unsure))
    assert (found.code, found.severity) == ("agency_licence_mismatch", Severity.UNABLE)


def test_a_finding_names_what_it_is_about_and_where() -> None:
    (found, *_) = AgencyLicence().judge(
        SUBJECT, {}, seen(licence=licence(name="云溪市另一家有限公司"))
    )
    assert (found.field, found.seen, found.expected, found.page, found.region) == (
        "name",
        "云溪市另一家有限公司",
        AGENCY,
        2,
        (1, 2, 3, 4),
    )
