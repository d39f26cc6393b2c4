"""Unified social credit codes (统一社会信用代码): normalising and checking them.

GB 32100-2015: 18 characters from an alphabet without I, O, Z, S, V: authority (1), category (1),
region (6 digits), organisation code (9, the last its own check character by GB 11714), check
character (1, mod 31).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from events.core.errors import Refused

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH: Final = 18
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_VALUE: Final = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}

# These four letters cannot occur in a code, so they are misread or mistyped digits.
_IMPOSSIBLE: Final = str.maketrans("OIZS", "0125")

# The registration authorities, and the categories that each issues (GB 32100-2015, table 1).
AUTHORITIES: Final[dict[str, str]] = {
    "1": "机构编制", "2": "外交", "3": "司法行政", "4": "文化", "5": "民政", "6": "旅游", "7": "宗教", "8": "工会",  # noqa: E501
    "9": "市场监管", "A": "中央军委", "N": "农业农村", "Y": "其他",
}  # fmt: skip
_CATEGORIES: Final[dict[str, str]] = {
    "1": "1239",
    "2": "19",
    "3": "123459",
    "4": "19",
    "5": "1239",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}


def normalise_uscc(text: str) -> str:
    """Return `text` in half width and upper case, without spaces and dashes, O I Z S as 0 1 2 5.

    The result may be invalid; check it with `uscc_problem`.
    """
    text = unicodedata.normalize("NFKC", text).upper()
    return re.sub(r"[\s\-‐-―·.]", "", text).translate(_IMPOSSIBLE)


def check_character(first17: str) -> str:
    """Return the 18th character for the first 17 (GB 32100-2015, 3.5; remainder 0 gives value 0).

    Raises KeyError for a character outside the alphabet.
    """
    total = sum(
        _VALUE[character] * weight for character, weight in zip(first17, _WEIGHTS, strict=True)
    )
    return ALPHABET[-total % 31]


def organisation_check_character(first8: str) -> str:
    """Return the 9th character of an organisation code for its first 8 (GB 11714-1997)."""
    total = sum(
        _ORGANISATION_VALUE[c] * weight
        for c, weight in zip(first8, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


TEST_REGION: Final = "9990"
"""The start of the region in codes for platforms' tests. No province has it (GB/T 2260)."""


def is_of_test(code: str) -> bool:
    """Whether `code` (normalised) is reserved for platforms' tests."""
    return code[2:6] == TEST_REGION


ONE_IS_WRONG: Final = (
    "这个代码有一位不对，请对照执照逐位检查"
    " / One character of this code is wrong. Compare it with your licence"
)
"""What is said of a code whose check character does not agree with the others."""


def uscc_problem(code: str) -> Refused | None:
    """Return why `code` (normalised) is not a valid code, or None if it is valid."""
    if not code:
        return Refused("uscc_invalid", "uscc", seen="", expected="18 位 / 18 characters")
    if len(code) != LENGTH:
        return Refused(
            "uscc_invalid",
            "uscc",
            seen=f"{len(code)} 位 / {len(code)} characters",
            expected="18 位 / 18 characters",
        )
    if strange := [character for character in code if character not in _VALUE]:
        return Refused(
            "uscc_invalid",
            "uscc",
            seen=" ".join(dict.fromkeys(strange)),
            expected="0–9 与 A–Y，不含 I O Z S V / 0–9 and A–Y without I O Z S V",
        )
    if code[1] not in _CATEGORIES.get(code[0], ""):
        return Refused(
            "uscc_invalid", "uscc", seen=code[:2], expected="91, 92, 93, 11, 12, 51, 52 …"
        )
    if not code[2:8].isdigit():
        return Refused(
            "uscc_invalid",
            "uscc",
            seen=code[2:8],
            expected="第 3–8 位为数字 / digits in positions 3–8",
        )
    if check_character(code[:17]) != code[17]:
        return Refused("uscc_invalid", "uscc", seen=code, expected=ONE_IS_WRONG)
    return None


def is_sound(code: str) -> bool:
    """Whether `code` and the organisation code within it are both valid.

    One wrong code in 341 passes this, against one in 31 for `is_valid`. The standard asks for both,
    but a body registered before it may have kept an irregular organisation code. So use this to
    weigh codes that were read, never to refuse codes that were typed.
    """
    return is_valid(code) and organisation_check_character(code[8:16]) == code[16]


def is_valid(code: str) -> bool:
    """Whether `code` is a normalised, valid unified social credit code."""
    return uscc_problem(code) is None
