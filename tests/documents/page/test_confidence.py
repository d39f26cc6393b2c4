"""Tests of the confidence in values, and of their alternatives."""

from __future__ import annotations

import string
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.page import confidence
from documents.page.boxes import Polygon, TextBox, Weak
from documents.uscc import (
    ALPHABET,
    check_character,
    is_sound,
    is_valid,
    normalise_uscc,
    organisation_check_character,
)

FLAT: Polygon = (0.0, 0.0), (100.0, 0.0), (100.0, 20.0), (0.0, 20.0)


def sound(first8: str) -> str:
    """Return the code of the body whose organisation code begins with `first8`."""
    part = "91110108" + first8 + organisation_check_character(first8)
    return part + check_character(part)


CODE = sound("MA00A1B2")
ANYWHERE = range(18)
LOOK_ALIKES = [
    "0D",
    "0Q",
    "DQ",
    "1L",
    "17",
    "2Z",
    "5S",
    "56",
    "8B",
    "83",
    "6G",
    "UW",
    "MN",
    "MH",
    "CG",
    "4A",
    "XY",
    "PR",
    "EF",
    "3J",
]


def line(text: str, score: float = 0.99, *weak: Weak) -> TextBox:
    return TextBox(text, score, FLAT, weak)


def as_it_is(text: str) -> str:
    return text


# --- Confidence ------- ---------------------------------------------------------------------------


def test_a_long_line_counts_for_more_than_a_short_one() -> None:
    assert confidence.reading_confidence(
        [line("示例科技有限", 0.9), line("公司", 0.5)]
    ) == pytest.approx((6 * 0.9 + 2 * 0.5) / 8)


def test_one_weak_character_among_many_is_felt() -> None:
    sure = line("示例科技有限公司", 0.98)
    assert confidence.reading_confidence([sure]) == pytest.approx(0.98)
    assert confidence.reading_confidence(
        [line("示例科技有限公司", 0.98, Weak(2, 0.4, "利"))]
    ) == pytest.approx(0.7)
    assert confidence.reading_confidence(
        [line("示例科技有限公司", 0.98, Weak(2, 0.4, "利"), Weak(3, 0.2, "枝"))]
    ) == pytest.approx(0.6)
    assert confidence.reading_confidence(
        [sure, line("分公司", 0.98, Weak(0, 0.4, "份"))]
    ) == pytest.approx(0.7)


def test_a_character_that_is_hardly_weak_changes_nothing() -> None:
    assert confidence.reading_confidence([line("示例", 0.9, Weak(0, 0.9, ""))]) == pytest.approx(
        0.9
    )


def test_nothing_is_not_sure() -> None:
    assert confidence.reading_confidence([]) == confidence.reading_confidence([line("")]) == 0.0


@given(
    st.lists(
        st.tuples(st.text(max_size=8), st.floats(0, 1), st.lists(st.floats(0, 1), max_size=3)),
        max_size=5,
    )
)
def test_confidence_is_a_share(told: list[tuple[str, float, list[float]]]) -> None:
    lines = [line(text, score, *(Weak(0, p, "") for p in weak)) for text, score, weak in told]
    sure = confidence.reading_confidence(lines)
    assert 0 <= sure <= 1
    assert sure <= max((box.score for box in lines), default=0.0) + 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_right_check_character_makes_surer_and_keeps_the_order(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert low <= confidence.of_checked(low) <= confidence.of_checked(high) <= 1
    assert confidence.of_checked(low) == pytest.approx(1 - (1 - low) / 31)


def test_a_code_is_as_sure_as_its_check_characters_make_it() -> None:
    unsound = CODE[:16] + next(c for c in ALPHABET if c != CODE[16])
    unsound += check_character(unsound)
    assert is_valid(unsound) and not is_sound(unsound)
    assert confidence.of_code(CODE, 0.9) == confidence.of_checked(0.9)
    assert confidence.of_code(unsound, 0.9) == confidence.UNSOUND
    assert confidence.of_code(unsound, 0.3) == 0.3


# --- Alternatives ----- ---------------------------------------------------------------------------


def test_alternatives_change_one_character_likeliest_first() -> None:
    lines = [
        line("王示", 0.9, Weak(0, 0.6, "玉"), Weak(1, 0.3, "乐")),
        line("例", 0.9, Weak(0, 0.5, "列")),
    ]
    assert confidence.alternative_readings("王示例", lines, as_it_is) == (
        "王乐例",
        "王示列",
        "玉示例",
    )


def test_there_are_at_most_four() -> None:
    text = "示例科技有限"
    weak = [Weak(at, 0.1 * (at + 1), "某") for at in range(len(text))]
    assert confidence.alternative_readings(text, [line(text, 0.9, *weak)], as_it_is) == (
        "某例科技有限",
        "示某科技有限",
        "示例某技有限",
        "示例科某有限",
    )


def test_alternatives_are_cleaned_as_the_value_was() -> None:
    def cleaned(text: str) -> str:
        return text.strip("*") if "公司" in text else ""

    weak = (Weak(0, 0.5, "#"), Weak(1, 0.4, "不"), Weak(3, 0.3, "供"), Weak(4, 0.2, "司"))
    others = confidence.alternative_readings("示例公司", [line("*示例公司", 0.9, *weak)], cleaned)
    assert others == ("不例公司", "#示例公司"), (
        "neither an empty text nor the value itself is an alternative"
    )


def test_equal_alternatives_are_told_once() -> None:
    weak = (Weak(0, 0.5, "*"), Weak(4, 0.4, "*"))
    assert confidence.alternative_readings(
        "*示例*", [line("?示例?", 0.9, *weak)], lambda text: text.strip("?*")
    ) == ("示例",)


def test_a_character_that_may_be_nothing_is_left_out() -> None:
    assert confidence.alternative_readings(
        "王示例", [line("王示例", 0.9, Weak(2, 0.4, ""))], as_it_is
    ) == ("王示",)


def test_a_sure_value_has_none() -> None:
    assert (
        confidence.alternative_readings("示例", [line("示例")], as_it_is)
        == confidence.alternative_readings("", [], as_it_is)
        == ()
    )


texts = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4)


