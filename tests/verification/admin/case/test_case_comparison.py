"""Tests of the comparison of a case's sources, and of the wording of findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from events.core.reasons import REASONS
from tests.factories import make_uscc
from verification.cases import wording
from verification.checks import CHECKS
from verification.reviewing import case_comparison, reason_choices

pytestmark = pytest.mark.django_db


def test_every_reason_that_can_be_ticked_has_words() -> None:
    for codes in reason_choices.REASONS_FOR.values():
        assert len(set(codes)) == len(codes)
        assert set(codes) <= set(REASONS)


@pytest.mark.parametrize(
    ("declared", "read", "qr", "registry", "agreement"),
    [
        ("91990101", "9199O1O1", "", "", "agrees"),  # a code never contains O, so it is read as 0
        ("91990101", "91990102", "", "", "differs"),
        ("91990101", "91990101", "91990102", "91990101", "differs"),
        ("", "91990101", "", "", "alone"),
        ("", "", "", "", "absent"),
    ],
)
def test_agreement(declared: str, read: str, qr: str, registry: str, agreement: str) -> None:
    rows = case_comparison.comparison_rows(
        {"uscc": declared},
        {"fields": {"uscc": read}, "qr_uscc": qr},
        {"record": {"uscc": registry}},
    )
    assert {row.field: row.agreement for row in rows}["uscc"] == agreement


@pytest.fixture
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def row_of(
    field: str, declared: str, read: dict[str, Any], registry: dict[str, Any]
) -> case_comparison.Row:
    return {
        row.field: row for row in case_comparison.comparison_rows({field: declared}, read, registry)
    }[field]


def test_only_what_departs_is_marked() -> None:
    row = row_of(
        "name", "云溪市示例科技有限公司", {"fields": {"name": "云溪市实例科技有限公司"}}, {}
    )
    assert [part.text for part in row.read.parts if part.differs] == ["实"] and row.read.differs
    assert row.read.text == "云溪市实例科技有限公司" and not row.declared.differs
    alike = row_of("name", "有限公司(总)", {"fields": {"name": "有限公司（总）"}}, {})
    assert not alike.read.differs and alike.agreement == "agrees"


@pytest.mark.parametrize(
    ("language", "read", "registered"),
    [("zh-hans", "2003年7月1日", "2009年4月4日"), ("en", "1 July 2003", "4 April 2009")],
)
def test_dates_are_written_out(language: str, read: str, registered: str) -> None:
    with translation.override(language):
        row = row_of(
            "established_on",
            "",
            {"fields": {"established_on": "2003-07-01"}},
            {"record": {"established_on": "2009-04-04"}},
        )
    assert (row.agreement, row.read.text, row.registry.text) == ("differs", read, registered)


@pytest.mark.usefixtures("in_english")
def test_a_former_name_is_told() -> None:
    record = {"name": "云溪市新名科技有限公司", "former_names": ["云溪市旧名科技有限公司"]}
    row = row_of("name", "云溪市旧名科技有限公司", {}, {"record": record})
    assert row.former and row.registry.differs and str(row.agreement_in_words) == "Former name"
    assert not row_of("name", "云溪市别名科技有限公司", {}, {"record": record}).former


def test_a_code_that_was_misread_is_told_with_what_it_may_be() -> None:
    code = make_uscc()
    misread = {"fields": {"uscc": code[:-1] + "*"}, "alternatives": {"uscc": [code]}}
    alone, taken = row_of("uscc", make_uscc(2), misread, {}), row_of("uscc", code, misread, {})
    assert (
        alone.agreement == "differs"
        and code in str(alone.read.note)
        and alone.read.text == code[:-1] + "*"
    )
    assert taken.agreement == "agrees" and taken.read.text == code and taken.read.note


@pytest.mark.usefixtures("in_english")
def test_a_register_that_shows_nothing_is_told_by_what_it_says() -> None:
    said = {"agreement": {"known": True, "name": "mismatch", "asked": {"name": "甲有限公司"}}}
    row = row_of("name", "甲有限公司", {}, said)
    assert (
        row.registry.differs
        and row.registry.text == ""
        and str(row.registry.note) == "Differs"
        and row.agreement == "differs"
    )


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    ("status", "agreement", "words"),
    [("存续", "agrees", "In order"), ("吊销", "differs", "Concern"), ("", "absent", "Not given")],
)
def test_the_status_is_judged_and_not_compared(status: str, agreement: str, words: str) -> None:
    row = row_of("status", "", {}, {"record": {"status": status}})
    assert (row.agreement, str(row.agreement_in_words)) == (agreement, words)


def test_every_check_and_what_it_finds_in_order_has_words() -> None:
    assert {check.code for check in CHECKS} <= set(wording.CHECKS)
    assert (
        {"registry_new_company", "registry_lists_not_told"}
        < set(wording.FOUND)
        <= set(wording.FOUND)
    )


def test_observations_of_checks_that_did_not_report() -> None:
    assert {
        row.agreement
        for row in case_comparison.comparison_rows(
            {"name": "甲", "uscc": make_uscc()}, {}, {"record": None}
        )
    } <= {"alone", "absent"}
    assert case_comparison.field_boxes({}, []) == []
