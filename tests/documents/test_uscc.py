"""Tests of checking unified social credit codes, by the standard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.uscc import (
    ALPHABET,
    check_character,
    is_valid,
    normalise_uscc,
    organisation_check_character,
    uscc_problem,
)
from tests.factories import make_uscc

codes = st.integers(0, 99_999_999).map(make_uscc)


def test_the_alphabet_of_the_standard() -> None:
    assert len(ALPHABET) == 31 and not set(ALPHABET) & set("IOZSV")


def test_a_code_by_hand() -> None:
    """Calculated by hand from GB 32100-2015.

    Digits × 3^i mod 31, summed, and the rest to a multiple of 31.
    """
    first17 = "91990101000000010"
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    total = sum(int(c) * w for c, w in zip(first17, weights, strict=True))
    assert check_character(first17) == ALPHABET[(31 - total % 31) % 31]


def test_organisation_check_character_by_hand() -> None:
    assert organisation_check_character("00000000") == "0"  # 11 - 0 = 11, written 0
    assert organisation_check_character("10000000") == "8"  # 11 - 3
    assert organisation_check_character("00000005") == "1"  # 11 - 10
    assert organisation_check_character("00010000") == "1"  # 11 - 10
    assert organisation_check_character("40000000") == "X"  # 4 × 3 = 12, 11 - 1 = 10, written X


@given(codes)
def test_made_codes_are_valid(code: str) -> None:
    assert uscc_problem(code) is None


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_caught(code: str, index: int, character: str) -> None:
    wrong = code[:index] + character + code[index + 1 :]
    assert is_valid(wrong) == (wrong == code)


def test_remainder_zero_is_a_code_too() -> None:
    """The widely copied formula `31 - sum % 31` refuses these, one code in 31."""
    zeros = [code for number in range(400) if (code := make_uscc(number))[17] == "0"]
    assert len(zeros) > 5 and all(map(is_valid, zeros))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("91 9901-0100 0000 010", "91990101000000010"),
        ("９１９９０１０１", "91990101"),
        ("9i99o1oiZS", "9199010125"),
    ],
)
def test_normalise(typed: str, meant: str) -> None:
    assert normalise_uscc(typed) == meant


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("", ""),
        ("91", "2 "),
        ("9199010100000001?X", "?"),
        ("99990101000000010X", "99"),
        ("9199A101000000010X", "99A101"),
    ],
)
def test_problem_says_what_was_seen(code: str, seen: str) -> None:
    refused = uscc_problem(code)
    assert refused and refused.code == "uscc_invalid" and seen in refused.seen and refused.expected