@given(texts, st.data())
def test_each_alternative_is_one_character_away(told: list[str], data: st.DataObject) -> None:
    lines = []
    for text in told:
        weak = st.builds(
            Weak,
            at=st.integers(0, len(text) - 1),
            probability=st.floats(0, 1),
            instead=st.text(min_size=1, max_size=1),
        )
        lines.append(line(text, 0.9, *data.draw(st.lists(weak, max_size=3))))
    whole = "".join(told)
    others = confidence.alternative_readings(whole, lines, as_it_is)
    assert len(others) == len(set(others)) <= confidence.MOST_ALTERNATIVES
    for other in others:
        assert len(other) == len(whole)
        assert differing(other, whole) == 1


def differing(a: Sequence[str], b: Sequence[str]) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


# --- Codes that look alike ------ -----------------------------------------------------------------


@pytest.mark.parametrize("pair", LOOK_ALIKES)
def test_look_alikes_are_so_both_ways(pair: str) -> None:
    """Whichever of `pair` was printed is suggested if the other was read."""
    a, b = list(pair)
    for printed, read in ((a, b), (b, a)):
        if printed in ALPHABET:
            code = sound(f"MA00{printed}1B2")
            assert code in confidence.like_codes(code[:12] + read + code[13:], {12})


def test_whatever_is_alike_is_so_both_ways() -> None:
    alike = {
        (printed, read)
        for printed in ALPHABET
        for read in ALPHABET
        if printed != read
        and (code := sound(f"MA00{printed}1B2"))
        in confidence.like_codes(code[:12] + read + code[13:], ANYWHERE)
    }
    assert alike == {(b, a) for a, b in alike} != set()


def test_a_digit_is_never_like_every_other() -> None:
    """Otherwise a third of all forgeries by one character would be another company's real code."""
    assert CODE not in confidence.like_codes(CODE.replace("A1B", "A9B"), ANYWHERE)


@given(st.integers(8, 15), st.sets(st.integers(0, 17)))
def test_where_the_reader_was_sure_a_wrong_character_is_the_prints(
    index: int, unsure: set[int]
) -> None:
    read = CODE[:index] + "8" + CODE[index + 1 :]
    assert confidence.like_codes(read, ()) == ()
    for other in confidence.like_codes(read, unsure):
        assert next(at for at in ANYWHERE if other[at] != read[at]) in unsure


def test_a_valid_code_has_none() -> None:
    """All weights are coprime to 31, so no single change keeps the check character right."""
    assert is_valid(CODE) and confidence.like_codes(CODE, ANYWHERE) == ()


@given(st.text(alphabet=ALPHABET, min_size=18, max_size=18))
def test_only_sound_codes_are_suggested_one_character_away(read: str) -> None:
    others = confidence.like_codes(read, ANYWHERE)
    assert len(others) == len(set(others))
    for other in others:
        assert is_sound(other)
        assert differing(other, read) == 1


@given(st.integers(2, 17), st.sampled_from(ALPHABET))
def test_a_suggestion_is_no_guess_at_another_place(index: int, character: str) -> None:
    read = CODE[:index] + character + CODE[index + 1 :]
    for other in confidence.like_codes(read, ANYWHERE):
        assert is_sound(other)
        assert not is_valid(read)


@given(st.text(max_size=30) | st.text(alphabet=string.ascii_uppercase + string.digits, max_size=20))
def test_any_text_is_survived(text: str) -> None:
    others = confidence.like_codes(normalise_uscc(text), ANYWHERE)
    assert all(is_sound(other) for other in others)
    assert not others or len(normalise_uscc(text)) == 18
