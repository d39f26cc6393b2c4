"""Tests of the scores: they count as a person would, and no wrong sure value is hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.documents.scores import (
    Outcome,
    content_error_rate,
    distance,
    error_rate,
    of_decoys,
    of_field,
    of_forgeries,
    of_licences,
    plain,
)

TEXT = st.text("ab市（(。", max_size=12)


def outcome(printed: str, read: str, confidence: float = 1.0, **more: object) -> Outcome:
    fields = {"uscc": read} if read else {}
    return Outcome(
        "a.jpg",
        {"uscc": printed},
        fields,
        {"uscc": confidence} if read else {},
        is_licence=True,
        **more,
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("某某（云溪）有限公司", "某某(云溪) 有限公司"),
        ("９１ma", "91MA"),
        ("餐饮、外卖；零售。", "餐饮，外卖;零售"),
        ("〔甲〕【乙】", "(甲)(乙)"),
        ("甲·乙", "甲・乙"),
    ],
)
def test_width_brackets_marks_and_spaces_do_not_count(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_characters_do() -> None:
    assert plain("云溪市") != plain("云漢市")
    assert plain("1-2") != plain("12")


@given(TEXT, TEXT)
def test_a_distance_is_one(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def test_an_error_rate_is_per_printed_character_and_at_most_one() -> None:
    assert error_rate("一二三四", "一二五四") == 0.25
    assert error_rate("一二", "") == 1.0
    assert error_rate("一", "一二三四") == 1.0


def test_right_wrong_empty_invented_and_sure_are_told_apart() -> None:
    score = of_field(
        "uscc",
        [
            outcome("A1", "a1"),
            outcome("A1", "B", 0.98),
            outcome("A1", ""),
            outcome("", "C"),
            outcome("A1", "B"),
        ],
    )
    assert score is not None
    assert (
        score["printed"],
        score["exact"],
        score["wrong"],
        score["empty"],
        score["invented"],
    ) == (4, 1, 2, 1, 1)
    assert (score["sure"], score["sure_right"]) == (3, 1)
    assert of_field("name", [outcome("A1", "A1")]) is None


def test_a_wrong_code_given_as_sure_is_named() -> None:
    assert of_licences([outcome("A1", "B", 0.99), outcome("A1", "B", 0.98), outcome("A1", "A1")])[
        "uscc_wrong_given_as_sure"
    ] == ["a.jpg"]


def test_a_file_that_the_intake_refuses_counts_as_empty() -> None:
    told = of_licences([Outcome("a.jpg", {"uscc": "A1"}, refused="document_broken")])
    assert told["fields"]["uscc"]["empty"] == 1
    assert told["refused_by_intake"] == {"a.jpg": "document_broken"}
    assert told["refused_as_none"] == []


def test_a_forgery_given_as_sure_is_named_and_a_qr_code_that_disagrees_counts() -> None:
    told = of_forgeries(
        [
            outcome("X", "X", 0.5, qr_uscc="Y"),
            outcome("X", "X", 0.995),
            outcome("X", "X", 0.5, qr_uscc="X"),
        ]
    )
    assert told == {
        "pictures": 3,
        "given_as_sure": ["a.jpg"],
        "qr_read": 2,
        "qr_mismatch_noticed": 1,
    }


def test_a_decoy_that_is_taken_for_a_licence_is_named() -> None:
    assert of_decoys([Outcome("chat", {}, is_licence=True), Outcome("blank", {})]) == {
        "pictures": 2,
        "accepted": ["chat"],
    }


def test_lines_in_another_order_are_not_lost_content() -> None:
    assert content_error_rate("一二三四", "三四一二") == 0.0
    assert content_error_rate("一二三四", "一二五四") == 0.25
    assert content_error_rate("一二", "一二二二二") == 1.0
    assert content_error_rate("一二", "") == 1.0
