"""Tests of field comparison: equal values agree however they are written, different ones never
do.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from documents.uscc import (
    ALPHABET,
    check_character,
    is_valid,
    normalise_uscc,
    organisation_check_character,
)
from tests.factories import make_uscc
from verification.checks.field_comparison import (
    FIELDS,
    Code,
    code_of,
    compare_fields,
    compare_values,
    is_former,
    same_company_name,
)
from verification.providers.registries.base import Agrees, Status

MATCH, MISMATCH, UNABLE = Agrees.MATCH, Agrees.MISMATCH, Agrees.UNABLE
USCC, OTHER = make_uscc(7), make_uscc(8)
NAME = "云溪（澜浦）示例科技有限公司"

# --- One field ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "a", "b", "says"),
    [
        ("uscc", USCC, USCC.lower(), MATCH),
        ("uscc", USCC, f"{USCC[:6]} {USCC[6:]}", MATCH),
        ("uscc", "91990101O000000", "919901010000000", MATCH),
        ("uscc", USCC, OTHER, MISMATCH),
        ("uscc", "B" + USCC[1:], "8" + USCC[1:], MISMATCH),
        ("uscc", USCC, "", UNABLE),
        ("name", NAME, "云溪(澜浦) 示例科技有限公司", MATCH),
        ("name", NAME, "云溪〔澜浦〕示例科技有限公司", MATCH),
        ("name", NAME, "云溪（澜浦）示例科技有限责任公司", MATCH),
        ("name", "云溪市林记面馆", "云溪市林记面馆（个体工商户）", MATCH),
        ("name", "云溪一号投资中心（有限合伙）", "云溪一号投资中心", MATCH),
        ("name", NAME, "云溪（澜浦）示例科技股份有限公司", MISMATCH),
        ("name", NAME, "云溪（澜浦）示例网络有限公司", MISMATCH),
        ("name", "有限责任公司", "有限公司", MATCH),
        ("name", "（个体工商户）", "（有限合伙）", MISMATCH),
        ("name", NAME, "  ", UNABLE),
        ("legal_representative", "林 知白", "林知白", MATCH),
        ("legal_representative", "阿依古丽·买买提", "阿依古丽•买买提", MATCH),
        ("legal_representative", "澜浦资本有限公司（委派代表：林知白）", "林知白", MATCH),
        ("legal_representative", "林知白", "澜浦资本有限公司（委派代表：林知白）", MATCH),
        ("legal_representative", "林知白", "林知自", MISMATCH),
        ("established_on", "2016-08-22", "二〇一六年八月廿二日", MATCH),
        ("established_on", "2016-08-22", "2016年08月23日", MISMATCH),
        ("established_on", "2016-08-22", "不详", UNABLE),
        ("registered_capital", "人民币伍拾万元整", "50万元", MATCH),
        ("registered_capital", "50万美元", "50万元", MISMATCH),
        ("registered_capital", "伍拾万元整", "无", UNABLE),
        ("address", "云溪市东江区示例路 1 号 2 栋", "示例省云溪市东江区示例路1号2栋", MATCH),
        ("address", "云溪市东江区示例路1号2栋", "云溪市东江区示例路1号3栋", MISMATCH),
        ("address", "1号", "云溪市东江区示例路1号", MISMATCH),
        ("address", "1号2栋3单元501室", "云溪市东江区示例路11号2栋3单元501室", MISMATCH),
        ("address", "——", "云溪市东江区示例路1号", UNABLE),
    ],
)
def test_compared(field: str, a: str, b: str, says: Agrees) -> None:
    assert compare_values(field, a, b) is says
    assert compare_values(field, b, a) is says


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
FIELD = st.sampled_from(FIELDS)


@given(FIELD, TEXT, TEXT)
def test_the_order_of_two_never_matters(field: str, a: str, b: str) -> None:
    assert compare_values(field, a, b) is compare_values(field, b, a)


@given(FIELD, TEXT)
@example("name", ".")
def test_a_value_never_contradicts_itself(field: str, text: str) -> None:
    assert compare_values(field, text, text) is not MISMATCH
    assert compare_values(field, text, "") is UNABLE


@given(
    st.text("云溪澜浦示例科技网络餐饮", min_size=1, max_size=12),
    st.sampled_from(["()", "（）", "【】", "〔〕"]),
    st.sampled_from(["", " ", "　"]),
)
def test_print_does_not_make_another_company(stem: str, brackets: str, space: str) -> None:
    written = f"云溪{brackets[0]}{space}澜浦{brackets[1]}{space}{stem}有限公司"
    assert same_company_name(f"云溪（澜浦）{stem}有限责任公司", written)
    assert not same_company_name(f"云溪（澜浦）{stem}甲有限公司", written)


# --- Codes as read --------------------------------------------------------------------------------


@st.composite
def codes(draw: st.DrawFn) -> str:
    digits = draw(st.integers(0, 99_999_999))
    body = f"{digits:08d}"
    first17 = f"91990101{body}{organisation_check_character(body)}"
    return first17 + check_character(first17)


@given(codes(), st.lists(codes(), max_size=3), st.lists(codes(), max_size=3))
def test_a_valid_code_stands_whatever_the_others_say(
    read: str, alternatives: list[str], others: list[str]
) -> None:
    assert code_of(read, alternatives, others) == Code(read)


@given(
    codes(),
    st.integers(0, 17),
    st.sampled_from(ALPHABET),
    st.lists(codes(), max_size=3),
    st.lists(codes(), max_size=3),
)
def test_one_that_is_no_code_is_mended_only_by_two(
    true: str, index: int, wrong: str, alternatives: list[str], others: list[str]
) -> None:
    read = true[:index] + wrong + true[index + 1 :]
    if is_valid(read):
        return
    found = code_of(read, [true, *alternatives], others)
    if found.taken:
        assert found.text == found.suggestion in others and found.text in [true, *alternatives]
    else:
        assert found.text == read and not {true, *alternatives} & set(others)
        assert found.suggestion == true
    assert code_of(read, [true], [true]) == Code(true, true, taken=True)
    assert code_of(read, [], [true]) == Code(read), "the reader did not offer this alternative"


@given(codes())
def test_letters_that_cannot_occur_are_the_digits(code: str) -> None:
    mistaken = code.translate(str.maketrans("0125", "OIZS"))
    assert normalise_uscc(mistaken) == code and code_of(mistaken, [], []) == Code(code)


def test_a_suggestion_is_itself_a_code() -> None:
    assert code_of(USCC[:17] + "?", [USCC[:17] + "!"], [USCC]) == Code(USCC[:17] + "?")


# --- The grid -------------------------------------------------------------------------------------


def reading(**changed: Any) -> dict[str, Any]:
    fields = {
        "uscc": USCC,
        "name": NAME,
        "legal_representative": "林知白",
        "established_on": "2016-08-22",
        "address": "云溪市示例路1号",
    }
    return {"fields": fields | changed.pop("fields", {}), "qr_uscc": USCC} | changed


def registry(**changed: Any) -> dict[str, Any]:
    record = {
        "uscc": USCC,
        "name": NAME,
        "legal_representative": "林知白",
        "established_on": "2016-08-22",
        "status": "active",
    }
    return {"source": "snapshot", "record": record | changed}


DECLARED = {"uscc": USCC, "name": NAME, "legal_representative": ""}


def grid(
    declared: dict[str, str] = DECLARED,
    read: dict[str, Any] | None = None,
    register: dict[str, Any] | None = None,
) -> dict[str, Any]:
    rows = compare_fields(
        declared, reading() if read is None else read, registry() if register is None else register
    )
    assert [row.field for row in rows] == list(FIELDS)
    return {row.field: row for row in rows}


def test_everything_agrees() -> None:
    rows = grid()
    assert {field: row.agrees for field, row in rows.items()} == dict.fromkeys(FIELDS, MATCH) | {
        "registered_capital": UNABLE,
        "address": UNABLE,
    }, "one source alone proves nothing"
    assert rows["uscc"].says == {"read": MATCH, "qr": MATCH, "registry": MATCH}
    assert (
        rows["legal_representative"].reference == "read"
        and rows["address"].values["read"] == "云溪市示例路1号"
    )


def test_one_voice_against_is_a_mismatch() -> None:
    assert grid(read=reading(qr_uscc=OTHER))["uscc"].says == {
        "read": MATCH,
        "qr": MISMATCH,
        "registry": MATCH,
    }
    assert grid(read=reading(qr_uscc=OTHER))["uscc"].agrees is MISMATCH


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("active", MATCH),
        ("licence_revoked", MISMATCH),
        ("dormant", MISMATCH),
        ("unknown", UNABLE),
        ("", UNABLE),
    ],
)
def test_a_status(status: str, says: Agrees) -> None:
    assert grid(register=registry(status=status))["status"].agrees is says


def test_a_former_name_is_a_mismatch_that_is_explained() -> None:
    row = grid(register=registry(name="云溪新名称有限公司", former_names=[NAME]))["name"]
    assert (row.agrees, row.former) == (MISMATCH, True)
    assert not grid(register=registry(name="云溪新名称有限公司"))["name"].former
    assert is_former("云溪(澜浦)示例科技有限责任公司", [NAME])


def test_a_look_alike_is_a_suggestion_and_taken_only_with_a_witness() -> None:
    wrong = USCC[:17] + ("1" if USCC[17] != "1" else "2")
    misread = reading(fields={"uscc": wrong}, qr_uscc=None, alternatives={"uscc": [USCC]})
    row = grid(read=misread)["uscc"]
    assert (row.values["read"], row.suggestion, row.taken, row.agrees) == (USCC, USCC, True, MATCH)
    row = grid(DECLARED | {"uscc": OTHER}, misread, {"record": None})["uscc"]
    assert (row.values["read"], row.suggestion, row.taken, row.agrees) == (
        wrong,
        USCC,
        False,
        MISMATCH,
    )
    assert row.for_employer().suggestion == "" and "registry" not in row.for_employer().values


def test_a_register_that_shows_nothing_is_heard_on_what_it_was_asked() -> None:
    told = {
        "known": True,
        "uscc": "match",
        "name": "match",
        "legal_representative": "mismatch",
        "status": "active",
        "asked": {"uscc": USCC, "name": NAME, "legal_representative": "林知白"},
    }
    record = {
        "uscc": USCC,
        "name": NAME,
        "legal_representative": "",
        "status": "active",
        "affirmed_only": True,
    }
    rows = grid(register={"record": record, "agreement": told})
    assert (
        rows["legal_representative"].says["registry"] is MISMATCH
        and rows["name"].says["registry"] is MATCH
    )
    others = grid(
        DECLARED | {"legal_representative": "沈望舒"},
        register={"record": record, "agreement": told},
    )
    assert others["legal_representative"].says["registry"] is UNABLE, (
        "it was asked about another person"
    )


@pytest.mark.parametrize("nothing", [{}, {"record": None}, {"broken": "ProviderBroken"}])
def test_without_any_source_nothing_is_said(nothing: dict[str, Any]) -> None:
    rows = compare_fields({}, nothing, nothing)
    assert {row.agrees for row in rows} == {UNABLE} and not any(
        row.says and MATCH in row.says.values() for row in rows
    )


VALUES = st.fixed_dictionaries({}, optional={field: TEXT for field in FIELDS if field != "status"})


@given(VALUES, VALUES, VALUES, st.sampled_from(Status), st.one_of(st.none(), codes()))
def test_a_row_is_no_better_than_its_sources(
    declared: dict[str, str],
    fields: dict[str, str],
    record: dict[str, Any],
    status: Status,
    qr: str | None,
) -> None:
    for row in compare_fields(
        declared, {"fields": fields, "qr_uscc": qr}, {"record": record | {"status": status}}
    ):
        if row.field == "status":
            continue
        given = [value for value in row.values.values() if value.strip()]
        assert (row.reference == "") is (not given)
        if len(given) < 2:
            assert row.agrees is UNABLE
        assert (row.agrees is MISMATCH) is (MISMATCH in row.says.values())
        assert row.reference not in row.says
