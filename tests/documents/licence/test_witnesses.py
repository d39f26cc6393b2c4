"""Tests of second sources, the QR code and other readers: which fields they change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.licence.editions import Edition
from documents.licence.extract import Found
from documents.licence.fields import Problem
from documents.licence.witnesses import (
    BOTH,
    CONTRADICTED,
    ONLY_IN_QR,
    TOLD,
    is_as_declared,
    same_name,
    with_fields,
    with_qr,
)
from documents.page.confidence import like_codes
from documents.uscc import check_character, organisation_check_character


def sound(region: str, first8: str) -> str:
    """Return a code with two right check characters."""
    part = f"91{region}{first8}{organisation_check_character(first8)}"
    return part + check_character(part)


CODE, OTHER = sound("110108", "MA00A1B2"), sound("310115", "MA1K3B2T")
ONE_LOOK_ALIKE = CODE.replace("B", "8")
FAR = CODE[:4] + ("5" if CODE[4] != "5" else "7") + CODE[5:]
REGION = (100, 328, 340, 352)


def found(code: str = "", confidence: float = 0.9, alternatives: tuple[str, ...] = ()) -> Found:
    """A page with the name and, if given, `code`."""
    fields = {"name": "示例科技有限公司"} | ({"uscc": code} if code else {})
    return Found(
        fields=fields,
        confidence=dict.fromkeys(fields, confidence),
        alternatives={"uscc": alternatives} if alternatives else {},
        regions=dict.fromkeys(fields, REGION),
        lines=dict.fromkeys(fields, (REGION,)),
        edition=Edition.LANDSCAPE_2019,
        rotation=0,
        labels=5,
        codes=(),
        titled=True,
        titled_otherwise=False,
        doubts=(),
    )


@pytest.mark.parametrize("code", ["", CODE, ONE_LOOK_ALIKE])
def test_without_a_qr_code_nothing_changes(code: str) -> None:
    assert with_qr(found(code), None) == (found(code), ())


@pytest.mark.parametrize(("read", "after"), [(0.6, BOTH), (0.9999, 0.9999)])
def test_two_witnesses_that_agree_are_surer(read: float, after: float) -> None:
    both, problems = with_qr(found(CODE, read), CODE)
    assert problems == ()
    assert both == replace(found(CODE, read), confidence={"name": read, "uscc": after})


def test_a_code_that_was_not_read_is_the_qr_codes_and_has_no_place() -> None:
    only, problems = with_qr(found(), CODE)
    assert problems == (Problem.USCC_ONLY_IN_QR,)
    assert only.fields["uscc"] == CODE and only.confidence["uscc"] == ONLY_IN_QR
    assert set(only.fields) == set(only.confidence) == {"name", "uscc"}
    assert set(only.regions) == set(only.lines) == {"name"}, "it was not read anywhere on the page"


def test_one_look_alike_is_settled_by_the_qr_code() -> None:
    settled, problems = with_qr(
        found(ONE_LOOK_ALIKE, 0.2, like_codes(ONE_LOOK_ALIKE, range(18))), CODE
    )
    assert problems == (Problem.USCC_SETTLED_BY_QR,)
    assert settled.fields["uscc"] == CODE and settled.confidence["uscc"] == ONLY_IN_QR
    assert settled.regions["uscc"] == REGION, "its region stays"
    assert "uscc" not in settled.alternatives, "a resolved code has no alternatives"


def test_what_the_reader_itself_held_possible_is_settled_too() -> None:
    assert CODE not in like_codes(FAR, range(18))
    settled, problems = with_qr(found(FAR, 0.2, (CODE,)), CODE)
    assert (settled.fields["uscc"], problems) == (CODE, (Problem.USCC_SETTLED_BY_QR,))


@pytest.mark.parametrize(
    "read",
    [OTHER, FAR, CODE[:-2], ONE_LOOK_ALIKE],
    ids=["another", "far", "short", "a look-alike, surely read"],
)
@pytest.mark.parametrize("confidence", [0.98, 0.2])
def test_a_contradiction_is_told_and_the_print_stands(read: str, confidence: float) -> None:
    doubted, problems = with_qr(found(read, confidence), CODE)
    assert problems == (Problem.QR_DISAGREES,)
    expected = found(read, confidence)
    assert doubted == replace(
        expected, confidence=expected.confidence | {"uscc": min(confidence, CONTRADICTED)}
    )


def test_a_valid_print_is_never_settled_even_by_what_the_reader_held_possible() -> None:
    """One of the two is forged, the QR code or the print, so a reviewer must see it."""
    doubted, problems = with_qr(found(OTHER, 0.9, (CODE,)), CODE)
    assert (doubted.fields["uscc"], problems) == (OTHER, (Problem.QR_DISAGREES,))


# --- Another reader's fields, without positions ------ --------------------------------------------


def test_what_is_told_without_a_place_fills_what_is_lacking_and_nothing_else() -> None:
    first = found(CODE)
    told = with_fields(
        first, {"name": "某某有限公司", "address": "示例路1号", "uscc": OTHER}, {"address": 0.7}
    )
    assert told.fields == first.fields | {"address": "示例路1号"}
    assert told.confidence["address"] == 0.7
    assert with_fields(first, {"address": "示例路1号"}, {}).confidence["address"] == TOLD
    assert told.regions == first.regions and told.lines == first.lines


def test_a_code_that_fails_its_check_gives_way_to_one_that_does_not() -> None:
    wrong = found(FAR, 0.2, (ONE_LOOK_ALIKE,))
    told = with_fields(wrong, {"uscc": CODE}, {"uscc": 0.9})
    assert (told.fields["uscc"], told.confidence["uscc"]) == (CODE, 0.9)
    assert not {"uscc"} & (told.regions.keys() | told.lines.keys() | told.alternatives.keys()), (
        "they were the other code's"
    )
    assert with_fields(wrong, {"uscc": ONE_LOOK_ALIKE}, {}) == wrong, (
        "one wrong code does not replace another"
    )


# --- Agreement of two values ------ ---------------------------------------------------------------

SAME = [
    ("示例（北京）科技有限公司", "示例(北京)科技有限公司"),
    ("示例〔北京〕科技有限公司", "示例【北京】科技有限公司"),
    ("示例科技 有限公司", "示例科技有限公司"),
    ("示例科技　有限公司", "示例科技有限公司"),
    ("ＡＢＣ科技有限公司", "abc科技有限公司"),
    ("示例·科技有限公司", "示例科技有限公司"),
    ("阿依古丽·示例", "阿依古丽•示例"),
]
DIFFERENT = [
    ("示例科技有限公司", "示例科枝有限公司"),
    ("示例科技有限公司", "示例科技有限公司北京分公司"),
    ("示例（北京）科技有限公司", "示例北京科技有限公司"),
    ("", ""),
    (" ", "·"),
    ("示例", ""),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_name(a: str, b: str) -> None:
    assert same_name(a, b) and same_name(b, a)
    assert is_as_declared("name", a, b) and is_as_declared("legal_representative", b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_another_name(a: str, b: str) -> None:
    assert not same_name(a, b) and not same_name(b, a)
    assert not is_as_declared("name", a, b)


@pytest.mark.parametrize(
    "declared", ["示例投资有限公司", "王示例", "示例投资有限公司(委派代表:王示例)"]
)
def test_of_a_partner_and_its_delegate_either_may_be_declared(declared: str) -> None:
    read = "示例投资有限公司（委派代表：王示例）"
    assert is_as_declared("legal_representative", read, declared)
    assert not is_as_declared("name", "示例投资有限公司（委派代表：王示例）", "王示例")
    assert not is_as_declared("legal_representative", read, "王示") and not is_as_declared(
        "legal_representative", read, ""
    )


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_agree_both_ways(a: str, b: str) -> None:
    assert same_name(a, b) == same_name(b, a)


@pytest.mark.parametrize(
    "declared",
    [
        CODE,
        CODE.lower(),
        f"{CODE[:8]} {CODE[8:]}",
        f"{CODE[:8]}-{CODE[8:]}",
        CODE.replace("0", "O"),
    ],
)
def test_a_code_agrees_however_it_is_written(declared: str) -> None:
    assert is_as_declared("uscc", CODE, declared)


@pytest.mark.parametrize("declared", [OTHER, FAR, ONE_LOOK_ALIKE, CODE[:-1], ""])
def test_another_code_does_not_agree(declared: str) -> None:
    assert not is_as_declared("uscc", CODE, declared)
